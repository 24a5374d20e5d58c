#include "core/run/criu.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/mount/mounts.h"

/* The options that LXC's criu.c passes for every container; the last DUMP_ONLY of them for a dump only. */
static const char *const common_options[] = {
    "--tcp-established",
    "--file-locks",
    "--link-remap",
    "--manage-cgroups=full",
    "--ext-mount-map",
    "auto",
    "--enable-external-sharing",
    "--enable-external-masters",
    "--enable-fs",
    "hugetlbfs",
    "--enable-fs",
    "tracefs",
    "--skip-in-flight",
    "--force-irmap",
};
#define DUMP_ONLY 2

int criu_add(struct string_list *l, const char *option, char *value)
{
    int r = string_list_add(l, option), taken = string_list_take(l, value);

    return r < 0 ? r : taken;
}

int criu_add_mounts(struct string_list *l, struct config *config, bool restores, struct error *err)
{
    int r = config_load_fstab(config, err);

    for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
        const char *target = config->mounts[i].target;
        cleanup_mount_options struct mount_options o = {0};

        r = mount_options_parse(config->mounts[i].options, &o, err);
        if (r == 0 && o.flags & (MS_BIND | MS_MOVE))
            r = criu_add(l, "--ext-mount-map",
                         format_string(restores ? "%s:%s" : "/%s:%s", target,
                                       restores ? config->mounts[i].source : target));
    }
    return r;
}

bool criu_has_checkpoint(const struct checkpoint_options *o)
{
    cleanup_free char *inventory = format_string("%s/inventory.img", o->directory);

    return inventory && access(inventory, F_OK) == 0;
}

int criu_check_networks(const struct container *c, const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->net_count; i++)
        if (config->nets[i].type == NET_IPVLAN || config->nets[i].type == NET_VLAN)
            return error_text(err, ENOTSUP,
                              "cannot checkpoint %s: criu does not support the type of lxc.net.%u", c->name,
                              config->nets[i].index);
    return 0;
}

int criu_add_common(struct string_list *l, const struct checkpoint_options *o, const char *action,
                    bool restores)
{
    size_t count = ARRAY_LENGTH(common_options) - (restores ? DUMP_ONLY : 0);
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = string_list_add(l, common_options[i]);
    if (r == 0)
        r = criu_add(l, "-D", strdup(o->directory));
    if (r == 0)
        r = criu_add(l, "-o", format_string("%s/%s.log", o->directory, action));
    if (r == 0 && o->script)
        r = criu_add(l, "--action-script", strdup(o->script));
    if (r == 0 && o->verbose)
        r = string_list_add(l, "-vvvvvv");
    return r;
}
