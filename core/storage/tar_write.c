#include "core/storage/tar_write.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/walk.h"
#include "core/config/idmap.h"

#define BLOCK   512
#define BUCKETS 1024

/* A file with several hard links, and its first name in the archive. */
struct linked {
    struct linked *next;
    dev_t device;
    ino_t inode;
    char path[];
};

struct writing {
    struct tar *tar;
    const struct config *config;
    struct archive_entry *entry;
    struct walk walk;
    struct strbuf path; /* "./etc/passwd" */
    struct linked *linked[BUCKETS];
    struct error *err;
};

static int tar_error(struct writing *w, int errnum, const char *doing)
{
    return error_set(w->err, errnum, "cannot %s %s", doing, strbuf_text(&w->path));
}

/* --- The archive, written by libarchive --- */

static la_ssize_t tar_pass_on(struct archive *a, void *context, const void *bytes, size_t length)
{
    struct tar *t = context;

    if (t->freed)
        return -1;
    t->r = t->sink.put(t->sink.context, bytes, length);
    if (t->r < 0)
        archive_set_error(a, -t->r, "cannot write");
    return t->r < 0 ? -1 : (la_ssize_t)length;
}

/* Convert a result of libarchive to 0 or a negative errno. A warning means that a name is not UTF-8; it is
 * written unchanged. */
static int tar_result(struct tar *t, la_ssize_t answer)
{
    if (answer >= ARCHIVE_WARN)
        return 0;
    if (t->r < 0)
        return t->r;
    return archive_errno(t->archive) > 0 ? -archive_errno(t->archive) : -EIO;
}

/* No blocking, so that all bytes of an entry have been passed on at its end. */
int tar_begin(struct tar *t, const struct tar_sink *sink)
{
    struct archive *a = archive_write_new();

    *t = (struct tar){.sink = *sink, .archive = a};
    /* Otherwise libarchive marks names with bytes above 127 as binary. */
    t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    if (!a || !t->utf8)
        return -ENOMEM;
    t->outer = uselocale(t->utf8);
    if (archive_write_set_format_pax(a) != ARCHIVE_OK ||
        archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(a, 0) != ARCHIVE_OK ||
        archive_write_open(a, t, NULL, tar_pass_on, NULL) != ARCHIVE_OK)
        return tar_result(t, ARCHIVE_FATAL);
    return 0;
}

int tar_end(struct tar *t)
{
    return tar_result(t, archive_write_close(t->archive));
}

void tar_free(struct tar *t)
{
    /* libarchive completes an incomplete archive; the sink must not get that. */
    t->freed = true;
    archive_write_free(t->archive);
    if (t->outer)
        uselocale(t->outer);
    if (t->utf8)
        freelocale(t->utf8);
    *t = (struct tar){0};
}

static void entry_set_file(struct archive_entry *entry, const char *name, uint64_t size, time_t now)
{
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_mtime(entry, now, 0);
}

int tar_put_file(struct tar *t, const char *name, const void *bytes, size_t length)
{
    struct archive_entry *entry = archive_entry_new();
    int r;

    if (!entry)
        return -ENOMEM;
    entry_set_file(entry, name, length, time(NULL));
    r = tar_result(t, archive_write_header(t->archive, entry));
    if (r == 0 && length)
        r = tar_result(t, archive_write_data(t->archive, bytes, length));
    if (r == 0)
        r = tar_result(t, archive_write_finish_entry(t->archive));
    archive_entry_free(entry);
    return r;
}

/* In the GNU format, a header has the same length for any size. */
int tar_file_header(const char *name, uint64_t size, time_t now, struct strbuf *out)
{
    struct archive_entry *entry = archive_entry_new();
    struct archive *a = archive_write_new();
    char header[8 * BLOCK];
    size_t used = 0;
    int r = -ENOMEM;

    if (entry && a) {
        entry_set_file(entry, name, size, now);
        r = archive_write_set_format_gnutar(a) == ARCHIVE_OK &&
                    archive_write_set_bytes_per_block(a, 0) == ARCHIVE_OK &&
                    archive_write_open_memory(a, header, sizeof(header), &used) == ARCHIVE_OK &&
                    archive_write_header(a, entry) == ARCHIVE_OK
                ? 0
                : -EIO;
    }
    if (r == 0) {
        strbuf_free(out);
        r = strbuf_add(out, header, used);
    }
    archive_entry_free(entry);
    archive_write_free(a);
    return r;
}

/* --- A tree of files --- */

static bool is_kept(const char *name)
{
    return starts_with(name, "user.") || strcmp(name, "security.capability") == 0 ||
           starts_with(name, "system.posix_acl_");
}

/* Remove the root id of version 3, capabilities(7): it belongs to the container's user namespace. */
static ssize_t plain_capability(unsigned char *value, ssize_t length)
{
    if (length != XATTR_CAPS_SZ_3 || value[3] != VFS_CAP_REVISION_3 >> 24)
        return length;
    value[3] = VFS_CAP_REVISION_2 >> 24;
    return XATTR_CAPS_SZ_2;
}

static int add_xattrs(struct writing *w, int fd)
{
    cleanup_free char *names = malloc(XATTR_LIST_MAX), *value = malloc(XATTR_SIZE_MAX);
    ssize_t length = names && value ? flistxattr(fd, names, XATTR_LIST_MAX) : -1;

    if (!names || !value)
        return tar_error(w, ENOMEM, "read");
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t n = is_kept(name) ? fgetxattr(fd, name, value, XATTR_SIZE_MAX) : -1;

        if (n >= 0 && strcmp(name, "security.capability") == 0)
            n = plain_capability((unsigned char *)value, n);
        /* ACLs contain ids: with mapped ids, these would be ids of the host. */
        if (n >= 0 && !(w->config->idmap_count && starts_with(name, "system.")))
            archive_entry_xattr_add_entry(w->entry, name, value, (size_t)n);
    }
    return 0;
}

/* Add the parts of a file with data: one part if there are no holes or the file system does not report them.
 */
static void add_holes(struct writing *w, int fd, off_t size)
{
    off_t at = 0, end;

    if (lseek(fd, 0, SEEK_HOLE) >= size)
        return;
    while (at < size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
        end = lseek(fd, at, SEEK_HOLE);
        if (end < 0 || end > size)
            end = size;
        archive_entry_sparse_add_entry(w->entry, at, end - at);
        at = end;
    }
    /* A hole at the end is represented by an empty part. */
    if (at < 0)
        archive_entry_sparse_add_entry(w->entry, size, 0);
}

/* Write the contents; libarchive requires the bytes of holes, too, but omits them. */
static int put_content(struct writing *w, int fd, off_t size)
{
    const size_t room = 1 << 17;
    cleanup_free char *bytes = malloc(room), *zeros = calloc(1, room);
    off_t done = 0, data = 0;
    int r = 0;

    if (!bytes || !zeros)
        return tar_error(w, ENOMEM, "read");
    while (r == 0 && done < size) {
        size_t length = size - done < (off_t)room ? (size_t)(size - done) : room;
        const char *from = bytes;

        if (data <= done) {
            data = lseek(fd, done, SEEK_DATA);
            if (data < 0)
                data = errno == ENXIO ? size : done;
        }
        if (data > done) {
            from = zeros;
            if (length > (size_t)(data - done))
                length = (size_t)(data - done);
        } else {
            ssize_t n = pread(fd, bytes, length, done);

            if (n < 0)
                return tar_error(w, errno, "read");
            if (n == 0) /* the file was truncated: the header has a larger size */
                from = zeros;
            else
                length = (size_t)n;
        }
        r = tar_result(w->tar, archive_write_data(w->tar->archive, from, length));
        done += (off_t)length;
    }
    return r < 0 ? tar_error(w, r, "write") : 0;
}

static int put_header(struct writing *w)
{
    int r = tar_result(w->tar, archive_write_header(w->tar->archive, w->entry));

    return r < 0 ? tar_error(w, r, "write") : 0;
}

/* Returns the file's first name in the archive, or NULL and records this one. */
static const char *first_name(struct writing *w, const struct stat *st)
{
    struct linked **bucket = &w->linked[(st->st_ino ^ st->st_dev) % BUCKETS], *l = *bucket;

    while (l && (l->inode != st->st_ino || l->device != st->st_dev))
        l = l->next;
    if (l)
        return l->path;
    l = malloc(sizeof(*l) + w->path.length + 1);
    if (l) { /* without memory, a second copy of the file is written instead of a link */
        *l = (struct linked){*bucket, st->st_dev, st->st_ino};
        memcpy(l->path, w->path.text, w->path.length + 1);
        *bucket = l;
    }
    return NULL;
}

static int set_owner(struct writing *w, const struct stat *st)
{
    uint32_t uid = st->st_uid, gid = st->st_gid;

    if (w->config->idmap_count && (idmap_to_container(w->config, false, st->st_uid, &uid) < 0 ||
                                   idmap_to_container(w->config, true, st->st_gid, &gid) < 0)) {
        error_text(w->err, EOVERFLOW, "%s belongs to %u:%u, which lxc.idmap does not map",
                   strbuf_text(&w->path), st->st_uid, st->st_gid);
        return error_remedy(w->err, "give it to an id of the container");
    }
    archive_entry_set_uid(w->entry, uid);
    archive_entry_set_gid(w->entry, gid);
    return 0;
}

static int set_path(struct writing *w)
{
    w->path.length = 0;
    return strbuf_printf(&w->path, w->walk.path.length ? "./%s" : ".", strbuf_text(&w->walk.path)) < 0
               ? tar_error(w, ENOMEM, "read")
               : 0;
}

/* Set what all types of files have. Returns 1, or 0 if this is a hard link, whose header has been written. */
static int begin_entry(struct writing *w, const struct stat *st)
{
    const char *first;
    int r;

    archive_entry_clear(w->entry);
    archive_entry_set_pathname(w->entry, strbuf_text(&w->path));
    archive_entry_set_mode(w->entry, st->st_mode);
    archive_entry_set_mtime(w->entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    r = set_owner(w, st);
    if (r < 0)
        return r;
    if (S_ISDIR(st->st_mode) || st->st_nlink <= 1 || !(first = first_name(w, st)))
        return 1;
    archive_entry_set_hardlink(w->entry, first);
    return put_header(w);
}

/* The file that a mount covers cannot be read: an empty one takes its place. */
static int put_mount_point(struct writing *w, const struct stat *st)
{
    struct stat empty = *st;
    int r;

    empty.st_mode = S_IFREG | (st->st_mode & 0777);
    empty.st_nlink = 1;
    r = begin_entry(w, &empty);
    archive_entry_set_size(w->entry, 0);
    return r < 0 ? r : put_header(w);
}

static int put_link(struct writing *w)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(w->walk.fd, w->walk.name, target, sizeof(target) - 1);

    if (n < 0)
        return tar_error(w, errno, "read");
    target[n] = '\0';
    archive_entry_set_symlink(w->entry, target);
    return put_header(w);
}

static int put_file(struct writing *w, const struct stat *st)
{
    cleanup_fd int fd =
        openat(w->walk.fd, w->walk.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int r = fd < 0 ? tar_error(w, errno, "read") : add_xattrs(w, fd);

    if (r < 0)
        return r;
    archive_entry_set_size(w->entry, st->st_size);
    add_holes(w, fd, st->st_size);
    r = put_header(w);
    return r == 0 ? put_content(w, fd, st->st_size) : r;
}

/* The directory is entered, unless it is the mount point of another mount. */
static int put_directory(struct writing *w)
{
    int r = walk_enter(&w->walk);

    if (r < 0 && r != -EXDEV)
        return tar_error(w, r, "read");
    if (r == 0)
        r = add_xattrs(w, w->walk.fd);
    return r < 0 && r != -EXDEV ? r : put_header(w);
}

static int put_entry(struct writing *w)
{
    struct stat st;
    int r = set_path(w);

    if (r == 0 && fstatat(w->walk.fd, w->walk.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        r = tar_error(w, errno, "read");
    if (r < 0)
        return r;
    if (!S_ISDIR(st.st_mode) && (r = walk_is_mount(&w->walk)) != 0)
        return r < 0 ? tar_error(w, r, "read") : put_mount_point(w, &st);
    if (S_ISSOCK(st.st_mode))
        return 0;
    r = begin_entry(w, &st);
    if (r <= 0)
        return r;
    if (S_ISDIR(st.st_mode))
        return put_directory(w);
    if (S_ISREG(st.st_mode))
        return put_file(w, &st);
    if (S_ISLNK(st.st_mode))
        return put_link(w);
    archive_entry_set_rdev(w->entry, S_ISFIFO(st.st_mode) ? 0 : st.st_rdev);
    return put_header(w);
}

/* The root directory, then all other entries, each directory before its entries. */
static int put_all(struct writing *w, int rootfd)
{
    struct stat st;
    int r = walk_begin(&w->walk, rootfd, -1);

    if (r == 0)
        r = fstat(rootfd, &st) < 0 ? -errno : 0;
    if (r < 0)
        return tar_error(w, r, "read");
    r = begin_entry(w, &st);
    if (r > 0)
        r = add_xattrs(w, rootfd);
    if (r == 0)
        r = put_header(w);
    while (r == 0 && (r = walk_next(&w->walk)) >= 0) {
        if (r == 0 && w->walk.depth == 1)
            return 0;
        if (r == 0)
            r = walk_leave(&w->walk) < 0 ? tar_error(w, ESTALE, "read") : 0;
        else
            r = put_entry(w);
        if (r < 0)
            return r;
    }
    return r < 0 ? tar_error(w, r, "read") : 0;
}

int tar_put_tree(struct tar *t, int rootfd, const struct config *config, struct error *err)
{
    struct writing *w = calloc(1, sizeof(*w));
    int r;

    if (w)
        w->entry = archive_entry_new();
    if (!w || !w->entry || strbuf_puts(&w->path, ".") < 0) {
        r = error_set(err, ENOMEM, "cannot write an archive");
    } else {
        w->tar = t;
        w->config = config;
        w->err = err;
        w->walk = (struct walk)WALK_INIT;
        r = put_all(w, rootfd);
        if (r == 0 && (r = tar_result(t, archive_write_finish_entry(t->archive))) < 0)
            error_set(err, r, "cannot write an archive");
    }
    for (size_t i = 0; w && i < BUCKETS; i++) {
        while (w->linked[i]) {
            struct linked *next = w->linked[i]->next;
            free(w->linked[i]);
            w->linked[i] = next;
        }
    }
    if (w) {
        archive_entry_free(w->entry);
        strbuf_free(&w->path);
        walk_end(&w->walk);
    }
    free(w);
    return r;
}
