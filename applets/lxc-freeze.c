/* lxc-freeze: suspend all processes of a container. See lxc-freeze.1. */
#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/run/freeze.h"

static int lxc_freeze_run(struct invocation *in, struct error *err)
{
    struct container c;
    int r = container_select(in->options, in, &c, err);

    return r < 0 ? r : container_freeze(&c, true, err);
}

APPLET(lxc_freeze, .name = "lxc-freeze", .summary = "Suspend all processes of a container",
       .usage = "[-n] NAME", .options = container_config_table,
       .options_size = sizeof(struct container_options), .run = lxc_freeze_run);
