#include "net/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"

int netns_socket(int netns, int domain, int type, int protocol)
{
    cleanup_fd int own = -1;
    int fd;

    if (netns >= 0) {
        own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
            return -errno;
    }
    fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    fd = fd < 0 ? -errno : fd;
    if (netns >= 0 && setns(own, CLONE_NEWNET) < 0)
        abort();
    return fd;
}
