/* ip tuntap: interfaces whose other end is a program. Source: Documentation/networking/tuntap.rst. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"

struct tuntap_words {
    const char *device, *user;
    uint32_t group, mode, header, network_header, many_queues, one_queue;
};

static int tuntap_read_words(char **words, struct tuntap_words *w, struct error *err)
{
    static const struct ip_name modes[] = {{"tun", IFF_TUN}, {"tap", IFF_TAP}, {NULL, 0}};
    static const struct ip_word table[] = {
        {"mode", WORD_NAME, offsetof(struct tuntap_words, mode), 0, modes, false},
        {"dev", WORD_STRING, offsetof(struct tuntap_words, device), 0, NULL, false},
        {"user", WORD_STRING, offsetof(struct tuntap_words, user), 0, NULL, false},
        {"group", WORD_U32, offsetof(struct tuntap_words, group), 0, NULL, false},
        {"pi", WORD_SET, offsetof(struct tuntap_words, header), IFF_NO_PI, NULL, true},
        {"vnet_hdr", WORD_SET, offsetof(struct tuntap_words, network_header), IFF_VNET_HDR, NULL, true},
        {"multi_queue", WORD_SET, offsetof(struct tuntap_words, many_queues), IFF_MULTI_QUEUE, NULL, true},
        {"one_queue", WORD_SET, offsetof(struct tuntap_words, one_queue), IFF_ONE_QUEUE, NULL, true},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    int r;

    while ((r = ip_words(table, w, AF_UNSPEC, &words, err)) == 1) {
        if (w->device)
            return ip_unknown(*words, "ip tuntap", err);
        w->device = *words++;
    }
    return r;
}

/* A number, or the name of a user. */
static int tuntap_read_user(const char *word, uint32_t *out, struct error *err)
{
    const struct passwd *user;
    uint64_t number;

    if (parse_uint64(word, 10, UINT32_MAX - 1, &number) < 0) {
        user = getpwnam(word);
        if (!user)
            return error_text(err, ENOENT, "user %s does not exist", word);
        number = user->pw_uid;
    }
    *out = (uint32_t)number;
    return 0;
}

static int tuntap_add(struct ip_call *c, const struct tuntap_words *w, struct error *err)
{
    struct ifreq request = {.ifr_flags = (short)(w->mode | (w->header ^ IFF_NO_PI) | w->network_header |
                                                 w->many_queues | w->one_queue | IFF_TUN_EXCL)};
    uint32_t user = UNSET;
    int r = w->user ? tuntap_read_user(w->user, &user, err) : 0;
    cleanup_fd int fd = -1;

    if (r < 0)
        return r;
    if (w->device && !link_name_valid(w->device))
        return error_text(err, EINVAL, "\"%s\" cannot be the name of a network interface", w->device);
    strcpy(request.ifr_name, w->device ? w->device : "");
    /* The fd belongs to the network namespace of the process that opens it. */
    if (c->netns >= 0 && setns(c->netns, CLONE_NEWNET) < 0)
        return error_set(err, errno, "cannot enter the network namespace");
    fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        error_set(err, errno, "cannot open /dev/net/tun");
        return error_remedy(err, "modprobe tun");
    }
    c->refused = true;
    r = file_control(fd, TUNSETIFF, (uintptr_t)&request);
    if (r >= 0 && user != UNSET)
        r = file_control(fd, TUNSETOWNER, user);
    if (r >= 0 && w->group != UNSET)
        r = file_control(fd, TUNSETGROUP, w->group);
    if (r >= 0)
        r = file_control(fd, TUNSETPERSIST, 1);
    if (r < 0)
        return error_set(err, r, "cannot add %s", w->device ? w->device : "an interface");
    c->refused = false;
    return 0;
}

static int delete (struct ip_call *c, const struct tuntap_words *w, struct error *err)
{
    const struct link *l = ip_link_named(c, w->device, err);
    struct netlink_batch b;

    if (!l)
        return err->code;
    if (strcmp(l->kind, "tun") != 0 || l->tun[IFLA_TUN_TYPE] != w->mode)
        return error_text(err, EINVAL, "%s is not an interface of that mode", w->device);
    netlink_batch_init(&b);
    link_delete(&b, l->index, NULL);
    return ip_exchange(c, &b, NULL, err, "cannot delete %s", w->device);
}

static void tuntap_show_one(struct output *o, const struct link *l)
{
    output_open(o, NULL, '{');
    output_string(o, "ifname", "%s:", l->name);
    output_open(o, "flags", '[');
    output_string(o, NULL, " %s", l->tun[IFLA_TUN_TYPE] == IFF_TAP ? "tap" : "tun");
    if (l->tun[IFLA_TUN_PI])
        output_string(o, NULL, " %s", "pi");
    if (l->tun[IFLA_TUN_MULTI_QUEUE])
        output_string(o, NULL, " %s", "multi_queue");
    if (l->tun[IFLA_TUN_VNET_HDR])
        output_string(o, NULL, " %s", "vnet_hdr");
    if (l->tun[IFLA_TUN_PERSIST])
        output_string(o, NULL, " %s", "persist");
    if (l->tun[IFLA_TUN_PI]) /* iproute2 derives two flags from this bit: linux/if_tun.h */
        output_string(o, NULL, " %s", "filter");
    output_close(o, ']');
    if (l->tun_has & 1 << IFLA_TUN_OWNER)
        output_number(o, "user", " user %lld", l->tun[IFLA_TUN_OWNER]);
    if (l->tun_has & 1 << IFLA_TUN_GROUP)
        output_number(o, "group", " group %lld", l->tun[IFLA_TUN_GROUP]);
    output_text(o, "\n");
    output_close(o, '}');
}

static int tuntap_show(struct ip_call *c, const struct tuntap_words *w, struct error *err)
{
    int r = ip_load_links(c, err);

    output_open(&c->out, NULL, '[');
    for (size_t i = 0; r == 0 && i < c->link_count; i++)
        if (strcmp(c->links[i].kind, "tun") == 0 && (!w->device || strcmp(w->device, c->links[i].name) == 0))
            tuntap_show_one(&c->out, &c->links[i]);
    output_close(&c->out, ']');
    return r;
}

int ip_tuntap(struct ip_call *c, char **words, struct error *err)
{
    struct tuntap_words w = {.group = UNSET};
    const char *verb = words[0] ? words[0] : "show";
    int r = words[0] ? tuntap_read_words(words + 1, &w, err) : 0;

    if (r < 0)
        return r;
    if (ip_is_show(verb))
        return tuntap_show(c, &w, err);
    if (!ip_matches(verb, "add") && !ip_matches(verb, "delete"))
        return ip_unknown(verb, "ip tuntap", err);
    if (!w.mode || (w.mode != IFF_TUN && w.mode != IFF_TAP))
        return error_text(err, EINVAL, "ip tuntap needs a mode: \"mode tun\" or \"mode tap\"");
    if (ip_matches(verb, "add"))
        return tuntap_add(c, &w, err);
    return w.device ? delete (c, &w, err)
                    : error_text(err, EINVAL, "ip tuntap del needs the name of an interface");
}
