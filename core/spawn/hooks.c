#include "core/spawn/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/script.h"

static const char *const hook_names[HOOK_KINDS] = {
    [HOOK_PRE_START] = "pre-start", [HOOK_PRE_MOUNT] = "pre-mount",   [HOOK_MOUNT] = "mount",
    [HOOK_AUTODEV] = "autodev",     [HOOK_START_HOST] = "start-host", [HOOK_START] = "start",
    [HOOK_STOP] = "stop",           [HOOK_POST_STOP] = "post-stop",   [HOOK_CLONE] = "clone",
    [HOOK_DESTROY] = "destroy",
};

const char *hook_name(enum hook_kind kind)
{
    return hook_names[kind];
}

static int hooks_add_variable(struct string_list *l, const char *name, const char *value)
{
    return value ? string_list_take(l, format_string("%s=%s", name, value)) : 0;
}

static int hooks_add_namespaces(struct string_list *l, const struct hook_context *x)
{
    int r = 0;

    for (int i = 0; r == 0 && x->namespace_fds && i < NAMESPACE_KINDS; i++)
        if (x->namespace_fds[i] >= 0)
            r = string_list_take(l, format_string("%s=/proc/%d/fd/%d", namespaces[i].environment, getpid(),
                                                  x->namespace_fds[i]));
    return r;
}

static int hooks_build_environment(enum hook_kind kind, const struct hook_context *x, struct string_list *l)
{
    const struct config *c = x->config;
    char pid[16], level[8];
    int r = 0;

    snprintf(pid, sizeof(pid), "%d", (int)x->init_pid);
    for (size_t i = 0; r == 0 && i < c->environment.count; i++)
        r = string_list_add(l, c->environment.items[i]);
    for (size_t i = 0; r == 0 && i < c->environment_hooks.count; i++)
        r = string_list_add(l, c->environment_hooks.items[i]);
    snprintf(level, sizeof(level), "%s",
             c->log_level >= 0 ? log_level_name((enum log_level)c->log_level) : "ERROR");
    if (r < 0 || hooks_add_variable(l, "LXC_NAME", x->container->name) < 0 ||
        hooks_add_variable(l, "LXC_CONFIG_FILE", c->file) < 0 ||
        hooks_add_variable(l, "LXC_ROOTFS_PATH", config_rootfs_location(c->rootfs_path)) < 0 ||
        hooks_add_variable(l, "LXC_ROOTFS_MOUNT", x->rootfs_mount) < 0 ||
        hooks_add_variable(l, "LXC_CONSOLE", c->console_path) < 0 ||
        hooks_add_variable(l, "LXC_CONSOLE_LOGPATH", c->console_logfile) < 0 ||
        hooks_add_variable(l, "LXC_CGNS_AWARE", "1") < 0 ||
        hooks_add_variable(l, "LXC_LOG_LEVEL", level) < 0 ||
        hooks_add_variable(l, "LXC_HOOK_VERSION", c->hook_version ? "1" : "0") < 0 ||
        hooks_add_variable(l, "LXC_TARGET", x->target) < 0 ||
        hooks_add_variable(l, "LXC_SRC_NAME", x->source_name) < 0 ||
        (x->init_pid && hooks_add_variable(l, "LXC_PID", pid) < 0))
        return -ENOMEM;
    if (c->hook_version == 0)
        return 0;
    if (hooks_add_variable(l, "LXC_HOOK_TYPE", hook_names[kind]) < 0 ||
        hooks_add_variable(l, "LXC_HOOK_SECTION", "lxc") < 0)
        return -ENOMEM;
    return hooks_add_namespaces(l, x);
}

/* Version 0: NAME lxc TYPE, and for stop the namespaces as "mnt:/proc/PID/fd/N". */
static int hooks_build_arguments(enum hook_kind kind, const struct hook_context *x, struct string_list *l)
{
    bool named = x->config->hook_version == 0;

    if (named && (string_list_add(l, x->container->name) < 0 || string_list_add(l, "lxc") < 0 ||
                  string_list_add(l, hook_names[kind]) < 0))
        return -ENOMEM;
    for (int i = 0; named && kind == HOOK_STOP && x->namespace_fds && i < NAMESPACE_KINDS; i++)
        if (x->namespace_fds[i] >= 0 &&
            string_list_take(
                l, format_string("%s:/proc/%d/fd/%d", namespaces[i].name, getpid(), x->namespace_fds[i])) < 0)
            return -ENOMEM;
    for (char *const *a = x->arguments; a && *a; a++)
        if (string_list_add(l, *a) < 0)
            return -ENOMEM;
    return 0;
}

int hooks_run(enum hook_kind kind, const struct hook_context *x, struct error *err)
{
    const struct string_list *hooks = &x->config->hooks[kind];
    cleanup_string_list struct string_list environment = {0}, arguments = {0};
    char what[32];
    int r = 0;

    if (!hooks->count)
        return 0;
    if (hooks_build_environment(kind, x, &environment) < 0 || hooks_build_arguments(kind, x, &arguments) < 0)
        return error_set(err, ENOMEM, "cannot run lxc.hook.%s", hook_names[kind]);
    snprintf(what, sizeof(what), "lxc.hook.%s", hook_names[kind]);
    for (size_t i = 0; r == 0 && i < hooks->count; i++) {
        log_info("hook", "%s: %s", what, hooks->items[i]);
        r = script_run(hooks->items[i], arguments.items, environment.items, what, err);
    }
    return r;
}
