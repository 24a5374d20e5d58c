#include "core/spawn/child_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/path.h"
#include "core/cgroup/cgroup.h"
#include "core/mount/mount_auto.h"
#include "core/confine/caps.h"
#include "core/mount/dev.h"
#include "core/spawn/execute.h"
#include "core/config/idmap.h"
#include "core/confine/limits.h"
#include "core/confine/lsm.h"
#include "core/mount/mounts.h"
#include "core/confine/personality.h"
#include "core/confine/seccomp.h"
#include "core/mount/rootfs.h"
#include "core/mount/systemd.h"
#include "core/spawn/sync.h"

/* The state that the steps share. */
struct inside {
    struct child *child;
    const struct config *config;
    struct rootfs rootfs;
    struct lsm_labels labels;
    int executable;          /* our own executable, O_PATH, which runs lxc-init */
    int console;             /* the container's end of its console; -1: none */
    struct strbuf tty_names; /* "pts/1 pts/2", for systemd's getty generator */
};

/*
 * The signal that the kernel sends to this process when its parent ends: SIGKILL during the start, afterwards
 * that of lxc.monitor.signal.pdeath. A change of user resets the setting. If the parent has ended before, the
 * socket is hung up.
 */
static int child_set_death_signal(const struct inside *in, int signal, struct error *err)
{
    struct pollfd p = {in->child->sync, 0, 0};

    if (prctl(PR_SET_PDEATHSIG, signal) < 0)
        return error_set(err, errno, "cannot set the signal that init gets when its monitor ends");
    if (poll(&p, 1, 0) > 0 && p.revents & POLLHUP)
        return error_text(err, ECANCELED, "the monitor has gone");
    return 0;
}

/* Before any step that can block: check whether the parent still runs. */
static int child_leave_parent(struct inside *in, struct error *err)
{
    close_fd(&in->child->parent_sync);
    return child_set_death_signal(in, SIGKILL, err);
}

/*
 * Close the fds of the parent and those that it inherited, before the container's mounts are set up. The
 * cgroups have been entered by then; later steps open the files that they need themselves.
 */
static int child_close_inherited(struct inside *in, struct error *err)
{
    const struct fd_list *prepared = &in->rootfs.prepared;
    int kept[MESSAGE_FDS_MAX + 4] = {in->child->sync, in->executable, log_fd(), log_syslog_fd()};

    (void)err;
    memcpy(kept + 4, prepared->fds, prepared->count * sizeof(int));
    close_others(kept, 4 + prepared->count);
    return 0;
}

/*
 * From here on programs of the container run, whose processes can access init's open files (proc(5),
 * pidfd_getfd(2)). Only three stay open: the container's own console, the socket to the parent, which exec
 * closes, and for lxc-init the sealed executable, which is available there as /proc/1/exe in any case.
 */
static int child_close_host(struct inside *in, struct error *err)
{
    const int kept[] = {in->child->sync, in->console, in->child->plan->small_init ? in->executable : -1};

    (void)err;
    log_close();
    close_others(kept, ARRAY_LENGTH(kept));
    return 0;
}

/* As early as possible: until then, the process is accounted to the monitor's cgroups. */
static int child_enter_cgroups(struct inside *in, struct error *err)
{
    return cgroup_enter_payload(in->child->plan->cgroup, 0, in->child->in_cgroup, err);
}

static int child_wait_to_go(struct inside *in, struct error *err)
{
    return sync_wait(in->child->sync, SYNC_GO, &in->rootfs.prepared, err);
}

static int child_refuse_ids(uid_t uid, gid_t gid, struct error *err)
{
    error_set(err, errno, "cannot switch to user %u and group %u of the container", uid, gid);
    return error_remedy(err, "map them with lxc.idmap");
}

/* Switch to root of the user namespace where root is mapped, else to init's ids. */
static int child_switch_to_root(struct inside *in, struct error *err)
{
    const struct config *c = in->config;
    uint32_t host;
    uid_t uid = idmap_to_host(c, false, 0, &host) == 0 ? 0 : c->init_uid;
    gid_t gid = idmap_to_host(c, true, 0, &host) == 0 ? 0 : c->init_gid;

    if (!(in->child->plan->own & CLONE_NEWUSER))
        return 0;
    /* EPERM: a user namespace that denies setgroups(2), see user_namespaces(7). */
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        return error_set(err, errno, "cannot drop the supplementary groups");
    if (setresgid(gid, gid, gid) < 0)
        return child_refuse_ids(uid, gid, err);
    if (in->child->plan->unprivileged)
        cgroup_delegate_inside(in->child->plan->cgroup);
    if (setresuid(uid, uid, uid) < 0)
        return child_refuse_ids(uid, gid, err);
    /* Otherwise the files in /proc/self would belong to root of the host. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return child_set_death_signal(in, SIGKILL, err);
}

static int child_take_namespaces(struct inside *in, struct error *err)
{
    if (in->child->plan->own & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
        return error_set(err, errno, "cannot make a cgroup namespace");
    return limits_time(in->config, err);
}

static int child_set_hostname(struct inside *in, struct error *err)
{
    const char *name = in->config->uts_name;

    if (!name || !name[0] || !(in->child->plan->own & CLONE_NEWUTS))
        return 0;
    return sethostname(name, strlen(name)) < 0 ? error_set(err, errno, "cannot set the hostname %s", name)
                                               : 0;
}

static int child_run_hooks(struct inside *in, enum hook_kind kind, bool inside, struct error *err)
{
    const struct plan_steps *steps = &in->child->plan->steps;

    return steps->hooks ? steps->hooks(kind, in->rootfs.path, inside, steps->data, err) : 0;
}

static int child_isolate(struct inside *in, struct error *err)
{
    (void)in;
    return rootfs_isolate(err);
}

static int child_hooks_pre_mount(struct inside *in, struct error *err)
{
    return child_run_hooks(in, HOOK_PRE_MOUNT, false, err);
}

static int child_mount_rootfs(struct inside *in, struct error *err)
{
    return rootfs_mount(in->config, &in->rootfs, err);
}

static int child_mount_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_mount(&in->rootfs, in->config, err);
}

static int child_mount_system(struct inside *in, struct error *err)
{
    return mount_auto_system(&in->rootfs, in->config, err);
}

static int child_mount_entries(struct inside *in, struct error *err)
{
    int r;

    in->rootfs.home = in->child->plan->home;
    r = mounts_apply(&in->rootfs, in->config, err);
    in->rootfs.home = NULL;
    return r;
}

static int child_mount_cgroups(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;
    bool has_init = !in->rootfs.is_host && !plan->argv && !plan->small_init;
    unsigned systemd = has_init ? systemd_version(in->rootfs.fd, in->config->init_cmd) : 0;

    return mount_auto_cgroup(&in->rootfs, in->config, in->child->plan->own & CLONE_NEWCGROUP, systemd, err);
}

static int child_hooks_mount(struct inside *in, struct error *err)
{
    return child_run_hooks(in, HOOK_MOUNT, false, err);
}

static int child_check_rootfs(struct inside *in, struct error *err)
{
    return rootfs_check(&in->rootfs, err);
}

static int child_hooks_autodev(struct inside *in, struct error *err)
{
    return in->config->autodev ? child_run_hooks(in, HOOK_AUTODEV, false, err) : 0;
}

static int child_populate_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_fill(&in->rootfs, in->config, err);
}

static int child_mount_devpts(struct inside *in, struct error *err)
{
    struct fd_list fds = {.count = 1};
    int r = in->rootfs.is_host ? 0 : dev_pts(&in->rootfs, in->config, err);

    if (r < 0 || in->rootfs.pts_fd < 0)
        return r;
    fds.fds[0] = in->rootfs.pts_fd;
    return sync_send(in->child->sync, SYNC_DEVPTS, &fds, err);
}

/* Send both ends of the ptys to the parent; the console, which is the first, stays open for init. */
static int child_send_terminals(struct inside *in, struct fd_list *ptys, struct error *err)
{
    int r = ptys->count ? sync_send(in->child->sync, SYNC_TERMINAL, ptys, err) : 0;

    if (ptys->count && in->child->plan->console && in->console < 0)
        in->console = take_fd(&ptys->fds[1]);
    fd_list_close(ptys);
    return r;
}

/* Make a pty of the container's devpts at /dev/NAME, and add both ends to `ptys`. */
static int child_make_terminal(struct inside *in, const char *name, struct fd_list *ptys, unsigned *number,
                               struct error *err)
{
    int r = ptys->count + 2 > MESSAGE_FDS_MAX ? child_send_terminals(in, ptys, err) : 0;
    int *ends = &ptys->fds[ptys->count];

    if (r == 0)
        r = dev_terminal(&in->rootfs, in->config, name, &ends[0], &ends[1], err);
    if (r < 0)
        return r;
    ptys->count += 2;
    *number = 0;
    file_control(ends[0], TIOCGPTN, (uintptr_t)number);
    return 0;
}

static int child_make_terminals(struct inside *in, struct error *err)
{
    cleanup_fd_list struct fd_list ptys = {.count = 0};
    unsigned number;
    int r = 0;

    if (in->rootfs.pts_fd < 0)
        return 0;
    if (in->child->plan->console)
        r = child_make_terminal(in, "console", &ptys, &number, err);
    for (uint32_t i = 1; r == 0 && i <= in->config->tty_max; i++) {
        char name[16];

        snprintf(name, sizeof(name), "tty%u", i);
        r = child_make_terminal(in, name, &ptys, &number, err);
        if (r == 0 && strbuf_printf(&in->tty_names, "%spts/%u", i > 1 ? " " : "", number) < 0)
            r = error_set(err, ENOMEM, "cannot name the terminals");
    }
    return r == 0 ? child_send_terminals(in, &ptys, err) : r;
}

static int child_link_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_links(&in->rootfs, err);
}

static int child_mount_boot_id(struct inside *in, struct error *err)
{
    return in->config->autodev ? mount_auto_boot_id(&in->rootfs, err) : 0;
}

static int child_enter_rootfs(struct inside *in, struct error *err)
{
    return rootfs_enter(&in->rootfs, err);
}

static int child_set_personality(struct inside *in, struct error *err)
{
    return personality_set(in->config->arch, err);
}

static int child_wait_to_exec(struct inside *in, struct error *err)
{
    int r = sync_send(in->child->sync, SYNC_PREPARED, NULL, err);

    return r < 0 ? r : sync_wait(in->child->sync, SYNC_EXEC, NULL, err);
}

static int child_set_sysctls(struct inside *in, struct error *err)
{
    return limits_sysctl(in->rootfs.proc_fd, in->config, err);
}

static int child_take_keyring(struct inside *in, struct error *err)
{
    int r = lsm_keyring(in->rootfs.proc_fd, &in->labels, err);

    return r < 0 ? r : limits_keyring(in->config, err);
}

static int child_set_caps(struct inside *in, struct error *err)
{
    return caps_apply(in->config, err);
}

static int child_set_label(struct inside *in, struct error *err)
{
    return lsm_prepare(in->rootfs.proc_fd, &in->labels, err);
}

static int child_set_no_new_privs(struct inside *in, struct error *err)
{
    return limits_no_new_privs(in->config, err);
}

static int child_load_seccomp(struct inside *in, struct error *err)
{
    struct fd_list fds = {.count = 1};
    cleanup_fd int listener = -1;
    int r = seccomp_load(in->child->plan->seccomp, &listener, err);

    if (r < 0 || listener < 0)
        return r;
    fds.fds[0] = listener;
    return sync_send(in->child->sync, SYNC_LISTENER, &fds, err);
}

/*
 * These are the first programs of the container that run, so they have no terminal of the user any more.
 * Their output on the console is read once init runs; output that does not fit into the pty's buffer is lost,
 * so that they do not block.
 */
static int child_hooks_start(struct inside *in, struct error *err)
{
    int r;

    if (in->console >= 0)
        (void)fcntl(in->console, F_SETFL, O_RDWR | O_NONBLOCK);
    r = child_run_hooks(in, HOOK_START, true, err);
    if (in->console >= 0)
        (void)fcntl(in->console, F_SETFL, O_RDWR);
    return r;
}

/*
 * Begin a session. The init of a system opens its terminal itself, as on a machine; a command of the user
 * gets the console as its controlling terminal, for job control. With lxc-init, the command that it runs does
 * that.
 */
static int child_enter_session(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;

    if (setsid() < 0 && errno != EPERM)
        return error_set(err, errno, "cannot make a session");
    /* A daemon's standard output is /dev/null; its standard error is still that of its starter. */
    if (!plan->keep_stderr && dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        return error_set(err, errno, "cannot leave the terminal");
    if (in->console < 0)
        return 0;
    if ((plan->argv || plan->streams) && !plan->small_init && ioctl(in->console, TIOCSCTTY, 0) < 0 &&
        errno != EPERM)
        return error_set(err, errno, "cannot make the console the controlling terminal of the command");
    if (in->config->init_uid && fchown(in->console, in->config->init_uid, (gid_t)-1) < 0 && errno != EINVAL)
        return error_set(err, errno, "cannot give the console to user %u", in->config->init_uid);
    /* A command that is run for its output keeps pipes and files. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if ((!plan->streams || isatty(fd)) && dup2(in->console, fd) < 0)
            return error_set(err, errno, "cannot use the console");
    return 0;
}

static int child_enter_directory(struct inside *in, struct error *err)
{
    const char *cwd = in->config->init_cwd;
    cleanup_free char *inside = NULL;
    int r;

    if (!cwd || !cwd[0])
        return 0;
    r = make_directories(cwd, 0755);
    if (r < 0)
        return error_set(err, r, "cannot make lxc.init.cwd = %s in the container", cwd);
    if (chdir(cwd) < 0)
        return error_set(err, errno, "cannot enter lxc.init.cwd = %s in the container", cwd);
    /* By a link in /proc it could be a directory outside the root, of which getcwd(2) gives no absolute path.
     */
    inside = getcwd(NULL, 0);
    if (inside && inside[0] == '/')
        return 0;
    return error_text(err, EPERM, "lxc.init.cwd = %s is not a directory of the container", cwd);
}

static int child_set_environment(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;
    const char *term = plan->argv || plan->small_init ? getenv("TERM") : NULL;
    cleanup_free char *kept = term ? strdup(term) : NULL;
    int r = clearenv();

    r |= setenv("PATH", EXECUTE_DEFAULT_PATH, 1);
    if (kept)
        r |= setenv("TERM", kept, 1);
    for (size_t i = 0; i < in->config->environment.count; i++)
        r |= putenv(in->config->environment.items[i]);
    for (size_t i = 0; i < in->config->environment_runtime.count; i++)
        r |= putenv(in->config->environment_runtime.items[i]);
    r |= setenv("container", "lxc", 1);
    if (in->tty_names.length)
        r |= setenv("container_ttys", in->tty_names.text, 1);
    return r ? error_set(err, ENOMEM, "cannot set init's environment") : 0;
}

static int child_switch_user(struct inside *in, struct error *err)
{
    const struct config *c = in->config;

    if (setgroups(c->init_group_count, c->init_groups) < 0 && (errno != EPERM || c->init_group_count))
        return error_set(err, errno, "cannot set the groups of lxc.init.groups");
    if (setresgid(c->init_gid, c->init_gid, c->init_gid) < 0)
        return error_set(err, errno, "cannot switch to group %u (lxc.init.gid)", c->init_gid);
    if (setresuid(c->init_uid, c->init_uid, c->init_uid) < 0)
        return error_set(err, errno, "cannot switch to user %u (lxc.init.uid)", c->init_uid);
    return child_set_death_signal(in, in->config->monitor_signal_pdeath, err);
}

/* The order is explained in rootfs.h and beside each step. */
static int (*const steps[])(struct inside *, struct error *) = {
    child_leave_parent,    child_enter_cgroups,   child_wait_to_go,       child_switch_to_root,
    child_close_inherited, child_take_namespaces, child_set_hostname,     child_isolate,
    child_hooks_pre_mount, child_mount_rootfs,    child_mount_dev,        child_mount_system,
    child_mount_entries,   child_mount_cgroups,   child_hooks_mount,      child_check_rootfs,
    child_hooks_autodev,   child_populate_dev,    child_mount_devpts,     child_make_terminals,
    child_link_dev,        child_mount_boot_id,   child_enter_rootfs,     child_set_personality,
    child_wait_to_exec,    child_set_sysctls,     child_take_keyring,     child_set_caps,
    child_set_label,       child_close_host,      child_set_no_new_privs, child_load_seccomp,
    child_enter_session,   child_hooks_start,     child_enter_directory,  child_set_environment,
    child_switch_user,
};

static int child_execute_init(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;
    const char *name = in->child->plan->name;
    char *split = in->config->init_cmd ? strdup(in->config->init_cmd) : NULL;
    cleanup_string_list struct string_list words = {0};
    char **argv = plan->argv, *word;
    int r;

    if (!argv) {
        const char *command = plan->small_init && in->config->execute_cmd ? in->config->execute_cmd : split;
        cleanup_free char *copy = strdup(command ? command : "/sbin/init");
        for (char *rest = copy; (word = strsep(&rest, " \t"));)
            if (*word && string_list_add(&words, word) < 0)
                return error_set(err, ENOMEM, "cannot execute init");
        argv = words.items;
    }
    if (plan->small_init)
        r = execute_our_init(in->executable, name, plan->forward, argv);
    else
        r = execute_command(argv);
    executable_refuse(err, r, argv[0], NULL);
    if (r == EACCES && in->labels.selinux)
        return error_remedy(err, "let the SELinux policy allow the change to %s", in->labels.selinux);
    return r == ENOENT ? error_remedy(err, "it or its interpreter does not exist in the rootfs %s",
                                      in->config->rootfs_path ? in->config->rootfs_path : "/")
                       : err->code;
}

void child_run(struct child *child)
{
    struct inside in = {.child = child,
                        .config = child->plan->config,
                        .rootfs = ROOTFS_INIT,
                        .executable = open("/proc/self/exe", O_PATH | O_CLOEXEC),
                        .console = -1};
    struct error err = ERROR_INIT;
    int r = 0;

    lsm_choose(in.config, child->plan->label, &in.labels);
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(steps); i++)
        r = steps[i](&in, &err);
    if (r == 0) {
        /* What our caller ignores, as under nohup(1) or in the background of a script, init would ignore,
         * too. */
        for (int number = 1; number < NSIG; number++)
            signal(number, SIG_DFL);
        /* Our own init keeps them blocked: a signal that arrives before it waits would be lost. */
        sigset_t none;

        sigemptyset(&none);
        if (!child->plan->small_init)
            sigprocmask(SIG_SETMASK, &none, NULL);
        child_execute_init(&in, &err);
    }
    sync_fail(child->sync, &err);
    _exit(1);
}
