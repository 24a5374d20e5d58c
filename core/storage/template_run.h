/*
 * Executable templates, as LXC has them: a program that fills the rootfs and adds to the configuration.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_RUN_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_RUN_H

#include "core/storage/create.h"

struct template_run {
    const char *name; /* TEMPLATE_FOLDER/lxc-NAME, or an absolute path */
    char **argv;      /* what it gets after LXC's own arguments; ends with NULL */
};

/*
 * A create_fill whose context is a struct template_run. The program gets --path, --name and --rootfs, and
 * --mapped-uid and --mapped-gid where ids are mapped. It works at the container's place in the making: that
 * path is replaced by the final one in what it wrote to "config" and "fstab".
 */
create_fill template_run;

/* Run it with -h. Returns its exit status, or a negative errno with `err` filled. */
int template_run_help(const char *name, struct error *err);

#endif
