#include "core/base/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

/* The headers of older kernels lack these: linux/landlock.h, linux/prctl.h, linux/seccomp.h. */
#define LANDLOCK_CREATE_RULESET 444 /* system calls, the same on every architecture but for mips's base */
#define LANDLOCK_ADD_RULE       445
#define LANDLOCK_RESTRICT_SELF  446
#define LANDLOCK_VERSION        1 /* a flag of the first */
#define LANDLOCK_PATH_BENEATH   1
#define LANDLOCK_FS_EXECUTE     (1ULL << 0)
#define LANDLOCK_FS_REFER       (1ULL << 13)
#define LANDLOCK_FS_TRUNCATE    (1ULL << 14)
#define LANDLOCK_FS_IOCTL_DEV   (1ULL << 15)
#define LANDLOCK_NET_TCP        3ULL /* bind and connect */
#define LANDLOCK_SCOPED         3ULL /* abstract sockets and signals */
#define TSYNC                   1U   /* SECCOMP_FILTER_FLAG_TSYNC */
#define AMBIENT                 47   /* PR_CAP_AMBIENT */
#define AMBIENT_CLEAR_ALL       4L
#define RETURN_EPERM            (SECCOMP_RET_ERRNO | EPERM)

#if defined(__mips__) && !defined(__mips64)
#define CALL_BASE 4000
#else
#define CALL_BASE 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARMEL__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__loongarch_lp64)
#define ARCHITECTURE (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define ARCHITECTURE AUDIT_ARCH_PPC64
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#elif defined(__mips__) && !defined(__mips64) && defined(__MIPSEL__)
#define ARCHITECTURE AUDIT_ARCH_MIPSEL
#elif defined(__mips__) && !defined(__mips64)
#define ARCHITECTURE AUDIT_ARCH_MIPS
#else
#error "the AUDIT_ARCH of linux/audit.h for this machine is not known here"
#endif

struct landlock_ruleset {
    uint64_t fs, net, scoped;
};

struct landlock_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/*
 * Landlock, from its second version on (Linux 5.19): the first one prevents hard links between directories.
 * Returns 0, also if the kernel has none.
 */
static int jail_restrict_paths(int directory)
{
    long version = syscall(CALL_BASE + LANDLOCK_CREATE_RULESET, NULL, 0UL, LANDLOCK_VERSION);
    struct landlock_ruleset rules = {.fs = 2 * LANDLOCK_FS_REFER - 1};
    struct landlock_beneath beneath;
    cleanup_fd int fd = -1;

    if (version < 2)
        return 0;
    if (version >= 3)
        rules.fs |= LANDLOCK_FS_TRUNCATE;
    if (version >= 5)
        rules.fs |= LANDLOCK_FS_IOCTL_DEV;
    rules.net = version >= 4 ? LANDLOCK_NET_TCP : 0;
    rules.scoped = version >= 6 ? LANDLOCK_SCOPED : 0;
    fd = (int)syscall(CALL_BASE + LANDLOCK_CREATE_RULESET, &rules, sizeof(rules), 0U);
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    beneath = (struct landlock_beneath){rules.fs & ~(LANDLOCK_FS_EXECUTE | LANDLOCK_FS_IOCTL_DEV), directory};
    if (directory >= 0 && syscall(CALL_BASE + LANDLOCK_ADD_RULE, fd, LANDLOCK_PATH_BENEATH, &beneath, 0U) < 0)
        return -errno;
    return syscall(CALL_BASE + LANDLOCK_RESTRICT_SELF, fd, 0U) < 0 ? -errno : 0;
}

/* Keep of our capabilities those for files of other owners and for device nodes, or none. */
static int jail_drop_capabilities(bool writes)
{
    static const unsigned char kept[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
                                         CAP_FSETID, CAP_MKNOD,        CAP_SETFCAP};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    uint64_t mask = 0;

    for (size_t i = 0; writes && i < sizeof(kept); i++)
        mask |= UINT64_C(1) << kept[i];
    /* EPERM: without CAP_SETPCAP there is nothing to lose by executing a program, either. */
    for (int number = 0; prctl(PR_CAPBSET_READ, number) >= 0; number++)
        if (!(mask >> number & 1) && prctl(PR_CAPBSET_DROP, number) < 0 && errno != EPERM)
            return -errno;
    (void)prctl(AMBIENT, AMBIENT_CLEAR_ALL, 0L, 0L, 0L); /* since Linux 4.3 */
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_LENGTH(data); i++) {
        uint32_t part = (uint32_t)(mask >> (32 * i));

        data[i].inheritable = 0;
        data[i].permitted &= part;
        data[i].effective &= part;
    }
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* The runtime of the sanitizers reads /proc, writes to standard error and makes calls of its own: a build
 * with them only closes the fds. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINES false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINES false
#endif
#endif
#ifndef CONFINES
#define CONFINES true
#endif

int jail_enter(int directory, const int *kept, size_t count, struct error *err)
{
    int all[8] = {directory}, r, standard = directory;

    for (size_t i = 0; i < count && i + 1 < ARRAY_LENGTH(all); i++)
        all[i + 1] = kept[i];
    if (!CONFINES) {
        close_others(all, ARRAY_LENGTH(all) < count + 1 ? ARRAY_LENGTH(all) : count + 1);
        return 0;
    }
    if (standard < 0 && count)
        standard = kept[0];
    if (directory >= 0 && (fchdir(directory) < 0 || (chroot(".") < 0 && errno != EPERM)))
        return error_set(err, errno, "cannot confine the process that unpacks");
    /* Otherwise the next file opened would be standard error, which a library may write to. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (standard >= 0 && dup2(standard, fd) < 0)
            return error_set(err, errno, "cannot confine the process that unpacks");
    close_others(all, ARRAY_LENGTH(all) < count + 1 ? ARRAY_LENGTH(all) : count + 1);
    r = prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 && errno != EINVAL ? -errno : 0;
    if (r == 0)
        r = jail_restrict_paths(directory);
    if (r == 0)
        r = jail_drop_capabilities(directory >= 0);
    return r < 0 ? error_set(err, r, "cannot confine the process that unpacks") : 0;
}

/* What the C library, a decoder and the writer of a tree call. */
static const uint16_t jail_calls[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_close,
    SYS_lseek,
    SYS_dup,
    SYS_dup3,
    SYS_ftruncate,
    SYS_openat,
    SYS_openat2,
    SYS_mkdirat,
    SYS_mknodat,
    SYS_symlinkat,
    SYS_linkat,
    SYS_unlinkat,
    SYS_readlinkat,
    SYS_fchown,
    SYS_fchownat,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_flistxattr,
    SYS_fremovexattr,
    SYS_fsetxattr,
    SYS_utimensat,
    SYS_fcntl,
    SYS_getdents64,
#ifdef SYS_fstat
    SYS_fstat,
#endif
#ifdef SYS_statx
    SYS_statx,
#endif
#ifdef SYS_newfstatat
    SYS_newfstatat,
#endif
#ifdef SYS_fchmodat2
    SYS_fchmodat2,
#endif
#ifdef SYS__llseek
    SYS__llseek,
#endif
#ifdef SYS_fcntl64
    SYS_fcntl64,
#endif
#ifdef SYS_fstat64
    SYS_fstat64,
#endif
#ifdef SYS_fstatat64
    SYS_fstatat64,
#endif
#ifdef SYS_ftruncate64
    SYS_ftruncate64,
#endif
#ifdef SYS_fchown32
    SYS_fchown32,
#endif
#ifdef SYS_utimensat_time64
    SYS_utimensat_time64,
#endif
#ifdef SYS_mmap
    SYS_mmap,
#endif
#ifdef SYS_mmap2
    SYS_mmap2,
#endif
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
#ifdef SYS_futex
    SYS_futex,
#endif
#ifdef SYS_futex_time64
    SYS_futex_time64,
#endif
    SYS_sched_yield,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
#ifdef SYS_clock_gettime
    SYS_clock_gettime,
#endif
#ifdef SYS_clock_gettime64
    SYS_clock_gettime64,
#endif
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_geteuid,
    SYS_set_robust_list,
#ifdef SYS_rseq
    SYS_rseq,
#endif
    SYS_sigaltstack,
    SYS_exit,
    SYS_exit_group,
};

static void jail_allow(struct sock_filter *code, size_t *length, const uint16_t *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        code[(*length)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
        code[(*length)++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
}

int jail_filter(struct error *err)
{
    struct sock_filter code[2 * ARRAY_LENGTH(jail_calls) + 8] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    struct sock_fprog program = {.filter = code};
    size_t length = 4;
    long r;

    if (!CONFINES)
        return 0;
    jail_allow(code, &length, jail_calls, ARRAY_LENGTH(jail_calls));
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, RETURN_EPERM);
    program.len = (unsigned short)length;
    r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, TSYNC, &program);
    /* EINVAL, ENOSYS: a kernel without filters. More than 0: a thread that has another filter. */
    if (r == 0 || (r < 0 && (errno == EINVAL || errno == ENOSYS)))
        return 0;
    return error_set(err, r < 0 ? errno : EBUSY, "cannot confine the process that unpacks");
}
