#include "core/links/network_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/path.h"
#include "core/config/idmap.h"

/* Linux 5.8 added the mount id to statx(2), but not every C library has it in struct statx: the bit that
 * requests it, and the position of the result. */
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#define MOUNT_ID_OFFSET 0x90

/* The id of the mount of a file; 0 if the kernel does not report it (before 5.8). */
static uint64_t lease_mount_id(int dirfd, const char *name, uint16_t *mode)
{
    struct statx x;
    uint64_t mount;

    if (syscall(SYS_statx, dirfd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MNT_ID, &x) <
        0)
        return 0;
    *mode = x.stx_mode;
    memcpy(&mount, (const char *)&x + MOUNT_ID_OFFSET, sizeof(mount));
    return x.stx_mask & STATX_MNT_ID ? mount : 0;
}

/*
 * A resolv.conf that is a symbolic link or a mount of its own is managed by a resolver inside or by the host,
 * and is not changed.
 */
static int lease_write_below(int root, const struct strbuf *text)
{
    cleanup_fd int etc = rootfs_open(root, "/etc", O_PATH | O_DIRECTORY, 0);
    uint16_t mode = 0;
    uint64_t mount = lease_mount_id(root, "", &mode);
    struct stat st;

    if (etc < 0)
        return etc;
    if (!mount || lease_mount_id(etc, "", &mode) != mount)
        return -EXDEV;
    if (fstatat(etc, "resolv.conf", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        (lease_mount_id(etc, "resolv.conf", &mode) != mount || !S_ISREG(mode)))
        return -EEXIST;
    return file_replace(etc, "resolv.conf", text->text, text->length, 0644);
}

static void lease_write_resolv_conf(const struct network_lease *l, const struct config *c, pid_t init_pid)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_fd int root = -1;
    uint32_t uid = 0, gid = 0;
    char path[32];
    int r = dhcp_link_resolv_conf(&l->link, &text);

    if (r == 0 && (!text.length || !c->rootfs_path || !c->rootfs_path[0]))
        return;
    snprintf(path, sizeof(path), "/proc/%d/root", (int)init_pid);
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        r = -errno;
    (void)idmap_to_host(c, false, 0, &uid);
    (void)idmap_to_host(c, true, 0, &gid);
    /* Write with the file system uid of the container's root, so that a mount inside cannot make this process
     * change a file that the container's root could not change. setfsuid(2). */
    setfsgid(gid);
    setfsuid(uid);
    if (r == 0)
        r = lease_write_below(root, &text);
    setfsuid(geteuid());
    setfsgid(getegid());
    if (r < 0)
        log_info("dhcp", "the name servers for %s are not written to /etc/resolv.conf in the container: %s",
                 l->name, strerror(-r));
}

static int lease_on_event(struct network_lease *l, enum dhcp_event event, const struct config *c,
                          pid_t init_pid, struct error *err)
{
    int r = 0;

    switch (event) {
    case DHCP_BOUND:
        r = dhcp_link_apply(&l->link, err);
        if (r == 0)
            lease_write_resolv_conf(l, c, init_pid);
        return r;
    case DHCP_LOST:
        log_warn("dhcp", "the lease of %s has ended", l->name);
        return dhcp_link_withdraw(&l->link, err);
    case DHCP_TAKEN:
        log_warn("dhcp", "the address that %s was given is in use by another host: declined", l->name);
        return dhcp_link_withdraw(&l->link, err);
    case DHCP_SILENT:
        log_warn("dhcp", "no DHCP server answers on %s%s", l->name,
                 l->link.running ? "" : " (it has no carrier)");
        return 0;
    case DHCP_NOTHING:
        break;
    }
    return 0;
}

static void leases_run(void *data);

/* Set the timer for the first of them; -1: none. */
static void leases_wait(struct network_leases *l)
{
    int least_ms = -1;

    for (size_t i = 0; i < l->count; i++) {
        int ms = dhcp_link_wait_ms(&l->items[i].link);

        if (ms >= 0 && (least_ms < 0 || ms < least_ms))
            least_ms = ms;
    }
    if (least_ms >= 0)
        loop_timer_set(l->loop, &l->timer, least_ms, leases_run, l);
}

/* Do the pending work of each. */
static void leases_run(void *data)
{
    struct network_leases *l = data;

    for (size_t i = 0; i < l->count; i++) {
        struct network_lease *lease = &l->items[i];
        struct error err = ERROR_INIT;
        enum dhcp_event event = dhcp_link_run(&lease->link);

        if (lease_on_event(lease, event, l->config, l->init_pid, &err) < 0)
            log_warn("dhcp", "%s: %s", lease->name, err.text);
    }
    loop_timer_clear(l->loop, &l->timer);
    leases_wait(l);
}

static void leases_readable(int fd, void *data)
{
    (void)fd;
    leases_run(data);
}

/*
 * The kernel may let a new port of the bridge forward only some time after it is up: the first message is
 * often lost, so the second one is sent soon.
 */
static int lease_open(struct network_leases *l, const char *host_name, const struct network_link *link,
                      int netns, struct error *err)
{
    const struct dhcp_link_options options = {.host_name = host_name, .tries = 8, .try_ms = 50};
    struct network_lease *lease = &l->items[l->count];
    int r;

    memcpy(lease->name, link->name, sizeof(lease->name));
    r = dhcp_link_open(&lease->link, netns, link->name, &options, err);
    if (r < 0)
        return error_context(err, "lxc.net.%u.ipv4.address = dhcp", link->net->index);
    l->count++;
    r = loop_add(l->loop, lease->link.fd, leases_readable, l);
    return r < 0 ? error_set(err, r, "cannot listen to DHCP servers") : 0;
}

int network_leases_open(struct network_leases *l, struct loop *loop, const char *name,
                        const struct config *config, pid_t init_pid, const struct network_state *state,
                        struct error *err)
{
    int r = 0;

    *l = (struct network_leases){.loop = loop, .config = config, .init_pid = init_pid};
    l->items = calloc(state->count + 1, sizeof(*l->items));
    if (!l->items)
        return error_set(err, ENOMEM, "cannot start DHCP");
    for (size_t i = 0; r == 0 && i < state->count; i++)
        if (state->links[i].net->ipv4_dhcp)
            r = lease_open(l, config->uts_name ? config->uts_name : name, &state->links[i], state->netns,
                           err);
    leases_wait(l);
    return r;
}

void network_leases_close(struct network_leases *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct dhcp_link *link = &l->items[i].link;
        struct error err = ERROR_INIT;

        if (link->client.lease.type && dhcp_link_release(link, &err) < 0)
            log_info("dhcp", "%s: %s", l->items[i].name, err.text);
        loop_remove(l->loop, link->fd);
        dhcp_link_close(link);
    }
    if (l->loop)
        loop_timer_clear(l->loop, &l->timer);
    free(take_ptr(l->items));
    l->count = 0;
}
