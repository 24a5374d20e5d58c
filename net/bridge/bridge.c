#include "net/bridge/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "net/link/uplink.h"

#define LOCK_FILE "/run/lxc/lxc-net.lock"

/* One lxc-net at a time: an fd that holds the lock until it is closed. */
static int bridge_lock(struct error *err)
{
    cleanup_fd int fd = -1;
    int r = make_directories("/run/lxc", 0755);

    if (r == 0) {
        fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        r = fd < 0 ? -errno : 0;
    }
    if (r == 0)
        r = file_lock(fd, LOCK_EX);
    if (r < 0) {
        error_set(err, r, "cannot lock %s", LOCK_FILE);
        return r == -EACCES ? error_remedy(err, "run it as root") : r;
    }
    return take_fd(&fd);
}

/* A network that is already up: refuse if it works, take it down if it is left over from a crash. */
static int bridge_clear_remains(struct error *err)
{
    struct bridge_state state;
    pid_t server = bridge_server_find();
    int r = bridge_state_read(&state, err);

    if (r == -ENOENT && server == 0) {
        error_clear(err);
        return 0;
    }
    if (r < 0 && r != -ENOENT)
        return r;
    if (server > 0 || (r == 0 && state.uplink[0]))
        r = error_text(err, EBUSY, "lxc-net is already running");
    else
        r = bridge_network_stop(err);
    bridge_state_free(&state);
    return r;
}

int bridge_up(const struct bridge_request *request, bool foreground, struct string_list *warnings,
              struct error *err)
{
    cleanup_fd int lock = bridge_lock(err);
    int r = lock < 0 ? lock : bridge_clear_remains(err);

    if (r == 0)
        r = bridge_network_start(request, warnings, err);
    if (r < 0 || request->uplink)
        return r;
    if (foreground) {
        for (size_t i = 0; i < warnings->count; i++)
            log_warn("lxc-net", "%s", warnings->items[i]);
        string_list_clear(warnings);
        close_fd(&lock); /* so that the network can be brought down meanwhile */
    }
    r = bridge_server_start(request->settings, foreground, err);
    if (r == 0 && !foreground)
        return 0;
    if (foreground)
        lock = bridge_lock(NULL);
    if (bridge_network_stop(r < 0 ? NULL : err) == -ENOENT && r == 0)
        error_clear(err); /* another process was faster */
    return r;
}

int bridge_check(const struct bridge_request *request, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct bridge_hosts hosts;
    int r = netlink_open(&n, NETLINK_ROUTE, -1, err);

    if (r == 0 && request->uplink) {
        r = uplink_check(&n, request->uplink, err);
        if (r != -EBUSY) /* a port of a bridge: the bridge may be ours, which is up */
            return r;
        error_clear(err);
        return 0;
    }
    if (r == 0)
        r = bridge_conflict_check(&n, request->settings, err);
    if (r == 0)
        r = bridge_hosts_read(request->settings->dhcp_file, request->settings->address, &hosts, err);
    if (r == 0)
        bridge_hosts_free(&hosts);
    return r;
}

int bridge_down(struct error *err)
{
    cleanup_fd int lock = bridge_lock(err);
    struct bridge_state state;
    int r = lock < 0 ? lock : bridge_state_read(&state, err);

    if (r < 0)
        return r;
    bridge_state_free(&state);
    r = bridge_server_stop(err);
    return r < 0 ? r : bridge_network_stop(err);
}
