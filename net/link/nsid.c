#include "net/link/nsid.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"

static void nsid_begin(struct netlink_batch *b)
{
    const struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};

    netlink_batch_init(b);
    netlink_begin(b, RTM_GETNSID, 0, &header, sizeof(header));
}

void nsid_get(struct netlink_batch *b, int32_t target, int32_t id)
{
    nsid_begin(b);
    if (id != NSID_NONE)
        netlink_put_u32(b, NETNSA_NSID, (uint32_t)id);
    if (target != NSID_NONE)
        netlink_put_u32(b, NETNSA_TARGET_NSID, (uint32_t)target);
}

bool nsid_parse(const struct netlink_message *m, struct nsid *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct rtgenmsg header;

    *out = (struct nsid){NSID_NONE, NSID_NONE};
    if (m->type != RTM_NEWNSID || !netlink_take_header(&rest, &header, sizeof(header)))
        return false;
    while (netlink_next_attribute(&rest, &a)) {
        if (a.type == NETNSA_NSID)
            out->id = (int32_t)netlink_u32(&a);
        else if (a.type == NETNSA_CURRENT_NSID)
            out->current = (int32_t)netlink_u32(&a);
    }
    return true;
}

int nsid_of(struct netlink *n, int netns)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    struct nsid found;

    nsid_begin(&b);
    netlink_put_u32(&b, NETNSA_FD, (uint32_t)netns);
    if (netlink_exchange(n, &b, &replies, NULL) < 0)
        return NSID_NONE;
    rest = netlink_view_of(&replies);
    return netlink_next_message(&rest, &m) && nsid_parse(&m, &found) ? found.id : NSID_NONE;
}
