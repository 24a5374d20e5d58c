/*
 * Kernel modules: finding files and dependencies, and loading them. Sources: modules.dep(5), depmod(8),
 * modprobe(8), modprobe.d(5) for aliases and soft dependencies, finit_module(2).
 */
#ifndef LXCBOX_CORE_BOOT_MODULES_H
#define LXCBOX_CORE_BOOT_MODULES_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/str.h"

/* The files that depmod has written for a kernel. Strings are owned; NULL if the file does not exist. */
struct modules {
    char *directory; /* "/lib/modules/6.1.0" */
    char *dep;       /* modules.dep */
    char *alias;     /* modules.alias */
    char *soft;      /* modules.softdep */
    char *built_in;  /* modules.builtin */
    bool sys_counts; /* the modules are those of the running kernel: also use /sys/module */
};

#define cleanup_modules __attribute__((cleanup(modules_free)))
void modules_free(struct modules *m);

/*
 * Read BASE/lib/modules/RELEASE; `base` NULL: "/", `release` NULL: that of the running kernel. 0 or a
 * negative errno with `err` filled; -ENOENT: there are no modules for this kernel; -ENODATA: there is no
 * modules.dep.
 */
int modules_open(struct modules *m, const char *base, const char *release, struct error *err);

/*
 * Add the paths (beneath the directory) of the modules for a name or alias ("overlay", "fs-overlay",
 * "pci:v0000..."), after their dependencies, each once. 1: built in, no module is required; 0: added;
 * -ENOENT: not found; -ENOMEM.
 */
int modules_resolve(const struct modules *m, const char *name, struct string_list *paths);

/*
 * Whether both name the same module: '-' and '_' are equivalent; directory and suffix of a path are ignored.
 */
bool module_is(const char *path, const char *name);

/*
 * Load one file. `parameters`: "a=1 b=2" or "". 0 (also if it is already loaded) or a negative errno with
 * `err` filled.
 */
int module_load(const char *path, const char *parameters, struct error *err);

/*
 * Load the modules for a name or alias and their dependencies, as modules_resolve() and module_load(). If
 * several modules match, some may be for missing hardware (-ENODEV): success if at least one is loaded.
 */
int modules_load(const struct modules *m, const char *name, const char *parameters, struct error *err);

/* Remove a loaded module, given by its name or file. 0 or a negative errno with `err` filled. */
int module_remove(const char *name, bool force, struct error *err);

/* Load the modules for the existing devices: each "modalias" in /sys/devices. Failures are logged. */
void modules_load_for_devices(const struct modules *m);

/* Append the lines of a modules.dep, modules.alias or modules.softdep for these modules. 0 or -ENOMEM. */
int modules_excerpt(const char *text, const struct string_list *paths, struct strbuf *out);

#endif
