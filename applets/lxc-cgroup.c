/* lxc-cgroup: read or set a value of a container's cgroups. See lxc-cgroup.1. */
#include <errno.h>
#include <stdio.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/run/device.h"

struct lxc_cgroup_options {
    struct container_options container;
};

static const struct option_row lxc_cgroup_table[] = {
    OPT_GROUP(container_config_table, struct lxc_cgroup_options, container),
    OPT_END,
};

static int lxc_cgroup_run(struct invocation *in, struct error *err)
{
    const struct lxc_cgroup_options *o = in->options;
    cleanup_free char *value = NULL;
    struct container c;
    int r = container_select(&o->container, in, &c, err);

    if (r < 0)
        return r;
    if (!in->argc) {
        error_text(err, EINVAL, "no cgroup file given");
        return error_remedy(err, "for example: lxc-cgroup -n %s memory.max 100M", c.name);
    }
    if (in->argc == 2)
        return container_set_cgroup(&c, in->argv[0], in->argv[1], err);
    r = container_get_cgroup(&c, in->argv[0], &value, err);
    if (r < 0)
        return r;
    /* The value ends in a newline; LXC adds another one. */
    return printf("%s\n", value) < 0 || fflush(stdout) < 0 ? error_set(err, errno, "cannot print") : 0;
}

APPLET(lxc_cgroup, .name = "lxc-cgroup", .summary = "Read or set a value of a container's cgroups",
       .usage = "[-n] NAME [OPTION]... FILE [VALUE]", .options = lxc_cgroup_table, .operands_max = 2,
       .options_size = sizeof(struct lxc_cgroup_options), .run = lxc_cgroup_run);
