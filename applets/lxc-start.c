/* lxc-start: start a container. See lxc-start.1. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/config_options.h"
#include "applets/cli/container_options.h"
#include "applets/start_notes.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/config/load.h"
#include "core/monitor/start.h"
#include "core/storage/destroy.h"

struct lxc_start_options {
    struct container_options container;
    int foreground;
    bool close_all;
    const char *console, *console_log, *pidfile;
    struct config_options config;
};

static const struct option_row lxc_start_table[] = {
    OPT_SET('d', "daemon", struct lxc_start_options, foreground, 0, "run in the background (the default)"),
    OPT_SET('F', "foreground", struct lxc_start_options, foreground, 1,
            "stay in the foreground, with this terminal as the console"),
    OPT_STRING('p', "pidfile", "FILE", struct lxc_start_options, pidfile, "write the monitor's pid to FILE"),
    OPT_STRING('f', "rcfile", "FILE", struct lxc_start_options, container.rcfile,
               "use this configuration instead of the container's"),
    OPT_STRING('c', "console", "FILE", struct lxc_start_options, console,
               "use FILE (a terminal, a file, or \"none\") as the console"),
    OPT_STRING('L', "console-log", "FILE", struct lxc_start_options, console_log,
               "append the output of the console to FILE"),
    OPT_FLAG('C', "close-all-fds", struct lxc_start_options, close_all,
             "close inherited file descriptors (the container never gets them)"),
    OPT_GROUP(config_options_table, struct lxc_start_options, config),
    OPT_GROUP(container_options_table, struct lxc_start_options, container),
    OPT_REST("the command"),
    OPT_END,
};

/* The monitor does not stay in the directory of the caller. NULL with `err` filled. */
static char *file_absolute(const char *file, struct error *err)
{
    cleanup_free char *here = *file == '/' ? NULL : getcwd(NULL, 0);
    char *absolute = *file == '/' ? strdup(file) : here ? format_string("%s/%s", here, file) : NULL;

    if (!absolute)
        error_set(err, here || *file == '/' ? ENOMEM : errno, "cannot find the directory of %s", file);
    return absolute;
}

static int config_set_file(struct config *config, const char *key, const char *file, struct error *err)
{
    cleanup_free char *absolute = file_absolute(file, err);

    return absolute ? config_set(config, key, absolute, "command line", err) : err->code;
}

static int config_add_options(const struct lxc_start_options *o, struct config *config, struct error *err)
{
    int r = config_options_share(&o->config, config, err);

    if (r == 0 && o->console && strcmp(o->console, "none") == 0)
        r = config_set(config, "lxc.console.path", o->console, "command line", err);
    else if (r == 0 && o->console)
        r = config_set_file(config, "lxc.console.path", o->console, err);
    if (r == 0 && o->console_log)
        r = config_set_file(config, "lxc.console.logfile", o->console_log, err);
    return r;
}

static int lxc_start_run(struct invocation *in, struct error *err)
{
    const struct lxc_start_options *o = in->options;
    const struct config_source source = {.missing_ok = o->config.defines.count > 0,
                                         .defines = &o->config.defines};
    cleanup_config struct config config;
    struct start_options start = {
        .remove = container_remove_ephemeral, .foreground = o->foreground, .close_inherited = o->close_all};
    cleanup_free char *pidfile = o->pidfile ? file_absolute(o->pidfile, err) : NULL;
    struct container c;
    int ended_status = -1, r;

    config_init(&config);
    if (o->pidfile && !pidfile)
        return err->code;
    start.pidfile = pidfile;
    start.ended_status = &ended_status;
    r = container_select(&o->container, in, &c, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r == 0)
        r = config_add_options(o, &config, err);
    if (r < 0)
        return r;
    if (in->argc)
        start.argv = in->argv;
    r = container_start(&c, &config, &start, err);
    if (r == -EALREADY) { /* as with LXC, not a failure: the container runs */
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
        return 0;
    }
    if (r == 0)
        start_note_print(in->applet, &c, &config, ended_status, o->container.quiet);
    return r < 0 ? error_name(err, c.name) : r;
}

APPLET(lxc_start, .name = "lxc-start", .summary = "Start a container",
       .usage = "[-n] NAME [OPTION]... [-- COMMAND [ARGUMENT]...]", .options = lxc_start_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_start_options), .sealed = true,
       .run = lxc_start_run);
