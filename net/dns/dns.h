/*
 * DNS messages, as far as a forwarder needs them: parsing the question and writing its own answers. Sources:
 * RFC 1035, RFC 6891 (EDNS), RFC 4343 (case).
 */
#ifndef LXCBOX_NET_DNS_DNS_H
#define LXCBOX_NET_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PORT        53
#define DNS_HEADER_SIZE 12
#define DNS_NAME_SIZE   256  /* text with dots, and the NUL */
#define DNS_REPLY_MAX   1232 /* bytes of our own replies, and the size that we advertise */

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_OPT = 41, DNS_ANY = 255 };
enum dns_code {
    DNS_NO_ERROR = 0,
    DNS_FORMAT_ERROR,
    DNS_SERVER_FAILURE,
    DNS_NO_SUCH_NAME,
    DNS_NOT_IMPLEMENTED,
    DNS_REFUSED
};

struct dns_question {
    uint16_t id;
    char name[DNS_NAME_SIZE]; /* in lower case, without the last dot; "" for the root and for a name with
                                 characters other than letters, digits, '-' and '_' */
    uint16_t type;
    uint16_t class; /* 1: Internet */
    size_t size;    /* bytes of header and question */
    bool edns;      /* the query has an OPT record */
};

/* Parse a query: one question, no compression, opcode QUERY. Returns 0, or the response code to answer with;
 * negative if no answer is to be sent (too short, or not a query). */
int dns_parse_query(const uint8_t *bytes, size_t length, struct dns_question *out);

/* Whether `reply` answers the query: it is a response with that id (in host order) and the same question. */
bool dns_is_reply(const uint8_t *reply, size_t reply_length, const uint8_t *query, size_t query_length,
                  uint16_t id);

struct dns_record {
    uint16_t type;            /* DNS_A, DNS_AAAA, DNS_PTR */
    uint8_t address[16];      /* the first 4 for an A record */
    char name[DNS_NAME_SIZE]; /* PTR */
};

/*
 * Write the answer to a query into `out`, of DNS_REPLY_MAX bytes; returns the number of bytes. Records that
 * do not fit are omitted. `authoritative` is for names that this server is responsible for.
 */
size_t dns_build_reply(const uint8_t *query, const struct dns_question *q, enum dns_code code,
                       bool authoritative, const struct dns_record *records, size_t count,
                       uint8_t out[DNS_REPLY_MAX]);

/* The answer to a query whose question could not be parsed. */
size_t dns_build_error(const uint8_t *query, enum dns_code code, uint8_t out[DNS_HEADER_SIZE]);

uint16_t dns_id(const uint8_t *message);
void dns_set_id(uint8_t *message, uint16_t id);
enum dns_code dns_reply_code(const uint8_t *message);

/*
 * Write a name of plain labels in wire format. Returns its size, or 0 if it does not fit or is malformed.
 */
size_t dns_write_name(const char *name, uint8_t *out, size_t room);

/*
 * The address for a name under in-addr.arpa or ip6.arpa: 4 or 16 bytes, or 0 if the name is not such a name.
 */
size_t dns_reverse(const char *name, uint8_t address[16]);

#endif
