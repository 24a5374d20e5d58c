#include "applets/cli/config_options.h"

#include "core/base/cleanup.h"

const struct option_row config_options_table[] = {
    OPT_LIST('s', "define", "KEY=VALUE", struct config_options, defines, "set a key of the configuration"),
    OPT_STRING(0, "share-net", "NAME|PID", struct config_options, share_net,
               "share the network namespace of a container or process"),
    OPT_STRING(0, "share-ipc", "NAME|PID", struct config_options, share_ipc, "share the ipc namespace"),
    OPT_STRING(0, "share-uts", "NAME|PID", struct config_options, share_uts, "share the uts namespace"),
    OPT_STRING(0, "share-pid", "NAME|PID", struct config_options, share_pid, "share the pid namespace"),
    OPT_END,
};

int config_options_share(const struct config_options *o, struct config *config, struct error *err)
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

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(shares); i++)
        if (shares[i].value)
            r = config_set(config, shares[i].key, shares[i].value, "command line", err);
    return r;
}
