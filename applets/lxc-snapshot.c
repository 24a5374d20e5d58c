/* lxc-snapshot: make, list, restore and destroy snapshots of a container. See lxc-snapshot.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/storage/list.h"
#include "core/storage/snapshot.h"

#define MAX_COMMENT (1 << 20)

struct lxc_snapshot_options {
    struct container_options container;
    bool list, show_comments;
    const char *restore, *newname, *destroy, *comment;
};

static const struct option_row lxc_snapshot_table[] = {
    OPT_FLAG('L', "list", struct lxc_snapshot_options, list, "list the snapshots"),
    OPT_FLAG('C', "showcomments", struct lxc_snapshot_options, show_comments, "with -L: print the comments"),
    OPT_STRING('c', "comment", "FILE", struct lxc_snapshot_options, comment,
               "read the comment of the new snapshot from FILE"),
    OPT_STRING('r', "restore", "SNAPSHOT", struct lxc_snapshot_options, restore,
               "restore a snapshot; it replaces the container, unless -N gives another name"),
    OPT_STRING('N', "newname", "NEWNAME", struct lxc_snapshot_options, newname,
               "with -r: the name of the restored container"),
    OPT_STRING('d', "destroy", "SNAPSHOT", struct lxc_snapshot_options, destroy,
               "destroy a snapshot, or ALL"),
    OPT_GROUP(container_config_table, struct lxc_snapshot_options, container),
    OPT_END,
};

static int snapshots_list(const struct container *c, bool comments, struct error *err)
{
    cleanup_string_list struct string_list names = {0};
    cleanup_free char *directory = snapshot_directory(c);
    int r = directory ? snapshot_names(c, &names, err) : error_set(err, ENOMEM, "cannot list snapshots");

    if (r < 0)
        return r;
    if (names.count == 0)
        puts("No snapshots");
    for (size_t i = 0; i < names.count; i++) {
        const struct container it = {.name = names.items[i], .lxcpath = directory};
        cleanup_free char *when_path = container_path(&it, "ts"),
                          *comment_path = container_path(&it, "comment");
        cleanup_free char *when = NULL, *comment = NULL;

        if (when_path)
            file_read(AT_FDCWD, when_path, 64, &when, NULL);
        printf("%s (%s) %s\n", it.name, directory, when ? when : "unknown");
        if (comments && comment_path && file_read(AT_FDCWD, comment_path, MAX_COMMENT, &comment, NULL) == 0)
            fputs(comment, stdout);
    }
    return 0;
}

static int snapshots_destroy(const struct container *c, const char *which, struct error *err)
{
    cleanup_string_list struct string_list names = {0};
    int r;

    if (strcmp(which, "ALL") != 0)
        return snapshot_destroy(c, which, err);
    r = snapshot_names(c, &names, err);
    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = snapshot_destroy(c, names.items[i], err);
    return r;
}

static int snapshots_create(const struct container *c, const char *comment_file, struct error *err)
{
    cleanup_free char *comment = NULL;
    int r = comment_file ? file_read(AT_FDCWD, comment_file, MAX_COMMENT, &comment, NULL) : 0;

    return r < 0 ? error_set(err, r, "cannot read comment %s", comment_file)
                 : snapshot_create(c, comment, err);
}

static int snapshot_check_options(const struct lxc_snapshot_options *o, struct error *err)
{
    if ((o->list || o->show_comments) + !!o->restore + !!o->destroy + !!o->comment > 1) {
        error_text(err, EINVAL, "-L, -r, -d and -c exclude each other");
        return error_remedy(err, "--help lists the options");
    }
    if (o->newname && !o->restore)
        return error_text(err, EINVAL, "-N requires -r");
    if (o->show_comments && !o->list)
        return error_text(err, EINVAL, "-C requires -L");
    return 0;
}

static int lxc_snapshot_run(struct invocation *in, struct error *err)
{
    const struct lxc_snapshot_options *o = in->options;
    struct container c;
    int r;

    in->operands_max = o->restore && !o->newname ? 1 : 0;
    r = container_select(&o->container, in, &c, err);
    if (r == 0)
        r = snapshot_check_options(o, err);
    if (r == 0 && !container_is_defined(&c))
        return container_absent(&c, NULL, err);
    if (r < 0)
        return r;
    if (o->list)
        return snapshots_list(&c, o->show_comments, err);
    if (o->destroy)
        return snapshots_destroy(&c, o->destroy, err);
    if (o->restore) {
        const char *name = o->newname ? o->newname : in->argc > 0 ? in->argv[0] : c.name;
        return snapshot_restore(&c, o->restore, &(struct container){.name = name, .lxcpath = c.lxcpath}, err);
    }
    return snapshots_create(&c, o->comment, err);
}

APPLET(lxc_snapshot, .name = "lxc-snapshot", .summary = "Make, list, restore and destroy snapshots",
       .usage = "[-n] NAME [OPTION]... | [-n] NAME -r SNAPSHOT [NEWNAME]", .options = lxc_snapshot_table,
       .options_size = sizeof(struct lxc_snapshot_options), .run = lxc_snapshot_run);
