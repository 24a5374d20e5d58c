/* lxc-copy: copy a container, rename it, or run a temporary copy. See lxc-copy.1. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "applets/start_notes.h"
#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/config/config.h"
#include "core/run/attach.h"
#include "core/monitor/start.h"
#include "core/run/stop.h"
#include "core/storage/copy.h"
#include "core/storage/destroy.h"

struct lxc_copy_options {
    struct container_options container;
    const char *newname, *newpath, *storage, *mounts, *fssize;
    bool rename, snapshot, allow_running, foreground, daemon, ephemeral, tmpfs, keep_data, keep_name,
        keep_mac;
};

static const struct option_row lxc_copy_table[] = {
    OPT_STRING('N', "newname", "NEWNAME", struct lxc_copy_options, newname, "the copy's name"),
    OPT_STRING('p', "newpath", "DIR", struct lxc_copy_options, newpath,
               "the directory of containers for the copy"),
    OPT_FLAG('R', "rename", struct lxc_copy_options, rename, "rename the container"),
    OPT_FLAG('s', "snapshot", struct lxc_copy_options, snapshot,
             "make a snapshot: it shares the container's files"),
    OPT_FLAG('a', "allowrunning", struct lxc_copy_options, allow_running,
             "make a snapshot even of a running container"),
    OPT_FLAG('F', "foreground", struct lxc_copy_options, foreground,
             "with -e: use this terminal as the console"),
    OPT_FLAG('d', "daemon", struct lxc_copy_options, daemon, "with -e: run in the background (default)"),
    OPT_FLAG('e', "ephemeral", struct lxc_copy_options, ephemeral,
             "start a snapshot that is destroyed when it stops"),
    OPT_STRING('m', "mount", "LIST", struct lxc_copy_options, mounts,
               "with -e: bind=/SRC[:/DEST][:ro], overlay=/SRC[:/DEST], separated by commas"),
    OPT_STRING('B', "backingstorage", "KIND", struct lxc_copy_options, storage,
               "storage of the copy: dir, btrfs or overlay"),
    OPT_FLAG('t', "tmpfs", struct lxc_copy_options, tmpfs, "with -e: keep its changes in memory"),
    OPT_STRING('L', "fssize", "SIZE", struct lxc_copy_options, fssize, NULL),
    OPT_FLAG('D', "keepdata", struct lxc_copy_options, keep_data, "with -e: keep the copy when it stops"),
    OPT_FLAG('K', "keepname", struct lxc_copy_options, keep_name, "keep the host name"),
    OPT_FLAG('M', "keepmac", struct lxc_copy_options, keep_mac, "keep the MAC addresses"),
    OPT_GROUP(container_config_table, struct lxc_copy_options, container),
    OPT_REST("the command"),
    OPT_END,
};

static int copy_check_options(const struct lxc_copy_options *o, struct error *err)
{
    const struct {
        const char *name;
        bool given;
    } ephemeral_only[] = {{"-m", o->mounts != NULL},
                          {"-t", o->tmpfs},
                          {"-D", o->keep_data},
                          {"-F", o->foreground},
                          {"-d", o->daemon}};

    for (size_t i = 0; !o->ephemeral && i < ARRAY_LENGTH(ephemeral_only); i++)
        if (ephemeral_only[i].given)
            return error_text(err, EINVAL, "%s requires -e", ephemeral_only[i].name);
    if (o->rename && (o->snapshot || o->ephemeral || o->storage || o->keep_name))
        return error_text(err, EINVAL, "-R excludes all options but -N and -p");
    if (o->foreground && o->daemon)
        return error_text(err, EINVAL, "-F and -d exclude each other");
    if (o->allow_running && !o->snapshot && !o->ephemeral)
        return error_text(err, EINVAL, "-a requires -s or -e");
    if (o->fssize) {
        error_text(err, ENOTSUP, "-L is for block storage, which lxcbox does not create");
        return error_remedy(err, "omit it");
    }
    if (!o->newname && !o->ephemeral) {
        error_text(err, EINVAL, "no name given for the copy");
        return error_remedy(err, "add -N NEWNAME");
    }
    return 0;
}

/*
 * Run a command in the copy, then stop the copy. As with LXC, the exit status of the command is not passed
 * on, but a failure to run it is reported. A child process enters the container, because an unprivileged
 * process cannot leave a user namespace again.
 */
static int copy_run_command(const struct container *c, const char *applet, char **command, struct error *err)
{
    const struct attach_options attach = {.personality = -1,
                                          .clear_env = true,
                                          .uid = ATTACH_ID_UNSET,
                                          .gid = ATTACH_ID_UNSET,
                                          .log = -1,
                                          .command = command};
    char text[sizeof(struct error)];
    int status = 0, r;
    pid_t pid = fork();

    if (pid == 0) {
        if (container_attach(c, &attach, err) >= 0 && !err->code)
            _exit(0);
        fprintf(stderr, "%s: %s\n", applet, error_format(err, text, sizeof(text)));
        _exit(1);
    }
    if (pid > 0) {
        /* Signals of the keyboard are for the command. */
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        (void)process_wait(pid, &status);
    }
    r = container_shutdown(c, -1, NULL, err);
    if (r == -ETIMEDOUT) {
        error_clear(err);
        r = container_kill(c, err);
    }
    if (pid < 0)
        return error_set(err, errno, "cannot run %s", command[0]);
    return r < 0 && r != -ENOTCONN ? r : status != 0;
}

static int copy_start(const struct container *c, const struct lxc_copy_options *o, const char *applet,
                      char **command, struct error *err)
{
    cleanup_config struct config config = {0};
    cleanup_free char *path = container_path(c, "config");
    int ended_status = -1;
    const struct start_options start = {.remove = container_remove_ephemeral,
                                        .foreground = o->foreground && !command,
                                        .ended_status = &ended_status};
    int r = path ? 0 : error_set(err, ENOMEM, "cannot start");

    config_init(&config);
    if (r == 0)
        r = config_read_file(&config, path, err);
    if (r == 0 && o->tmpfs)
        r = copy_to_tmpfs(c, err);
    if (r == 0)
        r = container_start(c, &config, &start, err);
    if (r < 0)
        return error_name(err, c->name);
    if (r == 0)
        start_note_print(applet, c, &config, ended_status, o->container.quiet);
    return r == 0 && command ? copy_run_command(c, applet, command, err) : r;
}

static int copy_run_ephemeral(const struct container *from, struct container *to,
                              const struct lxc_copy_options *o, struct copy_options *copy,
                              const struct invocation *in, struct error *err)
{
    cleanup_free char *name = NULL;
    int r;

    if (!to->name) {
        name = copy_new_name(from, to->lxcpath, err);
        to->name = name;
    }
    if (!to->name)
        return err->code;
    copy->snapshot = true;
    copy->ephemeral = !o->keep_data;
    /* The original may be running; LXC allows this for -e, too. */
    copy->allow_running = true;
    r = container_copy(from, to, copy, err);
    if (r < 0)
        return r;
    if (!o->container.quiet) {
        printf("Created %s as clone of %s\n", to->name, from->name);
        fflush(stdout);
    }
    r = copy_start(to, o, in->applet, in->argc ? in->argv : NULL, err);
    if (r < 0 && copy->ephemeral) {
        struct error ignored = ERROR_INIT;
        container_destroy(to, false, &ignored);
    }
    return r;
}

static int lxc_copy_run(struct invocation *in, struct error *err)
{
    const struct lxc_copy_options *o = in->options;
    struct copy_options copy = {.snapshot = o->snapshot,
                                .storage = o->storage,
                                .keep_name = o->keep_name,
                                .keep_mac = o->keep_mac,
                                .allow_running = o->allow_running,
                                .mounts = o->mounts};
    struct container from, to = {.name = o->newname};
    int r;

    in->operands_max = o->rename ? 0 : OPERANDS_ANY;
    r = container_select(&o->container, in, &from, err);
    if (r == 0)
        r = copy_check_options(o, err);
    if (r < 0)
        return r;
    to.lxcpath = o->newpath ? o->newpath : from.lxcpath;
    if (to.lxcpath[0] != '/') {
        error_text(err, EINVAL, "-p %s is not an absolute path", to.lxcpath);
        return error_remedy(err, "start it with /");
    }
    copy.hook_arguments = o->ephemeral ? NULL : in->argv; /* else a command */
    if (o->rename)
        return container_rename(&from, &to, err);
    return o->ephemeral ? copy_run_ephemeral(&from, &to, o, &copy, in, err)
                        : container_copy(&from, &to, &copy, err);
}

APPLET(lxc_copy, .name = "lxc-copy", .summary = "Copy, rename, or run a copy of a container",
       .usage = "[-n] NAME [-N NEWNAME] [OPTION]... [-- COMMAND [ARGUMENT]... | -- HOOK-ARGUMENT...]",
       .options = lxc_copy_table, .options_size = sizeof(struct lxc_copy_options), .sealed = true,
       .run = lxc_copy_run);
