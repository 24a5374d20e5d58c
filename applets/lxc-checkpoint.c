/* lxc-checkpoint: write a running container's processes into files. See lxc-checkpoint.1. */
#include <errno.h>

#include "core/base/applet.h"
#include "core/config/load.h"
#include "core/run/checkpoint.h"

struct lxc_checkpoint_options {
    struct container_options container;
    struct checkpoint_options checkpoint;
    bool restore;
};

static const struct option_row lxc_checkpoint_table[] = {
    OPT_STRING('D', "checkpoint-dir", "DIR", struct lxc_checkpoint_options, checkpoint.directory,
               "write the checkpoint into DIR"),
    OPT_FLAG('s', "stop", struct lxc_checkpoint_options, checkpoint.stop, "end the container with it"),
    OPT_FLAG('p', "pre-dump", struct lxc_checkpoint_options, checkpoint.pre_dump,
             "write its memory only, for a checkpoint to build on"),
    OPT_STRING(0, "predump-dir", "DIR", struct lxc_checkpoint_options, checkpoint.previous,
               "build on that in DIR (relative to -D's)"),
    OPT_STRING('A', "action-script", "FILE", struct lxc_checkpoint_options, checkpoint.script,
               "a program for criu to run at its stages"),
    OPT_FLAG('v', "verbose", struct lxc_checkpoint_options, checkpoint.verbose, "have criu log all it does"),
    OPT_FLAG('r', "restore", struct lxc_checkpoint_options, restore, "refused: see lxc-checkpoint(1)"),
    OPT_GROUP(container_config_table, struct lxc_checkpoint_options, container),
    OPT_END,
};

static int lxc_checkpoint_run(struct invocation *in, struct error *err)
{
    const struct lxc_checkpoint_options *o = in->options;
    const struct config_source source = {0};
    cleanup_config struct config config;
    struct container c;
    int r;

    config_init(&config);
    if (o->restore) {
        error_text(err, ENOTSUP, "restoring a container is not built in");
        return error_remedy(err, "LXC's lxc-checkpoint -r does it, from what this one writes");
    }
    r = container_select(&o->container, in, &c, err);
    if (r == 0 && !o->checkpoint.directory)
        r = error_text(err, EINVAL, "give the checkpoint's folder with -D");
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    return r < 0 ? r : container_checkpoint(&c, &config, &o->checkpoint, err);
}

APPLET(lxc_checkpoint, .name = "lxc-checkpoint",
       .summary = "Write a running container's processes into files, with criu",
       .usage = "[-n] NAME -D DIR [OPTION]...", .options = lxc_checkpoint_table,
       .options_size = sizeof(struct lxc_checkpoint_options), .run = lxc_checkpoint_run);
