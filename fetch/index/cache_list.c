#include "fetch/index/cache_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "fetch/index/cache.h"
#include "fetch/index/index.h"

#define PARTIAL_SUFFIX ".partial"
#define LEVELS         4 /* DIST/RELEASE/ARCH/VARIANT */

static void entry_free(struct cache_entry *e)
{
    free(e->dist);
    free(e->release);
    free(e->arch);
    free(e->variant);
    free(e->build);
}

void cache_entries_free(struct cache_entries *list)
{
    for (size_t i = 0; i < list->count; i++)
        entry_free(&list->items[i]);
    free(list->items);
    *list = (struct cache_entries){0};
}

/* The size of the files of a directory, and the time of the last change of one. */
static int entry_measure(int parent, const char *name, struct cache_entry *e)
{
    cleanup_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *file;
    struct stat st;

    if (!d)
        return -errno;
    fd = -1;
    while ((file = readdir(d))) {
        if (fstatat(dirfd(d), file->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        e->size_bytes += (uint64_t)st.st_size;
        if (st.st_mtime > e->fetched)
            e->fetched = st.st_mtime;
    }
    return 0;
}

/* Add the image or the interrupted download that names[LEVELS - 1] is. */
static int entry_add(const char *directory, int parent, const char *const names[LEVELS],
                     struct cache_entries *list, struct error *err)
{
    const char *name = names[LEVELS - 1];
    bool partial = name[0] == '.' && ends_with(name, PARTIAL_SUFFIX);
    struct cache_entry e = {.dist = strdup(names[0]), .release = strdup(names[1]), .arch = strdup(names[2])};
    struct cache_entry *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    struct image_name image;

    if (items)
        list->items = items;
    e.variant = partial ? strndup(name + 1, strlen(name) - strlen("." PARTIAL_SUFFIX)) : strdup(name);
    if (!items || !e.dist || !e.release || !e.arch || !e.variant) {
        entry_free(&e);
        return error_set(err, ENOMEM, "cannot list the image cache");
    }
    items[list->count++] = e;
    image = (struct image_name){e.dist, e.release, e.arch, e.variant};
    if (!partial) {
        cleanup_cache struct cache c = {.parent = -1, .lock = -1};
        cleanup_cached_image struct cached_image cached = {.rootfs = -1};
        int r = cache_open(directory, &image, &c, err);

        if (r == 0)
            r = cache_read(&c, &cached, err);
        if (r <= 0) {
            entry_free(&items[--list->count]);
            return r;
        }
        items[list->count - 1].build = take_ptr(cached.build);
        items[list->count - 1].expired = cached_image_expired(&cached, "system", time(NULL));
    }
    entry_measure(parent, name, &items[list->count - 1]);
    return 0;
}

static bool name_is_wanted(const char *name, int level)
{
    if (level == LEVELS - 1 && name[0] == '.' && ends_with(name, PARTIAL_SUFFIX))
        return strlen(name) > strlen("." PARTIAL_SUFFIX);
    return name[0] != '.' && image_name_is_safe(name);
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Visit the directories of one level, sorted. `names` has those above. */
static int level_list(const char *directory, int parent, const char *path, const char *names[LEVELS],
                      int level, struct cache_entries *list, struct error *err)
{
    cleanup_fd int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
    cleanup_string_list struct string_list found = {0};
    struct dirent *e;
    int r = 0;

    if (!d)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0
                                                                     : cache_error(err, errno, "read", path);
    fd = -1;
    while (r == 0 && (e = readdir(d)))
        if (name_is_wanted(e->d_name, level))
            r = string_list_add(&found, e->d_name);
    if (r < 0)
        return error_set(err, r, "cannot list the image cache");
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), names_compare);
    for (size_t i = 0; r == 0 && i < found.count; i++) {
        names[level] = found.items[i];
        r = level == LEVELS - 1
                ? entry_add(directory, dirfd(d), names, list, err)
                : level_list(directory, dirfd(d), found.items[i], names, level + 1, list, err);
    }
    return r;
}

int cache_list(const char *directory, struct cache_entries *out, struct error *err)
{
    cleanup_free char *base = cache_directory(directory), *path = NULL;
    const char *names[LEVELS] = {NULL};
    int r;

    *out = (struct cache_entries){0};
    if (base)
        path = format_string("%s/download", base);
    if (!path)
        return error_set(err, ENOMEM, "cannot list the image cache");
    r = level_list(directory, AT_FDCWD, path, names, 0, out, err);
    if (r < 0)
        cache_entries_free(out);
    return r;
}

int cache_remove(const char *directory, const struct cache_entry *entry, const struct image_events *events,
                 struct error *err)
{
    const struct image_name name = {entry->dist, entry->release, entry->arch, entry->variant};
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    int r = cache_open(directory, &name, &c, err);

    if (r < 0 || c.parent < 0)
        return r;
    r = cache_lock(&c, events, err);
    if (r < 0)
        return r;
    if (entry->build)
        return cache_flush(&c, err);
    cache_discard(&c);
    return 0;
}
