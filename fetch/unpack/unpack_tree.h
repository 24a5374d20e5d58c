/*
 * The writing half of unpacking: what one entry of a tar archive becomes beneath a directory fd. Used by
 * fetch/unpack/unpack.c alone, from one thread.
 */
#ifndef LXCBOX_FETCH_UNPACK_UNPACK_TREE_H
#define LXCBOX_FETCH_UNPACK_UNPACK_TREE_H

#include <archive.h>
#include <archive_entry.h>

#include "core/base/str.h"
#include "fetch/unpack/unpack.h"

struct tree_directory;

/* Zeroed but for the first three; release with tree_close. */
struct tree {
    int root; /* the directory that is filled; not owned */
    const struct unpack_options *options;
    struct unpack_result *result;

    uint64_t max_entries, max_bytes;
    uint64_t seen;                      /* entries read, made or not */
    uint64_t claimed;                   /* sizes of all files, holes too */
    char *parent_path;                  /* the directory that `parent` is */
    int parent;                         /* O_PATH; -1: none yet */
    struct strbuf excludes;             /* the patterns, terminated one by one */
    struct tree_directory *directories; /* that get mode and time at the end, last first */
    size_t directories_size;            /* bytes they take */
};

int tree_open(struct tree *t, struct error *err);

/* Make what the entry says, with its data read from `a`. 0 or a negative errno with `err` filled. */
int tree_add(struct tree *t, struct archive *a, struct archive_entry *entry, struct error *err);

/* Give the directories their modes and times, which writing into them would have spoilt. */
int tree_finish(struct tree *t, struct error *err);

void tree_close(struct tree *t);

/* The id on disk for one in the archive; -ENOENT when it is not mapped. */
int unpack_map_id(const struct unpack_id_range *ranges, size_t count, int64_t id, uint32_t *out);

/*
 * An extended attribute as it goes to disk: file capabilities get the container's root, and ACLs their ids,
 * mapped. *length in: of `value`; out: of what is in `out`, which has room for UNPACK_XATTR_ROOM more than
 * that. Returns 1 to set it, 0 to leave it out, or a negative errno.
 */
#define UNPACK_XATTR_ROOM 4
int unpack_map_xattr(const struct unpack_options *o, const char *name, const void *value, size_t *length,
                     void *out);

/* The same name with what a terminal would obey replaced, and cut; for errors. Returns `out`. */
const char *unpack_show(const char *name, char out[static 160]);

#endif
