#include "core/storage/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/config/edit.h"
#include "core/config/idmap.h"
#include "core/config/lxcbox_conf.h"
#include "core/command/command_client.h"
#include "core/links/moved.h"
#include "core/monitor/last_run.h"
#include "core/spawn/hooks.h"
#include "core/namespace/idmap_write.h"
#include "core/mount/rootfs.h"
#include "core/storage/btrfs.h"
#include "core/storage/copy_tree.h"
#include "core/storage/dependents.h"
#include "core/storage/list.h"
#include "core/storage/partial.h"
#include "core/storage/snapshot.h"
#include "core/storage/storage.h"

#define MAX_CONFIG (1 << 20)

/* State of a copy operation. Its pointers are valid for the duration of the call. */
struct copy_state {
    const struct container *from, *to;
    const struct copy_options *options;
    const struct config *config;        /* the source's */
    const struct rootfs_source *rootfs; /* the source's */
    struct strbuf text;                 /* the copy's configuration */
    struct string_list depends_on;      /* pairs of lxcpath and name */
};

static int copy_out_of_memory(struct error *err, const struct container *c)
{
    return error_set(err, ENOMEM, "cannot copy container %s", c->name);
}

static int directory_open(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? error_set(err, errno, "cannot open %s", path) : fd;
}

/* Copy the tree at `path` to the new directory p->fd/name, which is a subvolume with `btrfs`. */
static int copy_directory(const struct partial *p, const char *path, const char *name, bool btrfs,
                          struct error *err)
{
    cleanup_fd int from = directory_open(path, err), to = -1;
    int r;

    if (from < 0)
        return from;
    r = btrfs ? btrfs_subvolume_create(p->fd, name) : mkdirat(p->fd, name, 0755) < 0 ? -errno : 0;
    if (r == 0) {
        to = openat(p->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = to < 0 ? -errno : 0;
    }
    if (r == 0)
        return copy_tree(from, to, err);
    error_set(err, r, "cannot create %s/%s", p->path, name);
    return r == -ENOTTY ? error_remedy(err, "-B btrfs requires a directory of containers on btrfs")
                        : storage_remedy(err);
}

/* Snapshot the subvolume at `path`. Returns -EOPNOTSUPP if that is not possible between the two directories.
 */
static int copy_subvolume(const struct partial *p, const char *path, const char *name, struct error *err)
{
    cleanup_fd int from = directory_open(path, err);
    int r = from;

    if (from < 0)
        return from;
    r = btrfs_is_subvolume(from) ? btrfs_subvolume_snapshot(from, p->fd, name) : -EOPNOTSUPP;
    if (r == -EXDEV || r == -ENOTTY || r == -EINVAL)
        r = -EOPNOTSUPP;
    return r < 0 ? error_set(err, r, "cannot create a btrfs snapshot of %s", path) : 0;
}

static int config_set_rootfs(struct copy_state *c, const char *format, const char *a, const char *b,
                             struct error *err)
{
    cleanup_free char *directory = container_path(c->to, NULL);
    cleanup_strbuf struct strbuf value = STRBUF_INIT;
    int r = directory ? strbuf_printf(&value, format, a, directory, b) : -ENOMEM;

    if (r == 0)
        r = config_text_set(&c->text, "lxc.rootfs.path", strbuf_text(&value));
    return r < 0 ? copy_out_of_memory(err, c->from) : 0;
}

/* Create the upper and work directories of an overlay, which must be on one file system. */
static int overlay_create_directories(const struct partial *p, bool delta, struct error *err)
{
    if (mkdirat(p->fd, "rootfs", 0755) < 0 || mkdirat(p->fd, "overlay", 0755) < 0 ||
        mkdirat(p->fd, "overlay/work", 0755) < 0 || (delta && mkdirat(p->fd, "overlay/delta", 0755) < 0)) {
        error_set(err, errno, "cannot create the directories of an overlay in %s", p->path);
        return storage_remedy(err);
    }
    return 0;
}

/* Owner and mode of the delta are those of the root directory. The start creates another directory beside it.
 */
static int overlay_match_root(const struct partial *p, const char *lower, struct error *err)
{
    struct stat st;

    if (stat(lower, &st) < 0 || fchownat(p->fd, "overlay/delta", st.st_uid, st.st_gid, 0) < 0 ||
        fchownat(p->fd, "overlay", st.st_uid, st.st_gid, 0) < 0 ||
        fchmodat(p->fd, "overlay/delta", st.st_mode & 07777, 0) < 0)
        return error_set(err, errno, "cannot create an overlay on %s", lower);
    return 0;
}

static bool storage_is(const struct copy_state *c, const char *storage)
{
    return c->options->storage && strcmp(c->options->storage, storage) == 0;
}

/* Returns whether the copy will be an overlay on the directory of the source. */
static bool copy_is_overlay(const struct copy_state *c)
{
    cleanup_fd int fd = c->rootfs->type == ROOTFS_DIR ? open(c->rootfs->path, O_PATH | O_CLOEXEC) : -1;

    if (fd < 0 || storage_is(c, "dir") || storage_is(c, "btrfs"))
        return false;
    if (storage_is(c, "overlay") || storage_is(c, "overlayfs"))
        return true;
    return c->options->snapshot && !btrfs_is_subvolume(fd);
}

static int copy_dir(struct copy_state *c, const struct partial *p, struct error *err)
{
    const char *path = c->rootfs->path;
    bool btrfs = storage_is(c, "btrfs");
    int r = -EOPNOTSUPP;

    if (copy_is_overlay(c)) {
        r = overlay_create_directories(p, true, err);
        if (r == 0)
            r = overlay_match_root(p, path, err);
        if (r == 0 && (string_list_add(&c->depends_on, c->from->lxcpath) < 0 ||
                       string_list_add(&c->depends_on, c->from->name) < 0))
            r = copy_out_of_memory(err, c->from);
        return r == 0 ? config_set_rootfs(c, "overlay:%s:%s/overlay/delta%s", path, "", err) : r;
    }
    if (!storage_is(c, "dir"))
        r = copy_subvolume(p, path, "rootfs", err);
    if (r == -EOPNOTSUPP && !c->options->snapshot) {
        error_clear(err);
        r = copy_directory(p, path, "rootfs", btrfs, err);
    }
    return r == 0 ? config_set_rootfs(c, "%s:%s/rootfs%s", "dir", "", err) : r;
}

static int copy_overlay(struct copy_state *c, const struct partial *p, struct error *err)
{
    int r;

    if (c->options->storage && !storage_is(c, "overlay") && !storage_is(c, "overlayfs")) {
        error_text(err, ENOTSUP, "the rootfs of %s is an overlay, so its copy must be one, too",
                   c->from->name);
        return error_remedy(err, "omit -B");
    }
    r = overlay_create_directories(p, false, err);
    if (r == 0)
        r = copy_directory(p, c->rootfs->upper, "overlay/delta", false, err);
    if (r == 0)
        r = rdepends_read(c->from, &c->depends_on, err);
    return r == 0 ? config_set_rootfs(c, "overlay:%s:%s/overlay/delta%s", c->rootfs->path, "", err) : r;
}

/* Copy an image file, sharing blocks if possible. */
static int copy_image(struct copy_state *c, const struct partial *p, struct error *err)
{
    struct stat st;
    cleanup_fd int from = open(c->rootfs->path, O_RDONLY | O_CLOEXEC), to = -1;
    int r;

    if (from < 0 || fstat(from, &st) < 0)
        return error_set(err, errno, "cannot open %s", c->rootfs->path);
    if (!S_ISREG(st.st_mode) || c->options->snapshot) {
        error_text(err, ENOTSUP, "the rootfs of %s is %s, of which lxcbox cannot make a %s", c->from->name,
                   c->rootfs->path, c->options->snapshot ? "snapshots" : "copies");
        return error_remedy(err, "copy it with the tools of its storage");
    }
    to = openat(p->fd, "rootdev", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    r = to < 0 ? -errno : 0;
    if (r == 0 && file_control(to, FICLONE, (uintptr_t)from) < 0)
        r = copy_file_bytes(from, to, st.st_size);
    if (r < 0) {
        error_set(err, r, "cannot copy %s", c->rootfs->path);
        return storage_remedy(err);
    }
    return config_set_rootfs(c, "%s:%s/rootdev%s", "loop", "", err);
}

static int copy_rootfs(struct copy_state *c, const struct partial *p, struct error *err)
{
    switch (c->rootfs->type) {
    case ROOTFS_HOST:
        return 0;
    case ROOTFS_DIR:
        return copy_dir(c, p, err);
    case ROOTFS_OVERLAY:
        return copy_overlay(c, p, err);
    case ROOTFS_IMAGE:
        return copy_image(c, p, err);
    default:
        error_text(err, ENOTSUP, "lxc.rootfs.path = %s is of a type that lxcbox does not copy",
                   c->config->rootfs_path);
        return error_remedy(err, "copy it with the tools of its storage");
    }
}

/* Copy a file of the container's directory. Paths in an fstab are replaced; port forwards are not copied. */
static int copy_other_file(const struct copy_state *c, const struct partial *p, int dir, const char *name,
                           const struct stat *st)
{
    cleanup_strbuf struct strbuf moved = STRBUF_INIT;
    cleanup_free char *text = NULL;
    cleanup_fd int from = -1, to = -1;
    bool conf = strcmp(name, LXCBOX_CONF_NAME) == 0 && !c->options->same_container;
    int r;

    if (conf) {
        r = file_read(dir, name, MAX_CONFIG, &text, NULL);
        if (r == 0)
            r = lxcbox_conf_copy(text, &moved);
        return r < 0 || !moved.length
                   ? r
                   : file_replace(p->fd, name, moved.text, moved.length, st->st_mode & 07777);
    }
    if (strcmp(name, "fstab") == 0 && file_read(dir, name, MAX_CONFIG, &text, NULL) == 0) {
        r = copy_paths(text, c->from, c->to, &moved);
        return r < 0 ? r : file_replace(p->fd, name, strbuf_text(&moved), moved.length, st->st_mode & 07777);
    }
    from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    to = from < 0 ? -1 : openat(p->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return -errno;
    r = file_control(to, FICLONE, (uintptr_t)from) < 0 ? copy_file_bytes(from, to, st->st_size) : 0;
    return r == 0 && fchmod(to, st->st_mode & 07777) < 0 ? -errno : r;
}

/* Copy the other files of the container's directory, except logs and what copy_rootfs() copies. */
static int copy_files(const struct copy_state *c, const struct partial *p, struct error *err)
{
    static const char *const not_ours[] = {
        "config", "lxc_snapshots", "lxc_rdepends",   "partial", "rootdev",
        "ts",     "comment",       LAST_CONSOLE_OLD, LAST_EXIT, MOVED_LINKS};
    cleanup_free char *path = container_path(c->from, NULL);
    cleanup_dir DIR *dir = path ? opendir(path) : NULL;
    struct stat image = {0};
    struct dirent *entry;

    if (c->rootfs->type == ROOTFS_IMAGE)
        stat(c->rootfs->path, &image);
    if (!dir)
        return error_set(err, errno, "cannot read the directory of %s", c->from->name);
    while ((errno = 0, entry = readdir(dir))) {
        size_t i = 0;
        struct stat st;
        int r;

        while (i < ARRAY_LENGTH(not_ours) && strcmp(entry->d_name, not_ours[i]) != 0)
            i++;
        if (i < ARRAY_LENGTH(not_ours) || ends_with(entry->d_name, ".log") ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
            (st.st_ino == image.st_ino && st.st_dev == image.st_dev))
            continue;
        r = copy_other_file(c, p, dirfd(dir), entry->d_name, &st);
        if (r < 0) {
            error_set(err, r, "cannot copy %s of %s", entry->d_name, c->from->name);
            return storage_remedy(err);
        }
    }
    return errno ? error_set(err, errno, "cannot read the directory of %s", c->from->name) : 0;
}

/* The volumes of an image: directories beside the rootfs that are mounted into it. */
static int copy_volumes(const struct copy_state *c, const struct partial *p, struct error *err)
{
    cleanup_free char *path = container_path(c->from, STORAGE_VOLUMES);
    cleanup_fd int from = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1, to = -1;

    if (from < 0 && path && errno == ENOENT)
        return 0;
    if (from >= 0 && mkdirat(p->fd, STORAGE_VOLUMES, 0755) == 0)
        to = openat(p->fd, STORAGE_VOLUMES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to < 0) {
        error_set(err, errno, "cannot copy the volumes of %s", c->from->name);
        return storage_remedy(err);
    }
    return copy_tree(from, to, err);
}

static int config_compose(struct copy_state *c, struct error *err)
{
    cleanup_free char *path = container_config_path(c->from), *text = NULL;
    const struct copy_options *o = c->options;
    int r = path ? file_read(AT_FDCWD, path, MAX_CONFIG, &text, NULL) : -ENOMEM;

    if (r < 0)
        return error_set(err, r, "cannot read the configuration of %s", c->from->name);
    r = copy_paths(text, c->from, c->to, &c->text);
    if (r == 0 && !o->keep_name)
        r = config_text_set(&c->text, "lxc.uts.name", c->to->name);
    if (r == 0 && !o->keep_mac)
        r = config_text_new_hwaddr(&c->text);
    if (r == 0 && !o->keep_mac)
        r = config_text_add_hwaddr(&c->text, c->config);
    if (r == 0 && o->ephemeral)
        r = config_text_set(&c->text, "lxc.ephemeral", "1");
    return r < 0 ? copy_out_of_memory(err, c->from) : 0;
}

/* The root of a container with mapped ids mounts the overlay itself: it writes to both directories. */
static int mount_directories_create(const struct copy_state *c, const struct partial *p, unsigned number)
{
    char delta[24], work[24];
    uint32_t uid, gid;

    snprintf(delta, sizeof(delta), "delta#%u", number);
    snprintf(work, sizeof(work), "work#%u", number);
    if (mkdirat(p->fd, delta, 0755) < 0 || mkdirat(p->fd, work, 0755) < 0)
        return -errno;
    if (c->config->idmap_count == 0)
        return 0;
    if (idmap_to_host(c->config, false, 0, &uid) < 0 || idmap_to_host(c->config, true, 0, &gid) < 0)
        return -EINVAL;
    return fchownat(p->fd, delta, uid, gid, 0) < 0 || fchownat(p->fd, work, uid, gid, 0) < 0 ? -errno : 0;
}

static int mounts_compose(struct copy_state *c, const struct partial *p, struct error *err)
{
    unsigned overlays = 0;
    int r = c->options->mounts ? copy_mounts(c->options->mounts, c->to, &c->text, &overlays, err) : 0;

    for (unsigned i = 1; r == 0 && i <= overlays; i++) {
        r = mount_directories_create(c, p, i);
        if (r < 0)
            error_set(err, r, "cannot create the directories of -m");
    }
    return r;
}

/* Replace the host name in the rootfs. The files of an overlay are below it: they are not changed. */
static int hostname_write(const struct copy_state *c, const struct partial *p, struct error *err)
{
    cleanup_fd int root = openat(p->fd, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_fd int fd =
        root >= 0 ? rootfs_open(root, "etc/hostname", O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0) : -1;
    cleanup_free char *line = format_string("%s\n", c->to->name);
    struct stat st;
    int r = 0;

    if (c->options->keep_name || fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (!line)
        return copy_out_of_memory(err, c->from);
    if (ftruncate(fd, 0) < 0)
        r = -errno;
    if (r == 0)
        r = write_all(fd, line, strlen(line));
    return r < 0 ? error_set(err, r, "cannot write the name to /etc/hostname of %s", c->to->name) : 0;
}

static int hooks_run_clone(const struct copy_state *c, const struct partial *p, struct error *err)
{
    cleanup_config struct config config = {0};
    cleanup_free char *path = format_string("%s/config", p->path),
                      *rootfs = format_string("%s/rootfs", p->path);
    struct hook_context hooks = {.container = c->to,
                                 .config = &config,
                                 .rootfs_mount = rootfs,
                                 .source_name = c->from->name,
                                 .arguments = c->options->hook_arguments};
    int r;

    config_init(&config);
    if (!path || !rootfs)
        return copy_out_of_memory(err, c->from);
    r = config_read_file(&config, path, err);
    return r == 0 ? hooks_run(HOOK_CLONE, &hooks, err) : r;
}

static int directory_admit_root(const struct copy_state *c, const struct partial *p, struct error *err)
{
    uint32_t gid;
    int r = idmap_to_host(c->config, true, 0, &gid);

    if (r == 0)
        r = partial_admit_root(p->fd, gid);
    return r < 0 ? error_set(err, r, "cannot give %s to the group of the container's root", p->path) : 0;
}

/*
 * Record the dependency of the copy on other containers before the copy exists and while its name is locked,
 * so that these cannot be destroyed meanwhile. If the copy fails, the record is removed.
 */
static int dependents_record(const struct copy_state *c, bool add, struct error *err)
{
    cleanup_string_list struct string_list pairs = {0};
    int r = 0;

    if (copy_is_overlay(c))
        return add ? dependents_add(c->from, c->to, err) : dependents_remove(c->from, c->to, err);
    if (c->rootfs->type == ROOTFS_OVERLAY)
        r = rdepends_read(c->from, &pairs, err);
    for (size_t i = 0; r == 0 && i + 1 < pairs.count; i += 2) {
        struct container below = {.name = pairs.items[i + 1], .lxcpath = pairs.items[i]};
        r = add ? dependents_add(&below, c->to, err) : dependents_remove(&below, c->to, err);
    }
    return r;
}

static int copy_work(void *context, const struct partial *p, struct error *err)
{
    struct copy_state *c = context;
    int r = dependents_record(c, true, err);

    if (r == 0)
        r = idmap_enter(c->config, err);
    if (r == 0)
        r = config_compose(c, err);
    if (r == 0)
        r = copy_files(c, p, err);
    if (r == 0)
        r = copy_volumes(c, p, err);
    if (r == 0)
        r = copy_rootfs(c, p, err);
    if (r == 0)
        r = hostname_write(c, p, err);
    if (r == 0)
        r = mounts_compose(c, p, err);
    if (r == 0)
        r = rdepends_write(p->fd, &c->depends_on, err);
    if (r == 0 && c->config->idmap_count)
        r = directory_admit_root(c, p, err);
    if (r == 0)
        r = file_replace(p->fd, "config", strbuf_text(&c->text), c->text.length, 0640);
    for (const char *const *f = c->options->files; r == 0 && f && f[0]; f += 2)
        r = file_replace(p->fd, f[0], f[1], strlen(f[1]), 0640);
    if (r < 0 && err && !err->code)
        error_set(err, r, "cannot write the configuration of %s", c->to->name);
    return r == 0 ? hooks_run_clone(c, p, err) : storage_remedy(err);
}

static int copy_check_source(const struct container *from, bool allow_running, struct error *err)
{
    int state;

    if (!container_is_defined(from))
        return container_absent(from, NULL, err);
    state = command_state(from, err);
    if (state < 0 || state == STATE_STOPPED || allow_running)
        return state < 0 ? state : 0;
    error_text(err, EBUSY, "container %s is running", from->name);
    return error_remedy(err, "stop it with lxc-stop, or take a snapshot copy with lxc-copy -s -a");
}

static int copy_check_storage(const struct copy_options *o, struct error *err)
{
    static const char *const known[] = {"dir", "btrfs", "overlay", "overlayfs"};

    if (o->storage && o->snapshot && strcmp(o->storage, "dir") == 0) {
        error_text(err, EINVAL, "a directory cannot be snapshot without an overlay");
        return error_remedy(err, "use -B overlay, or omit -B");
    }
    for (size_t i = 0; o->storage && i < ARRAY_LENGTH(known); i++)
        if (strcmp(o->storage, known[i]) == 0)
            return 0;
    if (!o->storage)
        return 0;
    error_text(err, ENOTSUP, "-B %s is not possible: lxcbox does not create storage of that kind",
               o->storage);
    return error_remedy(err, "use -B dir, -B btrfs or -B overlay");
}

int container_copy(const struct container *from, const struct container *to, const struct copy_options *o,
                   struct error *err)
{
    cleanup_config struct config config = {0};
    cleanup_rootfs_source struct rootfs_source rootfs = {0};
    cleanup_free char *path = container_config_path(from);
    struct copy_state c = {from, to, o, &config, &rootfs, STRBUF_INIT, {0}};
    int r = path ? copy_check_storage(o, err) : copy_out_of_memory(err, from);

    config_init(&config);
    if (r == 0)
        r = copy_check_source(from, o->allow_running, err);
    if (r == 0)
        r = container_check_name(to->name, err);
    if (r == 0)
        r = container_check_text(to->lxcpath, err);
    if (r == 0 && o->mounts)
        r = container_check_text(o->mounts, err);
    if (r == 0 && !o->replaces && container_is_defined(to)) {
        error_text(err, EEXIST, "container %s exists already in %s", to->name, to->lxcpath);
        r = error_remedy(err, "choose another name with -N");
    }
    if (r == 0)
        r = config_read_file(&config, path, err);
    if (r == 0 && o->hook_arguments && o->hook_arguments[0] && config.hooks[HOOK_CLONE].count == 0)
        r = error_text(err, EINVAL,
                       "unexpected argument \"%s\": %s has no lxc.hook.clone that would receive it",
                       o->hook_arguments[0], from->name);
    if (r == 0)
        r = rootfs_source_parse(config.rootfs_path, &rootfs, err);
    if (r < 0)
        return r;
    rootfs_source_resolve(&rootfs);
    r = o->replaces ? partial_replace(to, o->replaces, copy_work, &c, err)
                    : partial_make(to, copy_work, &c, err);
    if (r < 0)
        dependents_record(&c, false, NULL);
    return r;
}

int copy_to_tmpfs(const struct container *c, struct error *err)
{
    cleanup_free char *path = container_path(c, "overlay");
    cleanup_free char *delta = container_path(c, "overlay/delta"), *work = container_path(c, "overlay/work");
    struct stat st;

    if (!path || !delta || !work)
        return copy_out_of_memory(err, c);
    if (stat(delta, &st) < 0)
        return error_set(err, errno, "cannot mount a tmpfs for the changes of %s", c->name);
    if (mount("none", path, "tmpfs", MS_NODEV, "mode=755") < 0 || mkdir(delta, st.st_mode & 07777) < 0 ||
        chown(delta, st.st_uid, st.st_gid) < 0 || mkdir(work, 0755) < 0)
        return error_set(err, errno, "cannot mount a tmpfs for the changes of %s", c->name);
    return 0;
}

char *copy_new_name(const struct container *from, const char *lxcpath, struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    for (int attempt = 0; attempt < 100; attempt++) {
        unsigned char random[6];
        char suffix[7] = "";
        struct container c = {.lxcpath = lxcpath};

        if (getrandom(random, sizeof(random), 0) != sizeof(random))
            break;
        for (size_t i = 0; i < sizeof(random); i++)
            suffix[i] = letters[random[i] % (sizeof(letters) - 1)];
        char *name = format_string("%s_%s", from->name, suffix);
        c.name = name;
        if (!name || !container_is_defined(&c))
            return name;
        free(name);
    }
    error_text(err, EEXIST, "cannot find a new name for a copy of %s", from->name);
    return NULL;
}

static int rename_check(const struct container *from, const struct container *to, struct error *err)
{
    cleanup_string_list struct string_list copies = {0}, snapshots = {0};
    int r = copy_check_source(from, false, err);

    if (r == 0)
        r = container_check_name(to->name, err);
    if (r == 0)
        r = container_check_text(to->lxcpath, err);
    if (r == 0)
        r = dependents_read(from, &copies, err);
    if (r == 0)
        r = snapshot_names(from, &snapshots, err);
    if (r == 0 && (copies.count || snapshots.count)) {
        error_text(err, EBUSY, "container %s has %s, which refer to it by name", from->name,
                   copies.count ? "clones that depend on it" : "snapshots");
        r = error_remedy(err, "destroy them first");
    }
    return r;
}

/* In the containers that it depends on. */
static int rename_dependents(const struct string_list *pairs, const struct container *name, bool add,
                             struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i + 1 < pairs->count; i += 2) {
        struct container below = {.name = pairs->items[i + 1], .lxcpath = pairs->items[i]};
        r = add ? dependents_add(&below, name, err) : dependents_remove(&below, name, err);
    }
    return r;
}

int container_rename(const struct container *from, const struct container *to, struct error *err)
{
    cleanup_free char *old = container_path(from, NULL), *new = container_path(to, NULL);
    cleanup_string_list struct string_list pairs = {0};
    const struct copy_options o = {.keep_mac = true};
    struct copy_state c = {from, to, &o, NULL, NULL, STRBUF_INIT, {0}};
    cleanup_free char *prepared = NULL;
    cleanup_fd int fd = -1;
    int r = old && new ? rename_check(from, to, err) : copy_out_of_memory(err, from);

    if (r == 0)
        r = rdepends_read(from, &pairs, err);
    if (r == 0)
        r = config_compose(&c, err);
    if (r == 0)
        fd = r = directory_open(old, err);
    if (r >= 0)
        r = rename_dependents(&pairs, to, true, err);
    /* It is on disk before the directory has its new name: between the two renames nothing waits for the
     * disk, so that a power loss finds both or none. */
    if (r == 0) {
        r = file_prepare(fd, "config", strbuf_text(&c.text), c.text.length, 0640, &prepared);
        if (r < 0)
            error_set(err, r, "cannot write the configuration of %s", to->name);
    }
    if (r == 0) {
        r = storage_rename(AT_FDCWD, old, AT_FDCWD, new);
        if (r < 0)
            error_set(err, r, "cannot rename %s to %s", old, new);
        if (r == -EXDEV)
            error_remedy(err, "copy it to the other file system without -R, then destroy it here");
        if (r == 0 && renameat(fd, prepared, fd, "config") < 0)
            r = error_set(err, errno, "cannot write the configuration of %s", to->name);
        if (r < 0)
            unlinkat(fd, prepared, 0);
    }
    if (r == 0)
        r = rename_dependents(&pairs, from, false, err);
    else
        rename_dependents(&pairs, to, false, NULL);
    strbuf_free(&c.text);
    return r;
}
