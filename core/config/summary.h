/*
 * The settings that lists of containers need, without parsing the rest: a thousand configurations take a few
 * milliseconds. No line is an error: lines that config_read_file() would reject are ignored. Included files
 * are read once for all containers.
 */
#ifndef LXCBOX_CORE_CONFIG_SUMMARY_H
#define LXCBOX_CORE_CONFIG_SUMMARY_H

#include <stdbool.h>

#include "core/base/str.h"

struct config_summary {
    bool start_auto;
    int start_order, start_delay_seconds;
    bool maps_ids; /* has lxc.idmap: the container is unprivileged */
    struct string_list groups;
    char *rootfs_path; /* as written; NULL: not set */
};

#define cleanup_config_summary __attribute__((cleanup(config_summary_free)))
void config_summary_free(struct config_summary *s);

/*
 * Included files that were read: path, settings, path, ... Initialize with {0}, free with
 * string_list_clear().
 */
struct config_includes {
    struct string_list items;
};

/*
 * Read a configuration, beneath `dirfd` if its path is relative. 0 or a negative errno; `out` then contains
 * the settings read so far.
 */
int config_summary_read(int dirfd, const char *path, struct config_includes *includes,
                        struct config_summary *out);

/* The same from text. */
int config_summary_parse(const char *text, struct config_includes *includes, struct config_summary *out);

#endif
