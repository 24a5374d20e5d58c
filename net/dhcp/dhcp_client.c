#include "net/dhcp/dhcp_client.h"

#include <string.h>

#define MAX_TRY_MS   64000
#define REQUESTS     4     /* of one offer */
#define MIN_RENEW_MS 60000 /* RFC 2131, 4.4.5 */
#define NAK_PAUSE_MS 1000
#define NEVER        INT64_MAX

/* RFC 5227 probes for seconds. A host on a cable or a bridge answers within a millisecond; a sleeping host on
 * a wireless network answers at its next beacon, after a tenth of a second. */
#define PROBES   3
#define PROBE_MS 100

/* RFC 2131, 3.1: the delay after a decline, to avoid a loop. */
#define DECLINED_PAUSE_MS 10000

/* Xorshift: only to spread load and to distinguish exchanges, not for secrets. */
static uint32_t client_random(struct dhcp_client *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 17;
    c->random ^= c->random << 5;
    return c->random;
}

static void client_begin_message(const struct dhcp_client *c, enum dhcp_type type, int64_t now_ms,
                                 struct dhcp_action *out)
{
    struct dhcp_message *m = &out->message;
    int64_t seconds = (now_ms - c->began_ms) / 1000;

    out->send = true;
    *m = (struct dhcp_message){.type = type,
                               .transaction = c->transaction,
                               .seconds = (uint16_t)(seconds > 0xffff ? 0xffff : seconds),
                               .hardware_type = 1,
                               .hardware_size = 6,
                               .id_size = c->id_size,
                               .max_size = DHCP_MESSAGE_MAX,
                               .asks = true};
    memcpy(m->hardware, c->hardware, 6);
    memcpy(m->id, c->id, c->id_size);
    memcpy(m->host_name, c->host_name, sizeof(m->host_name));
}

/* A message that ends a lease or rejects an offer, and gets no reply. RFC 2131, 4.4.1, table 5. */
static void client_begin_farewell(struct dhcp_client *c, enum dhcp_type type, struct dhcp_action *out)
{
    c->transaction = client_random(c);
    client_begin_message(c, type, c->began_ms, out);
    out->message.asks = false;
    out->message.max_size = 0;
    out->message.host_name[0] = '\0';
    out->message.server = c->server;
}

/* The time-out of this try: doubled each time, and randomized by a quarter so that many clients do not send
 * at the same time. RFC 2131, 4.1. */
static int64_t client_try_ms(struct dhcp_client *c)
{
    uint64_t ms = c->try_ms;

    for (unsigned i = 0; i < c->attempt && ms < MAX_TRY_MS; i++)
        ms *= 2;
    if (ms > MAX_TRY_MS)
        ms = MAX_TRY_MS;
    return (int64_t)(ms - ms / 8 + client_random(c) % (ms / 4 + 1));
}

static void client_discover(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    c->state = DHCP_STATE_SELECTING;
    client_begin_message(c, DHCP_DISCOVER, now_ms, out);
    out->message.requested = c->lease.type ? c->lease.your_address : c->wanted;
    c->next_ms = now_ms + client_try_ms(c);
    c->attempt++;
}

static void client_request_offered(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    c->state = DHCP_STATE_REQUESTING;
    client_begin_message(c, DHCP_REQUEST, now_ms, out);
    out->message.requested = c->offered;
    out->message.server = c->server;
    if (c->attempt == 0)
        c->bound_ms = now_ms;
    c->next_ms = now_ms + client_try_ms(c);
    c->attempt++;
}

/* Request an extension: from the server of the lease, later from any server. */
static void client_request_renewal(struct dhcp_client *c, int64_t now_ms, int64_t until_ms,
                                   struct dhcp_action *out)
{
    int64_t half = (until_ms - now_ms) / 2;

    client_begin_message(c, DHCP_REQUEST, now_ms, out);
    out->message.client_address = c->lease.your_address;
    out->to_server = c->state == DHCP_STATE_RENEWING;
    c->next_ms = half > MIN_RENEW_MS ? now_ms + half : now_ms + MIN_RENEW_MS;
    if (c->next_ms > until_ms)
        c->next_ms = until_ms;
}

static void client_wait_to_begin(struct dhcp_client *c, int64_t now_ms, uint32_t pause_ms)
{
    c->state = DHCP_STATE_INIT;
    c->next_ms = now_ms + pause_ms;
}

static void client_lose(struct dhcp_client *c, int64_t now_ms, uint32_t pause_ms, struct dhcp_action *out)
{
    out->event = DHCP_LOST;
    c->lease = (struct dhcp_message){0};
    client_wait_to_begin(c, now_ms, pause_ms);
}

void dhcp_client_start(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    *out = (struct dhcp_action){0};
    c->transaction = client_random(c);
    c->began_ms = now_ms;
    c->attempt = 0;
    client_discover(c, now_ms, out);
}

/* The time when the lease ends, and the time from which other servers are asked. */
static int64_t client_end_ms(const struct dhcp_client *c)
{
    return c->lease.lease_seconds == DHCP_FOREVER ? NEVER
                                                  : c->bound_ms + (int64_t)c->lease.lease_seconds * 1000;
}

static int64_t client_rebind_ms(const struct dhcp_client *c)
{
    return c->bound_ms + (int64_t)c->lease.rebind_seconds * 1000;
}

static void client_on_lease_time(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    if (now_ms >= client_end_ms(c)) {
        client_lose(c, now_ms, 0, out);
        return;
    }
    if (c->state == DHCP_STATE_BOUND) {
        c->transaction = client_random(c);
        c->began_ms = now_ms;
    }
    c->state = now_ms >= client_rebind_ms(c) ? DHCP_STATE_REBINDING : DHCP_STATE_RENEWING;
    client_request_renewal(c, now_ms,
                           c->state == DHCP_STATE_REBINDING ? client_end_ms(c) : client_rebind_ms(c), out);
}

/* The mask of the address class, for a server that sends no mask. */
static uint32_t client_class_mask(uint32_t a)
{
    return a >> 31 == 0 ? 0xff000000U : a >> 30 == 2 ? 0xffff0000U : 0xffffff00U;
}

static void client_bind(struct dhcp_client *c, struct dhcp_action *out)
{
    struct dhcp_message *l = &c->lease;
    uint32_t host;

    c->state = DHCP_STATE_BOUND;
    c->server = l->server;
    c->has_declined = false;
    host = ~l->netmask;
    if (!l->netmask || host & (host + 1)) /* missing, or not a valid mask */
        l->netmask = client_class_mask(l->your_address);
    if (l->lease_seconds == DHCP_FOREVER) {
        c->next_ms = NEVER;
    } else {
        if (!l->rebind_seconds || l->rebind_seconds >= l->lease_seconds)
            l->rebind_seconds = (uint32_t)((uint64_t)l->lease_seconds * 7 / 8);
        if (!l->renew_seconds || l->renew_seconds >= l->rebind_seconds)
            l->renew_seconds = l->rebind_seconds * 4ULL / 7 ? (uint32_t)(l->rebind_seconds * 4ULL / 7) : 1;
        c->next_ms = c->bound_ms + (int64_t)l->renew_seconds * 1000;
    }
    out->event = DHCP_BOUND;
}

static void client_probe(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    out->probe = c->offered;
    c->next_ms = now_ms + PROBE_MS;
    c->attempt++;
}

void dhcp_client_conflict(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    *out = (struct dhcp_action){0};
    client_begin_farewell(c, DHCP_DECLINE, out);
    out->message.requested = c->offered;
    out->event = DHCP_TAKEN;
    if (c->wanted == c->offered)
        c->wanted = 0;
    c->lease = (struct dhcp_message){0};
    client_wait_to_begin(c, now_ms, c->has_declined ? DECLINED_PAUSE_MS : 0);
    c->has_declined = true;
}

void dhcp_client_timeout(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out)
{
    *out = (struct dhcp_action){0};
    if (now_ms < c->next_ms)
        return;
    if (c->lease.type && c->state < DHCP_STATE_BOUND && now_ms >= client_end_ms(c)) {
        client_lose(c, now_ms, 0, out);
        return;
    }
    switch (c->state) {
    case DHCP_STATE_INIT:
        dhcp_client_start(c, now_ms, out);
        break;
    case DHCP_STATE_SELECTING:
        if (c->attempt < c->tries) {
            client_discover(c, now_ms, out);
            break;
        }
        out->event = DHCP_SILENT;
        client_wait_to_begin(c, now_ms, c->pause_ms);
        break;
    case DHCP_STATE_REQUESTING:
        if (c->attempt < REQUESTS)
            client_request_offered(c, now_ms, out);
        else
            dhcp_client_start(c, now_ms, out);
        break;
    case DHCP_STATE_CHECKING:
        if (c->attempt < PROBES) {
            client_probe(c, now_ms, out);
            break;
        }
        out->announce = c->offered;
        client_bind(c, out);
        break;
    case DHCP_STATE_BOUND:
    case DHCP_STATE_RENEWING:
    case DHCP_STATE_REBINDING:
    default:
        client_on_lease_time(c, now_ms, out);
        break;
    }
}

/* Whether the address is valid for a host: RFC 1122, 3.2.1.3. */
static bool client_is_host_address(uint32_t a)
{
    return a >> 24 != 0 && a >> 24 != 127 && a >> 28 < 14;
}

static void client_on_offer(struct dhcp_client *c, const struct dhcp_message *m, int64_t now_ms,
                            struct dhcp_action *out)
{
    if (!m->server || !client_is_host_address(m->your_address))
        return;
    c->offered = m->your_address;
    c->server = m->server;
    c->attempt = 0;
    client_request_offered(c, now_ms, out);
}

static void client_on_ack(struct dhcp_client *c, const struct dhcp_message *m, int64_t now_ms,
                          struct dhcp_action *out)
{
    uint32_t expected = c->state == DHCP_STATE_REQUESTING ? c->offered : c->lease.your_address;

    if (m->your_address != expected || !m->lease_seconds ||
        (m->server != c->server && c->state != DHCP_STATE_REBINDING))
        return;
    c->lease = *m;
    if (c->state == DHCP_STATE_REQUESTING) {
        c->state = DHCP_STATE_CHECKING;
        c->attempt = 0;
        client_probe(c, now_ms, out);
        return;
    }
    c->bound_ms = c->began_ms > now_ms ? now_ms : c->began_ms;
    client_bind(c, out);
}

void dhcp_client_receive(struct dhcp_client *c, const struct dhcp_message *m, int64_t now_ms,
                         struct dhcp_action *out)
{
    *out = (struct dhcp_action){0};
    if (!m->is_reply || m->transaction != c->transaction || m->hardware_size != 6 ||
        memcmp(m->hardware, c->hardware, 6) != 0)
        return;
    switch (c->state) {
    case DHCP_STATE_SELECTING:
        if (m->type == DHCP_OFFER)
            client_on_offer(c, m, now_ms, out);
        break;
    case DHCP_STATE_REQUESTING:
        if (m->type == DHCP_ACK)
            client_on_ack(c, m, now_ms, out);
        else if (m->type == DHCP_NAK && m->server == c->server)
            client_wait_to_begin(c, now_ms, NAK_PAUSE_MS);
        break;
    case DHCP_STATE_RENEWING:
    case DHCP_STATE_REBINDING:
        if (m->type == DHCP_ACK)
            client_on_ack(c, m, now_ms, out);
        else if (m->type == DHCP_NAK && (m->server == c->server || c->state == DHCP_STATE_REBINDING))
            client_lose(c, now_ms, 0, out);
        break;
    case DHCP_STATE_INIT:
    case DHCP_STATE_CHECKING:
    case DHCP_STATE_BOUND:
    default:
        break;
    }
}

void dhcp_client_release(struct dhcp_client *c, struct dhcp_action *out)
{
    *out = (struct dhcp_action){0};
    if (!c->lease.type)
        return;
    client_begin_farewell(c, DHCP_RELEASE, out);
    out->message.client_address = c->lease.your_address;
    out->to_server = true;
    out->event = DHCP_LOST;
    c->lease = (struct dhcp_message){0};
    c->state = DHCP_STATE_INIT;
    c->next_ms = NEVER;
}
