/*
 * System calls by name, for every ABI that this machine's kernel may offer.
 */
#ifndef LXCBOX_CORE_RUN_SYSCALLS_H
#define LXCBOX_CORE_RUN_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syscall_abi {
    const char *name;    /* as a profile's section names it: "x86_64", "x86", "x32", "arm64", ... */
    uint32_t audit_arch; /* AUDIT_ARCH_* of linux/audit.h, what seccomp_data.arch holds */
    uint32_t base;       /* added to every number of the ABI: x32's 0x40000000, 4000 for mips; else 0 */
    bool is_narrow;      /* its calls take 32-bit arguments: what is above them says nothing */
};

/* The first is the one that this executable is built for. */
extern const struct syscall_abi syscall_abis[];
extern const size_t syscall_abi_count;

/* The number of a call in an ABI (index into syscall_abis), `base` included; -ENOENT when it has none there.
 */
int syscall_number(size_t abi, const char *name);

/* Is there a call of this name on any machine? To tell a misspelling from a call of another machine. */
bool syscall_known(const char *name);

/*
 * Where an ABI has one call for many (socketcall(2), ipc(2)), what goes by a call's own name can also be had
 * through that: the number of the other call, and in *which what its first argument, of which the lower 16
 * bits count, must be. -ENOENT where there is no such way.
 */
int syscall_multiplexed(size_t abi, const char *name, uint16_t *which);

#endif
