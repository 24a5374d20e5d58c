/* lxc-device: add a device to a running container, or remove it. See lxc-device.1. */
#include <errno.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/run/device.h"

struct lxc_device_options {
    struct container_options container;
};

static const struct option_row lxc_device_table[] = {
    OPT_GROUP(container_config_table, struct lxc_device_options, container),
    OPT_END,
};

static int lxc_device_run(struct invocation *in, struct error *err)
{
    const struct lxc_device_options *o = in->options;
    const char *device, *as;
    struct container c;
    bool add;
    int r;

    r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    add = in->argc > 0 && strcmp(in->argv[0], "add") == 0;
    if (in->argc < 2 || in->argc > 3 || (!add && strcmp(in->argv[0], "del") != 0)) {
        error_text(err, EINVAL, "the arguments are \"add DEVICE [NAME]\" or \"del DEVICE [NAME]\"");
        return error_remedy(err, "for example: lxc-device -n %s add /dev/ttyUSB0", c.name);
    }
    device = in->argv[1];
    as = in->argc == 3 ? in->argv[2] : device;
    r = container_has_link(&c, device, !add, err);
    if (r < 0)
        return r;
    return r ? container_device_link(&c, device, as, add, err)
             : container_device_node(&c, device, as, add, err);
}

APPLET(lxc_device, .name = "lxc-device", .summary = "Add a device to a running container, or remove it",
       .usage = "[-n] NAME [OPTION]... add|del DEVICE [NAME]", .options = lxc_device_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_device_options),
       .run = lxc_device_run);
