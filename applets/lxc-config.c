/* lxc-config: print the settings for all containers. See lxc-config.1 and lxc.system.conf(5). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "core/config/global.h"

struct lxc_config_options {
    bool list;
};

static const struct option_row lxc_config_table[] = {
    OPT_FLAG('l', "list", struct lxc_config_options, list, "list the items"),
    OPT_END,
};

static int lxc_config_print(const char *name, struct error *err)
{
    /* The first item that begins with the name, as in LXC. */
    for (const char *const *key = global_keys; *key; key++) {
        const char *value;

        if (!*name || !starts_with(*key, name))
            continue;
        value = global_item(*key);
        if (value && *value)
            puts(value);
        else
            printf("%s is not set.\n", name);
        return 0;
    }
    error_text(err, ENOENT, "there is no item \"%s\"", name);
    return error_remedy(err, "run lxc-config -l to list them");
}

static int lxc_config_run(struct invocation *in, struct error *err)
{
    const struct lxc_config_options *o = in->options;

    int r;

    in->operands_max = o->list ? 0 : 1;
    r = operands_check(in, err);
    if (r < 0)
        return r;
    if (o->list) {
        for (const char *const *key = global_keys; *key; key++)
            puts(*key);
        return 0;
    }
    if (!in->argc) {
        error_text(err, EINVAL, "no item to print");
        return error_remedy(err, "run lxc-config -l to list them");
    }
    return lxc_config_print(in->argv[0], err);
}

APPLET(lxc_config, .name = "lxc-config", .summary = "Print a setting for all containers",
       .usage = "-l | ITEM", .options = lxc_config_table, .options_size = sizeof(struct lxc_config_options),
       .run = lxc_config_run);
