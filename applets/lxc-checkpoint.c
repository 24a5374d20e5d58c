/* lxc-checkpoint: write a running container's processes to files, and restore them. See lxc-checkpoint.1. */
#include <errno.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/config/load.h"
#include "core/run/checkpoint.h"
#include "core/monitor/restore.h"
#include "core/monitor/start.h"
#include "core/storage/destroy.h"

struct lxc_checkpoint_options {
    struct container_options container;
    struct checkpoint_options checkpoint;
    bool restore, daemon, foreground;
};

static const struct option_row lxc_checkpoint_table[] = {
    OPT_STRING('D', "checkpoint-dir", "DIR", struct lxc_checkpoint_options, checkpoint.directory,
               "the directory of the checkpoint"),
    OPT_FLAG('s', "stop", struct lxc_checkpoint_options, checkpoint.stop,
             "stop the container after the checkpoint"),
    OPT_FLAG('p', "pre-dump", struct lxc_checkpoint_options, checkpoint.pre_dump,
             "write only the memory, as a base for a later checkpoint"),
    OPT_STRING(0, "predump-dir", "DIR", struct lxc_checkpoint_options, checkpoint.previous,
               "use the memory written to DIR (relative to that of -D)"),
    OPT_STRING('A', "action-script", "FILE", struct lxc_checkpoint_options, checkpoint.script,
               "a program that criu runs at each stage"),
    OPT_FLAG('v', "verbose", struct lxc_checkpoint_options, checkpoint.verbose, "make criu's log verbose"),
    OPT_FLAG('r', "restore", struct lxc_checkpoint_options, restore, "restore the container from DIR"),
    OPT_FLAG('d', "daemon", struct lxc_checkpoint_options, daemon,
             "with -r: run in the background (the default)"),
    OPT_FLAG('F', "foreground", struct lxc_checkpoint_options, foreground,
             "with -r: run in the foreground, on this terminal"),
    OPT_GROUP(container_config_table, struct lxc_checkpoint_options, container),
    OPT_END,
};

static int checkpoint_check_options(const struct lxc_checkpoint_options *o, struct error *err)
{
    if (!o->checkpoint.directory)
        return error_text(err, EINVAL, "no directory for the checkpoint: use -D DIR");
    if (o->restore && (o->checkpoint.stop || o->checkpoint.pre_dump || o->checkpoint.previous))
        return error_text(err, EINVAL, "-r excludes -s, -p and --predump-dir");
    if (!o->restore && (o->daemon || o->foreground))
        return error_text(err, EINVAL, "-d and -F require -r");
    if (o->daemon && o->foreground)
        return error_text(err, EINVAL, "-d and -F exclude each other");
    return 0;
}

static int lxc_checkpoint_run(struct invocation *in, struct error *err)
{
    const struct lxc_checkpoint_options *o = in->options;
    const struct config_source source = {0};
    const struct start_options start = {.remove = container_remove_ephemeral,
                                        .foreground = o->foreground,
                                        .restore = checkpoint_restore,
                                        .checkpoint = &o->checkpoint};
    cleanup_config struct config config;
    struct container c;
    int r;

    config_init(&config);
    r = container_select(&o->container, in, &c, err);
    if (r == 0)
        r = checkpoint_check_options(o, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r < 0)
        return r;
    if (!o->restore)
        return container_checkpoint(&c, &config, &o->checkpoint, err);
    r = container_start(&c, &config, &start, err);
    return r < 0 ? error_name(err, c.name) : r;
}

APPLET(lxc_checkpoint, .name = "lxc-checkpoint",
       .summary = "Write a running container's processes to files, and restore them, with criu",
       .usage = "[-n] NAME -D DIR [OPTION]...", .options = lxc_checkpoint_table,
       .options_size = sizeof(struct lxc_checkpoint_options), .sealed = true, .run = lxc_checkpoint_run);
