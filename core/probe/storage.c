/* File systems and devices, mounted in a mount namespace that ends with the probe. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/probe/probe.h"

/* Mount a tmpfs on a directory that every system has; the mount is private. */
static int probe_mount_tmpfs(void)
{
    if (mount("probe", "/proc", "tmpfs", 0, "mode=0700,size=1m") < 0 || chdir("/proc") < 0)
        return -errno;
    return 0;
}

int try_overlay(const char *ignored)
{
    (void)ignored;
    if (probe_mount_tmpfs() < 0 || mkdir("l", 0700) < 0 || mkdir("u", 0700) < 0 || mkdir("w", 0700) < 0 ||
        mkdir("m", 0700) < 0)
        return -1;
    return mount("probe", "m", "overlay", 0, "lowerdir=l,upperdir=u,workdir=w");
}

/*
 * Mount without a source: the kernel fails with ENODEV for an unknown type, after trying to load its module.
 */
int try_file_system(const char *type)
{
    if (probe_mount_tmpfs() < 0 || mkdir("m", 0700) < 0)
        return -1;
    return mount("/proc/none", "m", type, MS_RDONLY, NULL) < 0 && errno == ENODEV ? -1 : 0;
}

/* Only open it: LOOP_CTL_GET_FREE would create a permanent device. */
int try_loop(const char *ignored)
{
    cleanup_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    (void)ignored;
    return control < 0 ? -1 : 0;
}

/* A second instance has a separate root directory. */
int try_devpts(const char *ignored)
{
    struct stat first, second;

    (void)ignored;
    if (probe_mount_tmpfs() < 0 || mkdir("a", 0700) < 0 || mkdir("b", 0700) < 0 ||
        mount("devpts", "a", "devpts", 0, "newinstance,ptmxmode=0666") < 0 ||
        mount("devpts", "b", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
        return -1;
    return stat("a", &first) == 0 && stat("b", &second) == 0 && first.st_dev != second.st_dev ? 0 : -1;
}

int try_mqueue(const char *ignored)
{
    (void)ignored;
    if (unshare(CLONE_NEWIPC) < 0 || probe_mount_tmpfs() < 0 || mkdir("m", 0700) < 0)
        return -1;
    return mount("mqueue", "m", "mqueue", 0, NULL);
}

int try_fuse(const char *ignored)
{
    cleanup_fd int fd = -1;

    (void)ignored;
    if (try_file_system("fuse") < 0 || mknod("d", S_IFCHR | 0600, 10 << 8 | 229) < 0)
        return -1;
    fd = open("d", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -1 : 0;
}

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

/* struct mount_attr of mount_setattr(2). */
struct attributes {
    uint64_t set, clear, propagation, userns;
};

/* Create a user namespace with ids 0 to 9 mapped, kept by a child that waits to be killed. */
static int probe_user_namespace(void)
{
    char path[48];
    cleanup_fd int reading = -1, writing = -1;
    int ready[2], fd;
    char byte;
    pid_t pid;

    if (pipe2(ready, O_CLOEXEC) < 0)
        return -1;
    reading = ready[0];
    writing = ready[1];
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        (void)!write(writing, unshare(CLONE_NEWUSER) == 0 ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    close_fd(&writing); /* so that the end of the child ends the wait */
    fd = read(reading, &byte, 1) == 1 && byte == 'y' ? 0 : -1;
    snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
    if (fd == 0 && file_write_value(AT_FDCWD, path, "0 1000 10") < 0)
        fd = -1;
    snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
    if (fd == 0 && file_write_value(AT_FDCWD, path, "0 1000 10") < 0)
        fd = -1;
    snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
    if (fd == 0)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return fd;
}

int try_idmapped_mount(const char *ignored)
{
    cleanup_fd int userns = probe_user_namespace(), tree = -1;
    struct attributes a = {.set = MOUNT_ATTR_IDMAP};

    (void)ignored;
    if (userns < 0 || probe_mount_tmpfs() < 0)
        return -1;
    a.userns = (uint64_t)userns;
    tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
    return tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0 ? -1 : 0;
}
