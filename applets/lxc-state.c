/* lxc-state: print the state of a container. See lxc-state.1. */
#include <errno.h>
#include <stdio.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/command/command_client.h"
#include "core/storage/list.h"

static int lxc_state_run(struct invocation *in, struct error *err)
{
    struct container c;
    int r = container_select(in->options, in, &c, err);

    if (r == 0)
        r = command_state(&c, err);
    if (r < 0)
        return r;
    if (r == STATE_STOPPED && !container_is_defined(&c))
        return container_absent(&c, NULL, err);
    puts(state_name(r));
    return 0;
}

APPLET(lxc_state, .name = "lxc-state", .summary = "Print the state of a container", .usage = "[-n] NAME",
       .options = container_options_table, .options_size = sizeof(struct container_options),
       .run = lxc_state_run);
