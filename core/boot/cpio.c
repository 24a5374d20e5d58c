#include "core/boot/cpio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#define FILE_MAX (1U << 30) /* bytes; the form's limit is 4 GiB, the memory of who unpacks it less */

static int put(struct cpio *c, const void *bytes, size_t length)
{
    if (length && fwrite(bytes, length, 1, c->out) != 1)
        return errno ? -errno : -EIO;
    c->length += length;
    return 0;
}

/* Headers and contents begin at multiples of four. */
static int pad(struct cpio *c)
{
    return put(c, "\0\0\0", (size_t)(-c->length & 3));
}

static int put_entry(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes,
                     size_t length)
{
    size_t name_size = strlen(path) + 1;
    char header[111];
    int r;

    if (length > UINT32_MAX)
        return -EFBIG;
    /* magic, then inode, mode, uid, gid, links, time, size, two device numbers, two of a node, name's size,
     * checksum */
    snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", c->count++,
             (unsigned)mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0, (unsigned)length, 0, 0, major(device),
             minor(device), (unsigned)name_size, 0);
    r = put(c, header, sizeof(header) - 1);
    if (r == 0)
        r = put(c, path, name_size);
    if (r == 0)
        r = pad(c);
    if (r == 0)
        r = put(c, bytes, length);
    return r < 0 ? r : pad(c);
}

/* The kernel makes no folder by itself. */
static int put_folders(struct cpio *c, const char *path)
{
    int r = 0;

    for (const char *slash = strchr(path, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
        cleanup_free char *folder = strndup(path, (size_t)(slash - path));

        if (!folder)
            return -ENOMEM;
        if (string_list_has(&c->folders, folder))
            continue;
        r = string_list_add(&c->folders, folder);
        if (r == 0)
            r = put_entry(c, folder, S_IFDIR | 0755, 0, NULL, 0);
    }
    return r;
}

int cpio_add(struct cpio *c, const char *path, mode_t mode, dev_t device, const void *bytes, size_t length)
{
    int r = put_folders(c, path);

    if (r == 0 && S_ISDIR(mode)) {
        if (string_list_has(&c->folders, path))
            return 0;
        r = string_list_add(&c->folders, path);
    }
    return r < 0 ? r : put_entry(c, path, mode, device, bytes, length);
}

static int add_content(struct cpio *c, const char *host_path, const char *path, const struct stat *st)
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

static int add_folder(struct cpio *c, const char *host_path, const char *path, struct error *err)
{
    struct dirent **entries;
    int n = scandir(host_path, &entries, NULL, alphasort), r = 0;

    if (n < 0)
        return error_set(err, errno, "cannot read folder %s", host_path);
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
        return error_text(err, EINVAL, "%s is no folder, and cannot be the root", host_path);
    if (*path)
        r = add_content(c, host_path, path, &st);
    if (r < 0)
        return error_set(err, r, "cannot add %s", host_path);
    return S_ISDIR(st.st_mode) ? add_folder(c, host_path, path, err) : 0;
}

int cpio_end(struct cpio *c)
{
    return put_entry(c, "TRAILER!!!", 0, 0, NULL, 0);
}

void cpio_free(struct cpio *c)
{
    string_list_clear(&c->folders);
}
