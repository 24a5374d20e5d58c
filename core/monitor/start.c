#include "core/monitor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/config/idmap.h"
#include "core/config/lxcbox_conf.h"
#include "core/confine/lsm.h"
#include "core/monitor/monitor.h"
#include "core/mount/rootfs.h"
#include "core/monitor/start_warnings.h"
#include "core/base/title.h"

/* Refuse what cannot be started, before anything is made. */
static int start_check(const struct container *c, const struct config *config, const struct start_options *o,
                       struct error *err)
{
    cleanup_rootfs_source struct rootfs_source source = {0};
    bool has_rootfs = config->rootfs_path && config->rootfs_path[0];
    int r = config_check(config, err);

    if (r < 0)
        return r;
    if (!has_rootfs && !o->argv && !o->execute) {
        error_text(err, EINVAL, "there is no rootfs, and the init would be the host's");
        return error_remedy(err, "set lxc.rootfs.path, or give a command");
    }
    if (!(namespace_clone_flags(config) & CLONE_NEWNS)) {
        error_text(err, EINVAL, "%s would share the host's mounts, and its rootfs replace them", c->name);
        return error_remedy(
            err, "leave mnt out of lxc.namespace.keep and lxc.namespace.share, and in lxc.namespace.clone");
    }
    r = rootfs_source_parse(config->rootfs_path, &source, err);
    if (r == 0)
        r = idmap_check(config, err);
    if (r == 0 && config->tty_max > TERMINALS_MAX)
        r = error_text(err, EINVAL, "lxc.tty.max = %u is more than %d", config->tty_max, TERMINALS_MAX);
    return r == 0 ? lsm_check(config, err) : r;
}

/* lxc.monitor.unshare: mounts of hooks are not visible on the host; new mounts of the host still appear. */
static int monitor_unshare_mounts(const struct config *config, struct error *err)
{
    if (!config->monitor_unshare)
        return 0;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) {
        error_set(err, errno, "cannot give the monitor its own mounts (lxc.monitor.unshare)");
        return error_remedy(err, "become root, or leave the key out");
    }
    return 0;
}

static int monitor_run_unshared(const struct container *c, struct config *config,
                                const struct start_options *o, int *report, struct error *err)
{
    int r = monitor_unshare_mounts(config, err);

    return r == 0 ? monitor_run(c, config, o, config->ephemeral ? o->remove : NULL, report, err) : r;
}

/* Close the fds that the caller inherited, except those of the logs and `report` (-1: none). */
static void close_inherited(int report)
{
    const int kept[] = {report, log_fd(), log_syslog_fd()};

    close_others(kept, ARRAY_LENGTH(kept));
}

/* Standard error stays that of lxc-start until the container runs: warnings go there. As LXC's, the monitor
 * keeps no file system busy: relative paths of the configuration begin at the root of the host. */
static int daemon_leave_terminal(struct error *err)
{
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return error_set(err, errno, "cannot open /dev/null");
    setsid();
    if (chdir("/") < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return error_set(err, errno, "cannot leave the terminal");
    return 0;
}

/* The daemon process. It holds no fd of the process that started it, except `report` and standard error. */
__attribute__((noreturn)) static void daemon_run(const struct container *c, struct config *config,
                                                 const struct start_options *o, int report)
{
    /* LXC's title, which users and scripts look for. */
    cleanup_free char *title = format_string("[lxc monitor] %s %s", c->lxcpath, c->name);
    struct start_report failed = {.error = ERROR_INIT, .ended_status = -1};
    int r;

    if (title)
        title_set(title);
    close_inherited(report);
    r = daemon_leave_terminal(&failed.error);
    if (r == 0)
        r = monitor_run_unshared(c, config, o, &report, &failed.error);
    if (r < 0 && report >= 0)
        (void)send(report, &failed, sizeof(failed), MSG_NOSIGNAL);
    else if (r < 0)
        log_error("start", "%s", failed.error.text);
    _exit(r < 0 ? 1 : 0);
}

static int start_daemon(const struct container *c, struct config *config, const struct start_options *o,
                        struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    struct start_report reported;
    int fds[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return error_set(err, errno, "cannot start");
    report = fds[0];
    report_child = fds[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot start");
    if (pid == 0)
        daemon_run(c, config, o, report_child);
    close_fd(&report_child);
    if (read_all(report, &reported, sizeof(reported)) != sizeof(reported)) {
        error_text(err, ECHILD, "the monitor ended before it ran");
        return error_remedy(err, "see the kernel's log");
    }
    if (reported.error.code == 0) {
        if (o->ended_status)
            *o->ended_status = reported.ended_status;
        return 0;
    }
    (void)process_wait(pid, NULL);
    return error_copy(err, &reported.error);
}

static int start_run(const struct container *c, struct config *config, const struct start_options *o,
                     struct error *err)
{
    int none = -1, r = start_check(c, config, o, err);

    if (r == 0)
        r = config_load_fstab(config, err);
    if (r < 0)
        return r;
    start_warn(config);
    if (o->foreground && o->close_inherited)
        close_inherited(-1);
    return o->foreground ? monitor_run_unshared(c, config, o, &none, err) : start_daemon(c, config, o, err);
}

/* The command and the environment of NAME/lxcbox.conf, which the caller's command replaces. */
static int start_take_own(const struct lxcbox_conf *own, struct config *config, struct start_options *o,
                          char **argv, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < own->environment.count; i++)
        r = string_list_add(&config->environment_runtime, own->environment.items[i]);
    if (own->reap)
        o->execute = o->forward = true;
    if (!o->argv && own->command.count) {
        memcpy(argv, own->command.items, own->command.count * sizeof(*argv));
        argv[own->command.count] = NULL;
        o->argv = argv;
    }
    return r < 0 ? error_set(err, r, "cannot start the container") : 0;
}

int container_start(const struct container *c, struct config *config, const struct start_options *options,
                    struct error *err)
{
    cleanup_lxcbox_conf struct lxcbox_conf own = {0};
    cleanup_free char **argv = NULL;
    struct start_options o = *options;
    int r = lxcbox_conf_read(c, &own, err);

    if (r < 0)
        return r;
    argv = calloc(own.command.count + 1, sizeof(*argv));
    if (!argv)
        return error_set(err, ENOMEM, "cannot start %s", c->name);
    r = start_take_own(&own, config, &o, argv, err);
    return r == 0 ? start_run(c, config, &o, err) : r;
}
