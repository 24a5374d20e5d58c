#include "fetch/registry/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/encoding/sha256.h"
#include "fetch/index/cache.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\": \"1.0.0\"}\n"
#define BLOBS       "blobs/sha256"
#define PARTIAL     "partial"
#define LOCK        "lock"
#define PATH_SIZE   128

void store_close(struct store *s)
{
    close_fd(&s->lock);
    close_fd(&s->fd);
    free(s->path);
    s->path = NULL;
}

static const char *store_blob_path(const struct digest *d, char out[static PATH_SIZE])
{
    snprintf(out, PATH_SIZE, BLOBS "/%s", digest_hex(d));
    return out;
}

static const char *store_partial_path(const struct digest *d, char out[static PATH_SIZE])
{
    snprintf(out, PATH_SIZE, PARTIAL "/%s", digest_hex(d));
    return out;
}

int store_lock_file(const struct store *s, const char *name, int operation, struct error *err)
{
    cleanup_fd int fd = openat(s->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : file_lock(fd, operation);

    return r < 0 ? cache_error(err, r, "lock", s->path) : take_fd(&fd);
}

static int store_make(const char *path, struct error *err)
{
    static const char *const directories[] = {BLOBS, PARTIAL};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(directories); i++) {
        cleanup_free char *directory = format_string("%s/%s", path, directories[i]);

        r = directory ? make_directories(directory, 0755) : -ENOMEM;
    }
    return r < 0 ? cache_error(err, r, "make", path) : 0;
}

int store_open_cache(const char *cache, struct store *out, struct error *err)
{
    cleanup_store struct store s = {.fd = -1, .lock = -1};
    cleanup_free char *base = cache_directory(cache);
    int r;

    s.path = base ? format_string("%s/oci", base) : NULL;
    if (!s.path)
        return error_set(err, ENOMEM, "cannot open the image cache");
    r = store_make(s.path, err);
    if (r < 0)
        return r;
    s.fd = open(s.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s.fd < 0)
        return cache_error(err, errno, "open", s.path);
    s.lock = store_lock_file(&s, LOCK, LOCK_SH, err);
    r = s.lock < 0 ? s.lock : 0;
    if (r == 0 && faccessat(s.fd, LAYOUT_FILE, F_OK, 0) < 0) {
        r = file_replace(s.fd, LAYOUT_FILE, LAYOUT_TEXT, strlen(LAYOUT_TEXT), 0644);
        if (r < 0)
            cache_error(err, r, "make", s.path);
    }
    if (r < 0)
        return r;
    *out = s;
    s = (struct store){.fd = -1, .lock = -1};
    return 0;
}

int store_open_layout(const char *path, struct store *out, struct error *err)
{
    cleanup_store struct store s = {.path = strdup(path), .fd = -1, .lock = -1};

    if (!s.path)
        return error_set(err, ENOMEM, "cannot open %s", path);
    s.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s.fd < 0)
        return error_set(err, errno, "cannot open the image layout %s", path);
    if (faccessat(s.fd, LAYOUT_FILE, F_OK, 0) < 0)
        return error_text(err, EINVAL, "%s is not an OCI image layout: it has no file \"" LAYOUT_FILE "\"",
                          path);
    *out = s;
    s = (struct store){.fd = -1, .lock = -1};
    return 0;
}

int store_open_blob(const struct store *s, const struct digest *digest, uint64_t *size)
{
    char path[PATH_SIZE];
    cleanup_fd int fd =
        rootfs_open(s->fd, store_blob_path(digest, path), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    struct stat st;
    int taken;

    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    *size = (uint64_t)st.st_size;
    taken = fd;
    fd = -1;
    return taken;
}

int store_read(const struct store *s, const struct digest *digest, size_t max, struct strbuf *out,
               struct error *err)
{
    uint64_t size = 0;
    cleanup_fd int fd = store_open_blob(s, digest, &size);
    cleanup_free char *bytes = NULL;
    struct digest is;
    ssize_t n;

    if (fd < 0)
        return error_set(err, fd, "cannot read the blob %s in %s", digest->text, s->path);
    if (size > max)
        return error_text(err, EFBIG, "the blob %s in %s has more than %zu bytes", digest->text, s->path,
                          max);
    bytes = malloc((size_t)size + 1);
    n = bytes ? read_all(fd, bytes, (size_t)size) : -ENOMEM;
    if (n < 0)
        return error_set(err, (int)n, "cannot read the blob %s in %s", digest->text, s->path);
    is = digest_of_bytes(bytes, (size_t)n);
    if (!digest_equal(&is, digest)) {
        error_text(err, EBADMSG, "the blob %s in %s is damaged: its digest is %s", digest->text, s->path,
                   is.text);
        return error_remedy(err, "remove it and run the command again");
    }
    return strbuf_add(out, bytes, (size_t)n) < 0 ? error_set(err, ENOMEM, "cannot read %s", s->path) : 0;
}

int store_put(const struct store *s, const struct digest *digest, const void *bytes, size_t length,
              struct error *err)
{
    char path[PATH_SIZE];
    int r = file_replace(s->fd, store_blob_path(digest, path), bytes, length, 0644);

    return r < 0 ? cache_error(err, r, "write into", s->path) : 0;
}

/* Whether an open file is still the one that has the name. */
static bool partial_has_name(const struct store *s, const char *path, int fd)
{
    struct stat by_name, by_fd;

    return fstatat(s->fd, path, &by_name, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &by_fd) == 0 &&
           by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

int store_begin(const struct store *s, const struct digest *digest, struct store_partial *out,
                struct error *err)
{
    char path[PATH_SIZE], blob[PATH_SIZE];

    store_partial_path(digest, path);
    store_blob_path(digest, blob);
    for (;;) {
        cleanup_fd int fd = openat(s->fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
        off_t end;
        int r;

        if (fd < 0)
            return cache_error(err, errno, "write into", s->path);
        r = file_lock(fd, LOCK_EX);
        if (r < 0)
            return cache_error(err, r, "lock", s->path);
        if (!partial_has_name(s, path, fd)) /* another process has completed or discarded it */
            continue;
        if (faccessat(s->fd, blob, F_OK, 0) == 0) {
            unlinkat(s->fd, path, 0);
            return 0;
        }
        end = lseek(fd, 0, SEEK_END);
        if (end < 0)
            return cache_error(err, errno, "read", s->path);
        *out = (struct store_partial){fd, (uint64_t)end};
        fd = -1;
        return 1;
    }
}

void store_end(const struct store_partial *p)
{
    flock(p->fd, LOCK_UN);
}

int store_commit(const struct store *s, const struct digest *digest, const struct store_partial *p,
                 struct error *err)
{
    char path[PATH_SIZE], blob[PATH_SIZE];

    if (fdatasync(p->fd) < 0 ||
        renameat(s->fd, store_partial_path(digest, path), s->fd, store_blob_path(digest, blob)) < 0)
        return cache_error(err, errno, "write into", s->path);
    return 0;
}

void store_discard(const struct store *s, const struct digest *digest)
{
    char path[PATH_SIZE];

    unlinkat(s->fd, store_partial_path(digest, path), 0);
}

static int store_add_bytes(const struct store *s, int fd, store_source *read, void *context,
                           struct descriptor *out, struct error *err)
{
    unsigned char sum[SHA256_SIZE];
    struct sha256 sha;
    const void *bytes;
    ssize_t n;

    sha256_init(&sha);
    *out = (struct descriptor){0};
    while ((n = read(context, &bytes, err)) > 0) {
        int r = write_all(fd, bytes, (size_t)n);

        if (r < 0)
            return cache_error(err, r, "write into", s->path);
        sha256_update(&sha, bytes, (size_t)n);
        out->size_bytes += (uint64_t)n;
    }
    sha256_out(&sha, sum);
    out->digest = digest_of_sum(sum);
    return (int)n;
}

int store_add(const struct store *s, store_source *read, void *context, struct descriptor *out, bool *added,
              struct error *err)
{
    cleanup_fd int directory = openat(s->fd, PARTIAL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                   fd = -1;
    char path[PATH_SIZE], name[64];
    int r;

    if (directory >= 0)
        fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0)
        return cache_error(err, errno, "write into", s->path);
    r = store_add_bytes(s, fd, read, context, out, err);
    if (r < 0)
        return r;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    *added = linkat(AT_FDCWD, name, s->fd, store_blob_path(&out->digest, path), AT_SYMLINK_FOLLOW) == 0;
    return *added || errno == EEXIST ? 0 : cache_error(err, errno, "write into", s->path);
}

void store_remove(const struct store *s, const struct digest *digest)
{
    char path[PATH_SIZE];

    unlinkat(s->fd, store_blob_path(digest, path), 0);
}
