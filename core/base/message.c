#include "core/base/message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"

void fd_list_close(struct fd_list *fds)
{
    for (size_t i = 0; i < fds->count; i++)
        close_fd(&fds->fds[i]);
    fds->count = 0;
}

union message_control {
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
    struct cmsghdr align;
};

static void message_add(struct msghdr *message, int type, const void *data, size_t length)
{
    struct cmsghdr *header;

    message->msg_controllen = (socklen_t)CMSG_SPACE(length);
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = type;
    header->cmsg_len = (socklen_t)CMSG_LEN(length);
    memcpy(CMSG_DATA(header), data, length);
}

int message_send(int socket, const void *bytes, size_t length, bool credentials, const struct fd_list *fds)
{
    union message_control control = {0};
    struct iovec vector = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes};

    if (credentials) {
        struct ucred self = {getpid(), getuid(), getgid()};
        message_add(&message, SCM_CREDENTIALS, &self, sizeof(self));
    } else if (fds && fds->count) {
        message_add(&message, SCM_RIGHTS, fds->fds, fds->count * sizeof(int));
    } else {
        message.msg_control = NULL;
    }
    while (vector.iov_len) {
        ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        vector.iov_base = (char *)vector.iov_base + n;
        vector.iov_len -= (size_t)n;
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return 0;
}

/* Keep the fds of one SCM_RIGHTS message if the caller wants them, else close them. */
static void message_take_fds(const struct cmsghdr *header, struct fd_list *fds)
{
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    for (size_t i = 0; i < count; i++) {
        int fd;
        memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
        if (fds && fds->count < ARRAY_LENGTH(fds->fds))
            fds->fds[fds->count++] = fd;
        else
            close(fd);
    }
}

/* CMSG_NXTHDR() without the signedness warnings that some C libraries cause. */
static struct cmsghdr *message_next(const struct msghdr *message, struct cmsghdr *header)
{
    char *start = message->msg_control;
    size_t offset = (size_t)((char *)header - start) + CMSG_SPACE(header->cmsg_len - CMSG_LEN(0));

    return offset + sizeof(*header) > message->msg_controllen ? NULL : (struct cmsghdr *)(start + offset);
}

ssize_t message_receive(int socket, void *bytes, size_t length, int flags, struct ucred *peer,
                        struct fd_list *fds)
{
    union message_control control = {0};
    struct iovec vector = {bytes, length};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t received;

    if (peer)
        *peer = (struct ucred){0, (uid_t)-1, (gid_t)-1};
    if (fds)
        fds->count = 0;
    do
        received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0)
        return -errno;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = message_next(&message, h)) {
        if (h->cmsg_level != SOL_SOCKET)
            continue;
        if (h->cmsg_type == SCM_RIGHTS)
            message_take_fds(h, fds);
        else if (h->cmsg_type == SCM_CREDENTIALS && peer && h->cmsg_len == CMSG_LEN(sizeof(*peer)))
            memcpy(peer, CMSG_DATA(h), sizeof(*peer));
    }
    if (message.msg_flags & MSG_CTRUNC) {
        if (fds)
            fd_list_close(fds);
        return -EFBIG;
    }
    return received;
}
