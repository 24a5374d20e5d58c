/* lxc-stop: shut a container down, reboot it, or kill it. See lxc-stop.1. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/command/command_client.h"
#include "core/run/stop.h"

#define NOT_RUNNING 2 /* exit status */

struct lxc_stop_options {
    struct container_options container;
    bool reboot, nowait, kill, nokill, nolock;
    const char *timeout;
};

static const struct option_row lxc_stop_table[] = {
    OPT_FLAG('r', "reboot", struct lxc_stop_options, reboot, "reboot the container"),
    OPT_FLAG('W', "nowait", struct lxc_stop_options, nowait,
             "do not wait for the container to stop or reboot"),
    OPT_STRING('t', "timeout", "SECONDS", struct lxc_stop_options, timeout,
               "kill the container after this time; -1: never (60)"),
    OPT_FLAG('k', "kill", struct lxc_stop_options, kill, "kill the container at once"),
    OPT_FLAG(0, "nokill", struct lxc_stop_options, nokill, "do not kill the container after the timeout"),
    OPT_FLAG(0, "nolock", struct lxc_stop_options, nolock,
             "with -k: accepted for compatibility; there are no locks to avoid"),
    OPT_GROUP(container_config_table, struct lxc_stop_options, container),
    OPT_END,
};

/* Read the timeout in seconds; -1: wait indefinitely. */
static int stop_read_timeout(const struct lxc_stop_options *o, int *seconds, struct error *err)
{
    int64_t number = 60;

    if (o->timeout && parse_int64(o->timeout, 10, -1, INT_MAX / 1000, &number) < 0)
        return error_text(err, EINVAL, "-t takes a number of seconds, or -1, not \"%s\"", o->timeout);
    *seconds = o->nowait ? 0 : (int)number;
    return 0;
}

static int stop_check_options(const struct lxc_stop_options *o, int seconds, struct error *err)
{
    if (o->kill && o->nokill)
        return error_text(err, EINVAL, "-k and --nokill exclude each other");
    if (o->kill && o->reboot)
        return error_text(err, EINVAL, "-k and -r exclude each other");
    if (o->kill && o->timeout && seconds != 0)
        return error_text(err, EINVAL, "-k and -t exclude each other: -k does not wait");
    if (o->nolock && !o->kill)
        return error_text(err, EINVAL, "--nolock requires -k");
    return 0;
}

static void stop_print_line(const char *line)
{
    fprintf(stderr, "lxc-stop: %s\n", line);
}

static int lxc_stop_run(struct invocation *in, struct error *err)
{
    const struct lxc_stop_options *o = in->options;
    stop_report *report = o->container.quiet ? NULL : stop_print_line;
    struct container c;
    int seconds = 0, timeout_ms, r;

    r = stop_read_timeout(o, &seconds, err);
    if (r == 0)
        r = stop_check_options(o, seconds, err);
    if (r == 0)
        r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    timeout_ms = seconds > 0 ? seconds * 1000 : seconds;
    r = o->kill ? command_stop(&c, err) : command_init_pid(&c, NULL, err);
    if (r == -ENOTCONN) {
        char text[sizeof(struct error)];
        if (!o->container.quiet)
            fprintf(stderr, "%s: %s\n", in->applet,
                    container_is_defined(&c) ? err->text /* starting it is not a remedy here */
                                             : error_format(err, text, sizeof(text)));
        return NOT_RUNNING;
    }
    if (r < 0 || o->kill)
        return r;
    if (o->reboot)
        return container_reboot(&c, timeout_ms, report, err);
    r = container_shutdown(&c, timeout_ms, report, err);
    if (r == -ENOTCONN) /* it has stopped meanwhile */
        return 0;
    if (r != -ETIMEDOUT || o->nokill)
        return r;
    if (report)
        fprintf(stderr, "%s: %s: killing it\n", in->applet, err->text);
    error_clear(err);
    return container_kill(&c, err);
}

APPLET(lxc_stop, .name = "lxc-stop", .summary = "Shut a container down, reboot it, or kill it",
       .usage = "[-n] NAME [OPTION]...", .options = lxc_stop_table,
       .options_size = sizeof(struct lxc_stop_options), .run = lxc_stop_run);
