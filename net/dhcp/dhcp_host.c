#include "net/dhcp/dhcp_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/* --- Reading --- */

int dhcp_seconds_parse(const char *text, uint32_t *out)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t length = strlen(text);
    char digits[12];
    uint32_t factor = 1;
    uint64_t value;

    if (strcmp(text, "infinite") == 0) {
        *out = DHCP_FOREVER;
        return 0;
    }
    for (size_t i = 0; length > 1 && i < ARRAY_LENGTH(units); i++)
        if (text[length - 1] == units[i].unit) {
            factor = units[i].seconds;
            length--;
            break;
        }
    if (length == 0 || length >= sizeof(digits) || text[0] < '0' || text[0] > '9')
        return -EINVAL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (parse_uint64(digits, 10, UINT32_MAX / factor - 1, &value) < 0)
        return -EINVAL;
    *out = (uint32_t)value * factor;
    return 0;
}

/* Bytes with colons between them, of one or two digits; an asterisk stands for any byte, if `any` is not
 * NULL. Returns the number of bytes, 0 if the text has another format. */
static size_t host_read_bytes(const char *text, uint8_t *out, size_t room, uint16_t *any)
{
    size_t count = 0;

    for (;; text++) {
        size_t digits = strspn(text, "0123456789abcdefABCDEF");
        bool asterisk = any && digits == 0 && *text == '*';

        if (count == room || !(asterisk || digits == 1 || digits == 2))
            return 0;
        if (asterisk)
            *any |= (uint16_t)(1U << count);
        out[count++] = asterisk ? 0 : (uint8_t)strtoul(text, NULL, 16);
        text += asterisk ? 1 : digits;
        if (!*text)
            return count;
        if (*text != ':')
            return 0;
    }
}

static const char *host_read_id(const char *text, struct dhcp_host *h)
{
    size_t size = host_read_bytes(text, h->id, sizeof(h->id), NULL);

    h->any_id = strcmp(text, "*") == 0;
    if (h->any_id)
        return NULL;
    if (size < 2) { /* a text identifier: the bytes of the word */
        size = strlen(text);
        if (size < 2 || size > sizeof(h->id))
            return "has an identifier that is too short or too long";
        memcpy(h->id, text, size);
    }
    h->id_size = (uint8_t)size;
    return NULL;
}

static const char *host_read_hardware(const char *text, struct dhcp_host *h)
{
    struct dhcp_hardware *hw = &h->hardware[h->hardware_count];

    if (h->hardware_count == DHCP_HOST_HARDWARE_MAX)
        return "has more than 8 hardware addresses: write a second dhcp-host";
    *hw = (struct dhcp_hardware){.any = 0};
    hw->size = (uint8_t)host_read_bytes(text, hw->bytes, sizeof(hw->bytes), &hw->any);
    if (hw->size < 2)
        return "has a word that is not a hardware address (tags and IPv6 addresses are not supported)";
    h->hardware_count++;
    return NULL;
}

static const char *host_read_word(const char *word, struct dhcp_host *h)
{
    struct in_addr address;

    if (starts_with(word, "id:"))
        return host_read_id(word + 3, h);
    if (strchr(word, ':'))
        return host_read_hardware(word, h);
    if (strcmp(word, "ignore") == 0)
        h->ignored = true;
    else if (inet_pton(AF_INET, word, &address) == 1)
        h->address = ntohl(address.s_addr);
    else if (dhcp_seconds_parse(word, &h->lease_seconds) < 0) {
        dhcp_host_name(word, strlen(word), h->host_name);
        if (!h->host_name[0])
            return "has a word that is not a host name";
    }
    return NULL;
}

const char *dhcp_host_parse(const char *text, struct dhcp_host *out)
{
    cleanup_free char *copy = strdup(text);
    const char *wrong = copy ? NULL : "cannot be read: out of memory";
    char *rest = copy, *word;

    *out = (struct dhcp_host){.address = 0};
    while (!wrong && (word = strsep(&rest, ","))) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        if (*word)
            wrong = host_read_word(word, out);
    }
    if (!wrong && !out->hardware_count && !out->id_size && !out->host_name[0])
        wrong =
            "does not identify a host: it needs a hardware address, \"id:\" with an identifier, or a name";
    return wrong;
}

/* --- Finding --- */

static bool host_hardware_is(const struct dhcp_hardware *h, const uint8_t *bytes, size_t size)
{
    if (h->size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!(h->any & 1U << i) && h->bytes[i] != bytes[i])
            return false;
    return true;
}

bool dhcp_host_has_hardware(const struct dhcp_host *h, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < h->hardware_count; i++)
        if (!h->hardware[i].any && host_hardware_is(&h->hardware[i], bytes, size))
            return true;
    return false;
}

/* Some clients put a byte 0 before a text identifier: according to RFC 2132, 9.14 that byte is its type. */
static bool host_id_is(const struct dhcp_host *h, const struct lease_client *c)
{
    if (!h->id_size)
        return false;
    return (h->id_size == c->id_size && memcmp(h->id, c->id, h->id_size) == 0) ||
           (h->id_size + 1 == c->id_size && c->id[0] == 0 && memcmp(h->id, c->id + 1, h->id_size) == 0);
}

/* The number of asterisks in the address that matches best; -1 if none matches. */
static int host_fewest_asterisks(const struct dhcp_host *h, const struct lease_client *c)
{
    int fewest = -1;

    for (size_t i = 0; i < h->hardware_count; i++) {
        int count = __builtin_popcount(h->hardware[i].any);

        if (count && host_hardware_is(&h->hardware[i], c->hardware, c->hardware_size) &&
            (fewest < 0 || count < fewest))
            fewest = count;
    }
    return fewest;
}

const struct dhcp_host *dhcp_host_find(const struct dhcp_host *hosts, size_t count,
                                       const struct lease_client *c, const char *name)
{
    const struct dhcp_host *best = NULL;
    int fewest = -1;

    for (size_t i = 0; i < count; i++)
        if (host_id_is(&hosts[i], c))
            return &hosts[i];
    for (size_t i = 0; i < count; i++)
        if (dhcp_host_has_hardware(&hosts[i], c->hardware, c->hardware_size))
            return &hosts[i];
    for (size_t i = 0; name[0] && i < count; i++)
        if (!hosts[i].hardware_count && !hosts[i].id_size && strcmp(hosts[i].host_name, name) == 0)
            return &hosts[i];
    for (size_t i = 0; i < count; i++) {
        int asterisks = host_fewest_asterisks(&hosts[i], c);

        if (asterisks >= 0 && (!best || asterisks < fewest)) {
            best = &hosts[i];
            fewest = asterisks;
        }
    }
    return best;
}
