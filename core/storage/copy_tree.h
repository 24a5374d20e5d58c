/*
 * Copying a tree of files with owners, modes, times, hard links, holes, device nodes and all extended
 * attributes, of any depth. Symbolic links are not followed, and other mounts, also of the same file system,
 * are not entered: mount points are empty in the copy. If the file system can, the copy shares the blocks.
 * Source: ioctl_ficlonerange(2), lseek(2) SEEK_DATA.
 */
#ifndef LXCBOX_CORE_STORAGE_COPY_TREE_H
#define LXCBOX_CORE_STORAGE_COPY_TREE_H

#include <sys/types.h>

#include "core/base/error.h"

/*
 * Copy the contents of directory `from`, and its owner, mode and times, to the empty directory `to`. Returns
 * 0, or a negative errno with `err` filled.
 */
int copy_tree(int from, int to, struct error *err);

/*
 * Copy `size` bytes of a regular file to an empty one, preserving holes, also between file systems. Returns 0
 * or a negative errno.
 */
int copy_file_bytes(int from, int to, off_t size);

#endif
