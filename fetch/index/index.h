/*
 * The index of an image server, meta/1.0/index-system or index-user: a line for each image,
 * "dist;release;arch;variant;build;path". It is read as it arrives; only what matches the filter is kept.
 */
#ifndef LXCBOX_FETCH_INDEX_H
#define LXCBOX_FETCH_INDEX_H

#include "core/base/str.h"
#include "fetch/index/image.h"

/* Start with `filter` set and the rest zeroed; free with index_reader_free. */
struct index_reader {
    const struct image_name *filter; /* NULL: all */
    struct image_list list;          /* what matched so far; may be taken out at the end */
    char line[2048];
    size_t length;
    bool no_image; /* the current line is too long or no text; it is passed over */
};

/*
 * The next bytes. Lines that are no image are passed over, as LXC does: without six fields, without a build
 * or path, with names that cannot be those of folders. 0, -ENOMEM, or -EFBIG for over 100,000 matches.
 */
int index_feed(struct index_reader *r, const void *bytes, size_t length);

/* The end of the file, which may lack its last newline. */
int index_end(struct index_reader *r);

void index_reader_free(struct index_reader *r);

/* Whether all that the filter names is equal. */
bool image_matches(const struct image_name *filter, const char *dist, const char *release, const char *arch,
                   const char *variant);

/* Whether a name can be that of a folder of the cache: not empty, no '/', not beginning with '.', printable.
 */
bool image_name_is_safe(const char *name);

/* Append an image; all strings are copied. 0, -ENOMEM, -EFBIG. */
int image_list_add(struct image_list *list, const char *dist, const char *release, const char *arch,
                   const char *variant, const char *build, const char *path);

#endif
