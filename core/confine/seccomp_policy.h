/*
 * LXC's seccomp profiles, version 1 and 2. lxc.container.conf(5) "SECCOMP CONFIGURATION".
 *
 *     2
 *     denylist [ACTION]              or allowlist [ACTION]: the default action
 *     reject_force_umount            umount2(MNT_FORCE) fails with EACCES
 *     [all]                          or [x86_64], [x86], [x32], [arm64], [arm], ...
 *     kexec_load errno 1             CALL [ACTION] [INDEX,VALUE,OP[,MASK]]...
 *
 *     1
 *     allowlist
 *     0                              the number of a call in the native ABI
 *
 * Actions: allow, kill, trap, notify, errno N. Rules without an action allow in an allowlist and kill in a
 * denylist. "[1,0x10,&=,0xf0]": the conditions on a call's arguments are in brackets; OP is !=, <, <=, ==,
 * >=, >, &= or SCMP_CMP_NE, LT, LE, EQ, GE, GT, MASKED_EQ. Comments begin with '#'.
 *
 * Unlike in LXC, the rules of a section apply only to that ABI. A rule for an unknown call is an error if
 * ignoring it would allow the call; otherwise it is ignored with a warning.
 */
#ifndef LXCBOX_CORE_CONFINE_SECCOMP_POLICY_H
#define LXCBOX_CORE_CONFINE_SECCOMP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

enum seccomp_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

/* One condition on an argument; all conditions of a rule must be true. */
struct seccomp_condition {
    uint8_t index; /* 0 to 5 */
    enum seccomp_op op;
    uint64_t value;
    uint64_t mask; /* OP_MASKED_EQ: (argument & mask) == value */
};

struct seccomp_rule {
    uint8_t abi;     /* index into the table of core/confine/syscalls.h */
    int number;      /* of the call in that ABI */
    uint32_t action; /* SECCOMP_RET_* of linux/seccomp.h */
    uint8_t condition_count;
    struct seccomp_condition conditions[6];
};

struct seccomp_policy {
    uint32_t default_action;    /* for a call without a rule */
    bool notifies;              /* some action is SECCOMP_RET_USER_NOTIF */
    struct seccomp_rule *rules; /* several for one call: the first rule whose conditions are true applies */
    size_t count;
};

#define cleanup_seccomp_policy __attribute__((cleanup(seccomp_policy_free)))
void seccomp_policy_free(struct seccomp_policy *p);

/* Maximum number of rules in all ABIs. */
#define SECCOMP_RULES_MAX 8192

/*
 * Parse `length` bytes; `origin` is the file named in errors ("FILE:LINE: ..."). Filled and to be freed only
 * on success. 0, -EINVAL, -ENOTSUP, -E2BIG or -ENOMEM.
 */
int seccomp_policy_parse(const char *text, size_t length, const char *origin, struct seccomp_policy *out,
                         struct error *err);

#endif
