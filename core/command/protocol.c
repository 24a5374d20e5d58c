#include "core/command/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"

_Static_assert(sizeof(struct cgroup_context_message) == 96 && sizeof(struct cgroup_fd_message) == 80,
               "the layout that liblxc sends");

void command_fds_close(struct command_fds *fds)
{
    for (size_t i = 0; i < fds->count; i++)
        close_fd(&fds->fds[i]);
    fds->count = 0;
}

/* FNV-1a, 64 bits: draft-eastlake-fnv, section 2. */
#define HASH_START 0xcbf29ce484222325u

static uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * 0x100000001b3u;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = hash_byte(hash, (unsigned char)*text);
    return hash;
}

socklen_t command_address(const struct container *c, struct sockaddr_un *address)
{
    /* LXC leaves room for a byte before the name and one after it. */
    char *name = address->sun_path + 1;
    const size_t room = sizeof(address->sun_path) - 2;
    int length;

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    length = snprintf(name, room, "%s/%s/command", c->lxcpath, c->name);
    if (length < 0 || (size_t)length >= room) {
        uint64_t hash = hash_text(HASH_START, c->lxcpath);
        hash = hash_text(hash_byte(hash, '/'), c->name);
        length = snprintf(name, room, "lxc/%016llx/command", (unsigned long long)hash);
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

socklen_t monitord_address(const char *lxcpath, struct sockaddr_un *address)
{
    char *name = address->sun_path + 1;
    const size_t room = sizeof(address->sun_path) - 2;
    uint64_t hash = hash_text(hash_text(hash_text(HASH_START, "lxc/"), lxcpath), "/monitor-sock");

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(name, room, "lxc/%016llx/%s", (unsigned long long)hash, lxcpath);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

union control {
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(COMMAND_CGROUP_FDS_MAX * sizeof(int))];
    struct cmsghdr align;
};

static void add_control(struct msghdr *message, int type, const void *data, size_t length)
{
    struct cmsghdr *header;

    message->msg_controllen = (socklen_t)CMSG_SPACE(length);
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = type;
    header->cmsg_len = (socklen_t)CMSG_LEN(length);
    memcpy(CMSG_DATA(header), data, length);
}

int command_send(int socket, const void *bytes, size_t length, bool credentials,
                 const struct command_fds *fds)
{
    union control control = {0};
    struct iovec vector = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes};

    if (credentials) {
        struct ucred self = {getpid(), getuid(), getgid()};
        add_control(&message, SCM_CREDENTIALS, &self, sizeof(self));
    } else if (fds && fds->count) {
        add_control(&message, SCM_RIGHTS, fds->fds, fds->count * sizeof(int));
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

/* Keep the fds of one SCM_RIGHTS message as far as they are wanted, close the others. */
static void take_fds(const struct cmsghdr *header, struct command_fds *fds)
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

/* CMSG_NXTHDR(), which not every libc writes without mixing signs. */
static struct cmsghdr *next_header(const struct msghdr *message, struct cmsghdr *header)
{
    char *start = message->msg_control;
    size_t offset = (size_t)((char *)header - start) + CMSG_SPACE(header->cmsg_len - CMSG_LEN(0));

    return offset + sizeof(*header) > message->msg_controllen ? NULL : (struct cmsghdr *)(start + offset);
}

ssize_t command_receive(int socket, void *bytes, size_t length, int flags, struct ucred *peer,
                        struct command_fds *fds)
{
    union control control = {0};
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
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = next_header(&message, h)) {
        if (h->cmsg_level != SOL_SOCKET)
            continue;
        if (h->cmsg_type == SCM_RIGHTS)
            take_fds(h, fds);
        else if (h->cmsg_type == SCM_CREDENTIALS && peer && h->cmsg_len == CMSG_LEN(sizeof(*peer)))
            memcpy(peer, CMSG_DATA(h), sizeof(*peer));
    }
    if (message.msg_flags & MSG_CTRUNC) {
        if (fds)
            command_fds_close(fds);
        return -EFBIG;
    }
    return received;
}
