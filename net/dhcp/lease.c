#include "net/dhcp/lease.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/str.h"

void lease_table_init(struct lease_table *t, uint32_t first, uint32_t last)
{
    *t = (struct lease_table){.first = first, .last = last, .least = first, .most = last};
}

void lease_table_free(struct lease_table *t)
{
    free(t->leases);
    t->leases = NULL;
    t->count = t->room = 0;
}

static bool lease_same_id(const struct lease_client *a, const struct lease_client *b)
{
    return a->id_size && a->id_size == b->id_size && memcmp(a->id, b->id, a->id_size) == 0;
}

/* If one of them has no identifier. */
static bool lease_same_hardware(const struct lease_client *a, const struct lease_client *b)
{
    return (!a->id_size || !b->id_size) && a->hardware_size && a->hardware_size == b->hardware_size &&
           memcmp(a->hardware, b->hardware, a->hardware_size) == 0;
}

bool lease_active(const struct lease *l, int64_t now)
{
    return l->expires > now;
}

bool lease_free_for_others(const struct lease *l, int64_t now)
{
    return l->expires <= now && l->reserved_until <= now;
}

struct lease *lease_of_client(struct lease_table *t, const struct lease_client *client)
{
    struct lease *best = NULL;

    for (size_t i = 0; i < t->count; i++)
        if (lease_same_id(&t->leases[i].client, client))
            return &t->leases[i];
    for (size_t i = 0; i < t->count; i++)
        if (lease_same_hardware(&t->leases[i].client, client))
            best = &t->leases[i];
    return best;
}

struct lease *lease_of_address(struct lease_table *t, uint32_t address)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->leases[i].address == address)
            return &t->leases[i];
    return NULL;
}

struct lease *lease_of_name(struct lease_table *t, const char *name, int64_t now)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->leases[i].host_name[0] && lease_active(&t->leases[i], now) &&
            strcasecmp(t->leases[i].host_name, name) == 0)
            return &t->leases[i];
    return NULL;
}

void lease_set_name(struct lease_table *t, struct lease *l, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (&t->leases[i] != l && strcasecmp(t->leases[i].host_name, name) == 0)
            t->leases[i].host_name[0] = '\0';
    snprintf(l->host_name, sizeof(l->host_name), "%s", name);
}

size_t lease_count_active(const struct lease_table *t, int64_t now)
{
    size_t count = 0;

    for (size_t i = 0; i < t->count; i++)
        count += !lease_free_for_others(&t->leases[i], now);
    return count;
}

struct lease *lease_put(struct lease_table *t, uint32_t address, const struct lease_client *client)
{
    struct lease *at = lease_of_address(t, address);

    if (!at && t->count == t->room) {
        size_t room = t->room ? t->room * 2 : 32;
        struct lease *more = reallocarray(t->leases, room, sizeof(*more));

        if (!more)
            return NULL;
        t->leases = more;
        t->room = room;
    }
    if (!at)
        at = &t->leases[t->count++];
    *at = (struct lease){.address = address, .client = *client};
    return at;
}

struct lease *lease_take(struct lease_table *t, uint32_t address, const struct lease_client *client)
{
    struct lease *l = lease_of_client(t, client);
    struct lease_client known = *client;

    if (l && !client->id_size) { /* the lease keeps its identifier */
        memcpy(known.id, l->client.id, l->client.id_size);
        known.id_size = l->client.id_size;
    }
    if (l && l->address == address) {
        l->client = known;
        return l;
    }
    if (l)
        *l = t->leases[--t->count];
    return lease_put(t, address, &known);
}

/* FNV-1a. */
static uint32_t lease_hash(const uint8_t *bytes, size_t size)
{
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 16777619U;
    return h;
}

uint32_t lease_choose(struct lease_table *t, const struct lease_client *client, int64_t now,
                      bool (*excluded)(const void *context, uint32_t address), const void *context)
{
    uint64_t total = (uint64_t)t->last - t->first + 1;
    uint32_t start = (uint32_t)(lease_hash(client->hardware, client->hardware_size) % total);
    const struct lease *oldest = NULL;

    /* This many steps suffice: at most t->count of the addresses are in the table. */
    for (uint64_t i = 0; i < total; i++) {
        uint32_t address = t->first + (uint32_t)((start + i) % total);

        if (!(excluded && excluded(context, address)) && !lease_of_address(t, address))
            return address;
    }
    for (size_t i = 0; i < t->count; i++) {
        const struct lease *l = &t->leases[i];

        if (l->address >= t->first && l->address <= t->last && lease_free_for_others(l, now) &&
            !(excluded && excluded(context, l->address)) && (!oldest || l->expires < oldest->expires))
            oldest = l;
    }
    return oldest ? oldest->address : 0;
}

/* --- Text --- */

static char *lease_write_hex(char *at, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    if (size == 0)
        *at++ = '*';
    for (size_t i = 0; i < size; i++) {
        if (i)
            *at++ = ':';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

size_t lease_format(const struct lease *l, char out[LEASE_LINE_SIZE])
{
    uint32_t a = l->address;
    char *at = out + snprintf(out, LEASE_LINE_SIZE, "%lld ", (long long)l->expires);

    at = lease_write_hex(at, l->client.hardware, l->client.hardware_size);
    at += snprintf(at, LEASE_LINE_SIZE - (size_t)(at - out), " %u.%u.%u.%u %s ", a >> 24, a >> 16 & 255,
                   a >> 8 & 255, a & 255, l->host_name[0] ? l->host_name : "*");
    at = lease_write_hex(at, l->client.id, l->client.id_size);
    *at++ = '\n';
    *at = '\0';
    return (size_t)(at - out);
}

/* "*", or pairs of digits separated by colons. Returns the number of bytes or -1. */
static int lease_read_hex(const char *text, uint8_t *out, size_t size)
{
    size_t count = 0;

    if (strcmp(text, "*") == 0)
        return 0;
    for (;; text++) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || count == size)
            return -1;
        out[count++] = (uint8_t)(high * 16 + low);
        text += 2;
        if (!*text)
            return (int)count;
        if (*text != ':')
            return -1;
    }
}

bool lease_parse(const char *line, size_t length, struct lease *out)
{
    char copy[LEASE_LINE_SIZE], *rest = copy, *field[5];
    struct in_addr address;
    int hardware, id;

    *out = (struct lease){0};
    if (length >= sizeof(copy) || memchr(line, 0, length))
        return false;
    memcpy(copy, line, length);
    copy[length] = '\0';
    for (size_t i = 0; i < 5; i++) {
        field[i] = strsep(&rest, " ");
        if (!field[i])
            return false;
    }
    if (rest || parse_int64(field[0], 10, 0, INT64_MAX, &out->expires) < 0 ||
        inet_pton(AF_INET, field[2], &address) != 1)
        return false;
    out->address = ntohl(address.s_addr);
    hardware = lease_read_hex(field[1], out->client.hardware, sizeof(out->client.hardware));
    id = lease_read_hex(field[4], out->client.id, sizeof(out->client.id));
    if (hardware < 0 || id < 0 || (hardware + id == 0 && out->expires))
        return false;
    out->client.hardware_size = (uint8_t)hardware;
    out->client.id_size = (uint8_t)id;
    dhcp_host_name(field[3], strlen(field[3]), out->host_name);
    return true;
}
