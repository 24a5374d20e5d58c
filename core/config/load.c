#include "core/config/load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"

const struct option_row config_options_table[] = {
    OPT_LIST('s', "define", "KEY=VALUE", struct config_options, defines, "set a key of the configuration"),
    OPT_STRING(0, "share-net", "NAME|PID", struct config_options, share_net,
               "share the network namespace of a container or process"),
    OPT_STRING(0, "share-ipc", "NAME|PID", struct config_options, share_ipc, "the same for ipc"),
    OPT_STRING(0, "share-uts", "NAME|PID", struct config_options, share_uts, "the same for uts"),
    OPT_STRING(0, "share-pid", "NAME|PID", struct config_options, share_pid, "the same for pid"),
    OPT_END,
};

static int define(struct config *config, const char *assignment, struct error *err)
{
    cleanup_free char *key = strdup(assignment);
    char *value = key ? strchr(key, '=') : NULL;

    if (!value) {
        error_text(err, EINVAL, "\"%s\" is not of the form KEY=VALUE", assignment);
        return error_remedy(err, "for example lxc.uts.name=test");
    }
    *value++ = '\0';
    for (char *end = key + strlen(key); end > key && end[-1] == ' ';)
        *--end = '\0';
    return config_set(config, key, value + strspn(value, " "), "command line", err);
}

static int apply(const struct config_options *o, struct config *config, struct error *err)
{
    const struct {
        const char *key, *value;
    } shares[] = {
        {"lxc.namespace.share.net", o->share_net},
        {"lxc.namespace.share.ipc", o->share_ipc},
        {"lxc.namespace.share.uts", o->share_uts},
        {"lxc.namespace.share.pid", o->share_pid},
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < o->defines.count; i++)
        r = define(config, o->defines.items[i], err);
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(shares); i++)
        if (shares[i].value)
            r = config_set(config, shares[i].key, shares[i].value, "command line", err);
    return r;
}

int config_load(const struct container *c, const struct config_source *source, struct config *out,
                struct error *err)
{
    cleanup_free char *file = container_config_path(c);
    int r = 0;

    if (!file)
        return error_set(err, ENOMEM, "cannot read the configuration of %s", c->name);
    if (c->rcfile || access(file, F_OK) == 0) {
        r = config_read_file(out, file, err);
    } else if (!source->may_lack) {
        error_text(err, ENOENT, "there is no container %s in %s", c->name, c->lxcpath);
        return error_remedy(err, "make it with lxc-create, or name a configuration with -f");
    }
    if (r == 0 && source->options)
        r = apply(source->options, out, err);
    return r < 0 ? r : log_configure(out->log_file, out->log_level, out->log_syslog, err);
}
