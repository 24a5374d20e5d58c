#include "fetch/index/metadata.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define ENTRIES_MAX 1024
#define TAR_MAX     (16 * 1024 * 1024)

void meta_files_free(struct meta_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].text);
    free(files->items);
    *files = (struct meta_files){0};
}

/* Whether it is one of the known names, with or without a mode and a compat level. */
static bool metadata_is_known(const char *name)
{
    static const char *const names[] = {"config",    "fstab",          "excludes",
                                        "templates", "create-message", "expiry"};
    size_t length = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(names) && !length; i++)
        if (starts_with(name, names[i]))
            length = strlen(names[i]);
    if (!length || strlen(name) >= sizeof(((struct meta_file *)0)->name))
        return false;
    name += length;
    if (starts_with(name, "-system") || starts_with(name, "-user"))
        name += name[1] == 's' ? 7 : 5;
    if (*name == '.')
        for (name++; isdigit((unsigned char)*name); name++)
            ;
    return !*name;
}

int meta_files_add(struct meta_files *files, const char *name, char *text, size_t length)
{
    struct meta_file *grown;

    if (!metadata_is_known(name)) {
        free(text);
        return -EBADMSG;
    }
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].name, name) == 0) {
            free(files->items[i].text);
            files->items[i].text = text;
            files->items[i].length = length;
            return 0;
        }
    grown = files->count < META_FILES_MAX ? realloc(files->items, (files->count + 1) * sizeof(*grown)) : NULL;
    if (!grown) {
        free(text);
        return files->count < META_FILES_MAX ? -ENOMEM : -EFBIG;
    }
    files->items = grown;
    grown += files->count++;
    snprintf(grown->name, sizeof(grown->name), "%s", name);
    grown->text = text;
    grown->length = length;
    return 0;
}

/* The file name of a path at the top level ("config", "./config"), else NULL. */
static const char *metadata_top_name(const char *path)
{
    while (starts_with(path, "./"))
        path += 2;
    return !strchr(path, '/') ? path : NULL;
}

/* One entry of the tarball. 0, -EFBIG, -EBADMSG, -ENOMEM, or -ELOOP for a link. */
static int metadata_take_entry(struct archive *a, struct archive_entry *entry, struct meta_files *files)
{
    const char *path = archive_entry_pathname(entry), *name = path ? metadata_top_name(path) : NULL;
    cleanup_free char *text = NULL;
    size_t have = 0;

    if (!name || !metadata_is_known(name))
        return 0;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return -ELOOP;
    text = malloc(META_FILE_MAX + 1);
    if (!text)
        return -ENOMEM;
    for (;;) {
        la_ssize_t n = archive_read_data(a, text + have, META_FILE_MAX + 1 - have);

        if (n < 0)
            return -EBADMSG;
        if (n == 0)
            break;
        have += (size_t)n;
        if (have > META_FILE_MAX)
            return -EFBIG;
    }
    if (memchr(text, '\0', have))
        return -EBADMSG;
    text[have] = '\0';
    return meta_files_add(files, name, strdup(text), have);
}

static int metadata_read_entries(struct archive *a, struct meta_files *files)
{
    struct archive_entry *entry;
    int r = 0, code = ARCHIVE_OK;

    for (int i = 0; !r && (code = archive_read_next_header(a, &entry)) == ARCHIVE_OK; i++) {
        if (i >= ENTRIES_MAX || archive_filter_bytes(a, 0) > TAR_MAX)
            return -EFBIG;
        r = metadata_take_entry(a, entry, files);
    }
    return r ? r : code == ARCHIVE_EOF ? 0 : -EBADMSG;
}

int meta_read_tar_here(const void *bytes, size_t length, const char *what, struct meta_files *out,
                       struct error *err)
{
    cleanup_meta_files struct meta_files files = {0};
    struct archive *a = archive_read_new();
    int r = -ENOMEM;

    if (a) {
        archive_read_support_filter_xz(a);
        archive_read_support_filter_gzip(a);
        archive_read_support_filter_zstd(a);
        archive_read_support_format_tar(a);
        r = archive_read_open_memory(a, bytes, length) == ARCHIVE_OK ? metadata_read_entries(a, &files)
                                                                     : -EBADMSG;
    }
    if (r == -EBADMSG)
        error_text(err, EBADMSG, "%s is damaged: %.200s", what,
                   archive_error_string(a) ?: "a file in it is not text");
    else if (r == -ELOOP)
        error_text(err, ELOOP,
                   "%s contains a link, or another file that is not regular, instead of one of its texts",
                   what);
    else if (r)
        error_set(err, r, "cannot read %s", what);
    archive_read_free(a);
    if (r)
        return r;
    *out = files;
    files = (struct meta_files){0};
    return 0;
}

/*
 * -ELOOP if it is not a regular file: a link could refer to any file of the host. -EBADMSG if it is not text.
 */
static int metadata_read_member(int dirfd, const char *name, char **text, size_t *length)
{
    cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    cleanup_free char *bytes = NULL;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size > META_FILE_MAX)
        return S_ISREG(st.st_mode) ? -EFBIG : -ELOOP;
    bytes = calloc(1, (size_t)st.st_size + 1);
    n = bytes ? read_all(fd, bytes, (size_t)st.st_size) : -ENOMEM;
    if (n < 0 || memchr(bytes, '\0', (size_t)n))
        return n < 0 ? (int)n : -EBADMSG;
    *length = (size_t)n;
    *text = take_ptr(bytes);
    return 0;
}

int meta_read_directory(int dirfd, const char *what, struct meta_files *out, struct error *err)
{
    cleanup_meta_files struct meta_files files = {0};
    cleanup_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *e;

    if (!d)
        return error_set(err, errno, "cannot read %s", what);
    take_fd(&fd);
    while ((e = readdir(d))) {
        char *text = NULL;
        size_t length = 0;
        int r;

        if (!metadata_is_known(e->d_name))
            continue;
        r = metadata_read_member(dirfd, e->d_name, &text, &length);
        if (r == -ELOOP || r == -EBADMSG)
            return error_text(err, r, "%s of %s is %s", e->d_name, what,
                              r == -ELOOP ? "a link, or not a regular file" : "not text");
        if (!r)
            r = meta_files_add(&files, e->d_name, text, length);
        if (r)
            return error_set(err, r, "cannot read %s of %s", e->d_name, what);
    }
    *out = files;
    files = (struct meta_files){0};
    return 0;
}

int meta_write_directory(int dirfd, const struct meta_files *files, struct error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct meta_file *f = &files->items[i];
        int r = file_replace(dirfd, f->name, f->text, f->length, 0644);

        if (r)
            return error_set(err, r, "cannot write %s of the metadata to the image cache", f->name);
    }
    return 0;
}

static const char *metadata_find(const struct meta_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].name, name) == 0)
            return files->items[i].text;
    return NULL;
}

const char *meta_find(const struct meta_files *files, const char *name, const char *mode)
{
    char longer[48], longest[64];
    const char *text;

    snprintf(longer, sizeof(longer), "%s-%s", name, mode);
    if (metadata_find(files, longer))
        name = longer;
    snprintf(longest, sizeof(longest), "%s.%d", name, IMAGE_COMPAT_LEVEL);
    text = metadata_find(files, longest);
    return text ? text : metadata_find(files, name);
}

int meta_select(const struct meta_files *files, const char *mode, struct image_metadata *out)
{
    const struct {
        const char *name;
        char **to;
    } parts[] = {{"config", &out->config},
                 {"fstab", &out->fstab},
                 {"excludes", &out->excludes},
                 {"templates", &out->templates},
                 {"create-message", &out->create_message}};

    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        const char *text = meta_find(files, parts[i].name, mode);

        if (text && !(*parts[i].to = strdup(text)))
            return -ENOMEM;
    }
    return 0;
}

void image_metadata_free(struct image_metadata *meta)
{
    free(meta->config);
    free(meta->fstab);
    free(meta->excludes);
    free(meta->templates);
    free(meta->create_message);
    free(meta->build);
    *meta = (struct image_metadata){0};
}
