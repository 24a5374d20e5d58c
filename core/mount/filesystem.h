/*
 * What file system an image or a block device holds, told by its superblock.
 */
#ifndef LXCBOX_CORE_STORAGE_FILESYSTEM_H
#define LXCBOX_CORE_STORAGE_FILESYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* So many of the first bytes are looked at. */
#define FILESYSTEM_HEAD (65536 + 72)

/* The name that mount(2) takes for what begins with these bytes, static; NULL when none is recognised. */
const char *filesystem_of(const uint8_t *head, size_t length);

/* The same for what an fd refers to; NULL also when it cannot be read. */
const char *filesystem_probe(int fd);

#endif
