/*
 * Kernel modules: which file has one, what it needs, and loading it. Sources: modules.dep(5), depmod(8),
 * modprobe(8), modprobe.d(5) for aliases and soft dependencies, finit_module(2).
 */
#ifndef LXCBOX_CORE_BOOT_MODULES_H
#define LXCBOX_CORE_BOOT_MODULES_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/str.h"

/* What depmod has written about a kernel's modules. Texts are owned; NULL for a file that does not exist. */
struct modules {
    char *folder;    /* "/lib/modules/6.1.0" */
    char *dep;       /* modules.dep */
    char *alias;     /* modules.alias */
    char *soft;      /* modules.softdep */
    char *built_in;  /* modules.builtin */
    bool sys_counts; /* what /sys/module lists is there, too: they are this kernel's */
};

#define cleanup_modules __attribute__((cleanup(modules_free)))
void modules_free(struct modules *m);

/*
 * Read BASE/lib/modules/RELEASE; `base` NULL: "/", `release` NULL: the running kernel's. 0 or a negative
 * errno with `err` filled; -ENOENT: there are no modules for this kernel; -ENODATA: there are, without
 * modules.dep.
 */
int modules_open(struct modules *m, const char *base, const char *release, struct error *err);

/*
 * Add the paths (beneath the folder) of the modules that a name or alias ("overlay", "fs-overlay",
 * "pci:v0000...") stands for, after those they need, each once. 1: it is built in and needs none; 0: added;
 * -ENOENT: nothing of that name; -ENOMEM.
 */
int modules_resolve(const struct modules *m, const char *name, struct string_list *paths);

/* Whether both name one module: '-' and '_' are the same, and a path's folder and ending do not count. */
bool module_is(const char *path, const char *name);

/* Load one file. `parameters`: "a=1 b=2" or "". 0 (also when it is loaded already) or a negative errno with
 * `err` filled. */
int module_load(const char *path, const char *parameters, struct error *err);

/*
 * Load what a name or alias stands for with all it needs. As modules_resolve and module_load. Of several for
 * one purpose some may be for hardware that is not there (-ENODEV): no failure as long as one is loaded.
 */
int modules_load(const struct modules *m, const char *name, const char *parameters, struct error *err);

/* Remove a loaded module, named also by its file. 0 or a negative errno with `err` filled. */
int module_remove(const char *name, bool force, struct error *err);

/* Load what the devices ask for that are there: each "modalias" in /sys/devices. Failures are logged. */
void modules_load_for_devices(const struct modules *m);

/* Append the lines of a modules.dep, modules.alias or modules.softdep that speak of these modules. 0 or
 * -ENOMEM. */
int modules_excerpt(const char *text, const struct string_list *paths, struct strbuf *out);

#endif
