/* lxc-init: the small init that lxc-execute puts around its command. See lxc-init.1. */
#include <errno.h>

#include "applets/cli/applet.h"
#include "core/spawn/execute.h"

struct lxc_init_options {
    const char *name;
};

static const struct option_row lxc_init_table[] = {
    OPT_STRING('n', "name", "NAME", struct lxc_init_options, name,
               "the container's name, for who looks at it"),
    OPT_END,
};

static int lxc_init_run(struct invocation *in, struct error *err)
{
    if (in->argc == 0) {
        error_text(err, EINVAL, "no command to run");
        return error_remedy(err, "give one after --");
    }
    return execute_init_loop(in->argv);
}

APPLET(lxc_init, .name = "lxc-init", .summary = "Run a command as the first process of a container would",
       .usage = "[-n NAME] -- COMMAND [ARGUMENT]...", .options = lxc_init_table,
       .options_size = sizeof(struct lxc_init_options), .stop_at_operand = true, .run = lxc_init_run);
