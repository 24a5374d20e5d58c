/* Every key of the table with a value: read, written and read again it says the same. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/config.h"
#include "core/config/keys.h"

/* In the order that a file could have them; lxc.net.0 is a veth, 1 a macvlan, 2 an ipvlan, 3 a vlan. */
static const char *const examples[][2] = {
    {"lxc.apparmor.allow_incomplete", "1"},
    {"lxc.apparmor.allow_nesting", "1"},
    {"lxc.apparmor.profile", "a-profile"},
    {"lxc.apparmor.raw", "/x r,"},
    {"lxc.arch", "x86_64"},
    {"lxc.autodev", "0"},
    {"lxc.autodev.tmpfs.size", "70000"},
    {"lxc.cap.drop", "mknod"},
    {"lxc.cgroup.memory.limit_in_bytes", "1G"},
    {"lxc.cgroup.dir", "a/b"},
    {"lxc.cgroup.dir.container", "a/c"},
    {"lxc.cgroup.dir.container.inner", "i"},
    {"lxc.cgroup.dir.monitor", "a/m"},
    {"lxc.cgroup.dir.monitor.pivot", "a/p"},
    {"lxc.cgroup.relative", "1"},
    {"lxc.cgroup2.memory.max", "1G"},
    {"lxc.console.buffer.size", "8192"},
    {"lxc.console.logfile", "/l"},
    {"lxc.console.path", "none"},
    {"lxc.console.rotate", "1"},
    {"lxc.console.size", "8192"},
    {"lxc.environment", "A=b c"},
    {"lxc.environment.hooks", "A=b c"},
    {"lxc.environment.runtime", "A=b c"},
    {"lxc.ephemeral", "1"},
    {"lxc.execute.cmd", "/bin/true x"},
    {"lxc.group", "web"},
    {"lxc.hook.autodev", "/h a"},
    {"lxc.hook.clone", "/h"},
    {"lxc.hook.destroy", "/h"},
    {"lxc.hook.mount", "/h"},
    {"lxc.hook.post-stop", "/h"},
    {"lxc.hook.pre-mount", "/h"},
    {"lxc.hook.pre-start", "/h"},
    {"lxc.hook.start", "/h"},
    {"lxc.hook.start-host", "/h"},
    {"lxc.hook.stop", "/h"},
    {"lxc.hook.version", "1"},
    {"lxc.idmap", "u 0 100000 65536"},
    {"lxc.init.cmd", "/sbin/init --x"},
    {"lxc.init.cwd", "/d"},
    {"lxc.init.gid", "5"},
    {"lxc.init.groups", "6,7"},
    {"lxc.init.uid", "8"},
    {"lxc.keyring.session", "1"},
    {"lxc.log.file", "/log"},
    {"lxc.log.level", "DEBUG"},
    {"lxc.log.syslog", "local4"},
    {"lxc.monitor.signal.pdeath", "SIGTERM"},
    {"lxc.monitor.unshare", "1"},
    {"lxc.mount.auto", "proc:mixed sys:ro cgroup:mixed"},
    {"lxc.mount.entry", "a b none bind 0 0"},
    {"lxc.mount.fstab", "/fstab"},
    {"lxc.namespace.clone", "mnt pid"},
    {"lxc.namespace.share.net", "other"},
    {"lxc.no_new_privs", "1"},
    {"lxc.prlimit.nofile", "5:unlimited"},
    {"lxc.proc.oom_score_adj", "10"},
    {"lxc.pty.max", "9"},
    {"lxc.rootfs.managed", "0"},
    {"lxc.rootfs.mount", "/m"},
    {"lxc.rootfs.options", "ro"},
    {"lxc.rootfs.path", "dir:/r"},
    {"lxc.sched.core", "1"},
    {"lxc.seccomp.allow_nesting", "1"},
    {"lxc.seccomp.notify.cookie", "c"},
    {"lxc.seccomp.notify.proxy", "unix:/s"},
    {"lxc.seccomp.profile", "/p"},
    {"lxc.selinux.context", "a:b:c"},
    {"lxc.selinux.context.keyring", "a:b:d"},
    {"lxc.signal.halt", "SIGUSR1"},
    {"lxc.signal.reboot", "SIGUSR2"},
    {"lxc.signal.stop", "SIGTERM"},
    {"lxc.start.auto", "1"},
    {"lxc.start.delay", "3"},
    {"lxc.start.order", "-2"},
    {"lxc.sysctl.net.ipv4.ip_forward", "1"},
    {"lxc.time.offset.boot", "5s"},
    {"lxc.time.offset.monotonic", "6s"},
    {"lxc.tty.dir", "lxc"},
    {"lxc.tty.max", "2"},
    {"lxc.uts.name", "u"},
    {"lxc.net.0.type", "veth"},
    {"lxc.net.0.flags", "up"},
    {"lxc.net.0.link", "br0"},
    {"lxc.net.0.name", "lan"},
    {"lxc.net.0.hwaddr", "00:16:3e:01:02:03"},
    {"lxc.net.0.mtu", "1400"},
    {"lxc.net.0.ipv4.address", "10.0.0.2/24"},
    {"lxc.net.0.ipv4.gateway", "10.0.0.1"},
    {"lxc.net.0.ipv6.address", "fd00::2/64"},
    {"lxc.net.0.ipv6.gateway", "auto"},
    {"lxc.net.0.l2proxy", "1"},
    {"lxc.net.0.script.up", "/up"},
    {"lxc.net.0.script.down", "/down"},
    {"lxc.net.0.veth.pair", "outer"},
    {"lxc.net.0.veth.mode", "router"},
    {"lxc.net.0.veth.ipv4.route", "10.1.0.0/24"},
    {"lxc.net.0.veth.ipv6.route", "fd01::/64"},
    {"lxc.net.0.veth.n_rxqueues", "2"},
    {"lxc.net.0.veth.n_txqueues", "3"},
    {"lxc.net.0.veth.vlan.id", "4"},
    {"lxc.net.0.veth.vlan.tagged.id", "5"},
    {"lxc.net.1.type", "macvlan"},
    {"lxc.net.1.macvlan.mode", "bridge"},
    {"lxc.net.2.type", "ipvlan"},
    {"lxc.net.2.ipvlan.mode", "l2"},
    {"lxc.net.2.ipvlan.isolation", "vepa"},
    {"lxc.net.3.type", "vlan"},
    {"lxc.net.3.vlan.id", "7"},
};

/* Those that have no value of their own to write, and that which its counterpart excludes. */
static const char *const without[] = {"lxc.include", "lxc.hook", "lxc.cap.keep", "lxc.namespace.keep"};

static bool is_example_of(const char *key, const struct key *row, bool net)
{
    const char *rest;

    if (!net)
        return key_find(config_keys, key, &rest) == row;
    return starts_with(key, "lxc.net.") && key_find(net_keys, key + strlen("lxc.net.N."), &rest) == row;
}

static void assert_has_example(const struct key *row, bool net)
{
    for (size_t i = 0; !net && i < ARRAY_LENGTH(without); i++)
        if (strcmp(without[i], row->name) == 0)
            return;
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++)
        if (is_example_of(examples[i][0], row, net))
            return;
    fail_msg("%s has no example in this test", row->name);
}

static void every_row_has_an_example(void **state)
{
    (void)state;
    for (const struct key *k = config_keys; k->name; k++)
        assert_has_example(k, false);
    for (const struct key *k = net_keys; k->name; k++)
        assert_has_example(k, true);
}

static void set_all(struct config *c)
{
    struct error err = ERROR_INIT;

    config_init(c);
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++)
        if (config_set(c, examples[i][0], examples[i][1], "test", &err) < 0)
            fail_msg("%s = %s: %s", examples[i][0], examples[i][1], err.text);
}

static void what_is_written_reads_back_to_the_same(void **state)
{
    cleanup_config struct config first, second;
    cleanup_strbuf struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    set_all(&first);
    config_init(&second);
    assert_int_equal(config_write(&first, &text), 0);
    if (config_read_text(&second, text.text, text.length, "written", false, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(config_write(&second, &again), 0);
    assert_string_equal(text.text, again.text);
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;

        assert_int_equal(config_get_item(&first, examples[i][0], &one), 0);
        assert_int_equal(config_get_item(&second, examples[i][0], &two), 0);
        if (!one.length)
            fail_msg("%s has no value", examples[i][0]);
        assert_string_equal(strbuf_text(&one), strbuf_text(&two));
    }
}

/* An empty assignment to each, in reverse, gives what a fresh configuration has. */
static void every_key_can_be_cleared(void **state)
{
    cleanup_config struct config c, fresh;
    struct error err = ERROR_INIT;

    (void)state;
    set_all(&c);
    config_init(&fresh);
    for (size_t i = ARRAY_LENGTH(examples); i-- > 0;) {
        const char *key = examples[i][0];
        cleanup_strbuf struct strbuf now = STRBUF_INIT, unset = STRBUF_INIT;

        const char *rest;
        const struct key *row = key_find(config_keys, key, &rest);

        if (row->flags & KEY_FILLED || ends_with(key, ".type"))
            continue; /* these take a value */
        if (config_set(&c, key, "", "test", &err) < 0)
            fail_msg("%s =: %s", key, err.text);
        if (starts_with(key, "lxc.net.") || (row->initial && !(row->flags & KEY_RESETS)))
            continue; /* a network has its type's defaults; some have zero, not the default */
        config_get_item(&c, key, &now);
        config_get_item(&fresh, key, &unset);
        assert_string_equal(strbuf_text(&now), strbuf_text(&unset));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_an_example),
        cmocka_unit_test(what_is_written_reads_back_to_the_same),
        cmocka_unit_test(every_key_can_be_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
