#include "core/links/network.h"
#include "core/links/moved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/links/network_steps.h"
#include "net/link/wireless.h"

#define LOOPBACK_INDEX 1
/* How long to wait for the kernel to remove a pair together with its namespace before the pair is deleted;
 * the kernel takes less than a millisecond, or five on a busy machine. */
#define GONE_WAIT_MS 50

const char *network_type_name(enum net_type type)
{
    static const char *const names[] = {
        [NET_NONE] = "none",     [NET_EMPTY] = "empty", [NET_VETH] = "veth", [NET_MACVLAN] = "macvlan",
        [NET_IPVLAN] = "ipvlan", [NET_VLAN] = "vlan",   [NET_PHYS] = "phys"};

    return names[type];
}

/* --- Names --- */

static bool network_name_is_taken(const struct network_state *state, size_t except, const char *name)
{
    for (size_t i = 0; i < state->count; i++)
        if (i != except && strcmp(state->links[i].name, name) == 0)
            return true;
    return strcmp(name, "lo") == 0;
}

/* The name inside from the configuration; NULL: any eth%d. */
static const char *network_given_name(const struct config_net *net)
{
    if (net->name && net->name[0] && strcmp(net->name, "eth%d") != 0)
        return net->name;
    return net->type == NET_PHYS ? net->link : NULL;
}

static int network_take_given_name(struct network_state *state, size_t i, struct error *err)
{
    struct network_link *l = &state->links[i];
    const char *name = network_given_name(l->net);

    if (l->net->type == NET_EMPTY) {
        if (l->net->name && strcmp(l->net->name, "lo") != 0)
            return error_text(err, EINVAL,
                              "lxc.net.%u.name: type empty has only the loopback interface, named lo",
                              l->net->index);
        strcpy(l->name, "lo");
        l->index = LOOPBACK_INDEX;
        return 0;
    }
    if (!name)
        return 0;
    if (!link_name_valid(name))
        return error_text(err, EINVAL, "lxc.net.%u.name: \"%s\" cannot be the name of an interface",
                          l->net->index, name);
    if (network_name_is_taken(state, i, name)) {
        error_text(err, EEXIST, "lxc.net.%u.name: two interfaces of the container have the name %s",
                   l->net->index, name);
        return error_remedy(err, "choose another name");
    }
    strcpy(l->name, name);
    return 0;
}

/*
 * Choose the names inside: first those in the configuration, then eth0, eth1, ... for the others, as in LXC.
 */
static int network_choose_names(struct network_state *state, struct error *err)
{
    for (size_t i = 0; i < state->count; i++) {
        int r = network_take_given_name(state, i, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < state->count; i++)
        for (unsigned n = 0; !state->links[i].name[0]; n++) {
            char name[IFNAMSIZ];

            snprintf(name, sizeof(name), "eth%u", n);
            if (!network_name_is_taken(state, i, name))
                strcpy(state->links[i].name, name);
        }
    return 0;
}

static int network_choose_host_name(struct network_link *l, struct error *err)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint8_t random[6];

    if (l->net->veth_pair) {
        if (!link_name_valid(l->net->veth_pair))
            return error_text(err, EINVAL, "lxc.net.%u.veth.pair: \"%s\" cannot be the name of an interface",
                              l->net->index, l->net->veth_pair);
        strcpy(l->host_name, l->net->veth_pair);
        return 0;
    }
    if (getrandom(random, sizeof(random), 0) < 0)
        return error_set(err, errno, "lxc.net.%u: cannot choose a name", l->net->index);
    strcpy(l->host_name, "vethXXXXXX");
    for (size_t i = 0; i < sizeof(random); i++)
        l->host_name[4 + i] = letters[random[i] % (sizeof(letters) - 1)];
    return 0;
}

static int network_write_names(struct config *config, struct network_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];
        struct config_net *net = &config->nets[l->net - config->nets];

        if (!net->name && net->type != NET_EMPTY) {
            l->name_written = (net->name = strdup(l->name)) != NULL;
            if (!net->name)
                return -ENOMEM;
        }
        if (!net->veth_pair && net->type == NET_VETH) {
            l->pair_written = (net->veth_pair = strdup(l->host_name)) != NULL;
            if (!net->veth_pair)
                return -ENOMEM;
        }
    }
    return 0;
}

static void network_unwrite_names(struct config *config, struct network_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];
        struct config_net *net = &config->nets[l->net - config->nets];

        if (l->name_written)
            free(take_ptr(net->name));
        if (l->pair_written)
            free(take_ptr(net->veth_pair));
    }
}

/* --- Attaching --- */

int network_plan(struct config *config, struct network_state *state, struct error *err)
{
    int r;

    state->links = calloc(config->net_count + 1, sizeof(*state->links));
    if (!state->links)
        return error_set(err, ENOMEM, "cannot set up the container's network");
    for (size_t i = 0; i < config->net_count; i++)
        if (config->nets[i].type != NET_NONE)
            state->links[state->count++].net = &config->nets[i];
    r = network_choose_names(state, err);
    for (size_t i = 0; i < state->count && r == 0; i++)
        if (state->links[i].net->type == NET_VETH)
            r = network_choose_host_name(&state->links[i], err);
    if (r == 0 && network_write_names(config, state) < 0)
        r = error_set(err, ENOMEM, "cannot set up the container's network");
    return r;
}

static bool network_needs_parent(const struct config_net *net)
{
    return net->type != NET_EMPTY && (net->type != NET_VETH || (net->link && net->link[0]));
}

static void network_explain_missing(const struct network_link *l, struct error *err)
{
    const struct config_net *net = l->net;

    error_text(err, ENODEV, "lxc.net.%u.link: there is no network interface %s on the host", net->index,
               net->link);
    if (net->type == NET_VETH && strcmp(net->link, "lxcbr0") == 0)
        error_remedy(err, "create it with \"lxc-net start\"");
    else if (net->type == NET_VETH)
        error_remedy(err, "create it with \"ip link add %s type bridge\", or set another bridge", net->link);
    else
        error_remedy(err, "\"ip link\" lists the interfaces");
}

/* Look up all lxc.net.N.link at once; `parents` has one entry for each link. */
static int network_find_parents(struct network_state *state, struct netlink *host, struct link *parents,
                                struct error *err)
{
    cleanup_steps struct network_steps s;
    struct netlink_message m;
    struct netlink_view rest;

    network_steps_init(&s, host, err);
    for (size_t i = 0; i < state->count; i++) {
        const struct config_net *net = state->links[i].net;

        if (!network_needs_parent(net))
            continue;
        if (!net->link || !link_name_valid(net->link)) {
            error_text(err, EINVAL, "lxc.net.%u: type %s needs the name of an interface of the host",
                       net->index, network_type_name(net->type));
            return error_remedy(err, "set lxc.net.%u.link", net->index);
        }
        network_step(&s, &state->links[i], "look up %s", net->link);
        link_get(&s.b, 0, net->link);
    }
    if (network_steps_run(&s) == -ENODEV)
        network_explain_missing(s.failed, err);
    if (s.code < 0)
        return s.code;
    rest = netlink_view_of(&s.replies);
    for (size_t i = 0; i < state->count; i++) { /* the replies are in the order of the requests */
        if (!network_needs_parent(state->links[i].net))
            continue;
        if (!netlink_next_message(&rest, &m) || !link_parse(&m, &parents[i]))
            return error_text(err, EBADMSG, "lxc.net.%u: cannot parse the kernel's reply about %s",
                              state->links[i].net->index, state->links[i].net->link);
        state->links[i].parent = parents[i].index;
    }
    return 0;
}

static int network_run_up_scripts(const struct container *c, const struct config *config,
                                  struct network_state *state, struct error *err)
{
    for (size_t i = 0; i < state->count; i++) {
        int r = network_script_run(c, config, &state->links[i], "up", err);
        if (r < 0)
            return r;
        state->links[i].up_script_ran = true;
    }
    return 0;
}

/*
 * If the monitor is killed, only the kernel moves interfaces back to the host, under their current names. The
 * original name is kept as an alternative name, so that the interface can be found by it.
 */
static void network_keep_host_names(struct network_state *state, struct netlink *inside)
{
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];
        struct netlink_batch b;

        if (l->net->type != NET_PHYS || strcmp(l->name, l->host_name) == 0)
            continue;
        netlink_batch_init(&b);
        link_alternative_name(&b, l->index, true, l->host_name);
        l->host_name_kept = netlink_exchange(inside, &b, NULL, NULL) == 0; /* not possible before Linux 5.5 */
    }
}

static int network_attach_links(const struct container *c, struct config *config, pid_t pid,
                                struct network_state *state, struct error *err)
{
    cleanup_netlink struct netlink host = NETLINK_CLOSED, inside = NETLINK_CLOSED;
    cleanup_free struct link *parents = NULL;
    char path[40];
    int r;

    snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    state->netns = open(path, O_RDONLY | O_CLOEXEC);
    if (state->netns < 0)
        return error_set(err, errno, "cannot open the container's network namespace at %s", path);
    r = network_plan(config, state, err);
    parents = calloc(state->count + 1, sizeof(*parents));
    if (r == 0 && !parents)
        r = error_set(err, ENOMEM, "cannot set up the container's network");
    if (r == 0)
        r = netlink_open(&host, NETLINK_ROUTE, -1, err);
    if (r == 0)
        r = network_find_parents(state, &host, parents, err);
    if (r == 0)
        r = network_host_create(state, &host, parents, err);
    if (r == 0)
        r = network_host_configure(state, c->name, &host, parents, err);
    if (r == 0)
        r = network_run_up_scripts(c, config, state, err);
    if (r == 0)
        r = netlink_open(&inside, NETLINK_ROUTE, state->netns, err);
    if (r == 0)
        r = network_inside_configure(state, &inside, &host, err);
    if (r == 0)
        r = network_filter_install(c, state, &inside, err);
    if (r == 0)
        network_keep_host_names(state, &inside);
    return r;
}

int network_attach(const struct container *c, struct config *config, pid_t pid, struct network_state *state,
                   struct error *err)
{
    int r;

    *state = (struct network_state)NETWORK_STATE_INIT;
    r = network_attach_links(c, config, pid, state, err);
    if (r < 0)
        network_detach(c, config, state, NULL);
    return r;
}

/* --- Detaching --- */

/* Keep the first failure. */
static void network_keep_first(struct error *first, const struct error *err)
{
    if (err->code < 0 && first->code == 0)
        *first = *err;
}

/* Move an interface of the host back, with its original MTU and address, under its original name or, if that
 * is in use now, under a name that the kernel chooses. A wireless interface is only prepared: it moves with
 * its card. */
static int network_give_back(const struct network_link *l, struct netlink *inside, int host_netns,
                             struct error *err)
{
    struct link_request r = {.index = l->index,
                             .new_name = l->host_name,
                             .netns = l->card ? NULL : &host_netns,
                             .mtu = l->host_mtu,
                             .address = l->net->hwaddr ? l->host_address : NULL,
                             .address_size = l->net->hwaddr ? sizeof(l->host_address) : 0};
    struct netlink_result result;
    struct netlink_batch b;

    if (l->host_name_kept) {
        netlink_batch_init(&b);
        link_alternative_name(&b, l->index, false, l->host_name);
        netlink_exchange(inside, &b, NULL, NULL);
    }
    netlink_batch_init(&b);
    if (l->card) /* before Linux 6.2 only an interface that is down can be renamed */
        link_change(&b, &(struct link_request){.index = l->index, .change = IFF_UP});
    link_change(&b, &r);
    if (netlink_exchange(inside, &b, NULL, &result) == 0)
        return 0;
    if (result.code == -EEXIST && !l->card) {
        r.new_name = "phys%d";
        netlink_batch_init(&b);
        link_change(&b, &r);
        netlink_exchange(inside, &b, NULL, NULL);
        error_text(err, EEXIST,
                   "lxc.net.%u: %s came back to the host under another name, because its own is in use",
                   l->net->index, l->host_name);
        return error_remedy(err, "rename it: ip link set physN name %s", l->host_name);
    }
    return netlink_error(&result, err, "lxc.net.%u: cannot move %s back to the host", l->net->index,
                         l->host_name);
}

/*
 * Give back the interfaces in the container's namespace that belong to the host, and delete those created on
 * top of an interface of the host (their name, VLAN or address is free for the next start only when they are
 * deleted).
 */
static void network_empty_namespace(struct network_state *state, struct error *first)
{
    cleanup_netlink struct netlink inside = NETLINK_CLOSED;
    cleanup_fd int host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    struct error err = ERROR_INIT;

    if (netlink_open(&inside, NETLINK_ROUTE, state->netns, &err) < 0) {
        network_keep_first(first, &err);
        return;
    }
    for (size_t i = state->count; i-- > 0;) {
        struct network_link *l = &state->links[i];
        struct netlink_batch b;
        struct link found;

        error_clear(&err);
        if (l->net->type == NET_VETH || l->net->type == NET_EMPTY || !l->parent)
            continue;
        /* The container can change its name but not its index; the index is unknown after a failed start. */
        if (link_find(&inside, l->index, l->name, &found, NULL) < 0)
            continue; /* never created, or deleted by the container */
        l->index = found.index;
        if (l->net->type == NET_PHYS) {
            network_give_back(l, &inside, host_netns, &err);
        } else {
            netlink_batch_init(&b);
            link_delete(&b, l->index, NULL);
            netlink_exchange(&inside, &b, NULL, NULL);
        }
        network_keep_first(first, &err);
    }
    for (size_t i = 0; i < state->count; i++) {
        if (state->links[i].card && network_card_first(state, i))
            wireless_move(state->netns, state->links[i].card - 1, host_netns, &err);
        network_keep_first(first, &err);
    }
}

static bool network_is_gone(struct netlink *host, const struct network_link *l)
{
    struct link found;

    return link_find(host, l->host_index, NULL, &found, NULL) == -ENODEV;
}

static void sleep_us(long us)
{
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/*
 * Remove the host ends from their bridges and set them down, which is fast, and close the namespace: the
 * kernel then removes it with the pairs in it. Wait for that, and delete the remaining pairs.
 */
static void network_remove_pairs(struct network_state *state, struct netlink *host, struct error *first)
{
    cleanup_steps struct network_steps s;
    struct error err = ERROR_INIT;
    int nothing = 0;
    long waited_us = 0;

    network_steps_init(&s, host, &err);
    for (size_t i = 0; i < state->count; i++) {
        struct link_request down = {
            .index = state->links[i].host_index, .master = &nothing, .change = IFF_UP};

        if (state->links[i].net->type != NET_VETH || !down.index)
            continue;
        network_step(&s, &state->links[i], "take %s down", state->links[i].host_name);
        link_change(&s.b, &down);
    }
    network_steps_run(&s); /* ENODEV: already removed */
    error_clear(&err);
    s.code = 0;
    close_fd(&state->netns);
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];

        if (l->net->type != NET_VETH || !l->host_index)
            continue;
        for (long step = 100; !network_is_gone(host, l) && waited_us < GONE_WAIT_MS * 1000L;
             step += step / 4) {
            sleep_us(step);
            waited_us += step;
        }
        if (network_is_gone(host, l))
            continue;
        network_step(&s, l, "delete %s", l->host_name);
        link_delete(&s.b, l->host_index, NULL);
    }
    if (network_steps_run(&s) < 0 && s.code != -ENODEV)
        network_keep_first(first, &err);
}

int network_detach(const struct container *c, struct config *config, struct network_state *state,
                   struct error *err)
{
    cleanup_netlink struct netlink host = NETLINK_CLOSED;
    struct error first = ERROR_INIT, one = ERROR_INIT;
    bool inside = false;

    for (size_t i = state->count; i-- > 0; error_clear(&one)) {
        struct network_link *l = &state->links[i];

        if (l->up_script_ran)
            network_script_run(c, config, l, "down", &one);
        network_keep_first(&first, &one);
        inside |= l->net->type != NET_VETH && l->net->type != NET_EMPTY;
    }
    if (inside && state->netns >= 0)
        network_empty_namespace(state, &first);
    if (state->netns >= 0)
        moved_links_return(c, state->netns, &one);
    network_keep_first(&first, &one);
    error_clear(&one);
    if (state->count && netlink_open(&host, NETLINK_ROUTE, -1, &one) == 0) {
        for (size_t i = 0; i < state->count; i++)
            if (state->links[i].proxied)
                network_host_unproxy(&state->links[i], &host, &one);
        network_keep_first(&first, &one);
        network_remove_pairs(state, &host, &first);
    }
    network_filter_remove(state);
    if (state->links)
        network_unwrite_names(config, state);
    close_fd(&state->netns);
    free(state->links);
    *state = (struct network_state)NETWORK_STATE_INIT;
    if (err && first.code < 0)
        *err = first;
    return first.code;
}
