/* The names that keys had before LXC 3.0, which refuses them. Source: lxc-update-config(1). */
#ifndef LXCBOX_CORE_CONFIG_LEGACY_H
#define LXCBOX_CORE_CONFIG_LEGACY_H

#include "core/base/error.h"
#include "core/base/str.h"

/*
 * The present name of an old key, for messages: "lxc.uts.name" for "lxc.utsname", "lxc.net.N.link" for
 * "lxc.network.link". "" for a key that is gone; NULL for one that is no old key.
 */
const char *legacy_key(const char *name);

/*
 * A configuration with old keys brought up to date, comments and order kept; appended to `out`. Commented
 * settings are brought up to date too. 0 or -ENOMEM.
 */
int legacy_update(const char *text, struct strbuf *out);

#endif
