/* Whether a new container maps ids. Shared by the applets that create containers. */
#ifndef LXCBOX_APPLETS_MAPPED_H
#define LXCBOX_APPLETS_MAPPED_H

#include <errno.h>
#include <string.h>

#include "core/config/global.h"

/* By the option --mapped, or by lxcbox.mapped of lxc.conf for all containers. Returns 0, or -EINVAL with
 * `err` filled. */
static inline int mapped_read(bool option, bool *mapped, struct error *err)
{
    const char *value = global_item("lxcbox.mapped");

    *mapped = option || (value && strcmp(value, "1") == 0);
    if (!value || !*value || strcmp(value, "0") == 0 || strcmp(value, "1") == 0)
        return 0;
    error_text(err, EINVAL, "lxcbox.mapped = %s: the value is neither 0 nor 1", value);
    return error_remedy(err, "correct it in /etc/lxc/lxc.conf");
}

#endif
