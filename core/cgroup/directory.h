/* Creating and removing the directories of cgroups. Source: cgroups(7). */
#ifndef LXCBOX_CORE_CGROUP_DIRECTORY_H
#define LXCBOX_CORE_CGROUP_DIRECTORY_H

#include <stdbool.h>

/*
 * Create the cgroup `path` ("a/b") beneath a directory: the last component must not exist, the others are
 * created if necessary. *kept is the number of components that existed before. `cpuset`: the v1 hierarchy has
 * that controller, so new cgroups get the CPUs and memory nodes of the parent, without which no process can
 * enter. `open`: return an O_PATH fd of the cgroup, else 0. -EEXIST if it already exists; on failure, created
 * directories are removed.
 */
int cgroup_directory_make(int base_fd, const char *path, bool cpuset, bool open, unsigned *kept);

/*
 * Remove the cgroup `path` and all cgroups beneath it, and its leading components except the first `kept` if
 * they are empty. 0, -EBUSY if it has processes, or another negative errno. A missing cgroup is success.
 */
int cgroup_directory_remove(int base_fd, const char *path, unsigned kept);

#endif
