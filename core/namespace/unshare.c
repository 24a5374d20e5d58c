#include "core/namespace/unshare.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/namespace/idmap_write.h"
#include "core/namespace/program.h"
#include "net/link/link.h"

/* The ids in the form of a configuration. */
static struct config unshare_id_maps(const struct unshare_options *o)
{
    return (struct config){.idmaps = (struct config_idmap *)(uintptr_t)o->ids.items,
                           .idmap_count = o->ids.count};
}

/* --- The helper: a child outside the new namespaces for steps that are impossible inside --- */

static int helper_keep_namespaces(const struct unshare_options *o, pid_t pid, struct error *err)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        char path[48];

        snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespaces[i].child_file);
        if (o->keep[i] && mount(path, o->keep[i], NULL, MS_BIND, NULL) < 0)
            return error_set(err, errno, "cannot bind the new namespace to %s", o->keep[i]);
    }
    return 0;
}

static int helper_move_links(const struct unshare_options *o, pid_t pid, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_fd int netns = -1;
    char path[48];
    int r = netlink_open(&n, NETLINK_ROUTE, -1, err);

    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    netns = open(path, O_RDONLY | O_CLOEXEC);
    if (r == 0 && netns < 0)
        r = error_set(err, errno, "cannot open %s", path);
    for (size_t i = 0; r == 0 && i < o->links->count; i++) {
        const struct link_request request = {.name = o->links->items[i], .netns = &netns};
        struct netlink_result result;
        struct netlink_batch batch;

        netlink_batch_init(&batch);
        link_change(&batch, &request);
        if (netlink_exchange(&n, &batch, NULL, &result) < 0)
            r = netlink_error(&result, err, "cannot move the interface %s", request.name);
    }
    return r;
}

static int helper_run(const struct unshare_options *o, pid_t pid, struct error *err)
{
    const struct config maps = unshare_id_maps(o);
    char path[48];
    int r = o->links && o->links->count ? helper_move_links(o, pid, err) : 0;

    if (r < 0)
        return r;
    snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
    if (o->setgroups)
        r = file_write_value(AT_FDCWD, path, o->setgroups == SETGROUPS_DENY ? "deny" : "allow");
    if (r < 0)
        return error_set(err, r, "cannot write %s", path);
    r = idmap_write_unchecked(&maps, pid, err);
    return r < 0 ? r : helper_keep_namespaces(o, pid, err);
}

struct helper {
    struct process process; /* pid 0: no helper is required */
    const struct unshare_options *options;
    pid_t parent;
    int go[2]; /* written after the namespaces are created */
};

static int helper_main(void *data, struct error *err)
{
    const struct helper *h = data;
    char byte;

    close(h->go[1]);
    return read_all(h->go[0], &byte, 1) == 1 ? helper_run(h->options, h->parent, err) : 0;
}

static int helper_start(struct helper *h, const struct unshare_options *o, struct error *err)
{
    bool keeps = o->links && o->links->count;
    int r;

    *h = (struct helper){PROCESS_INIT, o, getpid(), {-1, -1}};
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        keeps = keeps || o->keep[i];
    if (!keeps && o->ids.count == 0 && !o->setgroups)
        return 0;
    if (pipe2(h->go, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot create a helper process");
    r = process_start(&h->process, helper_main, h, false, err);
    close_fd(&h->go[0]);
    return r;
}

static int helper_use(struct helper *h, struct error *err)
{
    int r;

    if (!h->process.pid)
        return 0;
    (void)write_all(h->go[1], "", 1);
    close_fd(&h->go[1]);
    r = process_finish(&h->process, err);
    return r > 0 ? error_text(err, ECHILD, "the helper process was killed") : r;
}

/* --- Inside --- */

/* time_namespaces(7): only possible before the first process enters. */
static int unshare_set_clocks(const struct unshare_options *o, struct error *err)
{
    char text[100] = "";
    size_t n = 0;
    int r;

    if (o->set_monotonic)
        n += (size_t)snprintf(text, sizeof(text), "monotonic %" PRId64 " 0\n", o->monotonic_seconds);
    if (o->set_boottime)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "boottime %" PRId64 " 0\n", o->boottime_seconds);
    r = n ? file_write_value(AT_FDCWD, "/proc/self/timens_offsets", text) : 0;
    return r < 0 ? error_set(err, r, "cannot set the clocks of the time namespace") : 0;
}

static int unshare_set_mounts(const struct unshare_options *o, struct error *err)
{
    if ((o->namespaces & CLONE_NEWNS) && o->propagation &&
        mount("none", "/", NULL, MS_REC | o->propagation, NULL) < 0)
        return error_set(err, errno, "cannot change the propagation of mounts");
    if (o->root && (chroot(o->root) < 0 || chdir("/") < 0))
        return error_set(err, errno, "cannot change the root directory to %s", o->root);
    if (o->directory && chdir(o->directory) < 0)
        return error_set(err, errno, "cannot change to %s", o->directory);
    if (!o->proc)
        return 0;
    /* EINVAL: not a mount point. */
    if (!o->root && mount("none", o->proc, NULL, MS_PRIVATE | MS_REC, NULL) < 0 && errno != EINVAL)
        return error_set(err, errno, "cannot make the mount at %s private", o->proc);
    if (mount("proc", o->proc, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0)
        return error_set(err, errno, "cannot mount proc at %s", o->proc);
    return 0;
}

/* Unmount an existing mount first; missing directories are ignored. */
static int unshare_remount(const char *source, const char *target, const char *type, struct error *err)
{
    (void)umount2(target, MNT_DETACH);
    if (mount(source, target, type, 0, NULL) < 0 && errno != ENOENT)
        return error_set(err, errno, "cannot mount %s at %s", type, target);
    return 0;
}

static int unshare_set_host(const struct unshare_options *o, struct error *err)
{
    int r = 0;

    if (o->hostname && sethostname(o->hostname, strlen(o->hostname)) < 0)
        return error_set(err, errno, "cannot set the host name to %s", o->hostname);
    if (o->remount)
        r = unshare_remount("proc", "/proc", "proc", err);
    if (r == 0 && o->remount)
        r = unshare_remount("shmfs", "/dev/shm", "tmpfs", err);
    return r == 0 && o->remount ? unshare_remount("mqueue", "/dev/mqueue", "mqueue", err) : r;
}

/* capabilities(7), "Ambient": kept by execve(2) for users other than root. */
static int unshare_keep_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return error_set(err, errno, "cannot read our capabilities");
    data[0].inheritable = data[0].permitted;
    data[1].inheritable = data[1].permitted;
    if (syscall(SYS_capset, &header, data) < 0)
        return error_set(err, errno, "cannot keep our capabilities");
    for (unsigned cap = 0; cap < 64; cap++)
        if (data[cap / 32].permitted >> (cap % 32) & 1 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            return error_set(err, errno, "cannot keep capability %u", cap);
    return 0;
}

static int unshare_execute(const struct unshare_options *o, char **argv, struct error *err)
{
    bool keep = o->keep_capabilities && (o->namespaces & CLONE_NEWUSER);
    int r = unshare_set_mounts(o, err);

    if (r == 0)
        r = unshare_set_host(o, err);
    if (r < 0)
        return r;
    if (keep && o->set_uid)
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (o->set_gid && ((setgroups(0, NULL) < 0 && o->setgroups != SETGROUPS_DENY) || setgid(o->gid) < 0))
        return error_set(err, errno, "cannot change to group %u", o->gid);
    if (o->set_uid && setuid(o->uid) < 0)
        return error_set(err, errno, "cannot change to user %u", o->uid);
    if (keep)
        r = unshare_keep_capabilities(err);
    return r < 0 ? r : program_execute(argv, err);
}

struct unshare_call {
    const struct unshare_options *options;
    char **argv;
    int go[2]; /* written by the parent when the helper has succeeded */
};

static int unshare_execute_child(void *data, struct error *err)
{
    const struct unshare_call *call = data;
    char byte;

    if (call->options->child_signal)
        prctl(PR_SET_PDEATHSIG, call->options->child_signal, 0, 0, 0);
    close(call->go[1]);
    if (read_all(call->go[0], &byte, 1) != 1)
        return 1;
    return unshare_execute(call->options, call->argv, err);
}

static int unshare_fork_and_execute(const struct unshare_options *o, struct helper *helper, char **argv,
                                    struct error *err)
{
    struct unshare_call call = {o, argv, {-1, -1}};
    struct process p;
    int r, status;

    if (pipe2(call.go, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot create a child process");
    r = process_start(&p, unshare_execute_child, &call, false, err);
    close_fd(&call.go[0]);
    if (r < 0)
        return r;
    r = helper_use(helper, err);
    if (r == 0)
        (void)write_all(call.go[1], "", 1);
    close_fd(&call.go[1]);
    if (r == 0)
        r = process_report(&p, err);
    if (r == 0 && o->background)
        return 0;
    status = program_wait(p.pid, err);
    return r < 0 && status == 1 ? r : status;
}

/* Deny setgroups(2) if the map of groups requires it: see idmap_is_own_id(). */
static int unshare_choose_setgroups(struct unshare_options *o, struct error *err)
{
    const struct config maps = unshare_id_maps(o);

    if (geteuid() == 0 || !idmap_is_own_id(&maps, true))
        return 0;
    if (o->setgroups == SETGROUPS_ALLOW) {
        error_text(err, EPERM, "an unprivileged user can only map the own group with setgroups denied");
        return error_remedy(err, "omit --setgroups=allow");
    }
    o->setgroups = SETGROUPS_DENY;
    return 0;
}

int unshare_and_execute(const struct unshare_options *options, char **argv, struct error *err)
{
    struct unshare_options copy = *options;
    const struct unshare_options *o = &copy;
    struct helper helper;
    int r = unshare_choose_setgroups(&copy, err);

    if (r < 0)
        return r;
    if (o->keep[NAMESPACE_PID] && !o->fork) {
        error_text(err, EINVAL, "a pid namespace can only be mounted after a process has entered it");
        return error_remedy(err, "add -f");
    }
    r = helper_start(&helper, o, err);
    if (r < 0)
        return r;
    if (unshare((int)o->namespaces) < 0) {
        error_set(err, errno, "cannot create the namespaces");
        return errno == EPERM ? error_remedy(err, "run as root, or add -U or -r") : err->code;
    }
    r = unshare_set_clocks(o, err);
    if (r == 0 && o->fork)
        return unshare_fork_and_execute(o, &helper, argv, err);
    if (r == 0)
        r = helper_use(&helper, err);
    return r < 0 ? r : unshare_execute(o, argv, err);
}
