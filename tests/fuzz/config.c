/* The configuration reader: any bytes are read or refused, and what was read is written and read again the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/edit.h"
#include "core/config/legacy.h"
#include "core/config/untrusted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void edit(const char *text)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT, value = STRBUF_INIT, updated = STRBUF_INIT;

    if (strbuf_puts(&b, text) < 0 || config_text_set(&b, "lxc.uts.name", "x") < 0 ||
        config_text_get(strbuf_text(&b), "lxc.uts.name", &value) < 0 || strcmp(strbuf_text(&value), "x") != 0)
        abort();
    config_text_remove(&b, "lxc.net.0.");
    config_text_expand_hwaddr(&b);
    config_text_new_hwaddr(&b);
    legacy_update(text, &updated);
}

/* Nothing that reaches the host remains of a configuration of an image or an archive. */
static void distrust(const char *text, bool archive, bool mapped)
{
    const struct untrusted u = {.archive = archive, .mapped = mapped, .directory = "/d/c"};
    cleanup_strbuf struct strbuf out = STRBUF_INIT, again = STRBUF_INIT, mounts = STRBUF_INIT;
    cleanup_string_list struct string_list left_out = {0}, none = {0};
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    if (untrusted_config(&u, text, &out, &left_out) < 0 ||
        untrusted_fstab(&u, text, &mounts, &left_out) < 0 ||
        untrusted_config(&u, strbuf_text(&out), &again, &none) < 0 || none.count ||
        strcmp(strbuf_text(&out), strbuf_text(&again)) != 0)
        abort();
    for (size_t i = 0; i < left_out.count; i++)
        if (text_has_control(left_out.items[i]))
            abort();
    config_init(&c);
    if (config_read_text(&c, strbuf_text(&out), out.length, "fuzz", false, &err) < 0)
        return;
    for (int i = 0; i < HOOK_KINDS; i++)
        if (c.hooks[i].count)
            abort();
    if (c.rootfs_path || c.rootfs_mount || c.rootfs_options || c.mount_fstab || c.mount_auto.shmounts ||
        c.mount_auto.proc == AUTO_RW || c.mount_auto.sys == AUTO_RW || c.mount_auto.cgroup == AUTO_RW ||
        c.idmap_count || c.has_cap_keep || c.cgroup_dir || c.console_path || c.console_logfile ||
        c.environment.count || c.environment_hooks.count || c.seccomp_notify_proxy || c.log_file ||
        c.namespace_clone || c.namespace_keep || c.sysctl.count || c.proc.count || (c.net_count && !archive))
        abort();
    for (size_t i = 0; i < sizeof(c.namespace_share) / sizeof(*c.namespace_share); i++)
        if (c.namespace_share[i])
            abort();
    for (size_t i = 0; i < c.net_count; i++)
        if (c.nets[i].type == NET_PHYS || (c.nets[i].has_type && c.nets[i].type == NET_NONE) ||
            c.nets[i].script_up || c.nets[i].script_down || c.nets[i].veth_route_count)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_config struct config first, second;
    cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
    struct error err = ERROR_INIT;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    edit(text);
    distrust(text, false, false);
    distrust(text, true, true);
    config_init(&first);
    config_init(&second);
    if (config_read_text(&first, text, size, "fuzz", false, &err) == 0) {
        if (config_write(&first, &one) < 0 ||
            config_read_text(&second, strbuf_text(&one), one.length, "again", false, &err) < 0 ||
            config_write(&second, &two) < 0 || strcmp(strbuf_text(&one), strbuf_text(&two)) != 0)
            abort();
        config_check(&second, &err);
    } else if (first.assignments.count || !err.text[0]) {
        abort();
    }
    free(text);
    return 0;
}
