/* Detecting the file system of an image or a block device by its superblock. */
#ifndef LXCBOX_CORE_MOUNT_FILESYSTEM_H
#define LXCBOX_CORE_MOUNT_FILESYSTEM_H

#include <stddef.h>
#include <stdint.h>

/* The number of bytes at the beginning that are read. */
#define FILESYSTEM_HEAD (65536 + 72)

/*
 * The type, for mount(2), of a file system that begins with these bytes; a static string. NULL if it is not
 * recognised.
 */
const char *filesystem_type(const uint8_t *head, size_t length);

/* The same for the file or device of an fd; NULL also if it cannot be read. */
const char *filesystem_probe(int fd);

#endif
