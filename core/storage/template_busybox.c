#include "core/storage/template_busybox.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/storage/storage.h"

static const struct {
    const char *path;
    mode_t mode;
} directories[] = {
    {"bin", 0755},
    {"dev", 0755},
    {"dev/pts", 0755},
    {"etc", 0755},
    {"etc/init.d", 0755},
    {"etc/udhcpc", 0755},
    {"home", 0755},
    {"lib", 0755},
    {"lib64", 0755},
    {"mnt", 0755},
    {"proc", 0555},
    {"root", 0700},
    {"run", 0755},
    {"sys", 0555},
    {"tmp", 01777},
    {"usr", 0755},
    {"usr/lib", 0755},
    {"usr/lib64", 0755},
    {"usr/share", 0755},
    {"usr/share/udhcpc", 0755},
    {"var", 0755},
    {"var/log", 0755},
    {"var/spool", 0755},
    {"var/spool/cron", 0755},
    {"var/spool/cron/crontabs", 0700},
};

/*
 * All commands are in /bin, and are linked in the other three directories. udhcpc looks for its script in one
 * of two directories: the second is that of Debian.
 */
static const struct {
    const char *path, *target;
} links[] = {
    {"sbin", "bin"},
    {"usr/bin", "../bin"},
    {"usr/sbin", "../bin"},
    {"var/run", "../run"},
    {"etc/mtab", "/proc/self/mounts"},
    {"etc/udhcpc/default.script", "../../usr/share/udhcpc/default.script"},
};

/*
 * udhcpc(8) passes the lease to its script in the environment. The default path of the script, and whether it
 * sends a host name by default, depend on the build.
 */
static const char udhcpc_script[] =
    "#!/bin/sh\n"
    "# What udhcpc runs when a lease begins, changes or ends.\n"
    "case \"$1\" in\n"
    "deconfig)\n"
    "\tip link set \"$interface\" up\n"
    "\tip -4 addr flush dev \"$interface\"\n"
    "\t;;\n"
    "bound | renew)\n"
    "\tip -4 addr flush dev \"$interface\"\n"
    "\tip addr add \"$ip/${mask:-24}\" dev \"$interface\"\n"
    "\tfor gateway in $router; do\n"
    "\t\tip route replace default via \"$gateway\" dev \"$interface\" && break\n"
    "\tdone\n"
    "\t{\n"
    "\t\t[ -n \"$domain\" ] && echo \"search $domain\"\n"
    "\t\tfor server in $dns; do echo \"nameserver $server\"; done\n"
    "\t} > /etc/resolv.conf.new\n"
    "\tmv /etc/resolv.conf.new /etc/resolv.conf\n"
    "\t;;\n"
    "esac\n";

static const char rc_script[] =
    "#!/bin/sh\n"
    "# Run once by init, before the console.\n"
    "/bin/mount -a\n"
    "/bin/ip link set lo up\n"
    "/bin/syslogd -C64 2> /dev/null\n"
    "# An address by DHCP, unless the container's configuration gave one.\n"
    "if [ -e /sys/class/net/eth0 ] && ! /bin/ip addr show dev eth0 | grep -q 'inet '; then\n"
    "\t/bin/udhcpc -b -S -i eth0 -x \"hostname:$(/bin/hostname)\" -s /usr/share/udhcpc/default.script > "
    "/dev/null 2>&1 &\n"
    "fi\n";

static const struct {
    const char *path;
    mode_t mode;
    const char *text;
} files[] = {
    {"etc/passwd", 0644, "root:x:0:0:root:/root:/bin/sh\n"},
    {"etc/group", 0644, "root:x:0:\ntty:x:5:\n"},
    {"etc/shadow", 0600, "root:!::0:99999:7:::\n"},
    {"etc/fstab", 0644, ""},
    {"etc/profile", 0644, "export PATH=/bin\n[ \"$(id -u)\" = 0 ] && PS1='\\h:\\w# ' || PS1='\\h:\\w$ '\n"},
    {"etc/inittab", 0644,
     "::sysinit:/etc/init.d/rcS\n"
     "console::askfirst:-/bin/sh\n"
     "tty1::respawn:/bin/getty -L tty1 115200 vt100\n"
     "::ctrlaltdel:/bin/reboot\n"
     "::restart:/sbin/init\n"},
    {"etc/init.d/rcS", 0755, rc_script},
    {"usr/share/udhcpc/default.script", 0755, udhcpc_script},
};

/*
 * The init of busybox halts on SIGUSR1 and reboots on SIGTERM. Capabilities and mounts are those of LXC's
 * template.
 */
static const char config_lines[] = "lxc.signal.halt = SIGUSR1\n"
                                   "lxc.signal.reboot = SIGTERM\n"
                                   "lxc.autodev = 1\n"
                                   "lxc.tty.max = 5\n"
                                   "lxc.pty.max = 1024\n"
                                   "lxc.cap.drop = sys_module mac_admin mac_override sys_time\n"
                                   "lxc.mount.auto = cgroup:mixed proc:mixed sys:ro\n"
                                   "lxc.mount.entry = shm dev/shm tmpfs nosuid,nodev,create=dir 0 0\n"
                                   "lxc.mount.entry = mqueue dev/mqueue mqueue optional,create=dir 0 0\n";

/* The program headers of both word sizes. */
#define HAS_INTERPRETER(bits)                                                                                \
    do {                                                                                                     \
        const Elf##bits##_Ehdr *h = (const void *)head;                                                      \
        for (unsigned i = 0; i < h->e_phnum; i++) {                                                          \
            Elf##bits##_Phdr p;                                                                              \
            if (pread(fd, &p, sizeof(p), (off_t)(h->e_phoff + (uint64_t)i * h->e_phentsize)) != sizeof(p))   \
                return -ENOEXEC;                                                                             \
            if (p.p_type == PT_INTERP)                                                                       \
                return 0;                                                                                    \
        }                                                                                                    \
        return 1;                                                                                            \
    } while (0)

int elf_is_static(int fd)
{
    _Alignas(8) unsigned char head[sizeof(Elf64_Ehdr)] = {0};
    ssize_t n = pread(fd, head, sizeof(head), 0);

    if (n < 0)
        return -errno;
    if (n < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return -ENOEXEC;
    if (head[EI_CLASS] == ELFCLASS64)
        HAS_INTERPRETER(64);
    HAS_INTERPRETER(32);
}

/* Open a busybox and check that it is usable. `named`: report errors, because the user named it. */
static int busybox_open(const char *path, struct error *err)
{
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int r;

    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, errno, "cannot open busybox at %s", path);
    if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        return error_text(err, EACCES, "%s is not an executable file", path);
    r = elf_is_static(fd);
    if (r == 1)
        return take_fd(&fd);
    error_text(err, ENOEXEC, r == 0 ? "%s is not statically linked" : "%s is not an executable file", path);
    return error_remedy(err, "name a static busybox with --busybox-path, or install busybox-static");
}

static int busybox_find(struct string_list *found, struct error *err)
{
    static const char usual[] = "/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin:/usr/local/sbin";
    const char *path = getenv("PATH");
    cleanup_free char *directories_text = format_string("%s:%s", path && *path ? path : "/bin", usual);
    bool seen = false;

    if (!directories_text)
        return error_set(err, ENOMEM, "cannot look for busybox");
    for (char *rest = directories_text, *directory; (directory = strsep(&rest, ":"));) {
        cleanup_free char *file = format_string("%s/busybox", directory);
        int fd;

        if (!file || *directory != '/' || access(file, X_OK) < 0)
            continue;
        seen = true;
        fd = busybox_open(file, NULL);
        if (fd < 0)
            continue;
        if (string_list_add(found, file) == 0)
            return fd;
        close(fd);
    }
    error_text(err, ENOENT,
               seen ? "the busybox of this host is not statically linked" : "this host has no busybox");
    return error_remedy(err, "install busybox-static, or name one with --busybox-path");
}

struct listing {
    int busybox, out;
};

static int busybox_list_inside(void *data, struct error *err)
{
    const struct listing *l = data;

    if (dup2(l->out, STDOUT_FILENO) >= 0)
        fexecve(l->busybox, (char *[]){"busybox", "--list", NULL}, (char *[]){NULL});
    return error_set(err, errno, "cannot execute it");
}

/* Read the output of `busybox --list`, the list of built-in commands. */
static int busybox_list_commands(int busybox, const char *path, char **out, struct error *err)
{
    cleanup_fd int in = -1, child_out = -1;
    cleanup_free char *text = calloc(1, 65536);
    struct process p;
    int fds[2], r;
    ssize_t n;

    if (!text || pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot run %s", path);
    in = fds[0];
    child_out = fds[1];
    r = process_start(&p, busybox_list_inside, &(struct listing){busybox, child_out}, true, err);
    if (r < 0)
        return r;
    close_fd(&child_out);
    n = read_all(in, text, 65535);
    r = process_finish(&p, NULL);
    if (r != 0 || n < 0 || !strstr(text, "init\n")) {
        error_text(err, ENOEXEC, "%s does not run on this machine, or has no built-in command \"init\"",
                   path);
        return error_remedy(err, "name another busybox with --busybox-path");
    }
    *out = take_ptr(text);
    return 0;
}

static int file_set_owner(const struct create_place *p, const char *path)
{
    if (p->config->idmap_count == 0)
        return 0;
    return fchownat(p->rootfs_fd, path, p->root_uid, p->root_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int rootfs_add_link(const struct create_place *p, const char *target, const char *path)
{
    return symlinkat(target, p->rootfs_fd, path) < 0 ? -errno : file_set_owner(p, path);
}

static int rootfs_add_file(const struct create_place *p, const char *path, mode_t mode, const char *text)
{
    cleanup_fd int fd =
        openat(p->rootfs_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));

    if (r == 0 && fchmod(fd, mode) < 0)
        r = -errno;
    return r == 0 ? file_set_owner(p, path) : r;
}

/* Set-user-ID root, for su, passwd and ping; BusyBox drops the privilege in its other commands. */
static int busybox_copy(const struct create_place *p, int from)
{
    cleanup_fd int to = openat(p->rootfs_fd, "bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    off_t at = 0;
    ssize_t n;
    int r;

    if (to < 0)
        return -errno;
    while ((n = sendfile(to, from, &at, 1 << 20)) > 0)
        ;
    r = n < 0 ? -errno : file_set_owner(p, "bin/busybox");
    return r == 0 && fchmod(to, 06755) < 0 ? -errno : r; /* a change of owner clears these bits */
}

static int rootfs_add_tree(const struct create_place *p)
{
    cleanup_free char *hosts =
        format_string("127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n", p->container->name);
    cleanup_free char *hostname = format_string("%s\n", p->container->name);
    int r = hosts && hostname ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(directories); i++) {
        if (mkdirat(p->rootfs_fd, directories[i].path, directories[i].mode) < 0 ||
            fchmodat(p->rootfs_fd, directories[i].path, directories[i].mode, 0) < 0)
            r = -errno;
        else
            r = file_set_owner(p, directories[i].path);
    }
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(links); i++)
        r = rootfs_add_link(p, links[i].target, links[i].path);
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(files); i++)
        r = rootfs_add_file(p, files[i].path, files[i].mode, files[i].text);
    if (r == 0)
        r = rootfs_add_file(p, "etc/hosts", 0644, hosts);
    return r == 0 ? rootfs_add_file(p, "etc/hostname", 0644, hostname) : r;
}

static int rootfs_link_commands(const struct create_place *p, char *commands)
{
    for (char *rest = commands, *name; (name = strsep(&rest, "\n"));) {
        char path[64] = "bin/";
        int r;

        if (!*name || strchr(name, '/') || strlen(name) > 32 || strcmp(name, "busybox") == 0)
            continue;
        r = rootfs_add_link(p, "busybox", strcat(path, name));
        if (r < 0 && r != -EEXIST)
            return r;
    }
    return 0;
}

int template_busybox(const char *named, struct create_place *p, struct error *err)
{
    cleanup_string_list struct string_list found = {0};
    cleanup_fd int busybox = named ? busybox_open(named, err) : busybox_find(&found, err);
    cleanup_free char *commands = NULL;
    int r;

    if (busybox < 0)
        return busybox;
    r = busybox_list_commands(busybox, named ? named : found.items[0], &commands, err);
    if (r < 0)
        return r;
    r = rootfs_add_tree(p);
    if (r == 0)
        r = busybox_copy(p, busybox);
    if (r == 0)
        r = rootfs_link_commands(p, commands);
    if (r == 0)
        r = strbuf_puts(&p->distribution, config_lines);
    if (r == 0)
        return 0;
    error_set(err, r, "cannot fill the rootfs %s", p->rootfs_now);
    return storage_remedy(err);
}
