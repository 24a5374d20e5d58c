/* lxc-unfreeze: resume all processes of a frozen container. See lxc-unfreeze.1. */
#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/run/freeze.h"

static int lxc_unfreeze_run(struct invocation *in, struct error *err)
{
    struct container c;
    int r = container_select(in->options, in, &c, err);

    return r < 0 ? r : container_freeze(&c, false, err);
}

APPLET(lxc_unfreeze, .name = "lxc-unfreeze", .summary = "Resume all processes of a frozen container",
       .usage = "[-n] NAME", .options = container_config_table,
       .options_size = sizeof(struct container_options), .run = lxc_unfreeze_run);
