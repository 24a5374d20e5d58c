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
/* How long the kernel may take to remove a pair with its namespace before it is deleted; it takes under a
 * millisecond, five on a busy machine. */
#define GONE_WAIT_MS 50

const char *network_type_name(enum net_type type)
{
    static const char *const names[] = {
        [NET_NONE] = "none",     [NET_EMPTY] = "empty", [NET_VETH] = "veth", [NET_MACVLAN] = "macvlan",
        [NET_IPVLAN] = "ipvlan", [NET_VLAN] = "vlan",   [NET_PHYS] = "phys"};

    return names[type];
}

/* --- Names --- */

static bool is_taken(const struct network_state *state, size_t except, const char *name)
{
    for (size_t i = 0; i < state->count; i++)
        if (i != except && strcmp(state->links[i].name, name) == 0)
            return true;
    return strcmp(name, "lo") == 0;
}

/* The name that the configuration gives inside; NULL: any eth%d. */
static const char *given_name(const struct config_net *net)
{
    if (net->name && net->name[0] && strcmp(net->name, "eth%d") != 0)
        return net->name;
    return net->type == NET_PHYS ? net->link : NULL;
}

static int take_given_name(struct network_state *state, size_t i, struct error *err)
{
    struct network_link *l = &state->links[i];
    const char *name = given_name(l->net);

    if (l->net->type == NET_EMPTY) {
        if (l->net->name && strcmp(l->net->name, "lo") != 0)
            return error_text(err, EINVAL, "lxc.net.%u.name: type empty has the loopback alone, named lo",
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
    if (is_taken(state, i, name)) {
        error_text(err, EEXIST, "lxc.net.%u.name: two interfaces of the container are to be named %s",
                   l->net->index, name);
        return error_remedy(err, "choose another name");
    }
    strcpy(l->name, name);
    return 0;
}

/* The names inside: first those that are given, then eth0, eth1, ... for the others, as LXC does. */
static int choose_names(struct network_state *state, struct error *err)
{
    for (size_t i = 0; i < state->count; i++) {
        int r = take_given_name(state, i, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < state->count; i++)
        for (unsigned n = 0; !state->links[i].name[0]; n++) {
            char name[IFNAMSIZ];

            snprintf(name, sizeof(name), "eth%u", n);
            if (!is_taken(state, i, name))
                strcpy(state->links[i].name, name);
        }
    return 0;
}

static int choose_host_name(struct network_link *l, struct error *err)
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

static int write_names(struct config *config, struct network_state *state)
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

static void unwrite_names(struct config *config, struct network_state *state)
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
        return error_set(err, ENOMEM, "cannot make the container's network");
    for (size_t i = 0; i < config->net_count; i++)
        if (config->nets[i].type != NET_NONE)
            state->links[state->count++].net = &config->nets[i];
    r = choose_names(state, err);
    for (size_t i = 0; i < state->count && r == 0; i++)
        if (state->links[i].net->type == NET_VETH)
            r = choose_host_name(&state->links[i], err);
    if (r == 0 && write_names(config, state) < 0)
        r = error_set(err, ENOMEM, "cannot make the container's network");
    return r;
}

static bool needs_parent(const struct config_net *net)
{
    return net->type != NET_EMPTY && (net->type != NET_VETH || (net->link && net->link[0]));
}

static void explain_missing(const struct network_link *l, struct error *err)
{
    const struct config_net *net = l->net;

    error_text(err, ENODEV, "lxc.net.%u.link: there is no network interface %s on the host", net->index,
               net->link);
    if (net->type == NET_VETH && strcmp(net->link, "lxcbr0") == 0)
        error_remedy(err, "make it with \"lxc-net start\"");
    else if (net->type == NET_VETH)
        error_remedy(err, "make it with \"ip link add %s type bridge\", or name another bridge", net->link);
    else
        error_remedy(err, "\"ip link\" lists them");
}

/* Look up every lxc.net.N.link at once; `parents` has one for each link. */
static int find_parents(struct network_state *state, struct netlink *host, struct link *parents,
                        struct error *err)
{
    cleanup_steps struct network_steps s;
    struct netlink_message m;
    struct netlink_view rest;

    network_steps_init(&s, host, err);
    for (size_t i = 0; i < state->count; i++) {
        const struct config_net *net = state->links[i].net;

        if (!needs_parent(net))
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
        explain_missing(s.failed, err);
    if (s.code < 0)
        return s.code;
    rest = netlink_view_of(&s.replies);
    for (size_t i = 0; i < state->count; i++) { /* the answers come in the order of the questions */
        if (!needs_parent(state->links[i].net))
            continue;
        if (!netlink_next_message(&rest, &m) || !link_parse(&m, &parents[i]))
            return error_text(err, EBADMSG, "lxc.net.%u: the kernel's answer about %s cannot be read",
                              state->links[i].net->index, state->links[i].net->link);
        state->links[i].parent = parents[i].index;
    }
    return 0;
}

static int run_up_scripts(const struct container *c, const struct config *config, struct network_state *state,
                          struct error *err)
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
 * Should the monitor be killed, nobody gives interfaces of the host back but the kernel, which leaves them
 * the names they have by then. Their own is among those, so that they are found again.
 */
static void keep_host_names(struct network_state *state, struct netlink *inside)
{
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];
        struct netlink_batch b;

        if (l->net->type != NET_PHYS || strcmp(l->name, l->host_name) == 0)
            continue;
        netlink_batch_init(&b);
        link_alternative_name(&b, l->index, true, l->host_name);
        l->host_name_kept = netlink_exchange(inside, &b, NULL, NULL) == 0; /* Linux before 5.5 cannot */
    }
}

static int attach(const struct container *c, struct config *config, pid_t pid, struct network_state *state,
                  struct error *err)
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
        r = error_set(err, ENOMEM, "cannot make the container's network");
    if (r == 0)
        r = netlink_open(&host, NETLINK_ROUTE, -1, err);
    if (r == 0)
        r = find_parents(state, &host, parents, err);
    if (r == 0)
        r = network_host_create(state, &host, parents, err);
    if (r == 0)
        r = network_host_configure(state, &host, parents, err);
    if (r == 0)
        r = run_up_scripts(c, config, state, err);
    if (r == 0)
        r = netlink_open(&inside, NETLINK_ROUTE, state->netns, err);
    if (r == 0)
        r = network_inside_configure(state, &inside, &host, err);
    if (r == 0)
        keep_host_names(state, &inside);
    return r;
}

int network_attach(const struct container *c, struct config *config, pid_t pid, struct network_state *state,
                   struct error *err)
{
    int r;

    *state = (struct network_state)NETWORK_STATE_INIT;
    r = attach(c, config, pid, state, err);
    if (r < 0)
        network_detach(c, config, state, NULL);
    return r;
}

/* --- Detaching --- */

/* Keep the first failure. */
static void note(struct error *first, const struct error *err)
{
    if (err->code < 0 && first->code == 0)
        *first = *err;
}

/* An interface of the host's goes back there, under its name, or, where that is taken meanwhile, under
 * another that the kernel chooses; with the MTU and address it had. A wireless one is only made ready: it
 * goes with its card. */
static int give_back(const struct network_link *l, struct netlink *inside, int host_netns, struct error *err)
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
    if (l->card) /* before Linux 6.2 only what is down can be renamed */
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
                   "lxc.net.%u: %s came back to the host under another name, as its own is taken",
                   l->net->index, l->host_name);
        return error_remedy(err, "rename it: ip link set physN name %s", l->host_name);
    }
    return netlink_error(&result, err, "lxc.net.%u: cannot move %s back to the host", l->net->index,
                         l->host_name);
}

/* What lies in the container's namespace and holds something of the host's: interfaces of its own, and what
 * was made on them (a name, a VLAN, an address is free again for the next start only when that is deleted).
 */
static void empty_namespace(struct network_state *state, struct error *first)
{
    cleanup_netlink struct netlink inside = NETLINK_CLOSED;
    cleanup_fd int host_netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    struct error err = ERROR_INIT;

    if (netlink_open(&inside, NETLINK_ROUTE, state->netns, &err) < 0) {
        note(first, &err);
        return;
    }
    for (size_t i = state->count; i-- > 0;) {
        struct network_link *l = &state->links[i];
        struct netlink_batch b;
        struct link found;

        error_clear(&err);
        if (l->net->type == NET_VETH || l->net->type == NET_EMPTY || !l->parent)
            continue;
        /* Its name is the container's to change, its index is not; that is unknown after a failed start. */
        if (link_find(&inside, l->index, l->name, &found, NULL) < 0)
            continue; /* never made, or deleted by the container */
        l->index = found.index;
        if (l->net->type == NET_PHYS) {
            give_back(l, &inside, host_netns, &err);
        } else {
            netlink_batch_init(&b);
            link_delete(&b, l->index, NULL);
            netlink_exchange(&inside, &b, NULL, NULL);
        }
        note(first, &err);
    }
    for (size_t i = 0; i < state->count; i++) {
        if (state->links[i].card && network_card_first(state, i))
            wireless_move(state->netns, state->links[i].card - 1, host_netns, &err);
        note(first, &err);
    }
}

static bool is_gone(struct netlink *host, const struct network_link *l)
{
    struct link found;

    return link_find(host, l->host_index, NULL, &found, NULL) == -ENODEV;
}

static void sleep_us(long us)
{
    nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/*
 * Take the host ends off their bridges and down, which is quick, and let go of the namespace: the kernel then
 * removes it and the pairs in it. Wait for that; what is still there is deleted.
 */
static void remove_pairs(struct network_state *state, struct netlink *host, struct error *first)
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
    network_steps_run(&s); /* ENODEV: gone already */
    error_clear(&err);
    s.code = 0;
    close_fd(&state->netns);
    for (size_t i = 0; i < state->count; i++) {
        struct network_link *l = &state->links[i];

        if (l->net->type != NET_VETH || !l->host_index)
            continue;
        for (long step = 100; !is_gone(host, l) && waited_us < GONE_WAIT_MS * 1000L; step += step / 4) {
            sleep_us(step);
            waited_us += step;
        }
        if (is_gone(host, l))
            continue;
        network_step(&s, l, "delete %s", l->host_name);
        link_delete(&s.b, l->host_index, NULL);
    }
    if (network_steps_run(&s) < 0 && s.code != -ENODEV)
        note(first, &err);
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
        note(&first, &one);
        inside |= l->net->type != NET_VETH && l->net->type != NET_EMPTY;
    }
    if (inside && state->netns >= 0)
        empty_namespace(state, &first);
    if (state->netns >= 0)
        moved_links_return(c, state->netns, &one);
    note(&first, &one);
    error_clear(&one);
    if (state->count && netlink_open(&host, NETLINK_ROUTE, -1, &one) == 0) {
        for (size_t i = 0; i < state->count; i++)
            if (state->links[i].proxied)
                network_host_unproxy(&state->links[i], &host, &one);
        note(&first, &one);
        remove_pairs(state, &host, &first);
    }
    if (state->links)
        unwrite_names(config, state);
    close_fd(&state->netns);
    free(state->links);
    *state = (struct network_state)NETWORK_STATE_INIT;
    if (err && first.code < 0)
        *err = first;
    return first.code;
}
