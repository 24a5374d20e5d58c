/* rmmod: remove kernel modules. See rmmod.1. */
#include <errno.h>

#include "applets/cli/applet.h"
#include "core/boot/modules.h"

struct rmmod_options {
    bool force;
};

static const struct option_row rmmod_table[] = {
    OPT_FLAG('f', "force", struct rmmod_options, force, "also a module in use, if the kernel allows it"),
    OPT_END,
};

static int rmmod_run(struct invocation *in, struct error *err)
{
    const struct rmmod_options *o = in->options;
    int r = in->argc ? 0 : error_text(err, EINVAL, "no module is given");

    for (int i = 0; i < in->argc && r == 0; i++)
        r = module_remove(in->argv[i], o->force, err);
    return r;
}

APPLET(rmmod, .name = "rmmod", .summary = "Remove kernel modules", .usage = "[-f] MODULE...",
       .options = rmmod_table, .options_size = sizeof(struct rmmod_options), .unlinked = true,
       .run = rmmod_run);
