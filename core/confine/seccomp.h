/*
 * Seccomp: a policy is compiled to a BPF program for every ABI of the kernel (also i386 and x32 on x86_64,
 * arm on aarch64) and loaded. seccomp(2), Documentation/userspace-api/seccomp_filter.rst.
 */
#ifndef LXCBOX_CORE_CONFINE_SECCOMP_H
#define LXCBOX_CORE_CONFINE_SECCOMP_H

#include <linux/filter.h>

#include "core/config/config.h"
#include "core/confine/seccomp_policy.h"

struct seccomp_program {
    struct sock_filter *code;
    size_t count;  /* at most BPF_MAXINSNS */
    bool notifies; /* some calls have the action notify: loading returns a listener */
};

#define cleanup_seccomp_program __attribute__((cleanup(seccomp_program_free)))
void seccomp_program_free(struct seccomp_program *p);

/*
 * Compile a policy. A call through an unknown ABI kills the process. 0, -E2BIG beyond BPF_MAXINSNS, or
 * -ENOMEM.
 */
int seccomp_compile(const struct seccomp_policy *policy, struct seccomp_program *out, struct error *err);

/*
 * Read and compile lxc.seccomp.profile; LXC's common.seccomp is built in and used if the file does not exist.
 * No program (count 0) if no profile is set, if the kernel has no seccomp, or if this process already has a
 * filter and lxc.seccomp.allow_nesting is off, as in LXC. Called by the monitor before the clone, so that an
 * invalid profile is reported before anything is created.
 */
int seccomp_prepare(const struct config *c, struct seccomp_program *out, struct error *err);

/*
 * Load the program for this single-threaded process and its children. Requires CAP_SYS_ADMIN or no_new_privs.
 * No effect for an empty program. *listener: a close-on-exec fd that must be sent before exec, to
 * seccomp_notify_open() of the monitor or to command_add_listener(); -1 if the program does not notify.
 */
int seccomp_load(const struct seccomp_program *p, int *listener, struct error *err);

#endif
