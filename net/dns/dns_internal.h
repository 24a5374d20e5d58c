/* The interface between the two halves of the forwarder, UDP (dns_forwarder.c) and TCP (dns_stream.c). */
#ifndef LXCBOX_NET_DNS_DNS_INTERNAL_H
#define LXCBOX_NET_DNS_DNS_INTERNAL_H

#include "net/dns/dns_forwarder.h"

/* The source of an event: a listener, a query, a stream. */
#define DNS_TAG_LISTENER 0U
#define DNS_TAG_QUERY    (DNS_TAG_LISTENER + DNS_LISTENERS)
#define DNS_TAG_STREAM   (DNS_TAG_QUERY + DNS_QUERIES)

/* The server for an attempt; NULL if there is none, or the attempts are used up. */
const union socket_address *dns_upstream(struct dns_forwarder *f, unsigned attempt);
uint16_t dns_random_id(void);
int dns_watch(struct dns_forwarder *f, int fd, uint32_t events, uint32_t tag);
/* Write the reply to a query that is answered here, also one with an error. Returns its size, or 0 if the
 * query is to be forwarded. */
size_t dns_answer_here(struct dns_forwarder *f, const uint8_t *query, size_t length,
                       uint8_t reply[DNS_REPLY_MAX]);

/* Find the source of a question. */
void dns_find_source(struct dns_forwarder *f, const union socket_address *client, bool tcp,
                     struct dns_source *out);
bool dns_same_source(const struct dns_source *a, const struct dns_source *b);

void dns_stream_accept(struct dns_forwarder *f, int listener, int64_t now_ms);
void dns_stream_run(struct dns_forwarder *f, struct dns_stream *s, int64_t now_ms);
void dns_stream_close(struct dns_stream *s);

#endif
