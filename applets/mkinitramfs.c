/* mkinitramfs: write an initramfs that holds this executable as init. See mkinitramfs.1. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/boot/cpio.h"
#include "core/boot/modules.h"
#include "core/storage/template_busybox.h"

#define EXECUTABLE_MAX (64u << 20) /* bytes */

struct mkinitramfs_options {
    const char *output, *kernel, *base, *executable, *busybox;
    struct string_list modules, additions;
};

static const struct option_row mkinitramfs_table[] = {
    OPT_STRING('o', "output", "FILE", struct mkinitramfs_options, output, "the initramfs to write"),
    OPT_LIST(
        'm', "modules", "NAME[,NAME]...", struct mkinitramfs_options, modules,
        "kernel modules, with their dependencies, or none (those that containers and virtual machines use)"),
    OPT_LIST('a', "add", "FILE[:PATH]", struct mkinitramfs_options, additions,
             "add a file or directory, at the same or another path"),
    OPT_STRING(0, "busybox", "FILE", struct mkinitramfs_options, busybox,
               "add a static busybox, for a shell after a failure"),
    OPT_STRING('k', "kernel", "RELEASE", struct mkinitramfs_options, kernel,
               "the kernel whose modules are taken (the running one)"),
    OPT_STRING('b', "basedir", "DIR", struct mkinitramfs_options, base,
               "the directory that contains lib/modules (/)"),
    OPT_STRING('x', "executable", "FILE", struct mkinitramfs_options, executable,
               "the lxcbox to include, for another machine (this one)"),
    OPT_END,
};

/* The modules included without -m, as far as they exist. Those of devices are loaded by the aliases of the
 * devices; the kernel requests the others when they are used. */
static const char *const default_modules[] = {"virtio_pci",
                                              "virtio_mmio",
                                              "virtio_net",
                                              "virtio_blk",
                                              "virtio_scsi",
                                              "virtio_console",
                                              "sd_mod",
                                              "ahci",
                                              "nvme",
                                              "e1000",
                                              "e1000e",
                                              "r8169",
                                              "igb",
                                              "usb_storage",
                                              "xhci_pci",
                                              "ext4",
                                              "xfs",
                                              "btrfs",
                                              "f2fs",
                                              "vfat",
                                              "nls_cp437",
                                              "nls_ascii",
                                              "nls_iso8859_1",
                                              "squashfs",
                                              "erofs",
                                              "loop",
                                              "overlay",
                                              "veth",
                                              "bridge",
                                              "macvlan",
                                              "ipvlan",
                                              "8021q",
                                              "tun",
                                              "nf_tables",
                                              "nft_masq",
                                              "nft_chain_nat",
                                              "nft_ct",
                                              "nft_nat",
                                              "nft_fib_ipv4",
                                              "nft_fib_ipv6",
                                              "nf_conntrack_netlink",
                                              "af_packet",
                                              "crc32c_generic",
                                              "binfmt_misc"};

/* Resolve comma-separated lists of module names. */
static int modules_resolve_lists(const struct modules *m, const struct string_list *lists,
                                 struct string_list *paths, struct error *err)
{
    for (size_t i = 0; i < lists->count; i++) {
        cleanup_free char *copy = strdup(lists->items[i]);
        char *rest = copy, *name;

        if (!copy)
            return error_set(err, ENOMEM, "cannot look for modules");
        while ((name = strsep(&rest, ", "))) {
            int r = *name ? modules_resolve(m, name, paths) : 0;

            if (r == -ENOENT) {
                error_text(err, ENOENT, "there is no module %s in %s", name, m->directory);
                return error_remedy(err, "name another kernel with -k");
            }
            if (r < 0)
                return error_set(err, r, "cannot look for module %s", name);
        }
    }
    return 0;
}

/* Select the modules: their paths relative to m->directory. */
static int modules_select(const struct mkinitramfs_options *o, struct modules *m, struct string_list *paths,
                          struct error *err)
{
    bool none = o->modules.count == 1 && strcmp(o->modules.items[0], "none") == 0;
    int r = none ? 0 : modules_open(m, o->base, o->kernel, err);

    /* The kernel has everything built in. */
    if (r == -ENOENT && !o->kernel && !o->modules.count)
        return 0;
    if (r == -ENOENT)
        error_remedy(
            err, "name the kernel with -k, the directory that contains lib/modules with -b, or use -m none");
    if (r < 0 || none)
        return r;
    /* /sys describes the running kernel; the other kernel may have a module where the running one has none.
     */
    m->sys_counts = false;
    if (o->modules.count)
        return modules_resolve_lists(m, &o->modules, paths, err);
    for (size_t i = 0; i < ARRAY_LENGTH(default_modules); i++)
        if (modules_resolve(m, default_modules[i], paths) == -ENOMEM)
            return error_set(err, ENOMEM, "cannot look for modules");
    return 0;
}

static int archive_add_modules(struct cpio *out, const struct modules *m, const struct string_list *paths,
                               struct error *err)
{
    const struct {
        const char *name, *text;
    } lists[] = {{"modules.dep", m->dep}, {"modules.alias", m->alias}, {"modules.softdep", m->soft}};
    const char *release = m->directory ? strrchr(m->directory, '/') : "";
    int r = 0;

    for (size_t i = 0; r == 0 && i < paths->count; i++) {
        cleanup_free char *from = format_string("%s/%s", m->directory, paths->items[i]);
        cleanup_free char *to = format_string("lib/modules%s/%s", release, paths->items[i]);

        r = from && to ? cpio_add_from(out, from, to, err) : error_set(err, ENOMEM, "cannot add modules");
    }
    for (size_t i = 0; r == 0 && paths->count && i < ARRAY_LENGTH(lists); i++) {
        cleanup_strbuf struct strbuf part = STRBUF_INIT;
        cleanup_free char *to = format_string("lib/modules%s/%s", release, lists[i].name);

        r = to ? modules_excerpt(lists[i].text, paths, &part) : -ENOMEM;
        if (r == 0)
            r = cpio_add(out, to, S_IFREG | 0644, 0, part.text, part.length);
        if (r < 0)
            error_set(err, r, "cannot add %s", lists[i].name);
    }
    return r;
}

/* Is the path below /var, and not that of a container? Init makes only containers visible there. */
static bool path_is_hidden(const char *path)
{
    static const char lxcpath[] = "var/lib/lxc";
    bool below = starts_with(path, "var") && (path[3] == '/' || !path[3]);

    return below && !(starts_with(path, lxcpath) && strchr("/", path[sizeof(lxcpath) - 1]));
}

/* Only the file: init makes the links to it when it starts a shell. */
static int archive_add_busybox(struct cpio *out, const char *busybox, struct error *err)
{
    cleanup_fd int fd = open(busybox, O_RDONLY | O_CLOEXEC);
    cleanup_free char *bytes = NULL;
    size_t length = 0;
    int r = fd < 0 ? -errno : elf_is_static(fd);

    if (r == 0 || r == -ENOEXEC)
        return error_text(err, ENOEXEC, "%s is not a static program", busybox);
    if (r > 0)
        r = file_read(AT_FDCWD, busybox, EXECUTABLE_MAX, &bytes, &length);
    if (r == 0)
        r = cpio_add(out, "bin/busybox", S_IFREG | 0755, 0, bytes, length);
    return r < 0 ? error_set(err, r, "cannot add %s", busybox) : 0;
}

/* Add FILE or FILE:PATH. */
static int archive_add_file(struct cpio *out, const char *spec, struct error *err)
{
    const char *colon = strrchr(spec, ':'), *path = colon ? colon + 1 : spec;
    cleanup_free char *from = strndup(spec, colon ? (size_t)(colon - spec) : strlen(spec));

    if (!from)
        return error_set(err, ENOMEM, "cannot add %s", spec);
    if (path[0] != '/') {
        error_text(err, EINVAL, "-a %s has no absolute path for %s", spec, from);
        return error_remedy(err, "use an absolute path, or -a FILE:/PATH");
    }
    path += strspn(path, "/");
    if (path_is_hidden(path)) {
        error_text(err, EINVAL, "-a %s would be hidden: init mounts the data disk at /var", spec);
        return error_remedy(err, "put a container at /var/lib/lxc/NAME, other files outside /var");
    }
    return cpio_add_from(out, from, path, err);
}

/* Add what every initramfs contains: mount points, a console for init, this executable, and links to it as
 * init and as the program with which the kernel loads modules. */
static int archive_add_base(struct cpio *out, const struct mkinitramfs_options *o, struct error *err)
{
    static const char *const directories[] = {"proc", "sys", "run", "tmp", "etc", "var/lib/lxc", "root"};
    const char *self = o->executable ? o->executable : "/proc/self/exe";
    cleanup_free char *bytes = NULL;
    size_t length = 0;
    int r = file_read(AT_FDCWD, self, EXECUTABLE_MAX, &bytes, &length);

    if (r < 0)
        return error_set(err, r, "cannot read %s", self);
    r = cpio_add(out, "bin/lxcbox", S_IFREG | 0755, 0, bytes, length);
    if (r == 0)
        r = cpio_add(out, "init", S_IFLNK | 0777, 0, "bin/lxcbox", 10);
    if (r == 0)
        r = cpio_add(out, "sbin/modprobe", S_IFLNK | 0777, 0, "../bin/lxcbox", 13);
    if (r == 0)
        r = cpio_add(out, "dev/console", S_IFCHR | 0600, makedev(5, 1), NULL, 0);
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(directories); i++)
        r = cpio_add(out, directories[i], S_IFDIR | 0755, 0, NULL, 0);
    return r < 0 ? error_set(err, r, "cannot write the initramfs") : 0;
}

static int archive_write(FILE *file, const struct mkinitramfs_options *o, const struct modules *m,
                         const struct string_list *paths, struct error *err)
{
    __attribute__((cleanup(cpio_free))) struct cpio out = {.out = file};
    int r = archive_add_base(&out, o, err);

    if (r == 0)
        r = archive_add_modules(&out, m, paths, err);
    if (r == 0 && o->busybox)
        r = archive_add_busybox(&out, o->busybox, err);
    /* Last, so that files of the user replace others. */
    for (size_t i = 0; r == 0 && i < o->additions.count; i++)
        r = archive_add_file(&out, o->additions.items[i], err);
    if (r < 0)
        return r;
    r = cpio_end(&out);
    if (r == 0 && fflush(file) != 0)
        r = -errno;
    return r < 0 ? error_set(err, r, "cannot write %s", o->output) : 0;
}

static int mkinitramfs_run(struct invocation *in, struct error *err)
{
    const struct mkinitramfs_options *o = in->options;
    cleanup_string_list struct string_list paths = {0};
    cleanup_modules struct modules m = {0};
    cleanup_free char *temporary = NULL;
    cleanup_file FILE *file = NULL;
    int r;

    if (operands_check(in, err) < 0)
        return err->code;
    if (!o->output)
        return error_text(err, EINVAL, "no output file: use -o FILE");
    r = modules_select(o, &m, &paths, err);
    if (r < 0)
        return r;
    if (strcmp(o->output, "-") == 0)
        return archive_write(stdout, o, &m, &paths, err);
    temporary = format_string("%s.new", o->output);
    file = temporary ? fopen(temporary, "we") : NULL;
    if (!file)
        return error_set(err, errno, "cannot write %s", o->output);
    r = archive_write(file, o, &m, &paths, err);
    if (r == 0 && rename(temporary, o->output) < 0)
        r = error_set(err, errno, "cannot write %s", o->output);
    if (r < 0)
        unlink(temporary);
    return r;
}

APPLET(mkinitramfs, .name = "mkinitramfs", .summary = "Write an initramfs with this executable as init",
       .usage = "-o FILE [-m MODULES] [-a FILE[:PATH]]... [OPTION]...", .options = mkinitramfs_table,
       .options_size = sizeof(struct mkinitramfs_options), .unlinked = true, .run = mkinitramfs_run);
