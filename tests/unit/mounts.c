/* Mount options, lxc.rootfs.path, and what file system an image holds. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "core/base/cleanup.h"
#include "core/mount/mounts.h"
#include "core/mount/rootfs.h"
#include "core/mount/filesystem.h"

static void options_become_flags_and_data(void **state)
{
    cleanup_mount_options struct mount_options o = {0};

    (void)state;
    assert_int_equal(mount_options_parse("defaults,rbind,ro,nosuid,suid,,mode=755,size=1m", &o, NULL), 0);
    assert_int_equal(o.flags, MS_BIND | MS_REC | MS_RDONLY);
    assert_int_equal(o.cleared, MS_NOSUID);
    assert_string_equal(o.data, "mode=755,size=1m");
    assert_false(o.optional || o.create_dir || o.create_file || o.relative || o.idmap);
}

static void propagation_is_kept_apart_from_flags(void **state)
{
    cleanup_mount_options struct mount_options o = {0};

    (void)state;
    assert_int_equal(mount_options_parse("bind,rslave", &o, NULL), 0);
    assert_int_equal(o.flags, MS_BIND);
    assert_int_equal(o.propagation, MS_SLAVE | MS_REC);
}

static void lxcs_own_options_do_not_reach_the_file_system(void **state)
{
    cleanup_mount_options struct mount_options o = {0};

    (void)state;
    assert_int_equal(mount_options_parse("optional,create=dir,relative,idmap=/proc/7/ns/user", &o, NULL), 0);
    assert_true(o.optional && o.create_dir && o.relative);
    assert_string_equal(o.idmap, "/proc/7/ns/user");
    assert_string_equal(o.data, "");
}

static void options_without_meaning_are_refused(void **state)
{
    struct mount_options o;

    (void)state;
    assert_int_equal(mount_options_parse("create=link", &o, NULL), -EINVAL);
    assert_int_equal(mount_options_parse("create=dir,create=file", &o, NULL), -EINVAL);
    assert_int_equal(mount_options_parse("idmap=", &o, NULL), -EINVAL);
}

static void options_of_an_fstab_do_not_reach_the_kernel(void **state)
{
    cleanup_mount_options struct mount_options o = {0};

    (void)state;
    assert_int_equal(mount_options_parse("none,auto,noauto,nofail,user,users,nouser,owner,group,_netdev,loop,"
                                         "silent,loud,iversion,comment=a b,x-systemd.automount,X-mount.mkdir",
                                         &o, NULL),
                     0);
    assert_int_equal(o.flags | o.cleared, 0);
    assert_string_equal(o.data, "");
}

static void a_move_is_no_bind(void **state)
{
    struct mount_options o;

    (void)state;
    assert_int_equal(mount_options_parse("move,bind", &o, NULL), -EINVAL);
    assert_int_equal(mount_options_parse("rbind,move", &o, NULL), -EINVAL);
}

static void no_options_are_options(void **state)
{
    cleanup_mount_options struct mount_options o = {0};

    (void)state;
    assert_int_equal(mount_options_parse(NULL, &o, NULL), 0);
    assert_string_equal(o.data, "");
}

static void is_source(const char *text, enum rootfs_type type, const char *path, const char *upper)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    struct error err = ERROR_INIT;

    if (rootfs_source_parse(text, &s, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(s.type, type);
    if (path)
        assert_string_equal(s.path, path);
    if (upper)
        assert_string_equal(s.upper, upper);
    else
        assert_null(s.upper);
}

static void a_rootfs_path_names_its_storage(void **state)
{
    (void)state;
    is_source(NULL, ROOTFS_HOST, NULL, NULL);
    is_source("", ROOTFS_HOST, NULL, NULL);
    is_source("/a:b", ROOTFS_DIR, "/a:b", NULL);
    is_source("dir:/a", ROOTFS_DIR, "/a", NULL);
    is_source("btrfs:/a", ROOTFS_DIR, "/a", NULL);
    is_source("overlay:/a:/b:/c", ROOTFS_OVERLAY, "/a:/b", "/c");
    is_source("overlayfs:/a:/c", ROOTFS_OVERLAY, "/a", "/c");
    is_source("loop:/a.img", ROOTFS_IMAGE, "/a.img", NULL);
    is_source("lvm:/dev/vg/a", ROOTFS_IMAGE, "/dev/vg/a", NULL);
    is_source("zfs:tank/a", ROOTFS_ZFS, "tank/a", NULL);
    is_source("squashfs:/a.img", ROOTFS_SQUASHFS, "/a.img", NULL);
    is_source("squashfs:/a.img:/up", ROOTFS_SQUASHFS, "/a.img", "/up");
}

static void refused(const char *text, int code, const char *why)
{
    struct rootfs_source s;
    struct error err = ERROR_INIT;

    assert_int_equal(rootfs_source_parse(text, &s, &err), code);
    if (!strstr(err.text, why) || !err.remedy[0])
        fail_msg("\"%s\" (%s) does not say \"%s\"", err.text, err.remedy, why);
}

static void a_rootfs_that_cannot_be_had_is_refused_with_a_remedy(void **state)
{
    (void)state;
    refused("nbd:/a.qcow2", -ENOTSUP, "qemu-nbd");
    refused("rbd:pool/a", -ENOTSUP, "Ceph");
    refused("floppy:/a", -ENOTSUP, "\"floppy\"");
    refused("rootfs", -EINVAL, "absolute");
    refused("dir:rootfs", -EINVAL, "absolute");
    refused("loop:", -EINVAL, "absolute");
    refused("overlay:/a", -EINVAL, "a lower and an upper directory");
    refused("overlay:/a,b:/c", -EINVAL, "a lower and an upper directory");
}

static void superblocks_tell_file_systems_apart(void **state)
{
    static const struct {
        const char *name;
        size_t offset;
        const char *magic;
    } samples[] = {
        {"xfs", 0, "XFSB"},
        {"squashfs", 0, "hsqs"},
        {"erofs", 1024, "\xe2\xe1\xf5\xe0"},
        {"f2fs", 1024, "\x10\x20\xf5\xf2"},
        {"btrfs", 65600, "_BHRfS_M"},
        {"iso9660", 32769, "CD001"},
        {"vfat", 82, "FAT32"},
        {"ext2", 1080, "\x53\xef"},
    };
    static uint8_t head[FILESYSTEM_HEAD];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
        memset(head, 0, sizeof(head));
        memcpy(head + samples[i].offset, samples[i].magic, strlen(samples[i].magic));
        assert_string_equal(filesystem_type(head, sizeof(head)), samples[i].name);
        assert_null(filesystem_type(head, samples[i].offset + 1));
    }
    head[1024 + 92] = 0x4; /* a journal */
    assert_string_equal(filesystem_type(head, sizeof(head)), "ext3");
    head[1024 + 96] = 0x40; /* extents */
    assert_string_equal(filesystem_type(head, sizeof(head)), "ext4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_flags_and_data),
        cmocka_unit_test(propagation_is_kept_apart_from_flags),
        cmocka_unit_test(lxcs_own_options_do_not_reach_the_file_system),
        cmocka_unit_test(options_without_meaning_are_refused),
        cmocka_unit_test(options_of_an_fstab_do_not_reach_the_kernel),
        cmocka_unit_test(a_move_is_no_bind),
        cmocka_unit_test(no_options_are_options),
        cmocka_unit_test(a_rootfs_path_names_its_storage),
        cmocka_unit_test(a_rootfs_that_cannot_be_had_is_refused_with_a_remedy),
        cmocka_unit_test(superblocks_tell_file_systems_apart),
    };

    return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
