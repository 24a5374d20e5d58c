/*
 * refuse VERSION COMMAND: run a command as on an older kernel. System calls that came after that version are
 * answered with ENOSYS, in it and all its children. Source: seccomp(2).
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    unsigned number, since; /* major * 100 + minor */
} calls[] = {
    {SYS_pidfd_send_signal, 501},
    {SYS_open_tree, 502},
    {SYS_move_mount, 502},
    {SYS_fsopen, 502},
    {SYS_fsconfig, 502},
    {SYS_fsmount, 502},
    {SYS_fspick, 502},
    {SYS_pidfd_open, 503},
    {SYS_clone3, 503},
    {SYS_openat2, 506},
    {SYS_pidfd_getfd, 506},
    {439 /* faccessat2 */, 508},
    {SYS_close_range, 509},
    {441 /* epoll_pwait2 */, 511},
    {442 /* mount_setattr */, 512},
    {448 /* process_mrelease */, 515},
    {452 /* fchmodat2 */, 606},
    {457 /* statmount */, 608},
    {458 /* listmount */, 608},
};

int main(int argc, char **argv)
{
    struct sock_filter filter[2 * sizeof(calls) / sizeof(calls[0]) + 2];
    struct sock_fprog program = {.filter = filter};
    unsigned major, minor, n = 0;

    if (argc < 3 || sscanf(argv[1], "%u.%u", &major, &minor) != 2) {
        fprintf(stderr, "usage: refuse VERSION COMMAND [ARGUMENT]...\n");
        return 2;
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].since <= major * 100 + minor)
            continue;
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program.len = (unsigned short)n;
    if ((geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("refuse: cannot refuse system calls");
        return 2;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
