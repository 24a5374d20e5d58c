/* lxc-usernsexec: run a program in a new user namespace, by default as root. See lxc-usernsexec.1. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/namespace/unshare.h"

struct lxc_usernsexec_options {
    struct string_list maps;
    bool self;
    const char *uid, *gid;
};

static const struct option_row lxc_usernsexec_table[] = {
    OPT_LIST(
        'm', NULL, "KIND:INSIDE:OUTSIDE:COUNT", struct lxc_usernsexec_options, maps,
        "map these ids; KIND: u, g or b for both (may be repeated; the ranges of the user in /etc/subuid and "
        "/etc/subgid)"),
    OPT_FLAG('s', NULL, struct lxc_usernsexec_options, self,
             "also map our own ids, after the ids that are mapped from 0 on"),
    OPT_STRING('u', NULL, "UID", struct lxc_usernsexec_options, uid, "user id in the namespace (0)"),
    OPT_STRING('g', NULL, "GID", struct lxc_usernsexec_options, gid, "group id in the namespace (0)"),
    OPT_END,
};

static int usernsexec_read_map(const char *text, struct id_ranges *ids, struct error *err)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *kind = strsep(&rest, ":"), *word;
    uint64_t numbers[3];
    size_t count = 0;

    while (count < 4 && (word = strsep(&rest, ":")))
        if (count == 3 || parse_uint64(word, 10, UINT32_MAX, &numbers[count++]) < 0)
            count = 4;
    if (count != 3 || !kind || strlen(kind) != 1 || !strchr("ugb", *kind))
        return error_text(err, EINVAL, "-m takes u, g or b:INSIDE:OUTSIDE:COUNT, not \"%s\"", text);
    for (int is_gid = 0; is_gid < 2; is_gid++)
        if (*kind == 'b' || *kind == (is_gid ? 'g' : 'u'))
            if (id_ranges_add(ids, is_gid, (uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2]) <
                0)
                return error_text(err, E2BIG, "there are too many maps");
    return 0;
}

static int usernsexec_read_default(bool is_gid, struct id_ranges *ids, struct error *err)
{
    const char *path = is_gid ? "/etc/subgid" : "/etc/subuid";
    const struct passwd *user = getpwuid(getuid());
    cleanup_free char *text = NULL;
    uint32_t start, count;
    int r = file_read(AT_FDCWD, path, 1 << 20, &text, NULL);

    if (r == 0 && id_ranges_find(text, user ? user->pw_name : NULL, getuid(), &start, &count) < 0)
        r = -ENOENT;
    if (r < 0) {
        error_text(err, -r, "%s has no ids for this user", path);
        return error_remedy(err, "add a line USER:START:COUNT, or name ids with -m");
    }
    return id_ranges_add(ids, is_gid, 0, start, count);
}

/*
 * Map the caller's own id to the id that LXC considers the first free one: LXC reads the maps once, in order.
 */
static int usernsexec_map_self(struct id_ranges *ids, bool is_gid, uint32_t own)
{
    uint32_t inside = 0;

    for (size_t i = 0; i < ids->count; i++) {
        const struct config_idmap *m = &ids->items[i];

        if (m->is_gid == is_gid && inside >= m->container_id && inside - m->container_id < m->count)
            inside += m->count;
    }
    return id_ranges_add(ids, is_gid, inside, own, 1);
}

static int usernsexec_read_id(char letter, const char *text, uint32_t *id, struct error *err)
{
    uint64_t number = 0;

    if (text && parse_uint64(text, 10, UINT32_MAX - 1, &number) < 0)
        return error_text(err, EINVAL, "-%c takes a numeric id, not \"%s\"", letter, text);
    *id = (uint32_t)number;
    return 0;
}

static int lxc_usernsexec_run(struct invocation *in, struct error *err)
{
    const struct lxc_usernsexec_options *o = in->options;
    struct unshare_options u = {.namespaces = CLONE_NEWUSER | CLONE_NEWNS,
                                .fork = true,
                                .propagation = MS_SLAVE,
                                .set_uid = true,
                                .set_gid = true};
    static char *shell[] = {(char *)"/bin/sh", NULL};
    int r = 0;

    for (size_t i = 0; r == 0 && i < o->maps.count; i++)
        r = usernsexec_read_map(o->maps.items[i], &u.ids, err);
    for (int is_gid = 0; !o->maps.count && r == 0 && is_gid < 2; is_gid++)
        r = usernsexec_read_default(is_gid, &u.ids, err);
    if (r == 0 && o->self)
        r = usernsexec_map_self(&u.ids, false, getuid());
    if (r == 0 && o->self)
        r = usernsexec_map_self(&u.ids, true, getgid());
    if (r == 0)
        r = usernsexec_read_id('u', o->uid, &u.uid, err);
    if (r == 0)
        r = usernsexec_read_id('g', o->gid, &u.gid, err);
    if (r == 0)
        r = unshare_and_execute(&u, in->argc ? in->argv : shell, err);
    if (r > 0 && err->code) {
        char text[sizeof(struct error)];
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
    }
    return r < 0 && !err->code ? error_text(err, E2BIG, "there are too many maps") : r;
}

APPLET(lxc_usernsexec, .name = "lxc-usernsexec", .summary = "Run a program as root of a new user namespace",
       .usage = "[-m KIND:INSIDE:OUTSIDE:COUNT]... [-s] [-u UID] [-g GID] [-- PROGRAM [ARGUMENT]...]",
       .options = lxc_usernsexec_table, .options_size = sizeof(struct lxc_usernsexec_options),
       .stop_at_operand = true, .run = lxc_usernsexec_run);
