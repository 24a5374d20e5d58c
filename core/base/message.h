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

/* As many as LXC's largest response carries. */
#define MESSAGE_FDS_MAX 20

/* fds that came or go beside a message. */
struct fd_list {
    int fds[MESSAGE_FDS_MAX];
    size_t count;
};

#define cleanup_fd_list __attribute__((cleanup(fd_list_close)))
void fd_list_close(struct fd_list *fds);

/*
 * Send `bytes` with our credentials beside them (`credentials`) or fds (`fds`, may be NULL). No SIGPIPE.
 * 0 or a negative errno.
 */
int message_send(int socket, const void *bytes, size_t length, bool credentials, const struct fd_list *fds);

/*
 * Receive one message's first `length` bytes with what came beside it. `flags` are recvmsg(2)'s. `peer` and
 * `fds` may be NULL; fds that the caller does not want are closed. Without credentials in the message,
 * peer->pid is 0. Returns the bytes received (0: the other side closed) or a negative errno, -EFBIG when fds
 * were cut off.
 */
ssize_t message_receive(int socket, void *bytes, size_t length, int flags, struct ucred *peer,
                        struct fd_list *fds);

#endif
