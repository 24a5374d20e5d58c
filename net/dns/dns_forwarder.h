/*
 * A DNS forwarder for one link: answers queries for names that its caller knows, and forwards others to the
 * servers of resolv.conf, over UDP and TCP, without a cache. Every query is sent from a socket of its own, on
 * a port chosen at random by the kernel, with a random id, and only an answer of that server to that question
 * is passed on (RFC 5452). All memory is bounded, also for each client and for each source (a container can
 * have any number of addresses): when all is in use, the source with most loses. Never blocks.
 */
#ifndef LXCBOX_NET_DNS_DNS_FORWARDER_H
#define LXCBOX_NET_DNS_DNS_FORWARDER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/base/error.h"
#include "net/dns/dns.h"
#include "net/dns/resolv_conf.h"

#define DNS_LISTENERS      4 /* UDP and TCP, IPv4 and IPv6 */
#define DNS_QUERIES        256
#define DNS_CLIENT_QUERIES 100 /* pending for one client, and for one source */
#define DNS_QUERY_MAX      512 /* bytes over UDP; RFC 1035, 4.2.1, and room for EDNS options */
#define DNS_STREAMS        32
#define DNS_CLIENT_STREAMS 8
#define DNS_RECORDS_MAX    8

/*
 * Answer a query from local data. Returns a dns_code with `*count` records (at most DNS_RECORDS_MAX) written,
 * or -1 if the query is to be forwarded.
 */
typedef int dns_lookup(void *context, const struct dns_question *q, struct dns_record *records,
                       size_t *count);

/* Where a question came in. All 0: unknown. */
struct dns_source {
    int port;    /* index of the port of the bridge */
    bool shared; /* several hosts are behind it, told apart by their hardware addresses */
    uint8_t hardware[6];
};

/* Find out where a question of `client` came in, over TCP or UDP. */
typedef void dns_source_find(void *context, const union socket_address *client, bool tcp,
                             struct dns_source *out);

struct dns_query {
    int fd; /* connected to the server; -1: the slot is free */
    int listener;
    union socket_address client;
    struct dns_source source;
    uint16_t client_id, id;
    unsigned attempt; /* counts the servers tried, in rotation */
    int64_t deadline_ms;
    size_t length;
    uint8_t bytes[DNS_QUERY_MAX];
};

/* The TCP connection of a client, and the one to the server on its behalf. Messages are preceded by two bytes
 * of length. */
struct dns_stream {
    int fd, upstream; /* -1: the slot is free; none is open */
    union socket_address client;
    struct dns_source source;
    enum { DNS_READ_QUERY, DNS_SEND_QUERY, DNS_READ_REPLY, DNS_SEND_REPLY } step;
    unsigned attempt;
    uint16_t client_id, id;
    int64_t deadline_ms;
    uint8_t *query, *reply; /* allocated as they arrive, at most 2 + 65535 bytes */
    size_t query_size, reply_size, done;
};

struct dns_forwarder {
    int poll; /* an epoll fd: readable when there is work */
    int listeners[DNS_LISTENERS];
    union socket_address self[2];
    dns_lookup *lookup;
    void *context;
    dns_source_find *source; /* set by the caller after dns_forwarder_open; NULL: sources are unknown */
    void *source_context;
    const char *resolv_path;
    struct timespec resolv_time;
    struct resolv_conf upstream;
    struct dns_query queries[DNS_QUERIES];
    struct dns_stream streams[DNS_STREAMS];
};

/*
 * Listen on the IPv4 and, where given, the IPv6 address (NULL: none). `f` is large: do not put it on the
 * stack. -EADDRINUSE: another process uses port 53. `resolv_path` is read again whenever it changes.
 */
int dns_forwarder_open(struct dns_forwarder *f, const struct in_addr *address,
                       const struct in6_addr *address6, const char *resolv_path, dns_lookup *lookup,
                       void *context, struct error *err);
void dns_forwarder_close(struct dns_forwarder *f);

/* Do the pending work; call it when `poll` is readable or the returned time has passed. Returns the maximum
 * time to wait in milliseconds, -1 for no limit. `now_ms` is CLOCK_MONOTONIC. */
int dns_forwarder_run(struct dns_forwarder *f, int64_t now_ms);

#endif
