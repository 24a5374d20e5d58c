/* nsenter: run a program in namespaces of other processes. See nsenter.1. */
#include <errno.h>
#include <stdio.h>

#include "applets/cli/applet.h"
#include "core/namespace/enter.h"

struct nsenter_options {
    int target;
    bool all, keep_credentials, follow_context, no_fork;
    const char *mount, *uts, *ipc, *net, *pid, *cgroup, *user, *time;
    const char *uid, *gid, *root, *directory, *inner_directory;
};

static const struct option_row nsenter_table[] = {
    OPT_FLAG('a', "all", struct nsenter_options, all, "enter every namespace of the target"),
    OPT_INT('t', "target", "PID", struct nsenter_options, target, "the process whose namespaces are entered"),
    OPT_OPTIONAL('m', "mount", "FILE", struct nsenter_options, mount, "enter its mount namespace"),
    OPT_OPTIONAL('u', "uts", "FILE", struct nsenter_options, uts, "its UTS namespace (host name)"),
    OPT_OPTIONAL('i', "ipc", "FILE", struct nsenter_options, ipc, "its IPC namespace"),
    OPT_OPTIONAL('n', "net", "FILE", struct nsenter_options, net, "its network namespace"),
    OPT_OPTIONAL('p', "pid", "FILE", struct nsenter_options, pid, "its pid namespace"),
    OPT_OPTIONAL('C', "cgroup", "FILE", struct nsenter_options, cgroup, "its cgroup namespace"),
    OPT_OPTIONAL('U', "user", "FILE", struct nsenter_options, user, "its user namespace"),
    OPT_OPTIONAL('T', "time", "FILE", struct nsenter_options, time, "its time namespace"),
    OPT_STRING('S', "setuid", "UID", struct nsenter_options, uid, "change to this user id"),
    OPT_STRING('G', "setgid", "GID", struct nsenter_options, gid, "change to this group id"),
    OPT_FLAG(0, "preserve-credentials", struct nsenter_options, keep_credentials,
             "do not become root of the user namespace"),
    OPT_OPTIONAL('r', "root", "DIR", struct nsenter_options, root, "change to its root directory"),
    OPT_OPTIONAL('w', "wd", "DIR", struct nsenter_options, directory, "change to its working directory"),
    OPT_STRING('W', "wdns", "DIR", struct nsenter_options, inner_directory,
               "change to this directory in the namespace"),
    OPT_FLAG('F', "no-fork", struct nsenter_options, no_fork,
             "do not run the program in a child, also with -p or -T"),
    OPT_FLAG('Z', "follow-context", struct nsenter_options, follow_context,
             "run with the target's SELinux context"),
    OPT_END,
};

static int nsenter_read_id(const char *option, const char *text, bool *set, uint32_t *id, struct error *err)
{
    uint64_t number = 0;

    *set = text;
    if (text && parse_uint64(text, 10, UINT32_MAX - 1, &number) < 0)
        return error_text(err, EINVAL, "option %s takes a number, not \"%s\"", option, text);
    *id = (uint32_t)number;
    return 0;
}

static int nsenter_run(struct invocation *in, struct error *err)
{
    const struct nsenter_options *o = in->options;
    struct enter_options e = {
        .target = o->target,
        .all = o->all,
        .files = {[NAMESPACE_USER] = o->user,
                  [NAMESPACE_MNT] = o->mount,
                  [NAMESPACE_PID] = o->pid,
                  [NAMESPACE_UTS] = o->uts,
                  [NAMESPACE_IPC] = o->ipc,
                  [NAMESPACE_NET] = o->net,
                  [NAMESPACE_CGROUP] = o->cgroup,
                  [NAMESPACE_TIME] = o->time},
        .root = o->root,
        .directory = o->directory,
        .inner_directory = o->inner_directory,
        .keep_credentials = o->keep_credentials,
        .follow_context = o->follow_context,
        .no_fork = o->no_fork,
    };
    int r = nsenter_read_id("-S", o->uid, &e.set_uid, &e.uid, err);

    if (r == 0)
        r = nsenter_read_id("-G", o->gid, &e.set_gid, &e.gid, err);
    if (r == 0)
        r = enter_and_execute(&e, in->argv, err);
    if (r > 0 && err->code) {
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
    }
    return r;
}

APPLET(nsenter, .name = "nsenter", .summary = "Run a program in namespaces of other processes",
       .usage = "[OPTION]... [PROGRAM [ARGUMENT]...]", .options = nsenter_table,
       .options_size = sizeof(struct nsenter_options), .stop_at_operand = true, .sealed = true,
       .run = nsenter_run);
