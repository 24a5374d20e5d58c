#include "core/run/attach_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"
#include "core/confine/caps.h"
#include "core/spawn/execute.h"
#include "core/confine/limits.h"
#include "core/run/passwd.h"
#include "core/base/procfs.h"

/* Before any namespace is entered: a cgroup namespace is entered from within the cgroup, and the fds belong
 * to the host. */
static int attach_enter_cgroups(struct attach_plan *p, struct error *err)
{
    int r = cgroup_enter_fds(p->cgroups.fds, p->cgroups.count, 0, p->in_cgroup, err);

    if (r < 0)
        return error_context(err, "%s", p->container->name);
    fd_list_close(&p->cgroups);
    return 0;
}

/* Enter the namespaces one by one, the user namespace first: only in it has an ordinary user permission to
 * enter the others. All are opened before, while init's directory in /proc can be read. */
static int attach_enter_each_namespace(const struct attach_plan *p, struct error *err)
{
    const char *name = p->container->name;
    int fds[NAMESPACE_KINDS] = {-1, -1, -1, -1, -1, -1, -1, -1}, r = 0;

    for (int i = 0; r == 0 && i < NAMESPACE_KINDS; i++)
        if (p->namespaces & namespaces[i].flag) {
            fds[i] = namespace_open_at(p->proc, name, (enum namespace_kind)i, err);
            r = fds[i] < 0 ? fds[i] : 0;
        }
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        if (r == 0 && fds[i] >= 0 && setns(fds[i], (int)namespaces[i].flag) < 0)
            r = error_set(err, errno, "cannot enter the %s namespace of %s", namespaces[i].name, name);
        close_fd(&fds[i]);
    }
    return r;
}

/*
 * Enter all namespaces at once by the pidfd; kernels before 5.8 do not accept a pidfd (EINVAL). The pid
 * namespace applies to our children only, so that no process inside sees us.
 */
static int attach_enter_namespaces(struct attach_plan *p, struct error *err)
{
    int r = p->pidfd >= 0 && p->namespaces && setns(p->pidfd, (int)p->namespaces) < 0 ? -errno : 0;

    if (r == -EINVAL || p->pidfd < 0)
        r = attach_enter_each_namespace(p, err);
    else if (r < 0)
        r = error_set(err, r, "cannot enter the namespaces of %s", p->container->name);
    close_fd(&p->pidfd);
    close_fd(&p->proc);
    return r;
}

/*
 * Change to the previous working directory if a directory of that name exists inside, else to the root. A
 * name inside may lead to a directory outside through a link in /proc to one of our fds; for a directory
 * outside the root, getcwd(2) returns no path that begins with a slash.
 */
static int attach_enter_directory(const char *directory, struct error *err)
{
    if (directory && chdir(directory) == 0) {
        cleanup_free char *inside = getcwd(NULL, 0);

        if (inside && inside[0] == '/')
            return 0;
    }
    return chdir("/") < 0 ? error_set(err, errno, "cannot change to the root directory inside") : 0;
}

/* Mount /proc and /sys of the entered namespaces, visible to the command only. */
static int attach_remount_proc_sys(struct error *err)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return error_set(err, errno, "cannot make a mount namespace for /proc and /sys");
    if (umount2("/proc", MNT_DETACH) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0)
        return error_set(err, errno, "cannot remount /proc");
    if (umount2("/sys", MNT_DETACH) < 0)
        return errno == EINVAL ? 0 : error_set(err, errno, "cannot remount /sys");
    if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
        return error_set(err, errno, "cannot remount /sys");
    return 0;
}

/* The environment: ours or the kept part of it, "container", then the variables of the configuration and
 * those of the command line. */
static int attach_set_environment(const struct attach_plan *p, struct error *err)
{
    const struct attach_options *o = p->options;
    cleanup_string_list struct string_list kept = {0};
    const struct string_list *added[] = {&kept, &p->environment, o->set_env};
    int r = 0;

    for (size_t i = 0; o->clear_env && o->keep_env && i < o->keep_env->count; i++) {
        const char *name = o->keep_env->items[i], *value = getenv(name);
        if (value && string_list_take(&kept, format_string("%s=%s", name, value)) < 0)
            r = -ENOMEM;
    }
    if (o->clear_env && clearenv() != 0)
        r = -ENOMEM;
    /* Many programs require PATH. */
    const char *path = getenv("PATH");
    if (!path || !*path)
        r |= setenv("PATH", EXECUTE_DEFAULT_PATH, 1);
    r |= setenv("container", "lxc", 1);
    for (size_t i = 0; i < ARRAY_LENGTH(added); i++)
        for (size_t j = 0; added[i] && j < added[i]->count; j++) {
            cleanup_free char *pair = strdup(added[i]->items[j]);
            char *value = pair ? strchr(pair, '=') : NULL;
            if (value)
                *value++ = '\0';
            if (pair && !value && added[i] == o->set_env)
                r |= unsetenv(pair); /* as LXC by putenv(3) */
            else
                r |= pair ? setenv(pair, value ? value : "", 1) : -1;
        }
    return r ? error_set(err, ENOMEM, "cannot set the command's environment") : 0;
}

/* Use our pty in place of those standard streams that are terminals. */
static int attach_set_terminal(struct attach_plan *p, struct error *err)
{
    int tty = p->session.tty;

    if (tty >= 0 && fchown(tty, p->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
        return error_set(err, errno, "cannot give the terminal to user %u", p->uid);
    return session_redirect(&p->session, err);
}

/* Called before a user namespace is entered that denies setgroups(2). EPERM: an ordinary user never has the
 * permission. */
static int attach_drop_groups(struct error *err)
{
    return setgroups(0, NULL) < 0 && errno != EPERM
               ? error_set(err, errno, "cannot drop the supplementary groups")
               : 0;
}

static int attach_set_ids(const struct attach_plan *p, struct error *err)
{
    /* EPERM: a user namespace that denies setgroups(2), see user_namespaces(7). Only root could drop the
     * groups before. */
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        return error_set(err, errno, "cannot drop the supplementary groups");
    if (setresgid(p->gid, p->gid, p->gid) < 0)
        return error_set(err, errno, "cannot switch to group %u inside", p->gid);
    if (setresuid(p->uid, p->uid, p->uid) < 0)
        return error_set(err, errno, "cannot switch to user %u inside", p->uid);
    return 0;
}

/* The kernel's convention for labels that take effect at execve(2): see apparmor_procattr, selinux. */
static int attach_set_label(int attribute, const char *label, struct error *err)
{
    int r = write_all(attribute, label, strlen(label));

    return r < 0 ? error_set(err, r, "cannot set the security label %s", label) : 0;
}

static int attach_execute_shell(uid_t uid)
{
    char *shell[] = {NULL, NULL};

    if (passwd_read_shell(uid, &shell[0]) == 0)
        execute_command(shell);
    shell[0] = (char *)"/bin/sh";
    return execute_command(shell);
}

/*
 * Where a pid namespace is to be entered, continue in it as a new process, a sibling of this one, which ends.
 * The new process is a child of the caller, which reads its pid from the report.
 */
static int attach_enter_pid_namespace(struct attach_plan *p, int report, struct error *err)
{
    struct clone_args a = {.flags = CLONE_PARENT};
    pid_t pid;
    int r;

    if (!(p->namespaces & CLONE_NEWPID))
        return 0;
    pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
    if (pid < 0 &&
        (errno == ENOSYS || errno == EPERM)) /* before 5.3, or denied by a profile without clone3 */
#if defined(__s390__)
        pid = (pid_t)syscall(SYS_clone, 0L, CLONE_PARENT | SIGCHLD, NULL, NULL, 0L);
#else
        pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0L, NULL, NULL, 0L);
#endif
    if (pid == 0) {
        p->namespaces &= ~(uint64_t)CLONE_NEWPID;
        return 0;
    }
    if (pid < 0)
        return error_set(err, errno, "cannot make a process in %s", p->container->name);
    r = message_send(report, &pid, sizeof(pid), false, NULL);
    if (r < 0)
        kill(pid, SIGKILL);
    _exit(r < 0);
}

/* The steps that enter the container, still with the user's own ids. */
static int attach_enter(struct attach_plan *p, int report, struct error *err)
{
    const struct attach_options *o = p->options;
    cleanup_free char *directory = getcwd(NULL, 0);
    cleanup_fd int attribute = -1;
    int r = attach_enter_cgroups(p, err);

    /* As for init: while we have the privileges of the host, which are needed to raise limits. */
    if (r == 0)
        r = limits_prlimit(&p->limits, 0, err);
    if (r == 0)
        r = limits_proc(&p->limits, 0, err);
    if (r == 0)
        r = limits_core_join(p->init, err);
    /* Opened while /proc is that of the host: the container's cannot be trusted. */
    if (r == 0 && p->label) {
        cleanup_fd int self = procfs_open_process(0, err);
        attribute = self < 0 ? self : procfs_open_file(self, "attr/exec", O_WRONLY);
        if (attribute < 0)
            r = error_set(err, attribute, "cannot set a security label");
    }
    if (r == 0)
        r = attach_drop_groups(err);
    if (r == 0)
        r = attach_enter_namespaces(p, err);
    if (r == 0)
        r = attach_enter_directory(directory, err);
    /* A new /proc shows the pid namespace of the process that mounts it. */
    if (r == 0 && o->remount_proc_sys && !(p->namespaces & CLONE_NEWNS)) {
        r = attach_enter_pid_namespace(p, report, err);
        if (r == 0)
            r = attach_remount_proc_sys(err);
    }
    if (r == 0 && p->label)
        r = attach_set_label(attribute, p->label, err);
    return r;
}

/* The steps that drop the privileges that init does not have, and at last set the ids. */
static int attach_restrict(const struct attach_plan *p, int report, struct error *err)
{
    const struct attach_options *o = p->options;
    struct fd_list listener = {.fds = {-1}};
    int r = 0;

    if (p->personality >= 0 && personality((unsigned long)p->personality) < 0)
        return error_set(err, errno, "cannot set the personality");
    r = caps_limit(o->elevate_caps ? UINT64_MAX : p->bounding, err);
    if (r == 0 && p->no_new_privs && !o->elevate_lsm && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        r = error_set(err, errno, "cannot set no_new_privs");
    /* Before the privileges that this requires are dropped. */
    if (r == 0)
        r = seccomp_load(&p->seccomp, &listener.fds[0], err);
    if (r == 0 && listener.fds[0] >= 0) {
        listener.count = 1;
        r = message_send(report, "", 1, false, &listener);
        fd_list_close(&listener);
        if (r < 0)
            return error_set(err, r, "cannot pass on the listener of the seccomp profile");
    }
    return r == 0 ? attach_set_ids(p, err) : r;
}

__attribute__((noreturn)) static void attach_fail(int report, const struct error *err, int status)
{
    (void)message_send(report, err, sizeof(*err), false, NULL);
    _exit(status);
}

void attach_inside(struct attach_plan *p, int report)
{
    struct error err = ERROR_INIT;
    const char *what = p->options->command ? p->options->command[0] : "a shell";
    const int kept[] = {report, p->session.tty};
    int errnum;

    /* Until execve(2), no process in the container may inspect us (proc(5), ptrace access mode). */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (attach_enter(p, report, &err) < 0 || attach_set_environment(p, &err) < 0 ||
        attach_set_terminal(p, &err) < 0)
        attach_fail(report, &err, 1);
    /* Only standard input, output and error of the host are kept. */
    close_others(kept, ARRAY_LENGTH(kept));
    if (attach_restrict(p, report, &err) < 0 || attach_enter_pid_namespace(p, report, &err) < 0 ||
        session_enter(&p->session, &err) < 0)
        attach_fail(report, &err, 1);
    errnum = p->options->command ? execute_command(p->options->command) : attach_execute_shell(p->uid);
    executable_refuse(&err, errnum, what, p->container->name);
    attach_fail(report, &err, errnum == ENOENT ? 127 : 126);
}
