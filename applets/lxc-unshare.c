/* lxc-unshare: run a program in new namespaces. See lxc-unshare.1. */
#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/namespace/unshare.h"

struct lxc_unshare_options {
    struct container_options container;
    const char *namespaces, *user, *hostname;
    struct string_list links;
    bool daemon, remount;
};

static const struct option_row lxc_unshare_table[] = {
    OPT_STRING('s', "namespaces", "KIND[|KIND]...", struct lxc_unshare_options, namespaces,
               "the namespaces: MOUNT, PID, UTSNAME, IPC, USER, NETWORK, CGROUP"),
    OPT_STRING('u', "user", "USER", struct lxc_unshare_options, user,
               "run as this user; in a user namespace, map it to the current user"),
    OPT_STRING('H', "hostname", "HOSTNAME", struct lxc_unshare_options, hostname,
               "with UTSNAME: the host name in the namespace"),
    OPT_LIST('i', "ifname", "INTERFACE", struct lxc_unshare_options, links,
             "with NETWORK: move this interface into the namespace (may be repeated)"),
    OPT_FLAG('d', "daemon", struct lxc_unshare_options, daemon, "do not wait for the program"),
    OPT_FLAG('M', "remount", struct lxc_unshare_options, remount,
             "with MOUNT: mount new /proc, /dev/shm and /dev/mqueue"),
    OPT_STRING('P', "lxcpath", "DIR", struct lxc_unshare_options, container.lxcpath,
               "ignored except for the log"),
    OPT_STRING('o', "logfile", "FILE", struct lxc_unshare_options, container.logfile,
               "write the log to FILE"),
    OPT_STRING('l', "logpriority", "LEVEL", struct lxc_unshare_options, container.loglevel,
               "log messages from LEVEL on (ERROR)"),
    OPT_FLAG('q', "quiet", struct lxc_unshare_options, container.quiet,
             "print only errors on standard error"),
    OPT_END,
};

static int lxc_unshare_read_namespaces(const char *text, uint64_t *flags, struct error *err)
{
    cleanup_free char *copy = strdup(text);

    for (char *rest = copy, *word; (word = strsep(&rest, "| "));) {
        uint64_t flag = namespace_option_flag(word);

        if (*word && !flag) {
            error_text(err, EINVAL, "-s does not know \"%s\"", word);
            return error_remedy(err, "--help lists the words");
        }
        *flags |= flag;
    }
    return copy ? 0 : error_set(err, ENOMEM, "cannot read option -s");
}

static int lxc_unshare_read_user(const char *text, struct unshare_options *u, struct error *err)
{
    uint64_t number;
    const struct passwd *user;

    if (!text)
        return 0;
    if (parse_uint64(text, 10, UINT32_MAX - 1, &number) < 0) {
        user = getpwnam(text);
        if (!user)
            return error_text(err, ENOENT, "there is no user %s", text);
        number = user->pw_uid;
    }
    u->set_uid = true;
    u->uid = (uid_t)number;
    return u->namespaces & CLONE_NEWUSER ? id_ranges_add(&u->ids, false, u->uid, geteuid(), 1) : 0;
}

static int lxc_unshare_check(const struct lxc_unshare_options *o, uint64_t flags, const struct invocation *in,
                             struct error *err)
{
    if (!in->argc)
        return error_text(err, EINVAL, "no program to run");
    if (!flags)
        return error_text(err, EINVAL, "no namespace; name them with -s");
    if (o->links.count && !(flags & CLONE_NEWNET))
        return error_text(err, EINVAL, "-i requires -s NETWORK");
    if (o->hostname && !(flags & CLONE_NEWUTS))
        return error_text(err, EINVAL, "-H requires -s UTSNAME");
    if (o->remount && !(flags & CLONE_NEWNS))
        return error_text(err, EINVAL, "-M requires -s MOUNT");
    return 0;
}

static int lxc_unshare_run(struct invocation *in, struct error *err)
{
    const struct lxc_unshare_options *o = in->options;
    struct unshare_options u = {.fork = true,
                                .background = o->daemon,
                                .hostname = o->hostname,
                                .links = &o->links,
                                .remount = o->remount,
                                .propagation = MS_PRIVATE};
    const char *lxcpath;
    int r = container_select_path(&o->container, in, &lxcpath, err);

    if (r == 0 && o->namespaces)
        r = lxc_unshare_read_namespaces(o->namespaces, &u.namespaces, err);
    if (r == 0)
        r = lxc_unshare_check(o, u.namespaces, in, err);
    if (r == 0)
        r = lxc_unshare_read_user(o->user, &u, err);
    if (r == 0)
        r = unshare_and_execute(&u, in->argv, err);
    if (r > 0 && err->code) {
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
    }
    return r;
}

APPLET(lxc_unshare, .name = "lxc-unshare", .summary = "Run a program in new namespaces",
       .usage = "-s KIND[|KIND]... [OPTION]... PROGRAM [ARGUMENT]...", .options = lxc_unshare_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_unshare_options),
       .stop_at_operand = true, .run = lxc_unshare_run);
