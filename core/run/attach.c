#include "core/run/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"
#include "core/run/attach_inside.h"
#include "core/run/init.h"
#include "core/command/command_client.h"
#include "core/confine/lsm.h"
#include "core/namespace/namespace.h"
#include "core/run/relay.h"

static void plan_end(struct attach_plan *p)
{
    close_fd(&p->pidfd);
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&p->namespace_fds[i]);
    fd_list_close(&p->cgroups);
    free(p->label);
    seccomp_program_free(&p->seccomp);
    string_list_clear(&p->environment);
    config_free(&p->limits);
    close_fd(&p->tty);
}

/* The number that follows `key` in a text of "Key:\tvalue" lines; -1 without it. */
static int64_t status_field(const char *text, const char *key, int base)
{
    for (const char *at = text; (at = strstr(at, key)); at++)
        if ((at == text || at[-1] == '\n') && at[strlen(key)] == ':')
            return (int64_t)strtoull(at + strlen(key) + 1, NULL, base);
    return -1;
}

/*
 * Which namespaces to enter: those asked for, or all; never one that we are in already. A kind that this
 * kernel does not have is none of the container's either, and refused only where it was asked for.
 */
static int choose_namespaces(struct attach_plan *p, int proc, struct error *err)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        uint64_t flag = namespaces[i].flag;
        int fd;

        if (p->options->namespaces && !(p->options->namespaces & flag))
            continue;
        fd = namespace_open_at(proc, p->container->name, (enum namespace_kind)i, err);
        if (fd == -EOPNOTSUPP && !p->options->namespaces) {
            error_clear(err);
            continue;
        }
        if (fd < 0)
            return fd;
        p->namespace_fds[i] = fd;
        if (namespace_is_ours(fd, (enum namespace_kind)i))
            close_fd(&p->namespace_fds[i]);
        else
            p->namespaces |= flag;
    }
    return 0;
}

/*
 * The pid namespace concerns our children only, so we enter it here, and the child is born in it. One who is
 * not root has the right to that in the container's user namespace alone, and goes there with it. Kernels
 * before 5.8 do not take a pidfd (EINVAL); then the fds of the single namespaces do, as where that is not
 * seen here.
 */
static int enter_pid_namespace(struct attach_plan *p, struct error *err)
{
    const char *name = p->container->name;
    uint64_t here = p->namespaces & (CLONE_NEWPID | (geteuid() != 0 ? CLONE_NEWUSER : 0));

    p->namespaces &= ~here;
    if (here & CLONE_NEWPID)
        p->init = 1;
    if (p->pidfd >= 0 && here && setns(p->pidfd, (int)here) == 0)
        return 0;
    if (p->pidfd >= 0 && here && errno != EINVAL)
        return error_set(err, errno, "cannot enter the pid namespace of %s", name);
    close_fd(&p->pidfd);
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        const struct namespace_info *n = &namespaces[i];

        if (!(here & n->flag))
            continue;
        if (setns(p->namespace_fds[i], (int)n->flag) < 0)
            return error_set(err, errno, "cannot enter the %s namespace of %s", n->name, name);
        close_fd(&p->namespace_fds[i]);
    }
    return 0;
}

/*
 * An id inside by user_namespaces(7), "uid_map" (INSIDE OUTSIDE COUNT): 0 where there is one, else what
 * `host_id` is inside.
 */
static uint32_t map_id(const char *map, uint32_t host_id)
{
    uint32_t found = 0;
    uint32_t numbers[3];

    for (const char *line = map; line; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        for (unsigned i = 0; i < 3; i++) {
            char word[16];

            if (!line_word(line, i, word, sizeof(word)))
                return found;
            numbers[i] = (uint32_t)strtoul(word, NULL, 10);
        }
        if (numbers[0] == 0)
            return 0;
        if (host_id >= numbers[1] && host_id - numbers[1] < numbers[2])
            found = numbers[0] + (host_id - numbers[1]);
    }
    return found;
}

static int choose_id(const struct attach_plan *p, int proc, const char *map_file, int64_t host_id,
                     uint32_t wanted, uint32_t *id)
{
    cleanup_free char *map = NULL;
    int r;

    *id = wanted;
    if (wanted != ATTACH_ID_UNSET)
        return 0;
    *id = 0;
    if (!(p->namespaces & CLONE_NEWUSER))
        return 0;
    r = file_read(proc, map_file, 65536, &map, NULL);
    if (r == 0)
        *id = map_id(map, (uint32_t)host_id);
    return r;
}

/* What init may do and who it is, from the kernel and not from a configuration: proc(5), /proc/PID/status. */
static int read_init(struct attach_plan *p, int proc, struct error *err)
{
    const struct attach_options *o = p->options;
    cleanup_free char *status = NULL, *word = NULL;
    int r = file_read(proc, "status", 65536, &status, NULL);

    if (r == 0) {
        p->bounding = (uint64_t)status_field(status, "CapBnd", 16);
        p->no_new_privs = status_field(status, "NoNewPrivs", 10) == 1;
        p->filtered = status_field(status, "Seccomp", 10) == 2;
        r = choose_id(p, proc, "uid_map", status_field(status, "Uid", 10), o->uid, &p->uid);
    }
    if (r == 0)
        r = choose_id(p, proc, "gid_map", status_field(status, "Gid", 10), o->gid, &p->gid);
    if (r < 0)
        return error_set(err, r, "cannot read who the first process of %s is", p->container->name);
    p->personality = o->personality;
    if (p->personality < 0 && file_read(proc, "personality", 64, &word, NULL) == 0)
        p->personality = (long)strtoul(word, NULL, 16);
    return 0;
}

/* The value of a key of the running container; NULL, and no error, when the container has none. */
static int read_item(const struct attach_plan *p, const char *key, char **value, struct error *err)
{
    int r = command_config_item(p->container, key, value, err);

    if (r != -ENOENT)
        return r;
    error_clear(err);
    return 0;
}

/* The variables of the running container, in the order in which init got them. */
static int read_environment(struct attach_plan *p, struct error *err)
{
    static const char *const keys[] = {"lxc.environment", "lxc.environment.runtime"};

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        cleanup_free char *lines = NULL;
        int r = read_item(p, keys[i], &lines, err);

        if (r < 0)
            return r;
        for (char *rest = lines, *line; (line = strsep(&rest, "\n"));)
            if (*line && string_list_add(&p->environment, line) < 0)
                return error_set(err, ENOMEM, "cannot keep the container's environment");
    }
    return 0;
}

/* What the running container limits its processes to: both families answer with whole assignments. */
static int read_limits(struct attach_plan *p, struct error *err)
{
    static const char *const families[] = {"lxc.prlimit", "lxc.proc"};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(families); i++) {
        cleanup_free char *lines = NULL;

        r = read_item(p, families[i], &lines, err);
        if (lines)
            r = config_read_text(&p->limits, lines, strlen(lines), families[i], false, err);
    }
    return r;
}

/* The label to take: the one that was asked for, else init's. */
static int choose_label(struct attach_plan *p, int proc, struct error *err)
{
    cleanup_free char *label = p->options->context ? strdup(p->options->context) : NULL;
    int r = 0;

    if (p->options->context && !label)
        r = -ENOMEM;
    else if (!label && !p->options->elevate_lsm)
        r = lsm_read_label(proc, &label);
    if (r == 0 && label && !(p->label = lsm_exec_text(label)))
        r = -ENOMEM;
    return r < 0 ? error_set(err, r, "cannot find the security label of %s", p->container->name) : 0;
}

/* The container's seccomp profile, where init is confined by one; read here, for it is the host's file. */
static int read_seccomp(struct attach_plan *p, struct error *err)
{
    cleanup_free char *profile = NULL, *nesting = NULL, *proxy = NULL;
    struct config c = {0};
    int r;

    if (p->options->elevate_lsm || !(p->namespaces & CLONE_NEWNS) || !p->filtered)
        return 0;
    r = read_item(p, "lxc.seccomp.profile", &profile, err);
    if (r < 0 || !profile)
        return r;
    r = read_item(p, "lxc.seccomp.allow_nesting", &nesting, err);
    if (r == 0)
        r = read_item(p, "lxc.seccomp.notify.proxy", &proxy, err);
    if (r < 0)
        return r;
    profile[strcspn(profile, "\n")] = '\0';
    c.seccomp_profile = profile;
    c.seccomp_allow_nesting = nesting && nesting[0] == '1';
    c.seccomp_notify_proxy = proxy ? proxy : profile; /* that there is none is told here, as an error */
    r = seccomp_prepare(&c, &p->seccomp, err);
    if (r < 0 || !p->seccomp.notifies || proxy)
        return r;
    error_text(err, ENOTSUP, "calls wait for an answer by %s, and nobody would give it", profile);
    return error_remedy(err, "set lxc.seccomp.notify.proxy, or attach with -e LSM");
}

static int make_plan(struct attach_plan *p, struct error *err)
{
    const struct attach_options *o = p->options;
    cleanup_fd int proc = init_open(p->container, &p->init, &p->pidfd, err);
    int r = proc;

    if (r >= 0)
        r = choose_namespaces(p, proc, err);
    if (r == 0)
        r = read_init(p, proc, err);
    if (r == 0 && !o->elevate_cgroup && (r = command_cgroup_fds(p->container, &p->cgroups, err)) == -ENOENT) {
        /* An ordinary user's container has none where none were given to that user. */
        error_clear(err);
        r = 0;
    }
    if (r == 0)
        r = choose_label(p, proc, err);
    if (r == 0)
        r = read_seccomp(p, err);
    if (r == 0)
        r = read_environment(p, err);
    if (r == 0)
        r = read_limits(p, err);
    return r == 0 ? enter_pid_namespace(p, err) : r;
}

/*
 * A pty for the command when the person has a terminal: in the container's devpts, so that it has a name
 * there, else in ours. Returns our end; the command's is p->tty. pts(4), ioctl_tty(2) TIOCGPTPEER.
 */
static int open_terminal(struct attach_plan *p, struct error *err)
{
    cleanup_fd int devpts = command_devpts_fd(p->container, NULL);
    cleanup_fd int terminal = -1;
    int unlock = 0;

    if (devpts >= 0)
        terminal = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || file_control(terminal, TIOCSPTLCK, (uintptr_t)&unlock) < 0)
        return error_set(err, errno, "cannot make a terminal for the command");
    p->tty = file_control(terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (p->tty < 0)
        return error_set(err, errno, "cannot open the command's terminal");
    return take_fd(&terminal);
}

static const int forwarded_signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                        SIGUSR2, SIGALRM, SIGCONT, SIGWINCH};

/* Wait for the command, handing on what signals we are sent. */
static int wait_for_command(pid_t pid, int signals)
{
    struct signalfd_siginfo info;
    int status;

    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (read(signals, &info, sizeof(info)) != sizeof(info))
            continue;
        /* What a terminal sent has reached the command as well: it is in our process group. */
        if (info.ssi_signo != SIGCHLD && info.ssi_code <= 0)
            kill(pid, (int)info.ssi_signo);
    }
}

/*
 * What the child wrote before it became the command; nothing when it did. Before that the listener to its
 * profile's calls may come, for which it does not wait: what it calls then waits for the monitor.
 */
static int read_report(const struct attach_plan *p, pid_t pid, int report, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    struct error told;
    ssize_t n = p->seccomp.notifies ? message_receive(report, &told, sizeof(told), MSG_WAITALL, NULL, &fds)
                                    : read_all(report, &told, sizeof(told));

    if (fds.count) {
        int r = command_add_listener(p->container, fds.fds[0], err);
        if (r < 0) {
            kill(pid, SIGKILL);
            return r;
        }
        fd_list_close(&fds);
        n = read_all(report, &told, sizeof(told));
    }
    return n == sizeof(told) && told.code < 0 ? error_copy(err, &told) : 0;
}

/*
 * The parent's part once the child runs. Our copy of the command's side of its terminal stays open until the
 * command has ended: one that closes its own (as busybox's ping and dd do with their standard input) would
 * else be hung up while it works. A kernel without pidfds (before 5.3) tells the end by nothing but that
 * closing.
 */
static int follow(struct attach_plan *p, pid_t pid, int report, int *terminal, int signals, struct error *err)
{
    struct relay relay = {.in = isatty(STDIN_FILENO) ? STDIN_FILENO : -1,
                          .out = isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO,
                          .terminal = *terminal,
                          .log = p->options->log};
    int r = read_report(p, pid, report, err), status;

    if (r == 0 && *terminal >= 0) {
        cleanup_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        relay.pidfd = pidfd;
        if (pidfd < 0)
            close_fd(&p->tty);
        r = relay_run(&relay, err);
    }
    /* If the command is still there, that hangs it up. */
    close_fd(terminal);
    close_fd(&p->tty);
    status = wait_for_command(pid, signals);
    return r < 0 && status != 126 && status != 127 ? r : status;
}

/*
 * fork(2) into the container's v2 cgroup where it has one: being moved there takes longer than all else (see
 * core/cgroup/cgroup.h). Kernels before 5.7 and a cgroup that takes no processes leave it to the child.
 */
static pid_t fork_into_cgroup(struct attach_plan *p)
{
    int fd = cgroup_v2_fd(p->cgroups.fds, p->cgroups.count);
    pid_t pid = -1;

    p->in_cgroup = fd >= 0;
    if (fd >= 0) {
        struct clone_args a = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)fd};
        pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
    }
    if (pid >= 0)
        return pid;
    p->in_cgroup = false;
    return fork();
}

int container_attach(const struct container *c, const struct attach_options *o, struct error *err)
{
    __attribute__((cleanup(plan_end))) struct attach_plan plan = {
        .container = c,
        .options = o,
        .pidfd = -1,
        .namespace_fds = {-1, -1, -1, -1, -1, -1, -1, -1},
        .tty = -1};
    cleanup_fd int terminal = -1, signals = -1, report = -1, report_child = -1;
    int r, report_fds[2];
    sigset_t blocked;
    pid_t pid;

    config_init(&plan.limits);
    r = make_plan(&plan, err);
    if (r < 0)
        return r;
    if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO)) {
        terminal = open_terminal(&plan, err);
        if (terminal < 0)
            return terminal;
    }
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LENGTH(forwarded_signals); i++)
        sigaddset(&blocked, forwarded_signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    signals = signalfd(-1, &blocked, SFD_CLOEXEC);
    if (signals < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report_fds) < 0)
        return error_set(err, errno, "cannot prepare to follow the command");
    report = report_fds[0];
    report_child = report_fds[1];
    pid = fork_into_cgroup(&plan);
    if (pid < 0)
        return error_set(err, errno, "cannot make a process in %s", c->name);
    if (pid == 0)
        attach_inside(&plan, report_child);
    close_fd(&report_child);
    return follow(&plan, pid, report, &terminal, signals, err);
}
