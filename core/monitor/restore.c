#include "core/monitor/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/process.h"
#include "core/cgroup/cgroup.h"
#include "core/confine/lsm.h"
#include "core/monitor/monitor.h"
#include "core/mount/rootfs.h"
#include "core/run/criu.h"

static int criu_add_cgroups(struct string_list *l, const struct cgroup *g)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < g->count; i++) {
        const struct cgroup_hierarchy *h = &g->hierarchies[i];
        cleanup_free char *path = cgroup_path(g, h, true);

        if (!path)
            return -ENOMEM;
        if (g->layout == CGROUP_UNIFIED)
            r = criu_add(l, "--cgroup-root", take_ptr(path));
        else if (!h->mount.unified)
            r = criu_add(l, "--cgroup-root", format_string("%s:%s", h->mount.controllers, path));
    }
    return r;
}

/* A pty of the host's devpts replaces the one that the old monitor had. */
static int criu_add_console(struct string_list *l, struct monitor *m, struct error *err)
{
    cleanup_free char *file = format_string("%s/tty.info", m->options->checkpoint->directory), *id = NULL;
    struct terminal *t = &m->console.pty;
    unsigned number = 0;
    int r = file ? file_read(AT_FDCWD, file, 256, &id, NULL) : -ENOMEM;

    if (r == -ENOENT) /* a checkpoint of a container without a console */
        return 0;
    if (r == 0 && !criu_is_console(id))
        return error_text(err, EINVAL, "%s does not have the device numbers of a terminal", file);
    if (r == 0 && !console_wanted(m->config))
        return error_text(err, EINVAL, "the checkpoint has a console, and lxc.console.path = none");
    if (r == 0)
        r = terminal_open(t, err);
    if (r == 0)
        r = syscall(SYS_ioctl, t->master, TIOCGPTN, &number) < 0 ? -errno : 0;
    if (r == 0)
        r = criu_add(l, "--inherit-fd", format_string("fd[%d]:%s", t->slave, id));
    return r < 0 ? r : criu_add(l, "--ext-mount-map", format_string("console:/dev/pts/%u", number));
}

static int criu_add_links(struct string_list *l, const struct network_state *state)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < state->count; i++) {
        const struct network_link *k = &state->links[i];
        const char *link = k->net->link;

        if (k->net->type == NET_VETH)
            r = criu_add(l, "--external",
                         format_string(link ? "veth[%s]:%s@%s" : "veth[%s]:%s", k->name, k->host_name, link));
        else if (k->net->type == NET_MACVLAN || k->net->type == NET_PHYS)
            r = criu_add(
                l, "--external",
                format_string("%s[%s]:%s", k->net->type == NET_PHYS ? "netdev" : "macvlan", k->name, link));
    }
    return r;
}

static int criu_add_label(struct string_list *l, const struct monitor *m)
{
    struct lsm_labels labels;

    lsm_choose(m->config, m->apparmor.label, &labels);
    if (labels.apparmor && strcmp(labels.apparmor, "unconfined") != 0)
        return criu_add(l, "--lsm-profile", format_string("apparmor:%s", labels.apparmor));
    return labels.selinux ? criu_add(l, "--lsm-profile", format_string("selinux:%s", labels.selinux)) : 0;
}

struct criu_call {
    const struct monitor *monitor;
    struct string_list *arguments;
};

/* In the child process: mount the rootfs in a new mount namespace, where criu makes it the container's root.
 */
static int criu_execute(void *data, struct error *err)
{
    const struct criu_call *call = data;
    const struct monitor *m = call->monitor;
    struct rootfs rootfs = ROOTFS_INIT;
    int r = unshare(CLONE_NEWNS) < 0 ? error_set(err, errno, "cannot make a mount namespace") : 0;

    if (r == 0)
        r = rootfs_isolate(err);
    if (r == 0)
        r = rootfs_mount(m->config, &rootfs, err);
    if (r == 0 && criu_add(call->arguments, "--root", rootfs.path) < 0)
        r = error_set(err, ENOMEM, "cannot restore");
    if (r < 0)
        return r;
    fcntl(m->console.pty.slave, F_SETFD, 0);
    process_execute(&(struct process_program){.argv = call->arguments->items}, err);
    error_context(err, "cannot run the program");
    return error_remedy(err, "install criu");
}

static int criu_run(const struct monitor *m, struct string_list *l, struct error *err)
{
    struct process p;
    int r = process_start(&p, criu_execute, &(struct criu_call){m, l}, false, err);

    if (r == 0)
        r = process_finish(&p, err);
    if (r <= 0)
        return r;
    error_text(err, ECANCELED, "criu restore failed, with %s %d", r > 128 ? "signal" : "status",
               r > 128 ? r - 128 : r);
    return error_remedy(err, "see %s/restore.log", m->options->checkpoint->directory);
}

/* Find the restored init: criu has ended, and with --restore-sibling init is the only child of this process.
 * proc(5), "children". */
static int restored_take_over(struct monitor *m, struct error *err)
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
        return error_set(err, r < 0 ? r : ESRCH, "cannot find the process that criu has restored");
    m->init.pid = (pid_t)pid;
    m->init.pidfd = (int)syscall(SYS_pidfd_open, m->init.pid, 0);
    m->restored = true;
    snprintf(path, sizeof(path), "/proc/%d/root", m->init.pid);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    devpts = root >= 0 ? rootfs_open(root, "dev/pts", O_RDONLY | O_DIRECTORY, 0) : -1;
    if (devpts >= 0 && fstatfs(devpts, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
        m->init.devpts_fd = take_fd(&devpts);
    if (!(m->clone_flags & CLONE_NEWNET))
        return 0;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", m->init.pid);
    m->network.netns = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < m->network.count; i++)
        if (m->network.links[i].net->type == NET_VETH)
            m->network.links[i].host_index = (int)if_nametoindex(m->network.links[i].host_name);
    return 0;
}

int checkpoint_restore(struct monitor *m, struct error *err)
{
    const struct checkpoint_options *o = m->options->checkpoint;
    cleanup_string_list struct string_list l = {0};
    int r = criu_check_networks(m->container, m->config, err);

    if (r == 0 && !criu_has_checkpoint(o))
        r = error_text(err, ENOENT, "there is no checkpoint in %s", o->directory);
    if (r == 0)
        r = criu_check_directory(o, err);
    if (r == 0)
        r = cgroup_limit(m->cgroup, m->config, err);
    if (r == 0 && m->clone_flags & CLONE_NEWNET)
        r = network_plan(m->config, &m->network, err);
    if (r < 0)
        return r;
    r = criu_add(&l, "criu", strdup("restore"));
    if (r == 0)
        r = criu_add_common(&l, o, "restore", true);
    if (r == 0)
        r = criu_add(&l, "--restore-detached", strdup("--restore-sibling"));
    if (r == 0)
        r = criu_add_cgroups(&l, m->cgroup);
    if (r == 0)
        r = criu_add_mounts(&l, m->config, true, err);
    if (r == 0)
        r = criu_add_console(&l, m, err);
    if (r == 0)
        r = criu_add_links(&l, &m->network);
    if (r == 0)
        r = criu_add_label(&l, m);
    if (r < 0)
        return err->code ? r : error_set(err, r, "cannot restore");
    r = criu_run(m, &l, err);
    if (r == 0)
        r = restored_take_over(m, err);
    if (r == 0)
        r = cgroup_limit_devices(m->cgroup, m->config, err);
    return r == 0 && m->console.pty.master >= 0 ? console_connect(&m->console, err) : r;
}
