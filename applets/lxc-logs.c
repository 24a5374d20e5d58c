/* lxc-logs: what a container wrote on its console, and its log. See lxc-logs.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/load.h"
#include "core/command/command_client.h"
#include "core/storage/list.h"

struct lxc_logs_options {
    struct container_options container;
    bool console, log, clear;
};

static const struct option_row lxc_logs_table[] = {
    OPT_FLAG('c', "console", struct lxc_logs_options, console, "only what it wrote on its console"),
    OPT_FLAG('L', "log", struct lxc_logs_options, log, "only its log"),
    OPT_FLAG('C', "clear", struct lxc_logs_options, clear, "empty the console's buffer afterwards"),
    OPT_GROUP(container_options_table, struct lxc_logs_options, container),
    OPT_END,
};

static int print_file(const char *path, struct error *err)
{
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    char bytes[16384];
    ssize_t n = 0;

    if (fd < 0 && errno == ENOENT)
        return 0;
    while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
        if (write_all(STDOUT_FILENO, bytes, (size_t)n) < 0)
            return error_set(err, errno, "cannot write to standard output");
    return fd < 0 || n < 0 ? error_set(err, errno, "cannot read %s", path) : 0;
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

/*
 * The file that it writes to, which has all of it; else of a running container its buffer. (What is read of
 * the buffer of one that LXC runs is gone from it: the file comes first also for that.)
 */
static int print_console(const struct container *c, const struct config *config, bool clear,
                         struct error *err)
{
    int r;

    if (config->console_logfile) {
        r = print_file(config->console_logfile, err);
        return r == 0 && clear ? use_ring(c, false, true, err) : r;
    }
    r = use_ring(c, true, clear, err);
    if (r != -ENOTCONN && r != -EFAULT)
        return r;
    error_text(err, ENODATA, "what %s writes on its console is not kept", c->name);
    return error_remedy(err, "set lxc.console.buffer.size or lxc.console.logfile");
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
    if (r == 0 && !container_is_defined(&c) && command_state(&c, NULL) == STATE_STOPPED)
        return container_absent(&c, NULL, err);
    if (r == 0)
        r = config_load(&c, &source, &config, err);
    if (r < 0)
        return r;
    if (!o->console && config.log_file)
        r = print_file(config.log_file, err);
    if (r < 0 || (o->log && !o->console))
        return r < 0 || config.log_file ? r : error_text(err, ENODATA, "%s has no lxc.log.file", c.name);
    r = print_console(&c, &config, o->clear, &nothing);
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
