#include "core/storage/destroy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/command/command_client.h"
#include "core/spawn/hooks.h"
#include "core/mount/rootfs.h"
#include "core/storage/dependents.h"
#include "core/storage/list.h"
#include "core/storage/partial.h"
#include "core/storage/snapshot.h"
#include "core/storage/storage.h"

#define MAX_GENERATIONS 32 /* of copies of copies */

static int destroy_check_stopped(const struct container *c, struct error *err)
{
    int state = command_state(c, err);

    if (state < 0)
        return state;
    if (state == STATE_STOPPED)
        return 0;
    error_text(err, EBUSY, "container %s is running", c->name);
    return error_remedy(err, "stop it with lxc-stop, or add -f");
}

static int destroy_check_dependents(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list copies = {0}, snapshots = {0};
    int r = dependents_read(c, &copies, err);

    if (r == 0)
        r = snapshot_names(c, &snapshots, err);
    if (r < 0)
        return r;
    if (copies.count)
        error_text(err, EBUSY, "container %s has clones that depend on it: %s%s", c->name, copies.items[1],
                   copies.count > 2 ? " and others" : "");
    else if (snapshots.count)
        error_text(err, EBUSY, "container %s has snapshots", c->name);
    else
        return 0;
    return error_remedy(err, "add -s to destroy them too");
}

static int snapshots_destroy_all(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list names = {0};
    int r = snapshot_names(c, &names, err);

    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = snapshot_destroy(c, names.items[i], err);
    return r;
}

/* Call a function for each copy that depends on `c`. A copy that has been removed by hand is skipped. */
static int copies_each(const struct container *c, int generation,
                       int (*function)(const struct container *c, bool snapshots, int generation,
                                       struct error *err),
                       struct error *err)
{
    cleanup_string_list struct string_list copies = {0};
    int r = dependents_read(c, &copies, err);

    if (r == 0 && generation >= MAX_GENERATIONS)
        return error_text(err, ELOOP, "the clones of %s depend on one another in a cycle", c->name);
    for (size_t i = 0; r == 0 && i + 1 < copies.count; i += 2) {
        struct container copy = {.name = copies.items[i + 1], .lxcpath = copies.items[i]};

        r = container_is_defined(&copy) ? function(&copy, true, generation + 1, err) : 0;
    }
    return r;
}

/* Remove it from the lists of the containers that it has depended on. */
static int dependents_leave(const struct container *c, const struct string_list *pairs, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i + 1 < pairs->count; i += 2)
        r = dependents_remove(&(struct container){.name = pairs->items[i + 1], .lxcpath = pairs->items[i]}, c,
                              err);
    return r;
}

static bool path_is_beneath(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The container's directory without links in its path, or NULL with `err` filled. */
static char *container_real_directory(const struct container *c, struct error *err)
{
    cleanup_free char *path = container_path(c, NULL);
    char *real = path ? realpath(path, NULL) : NULL;

    if (!real)
        error_set(err, path ? errno : ENOMEM, "cannot destroy container %s", c->name);
    return real;
}

/* Whether a path leads through the container's directory, to a place in it or by a link to another one. */
static bool path_is_through(const char *path, const char *directory)
{
    struct stat st, ours;

    if (stat(directory, &ours) < 0)
        return false;
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        cleanup_free char *part = strndup(path, (size_t)(slash - path));

        if (part && stat(part, &st) == 0 && st.st_ino == ours.st_ino && st.st_dev == ours.st_dev)
            return true;
    }
    return false;
}

/* The path without links but in its last part. NULL if it does not exist. */
static char *path_resolve_parent(const char *path)
{
    cleanup_free char *parent = strdup(path), *real = NULL;
    char *slash;
    struct stat st;

    while (parent && (slash = strrchr(parent, '/')) && slash != parent && !slash[1])
        *slash = '\0';
    if (!parent || !slash || lstat(parent, &st) < 0)
        return NULL;
    if (slash == parent)
        return take_ptr(parent);
    *slash = '\0';
    real = realpath(parent, NULL);
    return real ? format_string("%s/%s", strcmp(real, "/") == 0 ? "" : real, slash + 1) : NULL;
}

/*
 * Find what is removed in addition to the container's directory: the directory or file of lxc.rootfs.path, if
 * it is outside that directory. *out is its path, which the caller frees, or NULL. If its last part is a
 * symbolic link, the link alone is removed; nothing is removed by way of a link in the container's directory.
 * Storage of a type that lxcbox does not remove is kept, and so is a block device.
 */
static int rootfs_find_outside(const struct container *c, const struct config *config, char **out,
                               struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_free char *directory = container_real_directory(c, err), *lxcpath = realpath(c->lxcpath, NULL);
    cleanup_free char *real = NULL, *place = NULL;
    const char *path;
    struct stat st;

    *out = NULL;
    if (!directory)
        return err ? err->code : -ENOMEM;
    if (rootfs_source_parse(config->rootfs_path, &s, NULL) < 0 || !s.path)
        return 0;
    path = s.upper ? s.upper : s.path;
    real = realpath(path, NULL);
    if (!config->rootfs_managed && real && !s.upper && path_is_beneath(real, directory)) {
        error_text(err, EPERM,
                   "lxc.rootfs.managed = 0 keeps the rootfs, which is in the container's directory");
        return error_remedy(err, "move %s away first", s.path);
    }
    if (!config->rootfs_managed || !real || path_is_beneath(real, directory) ||
        path_is_through(path, directory) || (!s.upper && s.type != ROOTFS_DIR && s.type != ROOTFS_IMAGE))
        return 0;
    if (strcmp(real, "/") == 0 || path_is_beneath(directory, real) ||
        (lxcpath && path_is_beneath(lxcpath, real))) {
        error_text(err, EPERM, "the rootfs of %s is %s, which contains other files, too", c->name, real);
        return error_remedy(err, "set lxc.rootfs.managed = 0");
    }
    place = path_resolve_parent(path);
    if (place && stat(real, &st) == 0 && !S_ISBLK(st.st_mode))
        *out = take_ptr(place);
    return 0;
}

/* The changes of an ephemeral copy may be on a tmpfs. */
static void overlay_unmount(const struct container *c)
{
    cleanup_free char *path = container_path(c, "overlay");

    if (path)
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* Check whether the files can be removed; *outside as from rootfs_find_outside(). */
static int destroy_check_files(const struct container *c, const struct config *config, bool mounts,
                               char **outside, struct error *err)
{
    cleanup_free char *directory = container_real_directory(c, err);
    cleanup_free char *overlay = directory ? format_string("%s/overlay", directory) : NULL;
    struct stat st;
    int r = rootfs_find_outside(c, config, outside, err);

    if (r < 0 || !mounts)
        return r;
    r = overlay ? storage_check_unmounted(directory, overlay, err) : -ENOMEM;
    if (r == 0 && *outside && lstat(*outside, &st) == 0 && S_ISDIR(st.st_mode))
        r = storage_check_unmounted(*outside, NULL, err);
    return r < 0 ? error_context(err, "cannot destroy container %s", c->name) : 0;
}

static int config_read_for_destroy(const struct container *c, struct config *config, struct error *err)
{
    cleanup_free char *path = container_config_path(c);

    config_init(config);
    return path ? config_read_file(config, path, err)
                : error_set(err, ENOMEM, "cannot destroy container %s", c->name);
}

/* Check everything, also for the copies that will be destroyed, before anything is removed. */
static int destroy_check(const struct container *c, bool snapshots, int generation, struct error *err)
{
    cleanup_config struct config config;
    cleanup_free char *outside = NULL;
    int r = config_read_for_destroy(c, &config, err);

    if (r == 0)
        r = destroy_check_stopped(c, err);
    /* A hook may have unmounted something: check again. */
    if (r == 0)
        r = destroy_check_files(c, &config, config.hooks[HOOK_DESTROY].count == 0, &outside, err);
    if (r == 0)
        r = snapshots ? copies_each(c, generation, destroy_check, err) : destroy_check_dependents(c, err);
    return r;
}

static int destroy_work(const struct container *c, bool snapshots, int generation, struct error *err)
{
    cleanup_config struct config config;
    cleanup_free char *outside = NULL;
    cleanup_string_list struct string_list below = {0};
    struct hook_context hooks = {.container = c, .config = &config};
    int r = config_read_for_destroy(c, &config, err);

    if (r == 0 && snapshots)
        r = copies_each(c, generation, destroy_work, err);
    if (r == 0 && snapshots)
        r = snapshots_destroy_all(c, err);
    if (r == 0)
        r = hooks_run(HOOK_DESTROY, &hooks, err);
    if (r == 0)
        r = destroy_check_files(c, &config, true, &outside, err);
    if (r == 0 && outside)
        r = storage_remove_tree(AT_FDCWD, outside, err);
    if (r == 0)
        r = rdepends_read(c, &below, err);
    if (r < 0)
        return r;
    overlay_unmount(c);
    r = partial_discard(c, err);
    /* Afterwards: as long as it exists, the others are not destroyed. */
    return r == 0 ? dependents_leave(c, &below, err) : r;
}

int container_destroy(const struct container *c, bool snapshots, struct error *err)
{
    int r;

    if (!container_is_defined(c)) {
        r = partial_clean(c, err);
        return r == 1 ? container_absent(c, NULL, err) : r;
    }
    r = destroy_check(c, snapshots, 0, err);
    return r == 0 ? destroy_work(c, snapshots, 0, err) : r;
}

int container_remove_ephemeral(const struct container *c, struct error *err)
{
    return container_destroy(c, false, err);
}
