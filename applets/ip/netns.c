/* ip netns: network namespaces by name. A name is a file in /run/netns that the namespace is mounted on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "net/link/nsid.h"

#define NETNS_DIRECTORY "/run/netns"

static int netns_path(const char *name, char out[300], struct error *err)
{
    if (!name[0] || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strlen(name) > 255)
        return error_text(err, EINVAL, "\"%s\" cannot be the name of a network namespace", name);
    snprintf(out, 300, NETNS_DIRECTORY "/%s", name);
    return 0;
}

int ip_netns_open(const char *name, struct error *err)
{
    char path[300];
    uint64_t pid;
    int fd, r;

    if (strchr(name, '/'))
        snprintf(path, sizeof(path), "%s", name);
    else if ((r = netns_path(name, path, err)) < 0)
        return r;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && parse_uint64(name, 10, INT32_MAX, &pid) == 0) {
        snprintf(path, sizeof(path), "/proc/%llu/ns/net", (unsigned long long)pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd >= 0)
        return fd;
    error_set(err, errno, "cannot open network namespace %s", name);
    return error_remedy(err, "\"ip netns\" lists the names");
}

static DIR *netns_open_directory(void)
{
    return opendir(NETNS_DIRECTORY);
}

static const char *netns_next_name(DIR *d)
{
    struct dirent *e;

    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            return e->d_name;
    return NULL;
}

const char *ip_netns_name_of(struct ip_call *c, int id, char out[256])
{
    cleanup_dir DIR *d = netns_open_directory();
    const char *name;

    out[0] = '\0';
    while (id >= 0 && d && (name = netns_next_name(d))) {
        cleanup_fd int fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && nsid_of(&c->n, fd) == id) {
            snprintf(out, 256, "%s", name);
            break;
        }
    }
    return out;
}

static int netns_list(struct ip_call *c)
{
    cleanup_dir DIR *d = netns_open_directory();
    const char *name;

    output_open(&c->out, NULL, '[');
    while (d && (name = netns_next_name(d))) {
        cleanup_fd int fd = openat(dirfd(d), name, O_RDONLY | O_CLOEXEC);
        int id = fd < 0 ? -1 : nsid_of(&c->n, fd);

        output_open(&c->out, NULL, '{');
        output_string(&c->out, "name", "%s", name);
        if (id >= 0)
            output_number(&c->out, "id", " (id: %lld)", id);
        output_text(&c->out, "\n");
        output_close(&c->out, '}');
    }
    output_close(&c->out, ']');
    return 0;
}

static void netns_show_id(struct ip_call *c, const struct nsid *found, bool has_target)
{
    char name[256];
    int32_t ours = has_target ? found->current : found->id;

    output_open(&c->out, NULL, '{');
    output_number(&c->out, "nsid", "nsid %lld ", found->id);
    if (found->current != NSID_NONE)
        output_number(&c->out, "current-nsid", "current-nsid %lld ", found->current);
    else if (has_target)
        output_text(&c->out, "current-nsid unassigned ");
    if (ip_netns_name_of(c, ours, name)[0])
        output_string(&c->out, "name", "(iproute2 netns name: %s)", name);
    output_text(&c->out, "\n");
    output_close(&c->out, '}');
}

struct id_words {
    uint32_t target, id;
};

static int netns_list_ids(struct ip_call *c, char **words, struct error *err)
{
    static const struct ip_word table[] = {
        {"target-nsid", WORD_U32, offsetof(struct id_words, target), 0, NULL, true},
        {"nsid", WORD_U32, offsetof(struct id_words, id), 0, NULL, true},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct id_words w = {UNSET, UNSET};
    struct netlink_result result;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    struct nsid found;
    int r = ip_words(table, &w, AF_UNSPEC, &words, err);

    if (r == 1)
        return ip_unknown(*words, "ip netns list-id", err);
    if (r < 0)
        return r;
    nsid_get(&b, (int32_t)w.target, (int32_t)w.id);
    if (w.id != UNSET)
        r = ip_exchange(c, &b, &replies, err, "cannot look up the id %u", w.id);
    else if (netlink_dump(&c->n, &b, &replies, &result) < 0)
        r = netlink_error(&result, err, "cannot list the ids of network namespaces");
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (nsid_parse(&m, &found))
            netns_show_id(c, &found, w.target != UNSET);
    output_close(&c->out, ']');
    return 0;
}

/* Mounts on names must be visible in all mount namespaces: the directory is a shared mount point. */
static int netns_share_directory(struct error *err)
{
    int r = make_directories(NETNS_DIRECTORY, 0755);

    if (r < 0)
        return error_set(err, r, "cannot create directory %s", NETNS_DIRECTORY);
    if (mount("", NETNS_DIRECTORY, "none", MS_SHARED | MS_REC, NULL) == 0)
        return 0;
    if (errno != EINVAL || mount(NETNS_DIRECTORY, NETNS_DIRECTORY, "none", MS_BIND | MS_REC, NULL) < 0 ||
        mount("", NETNS_DIRECTORY, "none", MS_SHARED | MS_REC, NULL) < 0)
        return error_set(err, errno, "cannot make %s a shared mount", NETNS_DIRECTORY);
    return 0;
}

/* Name the namespace `source`; if NULL, create a new one, which this process then enters. */
static int netns_add(const char *name, const char *source, struct error *err)
{
    cleanup_fd int fd = -1;
    char path[300];
    int r = netns_path(name, path, err);

    if (r == 0)
        r = netns_share_directory(err);
    if (r < 0)
        return r;
    fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    if (fd < 0)
        return error_set(err, errno, "cannot name a network namespace %s", name);
    if ((!source && unshare(CLONE_NEWNET) < 0) ||
        mount(source ? source : "/proc/thread-self/ns/net", path, "none", MS_BIND, NULL) < 0) {
        error_set(err, errno, "cannot create network namespace %s", name);
        unlink(path);
        return err->code;
    }
    return 0;
}

static int netns_attach(char **words, struct error *err)
{
    char path[64];

    if (!words[0] || !words[1])
        return error_text(err, EINVAL, "ip netns attach needs a name and a process id");
    snprintf(path, sizeof(path), "/proc/%.20s/ns/net", words[1]);
    if (access(path, F_OK) < 0)
        return error_set(err, errno, "cannot find process %s", words[1]);
    return netns_add(words[0], path, err);
}

static int delete (const char *name, struct error *err)
{
    char path[300];
    int r = netns_path(name, path, err);

    if (r < 0)
        return r;
    umount2(path, MNT_DETACH);
    if (unlink(path) < 0)
        return error_set(err, errno, "cannot remove network namespace %s", name);
    return 0;
}

static int netns_delete_each(struct ip_call *c, char **words, struct error *err)
{
    cleanup_dir DIR *d = c->options->all ? netns_open_directory() : NULL;
    const char *name;
    int r = 0;

    if (!words[0] && !c->options->all)
        return error_text(err, EINVAL, "ip netns delete needs a name");
    while (d && r == 0 && (name = netns_next_name(d)))
        r = delete (name, err);
    return r < 0 || c->options->all ? r : delete (words[0], err);
}

/*
 * Run a command in a namespace, with the /sys of that namespace, and with the files of /etc/netns/NAME
 * mounted over those in /etc, as described in ip-netns(8).
 */
static void netns_replace_etc(const char *name)
{
    cleanup_free char *directory = format_string("/etc/netns/%s", name);
    cleanup_dir DIR *d = directory ? opendir(directory) : NULL;
    const char *entry;

    while (d && (entry = netns_next_name(d))) {
        cleanup_free char *from = format_string("%s/%s", directory, entry),
                          *to = format_string("/etc/%s", entry);

        if (from && to && mount(from, to, "none", MS_BIND, NULL) < 0)
            fprintf(stderr, "ip: cannot mount %s on %s: %s\n", from, to, strerror(errno));
    }
}

static int netns_execute(char **words, struct error *err)
{
    cleanup_fd int fd = -1;
    unsigned long flags = 0;
    struct statvfs fs;

    if (!words[0] || !words[1])
        return error_text(err, EINVAL, "ip netns exec needs a name and a command");
    fd = ip_netns_open(words[0], err);
    if (fd < 0)
        return fd;
    if (setns(fd, CLONE_NEWNET) < 0)
        return error_set(err, errno, "cannot enter network namespace %s", words[0]);
    if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "none", MS_SLAVE | MS_REC, NULL) < 0)
        return error_set(err, errno, "cannot create a mount namespace");
    if (statvfs("/sys", &fs) == 0 && fs.f_flag & ST_RDONLY)
        flags = MS_RDONLY;
    umount2("/sys", MNT_DETACH);
    if (mount(words[0], "/sys", "sysfs", flags, NULL) < 0)
        return error_set(err, errno, "cannot mount /sys for network namespace %s", words[0]);
    netns_replace_etc(words[0]);
    fflush(stdout);
    execvp(words[1], words + 1);
    return executable_refuse(err, errno, words[1], NULL);
}

static bool netns_is_same(const char *path, const struct stat *other)
{
    struct stat s;

    return stat(path, &s) == 0 && s.st_dev == other->st_dev && s.st_ino == other->st_ino;
}

/* Print the names of the namespace of a process. */
static int netns_identify(const char *pid, struct error *err)
{
    cleanup_dir DIR *d = netns_open_directory();
    char path[300];
    struct stat own;
    const char *name;

    snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
    if (stat(path, &own) < 0)
        return error_set(err, errno, "cannot examine process %s", pid);
    while (d && (name = netns_next_name(d)))
        if (netns_path(name, path, NULL) == 0 && netns_is_same(path, &own))
            puts(name);
    return 0;
}

/* Print the processes in a namespace. */
static int netns_list_processes(const char *name, struct error *err)
{
    cleanup_dir DIR *d = opendir("/proc");
    cleanup_fd int fd = ip_netns_open(name, err);
    const char *pid;
    struct stat own;
    char path[300];

    if (fd < 0)
        return fd;
    if (fstat(fd, &own) < 0)
        return error_set(err, errno, "cannot examine network namespace %s", name);
    while (d && (pid = netns_next_name(d))) {
        snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
        if (pid[0] >= '0' && pid[0] <= '9' && netns_is_same(path, &own))
            puts(pid);
    }
    return 0;
}

int ip_netns(struct ip_call *c, char **words, struct error *err)
{
    const char *command = words[0] ? words[0] : "list";
    char **rest = words[0] ? words + 1 : words;

    if (ip_is_show(command))
        return netns_list(c);
    if (ip_matches(command, "list-id"))
        return netns_list_ids(c, rest, err);
    if (ip_matches(command, "add") && rest[0])
        return netns_add(rest[0], NULL, err);
    if (ip_matches(command, "attach"))
        return netns_attach(rest, err);
    if (ip_matches(command, "delete"))
        return netns_delete_each(c, rest, err);
    if (ip_matches(command, "exec"))
        return netns_execute(rest, err);
    if (ip_matches(command, "identify"))
        return netns_identify(rest[0] ? rest[0] : "self", err);
    if (ip_matches(command, "pids") && rest[0])
        return netns_list_processes(rest[0], err);
    if (ip_matches(command, "add") || ip_matches(command, "pids"))
        return error_text(err, EINVAL, "ip netns %s needs a name", command);
    return ip_unknown(command, "ip netns", err);
}
