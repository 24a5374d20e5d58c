#include "core/base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"

#define PROC_MAGIC 0x9fa0 /* PROC_SUPER_MAGIC, linux/magic.h */
#define PROC_ROOT  1      /* PROC_ROOT_INO, linux/proc_fs.h */

static bool procfs_is(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
}

/* A bind mount of a directory of a procfs has the same type as the procfs, but another inode. */
static bool procfs_is_root(int fd)
{
    struct stat st;

    return procfs_is(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT;
}

int procfs_open(struct error *err)
{
    cleanup_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && procfs_is_root(fd))
        return take_fd(&fd);
    error_text(err, ENOENT, "/proc is not mounted on the host");
    return error_remedy(err, "run \"mount -t proc proc /proc\"");
}

int procfs_open_process(pid_t pid, struct error *err)
{
    cleanup_fd int proc = procfs_open(err);
    char name[16] = "self";
    int fd;

    if (proc < 0)
        return proc;
    if (pid)
        snprintf(name, sizeof(name), "%d", (int)pid);
    fd = rootfs_open(proc, name, O_PATH | O_DIRECTORY, 0);
    return fd < 0 ? error_set(err, fd, "cannot open /proc/%s", name) : fd;
}

int procfs_open_file(int dirfd, const char *path, int flags)
{
    cleanup_fd int fd = rootfs_open(dirfd, path, flags | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0)
        return fd;
    return procfs_is(fd) ? take_fd(&fd) : -EXDEV;
}

int procfs_write(int dirfd, const char *path, const char *value)
{
    cleanup_fd int fd = procfs_open_file(dirfd, path, O_WRONLY);

    if (fd < 0)
        return fd;
    return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

const char *procfs_fd_path(int fd, char out[PROCFS_FD_SIZE])
{
    struct statfs fs;

    if (statfs("/proc/self/fd", &fs) < 0 || fs.f_type != PROC_MAGIC)
        return NULL;
    snprintf(out, PROCFS_FD_SIZE, "/proc/self/fd/%d", fd);
    return out;
}
