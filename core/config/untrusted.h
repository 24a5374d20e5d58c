/*
 * A configuration that comes from elsewhere, with an image or an archive: what of it may become part of a
 * container's. The rows of the table of keys say which keys that are (KEY_IMAGE, KEY_ARCHIVE); some of them
 * take harmless values only. What runs on the host, mounts from it, opens a file of it, or takes back what
 * the built-in configurations confine, is left out.
 */
#ifndef LXCBOX_CORE_CONFIG_UNTRUSTED_H
#define LXCBOX_CORE_CONFIG_UNTRUSTED_H

#include <stdbool.h>

#include "core/base/str.h"

struct untrusted {
    bool archive;          /* of lxc-export: one container's own settings are allowed, too */
    bool mapped;           /* the container has a user namespace */
    const char *directory; /* LXCPATH/NAME, of which an archive may mount entries into the container */
    const char *own; /* the configuration that the administrator has for the container: its lines are allowed;
                        NULL: none */
};

/*
 * Append to `out` the comments and those assignments of `text` that are allowed; a key of the others, with
 * its value, to `left_out`, without bytes that a terminal would obey. LXC_NAME and the like are to be
 * replaced before. Lines that are no assignment stay, so that the reader of the whole refuses them. 0 or
 * -ENOMEM.
 */
int untrusted_config(const struct untrusted *u, const char *text, struct strbuf *out,
                     struct string_list *left_out);

/* The same for a text in the form of fstab(5). */
int untrusted_fstab(const struct untrusted *u, const char *text, struct strbuf *out,
                    struct string_list *left_out);

/*
 * Does a configuration include one of a distribution, built in, that confines a container without a user
 * namespace: its devices, capabilities and system calls?
 */
bool untrusted_is_confined(const char *text);

#endif
