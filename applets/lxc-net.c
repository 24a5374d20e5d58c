/* lxc-net: the bridge for containers, with masquerading, DHCP and DNS. See lxc-net.1. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/lxc-net/forward.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/links/forward_keeper.h"
#include "net/bridge/bridge.h"
#include "net/dns/resolv_conf.h"
#include "net/link/uplink.h"

#define NOT_RUNNING 3 /* exit status of status, as in init scripts */

struct lxc_net_options {
    const char *uplink, *log_file, *log_level;
    bool allow_forward, foreground;
};

static const struct option_row lxc_net_table[] = {
    OPT_STRING(0, "bridge-uplink", "IF", struct lxc_net_options, uplink,
               "put a wired interface into the bridge instead of masquerading"),
    OPT_FLAG(0, "allow-forward", struct lxc_net_options, allow_forward,
             "add rules to chains of other firewalls that drop packets of containers"),
    OPT_FLAG('f', "foreground", struct lxc_net_options, foreground,
             "serve in the foreground, and stop on SIGTERM or SIGINT"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_net_options, log_file, "the log file of the server"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_net_options, log_level,
               "the minimum level to log (WARN)"),
    OPT_END,
};

static void net_print_warnings(const struct invocation *in, const struct string_list *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        fprintf(stderr, "%s: %s\n", in->applet, warnings->items[i]);
}

/* The bridge, and the process that keeps forwards; a bridge that is part of another network does not have
 * that process. */
static int net_up(const struct bridge_request *request, bool foreground, struct string_list *warnings,
                  struct error *err)
{
    int started = request->uplink ? 0 : lxc_net_forward_start(err), r;

    if (started < 0)
        return started;
    r = bridge_up(request, foreground, warnings, err);
    /* If only that process had ended, only that process is started. */
    if (r == -EBUSY && started && bridge_server_find() > 0) {
        error_clear(err);
        return 0;
    }
    if (started && (r < 0 || foreground) && forward_keeper_stop(r < 0 ? NULL : err) < 0 && r == 0)
        r = err->code;
    return r;
}

static int net_down(struct error *err)
{
    bool kept = forward_keeper_find() > 0;
    int forwards = forward_keeper_stop(err), r = bridge_down(forwards < 0 ? NULL : err);

    if (r == -ENOENT && kept && forwards == 0) { /* an earlier stop could not end that process */
        error_clear(err);
        return 0;
    }
    return forwards < 0 ? forwards : r;
}

static int net_start(const struct invocation *in, struct bridge_settings *s, struct error *err)
{
    const struct lxc_net_options *o = in->options;
    struct bridge_request request = {s, o->uplink, o->allow_forward};
    int level = o->log_level ? log_level_parse(o->log_level, err) : LOG_WARN, r;

    if (level < 0)
        return level;
    r = log_open(in->applet, NULL, o->log_file, level, err);
    if (r < 0)
        return r;
    if (!s->use_bridge) { /* as in stock LXC: another bridge is used, or none */
        fprintf(stderr,
                "%s: nothing is started: USE_LXC_BRIDGE is false (set it to true in /etc/default/lxc-net)\n",
                in->applet);
        return 0;
    }
    if (o->uplink && o->foreground)
        return error_text(err, EINVAL, "with --bridge-uplink there is no server to run in the foreground");
    net_print_warnings(in, &s->warnings);
    string_list_clear(&s->warnings);
    r = net_up(&request, o->foreground, &s->warnings, err);
    net_print_warnings(in, &s->warnings);
    return r;
}

/*
 * Works even if the settings are invalid now. If no network is wanted, for example because of another
 * lxc-net, none is up.
 */
static int net_stop(struct error *err)
{
    struct bridge_settings s;
    int r = net_down(err);

    if (r != -ENOENT || bridge_settings_read_default(&s, NULL) < 0)
        return r;
    r = s.use_bridge ? r : 0;
    bridge_settings_free(&s);
    if (r == 0)
        error_clear(err);
    return r;
}

static int net_restart(const struct invocation *in, struct bridge_settings *s, struct error *err)
{
    const struct lxc_net_options *o = in->options;
    struct bridge_request request = {s, o->uplink, o->allow_forward};
    /* Check first, so that the network is not stopped if it cannot be started again. */
    int r = s->use_bridge ? bridge_check(&request, err) : 0;

    if (r == 0)
        r = net_down(err);
    if (r < 0 && r != -ENOENT)
        return r;
    error_clear(err);
    return net_start(in, s, err);
}

static void net_print_address(uint32_t address)
{
    printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

/* A time in a readable unit. */
static void net_print_time_left(int64_t seconds)
{
    if (seconds < 120)
        printf(" %d s\n", (int)seconds);
    else if (seconds < 120 * 60)
        printf(" %d min\n", (int)(seconds / 60));
    else
        printf(" %lld h\n", (long long)(seconds / 3600));
}

/* Print the uplink of packets, and the obstacles. */
static void net_print_uplinks(const struct bridge_settings *s)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_string_list struct string_list blocked = {0};
    char name[IFNAMSIZ];

    for (int six = 0; six <= s->ipv6 && netlink_open(&n, NETLINK_ROUTE, -1, NULL) == 0; six++) {
        int r = uplink_default(&n, six ? AF_INET6 : AF_INET, name, NULL);

        printf("Uplink:         %s (IPv%d%s)\n", r < 0 ? "none" : name, six ? 6 : 4,
               r < 0             ? ": there is no default route"
               : six && !s->nat6 ? ""
                                 : ", masqueraded");
        netlink_close(&n);
    }
    if (geteuid() != 0)
        return;
    (void)bridge_network_blocked(s->bridge, &blocked, NULL);
    for (size_t i = 0; i < blocked.count; i++)
        printf("Blocked:        %s\n", blocked.items[i]);
}

static void net_print_name_servers(void)
{
    cleanup_free char *text = NULL;
    struct resolv_conf servers = {0};

    if (file_read(AT_FDCWD, "/etc/resolv.conf", 65536, &text, NULL) == 0)
        resolv_conf_parse(text, &servers);
    for (size_t i = 0; i < servers.count; i++) {
        const union socket_address *a = &servers.servers[i];
        char address[INET6_ADDRSTRLEN];
        bool six = a->any.sa_family == AF_INET6;

        printf("Nameserver:     %s\n",
               inet_ntop(a->any.sa_family, six ? (const void *)&a->v6.sin6_addr : &a->v4.sin_addr, address,
                         sizeof(address)));
    }
}

static void net_print_leases(const struct bridge_settings *s)
{
    struct lease_table leases;
    int64_t now = time(NULL);

    bridge_leases_read(s, &leases);
    for (size_t i = 0; i < leases.count; i++) {
        const struct lease *l = &leases.leases[i];

        if (!lease_active(l, now))
            continue;
        printf("Lease:          ");
        net_print_address(l->address);
        printf(" %s", l->host_name[0] ? l->host_name : "-");
        for (unsigned k = 0; k < l->client.hardware_size; k++)
            printf("%c%02x", k ? ':' : ' ', l->client.hardware[k]);
        net_print_time_left(l->expires - now);
    }
    lease_table_free(&leases);
}

static void net_print_server(const struct bridge_settings *s, pid_t server)
{
    char text[INET6_ADDRSTRLEN];

    printf("Server:         %d\nAddress:        ", (int)server);
    net_print_address(s->address);
    printf("/%d\nRange:          ", __builtin_popcount(s->netmask));
    net_print_address(s->first);
    putchar('-');
    net_print_address(s->last);
    putchar('\n');
    if (s->ipv6)
        printf("Address:        %s/%u\n", inet_ntop(AF_INET6, &s->address6, text, sizeof(text)), s->length6);
    if (s->domain[0])
        printf("Domain:         %s\n", s->domain);
    net_print_name_servers();
    net_print_uplinks(s);
    net_print_leases(s);
}

static int net_status(struct error *err)
{
    static const char *const in_force[] = {BRIDGE_STATE_FILE};
    struct bridge_state state;
    struct bridge_settings s;
    pid_t server = bridge_server_find();
    int r = bridge_state_read(&state, err);

    if (r == -ENOENT) {
        bool wanted = bridge_settings_read_default(&s, NULL) < 0 || s.use_bridge;

        bridge_settings_free(&s);
        printf("State:          STOPPED (%s)\n",
               wanted ? "\"lxc-net start\" starts it" : "USE_LXC_BRIDGE is false");
        return NOT_RUNNING;
    }
    if (r < 0)
        return r;
    bridge_state_free(&state);
    if ((server <= 0 || forward_keeper_find() <= 0) && !state.uplink[0]) {
        printf("State:          BROKEN (%s has ended; \"lxc-net start\" starts it again)\n",
               server <= 0 ? "the server" : "the process that keeps forwards");
        return NOT_RUNNING;
    }
    r = bridge_settings_read(in_force, 1, &s, err);
    if (r < 0)
        return r;
    printf("State:          RUNNING\nBridge:         %s\n", state.bridge);
    if (state.uplink[0])
        printf("Uplink:         %s (a part of the bridge)\n", state.uplink);
    else
        net_print_server(&s, server);
    bridge_settings_free(&s);
    return 0;
}

static int lxc_net_run(struct invocation *in, struct error *err)
{
    const char *verb = in->argc == 1 ? in->argv[0] : "";
    bool again =
        strcmp(verb, "restart") == 0 || strcmp(verb, "reload") == 0 || strcmp(verb, "force-reload") == 0;
    struct bridge_settings s;
    int r;

    if (in->argc > 0 && strcmp(in->argv[0], "forward") == 0)
        return lxc_net_forward(in, in->argv + 1, err);
    if (strcmp(verb, "stop") == 0)
        return net_stop(err);
    if (strcmp(verb, "status") == 0)
        return net_status(err);
    if (!again && strcmp(verb, "start") != 0) {
        fprintf(stderr, "Usage: %s start|stop|restart|status|forward\n", in->applet);
        return 2; /* as in stock LXC */
    }
    r = bridge_settings_read_default(&s, err);
    if (r < 0)
        return r;
    r = again ? net_restart(in, &s, err) : net_start(in, &s, err);
    bridge_settings_free(&s);
    return r;
}

APPLET(lxc_net, .name = "lxc-net", .summary = "The network for containers: bridge, masquerading, DHCP, DNS",
       .usage = "start|stop|restart|status|forward [OPTION]...", .options = lxc_net_table,
       .options_size = sizeof(struct lxc_net_options), .run = lxc_net_run);
