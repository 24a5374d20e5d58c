/*
 * A DNS forwarder for one link: answers the names it is told of, asks the servers of resolv.conf for the
 * others, over UDP and TCP; caches nothing. Every query goes out from a socket of its own, on a port that the
 * kernel draws, with an id drawn here, and only that server's answer to that very question is passed on
 * (RFC 5452). All it holds is bounded, per client too. Never blocks.
 */
#ifndef LXCBOX_NET_DNS_FORWARDER_H
#define LXCBOX_NET_DNS_FORWARDER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/base/error.h"
#include "net/dns/dns.h"
#include "net/dns/resolv_conf.h"

#define DNS_LISTENERS      4 /* UDP and TCP, IPv4 and IPv6 */
#define DNS_QUERIES        256
#define DNS_CLIENT_QUERIES 100 /* of one client at one time */
#define DNS_QUERY_MAX      512 /* bytes over UDP; RFC 1035, 4.2.1, and room for EDNS options */
#define DNS_STREAMS        32
#define DNS_CLIENT_STREAMS 8
#define DNS_RECORDS_MAX    8

/*
 * Answers what is known here. Returns a dns_code with `*count` records (at most DNS_RECORDS_MAX) written, or
 * -1: it is for others to answer.
 */
typedef int dns_lookup(void *context, const struct dns_question *q, struct dns_record *records,
                       size_t *count);

struct dns_query {
    int fd; /* connected to the server; -1: the slot is free */
    int listener;
    union socket_address client;
    uint16_t client_id, id;
    unsigned attempt; /* counts servers, round and round */
    int64_t deadline_ms;
    size_t length;
    uint8_t bytes[DNS_QUERY_MAX];
};

/* A client's TCP connection, and the one to the server on its behalf. Messages have two bytes of length
 * before them. */
struct dns_stream {
    int fd, upstream; /* -1: the slot is free; none is open */
    union socket_address client;
    enum { DNS_READ_QUERY, DNS_SEND_QUERY, DNS_READ_REPLY, DNS_SEND_REPLY } step;
    unsigned attempt;
    uint16_t client_id, id;
    int64_t deadline_ms;
    uint8_t *query, *reply; /* allocated as they come, 2 + 65535 bytes at most */
    size_t query_size, reply_size, done;
};

struct dns_forwarder {
    int poll; /* readable when there is something to do */
    int listeners[DNS_LISTENERS];
    union socket_address self[2];
    dns_lookup *lookup;
    void *context;
    const char *resolv_path;
    struct timespec resolv_time;
    struct resolv_conf upstream;
    struct dns_query queries[DNS_QUERIES];
    struct dns_stream streams[DNS_STREAMS];
};

/*
 * Listen on the IPv4 and, where given, the IPv6 address (NULL: none). `f` is large: not for the stack. On
 * -EADDRINUSE somebody else has port 53. `resolv_path` is read again whenever it changes.
 */
int dns_forwarder_open(struct dns_forwarder *f, const struct in_addr *address,
                       const struct in6_addr *address6, const char *resolv_path, dns_lookup *lookup,
                       void *context, struct error *err);
void dns_forwarder_close(struct dns_forwarder *f);

/* Do what is to be done when `poll` is readable or the time has come. Returns how long to wait at most, in
 * milliseconds, -1 for ever. `now_ms` is CLOCK_MONOTONIC. */
int dns_forwarder_run(struct dns_forwarder *f, int64_t now_ms);

#endif
