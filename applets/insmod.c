/* insmod: load a kernel module from a file. See insmod.1. */
#include <errno.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/boot/modules.h"

static const struct option_row insmod_table[] = {OPT_END};

static int insmod_run(struct invocation *in, struct error *err)
{
    cleanup_strbuf struct strbuf parameters = STRBUF_INIT;

    if (!in->argc)
        return error_text(err, EINVAL, "no file is given");
    for (int i = 1; i < in->argc; i++)
        if (strbuf_printf(&parameters, "%s%s", i > 1 ? " " : "", in->argv[i]) < 0)
            return error_set(err, ENOMEM, "cannot load %s", in->argv[0]);
    return module_load(in->argv[0], strbuf_text(&parameters), err);
}

APPLET(insmod, .name = "insmod", .summary = "Load a kernel module from a file",
       .usage = "FILE [PARAMETER=VALUE]...", .options = insmod_table, .options_size = 1, .unlinked = true,
       .run = insmod_run);
