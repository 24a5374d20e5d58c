/* Hosts with addresses of their own, in the words of dnsmasq's configuration: dnsmasq(8), --dhcp-host. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/bridge/bridge_settings.h"

#define FILE_MAX  (1 << 20) /* bytes */
#define HOSTS_MAX 4096

void bridge_hosts_free(struct bridge_hosts *h)
{
    free(h->hosts);
    *h = (struct bridge_hosts){0};
}

static void warn_line(struct string_list *warnings, const char *path, unsigned line, const char *text,
                      const char *why)
{
    cleanup_free char *sentence = format_string("%s:%u: \"%.60s\" %s", path, line, text, why);

    if (sentence)
        string_list_add(warnings, sentence);
}

static int add_host(struct bridge_hosts *h, const struct dhcp_host *host)
{
    struct dhcp_host *more =
        h->count < HOSTS_MAX ? reallocarray(h->hosts, h->count + 1, sizeof(*more)) : NULL;

    if (!more)
        return -ENOMEM;
    h->hosts = more;
    h->hosts[h->count++] = *host;
    return 0;
}

static int read_hosts(const char *path, bool only_hosts, struct bridge_hosts *out,
                      struct string_list *warnings, struct error *err);

/* One line without its comment: "dhcp-host=VALUE", or in a file of hosts only the value. */
static int read_line(char *text, const char *path, unsigned line, bool only_hosts, struct bridge_hosts *out,
                     struct string_list *warnings, struct error *err)
{
    char *value = only_hosts ? text : strchr(text, '=');
    struct dhcp_host host;

    if (!only_hosts) {
        if (value)
            *value++ = '\0';
        text[strcspn(text, " \t")] = '\0';
        if (value)
            value += strspn(value, " \t");
    }
    if (!only_hosts && value && strcmp(text, "dhcp-hostsfile") == 0)
        return read_hosts(value, true, out, warnings, err);
    if (!only_hosts && (!value || strcmp(text, "dhcp-host") != 0)) {
        warn_line(warnings, path, line, text,
                  "has no effect: of dnsmasq's options only dhcp-host and "
                  "dhcp-hostsfile are known");
        return 0;
    }
    if (dhcp_host_parse(value, &host) < 0) {
        warn_line(warnings, path, line, value, "names no host that can be understood");
        return 0;
    }
    return add_host(out, &host) < 0 ? error_set(err, ENOMEM, "cannot read %s", path) : 0;
}

static int read_hosts(const char *path, bool only_hosts, struct bridge_hosts *out,
                      struct string_list *warnings, struct error *err)
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
        size_t length;

        line += strspn(line, " \t");
        line[strcspn(line, "#\r")] = '\0';
        for (length = strlen(line); length && strchr(" \t", line[length - 1]); length--)
            line[length - 1] = '\0';
        if (*line)
            r = read_line(line, path, number, only_hosts, out, warnings, err);
    }
    return r;
}

int bridge_hosts_read(const char *path, struct bridge_hosts *out, struct string_list *warnings,
                      struct error *err)
{
    int r;

    *out = (struct bridge_hosts){0};
    r = path[0] ? read_hosts(path, false, out, warnings, err) : 0;
    if (r < 0)
        bridge_hosts_free(out);
    return r;
}
