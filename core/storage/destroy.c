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

#define MAX_GENERATIONS 32 /* of copies standing on copies */

static int check_stopped(const struct container *c, struct error *err)
{
    int state = command_state(c, err);

    if (state < 0)
        return state;
    if (state == STATE_STOPPED)
        return 0;
    error_text(err, EBUSY, "container %s is running", c->name);
    return error_remedy(err, "stop it with lxc-stop, or add -f");
}

static int check_alone(const struct container *c, struct error *err)
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

static int destroy_snapshots(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list names = {0};
    int r = snapshot_names(c, &names, err);

    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = snapshot_destroy(c, names.items[i], err);
    return r;
}

/* Each copy that depends on `c` in turn; one that was removed by hand does not count. */
static int for_copies(const struct container *c, int generation,
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

/* Remove it from the lists of the containers that it depends on. */
static int leave_lists(const struct container *c, struct error *err)
{
    cleanup_string_list struct string_list pairs = {0};
    int r = rdepends_read(c, &pairs, err);

    for (size_t i = 0; r == 0 && i + 1 < pairs.count; i += 2)
        r = dependents_remove(&(struct container){.name = pairs.items[i + 1], .lxcpath = pairs.items[i]}, c,
                              err);
    return r;
}

static bool is_beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The container's directory without links in its path, or NULL with `err` filled. */
static char *real_directory(const struct container *c, struct error *err)
{
    cleanup_free char *path = container_path(c, NULL);
    char *real = path ? realpath(path, NULL) : NULL;

    if (!real)
        error_set(err, path ? errno : ENOMEM, "cannot destroy container %s", c->name);
    return real;
}

/*
 * What is removed beside the container's directory: the directory or file of lxc.rootfs.path, where that lies
 * elsewhere. *out is NULL where there is none, else to be freed. Of a type that lxcbox does not remove, what
 * the key names stays. A block device stays, too: its owner decides on it.
 */
static int find_outside(const struct container *c, const struct config *config, char **out, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_free char *directory = real_directory(c, err), *lxcpath = realpath(c->lxcpath, NULL);
    cleanup_free char *real = NULL;
    struct stat st;

    *out = NULL;
    if (!directory)
        return err ? err->code : -ENOMEM;
    if (rootfs_source_parse(config->rootfs_path, &s, NULL) < 0 || !s.path)
        return 0;
    real = realpath(s.upper ? s.upper : s.path, NULL);
    if (!config->rootfs_managed && real && !s.upper && is_beneath(real, directory)) {
        error_text(err, EPERM,
                   "lxc.rootfs.managed = 0 keeps the rootfs, which is in the container's directory");
        return error_remedy(err, "move %s away first", s.path);
    }
    if (!config->rootfs_managed || !real || is_beneath(real, directory) ||
        (!s.upper && s.type != ROOTFS_DIR && s.type != ROOTFS_IMAGE))
        return 0;
    if (strcmp(real, "/") == 0 || is_beneath(directory, real) || (lxcpath && is_beneath(lxcpath, real))) {
        error_text(err, EPERM, "the rootfs of %s is %s, which holds more than that", c->name, real);
        return error_remedy(err, "set lxc.rootfs.managed = 0");
    }
    if (stat(real, &st) == 0 && !S_ISBLK(st.st_mode))
        *out = take_ptr(real);
    return 0;
}

/* An ephemeral copy's changes may be on a tmpfs. */
static void unmount_overlay(const struct container *c)
{
    cleanup_free char *path = container_path(c, "overlay");

    if (path)
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* What can be refused of the files; *outside as from find_outside(). */
static int check_files(const struct container *c, const struct config *config, bool mounts, char **outside,
                       struct error *err)
{
    cleanup_free char *directory = real_directory(c, err);
    cleanup_free char *overlay = directory ? format_string("%s/overlay", directory) : NULL;
    int r = find_outside(c, config, outside, err);

    if (r < 0 || !mounts)
        return r;
    r = overlay ? storage_check_unmounted(directory, overlay, err) : -ENOMEM;
    if (r == 0 && *outside)
        r = storage_check_unmounted(*outside, NULL, err);
    return r < 0 ? error_context(err, "cannot destroy container %s", c->name) : 0;
}

static int read_config(const struct container *c, struct config *config, struct error *err)
{
    cleanup_free char *path = container_config_path(c);

    config_init(config);
    return path ? config_read_file(config, path, err)
                : error_set(err, ENOMEM, "cannot destroy container %s", c->name);
}

/* Everything that can be refused, for the copies that will be destroyed too, before anything is removed. */
static int check(const struct container *c, bool snapshots, int generation, struct error *err)
{
    cleanup_config struct config config;
    cleanup_free char *outside = NULL;
    int r = read_config(c, &config, err);

    if (r == 0)
        r = check_stopped(c, err);
    /* A hook may unmount. */
    if (r == 0)
        r = check_files(c, &config, config.hooks[HOOK_DESTROY].count == 0, &outside, err);
    if (r == 0)
        r = snapshots ? for_copies(c, generation, check, err) : check_alone(c, err);
    return r;
}

static int destroy(const struct container *c, bool snapshots, int generation, struct error *err)
{
    cleanup_config struct config config;
    cleanup_free char *outside = NULL;
    struct hook_context hooks = {.container = c, .config = &config};
    int r = read_config(c, &config, err);

    if (r == 0 && snapshots)
        r = for_copies(c, generation, destroy, err);
    if (r == 0 && snapshots)
        r = destroy_snapshots(c, err);
    if (r == 0)
        r = hooks_run(HOOK_DESTROY, &hooks, err);
    if (r == 0)
        r = check_files(c, &config, true, &outside, err);
    if (r == 0 && outside)
        r = storage_remove_tree(AT_FDCWD, outside, err);
    if (r == 0)
        r = leave_lists(c, err);
    if (r < 0)
        return r;
    unmount_overlay(c);
    return partial_discard(c, err);
}

int container_destroy(const struct container *c, bool snapshots, struct error *err)
{
    int r;

    if (!container_is_defined(c)) {
        r = partial_clean(c, err);
        return r == 1 ? container_absent(c, NULL, err) : r;
    }
    r = check(c, snapshots, 0, err);
    return r == 0 ? destroy(c, snapshots, 0, err) : r;
}

int container_remove_ephemeral(const struct container *c, struct error *err)
{
    return container_destroy(c, false, err);
}
