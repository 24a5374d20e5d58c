#include "net/link/uplink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/link/address.h"
#include "net/link/link.h"
#include "net/link/route.h"
#include "net/link/wireless.h"

#define GET_WIRELESS_NAME 0x8b01 /* SIOCGIWNAME of linux/wireless.h, for drivers without nl80211 */

static bool uplink_is_wireless(const struct link *l)
{
    cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};

    memcpy(request.ifr_name, l->name, IFNAMSIZ);
    return wireless_card(-1, l->index) >= 0 || (fd >= 0 && ioctl(fd, GET_WIRELESS_NAME, &request) == 0);
}

static int uplink_refuse_wireless(const char *link, struct error *err)
{
    error_text(err, EOPNOTSUPP,
               "%s is wireless and cannot be part of a bridge: an access point accepts frames only from the "
               "hardware address that is associated with it",
               link);
    return error_remedy(err,
                        "run \"lxc-net start\" without --bridge-uplink; containers are then masqueraded");
}

int uplink_check(struct netlink *n, const char *link, struct error *err)
{
    struct link l;
    int r = link_find(n, 0, link, &l, err);

    if (r < 0)
        return r;
    if (uplink_is_wireless(&l))
        return uplink_refuse_wireless(link, err);
    if (l.flags & IFF_LOOPBACK || l.type != ARPHRD_ETHER || strcmp(l.kind, "bridge") == 0)
        return error_text(err, EINVAL, "%s cannot be part of a bridge: it is not an Ethernet interface",
                          link);
    if (l.master)
        return error_text(err, EBUSY, "%s is part of another bridge already", link);
    return 0;
}

int uplink_default(struct netlink *n, int family, char out[IFNAMSIZ], struct error *err)
{
    cleanup_strbuf struct strbuf routes = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct route route, best = {0};
    struct link l;
    int r = route_dump(n, family, RT_TABLE_MAIN, false, &routes, err);

    if (r < 0)
        return r;
    for (rest = netlink_view_of(&routes); netlink_next_message(&rest, &m);) {
        struct route_hop hop;

        if (!route_parse(&m, &route) || route.destination.length || route.type != RTN_UNICAST ||
            (route.table && route.table != RT_TABLE_MAIN))
            continue;
        if (!route.device && route_next_hop(&route, &route.multipath, &hop))
            route.device = hop.device;
        if (route.device && (!best.device || route.metric < best.metric))
            best = route;
    }
    if (!best.device)
        return error_text(err, ENODEV, "there is no default route");
    r = link_find(n, best.device, NULL, &l, err);
    if (r == 0)
        memcpy(out, l.name, IFNAMSIZ);
    return r;
}

/* Addresses of `from`, added on `to` or deleted from `from`. */
static int uplink_put_addresses(struct netlink_batch *b, const struct strbuf *dump, int from, int to)
{
    struct netlink_view rest = {(const uint8_t *)dump->text, dump->length};
    struct netlink_message m;
    struct address a;

    while (netlink_next_message(&rest, &m)) {
        /* Link-local addresses belong to the hardware and stay. */
        if (!address_parse(&m, &a) || a.index != from || a.scope == RT_SCOPE_LINK)
            continue;
        a.flags &= ~(uint32_t)(IFA_F_TENTATIVE | IFA_F_PERMANENT | IFA_F_DADFAILED | IFA_F_OPTIMISTIC);
        a.flags |= a.local.family == AF_INET6 ? IFA_F_NODAD : 0;
        a.index = to ? to : from;
        a.label[0] = '\0';
        if (to)
            address_add(b, &a, true);
        else
            address_delete(b, &a);
    }
    return 0;
}

/* Routes over `from` that do not follow from an address, added over `to`; routes without a gateway first,
 * because the others depend on them. */
static void uplink_put_routes(struct netlink_batch *b, const struct strbuf *dump, int from, int to)
{
    for (int with_gateway = 0; with_gateway < 2; with_gateway++) {
        struct netlink_view rest = {(const uint8_t *)dump->text, dump->length};
        struct netlink_message m;
        struct route r;

        while (netlink_next_message(&rest, &m)) {
            if (!route_parse(&m, &r) || r.device != from || r.protocol == RTPROT_KERNEL ||
                r.type != RTN_UNICAST || r.multipath.length || (r.gateway.family != 0) != with_gateway)
                continue;
            r.device = to;
            r.flags = 0;
            route_add(b, &r, NLM_F_CREATE | NLM_F_REPLACE);
        }
    }
}

static int uplink_dump_all(struct netlink *n, struct strbuf *addresses, struct strbuf *routes,
                           struct error *err)
{
    int r = address_dump(n, AF_UNSPEC, 0, addresses, err);

    if (r == 0)
        r = route_dump(n, AF_UNSPEC, 0, false, routes, err);
    return r;
}

int uplink_move(struct netlink *n, const char *link, const char *bridge, bool join, struct error *err)
{
    cleanup_strbuf struct strbuf addresses = STRBUF_INIT, routes = STRBUF_INIT;
    struct netlink_result result;
    struct netlink_batch b;
    struct link port, parent;
    int master, from, to, r = link_find(n, 0, link, &port, err);

    if (r == 0)
        r = link_find(n, 0, bridge, &parent, err);
    if (r == 0)
        r = uplink_dump_all(n, &addresses, &routes, err);
    if (r < 0)
        return r;
    from = join ? port.index : parent.index;
    to = join ? parent.index : port.index;
    master = join ? parent.index : 0;
    netlink_batch_init(&b);
    link_change(&b, &(struct link_request){
                        .index = port.index, .master = &master, .flags = IFF_UP, .change = IFF_UP});
    uplink_put_addresses(&b, &addresses, from, to);
    uplink_put_addresses(&b, &addresses, from, 0);
    uplink_put_routes(&b, &routes, from, to);
    if (netlink_exchange(n, &b, NULL, &result) == 0)
        return 0;
    if (result.code == -EOPNOTSUPP && join && result.message == 0)
        return uplink_refuse_wireless(link, err);
    return netlink_error(&result, err, "cannot move addresses and routes from %s to %s", join ? link : bridge,
                         join ? bridge : link);
}
