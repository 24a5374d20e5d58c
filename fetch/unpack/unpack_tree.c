#include "fetch/unpack/unpack_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/walk.h"

#define MAX_EXCLUDES 65536 /* bytes of patterns */

/* An entry whose names have been checked. */
struct entry {
    const char *path; /* as in the archive, for errors */
    char *inside;     /* relative, without "." and empty parts; "" for the root */
    char *name;       /* its last part, in `inside` */
    int parent;
    uint32_t uid, gid;
    mode_t mode;
    struct timespec mtime;
};

const char *unpack_show(const char *name, char out[static 160])
{
    size_t i = 0;

    for (; name[i] && i < 159; i++)
        out[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    if (name[i])
        memcpy(out + 156, "...", 3);
    out[i] = '\0';
    return out;
}

static int tree_failed(struct error *err, int errnum, const char *doing, const char *path)
{
    char shown[160];

    path += starts_with(path, "./") ? 2 : 0;
    error_set(err, errnum, "cannot %s /%s of the rootfs", doing, unpack_show(path, shown));
    if (errnum == ENOSPC || errnum == EDQUOT)
        return error_remedy(err,
                            "free space on the file system of the container, or use another one with -P");
    return -errnum;
}

static int tree_refused(struct error *err, const char *path, const char *why)
{
    char shown[160];

    error_text(err, EPERM, "the archive's entry %s %s", unpack_show(path, shown), why);
    return error_remedy(err, "it is not a root file system, or it was manipulated");
}

int tree_open(struct tree *t, struct error *err)
{
    const char *line = t->options->excludes;

    while (line && *line) {
        size_t length = strcspn(line, "\n"), skip = 0;

        while (skip < length && (line[skip] == '/' || (line[skip] == '.' && line[skip + 1] == '/')))
            skip++;
        if (length > skip &&
            (strbuf_add(&t->excludes, line + skip, length - skip) < 0 || strbuf_add(&t->excludes, "", 1) < 0))
            return error_set(err, ENOMEM, "cannot store the patterns to exclude");
        if (t->excludes.length > MAX_EXCLUDES)
            return error_text(err, E2BIG, "the patterns to exclude take more than %d bytes", MAX_EXCLUDES);
        line += length + (line[length] != '\0');
    }
    if (t->options->skip_dev && strbuf_add(&t->excludes, "dev/*", sizeof("dev/*")) < 0)
        return error_set(err, ENOMEM, "cannot store the patterns to exclude");
    return 0;
}

void tree_close(struct tree *t)
{
    strbuf_free(&t->excludes);
    close_fd(&t->parent);
    free(t->parent_path);
    directories_free(&t->directories);
    layer_names_free(&t->names);
}

static bool tree_is_excluded(const struct tree *t, const char *inside)
{
    for (size_t at = 0; at < t->excludes.length; at += strlen(t->excludes.text + at) + 1)
        if (fnmatch(t->excludes.text + at, inside, FNM_LEADING_DIR) == 0)
            return true;
    return false;
}

/* Remove the empty and "." parts from a path. NULL with `err` filled if it has "..". */
static char *tree_normalise(const char *path, struct error *err)
{
    char *out = malloc(strlen(path) + 1), *end = out;

    if (!out) {
        error_set(err, ENOMEM, "cannot unpack the archive");
        return NULL;
    }
    while (*path) {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.') {
            free(out);
            return NULL;
        }
        if (length && !(length == 1 && path[0] == '.')) {
            if (end != out)
                *end++ = '/';
            memcpy(end, path, length);
            end += length;
        }
        path += length + (path[length] == '/');
    }
    *end = '\0';
    return out;
}

static int tree_map_owner(const struct tree *t, const char *path, int64_t uid, int64_t gid, struct entry *e,
                          struct error *err)
{
    const struct unpack_options *o = t->options;
    bool known = unpack_map_id(o->uids, o->uid_count, uid, &e->uid) == 0;
    char shown[160];

    if (o->keep_ids || (known && unpack_map_id(o->gids, o->gid_count, gid, &e->gid) == 0))
        return 0;
    error_text(err, EOVERFLOW, "%s belongs to %s %lld, which is not mapped", unpack_show(path, shown),
               known ? "group" : "user", (long long)(known ? gid : uid));
    return error_remedy(err, "map more ids with lxc.idmap");
}

/* A directory without an entry in the archive (so far): owned by root, mode 0755. */
static int tree_create_parent(struct tree *t, int at, const char *name, const char *path, struct error *err)
{
    struct entry e = {0};
    int r = tree_map_owner(t, path, 0, 0, &e, err);

    if (r < 0)
        return r;
    if (mkdirat(at, name, 0755) < 0)
        return errno == EEXIST ? 0 : tree_failed(err, errno, "make", path);
    if (!t->options->keep_ids && fchownat(at, name, e.uid, e.gid, AT_SYMLINK_NOFOLLOW) < 0)
        return tree_failed(err, errno, "set the owner of", path);
    return 0;
}

/* Open the directory `inside`, component by component; none may be a link; missing ones are created. */
static int tree_walk(struct tree *t, const char *inside, struct error *err)
{
    cleanup_free char *path = strdup(inside);
    cleanup_fd int at = dup(t->root);

    if (!path || at < 0)
        return error_set(err, errno, "cannot unpack the archive");
    for (char *part = path, *slash; part; part = slash ? slash + 1 : NULL) {
        int next, r;

        slash = strchr(part, '/');
        if (slash)
            *slash = '\0';
        r = tree_create_parent(t, at, part, inside, err);
        if (r < 0)
            return r;
        next = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
            return tree_refused(err, inside, "has a path with a component that is not a directory");
        if (next < 0)
            return tree_failed(err, errno, "open", inside);
        close_fd(&at);
        at = next;
    }
    return take_fd(&at);
}

/*
 * An O_PATH fd of the directory `inside`, opened without following links; -ENOENT if it does not exist. A
 * path below the directory of the previous entry is opened from there.
 */
static int tree_open_directory(const struct tree *t, const char *inside)
{
    size_t length = t->parent_path ? strlen(t->parent_path) : 0;

    if (length && strncmp(inside, t->parent_path, length) == 0 && inside[length] == '/')
        return directory_open_long(t->parent, inside + length + 1, O_PATH);
    return directory_open_long(t->root, inside, O_PATH);
}

/* Before a layer changes a directory: its mode and time are kept unless the layer has an entry for it. */
static int tree_touch(struct tree *t, int fd, const char *inside, struct error *err)
{
    struct tree_attributes before = {.touched = true};
    struct stat st;

    if (fstat(fd, &st) < 0)
        return tree_failed(err, errno, "look at", inside);
    before.mode = st.st_mode & 07777;
    before.mtime = st.st_mtim;
    return directories_note(&t->directories, inside, &before, err);
}

/*
 * The directory of a layer's entry. Layers below it may have made links of its path: they are followed within
 * the root, as other tools do.
 */
static int tree_open_layer(struct tree *t, const char *inside, struct error *err)
{
    cleanup_fd int fd = rootfs_open(t->root, inside, O_PATH | O_DIRECTORY, 0);
    int r;

    if (fd == -ENOENT)
        fd = tree_walk(t, inside, err);
    else if (fd < 0)
        return tree_failed(err, -fd, "open", inside);
    r = fd < 0 ? fd : tree_touch(t, fd, inside, err);
    return r < 0 ? r : take_fd(&fd);
}

/*
 * The directory of the entry. Archives list the files of a directory together, so the last directory is kept
 * open.
 */
static int tree_open_parent(struct tree *t, struct entry *e, struct error *err)
{
    char *slash = strrchr(e->inside, '/');
    cleanup_free char *path = slash ? strndup(e->inside, (size_t)(slash - e->inside)) : strdup("");
    int fd;

    e->name = slash ? slash + 1 : e->inside;
    if (!path)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    if (!*path) {
        e->parent = t->root;
        return t->options->layer ? tree_touch(t, t->root, "", err) : 0;
    }
    if (!t->parent_path || strcmp(t->parent_path, path) != 0) {
        fd = t->options->layer ? tree_open_layer(t, path, err) : tree_open_directory(t, path);
        if (t->options->layer && fd < 0)
            return fd;
        if (fd == -ENOTDIR || fd == -ELOOP)
            return tree_refused(err, e->path, "has a path with a component that is not a directory");
        if (fd == -ENOENT)
            fd = tree_walk(t, path, err);
        else if (fd < 0)
            return tree_failed(err, -fd, "open the directory of", e->path);
        if (fd < 0)
            return fd;
        close_fd(&t->parent);
        free(t->parent_path);
        t->parent = fd;
        t->parent_path = take_ptr(path);
    }
    e->parent = t->parent;
    return 0;
}

/* A file of that name exists: it is replaced; a directory only by a layer above it. */
static int tree_remove_existing(const struct tree *t, const struct entry *e, struct error *err)
{
    if (unlinkat(e->parent, e->name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno == EISDIR && t->options->layer) {
        int r = remove_tree(e->parent, e->name);

        return r < 0 ? tree_failed(err, -r, "replace", e->path) : 0;
    }
    return errno == EISDIR || errno == EPERM ? tree_refused(err, e->path, "would replace a directory")
                                             : tree_failed(err, errno, "replace", e->path);
}

/* Set the extended attributes in the archive on an open file; for directories, all but the default ACL. */
static int tree_set_xattrs(const struct tree *t, int fd, const struct entry *e, struct archive_entry *entry,
                           struct tree_attributes *directory, struct error *err)
{
    const char *name;
    const void *value;
    size_t length;

    if (archive_entry_xattr_reset(entry) == 0)
        return 0;
    while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
        cleanup_free char *mapped = malloc(length + UNPACK_XATTR_ROOM);
        int r = mapped ? unpack_map_xattr(t->options, name, value, &length, mapped) : -ENOMEM;

        if (r == 1 && directory && strcmp(name, "system.posix_acl_default") == 0) {
            free(directory->acl);
            directory->acl = take_ptr(mapped);
            directory->acl_length = length;
        } else if (r == 1 && fsetxattr(fd, name, mapped, length, 0) < 0) {
            r = -errno;
        }
        /* Not permitted to the user, or not supported by the file system: counted for the caller. */
        if (r == -ENOTSUP || r == -EPERM)
            t->result->xattrs_skipped++;
        else if (r < 0)
            return tree_failed(err, -r, "set the extended attributes of", e->path);
    }
    return 0;
}

static int tree_write_data(int fd, struct archive *a, const struct entry *e, int64_t size, struct error *err)
{
    const void *bytes;
    int64_t offset, end = 0;
    size_t length;
    int r;

    while ((r = archive_read_data_block(a, &bytes, &length, &offset)) == ARCHIVE_OK) {
        const char *from = bytes;

        while (length) {
            ssize_t n = pwrite(fd, from, length, offset);
            if (n < 0 && errno != EINTR)
                return tree_failed(err, errno, "write", e->path);
            if (n > 0) {
                from += n;
                offset += n;
                length -= (size_t)n;
            }
        }
        if (offset > end)
            end = offset;
    }
    if (r != ARCHIVE_EOF)
        return -EBADMSG;
    if (end < size && ftruncate(fd, size) < 0)
        return tree_failed(err, errno, "write", e->path);
    return 0;
}

static int tree_add_file(struct tree *t, struct archive *a, struct archive_entry *entry,
                         const struct entry *e, struct error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    cleanup_fd int fd = openat(e->parent, e->name, flags, 0600);
    const struct timespec times[] = {e->mtime, e->mtime};
    int64_t size = archive_entry_size(entry);
    int r;

    if (fd < 0 && errno == EEXIST) {
        r = tree_remove_existing(t, e, err);
        if (r < 0)
            return r;
        fd = openat(e->parent, e->name, flags, 0600);
    }
    if (fd < 0)
        return tree_failed(err, errno, "make", e->path);
    r = tree_write_data(fd, a, e, size, err);
    if (r < 0)
        return r;
    /* In this order: a new owner clears setuid and capabilities. */
    if (!t->options->keep_ids && fchown(fd, e->uid, e->gid) < 0)
        return tree_failed(err, errno, "set the owner of", e->path);
    r = tree_set_xattrs(t, fd, e, entry, NULL, err);
    if (r < 0)
        return r;
    if (fchmod(fd, e->mode) < 0 || futimens(fd, times) < 0)
        return tree_failed(err, errno, "set mode and time of", e->path);
    t->result->bytes += (uint64_t)size;
    return 0;
}

static void attributes_free(struct tree_attributes *a)
{
    free(a->acl);
}

/* A directory of a lower layer may have attributes that this layer's entry for it lacks. */
static void tree_clear_xattrs(int fd)
{
    char names[4096];
    ssize_t length = flistxattr(fd, names, sizeof(names));

    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1)
        fremovexattr(fd, names + at);
}

static int tree_add_directory(struct tree *t, struct archive_entry *entry, const struct entry *e,
                              struct error *err)
{
    __attribute__((cleanup(attributes_free))) struct tree_attributes d = {.mode = e->mode, .mtime = e->mtime};
    cleanup_fd int fd = -1;
    int r = 0;

    if (*e->inside && mkdirat(e->parent, e->name, 0755) < 0) {
        fd = errno == EEXIST ? openat(e->parent, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                             : -1;
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
            r = tree_remove_existing(t, e, err);
            if (r == 0 && mkdirat(e->parent, e->name, 0755) < 0)
                r = tree_failed(err, errno, "make", e->path);
        } else if (fd < 0) {
            r = tree_failed(err, errno, "make", e->path);
        }
    }
    if (r < 0)
        return r;
    if (fd < 0)
        fd = openat(*e->inside ? e->parent : t->root, *e->inside ? e->name : ".",
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return tree_failed(err, errno, "open", e->path);
    if (!t->options->keep_ids && fchown(fd, e->uid, e->gid) < 0)
        return tree_failed(err, errno, "set the owner of", e->path);
    if (t->options->layer)
        tree_clear_xattrs(fd);
    r = tree_set_xattrs(t, fd, e, entry, &d, err);
    if (r < 0)
        return r;
    return directories_note(&t->directories, e->inside, &d, err);
}

/* Entries whose system call requires that the name does not exist. */
static int tree_create_node(const struct entry *e, struct archive_entry *entry)
{
    unsigned type = archive_entry_filetype(entry);

    if (type == AE_IFLNK)
        return symlinkat(archive_entry_symlink(entry), e->parent, e->name);
    return mknodat(e->parent, e->name, (mode_t)type | 0600, archive_entry_rdev(entry));
}

/* Links, device nodes and FIFOs. */
static int tree_add_node(struct tree *t, struct archive_entry *entry, const struct entry *e,
                         struct error *err)
{
    const struct timespec times[] = {e->mtime, e->mtime};
    bool is_link = archive_entry_filetype(entry) == AE_IFLNK;
    int r;

    if (is_link && !archive_entry_symlink(entry))
        return tree_refused(err, e->path, "is a link without a target");
    if (tree_create_node(e, entry) < 0) {
        if (errno != EEXIST)
            return tree_failed(err, errno, "make", e->path);
        r = tree_remove_existing(t, e, err);
        if (r < 0)
            return r;
        if (tree_create_node(e, entry) < 0)
            return tree_failed(err, errno, "make", e->path);
    }
    if (!t->options->keep_ids && fchownat(e->parent, e->name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return tree_failed(err, errno, "set the owner of", e->path);
    /* It was just created and is not a link, so no link is followed. */
    if ((!is_link && fchmodat(e->parent, e->name, e->mode, 0) < 0) ||
        utimensat(e->parent, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return tree_failed(err, errno, "set mode and time of", e->path);
    return 0;
}

static int tree_add_hard_link(struct tree *t, const char *target, const struct entry *e, struct error *err)
{
    cleanup_free char *inside = tree_normalise(target, err);
    cleanup_fd int fd = -1;
    char *slash;

    if (!inside)
        return tree_refused(err, e->path, "is a hard link to a name with \"..\"");
    slash = strrchr(inside, '/');
    if (slash) {
        *slash = '\0';
        fd = t->options->layer ? rootfs_open(t->root, inside, O_PATH | O_DIRECTORY, 0)
                               : tree_open_directory(t, inside);
        if (fd < 0)
            return tree_refused(err, e->path,
                                "is a hard link to a file that is not in the archive before it");
    }
    for (int attempt = 0;
         linkat(fd < 0 ? t->root : fd, slash ? slash + 1 : inside, e->parent, e->name, 0) < 0; attempt++) {
        int r = errno;

        if (r == ENOENT || r == EPERM)
            return tree_refused(err, e->path,
                                "is a hard link to a file that is not in the archive before it");
        r = r == EEXIST && attempt == 0 ? tree_remove_existing(t, e, err)
                                        : tree_failed(err, r, "link", e->path);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Hide what lower layers have, if the entry says so. Returns 1 if it did, 0 for a plain entry. */
static int tree_hide(struct tree *t, const struct entry *e, struct error *err)
{
    const char *slash = strrchr(e->inside, '/'), *removed = NULL;
    enum layer_entry kind = layer_entry_kind(slash ? slash + 1 : e->inside, &removed);
    cleanup_free char *parent = slash ? strndup(e->inside, (size_t)(slash - e->inside)) : strdup("");
    cleanup_fd int fd = -1;
    int r;

    if (kind == LAYER_ENTRY || kind == LAYER_IGNORED)
        return kind == LAYER_IGNORED;
    if (kind == LAYER_BAD)
        return tree_refused(err, e->path, "removes no file");
    if (!parent)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    fd = rootfs_open(t->root, *parent ? parent : ".", O_PATH | O_DIRECTORY, 0);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return 1;
    if (fd < 0)
        return tree_failed(err, -fd, "open the directory of", e->path);
    r = tree_touch(t, fd, parent, err);
    if (r < 0)
        return r;
    r = layer_hide(&t->names, fd, parent, kind == LAYER_OPAQUE ? NULL : removed);
    return r < 0 ? tree_failed(err, -r, "remove what hides", e->path) : 1;
}

static int tree_add_entry(struct tree *t, struct archive *a, struct archive_entry *entry, struct entry *e,
                          struct error *err)
{
    const char *link = archive_entry_hardlink(entry);
    unsigned type = archive_entry_filetype(entry);
    int r;

    if (!t->options->devices && !link && (type == AE_IFBLK || type == AE_IFCHR)) {
        t->result->devices_skipped++;
        return 0;
    }
    if (!*e->inside && (link || type != AE_IFDIR))
        return tree_refused(err, e->path, "would replace the root directory");
    if (t->options->layer) {
        r = tree_hide(t, e, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    r = tree_open_parent(t, e, err);
    if (r < 0)
        return r;
    if (link)
        r = tree_add_hard_link(t, link, e, err);
    else if (type == AE_IFREG)
        r = tree_add_file(t, a, entry, e, err);
    else if (type == AE_IFDIR)
        r = tree_add_directory(t, entry, e, err);
    else if (type == AE_IFLNK || type == AE_IFBLK || type == AE_IFCHR || type == AE_IFIFO)
        r = tree_add_node(t, entry, e, err);
    else
        r = tree_refused(err, e->path, "is of an unknown type");
    if (r < 0)
        return r;
    t->result->entries++;
    if (t->options->layer && layer_names_add_path(&t->names, e->inside) < 0)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    return 0;
}

int tree_add(struct tree *t, struct archive *a, struct archive_entry *entry, struct error *err)
{
    struct entry e = {.path = archive_entry_pathname(entry),
                      .mode = archive_entry_perm(entry) & 07777,
                      .mtime = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)}};
    cleanup_free char *inside = NULL;
    int64_t size = archive_entry_size(entry);
    int r;

    if (!e.path)
        return error_text(err, EBADMSG, "the archive has an entry without a name");
    if (++t->seen > t->max_entries)
        return error_text(err, E2BIG, "the archive has more than %llu entries",
                          (unsigned long long)t->max_entries);
    if (size < 0 || (uint64_t)size > t->max_bytes - t->claimed)
        return error_text(err, EFBIG, "the files of the archive are larger than %llu bytes in total",
                          (unsigned long long)t->max_bytes);
    if (archive_entry_filetype(entry) == AE_IFREG)
        t->claimed += (uint64_t)size;
    inside = tree_normalise(e.path, err);
    if (!inside)
        return tree_refused(err, e.path, "has \"..\" in its name");
    e.inside = inside;
    if (*inside && tree_is_excluded(t, inside)) {
        t->result->excluded++;
        return 0;
    }
    r = tree_map_owner(t, e.path, archive_entry_uid(entry), archive_entry_gid(entry), &e, err);
    if (r < 0)
        return r;
    /* With keep_ids, these bits would apply to the ids of the user itself. */
    if (t->options->keep_ids)
        e.mode &= ~(mode_t)(S_ISUID | S_ISGID);
    return tree_add_entry(t, a, entry, &e, err);
}

int tree_finish(struct tree *t, struct error *err)
{
    return directories_finish(&t->directories, t->root, t->result, err);
}
