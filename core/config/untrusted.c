#include "core/config/untrusted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/includes.h"
#include "core/config/keys.h"
#include "core/config/keys_net.h"

#define TTY_LAST 64 /* terminals that an image may request */

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

/* Whether each word of the text is in the list. An item that ends in "=" is a prefix. */
static bool are_words_of(const char *text, const char *separators, const char *const *list)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *word;

    if (!copy)
        return false;
    while ((word = strsep(&rest, separators))) {
        const char *const *item = list;

        while (*item && !(ends_with(*item, "=") ? starts_with(word, *item) : strcmp(word, *item) == 0))
            item++;
        if (*word && !*item)
            return false;
    }
    return true;
}

/* --- Mounts --- */

/*
 * Whether the source is an entry of the container's directory that neither the container nor lxcbox has
 * created.
 */
static bool is_own_entry(const struct untrusted *u, const char *source)
{
    static const char *const ours[] = {"rootfs",  "rootdev", "config", "fstab", "overlay",
                                       "partial", "snaps",   "ts",     NULL};
    const char *entry;

    if (!u->archive || !u->directory || !starts_with(source, u->directory))
        return false;
    entry = source + strlen(u->directory);
    return *entry++ == '/' && *entry && *entry != '.' && !strchr(entry, '/') && !is_one_of(entry, ours) &&
           !starts_with(entry, "lxc") && !ends_with(entry, ".log");
}

/* A file system without data of the host, or a directory of the container. */
static bool is_mount_allowed(const struct untrusted *u, const char *entry)
{
    static const char *const types[] = {"tmpfs", "mqueue", NULL};
    static const char *const options[] = {
        "defaults",   "rw",      "ro",         "nosuid",   "nodev",      "noexec",
        "relatime",   "noatime", "nodiratime", "optional", "create=dir", "create=file",
        "nr_inodes=", "mode=",   "size=",      "uid=",     "gid=",       NULL};
    static const char *const own_options[] = {"bind",     "rbind",      "rw",          "ro",      "nosuid",
                                              "nodev",    "noexec",     "relatime",    "noatime", "optional",
                                              "defaults", "create=dir", "create=file", NULL};
    cleanup_free char *copy = strdup(entry);
    char *rest = copy, *source = next_word(&rest), *target = source ? next_word(&rest) : NULL;
    char *type = target ? next_word(&rest) : NULL, *list = type ? next_word(&rest) : NULL;

    if (!type || strstr(target, ".."))
        return false;
    text_unescape(source);
    if (is_own_entry(u, source) && strcmp(type, "none") == 0)
        return are_words_of(list ? list : "", ",", own_options);
    return is_one_of(type, types) && are_words_of(list ? list : "", ",", options);
}

/* --- Values --- */

/* A built-in file of LXC's directory; a file for user namespaces only if the container has one. */
static bool is_include_allowed(const struct untrusted *u, const char *path)
{
    const char *name = starts_with(path, CONFIG_DIRECTORY "/") ? path + strlen(CONFIG_DIRECTORY "/") : "";
    size_t length;

    if (strchr(name, '/') || !ends_with(name, ".conf") || !config_builtin(name, &length))
        return false;
    if (strcmp(name, "userns.conf") == 0 || ends_with(name, ".userns.conf"))
        return u->mapped;
    return strcmp(name, "common.conf") == 0 || ends_with(name, ".common.conf");
}

static bool is_value_allowed(const struct untrusted *u, const char *key, const char *value)
{
    static const char *const auto_mounts[] = {"proc",
                                              "proc:mixed",
                                              "sys",
                                              "sys:mixed",
                                              "sys:ro",
                                              "cgroup:ro",
                                              "cgroup:mixed",
                                              "cgroup:ro:force",
                                              "cgroup:mixed:force",
                                              NULL};
    uint64_t number;

    if (strcmp(key, "lxc.include") == 0)
        return is_include_allowed(u, value);
    if (strcmp(key, "lxc.mount.entry") == 0)
        return is_mount_allowed(u, value);
    if (strcmp(key, "lxc.mount.auto") == 0)
        return are_words_of(value, " \t", auto_mounts);
    if (strcmp(key, "lxc.apparmor.profile") == 0)
        return strcmp(value, "generated") == 0;
    if (strcmp(key, "lxc.no_new_privs") == 0)
        return strcmp(value, "1") == 0;
    if (strcmp(key, "lxc.tty.max") == 0)
        return !*value || parse_uint64(value, 0, TTY_LAST, &number) == 0;
    if (strcmp(key, "lxc.tty.dir") == 0)
        return !strstr(value, "..");
    if (strcmp(key, "lxc.environment.runtime") == 0)
        return strchr(value, '=') != NULL; /* a bare name would take its value from the host */
    return true;
}

/* Limits of a container's resources; not devices, and no file that moves processes. */
static bool is_family_allowed(const char *family, const char *rest)
{
    static const char *const limits[] = {"memory.", "cpu.", "cpuset.", "pids.", "io.", "blkio.", "hugetlb."};
    static const char *const priority[] = {"rtprio", "nice", "memlock", "rttime", NULL};

    if (strcmp(family, "lxc.prlimit") == 0)
        return *rest && !is_one_of(rest, priority);
    if (strcmp(rest, "devices.deny") == 0)
        return true;
    /* These take processors away from the host. */
    if (strchr(rest, '/') || strstr(rest, "exclusive") || strstr(rest, "partition") || strstr(rest, "rt_"))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++)
        if (starts_with(rest, limits[i]))
            return true;
    return false;
}

/* --- Networks --- */

static bool is_net_allowed(const char *rest, const char *value)
{
    static const char *const types[] = {"empty", "veth", "macvlan", "ipvlan", "vlan", NULL};
    const struct key *k = net_key_find(rest);

    if (!k || !(k->flags & KEY_ARCHIVE) || (!*value && k->flags & KEY_ADDS))
        return false;
    if (strcmp(k->name, "type") == 0)
        return is_one_of(value, types);
    return strcmp(k->name, "macvlan.mode") != 0 || strcmp(value, "passthru") != 0;
}

/* Collect the numbers of the networks that are omitted completely because their type is not allowed. */
static int nets_of_host(const char *text, struct string_list *numbers)
{
    cleanup_free char *copy = strdup(text);
    char *line, *lines = copy, *key, *value;
    int r = copy ? 0 : -ENOMEM;

    while (r == 0 && (line = strsep(&lines, "\n"))) {
        const char *rest;

        if (config_line_split(line, &key, &value) != 1 || !starts_with(key, "lxc.net.") ||
            !ends_with(key, ".type"))
            continue;
        rest = key + strlen("lxc.net.");
        if (!is_net_allowed(rest, value))
            r = string_list_take(numbers, strndup(rest, strcspn(rest, ".")));
    }
    return r;
}

static bool is_net_of_host(const struct string_list *numbers, const char *rest)
{
    cleanup_free char *number = strndup(rest, strcspn(rest, "."));

    return !number || string_list_has(numbers, number);
}

/* --- Lines --- */

/* Whether a text contains the assignment. */
static bool has_assignment(const char *text, const char *key, const char *value)
{
    cleanup_free char *copy = text ? strdup(text) : NULL;
    char *line, *lines = copy, *key_there, *value_there;

    while ((line = strsep(&lines, "\n")))
        if (config_line_split(line, &key_there, &value_there) == 1 && strcmp(key, key_there) == 0 &&
            strcmp(value, value_there) == 0)
            return true;
    return false;
}

static bool is_allowed(const struct untrusted *u, const struct string_list *of_host, const char *key,
                       const char *value)
{
    const char *rest;
    const struct key *k = key_find(config_keys, key, &rest);

    if (!k || text_has_control(value))
        return false;
    if (has_assignment(u->own, key, value))
        return true;
    if (k->type == &type_nets)
        return u->archive && is_net_allowed(rest, value) && !is_net_of_host(of_host, rest);
    if (config_builtin_has(key, value))
        return true;
    if (!(k->flags & (u->archive ? KEY_IMAGE | KEY_ARCHIVE : KEY_IMAGE)) || (!*value && k->flags & KEY_ADDS))
        return false;
    return k->flags & KEY_FAMILY ? is_family_allowed(k->name, rest) : is_value_allowed(u, key, value);
}

static int leave_out(struct string_list *left_out, const char *key, const char *value)
{
    char *line = format_string("%.60s = %.120s", key, value);

    if (line)
        text_make_printable(line, strlen(line), "");
    return string_list_take(left_out, line);
}

static int line_add(struct strbuf *out, const char *line, size_t length)
{
    int r = strbuf_add(out, line, length);

    return r == 0 ? strbuf_puts(out, "\n") : r;
}

int untrusted_config(const struct untrusted *u, const char *text, struct strbuf *out,
                     struct string_list *left_out)
{
    cleanup_string_list struct string_list of_host = {0};
    int r = nets_of_host(text, &of_host);

    for (size_t length; r == 0 && *text; text += length + (text[length] == '\n')) {
        cleanup_free char *line = strndup(text, length = strcspn(text, "\n"));
        char *key, *value;
        bool obeyed = line && text_has_control(line);
        int kind = line ? config_line_split(line, &key, &value) : -ENOMEM;

        if (kind == -ENOMEM)
            r = kind;
        else if (kind == 1 && !is_allowed(u, &of_host, key, value))
            r = leave_out(left_out, key, value);
        else if (kind != 0 || !obeyed)
            r = line_add(out, text, length);
    }
    return r;
}

int untrusted_fstab(const struct untrusted *u, const char *text, struct strbuf *out,
                    struct string_list *left_out)
{
    int r = 0;

    for (size_t length; r == 0 && *text; text += length + (text[length] == '\n')) {
        cleanup_free char *line = strndup(text, length = strcspn(text, "\n"));
        const char *entry = line ? line + strspn(line, " \t\r") : "";

        if (!line)
            r = -ENOMEM;
        else if (*entry && *entry != '#' && (text_has_control(entry) || !is_mount_allowed(u, entry)))
            r = leave_out(left_out, "fstab", entry);
        else if (*entry && *entry != '#')
            r = line_add(out, text, length);
    }
    return r;
}

bool untrusted_is_confined(const char *text)
{
    cleanup_free char *copy = strdup(text);
    char *line, *lines = copy, *key, *value;

    while ((line = strsep(&lines, "\n")))
        if (config_line_split(line, &key, &value) == 1 && strcmp(key, "lxc.include") == 0 &&
            starts_with(value, CONFIG_DIRECTORY "/") && ends_with(value, "common.conf") &&
            !ends_with(value, "/oci.common.conf"))
            return true;
    return false;
}
