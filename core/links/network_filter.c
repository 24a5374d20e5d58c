/* Forged addresses that are refused at the ports of a container: lxcbox.conf(5), refuse_spoofing. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/config/lxcbox_conf.h"
#include "core/links/network_steps.h"
#include "net/firewall/port_filter.h"

static bool filter_is_port(const struct network_link *l)
{
    return l->net->type == NET_VETH && l->parent && !l->net->veth_router;
}

/* The filter for one port. The hardware address is that of the end in the container. */
static int filter_describe(const struct network_link *l, unsigned refused, struct netlink *inside,
                           struct port_filter *f, struct error *err)
{
    const struct config_net *net = l->net;
    struct link end;
    int r = link_find(inside, l->index, NULL, &end, err);

    *f = (struct port_filter){.port = l->host_name,
                              .ipv4 = refused & SPOOFING_IPV4,
                              .ipv6 = refused & SPOOFING_IPV6,
                              .tagged = net->veth_vlan_tagged_count > 0};
    if (r < 0)
        return r;
    memcpy(f->hardware, end.address, sizeof(f->hardware));
    if (net->address_count > PORT_FILTER_ADDRESSES)
        return error_text(err, E2BIG, "lxc.net.%u: refuse_spoofing works with up to %d addresses", net->index,
                          PORT_FILTER_ADDRESSES);
    for (size_t i = 0; i < net->address_count; i++)
        f->addresses[f->count++] = ip_make(net->addresses[i].family, net->addresses[i].address);
    return 0;
}

int network_filter_install(const struct container *c, struct network_state *state, struct netlink *inside,
                           struct error *err)
{
    cleanup_lxcbox_conf struct lxcbox_conf conf = {0};
    int r = lxcbox_conf_read(c, &conf, err);

    if (r < 0 || !conf.refuse_spoofing)
        return r;
    r = netlink_open(&state->filters, NETLINK_NETFILTER, -1, err);
    for (size_t i = 0; r == 0 && i < state->count; i++) {
        struct port_filter f;

        if (!filter_is_port(&state->links[i]))
            continue;
        r = filter_describe(&state->links[i], conf.refuse_spoofing, inside, &f, err);
        if (r == 0)
            r = port_filter_install(&state->filters, &f, err);
    }
    return r;
}

void network_filter_remove(struct network_state *state)
{
    if (state->filters.fd < 0)
        return;
    for (size_t i = 0; i < state->count; i++)
        if (filter_is_port(&state->links[i]))
            port_filter_remove(&state->filters, state->links[i].host_name);
    netlink_close(&state->filters);
}
