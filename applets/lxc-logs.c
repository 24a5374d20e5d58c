/* lxc-logs: what a container wrote on its console, and its log. See lxc-logs.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/load.h"
#include "core/command/command_client.h"
#include "core/monitor/last_run.h"
#include "core/storage/list.h"

#define FOLLOW_MS 200

struct lxc_logs_options {
    struct container_options container;
    bool console, log, clear, follow;
};

static const struct option_row lxc_logs_table[] = {
    OPT_FLAG('c', "console", struct lxc_logs_options, console, "only what it wrote on its console"),
    OPT_FLAG('L', "log", struct lxc_logs_options, log, "only its log"),
    OPT_FLAG('C', "clear", struct lxc_logs_options, clear, "empty the console's buffer afterwards"),
    OPT_FLAG('f', "follow", struct lxc_logs_options, follow,
             "go on printing what it writes on its console, until it stops"),
    OPT_GROUP(container_options_table, struct lxc_logs_options, container),
    OPT_END,
};

/* What is left to read of an open file. */
static int print_rest(int fd, const char *path, struct error *err)
{
    char bytes[16384];
    ssize_t n;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        int r = write_all(STDOUT_FILENO, bytes, (size_t)n);

        if (r < 0)
            return error_set(err, r, "cannot write to standard output");
    }
    return n < 0 ? error_set(err, errno, "cannot read %s", path) : 0;
}

/* 0, also where there is no such file; *fd (NULL: not wanted) stays open behind what has been printed, else
 * -1. */
static int print_file(const char *path, int *fd, struct error *err)
{
    cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd)
        *fd = -1;
    if (file < 0)
        return errno == ENOENT ? 0 : error_set(err, errno, "cannot read %s", path);
    r = print_rest(file, path, err);
    if (r == 0 && fd)
        *fd = take_fd(&file);
    return r;
}

/* A log that has reached its limit, or that a new start has emptied, goes on in another file of that name. */
static int reopen_replaced(const char *path, int *fd)
{
    struct stat ours, there;

    if (fstat(*fd, &ours) < 0 || stat(path, &there) < 0 ||
        (ours.st_ino == there.st_ino && ours.st_dev == there.st_dev))
        return 0;
    close_fd(fd);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? -errno : 0;
}

/* Print what comes until the container has stopped. Files have nothing to poll(2) on. */
static int follow_file(const struct container *c, const char *path, int *fd, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r = command_subscribe(c, 1u << STATE_STOPPED, false, &subscription, err);

    while (r == STATE_COUNT) {
        int state = command_wait(subscription, FOLLOW_MS, NULL);

        r = print_rest(*fd, path, err);
        if (r == 0)
            r = reopen_replaced(path, fd);
        if (r == 0)
            r = print_rest(*fd, path, err);
        if (r == 0 && state == -ETIMEDOUT)
            r = STATE_COUNT;
    }
    return r < 0 && !err->code ? error_set(err, r, "cannot follow %s", path) : r;
}

static int use_ring(const struct container *c, bool read, bool clear, struct error *err)
{
    const struct console_log_request request = {.clear = clear, .read = read};
    cleanup_free char *bytes = NULL;
    size_t length = 0;
    int r = command_console_log(c, &request, &bytes, &length, err);

    if (r == -ENODATA) /* nothing in it */
        return 0;
    return r < 0 ? r : write_all(STDOUT_FILENO, bytes, read ? length : 0);
}

/* The file that the monitor keeps where the configuration names none, after the older part of it. */
static int print_kept(const struct container *c, bool clear, char **path, int *fd, struct error *err)
{
    cleanup_free char *old = container_path(c, LAST_CONSOLE_OLD);
    int r;

    *path = container_path(c, LAST_CONSOLE);
    if (!*path || !old)
        return error_set(err, ENOMEM, "cannot find what %s wrote", c->name);
    r = print_file(old, NULL, err);
    if (r == 0)
        r = print_file(*path, fd, err);
    if (r < 0 || !clear)
        return r;
    if ((unlink(old) < 0 && errno != ENOENT) || (truncate(*path, 0) < 0 && errno != ENOENT))
        return error_set(err, errno, "cannot empty %s", *path);
    return 0;
}

/*
 * The file that lxc.console.logfile names has all of it. A buffer that is configured may hold more than the
 * file that is kept by default. (What is read of the buffer of a monitor of LXC's is gone from it: files come
 * first also for that.)
 */
static int print_console(const struct container *c, const struct config *config,
                         const struct lxc_logs_options *o, struct error *err)
{
    cleanup_free char *path = NULL;
    cleanup_fd int fd = -1;
    int r;

    if (config->console_logfile) {
        path = strdup(config->console_logfile);
        r = path ? print_file(path, &fd, err) : error_set(err, ENOMEM, "cannot print the log");
        if (r == 0 && o->clear)
            r = use_ring(c, false, true, err);
    } else {
        r = o->follow ? -EFAULT : use_ring(c, true, o->clear, err);
        if (r != -ENOTCONN && r != -EFAULT)
            return r;
        error_clear(err);
        r = print_kept(c, o->clear, &path, &fd, err);
        if (r == 0 && fd < 0) {
            error_text(err, ENODATA, "what %s writes on its console is not kept", c->name);
            return error_remedy(err, "start it with lxcbox, or set lxc.console.logfile");
        }
    }
    return r == 0 && o->follow && fd >= 0 ? follow_file(c, path, &fd, err) : r;
}

static int lxc_logs_run(struct invocation *in, struct error *err)
{
    const struct lxc_logs_options *o = in->options;
    const struct config_source source = {.missing_ok = true};
    cleanup_config struct config config;
    struct error nothing = ERROR_INIT;
    struct container c;
    int r;

    config_init(&config);
    r = container_select(&o->container, in, &c, err);
    if (r == 0 && o->follow && o->log && !o->console)
        return error_text(err, EINVAL, "-f follows the console, -L leaves it out");
    if (r == 0 && !container_is_defined(&c) && command_state(&c, NULL) == STATE_STOPPED)
        return container_absent(&c, NULL, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r < 0)
        return r;
    if (!o->console && config.log_file)
        r = print_file(config.log_file, NULL, err);
    if (r < 0 || (o->log && !o->console))
        return r < 0 || config.log_file ? r : error_text(err, ENODATA, "%s has no lxc.log.file", c.name);
    r = print_console(&c, &config, o, &nothing);
    /* Where both are wanted, one will do. */
    if (r == -ENODATA && !o->console && config.log_file)
        return 0;
    if (r < 0)
        *err = nothing;
    return r;
}

APPLET(lxc_logs, .name = "lxc-logs", .summary = "Print what a container wrote on its console, and its log",
       .usage = "[-n] NAME [OPTION]...", .options = lxc_logs_table,
       .options_size = sizeof(struct lxc_logs_options), .run = lxc_logs_run);
