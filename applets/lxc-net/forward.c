#include "applets/lxc-net/forward.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/run/init.h"
#include "core/config/config.h"
#include "core/config/global.h"
#include "core/config/lxcbox_conf.h"
#include "core/links/forward_keeper.h"
#include "net/bridge/bridge.h"

#define LOCK_FILE "/run/lxc/lxc-net.forward.lock"
#define USAGE     2 /* exit status for a usage error */

int lxc_net_forward_start(struct error *err)
{
    return forward_keeper_start(global_item("lxc.lxcpath"), init_pid, err);
}

static int forward_usage(const struct invocation *in)
{
    fprintf(stderr,
            "Usage: %s forward add [tcp|udp] [ADDRESS:]PORT NAME[:PORT]\n"
            "       %s forward del [tcp|udp] [ADDRESS:]PORT [NAME]\n"
            "       %s forward list [NAME]\n",
            in->applet, in->applet, in->applet);
    return USAGE;
}

/* --- Words --- */

/* Take "[tcp|udp] [ADDRESS:]PORT" off the front of the words. 0, or -EINVAL with `err` filled. */
static int forward_read_host(char ***words, struct forward *f, struct error *err)
{
    int protocol = **words ? forward_parse_protocol(**words) : -EINVAL;

    *words += protocol > 0;
    f->protocol = (uint8_t)(protocol > 0 ? protocol : IPPROTO_TCP);
    if (!**words)
        return error_text(err, EINVAL, "no port is given");
    if (protocol < 0 && isalpha((unsigned char)***words) && !strpbrk(**words, ".:/")) {
        error_text(err, EPROTONOSUPPORT, "ports of the protocol \"%s\" cannot be forwarded", **words);
        return error_remedy(err, "the protocols are tcp, which is the default, and udp");
    }
    return forward_parse_host(*(*words)++, f, err);
}

/* "NAME" or "NAME:PORT", which is cut at the colon; the default is the port of the host. */
static int forward_read_name(char *word, struct forward *f, struct error *err)
{
    char *colon = strrchr(word, ':');

    f->target_port = f->port;
    if (colon) {
        if (forward_parse_port(colon + 1, &f->target_port) < 0)
            return error_text(err, EINVAL, "\"%s\" is not a port from 1 to 65535", colon + 1);
        *colon = '\0';
    }
    return container_check_name(word, err);
}

/* --- Adding and removing --- */

/* Serialize changes: returns an fd that holds the lock until it is closed. */
static int forward_lock(struct error *err)
{
    int fd, r = geteuid() == 0 ? make_directories("/run/lxc", 0755) : -EPERM;

    if (r == 0) {
        fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        r = fd < 0 ? -errno : fd;
    }
    if (r == -EPERM) {
        error_text(err, EPERM, "only root can change and list forwards");
        return error_remedy(err, "run it as root");
    }
    if (r < 0 || flock(r, LOCK_EX) < 0)
        return error_set(err, r < 0 ? r : errno, "cannot lock " LOCK_FILE);
    return r;
}

/* Check that a forward to the container can work. */
static int forward_check_container(const struct container *c, struct error *err)
{
    cleanup_config struct config config;
    cleanup_free char *path = container_config_path(c);
    bool has_link = false;
    int r;

    config_init(&config);
    if (!container_is_defined(c)) {
        error_text(err, ENOENT, "there is no container %s in %s", c->name, c->lxcpath);
        return error_remedy(err, "lxc-ls lists the containers");
    }
    r = path ? config_read_file(&config, path, err) : error_set(err, ENOMEM, "cannot add a forward");
    for (size_t i = 0; i < config.net_count;
         i++) /* macvlan and ipvlan cannot communicate with their own host */
        has_link |= config.nets[i].type == NET_VETH || config.nets[i].type == NET_VLAN ||
                    config.nets[i].type == NET_PHYS;
    if (r < 0 || has_link)
        return r;
    error_text(err, ENETDOWN, "%s has no network interface that a forward could lead to", c->name);
    return error_remedy(err, "set lxc.net.0.type = veth and lxc.net.0.link = lxcbr0 in %s", path);
}

static int forward_read_list(const char *lxcpath, struct forward_list *out, bool strict, struct error *err)
{
    cleanup_string_list struct string_list problems = {0};
    int r = forward_list_read(lxcpath, out, &problems, err);

    for (size_t i = 0; r == 0 && i < problems.count; i++) {
        if (strict)
            return error_text(err, EINVAL, "%s", problems.items[i]);
        fprintf(stderr, "lxc-net: %s\n", problems.items[i]);
    }
    return r;
}

/* The reason why a forward is not active; "" if it is. */
static const char *forward_reason(const struct forward_report *report)
{
    struct bridge_state state;
    bool uplink;

    if (report->state != FORWARD_UNKNOWN || forward_keeper_find() > 0)
        return report->reason;
    if (bridge_state_read(&state, NULL) < 0)
        return "lxc-net is not running";
    uplink = state.uplink[0] != '\0';
    bridge_state_free(&state);
    return uplink ? "the bridge is part of another network" : "the process that keeps forwards has ended";
}

/* A firewall that drops forwarded packets also drops packets to a forward. */
static void forward_warn_blocked(const struct invocation *in)
{
    cleanup_string_list struct string_list sentences = {0};
    struct bridge_state state;

    if (bridge_state_read(&state, NULL) < 0)
        return;
    (void)bridge_network_blocked(state.bridge, &sentences, NULL);
    for (size_t i = 0; i < sentences.count; i++)
        fprintf(stderr, "%s: the forward may not be reachable from other hosts: %s\n", in->applet,
                sentences.items[i]);
    bridge_state_free(&state);
}

static int forward_add(const struct invocation *in, const char *lxcpath, char **words, struct error *err)
{
    cleanup_forward_list struct forward_list list = {0};
    struct forward_entry e = {0};
    struct container c = {.lxcpath = lxcpath};
    const struct forward_entry *other;
    struct forward_report report;
    cleanup_fd int lock = -1;
    int r = forward_read_host(&words, &e.forward, err);

    if (r < 0)
        return r;
    if (!words[0] || words[1])
        return forward_usage(in);
    r = forward_read_name(words[0], &e.forward, err);
    c.name = e.container = words[0];
    if (r == 0)
        r = lock = forward_lock(err);
    if (r >= 0)
        r = forward_check_container(&c, err);
    if (r == 0)
        r = forward_read_list(lxcpath, &list, true, err);
    if (r < 0)
        return r;
    other = forward_list_find(&list, &e.forward);
    if (other) {
        error_text(err, EEXIST, "port %u/%s is already forwarded to %s", e.forward.port,
                   forward_protocol(&e.forward), other->container);
        return error_remedy(err, "\"%s forward list\" lists all forwards", in->applet);
    }
    r = forward_check_port(&e.forward, forward_keeper_find(), err);
    if (r == 0)
        r = lxcbox_conf_add_forward(&c, &e.forward, err);
    if (r < 0)
        return r;
    r = forward_keeper_reload(&e, false, err);
    forward_keeper_report(&e, &report);
    if (r == 0 && report.state == FORWARD_FAILED)
        r = error_text(err, EADDRNOTAVAIL, "%s", report.reason);
    if (r < 0) {
        (void)lxcbox_conf_remove_forward(&c, &e.forward, NULL);
        (void)forward_keeper_reload(&e, true, NULL);
        return r;
    }
    if (report.state != FORWARD_ACTIVE)
        fprintf(stderr, "%s: the forward is stored, but not active yet: %s\n", in->applet,
                forward_reason(&report));
    forward_warn_blocked(in);
    return 0;
}

static int forward_del(const struct invocation *in, const char *lxcpath, char **words, struct error *err)
{
    cleanup_forward_list struct forward_list list = {0};
    struct forward f = {0};
    const struct forward_entry *e;
    struct container c = {.lxcpath = lxcpath};
    cleanup_fd int lock = -1;
    int r = forward_read_host(&words, &f, err);
    bool named = r == 0 && words[0], with_port = named && strrchr(words[0], ':');

    if (r < 0)
        return r;
    if (named && words[1])
        return forward_usage(in);
    if (named)
        r = forward_read_name(words[0], &f, err);
    if (r == 0)
        r = lock = forward_lock(err);
    if (r >= 0)
        r = forward_read_list(lxcpath, &list, false, err);
    if (r < 0)
        return r;
    e = forward_list_find(&list, &f);
    if (!e || (named && strcmp(e->container, words[0]) != 0) ||
        (with_port && e->forward.target_port != f.target_port)) {
        error_text(err, ENOENT, "port %u/%s is not forwarded%s%s", f.port, forward_protocol(&f),
                   named ? " to " : "", named ? words[0] : "");
        return error_remedy(err, "\"%s forward list\" lists all forwards", in->applet);
    }
    c.name = e->container;
    r = lxcbox_conf_remove_forward(&c, &e->forward, err);
    return r < 0 ? r : forward_keeper_reload(e, true, err);
}

/* --- Listing --- */

/* "10.0.3.5:80" or "10.0.3.5:80 [fd42::5]:80" for the container's side, "-:80" if it has no address. */
static void forward_format_target(const struct forward_entry *e, const struct forward_report *report,
                                  char *out, size_t size)
{
    char addresses[sizeof(report->target)], *rest = addresses, *word;
    size_t used = 0;

    snprintf(addresses, sizeof(addresses), "%s", report->target[0] ? report->target : "-");
    for (out[0] = '\0'; (word = strsep(&rest, " ")) && used < size; used = strlen(out))
        snprintf(out + used, size - used, strchr(word, ':') ? "%s[%s]:%u" : "%s%s:%u", used ? "," : "", word,
                 e->forward.target_port);
}

static int forward_print_list(const char *lxcpath, char **words, struct error *err)
{
    cleanup_forward_list struct forward_list list = {0};
    cleanup_fd int lock = forward_lock(err);
    size_t width[3] = {strlen("PORT"), strlen("CONTAINER"), strlen("TO")};
    struct container c = {.lxcpath = lxcpath, .name = words[0]};
    int r = lock < 0 ? lock : forward_read_list(lxcpath, &list, false, err);

    if (r == 0 && words[0] && !container_is_defined(&c))
        r = container_absent(&c, "lxc-ls lists them", err);
    /* Two passes: one to measure, one to print. */
    for (int print = 0; r == 0 && print < 2; print++) {
        if (print && list.count)
            printf("%-5s %-*s %-*s %-*s %s\n", "PROTO", (int)width[0], "PORT", (int)width[1], "CONTAINER",
                   (int)width[2], "TO", "STATE");
        for (size_t i = 0; i < list.count; i++) {
            const struct forward_entry *e = &list.entries[i];
            char target[3 * IP_TEXT_SIZE], host[FORWARD_HOST_SIZE];
            struct forward_report report;

            if (words[0] && strcmp(words[0], e->container) != 0)
                continue;
            forward_keeper_report(e, &report);
            forward_format_target(e, &report, target, sizeof(target));
            forward_format_host(&e->forward, host);
            if (print) {
                printf("%-5s %-*s %-*s %-*s %s\n", forward_protocol(&e->forward), (int)width[0], host,
                       (int)width[1], e->container, (int)width[2], target,
                       report.state == FORWARD_ACTIVE ? "active" : forward_reason(&report));
                continue;
            }
            width[0] = strlen(host) > width[0] ? strlen(host) : width[0];
            width[1] = strlen(e->container) > width[1] ? strlen(e->container) : width[1];
            width[2] = strlen(target) > width[2] ? strlen(target) : width[2];
        }
    }
    return r;
}

int lxc_net_forward(const struct invocation *in, char **words, struct error *err)
{
    const char *lxcpath = global_item("lxc.lxcpath"), *verb = words[0] ? words[0] : "";

    if (strcmp(verb, "add") == 0)
        return forward_add(in, lxcpath, words + 1, err);
    if (strcmp(verb, "del") == 0)
        return forward_del(in, lxcpath, words + 1, err);
    if (strcmp(verb, "list") == 0 && !(words[1] && words[2]))
        return forward_print_list(lxcpath, words + 1, err);
    return forward_usage(in);
}
