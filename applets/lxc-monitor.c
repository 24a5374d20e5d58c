/* lxc-monitor: print the state changes of containers. See lxc-monitor.1. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/pattern.h"
#include "core/command/monitord.h"

struct lxc_monitor_options {
    struct container_options container;
    struct string_list lxcpaths;
    bool quit;
};

static const struct option_row lxc_monitor_table[] = {
    OPT_FLAG('Q', "quit", struct lxc_monitor_options, quit,
             "stop the process that distributes state changes to each lxc-monitor"),
    OPT_LIST('P', "lxcpath", "DIR", struct lxc_monitor_options, lxcpaths,
             "a directory of containers to monitor (may be repeated)"),
    OPT_GROUP(container_other_table, struct lxc_monitor_options, container),
    OPT_END,
};

static int print_message(const regex_t *names, struct state_message *m, struct error *err)
{
    m->name[sizeof(m->name) - 1] = '\0';
    if (regexec(names, m->name, 0, NULL, 0) != 0)
        return 0;
    if (m->type == MESSAGE_EXIT_STATUS)
        printf("'%s' exited with status [%d]\n", m->name, WEXITSTATUS(m->value));
    else if (m->type == 0 && state_name(m->value))
        printf("'%s' changed state to [%s]\n", m->name, state_name(m->value));
    return fflush(stdout) == 0 ? 0 : error_set(err, errno, "cannot write to standard output");
}

/* One connection per directory. The process at its other end may exit, as lxc-monitord does on request. */
static int monitor_follow(char *const *lxcpaths, size_t count, const regex_t *names, struct error *err)
{
    struct pollfd polled[count];
    int r = 0;

    for (size_t i = 0; r >= 0 && i < count; i++)
        polled[i] = (struct pollfd){.fd = r = monitord_open(lxcpaths[i], err), .events = POLLIN};
    while (r >= 0) {
        if (poll(polled, count, -1) < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for changes");
        for (size_t i = 0; r >= 0 && i < count; i++) {
            struct state_message message;

            if (!polled[i].revents)
                continue;
            if (read_all(polled[i].fd, &message, sizeof(message)) == sizeof(message)) {
                r = print_message(names, &message, err);
                continue;
            }
            close(polled[i].fd);
            polled[i].fd = r = monitord_open(lxcpaths[i], err);
        }
    }
    return r;
}

/* Resolve the directories to the names that the containers' monitors use. */
static int monitor_resolve_paths(struct lxc_monitor_options *o, struct invocation *in,
                                 struct string_list *out, struct error *err)
{
    size_t i = 0;
    int r = 0;

    do {
        const char *path;

        o->container.lxcpath = o->lxcpaths.count ? o->lxcpaths.items[i] : NULL;
        r = container_select_path(&o->container, in, &path, err);
        if (r == 0 && string_list_add(out, path) < 0)
            r = error_set(err, ENOMEM, "cannot monitor the containers");
    } while (r == 0 && ++i < o->lxcpaths.count);
    return r;
}

static int lxc_monitor_run(struct invocation *in, struct error *err)
{
    struct lxc_monitor_options *o = in->options;
    cleanup_string_list struct string_list lxcpaths = {0};
    cleanup_free char *pattern = NULL;
    const char *name = o->container.name ? o->container.name : in->argc ? in->argv[0] : ".*";
    cleanup_regex regex_t names = {0};
    int r;

    in->operands_max = o->container.name || o->quit ? 0 : 1;
    r = monitor_resolve_paths(o, in, &lxcpaths, err);
    for (size_t i = 0; o->quit && r == 0 && i < lxcpaths.count; i++)
        r = monitord_quit(lxcpaths.items[i], err);
    if (r < 0 || o->quit)
        return r;
    pattern = format_string("^(%s)$", name);
    if (!pattern)
        return error_set(err, ENOMEM, "cannot monitor the containers");
    /* Without the parentheses first: "a)|(b" is not a valid expression. */
    r = pattern_compile(&names, name, err);
    regfree(&names);
    names = (regex_t){0};
    if (r == 0)
        r = pattern_compile(&names, pattern, err);
    return r == 0 ? monitor_follow(lxcpaths.items, lxcpaths.count, &names, err) : r;
}

APPLET(lxc_monitor, .name = "lxc-monitor", .summary = "Print the state changes of containers",
       .usage = "[[-n] REGEX] [-P DIR]... | -Q [-P DIR]...", .options = lxc_monitor_table,
       .options_size = sizeof(struct lxc_monitor_options), .run = lxc_monitor_run);
