/* The family lxc.net: finding the network and the row of net_keys for "lxc.net.N" and "lxc.net.N.KEY". */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys_net.h"

/* "N" or "N.KEY": the index, and the key or "". */
static int net_split(const char *rest, unsigned *index, const char **key)
{
    char *end;
    unsigned long n;

    if (!isdigit((unsigned char)*rest))
        return -EINVAL;
    errno = 0;
    n = strtoul(rest, &end, 10);
    if (errno || n >= INT_MAX || (*end && *end != '.') || (*end && !end[1]))
        return -EINVAL;
    *index = (unsigned)n;
    *key = *end ? end + 1 : end;
    return 0;
}

/* The position of the network in the list, or the position to insert it. */
static size_t net_position(const struct config *c, unsigned index)
{
    size_t i = 0;

    while (i < c->net_count && c->nets[i].index < index)
        i++;
    return i;
}

static struct config_net *net_find(const struct config *c, unsigned index)
{
    size_t i = net_position(c, index);

    return i < c->net_count && c->nets[i].index == index ? &c->nets[i] : NULL;
}

static struct config_net *net_add(struct config *c, unsigned index)
{
    size_t position = net_position(c, index);
    struct config_net *grown = array_grow(c->nets, c->net_count, sizeof(*grown));

    if (!grown)
        return NULL;
    c->nets = grown;
    memmove(grown + position + 1, grown + position, (c->net_count - position) * sizeof(*grown));
    c->net_count++;
    grown[position] = (struct config_net){.index = index};
    keys_init(net_keys, &grown[position]);
    return &grown[position];
}

static void net_drop(struct config *c, struct config_net *n)
{
    size_t position = (size_t)(n - c->nets);

    net_free(n);
    memmove(n, n + 1, (c->net_count - position - 1) * sizeof(*n));
    if (--c->net_count == 0) {
        free(c->nets);
        c->nets = NULL;
    }
}

/* Fill the setting for the row of net_keys; false if there is none. */
static bool net_setting(const struct setting *s, unsigned *index, struct setting *out)
{
    const char *name, *rest;

    if (net_split(s->rest, index, &name) < 0)
        return false;
    *out = *s;
    out->rest = "";
    out->key = key_find(net_keys, name, &rest);
    return out->key;
}

static int net_key_unknown(const struct setting *s, struct error *err)
{
    cleanup_free char *suggestion = key_suggest(s->name);

    error_text(err, EINVAL, "there is no key %s", s->name);
    return suggestion ? error_remedy(err, "did you mean %s?", suggestion)
                      : error_remedy(err, "see lxc.container.conf(5) for all keys");
}

static int set_net(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config *c = holder;
    struct setting in;
    unsigned index;
    struct config_net *n;
    bool added;
    int r;

    if (!*s->rest) {
        error_text(err, EINVAL, "lxc.net does not accept a value");
        return error_remedy(err, "write lxc.net.0.type = veth; \"lxc.net =\" clears all networks");
    }
    if (!net_setting(s, &index, &in))
        return net_key_unknown(s, err);
    n = net_find(c, index);
    added = !n;
    if (added)
        n = net_add(c, index);
    if (!n)
        return setting_no_memory(s, err);
    r = key_apply(n, &in, kept, err);
    if (r < 0 && added)
        net_drop(c, n);
    return r;
}

/* The keys of a network of this type, as LXC lists them. */
static int net_list_keys(const struct config_net *n, struct strbuf *out)
{
    static const char *const all = "type\nscript.up\nscript.down\n",
                             *const links = "flags\nlink\nname\nhwaddr\nmtu\nipv6.address\nipv6.gateway\n"
                                            "ipv4.address\nipv4.gateway\n";
    const char *own = "";
    int r = strbuf_puts(out, all);

    if (!n->has_type || n->type == NET_EMPTY)
        return r;
    if (n->type == NET_VETH)
        own = "veth.pair\nveth.ipv4.route\nveth.ipv6.route\nveth.vlan.id\n";
    else if (n->type == NET_MACVLAN)
        own = "macvlan.mode\n";
    else if (n->type == NET_IPVLAN)
        own = "ipvlan.mode\nipvlan.isolation\n";
    else if (n->type == NET_VLAN)
        own = "vlan.id\n";
    r = r < 0 ? r : strbuf_puts(out, links);
    return r < 0 ? r : strbuf_puts(out, own);
}

static int get_net(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config *c = holder;
    const struct config_net *n;
    struct setting in;
    const char *name;
    unsigned index;

    if (!*s->rest) {
        for (size_t i = 0; i < c->net_count; i++)
            if (strbuf_printf(out, "%s\n", net_type_name(&c->nets[i])) < 0)
                return -ENOMEM;
        return 0;
    }
    if (net_split(s->rest, &index, &name) < 0)
        return -ENOENT;
    n = net_find(c, index);
    if (!n)
        return -ENOENT;
    if (!*name)
        return net_list_keys(n, out);
    return net_setting(s, &index, &in) ? in.key->type->get(n, &in, out) : -ENOENT;
}

static void clear_net(void *holder, const struct setting *s)
{
    struct config *c = holder;
    struct config_net *n;
    struct setting in;
    const char *name;
    unsigned index;

    if (!*s->rest) {
        while (c->net_count)
            net_drop(c, &c->nets[c->net_count - 1]);
        return;
    }
    if (net_split(s->rest, &index, &name) < 0)
        return;
    n = net_find(c, index);
    if (n && !*name)
        net_drop(c, n);
    else if (n && net_setting(s, &index, &in))
        key_apply(n, &in, NULL, NULL);
}

static int may_clear_net(const void *holder, const struct setting *s, struct error *err)
{
    const char *name, *ignored;
    unsigned index;

    if (!*s->rest)
        return 0;
    if (net_split(s->rest, &index, &name) < 0 || (*name && !key_find(net_keys, name, &ignored)))
        return error_text(err, EINVAL, "there is no key %s", s->name);
    if (*name && !net_find(holder, index))
        return error_text(err, EINVAL, "%s cannot be cleared: there is no network %u yet", s->name, index);
    return 0;
}

const struct key_type type_nets = {
    .set = set_net, .get = get_net, .clear = clear_net, .may_clear = may_clear_net};

const struct key *net_key_find(const char *rest)
{
    const char *name, *ignored;
    unsigned index;

    return net_split(rest, &index, &name) < 0 ? NULL : key_find(net_keys, name, &ignored);
}
