#include "core/boot/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define FILE_MAX                                                                                             \
    (1U << 30) /* bytes; the limit of the format is 4 GiB, but the archive must fit into memory */

static la_ssize_t cpio_pass_on(struct archive *a, void *context, const void *bytes, size_t length)
{
    struct cpio *c = context;

    if (c->freed || fwrite(bytes, length, 1, c->out) != 1) {
        archive_set_error(a, errno ? errno : EIO, "cannot write");
        return -1;
    }
    return (la_ssize_t)length;
}

static int cpio_result(struct cpio *c, la_ssize_t answer)
{
    if (answer >= ARCHIVE_WARN)
        return 0;
    return c->archive && archive_errno(c->archive) > 0 ? -archive_errno(c->archive) : -EIO;
}

static int cpio_begin(struct cpio *c)
{
    c->archive = archive_write_new();
    c->entry = archive_entry_new();
    if (!c->archive || !c->entry)
        return -ENOMEM;
    if (archive_write_set_format_cpio_newc(c->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(c->archive, 0) != ARCHIVE_OK)
        return -EIO;
    return cpio_result(c, archive_write_open(c->archive, c, NULL, cpio_pass_on, NULL));
}

static int cpio_put_entry(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes,
                          size_t length)
{
    cleanup_free char *target = S_ISLNK(mode) ? strndup(bytes, length) : NULL;
    int r = c->archive ? 0 : cpio_begin(c);

    if (r == 0 && S_ISLNK(mode) && !target)
        r = -ENOMEM;
    if (r < 0)
        return r;
    archive_entry_clear(c->entry);
    archive_entry_set_pathname(c->entry, path);
    archive_entry_set_mode(c->entry, mode);
    archive_entry_set_ino(c->entry, c->count++);
    archive_entry_set_nlink(c->entry, S_ISDIR(mode) ? 2 : 1);
    archive_entry_set_mtime(c->entry, 0, 0);
    archive_entry_set_size(c->entry, S_ISREG(mode) ? (la_int64_t)length : 0);
    if (S_ISCHR(mode) || S_ISBLK(mode))
        archive_entry_set_rdev(c->entry, device);
    if (target)
        archive_entry_set_symlink(c->entry, target);
    r = cpio_result(c, archive_write_header(c->archive, c->entry));
    if (r == 0 && S_ISREG(mode) && length)
        r = cpio_result(c, archive_write_data(c->archive, bytes, length));
    return r == 0 ? cpio_result(c, archive_write_finish_entry(c->archive)) : r;
}

/* The kernel does not create parent directories. */
static int cpio_put_directories(struct cpio *c, const char *path)
{
    int r = 0;

    for (const char *slash = strchr(path, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
        cleanup_free char *directory = strndup(path, (size_t)(slash - path));

        if (!directory)
            return -ENOMEM;
        if (string_list_has(&c->directories, directory))
            continue;
        r = string_list_add(&c->directories, directory);
        if (r == 0)
            r = cpio_put_entry(c, directory, S_IFDIR | 0755, 0, NULL, 0);
    }
    return r;
}

int cpio_add(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes, size_t length)
{
    int r = cpio_put_directories(c, path);

    if (r == 0 && S_ISDIR(mode)) {
        if (string_list_has(&c->directories, path))
            return 0;
        r = string_list_add(&c->directories, path);
    }
    return r < 0 ? r : cpio_put_entry(c, path, mode, device, bytes, length);
}

static int cpio_add_content(struct cpio *c, const char *host_path, const char *path, const struct stat *st)
{
    cleanup_free char *bytes = NULL;
    char target[PATH_MAX];
    size_t length = 0;
    ssize_t n = 0;
    int r = 0;

    if (S_ISREG(st->st_mode))
        r = file_read(AT_FDCWD, host_path, FILE_MAX, &bytes, &length);
    if (S_ISLNK(st->st_mode))
        n = readlink(host_path, target, sizeof(target));
    if (r < 0 || n < 0)
        return r < 0 ? r : -errno;
    if (S_ISLNK(st->st_mode))
        return cpio_add(c, path, st->st_mode, 0, target, (size_t)n);
    return cpio_add(c, path, st->st_mode, st->st_rdev, bytes, length);
}

static int cpio_add_directory(struct cpio *c, const char *host_path, const char *path, struct error *err)
{
    struct dirent **entries;
    int n = scandir(host_path, &entries, NULL, alphasort), r = 0;

    if (n < 0)
        return error_set(err, errno, "cannot read directory %s", host_path);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;

        if (r == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            cleanup_free char *from = format_string("%s/%s", host_path, name);
            cleanup_free char *to = format_string("%s%s%s", path, *path ? "/" : "", name);

            r = from && to ? cpio_add_from(c, from, to, err) : error_set(err, ENOMEM, "cannot add %s", name);
        }
        free(entries[i]);
    }
    free(entries);
    return r;
}

int cpio_add_from(struct cpio *c, const char *host_path, const char *path, struct error *err)
{
    struct stat st;
    int r = 0;

    if (lstat(host_path, &st) < 0)
        return error_set(err, errno, "cannot add %s", host_path);
    if (S_ISSOCK(st.st_mode))
        return 0;
    if (!*path && !S_ISDIR(st.st_mode))
        return error_text(err, EINVAL, "%s is not a directory and cannot be the root", host_path);
    if (*path)
        r = cpio_add_content(c, host_path, path, &st);
    if (r < 0)
        return error_set(err, r, "cannot add %s", host_path);
    return S_ISDIR(st.st_mode) ? cpio_add_directory(c, host_path, path, err) : 0;
}

int cpio_end(struct cpio *c)
{
    int r = c->archive ? 0 : cpio_begin(c);

    return r == 0 ? cpio_result(c, archive_write_close(c->archive)) : r;
}

void cpio_free(struct cpio *c)
{
    /* libarchive finishes an unfinished archive; that output is discarded. */
    c->freed = true;
    archive_write_free(c->archive);
    archive_entry_free(c->entry);
    string_list_clear(&c->directories);
}
