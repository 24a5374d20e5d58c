#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/mountinfo.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/base/walk.h"
#include "core/namespace/idmap_write.h"
#include "core/storage/storage.h"

int storage_remedy(struct error *err)
{
    switch (-err->code) {
    case ENOSPC:
    case EDQUOT:
        return error_remedy(err, "make room on that file system, or use another with -P");
    case EROFS:
        return error_remedy(err, "the file system is mounted read-only; use another with -P");
    default:
        return err->code;
    }
}

struct removal {
    int dirfd;
    const char *name;
};

/* Remove files with mapped owners, for which an ordinary user must enter a user namespace. */
static int remove_entered(void *data, struct error *err)
{
    const struct removal *removal = data;
    int r = idmap_enter(NULL, err);

    return r < 0 ? r : remove_tree(removal->dirfd, removal->name);
}

static const struct mountinfo_entry *mount_find(const struct mountinfo *table, uint64_t id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->items[i].id == id)
            return &table->items[i];
    return NULL;
}

/* The path of a file in its file system: `path` is on mount `m`. NULL when out of memory. */
static char *mount_inner_path(const struct mountinfo_entry *m, const char *path)
{
    const char *root = strcmp(m->root, "/") == 0 ? "" : m->root;
    const char *rest = path + (strcmp(m->mount_point, "/") == 0 ? 0 : strlen(m->mount_point));

    return format_string("%s%s", root, rest);
}

/*
 * Whether mount `m` is on a file below `inner`, a path in the file system of mount `top`, also if another
 * mount of that file system shows the file elsewhere.
 */
static bool mount_is_below(const struct mountinfo *table, const struct mountinfo_entry *m,
                           const struct mountinfo_entry *top, const char *inner)
{
    const struct mountinfo_entry *parent = mount_find(table, m->parent);
    cleanup_free char *place = NULL;

    if (!parent || parent == m || strcmp(parent->device, top->device) != 0 ||
        !path_is_beneath(m->mount_point, parent->mount_point))
        return false;
    place = mount_inner_path(parent, m->mount_point);
    return place && path_is_beneath(place, inner);
}

int storage_check_unmounted(const char *path, const char *except, struct error *err)
{
    cleanup_mountinfo struct mountinfo table = {0};
    cleanup_free char *real = realpath(path, NULL), *inner = NULL;
    const struct mountinfo_entry *top = NULL;
    uint64_t id;
    int r;

    if (!real)
        return 0;
    r = mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", &table);
    if (r < 0) {
        error_set(err, r, "cannot read the mounts in /proc/self/mountinfo");
        return error_remedy(err, "mount /proc");
    }
    if (mount_id_at(AT_FDCWD, real, &id) == 0)
        top = mount_find(&table, id);
    if (top && path_is_beneath(real, top->mount_point))
        inner = mount_inner_path(top, real);
    for (size_t i = 0; i < table.count; i++) {
        const char *mount_point = table.items[i].mount_point;

        if (!path_is_beneath(mount_point, real) &&
            !(inner && mount_is_below(&table, &table.items[i], top, inner)))
            continue;
        if (except && strcmp(mount_point, except) == 0)
            continue;
        error_text(err, EBUSY, "something is mounted on %s", mount_point);
        return error_remedy(err, "unmount it first");
    }
    return 0;
}

/* The same for a name, which is not followed if it is a symbolic link. */
static int check_unmounted_at(int dirfd, const char *name, struct error *err)
{
    cleanup_free char *path =
        dirfd == AT_FDCWD || *name == '/' ? strdup(name) : format_string("/proc/self/fd/%d/%s", dirfd, name);
    struct stat st;

    if (!path)
        return error_set(err, ENOMEM, "cannot remove %s", name);
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) ? storage_check_unmounted(path, NULL, err) : 0;
}

int storage_remove_tree(int dirfd, const char *name, struct error *err)
{
    int r = check_unmounted_at(dirfd, name, err);

    if (r < 0)
        return error_context(err, "cannot remove %s", name);
    r = remove_tree(dirfd, name);
    if ((r == -EPERM || r == -EACCES) && geteuid() != 0)
        r = process_run(remove_entered, &(struct removal){dirfd, name}, NULL) == 0 ? 0 : -EPERM;
    if (r == 0)
        return 0;
    error_set(err, r, "cannot remove %s", name);
    if (r == -EPERM)
        return error_remedy(err, "become root; files may also be immutable (chattr -i)");
    return r;
}

int storage_rename(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct stat st;

    if (syscall(SYS_renameat2, from_dirfd, from, to_dirfd, to, 1 /* RENAME_NOREPLACE */) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (fstatat(to_dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(from_dirfd, from, to_dirfd, to) < 0 ? -errno : 0;
}
