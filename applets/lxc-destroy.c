/* lxc-destroy: remove a container. See lxc-destroy.1. */
#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/run/stop.h"
#include "core/storage/destroy.h"
#include "core/storage/list.h"

struct lxc_destroy_options {
    struct container_options container;
    bool force, snapshots;
};

static const struct option_row lxc_destroy_table[] = {
    OPT_FLAG('f', "force", struct lxc_destroy_options, force, "kill the container first if it is running"),
    OPT_FLAG('s', "snapshots", struct lxc_destroy_options, snapshots,
             "also destroy its snapshots and the copies that depend on it"),
    OPT_GROUP(container_config_table, struct lxc_destroy_options, container),
    OPT_END,
};

static int lxc_destroy_run(struct invocation *in, struct error *err)
{
    const struct lxc_destroy_options *o = in->options;
    struct container c;
    int r = container_select(&o->container, in, &c, err);

    if (r == 0 && o->force && container_is_defined(&c)) {
        r = container_kill(&c, err);
        if (r == 0 && !container_is_defined(&c)) /* lxc.ephemeral = 1: its monitor removed it */
            return 0;
    }
    return r == 0 ? container_destroy(&c, o->snapshots, err) : r;
}

APPLET(lxc_destroy, .name = "lxc-destroy", .summary = "Remove a container", .usage = "[-n] NAME [OPTION]...",
       .options = lxc_destroy_table, .options_size = sizeof(struct lxc_destroy_options),
       .run = lxc_destroy_run);
