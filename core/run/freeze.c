#include "core/run/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/run/command_client.h"

/*
 * Write freezer.state and wait until it reads the same: a task in the middle of something lets a v1 freezer
 * stay FREEZING for a while, and writing again makes it try again. There is nothing to poll(2) on.
 */
static int write_freezer(int dirfd, const char *state)
{
    const struct timespec pause = {0, 2000000};

    for (;;) {
        cleanup_free char *now = NULL;
        int r = file_write_value(dirfd, "freezer.state", state);

        if (r == 0)
            r = file_read(dirfd, "freezer.state", 64, &now, NULL);
        if (r < 0 || starts_with(now, state))
            return r;
        nanosleep(&pause, NULL);
    }
}

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
    r = write_freezer(dirfd, freeze ? "FROZEN" : "THAWED");
    if (r < 0) {
        (void)command_set_state(c, freeze ? STATE_RUNNING : STATE_FROZEN, NULL);
        return error_set(err, r, "cannot %s %s", freeze ? "freeze" : "thaw", c->name);
    }
    return command_set_state(c, freeze ? STATE_FROZEN : STATE_RUNNING, err);
}
