/*
 * Layers of an image: tar archives that change the tree which the layers below them have left. Source: OCI
 * image specification 1.1, layer.md. Used by fetch/unpack/unpack_tree.c alone.
 *
 * ".wh.NAME" removes NAME, ".wh..wh..opq" everything in its directory, but only what lower layers have put
 * there. The layer's own entries may come before that, so their names are remembered.
 */
#ifndef LXCBOX_FETCH_UNPACK_UNPACK_LAYER_H
#define LXCBOX_FETCH_UNPACK_UNPACK_LAYER_H

#include <stdbool.h>
#include <stddef.h>

/* Names of a layer, as 128 bits of their SHA-256. Start zeroed; free with layer_names_free. */
struct layer_names {
    unsigned char (*slots)[16];
    size_t size, count;
};

void layer_names_free(struct layer_names *names);

/* Add a name. Returns 1 if it is new, 0 if it was there, or -ENOMEM. */
int layer_names_add(struct layer_names *names, const char *name);

/* Add the name of an entry and the directories above it. Returns 0 or -ENOMEM. */
int layer_names_add_path(struct layer_names *names, const char *inside);

bool layer_names_has(const struct layer_names *names, const char *name);

enum layer_entry {
    LAYER_ENTRY,    /* a plain entry */
    LAYER_WHITEOUT, /* *removed is the name in the same directory */
    LAYER_OPAQUE,
    LAYER_IGNORED, /* a file of the storage driver aufs */
    LAYER_BAD,     /* removes "", "." or ".." */
};

/* What the last part of an entry's name means. */
enum layer_entry layer_entry_kind(const char *name, const char **removed);

/*
 * Remove what lower layers have put into the directory `fd`, whose path is `inside` ("" for the root):
 * everything but the names of the layer. With `name`, only that entry of the directory. Returns 0 or a
 * negative errno.
 */
int layer_hide(const struct layer_names *names, int fd, const char *inside, const char *name);

#endif
