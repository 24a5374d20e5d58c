#include "core/storage/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/storage/storage.h"

#define EXFAT_MAGIC 0x2011bab0 /* EXFAT_SUPER_MAGIC of newer linux/magic.h */

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void partial_end(struct partial *p)
{
    close_fd(&p->fd);
    close_fd(&p->lxcpath_fd);
    free(p->path);
}

/* Returns the name of the directory in lxcpath. */
static const char *partial_name(const struct partial *p)
{
    return strrchr(p->path, '/') + 1;
}

static int lxcpath_open(const struct container *c, struct partial *p, struct error *err)
{
    int r = make_directories(c->lxcpath, 0755);
    struct statfs fs;

    p->path = format_string("%s/.%s.partial", c->lxcpath, c->name);
    if (!p->path)
        return error_set(err, ENOMEM, "cannot work on container %s", c->name);
    if (r == 0) {
        p->lxcpath_fd = open(c->lxcpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = p->lxcpath_fd < 0 ? -errno : 0;
    }
    if (r == 0 && fstatfs(p->lxcpath_fd, &fs) == 0 &&
        (fs.f_type == MSDOS_SUPER_MAGIC || fs.f_type == EXFAT_MAGIC)) {
        error_text(err, ENOTSUP,
                   "cannot keep containers in %s: its file system, FAT, has no owners, modes and links",
                   c->lxcpath);
        return error_remedy(err, "name a directory on ext4, xfs, btrfs or f2fs with -P");
    }
    if (r == 0)
        return 0;
    error_set(err, r, "cannot use %s as the directory of the containers", c->lxcpath);
    return error_remedy(err, "become root, or name a directory of your own with -P");
}

static int container_check_absent(const struct container *c, int lxcpath_fd, struct error *err)
{
    cleanup_free char *config = format_string("%s/config", c->name);
    struct stat st;

    if (!config)
        return error_set(err, ENOMEM, "cannot create container %s", c->name);
    if (fstatat(lxcpath_fd, c->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT
                   ? 0
                   : error_set(err, errno, "cannot look for container %s in %s", c->name, c->lxcpath);
    if (fstatat(lxcpath_fd, config, &st, 0) == 0) {
        error_text(err, EEXIST, "container %s exists already in %s", c->name, c->lxcpath);
        return error_remedy(err, "choose another name, or destroy it with lxc-destroy");
    }
    error_text(err, EEXIST, "%s/%s exists already and is not a container", c->lxcpath, c->name);
    return error_remedy(err, "remove it, or choose another name");
}

static bool same_file(int fd, int dirfd, const char *name)
{
    struct stat ours, theirs;

    return fstat(fd, &ours) == 0 && fstatat(dirfd, name, &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

/* An interrupted replacement may contain the container's snapshots already: move them back. */
static int snapshots_rescue(struct partial *p)
{
    cleanup_free char *to = format_string("%s/snaps", p->container->name);
    struct stat st;
    int r;

    if (!to)
        return -ENOMEM;
    if (fstatat(p->fd, "snaps", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        fstatat(p->lxcpath_fd, p->container->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    r = storage_rename(p->fd, "snaps", p->lxcpath_fd, to);
    return r == -EEXIST ? 0 : r;
}

/* Create the empty directory and lock it; remove what an interrupted command has left there. */
static int partial_lock_empty(struct partial *p, struct error *err)
{
    const struct container *c = p->container;
    const char *name = partial_name(p);

    for (;;) {
        int r = mkdirat(p->lxcpath_fd, name, 0770) < 0 ? -errno : 0;

        if (r < 0 && r != -EEXIST) {
            error_set(err, r, "cannot create a container in %s", c->lxcpath);
            return r == -EACCES || r == -EPERM || r == -EROFS
                       ? error_remedy(err, "become root, or name a directory of your own with -P")
                       : storage_remedy(err);
        }
        close_fd(&p->fd);
        p->fd = openat(p->lxcpath_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p->fd < 0 && errno == ENOENT)
            continue;
        if (p->fd < 0)
            return error_set(err, errno, "cannot open %s", p->path);
        if (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
            error_text(err, EBUSY, "another process is working on container %s", c->name);
            return error_remedy(err, "wait until it has finished");
        }
        /* The previous holder of the lock may have renamed or removed the directory. */
        if (!same_file(p->fd, p->lxcpath_fd, name))
            continue;
        if (r == 0)
            return 0;
        r = snapshots_rescue(p);
        if (r < 0)
            return error_set(err, r, "cannot move the snapshots in %s back", p->path);
        r = storage_remove_tree(p->lxcpath_fd, name, err);
        if (r < 0)
            return error_context(err, "cannot remove the rest of container %s", c->name);
    }
}

static void partial_abandon(struct partial *p)
{
    struct error ignored = ERROR_INIT;

    storage_remove_tree(p->lxcpath_fd, partial_name(p), &ignored);
}

int partial_admit_root(int fd, gid_t gid)
{
    return fchown(fd, (uid_t)-1, gid) < 0 ? -errno : 0;
}

/* The group of a container's root with mapped ids may search the directory, but not write to it. */
static mode_t partial_mode(const struct partial *p)
{
    struct stat st;

    return fstat(p->fd, &st) == 0 && st.st_uid == geteuid() && st.st_gid != getegid() ? 0750 : 0770;
}

static int report_write(int fd, const struct error *err)
{
    return write_all(fd, err, sizeof(*err));
}

static void __attribute__((noreturn))
worker(struct partial *p, partial_work *work, void *context, int report, const sigset_t *mask, pid_t parent)
{
    struct error err = ERROR_INIT;
    int r;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (size_t i = 0; i < ARRAY_LENGTH(interrupts); i++)
        signal(interrupts[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    umask(022);
    r = work(context, p, &err);
    if (r == 0 && fflush(stdout) != 0)
        r = error_set(&err, errno, "cannot write to standard output");
    if (r == 0 && (fchmod(p->fd, partial_mode(p)) < 0 || syncfs(p->fd) < 0)) {
        r = error_set(&err, errno, "cannot write container %s to disk", p->container->name);
        storage_remedy(&err);
    }
    if (r < 0)
        report_write(report, &err);
    _exit(r < 0);
}

/* Wait for the worker to end, or for a signal, which terminates it. */
static int worker_wait(const struct partial *p, pid_t pid, int report, const sigset_t *awaited,
                       struct error *err)
{
    struct error reported;
    bool interrupted = false;
    int status, signal_number;

    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            break;
        if (sigwait(awaited, &signal_number) == 0 && signal_number != SIGCHLD) {
            interrupted = true;
            kill(pid, SIGKILL);
        }
    }
    /* A signal from the terminal is sent to the worker, too, which may end before this process receives it.
     */
    if (WIFSIGNALED(status))
        for (size_t i = 0; i < ARRAY_LENGTH(interrupts); i++)
            interrupted = interrupted || WTERMSIG(status) == interrupts[i];
    if (interrupted)
        return error_text(err, EINTR, "interrupted; nothing of container %s is left", p->container->name);
    if (read_all(report, &reported, sizeof(reported)) == sizeof(reported))
        return error_copy(err, &reported);
    if (WIFSIGNALED(status))
        return error_text(err, ECHILD, "the process that created container %s was killed by signal %d",
                          p->container->name, WTERMSIG(status));
    return WEXITSTATUS(status) == 0
               ? 0
               : error_text(err, ECHILD, "the process that created container %s failed", p->container->name);
}

/* Rename the new container to its final name, or exchange it with the old one, and move `keep` over. */
static int partial_publish(struct partial *p, const char *keep, struct error *err)
{
    const struct container *c = p->container;
    cleanup_free char *from = NULL, *to = NULL;
    int r;

    if (!keep) {
        r = storage_rename(p->lxcpath_fd, partial_name(p), p->lxcpath_fd, c->name);
        return r < 0 ? error_set(err, r, "cannot create %s/%s", c->lxcpath, c->name) : 0;
    }
    from = format_string("%s/%s", c->name, keep);
    to = format_string("%s/%s", partial_name(p), keep);
    if (!from || !to)
        return error_set(err, ENOMEM, "cannot replace container %s", c->name);
    /* After an interruption here, snapshots_rescue() moves it back. */
    r = storage_rename(p->lxcpath_fd, from, p->fd, keep);
    if (r < 0 && r != -ENOENT)
        return error_set(err, r, "cannot replace container %s", c->name);
    if (syscall(SYS_renameat2, p->lxcpath_fd, partial_name(p), p->lxcpath_fd, c->name, RENAME_EXCHANGE) < 0) {
        r = error_set(err, errno, "cannot replace container %s", c->name);
        storage_rename(p->fd, keep, p->lxcpath_fd, from);
        return r;
    }
    partial_abandon(p);
    return 0;
}

static int worker_run(struct partial *p, const char *keep, partial_work *work, void *context,
                      struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    sigset_t awaited, before;
    int pipe_fds[2], r;
    pid_t pid, self = getpid();

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot create container %s", p->container->name);
    report = pipe_fds[0];
    report_child = pipe_fds[1];
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LENGTH(interrupts); i++)
        sigaddset(&awaited, interrupts[i]);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        worker(p, work, context, report_child, &before, self);
    close_fd(&report_child);
    r = pid < 0 ? error_set(err, errno, "cannot create container %s", p->container->name)
                : worker_wait(p, pid, report, &awaited, err);
    if (r == 0)
        r = partial_publish(p, keep, err);
    if (r == 0)
        fsync(p->lxcpath_fd);
    else
        partial_abandon(p);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return r;
}

int partial_make(const struct container *c, partial_work *work, void *context, struct error *err)
{
    __attribute__((cleanup(partial_end))) struct partial p = {.container = c, .lxcpath_fd = -1, .fd = -1};
    int r = lxcpath_open(c, &p, err);

    if (r == 0)
        r = container_check_absent(c, p.lxcpath_fd, err);
    if (r == 0)
        r = partial_lock_empty(&p, err);
    if (r < 0)
        return r;
    /* Another process may have created one between the check and the lock. */
    r = container_check_absent(c, p.lxcpath_fd, err);
    if (r < 0) {
        partial_abandon(&p);
        return r;
    }
    return worker_run(&p, NULL, work, context, err);
}

int partial_replace(const struct container *c, const char *keep, partial_work *work, void *context,
                    struct error *err)
{
    __attribute__((cleanup(partial_end))) struct partial p = {.container = c, .lxcpath_fd = -1, .fd = -1};
    cleanup_free char *old = container_path(c, NULL);
    int r = old ? storage_check_unmounted(old, NULL, err)
                : error_set(err, ENOMEM, "cannot replace container %s", c->name);

    if (r == 0)
        r = lxcpath_open(c, &p, err);
    if (r == 0)
        r = partial_lock_empty(&p, err);
    return r == 0 ? worker_run(&p, keep, work, context, err) : r;
}

int partial_discard(const struct container *c, struct error *err)
{
    __attribute__((cleanup(partial_end))) struct partial p = {.container = c, .lxcpath_fd = -1, .fd = -1};
    int r = lxcpath_open(c, &p, err);

    if (r == 0)
        r = partial_lock_empty(&p, err);
    if (r < 0)
        return r;
    /* Remove the locked empty directory. The container that replaces it has no lock, so lock it again. */
    if (unlinkat(p.lxcpath_fd, partial_name(&p), AT_REMOVEDIR) < 0)
        return error_set(err, errno, "cannot remove %s", p.path);
    r = storage_rename(p.lxcpath_fd, c->name, p.lxcpath_fd, partial_name(&p));
    if (r == -ENOENT)
        return container_absent(c, NULL, err);
    if (r < 0)
        return error_set(err, r, "cannot rename %s/%s to remove it", c->lxcpath, c->name);
    close_fd(&p.fd);
    p.fd = openat(p.lxcpath_fd, partial_name(&p), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p.fd >= 0)
        flock(p.fd, LOCK_EX | LOCK_NB);
    return storage_remove_tree(p.lxcpath_fd, partial_name(&p), err);
}

bool partial_is_locked(const struct container *c)
{
    cleanup_free char *path = format_string("%s/.%s.partial", c->lxcpath, c->name);
    cleanup_fd int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int partial_clean(const struct container *c, struct error *err)
{
    __attribute__((cleanup(partial_end))) struct partial p = {.container = c, .lxcpath_fd = -1, .fd = -1};
    cleanup_free char *path = format_string("%s/.%s.partial", c->lxcpath, c->name);
    struct stat st;
    int r = path ? 0 : error_set(err, ENOMEM, "cannot remove container %s", c->name);

    if (r == 0 && lstat(path, &st) < 0)
        return 1;
    if (r == 0)
        r = lxcpath_open(c, &p, err);
    if (r == 0)
        r = partial_lock_empty(&p, err);
    if (r == 0 && unlinkat(p.lxcpath_fd, partial_name(&p), AT_REMOVEDIR) < 0)
        r = error_set(err, errno, "cannot remove %s", p.path);
    return r;
}
