#include "core/confine/syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>

#include "core/base/cleanup.h"

#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

/* The columns of the table for the ABIs of this machine's kernel, the native ABI first. */
#if defined(__x86_64__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) x64, x86, x32
const struct syscall_abi syscall_abis[] = {
    {"x86_64", AUDIT_ARCH_X86_64, 0, false},
    {"x86", AUDIT_ARCH_I386, 0, true},
    {"x32", AUDIT_ARCH_X86_64, 0x40000000, true},
};
#elif defined(__i386__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) x86, x64, x32
const struct syscall_abi syscall_abis[] = {
    {"x86", AUDIT_ARCH_I386, 0, true},
    {"x86_64", AUDIT_ARCH_X86_64, 0, false},
    {"x32", AUDIT_ARCH_X86_64, 0x40000000, true},
};
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) generic, arm
const struct syscall_abi syscall_abis[] = {
    {"arm64", AUDIT_ARCH_AARCH64, 0, false},
    {"arm", AUDIT_ARCH_ARM, 0, true},
};
#elif defined(__arm__) && defined(__ARMEL__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) arm, generic
const struct syscall_abi syscall_abis[] = {
    {"arm", AUDIT_ARCH_ARM, 0, true},
    {"arm64", AUDIT_ARCH_AARCH64, 0, false},
};
#elif defined(__riscv) && __riscv_xlen == 64
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) generic
const struct syscall_abi syscall_abis[] = {{"riscv64", AUDIT_ARCH_RISCV64, 0, false}};
#elif defined(__loongarch_lp64)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) generic
const struct syscall_abi syscall_abis[] = {{"loongarch64", AUDIT_ARCH_LOONGARCH64, 0, false}};
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) ppc
const struct syscall_abi syscall_abis[] = {{"ppc64le", AUDIT_ARCH_PPC64LE, 0, false}};
#elif defined(__powerpc64__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) ppc
const struct syscall_abi syscall_abis[] = {{"ppc64", AUDIT_ARCH_PPC64, 0, false}};
#elif defined(__s390x__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) s390
const struct syscall_abi syscall_abis[] = {{"s390x", AUDIT_ARCH_S390X, 0, false}};
#elif defined(__mips__) && !defined(__mips64) && defined(__MIPSEL__)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) mips
const struct syscall_abi syscall_abis[] = {{"mipsel", AUDIT_ARCH_MIPSEL, 4000, true}};
#elif defined(__mips__) && !defined(__mips64)
#define COLUMNS(x64, x32, x86, arm, generic, ppc, s390, mips) mips
const struct syscall_abi syscall_abis[] = {{"mips", AUDIT_ARCH_MIPS, 4000, true}};
#else
#error "no system calls are known for this machine: add its column to syscalls_table.h and its ABI here"
#endif

#define ABIS ARRAY_LENGTH(syscall_abis)
const size_t syscall_abi_count = ABIS;

#define NO          0xffff
#define A           0xf000 /* means ARM_PRIVATE, which does not fit into 16 bits */
#define ARM_PRIVATE 0x0f0000

/* The names in one string, and the offset of each: no pointers that need relocation. */
static const struct {
#define CALL(name, ...) char name##_[sizeof(#name)];
#define ALL(name, n)    char name##_[sizeof(#name)];
#include "core/confine/syscalls_table.h"
#undef CALL
#undef ALL
} names = {
#define CALL(name, ...) #name,
#define ALL(name, n)    #name,
#include "core/confine/syscalls_table.h"
#undef CALL
#undef ALL
};

static const uint16_t offsets[] = {
#define CALL(name, ...) offsetof(__typeof__(names), name##_),
#define ALL(name, n)    offsetof(__typeof__(names), name##_),
#include "core/confine/syscalls_table.h"
#undef CALL
#undef ALL
};

static const uint16_t numbers[][ABIS] = {
#define CALL(name, ...) {COLUMNS(__VA_ARGS__)},
#define ALL(name, n)    {COLUMNS(n, n, n, n, n, n, n, n)},
#include "core/confine/syscalls_table.h"
#undef CALL
#undef ALL
};

/* The row of a name, or -ENOENT. */
static int syscall_find(const char *name)
{
    size_t low = 0, high = ARRAY_LENGTH(offsets);

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, (const char *)&names + offsets[middle]);

        if (order == 0)
            return (int)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -ENOENT;
}

bool syscall_known(const char *name)
{
    return syscall_find(name) >= 0;
}

int syscall_number(size_t abi, const char *name)
{
    int row = syscall_find(name);
    uint16_t number = row < 0 ? NO : numbers[row][abi];

    if (number == NO)
        return -ENOENT;
    if (number >= A)
        return number - A + ARM_PRIVATE;
    return number + (int)syscall_abis[abi].base;
}

/* linux/net.h and linux/ipc.h: SYS_SOCKET and so on, SEMOP and so on. */
static const struct {
    char name[12];
    uint8_t which;
    bool is_ipc;
} multiplexed[] = {
    {"socket", 1, false},    {"bind", 2, false},        {"connect", 3, false},     {"listen", 4, false},
    {"accept", 5, false},    {"getsockname", 6, false}, {"getpeername", 7, false}, {"socketpair", 8, false},
    {"send", 9, false},      {"recv", 10, false},       {"sendto", 11, false},     {"recvfrom", 12, false},
    {"shutdown", 13, false}, {"setsockopt", 14, false}, {"getsockopt", 15, false}, {"sendmsg", 16, false},
    {"recvmsg", 17, false},  {"accept4", 18, false},    {"recvmmsg", 19, false},   {"sendmmsg", 20, false},
    {"semop", 1, true},      {"semget", 2, true},       {"semctl", 3, true},       {"semtimedop", 4, true},
    {"msgsnd", 11, true},    {"msgrcv", 12, true},      {"msgget", 13, true},      {"msgctl", 14, true},
    {"shmat", 21, true},     {"shmdt", 22, true},       {"shmget", 23, true},      {"shmctl", 24, true},
};

int syscall_multiplexed(size_t abi, const char *name, uint16_t *which)
{
    for (size_t i = 0; i < ARRAY_LENGTH(multiplexed); i++) {
        if (strcmp(name, multiplexed[i].name) != 0)
            continue;
        *which = multiplexed[i].which;
        return syscall_number(abi, multiplexed[i].is_ipc ? "ipc" : "socketcall");
    }
    return -ENOENT;
}
