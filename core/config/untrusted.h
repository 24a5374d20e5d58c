/*
 * Filtering a configuration from an untrusted source (an image or an archive) before it becomes part of a
 * container's configuration. The key table marks the allowed keys (KEY_IMAGE, KEY_ARCHIVE); for some of them
 * only harmless values are allowed. Settings that run programs on the host, mount or open files of the host,
 * or remove restrictions of the built-in configurations are omitted.
 */
#ifndef LXCBOX_CORE_CONFIG_UNTRUSTED_H
#define LXCBOX_CORE_CONFIG_UNTRUSTED_H

#include <stdbool.h>

#include "core/base/str.h"

struct untrusted {
    bool archive;          /* an archive of lxc-export: settings of a single container are allowed too */
    bool mapped;           /* the container has a user namespace */
    const char *directory; /* LXCPATH/NAME, from which an archive may mount entries into the container */
    const char
        *own; /* the administrator's configuration for the container, whose lines are allowed; NULL: none */
};

/*
 * Append the comments and the allowed assignments of `text` to `out`, and the other assignments to
 * `left_out`, without control characters. LXC_NAME and similar words must be replaced before. Lines that are
 * not assignments are kept, so that the parser rejects them. 0 or -ENOMEM.
 */
int untrusted_config(const struct untrusted *u, const char *text, struct strbuf *out,
                     struct string_list *left_out);

/* The same for a text in the format of fstab(5). */
int untrusted_fstab(const struct untrusted *u, const char *text, struct strbuf *out,
                    struct string_list *left_out);

/*
 * Whether a configuration includes the built-in file of a distribution, which restricts the devices,
 * capabilities and system calls of a container without a user namespace.
 */
bool untrusted_is_confined(const char *text);

#endif
