#include "net/link/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"

static int send_fd(int to, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec one = {"", 1};
    struct msghdr m = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    return sendmsg(to, &m, 0) < 0 ? -errno : 0;
}

static int receive_fd(int from)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec one = {&byte, 1};
    struct msghdr m = {
        .msg_iov = &one, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c;
    int fd;

    if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != 1 || !(c = CMSG_FIRSTHDR(&m)) || c->cmsg_type != SCM_RIGHTS)
        return -EPERM;
    memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

/*
 * For who is not root but made the user namespace that the network belongs to: its rights are inside, and
 * there is no way back from there, so a child goes. user_namespaces(7), ioctl_ns(2).
 */
static int socket_of_child(int netns, int domain, int type, int protocol)
{
    cleanup_fd int ours = -1, its = -1;
    int ends[2], fd;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    ours = ends[0];
    its = ends[1];
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int owner = ioctl(netns, NS_GET_USERNS);

        if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0 || setns(netns, CLONE_NEWNET) < 0)
            _exit(1);
        fd = socket(domain, type | SOCK_CLOEXEC, protocol);
        _exit(fd < 0 || send_fd(its, fd) < 0);
    }
    close_fd(&its);
    fd = receive_fd(ours);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return fd;
}

int netns_socket(int netns, int domain, int type, int protocol)
{
    cleanup_fd int own = -1;
    int fd;

    if (netns >= 0) {
        own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own < 0)
            return -errno;
        if (setns(netns, CLONE_NEWNET) < 0)
            return errno == EPERM ? socket_of_child(netns, domain, type, protocol) : -errno;
    }
    fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    fd = fd < 0 ? -errno : fd;
    if (netns >= 0 && setns(own, CLONE_NEWNET) < 0)
        abort();
    return fd;
}
