/* Operations on a directory fd of a cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"

/* ---- Files ---- */

/*
 * Without openat2(2), before kernel 5.6: the file is examined before it is opened. It must be of the
 * directory's file system, and not be a link.
 */
static int cgroup_file_examine(int dirfd, const char *file, int flags)
{
    cleanup_fd int found = openat(dirfd, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat directory, st;
    char path[32];
    int fd;

    if (found < 0 || fstat(found, &st) < 0 || fstat(dirfd, &directory) < 0)
        return -errno;
    if (st.st_dev != directory.st_dev)
        return -EXDEV;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
    fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/*
 * A directory that a user's monitor has sent may be seen through mounts of that user, so that another file
 * is in the place of a cgroup's. The file must be of the directory's mount, which has the files of the cgroup
 * only. Returns the fd or a negative errno.
 */
static int cgroup_file_open(int dirfd, const char *file, int flags)
{
    const struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                                 .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
    int fd = (int)syscall(SYS_openat2, dirfd, file, &how, sizeof(how));

    if (fd >= 0)
        return fd;
    return errno == ENOSYS ? cgroup_file_examine(dirfd, file, flags) : -errno;
}

int cgroup_file_read(int dirfd, const char *file, size_t max, char **out)
{
    cleanup_fd int fd = cgroup_file_open(dirfd, file, O_RDONLY);

    return fd < 0 ? fd : file_read_fd(fd, max, out, NULL);
}

static int cgroup_file_write(int dirfd, const char *file, const char *value)
{
    cleanup_fd int fd = cgroup_file_open(dirfd, file, O_WRONLY);

    return fd < 0 ? fd : write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

/* ---- Freezing ---- */

#define ROUND_MS 1000

/* cgroup-v2.rst: POLLPRI reports a change of cgroup.events. */
static int freezer_wait_v2(int fd, bool freeze, int64_t deadline_ms)
{
    cleanup_fd int events = cgroup_file_open(fd, "cgroup.events", O_RDONLY);

    if (events < 0)
        return events;
    for (;;) {
        struct pollfd p = {events, POLLPRI, 0};
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        char text[256];
        ssize_t n = pread(events, text, sizeof(text) - 1, 0);

        if (n < 0)
            return -errno;
        text[n] = '\0';
        if (strstr(text, freeze ? "frozen 1" : "frozen 0"))
            return 0;
        if (left_ms <= 0)
            return -ETIMEDOUT;
        if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
            return -errno;
    }
}

/*
 * A v1 freezer stays FREEZING while a task is in a system call; each write makes it try again:
 * freezer-subsystem.rst. It does not support poll(2).
 */
static int freezer_wait_v1(int fd, const char *state, int64_t deadline_ms)
{
    const struct timespec pause = {0, 2000000};

    for (;;) {
        cleanup_free char *now = NULL;
        int r = cgroup_file_read(fd, "freezer.state", 64, &now);

        if (r < 0 || starts_with(now, state))
            return r;
        if (clock_monotonic_ms() >= deadline_ms)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
        r = cgroup_file_write(fd, "freezer.state", state);
        if (r < 0)
            return r;
    }
}

/* A freezer of either version. */
struct freezer {
    int fd;
    bool unified;
};

static int freezer_write(const struct freezer *f, bool freeze)
{
    return f->unified ? cgroup_file_write(f->fd, "cgroup.freeze", freeze ? "1" : "0")
                      : cgroup_file_write(f->fd, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

static int freezer_wait(const struct freezer *f, bool freeze, int64_t deadline_ms)
{
    return f->unified ? freezer_wait_v2(f->fd, freeze, deadline_ms)
                      : freezer_wait_v1(f->fd, freeze ? "FROZEN" : "THAWED", deadline_ms);
}

/*
 * A task that sleeps in the kernel until another task acts (vfork(2), a lock) prevents the cgroup from
 * becoming frozen if the other task is already frozen. Therefore all tasks are thawed for a moment before the
 * next attempt. A cgroup that does not freeze in time is thawed.
 */
static int freezer_set(const struct freezer *f, bool freeze, int timeout_ms)
{
    const struct timespec pause = {0, 20000000};
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    for (;;) {
        int64_t round_ms = clock_monotonic_ms() + ROUND_MS;
        int r = freezer_write(f, freeze);

        if (r < 0 || timeout_ms == 0)
            return r;
        r = freezer_wait(f, freeze, round_ms < deadline_ms ? round_ms : deadline_ms);
        if (r != -ETIMEDOUT)
            return r;
        if (freeze)
            (void)freezer_write(f, false);
        if (clock_monotonic_ms() >= deadline_ms)
            return r;
        nanosleep(&pause, NULL);
    }
}

int cgroup_freeze_fd(int fd, bool freeze, int timeout_ms, struct error *err)
{
    const struct freezer f = {fd, faccessat(fd, "cgroup.freeze", F_OK, 0) == 0};
    int r = freezer_set(&f, freeze, timeout_ms);

    if (r < 0)
        error_set(err, r, "cannot %s the container", freeze ? "freeze" : "thaw");
    return r == -ENOENT ? error_remedy(err, "this requires the freezer controller, or cgroup v2 of Linux 5.2")
                        : r;
}

int cgroup_frozen_fd(int fd)
{
    cleanup_free char *text = NULL;
    int r = cgroup_file_read(fd, "cgroup.events", 4096, &text);

    if (r == 0 && strstr(text, "frozen "))
        return strstr(text, "frozen 1") != NULL;
    free_ptr(&text);
    text = NULL;
    r = cgroup_file_read(fd, "freezer.state", 64, &text);
    return r < 0 ? r : starts_with(text, "FROZEN");
}

/* ---- Entering ---- */

#define LEAVES_MAX 1000

/*
 * Enter a child of a v2 cgroup that has enabled controllers for its children and therefore accepts no
 * processes.
 */
static int cgroup_enter_leaf(int fd, const char *pid)
{
    int r = -EBUSY;

    for (int number = 0; r == -EBUSY && number < LEAVES_MAX; number++) {
        char leaf[64];
        bool made;

        if (number)
            snprintf(leaf, sizeof(leaf), ".lxc-%d", number);
        else
            snprintf(leaf, sizeof(leaf), ".lxc");
        made = mkdirat(fd, leaf, 0755) == 0;
        if (!made && errno != EEXIST)
            return -errno;
        strcat(leaf, "/cgroup.procs");
        r = cgroup_file_write(fd, leaf, pid);
        if (r < 0 && made) {
            *strrchr(leaf, '/') = '\0';
            (void)unlinkat(fd, leaf, AT_REMOVEDIR);
        }
    }
    return r;
}

int cgroup_v2_fd(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct statfs fs;
        if (fstatfs(fds[i], &fs) == 0 && (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC)
            return fds[i];
    }
    return -1;
}

/* "tasks" exists only in v1, where it is the fast method for moving the own process (cgroup.h). */
static int cgroup_enter_one(int fd, const char *pid, bool cloned_into)
{
    int r = strcmp(pid, "0") == 0 ? cgroup_file_write(fd, "tasks", pid) : -ENOENT;

    if (r == -ENOENT && cloned_into && cgroup_v2_fd(&fd, 1) == fd)
        return 0;
    if (r == -ENOENT)
        r = cgroup_file_write(fd, "cgroup.procs", pid);
    return r == -EBUSY ? cgroup_enter_leaf(fd, pid) : r;
}

int cgroup_enter_fds(const int *fds, size_t count, pid_t pid, bool cloned_into, struct error *err)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < count; i++) {
        int r = cgroup_enter_one(fds[i], text, cloned_into);
        if (r < 0)
            return error_set(err, r, "cannot enter the container's cgroups");
    }
    return 0;
}

/* ---- Values ---- */

static bool cgroup_is_file_name(const char *file)
{
    return *file && *file != '.' && !strchr(file, '/');
}

static int cgroup_file_absent(const char *file, struct error *err)
{
    error_text(err, ENOENT, "the container's cgroups have no %s", file);
    return error_remedy(err, "its controller may be disabled, or belong to the other cgroup version");
}

int cgroup_get_value(const int *fds, size_t count, const char *file, char **value, struct error *err)
{
    int r = cgroup_is_file_name(file) ? -ENOENT : -EINVAL;

    for (size_t i = 0; i < count && r == -ENOENT; i++)
        r = cgroup_file_read(fds[i], file, 16u << 20, value);
    if (r == -ENOENT)
        return cgroup_file_absent(file, err);
    return r < 0 ? error_set(err, r, "cannot read %s of the container", file) : 0;
}

int cgroup_set_value(const int *fds, size_t count, const char *file, const char *value, struct error *err)
{
    int r = cgroup_is_file_name(file) ? -ENOENT : -EINVAL;

    for (size_t i = 0; i < count && r == -ENOENT; i++)
        r = cgroup_file_write(fds[i], file, value);
    if (r == -ENOENT)
        return cgroup_file_absent(file, err);
    return r < 0 ? error_set(err, r, "cannot set %s of the container to %s", file, value) : 0;
}
