/*
 * The devices that a container may use. The rules are those of the v1 devices controller: allow or deny all
 * devices except for a list of exceptions. With cgroup v2 only, the same rules become a BPF program that the
 * kernel runs at each open and mknod. Source: Documentation/admin-guide/cgroup-v1/devices.rst; bpf(2),
 * BPF_PROG_TYPE_CGROUP_DEVICE in linux/bpf.h.
 */
#ifndef LXCBOX_CORE_CGROUP_DEVICES_H
#define LXCBOX_CORE_CGROUP_DEVICES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define DEVICE_ANY (-1) /* a major or minor number written as "*" */

enum device_access { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4, DEVICE_ALL = 7 };

struct device_rule {
    char type;     /* 'b', 'c', or 'a' for both */
    int64_t major; /* or DEVICE_ANY */
    int64_t minor;
    unsigned access; /* bits of enum device_access */
};

struct device_rules {
    bool allow_by_default; /* the exceptions are denied; false: the exceptions are allowed */
    struct device_rule *exceptions;
    size_t count;
};

/*
 * Parse "a", "c 1:3 rwm", "b 7:* rw", "a *:* rwm", or "/dev/null rw" (with the current numbers of the device
 * file). 0, or a negative errno with `err` filled.
 */
int device_rule_parse(const char *text, struct device_rule *out, struct error *err);

/*
 * Format a rule for devices.allow, such as "c 1:3 rwm"; `size` of 64 is enough for every rule. Returns `out`.
 */
const char *device_rule_format(const struct device_rule *rule, char *out, size_t size);

/*
 * Apply devices.allow (`allow`) or devices.deny to a set that is initially zero (deny all, as in LXC on v2).
 * *changed (may be NULL) is set to whether the set has changed. 0 or -ENOMEM.
 */
int device_rules_apply(struct device_rules *rules, const struct device_rule *rule, bool allow, bool *changed);
void device_rules_free(struct device_rules *rules);

/* The program for a set of rules: *count instructions the caller frees, or NULL when out of memory. */
struct bpf_insn *device_program_build(const struct device_rules *rules, size_t *count);

/*
 * Load the program for `rules` and attach it to the cgroup, in place of *program (an fd; -1: none), which is
 * closed and replaced. 0 or a negative errno with `err` filled.
 */
int device_program_attach(const struct device_rules *rules, int cgroup_fd, int *program, struct error *err);

#endif
