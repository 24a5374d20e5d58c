#include "core/storage/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/command/command_client.h"
#include "core/storage/copy.h"
#include "core/storage/dependents.h"
#include "core/storage/destroy.h"
#include "core/storage/list.h"

char *snapshot_directory(const struct container *c)
{
    return container_path(c, "snaps");
}

static int snapshot_compare(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    size_t length = strlen(one), other_length = strlen(other);

    return length == other_length ? strcmp(one, other) : length < other_length ? -1 : 1;
}

int snapshot_names(const struct container *c, struct string_list *names, struct error *err)
{
    cleanup_free char *directory = snapshot_directory(c);
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct stat st;

    if (!dir)
        close_fd(&fd);
    if (!dir && directory && errno == ENOENT)
        return 0;
    if (!dir && directory && lstat(directory, &st) == 0 && S_ISLNK(st.st_mode)) {
        error_text(err, ELOOP, "the directory of the snapshots of %s, %s, is a symbolic link", c->name,
                   directory);
        return error_remedy(err, "replace it by a bind mount, or remove it");
    }
    if (!dir)
        return error_set(err, errno, "cannot list the snapshots of %s", c->name);
    while ((errno = 0, entry = readdir(dir)))
        if (entry->d_name[0] != '.' && string_list_add(names, entry->d_name) < 0)
            return error_set(err, ENOMEM, "cannot list the snapshots of %s", c->name);
    if (errno)
        return error_set(err, errno, "cannot list the snapshots of %s", c->name);
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), snapshot_compare);
    return 0;
}

static char *snapshot_new_name(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list names = {0};

    if (snapshot_names(c, &names, err) < 0)
        return NULL;
    for (unsigned i = 0;; i++) {
        char *name = format_string("snap%u", i);

        if (!name || !string_list_has(&names, name)) {
            if (!name)
                error_set(err, ENOMEM, "cannot name a snapshot of %s", c->name);
            return name;
        }
        free(name);
    }
}

int snapshot_create(const struct container *c, const char *comment, struct error *err)
{
    cleanup_free char *directory = snapshot_directory(c);
    cleanup_free char *name = directory ? snapshot_new_name(c, err) : NULL;
    const struct container to = {.name = name, .lxcpath = directory};
    struct copy_options o = {.keep_name = true, .keep_mac = true, .same_container = true};
    const char *files[] = {"ts", NULL, "comment", comment, NULL};
    time_t now = time(NULL);
    char stamp[32];
    struct tm tm;

    if (!name)
        return err && err->code ? err->code : -ENOMEM;
    strftime(stamp, sizeof(stamp), "%Y:%m:%d %H:%M:%S", localtime_r(&now, &tm));
    files[1] = stamp;
    if (!comment)
        files[2] = NULL;
    o.files = files;
    return container_copy(c, &to, &o, err);
}

static int snapshot_check_exists(const struct container *c, const struct container *snapshot,
                                 struct error *err)
{
    if (container_check_name(snapshot->name, NULL) == 0 && container_is_defined(snapshot))
        return 0;
    error_text(err, ENOENT, "container %s has no snapshot %s", c->name, snapshot->name);
    return error_remedy(err, "lxc-snapshot -L lists the snapshots");
}

/* The container to be replaced must be stopped, and no other may depend on it. */
static int restore_check(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list copies = {0};
    int r = command_state(c, err);

    if (r > STATE_STOPPED) {
        error_text(err, EBUSY, "container %s is running", c->name);
        return error_remedy(err, "stop it with lxc-stop");
    }
    if (r == 0)
        r = dependents_read(c, &copies, err);
    if (r == 0 && copies.count) {
        error_text(err, EBUSY, "container %s has clones that depend on it", c->name);
        return error_remedy(err, "restore the snapshot under another name with -N");
    }
    return r;
}

int snapshot_restore(const struct container *c, const char *snapshot, const struct container *to,
                     struct error *err)
{
    cleanup_free char *directory = snapshot_directory(c);
    const struct container from = {.name = snapshot, .lxcpath = directory};
    bool itself = strcmp(c->name, to->name) == 0 && strcmp(c->lxcpath, to->lxcpath) == 0;
    const struct copy_options o = {
        .keep_mac = itself, .same_container = itself, .replaces = itself ? "snaps" : NULL};
    int r = directory ? snapshot_check_exists(c, &from, err)
                      : error_set(err, ENOMEM, "cannot restore a snapshot");

    if (r == 0 && itself && container_is_defined(c))
        r = restore_check(c, err);
    return r == 0 ? container_copy(&from, to, &o, err) : r;
}

int snapshot_destroy(const struct container *c, const char *snapshot, struct error *err)
{
    cleanup_free char *directory = snapshot_directory(c);
    const struct container it = {.name = snapshot, .lxcpath = directory};
    int r =
        directory ? snapshot_check_exists(c, &it, err) : error_set(err, ENOMEM, "cannot destroy a snapshot");

    if (r == 0)
        r = container_destroy(&it, false, err);
    if (r == 0)
        rmdir(directory); /* this fails, and may, while there are other snapshots */
    return r;
}
