#include "core/spawn/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/signal.h"
#include "core/cgroup/cgroup.h"
#include "core/confine/limits.h"
#include "core/confine/seccomp.h"
#include "core/mount/rootfs.h"
#include "core/namespace/idmap_write.h"
#include "core/spawn/child.h"
#include "core/spawn/sync.h"

/* Create the child and send SYNC_GO: after that it mounts while we set its limits and create its links. */
static int spawn_begin(const struct plan *plan, struct spawned *out, struct child *child, int sync,
                       struct error *err)
{
    cleanup_fd_list struct fd_list trees = {.count = 0};
    pid_t pid = child_start(child, &out->pidfd, err);
    int r;

    close_fd(&child->sync);
    if (pid < 0)
        return pid;
    out->pid = pid;
    r = idmap_write(plan->config, pid, err);
    if (r == 0)
        r = rootfs_prepare(plan->config, pid, &trees, err);
    return r < 0 ? r : sync_send(sync, SYNC_GO, &trees, err);
}

static int spawn_limit(const struct plan *plan, const struct spawned *out, struct error *err)
{
    int r = limits_prlimit(plan->config, out->pid, err);

    if (r == 0)
        r = limits_proc(plan->config, out->pid, err);
    if (r == 0)
        r = limits_core(plan->config, out->pid, err);
    return r == 0 ? cgroup_limit(plan->cgroup, plan->config, err) : r;
}

/* Each pair of fds is a pty; the console is the first. */
static void spawn_take_terminals(const struct plan *plan, struct spawned *out, struct fd_list *fds)
{
    for (size_t i = 0; i + 1 < fds->count; i += 2) {
        bool is_console = plan->console && out->console.master < 0;
        struct terminal *t = is_console ? &out->console : &out->ttys.items[out->ttys.count];

        if (!is_console && out->ttys.count == TERMINALS_MAX)
            return;
        out->ttys.count += !is_console;
        *t = (struct terminal){take_fd(&fds->fds[i]), take_fd(&fds->fds[i + 1]), -1};
    }
}

/* Receive the child's devpts, console and ttys, until SYNC_PREPARED. */
static int spawn_collect(const struct plan *plan, struct spawned *out, int sync, struct error *err)
{
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        int point = sync_next(sync, &fds, err);

        if (point < 0 || point == SYNC_PREPARED)
            return point < 0 ? point : 0;
        if (point == SYNC_DEVPTS && fds.count == 1 && out->devpts_fd < 0)
            out->devpts_fd = take_fd(&fds.fds[0]);
        else if (point == SYNC_TERMINAL && fds.count && fds.count % 2 == 0)
            spawn_take_terminals(plan, out, &fds);
        else if (point == SYNC_RUNNING)
            return error_text(err, EPIPE, "the container's first process ended before it executed init");
        else
            return error_text(err, EPROTO, "received an unexpected message during the start");
    }
}

/*
 * The listener is received before init is executed. The child is killed on failure: otherwise, if it waits
 * for an answer, it would never end; and if the listener is closed, its call would fail with ENOSYS and it
 * would run the command.
 */
static int spawn_listen(const struct plan *plan, struct spawned *out, int sync, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int r = sync_wait(sync, SYNC_LISTENER, &fds, err);

    if (r == 0 && (fds.count != 1 || !plan->steps.listener))
        r = error_text(err, EPROTO, "nothing handles the notifications of the seccomp profile");
    if (r == 0)
        r = plan->steps.listener(out, take_fd(&fds.fds[0]), sync, plan->steps.data, err);
    if (r < 0)
        (void)signal_process(out->pidfd, out->pid, SIGKILL);
    return r;
}

/* Have the child execute init. */
static int spawn_execute(const struct plan *plan, struct spawned *out, int sync, struct error *err)
{
    int r = sync_send(sync, SYNC_EXEC, NULL, err);

    if (r == 0 && plan->seccomp->notifies)
        r = spawn_listen(plan, out, sync, err);
    return r == 0 ? sync_wait(sync, SYNC_RUNNING, NULL, err) : r;
}

/* A step of ours may have failed because the child did: prefer the child's error. */
static int spawn_prefer_child_error(int sync, int r, struct error *err)
{
    struct error child_error = ERROR_INIT;
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int point = 0;

    shutdown(sync, SHUT_WR);
    while (point >= 0 && point != SYNC_RUNNING) {
        fd_list_close(&fds);
        point = sync_next(sync, &fds, &child_error);
    }
    if (point >= 0 || child_error.code == -EPIPE)
        return r;
    return error_copy(err, &child_error);
}

int spawn(const struct plan *plan, struct spawned *out, struct error *err)
{
    const struct plan_steps *steps = &plan->steps;
    struct child child = {.plan = plan, .sync = -1, .parent_sync = -1};
    cleanup_fd int sync = -1;
    int fds[2], r;

    *out = (struct spawned)SPAWNED_INIT;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return error_set(err, errno, "cannot start %s", plan->name);
    sync = fds[0];
    child.sync = fds[1];
    child.parent_sync = sync;
    r = spawn_begin(plan, out, &child, sync, err);
    if (r == 0)
        r = spawn_limit(plan, out, err);
    if (r == 0 && steps->attach)
        r = steps->attach(out, steps->data, err);
    if (r == 0)
        r = spawn_collect(plan, out, sync, err);
    if (r == 0)
        r = cgroup_limit_devices(plan->cgroup, plan->config, err);
    if (r == 0 && steps->prepared)
        r = steps->prepared(out, steps->data, err);
    if (r == 0)
        r = spawn_execute(plan, out, sync, err);
    return r < 0 && out->pid ? spawn_prefer_child_error(sync, r, err) : r;
}

void spawned_close(struct spawned *s)
{
    close_fd(&s->pidfd);
    close_fd(&s->devpts_fd);
    terminal_close(&s->console);
    terminals_close(&s->ttys);
}
