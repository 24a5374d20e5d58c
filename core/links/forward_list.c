#include "core/links/forward_list.h"

#include <dirent.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/config/lxcbox_conf.h"
#include "core/links/forward_target.h"
#include "net/bridge/forward_relay.h"
#include "net/dns/port_owner.h"

void forward_list_free(struct forward_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->entries[i].container);
    free(take_ptr(l->entries));
    l->count = 0;
}

static int forward_list_add(struct forward_list *l, const char *name, const struct forward *f)
{
    struct forward_entry *more = reallocarray(l->entries, l->count + 1, sizeof(*more));

    if (!more)
        return -ENOMEM;
    l->entries = more;
    more[l->count].container = strdup(name);
    more[l->count].forward = *f;
    return more[l->count++].container ? 0 : -ENOMEM;
}

static int forward_list_read_one(const char *lxcpath, const char *name, struct forward_list *out,
                                 struct string_list *problems)
{
    cleanup_lxcbox_conf struct lxcbox_conf conf = {0};
    const struct container c = {.name = name, .lxcpath = lxcpath};
    struct error why = ERROR_INIT;
    char sentence[sizeof(why.text) + sizeof(why.remedy)];

    if (lxcbox_conf_read(&c, &conf, &why) < 0)
        return why.code == -ENOTDIR
                   ? 0
                   : string_list_add(problems, error_format(&why, sentence, sizeof(sentence)));
    for (size_t i = 0; i < conf.forward_count; i++)
        if (forward_list_add(out, name, &conf.forwards[i]) < 0)
            return -ENOMEM;
    return 0;
}

static int forward_is_container(const struct dirent *e)
{
    return e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN || e->d_type == DT_LNK);
}

static int forward_compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int forward_list_read(const char *lxcpath, struct forward_list *out, struct string_list *problems,
                      struct error *err)
{
    struct dirent **names;
    int count = scandir(lxcpath, &names, forward_is_container, forward_compare_names), r = 0;

    *out = (struct forward_list){0};
    if (count < 0)
        return errno == ENOENT ? 0 : error_set(err, errno, "cannot list the containers in %s", lxcpath);
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = forward_list_read_one(lxcpath, names[i]->d_name, out, problems);
        free(names[i]);
    }
    free(names);
    if (r < 0)
        forward_list_free(out);
    return r < 0 ? error_set(err, r, "cannot list the forwards") : 0;
}

const struct forward_entry *forward_list_find(const struct forward_list *l, const struct forward *f)
{
    for (size_t i = 0; i < l->count; i++)
        if (forward_same_host(&l->entries[i].forward, f))
            return &l->entries[i];
    return NULL;
}

/* bind(2) gives the exact answer; the tables in /proc then give the owner. */
static int forward_check_address(const struct forward *f, const struct ip *address, pid_t except,
                                 struct error *err)
{
    bool tcp = f->protocol == IPPROTO_TCP;
    struct error why = ERROR_INIT;
    char owner[96];
    cleanup_fd int fd = forward_listen(tcp, address, f->port, &why);

    if (fd >= 0 || fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
        return 0;
    if (fd != -EADDRINUSE)
        return error_copy(err, &why);
    if (!port_taken(tcp, ip_is_zero(address) ? &(struct ip){0} : address, f->port, except, owner,
                    sizeof(owner)))
        return 0;
    error_text(err, EADDRINUSE, "port %u/%s of this host is in use by %s", f->port, forward_protocol(f),
               owner);
    return error_remedy(err, "choose another port, or stop that process");
}

int forward_check_port(const struct forward *f, pid_t except, struct error *err)
{
    static const struct ip all4 = {.family = AF_INET}, all6 = {.family = AF_INET6};
    char text[IP_TEXT_SIZE];
    int r;

    if (!f->address.family) {
        r = forward_check_address(f, &all4, except, err);
        return r == 0 ? forward_check_address(f, &all6, except, err) : r;
    }
    r = forward_route_type(&f->address, NULL);
    if (r != RTN_LOCAL) {
        error_text(err, EADDRNOTAVAIL, "%s is not an address of this host", ip_format(&f->address, text));
        return error_remedy(err, "\"ip addr\" lists the addresses; omit the address to use all of them");
    }
    return forward_check_address(f, &f->address, except, err);
}
