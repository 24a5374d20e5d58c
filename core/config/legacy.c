#include "core/config/legacy.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

static const struct {
    const char *old, *present; /* present NULL: removed */
} names[] = {
    {"lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"},
    {"lxc.aa_profile", "lxc.apparmor.profile"},
    {"lxc.console", "lxc.console.path"},
    {"lxc.devttydir", "lxc.tty.dir"},
    {"lxc.haltsignal", "lxc.signal.halt"},
    {"lxc.id_map", "lxc.idmap"},
    {"lxc.init_cmd", "lxc.init.cmd"},
    {"lxc.init_gid", "lxc.init.gid"},
    {"lxc.init_uid", "lxc.init.uid"},
    {"lxc.kmsg", NULL},
    {"lxc.logfile", "lxc.log.file"},
    {"lxc.loglevel", "lxc.log.level"},
    {"lxc.mount", "lxc.mount.fstab"},
    {"lxc.pivotdir", NULL},
    {"lxc.pts", "lxc.pty.max"},
    {"lxc.rebootsignal", "lxc.signal.reboot"},
    {"lxc.rootfs", "lxc.rootfs.path"},
    {"lxc.rootfs.backend", NULL},
    {"lxc.se_context", "lxc.selinux.context"},
    {"lxc.seccomp", "lxc.seccomp.profile"},
    {"lxc.stopsignal", "lxc.signal.stop"},
    {"lxc.syslog", "lxc.log.syslog"},
    {"lxc.tty", "lxc.tty.max"},
    {"lxc.utsname", "lxc.uts.name"},
};

const char *legacy_key(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].old, name) == 0)
            return names[i].present ? names[i].present : "";
    if (starts_with(name, "lxc.limit."))
        return "lxc.prlimit.*";
    if (strcmp(name, "lxc.network") == 0 || starts_with(name, "lxc.network."))
        return "lxc.net.N.*";
    return NULL;
}

/* The parts of a line: indentation and "#", the key, and the rest from the blanks before "=". */
struct line {
    const char *start, *key, *rest, *end;
};

static bool legacy_split(const char *at, struct line *l)
{
    l->start = at;
    l->end = at + strcspn(at, "\n");
    l->key = at + strspn(at, "# \t");
    l->rest = l->key + strcspn(l->key, " \t=\n");
    return l->rest < l->end && starts_with(l->key, "lxc.") && *(l->rest + strspn(l->rest, " \t")) == '=';
}

static const char *legacy_value(const struct line *l, size_t *length)
{
    const char *value = l->rest + strspn(l->rest, " \t") + 1;

    value += strspn(value, " \t");
    *length = (size_t)(l->end - value);
    while (*length && strchr(" \t\r", value[*length - 1]))
        --*length;
    return value;
}

/* The storage type in lxc.rootfs.backend; the default of LXC is a directory. */
static char *legacy_find_backend(const char *text)
{
    char *backend = NULL;

    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        struct line l;
        size_t length;
        const char *value;

        if (!legacy_split(at, &l) || strncmp(l.key, "lxc.rootfs.backend", (size_t)(l.rest - l.key)) != 0 ||
            l.rest - l.key != (ptrdiff_t)strlen("lxc.rootfs.backend"))
            continue;
        value = legacy_value(&l, &length);
        if (length) {
            free(backend);
            backend = strndup(value, length);
        }
    }
    return backend ? backend : strdup("dir");
}

/* "lxc.network.[N.]link" as "lxc.net.N.link"; a "type" without a number starts the next network. */
static int legacy_update_network(const struct line *l, int *network, struct strbuf *out)
{
    const char *key = l->key + strlen("lxc.network");
    int length = (int)(l->rest - key);
    const char *suffix = "";
    bool commented = l->key > l->start && memchr(l->start, '#', (size_t)(l->key - l->start));

    if (length && !isdigit((unsigned char)key[1])) {
        if (length == 5 && strncmp(key, ".type", 5) == 0 && !commented)
            ++*network;
        if (length == 5 && (strncmp(key, ".ipv4", 5) == 0 || strncmp(key, ".ipv6", 5) == 0))
            suffix = ".address";
        return strbuf_printf(out, "lxc.net.%d%.*s%s", *network < 0 ? 0 : *network, length, key, suffix);
    }
    if (length >= 5 &&
        (strncmp(key + length - 5, ".ipv4", 5) == 0 || strncmp(key + length - 5, ".ipv6", 5) == 0))
        suffix = ".address";
    return strbuf_printf(out, "lxc.net%.*s%s", length, key, suffix);
}

static int legacy_update_line(const struct line *l, const char *backend, int *network, struct strbuf *out)
{
    cleanup_free char *key = strndup(l->key, (size_t)(l->rest - l->key));
    const char *present = key ? legacy_key(key) : NULL;
    int r;

    if (!key)
        return -ENOMEM;
    if (present && !*present)
        return 0;
    r = strbuf_add(out, l->start, (size_t)(l->key - l->start));
    if (r < 0)
        return r;
    if (!present) {
        r = strbuf_puts(out, key);
    } else if (starts_with(key, "lxc.network")) {
        r = legacy_update_network(l, network, out);
    } else if (starts_with(key, "lxc.limit.")) {
        r = strbuf_printf(out, "lxc.prlimit%s", key + strlen("lxc.limit"));
    } else if (strcmp(key, "lxc.rootfs") == 0) {
        size_t length;
        const char *value = legacy_value(l, &length);
        return strbuf_printf(out, "lxc.rootfs.path = %s%s%.*s\n", length ? backend : "", length ? ":" : "",
                             (int)length, value);
    } else {
        r = strbuf_puts(out, present);
    }
    r = r < 0 ? r : strbuf_add(out, l->rest, (size_t)(l->end - l->rest));
    return r < 0 ? r : strbuf_puts(out, "\n");
}

int legacy_update(const char *text, struct strbuf *out)
{
    cleanup_free char *backend = legacy_find_backend(text);
    int network = -1;

    if (!backend)
        return -ENOMEM;
    for (const char *at = text; *at;) {
        struct line l;
        int r = legacy_split(at, &l) ? legacy_update_line(&l, backend, &network, out)
                                     : strbuf_printf(out, "%.*s\n", (int)(l.end - l.start), l.start);
        if (r < 0)
            return r;
        at = *l.end ? l.end + 1 : l.end;
    }
    return 0;
}
