/* Networks: created in a network namespace that ends with the probe. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/probe/probe.h"
#include "net/firewall/firewall.h"
#include "net/link/link.h"

/* Links that require a parent get a veth: the loopback interface cannot be a parent. */
int try_link(const char *kind)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct netlink_batch batch;
    const struct link_request peer = {.name = "b"}, pair = {.name = "a", .kind = "veth", .peer = &peer};
    struct link_request request = {.name = "c", .kind = kind};
    struct link found;

    if (unshare(CLONE_NEWNET) < 0 || netlink_open(&n, NETLINK_ROUTE, -1, NULL) < 0)
        return -1;
    netlink_batch_init(&batch);
    if (strcmp(kind, "veth") == 0) {
        link_create(&batch, &pair);
        return netlink_exchange(&n, &batch, NULL, NULL);
    }
    if (strcmp(kind, "bridge") != 0) {
        link_create(&batch, &pair);
        if (netlink_exchange(&n, &batch, NULL, NULL) < 0 || link_find(&n, 0, "a", &found, NULL) < 0)
            return -1;
        request.parent = found.index;
        request.vlan_id = strcmp(kind, "vlan") == 0 ? 7 : 0;
        netlink_batch_init(&batch);
    }
    link_create(&batch, &request);
    return netlink_exchange(&n, &batch, NULL, NULL);
}

/* The same rules as those of lxc-net. */
int try_masquerade(const char *family)
{
    return unshare(CLONE_NEWNET) < 0 ? -1 : firewall_probe(-1, strcmp(family, "ip6") == 0, NULL);
}

static int try_tun(void)
{
    cleanup_fd int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

    if (fd < 0 || unshare(CLONE_NEWNET) < 0)
        return -1;
    return file_control(fd, TUNSETIFF, (uintptr_t)&request) < 0 ? -1 : 0;
}

int try_socket(const char *which)
{
    cleanup_fd int fd = -1;

    if (strcmp(which, "tun") == 0)
        return try_tun();
    fd = socket(strcmp(which, "ipv6") == 0 ? AF_INET6 : AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : 0;
}

/* sock_diag(7): a dump for a family without diag support fails with ENOENT. */
int try_diag(const char *family)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct unix_diag_req unix_sockets = {.sdiag_family = AF_UNIX, .udiag_states = ~0U};
    struct inet_diag_req_v2 inet = {
        .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U};
    struct packet_diag_req packet = {.sdiag_family = AF_PACKET};
    struct netlink_diag_req netlink = {.sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL};
    struct netlink_batch batch;

    if (unshare(CLONE_NEWNET) < 0 || netlink_open(&n, NETLINK_SOCK_DIAG, -1, NULL) < 0)
        return -1;
    netlink_batch_init(&batch);
    if (strcmp(family, "unix") == 0)
        netlink_begin(&batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &unix_sockets, sizeof(unix_sockets));
    else if (strcmp(family, "inet") == 0)
        netlink_begin(&batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &inet, sizeof(inet));
    else if (strcmp(family, "packet") == 0)
        netlink_begin(&batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &packet, sizeof(packet));
    else
        netlink_begin(&batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &netlink, sizeof(netlink));
    return netlink_dump(&n, &batch, &replies, NULL);
}
