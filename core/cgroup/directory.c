#include "core/cgroup/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

/*
 * A new v1 cpuset is empty unless cgroup.clone_children of its parent is set, and an empty cpuset accepts no
 * processes. clone_children is set for containers that create cpusets. Source: cgroup-v1/cpusets.rst.
 */
static int cpuset_inherit(int parent, int child)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        cleanup_free char *value = NULL;
        int r = file_read(parent, files[i], 65536, &value, NULL);

        if (r == 0)
            r = file_write_value(child, files[i], value);
        if (r < 0)
            return r;
    }
    return file_write_value(child, "cgroup.clone_children", "1");
}

static int directory_open(int dirfd, const char *name)
{
    int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int cgroup_directory_make(int base_fd, const char *path, bool cpuset, bool open, unsigned *kept)
{
    cleanup_fd int current = -1;
    char part[PATH_MAX], *rest = part, *name;
    size_t length = strlen(path);
    bool made_any = false;
    int r = 0;

    *kept = 0;
    if (length >= sizeof(part))
        return -ENAMETOOLONG;
    memcpy(part, path, length + 1);
    while (r == 0 && (name = strsep(&rest, "/"))) {
        int parent = current >= 0 ? current : base_fd;
        cleanup_fd int next = -1;
        bool made;

        if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            return -EINVAL;
        made = mkdirat(parent, name, 0755) == 0;
        if (!made && (errno != EEXIST || !rest))
            r = -errno;
        if (r == 0 && !made)
            (*kept)++;
        made_any |= made;
        if (r == 0 && (rest || open || cpuset)) {
            next = directory_open(parent, name);
            r = next < 0 ? next : 0;
        }
        if (r == 0 && made && cpuset)
            r = cpuset_inherit(parent, next);
        close_fd(&current);
        current = take_fd(&next);
    }
    if (r < 0) {
        if (made_any && r != -EEXIST)
            (void)cgroup_directory_remove(base_fd, path, *kept);
        return r;
    }
    return open ? take_fd(&current) : 0;
}

/*
 * Remove every cgroup in the directory `top`. For any nesting depth, at most two fds are open and there is no
 * recursion: in each cgroup, remove the children that can be removed, descend into the first other child, and
 * ascend when no children are left.
 */
static int directory_remove_children(int top)
{
    cleanup_fd int current = fcntl(top, F_DUPFD_CLOEXEC, 0);
    unsigned depth = 0;
    bool came_up = false;

    while (current >= 0) {
        cleanup_fd int list = openat(current, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cleanup_dir DIR *d = fdopendir(list);
        char busy[NAME_MAX + 1] = "";
        bool removed = false;
        struct dirent *e;
        int next;

        if (!d)
            return -errno;
        list = -1;
        while (!busy[0] && (e = readdir(d))) {
            if (e->d_type != DT_DIR || e->d_name[0] == '\0' || strcmp(e->d_name, ".") == 0 ||
                strcmp(e->d_name, "..") == 0)
                continue;
            if (unlinkat(current, e->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
                removed = true;
            else if (errno == EBUSY)
                memcpy(busy, e->d_name, strlen(e->d_name) + 1);
            else
                return -errno;
        }
        /* The cgroup from which we ascended is still busy, so it has processes. */
        if (busy[0] && came_up && !removed)
            return -EBUSY;
        if (!busy[0] && depth == 0)
            return 0;
        came_up = !busy[0];
        depth = busy[0] ? depth + 1 : depth - 1;
        next = openat(current, busy[0] ? busy : "..", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close_fd(&current);
        current = next;
    }
    return -errno;
}

static int directory_remove_tree(int base_fd, const char *path)
{
    cleanup_fd int fd = -1;
    int r;

    if (unlinkat(base_fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY)
        return -errno;
    fd = directory_open(base_fd, path);
    if (fd < 0)
        return fd;
    r = directory_remove_children(fd);
    if (r < 0)
        return r;
    return unlinkat(base_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int cgroup_directory_remove(int base_fd, const char *path, unsigned kept)
{
    char part[PATH_MAX], *slash;
    size_t length = strlen(path);
    unsigned count = 1;
    int r;

    if (length >= sizeof(part))
        return -ENAMETOOLONG;
    memcpy(part, path, length + 1);
    for (const char *p = part; (p = strchr(p, '/')); p++)
        count++;
    if (count <= kept)
        return 0;
    r = directory_remove_tree(base_fd, part);
    while (r == 0 && --count > kept && (slash = strrchr(part, '/'))) {
        *slash = '\0';
        if (unlinkat(base_fd, part, AT_REMOVEDIR) < 0)
            break;
    }
    return r;
}
