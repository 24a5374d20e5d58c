/*
 * Making and removing the directories that are cgroups. cgroups(7).
 */
#ifndef LXCBOX_CORE_CGROUP_DIRECTORY_H
#define LXCBOX_CORE_CGROUP_DIRECTORY_H

#include <stdbool.h>

/*
 * Make the cgroup `path` ("a/b") beneath a directory, its last component new, the others as needed. *kept is
 * how many components were there before. `cpuset`: the v1 hierarchy has that controller, so what is made gets
 * its parent's CPUs and memory nodes, without which no process may enter. `open`: return an O_PATH fd of it,
 * else 0. -EEXIST when it is there already; on failure what was made is removed again.
 */
int cgroup_directory_make(int base_fd, const char *path, bool cpuset, bool open, unsigned *kept);

/*
 * Remove the cgroup `path` with all that is beneath, and its leading components but the first `kept` if they
 * are empty. 0, -EBUSY while processes are in it, or another negative errno. A missing one is success.
 */
int cgroup_directory_remove(int base_fd, const char *path, unsigned kept);

#endif
