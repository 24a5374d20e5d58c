/* unshare: run a program in new namespaces. See unshare.1. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/keys.h"
#include "core/namespace/unshare.h"

struct unshare_arguments {
    const char *keep[NAMESPACE_KINDS];
    bool fork, map_root, map_current, map_auto, keep_capabilities;
    const char *map_user, *map_group, *kill_child, *proc, *propagation, *setgroups;
    struct string_list map_users, map_groups;
    const char *root, *directory, *uid, *gid, *monotonic, *boottime;
};

static const struct option_row unshare_table[] = {
    OPT_OPTIONAL_LONG('m', "mount", "FILE", struct unshare_arguments, keep[NAMESPACE_MNT],
                      "a new mount namespace (kept by FILE)"),
    OPT_OPTIONAL_LONG('u', "uts", "FILE", struct unshare_arguments, keep[NAMESPACE_UTS],
                      "a new UTS namespace (host name)"),
    OPT_OPTIONAL_LONG('i', "ipc", "FILE", struct unshare_arguments, keep[NAMESPACE_IPC],
                      "a new IPC namespace"),
    OPT_OPTIONAL_LONG('n', "net", "FILE", struct unshare_arguments, keep[NAMESPACE_NET],
                      "a new network namespace"),
    OPT_OPTIONAL_LONG('p', "pid", "FILE", struct unshare_arguments, keep[NAMESPACE_PID],
                      "a new pid namespace, for our children"),
    OPT_OPTIONAL_LONG('U', "user", "FILE", struct unshare_arguments, keep[NAMESPACE_USER],
                      "a new user namespace"),
    OPT_OPTIONAL_LONG('C', "cgroup", "FILE", struct unshare_arguments, keep[NAMESPACE_CGROUP],
                      "a new cgroup namespace"),
    OPT_OPTIONAL_LONG('T', "time", "FILE", struct unshare_arguments, keep[NAMESPACE_TIME],
                      "a new time namespace, for our children"),
    OPT_FLAG('f', "fork", struct unshare_arguments, fork, "run the program in a child"),
    OPT_STRING(0, "map-user", "UID", struct unshare_arguments, map_user,
               "the user id in the namespace; implies -U"),
    OPT_STRING(0, "map-group", "GID", struct unshare_arguments, map_group,
               "the group id in the namespace; implies -U"),
    OPT_FLAG('r', "map-root-user", struct unshare_arguments, map_root,
             "map the current user to root; implies -U"),
    OPT_FLAG('c', "map-current-user", struct unshare_arguments, map_current,
             "map the current user to itself; implies -U"),
    OPT_FLAG(0, "map-auto", struct unshare_arguments, map_auto,
             "map the ids of the user in /etc/subuid and /etc/subgid; implies -U"),
    OPT_LIST(0, "map-users", "OUTSIDE,INSIDE,COUNT", struct unshare_arguments, map_users,
             "map a range of users; also INSIDE:OUTSIDE:COUNT, or auto as in --map-auto; implies -U"),
    OPT_LIST(0, "map-groups", "OUTSIDE,INSIDE,COUNT", struct unshare_arguments, map_groups,
             "the same for groups"),
    OPT_OPTIONAL(0, "kill-child", "SIGNAL", struct unshare_arguments, kill_child,
                 "send a signal to the child when unshare dies; implies -f (KILL)"),
    OPT_OPTIONAL(0, "mount-proc", "DIR", struct unshare_arguments, proc,
                 "mount proc on DIR; implies -m (/proc)"),
    OPT_STRING(0, "propagation", "KIND", struct unshare_arguments, propagation,
               "propagation of mounts: private, slave, shared, unchanged (private)"),
    OPT_STRING(0, "setgroups", "POLICY", struct unshare_arguments, setgroups,
               "allow or deny setgroups(2) in the user namespace"),
    OPT_FLAG(0, "keep-caps", struct unshare_arguments, keep_capabilities,
             "keep the capabilities in the user namespace"),
    OPT_STRING('R', "root", "DIR", struct unshare_arguments, root, "change the root directory"),
    OPT_STRING('w', "wd", "DIR", struct unshare_arguments, directory, "change the working directory"),
    OPT_STRING('S', "setuid", "UID", struct unshare_arguments, uid, "change to this user id"),
    OPT_STRING('G', "setgid", "GID", struct unshare_arguments, gid, "change to this group id"),
    OPT_STRING(0, "monotonic", "SECONDS", struct unshare_arguments, monotonic,
               "offset of the monotonic clock in the time namespace"),
    OPT_STRING(0, "boottime", "SECONDS", struct unshare_arguments, boottime,
               "offset of the boot-time clock in the time namespace"),
    OPT_END,
};

static int unshare_read_id(const char *option, const char *text, uint32_t *id, struct error *err)
{
    uint64_t number;

    if (parse_uint64(text, 10, UINT32_MAX - 1, &number) < 0)
        return error_text(err, EINVAL, "option %s takes a number, not \"%s\"", option, text);
    *id = (uint32_t)number;
    return 0;
}

static int unshare_read_seconds(const char *option, const char *text, bool *set, int64_t *seconds,
                                struct error *err)
{
    *set = text;
    if (text && parse_int64(text, 10, INT32_MIN, INT32_MAX, seconds) < 0)
        return error_text(err, EINVAL, "option %s takes a number of seconds, not \"%s\"", option, text);
    return 0;
}

static int unshare_read_subordinate(bool is_gid, struct id_ranges *ids, struct error *err)
{
    const char *path = is_gid ? "/etc/subgid" : "/etc/subuid";
    const struct passwd *user = getpwuid(geteuid());
    cleanup_free char *text = NULL;
    uint32_t start, count;
    int r = file_read(AT_FDCWD, path, 1 << 20, &text, NULL);

    if (r < 0)
        return error_set(err, r, "cannot read %s", path);
    if (id_ranges_find(text, user ? user->pw_name : NULL, geteuid(), &start, &count) < 0) {
        error_text(err, ENOENT, "%s has no ids for this user", path);
        return error_remedy(err, "add a line USER:START:COUNT");
    }
    return id_ranges_add(ids, is_gid, 0, start, count);
}

/* "OUTSIDE,INSIDE,COUNT" of util-linux 2.38, "INSIDE:OUTSIDE:COUNT" and "auto" of later ones. */
static int unshare_read_range(const char *text, bool is_gid, struct id_ranges *ids, struct error *err)
{
    cleanup_free char *copy = strdup(text);
    bool colons = strchr(text, ':');
    uint64_t numbers[3];
    size_t count = 0;

    if (strcmp(text, "auto") == 0)
        return unshare_read_subordinate(is_gid, ids, err);
    for (char *rest = copy, *word; (word = strsep(&rest, colons ? ":" : ","));)
        if (count == 3 || parse_uint64(word, 10, UINT32_MAX, &numbers[count++]) < 0)
            count = 4;
    if (count != 3)
        return error_text(err, EINVAL, "a range of ids is OUTSIDE,INSIDE,COUNT or auto, not \"%s\"", text);
    if (id_ranges_add(ids, is_gid, (uint32_t)numbers[colons ? 0 : 1], (uint32_t)numbers[colons ? 1 : 0],
                      (uint32_t)numbers[2]) < 0)
        return error_text(err, E2BIG, "there are too many ranges of ids");
    return 0;
}

/* First the ranges, from which a single id is removed. */
static int unshare_read_ids(const struct unshare_arguments *a, struct unshare_options *o, struct error *err)
{
    const char *user = a->map_root ? "0" : a->map_user, *group = a->map_root ? "0" : a->map_group;
    uint32_t inside_user = geteuid(), inside_group = getegid();
    int r = 0;

    for (size_t i = 0; r == 0 && i < a->map_users.count; i++)
        r = unshare_read_range(a->map_users.items[i], false, &o->ids, err);
    for (size_t i = 0; r == 0 && i < a->map_groups.count; i++)
        r = unshare_read_range(a->map_groups.items[i], true, &o->ids, err);
    for (int is_gid = 0; a->map_auto && r == 0 && is_gid < 2; is_gid++)
        r = unshare_read_subordinate(is_gid, &o->ids, err);
    if (r == 0 && user)
        r = unshare_read_id("--map-user", user, &inside_user, err);
    if (r == 0 && group)
        r = unshare_read_id("--map-group", group, &inside_group, err);
    if (r == 0 && (user || a->map_current))
        r = id_ranges_set(&o->ids, false, inside_user, geteuid());
    if (r == 0 && (group || a->map_current))
        r = id_ranges_set(&o->ids, true, inside_group, getegid());
    if (r < 0 && !err->code)
        return error_text(err, -r, "there are too many ranges of ids");
    /* A process without CAP_SETGID can map a group only if setgroups(2) is denied. */
    if ((group || a->map_current) && !o->setgroups && !a->map_groups.count && !a->map_auto)
        o->setgroups = SETGROUPS_DENY;
    return r;
}

static int unshare_read_policies(const struct unshare_arguments *a, struct unshare_options *o,
                                 struct error *err)
{
    static const struct {
        const char *word;
        unsigned long flag;
    } kinds[] = {{"private", MS_PRIVATE}, {"slave", MS_SLAVE}, {"shared", MS_SHARED}, {"unchanged", 0}};
    size_t i = 0;

    while (a->propagation && i < ARRAY_LENGTH(kinds) && strcmp(kinds[i].word, a->propagation) != 0)
        i++;
    if (i == ARRAY_LENGTH(kinds))
        return error_text(err, EINVAL, "--propagation does not know \"%s\"", a->propagation);
    o->propagation = kinds[i].flag;
    if (a->setgroups && strcmp(a->setgroups, "allow") != 0 && strcmp(a->setgroups, "deny") != 0)
        return error_text(err, EINVAL, "--setgroups takes allow or deny, not \"%s\"", a->setgroups);
    if (a->setgroups)
        o->setgroups = *a->setgroups == 'a' ? SETGROUPS_ALLOW : SETGROUPS_DENY;
    if (a->kill_child) {
        o->child_signal = *a->kill_child ? signal_parse(a->kill_child) : SIGKILL;
        o->fork = true;
    }
    if (o->child_signal < 0) {
        char longer[32];
        snprintf(longer, sizeof(longer), "SIG%s", a->kill_child);
        o->child_signal = signal_parse(longer);
    }
    return o->child_signal < 0 ? error_text(err, EINVAL, "there is no signal \"%s\"", a->kill_child) : 0;
}

static int unshare_read_arguments(const struct unshare_arguments *a, struct unshare_options *o,
                                  struct error *err)
{
    int r = unshare_read_policies(a, o, err);

    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        o->namespaces |= a->keep[i] ? namespaces[i].flag : 0;
        o->keep[i] = a->keep[i] && *a->keep[i] ? a->keep[i] : NULL;
    }
    if (a->map_root || a->map_current || a->map_auto || a->map_user || a->map_group || a->map_users.count ||
        a->map_groups.count)
        o->namespaces |= CLONE_NEWUSER;
    if (a->proc) {
        o->proc = *a->proc ? a->proc : "/proc";
        o->namespaces |= CLONE_NEWNS;
    }
    o->set_uid = a->uid;
    o->set_gid = a->gid;
    if (r == 0)
        r = unshare_read_ids(a, o, err);
    if (r == 0 && a->uid)
        r = unshare_read_id("-S", a->uid, &o->uid, err);
    if (r == 0 && a->gid)
        r = unshare_read_id("-G", a->gid, &o->gid, err);
    if (r == 0)
        r = unshare_read_seconds("--monotonic", a->monotonic, &o->set_monotonic, &o->monotonic_seconds, err);
    if (r == 0)
        r = unshare_read_seconds("--boottime", a->boottime, &o->set_boottime, &o->boottime_seconds, err);
    if (r == 0 && (a->monotonic || a->boottime) && !(o->namespaces & CLONE_NEWTIME))
        return error_text(err, EINVAL, "--monotonic and --boottime require -T");
    if (r == 0 && o->setgroups == SETGROUPS_ALLOW && a->map_root && geteuid() != 0)
        return error_text(err, EINVAL, "--setgroups=allow and -r exclude each other");
    return r;
}

static int unshare_run(struct invocation *in, struct error *err)
{
    const struct unshare_arguments *a = in->options;
    struct unshare_options o = {.fork = a->fork,
                                .keep_capabilities = a->keep_capabilities,
                                .root = a->root,
                                .directory = a->directory};
    int r = unshare_read_arguments(a, &o, err);

    if (r == 0)
        r = unshare_and_execute(&o, in->argv, err);
    if (r > 0 && err->code) {
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
    }
    return r;
}

APPLET(unshare, .name = "unshare", .summary = "Run a program in new namespaces",
       .usage = "[OPTION]... [PROGRAM [ARGUMENT]...]", .options = unshare_table,
       .options_size = sizeof(struct unshare_arguments), .stop_at_operand = true, .run = unshare_run);
