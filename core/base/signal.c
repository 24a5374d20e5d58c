#include "core/base/signal.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int signal_receive(const int *signals, int flags, sigset_t *before)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    for (; *signals; signals++)
        sigaddset(&set, *signals);
    sigprocmask(SIG_BLOCK, &set, before);
    fd = signalfd(-1, &set, SFD_CLOEXEC | flags);
    return fd < 0 ? -errno : fd;
}

int signal_process(int pidfd, pid_t pid, int signal)
{
    /*
     * ENOSYS despite a pidfd: an outer seccomp filter, for example of another container, may not know the
     * call.
     */
    if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
        return 0;
    if (pidfd >= 0 && errno != ENOSYS)
        return -errno;
    return kill(pid, signal) < 0 ? -errno : 0;
}
