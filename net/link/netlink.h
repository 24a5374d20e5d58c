/*
 * Netlink: a small layer that builds messages, sends them in batches, and parses replies without trusting
 * their lengths. Only the replies are allocated. Sources: netlink(7), rtnetlink(7), the kernel's
 * Documentation/userspace-api/netlink/intro.rst.
 *
 * A message is built into a batch. The kernel processes the messages of a batch in order, continues after one
 * that failed, and acknowledges each. The functions that build a message do not fail: if a message does not
 * fit, the batch is marked, and sending it returns -EMSGSIZE.
 */
#ifndef LXCBOX_NET_LINK_NETLINK_H
#define LXCBOX_NET_LINK_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct netlink {
    int fd; /* -1: closed */
    uint32_t sequence;
};

#define NETLINK_CLOSED                                                                                       \
    {                                                                                                        \
        -1, 0                                                                                                \
    }
#define cleanup_netlink __attribute__((cleanup(netlink_close)))

/*
 * Open a socket of a protocol (NETLINK_ROUTE, ...) that acts on a network namespace: `netns` is its fd, -1
 * for the caller's own. A socket stays in the namespace in which it was created, so the calling thread enters
 * the other namespace for the one call that creates the socket, and returns. Other threads are not affected.
 * If the return fails, the process exits: in the wrong namespace it could change the wrong network.
 */
int netlink_open(struct netlink *n, int protocol, int netns, struct error *err);
void netlink_close(struct netlink *n);

/* --- Building ------------------------------------------------------------------------------------------- */

struct netlink_batch {
    size_t length;   /* bytes used */
    size_t message;  /* offset of the message being built */
    unsigned count;  /* messages in it */
    unsigned frames; /* messages that are not acknowledged */
    bool overflow;
    _Alignas(4) uint8_t bytes[8192];
};

/* Set the receive buffer of the socket, SO_RCVBUF of socket(7). 0 or a negative errno with `err` filled. */
int netlink_set_buffer(struct netlink *n, int bytes, struct error *err);

/* Initialize a batch, or reuse one. */
void netlink_batch_init(struct netlink_batch *b);

/*
 * Begin a message with its protocol header (struct ifinfomsg, ...). NLM_F_REQUEST and NLM_F_ACK are added to
 * `flags`. Attributes that are added afterwards belong to this message.
 */
void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header, size_t size);
/* Begin a message that only frames others (nfnetlink's batch begin and end). It is not acknowledged. An error
 * in reply to it concerns the whole batch, and no other message of the batch is then acknowledged. */
void netlink_frame(struct netlink_batch *b, uint16_t type, const void *header, size_t size);
void netlink_put(struct netlink_batch *b, uint16_t type, const void *bytes, size_t size);
void netlink_put_u8(struct netlink_batch *b, uint16_t type, uint8_t value);
void netlink_put_u16(struct netlink_batch *b, uint16_t type, uint16_t value);
void netlink_put_u32(struct netlink_batch *b, uint16_t type, uint32_t value);
void netlink_put_string(struct netlink_batch *b, uint16_t type, const char *text);
/* Add bytes without an attribute header, padded: for a header inside a nest (VETH_INFO_PEER). */
void netlink_append(struct netlink_batch *b, const void *bytes, size_t size);
/* Attributes that are added between the two calls are nested. Pass the return value of the first call to the
 * second. */
size_t netlink_nest(struct netlink_batch *b, uint16_t type);
void netlink_nest_end(struct netlink_batch *b, size_t nest);

/* --- Exchanging ----------------------------------------------------------------------------------------- */

struct netlink_result {
    int code;         /* 0, or the negative errno of the first message that failed */
    unsigned message; /* its position in the batch, from 0 */
    char reason[160]; /* the kernel's text (extended acknowledgement); "" if there is none */
};

/*
 * Send the batch and wait for every acknowledgement. Replies other than acknowledgements are appended to
 * `replies` as received (NULL: discarded). Returns result->code; `result` may be NULL.
 */
int netlink_exchange(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                     struct netlink_result *result);

/* Send a batch of one message as a dump and replace the contents of `replies` with the reply. The dump is
 * repeated if the kernel reports that the objects changed during it. Returns as netlink_exchange. */
int netlink_dump(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                 struct netlink_result *result);

/* Fill `err` with "FORMAT: strerror(3): the kernel's reason". Returns result->code. */
int netlink_error(const struct netlink_result *result, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- Events --------------------------------------------------------------------------------------------- */

/*
 * Subscribe the socket to a multicast group of its protocol (RTNLGRP_LINK, ...), one call for each group. Use
 * a subscribed socket for events only: events would mix with the replies of an exchange. Subscribe first and
 * read the current state afterwards, so that no change is missed.
 */
int netlink_subscribe(struct netlink *n, unsigned group, struct error *err);

/*
 * Replace the contents of `events` with one datagram (one or more messages, see netlink_view_of); with
 * `wait`, wait for it. Returns 1; 0 if there is none now; -ENOBUFS if events were lost because the socket's
 * buffer was full (the caller has to read the state again, then continue); or another negative errno.
 * Datagrams of senders other than the kernel are ignored.
 */
int netlink_events(struct netlink *n, bool wait, struct strbuf *events);

/* --- Parsing (untrusted bytes) ---------------------------------------------------------------------------
 */

struct netlink_view {
    const uint8_t *bytes;
    size_t length;
};

struct netlink_message {
    uint16_t type;
    uint16_t flags;
    uint32_t sequence;
    struct netlink_view payload;
};

struct netlink_attribute {
    uint16_t type; /* without NLA_F_NESTED and NLA_F_NET_BYTEORDER */
    struct netlink_view payload;
};

/* A view of the messages that netlink_exchange and netlink_dump stored in `replies`, or netlink_events in
 * `events`. */
struct netlink_view netlink_view_of(const struct strbuf *replies);

/* Take the next message, attribute or header off the front. False at the end, and at an element whose length
 * is wrong. */
bool netlink_next_message(struct netlink_view *rest, struct netlink_message *out);
bool netlink_next_attribute(struct netlink_view *rest, struct netlink_attribute *out);
bool netlink_take_header(struct netlink_view *rest, void *header, size_t size);

/* The value of an attribute. If the attribute is too short, the value is 0, or as many bytes as there are. */
uint8_t netlink_u8(const struct netlink_attribute *a);
uint16_t netlink_u16(const struct netlink_attribute *a);
uint32_t netlink_u32(const struct netlink_attribute *a);
void netlink_string(const struct netlink_attribute *a, char *out, size_t size);
/* Returns the number of bytes copied; the rest of `out` is zeroed. */
size_t netlink_bytes(const struct netlink_attribute *a, void *out, size_t size);

#endif
