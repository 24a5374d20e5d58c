/* A seccomp profile, and the program made of what was read: within the kernel's bounds, every jump inside. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/confine/seccomp.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return log_open("fuzz", NULL, "none", LOG_FATAL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    cleanup_seccomp_program struct seccomp_program program = {0};
    struct error err = ERROR_INIT;

    if (seccomp_policy_parse((const char *)data, size, "profile", &policy, &err) < 0 ||
        seccomp_compile(&policy, &program, &err) < 0)
        return 0;
    for (size_t i = 0; i < program.count; i++) {
        const struct sock_filter *f = &program.code[i];
        size_t longest = BPF_CLASS(f->code) != BPF_JMP ? 0
                         : BPF_OP(f->code) == BPF_JA   ? f->k
                         : f->jt > f->jf               ? f->jt
                                                       : f->jf;
        if (BPF_CLASS(f->code) != BPF_RET && i + 1 + longest >= program.count)
            abort();
    }
    return 0;
}
