/* System calls by name, for every ABI of this machine's kernel. */
#ifndef LXCBOX_CORE_CONFINE_SYSCALLS_H
#define LXCBOX_CORE_CONFINE_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syscall_abi {
    const char *name;    /* as in the sections of a profile: "x86_64", "x86", "x32", "arm64", ... */
    uint32_t audit_arch; /* AUDIT_ARCH_* of linux/audit.h, the value of seccomp_data.arch */
    uint32_t base;       /* added to every number of the ABI: x32's 0x40000000, 4000 for mips; else 0 */
    bool is_narrow;      /* its calls have 32-bit arguments: the upper bits are ignored */
};

/* The first is the one that this executable is built for. */
extern const struct syscall_abi syscall_abis[];
extern const size_t syscall_abi_count;

/* The number of a call in an ABI (index into syscall_abis), `base` included; -ENOENT if it has none. */
int syscall_number(size_t abi, const char *name);

/* Whether a call of this name exists on any architecture, to distinguish it from a misspelt name. */
bool syscall_known(const char *name);

/*
 * If an ABI has a multiplexing call (socketcall(2), ipc(2)), a call can also be made through it: return the
 * number of the multiplexing call, with its first argument, of which the lower 16 bits are used, in *which.
 * -ENOENT if there is none.
 */
int syscall_multiplexed(size_t abi, const char *name, uint16_t *which);

#endif
