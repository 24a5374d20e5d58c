/*
 * Netlink: a small layer that builds messages, sends them in batches, and walks what comes back without ever
 * trusting its lengths. It allocates nothing but the replies. Sources: netlink(7), rtnetlink(7), the kernel's
 * Documentation/userspace-api/netlink/intro.rst.
 *
 * A message is built into a batch; the kernel takes the messages of one batch in order, goes on after one
 * that failed, and acknowledges each. Building never fails by itself: what does not fit marks the batch, and
 * sending it answers -EMSGSIZE.
 */
#ifndef LXCBOX_NET_NETLINK_H
#define LXCBOX_NET_NETLINK_H

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
 * Open a socket of a protocol (NETLINK_ROUTE, ...) that acts on a network namespace: netns is its fd, -1 for
 * the caller's own. A socket keeps for good the namespace it was made in, so the calling thread enters the
 * other one for the one call that makes it and comes back; nothing else of the process moves, as setns(2) on
 * a network namespace acts on one thread. Should the way back fail the process ends: going on in the wrong
 * namespace could change the wrong network.
 */
int netlink_open(struct netlink *n, int protocol, int netns, struct error *err);
void netlink_close(struct netlink *n);

/* --- Building ------------------------------------------------------------------------------------------- */

struct netlink_batch {
    size_t length;   /* bytes used */
    size_t message;  /* where the message being built starts */
    unsigned count;  /* messages in it */
    unsigned frames; /* of them not acknowledged */
    bool overflow;
    _Alignas(4) uint8_t bytes[8192];
};

/* The socket's receive buffer, SO_RCVBUF of socket(7). 0 or a negative errno with `err` filled. */
int netlink_set_buffer(struct netlink *n, int bytes, struct error *err);

/* Start empty; also to use one again. */
void netlink_batch_init(struct netlink_batch *b);

/*
 * Begin a message with its protocol header (struct ifinfomsg, ...). NLM_F_REQUEST and NLM_F_ACK are added to
 * `flags`. Attributes put from then on belong to it.
 */
void netlink_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const void *header, size_t size);
/* A message that only frames others (nfnetlink's batch begin and end): it is not acknowledged, and an error
 * that answers it is one of the whole batch, of which nothing else is answered then. */
void netlink_frame(struct netlink_batch *b, uint16_t type, const void *header, size_t size);
void netlink_put(struct netlink_batch *b, uint16_t type, const void *bytes, size_t size);
void netlink_put_u8(struct netlink_batch *b, uint16_t type, uint8_t value);
void netlink_put_u16(struct netlink_batch *b, uint16_t type, uint16_t value);
void netlink_put_u32(struct netlink_batch *b, uint16_t type, uint32_t value);
void netlink_put_string(struct netlink_batch *b, uint16_t type, const char *text);
/* Bytes without an attribute header, padded: a header inside a nest (VETH_INFO_PEER). */
void netlink_append(struct netlink_batch *b, const void *bytes, size_t size);
/* Attributes put between the two calls are nested in one; hand the answer of the first to the second. */
size_t netlink_nest(struct netlink_batch *b, uint16_t type);
void netlink_nest_end(struct netlink_batch *b, size_t nest);

/* --- Exchanging ----------------------------------------------------------------------------------------- */

struct netlink_result {
    int code;         /* 0, or the negative errno of the first message that failed */
    unsigned message; /* which of the batch, from 0 */
    char reason[160]; /* the kernel's own words (extended acknowledgement), "" where it has none */
};

/*
 * Send the batch and wait for every acknowledgement. Messages that answer requests are appended to `replies`
 * as they came (NULL: none wanted). Returns result->code; `result` may be NULL.
 */
int netlink_exchange(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                     struct netlink_result *result);

/* Send a batch of one message as a dump and replace `replies` by all it answers; once more when the kernel
 * says that what it walked changed meanwhile. Returns as netlink_exchange. */
int netlink_dump(struct netlink *n, struct netlink_batch *b, struct strbuf *replies,
                 struct netlink_result *result);

/* Fill `err` with "FORMAT: words of the errno: the kernel's reason". Returns result->code. */
int netlink_error(const struct netlink_result *result, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- Events --------------------------------------------------------------------------------------------- */

/*
 * Have the kernel tell the socket of every change in a multicast group of its protocol (RTNLGRP_LINK, ...);
 * once for each group. A socket that is subscribed is for events alone: they would come between the answers
 * of an exchange on it. Subscribe first and read how things are then, so that nothing falls between.
 */
int netlink_subscribe(struct netlink *n, unsigned group, struct error *err);

/*
 * Replace `events` by one datagram of them (one message or more, to walk with netlink_view_of); with `wait`
 * wait for it. 1; 0 where there is none now; -ENOBUFS: events were lost as they came faster than they were
 * taken, so what is known is out of date: read it again, then go on; or another negative errno. A datagram
 * that any other sender than the kernel sent is passed over.
 */
int netlink_events(struct netlink *n, bool wait, struct strbuf *events);

/* --- Reading: bytes of others --------------------------------------------------------------------------- */

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

/* What netlink_exchange and netlink_dump left in `replies`, or netlink_events in `events`, to walk. */
struct netlink_view netlink_view_of(const struct strbuf *replies);

/* Take the next message, attribute, or header off the front; false at the end and at the first that lies
 * about its length. */
bool netlink_next_message(struct netlink_view *rest, struct netlink_message *out);
bool netlink_next_attribute(struct netlink_view *rest, struct netlink_attribute *out);
bool netlink_take_header(struct netlink_view *rest, void *header, size_t size);

/* The value of an attribute; 0, or as many bytes as there are, where it is shorter than asked for. */
uint8_t netlink_u8(const struct netlink_attribute *a);
uint16_t netlink_u16(const struct netlink_attribute *a);
uint32_t netlink_u32(const struct netlink_attribute *a);
void netlink_string(const struct netlink_attribute *a, char *out, size_t size);
/* Returns how many bytes were copied; the rest of `out` is zeroed. */
size_t netlink_bytes(const struct netlink_attribute *a, void *out, size_t size);

#endif
