#include "core/run/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/cgroup/cgroup.h"
#include "core/cgroup/layout.h"
#include "core/command/command_client.h"
#include "core/base/script.h"
#include "core/confine/lsm.h"
#include "core/monitor/monitor.h"
#include "core/mount/mounts.h"

/* What LXC's criu.c has for every container, at the end for a dump only. */
static const char *const always[] = {
    "--tcp-established",
    "--file-locks",
    "--link-remap",
    "--manage-cgroups=full",
    "--ext-mount-map",
    "auto",
    "--enable-external-sharing",
    "--enable-external-masters",
    "--enable-fs",
    "hugetlbfs",
    "--enable-fs",
    "tracefs",
    "--skip-in-flight",
    "--force-irmap",
};
#define DUMP_ONLY 2

/* An option and its value, which is taken over. */
static int add(struct string_list *l, const char *option, char *value)
{
    int r = string_list_add(l, option), taken = string_list_take(l, value);

    return r < 0 ? r : taken;
}

static int add_cgroups(struct string_list *l, const struct container *c, struct error *err)
{
    cleanup_cgroup_mounts struct cgroup_mounts m = {0};
    cleanup_free char *frozen = NULL;
    int r = cgroup_layout_read(false, NULL, &m, NULL, err);
    bool unified_only = cgroup_layout_of(&m) == CGROUP_UNIFIED;

    for (size_t i = 0; r == 0 && i < m.count; i++) {
        const struct cgroup_mount *h = &m.items[i];
        cleanup_free char *first = strndup(h->controllers, strcspn(h->controllers, ",")), *path = NULL;

        /* Not every hierarchy of the host is every container's. */
        if (!first || !h->mount_point || command_cgroup_path(c, first, true, &path, NULL) < 0)
            continue;
        if (unified_only)
            r = add(l, "--cgroup-root", strdup(path));
        else if (!h->unified)
            r = add(l, "--cgroup-root", format_string("%s:%s", h->controllers, path));
        if (h->unified ? !frozen : cgroup_controllers_have(h->controllers, "freezer")) {
            free(frozen);
            frozen = format_string("%s%s", h->mount_point, path);
        }
    }
    if (r == 0 && frozen)
        r = add(l, "--freeze-cgroup", take_ptr(frozen));
    return r;
}

/* What is bound in from outside is not criu's to keep; its name in the images is its place inside. */
static int add_mounts(struct string_list *l, struct config *config, bool restores, struct error *err)
{
    int r = config_load_fstab(config, err);

    for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
        const char *target = config->mounts[i].target;
        cleanup_mount_options struct mount_options o = {0};

        r = mount_options_parse(config->mounts[i].options, &o, err);
        if (r == 0 && o.flags & (MS_BIND | MS_MOVE))
            r = add(l, "--ext-mount-map",
                    format_string(restores ? "%s:%s" : "/%s:%s", target,
                                  restores ? config->mounts[i].source : target));
    }
    return r;
}

/* The other end of /dev/console is ours, and its numbers tell who restores what to put there. */
static int add_console(struct string_list *l, int init, const char *directory)
{
    cleanup_free char *root = format_string("/proc/%d/root", init), *id = NULL;
    cleanup_free char *file = format_string("%s/tty.info", directory);
    cleanup_fd int rootfd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    cleanup_fd int console = rootfd < 0 ? -1 : rootfs_open(rootfd, "dev/console", O_PATH | O_NOFOLLOW, 0);
    struct stat st;
    int r;

    if (console < 0 || fstat(console, &st) < 0 || !S_ISCHR(st.st_mode))
        return 0;
    id = format_string("tty[%llx:%llx]", (unsigned long long)st.st_rdev, (unsigned long long)st.st_dev);
    if (!file || !id)
        return -ENOMEM;
    r = file_replace(AT_FDCWD, file, id, strlen(id), 0644);
    if (r == 0)
        r = add(l, "--ext-mount-map", strdup("/dev/console:console"));
    return r < 0 ? r : add(l, "--external", take_ptr(id));
}

static bool has_checkpoint(const struct checkpoint_options *o)
{
    cleanup_free char *inventory = format_string("%s/inventory.img", o->directory);

    return inventory && access(inventory, F_OK) == 0;
}

static int check_networks(const struct container *c, const struct config *config, struct error *err)
{
    for (size_t i = 0; i < config->net_count; i++)
        if (config->nets[i].type == NET_IPVLAN || config->nets[i].type == NET_VLAN)
            return error_text(err, ENOTSUP,
                              "cannot checkpoint %s: criu knows no network of the kind of lxc.net.%u",
                              c->name, config->nets[i].index);
    return 0;
}

static int check(const struct container *c, const struct config *config, const struct checkpoint_options *o,
                 struct error *err)
{
    int r = check_networks(c, config, err);

    if (r == 0 && !o->pre_dump && has_checkpoint(o)) {
        error_text(err, EEXIST, "%s holds a checkpoint already", o->directory);
        return error_remedy(err, "name another folder with -D");
    }
    return r;
}

/* What both have. */
static int add_common(struct string_list *l, const struct checkpoint_options *o, const char *action,
                      size_t count)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = string_list_add(l, always[i]);
    if (r == 0)
        r = add(l, "-D", strdup(o->directory));
    if (r == 0)
        r = add(l, "-o", format_string("%s/%s.log", o->directory, action));
    if (r == 0 && o->script)
        r = add(l, "--action-script", strdup(o->script));
    if (r == 0 && o->verbose)
        r = string_list_add(l, "-vvvvvv");
    return r;
}

/* Its monitor has more to do than criu, and may be wanted again at once. */
static int wait_for_end(const struct container *c, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r = command_subscribe(c, 1u << STATE_STOPPED, false, &subscription, err);

    if (r == STATE_COUNT)
        r = command_wait(subscription, -1, err);
    return r < 0 ? r : 0;
}

int container_checkpoint(const struct container *c, struct config *config, const struct checkpoint_options *o,
                         struct error *err)
{
    cleanup_string_list struct string_list l = {0};
    const char *action = o->pre_dump ? "pre-dump" : "dump";
    int init = command_init_pid(c, err), r = init < 0 ? init : check(c, config, o, err);

    if (r < 0)
        return r;
    r = make_directories(o->directory, 0700);
    if (r < 0)
        return error_set(err, r, "cannot make the folder %s", o->directory);
    error_clear(err);
    r = add_common(&l, o, action, ARRAY_LENGTH(always));
    if (r == 0)
        r = add(&l, "-t", format_string("%d", init));
    if (r == 0)
        r = add_cgroups(&l, c, err);
    if (r == 0)
        r = add_mounts(&l, config, false, err);
    if (r == 0)
        r = add_console(&l, init, o->directory);
    if (r == 0 && o->previous)
        r = add(&l, "--track-mem", strdup("--prev-images-dir"));
    if (r == 0 && o->previous)
        r = string_list_add(&l, o->previous);
    if (r == 0 && !o->pre_dump && !o->stop)
        r = string_list_add(&l, "--leave-running");
    if (r < 0)
        return err && err->code ? r : error_set(err, r, "cannot checkpoint %s", c->name);
    r = script_run(o->pre_dump ? "criu pre-dump" : "criu dump", l.items, NULL, "criu", err);
    if (r == -ENOENT)
        return error_remedy(err, "install criu");
    if (r == -ECANCELED)
        return error_remedy(err, "%s/%s.log says why", o->directory, action);
    return r == 0 && o->stop && !o->pre_dump ? wait_for_end(c, err) : r;
}

/* --- Restoring --- */

static int add_own_cgroups(struct string_list *l, const struct cgroup *g)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < g->count; i++) {
        const struct cgroup_hierarchy *h = &g->hierarchies[i];
        cleanup_free char *path = cgroup_path(g, h, true);

        if (!path)
            return -ENOMEM;
        if (g->layout == CGROUP_UNIFIED)
            r = add(l, "--cgroup-root", take_ptr(path));
        else if (!h->mount.unified)
            r = add(l, "--cgroup-root", format_string("%s:%s", h->mount.controllers, path));
    }
    return r;
}

/* A pty of the host's in place of the one whose other end the old monitor had. */
static int add_new_console(struct string_list *l, struct monitor *m, struct error *err)
{
    cleanup_free char *file = format_string("%s/tty.info", m->options->restore->directory), *id = NULL;
    struct terminal *t = &m->console.pty;
    unsigned number = 0;
    int r = file ? file_read(AT_FDCWD, file, 256, &id, NULL) : -ENOMEM;

    if (r == -ENOENT) /* one without a console of its own */
        return 0;
    if (r == 0 && !console_wanted(m->config))
        return error_text(err, EINVAL, "the checkpoint has a console, and lxc.console.path = none");
    if (r == 0)
        r = terminal_open(t, AT_FDCWD, "/dev/ptmx", err);
    if (r == 0)
        r = syscall(SYS_ioctl, t->master, TIOCGPTN, &number) < 0 ? -errno : 0;
    if (r == 0)
        r = add(l, "--inherit-fd", format_string("fd[%d]:%s", t->slave, id));
    return r < 0 ? r : add(l, "--ext-mount-map", format_string("console:/dev/pts/%u", number));
}

static int add_links(struct string_list *l, const struct network_state *state)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < state->count; i++) {
        const struct network_link *k = &state->links[i];
        const char *link = k->net->link;

        if (k->net->type == NET_VETH)
            r = add(l, "--external",
                    format_string(link ? "veth[%s]:%s@%s" : "veth[%s]:%s", k->name, k->host_name, link));
        else if (k->net->type == NET_MACVLAN || k->net->type == NET_PHYS)
            r = add(
                l, "--external",
                format_string("%s[%s]:%s", k->net->type == NET_PHYS ? "netdev" : "macvlan", k->name, link));
    }
    return r;
}

static int add_label(struct string_list *l, const struct monitor *m)
{
    struct lsm_labels labels;

    lsm_choose(m->config, m->apparmor.label, &labels);
    if (labels.apparmor && strcmp(labels.apparmor, "unconfined") != 0)
        return add(l, "--lsm-profile", format_string("apparmor:%s", labels.apparmor));
    return labels.selinux ? add(l, "--lsm-profile", format_string("selinux:%s", labels.selinux)) : 0;
}

/* With mounts of its own, in which the rootfs is one: criu makes that the root of the container's. */
__attribute__((noreturn)) static void become_criu(const struct monitor *m, struct string_list *l, int report)
{
    struct rootfs rootfs = ROOTFS_INIT;
    struct error err = ERROR_INIT;
    sigset_t none;
    int r = unshare(CLONE_NEWNS) < 0 ? error_set(&err, errno, "cannot make a mount namespace") : 0;

    if (r == 0)
        r = rootfs_isolate(&err);
    if (r == 0)
        r = rootfs_mount(m->config, &rootfs, &err);
    if (r == 0 && add(l, "--root", rootfs.path) < 0)
        r = error_set(&err, ENOMEM, "cannot restore %s", m->container->name);
    if (r == 0) {
        fcntl(m->console.pty.slave, F_SETFD, 0);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(l->items[0], l->items);
        error_set(&err, errno, "cannot run criu");
        error_remedy(&err, "install criu");
    }
    (void)write_all(report, &err, sizeof(err));
    _exit(127);
}

static int run_criu(const struct monitor *m, struct string_list *l, struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    struct error told;
    int fds[2], status;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot run criu");
    report = fds[0];
    report_child = fds[1];
    pid = fork();
    if (pid == 0)
        become_criu(m, l, report_child);
    close_fd(&report_child);
    if (pid < 0)
        return error_set(err, errno, "cannot run criu");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (read_all(report, &told, sizeof(told)) == sizeof(told)) {
        *err = told;
        return told.code;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    error_text(err, ECANCELED, "criu restore failed, with %s %d", WIFSIGNALED(status) ? "signal" : "status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return error_remedy(err, "%s/restore.log says why", m->options->restore->directory);
}

/* criu has ended, and what it made is our only child (--restore-sibling): proc(5), children. */
static int take_over(struct monitor *m, struct error *err)
{
    cleanup_free char *children = NULL;
    cleanup_fd int root = -1, devpts = -1;
    char path[40];
    int64_t pid = 0;
    struct statfs fs;
    int r = file_read(AT_FDCWD, "/proc/thread-self/children", 4096, &children, NULL);

    if (r == 0)
        pid = strtoll(children, NULL, 10);
    if (r < 0 || pid <= 0)
        return error_set(err, r < 0 ? r : ESRCH, "cannot find what criu has restored");
    m->init_pid = (pid_t)pid;
    m->init_pidfd = (int)syscall(SYS_pidfd_open, m->init_pid, 0);
    m->restored = true;
    snprintf(path, sizeof(path), "/proc/%d/root", m->init_pid);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    devpts = root >= 0 ? rootfs_open(root, "dev/pts", O_RDONLY | O_DIRECTORY, 0) : -1;
    if (devpts >= 0 && fstatfs(devpts, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
        m->devpts_fd = take_fd(&devpts);
    if (!(m->clone_flags & CLONE_NEWNET))
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", m->init_pid);
    m->network.netns = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < m->network.count; i++)
        if (m->network.links[i].net->type == NET_VETH)
            m->network.links[i].host_index = (int)if_nametoindex(m->network.links[i].host_name);
    return 0;
}

int checkpoint_restore(struct monitor *m, struct error *err)
{
    const struct checkpoint_options *o = m->options->restore;
    cleanup_string_list struct string_list l = {0};
    int r = check_networks(m->container, m->config, err);

    if (r == 0 && !has_checkpoint(o))
        r = error_text(err, ENOENT, "there is no checkpoint in %s", o->directory);
    if (r == 0)
        r = cgroup_limit(m->cgroup, m->config, err);
    if (r == 0 && m->clone_flags & CLONE_NEWNET)
        r = network_plan(m->config, &m->network, err);
    if (r < 0)
        return r;
    r = add(&l, "criu", strdup("restore"));
    if (r == 0)
        r = add_common(&l, o, "restore", ARRAY_LENGTH(always) - DUMP_ONLY);
    if (r == 0)
        r = add(&l, "--restore-detached", strdup("--restore-sibling"));
    if (r == 0)
        r = add_own_cgroups(&l, m->cgroup);
    if (r == 0)
        r = add_mounts(&l, m->config, true, err);
    if (r == 0)
        r = add_new_console(&l, m, err);
    if (r == 0)
        r = add_links(&l, &m->network);
    if (r == 0)
        r = add_label(&l, m);
    if (r < 0)
        return err->code ? r : error_set(err, r, "cannot restore %s", m->container->name);
    r = run_criu(m, &l, err);
    if (r == 0)
        r = take_over(m, err);
    if (r == 0)
        r = cgroup_limit_devices(m->cgroup, m->config, err);
    return r == 0 && m->console.pty.master >= 0 ? console_connect(&m->console, err) : r;
}
