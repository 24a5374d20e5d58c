/* lxc-autostart: start, reboot or stop the containers that have lxc.start.auto set. See lxc-autostart.1. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "applets/start_notes.h"
#include "core/base/cleanup.h"
#include "core/config/load.h"
#include "core/config/summary.h"
#include "core/monitor/start.h"
#include "core/run/stop.h"
#include "core/storage/destroy.h"
#include "core/storage/list.h"

#define SOME_FAILED 2 /* exit status */

struct lxc_autostart_options {
    struct container_options container;
    bool reboot, shutdown, kill, list, all, ignore_auto;
    struct string_list groups;
    const char *timeout;
};

static const struct option_row lxc_autostart_table[] = {
    OPT_FLAG('r', "reboot", struct lxc_autostart_options, reboot, "reboot running containers"),
    OPT_FLAG('s', "shutdown", struct lxc_autostart_options, shutdown, "shut down running containers"),
    OPT_FLAG('k', "kill", struct lxc_autostart_options, kill, "kill running containers"),
    OPT_FLAG('L', "list", struct lxc_autostart_options, list,
             "only list the selected containers, each with its delay in seconds"),
    OPT_STRING('t', "timeout", "SECONDS", struct lxc_autostart_options, timeout,
               "with -s: kill a container after this time (60)"),
    OPT_LIST('g', "groups", "GROUP[,GROUP]...", struct lxc_autostart_options, groups,
             "containers of these groups, in this order; an empty name: those in no group (the default)"),
    OPT_FLAG('a', "all", struct lxc_autostart_options, all, "containers of any group, or of none"),
    OPT_FLAG('A', "ignore-auto", struct lxc_autostart_options, ignore_auto,
             "also containers without lxc.start.auto"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_autostart_options, container.lxcpath,
               "the directory of the containers"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_autostart_options, container.logfile,
               "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_autostart_options, container.loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_autostart_options, container.quiet,
             "print only errors on standard error"),
    OPT_END,
};

struct candidate {
    struct container container;
    struct config_summary settings;
    bool active, done;
};

struct candidates {
    struct candidate *items;
    size_t count;
};

static void candidates_free(struct candidates *c)
{
    for (size_t i = 0; i < c->count; i++)
        config_summary_free(&c->items[i].settings);
    free(c->items);
}

static int candidate_compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order_x = x->settings.start_order, order_y = y->settings.start_order;

    if (order_x != order_y)
        return order_x < order_y ? -1 : 1;
    return strcmp(x->container.name, y->container.name);
}

static int candidate_compare_reversed(const void *a, const void *b)
{
    return candidate_compare(b, a);
}

/* The names in `out` belong to `list`. */
static int candidates_read(const char *lxcpath, const struct container_list *list, struct candidates *out,
                           struct error *err)
{
    struct config_includes includes = {0};
    int r = 0;

    out->items = calloc(list->count + 1, sizeof(*out->items));
    if (!out->items)
        r = -ENOMEM;
    for (size_t i = 0; r == 0 && i < list->count; i++) {
        struct candidate *c = &out->items[out->count];
        cleanup_free char *path = NULL;

        if (!list->items[i].defined)
            continue;
        c->container = (struct container){.name = list->items[i].name, .lxcpath = lxcpath};
        c->active = list->items[i].active;
        out->count++;
        path = container_path(&c->container, "config");
        r = path ? config_summary_read(AT_FDCWD, path, &includes, &c->settings) : -ENOMEM;
        r = r == -ENOMEM ? r : 0; /* a configuration that cannot be read counts as without lxc.start.auto */
    }
    string_list_clear(&includes.items);
    return r < 0 ? error_set(err, r, "cannot read the containers of %s", lxcpath) : 0;
}

static int candidate_start(const struct candidate *candidate, const char *applet, bool quiet,
                           struct error *err)
{
    const struct config_source source = {0};
    int ended_status = -1, r;
    const struct start_options options = {.remove = container_remove_ephemeral,
                                          .ended_status = &ended_status};
    cleanup_config struct config config;

    config_init(&config);
    r = config_load(&candidate->container, &source, &config, err);
    if (r == 0)
        r = container_start(&candidate->container, &config, &options, err);
    if (r == 0)
        start_note_print(applet, &candidate->container, &config, ended_status, quiet);
    return r == -EALREADY ? 0 : r;
}

static int candidate_end(const struct lxc_autostart_options *o, const struct candidate *c, int timeout_ms,
                         struct error *err)
{
    int r = o->kill ? -ETIMEDOUT : container_shutdown(&c->container, timeout_ms, NULL, err);

    if (r == -ENOTCONN) /* it has stopped meanwhile */
        return 0;
    if (r < 0) {
        error_clear(err);
        r = container_kill(&c->container, err);
    }
    return r;
}

/* Start, reboot, stop or list one container, according to the options. */
static int candidate_act(const struct lxc_autostart_options *o, const char *applet, const struct candidate *c,
                         int timeout_ms, struct error *err)
{
    bool ends = o->shutdown || o->kill;
    int r;

    if (c->active != (ends || o->reboot))
        return 0;
    if (o->list) {
        if (ends)
            puts(c->container.name);
        else
            printf("%s %d\n", c->container.name, c->settings.start_delay_seconds);
        return 0;
    }
    if (ends)
        return candidate_end(o, c, timeout_ms, err);
    r = o->reboot ? container_reboot(&c->container, 0, NULL, err)
                  : candidate_start(c, applet, o->container.quiet, err);
    if (r == 0 && c->settings.start_delay_seconds > 0)
        sleep((unsigned)c->settings.start_delay_seconds);
    return r;
}

static bool candidate_is_selected(const struct lxc_autostart_options *o, const struct candidate *c,
                                  const char *group)
{
    if (c->done || (!o->ignore_auto && !c->settings.start_auto))
        return false;
    if (o->all)
        return true;
    return *group ? string_list_has(&c->settings.groups, group) : c->settings.groups.count == 0;
}

static size_t group_act(const struct lxc_autostart_options *o, const char *applet, struct candidates *all,
                        const char *group, int timeout_ms)
{
    size_t failed = 0;

    for (size_t i = 0; i < all->count; i++) {
        struct candidate *c = &all->items[i];
        struct error err = ERROR_INIT;
        char text[sizeof(struct error)];

        if (!candidate_is_selected(o, c, group))
            continue;
        c->done = true;
        if (candidate_act(o, applet, c, timeout_ms, &err) >= 0)
            continue;
        failed++;
        error_name(&err, c->container.name);
        fprintf(stderr, "%s: %s\n", applet, error_format(&err, text, sizeof(text)));
    }
    return failed;
}

static int groups_read(const struct lxc_autostart_options *o, struct string_list *groups, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && !o->all && i < o->groups.count; i++)
        for (char *rest = o->groups.items[i], *word; r == 0 && (word = strsep(&rest, ","));) {
            word += strspn(word, " ");
            word[strcspn(word, " ")] = '\0';
            r = string_list_add(groups, word);
        }
    if (r == 0 && groups->count == 0)
        r = string_list_add(groups, "");
    return r < 0 ? error_set(err, r, "cannot read the groups") : 0;
}

static int lxc_autostart_run(struct invocation *in, struct error *err)
{
    const struct lxc_autostart_options *o = in->options;
    __attribute__((cleanup(candidates_free))) struct candidates all = {0};
    cleanup_container_list struct container_list list = {0};
    cleanup_string_list struct string_list groups = {0};
    int64_t seconds = 60;
    const char *lxcpath;
    size_t failed = 0;
    int r;

    if (o->reboot + o->shutdown + o->kill > 1)
        return error_text(err, EINVAL, "-r, -s and -k exclude each other");
    if (in->argc)
        return error_text(
            err, EINVAL, "unexpected argument \"%s\": containers are selected by their settings, not by name",
            in->argv[0]);
    if (o->timeout && parse_int64(o->timeout, 10, -1, INT_MAX / 1000, &seconds) < 0)
        return error_text(err, EINVAL, "-t takes a number of seconds, or -1, not \"%s\"", o->timeout);
    r = container_select_path(&o->container, in, &lxcpath, err);
    if (r == 0)
        r = groups_read(o, &groups, err);
    if (r == 0)
        r = container_list_read(lxcpath, false, &list, err);
    if (r == 0)
        r = candidates_read(lxcpath, &list, &all, err);
    if (r < 0)
        return r;
    if (all.count)
        qsort(all.items, all.count, sizeof(*all.items),
              o->shutdown || o->kill ? candidate_compare_reversed : candidate_compare);
    for (size_t i = 0; i < groups.count; i++)
        failed += group_act(o, in->applet, &all, groups.items[i], seconds < 0 ? -1 : (int)seconds * 1000);
    return failed == 0 ? 0 : failed == all.count ? 1 : SOME_FAILED;
}

APPLET(lxc_autostart, .name = "lxc-autostart",
       .summary = "Start, reboot or stop the containers that have lxc.start.auto set", .usage = "[OPTION]...",
       .options = lxc_autostart_table, .options_size = sizeof(struct lxc_autostart_options), .sealed = true,
       .run = lxc_autostart_run);
