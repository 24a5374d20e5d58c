/* DNS queries and replies, and resolv.conf. */
#include <stdlib.h>
#include <string.h>

#include "net/dns/dns.h"
#include "net/dns/resolv_conf.h"

static void answer(const uint8_t *query, size_t size, const struct dns_question *q)
{
    struct dns_record records[3] = {{.type = DNS_A}, {.type = DNS_AAAA}, {.type = DNS_PTR}};
    uint8_t reply[DNS_REPLY_MAX], address[16];
    size_t length;

    strcpy(records[2].name, q->name);
    length = dns_build_reply(query, q, DNS_NO_ERROR, true, records, 3, reply);
    if (length > sizeof(reply) || !dns_is_reply(reply, length, query, size, q->id))
        abort();
    dns_reverse(q->name, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct resolv_conf conf;
    struct dns_question q;

    if (dns_parse_query(data, size, &q) == 0)
        answer(data, size, &q);
    if (size > 2) { /* the first half as a query, the second as what comes back */
        size_t half = size / 2;

        dns_is_reply(data + half, size - half, data, half, dns_id(data + half));
    }
    if (text)
        resolv_conf_parse(text, &conf);
    free(text);
    return 0;
}
