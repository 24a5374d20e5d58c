/*
 * Seccomp: a policy becomes a BPF program for every ABI that the kernel offers beside ours (i386 and x32 on
 * x86_64, arm on aarch64), and is loaded. seccomp(2), Documentation/userspace-api/seccomp_filter.rst.
 */
#ifndef LXCBOX_CORE_RUN_SECCOMP_H
#define LXCBOX_CORE_RUN_SECCOMP_H

#include <linux/filter.h>

#include "core/config/config.h"
#include "core/confine/seccomp_policy.h"

struct seccomp_program {
    struct sock_filter *code;
    size_t count;  /* at most BPF_MAXINSNS */
    bool notifies; /* some calls wait for an answer: who loads it gets a listener */
};

#define cleanup_seccomp_program __attribute__((cleanup(seccomp_program_free)))
void seccomp_program_free(struct seccomp_program *p);

/*
 * Compile. A call through an ABI that is none of ours ends the process. 0, -E2BIG beyond BPF_MAXINSNS, or
 * -ENOMEM.
 */
int seccomp_compile(const struct seccomp_policy *policy, struct seccomp_program *out, struct error *err);

/*
 * Read and compile lxc.seccomp.profile; LXC's own common.seccomp is built in and used where the file is
 * absent. No program (count 0) when no profile is set, when the kernel has no seccomp, or when this process
 * is confined already and lxc.seccomp.allow_nesting is off, as in LXC. Called by the monitor before the
 * clone, so that a bad profile stops the start before anything is made.
 */
int seccomp_prepare(const struct config *c, struct seccomp_program *out, struct error *err);

/*
 * Confine this process (one thread) and its children with it. Needs CAP_SYS_ADMIN or no_new_privs. Nothing
 * for an empty program. *listener: close-on-exec, for the monitor's seccomp_notify_open() or
 * command_add_listener(), to which it has to be sent before exec; -1 where the program does not notify.
 */
int seccomp_load(const struct seccomp_program *p, int *listener, struct error *err);

#endif
