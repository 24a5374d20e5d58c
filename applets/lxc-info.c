/* lxc-info: print information about a container. See lxc-info.1. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/encoding/json.h"
#include "core/cgroup/cgroup.h"
#include "core/config/config.h"
#include "core/command/command_client.h"
#include "core/monitor/last_run.h"
#include "core/links/interfaces.h"
#include "core/storage/list.h"
#include "net/link/link.h"

struct lxc_info_options {
    struct container_options container;
    bool ips, pid, state, statistics, raw;
    const char *format;
    struct string_list keys;
};

static const struct option_row lxc_info_table[] = {
    OPT_LIST('c', "config", "KEY", struct lxc_info_options, keys,
             "print this key of the configuration (may be repeated)"),
    OPT_FLAG('i', "ips", struct lxc_info_options, ips, "print the addresses"),
    OPT_FLAG('p', "pid", struct lxc_info_options, pid, "print the process id of its first process"),
    OPT_FLAG('s', "state", struct lxc_info_options, state, "print the state"),
    OPT_FLAG('S', "stats", struct lxc_info_options, statistics, "print its resource usage"),
    OPT_FLAG('H', "no-humanize", struct lxc_info_options, raw,
             "print plain numbers, and no label for a single item"),
    OPT_STRING(0, "format", "FORMAT", struct lxc_info_options, format, "json: print JSON"),
    OPT_GROUP(container_config_table, struct lxc_info_options, container),
    OPT_END,
};

struct link_use {
    char *name;
    bool exists;
    uint64_t sent, received; /* bytes, as the container sees them */
};

#define LINKS_MAX 64

/* Everything that the options can select. */
struct info {
    struct container container;
    struct command_connection connection;
    int state, pid;
    struct interfaces interfaces;
    struct cgroup_statistics use;
    struct link_use links[LINKS_MAX];
    size_t link_count;
    bool exit_known; /* of a stopped container */
    struct last_exit exit;
};

static void info_free(struct info *i)
{
    command_connection_close(&i->connection);
    interfaces_free(&i->interfaces);
    for (size_t n = 0; n < i->link_count; n++)
        free(i->links[n].name);
}

/* Read the host's end of a link: bytes that it received are bytes that the container sent. */
static void link_use_read(struct netlink *netlink, struct link_use *use)
{
    struct link link;

    use->exists = link_find(netlink, 0, use->name, &link, NULL) == 0;
    if (use->exists) {
        use->sent = link.received.bytes;
        use->received = link.sent.bytes;
    }
}

static void info_read_links(struct info *info)
{
    cleanup_netlink struct netlink netlink = NETLINK_CLOSED;

    if (netlink_open(&netlink, NETLINK_ROUTE, -1, NULL) < 0)
        return;
    for (unsigned i = 0; i < LINKS_MAX; i++) {
        cleanup_free char *type = NULL;
        char key[48], *name = NULL;

        snprintf(key, sizeof(key), "lxc.net.%u.type", i);
        if (command_config_item(&info->container, key, &type, NULL) < 0)
            return;
        snprintf(key, sizeof(key), "lxc.net.%u.%s", i, strcmp(type, "veth") == 0 ? "veth.pair" : "link");
        if (command_config_item(&info->container, key, &name, NULL) < 0)
            return;
        info->links[info->link_count].name = name;
        link_use_read(&netlink, &info->links[info->link_count++]);
    }
}

static void info_read_use(struct info *info)
{
    cleanup_fd_list struct fd_list cgroups = {0};

    if (command_cgroup_fds(&info->container, &cgroups, NULL) == 0)
        cgroup_read_statistics(cgroups.fds, cgroups.count, &info->use);
    info_read_links(info);
}

/* As with LXC, what cannot be read, or has ended meanwhile, is omitted from the output. */
static void info_read_running(const struct lxc_info_options *o, struct info *info)
{
    info->pid = command_init_pid(&info->container, NULL, NULL);
    if (o->ips && info->pid > 0)
        (void)interfaces_read(info->pid, &info->interfaces, NULL);
    if (o->statistics)
        info_read_use(info);
}

/* "1.50 MiB", with the units and the rounding of LXC. */
static const char *info_format_size(uint64_t bytes, bool raw, char out[32])
{
    uint64_t mib = bytes + 5243, kib = bytes + 5; /* about half a hundredth of the unit */

    if (raw)
        snprintf(out, 32, "%" PRIu64, bytes);
    else if (bytes > 1 << 30)
        snprintf(out, 32, "%" PRIu64 ".%02" PRIu64 " GiB", bytes >> 30, (bytes & ((1 << 30) - 1)) / 10737419);
    else if (bytes > 1 << 20)
        snprintf(out, 32, "%" PRIu64 ".%02" PRIu64 " MiB", mib >> 20, ((mib & 0xfffff) * 100) >> 20);
    else if (bytes > 1 << 10)
        snprintf(out, 32, "%" PRIu64 ".%02" PRIu64 " KiB", kib >> 10, ((kib & 0x3ff) * 100) >> 10);
    else
        snprintf(out, 32, "%" PRIu64 " bytes", bytes);
    return out;
}

static void info_print_size(const char *label, int64_t bytes, bool raw)
{
    char size[32];

    if (bytes >= 0)
        printf("%-15s %s\n", label, info_format_size((uint64_t)bytes, raw, size));
}

static void info_print_statistics(const struct lxc_info_options *o, const struct info *info)
{
    const struct cgroup_statistics *use = &info->use;

    if (use->cpu_ns >= 0 && o->raw)
        printf("%-15s %" PRId64 "\n", "CPU use:", use->cpu_ns);
    if (use->cpu_ns >= 0 && !o->raw) {
        int64_t hundredths = (use->cpu_ns + 5000000) / 10000000;
        printf("%-15s %" PRId64 ".%02" PRId64 " seconds\n", "CPU use:", hundredths / 100, hundredths % 100);
    }
    info_print_size("BlkIO use:", use->block_io_bytes, o->raw);
    info_print_size("Memory use:", use->memory_bytes, o->raw);
    info_print_size("KMem use:", use->kernel_memory_bytes, o->raw);
    for (size_t i = 0; i < info->link_count; i++) {
        const struct link_use *link = &info->links[i];

        printf("%-15s %s\n", "Link:", link->name);
        if (link->exists) {
            info_print_size(" TX bytes:", (int64_t)link->sent, o->raw);
            info_print_size(" RX bytes:", (int64_t)link->received, o->raw);
        }
        info_print_size(" Total bytes:", (int64_t)(link->sent + link->received), o->raw);
    }
}

/* An item has a label, except a single item with -H. */
static void info_print_text(bool bare, const char *label, const char *text)
{
    if (bare)
        puts(text);
    else
        printf("%-15s %s\n", label, text);
}

/* Print IPv4 and IPv6 addresses in one sorted list. */
static void info_print_addresses(bool bare, const struct interfaces *interfaces)
{
    char *const *v4 = interfaces->ipv4.items, *const *v6 = interfaces->ipv6.items;
    size_t i = 0, j = 0, count4 = interfaces->ipv4.count, count6 = interfaces->ipv6.count;

    while (i < count4 || j < count6) {
        bool first = j == count6 || (i < count4 && strcmp(v4[i], v6[j]) < 0);

        info_print_text(bare, "IP:", first ? v4[i++] : v6[j++]);
    }
}

/* How the last run ended. LXC does not print this, so it is printed only if no option selects items. */
static void info_print_exit(const struct last_exit *last)
{
    time_t seconds = (time_t)last->time_seconds;
    char number[16], ended[32];
    struct tm tm;

    snprintf(number, sizeof(number), "%d", last->status);
    info_print_text(false, "Exit status:", number);
    if (gmtime_r(&seconds, &tm) && strftime(ended, sizeof(ended), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        info_print_text(false, "Ended:", ended);
}

static void info_print(const struct lxc_info_options *o, const struct info *info, bool named)
{
    bool bare = o->raw && o->ips + o->pid + o->state == 1 && !o->statistics && !named;
    char number[16];

    if (named)
        info_print_text(false, "Name:", info->container.name);
    if (o->state)
        info_print_text(bare, "State:", state_name(info->state));
    if (o->pid && info->pid > 0) {
        snprintf(number, sizeof(number), "%d", info->pid);
        info_print_text(bare, "PID:", number);
    }
    if (o->ips)
        info_print_addresses(bare, &info->interfaces);
    if (o->statistics && info->state != STATE_STOPPED)
        info_print_statistics(o, info);
    if (named && info->exit_known)
        info_print_exit(&info->exit);
}

/* The source of -c: --rcfile, else the container's configuration, else the running container. */
struct key_source {
    const struct container *container;
    struct config config;
    bool have_config;
};

static int key_source_open(struct key_source *source, struct error *err)
{
    cleanup_free char *path = container_config_path(source->container);

    if (!path)
        return error_set(err, ENOMEM, "cannot read the configuration");
    source->have_config = container_is_defined(source->container);
    return source->have_config ? config_read_file(&source->config, path, err) : 0;
}

/* Append a key's value. Returns -ENOENT if there is no such key. */
static int key_source_read(const struct key_source *source, const char *key, struct strbuf *value,
                           struct error *err)
{
    cleanup_free char *answer = NULL;
    int r;

    if (source->have_config)
        return config_get_item(&source->config, key, value);
    r = command_config_item(source->container, key, &answer, err);
    return r == 0 ? strbuf_puts(value, answer) : r;
}

static int info_print_keys(const struct lxc_info_options *o, const struct key_source *source,
                           struct strbuf *json, const struct invocation *in, struct error *err)
{
    bool bare = o->raw && o->keys.count == 1;
    int r = 0;

    for (size_t i = 0; r == 0 && i < o->keys.count; i++) {
        const char *key = o->keys.items[i];
        cleanup_strbuf struct strbuf value = STRBUF_INIT;
        struct error refused = ERROR_INIT;
        int found = key_source_read(source, key, &value, &refused);

        if (found == -ENOENT)
            fprintf(stderr, "%s: %s is not a key of the configuration\n", in->applet, key);
        else if (found < 0 && !refused.code)
            r = error_set(err, found, "cannot read %s", key);
        else if (found < 0)
            *err = refused, r = found;
        else if (json)
            r = json_string(json, key, strbuf_text(&value));
        else if (bare)
            puts(strbuf_text(&value));
        else
            printf("%s =%s%s\n", key, value.length ? " " : "", strbuf_text(&value));
    }
    return r;
}

static int json_put_use(struct strbuf *out, const char *key, int64_t value)
{
    return value >= 0 ? json_number(out, key, value) : 0;
}

static int json_put_statistics(struct strbuf *out, const struct info *info)
{
    int r = json_put_use(out, "cpu_ns", info->use.cpu_ns);

    r |= json_put_use(out, "block_io_bytes", info->use.block_io_bytes);
    r |= json_put_use(out, "memory_bytes", info->use.memory_bytes);
    r |= json_put_use(out, "kernel_memory_bytes", info->use.kernel_memory_bytes);
    r |= json_open(out, "links", '[');
    for (size_t i = 0; i < info->link_count; i++) {
        r |= json_open(out, NULL, '{');
        r |= json_string(out, "name", info->links[i].name);
        r |= json_number(out, "sent_bytes", (int64_t)info->links[i].sent);
        r |= json_number(out, "received_bytes", (int64_t)info->links[i].received);
        r |= json_close(out, '}');
    }
    return r | json_close(out, ']');
}

static int json_put_info(const struct lxc_info_options *o, const struct info *info, struct strbuf *out)
{
    int r = json_open(out, NULL, '{');

    r |= json_string(out, "name", info->container.name);
    if (o->state)
        r |= json_string(out, "state", state_name(info->state));
    if (o->pid && info->pid > 0)
        r |= json_number(out, "pid", info->pid);
    if (o->ips) {
        r |= json_strings(out, "ipv4", &info->interfaces.ipv4);
        r |= json_strings(out, "ipv6", &info->interfaces.ipv6);
    }
    if (o->statistics && info->state != STATE_STOPPED)
        r |= json_put_statistics(out, info);
    if (o->state && info->exit_known) {
        r |= json_number(out, "exit_status", info->exit.status);
        r |= json_number(out, "ended_seconds", info->exit.time_seconds);
    }
    return r;
}

static int info_print_json(const struct lxc_info_options *o, const struct info *info,
                           const struct key_source *source, const struct invocation *in, struct error *err)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    int r = json_put_info(o, info, &out);

    if (r == 0 && o->keys.count) {
        r = json_open(&out, "config", '{');
        if (r == 0)
            r = info_print_keys(o, source, &out, in, err);
        r = r == 0 ? json_close(&out, '}') : r;
    }
    if (r == 0)
        r = json_close(&out, '}');
    if (r < 0)
        return err->code ? err->code : error_set(err, ENOMEM, "cannot write the information");
    puts(strbuf_text(&out));
    return 0;
}

static int info_read(const struct lxc_info_options *o, struct info *info, struct error *err)
{
    info->state = command_state(&info->container, err);
    if (info->state < 0)
        return info->state;
    if (info->state == STATE_STOPPED && !container_is_defined(&info->container))
        return container_absent(&info->container, NULL, err);
    if (info->state != STATE_STOPPED)
        info_read_running(o, info);
    else
        info->exit_known = last_exit_read(&info->container, &info->exit) == 0;
    return 0;
}

static int lxc_info_run(struct invocation *in, struct error *err)
{
    struct lxc_info_options *o = in->options;
    __attribute__((cleanup(info_free))) struct info info = {.use = {-1, -1, -1, -1},
                                                            .connection = COMMAND_CONNECTION_NONE};
    struct key_source source = {.container = &info.container};
    bool all = !o->state && !o->pid && !o->ips && !o->statistics && !o->keys.count;
    int r;

    if (o->format && strcmp(o->format, "json") != 0)
        return error_text(err, EINVAL, "--format takes \"json\", not \"%s\"", o->format);
    r = container_select(&o->container, in, &info.container, err);
    if (r < 0)
        return r;
    info.container.connection = &info.connection;
    if (all)
        o->state = o->pid = o->ips = o->statistics = true;
    r = info_read(o, &info, err);
    config_init(&source.config);
    if (r == 0 && o->keys.count)
        r = key_source_open(&source, err);
    if (r == 0 && o->format)
        r = info_print_json(o, &info, &source, in, err);
    else if (r == 0)
        info_print(o, &info, all);
    if (r == 0 && !o->format)
        r = info_print_keys(o, &source, NULL, in, err);
    config_free(&source.config);
    return r;
}

APPLET(lxc_info, .name = "lxc-info", .summary = "Print information about a container",
       .usage = "[-n] NAME [OPTION]...", .options = lxc_info_table,
       .options_size = sizeof(struct lxc_info_options), .run = lxc_info_run);
