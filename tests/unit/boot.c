/* What a machine reads while it boots: settings, modules' lists, superblocks, the time; and the archive it
 * boots from. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/boot/cpio.h"
#include "core/boot/disk.h"
#include "core/boot/modules.h"
#include "core/boot/settings.h"
#include "net/dhcp/sntp.h"

static void words_are_taken_quotes_and_remarks_understood(void **state)
{
    cleanup_boot_settings struct boot_settings s = {0};
    cleanup_string_list struct string_list complaints = {0};

    (void)state;
    assert_int_equal(
        boot_settings_parse(&s,
                            "# lxc.name=remark\nquiet lxc.image=debian/bookworm lxc.run=\"/bin/sh -l\"\n"
                            "\"lxc.name=a b\"\tlxc.cgroup=v1 ip=off root=/dev/x #x",
                            &complaints),
        0);
    assert_int_equal(complaints.count, 0);
    assert_string_equal(s.image, "debian/bookworm");
    assert_string_equal(s.run, "/bin/sh -l");
    assert_string_equal(s.name, "a b");
    assert_string_equal(s.cgroup, "v1");
    assert_string_equal(s.ip, "off");
    assert_null(s.end);
}

static void later_words_replace_and_empty_ones_clear(void **state)
{
    cleanup_boot_settings struct boot_settings s = {0};
    cleanup_string_list struct string_list complaints = {0};

    (void)state;
    assert_int_equal(boot_settings_parse(&s, "lxc.end=halt lxc.name=x", &complaints), 0);
    assert_int_equal(boot_settings_parse(&s, "lxc.end=reboot lxc.name=", &complaints), 0);
    assert_string_equal(s.end, "reboot");
    assert_null(s.name);
}

static void what_is_none_of_ours_is_told(void **state)
{
    cleanup_boot_settings struct boot_settings s = {0};
    cleanup_string_list struct string_list complaints = {0};

    (void)state;
    assert_int_equal(boot_settings_parse(&s, "lxc.imgae=x lxc.end=off lxc.cgroup=v foo=bar", &complaints), 0);
    assert_int_equal(complaints.count, 3);
    assert_string_equal(complaints.items[0], "there is no setting lxc.imgae");
    assert_string_equal(complaints.items[1], "lxc.end takes poweroff|reboot|halt, not \"off\"");
    assert_null(s.end);
    assert_null(s.cgroup);
}

static void addresses_are_those_of_the_kernels_ip(void **state)
{
    struct error err = ERROR_INIT;
    struct boot_ip ip;

    (void)state;
    assert_int_equal(boot_ip_parse(NULL, &ip, &err), 0);
    assert_true(ip.dhcp && !ip.off);
    assert_int_equal(boot_ip_parse("none", &ip, &err), 0);
    assert_true(ip.off && !ip.dhcp);
    assert_int_equal(boot_ip_parse("eth1:dhcp", &ip, &err), 0);
    assert_true(ip.dhcp);
    assert_string_equal(ip.device, "eth1");
    assert_int_equal(boot_ip_parse(":::::eth2:dhcp", &ip, &err), 0);
    assert_true(ip.dhcp);
    assert_string_equal(ip.device, "eth2");
    assert_int_equal(boot_ip_parse("192.0.2.5::192.0.2.1:255.255.255.0:box:eth0:off:192.0.2.3", &ip, &err),
                     0);
    assert_true(!ip.dhcp && !ip.off);
    assert_string_equal(ip.address, "192.0.2.5");
    assert_string_equal(ip.gateway, "192.0.2.1");
    assert_string_equal(ip.netmask, "255.255.255.0");
    assert_string_equal(ip.host_name, "box");
    assert_string_equal(ip.servers[0], "192.0.2.3");
    assert_int_equal(boot_ip_parse("192.0.2.5", &ip, &err), -EINVAL);
    assert_int_equal(boot_ip_parse("192.0.2.5:::::eth0:perhaps", &ip, &err), -EINVAL);
    assert_int_equal(boot_ip_parse("a:a:a:a:a:a:off:a:a:a:a", &ip, &err), -EINVAL);
}

static void an_image_has_two_to_four_parts(void **state)
{
    static const char *const bad[] = {"debian", "debian/", "/bookworm", "a/b/c/d/e", "a//b", ""};
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cleanup_string_list struct string_list parts = {0};

        assert_int_equal(boot_image_parse(bad[i], &parts, &err), -EINVAL);
    }
    cleanup_string_list struct string_list parts = {0};
    assert_int_equal(boot_image_parse("debian/bookworm/cloud/arm64", &parts, &err), 0);
    assert_int_equal(parts.count, 4);
    assert_string_equal(parts.items[2], "cloud");
}

static char dep[] =
    "kernel/net/bridge.ko: kernel/net/stp.ko kernel/net/llc.ko\nkernel/net/stp.ko: kernel/net/llc.ko\n"
    "kernel/net/llc.ko:\nkernel/fs/my-fs.ko.xz:\nkernel/lib/crc.ko:\nkernel/fs/over.ko: "
    "kernel/fs/my-fs.ko.xz\n";
static char alias[] = "# aliases\nalias rtnl-link-bridge bridge\nalias pci:v00001AF4d0000100[0-5]sv* "
                      "llc\nalias fs-my_fs my_fs\n"
                      "alias pci:v00001AF4* crc\n";
static char soft[] = "softdep my_fs pre: crc nonesuch post: stp\n";
static char built_in[] = "kernel/net/unix-sockets.ko\n";
static const struct modules lists = {
    .directory = NULL, .dep = dep, .alias = alias, .soft = soft, .built_in = built_in};

static void assert_resolves(const char *name, int result, const char *wanted)
{
    cleanup_string_list struct string_list paths = {0};
    cleanup_strbuf struct strbuf all = STRBUF_INIT;

    assert_int_equal(modules_resolve(&lists, name, &paths), result);
    for (size_t i = 0; i < paths.count; i++)
        assert_int_equal(strbuf_printf(&all, "%s%s", i ? " " : "", paths.items[i]), 0);
    assert_string_equal(strbuf_text(&all), wanted);
}

static void a_module_comes_after_those_it_needs(void **state)
{
    (void)state;
    assert_resolves("bridge", 0, "kernel/net/llc.ko kernel/net/stp.ko kernel/net/bridge.ko");
    assert_resolves("rtnl-link-bridge", 0, "kernel/net/llc.ko kernel/net/stp.ko kernel/net/bridge.ko");
    assert_resolves("my-fs", 0,
                    "kernel/lib/crc.ko kernel/fs/my-fs.ko.xz kernel/net/llc.ko kernel/net/stp.ko");
    assert_resolves(
        "over", 0,
        "kernel/lib/crc.ko kernel/fs/my-fs.ko.xz kernel/net/llc.ko kernel/net/stp.ko kernel/fs/over.ko");
    assert_resolves("pci:v00001AF4d00001003sv1", 0, "kernel/net/llc.ko kernel/lib/crc.ko");
    assert_resolves("unix_sockets", 1, "");
    assert_resolves("nonesuch", -ENOENT, "");
}

static void an_excerpt_speaks_of_the_chosen_modules_alone(void **state)
{
    cleanup_string_list struct string_list paths = {0};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_int_equal(string_list_add(&paths, "kernel/fs/my-fs.ko.xz"), 0);
    assert_int_equal(modules_excerpt(dep, &paths, &out), 0);
    assert_int_equal(modules_excerpt(alias, &paths, &out), 0);
    assert_int_equal(modules_excerpt(soft, &paths, &out), 0);
    assert_string_equal(
        out.text,
        "kernel/fs/my-fs.ko.xz:\nalias fs-my_fs my_fs\nsoftdep my_fs pre: crc nonesuch post: stp\n");
}

static void a_disk_is_known_by_its_label_and_uuid(void **state)
{
    uint8_t *head = calloc(1, DISK_HEAD);
    struct disk_identity id;

    (void)state;
    assert_non_null(head);
    head[1024 + 56] = 0x53;
    head[1024 + 57] = 0xef;
    for (int i = 0; i < 16; i++)
        head[1024 + 104 + i] = (uint8_t)(i * 17);
    memcpy(head + 1024 + 120, "sixteen letters.", 16);
    disk_identify(head, DISK_HEAD, &id);
    assert_string_equal(id.type, "ext2");
    assert_string_equal(id.label, "sixteen letters.");
    assert_string_equal(id.uuid, "00112233-4455-6677-8899-aabbccddeeff");
    disk_identify(head, 1024 + 110, &id);
    assert_string_equal(id.label, "");
    memset(head, 0, DISK_HEAD);
    memcpy(head + 67, "\x78\x56\x34\x12STICK      FAT32   ", 23);
    disk_identify(head, DISK_HEAD, &id);
    assert_string_equal(id.type, "vfat");
    assert_string_equal(id.label, "STICK");
    assert_string_equal(id.uuid, "1234-5678");
    memset(head, 0, DISK_HEAD);
    disk_identify(head, DISK_HEAD, &id);
    assert_null(id.type);
    free(head);
}

static void time_is_taken_from_the_answer_to_our_question_alone(void **state)
{
    uint8_t message[SNTP_SIZE];
    struct timespec now;

    (void)state;
    sntp_request(42, message);
    assert_int_equal(message[0], 0x23);
    memcpy(message + 24, message + 40, 8);
    message[0] = 0x24;
    message[1] = 2;
    /* 2026-01-01, half a second later. */
    memcpy(message + 40, "\xed\x00\x62\x80\x80\x00\x00\x00", 8);
    assert_int_equal(sntp_answer(message, sizeof(message), 42, &now), 0);
    assert_int_equal(now.tv_sec, 0xed006280LL - 2208988800LL);
    assert_int_equal(now.tv_nsec, 500000000);
    assert_int_equal(sntp_answer(message, sizeof(message), 43, &now), -EINVAL);
    assert_int_equal(sntp_answer(message, sizeof(message) - 1, 42, &now), -EINVAL);
    message[1] = 0; /* a kiss of death: RFC 4330, 8 */
    assert_int_equal(sntp_answer(message, sizeof(message), 42, &now), -EINVAL);
    message[1] = 2;
    message[0] = 0xe4; /* its clock is not set */
    assert_int_equal(sntp_answer(message, sizeof(message), 42, &now), -EINVAL);
    message[0] = 0x24;
    memcpy(message + 40, "\x00\x00\x00\x10", 4); /* after 2036-02-07 */
    assert_int_equal(sntp_answer(message, sizeof(message), 42, &now), 0);
    assert_true(now.tv_sec == INT64_C(0x100000010) - INT64_C(2208988800));
}

static void an_archive_has_the_directories_of_what_is_in_it(void **state)
{
    cleanup_free char *bytes = NULL;
    size_t length;
    FILE *out = open_memstream(&bytes, &length);
    struct cpio c = {.out = out};

    (void)state;
    assert_non_null(out);
    assert_int_equal(cpio_add(&c, "a/b", S_IFREG | 0644, 0, "12345", 5), 0);
    assert_int_equal(cpio_add(&c, "a", S_IFDIR | 0755, 0, NULL, 0), 0);
    assert_int_equal(cpio_end(&c), 0);
    fclose(out);
    cpio_free(&c);
    /* Header of 110 bytes, name with its NUL, both to a multiple of four; content to one. */
    assert_int_equal(length, 112 + (116 + 8) + 124);
    assert_memory_equal(bytes, "07070100000000000041ed", 22);
    assert_string_equal(bytes + 110, "a");
    assert_memory_equal(bytes + 112, "07070100000001000081a4", 22);
    assert_string_equal(bytes + 112 + 110, "a/b");
    assert_memory_equal(bytes + 112 + 116, "12345\0\0\0", 8);
    assert_string_equal(bytes + 112 + 124 + 110, "TRAILER!!!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_quotes_and_remarks_understood),
        cmocka_unit_test(later_words_replace_and_empty_ones_clear),
        cmocka_unit_test(what_is_none_of_ours_is_told),
        cmocka_unit_test(addresses_are_those_of_the_kernels_ip),
        cmocka_unit_test(an_image_has_two_to_four_parts),
        cmocka_unit_test(a_module_comes_after_those_it_needs),
        cmocka_unit_test(an_excerpt_speaks_of_the_chosen_modules_alone),
        cmocka_unit_test(a_disk_is_known_by_its_label_and_uuid),
        cmocka_unit_test(time_is_taken_from_the_answer_to_our_question_alone),
        cmocka_unit_test(an_archive_has_the_directories_of_what_is_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
