/* Compiling the rules of devices.h to a BPF program and attaching it to a cgroup. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/cgroup/devices.h"

/*
 * linux/bpf.h, struct bpf_cgroup_dev_ctx: the access (upper half) and the type (lower half) of the device,
 * and its numbers. A rule takes at most 8 instructions, the prologue 6, the epilogue 2.
 */
#define START  6
#define RULE   8
#define FINISH 2

struct program {
    struct bpf_insn *at;
};

static void program_add(struct program *p, int code, int to, int from, int offset, int64_t number)
{
    *p->at++ = (struct bpf_insn){.code = (uint8_t)code,
                                 .dst_reg = (uint8_t)(to & 15),
                                 .src_reg = (uint8_t)(from & 15),
                                 .off = (int16_t)offset,
                                 .imm = (int32_t)number};
}

enum { CONTEXT = BPF_REG_1, ACCESS = BPF_REG_2, TYPE = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

static void program_add_return(struct program *p, bool allowed)
{
    program_add(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allowed);
    program_add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int64_t kernel_access(unsigned access)
{
    return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
           (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
           (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

/*
 * As in the v1 controller, an exception must allow every requested access, and denies if it has any of them
 * (security/device_cgroup.c, match_exception() and match_exception_partial()).
 */
static void program_add_rule(struct program *p, const struct device_rule *rule, bool allow)
{
    bool any_access = (rule->access & DEVICE_ALL) == DEVICE_ALL;
    int left = 2 + (rule->minor != DEVICE_ANY) + (rule->major != DEVICE_ANY) + (any_access ? 0 : 3) +
               (rule->type != 'a');

    /* Each test jumps over the `left` remaining instructions of this rule. */
    if (rule->type != 'a') {
        left--;
        program_add(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, left,
                    rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    }
    if (!any_access) {
        left -= 3;
        program_add(p, BPF_ALU64 | BPF_MOV | BPF_X, CONTEXT, ACCESS, 0, 0);
        program_add(p, BPF_ALU64 | BPF_AND | BPF_K, CONTEXT, 0, 0,
                    kernel_access(allow ? ~rule->access & DEVICE_ALL : rule->access));
        program_add(p, BPF_JMP | (allow ? BPF_JNE : BPF_JEQ) | BPF_K, CONTEXT, 0, left, 0);
    }
    if (rule->major != DEVICE_ANY) {
        left--;
        program_add(p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, left, rule->major);
    }
    if (rule->minor != DEVICE_ANY) {
        left--;
        program_add(p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, left, rule->minor);
    }
    program_add_return(p, allow);
}

struct bpf_insn *device_program_build(const struct device_rules *rules, size_t *count)
{
    struct bpf_insn *start = calloc(START + RULE * rules->count + FINISH, sizeof(*start));
    struct program p = {.at = start};

    if (!start)
        return NULL;
    program_add(&p, BPF_LDX | BPF_W | BPF_MEM, ACCESS, CONTEXT,
                offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
    program_add(&p, BPF_ALU64 | BPF_MOV | BPF_X, TYPE, ACCESS, 0, 0);
    program_add(&p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
    program_add(&p, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
    program_add(&p, BPF_LDX | BPF_W | BPF_MEM, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
    program_add(&p, BPF_LDX | BPF_W | BPF_MEM, MINOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
    for (size_t i = 0; i < rules->count; i++)
        program_add_rule(&p, &rules->exceptions[i], !rules->allow_by_default);
    program_add_return(&p, rules->allow_by_default);
    *count = (size_t)(p.at - start);
    return start;
}

static int program_bpf(int command, union bpf_attr *attr)
{
    long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

    return r < 0 ? -errno : (int)r;
}

static int program_load(const struct bpf_insn *program, size_t count)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = (uint32_t)count;
    attr.license = (uintptr_t) "ISC";
    return program_bpf(BPF_PROG_LOAD, &attr);
}

/* Kernels before 5.11 count the program as locked memory (program_bpf(2), EPERM). */
static int program_load_unlimited(const struct bpf_insn *program, size_t count)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit before;
    int r = program_load(program, count);

    if (r != -EPERM || getrlimit(RLIMIT_MEMLOCK, &before) < 0 || setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0)
        return r;
    r = program_load(program, count);
    (void)setrlimit(RLIMIT_MEMLOCK, &before);
    return r;
}

/*
 * A program cannot be replaced before Linux 5.6: both programs are attached for a moment, and access is
 * denied if one of them denies it.
 */
static int program_attach(int program, int cgroup_fd, int old)
{
    union bpf_attr attr;
    int r;

    memset(&attr, 0, sizeof(attr));
    attr.target_fd = (uint32_t)cgroup_fd;
    attr.attach_bpf_fd = (uint32_t)program;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (old >= 0) {
        attr.attach_flags |= BPF_F_REPLACE;
        attr.replace_bpf_fd = (uint32_t)old;
    }
    r = program_bpf(BPF_PROG_ATTACH, &attr);
    if (r != -EINVAL || old < 0)
        return r;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    attr.replace_bpf_fd = 0;
    r = program_bpf(BPF_PROG_ATTACH, &attr);
    attr.attach_bpf_fd = (uint32_t)old;
    attr.attach_flags = 0;
    return r < 0 ? r : program_bpf(BPF_PROG_DETACH, &attr);
}

int device_program_attach(const struct device_rules *rules, int cgroup_fd, int *program, struct error *err)
{
    size_t count;
    cleanup_free struct bpf_insn *text = device_program_build(rules, &count);
    cleanup_fd int fd = -1;
    int r;

    if (!text)
        return error_set(err, ENOMEM, "cannot restrict the container's devices");
    fd = program_load_unlimited(text, count);
    r = fd < 0 ? fd : program_attach(fd, cgroup_fd, *program);
    if (r < 0) {
        error_set(err, r, "cannot restrict the container's devices by a BPF program");
        return r == -EINVAL || r == -ENOSYS
                   ? error_remedy(err, "the kernel requires CONFIG_CGROUP_BPF, or the v1 devices controller")
                   : r;
    }
    close_fd(program);
    *program = take_fd(&fd);
    return 0;
}
