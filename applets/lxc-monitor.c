/* lxc-monitor: tell of every change of the containers' states. See lxc-monitor.1. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/base/applet.h"
#include "core/base/cleanup.h"
#include "core/base/pattern.h"
#include "core/cgroup/layout.h"
#include "core/container.h"
#include "core/run/command_client.h"
#include "core/storage/list.h"

#define FOLLOWED_MAX 4096
#define EVERY_STATE  ((1u << STATE_COUNT) - 1)

struct lxc_monitor_options {
    struct container_options container;
    bool quit;
};

static const struct option_row lxc_monitor_table[] = {
    OPT_FLAG('Q', "quit", struct lxc_monitor_options, quit,
             "end; there is no daemon that would have to be told to, as in LXC"),
    OPT_GROUP(container_options_table, struct lxc_monitor_options, container),
    OPT_END,
};

/* A container that runs. */
struct followed {
    char *name;
    int state, subscription;
};

struct monitor {
    const char *lxcpath;
    struct regex names;
    struct followed *items;
    size_t count;
    int starts; /* inotify: something is being started */
};

static void tell(const struct followed *f)
{
    printf("'%s' changed state to [%s]\n", f->name, state_name(f->state));
    fflush(stdout);
}

/*
 * A subscription ends with the change that it tells. The next one begins with the present state where that is
 * another one already, so the last state is never missed. False when the container has gone.
 */
static bool follow_on(const struct monitor *m, struct followed *f)
{
    const struct container c = {f->name, m->lxcpath};

    for (;;) {
        int state = command_subscribe(&c, EVERY_STATE & ~(1u << f->state), false, &f->subscription, NULL);

        if (state == STATE_COUNT)
            return true;
        if (state >= 0) {
            f->state = state;
            tell(f);
        }
        if (state <= STATE_STOPPED)
            return false;
    }
}

static void forget(struct monitor *m, size_t index)
{
    close_fd(&m->items[index].subscription);
    free(m->items[index].name);
    m->items[index] = m->items[--m->count];
}

static bool is_followed(const struct monitor *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->items[i].name, name) == 0)
            return true;
    return false;
}

/* Take up those that run and are not followed yet. `announce`: what they came to is news. */
static int look_around(struct monitor *m, bool announce, struct error *err)
{
    cleanup_container_list struct container_list list = {0};
    int r = container_list_read(m->lxcpath, true, &list, err);

    for (size_t i = 0; r == 0 && i < list.count; i++) {
        const char *name = list.items[i].name;
        const struct container c = {name, m->lxcpath};
        struct followed *f = &m->items[m->count];

        if (regex_match(&m->names, name) <= 0 || is_followed(m, name) || m->count == FOLLOWED_MAX)
            continue;
        *f = (struct followed){strdup(name), command_state(&c, NULL), -1};
        if (!f->name)
            return error_set(err, ENOMEM, "cannot follow %s", name);
        m->count++;
        if (f->state > STATE_STOPPED && announce)
            tell(f);
        if (f->state <= STATE_STOPPED || !follow_on(m, f))
            forget(m, m->count - 1);
    }
    return r;
}

static void read_change(struct monitor *m, size_t index)
{
    struct followed *f = &m->items[index];
    int state = command_wait(f->subscription, 0, NULL);

    close_fd(&f->subscription);
    if (state >= 0) {
        f->state = state;
        tell(f);
    }
    if (state <= STATE_STOPPED || !follow_on(m, f))
        forget(m, index);
}

/* Who starts makes cgroups, by LXC and by us; its command socket listens by then. */
static int watch_starts(struct error *err)
{
    cleanup_cgroup_mounts struct cgroup_mounts mounts = {0};
    cleanup_fd int starts = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    int r = cgroup_layout_read(false, NULL, &mounts, NULL, err), watches = 0;

    for (size_t i = 0; r == 0 && i < mounts.count; i++) {
        char path[48];

        snprintf(path, sizeof(path), "/proc/self/fd/%d", mounts.items[i].base_fd);
        watches += inotify_add_watch(starts, path, IN_CREATE | IN_ONLYDIR) >= 0;
    }
    if (r < 0 || watches > 0)
        return r < 0 ? r : take_fd(&starts);
    error_set(err, errno, "cannot watch for containers that start");
    return error_remedy(err, "the host needs a cgroup hierarchy that is mounted");
}

static int run(struct monitor *m, struct error *err)
{
    cleanup_free struct pollfd *polled = calloc(FOLLOWED_MAX + 1, sizeof(*polled));
    char events[4096];
    int r = look_around(m, false, err);

    if (!polled)
        return error_set(err, ENOMEM, "cannot follow the containers");
    while (r == 0) {
        size_t count = m->count;

        polled[0] = (struct pollfd){m->starts, POLLIN, 0};
        for (size_t i = 0; i < count; i++)
            polled[i + 1] = (struct pollfd){m->items[i].subscription, POLLIN, 0};
        if (poll(polled, count + 1, -1) < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for changes");
        /* From the end: what is forgotten gives its place to the last one. */
        for (size_t i = count; i-- > 0;)
            if (polled[i + 1].revents)
                read_change(m, i);
        if (polled[0].revents) {
            while (read(m->starts, events, sizeof(events)) > 0)
                continue;
            r = look_around(m, true, err);
        }
    }
    return r;
}

static int lxc_monitor_run(struct invocation *in, struct error *err)
{
    struct lxc_monitor_options *o = in->options;
    cleanup_free char *pattern = NULL;
    struct monitor m = {.starts = -1};
    const char *name = o->container.name ? o->container.name : in->argc ? in->argv[0] : ".*";
    int r = container_select_path(&o->container, in, &m.lxcpath, err);

    if (r < 0 || o->quit)
        return r;
    pattern = format_string("^(%s)$", name);
    m.items = calloc(FOLLOWED_MAX, sizeof(*m.items));
    if (!pattern || !m.items)
        return error_set(err, ENOMEM, "cannot follow the containers");
    /* Alone first, for what is said of it. */
    r = regex_compile(&m.names, name, err);
    regex_free(&m.names);
    if (r == 0)
        r = regex_compile(&m.names, pattern, err);
    if (r == 0)
        r = m.starts = watch_starts(err);
    if (r >= 0)
        r = run(&m, err);
    while (m.count)
        forget(&m, m.count - 1);
    close_fd(&m.starts);
    regex_free(&m.names);
    free(m.items);
    return r;
}

APPLET(lxc_monitor, .name = "lxc-monitor", .summary = "Tell of every change of the containers' states",
       .usage = "[[-n] REGEX] [-P DIR]", .options = lxc_monitor_table,
       .options_size = sizeof(struct lxc_monitor_options), .run = lxc_monitor_run);
