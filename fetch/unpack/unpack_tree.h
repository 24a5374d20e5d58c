/*
 * The writing half of unpacking: creating the entries of a tar archive below a directory fd. Used by
 * fetch/unpack/unpack.c alone, from one thread.
 */
#ifndef LXCBOX_FETCH_UNPACK_UNPACK_TREE_H
#define LXCBOX_FETCH_UNPACK_UNPACK_TREE_H

#include <archive.h>
#include <archive_entry.h>

#include "core/base/str.h"
#include "fetch/unpack/unpack.h"
#include "fetch/unpack/unpack_layer.h"

/* The attributes that a directory gets at the end. */
struct tree_attributes {
    struct timespec mtime;
    mode_t mode;
    size_t acl_length; /* of its default ACL, which must not apply to the files unpacked into it */
    void *acl;
    bool touched; /* of a layer that changes the directory without an entry for it: as it was before */
};

/* The directories with an entry in the archive. */
struct tree_directory;
struct tree_directories {
    struct tree_directory **buckets, *last;
    size_t size; /* bytes used */
    bool root_listed;
    struct tree_attributes root;
};

/* Record the attributes of a directory, whose ACL is taken over; a repeated entry replaces the former one,
 * but those of a touched directory replace none. */
int directories_note(struct tree_directories *d, const char *inside, struct tree_attributes *attributes,
                     struct error *err);
/* Set the attributes of all, children before their parents. */
int directories_finish(const struct tree_directories *d, int root, struct unpack_result *result,
                       struct error *err);
void directories_free(struct tree_directories *d);

/* The caller sets the first three and zeroes the rest; release with tree_close. */
struct tree {
    int root; /* the directory to write to; not owned */
    const struct unpack_options *options;
    struct unpack_result *result;

    uint64_t max_entries, max_bytes;
    uint64_t seen;          /* entries read, whether created or not */
    uint64_t claimed;       /* total size of all files, including holes */
    char *parent_path;      /* the path of `parent` */
    int parent;             /* O_PATH; -1: none yet */
    struct strbuf excludes; /* the patterns, each terminated by a NUL */
    struct tree_directories directories;
    struct layer_names names; /* of the entries so far, if it is a layer */
};

int tree_open(struct tree *t, struct error *err);

/* Create the entry, with its data read from `a`. 0 or a negative errno with `err` filled. */
int tree_add(struct tree *t, struct archive *a, struct archive_entry *entry, struct error *err);

/* Set the modes and times of the directories, which must be done after writing into them. */
int tree_finish(struct tree *t, struct error *err);

void tree_close(struct tree *t);

/* The id on disk for an id in the archive; -ENOENT if it is not mapped. */
int unpack_map_id(const struct unpack_id_range *ranges, size_t count, int64_t id, uint32_t *out);

/*
 * Convert an extended attribute for the disk: file capabilities get the root id of the container, and ids in
 * ACLs are mapped. *length is the length of `value` on entry and of `out` on return; `out` has space for
 * UNPACK_XATTR_ROOM bytes more than `value`. Returns 1 to set the attribute, 0 to skip it, or a negative
 * errno.
 */
#define UNPACK_XATTR_ROOM 4
int unpack_map_xattr(const struct unpack_options *o, const char *name, const void *value, size_t *length,
                     void *out);

/* The name with control characters replaced, and truncated; for errors. Returns `out`. */
const char *unpack_show(const char *name, char out[static 160]);

#endif
