#include "core/run/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"
#include "core/links/moved.h"
#include "core/namespace/namespace.h"
#include "core/run/init.h"
#include "net/link/link.h"
#include "net/link/wireless.h"

/* ---- Cgroup files ---- */

static int device_set_rule(const struct container *c, const struct device_rule *rule, bool allow,
                           struct error *err)
{
    cleanup_fd int v2_only = command_cgroup2_fd(c, true, NULL);
    cleanup_fd int fd = -1, inner = -1;
    char text[64];
    int r;

    if (v2_only >= 0)
        return command_add_device(c, rule, allow, err);
    fd = command_cgroup_fd(c, "devices", true, err);
    if (fd < 0)
        return fd;
    r = cgroup_set_value(&fd, 1, allow ? "devices.allow" : "devices.deny",
                         device_rule_format(rule, text, sizeof(text)), err);
    if (r < 0 || !allow)
        return r;
    /* What is allowed above is not allowed below by that. */
    inner = command_cgroup_fd(c, "devices", false, err);
    return inner < 0 ? inner : cgroup_set_value(&inner, 1, "devices.allow", text, err);
}

/*
 * The cgroups that may contain a file: the cgroup with the limits of the controller named before the dot, or
 * all cgroups where no such controller exists ("cgroup.procs").
 */
static int device_find_cgroups(const struct container *c, const char *file, struct fd_list *fds,
                               struct error *err)
{
    char controller[64];
    size_t length = strcspn(file, ".");
    int fd = -ENOENT;

    if (length && length < sizeof(controller)) {
        memcpy(controller, file, length);
        controller[length] = '\0';
        fd = command_cgroup_fd(c, controller, true, NULL);
    }
    if (fd < 0)
        return command_cgroup_fds(c, fds, err);
    fds->fds[0] = fd;
    fds->count = 1;
    return 0;
}

int container_set_cgroup(const struct container *c, const char *file, const char *value, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    bool allow = strcmp(file, "devices.allow") == 0;
    int r;

    if (allow || strcmp(file, "devices.deny") == 0) {
        struct device_rule rule;

        r = device_rule_parse(value, &rule, err);
        return r < 0 ? r : device_set_rule(c, &rule, allow, err);
    }
    r = device_find_cgroups(c, file, &fds, err);
    return r < 0 ? r : cgroup_set_value(fds.fds, fds.count, file, value, err);
}

int container_get_cgroup(const struct container *c, const char *file, char **value, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int r = device_find_cgroups(c, file, &fds, err);

    return r < 0 ? r : cgroup_get_value(fds.fds, fds.count, file, value, err);
}

/* ---- Device nodes ---- */

static bool is_device(const struct stat *st)
{
    return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* Open the parent directory of `path` inside the container; *name is the last component. */
static int node_open_parent(int rootfd, const char *path, bool make, const char **name)
{
    const char *slash = strrchr(path, '/');
    cleanup_free char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("/");

    *name = slash ? slash + 1 : path;
    if (!directory)
        return -ENOMEM;
    if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
        return -EINVAL;
    return make ? rootfs_make_directory(rootfd, directory, 0755)
                : rootfs_open(rootfd, directory, O_PATH | O_DIRECTORY, 0);
}

/* Remove the device node and return its status in *inside. 0, -ENOENT, -EEXIST for a file that is not a
 * device, or another negative errno. */
static int node_remove(int dirfd, const char *name, struct stat *inside)
{
    if (fstatat(dirfd, name, inside, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!is_device(inside))
        return -EEXIST;
    return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
}

/* The umask is cleared: a chmod(2) afterwards could change a file that the container has put there meanwhile.
 */
static int node_make(int dirfd, const char *name, const struct stat *source)
{
    mode_t mask = umask(0);
    int r = mknodat(dirfd, name, source->st_mode & (S_IFMT | 0777), source->st_rdev) < 0 ? -errno : 0;

    umask(mask);
    return r;
}

int container_device_node(const struct container *c, const char *source, const char *path, bool add,
                          struct error *err)
{
    cleanup_fd int proc = -1, root = -1, dirfd = -1;
    struct device_rule rule = {.access = DEVICE_ALL};
    struct stat host, inside;
    bool on_host = stat(source, &host) == 0;
    const char *name;
    int r;

    if (add && !on_host)
        return error_set(err, errno, "cannot add the device %s to %s", source, c->name);
    if (on_host && !is_device(&host))
        return error_text(err, EINVAL, "%s is neither a device nor a network interface", source);
    proc = init_open(c, NULL, NULL, err);
    if (proc < 0)
        return proc;
    root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_set(err, errno, "cannot enter the file system of %s", c->name);
    dirfd = node_open_parent(root, path, add, &name);
    r = dirfd < 0 ? dirfd : node_remove(dirfd, name, &inside);
    if (r == -EEXIST)
        return error_text(err, EEXIST, "%s of %s exists and is not a device", path, c->name);
    if (r == 0 && !on_host)
        host = inside;
    if (r == -ENOENT && (add || on_host))
        r = 0;
    if (r == 0 && add)
        r = node_make(dirfd, name, &host);
    if (r < 0)
        return error_set(err, r, "cannot %s device %s in %s", add ? "make" : "remove", path, c->name);
    rule.type = S_ISCHR(host.st_mode) ? 'c' : 'b';
    rule.major = major(host.st_rdev);
    rule.minor = minor(host.st_rdev);
    r = device_set_rule(c, &rule, add, err);
    if (r < 0 && add)
        (void)unlinkat(dirfd, name, 0);
    return r;
}

/* ---- Network interfaces ---- */

static int device_open_netns(const struct container *c, struct error *err)
{
    cleanup_fd int proc = init_open(c, NULL, NULL, err);

    return proc < 0 ? proc : namespace_open_at(proc, c->name, NAMESPACE_NET, err);
}

int container_has_link(const struct container *c, const char *name, bool inside, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_fd int netns = -1;
    struct link link;
    int r;

    if (!link_name_valid(name))
        return 0;
    if (inside) {
        netns = device_open_netns(c, err);
        if (netns < 0)
            return netns;
    }
    r = netlink_open(&n, NETLINK_ROUTE, netns, err);
    if (r == 0)
        r = link_find(&n, 0, name, &link, err);
    if (r != -ENODEV)
        return r < 0 ? r : 1;
    error_clear(err);
    return 0;
}

/* A wireless interface is moved together with its card, and renamed afterwards. */
static int device_move_wireless(int from, int card, int to, const char *name, const char *new_name,
                                struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct netlink_result result = {0};
    struct netlink_batch batch;
    struct link link;
    int r = netlink_open(&n, NETLINK_ROUTE, to, err);

    if (r == 0 && link_find(&n, 0, name, &link, NULL) == 0)
        r = error_text(err, EEXIST, "cannot move interface %s: the destination has an interface %s", name,
                       name);
    if (r == 0)
        r = wireless_move(from, card, to, err);
    if (r == 0)
        r = link_find(&n, 0, name, &link, err);
    if (r < 0 || strcmp(name, new_name) == 0)
        return r;
    netlink_batch_init(&batch);
    link_change(&batch, &(struct link_request){.index = link.index, .new_name = new_name});
    if (netlink_exchange(&n, &batch, NULL, &result) < 0)
        netlink_error(&result, err, "cannot name interface %s %s", name, new_name);
    return result.code;
}

/* An interface whose move cannot be recorded stays in the container until the container stops. */
static void device_record_link(const struct container *c, int netns, const char *host_name, const char *name)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct link link;
    int r = netlink_open(&n, NETLINK_ROUTE, netns, NULL);

    if (r == 0)
        r = link_find(&n, 0, name, &link, NULL);
    if (r == 0)
        r = moved_links_add(c, link.index, host_name);
    if (r < 0)
        log_warn("device", "%s cannot be returned when %s stops: its move is not recorded: %s", host_name,
                 c->name, strerror(-r));
}

int container_device_link(const struct container *c, const char *name, const char *new_name, bool add,
                          struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_fd int inside = device_open_netns(c, err), ours = -1;
    struct netlink_result result = {0};
    struct netlink_batch batch;
    struct link link;
    int r = inside < 0 ? inside : 0, card;

    if (r == 0 && !link_name_valid(new_name))
        r = error_text(err, EINVAL, "\"%s\" is not a valid name of a network interface", new_name);
    if (r == 0 && (ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
        r = error_set(err, errno, "cannot open our own network namespace");
    if (r == 0)
        r = netlink_open(&n, NETLINK_ROUTE, add ? -1 : inside, err);
    if (r == 0)
        r = link_find(&n, 0, name, &link, err);
    if (r < 0)
        return r;
    card = wireless_card(add ? -1 : inside, link.index);
    if (card >= 0)
        return device_move_wireless(add ? -1 : inside, card, add ? inside : ours, name, new_name, err);
    netlink_batch_init(&batch);
    link_change(&batch, &(struct link_request){.index = link.index,
                                               .change = IFF_UP,
                                               .netns = add ? &inside : &ours,
                                               .new_name = strcmp(name, new_name) == 0 ? NULL : new_name});
    if (netlink_exchange(&n, &batch, NULL, &result) < 0)
        return netlink_error(&result, err, "cannot move interface %s %s %s", name, add ? "into" : "out of",
                             c->name);
    if (add)
        device_record_link(c, inside, name, new_name);
    else
        (void)moved_links_remove(c, link.index); /* an interface that has gone is skipped at the stop */
    return 0;
}
