#include "core/run/freeze.h"

#include <errno.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/cgroup/cgroup.h"
#include "core/command/command_client.h"

static int freeze_timed_out(const struct container *c, bool freeze, struct error *err)
{
    error_text(err, ETIMEDOUT, "%s did not %s within %d seconds%s", c->name, freeze ? "freeze" : "thaw",
               CGROUP_FREEZE_MS / 1000, freeze ? ", so it was left running" : "");
    return error_remedy(err, freeze ? "one of its processes waits in the kernel: state D in ps"
                                    : "a cgroup above its own may be frozen");
}

int container_freeze(const struct container *c, bool freeze, struct error *err)
{
    struct error refused = ERROR_INIT;
    cleanup_fd int dirfd = command_cgroup2_fd(c, true, NULL);
    int r;

    if (dirfd < 0)
        dirfd = command_cgroup_fd(c, "freezer", false, err);
    if (dirfd < 0)
        return dirfd == -ENOTCONN || dirfd == -EACCES
                   ? dirfd
                   : error_remedy(err, "the host needs the freezer controller, or cgroup v2");
    r = command_set_state(c, freeze ? STATE_FREEZING : STATE_THAWED, err);
    if (r < 0)
        return r;
    r = cgroup_freeze_fd(dirfd, freeze, CGROUP_FREEZE_MS, &refused);
    if (r < 0) {
        (void)command_set_state(c, freeze ? STATE_RUNNING : STATE_FROZEN, NULL);
        return r == -ETIMEDOUT ? freeze_timed_out(c, freeze, err)
                               : error_set(err, r, "cannot %s %s", freeze ? "freeze" : "thaw", c->name);
    }
    return command_set_state(c, freeze ? STATE_FROZEN : STATE_RUNNING, err);
}

static bool container_is_frozen(const struct container *c)
{
    int state = command_state(c, NULL);

    return state == STATE_FROZEN || state == STATE_FREEZING;
}

int container_wait_thawed(const struct container *c, void (*report)(const char *line), struct error *err)
{
    const unsigned ends =
        1u << STATE_RUNNING | 1u << STATE_THAWED | 1u << STATE_STOPPING | 1u << STATE_STOPPED;
    cleanup_fd int subscription = -1;
    cleanup_free char *line = NULL;
    int state;

    if (!container_is_frozen(c))
        return 0;
    line = format_string("%s is frozen: waiting until it is thawed (lxc-unfreeze -n %s)", c->name, c->name);
    if (report && line)
        report(line);
    state = command_subscribe(c, ends, false, &subscription, err);
    if (state == STATE_COUNT)
        state = command_wait(subscription, -1, err);
    if (state == STATE_STOPPING || state == STATE_STOPPED)
        return error_text(err, ENOTCONN, "%s has stopped", c->name);
    return state < 0 ? state : 0;
}
