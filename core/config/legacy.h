/* Key names of LXC before 3.0, which later versions reject. Source: lxc-update-config(1). */
#ifndef LXCBOX_CORE_CONFIG_LEGACY_H
#define LXCBOX_CORE_CONFIG_LEGACY_H

#include "core/base/error.h"
#include "core/base/str.h"

/*
 * The current name of an old key, for messages: "lxc.uts.name" for "lxc.utsname", "lxc.net.N.link" for
 * "lxc.network.link". "" for a removed key; NULL if the name is not an old key.
 */
const char *legacy_key(const char *name);

/*
 * Update the old keys of a configuration and append the result to `out`; comments and order are kept.
 * Settings in comments are updated too. 0 or -ENOMEM.
 */
int legacy_update(const char *text, struct strbuf *out);

#endif
