/* The configuration language: parser, keys, includes, all or nothing. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/config.h"
#include "core/config/includes.h"

static int read_text(struct config *c, const char *text, struct error *err)
{
    return config_read_text(c, text, strlen(text), "cf", false, err);
}

/* The text is accepted, and the key then reads as `want`. */
static void assert_reads(const char *text, const char *key, const char *want)
{
    cleanup_config struct config c;
    cleanup_strbuf struct strbuf value = STRBUF_INIT;
    struct error err = ERROR_INIT;

    config_init(&c);
    if (read_text(&c, text, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(config_get_item(&c, key, &value), 0);
    assert_string_equal(strbuf_text(&value), want);
}

/* The text is refused with this reason, and nothing of it has taken effect. */
static void assert_refused(const char *text, const char *reason)
{
    cleanup_config struct config c;
    cleanup_strbuf struct strbuf all = STRBUF_INIT;
    struct error err = ERROR_INIT;

    config_init(&c);
    assert_int_equal(read_text(&c, "lxc.uts.name = before\n", &err), 0);
    if (read_text(&c, text, &err) >= 0)
        fail_msg("accepted: %s", text);
    if (!strstr(err.text, reason))
        fail_msg("%s: \"%s\" is not said, but \"%s\"", text, reason, err.text);
    assert_int_equal(config_write(&c, &all), 0);
    assert_string_equal(strbuf_text(&all), "lxc.uts.name = before\n");
}

static void lines_are_comments_empty_or_assignments(void **state)
{
    (void)state;
    assert_reads("# a remark\n\n  \t\n   # another\nlxc.uts.name=a\n", "lxc.uts.name", "a");
    assert_reads("\tlxc.uts.name \t=\t a \t\r\n", "lxc.uts.name", "a");
    assert_reads("lxc.uts.name = a", "lxc.uts.name", "a");
    assert_reads("lxc.init.cmd = /bin/sh -c 'a = b' # c", "lxc.init.cmd", "/bin/sh -c 'a = b' # c");
    assert_refused("lxc.uts.name = a\nlxc.uts.name\n", "cf:2: \"lxc.uts.name\" is not a setting");
    assert_refused("lxcuts.name = a\n", "cf:1: \"lxcuts.name = a\" is not a setting");
    assert_refused("lxc.uts.nmae = a\n", "cf:1: there is no key lxc.uts.nmae");
    assert_refused("lxc.init.cmd = a\x01\n", "control character");
}

static void one_pair_of_quotes_is_taken_off(void **state)
{
    (void)state;
    assert_reads("lxc.init.cmd = \"a b\"\n", "lxc.init.cmd", "a b");
    assert_reads("lxc.init.cmd = ' a '\n", "lxc.init.cmd", " a ");
    assert_reads("lxc.init.cmd = \"'a'\"\n", "lxc.init.cmd", "'a'");
    assert_reads("lxc.init.cmd = \"a'\n", "lxc.init.cmd", "\"a'");
    assert_reads("lxc.init.cmd = \"\n", "lxc.init.cmd", "\"");
    assert_reads("lxc.init.cmd = a\nlxc.init.cmd = \"\"\n", "lxc.init.cmd", "");
}

static void later_assignments_replace_or_add_and_empty_ones_clear(void **state)
{
    (void)state;
    assert_reads("lxc.tty.max = 1\nlxc.tty.max = 2\n", "lxc.tty.max", "2");
    assert_reads("lxc.group = a b\nlxc.group = c\n", "lxc.group", "a\nb\nc\n");
    assert_reads("lxc.group = a\nlxc.group =\nlxc.group = b\n", "lxc.group", "b\n");
    assert_reads("lxc.tty.max = 1\nlxc.tty.max =\n", "lxc.tty.max", "0");
    assert_reads("lxc.rootfs.managed = 0\nlxc.rootfs.managed =\n", "lxc.rootfs.managed", "1");
    assert_reads("lxc.autodev =\n", "lxc.autodev", "0");
}

static void defaults_are_those_of_lxc(void **state)
{
    static const char *const defaults[][2] = {
        {"lxc.autodev", "1"},
        {"lxc.autodev.tmpfs.size", "500000"},
        {"lxc.rootfs.managed", "1"},
        {"lxc.tty.max", "0"},
        {"lxc.monitor.signal.pdeath", "9"},
        {"lxc.log.level", "NOTSET"},
        {"lxc.signal.halt", "0"},
        {"lxc.time.offset.boot", "0 ns\n"},
        {"lxc.arch", ""},
        {"lxc.hook.start", ""},
        {"lxc.start.auto", "0"},
        {"lxc.init.groups", ""},
        {"lxc.keyring.session", "0"},
        {"lxc.time.offset.monotonic", "0ns\n"},
        {"lxc.cgroup", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++)
        assert_reads("", defaults[i][0], defaults[i][1]);
}

static void every_family_reads_back(void **state)
{
    static const char *const values[][3] = {
        {"lxc.arch = linux32\n", "lxc.arch", "i686"},
        {"lxc.arch = arm64\n", "lxc.arch", "x86_64"},
        {"lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 1 2\n", "lxc.idmap", "u 0 100000 65536\ng 0 1 2"},
        {"lxc.cap.drop = sys_admin 3\nlxc.cap.drop = mknod\n", "lxc.cap.drop", "sys_admin\n3\nmknod\n"},
        {"lxc.cap.keep = chown none kill\n", "lxc.cap.keep", "kill\n"},
        {"lxc.cap.drop = kill\nlxc.cap.keep =\nlxc.cap.keep = none\n", "lxc.cap.keep", ""},
        {"lxc.cgroup2.a.b = 1\nlxc.cgroup2.a.b = 2\n", "lxc.cgroup2.a.b", "1\n2\n"},
        {"lxc.cgroup.a = 1\nlxc.cgroup.b = x y\n", "lxc.cgroup", "lxc.cgroup.a = 1\nlxc.cgroup.b = x y\n"},
        {"lxc.cgroup.a = 1\nlxc.cgroup.b = 2\nlxc.cgroup.a =\n", "lxc.cgroup", "lxc.cgroup.b = 2\n"},
        {"lxc.cgroup.dir = a//b/./c/\n", "lxc.cgroup.dir", "a/b/c"},
        {"lxc.cgroup.dir.foo = 1\n", "lxc.cgroup.dir.foo", "1\n"},
        {"lxc.sysctl.a = 1\nlxc.sysctl.a = 2\n", "lxc.sysctl", "lxc.sysctl.a = 2\n"},
        {"lxc.proc.oom_score_adj = 10\n", "lxc.proc.oom_score_adj", "10"},
        {"lxc.prlimit.nofile = 5 : unlimited\n", "lxc.prlimit.nofile", "5:unlimited"},
        {"lxc.prlimit.nofile = 5:5\n", "lxc.prlimit.nofile", "5"},
        {"lxc.mount.auto = proc sys:ro cgroup2\n", "lxc.mount.auto", "proc:mixed sys:ro cgroup2"},
        {"lxc.mount.auto = cgroup-full:mixed:force proc:rw\n", "lxc.mount.auto", "proc:rw cgroup-full:mixed"},
        {"lxc.mount.auto = shmounts:/a\n", "lxc.mount.auto", "shmounts:/a:/dev/.lxc-mounts"},
        {"lxc.mount.entry = a b c\n", "lxc.mount.entry", "a b c\n"},
        {"lxc.namespace.clone = net time\n", "lxc.namespace.clone", "net\ntime\n"},
        {"lxc.namespace.share.net = other\n", "lxc.namespace.share.net", "other"},
        {"lxc.time.offset.boot = -5h\n", "lxc.time.offset.boot", "-18000 s\n"},
        {"lxc.time.offset.monotonic = 3ms\n", "lxc.time.offset.monotonic", "3000000ns\n"},
        {"lxc.init.groups = 1,2\nlxc.init.groups = 3\n", "lxc.init.groups", "1,2,3"},
        {"lxc.signal.halt = sigrtmin+3\n", "lxc.signal.halt", "37"},
        {"lxc.signal.stop = SIGTERM\n", "lxc.signal.stop", "15"},
        {"lxc.log.level = debug\n", "lxc.log.level", "DEBUG"},
        {"lxc.hook.start = a b\nlxc.hook.start = c\n", "lxc.hook.start", "a b\nc\n"},
        {"lxc.hook.start = a\nlxc.hook.stop = b\nlxc.hook =\n", "lxc.hook.stop", ""},
        {"lxc.console.buffer.size = auto\n", "lxc.console.buffer.size", "131072"},
        {"lxc.console.size = 3MB\n", "lxc.console.size", "4194304"},
        {"lxc.console.size = 1\n", "lxc.console.size", "4096"},
        {"lxc.environment = A=b=c\n", "lxc.environment", "A=b=c\n"},
        {"lxc.seccomp.notify.proxy = unix:/run/x\n", "lxc.seccomp.notify.proxy", "/run/x"},
        {"lxc.rootfs.path = overlay:/a:/b\n", "lxc.rootfs.path", "/a:/b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        assert_reads(values[i][0], values[i][1], values[i][2]);
}

#define VETH "lxc.net.0.type = veth\n"

static void networks_read_back(void **state)
{
    static const char *const values[][3] = {
        {VETH, "lxc.net.0.type", "veth"},
        {VETH "lxc.net.7.type = empty\n", "lxc.net", "veth\nempty\n"},
        {"lxc.net.7.type = empty\n" VETH, "lxc.net", "veth\nempty\n"},
        {VETH, "lxc.net.0.veth.mode", "bridge"},
        {VETH "lxc.net.0.veth.mode = router\n", "lxc.net.0.veth.mode", "router"},
        {VETH "lxc.net.0.ipv4.address = 10.0.3.4\n", "lxc.net.0.ipv4.address", "10.0.3.4/8"},
        {VETH "lxc.net.0.ipv4.address = 10.0.3.4/24\nlxc.net.0.ipv4.address = 192.168.1.2/16 192.168.1.255\n",
         "lxc.net.0.ipv4.address", "10.0.3.4/24\n192.168.1.2/16"},
        {VETH "lxc.net.0.ipv6.address = 2001:db8::1\n", "lxc.net.0.ipv6.address", "2001:db8::1/64"},
        {VETH "lxc.net.0.ipv4.gateway = auto\n", "lxc.net.0.ipv4.gateway", "auto"},
        {VETH "lxc.net.0.ipv6.gateway = 2001:db8::2\n", "lxc.net.0.ipv6.gateway", "2001:db8::2"},
        {VETH "lxc.net.0.veth.ipv4.route = 10.1.0.0/16\n", "lxc.net.0.veth.ipv4.route", "10.1.0.0/16"},
        {VETH "lxc.net.0.veth.vlan.id = none\n", "lxc.net.0.veth.vlan.id", "-1"},
        {VETH "lxc.net.0.veth.vlan.tagged.id = 1\nlxc.net.0.veth.vlan.tagged.id = 0x20\n",
         "lxc.net.0.veth.vlan.tagged.id", "1\n32"},
        {VETH "lxc.net.0.link = br0\nlxc.net.0.type = phys\n", "lxc.net.0.link", ""},
        {"lxc.net.0.link = br0\n" VETH, "lxc.net.0.link", "br0"},
        {VETH "lxc.net.0.ipv4.address = dhcp\n", "lxc.net.0.ipv4.address", "dhcp"},
        {VETH "lxc.net.0.mtu = 1400\nlxc.net.0.mtu =\n", "lxc.net.0.mtu", ""},
        {VETH "lxc.net.1.type = none\nlxc.net.0 =\n", "lxc.net", "none\n"},
        {VETH "lxc.net =\n", "lxc.net", ""},
        {"lxc.net.0.type = macvlan\n", "lxc.net.0.macvlan.mode", "private"},
        {"lxc.net.0.type = ipvlan\nlxc.net.0.ipvlan.mode = l2\n", "lxc.net.0.ipvlan.mode", "l2"},
        {"lxc.net.0.type = vlan\nlxc.net.0.vlan.id = 5\n", "lxc.net.0.vlan.id", "5"},
        {"lxc.net.0.type = empty\n", "lxc.net.0", "type\nscript.up\nscript.down\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        assert_reads(values[i][0], values[i][1], values[i][2]);
}

/* LXC reads it, and so do we, but config_check() says where it stands and what is wrong. */
static void assert_refused_late(const char *text, const char *reason)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    config_init(&c);
    if (read_text(&c, text, &err) < 0)
        fail_msg("refused: %s", text);
    assert_int_equal(config_check(&c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "cf:1: lxc."));
    if (!strstr(err.text, reason))
        fail_msg("%s: \"%s\" is not said, but \"%s\"", text, reason, err.text);
}

static void what_lxc_fails_on_when_it_starts_is_refused_then(void **state)
{
    static const char *const values[][2] = {
        {"lxc.autodev.tmpfs.size = big\n", "takes a number of bytes"},
        {"lxc.hook.version = new\n", "takes 0"},
        {"lxc.idmap = u 0 4294967296 1\n", "takes u or g"},
        {"lxc.init.uid = root\n", "takes a number"},
        {"lxc.init.gid = 4294967296\n", "takes a number"},
        {"lxc.mount.auto = shmounts:\n", "does not support"},
        {"lxc.mount.entry = a b\n", "fstab(5)"},
        {"lxc.seccomp.allow_nesting = yes\n", "takes 0 or 1"},
        {"lxc.start.delay = 2147483648\n", "takes a number"},
        {"lxc.net.0.flags = down\n", "takes \"up\""},
        {"lxc.net.0.hwaddr = 00:16\n", "takes six bytes"},
        {"lxc.net.0.ipv6.address = ::1/129\n", "takes ADDRESS/PREFIX"},
        {"lxc.net.0.link = 0123456789abcdef\n", "takes the name of an interface"},
        {"lxc.net.0.mtu = many\n", "takes a number of bytes"},
        {"lxc.net.0.name = a/b\n", "takes the name of an interface"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        assert_refused_late(values[i][0], values[i][1]);
}

static void what_is_good_is_good_when_it_starts(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    config_init(&c);
    assert_int_equal(read_text(&c,
                               "lxc.init.uid = 0x10\nlxc.net.0.type = veth\nlxc.net.0.mtu = 1400\n"
                               "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\nlxc.net.0.mtu =\n"
                               "lxc.mount.entry = a b none\n",
                               &err),
                     0);
    assert_int_equal(config_check(&c, &err), 0);
}

static void malformed_values_are_refused(void **state)
{
    static const char *const values[][2] = {
        {"lxc.arch =\n", "requires a value"},
        {"lxc.arch = pdp11\n", "takes an architecture"},
        {"lxc.tty.max = many\n", "takes a number from 0"},
        {"lxc.tty.max = -1\n", "takes a number from 0"},
        {"lxc.tty.max = 4294967296\n", "takes a number from 0"},
        {"lxc.autodev = 2\n", "takes 0 or 1"},
        {"lxc.idmap = b 0 1 2\n", "takes u or g"},
        {"lxc.idmap = u 0 1\n", "takes u or g"},
        {"lxc.idmap = u 0 1 2 3\n", "takes u or g"},
        {"lxc.cap.drop = kill\nlxc.cap.keep = chown\n", "exclude each other"},
        {"lxc.cap.drop = none\n", "there is no capability"},
        {"lxc.cap.drop = CAP_KILL\n", "there is no capability"},
        {"lxc.cgroup = 1\n", "does not name a setting"},
        {"lxc.cgroup2. = 1\n", "does not name a setting"},
        {"lxc.cgroupx = 1\n", "there is no key"},
        {"lxc.cgroup.dir = /a\n", "takes a relative path"},
        {"lxc.cgroup.dir = a/../b\n", "without \"..\""},
        {"lxc.cgroup.dir.container.inner = a/b\n", "one directory"},
        {"lxc.prlimit.nofile = 5x\n", "takes SOFT:HARD"},
        {"lxc.mount.auto = proc dev\n", "does not support \"dev\""},
        {"lxc.mount.auto = cgroup2:rw\n", "does not support"},
        {"lxc.mount.fstab =\n", "requires a value"},
        {"lxc.namespace.clone = net\nlxc.namespace.keep = net\n", "exclude each other"},
        {"lxc.namespace.clone = nut\n", "there is no namespace \"nut\""},
        {"lxc.namespace.share.nut = a\n", "there is no namespace \"nut\""},
        {"lxc.namespace.share.nut =\n", "there is no key"},
        {"lxc.time.offset.boot = 5\n", "with its unit"},
        {"lxc.time.offset.boot = 9223372036854775807h\n", "with its unit"},
        {"lxc.init.groups = a\n", "group ids"},
        {"lxc.init.groups = ,\n", "group ids"},
        {"lxc.signal.halt = PWR\n", "takes a signal"},
        {"lxc.signal.halt = SIGRTMIN+99\n", "takes a signal"},
        {"lxc.log.level = loud\n", "takes TRACE"},
        {"lxc.log.syslog = mail\n", "takes \"daemon\""},
        {"lxc.hook = a\n", "does not accept a value"},
        {"lxc.hook.never = a\n", "there is no key"},
        {"lxc.hook.version = 2\n", "takes 0"},
        {"lxc.console.size = 1TB\n", "takes \"auto\""},
        {"lxc.console.size = 99999999999999GB\n", "takes \"auto\""},
        {"lxc.environment = CF_UNSET\n", "the variable CF_UNSET is not set"},
        {"lxc.seccomp.notify.proxy = /run/x\n", "takes unix:"},
        {"lxc.rootfs.options = ro,optional\n", "only valid for lxc.mount.entry"},
        {"lxc.net = veth\n", "does not accept a value"},
        {"lxc.net.a.type = veth\n", "there is no key"},
        {"lxc.net.0 = veth\n", "there is no key"},
        {"lxc.net.0.typ = veth\n", "there is no key"},
        {"lxc.net.0.type = bridge\n", "takes none, empty"},
        {"lxc.net.0.veth.pair = a\n", "is only valid for networks of type veth"},
        {VETH "lxc.net.0.macvlan.mode = vepa\n", "is only valid for networks of type macvlan"},
        {VETH "lxc.net.0.veth.mode = hub\n", "takes bridge or router"},
        {VETH "lxc.net.0.ipv4.address = 1.2.3\n", "takes ADDRESS/PREFIX"},
        {VETH "lxc.net.0.ipv4.address = 1.2.3.4/33\n", "takes ADDRESS/PREFIX"},
        {VETH "lxc.net.0.ipv6.address = 1.2.3.4/24\n", "takes ADDRESS/PREFIX"},
        {VETH "lxc.net.0.veth.ipv4.route = 1.2.3.4\n", "takes ADDRESS/PREFIX"},
        {VETH "lxc.net.0.ipv4.gateway = any\n", "takes an address"},
        {VETH "lxc.net.0.veth.vlan.id = 4095\n", "VLAN id up to 4094"},
        {"lxc.net.3.link =\n", "there is no network 3 yet"},
        {"lxc.net.0.ipv4.address = dhcp\n", "is only valid for networks of type veth"},
        {"lxc.include = /etc/passwd\n", "is not allowed here"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        assert_refused(values[i][0], values[i][1]);
}

static void names_from_before_lxc_3_are_refused_with_the_new_name(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    config_init(&c);
    assert_true(read_text(&c, "lxc.utsname = a\n", &err) < 0);
    assert_non_null(strstr(err.remedy, "lxc.uts.name"));
    assert_true(read_text(&c, "lxc.network.0.link = a\n", &err) < 0);
    assert_non_null(strstr(err.remedy, "lxc.net.N"));
}

static void a_slip_is_answered_with_the_key_that_was_meant(void **state)
{
    static const char *const slips[][2] = {
        {"lxc.uts.nmae = a", "did you mean lxc.uts.name?"},
        {"lxc.mount.entrys = a", "did you mean lxc.mount.entry?"},
        {"lxc.net.12.ipv4.adress = a", "did you mean lxc.net.12.ipv4.address?"},
        {"lxc.something.else = a", "lxc.container.conf(5)"},
        {"lxc.net.0.0123456789012345678901234567890123456789012345 = a", "lxc.container.conf(5)"},
    };
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    config_init(&c);
    for (size_t i = 0; i < ARRAY_LENGTH(slips); i++) {
        assert_true(read_text(&c, slips[i][0], &err) < 0);
        if (!strstr(err.remedy, slips[i][1]))
            fail_msg("%s: %s", slips[i][0], err.remedy);
    }
}

static void values_arrive_typed(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;
    const struct config_net *n;

    (void)state;
    setenv("CF_SET", "1", 1);
    config_init(&c);
    assert_int_equal(read_text(&c,
                               VETH "lxc.net.0.hwaddr = xx:16:3e:XX:xx:01\nlxc.net.0.flags = up\n"
                                    "lxc.net.0.ipv4.address = 10.0.3.4/23\n"
                                    "lxc.mount.entry = /my\\040files mnt none bind,ro 0 0\n"
                                    "lxc.environment = CF_SET\nlxc.mount.auto = cgroup:ro\n",
                               &err),
                     0);
    assert_int_equal(c.net_count, 1);
    n = &c.nets[0];
    assert_true(n->up);
    assert_null(strpbrk(n->hwaddr, "xX"));
    assert_int_equal(strtol(n->hwaddr, NULL, 16) & 1, 0);
    assert_memory_equal(n->addresses[0].broadcast, ((uint8_t[]){10, 0, 3, 255}), 4);
    assert_string_equal(c.mounts[0].source, "/my files");
    assert_string_equal(c.mounts[0].options, "bind,ro");
    assert_string_equal(c.mounts[0].origin, "cf:5");
    assert_string_equal(c.environment.items[0], "CF_SET=1");
    assert_int_equal(c.mount_auto.cgroup, AUTO_RO);
}

/* Written and read again it is the same: random digits and all. */
static void what_is_written_reads_back_the_same(void **state)
{
    cleanup_config struct config first, second;
    cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    config_init(&first);
    config_init(&second);
    assert_int_equal(read_text(&first,
                               VETH "lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\nlxc.init.cmd = \"' a \"\n"
                                    "lxc.group = a\nlxc.group =\nlxc.group = b c\nlxc.cgroup2.x = 1\n"
                                    "lxc.execute.cmd = '\"q\"'\n",
                               &err),
                     0);
    assert_int_equal(config_write(&first, &one), 0);
    assert_int_equal(config_read_text(&second, one.text, one.length, "again", false, &err), 0);
    assert_int_equal(config_write(&second, &two), 0);
    assert_string_equal(one.text, two.text);
    assert_string_equal(first.init_cmd, "' a ");
    assert_string_equal(second.init_cmd, "' a ");
    assert_string_equal(second.execute_cmd, "\"q\"");
    assert_string_equal(first.nets[0].hwaddr, second.nets[0].hwaddr);
    assert_int_equal(second.groups.count, 2);
}

static void one_assignment_is_set_or_refused(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    config_init(&c);
    assert_int_equal(config_set(&c, "lxc.uts.name", "a", "-s", &err), 0);
    assert_string_equal(c.uts_name, "a");
    assert_true(config_set(&c, "lxc.uts.nme", "a", "-s", &err) < 0);
    assert_string_equal(err.text, "-s: there is no key lxc.uts.nme");
    assert_true(config_set(&c, "lxc.uts.name", "a\nlxc.tty.max = 1", "-s", &err) < 0);
}

/* --- Includes --- */

static char directory[] = "/tmp/lxcbox-config.XXXXXX";

static void put(const char *name, const char *text)
{
    cleanup_free char *path = format_string("%s/%s", directory, name);

    assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0600), 0);
}

static int read_put(struct config *c, const char *name, struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", directory, name);

    return config_read_file(c, path, err);
}

static int make_directory(void **state)
{
    cleanup_free char *sub = NULL;

    (void)state;
    if (!mkdtemp(directory))
        return -1;
    sub = format_string("%s/d", directory);
    return mkdir(sub, 0700);
}

static int remove_directory(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, directory);
}

static void put_include(const char *name, const char *included)
{
    cleanup_free char *text =
        format_string("lxc.group = %s\nlxc.include = %s%s%s\n", name, *included == '/' ? "" : directory,
                      *included == '/' ? "" : "/", included);
    put(name, text);
}

static void files_and_directories_are_included_in_order(void **state)
{
    cleanup_config struct config c;
    cleanup_strbuf struct strbuf groups = STRBUF_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    put("d/20.conf", "lxc.group = twenty\n");
    put("d/10.conf", "lxc.group = ten\n");
    put("d/30.conf~", "lxc.group = backup\n");
    put_include("inner", "d");
    put_include("outer", "inner");
    config_init(&c);
    if (read_put(&c, "outer", &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(config_get_item(&c, "lxc.group", &groups), 0);
    assert_string_equal(strbuf_text(&groups), "outer\ninner\nten\ntwenty\n");
    assert_true(ends_with(c.file, "/outer"));
}

static void a_bad_line_of_an_included_file_is_named_by_that_file(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    put("bad", "\nlxc.tty.max = x\n");
    put_include("outer", "bad");
    config_init(&c);
    assert_true(read_put(&c, "outer", &err) < 0);
    assert_true(starts_with(err.text, directory));
    assert_non_null(strstr(err.text, "/bad:2: lxc.tty.max takes"));
    assert_int_equal(c.groups.count, 0);
}

static void a_missing_include_is_refused_and_a_missing_directory_is_empty(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    put_include("outer", "nowhere");
    config_init(&c);
    assert_int_equal(read_put(&c, "outer", &err), -ENOENT);
    assert_non_null(strstr(err.text, "/outer:2: cannot read"));
    put_include("outer", "nowhere/");
    assert_int_equal(read_put(&c, "outer", &err), 0);
}

static void circles_of_includes_are_refused(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    put_include("a", "b");
    put_include("b", "a");
    config_init(&c);
    assert_int_equal(read_put(&c, "a", &err), -ELOOP);
    assert_non_null(strstr(err.text, "includes itself"));
}

static void depth_and_number_of_includes_are_bounded(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    for (int i = 0; i < 20; i++) {
        cleanup_free char *name = format_string("deep%d", i), *next = format_string("deep%d", i + 1);
        put_include(name, next);
    }
    put("deep20", "");
    config_init(&c);
    assert_int_equal(read_put(&c, "deep0", &err), -ELOOP);
    assert_non_null(strstr(err.text, "include one another"));
    assert_int_equal(read_put(&c, "deep10", &err), 0);
}

static void the_built_in_files_are_good(void **state)
{
    static const char *const names[] = {
        "common.conf",           "nesting.conf",          "oci.common.conf",    "alpine.common.conf",
        "archlinux.common.conf", "busybox.common.conf",   "debian.common.conf", "gentoo.moresecure.conf",
        "openwrt.common.conf",   "slackware.common.conf", "ubuntu.common.conf", "fedora.common.conf",
        "plamo.common.conf",     "centos.common.conf",    "gentoo.common.conf",
    };
    size_t length;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        cleanup_config struct config c;
        struct error err = ERROR_INIT;
        const char *text = config_builtin(names[i], &length);

        assert_non_null(text);
        config_init(&c);
        if (config_read_text(&c, text, length, names[i], true, &err) < 0)
            fail_msg("%s", err.text);
        text = config_builtin("alpine.userns.conf", &length);
        if (config_read_text(&c, text, length, "alpine.userns.conf", true, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(c.cap_drop.count, 0);
        assert_int_equal(c.cgroup.count + c.cgroup2.count, 0);
    }
    assert_non_null(config_builtin("common.seccomp", &length));
    assert_memory_equal(config_builtin("common.seccomp", &length), "2\n", 2);
    assert_null(config_builtin("other.conf", &length));
    assert_null(config_builtin("x/y.common.conf", &length));
}

static void an_absent_file_of_lxcs_directory_is_built_in(void **state)
{
    cleanup_config struct config c;
    struct error err = ERROR_INIT;

    (void)state;
    put_include("outer", CONFIG_DIRECTORY "/voidlinux.common.conf");
    config_init(&c);
    if (read_put(&c, "outer", &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(c.tty_max, 4);
}

static void the_mounts_of_a_file_come_first(void **state)
{
    cleanup_config struct config c;
    cleanup_free char *path = format_string("%s/fstab", directory);
    struct error err = ERROR_INIT;

    (void)state;
    put("fstab", "# remark\nproc proc proc nodev 0 0\n\n  sys\tsys sysfs\n");
    config_init(&c);
    assert_int_equal(read_text(&c, "lxc.mount.entry = a b none bind\n", &err), 0);
    assert_int_equal(config_set(&c, "lxc.mount.fstab", path, "t", &err), 0);
    assert_int_equal(config_load_fstab(&c, &err), 0);
    assert_int_equal(c.mount_count, 3);
    assert_string_equal(c.mounts[1].type, "sysfs");
    assert_true(ends_with(c.mounts[1].origin, "/fstab:4"));
    assert_string_equal(c.mounts[2].source, "a");
    put("fstab", "proc proc\n");
    assert_true(config_load_fstab(&c, &err) < 0);
    assert_non_null(strstr(err.text, "/fstab:1: fewer than three fields"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_comments_empty_or_assignments),
        cmocka_unit_test(one_pair_of_quotes_is_taken_off),
        cmocka_unit_test(later_assignments_replace_or_add_and_empty_ones_clear),
        cmocka_unit_test(defaults_are_those_of_lxc),
        cmocka_unit_test(every_family_reads_back),
        cmocka_unit_test(networks_read_back),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(what_lxc_fails_on_when_it_starts_is_refused_then),
        cmocka_unit_test(what_is_good_is_good_when_it_starts),
        cmocka_unit_test(names_from_before_lxc_3_are_refused_with_the_new_name),
        cmocka_unit_test(a_slip_is_answered_with_the_key_that_was_meant),
        cmocka_unit_test(values_arrive_typed),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(one_assignment_is_set_or_refused),
        cmocka_unit_test(files_and_directories_are_included_in_order),
        cmocka_unit_test(a_bad_line_of_an_included_file_is_named_by_that_file),
        cmocka_unit_test(a_missing_include_is_refused_and_a_missing_directory_is_empty),
        cmocka_unit_test(circles_of_includes_are_refused),
        cmocka_unit_test(depth_and_number_of_includes_are_bounded),
        cmocka_unit_test(the_built_in_files_are_good),
        cmocka_unit_test(an_absent_file_of_lxcs_directory_is_built_in),
        cmocka_unit_test(the_mounts_of_a_file_come_first),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
