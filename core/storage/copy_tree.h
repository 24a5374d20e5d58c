/*
 * Copying a tree of files as it is: owners, modes, times, hard links among them, holes, device nodes,
 * extended attributes of every kind. Nothing is followed and no other mount is entered. Where the file system
 * can, the copy shares the blocks. Source: ioctl_ficlonerange(2), lseek(2) SEEK_DATA.
 */
#ifndef LXCBOX_CORE_STORAGE_COPY_TREE_H
#define LXCBOX_CORE_STORAGE_COPY_TREE_H

#include <sys/types.h>

#include "core/base/error.h"

/*
 * Copy what is beneath the directory `from`, and its own owner, mode and times, to the empty directory `to`.
 * 0 or a negative errno with `err` filled.
 */
int copy_tree(int from, int to, struct error *err);

/*
 * Copy `size` bytes of a regular file into an empty one, hole by hole, also between file systems. 0 or a
 * negative errno.
 */
int copy_file_bytes(int from, int to, off_t size);

#endif
