/* The table of mounts of a process. Source: proc_pid_mountinfo(5). */
#ifndef LXCBOX_CORE_BASE_MOUNTINFO_H
#define LXCBOX_CORE_BASE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

/* One mount; the strings are the table's. */
struct mountinfo_entry {
    const char *root, *mount_point; /* absolute, unescaped */
    const char *optional;           /* "shared:1 master:2", often "" */
    const char *type, *super_options;
};

struct mountinfo {
    struct mountinfo_entry *items; /* in the kernel's order: a later one may cover an earlier one */
    size_t count;
    char *text;
};

#define cleanup_mountinfo __attribute__((cleanup(mountinfo_free)))
void mountinfo_free(struct mountinfo *m);

/*
 * Read the file `path`, relative to `dirfd`, or parse a text that need not be terminated. Lines that are not
 * of the kernel's form, or hold a zero byte, are skipped. 0, -EFBIG for a file beyond 16 MB, or another
 * negative errno; nothing is to be freed then.
 */
int mountinfo_read(int dirfd, const char *path, struct mountinfo *out);
int mountinfo_parse(const char *text, size_t length, struct mountinfo *out);

/* Does a mount have an optional field that begins with `prefix` ("master:")? */
bool mountinfo_has_optional(const struct mountinfo_entry *e, const char *prefix);

/* Is `path` the directory `above`, or something beneath it? */
bool path_is_beneath(const char *path, const char *above);

#endif
