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
/* The URL of the rootfs and, while it is on its way, on a second line the validator. */
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

/* ".VARIANT.SUFFIX" beside the image's folder. */
static const char *beside(const struct cache *c, const char *suffix, char out[static 192])
{
    snprintf(out, 192, ".%s.%s", c->variant, suffix);
    return out;
}

/* The folder that holds download/, by the rules of image_request. */
static char *base_folder(const char *folder)
{
    const char *variable = getenv("LXC_CACHE_PATH"), *home = getenv("HOME");

    if (folder)
        return strdup(folder);
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
        error_remedy(err, "make room there, or set LXC_CACHE_PATH to a folder elsewhere");
    else if (code == EROFS || code == EACCES || code == EPERM)
        error_remedy(err, "set LXC_CACHE_PATH to a folder that can be written");
    return -code;
}

int cache_open(const char *folder, const struct image_name *name, struct cache *out, struct error *err)
{
    const char *names[] = {name->dist, name->release, name->arch, name->variant};
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_free char *base = base_folder(folder), *parent = NULL;

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
    int failed;

    if (c->parent >= 0)
        return 0;
    failed = parent ? make_directories(parent, 0755) : -ENOMEM;
    if (failed)
        return cache_error(err, failed, "make", c->path);
    c->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return c->parent < 0 ? cache_error(err, errno, "open", parent) : 0;
}

int cache_lock(struct cache *c, const struct image_events *events, struct error *err)
{
    char name[192];
    cleanup_fd int fd =
        openat(c->parent, beside(c, "lock", name), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return cache_error(err, errno, "lock", c->path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return cache_error(err, errno, "lock", c->path);
        tell_status(events, "Waiting for another download of the same image");
        while (flock(fd, LOCK_EX) < 0)
            if (errno != EINTR)
                return cache_error(err, errno, "lock", c->path);
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
static char *first_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static int read_image(const struct cache *c, struct cached_image *out, struct error *err)
{
    cleanup_fd int dir = openat(c->parent, c->variant, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_cached_image struct cached_image image = {.rootfs = -1};
    int failed;

    if (c->parent < 0)
        return 0;
    if (dir < 0)
        return errno == ENOENT ? 0 : cache_error(err, errno, "read", c->path);
    failed = file_read(dir, BUILD, 256, &image.build, NULL);
    if (!failed)
        image.rootfs = openat(dir, ROOTFS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (failed || image.rootfs < 0) {
        failed = failed ? failed : -errno;
        return failed == -ENOENT ? 0 : cache_error(err, failed, "read", c->path);
    }
    first_line(image.build);
    if (file_read(dir, ORIGIN, URL_MAX, &image.origin, NULL) == 0)
        first_line(image.origin);
    failed = meta_read_folder(dir, c->path, &image.files, err);
    if (failed)
        return failed;
    *out = image;
    image = (struct cached_image){.rootfs = -1};
    return 1;
}

int cache_read(const struct cache *c, struct cached_image *out, struct error *err)
{
    int found = read_image(c, out, err);

    /* It may have been replaced between the opening of its folder and of the files therein. */
    if (found == 1)
        return 1;
    error_clear(err);
    return read_image(c, out, err);
}

bool cached_image_expired(const struct cached_image *image, const char *mode, int64_t now)
{
    const char *text = meta_find(&image->files, "expiry", mode);

    return text && strtoll(text, NULL, 10) < now;
}

int cache_flush(struct cache *c, struct error *err)
{
    int failed = remove_tree(c->parent, c->variant);

    cache_discard(c);
    return failed ? cache_error(err, failed, "flush", c->path) : 0;
}

void partial_close(struct partial *p)
{
    close_fd(&p->dir);
    close_fd(&p->rootfs);
    free(p->validator);
    p->validator = NULL;
}

/* Whether the partial download is one of this URL; its validator then. */
static bool is_of(int dir, const char *url, char **validator)
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
    *validator = line && *line ? strdup(first_line(line)) : NULL;
    return true;
}

int cache_begin(const struct cache *c, const char *url, struct partial *out, struct error *err)
{
    cleanup_partial struct partial p = {.dir = -1, .rootfs = -1};
    char name[192];
    struct stat st;

    beside(c, "partial", name);
    for (int tries = 0; tries < 2; tries++) {
        if (mkdirat(c->parent, name, 0755) < 0 && errno != EEXIST)
            return cache_error(err, errno, "write into", c->path);
        close_fd(&p.dir);
        p.dir = openat(c->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p.dir >= 0 && (tries == 1 || is_of(p.dir, url, &p.validator)))
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
    int failed = text ? file_replace(p->dir, ORIGIN, text, strlen(text), 0644) : -ENOMEM;

    return failed ? cache_error(err, failed, "write into", c->path) : 0;
}

static int write_build(int dir, const char *build)
{
    cleanup_free char *line = format_string("%s\n", build);

    return line ? file_replace(dir, BUILD, line, strlen(line), 0644) : -ENOMEM;
}

int cache_commit(struct cache *c, const struct partial *p, const struct meta_files *files, const char *build,
                 struct error *err)
{
    char name[192];
    int failed = 0;

    beside(c, "partial", name);
    if (fsync(p->rootfs) < 0)
        return cache_error(err, errno, "write into", c->path);
    failed = meta_write_folder(p->dir, files, err);
    if (failed)
        return failed;
    failed = write_build(p->dir, build);
    if (failed)
        return cache_error(err, failed, "write into", c->path);
    fsync(p->dir);
    /* By the system call, which musl of this age has no function for. The former image then has our name. */
    if (syscall(SYS_renameat2, c->parent, name, c->parent, c->variant, RENAME_EXCHANGE) == 0) {
        cache_discard(c);
    } else {
        /* There is none, or a file system that cannot exchange: then there is none for a moment. */
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

    remove_tree(c->parent, beside(c, "partial", name));
}
