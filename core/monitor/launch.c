#include "core/monitor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"
#include "core/namespace/namespace.h"
#include "core/run/init.h"
#include "core/spawn/child.h"
#include "core/spawn/hooks.h"
#include "core/namespace/idmap.h"
#include "core/confine/limits.h"
#include "core/confine/lsm.h"
#include "core/mount/rootfs.h"

/* How long processes that outlived init (one without a pid namespace of its own) are waited for. */
#define KILL_TIMEOUT_MS 10000

static int run_hooks(struct monitor *m, enum hook_kind kind, const char *target, struct error *err)
{
    const struct hook_context context = {.container = m->container,
                                         .config = m->config,
                                         .rootfs_mount = m->config->rootfs_mount,
                                         .init_pid = kind == HOOK_START_HOST ? m->init_pid : 0,
                                         .target = target,
                                         .namespace_fds = m->namespace_fds};

    return hooks_run(kind, &context, err);
}

static int make_cgroups(struct monitor *m, struct error *err)
{
    int r;

    m->cgroup = malloc(sizeof(*m->cgroup));
    if (!m->cgroup)
        return error_set(err, ENOMEM, "cannot make cgroups");
    *m->cgroup = (struct cgroup)CGROUP_INIT;
    r = cgroup_open(m->cgroup, m->config, err);
    if (r == 0)
        r = cgroup_create(m->cgroup, m->container->name, m->options->foreground, m->config, err);
    return r < 0 ? r : cgroup_enter_monitor(m->cgroup, err);
}

static void child_end(struct child *child)
{
    close_fd(&child->sync);
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&child->shared[i]);
}

/* A namespace of lxc.namespace.share: of a path, a pid, or a running container of the same lxcpath. */
static int open_shared_one(const struct monitor *m, enum namespace_kind kind, struct error *err)
{
    const char *who = m->config->namespace_share[kind], *name = namespaces[kind].name;
    const struct container other = {.name = who, .lxcpath = m->container->lxcpath};
    cleanup_free char *path = NULL;
    cleanup_fd int proc = -1;
    int64_t pid;
    int fd;

    if (who[0] == '/') {
        fd = open(who, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? error_set(err, errno, "lxc.namespace.share.%s: cannot open %s", name, who) : fd;
    }
    if (parse_int64(who, 10, 1, INT32_MAX, &pid) < 0) {
        proc = init_open(&other, NULL, NULL, err);
        fd = proc;
    } else {
        path = format_string("/proc/%d", (int)pid);
        proc = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        fd = proc < 0 ? error_set(err, path ? errno : ENOMEM, "cannot find the process %s", who) : proc;
    }
    if (fd >= 0)
        fd = namespace_open_at(proc, who, kind, err);
    return fd < 0 ? error_context(err, "lxc.namespace.share.%s", name) : fd;
}

static int open_shared(const struct monitor *m, struct child *child, struct error *err)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        if (!m->config->namespace_share[i])
            continue;
        child->shared[i] = open_shared_one(m, (enum namespace_kind)i, err);
        if (child->shared[i] < 0)
            return child->shared[i];
    }
    return 0;
}

/* The host's directories that a child inside cannot reach once it has left: kept open for hooks. */
static int keep_namespaces(struct monitor *m, struct error *err)
{
    const struct config *c = m->config;

    if (!c->hooks[HOOK_START_HOST].count && !c->hooks[HOOK_STOP].count)
        return 0;
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        char path[40];

        if (!(m->clone_flags & namespaces[i].flag))
            continue;
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)m->init_pid, namespaces[i].name);
        m->namespace_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (m->namespace_fds[i] < 0)
            return error_set(err, errno, "cannot open %s for hooks", path);
    }
    return 0;
}

/* Make the child and let it go: from then on it mounts while we see to its limits and links. */
static int begin(struct monitor *m, struct child *child, int sync, struct error *err)
{
    cleanup_fd_list struct fd_list trees = {.count = 0};
    int r = open_shared(m, child, err);
    pid_t pid;

    if (r < 0)
        return r;
    pid = child_start(child, &m->init_pidfd, err);
    if (pid < 0)
        return pid;
    close_fd(&child->sync);
    m->init_pid = pid;
    r = idmap_write(m->config, pid, err);
    if (r == 0)
        r = rootfs_prepare(m->config, pid, &trees, err);
    return r < 0 ? r : sync_send(sync, SYNC_GO, &trees, err);
}

static void take_terminal(struct monitor *m, struct fd_list *fds)
{
    struct terminal *t = console_wanted(m->config) && m->console.pty.master < 0
                             ? &m->console.pty
                             : &m->ttys.items[m->ttys.count];

    if (t != &m->console.pty && m->ttys.count == TERMINALS_MAX)
        return;
    m->ttys.count += t != &m->console.pty;
    *t = (struct terminal){fds->fds[0], fds->fds[1], -1};
    fds->count = 0;
}

/* What the child has made: its devpts, its console, its ttys, until it has prepared all. */
static int collect(struct monitor *m, int sync, struct error *err)
{
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        int point = sync_next(sync, &fds, err);

        if (point < 0 || point == SYNC_PREPARED)
            return point < 0 ? point : 0;
        if (point == SYNC_DEVPTS && fds.count == 1 && m->devpts_fd < 0)
            m->devpts_fd = take_fd(&fds.fds[0]);
        else if (point == SYNC_TERMINAL && fds.count == 2)
            take_terminal(m, &fds);
        else if (point == SYNC_RUNNING)
            return error_text(err, EPIPE, "the container's first process ended before it ran");
        else
            return error_text(err, EPROTO, "the start came out of step");
    }
}

/* The monitor's part of a start, once the child has been let go. */
static int prepare(struct monitor *m, int sync, struct error *err)
{
    int r = limits_prlimit(m->config, m->init_pid, err);

    if (r == 0)
        r = limits_proc(m->config, m->init_pid, err);
    if (r == 0)
        r = limits_core(m->config, m->init_pid, err);
    if (r == 0)
        r = cgroup_limit(m->cgroup, m->config, err);
    if (r == 0 && m->clone_flags & CLONE_NEWNET)
        r = network_attach(m->container, m->config, m->init_pid, &m->network, err);
    if (r == 0)
        r = network_leases_open(&m->leases, &m->loop, m->container->name, m->config, m->init_pid, &m->network,
                                err);
    if (r == 0)
        r = collect(m, sync, err);
    if (r == 0)
        r = keep_namespaces(m, err);
    if (r == 0)
        r = cgroup_limit_devices(m->cgroup, m->config, err);
    if (r == 0)
        r = run_hooks(m, HOOK_START_HOST, NULL, err);
    if (r == 0 && m->console.pty.master >= 0)
        r = console_connect(&m->console, err);
    return r;
}

/* A step of ours that failed because the child has: its reason is the better one. */
static int prefer_childs_reason(int sync, int r, struct error *err)
{
    struct error childs = ERROR_INIT;
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int point = 0;

    shutdown(sync, SHUT_WR);
    while (point >= 0 && point != SYNC_RUNNING) {
        fd_list_close(&fds);
        point = sync_next(sync, &fds, &childs);
    }
    if (point >= 0 || childs.code == -EPIPE)
        return r;
    if (err)
        *err = childs;
    return childs.code;
}

/* The last way to init; calls on it that wait for an answer get it from here. */
static int see_off(struct monitor *m, bool notifies, int sync, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int r = sync_send(sync, SYNC_EXEC, NULL, err);

    if (r == 0 && notifies) {
        r = sync_wait(sync, SYNC_LISTENER, &fds, err);
        if (r == 0 && fds.count != 1)
            r = error_text(err, EPROTO, "the start came out of step");
        if (r == 0)
            r = seccomp_notify_open(&m->notifier, m->config, take_fd(&fds.fds[0]), m->init_pid, err);
        if (r == 0)
            seccomp_notify_until(&m->notifier, sync);
    }
    if (r == 0)
        r = sync_wait(sync, SYNC_RUNNING, NULL, err);
    if (r == 0 && seccomp_notify_has_proxy(&m->notifier)) {
        r = seccomp_notify_watch(&m->notifier, &m->loop, m->notifier.listener);
        if (r < 0)
            error_set(err, r, "cannot listen to seccomp notifications");
    }
    /* Else a child that waits for an answer would keep us waiting for its end; and one that the closing lets
     * go on, with ENOSYS, would run the command. */
    if (r < 0 && m->notifier.listener >= 0)
        (void)monitor_signal(m, SIGKILL);
    if (r < 0)
        seccomp_notify_close(&m->notifier);
    return r;
}

static int start_child(struct monitor *m, const struct seccomp_program *seccomp, struct error *err)
{
    __attribute__((cleanup(child_end))) struct child child = {.container = m->container,
                                                              .config = m->config,
                                                              .options = m->options,
                                                              .seccomp = seccomp,
                                                              .cgroup = m->cgroup,
                                                              .label = m->apparmor.label,
                                                              .unprivileged = geteuid() != 0,
                                                              .own = m->clone_flags,
                                                              .shared = {-1, -1, -1, -1, -1, -1, -1, -1}};
    cleanup_fd int sync = -1;
    int fds[2], r;

    sigemptyset(&child.signals);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return error_set(err, errno, "cannot start %s", m->container->name);
    sync = fds[0];
    child.sync = fds[1];
    r = begin(m, &child, sync, err);
    if (r == 0)
        r = prepare(m, sync, err);
    if (r == 0)
        r = see_off(m, seccomp->notifies, sync, err);
    if (r == 0)
        return 0;
    return m->init_pid ? prefer_childs_reason(sync, r, err) : r;
}

int launch(struct monitor *m, struct error *err)
{
    cleanup_seccomp_program struct seccomp_program seccomp = {0};
    bool restores = m->options->restore && !m->restored;
    int r = 0;

    monitor_set_state(m, STATE_STARTING);
    m->clone_flags = namespace_clone_flags(m->config);
    if (!restores)
        r = seccomp_prepare(m->config, &seccomp, err);
    if (r == 0)
        r = console_open(&m->console, &m->loop, m->config, m->options, err);
    if (r == 0)
        r = run_hooks(m, HOOK_PRE_START, NULL, err);
    if (r == 0)
        r = make_cgroups(m, err);
    if (r == 0 && lsm_generates(m->config))
        r = apparmor_load(&m->apparmor, m->container, m->config, err);
    if (r == 0)
        r = restores ? m->options->restore(m, err) : start_child(m, &seccomp, err);
    if (r == 0) {
        monitor_set_state(m, STATE_RUNNING);
        return 0;
    }
    monitor_set_state(m, STATE_ABORTING);
    land(m, false);
    return r;
}

/* Init and, where it has no pid namespace to take all with it, whatever it has left behind. */
static void end_processes(struct monitor *m)
{
    struct error err = ERROR_INIT;

    if (m->init_pid) {
        (void)monitor_signal(m, SIGKILL);
        while (waitpid(m->init_pid, &m->init_status, 0) < 0 && errno == EINTR)
            ;
        m->init_pid = 0;
    }
    close_fd(&m->init_pidfd);
    if (m->cgroup && !(m->clone_flags & CLONE_NEWPID) && cgroup_kill(m->cgroup, KILL_TIMEOUT_MS, &err) < 0)
        log_error("cgroup", "%s", err.text);
}

static void log_failure(const char *area, int r, const struct error *err)
{
    if (r < 0)
        log_error(area, "%s", err->text);
}

void land(struct monitor *m, bool reboot)
{
    const char *target = reboot ? "reboot" : "stop";
    struct error err = ERROR_INIT;

    monitor_set_state(m, STATE_STOPPING);
    end_processes(m);
    console_close(&m->console);
    terminals_close(&m->ttys);
    close_fd(&m->devpts_fd);
    seccomp_notify_close(&m->notifier);
    log_failure("hook", run_hooks(m, HOOK_STOP, target, &err), &err);
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&m->namespace_fds[i]);
    network_leases_close(&m->leases);
    log_failure("network", network_detach(m->container, m->config, &m->network, &err), &err);
    if (m->cgroup) {
        log_failure("cgroup", cgroup_destroy(m->cgroup, &err), &err);
        cgroup_close(m->cgroup);
        free(m->cgroup);
        m->cgroup = NULL;
    }
    log_failure("apparmor", apparmor_unload(&m->apparmor, &err), &err);
    log_failure("hook", run_hooks(m, HOOK_POST_STOP, target, &err), &err);
}
