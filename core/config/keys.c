/* The table of keys, by name; lxc.container.conf(5). Those of lxc.net.N are in keys_net.c. */
#include "core/config/keys.h"

#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"

#define AT(member) .offset = offsetof(struct config, member)
#define HOOK(kind) .offset = offsetof(struct config, hooks) + (kind) * sizeof(struct string_list)
#define NAME_LAST  255 /* NAME_MAX */
#define UTS_LAST   64  /* uname(2) */

const struct key config_keys[] = {
    {"lxc.apparmor.allow_incomplete", &type_bool, AT(apparmor_allow_incomplete)},
    {"lxc.apparmor.allow_nesting", &type_bool, AT(apparmor_allow_nesting)},
    {"lxc.apparmor.profile", &type_string, AT(apparmor_profile), .flags = KEY_IMAGE | KEY_ADDS},
    {"lxc.apparmor.raw", &type_lines, AT(apparmor_raw)},
    {"lxc.arch", &type_arch, AT(arch), .flags = KEY_FILLED | KEY_IMAGE},
    {"lxc.autodev", &type_bool, "1", AT(autodev), .flags = KEY_IMAGE},
    {"lxc.autodev.tmpfs.size", &type_tmpfs_size, "500000", AT(autodev_tmpfs_size_bytes), .flags = KEY_RESETS},
    {"lxc.cap.drop", &type_caps, AT(cap_drop), .flags = KEY_IMAGE | KEY_ADDS},
    {"lxc.cap.keep", &type_caps, AT(cap_keep)},
    {"lxc.cgroup", &type_cgroup, AT(cgroup), .flags = KEY_FAMILY | KEY_ARCHIVE | KEY_ADDS},
    {"lxc.cgroup.dir", &type_cgroup_dir, AT(cgroup_dir)},
    {"lxc.cgroup.dir.container", &type_cgroup_dir, AT(cgroup_dir_container)},
    {"lxc.cgroup.dir.container.inner", &type_cgroup_dir, AT(cgroup_dir_container_inner)},
    {"lxc.cgroup.dir.monitor", &type_cgroup_dir, AT(cgroup_dir_monitor)},
    {"lxc.cgroup.dir.monitor.pivot", &type_cgroup_dir, AT(cgroup_dir_monitor_pivot)},
    {"lxc.cgroup.relative", &type_bool, AT(cgroup_relative)},
    {"lxc.cgroup2", &type_cgroup, AT(cgroup2), .flags = KEY_FAMILY | KEY_ARCHIVE | KEY_ADDS},
    {"lxc.console.buffer.size", &type_size, AT(console_buffer_size_bytes)},
    {"lxc.console.logfile", &type_path, AT(console_logfile)},
    {"lxc.console.path", &type_path, AT(console_path)},
    {"lxc.console.rotate", &type_bool, AT(console_rotate)},
    {"lxc.console.size", &type_size, AT(console_size_bytes)},
    {"lxc.environment", &type_environment, AT(environment)},
    {"lxc.environment.hooks", &type_environment, AT(environment_hooks)},
    {"lxc.environment.runtime", &type_environment, AT(environment_runtime), .flags = KEY_IMAGE},
    {"lxc.ephemeral", &type_bool, AT(ephemeral)},
    {"lxc.execute.cmd", &type_string, AT(execute_cmd), .flags = KEY_IMAGE},
    {"lxc.group", &type_words, AT(groups)},
    {"lxc.hook", &type_hooks, AT(hooks)},
    {"lxc.hook.autodev", &type_lines, HOOK(HOOK_AUTODEV)},
    {"lxc.hook.clone", &type_lines, HOOK(HOOK_CLONE)},
    {"lxc.hook.destroy", &type_lines, HOOK(HOOK_DESTROY)},
    {"lxc.hook.mount", &type_lines, HOOK(HOOK_MOUNT)},
    {"lxc.hook.post-stop", &type_lines, HOOK(HOOK_POST_STOP)},
    {"lxc.hook.pre-mount", &type_lines, HOOK(HOOK_PRE_MOUNT)},
    {"lxc.hook.pre-start", &type_lines, HOOK(HOOK_PRE_START)},
    {"lxc.hook.start", &type_lines, HOOK(HOOK_START)},
    {"lxc.hook.start-host", &type_lines, HOOK(HOOK_START_HOST)},
    {"lxc.hook.stop", &type_lines, HOOK(HOOK_STOP)},
    {"lxc.hook.version", &type_hook_version, AT(hook_version), .flags = KEY_LATE},
    {"lxc.idmap", &type_idmap, AT(idmaps)},
    {"lxc.include", &type_include, .offset = 0, .flags = KEY_IMAGE},
    {"lxc.init.cmd", &type_string, AT(init_cmd), .flags = KEY_IMAGE},
    {"lxc.init.cwd", &type_path, AT(init_cwd), .flags = KEY_IMAGE},
    {"lxc.init.gid", &type_uint, AT(init_gid), .flags = KEY_LATE | KEY_IMAGE},
    {"lxc.init.groups", &type_groups, AT(init_groups), .flags = KEY_IMAGE},
    {"lxc.init.uid", &type_uint, AT(init_uid), .flags = KEY_LATE | KEY_IMAGE},
    {"lxc.keyring.session", &type_bool, AT(keyring_session)},
    {"lxc.log.file", &type_path, AT(log_file)},
    {"lxc.log.level", &type_log_level, AT(log_level)},
    {"lxc.log.syslog", &type_syslog, AT(log_syslog)},
    {"lxc.monitor.signal.pdeath", &type_signal, "SIGKILL", AT(monitor_signal_pdeath)},
    {"lxc.monitor.unshare", &type_uint, AT(monitor_unshare)},
    {"lxc.mount.auto", &type_mount_auto, AT(mount_auto), .flags = KEY_IMAGE | KEY_ADDS},
    {"lxc.mount.entry", &type_mount_entry, AT(mounts), .flags = KEY_IMAGE | KEY_ADDS},
    {"lxc.mount.fstab", &type_path, AT(mount_fstab), .flags = KEY_FILLED},
    {"lxc.namespace.clone", &type_namespaces, AT(namespace_clone)},
    {"lxc.namespace.keep", &type_namespaces, AT(namespace_keep)},
    {"lxc.namespace.share", &type_namespace_share, AT(namespace_share), .flags = KEY_FAMILY},
    {"lxc.net", &type_nets, AT(nets), .flags = KEY_FAMILY},
    {"lxc.no_new_privs", &type_bool, AT(no_new_privs), .flags = KEY_IMAGE | KEY_ADDS},
    {"lxc.prlimit", &type_prlimit, AT(prlimit), .flags = KEY_FAMILY | KEY_ARCHIVE | KEY_ADDS},
    {"lxc.proc", &type_proc, AT(proc), .flags = KEY_FAMILY},
    {"lxc.pty.max", &type_uint, AT(pty_max), .flags = KEY_IMAGE},
    {"lxc.rootfs.managed", &type_bool, "1", AT(rootfs_managed), .flags = KEY_RESETS},
    {"lxc.rootfs.mount", &type_path, AT(rootfs_mount)},
    {"lxc.rootfs.options", &type_rootfs_options, AT(rootfs_options)},
    {"lxc.rootfs.path", &type_rootfs_path, AT(rootfs_path)},
    {"lxc.sched.core", &type_bool, AT(sched_core), .flags = KEY_ARCHIVE},
    {"lxc.seccomp.allow_nesting", &type_bool, AT(seccomp_allow_nesting), .flags = KEY_LATE},
    {"lxc.seccomp.notify.cookie", &type_string, AT(seccomp_notify_cookie)},
    {"lxc.seccomp.notify.proxy", &type_proxy, AT(seccomp_notify_proxy)},
    {"lxc.seccomp.profile", &type_path, AT(seccomp_profile)},
    {"lxc.selinux.context", &type_string, AT(selinux_context)},
    {"lxc.selinux.context.keyring", &type_string, AT(selinux_context_keyring)},
    {"lxc.signal.halt", &type_signal, AT(signal_halt), .flags = KEY_IMAGE},
    {"lxc.signal.reboot", &type_signal, AT(signal_reboot), .flags = KEY_IMAGE},
    {"lxc.signal.stop", &type_signal, AT(signal_stop), .flags = KEY_IMAGE},
    {"lxc.start.auto", &type_bool, AT(start_auto), .flags = KEY_ARCHIVE},
    {"lxc.start.delay", &type_natural, AT(start_delay_seconds), .flags = KEY_ARCHIVE},
    {"lxc.start.order", &type_int, AT(start_order), .flags = KEY_ARCHIVE},
    {"lxc.sysctl", &type_sysctl, AT(sysctl), .flags = KEY_FAMILY},
    {"lxc.time.offset.boot", &type_time_offset, AT(time_offset_boot), .flags = KEY_ARCHIVE},
    {"lxc.time.offset.monotonic", &type_time_offset, AT(time_offset_monotonic), .flags = KEY_ARCHIVE},
    {"lxc.tty.dir", &type_string, AT(tty_dir), .limit = NAME_LAST, .flags = KEY_IMAGE},
    {"lxc.tty.max", &type_uint, AT(tty_max), .flags = KEY_IMAGE},
    {"lxc.uts.name", &type_string, AT(uts_name), .limit = UTS_LAST, .flags = KEY_IMAGE},
    {.name = NULL},
};

const struct key *key_find(const struct key *table, const char *name, const char **rest)
{
    const struct key *family = NULL;

    *rest = "";
    for (const struct key *k = table; k->name; k++) {
        size_t length = strlen(k->name);

        if (strcmp(k->name, name) == 0)
            return k;
        if (k->flags & KEY_FAMILY && strncmp(k->name, name, length) == 0 && name[length] == '.') {
            family = k;
            *rest = name + length + 1;
        }
    }
    return family;
}

/*
 * LXC ignores a word and a number of more than 32 bits, but rejects a negative number and an invalid small
 * number.
 */
static bool key_is_ignored(const char *value)
{
    uint64_t number;
    int r = parse_uint64(value, 0, UINT64_MAX, &number);

    return r == 0 ? number > UINT32_MAX : r == -EINVAL && *value != '-';
}

static int key_set_value(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct error why = ERROR_INIT;
    int r = s->key->type->set(holder, s, kept, &why);

    if (r == -EINVAL && s->key->flags & KEY_LATE && !s->strict && key_is_ignored(s->value))
        return 0;
    return r < 0 ? error_copy(err, &why) : r;
}

int key_apply(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct setting initial = *s;

    if (*s->value)
        return key_set_value(holder, s, kept, err);
    if (s->key->flags & KEY_FILLED)
        return error_text(err, EINVAL, "%s requires a value", s->name);
    if (s->key->type->may_clear) {
        int r = s->key->type->may_clear(holder, s, err);
        if (r < 0)
            return r;
    }
    s->key->type->clear(holder, s);
    if (!(s->key->flags & KEY_RESETS))
        return 0;
    initial.value = s->key->initial;
    return s->key->type->set(holder, &initial, kept, err);
}

void keys_init(const struct key *table, void *holder)
{
    for (const struct key *k = table; k->name; k++) {
        struct setting s = {k, k->name, "", k->initial, NULL, NULL, false};

        k->type->clear(holder, &s);
        if (k->initial)
            k->type->set(holder, &s, NULL, NULL);
    }
}

void keys_free(const struct key *table, void *holder)
{
    for (const struct key *k = table; k->name; k++) {
        struct setting s = {k, k->name, "", "", NULL, NULL, false};

        k->type->clear(holder, &s);
    }
}
