/* lxc.net.N.script.up and .down. Source: lxc.container.conf(5); the arguments are those that stock LXC
 * passes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/base/script.h"
#include "core/links/network_steps.h"

static int script_add(struct string_list *l, const char *name, const char *value)
{
    return value ? string_list_take(l, format_string("%s=%s", name, value)) : 0;
}

/* "CONTAINER net WHICH TYPE [LINK] [HOST END]"; since lxc.hook.version = 1 from TYPE on. */
static int script_list_arguments(const struct container *c, const struct config *config,
                                 const struct network_link *l, const char *which, struct string_list *out)
{
    const struct config_net *net = l->net;
    int r = 0;

    if (config->hook_version == 0 && (string_list_add(out, c->name) < 0 || string_list_add(out, "net") < 0 ||
                                      string_list_add(out, which) < 0))
        return -ENOMEM;
    r = string_list_add(out, network_type_name(net->type));
    if (r == 0 && net->link && net->link[0] && net->type != NET_EMPTY)
        r = string_list_add(out, net->link);
    if (r == 0 && net->type == NET_VETH)
        r = string_list_add(out, l->host_name);
    return r;
}

static int script_list_environment(const struct container *c, const struct config *config,
                                   const struct network_link *l, const char *which, struct string_list *out)
{
    const struct config_net *net = l->net;
    bool tells_parent = net->type == NET_MACVLAN || net->type == NET_PHYS || net->type == NET_VETH;

    if (script_add(out, "LXC_NAME", c->name) < 0 || script_add(out, "LXC_CONFIG_FILE", config->file) < 0 ||
        script_add(out, "LXC_ROOTFS_PATH", config_rootfs_location(config->rootfs_path)) < 0 ||
        script_add(out, "LXC_ROOTFS_MOUNT", config->rootfs_mount) < 0 ||
        script_add(out, "LXC_HOOK_VERSION", config->hook_version ? "1" : "0") < 0)
        return -ENOMEM;
    if (config->hook_version == 0)
        return 0;
    if (script_add(out, "LXC_HOOK_TYPE", which) < 0 || script_add(out, "LXC_HOOK_SECTION", "net") < 0 ||
        script_add(out, "LXC_NET_TYPE", network_type_name(net->type)) < 0 ||
        (tells_parent && script_add(out, "LXC_NET_PARENT", net->link ? net->link : "") < 0) ||
        (net->type == NET_VETH && script_add(out, "LXC_NET_PEER", l->host_name) < 0))
        return -ENOMEM;
    return 0;
}

int network_script_run(const struct container *c, const struct config *config, const struct network_link *l,
                       const char *which, struct error *err)
{
    const char *script = strcmp(which, "up") == 0 ? l->net->script_up : l->net->script_down;
    cleanup_string_list struct string_list arguments = {0}, environment = {0};
    char what[40];

    if (!script)
        return 0;
    snprintf(what, sizeof(what), "lxc.net.%u.script.%s", l->net->index, which);
    if (script_list_arguments(c, config, l, which, &arguments) < 0 ||
        script_list_environment(c, config, l, which, &environment) < 0)
        return error_set(err, ENOMEM, "%s cannot run", what);
    return script_run(script, arguments.items, environment.items, what, err);
}
