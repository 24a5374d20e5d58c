/* Hosts, options and names in the configuration syntax of dnsmasq. Source: dnsmasq(8). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/bridge/bridge_settings.h"

#define FILE_MAX  (1 << 20) /* bytes */
#define ITEMS_MAX 4096      /* of each kind */

static const char no_memory[] = "cannot be stored: out of memory, or too many entries";

void bridge_hosts_free(struct bridge_hosts *h)
{
    free(h->hosts);
    free(h->options);
    free(h->names);
    *h = (struct bridge_hosts){0};
}

/* Make room for one more item; NULL on failure. */
static void *hosts_grow(void *items, size_t count, size_t size)
{
    return count < ITEMS_MAX ? reallocarray(items, count + 1, size) : NULL;
}

/* --- Kinds of lines: each returns NULL, or a description of the error in the value --- */

static const char *hosts_add_host(struct bridge_hosts *h, char *value, uint32_t self)
{
    struct dhcp_host *more = hosts_grow(h->hosts, h->count, sizeof(*more));

    (void)self;
    if (!more)
        return no_memory;
    h->hosts = more;
    return dhcp_host_parse(value, &more[h->count++]);
}

/* As in dnsmasq, the last line for an option takes effect. */
static const char *hosts_keep_option(struct bridge_hosts *h, const char *value, uint32_t self, bool force)
{
    struct dhcp_option *more = hosts_grow(h->options, h->option_count, sizeof(*more));
    const char *wrong;
    size_t i = 0;

    if (!more)
        return no_memory;
    h->options = more;
    wrong = dhcp_option_parse(value, self, &more[h->option_count]);
    if (wrong)
        return wrong;
    more[h->option_count].force = force;
    while (more[i].code != more[h->option_count].code)
        i++;
    more[i] = more[h->option_count];
    h->option_count += i == h->option_count;
    return NULL;
}

static const char *hosts_add_option(struct bridge_hosts *h, char *value, uint32_t self)
{
    return hosts_keep_option(h, value, self, false);
}

static const char *hosts_add_forced(struct bridge_hosts *h, char *value, uint32_t self)
{
    return hosts_keep_option(h, value, self, true);
}

/* One of the names of "/NAME/NAME/ADDRESS". */
static const char *hosts_add_name(struct bridge_hosts *h, const char *word, struct bridge_name n)
{
    struct bridge_name *more = hosts_grow(h->names, h->name_count, sizeof(*more));

    if (!more)
        return no_memory;
    h->names = more;
    n.below = starts_with(word, "*.");
    word += n.below ? 2 : 0;
    if (strcmp(word, "#") == 0)
        word = "";
    else if (!dhcp_domain_valid(word) || strlen(word) >= sizeof(n.name))
        return "has an invalid name";
    for (size_t i = 0; word[i]; i++)
        n.name[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] | 0x20 : word[i]);
    more[h->name_count++] = n;
    return NULL;
}

static const char *hosts_add_address(struct bridge_hosts *h, char *value, uint32_t self)
{
    struct bridge_name n = {.below = false};
    char *last = strrchr(value, '/'), *rest = value + 1, *word;
    const char *wrong = NULL;

    (void)self;
    if (value[0] != '/' || last == value)
        return "is not /NAME/ADDRESS";
    *last++ = '\0';
    n.ipv4 = strcmp(last, "#") == 0 || inet_pton(AF_INET, last, n.address) == 1;
    n.ipv6 = strcmp(last, "#") == 0 || (!n.ipv4 && inet_pton(AF_INET6, last, n.address) == 1);
    if (*last && !n.ipv4 && !n.ipv6)
        return "has an invalid address";
    while (!wrong && (word = strsep(&rest, "/")))
        wrong = hosts_add_name(h, word, n);
    return wrong;
}

/* Lines for things that lxc-net does anyway, or that only affect logs. */
static const char *hosts_add_nothing(struct bridge_hosts *h, char *value, uint32_t self)
{
    (void)h;
    (void)value;
    (void)self;
    return NULL;
}

static const struct {
    const char *name;
    bool has_value;
    const char *(*add)(struct bridge_hosts *h, char *value, uint32_t self);
} kinds[] = {
    {"dhcp-host", true, hosts_add_host},
    {"dhcp-option", true, hosts_add_option},
    {"dhcp-option-force", true, hosts_add_forced},
    {"address", true, hosts_add_address},
    {"dhcp-authoritative", false, hosts_add_nothing},
    {"no-ping", false, hosts_add_nothing},
    {"bind-interfaces", false, hosts_add_nothing},
    {"bind-dynamic", false, hosts_add_nothing},
    {"log-dhcp", false, hosts_add_nothing},
    {"log-queries", false, hosts_add_nothing},
    {"quiet-dhcp", false, hosts_add_nothing},
};

/* --- Files --- */

static int hosts_refuse_line(const char *path, unsigned line, const char *text, const char *why,
                             struct error *err)
{
    error_text(err, EINVAL, "%s:%u: \"%.60s\" %s", path, line, text, why);
    return error_remedy(err, "correct or remove the line");
}

static int hosts_read_file(const char *path, bool only_hosts, uint32_t self, struct bridge_hosts *out,
                           struct error *err);

/* One line without its comment: "KEY=VALUE", or only the value in a file of hosts. */
static int hosts_read_line(char *text, const char *path, unsigned line, bool only_hosts, uint32_t self,
                           struct bridge_hosts *out, struct error *err)
{
    cleanup_free char *whole = strdup(text);
    char *value = only_hosts ? text : strchr(text, '=');
    const char *key = only_hosts ? "dhcp-host" : text, *wrong = NULL;
    size_t i = 0;

    if (!whole)
        return error_set(err, ENOMEM, "cannot read %s", path);
    if (!only_hosts) {
        if (value)
            *value++ = '\0';
        text[strcspn(text, " \t")] = '\0';
        if (value)
            value += strspn(value, " \t");
    }
    if (value && strcmp(key, "dhcp-hostsfile") == 0)
        return hosts_read_file(value, true, self, out, err);
    while (i < ARRAY_LENGTH(kinds) && strcmp(kinds[i].name, key) != 0)
        i++;
    if (i == ARRAY_LENGTH(kinds))
        wrong =
            "is not supported by lxc-net: the supported options of dnsmasq are dhcp-host, dhcp-hostsfile, "
            "dhcp-option and address";
    else if (kinds[i].has_value && !value)
        wrong = "has no value";
    else
        wrong = kinds[i].add(out, value, self);
    return wrong ? hosts_refuse_line(path, line, whole, wrong, err) : 0;
}

static int hosts_read_file(const char *path, bool only_hosts, uint32_t self, struct bridge_hosts *out,
                           struct error *err)
{
    cleanup_free char *text = NULL;
    char *rest, *line;
    int r = file_read(AT_FDCWD, path, FILE_MAX, &text, NULL);

    if (r < 0) {
        error_set(err, r, "cannot read %s", path);
        return error_remedy(err, "LXC_DHCP_CONFILE names it");
    }
    rest = text;
    for (unsigned number = 1; r == 0 && (line = strsep(&rest, "\n")); number++) {
        size_t length = 0;

        /* A comment begins at the start of a word, so that "address=/#/..." has no comment. */
        line += strspn(line, " \t");
        while (line[length] && line[length] != '\r' &&
               !(line[length] == '#' && (length == 0 || strchr(" \t", line[length - 1]))))
            length++;
        while (length && strchr(" \t", line[length - 1]))
            length--;
        line[length] = '\0';
        if (*line)
            r = hosts_read_line(line, path, number, only_hosts, self, out, err);
    }
    return r;
}

int bridge_hosts_read(const char *path, uint32_t self, struct bridge_hosts *out, struct error *err)
{
    int r;

    *out = (struct bridge_hosts){0};
    r = path[0] ? hosts_read_file(path, false, self, out, err) : 0;
    if (r < 0)
        bridge_hosts_free(out);
    return r;
}
