#include "core/storage/overview.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/cgroup/cgroup.h"
#include "core/config/summary.h"
#include "core/command/command_client.h"
#include "core/links/interfaces.h"
#include "core/storage/list.h"
#include "core/storage/nested.h"

void overview_free(struct overview *o)
{
    for (size_t i = 0; i < o->count; i++)
        overview_row_free(&o->rows[i]);
    free(o->rows);
    *o = (struct overview){0};
}

void overview_row_free(struct overview_row *row)
{
    free(row->name);
    string_list_clear(&row->groups);
    string_list_clear(&row->interfaces);
    string_list_clear(&row->ipv4);
    string_list_clear(&row->ipv6);
}

int overview_add(struct overview *o, struct overview_row *row)
{
    /* The array doubles when the count is a power of two. */
    if ((o->count & (o->count - 1)) == 0) {
        struct overview_row *rows = realloc(o->rows, (o->count ? o->count * 2 : 1) * sizeof(*rows));
        if (!rows)
            return -ENOMEM;
        o->rows = rows;
    }
    o->rows[o->count++] = *row;
    *row = (struct overview_row){0};
    return 0;
}

/* The state of reading one container. */
struct look {
    const struct overview_walk *walk;
    int directory; /* fd of walk->lxcpath */
    struct container container;
    struct command_connection connection;
    bool running;
    struct config_summary summary; /* of one that is not running */
    struct overview_row row;
};

static void look_free(struct look *look)
{
    command_connection_close(&look->connection);
    overview_row_free(&look->row);
    config_summary_free(&look->summary);
}

/* Returns -ENOENT if it is not a container. */
static int read_stopped(struct look *look)
{
    struct config_summary *s = &look->summary;
    char path[NAME_MAX + sizeof("/config")];
    int r;

    snprintf(path, sizeof(path), "%s/config", look->container.name);
    r = config_summary_read(look->directory, path, look->walk->includes, s);
    if (r < 0 && r != -ENOMEM && !container_is_defined(&look->container))
        return -ENOENT;
    look->row.start_auto = s->start_auto;
    look->row.unprivileged = s->maps_ids;
    look->row.groups = s->groups;
    s->groups = (struct string_list){0};
    return r == -ENOMEM ? r : 0;
}

/* Read the lines of a key of the running container; none if the key is not set. */
static int read_lines(const struct container *c, const char *key, struct string_list *lines)
{
    cleanup_free char *text = NULL;

    if (command_config_item(c, key, &text, NULL) < 0)
        return 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (*line && string_list_add(lines, line) < 0)
            return -ENOMEM;
    return 0;
}

/*
 * v1 counts swap only in memory.stat (the difference of memsw and memory can be negative, because they are
 * not read at the same time), v2 in a separate file.
 */
static int64_t read_swap(const struct fd_list *cgroups)
{
    cleanup_free char *current = NULL, *statistics = NULL;
    const char *line = NULL;

    if (cgroup_get_value(cgroups->fds, cgroups->count, "memory.swap.current", &current, NULL) == 0)
        line = current;
    else if (cgroup_get_value(cgroups->fds, cgroups->count, "memory.stat", &statistics, NULL) == 0 &&
             (line = strstr(statistics, "\nswap ")))
        line += strlen("\nswap ");
    return line ? strtoll(line, NULL, 10) : -1;
}

static void read_use(const struct container *c, struct overview_row *row)
{
    cleanup_fd_list struct fd_list cgroups = {0};
    struct cgroup_statistics use = {-1, -1, -1, -1};

    if (command_cgroup_fds(c, &cgroups, NULL) < 0)
        return;
    cgroup_read_statistics(cgroups.fds, cgroups.count, &use);
    row->memory_bytes = use.memory_bytes;
    row->swap_bytes = read_swap(&cgroups);
}

static int read_running(struct look *look)
{
    const struct overview_request *request = look->walk->request;
    const struct container *c = &look->container;
    struct overview_row *row = &look->row;
    cleanup_string_list struct string_list start_auto = {0}, idmap = {0};
    int r = 0;

    if (request->details) {
        row->pid = command_init_pid(c, NULL, NULL);
        r = read_lines(c, "lxc.start.auto", &start_auto);
        row->start_auto = start_auto.count && strcmp(start_auto.items[0], "1") == 0;
        r = r == 0 ? read_lines(c, "lxc.idmap", &idmap) : r;
        row->unprivileged = idmap.count > 0;
    }
    if (row->pid < 0)
        row->pid = 0;
    if (request->details && request->use)
        read_use(c, row);
    if (request->details && request->network && row->pid) {
        cleanup_interfaces struct interfaces interfaces = {0};

        (void)interfaces_read(row->pid, &interfaces, NULL);
        row->interfaces = interfaces.names;
        row->ipv4 = interfaces.ipv4;
        row->ipv6 = interfaces.ipv6;
        interfaces = (struct interfaces){0};
    }
    return r;
}

static bool in_groups(const struct overview_row *row, const struct string_list *groups)
{
    for (size_t i = 0; groups && i < groups->count; i++)
        if (!string_list_has(&row->groups, groups->items[i]))
            return false;
    return true;
}

/* Whether the row of a container must be read, as far as its name and the list of containers decide that. */
static bool container_is_wanted(const struct overview_request *request, const struct listed_container *item)
{
    if (request->filter && regexec(request->filter, item->name, 0, NULL, 0) != 0)
        return false;
    return (!request->defined || item->defined) && (!request->running || item->active);
}

static bool state_is_wanted(const struct overview_request *request, int state)
{
    if (request->running && state == STATE_STOPPED)
        return false;
    if (request->frozen && !request->active_only && state != STATE_FROZEN)
        return false;
    return !request->stopped || state == STATE_STOPPED;
}

static int name_row(struct look *look)
{
    const struct overview_walk *walk = look->walk;

    look->row.name = walk->parent && walk->request->full_names
                         ? format_string("%s/%s", walk->parent, look->container.name)
                         : strdup(look->container.name);
    look->row.level = walk->level;
    return look->row.name ? 0 : -ENOMEM;
}

/* Returns whether the configuration of a stopped container must be read: a plain list has nothing from it. */
static bool reads_stopped(const struct overview_request *request)
{
    return request->details || request->groups->count || request->nesting;
}

/* Returns whether the state of a container must be asked for: a plain list does not show it. */
static bool reads_state(const struct overview_request *request)
{
    return request->details || request->groups->count || request->nesting || request->running ||
           request->frozen || request->stopped;
}

static int container_read_row(const struct overview_walk *walk, int directory,
                              const struct listed_container *item, struct overview *out)
{
    __attribute__((cleanup(look_free))) struct look look = {
        .walk = walk,
        .directory = directory,
        .container = {.name = item->name, .lxcpath = walk->lxcpath, .connection = &look.connection},
        .connection = COMMAND_CONNECTION_NONE,
        .row = {.memory_bytes = -1, .swap_bytes = -1},
    };
    const struct overview_request *request = walk->request;
    struct overview_row *row = &look.row;
    int r = 0;

    row->state = item->active ? -1 : STATE_STOPPED;
    if (item->active && reads_state(request))
        row->state = command_state(&look.container, NULL);
    if (row->state < 0)
        row->state = -1;
    if (!state_is_wanted(request, row->state))
        return 0;
    look.running = row->state != STATE_STOPPED;
    if (look.running && (request->details || request->groups->count))
        r = read_lines(&look.container, "lxc.group", &row->groups);
    else if (!look.running && reads_stopped(request))
        r = read_stopped(&look);
    if (r == -ENOENT && !item->active)
        return 0;
    r = r == -ENOENT ? 0 : r;
    if (r < 0 || !in_groups(row, request->groups))
        return r;
    r = look.running && row->state >= 0 ? read_running(&look) : 0;
    if (r == 0)
        r = name_row(&look);
    if (r < 0 || !request->nesting)
        return r < 0 ? r : overview_add(out, row);
    cleanup_free char *name = strdup(row->name);
    r = name ? overview_add(out, row) : -ENOMEM;
    if (r == 0 && walk->level < request->nesting)
        r = overview_nested(walk, &look.container, name, look.running, look.summary.rootfs_path, out);
    return r;
}

int overview_walk(const struct overview_walk *walk, struct overview *out, struct error *err)
{
    cleanup_container_list struct container_list list = {0};
    const struct overview_request *request = walk->request;
    bool active_only = request->active_only || request->frozen;
    cleanup_fd int directory = open(walk->lxcpath, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (!active_only && reads_stopped(request))
        r = container_list_read_names(walk->lxcpath, &list, err);
    else
        r = container_list_read(walk->lxcpath, active_only, &list, err);
    for (size_t i = 0; r == 0 && i < list.count; i++)
        if (container_is_wanted(request, &list.items[i])) {
            r = container_read_row(walk, directory, &list.items[i], out);
            if (r < 0)
                error_set(err, r, "cannot list the containers in %s", walk->lxcpath);
        }
    return r;
}

int overview_read(const char *lxcpath, const struct overview_request *request, struct overview *out,
                  struct error *err)
{
    struct config_includes includes = {0};
    const struct overview_walk walk = {.request = request, .includes = &includes, .lxcpath = lxcpath};
    int r = overview_walk(&walk, out, err);

    string_list_clear(&includes.items);
    return r;
}
