/* lxc-execute: run a command in a new container, under a small init. See lxc-execute.1. */
#include <stdio.h>

#include "applets/cli/applet.h"
#include "applets/cli/config_options.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/config/load.h"
#include "core/monitor/start.h"
#include "core/storage/destroy.h"

struct lxc_execute_options {
    struct container_options container;
    bool daemon;
    const char *uid, *gid;
    struct config_options config;
    struct string_list environment;
};

static const struct option_row lxc_execute_table[] = {
    OPT_FLAG('d', "daemon", struct lxc_execute_options, daemon, "run in the background"),
    OPT_STRING('f', "rcfile", "FILE", struct lxc_execute_options, container.rcfile,
               "use this configuration instead of the container's"),
    OPT_STRING('u', "uid", "UID", struct lxc_execute_options, uid, "run as this user of the container"),
    OPT_STRING('g', "gid", "GID", struct lxc_execute_options, gid, "run as this group of the container"),
    OPT_LIST(0, "environment", "NAME=VALUE", struct lxc_execute_options, environment,
             "set an environment variable"),
    OPT_GROUP(config_options_table, struct lxc_execute_options, config),
    OPT_GROUP(container_options_table, struct lxc_execute_options, container),
    OPT_REST("the command"),
    OPT_END,
};

static int config_add_options(const struct lxc_execute_options *o, struct config *config, struct error *err)
{
    int r = config_options_share(&o->config, config, err);

    if (r == 0 && o->uid)
        r = config_set(config, "lxc.init.uid", o->uid, "command line", err);
    if (r == 0 && o->gid)
        r = config_set(config, "lxc.init.gid", o->gid, "command line", err);
    for (size_t i = 0; r == 0 && i < o->environment.count; i++)
        r = config_set(config, "lxc.environment", o->environment.items[i], "command line", err);
    return r;
}

static int lxc_execute_run(struct invocation *in, struct error *err)
{
    const struct lxc_execute_options *o = in->options;
    const struct config_source source = {.missing_ok = true, .defines = &o->config.defines};
    cleanup_config struct config config;
    struct start_options start = {
        .remove = container_remove_ephemeral, .execute = true, .foreground = !o->daemon};
    struct container c;
    int r;

    config_init(&config);
    r = container_select(&o->container, in, &c, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r == 0)
        r = config_add_options(o, &config, err);
    if (r < 0)
        return r;
    start.argv = in->argc ? in->argv : NULL;
    if (!start.argv && !config.execute_cmd) {
        error_text(err, EINVAL, "no command to run in %s", c.name);
        return error_remedy(err, "give a command after --, or set lxc.execute.cmd");
    }
    r = container_start(&c, &config, &start, err);
    return r < 0 ? error_name(err, c.name) : r;
}

APPLET(lxc_execute, .name = "lxc-execute", .summary = "Run a command in a new container",
       .usage = "[-n] NAME [OPTION]... [-- COMMAND [ARGUMENT]...]", .options = lxc_execute_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_execute_options), .sealed = true,
       .run = lxc_execute_run);
