#include "core/storage/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"

char *snapshot_folder(const struct container *c)
{
    return container_path(c, "snaps");
}

static int by_number(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    size_t length = strlen(one), other_length = strlen(other);

    return length == other_length ? strcmp(one, other) : length < other_length ? -1 : 1;
}

int snapshot_names(const struct container *c, struct string_list *names, struct error *err)
{
    cleanup_free char *folder = snapshot_folder(c);
    cleanup_dir DIR *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;

    if (!dir)
        return folder && errno == ENOENT ? 0
                                         : error_set(err, errno, "cannot list the snapshots of %s", c->name);
    while ((errno = 0, entry = readdir(dir)))
        if (entry->d_name[0] != '.' && string_list_add(names, entry->d_name) < 0)
            return error_set(err, ENOMEM, "cannot list the snapshots of %s", c->name);
    if (errno)
        return error_set(err, errno, "cannot list the snapshots of %s", c->name);
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), by_number);
    return 0;
}
