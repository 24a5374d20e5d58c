/* The directories of an archive, as a tree of names: their attributes are set when all files are in them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/base/cleanup.h"
#include "core/base/path.h"
#include "core/base/walk.h"
#include "fetch/unpack/unpack_tree.h"

#define BUCKETS         65536
#define MAX_DIRECTORIES (256 << 20) /* bytes: more than the default of entries needs */

struct tree_directory {
    struct tree_directory *parent;   /* NULL: the root directory is the parent */
    struct tree_directory *next;     /* in its bucket */
    struct tree_directory *previous; /* the one that was added before: parents come before their children */
    bool listed;                     /* has an entry in the archive, of which the last one takes effect */
    struct tree_attributes attributes;
    char name[];
};

void directories_free(struct tree_directories *d)
{
    while (d->last) {
        struct tree_directory *previous = d->last->previous;

        free(d->last->attributes.acl);
        free(d->last);
        d->last = previous;
    }
    free(d->root.acl);
    free(d->buckets);
    *d = (struct tree_directories){0};
}

/* FNV-1a, of the name and of the address of the parent. */
static size_t directory_bucket(const struct tree_directory *parent, const char *name, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uintptr_t)parent;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
    return (size_t)((hash ^ hash >> 32) % BUCKETS);
}

/* Find or add a directory. NULL when out of memory. */
static struct tree_directory *directory_get(struct tree_directories *d, struct tree_directory *parent,
                                            const char *name, size_t length)
{
    struct tree_directory **bucket = &d->buckets[directory_bucket(parent, name, length)], *it = *bucket;

    while (it && (it->parent != parent || strncmp(it->name, name, length) != 0 || it->name[length]))
        it = it->next;
    if (it)
        return it;
    it = calloc(1, sizeof(*it) + length + 1);
    if (!it)
        return NULL;
    memcpy(it->name, name, length);
    it->parent = parent;
    it->next = *bucket;
    it->previous = d->last;
    d->last = *bucket = it;
    d->size += sizeof(*it) + length + 1;
    return it;
}

int directories_note(struct tree_directories *d, const char *inside, struct tree_attributes *attributes,
                     struct error *err)
{
    struct tree_directory *at = NULL;
    struct tree_attributes *to = &d->root;

    if (!d->buckets)
        d->buckets = calloc(BUCKETS, sizeof(struct tree_directory *));
    if (!d->buckets)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    for (size_t length; *inside; inside += length + (inside[length] == '/')) {
        length = strcspn(inside, "/");
        at = directory_get(d, at, inside, length);
        if (!at)
            return error_set(err, ENOMEM, "cannot unpack the archive");
    }
    if (d->size > MAX_DIRECTORIES)
        return error_text(err, E2BIG, "the names of the archive's directories take more than %d MB",
                          MAX_DIRECTORIES >> 20);
    if (attributes->touched && (at ? at->listed : d->root_listed))
        return 0;
    if (at) {
        at->listed = true;
        to = &at->attributes;
    } else {
        d->root_listed = true;
    }
    free(to->acl);
    *to = *attributes;
    *attributes = (struct tree_attributes){0};
    return 0;
}

/* The path of a directory, relative to the root. 0 or -ENOMEM. */
static int directory_path(const struct tree_directory *d, struct strbuf *out)
{
    size_t length = 0;

    for (const struct tree_directory *at = d; at; at = at->parent)
        length += strlen(at->name) + 1;
    out->length = 0;
    if (strbuf_printf(out, "%*s", (int)length, "") < 0)
        return -ENOMEM;
    for (const struct tree_directory *at = d; at; at = at->parent) {
        size_t own = strlen(at->name);

        out->text[--length] = at == d ? '\0' : '/';
        length -= own;
        memcpy(out->text + length, at->name, own);
    }
    return 0;
}

static int directory_finish(int root, const char *path, const struct tree_attributes *a,
                            struct unpack_result *result, struct error *err)
{
    const struct timespec times[] = {a->mtime, a->mtime};
    /* A touched directory may lie behind a link, and may be gone since. */
    cleanup_fd int fd = a->touched ? rootfs_open(root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0)
                                   : directory_open_long(root, path, O_RDONLY);
    char shown[160];

    if (a->touched && (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP))
        return 0;
    if (fd < 0)
        return error_set(err, fd, "cannot open /%s of the rootfs", unpack_show(path, shown));
    if (a->acl_length && fsetxattr(fd, "system.posix_acl_default", a->acl, a->acl_length, 0) < 0)
        result->xattrs_skipped++;
    if (fchmod(fd, a->mode) < 0 || futimens(fd, times) < 0)
        return error_set(err, errno, "cannot set mode and time of /%s of the rootfs",
                         unpack_show(path, shown));
    return 0;
}

int directories_finish(const struct tree_directories *d, int root, struct unpack_result *result,
                       struct error *err)
{
    cleanup_strbuf struct strbuf path = STRBUF_INIT;
    int r = 0;

    /* Children first: their parent may then deny searching it. */
    for (const struct tree_directory *at = d->last; r == 0 && at; at = at->previous) {
        if (!at->listed)
            continue;
        r = directory_path(at, &path);
        r = r < 0 ? error_set(err, r, "cannot unpack the archive")
                  : directory_finish(root, path.text, &at->attributes, result, err);
    }
    return r == 0 && d->root_listed ? directory_finish(root, "", &d->root, result, err) : r;
}
