/*
 * Executable templates, compatible with LXC: a program fills the rootfs and adds to the configuration.
 */
#ifndef LXCBOX_CORE_STORAGE_TEMPLATE_RUN_H
#define LXCBOX_CORE_STORAGE_TEMPLATE_RUN_H

#include "core/storage/create.h"

struct template_run {
    const char *name; /* TEMPLATE_DIRECTORY/lxc-NAME, or an absolute path */
    char **argv;      /* its arguments after those of LXC; NULL-terminated */
};

/*
 * A create_fill whose context is a struct template_run. The program gets --path, --name and --rootfs, and
 * --mapped-uid and --mapped-gid where ids are mapped. It works in the directory of the incomplete
 * container, whose path is replaced by the final one in the files "config" and "fstab".
 */
create_fill template_run;

/* Run a template with -h. Returns its exit status, or a negative errno with `err` filled. */
int template_run_help(const char *name, struct error *err);

#endif
