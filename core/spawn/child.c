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

/* What the steps pass on to each other. */
struct inside {
    struct child *child;
    const struct config *config;
    struct rootfs rootfs;
    struct lsm_labels labels;
    int executable;          /* O_PATH: ours, to run lxc-init from */
    int console;             /* the container's end of its console; -1: none */
    struct strbuf tty_names; /* "pts/1 pts/2", for systemd's getty generator */
};

/*
 * A process that ends takes its child along: during the start by SIGKILL, afterwards by the signal of
 * lxc.monitor.signal.pdeath. A change of user resets the setting. The parent may have ended before: then
 * nobody holds the other end of the socket.
 */
static int set_death_signal(const struct inside *in, int signal, struct error *err)
{
    struct pollfd p = {in->child->sync, 0, 0};

    if (prctl(PR_SET_PDEATHSIG, signal) < 0)
        return error_set(err, errno, "cannot tie init's life to its monitor's");
    if (poll(&p, 1, 0) > 0 && p.revents & POLLHUP)
        return error_text(err, ECANCELED, "the monitor has gone");
    return 0;
}

/* Before anything can block: see whether the parent lives. */
static int leave_parent(struct inside *in, struct error *err)
{
    close_fd(&in->child->parents);
    return set_death_signal(in, SIGKILL, err);
}

/*
 * No fd of the parent, nor of whoever started it, is open when the container's mounts are set up. The cgroups
 * are entered by then; what follows opens what it needs itself.
 */
static int close_inherited(struct inside *in, struct error *err)
{
    const struct fd_list *prepared = &in->rootfs.prepared;
    int kept[MESSAGE_FDS_MAX + 4] = {in->child->sync, in->executable, log_fd(), log_syslog_fd()};

    (void)err;
    memcpy(kept + 4, prepared->fds, prepared->count * sizeof(int));
    close_others(kept, 4 + prepared->count);
    return 0;
}

/*
 * From here on programs of the container run, whose processes can reach what init has open (proc(5),
 * pidfd_getfd(2)). Nothing is left but the container's own console, the socket to the parent, which exec
 * closes, and for lxc-init the sealed executable, which is /proc/1/exe there in any case.
 */
static int close_host(struct inside *in, struct error *err)
{
    const int kept[] = {in->child->sync, in->console, in->child->plan->small_init ? in->executable : -1};

    (void)err;
    log_close();
    close_others(kept, ARRAY_LENGTH(kept));
    return 0;
}

/* First of all: what a process does before it is in its cgroups is the monitor's. */
static int enter_cgroups(struct inside *in, struct error *err)
{
    return cgroup_enter_payload(in->child->plan->cgroup, 0, in->child->in_cgroup, err);
}

static int wait_to_go(struct inside *in, struct error *err)
{
    return sync_wait(in->child->sync, SYNC_GO, &in->rootfs.prepared, err);
}

static int refuse_ids(uid_t uid, gid_t gid, struct error *err)
{
    error_set(err, errno, "cannot become user %u and group %u of the container", uid, gid);
    return error_remedy(err, "let lxc.idmap map them");
}

/* Root of the user namespace, where it has one; else who init is to be. */
static int become_root(struct inside *in, struct error *err)
{
    const struct config *c = in->config;
    uint32_t host;
    uid_t uid = idmap_to_host(c, false, 0, &host) == 0 ? 0 : c->init_uid;
    gid_t gid = idmap_to_host(c, true, 0, &host) == 0 ? 0 : c->init_gid;

    if (!(in->child->plan->own & CLONE_NEWUSER))
        return 0;
    /* EPERM: a user namespace that denies setgroups(2), see user_namespaces(7). */
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        return error_set(err, errno, "cannot leave the supplementary groups");
    if (setresgid(gid, gid, gid) < 0)
        return refuse_ids(uid, gid, err);
    if (in->child->plan->unprivileged)
        cgroup_delegate_inside(in->child->plan->cgroup);
    if (setresuid(uid, uid, uid) < 0)
        return refuse_ids(uid, gid, err);
    /* Else our own /proc/self would be the host's root's. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return set_death_signal(in, SIGKILL, err);
}

static int take_namespaces(struct inside *in, struct error *err)
{
    if (in->child->plan->own & CLONE_NEWCGROUP && unshare(CLONE_NEWCGROUP) < 0)
        return error_set(err, errno, "cannot make a cgroup namespace");
    return limits_time(in->config, err);
}

static int set_hostname(struct inside *in, struct error *err)
{
    const char *name = in->config->uts_name;

    if (!name || !name[0] || !(in->child->plan->own & CLONE_NEWUTS))
        return 0;
    return sethostname(name, strlen(name)) < 0 ? error_set(err, errno, "cannot set the hostname %s", name)
                                               : 0;
}

static int run_hooks(struct inside *in, enum hook_kind kind, bool inside, struct error *err)
{
    const struct plan_steps *steps = &in->child->plan->steps;

    return steps->hooks ? steps->hooks(kind, in->rootfs.path, inside, steps->data, err) : 0;
}

static int isolate(struct inside *in, struct error *err)
{
    (void)in;
    return rootfs_isolate(err);
}

static int hooks_pre_mount(struct inside *in, struct error *err)
{
    return run_hooks(in, HOOK_PRE_MOUNT, false, err);
}

static int mount_rootfs(struct inside *in, struct error *err)
{
    return rootfs_mount(in->config, &in->rootfs, err);
}

static int mount_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_mount(&in->rootfs, in->config, err);
}

static int mount_system(struct inside *in, struct error *err)
{
    return mount_auto_system(&in->rootfs, in->config, err);
}

static int mount_entries(struct inside *in, struct error *err)
{
    int r;

    in->rootfs.home = in->child->plan->home;
    r = mounts_apply(&in->rootfs, in->config, err);
    in->rootfs.home = NULL;
    return r;
}

static int mount_cgroups(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;
    bool has_init = !in->rootfs.is_host && !plan->argv && !plan->small_init;
    unsigned systemd = has_init ? systemd_version(in->rootfs.fd, in->config->init_cmd) : 0;

    return mount_auto_cgroup(&in->rootfs, in->config, in->child->plan->own & CLONE_NEWCGROUP, systemd, err);
}

static int hooks_mount(struct inside *in, struct error *err)
{
    return run_hooks(in, HOOK_MOUNT, false, err);
}

static int check_rootfs(struct inside *in, struct error *err)
{
    return rootfs_check(&in->rootfs, err);
}

static int hooks_autodev(struct inside *in, struct error *err)
{
    return in->config->autodev ? run_hooks(in, HOOK_AUTODEV, false, err) : 0;
}

static int fill_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_fill(&in->rootfs, in->config, err);
}

static int mount_devpts(struct inside *in, struct error *err)
{
    struct fd_list fds = {.count = 1};
    int r = in->rootfs.is_host ? 0 : dev_pts(&in->rootfs, in->config, err);

    if (r < 0 || in->rootfs.pts_fd < 0)
        return r;
    fds.fds[0] = in->rootfs.pts_fd;
    return sync_send(in->child->sync, SYNC_DEVPTS, &fds, err);
}

/* A pty of the container's devpts on /dev/NAME: both ends go to the monitor, the slave is also returned. */
static int give_terminal(struct inside *in, const char *name, int *slave, unsigned *number, struct error *err)
{
    struct fd_list fds = {.count = 2};
    cleanup_fd int master = -1, pts = -1;
    int r = dev_terminal(&in->rootfs, in->config, name, &master, &pts, err);

    if (r < 0)
        return r;
    *number = 0;
    file_control(master, TIOCGPTN, (uintptr_t)number);
    fds.fds[0] = master;
    fds.fds[1] = pts;
    r = sync_send(in->child->sync, SYNC_TERMINAL, &fds, err);
    if (slave)
        *slave = take_fd(&pts);
    return r;
}

static int make_terminals(struct inside *in, struct error *err)
{
    unsigned number;
    int r = 0;

    if (in->rootfs.pts_fd < 0)
        return 0;
    if (in->child->plan->console)
        r = give_terminal(in, "console", &in->console, &number, err);
    for (uint32_t i = 1; r == 0 && i <= in->config->tty_max; i++) {
        char name[16];

        snprintf(name, sizeof(name), "tty%u", i);
        r = give_terminal(in, name, NULL, &number, err);
        if (r == 0 && strbuf_printf(&in->tty_names, "%spts/%u", i > 1 ? " " : "", number) < 0)
            r = error_set(err, ENOMEM, "cannot name the terminals");
    }
    return r;
}

static int link_dev(struct inside *in, struct error *err)
{
    return in->rootfs.is_host ? 0 : dev_links(&in->rootfs, err);
}

static int mount_boot_id(struct inside *in, struct error *err)
{
    return in->config->autodev ? mount_auto_boot_id(&in->rootfs, err) : 0;
}

static int enter_rootfs(struct inside *in, struct error *err)
{
    return rootfs_enter(&in->rootfs, err);
}

static int set_personality(struct inside *in, struct error *err)
{
    return personality_set(in->config->arch, err);
}

static int wait_to_exec(struct inside *in, struct error *err)
{
    int r = sync_send(in->child->sync, SYNC_PREPARED, NULL, err);

    return r < 0 ? r : sync_wait(in->child->sync, SYNC_EXEC, NULL, err);
}

static int set_sysctls(struct inside *in, struct error *err)
{
    return limits_sysctl(in->rootfs.proc_fd, in->config, err);
}

static int take_keyring(struct inside *in, struct error *err)
{
    int r = lsm_keyring(in->rootfs.proc_fd, &in->labels, err);

    return r < 0 ? r : limits_keyring(in->config, err);
}

static int set_caps(struct inside *in, struct error *err)
{
    return caps_apply(in->config, err);
}

static int set_label(struct inside *in, struct error *err)
{
    return lsm_prepare(in->rootfs.proc_fd, &in->labels, err);
}

static int set_no_new_privs(struct inside *in, struct error *err)
{
    return limits_no_new_privs(in->config, err);
}

static int load_seccomp(struct inside *in, struct error *err)
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
 * The first program of the container that runs, so it has no terminal of the user's any more. What it writes
 * on the console is read once init runs: what does not fit into the pty until then is lost, rather than
 * waited for.
 */
static int hooks_start(struct inside *in, struct error *err)
{
    int r;

    if (in->console >= 0)
        (void)fcntl(in->console, F_SETFL, O_RDWR | O_NONBLOCK);
    r = run_hooks(in, HOOK_START, true, err);
    if (in->console >= 0)
        (void)fcntl(in->console, F_SETFL, O_RDWR);
    return r;
}

/*
 * A session of its own. Init of a system finds its terminal itself, as it does on a machine; a command that a
 * person gave gets the console as its controlling terminal, so that its jobs can be controlled. lxc-init
 * leaves that to the command that it runs.
 */
static int enter_session(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;

    if (setsid() < 0 && errno != EPERM)
        return error_set(err, errno, "cannot make a session");
    /* A daemon's standard output is /dev/null, its standard error still the starter's. */
    if (!plan->keep_stderr && dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        return error_set(err, errno, "cannot leave the terminal");
    if (in->console < 0)
        return 0;
    if (plan->argv && !plan->small_init && ioctl(in->console, TIOCSCTTY, 0) < 0 && errno != EPERM)
        return error_set(err, errno, "cannot make the console the command's own");
    if (in->config->init_uid && fchown(in->console, in->config->init_uid, (gid_t)-1) < 0 && errno != EINVAL)
        return error_set(err, errno, "cannot give the console to user %u", in->config->init_uid);
    /* A command that is run for its output keeps what is no terminal: pipes, files. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if ((!plan->small_init || isatty(fd)) && dup2(in->console, fd) < 0)
            return error_set(err, errno, "cannot use the console");
    return 0;
}

static int enter_directory(struct inside *in, struct error *err)
{
    const char *cwd = in->config->init_cwd;
    int r;

    if (!cwd || !cwd[0])
        return 0;
    r = make_directories(cwd, 0755);
    if (r < 0)
        return error_set(err, r, "cannot make lxc.init.cwd = %s in the container", cwd);
    return chdir(cwd) < 0 ? error_set(err, errno, "cannot enter lxc.init.cwd = %s in the container", cwd) : 0;
}

static int set_environment(struct inside *in, struct error *err)
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

static int become_user(struct inside *in, struct error *err)
{
    const struct config *c = in->config;

    if (setgroups(c->init_group_count, c->init_groups) < 0 && (errno != EPERM || c->init_group_count))
        return error_set(err, errno, "cannot take lxc.init.groups");
    if (setresgid(c->init_gid, c->init_gid, c->init_gid) < 0)
        return error_set(err, errno, "cannot become group %u (lxc.init.gid)", c->init_gid);
    if (setresuid(c->init_uid, c->init_uid, c->init_uid) < 0)
        return error_set(err, errno, "cannot become user %u (lxc.init.uid)", c->init_uid);
    return set_death_signal(in, in->config->monitor_signal_pdeath, err);
}

/* In this order, each for the reason that stands in rootfs.h or beside the step. */
static int (*const steps[])(struct inside *, struct error *) = {
    leave_parent,     enter_cgroups,  wait_to_go,      become_root,   close_inherited, take_namespaces,
    set_hostname,     isolate,        hooks_pre_mount, mount_rootfs,  mount_dev,       mount_system,
    mount_entries,    mount_cgroups,  hooks_mount,     check_rootfs,  hooks_autodev,   fill_dev,
    mount_devpts,     make_terminals, link_dev,        mount_boot_id, enter_rootfs,    set_personality,
    wait_to_exec,     set_sysctls,    take_keyring,    set_caps,      set_label,       close_host,
    set_no_new_privs, load_seccomp,   enter_session,   hooks_start,   enter_directory, set_environment,
    become_user,
};

static int execute_init(struct inside *in, struct error *err)
{
    const struct plan *plan = in->child->plan;
    const char *name = in->child->plan->name;
    char *split = in->config->init_cmd ? strdup(in->config->init_cmd) : NULL;
    cleanup_string_list struct string_list words = {0};
    char **argv = plan->argv, *word;
    int r;

    if (!argv) {
        const char *command = plan->small_init ? in->config->execute_cmd : split;
        cleanup_free char *copy = strdup(command ? command : "/sbin/init");
        for (char *rest = copy; (word = strsep(&rest, " \t"));)
            if (*word && string_list_add(&words, word) < 0)
                return error_set(err, ENOMEM, "cannot execute init");
        argv = words.items;
    }
    if (plan->small_init)
        r = execute_our_init(in->executable, name, argv);
    else
        r = execute_command(argv);
    executable_refuse(err, r, argv[0], name);
    if (r == EACCES && in->labels.selinux)
        return error_remedy(err, "let the SELinux policy allow the change to %s", in->labels.selinux);
    return r == ENOENT ? error_remedy(err, "the rootfs %s lacks it, or the interpreter that it names",
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
        /* Our own init keeps them blocked: one that came before it waits for them would be lost. */
        sigset_t none;

        sigemptyset(&none);
        if (!child->plan->small_init)
            sigprocmask(SIG_SETMASK, &none, NULL);
        execute_init(&in, &err);
    }
    sync_fail(child->sync, &err);
    _exit(1);
}
