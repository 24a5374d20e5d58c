/*
 * Messages over an AF_UNIX socket with credentials or file descriptors beside their bytes.
 * Source: unix(7), cmsg(3), SCM_CREDENTIALS and SCM_RIGHTS.
 */
#ifndef LXCBOX_CORE_BASE_MESSAGE_H
#define LXCBOX_CORE_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The number of fds in LXC's largest response. */
#define MESSAGE_FDS_MAX 20

/* fds that are sent or received with a message. */
struct fd_list {
    int fds[MESSAGE_FDS_MAX];
    size_t count;
};

#define cleanup_fd_list __attribute__((cleanup(fd_list_close)))
void fd_list_close(struct fd_list *fds);

/*
 * Send `bytes`, with our credentials (`credentials`) or with fds (`fds`, may be NULL). No SIGPIPE is raised.
 * 0 or a negative errno.
 */
int message_send(int socket, const void *bytes, size_t length, bool credentials, const struct fd_list *fds);

/*
 * Receive the first `length` bytes of a message, with its credentials and fds. `flags` are those of
 * recvmsg(2). `peer` and `fds` may be NULL; unwanted fds are closed. Without credentials in the message,
 * peer->pid is 0. Returns the number of bytes (0: the peer closed the socket) or a negative errno, -EFBIG if
 * fds were truncated.
 */
ssize_t message_receive(int socket, void *bytes, size_t length, int flags, struct ucred *peer,
                        struct fd_list *fds);

#endif
