/* lxc-logs: print the console output of a container, and its log. See lxc-logs.1. */
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
    OPT_FLAG('c', "console", struct lxc_logs_options, console, "print only the console output"),
    OPT_FLAG('L', "log", struct lxc_logs_options, log, "print only the log"),
    OPT_FLAG('C', "clear", struct lxc_logs_options, clear, "discard the console output afterwards"),
    OPT_FLAG('f', "follow", struct lxc_logs_options, follow,
             "print new console output until the container stops"),
    OPT_GROUP(container_options_table, struct lxc_logs_options, container),
    OPT_END,
};

/* Print the unread rest of an open file. */
static int file_print_rest(int fd, const char *path, struct error *err)
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

/* Print a file. Returns 0 also if it does not exist. If `fd` is not NULL, *fd is the open file, positioned
 * after the printed part, or -1. */
static int file_print(const char *path, int *fd, struct error *err)
{
    cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd)
        *fd = -1;
    if (file < 0)
        return errno == ENOENT ? 0 : error_set(err, errno, "cannot read %s", path);
    r = file_print_rest(file, path, err);
    if (r == 0 && fd)
        *fd = take_fd(&file);
    return r;
}

/* When a log reaches its limit, or a new start empties it, a new file replaces it: open that one. */
static int file_reopen_replaced(const char *path, int *fd)
{
    struct stat ours, there;

    if (fstat(*fd, &ours) < 0 || stat(path, &there) < 0 ||
        (ours.st_ino == there.st_ino && ours.st_dev == there.st_dev))
        return 0;
    close_fd(fd);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? -errno : 0;
}

/* Print new output until the container has stopped. poll(2) cannot wait for growth of a regular file. */
static int file_follow(const struct container *c, const char *path, int *fd, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r = command_subscribe(c, 1u << STATE_STOPPED, false, &subscription, err);

    while (r == STATE_COUNT) {
        int state = command_wait(subscription, FOLLOW_MS, NULL);

        r = file_print_rest(*fd, path, err);
        if (r == 0)
            r = file_reopen_replaced(path, fd);
        if (r == 0)
            r = file_print_rest(*fd, path, err);
        if (r == 0 && state == -ETIMEDOUT)
            r = STATE_COUNT;
    }
    return r < 0 && !err->code ? error_set(err, r, "cannot follow %s", path) : r;
}

static int console_ring_print(const struct container *c, bool read, bool clear, struct error *err)
{
    const struct console_log_request request = {.clear = clear, .read = read};
    cleanup_free char *bytes = NULL;
    size_t length = 0;
    int r = command_console_log(c, &request, &bytes, &length, err);

    if (r == -ENODATA) /* it is empty */
        return 0;
    return r < 0 ? r : write_all(STDOUT_FILENO, bytes, read ? length : 0);
}

/* Print the files that the monitor writes if the configuration names none: the older part, then the newer. */
static int console_print_last(const struct container *c, bool clear, char **path, int *fd, struct error *err)
{
    cleanup_free char *old = container_path(c, LAST_CONSOLE_OLD);
    int r;

    *path = container_path(c, LAST_CONSOLE);
    if (!*path || !old)
        return error_set(err, ENOMEM, "cannot find the console output of %s", c->name);
    r = file_print(old, NULL, err);
    if (r == 0)
        r = file_print(*path, fd, err);
    if (r < 0 || !clear)
        return r;
    if ((unlink(old) < 0 && errno != ENOENT) || (truncate(*path, 0) < 0 && errno != ENOENT))
        return error_set(err, errno, "cannot empty %s", *path);
    return 0;
}

/*
 * The file of lxc.console.logfile has all output. A configured buffer may hold more than the default file.
 * (The file comes first also because a monitor of LXC removes from its buffer what it returns.)
 */
static int console_print(const struct container *c, const struct config *config,
                         const struct lxc_logs_options *o, struct error *err)
{
    cleanup_free char *path = NULL;
    cleanup_fd int fd = -1;
    int r;

    if (config->console_logfile) {
        path = strdup(config->console_logfile);
        r = path ? file_print(path, &fd, err) : error_set(err, ENOMEM, "cannot print the log");
        if (r == 0 && o->clear)
            r = console_ring_print(c, false, true, err);
    } else {
        r = o->follow ? -EFAULT : console_ring_print(c, true, o->clear, err);
        if (r != -ENOTCONN && r != -EFAULT)
            return r;
        error_clear(err);
        r = console_print_last(c, o->clear, &path, &fd, err);
        if (r == 0 && fd < 0) {
            error_text(err, ENODATA, "the console output of %s is not stored", c->name);
            return error_remedy(err, "start it with lxcbox, or set lxc.console.logfile");
        }
    }
    return r == 0 && o->follow && fd >= 0 ? file_follow(c, path, &fd, err) : r;
}

static int lxc_logs_run(struct invocation *in, struct error *err)
{
    const struct lxc_logs_options *o = in->options;
    const struct config_source source = {.missing_ok = true};
    cleanup_config struct config config;
    struct error console_err = ERROR_INIT;
    struct container c;
    int r;

    config_init(&config);
    r = container_select(&o->container, in, &c, err);
    if (r == 0 && o->follow && o->log && !o->console)
        return error_text(err, EINVAL, "-L without -c excludes -f");
    if (r == 0 && !container_is_defined(&c) && command_state(&c, NULL) == STATE_STOPPED)
        return container_absent(&c, NULL, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r < 0)
        return r;
    if (!o->console && config.log_file)
        r = file_print(config.log_file, NULL, err);
    if (r < 0 || (o->log && !o->console))
        return r < 0 || config.log_file ? r : error_text(err, ENODATA, "%s has no lxc.log.file", c.name);
    r = console_print(&c, &config, o, &console_err);
    /* If both are requested, one is enough. */
    if (r == -ENODATA && !o->console && config.log_file)
        return 0;
    if (r < 0)
        *err = console_err;
    return r;
}

APPLET(lxc_logs, .name = "lxc-logs", .summary = "Print the console output of a container, and its log",
       .usage = "[-n] NAME [OPTION]...", .options = lxc_logs_table,
       .options_size = sizeof(struct lxc_logs_options), .run = lxc_logs_run);
