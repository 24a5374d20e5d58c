/* lxc-wait: wait until a container is in one of several states. See lxc-wait.1. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/command/command_client.h"

struct lxc_wait_options {
    struct container_options container;
    const char *states;
    const char *timeout;
};

static const struct option_row lxc_wait_table[] = {
    OPT_STRING('s', "state", "STATE[|STATE]...", struct lxc_wait_options, states,
               "the states to wait for: STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN"),
    OPT_STRING('t', "timeout", "SECONDS", struct lxc_wait_options, timeout,
               "give up after this time; -1: never (-1)"),
    OPT_GROUP(container_config_table, struct lxc_wait_options, container),
    OPT_END,
};

static int states_read(const char *text, unsigned *states, struct error *err)
{
    cleanup_free char *words = strdup(text);

    *states = 0;
    if (!words)
        return error_set(err, ENOMEM, "cannot read the states");
    for (char *rest = words, *word; (word = strsep(&rest, "|"));) {
        int state = state_parse(word, err);
        if (state < 0)
            return state;
        *states |= 1u << state;
    }
    return 0;
}

/* The time left until the deadline, or -1 for none, as for poll(2). */
static int deadline_left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_monotonic_ms();

    return deadline_ms < 0 ? -1 : left > 0 ? (int)left : 0;
}

static int state_wait(const struct container *c, unsigned states, int64_t deadline_ms, struct error *err)
{
    const struct timespec pause = {0, 20000000};

    for (;;) {
        cleanup_fd int subscription = -1;
        int r = command_subscribe(c, states, false, &subscription, err);

        if (r == STATE_COUNT)
            r = command_wait(subscription, deadline_left_ms(deadline_ms), err);
        if (r >= 0 && (states >> r) & 1)
            return 0;
        /* No monitor can be subscribed to before the container starts, and after it has stopped. */
        if (r < 0 && r != -ENOTCONN)
            return r;
        if (deadline_left_ms(deadline_ms) == 0)
            return error_text(err, ETIMEDOUT, "%s did not reach that state in time", c->name);
        nanosleep(&pause, NULL);
    }
}

static int lxc_wait_run(struct invocation *in, struct error *err)
{
    const struct lxc_wait_options *o = in->options;
    struct container c;
    int64_t seconds = -1;
    unsigned states;
    int r;

    if (!o->states) {
        error_text(err, EINVAL, "no state to wait for");
        return error_remedy(err, "name one with -s, as in -s RUNNING");
    }
    if (o->timeout && parse_int64(o->timeout, 10, -1, INT_MAX / 1000, &seconds) < 0)
        return error_text(err, EINVAL, "-t takes a number of seconds, or -1, not \"%s\"", o->timeout);
    r = states_read(o->states, &states, err);
    if (r == 0)
        r = container_select(&o->container, in, &c, err);
    return r < 0 ? r : state_wait(&c, states, seconds < 0 ? -1 : clock_monotonic_ms() + seconds * 1000, err);
}

APPLET(lxc_wait, .name = "lxc-wait", .summary = "Wait until a container is in one of several states",
       .usage = "[-n] NAME -s STATE[|STATE]... [-t SECONDS]", .options = lxc_wait_table,
       .options_size = sizeof(struct lxc_wait_options), .run = lxc_wait_run);
