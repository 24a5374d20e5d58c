/*
 * ICMP echo: requests to one host, and the replies and errors that answer them. Sources: RFC 792, RFC 4443,
 * icmp(7), raw(7), ip(7) (IP_RECVERR).
 */
#ifndef LXCBOX_NET_LINK_ECHO_H
#define LXCBOX_NET_LINK_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/error.h"
#include "net/link/address.h"

#define ECHO_HEADER     8     /* bytes, of ICMP */
#define ECHO_DATA_MAX   65507 /* bytes after the header */
#define ECHO_PACKET_MAX 65536 /* bytes that can be received */

struct echo_socket {
    int fd;
    bool raw;
    uint16_t id; /* network byte order; of a raw socket. The kernel chooses it for a ping socket */
    struct sockaddr_storage to;
    socklen_t to_length;
    struct ip ip; /* of `to` */
};

/*
 * Open a socket for requests to the host at `to`: a ping socket if the kernel provides one to this group,
 * else a raw socket, which requires root. The caller closes `fd`. 0 or a negative errno with `err` filled.
 */
int echo_open(struct echo_socket *s, const struct sockaddr *to, socklen_t to_length, struct error *err);

/* Set the maximum number of hops of requests, from 1 to 255. */
void echo_set_hops(const struct echo_socket *s, int hops);

/* Send from an address of this machine or from an interface. 0 or a negative errno with `err` filled. */
int echo_set_source(const struct echo_socket *s, const char *source, struct error *err);

/*
 * Find the source address of requests by the route to the host. `source`: as for echo_set_source(), or NULL.
 * Fails with an error that names `host` if there is no route.
 */
int echo_find_source(const struct echo_socket *s, const char *source, const char *host, struct ip *out,
                     struct error *err);

/*
 * Send a request. `packet` has ECHO_HEADER bytes, which this function fills, and `size` bytes of data. 0 or a
 * negative errno.
 */
int echo_send(const struct echo_socket *s, uint16_t sequence, uint8_t *packet, size_t size);

enum echo_kind {
    ECHO_NONE,    /* nothing is to be received */
    ECHO_IGNORED, /* not an answer to a request of this socket */
    ECHO_REPLY,
    ECHO_ERROR,
};

struct echo_answer {
    uint16_t sequence;
    struct ip from;
    int hops;           /* of a reply: its remaining time to live; -1: unknown */
    size_t length;      /* of a reply: bytes from its ICMP header on */
    uint8_t type, code; /* of an error */
};

/* Receive one answer without waiting. `buffer` has ECHO_PACKET_MAX bytes. */
enum echo_kind echo_receive(const struct echo_socket *s, uint8_t *buffer, struct echo_answer *out);

/*
 * Read a received packet: for a raw IPv4 socket with its IP header, for others from the ICMP header on. Fills
 * `sequence` and `length` of a reply.
 */
enum echo_kind echo_parse(const struct echo_socket *s, const uint8_t *bytes, size_t length,
                          struct echo_answer *out);

/* The text of an error in the words of iputils. */
const char *echo_error_text(int family, int type, int code);

#endif
