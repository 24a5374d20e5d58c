#include "core/base/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define MAX_OPEN       16 /* levels; a level has a directory stream, and an fd for its twin */
#define FDINFO_MAX     4096
#define DIRECTORY_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Places in struct statx of Linux 5.8, which the C library may lack. */
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#define STATX_BYTES     256
#define STATX_MNT_ID_AT 0x90

struct walk_level {
    DIR *dir;                 /* NULL: closed meanwhile */
    int twin;                 /* -1: none, or closed */
    struct stat st, twin_st;  /* to recognize them when they are opened again */
    struct string_list names; /* the entries left, read when it was closed */
    bool was_closed;
    size_t next_name, path_length;
};

/* The mount id in /proc/self/fdinfo, for kernels before 5.8. */
static int mount_id_of_fdinfo(int dirfd, const char *name, uint64_t *id)
{
    cleanup_fd int fd = *name ? openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    cleanup_free char *text = NULL;
    const char *line;
    char path[48];
    int r;

    if (*name && fd < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", *name ? fd : dirfd);
    r = file_read(AT_FDCWD, path, FDINFO_MAX, &text, NULL);
    if (r < 0)
        return r;
    line = strstr(text, "mnt_id:");
    if (!line)
        return -ENOTSUP;
    line += strlen("mnt_id:");
    *id = strtoull(line, NULL, 10);
    return 0;
}

int mount_id_at(int dirfd, const char *name, uint64_t *id)
{
    _Alignas(uint64_t) unsigned char stx[STATX_BYTES] = {0};
    const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    uint32_t mask;

    if (syscall(SYS_statx, dirfd, name, flags, STATX_MNT_ID, stx) < 0)
        return errno == ENOSYS || errno == EPERM ? mount_id_of_fdinfo(dirfd, name, id) : -errno;
    memcpy(&mask, stx, sizeof(mask));
    if (!(mask & STATX_MNT_ID))
        return mount_id_of_fdinfo(dirfd, name, id);
    memcpy(id, stx + STATX_MNT_ID_AT, sizeof(*id));
    return 0;
}

/* One part of a long path, without links; before Linux 5.6, component by component. */
static int directory_open_part(int dirfd, char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how)), at = dirfd;

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd < 0 ? -errno : fd;
    for (char *name; (name = strsep(&path, "/"));) {
        int next = *name ? openat(at, name, (path ? O_PATH : flags) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                         : dup(at);
        int saved = errno;

        if (at != dirfd)
            close(at);
        if (next < 0)
            return -saved;
        at = next;
    }
    return at;
}

int directory_open_long(int dirfd, const char *path, int flags)
{
    cleanup_fd int at = -1;

    if (!*path)
        path = ".";
    while (*path) {
        char part[PATH_MAX];
        size_t length = strlen(path);
        int next;

        if (length >= sizeof(part)) {
            length = sizeof(part) - 1;
            while (length && path[length] != '/')
                length--;
            if (!length)
                return -ENAMETOOLONG;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        path += length + (path[length] == '/');
        next = directory_open_part(at < 0 ? dirfd : at, part, *path ? O_PATH : flags);
        if (next < 0)
            return next;
        close_fd(&at);
        at = next;
    }
    return take_fd(&at);
}

static struct walk_level *walk_level(const struct walk *w)
{
    return &w->levels[w->depth - 1];
}

static void walk_level_close(struct walk_level *l)
{
    if (l->dir)
        closedir(l->dir);
    l->dir = NULL;
    close_fd(&l->twin);
}

void walk_end(struct walk *w)
{
    for (; w->depth; w->depth--) {
        walk_level_close(walk_level(w));
        string_list_clear(&walk_level(w)->names);
    }
    free(w->levels);
    strbuf_free(&w->path);
    *w = (struct walk)WALK_INIT;
}

static bool walk_is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Close the highest level that is open, after reading the names that are left in it. */
static int walk_close_highest(struct walk *w)
{
    struct walk_level *l = &w->levels[w->closed];
    struct dirent *entry;

    if (w->depth - w->closed < MAX_OPEN)
        return 0;
    while ((errno = 0, entry = readdir(l->dir)))
        if (!walk_is_dot(entry->d_name) && string_list_add(&l->names, entry->d_name) < 0)
            return -ENOMEM;
    if (errno)
        return -errno;
    walk_level_close(l);
    l->was_closed = true;
    w->closed++;
    return 0;
}

/* Make `fd` and `twin`, which this function owns, the current directories. */
static int walk_push(struct walk *w, int fd, int twin)
{
    struct walk_level level = {.twin = twin, .path_length = w->path.length};
    int r = 0;

    level.dir = fdopendir(fd);
    if (!level.dir)
        r = -errno;
    else if (fstat(fd, &level.st) < 0 || (twin >= 0 && fstat(twin, &level.twin_st) < 0))
        r = -errno;
    if (r == 0 && w->depth == w->room) {
        size_t room = w->room ? 2 * w->room : 32;
        struct walk_level *levels = realloc(w->levels, room * sizeof(*levels));

        if (levels) {
            w->levels = levels;
            w->room = room;
        }
        r = levels ? 0 : -ENOMEM;
    }
    if (r < 0) {
        if (!level.dir)
            close(fd);
        walk_level_close(&level);
        return r;
    }
    w->levels[w->depth++] = level;
    w->fd = fd;
    w->twin = twin;
    return 0;
}

int walk_begin(struct walk *w, int fd, int twin)
{
    cleanup_fd int own = openat(fd, ".", DIRECTORY_OPEN);
    cleanup_fd int own_twin = twin < 0 ? -1 : openat(twin, ".", DIRECTORY_OPEN);
    int r = own < 0 || (twin >= 0 && own_twin < 0) ? -errno : mount_id_at(own, "", &w->mount);

    w->has_twin = twin >= 0;
    return r < 0 ? r : walk_push(w, take_fd(&own), take_fd(&own_twin));
}

static int walk_set_name(struct walk *w, const char *name)
{
    size_t length = walk_level(w)->path_length;

    w->path.length = length;
    if (strbuf_printf(&w->path, "%s%s", length ? "/" : "", name) < 0)
        return -ENOMEM;
    w->name = w->path.text + length + (length > 0);
    return 1;
}

int walk_next(struct walk *w)
{
    struct walk_level *l = walk_level(w);
    struct dirent *entry;

    if (l->next_name < l->names.count)
        return walk_set_name(w, l->names.items[l->next_name++]);
    errno = 0;
    /* A level that was closed had been read to its end. */
    while (!l->was_closed && (errno = 0, entry = readdir(l->dir)))
        if (!walk_is_dot(entry->d_name))
            return walk_set_name(w, entry->d_name);
    w->path.length = l->path_length;
    if (w->path.text)
        w->path.text[w->path.length] = '\0';
    return -errno;
}

int walk_enter(struct walk *w)
{
    cleanup_fd int fd = -1, twin = -1;
    uint64_t mount;
    int r = walk_close_highest(w);

    if (r < 0)
        return r;
    fd = openat(w->fd, w->name, DIRECTORY_OPEN);
    if (fd < 0)
        return -errno;
    if (w->has_twin && (twin = openat(w->twin, w->name, DIRECTORY_OPEN)) < 0)
        return -errno;
    r = mount_id_at(fd, "", &mount);
    if (r < 0 || mount != w->mount)
        return r < 0 ? r : -EXDEV;
    return walk_push(w, take_fd(&fd), take_fd(&twin));
}

static bool walk_is_same(int fd, const struct stat *st)
{
    struct stat now;

    return fstat(fd, &now) == 0 && now.st_ino == st->st_ino && now.st_dev == st->st_dev;
}

/* Open the parent of the current directory again. */
static int walk_reopen(struct walk *w, struct walk_level *parent)
{
    cleanup_fd int fd = openat(w->fd, "..", DIRECTORY_OPEN);
    cleanup_fd int twin = w->has_twin ? openat(w->twin, "..", DIRECTORY_OPEN) : -1;
    uint64_t mount;

    if (fd < 0 || (w->has_twin && twin < 0))
        return -errno;
    if (!walk_is_same(fd, &parent->st) || mount_id_at(fd, "", &mount) < 0 || mount != w->mount ||
        (w->has_twin && !walk_is_same(twin, &parent->twin_st)))
        return -ESTALE;
    parent->dir = fdopendir(fd);
    if (!parent->dir)
        return -errno;
    take_fd(&fd);
    parent->twin = take_fd(&twin);
    w->closed--;
    return 0;
}

int walk_leave(struct walk *w)
{
    struct walk_level *left = walk_level(w), *parent = left - 1;
    int r = parent->dir ? 0 : walk_reopen(w, parent);

    if (r < 0)
        return r;
    w->path.length = left->path_length;
    w->path.text[w->path.length] = '\0';
    w->name = w->path.text + parent->path_length + (parent->path_length > 0);
    walk_level_close(left);
    string_list_clear(&left->names);
    w->depth--;
    w->fd = dirfd(parent->dir);
    w->twin = parent->twin;
    return 0;
}

int walk_is_mount(const struct walk *w)
{
    uint64_t mount;
    int r = mount_id_at(w->fd, w->name, &mount);

    return r < 0 ? r : mount != w->mount;
}
