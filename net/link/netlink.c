#include "net/link/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/link/netns.h"

/* The kernel returns at most 32 KB of a dump for one read (netlink_dump() of net/netlink/af_netlink.c). */
#define RECEIVE_SIZE 32768
#define DUMP_TRIES   8

static size_t align4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

int netlink_open(struct netlink *n, int protocol, int netns, struct error *err)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    cleanup_fd int fd = netns_socket(netns, AF_NETLINK, SOCK_RAW, protocol);
    int on = 1;

    if (fd < 0)
        return error_set(err, fd, "cannot open a netlink socket");
    if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
        return error_set(err, errno, "cannot bind a netlink socket");
    /* Kernels before 4.12, 4.2 and 4.20 lack these options: reasons are then missing and dumps unfiltered. */
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    *n = (struct netlink){take_fd(&fd), 0};
    return 0;
}

int netlink_set_buffer(struct netlink *n, int bytes, struct error *err)
{
    return setsockopt(n->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0
               ? error_set(err, errno, "cannot set the receive buffer of a netlink socket")
               : 0;
}

void netlink_close(struct netlink *n)
{
    close_fd(&n->fd);
}

/* --- Building --- */

void netlink_batch_init(struct netlink_batch *b)
{
    b->length = b->message = 0;
    b->count = b->frames = 0;
    b->overflow = false;
}

/* Reserve `size` bytes, zero-padded to a multiple of four. On NULL, the batch is marked as overflowed. */
static void *netlink_reserve(struct netlink_batch *b, size_t size)
{
    size_t padded = align4(size);
    uint8_t *at = b->bytes + b->length;

    if (b->overflow || size > sizeof(b->bytes) || padded > sizeof(b->bytes) - b->length) {
        b->overflow = true;
        return NULL;
    }
    memset(at + size, 0, padded - size);
    b->length += padded;
    return at;
}

static void netlink_set_length(struct netlink_batch *b)
{
    uint32_t length = (uint32_t)(b->length - b->message);

    memcpy(b->bytes + b->message, &length, sizeof(length));
}

static void netlink_begin_message(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header,
                                  size_t size)
{
    struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags | NLM_F_REQUEST};
    size_t start = b->length;
    void *at = netlink_reserve(b, sizeof(h));

    if (!at)
        return;
    memcpy(at, &h, sizeof(h));
    b->message = start;
    b->count++;
    netlink_append(b, header, size);
}

void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header, size_t size)
{
    netlink_begin_message(b, type, flags | NLM_F_ACK, header, size);
}

void netlink_frame(struct netlink_batch *b, uint16_t type, const void *header, size_t size)
{
    netlink_begin_message(b, type, 0, header, size);
    b->frames++;
}

void netlink_append(struct netlink_batch *b, const void *bytes, size_t size)
{
    void *at = netlink_reserve(b, size);

    if (!at)
        return;
    if (size)
        memcpy(at, bytes, size);
    netlink_set_length(b);
}

void netlink_put(struct netlink_batch *b, uint16_t type, const void *bytes, size_t size)
{
    struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + size), .nla_type = type};
    uint8_t *at = size > UINT16_MAX - sizeof(a) ? NULL : netlink_reserve(b, sizeof(a) + size);

    if (!at) {
        b->overflow = true;
        return;
    }
    memcpy(at, &a, sizeof(a));
    if (size)
        memcpy(at + sizeof(a), bytes, size);
    netlink_set_length(b);
}

void netlink_put_u8(struct netlink_batch *b, uint16_t type, uint8_t value)
{
    netlink_put(b, type, &value, sizeof(value));
}

void netlink_put_u16(struct netlink_batch *b, uint16_t type, uint16_t value)
{
    netlink_put(b, type, &value, sizeof(value));
}

void netlink_put_u32(struct netlink_batch *b, uint16_t type, uint32_t value)
{
    netlink_put(b, type, &value, sizeof(value));
}

void netlink_put_string(struct netlink_batch *b, uint16_t type, const char *text)
{
    netlink_put(b, type, text, strlen(text) + 1);
}

size_t netlink_nest(struct netlink_batch *b, uint16_t type)
{
    size_t at = b->length;

    netlink_put(b, type | NLA_F_NESTED, NULL, 0);
    return at;
}

void netlink_nest_end(struct netlink_batch *b, size_t nest)
{
    uint16_t length = (uint16_t)(b->length - nest);

    if (!b->overflow)
        memcpy(b->bytes + nest, &length, sizeof(length));
}

/* --- Reading --- */

struct netlink_view netlink_view_of(const struct strbuf *replies)
{
    return (struct netlink_view){(const uint8_t *)replies->text, replies->length};
}

bool netlink_take_header(struct netlink_view *rest, void *header, size_t size)
{
    size_t padded = align4(size);

    if (rest->length < size)
        return false;
    memcpy(header, rest->bytes, size);
    padded = padded < rest->length ? padded : rest->length;
    rest->bytes += padded;
    rest->length -= padded;
    return true;
}

/* Split `length` bytes off the front; the first `header` of them are a header. */
static bool netlink_split(struct netlink_view *rest, size_t header, size_t length,
                          struct netlink_view *payload)
{
    size_t padded = align4(length);

    if (length < header || length > rest->length)
        return false;
    *payload = (struct netlink_view){rest->bytes + header, length - header};
    padded = padded < rest->length ? padded : rest->length;
    rest->bytes += padded;
    rest->length -= padded;
    return true;
}

bool netlink_next_message(struct netlink_view *rest, struct netlink_message *out)
{
    struct nlmsghdr h;

    if (rest->length < sizeof(h))
        return false;
    memcpy(&h, rest->bytes, sizeof(h));
    *out = (struct netlink_message){h.nlmsg_type, h.nlmsg_flags, h.nlmsg_seq, {NULL, 0}};
    return netlink_split(rest, sizeof(h), h.nlmsg_len, &out->payload);
}

bool netlink_next_attribute(struct netlink_view *rest, struct netlink_attribute *out)
{
    struct nlattr a;

    if (rest->length < sizeof(a))
        return false;
    memcpy(&a, rest->bytes, sizeof(a));
    out->type = (uint16_t)(a.nla_type & ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER));
    return netlink_split(rest, sizeof(a), a.nla_len, &out->payload);
}

size_t netlink_bytes(const struct netlink_attribute *a, void *out, size_t size)
{
    size_t n = a->payload.length < size ? a->payload.length : size;

    memset(out, 0, size);
    if (n)
        memcpy(out, a->payload.bytes, n);
    return n;
}

uint8_t netlink_u8(const struct netlink_attribute *a)
{
    return a->payload.length ? a->payload.bytes[0] : 0;
}

uint16_t netlink_u16(const struct netlink_attribute *a)
{
    uint16_t value;

    return netlink_bytes(a, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

uint32_t netlink_u32(const struct netlink_attribute *a)
{
    uint32_t value;

    return netlink_bytes(a, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

void netlink_string(const struct netlink_attribute *a, char *out, size_t size)
{
    size_t n = strnlen((const char *)a->payload.bytes, a->payload.length);

    n = n < size ? n : size - 1;
    if (n)
        memcpy(out, a->payload.bytes, n);
    out[n] = '\0';
}

/* --- Exchanging --- */

static int netlink_send(struct netlink *n, struct netlink_batch *b, uint16_t flags, uint32_t *first)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;

    if (b->overflow || !b->count)
        return -EMSGSIZE;
    *first = n->sequence + 1;
    for (size_t at = 0; at < b->length;) {
        struct nlmsghdr h;

        memcpy(&h, b->bytes + at, sizeof(h));
        h.nlmsg_seq = ++n->sequence;
        h.nlmsg_flags |= flags;
        memcpy(b->bytes + at, &h, sizeof(h));
        at += align4(h.nlmsg_len);
    }
    do
        sent = sendto(n->fd, b->bytes, b->length, 0, (struct sockaddr *)&kernel, sizeof(kernel));
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

/* Receive one datagram of the kernel into `buffer`; `flags` as for recvmsg(2). */
static ssize_t netlink_receive(struct netlink *n, int flags, void *buffer, size_t size)
{
    for (;;) {
        struct sockaddr_nl from = {0};
        struct iovec iov = {buffer, size};
        struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
        ssize_t got = recvmsg(n->fd, &m, flags);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        /* Any process may send to a netlink port; port 0 is the kernel. */
        if (m.msg_namelen != sizeof(from) || from.nl_pid != 0)
            continue;
        return m.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
    }
}

/* The result in an NLMSG_ERROR or NLMSG_DONE message, and the kernel's text for it. netlink(7). */
static int netlink_read_result(const struct netlink_message *m, char *reason, size_t size)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct nlmsghdr request;
    int32_t code = 0;

    if (!netlink_take_header(&rest, &code, sizeof(code)))
        return m->type == NLMSG_DONE ? 0 : -EBADMSG;
    if (m->type == NLMSG_ERROR) {
        size_t repeated;

        if (!netlink_take_header(&rest, &request, sizeof(request)))
            return -EBADMSG;
        /* Without NLM_F_CAPPED, the payload of the request comes first. */
        repeated = m->flags & NLM_F_CAPPED || request.nlmsg_len < sizeof(request)
                       ? 0
                       : align4(request.nlmsg_len - sizeof(request));
        repeated = repeated < rest.length ? repeated : rest.length;
        rest.bytes += repeated;
        rest.length -= repeated;
    }
    if (m->flags & NLM_F_ACK_TLVS)
        while (netlink_next_attribute(&rest, &a))
            if (a.type == NLMSGERR_ATTR_MSG)
                netlink_string(&a, reason, size);
    return code > 0 ? -EBADMSG : code;
}

/* Append a received message, padded. */
static int netlink_append_reply(struct strbuf *replies, const struct netlink_message *m)
{
    static const uint8_t zeros[4];
    size_t length = sizeof(struct nlmsghdr) + m->payload.length;
    int r = strbuf_add(replies, m->payload.bytes - sizeof(struct nlmsghdr), length);

    return r < 0 ? r : strbuf_add(replies, zeros, align4(length) - length);
}

static int netlink_finish(struct netlink_result *result, int code)
{
    result->code = code;
    return code;
}

/* Whether a message of the batch did not request an acknowledgement. */
static bool netlink_is_frame(const struct netlink_batch *b, unsigned message)
{
    struct nlmsghdr h = {0};

    for (size_t at = 0; b->frames && at < b->length; at += align4(h.nlmsg_len)) {
        memcpy(&h, b->bytes + at, sizeof(h));
        if (message-- == 0)
            return !(h.nlmsg_flags & NLM_F_ACK);
    }
    return false;
}

int netlink_exchange(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                     struct netlink_result *result)
{
    struct netlink_result unused;
    _Alignas(4) uint8_t buffer[RECEIVE_SIZE];
    unsigned pending = b->count - b->frames;
    uint32_t first;
    int r;

    result = result ? result : &unused;
    *result = (struct netlink_result){0};
    r = netlink_send(n, b, 0, &first);
    while (r == 0 && pending) {
        struct netlink_message m;
        struct netlink_view rest = {buffer, 0};
        ssize_t got = netlink_receive(n, 0, buffer, sizeof(buffer));

        if (got < 0)
            return netlink_finish(result, (int)got);
        for (rest.length = (size_t)got; netlink_next_message(&rest, &m);) {
            char reason[sizeof(result->reason)] = "";
            int code;

            if (m.sequence - first >= b->count)
                continue; /* a late reply to an earlier batch */
            if (m.type != NLMSG_ERROR) {
                if (replies && netlink_append_reply(replies, &m) < 0)
                    return netlink_finish(result, -ENOMEM);
                continue;
            }
            code = netlink_read_result(&m, reason, sizeof(reason));
            pending -= pending > 0;
            if (code < 0 && result->code == 0) {
                result->message = m.sequence - first;
                memcpy(result->reason, reason, sizeof(reason));
                result->code = code;
            }
            if (code < 0 && netlink_is_frame(b, m.sequence - first))
                return result->code;
        }
    }
    return r < 0 ? netlink_finish(result, r) : result->code;
}

/* One pass of a dump: 0, or -EAGAIN if the dumped objects changed during the dump. */
static int netlink_dump_once(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                             struct netlink_result *result)
{
    _Alignas(4) uint8_t buffer[RECEIVE_SIZE];
    bool interrupted = false;
    uint32_t first;
    int r = netlink_send(n, b, NLM_F_DUMP, &first);

    while (r == 0) {
        struct netlink_message m;
        struct netlink_view rest = {buffer, 0};
        ssize_t got = netlink_receive(n, 0, buffer, sizeof(buffer));

        if (got < 0)
            return (int)got;
        for (rest.length = (size_t)got; netlink_next_message(&rest, &m);) {
            if (m.sequence != first)
                continue;
            interrupted |= m.flags & NLM_F_DUMP_INTR;
            if (m.type == NLMSG_DONE || m.type == NLMSG_ERROR) {
                r = netlink_read_result(&m, result->reason, sizeof(result->reason));
                return r == 0 && interrupted ? -EAGAIN : r;
            }
            if (netlink_append_reply(replies, &m) < 0)
                return -ENOMEM;
        }
    }
    return r;
}

int netlink_dump(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                 struct netlink_result *result)
{
    struct netlink_result unused;
    int r = -EAGAIN;

    result = result ? result : &unused;
    *result = (struct netlink_result){0};
    for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
        strbuf_free(replies);
        r = netlink_dump_once(n, b, replies, result);
    }
    return netlink_finish(result, r);
}

/* --- Events --- */

int netlink_subscribe(struct netlink *n, unsigned group, struct error *err)
{
    if (setsockopt(n->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
        return error_set(err, errno, "cannot subscribe to netlink group %u", group);
    return 0;
}

int netlink_events(struct netlink *n, bool wait, struct strbuf *events)
{
    _Alignas(4) uint8_t buffer[RECEIVE_SIZE];
    ssize_t got = netlink_receive(n, wait ? 0 : MSG_DONTWAIT, buffer, sizeof(buffer));

    strbuf_free(events);
    if (got == -EAGAIN)
        return 0;
    if (got < 0) /* a truncated datagram is as lost as one that the kernel dropped */
        return got == -EMSGSIZE ? -ENOBUFS : (int)got;
    return strbuf_add(events, buffer, (size_t)got) < 0 ? -ENOMEM : 1;
}

int netlink_error(const struct netlink_result *result, struct error *err, const char *format, ...)
{
    char text[sizeof(err->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!result->reason[0])
        return error_set(err, result->code, "%s", text);
    return error_text(err, result->code, "%s: %s: %s", text, strerror(-result->code), result->reason);
}
