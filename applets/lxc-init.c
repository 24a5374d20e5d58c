/* lxc-init: the small init of lxc-execute. See lxc-init.1. */
#include <errno.h>

#include "applets/cli/applet.h"
#include "core/spawn/execute.h"

struct lxc_init_options {
    const char *name;
    bool forward;
};

static const struct option_row lxc_init_table[] = {
    OPT_STRING('n', "name", "NAME", struct lxc_init_options, name,
               "the container's name, shown in the list of processes"),
    OPT_FLAG(0, "forward", struct lxc_init_options, forward,
             "pass SIGTERM and SIGPWR on to the command, too, and end with it"),
    OPT_END,
};

static int lxc_init_run(struct invocation *in, struct error *err)
{
    const struct lxc_init_options *o = in->options;

    if (in->argc == 0) {
        error_text(err, EINVAL, "no command to run");
        return error_remedy(err, "give a command after --");
    }
    return execute_init_loop(in->argv, o->forward);
}

APPLET(lxc_init, .name = "lxc-init", .summary = "Run a command under a small init",
       .usage = "[-n NAME] [--forward] -- COMMAND [ARGUMENT]...", .options = lxc_init_table,
       .options_size = sizeof(struct lxc_init_options), .stop_at_operand = true, .run = lxc_init_run);
