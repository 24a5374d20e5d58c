/*
 * The index of an image server, meta/1.0/index-system or index-user: a line for each image,
 * "dist;release;arch;variant;build;path". It is parsed while it arrives; only images that match the filter
 * are kept.
 */
#ifndef LXCBOX_FETCH_INDEX_INDEX_H
#define LXCBOX_FETCH_INDEX_INDEX_H

#include "core/base/str.h"
#include "fetch/index/image.h"

/* Start with `filter` set and the rest zeroed; free with index_reader_free. */
struct index_reader {
    const struct image_name *filter; /* NULL: all */
    struct image_list list;          /* the matches so far; the caller may take it over at the end */
    char line[2048];
    size_t length;
    bool no_image; /* the current line is too long or not text, and is skipped */
};

/*
 * Parse the next bytes. Lines that are not an image are skipped, as by LXC: without six fields, without a
 * build or path, or with names that cannot be directory names. 0, -ENOMEM, or -EFBIG for more than 100,000
 * matches.
 */
int index_feed(struct index_reader *reader, const void *bytes, size_t length);

/* End the file, which may lack its last newline. */
int index_end(struct index_reader *reader);

void index_reader_free(struct index_reader *reader);

/* Whether all members that are set in the filter are equal. */
bool image_matches(const struct image_name *filter, const char *dist, const char *release, const char *arch,
                   const char *variant);

/*
 * Whether a name can be the name of a directory in the cache: not empty, no '/', not beginning with '.',
 * printable.
 *
 */
bool image_name_is_safe(const char *name);

/* Append an image; all strings are copied. 0, -ENOMEM, -EFBIG. */
int image_list_add(struct image_list *list, const char *dist, const char *release, const char *arch,
                   const char *variant, const char *build, const char *path);

#endif
