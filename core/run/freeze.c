#include "core/run/freeze.h"

#include <errno.h>

#include "core/base/cleanup.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"

int container_freeze(const struct container *c, bool freeze, struct error *err)
{
    struct error refused = ERROR_INIT;
    cleanup_fd int dirfd = -1;
    int r = command_freeze(c, freeze, -1, &refused);

    if (r != -ENOENT) {
        if (r < 0 && err)
            *err = refused;
        return r;
    }
    dirfd = command_cgroup_fd(c, "freezer", false, err);
    if (dirfd < 0) {
        error_remedy(err, "the host needs the freezer controller, or cgroup v2");
        return dirfd;
    }
    r = command_set_state(c, freeze ? STATE_FREEZING : STATE_THAWED, err);
    if (r < 0)
        return r;
    error_clear(&refused);
    r = cgroup_freeze_fd(dirfd, freeze, -1, &refused);
    if (r < 0) {
        (void)command_set_state(c, freeze ? STATE_RUNNING : STATE_FROZEN, NULL);
        return error_set(err, r, "cannot %s %s", freeze ? "freeze" : "thaw", c->name);
    }
    return command_set_state(c, freeze ? STATE_FROZEN : STATE_RUNNING, err);
}
