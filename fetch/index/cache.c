#include "fetch/index/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "fetch/index/catalog.h"
#include "fetch/index/index.h"

#define ROOTFS "rootfs.tar.xz"
#define BUILD  "build_id"
/* The URL of the rootfs and, during the download, the validator on a second line. */
#define ORIGIN "origin"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

void cache_close(struct cache *c)
{
    close_fd(&c->lock);
    close_fd(&c->parent);
    free(c->path);
    free(c->variant);
    c->path = c->variant = NULL;
}

/* ".VARIANT.SUFFIX" beside the directory of the image. */
static const char *cache_name_beside(const struct cache *c, const char *suffix, char out[static 192])
{
    snprintf(out, 192, ".%s.%s", c->variant, suffix);
    return out;
}

char *cache_directory(const char *directory)
{
    const char *variable = getenv("LXC_CACHE_PATH"), *home = getenv("HOME");

    if (directory)
        return strdup(directory);
    if (variable && *variable)
        return strdup(variable);
    if (geteuid() == 0)
        return strdup("/var/cache/lxc");
    return format_string("%s/.cache/lxc", home ? home : "");
}

int cache_error(struct error *err, int code, const char *doing, const char *path)
{
    error_set(err, code, "cannot %s the image cache %s", doing, path);
    code = code < 0 ? -code : code;
    if (code == ENOSPC || code == EDQUOT)
        error_remedy(err, "free space there, or set LXC_CACHE_PATH to another directory");
    else if (code == EROFS || code == EACCES || code == EPERM)
        error_remedy(err, "set LXC_CACHE_PATH to a writable directory");
    return -code;
}

int cache_open(const char *directory, const struct image_name *name, struct cache *out, struct error *err)
{
    const char *names[] = {name->dist, name->release, name->arch, name->variant};
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_free char *base = cache_directory(directory), *parent = NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (!image_name_is_safe(names[i]))
            return error_text(err, EINVAL, "\"%.100s\" cannot be part of an image's name", names[i]);
    if (base)
        parent = format_string("%s/download/%s/%s/%s", base, name->dist, name->release, name->arch);
    c.variant = strdup(name->variant);
    if (parent)
        c.path = format_string("%s/%s", parent, name->variant);
    if (!c.path || !c.variant)
        return error_set(err, ENOMEM, "cannot open the image cache");
    c.parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c.parent < 0 && errno != ENOENT)
        return cache_error(err, errno, "open", parent);
    *out = c;
    c = (struct cache){.parent = -1, .lock = -1};
    return 0;
}

int cache_make(struct cache *c, struct error *err)
{
    cleanup_free char *parent = strndup(c->path, strlen(c->path) - strlen(c->variant) - 1);
    int r;

    if (c->parent >= 0)
        return 0;
    r = parent ? make_directories(parent, 0755) : -ENOMEM;
    if (r)
        return cache_error(err, r, "make", c->path);
    c->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return c->parent < 0 ? cache_error(err, errno, "open", parent) : 0;
}

int cache_lock(struct cache *c, const struct image_events *events, struct error *err)
{
    char name[192];
    cleanup_fd int fd = openat(c->parent, cache_name_beside(c, "lock", name),
                               O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r;

    if (fd < 0)
        return cache_error(err, errno, "lock", c->path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return cache_error(err, errno, "lock", c->path);
        catalog_status(events, "Waiting for another download of the same image");
        r = file_lock(fd, LOCK_EX);
        if (r < 0)
            return cache_error(err, r, "lock", c->path);
    }
    c->lock = take_fd(&fd);
    return 0;
}

void cached_image_close(struct cached_image *image)
{
    close_fd(&image->rootfs);
    free(image->build);
    image->build = NULL;
    free(image->origin);
    image->origin = NULL;
    meta_files_free(&image->files);
}

/* The first line of a text, in place. */
static char *cache_first_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static int cache_read_image(const struct cache *c, struct cached_image *out, struct error *err)
{
    cleanup_fd int dir = openat(c->parent, c->variant, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_cached_image struct cached_image image = {.rootfs = -1};
    int r;

    if (c->parent < 0)
        return 0;
    if (dir < 0)
        return errno == ENOENT ? 0 : cache_error(err, errno, "read", c->path);
    r = file_read(dir, BUILD, 256, &image.build, NULL);
    if (!r)
        image.rootfs = openat(dir, ROOTFS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (r || image.rootfs < 0) {
        r = r ? r : -errno;
        return r == -ENOENT ? 0 : cache_error(err, r, "read", c->path);
    }
    cache_first_line(image.build);
    if (file_read(dir, ORIGIN, URL_MAX, &image.origin, NULL) == 0)
        cache_first_line(image.origin);
    r = meta_read_directory(dir, c->path, &image.files, err);
    if (r)
        return r;
    *out = image;
    image = (struct cached_image){.rootfs = -1};
    return 1;
}

int cache_read(const struct cache *c, struct cached_image *out, struct error *err)
{
    int found = cache_read_image(c, out, err);

    /* The image may have been replaced between opening its directory and opening its files. */
    if (found == 1)
        return 1;
    error_clear(err);
    return cache_read_image(c, out, err);
}

bool cached_image_expired(const struct cached_image *image, const char *mode, int64_t now)
{
    const char *text = meta_find(&image->files, "expiry", mode);

    return text && strtoll(text, NULL, 10) < now;
}

int cache_flush(struct cache *c, struct error *err)
{
    int r = remove_tree(c->parent, c->variant);

    cache_discard(c);
    return r ? cache_error(err, r, "flush", c->path) : 0;
}

void partial_close(struct partial *p)
{
    close_fd(&p->dir);
    close_fd(&p->rootfs);
    free(p->validator);
    p->validator = NULL;
}

/* Whether the partial download is one of this URL, and its validator. */
static bool cache_is_of(int dir, const char *url, char **validator)
{
    cleanup_free char *text = NULL;
    char *line;

    if (file_read(dir, ORIGIN, 16384, &text, NULL) < 0)
        return false;
    line = strchr(text, '\n');
    if (line)
        *line++ = '\0';
    if (strcmp(text, url) != 0)
        return false;
    *validator = line && *line ? strdup(cache_first_line(line)) : NULL;
    return true;
}

int cache_begin(const struct cache *c, const char *url, struct partial *out, struct error *err)
{
    cleanup_partial struct partial p = {.dir = -1, .rootfs = -1};
    char name[192];
    struct stat st;

    cache_name_beside(c, "partial", name);
    for (int tries = 0; tries < 2; tries++) {
        if (mkdirat(c->parent, name, 0755) < 0 && errno != EEXIST)
            return cache_error(err, errno, "write into", c->path);
        close_fd(&p.dir);
        p.dir = openat(c->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p.dir >= 0 && (tries == 1 || cache_is_of(p.dir, url, &p.validator)))
            break;
        cache_discard(c);
    }
    if (p.dir >= 0)
        p.rootfs = openat(p.dir, ROOTFS, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (p.rootfs < 0 || fstat(p.rootfs, &st) < 0)
        return cache_error(err, errno, "write into", c->path);
    p.have = (uint64_t)st.st_size;
    *out = p;
    p = (struct partial){.dir = -1, .rootfs = -1};
    return 0;
}

int cache_note(const struct cache *c, const struct partial *p, const char *url, const char *validator,
               struct error *err)
{
    cleanup_free char *text =
        format_string("%s\n%s%s", url, validator ? validator : "", validator ? "\n" : "");
    int r = text ? file_replace(p->dir, ORIGIN, text, strlen(text), 0644) : -ENOMEM;

    return r ? cache_error(err, r, "write into", c->path) : 0;
}

static int cache_write_build(int dir, const char *build)
{
    cleanup_free char *line = format_string("%s\n", build);

    return line ? file_replace(dir, BUILD, line, strlen(line), 0644) : -ENOMEM;
}

int cache_commit(struct cache *c, const struct partial *p, const struct meta_files *files, const char *build,
                 struct error *err)
{
    char name[192];
    int r = 0;

    cache_name_beside(c, "partial", name);
    if (fsync(p->rootfs) < 0)
        return cache_error(err, errno, "write into", c->path);
    r = meta_write_directory(p->dir, files, err);
    if (r)
        return r;
    r = cache_write_build(p->dir, build);
    if (r)
        return cache_error(err, r, "write into", c->path);
    fsync(p->dir);
    /* Uses the system call, because this version of musl does not have a function for it. The former image
     * then has the name of the partial one. */
    if (syscall(SYS_renameat2, c->parent, name, c->parent, c->variant, RENAME_EXCHANGE) == 0) {
        cache_discard(c);
    } else {
        /* There is no former image, or the file system does not support the exchange: then the image is
         * missing for a moment. */
        remove_tree(c->parent, c->variant);
        if (renameat(c->parent, name, c->parent, c->variant) < 0)
            return cache_error(err, errno, "write into", c->path);
    }
    fsync(c->parent);
    return 0;
}

void cache_discard(const struct cache *c)
{
    char name[192];

    remove_tree(c->parent, cache_name_beside(c, "partial", name));
}
