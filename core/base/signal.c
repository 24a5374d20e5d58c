#include "core/base/signal.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

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
