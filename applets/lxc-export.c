/* lxc-export: write a container to an archive. See lxc-export.1. */
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/storage/export.h"

struct lxc_export_options {
    struct container_options container;
    const char *file, *dist, *release, *arch, *variant;
    bool no_network;
};

static const struct option_row lxc_export_table[] = {
    OPT_STRING('o', "output", "FILE", struct lxc_export_options, file,
               "the archive to write, .tar, .tar.gz or .tar.xz (NAME.tar)"),
    OPT_STRING('d', "dist", "DIST", struct lxc_export_options, dist,
               "the image's distribution in the archive (the container's name)"),
    OPT_STRING('r', "release", "RELEASE", struct lxc_export_options, release, "its release (1)"),
    OPT_STRING('a', "arch", "ARCH", struct lxc_export_options, arch, "its architecture (this machine's)"),
    OPT_STRING(0, "variant", "VARIANT", struct lxc_export_options, variant, "its variant (default)"),
    OPT_FLAG(0, "no-network", struct lxc_export_options, no_network, "omit the network (lxc.net.*)"),
    /* The common options, except -o, which is the output here. */
    OPT_STRING('n', "name", "NAME", struct lxc_export_options, container.name, "the container's name"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_export_options, container.lxcpath,
               "the directory of the containers"),
    OPT_STRING(0, "logfile", "FILE", struct lxc_export_options, container.logfile, "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_export_options, container.loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_export_options, container.quiet, "print only errors"),
    OPT_END,
};

/* Image servers use Debian's architecture names. */
static const char *machine_arch(const struct utsname *u)
{
    static const struct {
        const char *kernel, *server;
    } names[] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "armhf"},   {"armv6l", "armel"},
                 {"i686", "i386"},    {"i586", "i386"},     {"ppc64le", "ppc64el"}};

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(u->machine, names[i].kernel) == 0)
            return names[i].server;
    return u->machine;
}

static int lxc_export_run(struct invocation *in, struct error *err)
{
    const struct lxc_export_options *o = in->options;
    cleanup_free char *file = NULL;
    struct utsname u;
    struct container c;
    int r = container_select(&o->container, in, &c, err);

    if (r < 0)
        return r;
    uname(&u);
    file = o->file ? strdup(o->file) : format_string("%s.tar", c.name);
    if (!file)
        return error_set(err, ENOMEM, "cannot export %s", c.name);
    const struct export_name name = {o->dist ? o->dist : c.name, o->release ? o->release : "1",
                                     o->arch ? o->arch : machine_arch(&u),
                                     o->variant ? o->variant : "default"};
    r = container_export(&c, &name, !o->no_network, file, err);
    if (r == 0 && !o->container.quiet)
        printf("Exported %s to %s as %s/%s/%s/%s\n", c.name, file, name.dist, name.release, name.arch,
               name.variant);
    return r;
}

APPLET(lxc_export, .name = "lxc-export", .summary = "Write a container to an archive",
       .usage = "[-n] NAME [-o FILE] [OPTION]...", .options = lxc_export_table,
       .options_size = sizeof(struct lxc_export_options), .run = lxc_export_run);
