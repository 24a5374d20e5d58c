/* modprobe: load a kernel module and its dependencies, or remove one. See modprobe.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/boot/modules.h"

struct modprobe_options {
    bool all, remove, quiet, dry_run, show;
    const char *base, *kernel;
};

static const struct option_row modprobe_table[] = {
    OPT_FLAG('a', "all", struct modprobe_options, all, "every operand names a module"),
    OPT_FLAG('r', "remove", struct modprobe_options, remove, "remove modules"),
    OPT_FLAG('q', "quiet", struct modprobe_options, quiet, "do not report names that do not exist"),
    OPT_FLAG('n', "dry-run", struct modprobe_options, dry_run, "load nothing"),
    OPT_FLAG('D', "show-depends", struct modprobe_options, show,
             "print the modules that would be loaded, in order, and load nothing"),
    OPT_STRING('d', "dirname", "DIR", struct modprobe_options, base,
               "the directory that contains lib/modules (/)"),
    OPT_STRING('S', "set-version", "RELEASE", struct modprobe_options, kernel,
               "use the modules of kernel RELEASE"),
    OPT_END,
};

/* Operands after the first are the parameters of the module. */
static int modprobe_join(char **words, struct strbuf *out, struct error *err)
{
    for (; *words; words++)
        if (strbuf_printf(out, "%s%s", out->length ? " " : "", *words) < 0)
            return error_set(err, ENOMEM, "cannot load a module");
    return 0;
}

static int modprobe_show(const struct modules *m, const char *name, const char *parameters, bool print,
                         struct error *err)
{
    cleanup_string_list struct string_list paths = {0};
    int r = modules_resolve(m, name, &paths);

    if (r == -ENOENT)
        return error_text(err, ENOENT, "there is no module %s in %s", name, m->directory);
    if (r < 0)
        return error_set(err, r, "cannot look up module %s", name);
    if (r == 1 && print)
        printf("builtin %s\n", name);
    for (size_t i = 0; print && i < paths.count; i++)
        printf("insmod %s/%s %s\n", m->directory, paths.items[i],
               module_is(paths.items[i], name) ? parameters : "");
    return 0;
}

static int modprobe_run(struct invocation *in, struct error *err)
{
    const struct modprobe_options *o = in->options;
    cleanup_strbuf struct strbuf parameters = STRBUF_INIT;
    cleanup_modules struct modules m = {0};
    bool many = o->all || o->remove;
    int r = 0;

    if (!in->argc)
        return error_text(err, EINVAL, "no module is given");
    if (o->remove)
        for (int i = 0; i < in->argc && r == 0; i++)
            r = o->dry_run ? 0 : module_remove(in->argv[i], false, err);
    if (o->remove)
        return r;
    r = modules_open(&m, o->base, o->kernel, err);
    if (r == 0 && !many)
        r = modprobe_join(in->argv + 1, &parameters, err);
    for (int i = 0; r == 0 && i < (many ? in->argc : 1); i++) {
        r = o->show || o->dry_run ? modprobe_show(&m, in->argv[i], strbuf_text(&parameters), o->show, err)
                                  : modules_load(&m, in->argv[i], strbuf_text(&parameters), err);
        if (r == -ENOENT && o->quiet)
            return 1;
    }
    return r;
}

APPLET(modprobe, .name = "modprobe", .summary = "Load a kernel module and its dependencies",
       .usage = "[OPTION]... MODULE [PARAMETER=VALUE]... | -a MODULE... | -r MODULE...",
       .options = modprobe_table, .options_size = sizeof(struct modprobe_options), .unlinked = true,
       .run = modprobe_run);
