#include "applets/cli/container_options.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/config/config.h"
#include "core/config/global.h"

const struct option_row container_other_table[] = {
    OPT_STRING('n', "name", "NAME", struct container_options, name, "the container's name"),
    OPT_STRING('o', "logfile", "FILE", struct container_options, logfile, "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct container_options, loglevel,
               "log messages of LEVEL and above (ERROR)"),
    OPT_FLAG('q', "quiet", struct container_options, quiet, "print only errors on standard error"),
    OPT_END,
};

const struct option_row container_options_table[] = {
    OPT_STRING('P', "lxcpath", "DIR", struct container_options, lxcpath, "the directory of the containers"),
    OPT_GROUP_ROWS(container_other_table),
    OPT_END,
};

const struct option_row container_config_table[] = {
    OPT_STRING(0, "rcfile", "FILE", struct container_options, rcfile,
               "use the configuration FILE instead of the container's own"),
    OPT_GROUP_ROWS(container_options_table),
    OPT_END,
};

int operands_check(const struct invocation *in, struct error *err)
{
    if (in->argc <= in->operands_max)
        return 0;
    error_text(err, EINVAL, "unexpected argument \"%s\"", in->argv[in->operands_max]);
    return error_remedy(err, "usage: %s%s%s", in->applet, *in->usage ? " " : "", in->usage);
}

static int container_open_log(const struct container_options *o, const char *applet, const char *container,
                              struct error *err)
{
    int level = o->loglevel ? log_level_parse(o->loglevel, err) : -1, r;

    if (o->loglevel && level < 0)
        return level;
    r = log_open(applet, container, o->logfile, level, err);
    if (o->quiet)
        log_quiet();
    return r;
}

static int container_select_lxcpath(const struct container_options *o, const char **lxcpath,
                                    struct error *err)
{
    *lxcpath = o->lxcpath ? o->lxcpath : global_item("lxc.lxcpath");
    if (*lxcpath && (*lxcpath)[0] == '/')
        return 0;
    if (!*lxcpath)
        return error_set(err, ENOMEM, "cannot determine the directory of the containers");
    /* The path is part of the command socket's address, so it must not depend on the working directory. */
    char *absolute = realpath(*lxcpath, NULL);
    if (!absolute)
        return error_set(err, errno, "cannot use %s as the directory of the containers", *lxcpath);
    *lxcpath = absolute;
    return 0;
}

/* A pipe can be read only once: it is not read here, but where its contents are needed. */
static int container_check_rcfile(const char *path, struct error *err)
{
    cleanup_config struct config config;
    struct stat st;

    config_init(&config);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return 0;
    return config_read_file(&config, path, err);
}

int container_select(const struct container_options *o, struct invocation *in, struct container *out,
                     struct error *err)
{
    int r;

    *out = (struct container){.name = o->name, .rcfile = o->rcfile};
    if (!out->name && in->argc > 0) {
        out->name = in->argv[0];
        in->argv++;
        in->argc--;
    }
    if (!out->name) {
        error_text(err, EINVAL, "no container named");
        return error_remedy(err, "give its name, or -n NAME");
    }
    r = operands_check(in, err);
    if (r == 0)
        r = container_check_name(out->name, err);
    if (r == 0)
        r = container_select_lxcpath(o, &out->lxcpath, err);
    if (r == 0)
        r = container_open_log(o, in->applet, out->name, err);
    return r == 0 && o->rcfile ? container_check_rcfile(o->rcfile, err) : r;
}

int container_select_path(const struct container_options *o, struct invocation *in, const char **lxcpath,
                          struct error *err)
{
    int r = operands_check(in, err);

    if (r == 0)
        r = container_select_lxcpath(o, lxcpath, err);
    return r < 0 ? r : container_open_log(o, in->applet, NULL, err);
}
