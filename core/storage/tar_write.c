#include "core/storage/tar_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/namespace/idmap.h"

#define BLOCK     512
#define MAX_DEPTH 200
#define BUCKETS   1024

/* A file with several names, and its first name in the archive. */
struct linked {
    struct linked *next;
    dev_t device;
    ino_t inode;
    char path[];
};

struct writing {
    const struct tar_sink *sink;
    const struct config *config;
    struct strbuf path; /* "./etc/passwd" */
    struct linked *linked[BUCKETS];
    struct error *err;
};

static int failed(struct writing *w, int errnum, const char *doing)
{
    return error_set(w->err, errnum, "cannot %s %s", doing, strbuf_text(&w->path));
}

/* A number in octal, or where it has too many digits in base 256, which GNU tar and libarchive read. */
static void put_octal(unsigned char *field, size_t width, uint64_t value)
{
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%0*llo", (int)width - 1, (unsigned long long)value);

    if (n < (int)width) {
        memcpy(field, digits, (size_t)n);
        return;
    }
    field[0] = 0x80;
    for (size_t i = width - 1; i > 0; i--, value >>= 8)
        field[i] = (unsigned char)value;
}

struct header {
    const char *name, *link; /* cut where they are longer: then a pax record has the whole */
    char type;
    uint32_t uid, gid, mode;
    uint64_t size, mtime;
    dev_t device;
};

static void fill_header(const struct header *h, unsigned char out[static BLOCK])
{
    unsigned sum = 0;

    memset(out, 0, BLOCK);
    memcpy(out, h->name, strnlen(h->name, 100));
    put_octal(out + 100, 8, h->mode & 07777);
    put_octal(out + 108, 8, h->uid);
    put_octal(out + 116, 8, h->gid);
    put_octal(out + 124, 12, h->size);
    put_octal(out + 136, 12, h->mtime);
    memset(out + 148, ' ', 8);
    out[156] = (unsigned char)h->type;
    if (h->link)
        memcpy(out + 157, h->link, strnlen(h->link, 100));
    memcpy(out + 257, "ustar\00000", 8);
    put_octal(out + 329, 8, major(h->device));
    put_octal(out + 337, 8, minor(h->device));
    for (size_t i = 0; i < BLOCK; i++)
        sum += out[i];
    put_octal(out + 148, 7, sum);
}

void tar_file_header(const char *name, uint64_t size, unsigned char out[static 512])
{
    const struct header h = {
        .name = name, .type = '0', .mode = 0644, .size = size, .mtime = (uint64_t)time(NULL)};

    fill_header(&h, out);
}

int tar_put_padding(const struct tar_sink *sink, uint64_t size)
{
    static const char zeros[BLOCK];

    return sink->put(sink->context, zeros, (size_t)(-size % BLOCK));
}

int tar_put_end(const struct tar_sink *sink)
{
    static const char zeros[2 * BLOCK];

    return sink->put(sink->context, zeros, sizeof(zeros));
}

static int put_data(const struct tar_sink *sink, const unsigned char *header, const void *bytes,
                    size_t length)
{
    int r = sink->put(sink->context, header, BLOCK);

    if (r == 0)
        r = sink->put(sink->context, bytes, length);
    return r == 0 ? tar_put_padding(sink, length) : r;
}

int tar_put_file(const struct tar_sink *sink, const char *name, const void *bytes, size_t length)
{
    unsigned char header[BLOCK];

    tar_file_header(name, length, header);
    return put_data(sink, header, bytes, length);
}

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static int add_record(struct strbuf *records, const char *key, const void *value, size_t length)
{
    size_t rest = strlen(key) + length + 3, total = rest + 1;
    char digits[24];

    while ((size_t)snprintf(digits, sizeof(digits), "%zu", total) + rest != total)
        total = rest + strlen(digits);
    if (strbuf_printf(records, "%zu %s=", total, key) < 0 || strbuf_add(records, value, length) < 0)
        return -ENOMEM;
    return strbuf_add(records, "\n", 1);
}

static bool is_kept(const char *name)
{
    return starts_with(name, "user.") || strcmp(name, "security.capability") == 0 ||
           starts_with(name, "system.posix_acl_");
}

/* Without the root of a user namespace that capabilities(7) version 3 names: it is the container's own. */
static ssize_t plain_capability(unsigned char *value, ssize_t length)
{
    if (length != XATTR_CAPS_SZ_3 || value[3] != VFS_CAP_REVISION_3 >> 24)
        return length;
    value[3] = VFS_CAP_REVISION_2 >> 24;
    return XATTR_CAPS_SZ_2;
}

static int add_xattrs(struct writing *w, int fd, struct strbuf *records)
{
    cleanup_free char *names = malloc(XATTR_LIST_MAX), *value = malloc(XATTR_SIZE_MAX);
    ssize_t length = names && value ? flistxattr(fd, names, XATTR_LIST_MAX) : -1;

    if (!names || !value)
        return failed(w, ENOMEM, "read");
    for (const char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        cleanup_free char *key = format_string("SCHILY.xattr.%s", name);
        ssize_t n = is_kept(name) ? fgetxattr(fd, name, value, XATTR_SIZE_MAX) : -1;

        if (n >= 0 && strcmp(name, "security.capability") == 0)
            n = plain_capability((unsigned char *)value, n);
        /* ACLs name ids: those of a container with mapped ones would be the host's. */
        if (n < 0 || (w->config->idmap_count && starts_with(name, "system.")))
            continue;
        if (!key || add_record(records, key, value, (size_t)n) < 0)
            return failed(w, ENOMEM, "read");
    }
    return 0;
}

static int put_entry(struct writing *w, const struct header *h, const struct stat *st, struct strbuf *records)
{
    unsigned char block[BLOCK];
    char number[40];
    int r = 0;

    if (strlen(h->name) > 100)
        r = add_record(records, "path", h->name, strlen(h->name));
    if (r == 0 && h->link && strlen(h->link) > 100)
        r = add_record(records, "linkpath", h->link, strlen(h->link));
    if (r == 0 && (st->st_mtim.tv_nsec || st->st_mtim.tv_sec < 0)) {
        int n = snprintf(number, sizeof(number), "%lld.%09ld", (long long)st->st_mtim.tv_sec,
                         st->st_mtim.tv_nsec);
        r = add_record(records, "mtime", number, (size_t)n);
    }
    if (r == 0 && records->length) {
        const struct header pax = {
            .name = "PaxHeaders/pax", .type = 'x', .mode = 0644, .size = records->length};
        fill_header(&pax, block);
        r = put_data(w->sink, block, records->text, records->length);
    }
    fill_header(h, block);
    if (r == 0)
        r = w->sink->put(w->sink->context, block, BLOCK);
    return r < 0 ? failed(w, r, "write") : 0;
}

static int put_content(struct writing *w, int fd, uint64_t size)
{
    cleanup_free char *bytes = malloc(1 << 17);
    uint64_t done = 0;
    int r = 0;

    if (!bytes)
        return failed(w, ENOMEM, "read");
    while (r == 0 && done < size) {
        size_t room = size - done < 1 << 17 ? (size_t)(size - done) : 1 << 17;
        ssize_t n = read(fd, bytes, room);

        if (n < 0)
            return failed(w, errno, "read");
        if (n == 0) /* it became shorter: the header has promised more */
            memset(bytes, 0, (size_t)(n = (ssize_t)room));
        r = w->sink->put(w->sink->context, bytes, (size_t)n);
        done += (uint64_t)n;
    }
    if (r == 0)
        r = tar_put_padding(w->sink, size);
    return r < 0 ? failed(w, r, "write") : 0;
}

/* The file's first name, if it has one in the archive; else it is this. */
static const char *first_name(struct writing *w, const struct stat *st)
{
    struct linked **bucket = &w->linked[(st->st_ino ^ st->st_dev) % BUCKETS], *l = *bucket;

    while (l && (l->inode != st->st_ino || l->device != st->st_dev))
        l = l->next;
    if (l)
        return l->path;
    l = malloc(sizeof(*l) + w->path.length + 1);
    if (l) { /* without: a second copy of the file, which is as good */
        *l = (struct linked){*bucket, st->st_dev, st->st_ino};
        memcpy(l->path, w->path.text, w->path.length + 1);
        *bucket = l;
    }
    return NULL;
}

static int map_owner(struct writing *w, const struct stat *st, struct header *h)
{
    h->uid = st->st_uid;
    h->gid = st->st_gid;
    if (w->config->idmap_count == 0)
        return 0;
    if (idmap_to_container(w->config, false, st->st_uid, &h->uid) == 0 &&
        idmap_to_container(w->config, true, st->st_gid, &h->gid) == 0)
        return 0;
    error_text(w->err, EOVERFLOW, "%s belongs to %u:%u, which lxc.idmap does not map", strbuf_text(&w->path),
               st->st_uid, st->st_gid);
    return error_remedy(w->err, "give it to an id of the container");
}

static int put_folder(struct writing *w, int fd, dev_t device, int depth);

static int put_one(struct writing *w, int dir, const char *name, dev_t device, int depth)
{
    cleanup_strbuf struct strbuf records = STRBUF_INIT;
    struct header h = {.type = '0'};
    cleanup_fd int fd = -1;
    char target[PATH_MAX];
    struct stat st;
    int r;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return failed(w, errno, "read");
    if (S_ISSOCK(st.st_mode))
        return 0;
    h.name = strbuf_text(&w->path);
    h.mode = st.st_mode & 07777;
    h.mtime = st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0;
    r = map_owner(w, &st, &h);
    if (r < 0)
        return r;
    if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 && (h.link = first_name(w, &st))) {
        h.type = '1';
        return put_entry(w, &h, &st, &records);
    }
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
        if (n < 0)
            return failed(w, errno, "read");
        target[n] = '\0';
        h.type = '2';
        h.link = target;
        return put_entry(w, &h, &st, &records);
    }
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISFIFO(st.st_mode)) {
        h.type = S_ISCHR(st.st_mode) ? '3' : S_ISBLK(st.st_mode) ? '4' : '6';
        h.device = S_ISFIFO(st.st_mode) ? 0 : st.st_rdev;
        return put_entry(w, &h, &st, &records);
    }
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return failed(w, errno, "read");
    r = add_xattrs(w, fd, &records);
    if (r < 0)
        return r;
    if (S_ISDIR(st.st_mode)) {
        h.type = '5';
        r = put_entry(w, &h, &st, &records);
        return r == 0 ? put_folder(w, fd, device, depth + 1) : r;
    }
    h.size = (uint64_t)st.st_size;
    r = put_entry(w, &h, &st, &records);
    return r == 0 ? put_content(w, fd, h.size) : r;
}

static int put_folder(struct writing *w, int fd, dev_t device, int depth)
{
    cleanup_dir DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct dirent *entry;
    struct stat st;
    int r = 0;

    if (!dir || fstat(fd, &st) < 0)
        return failed(w, errno, "read");
    if (depth > MAX_DEPTH)
        return failed(w, ELOOP, "read");
    if (st.st_dev != device)
        return 0;
    while (r == 0 && (errno = 0, entry = readdir(dir))) {
        size_t before = w->path.length;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (strbuf_printf(&w->path, "/%s", entry->d_name) < 0)
            return failed(w, ENOMEM, "read");
        r = put_one(w, fd, entry->d_name, device, depth);
        w->path.length = before;
        w->path.text[before] = '\0';
    }
    return r == 0 && errno ? failed(w, errno, "read") : r;
}

int tar_put_tree(const struct tar_sink *sink, int rootfd, const struct config *config, struct error *err)
{
    struct writing *w = calloc(1, sizeof(*w));
    struct stat st;
    int r;

    if (!w || fstat(rootfd, &st) < 0 || strbuf_puts(&w->path, ".") < 0) {
        free(w);
        return error_set(err, ENOMEM, "cannot write an archive");
    }
    w->sink = sink;
    w->config = config;
    w->err = err;
    r = put_one(w, rootfd, ".", st.st_dev, 0);
    if (r == 0 && (r = tar_put_end(sink)) < 0)
        error_set(err, r, "cannot write an archive");
    for (size_t i = 0; i < BUCKETS; i++) {
        while (w->linked[i]) {
            struct linked *next = w->linked[i]->next;
            free(w->linked[i]);
            w->linked[i] = next;
        }
    }
    strbuf_free(&w->path);
    free(w);
    return r;
}
