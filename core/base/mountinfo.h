/* The mount table of a process. Source: proc_pid_mountinfo(5). */
#ifndef LXCBOX_CORE_BASE_MOUNTINFO_H
#define LXCBOX_CORE_BASE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One mount; the strings belong to the table. */
struct mountinfo_entry {
    uint64_t id, parent;
    const char *device;             /* "8:1" */
    const char *root, *mount_point; /* absolute, unescaped */
    const char *optional;           /* "shared:1 master:2", often "" */
    const char *type, *super_options;
};

struct mountinfo {
    struct mountinfo_entry *items; /* in the order of the kernel: a later mount may cover an earlier one */
    size_t count;
    char *text;
};

#define cleanup_mountinfo __attribute__((cleanup(mountinfo_free)))
void mountinfo_free(struct mountinfo *m);

/*
 * Read the file `path`, relative to `dirfd`, or parse a text that need not be terminated. Lines in another
 * format, or with a zero byte, are skipped. 0, -EFBIG for a file of more than 16 MB, or another negative
 * errno; after an error nothing needs to be freed.
 */
int mountinfo_read(int dirfd, const char *path, struct mountinfo *out);
int mountinfo_parse(const char *text, size_t length, struct mountinfo *out);

/* Whether a mount has an optional field that begins with `prefix` ("master:"). */
bool mountinfo_has_optional(const struct mountinfo_entry *e, const char *prefix);

/* Whether `path` is the directory `above` or is beneath it. */
bool path_is_beneath(const char *path, const char *above);

#endif
