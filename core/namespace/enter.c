#include "core/namespace/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/procfs.h"
#include "core/base/session.h"
#include "core/base/str.h"
#include "core/namespace/program.h"

/*
 * All files are opened first, because paths change their meaning after entering. Those of the target are
 * opened through one fd, so that they belong to the same process.
 */
struct entry {
    const struct enter_options *options;
    int target; /* the target's directory in /proc; -1: none */
    int namespaces[NAMESPACE_KINDS];
    int root, directory;
    char *context;
    bool left_groups; /* supplementary groups are dropped */
};

static void entry_end(struct entry *e)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        close_fd(&e->namespaces[i]);
    close_fd(&e->target);
    close_fd(&e->root);
    close_fd(&e->directory);
    free(e->context);
}

static int entry_open_target(struct entry *e, struct error *err)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d", e->options->target);
    e->target = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (e->target >= 0)
        return 0;
    return errno == ENOENT ? error_text(err, ESRCH, "there is no process %d", e->options->target)
                           : error_set(err, errno, "cannot open %s", path);
}

/* Open a path, or FILE of the target if the path is empty. */
static int entry_open_file(const struct entry *e, const char *given, const char *file, int flags,
                           struct error *err)
{
    int fd;

    if (!*given && e->target < 0) {
        error_text(err, EINVAL, "no target process for entering its %s", file);
        return error_remedy(err, "add -t PID, or name a file");
    }
    fd = openat(*given ? AT_FDCWD : e->target, *given ? given : file, flags | O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    return *given ? error_set(err, errno, "cannot open %s", given)
                  : error_set(err, errno, "cannot open %s of process %d", file, e->options->target);
}

static int entry_open_namespace(struct entry *e, enum namespace_kind kind, struct error *err)
{
    const struct enter_options *o = e->options;
    const char *given = o->files[kind];
    char whose[32], file[32];
    int fd;

    if (!given && !o->all)
        return 0;
    snprintf(whose, sizeof(whose), "process %d", o->target);
    snprintf(file, sizeof(file), "%s namespace", namespaces[kind].name);
    if ((given && *given) || e->target < 0)
        fd = entry_open_file(e, given ? given : "", file, 0, err);
    else
        fd = namespace_open_at(e->target, whose, kind, err);
    if (fd == -EOPNOTSUPP && !given) {
        error_clear(err);
        return 0;
    }
    if (fd < 0)
        return fd;
    e->namespaces[kind] = fd;
    /* The current user namespace cannot be entered again. */
    if (!given && kind == NAMESPACE_USER && namespace_is_ours(fd, kind))
        close_fd(&e->namespaces[kind]);
    return 0;
}

/* Read the current label of the target; selinux(8), proc_pid_attr(5). */
static int entry_read_context(struct entry *e, struct error *err)
{
    int r;

    if (access("/sys/fs/selinux/enforce", F_OK) < 0)
        return error_text(err, ENOTSUP, "cannot follow a security context: SELinux is not enabled");
    if (e->target < 0)
        return error_text(err, EINVAL, "no target process for following its security context");
    r = file_read(e->target, "attr/current", 4096, &e->context, NULL);
    return r < 0 ? error_set(err, r, "cannot read the security context of process %d", e->options->target)
                 : 0;
}

static int entry_open(struct entry *e, struct error *err)
{
    const struct enter_options *o = e->options;
    int r = o->target ? entry_open_target(e, err) : 0;

    for (int i = 0; r == 0 && i < NAMESPACE_KINDS; i++)
        r = entry_open_namespace(e, (enum namespace_kind)i, err);
    if (r == 0 && o->root) {
        e->root = entry_open_file(e, o->root, "root", O_DIRECTORY, err);
        r = e->root < 0 ? e->root : 0;
    }
    if (r == 0 && o->directory) {
        e->directory = entry_open_file(e, o->directory, "cwd", O_DIRECTORY, err);
        r = e->directory < 0 ? e->directory : 0;
    }
    return r == 0 && o->follow_context ? entry_read_context(e, err) : r;
}

/*
 * A process with privileges over the other namespaces enters the user namespace last; a process that has
 * privileges only in the user namespace enters it first.
 */
static int entry_enter_namespaces(struct entry *e, struct error *err)
{
    bool user_first = e->namespaces[NAMESPACE_USER] >= 0 && geteuid() != 0;

    if (user_first && setns(e->namespaces[NAMESPACE_USER], CLONE_NEWUSER) < 0)
        return error_set(err, errno, "cannot enter the user namespace");
    for (int i = NAMESPACE_USER + 1; i < NAMESPACE_KINDS; i++) {
        if (e->namespaces[i] < 0 || setns(e->namespaces[i], (int)namespaces[i].flag) == 0)
            continue;
        /* Root of a user namespace that is itself inside another one. */
        if (errno == EPERM && e->namespaces[NAMESPACE_USER] >= 0 && !user_first &&
            setns(e->namespaces[NAMESPACE_USER], CLONE_NEWUSER) == 0) {
            user_first = true;
            i--;
            continue;
        }
        return error_set(err, errno, "cannot enter the %s namespace", namespaces[i].name);
    }
    if (e->namespaces[NAMESPACE_USER] >= 0 && !user_first &&
        setns(e->namespaces[NAMESPACE_USER], CLONE_NEWUSER) < 0)
        return error_set(err, errno, "cannot enter the user namespace");
    return 0;
}

static int entry_change_directories(struct entry *e, struct error *err)
{
    const char *inner = e->options->inner_directory;

    if (e->root >= 0 && e->directory < 0 && !inner)
        e->directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->root >= 0 && (fchdir(e->root) < 0 || chroot(".") < 0))
        return error_set(err, errno, "cannot change the root directory");
    if (inner && chdir(inner) < 0)
        return error_set(err, errno, "cannot change to %s inside", inner);
    if (e->directory >= 0 && fchdir(e->directory) < 0)
        return error_set(err, errno, "cannot change the working directory");
    return 0;
}

static bool entry_becomes_root(const struct entry *e)
{
    return e->namespaces[NAMESPACE_USER] >= 0 && !e->options->keep_credentials;
}

static int entry_set_credentials(const struct entry *e, struct error *err)
{
    const struct enter_options *o = e->options;
    bool root = entry_becomes_root(e);
    uid_t uid = o->set_uid ? o->uid : 0;
    gid_t gid = o->set_gid ? o->gid : 0;

    /* user_namespaces(7): some deny setgroups(2); then the call before entering must have succeeded. */
    if ((root || o->set_gid) && ((setgroups(0, NULL) < 0 && !e->left_groups) || setgid(gid) < 0))
        return error_set(err, errno, "cannot change to group %u", gid);
    if ((root || o->set_uid) && setuid(uid) < 0)
        return error_set(err, errno, "cannot change to user %u", uid);
    return 0;
}

static int entry_set_context(const struct entry *e, struct error *err)
{
    cleanup_fd int self = e->context ? procfs_open_process(0, err) : -1;
    int r;

    if (!e->context || self < 0)
        return e->context ? self : 0;
    r = procfs_write(self, "attr/exec", e->context);
    return r < 0 ? error_set(err, r, "cannot change to the security context %s", e->context) : 0;
}

/*
 * Enter everything except the pid and time namespaces, which only children enter: a child is created with
 * reduced privileges. Until execve(2), processes inside must not access this process (proc(5), ptrace access
 * mode).
 */
static int entry_enter(struct entry *e, struct error *err)
{
    int r = entry_set_context(e, err);

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    e->left_groups = r == 0 && (entry_becomes_root(e) || e->options->set_gid) && setgroups(0, NULL) == 0;
    if (r == 0)
        r = entry_enter_namespaces(e, err);
    if (r == 0)
        r = entry_change_directories(e, err);
    return r == 0 ? entry_set_credentials(e, err) : r;
}

static bool entry_needs_child(const struct entry *e)
{
    return (e->namespaces[NAMESPACE_PID] >= 0 || e->namespaces[NAMESPACE_TIME] >= 0) && !e->options->no_fork;
}

/* Run the program in a child of this process, which has entered the namespaces. */
static int entry_fork_and_execute(char **argv, struct error *err)
{
    struct process p;
    int r = process_start(&p, program_execute_child, argv, false, err);

    return r < 0 ? r : program_finish(&p, err);
}

struct entry_call {
    struct entry *entry;
    const struct session *session;
    char **argv;
    struct process process; /* the one that enters */
};

/*
 * In the process that enters, in a new session; it waits for its child if one is needed for a pid or time
 * namespace.
 */
static int entry_execute_child(void *data, struct error *err)
{
    struct entry_call *call = data;
    struct process p;
    int r = session_redirect(call->session, err), status;

    if (r == 0)
        r = session_enter(call->session, err);
    if (r == 0)
        r = entry_enter(call->entry, err);
    if (r < 0)
        return r;
    if (!entry_needs_child(call->entry))
        return program_execute(call->argv, err);
    r = process_start(&p, program_execute_child, call->argv, false, err);
    if (r < 0)
        return r;
    r = process_report(&p, err);
    if (r == 0)
        close_fd(&call->process.report);
    status = program_wait(p.pid, r < 0 ? NULL : err);
    return r < 0 && status == 1 ? r : status;
}

static int entry_execute_in_session(struct entry *e, char **argv, struct error *err)
{
    cleanup_session struct session session = SESSION_NONE;
    struct entry_call call = {e, &session, argv, PROCESS_INIT};
    int r = session_open(&session, -1, err), status;

    if (r == 0)
        r = process_start(&call.process, entry_execute_child, &call, false, err);
    if (r < 0)
        return r;
    r = process_report(&call.process, err);
    if (r == 0)
        return session_follow(&session, call.process.pid, -1, err);
    status = session_wait(&session, call.process.pid);
    return status == 126 || status == 127 ? status : r;
}

int enter_and_execute(const struct enter_options *options, char **argv, struct error *err)
{
    __attribute__((cleanup(entry_end))) struct entry e = {.options = options,
                                                          .namespaces = {-1, -1, -1, -1, -1, -1, -1, -1},
                                                          .target = -1,
                                                          .root = -1,
                                                          .directory = -1};
    int r = entry_open(&e, err);

    if (r < 0)
        return r;
    if (!options->no_fork && (session_has_terminal() || session_is_controlled()))
        return entry_execute_in_session(&e, argv, err);
    r = entry_enter(&e, err);
    if (r < 0)
        return r;
    return entry_needs_child(&e) ? entry_fork_and_execute(argv, err) : program_execute(argv, err);
}
