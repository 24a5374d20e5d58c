#include "net/link/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/message.h"
#include "core/base/process.h"

struct netns_call {
    int netns, domain, type, protocol;
    int reply; /* where the socket is sent */
};

/* In the child. 0 or a negative errno. */
static int netns_send_socket(void *data, struct error *err)
{
    const struct netns_call *call = data;
    struct fd_list fds = {.count = 1};
    int owner = ioctl(call->netns, NS_GET_USERNS);

    if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0 || setns(call->netns, CLONE_NEWNET) < 0)
        return error_set(err, errno, "cannot enter a network namespace");
    fds.fds[0] = socket(call->domain, call->type | SOCK_CLOEXEC, call->protocol);
    if (fds.fds[0] < 0)
        return error_set(err, errno, "cannot open a socket");
    return message_send(call->reply, "", 1, false, &fds);
}

/*
 * For a user other than root who created the user namespace that owns the network namespace. Its capabilities
 * are inside that user namespace, and a process cannot return from there, so a child enters it.
 * user_namespaces(7), ioctl_ns(2).
 */
static int netns_socket_by_child(int netns, int domain, int type, int protocol)
{
    cleanup_fd int ours = -1, reply = -1;
    struct netns_call call = {netns, domain, type, protocol, -1};
    struct fd_list fds = {.count = 0};
    int ends[2], r;
    char byte;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    ours = ends[0];
    call.reply = reply = ends[1];
    r = process_run(netns_send_socket, &call, NULL);
    if (r == 0 && message_receive(ours, &byte, 1, MSG_DONTWAIT, NULL, &fds) == 1 && fds.count == 1)
        return fds.fds[0];
    fd_list_close(&fds);
    return r < 0 ? r : -EPERM;
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
            return errno == EPERM ? netns_socket_by_child(netns, domain, type, protocol) : -errno;
    }
    fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    fd = fd < 0 ? -errno : fd;
    if (netns >= 0 && setns(own, CLONE_NEWNET) < 0)
        abort();
    return fd;
}
