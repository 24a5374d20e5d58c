#include "core/run/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/cgroup/cgroup.h"
#include "core/run/attach_inside.h"
#include "core/run/init.h"
#include "core/command/command_client.h"
#include "core/confine/lsm.h"
#include "core/namespace/namespace.h"

static void attach_plan_end(struct attach_plan *p)
{
    close_fd(&p->pidfd);
    close_fd(&p->proc);
    fd_list_close(&p->cgroups);
    free(p->label);
    seccomp_program_free(&p->seccomp);
    string_list_clear(&p->environment);
    config_free(&p->limits);
    session_close(&p->session);
}

/* The number that follows `key` in a text of "Key:\tvalue" lines; -1 without it. */
static int64_t attach_status_field(const char *text, const char *key, int base)
{
    for (const char *at = text; (at = strstr(at, key)); at++)
        if ((at == text || at[-1] == '\n') && at[strlen(key)] == ':')
            return (int64_t)strtoull(at + strlen(key) + 1, NULL, base);
    return -1;
}

/*
 * Choose the namespaces to enter: those requested, or all; never one that we are in already. A kind of
 * namespace that this kernel does not support is an error only where it was requested.
 */
static int attach_choose_namespaces(struct attach_plan *p, int proc, struct error *err)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        uint64_t flag = namespaces[i].flag;
        int r;

        if (p->options->namespaces && !(p->options->namespaces & flag))
            continue;
        r = namespace_compare_at(proc, p->container->name, (enum namespace_kind)i, err);
        if (r == -EOPNOTSUPP && !p->options->namespaces) {
            error_clear(err);
            continue;
        }
        if (r < 0)
            return r;
        p->namespaces |= r ? 0 : flag;
    }
    return 0;
}

/*
 * An id inside, from user_namespaces(7), "uid_map" (INSIDE OUTSIDE COUNT): 0 where id 0 is mapped, else the
 * id that `host_id` is mapped to.
 */
static uint32_t attach_map_id(const char *map, uint32_t host_id)
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

static int attach_choose_id(const struct attach_plan *p, int proc, const char *map_file, int64_t host_id,
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
        *id = attach_map_id(map, (uint32_t)host_id);
    return r;
}

/* Init's privileges and ids, from the kernel and not from a configuration: proc(5), /proc/PID/status. */
static int attach_read_init(struct attach_plan *p, int proc, struct error *err)
{
    const struct attach_options *o = p->options;
    cleanup_free char *status = NULL, *word = NULL;
    int r = file_read(proc, "status", 65536, &status, NULL);

    if (r == 0) {
        p->bounding = (uint64_t)attach_status_field(status, "CapBnd", 16);
        p->no_new_privs = attach_status_field(status, "NoNewPrivs", 10) == 1;
        p->filtered = attach_status_field(status, "Seccomp", 10) == 2;
        r = attach_choose_id(p, proc, "uid_map", attach_status_field(status, "Uid", 10), o->uid, &p->uid);
    }
    if (r == 0)
        r = attach_choose_id(p, proc, "gid_map", attach_status_field(status, "Gid", 10), o->gid, &p->gid);
    if (r < 0)
        return error_set(err, r, "cannot read the credentials of the first process of %s",
                         p->container->name);
    p->personality = o->personality;
    if (p->personality < 0 && file_read(proc, "personality", 64, &word, NULL) == 0)
        p->personality = (long)strtoul(word, NULL, 16);
    return 0;
}

static int attach_add_environment(struct attach_plan *p, char *lines, struct error *err)
{
    for (char *rest = lines, *line; (line = strsep(&rest, "\n"));)
        if (*line && string_list_add(&p->environment, line) < 0)
            return error_set(err, ENOMEM, "cannot keep the container's environment");
    return 0;
}

/*
 * The environment variables of the running container, in the order in which init received them, and its
 * resource limits: the values of both families are complete assignments.
 */
static int attach_read_config(struct attach_plan *p, struct error *err)
{
    static const char *const keys[] = {"lxc.environment", "lxc.environment.runtime", "lxc.prlimit",
                                       "lxc.proc"};
    char *values[ARRAY_LENGTH(keys)] = {NULL};
    int r = command_config_items(p->container, keys, ARRAY_LENGTH(keys), values, err);

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        if (r == 0 && values[i])
            r = i < 2 ? attach_add_environment(p, values[i], err)
                      : config_read_text(&p->limits, values[i], strlen(values[i]), keys[i], false, err);
        free(values[i]);
    }
    return r;
}

/* The security label of the command: the one requested, else init's. */
static int attach_choose_label(struct attach_plan *p, int proc, struct error *err)
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

/* The container's seccomp profile, where init is confined by one; read here because it is a file of the host.
 */
static int attach_read_seccomp(struct attach_plan *p, struct error *err)
{
    static const char *const keys[] = {"lxc.seccomp.allow_nesting", "lxc.seccomp.notify.proxy"};
    cleanup_free char *profile = NULL;
    char *values[ARRAY_LENGTH(keys)] = {NULL};
    struct config c = {0};
    int r;

    if (p->options->elevate_lsm || !(p->namespaces & CLONE_NEWNS) || !p->filtered)
        return 0;
    r = command_config_item(p->container, "lxc.seccomp.profile", &profile, err);
    if (r == -ENOENT)
        error_clear(err);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    r = command_config_items(p->container, keys, ARRAY_LENGTH(keys), values, err);
    cleanup_free char *nesting = values[0], *proxy = values[1];
    if (r < 0)
        return r;
    profile[strcspn(profile, "\n")] = '\0';
    c.seccomp_profile = profile;
    c.seccomp_allow_nesting = nesting && nesting[0] == '1';
    c.seccomp_notify_proxy = proxy ? proxy : profile; /* a missing proxy is reported below, as an error */
    r = seccomp_prepare(&c, &p->seccomp, err);
    if (r < 0 || !p->seccomp.notifies || proxy)
        return r;
    error_text(err, ENOTSUP, "%s makes system calls wait for an answer, and no process would answer them",
               profile);
    return error_remedy(err, "set lxc.seccomp.notify.proxy, or attach with -e LSM");
}

static int attach_plan_make(struct attach_plan *p, struct error *err)
{
    const struct attach_options *o = p->options;
    int proc = p->proc = init_open(p->container, &p->init, &p->pidfd, err);
    int r = proc;

    if (r >= 0)
        r = attach_choose_namespaces(p, proc, err);
    if (r == 0)
        r = attach_read_init(p, proc, err);
    if (r == 0 && !o->elevate_cgroup && (r = command_cgroup_fds(p->container, &p->cgroups, err)) == -ENOENT) {
        /* The container of an ordinary user has none where none were delegated to that user. */
        error_clear(err);
        r = 0;
    }
    if (r == 0)
        r = attach_choose_label(p, proc, err);
    if (r == 0)
        r = attach_read_seccomp(p, err);
    return r == 0 ? attach_read_config(p, err) : r;
}

/*
 * Read the reports of the child until the command runs, which closes the socket. Where a pid namespace is
 * entered, the first process sends the pid of a second one, which becomes the command. The pid is accepted
 * from the first process only; the kernel reports the sender. Before the pid, the first process may send the
 * listener of its seccomp profile. It does not wait for a reply: its later calls wait for the monitor.
 */
static int attach_read_report(const struct attach_plan *p, pid_t *pid, int report, struct error *err)
{
    const pid_t first = *pid;
    int failed = 0;

    /* Also after an error: the command's process may send it before the first one sends the pid. */
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        union {
            struct error error;
            pid_t pid;
        } reported;
        struct ucred sender;
        ssize_t n = message_receive(report, &reported, sizeof(reported), 0, &sender, &fds);

        if (n <= 0)
            return failed;
        if (n == sizeof(reported.error) && reported.error.code < 0) {
            failed = error_copy(err, &reported.error);
            continue;
        }
        if (sender.pid != first)
            return error_text(err, EPROTO, "received an unexpected message while the command started");
        if (fds.count) {
            int r = command_add_listener(p->container, fds.fds[0], err);

            if (r < 0) {
                kill(*pid, SIGKILL);
                return r;
            }
        } else if (n == sizeof(reported.pid) && *pid == first) {
            *pid = reported.pid;
            (void)process_wait(first, NULL);
        }
    }
}

/*
 * Create the child in the container's v2 cgroup where it has one: moving it there later takes longer than all
 * other steps (see core/cgroup/cgroup.h). On kernels before 5.7, and where the cgroup accepts no processes,
 * the child enters its cgroups itself.
 */
static pid_t attach_fork(struct attach_plan *p)
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
    cleanup_command_connection struct command_connection connection = COMMAND_CONNECTION_NONE;
    struct container asked = *c;
    __attribute__((cleanup(attach_plan_end))) struct attach_plan plan = {
        .container = &asked, .options = o, .pidfd = -1, .proc = -1, .session = SESSION_NONE};
    cleanup_fd int report = -1, report_child = -1, devpts = -1;
    const int on = 1;
    int r, status, report_fds[2];
    pid_t pid;

    config_init(&plan.limits);
    if (!asked.connection)
        asked.connection = &connection;
    r = attach_plan_make(&plan, err);
    if (r < 0)
        return r;
    if (session_has_terminal())
        devpts = command_devpts_fd(&asked, NULL);
    command_connection_close(asked.connection);
    r = session_open(&plan.session, devpts, err);
    if (r < 0)
        return r;
    close_fd(&devpts);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, report_fds) < 0)
        return error_set(err, errno, "cannot prepare to follow the command");
    report = report_fds[0];
    report_child = report_fds[1];
    if (setsockopt(report, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
        return error_set(err, errno, "cannot prepare to follow the command");
    pid = attach_fork(&plan);
    if (pid < 0)
        return error_set(err, errno, "cannot make a process in %s", c->name);
    if (pid == 0)
        attach_inside(&plan, report_child);
    close_fd(&report_child);
    r = attach_read_report(&plan, &pid, report, err);
    if (r == 0)
        return session_follow(&plan.session, pid, o->log, err);
    status = session_wait(&plan.session, pid);
    return status != 126 && status != 127 ? r : status;
}
