#include "core/monitor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"
#include "core/monitor/last_run.h"
#include "core/namespace/namespace.h"
#include "core/run/init.h"
#include "core/spawn/hooks.h"
#include "core/spawn/spawn.h"
#include "core/confine/lsm.h"
#include "core/confine/seccomp.h"

/* How long to wait for processes that outlive an init without a pid namespace of its own. */
#define KILL_TIMEOUT_MS 10000

static int launch_run_hooks(struct monitor *m, enum hook_kind kind, const char *target, struct error *err)
{
    const struct hook_context context = {.container = m->container,
                                         .config = m->config,
                                         .rootfs_mount = m->config->rootfs_mount,
                                         .init_pid = kind == HOOK_START_HOST ? m->init.pid : 0,
                                         .target = target,
                                         .namespace_fds = m->namespace_fds};

    return hooks_run(kind, &context, err);
}

/* Remove what is known of an earlier run, and begin to keep the output of this one, also after a reboot. */
static void launch_begin_record(struct monitor *m)
{
    if (!m->kept_path) {
        last_run_forget(m->container);
        m->kept_path = container_path(m->container, LAST_CONSOLE);
    }
    if (m->kept_path)
        console_keep(&m->console, m->config, m->kept_path);
}

/* The monitor's own cgroups. There is one for each of the hierarchies, which takes a quarter of the time of a
 * start: the child works meanwhile. */
static int launch_enter_cgroups(struct monitor *m, struct error *err)
{
    int r = cgroup_create_monitor(m->cgroup, m->container->name, m->options->foreground, m->config, err);

    return r < 0 ? r : cgroup_enter_monitor(m->cgroup, err);
}

static int launch_make_cgroups(struct monitor *m, struct error *err)
{
    int r;

    m->cgroup = malloc(sizeof(*m->cgroup));
    if (!m->cgroup)
        return error_set(err, ENOMEM, "cannot make cgroups");
    *m->cgroup = (struct cgroup)CGROUP_INIT;
    r = cgroup_open(m->cgroup, m->config, err);
    return r < 0 ? r : cgroup_create(m->cgroup, m->container->name, m->options->foreground, m->config, err);
}

/* A namespace of lxc.namespace.share, given by a path, a pid, or the name of a running container of the same
 * lxcpath. */
static int launch_open_namespace(const struct monitor *m, enum namespace_kind kind, struct error *err)
{
    const char *source = m->config->namespace_share[kind], *name = namespaces[kind].name;
    const struct container other = {.name = source, .lxcpath = m->container->lxcpath};
    cleanup_free char *path = NULL;
    cleanup_fd int proc = -1;
    int64_t pid;
    int fd;

    if (source[0] == '/') {
        fd = open(source, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? error_set(err, errno, "lxc.namespace.share.%s: cannot open %s", name, source) : fd;
    }
    if (parse_int64(source, 10, 1, INT32_MAX, &pid) < 0) {
        proc = init_open(&other, NULL, NULL, err);
        fd = proc;
    } else {
        path = format_string("/proc/%d", (int)pid);
        proc = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        fd = proc < 0 ? error_set(err, path ? errno : ENOMEM, "cannot find the process %s", source) : proc;
    }
    if (fd >= 0)
        fd = namespace_open_at(proc, source, kind, err);
    return fd < 0 ? error_context(err, "lxc.namespace.share.%s", name) : fd;
}

static int launch_open_shared(const struct monitor *m, struct plan *plan, struct error *err)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        if (!m->config->namespace_share[i])
            continue;
        plan->shared[i] = launch_open_namespace(m, (enum namespace_kind)i, err);
        if (plan->shared[i] < 0)
            return plan->shared[i];
    }
    return 0;
}

static void launch_close_shared(struct plan *plan)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&plan->shared[i]);
}

/* Init's namespaces, kept open for hooks, which find them below /proc/self/fd. */
static int launch_keep_namespaces(struct monitor *m, struct error *err)
{
    const struct config *c = m->config;

    if (!c->hooks[HOOK_START_HOST].count && !c->hooks[HOOK_STOP].count)
        return 0;
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        char path[40];

        if (!(m->clone_flags & namespaces[i].flag))
            continue;
        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)m->init.pid, namespaces[i].name);
        m->namespace_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (m->namespace_fds[i] < 0)
            return error_set(err, errno, "cannot open %s for hooks", path);
    }
    return 0;
}

/* --- The monitor's steps of a start: struct plan_steps --- */

static int launch_hooks(enum hook_kind kind, const char *rootfs_mount, bool inside, void *data,
                        struct error *err)
{
    const struct monitor *m = data;
    const struct hook_context context = {
        .container = m->container, .config = m->config, .rootfs_mount = rootfs_mount, .inside = inside};

    return hooks_run(kind, &context, err);
}

static int launch_attach(struct spawned *s, void *data, struct error *err)
{
    struct monitor *m = data;
    int r;

    launch_begin_record(m);
    r = launch_enter_cgroups(m, err);

    if (r == 0 && m->clone_flags & CLONE_NEWNET)
        r = network_attach(m->container, m->config, s->pid, &m->network, err);
    return r < 0 ? r
                 : network_leases_open(&m->leases, &m->loop, m->container->name, m->config, s->pid,
                                       &m->network, err);
}

static int launch_prepared(struct spawned *s, void *data, struct error *err)
{
    struct monitor *m = data;
    int r = launch_keep_namespaces(m, err);

    m->console.pty = s->console;
    s->console = (struct terminal)TERMINAL_NONE;
    if (r == 0)
        r = launch_run_hooks(m, HOOK_START_HOST, NULL, err);
    if (r == 0 && m->console.pty.master >= 0)
        r = console_connect(&m->console, err);
    return r;
}

static int launch_listener(struct spawned *s, int listener, int running, void *data, struct error *err)
{
    struct monitor *m = data;
    int r = seccomp_notify_open(&m->notifier, m->config, listener, s->pid, err);

    if (r == 0)
        seccomp_notify_until(&m->notifier, running);
    return r;
}

static int launch_init(struct monitor *m, const struct seccomp_program *seccomp, struct error *err)
{
    cleanup_free char *home = container_path(m->container, "rootfs");
    __attribute__((cleanup(launch_close_shared))) struct plan plan = {
        .name = m->container->name,
        .home = home,
        .config = m->config,
        .argv = m->options->argv,
        .small_init = m->options->execute,
        .forward = m->options->forward,
        .streams = m->options->execute || m->options->streams,
        .console = console_wanted(m->config),
        .keep_stderr = m->options->foreground,
        .unprivileged = geteuid() != 0,
        .own = m->clone_flags,
        .shared = {-1, -1, -1, -1, -1, -1, -1, -1},
        .cgroup = m->cgroup,
        .seccomp = seccomp,
        .label = m->apparmor.label,
        .steps = {launch_hooks, launch_attach, launch_prepared, launch_listener, m}};
    int r = home ? launch_open_shared(m, &plan, err) : error_set(err, ENOMEM, "cannot start %s", plan.name);

    if (r == 0)
        r = spawn(&plan, &m->init, err);
    if (r == 0 && seccomp_notify_has_proxy(&m->notifier)) {
        r = seccomp_notify_watch(&m->notifier, &m->loop, m->notifier.listener);
        if (r < 0)
            error_set(err, r, "cannot listen to seccomp notifications");
    }
    return r;
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
        r = launch_run_hooks(m, HOOK_PRE_START, NULL, err);
    if (r == 0)
        r = launch_make_cgroups(m, err);
    if (r == 0 && restores) {
        launch_begin_record(m);
        r = launch_enter_cgroups(m, err);
    }
    if (r == 0 && lsm_generates(m->config))
        r = apparmor_load(&m->apparmor, m->container, m->config, err);
    if (r == 0)
        r = restores ? m->options->restore(m, err) : launch_init(m, &seccomp, err);
    if (r == 0) {
        monitor_set_state(m, STATE_RUNNING);
        return 0;
    }
    monitor_set_state(m, STATE_ABORTING);
    teardown(m, false);
    last_run_forget_empty(m->container);
    return r;
}

/* End init. Without a pid namespace, which would end with init, end the other processes of the cgroup too. */
static void teardown_processes(struct monitor *m)
{
    struct error err = ERROR_INIT;

    if (m->init.pid) {
        (void)monitor_signal(m, SIGKILL);
        (void)process_wait(m->init.pid, &m->init_status);
        m->init.pid = 0;
    }
    if (m->cgroup && !(m->clone_flags & CLONE_NEWPID) && cgroup_kill(m->cgroup, KILL_TIMEOUT_MS, &err) < 0)
        log_error("cgroup", "%s", err.text);
}

static void teardown_log(const char *area, int r, const struct error *err)
{
    if (r < 0)
        log_error(area, "%s", err->text);
}

void teardown(struct monitor *m, bool reboot)
{
    const char *target = reboot ? "reboot" : "stop";
    struct error err = ERROR_INIT;

    monitor_set_state(m, STATE_STOPPING);
    teardown_processes(m);
    console_close(&m->console);
    spawned_close(&m->init);
    seccomp_notify_close(&m->notifier);
    teardown_log("hook", launch_run_hooks(m, HOOK_STOP, target, &err), &err);
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&m->namespace_fds[i]);
    network_leases_close(&m->leases);
    teardown_log("network", network_detach(m->container, m->config, &m->network, &err), &err);
    if (m->cgroup) {
        teardown_log("cgroup", cgroup_destroy(m->cgroup, &err), &err);
        cgroup_close(m->cgroup);
        free(m->cgroup);
        m->cgroup = NULL;
    }
    teardown_log("apparmor", apparmor_unload(&m->apparmor, &err), &err);
    teardown_log("hook", launch_run_hooks(m, HOOK_POST_STOP, target, &err), &err);
}
