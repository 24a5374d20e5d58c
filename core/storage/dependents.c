#include "core/storage/dependents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/storage/partial.h"

#define MAX_FILE (1 << 20)

/* A single line at the end is ignored. */
static int pairs_read(int dirfd, const char *path, struct string_list *pairs)
{
    cleanup_free char *text = NULL;
    int r = file_read(dirfd, path, MAX_FILE, &text, NULL);

    if (r == -ENOENT)
        return 0;
    for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));) {
        char *name = strsep(&rest, "\n");
        if (!name || !*line || !*name)
            break;
        r = string_list_add(pairs, line);
        if (r == 0)
            r = string_list_add(pairs, name);
    }
    return r;
}

static int pairs_write(int dirfd, const char *path, const struct string_list *pairs)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    if (pairs->count == 0)
        return unlinkat(dirfd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
    for (size_t i = 0; i < pairs->count; i++)
        if (strbuf_printf(&text, "%s\n", pairs->items[i]) < 0)
            return -ENOMEM;
    return file_replace(dirfd, path, text.text, text.length, 0640);
}

static int read_file(const struct container *c, const char *file, struct string_list *pairs,
                     struct error *err)
{
    cleanup_free char *path = container_path(c, file);
    int r = path ? pairs_read(AT_FDCWD, path, pairs) : -ENOMEM;

    return r < 0 ? error_set(err, r, "cannot read %s of container %s", file, c->name) : 0;
}

int dependents_read(const struct container *c, struct string_list *pairs, struct error *err)
{
    cleanup_string_list struct string_list all = {0};
    int r = read_file(c, "lxc_snapshots", &all, err);

    for (size_t i = 0; r == 0 && i + 1 < all.count; i += 2) {
        const struct container copy = {.name = all.items[i + 1], .lxcpath = all.items[i]};

        if (!container_is_defined(&copy) && !partial_is_locked(&copy))
            continue;
        r = string_list_add(pairs, copy.lxcpath);
        if (r == 0)
            r = string_list_add(pairs, copy.name);
        if (r < 0)
            error_set(err, r, "cannot list the clones of %s", c->name);
    }
    return r;
}

int rdepends_read(const struct container *c, struct string_list *pairs, struct error *err)
{
    return read_file(c, "lxc_rdepends", pairs, err);
}

int rdepends_write(int dirfd, const struct string_list *pairs, struct error *err)
{
    int r = pairs_write(dirfd, "lxc_rdepends", pairs);

    return r < 0 ? error_set(err, r, "cannot record whose rootfs is used") : 0;
}

/* Read, change and write the file, with the container's directory locked. */
static int dependents_change(const struct container *c, const struct container *copy, bool add,
                             struct error *err)
{
    cleanup_free char *directory = container_path(c, NULL);
    cleanup_fd int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    cleanup_string_list struct string_list old = {0}, new = {0};
    int r;

    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return errno == ENOENT && !add ? 0 : error_set(err, errno, "cannot open container %s", c->name);
    r = pairs_read(fd, "lxc_snapshots", &old);
    for (size_t i = 0; r == 0 && i + 1 < old.count; i += 2) {
        if (strcmp(old.items[i], copy->lxcpath) == 0 && strcmp(old.items[i + 1], copy->name) == 0)
            continue;
        r = string_list_add(&new, old.items[i]);
        if (r == 0)
            r = string_list_add(&new, old.items[i + 1]);
    }
    if (r == 0 && add)
        r = string_list_add(&new, copy->lxcpath);
    if (r == 0 && add)
        r = string_list_add(&new, copy->name);
    if (r == 0)
        r = pairs_write(fd, "lxc_snapshots", &new);
    return r < 0
               ? error_set(err, r, "cannot record in container %s that %s depends on it", c->name, copy->name)
               : 0;
}

int dependents_add(const struct container *c, const struct container *copy, struct error *err)
{
    return dependents_change(c, copy, true, err);
}

int dependents_remove(const struct container *c, const struct container *copy, struct error *err)
{
    return dependents_change(c, copy, false, err);
}
