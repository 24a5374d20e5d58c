/* lxc-run: run a command in a new container from an image, which is removed afterwards. See lxc-run.1. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/config_options.h"
#include "applets/cli/container_options.h"
#include "applets/mapped.h"
#include "applets/new_network.h"
#include "applets/oci_image.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/base/signal.h"
#include "core/base/title.h"
#include "core/config/edit.h"
#include "core/config/load.h"
#include "core/monitor/start.h"
#include "core/storage/create.h"
#include "core/storage/destroy.h"
#include "core/storage/partial.h"

#define REMOVE_ATTEMPTS 500
#define REMOVE_PAUSE_US 10000

struct lxc_run_options {
    struct container_options container;
    struct oci_image_options image;
    struct config_options config;
    struct string_list volumes;
    const char *network;
    bool mapped;
};

static const struct option_row lxc_run_table[] = {
    OPT_LIST('v', "volume", "HOST:PATH[:ro]", struct lxc_run_options, volumes,
             "show a file or directory of the host at PATH"),
    OPT_STRING(0, "network", "BRIDGE|none", struct lxc_run_options, network,
               "the bridge to connect to (that of lxc-net); none: no network"),
    OPT_FLAG(0, "mapped", struct lxc_run_options, mapped,
             "map ids: root of the container is an ordinary user of the host"),
    OPT_GROUP(oci_image_table, struct lxc_run_options, image),
    OPT_GROUP(config_options_table, struct lxc_run_options, config),
    OPT_GROUP(container_options_table, struct lxc_run_options, container),
    OPT_END,
};

/*
 * A run. Its container is made and monitored by a child process, which removes it also if lxc-run is killed.
 * A second child, the guard, has a session of its own, so that no signal to the job reaches it: it removes
 * the container if both are killed.
 */
struct run {
    const struct lxc_run_options *o;
    const char *applet;
    char **argv; /* of the command */
    struct container container;
    struct create_options create;
    struct string_list mounts; /* values of lxc.mount.entry */
    pid_t parent;
    int lifeline[2]; /* a pipe to the child: lxc-run has the writing end */
    int guarded[2];  /* a pipe to the guard: lxc-run and the child have the writing end */
};

static int path_check(const char *volume, const char *path, struct error *err)
{
    int r = container_check_text(path, err);

    if (r < 0)
        return r;
    if (path[0] == '/' && path[strspn(path, "/")] && !strstr(path, "/../") && !ends_with(path, "/.."))
        return 0;
    error_text(err, EINVAL, "--volume %s: \"%s\" is not a path in the container", volume, path);
    return error_remedy(err, "write HOST:PATH, with a PATH that begins with / and has no \"..\"");
}

/* HOST:PATH[:ro|rw] becomes the value of an lxc.mount.entry. */
static int volume_add(struct run *run, const char *volume, struct error *err)
{
    cleanup_free char *host = strdup(volume), *real = NULL;
    char *path = host ? strchr(host, ':') : NULL, *mode = path ? strchr(path + 1, ':') : NULL;
    cleanup_strbuf struct strbuf line = STRBUF_INIT;
    struct stat st;
    int r;

    if (path)
        *path++ = '\0';
    if (mode)
        *mode++ = '\0';
    if (!path || !*host || (mode && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)) {
        error_text(err, host ? EINVAL : ENOMEM, "cannot use --volume %s", volume);
        return error_remedy(err, "write HOST:PATH or HOST:PATH:ro");
    }
    r = path_check(volume, path, err);
    if (r < 0)
        return r;
    real = realpath(host, NULL);
    if (!real || stat(real, &st) < 0) {
        error_set(err, errno, "cannot use %s as a volume", host);
        return error_remedy(err, "create it first");
    }
    r = container_check_text(real, err);
    if (r < 0)
        return r;
    r = strbuf_escape(&line, real);
    if (r == 0)
        r = strbuf_puts(&line, " ");
    if (r == 0)
        r = strbuf_escape(&line, path + strspn(path, "/"));
    if (r == 0)
        r = strbuf_printf(&line, " none %sbind,create=%s%s 0 0", S_ISDIR(st.st_mode) ? "r" : "",
                          S_ISDIR(st.st_mode) ? "dir" : "file", mode && mode[1] == 'o' ? ",ro" : "");
    if (r == 0)
        r = string_list_add(&run->mounts, strbuf_text(&line));
    return r < 0 ? error_set(err, r, "cannot use --volume %s", volume) : 0;
}

/* The network that the options want, in place of that of the default configuration. */
static int network_write(const struct run *run, struct strbuf *network)
{
    const char *wanted = run->o->network;
    int r = wanted ? config_text_remove(network, "lxc.net.") : 0;

    if (r == 0 && wanted && strcmp(wanted, "none") == 0)
        return config_text_append(network, "lxc.net.0.type", "empty");
    if (r == 0 && wanted)
        r = config_text_append(network, "lxc.net.0.type", "veth");
    if (r == 0 && wanted)
        r = config_text_append(network, "lxc.net.0.link", wanted);
    return r == 0 && wanted ? config_text_append(network, "lxc.net.0.flags", "up") : r;
}

static int run_fill(void *context, struct create_place *place, struct error *err)
{
    const struct run *run = context;
    bool progress = !run->o->container.quiet && isatty(STDERR_FILENO);
    const struct oci_image_output to = {run->applet, progress ? stderr : NULL};
    int r = network_write(run, &place->network);

    if (r < 0)
        return error_set(err, r, "cannot configure the network");
    r = oci_image_fill(&run->o->image, run->argv, &to, place, err);
    if (r < 0)
        return r;
    for (size_t i = 0; r == 0 && i < run->mounts.count; i++)
        r = config_text_append(&place->distribution, "lxc.mount.entry", run->mounts.items[i]);
    if (r == 0)
        r = config_text_append(&place->distribution, "lxc.ephemeral", "1");
    return r < 0 ? error_set(err, r, "cannot write the configuration") : 0;
}

static int run_start(const struct run *run, struct error *err)
{
    const struct config_source source = {.defines = &run->o->config.defines};
    const struct start_options start = {.remove = container_remove_ephemeral,
                                        .foreground = true,
                                        .streams = true,
                                        .lifeline = run->lifeline[0]};
    cleanup_config struct config config;
    int r;

    config_init(&config);
    r = config_load(&run->container, &source, &config, err);
    if (r == 0)
        r = config_options_share(&run->o->config, &config, err);
    return r == 0 ? container_start(&run->container, &config, &start, err) : r;
}

/* The child. A signal that arrives while it waits for none stays pending, and goes to the command. */
static int run_child(void *data, struct error *err)
{
    struct run *run = data;
    struct error ignored = ERROR_INIT;
    int r;

    close_fd(&run->lifeline[1]);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* interrupts the download */
    if (getppid() != run->parent)
        return error_text(err, EINTR, "interrupted");
    r = container_create(&run->container, &run->create, run_fill, run, err);
    if (r < 0)
        return r;
    r = run_start(run, err);
    if (container_is_defined(&run->container)) /* it did not start */
        (void)container_destroy(&run->container, true, r < 0 ? &ignored : err);
    return r;
}

/* Wait until the child has ended. Signals from processes go to it; those of the terminal reach it anyway. */
static void run_follow(const struct process *child, int signals)
{
    struct signalfd_siginfo s;
    siginfo_t ended = {0};

    while (waitid(P_PID, (id_t)child->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0)
        if (read(signals, &s, sizeof(s)) == sizeof(s) && s.ssi_signo != SIGCHLD && s.ssi_code <= 0)
            kill(child->pid, (int)s.ssi_signo);
}

/* Remove what a killed child has left. The kernel kills the container with it. */
static void run_remove(const struct container *c)
{
    for (int i = 0; i < REMOVE_ATTEMPTS; i++) {
        struct error err = ERROR_INIT;
        bool defined = container_is_defined(c);
        int r = defined ? container_destroy(c, true, &err) : partial_clean(c, &err);

        if (r >= 0 && !defined)
            return;
        if (r < 0)
            usleep(REMOVE_PAUSE_US);
    }
}

/* A byte from the pipe says that nothing is left to do; its end without one, that all writers were killed. */
static int run_guard(void *data, struct error *err)
{
    struct run *run = data;
    const int kept[] = {run->guarded[0]};
    cleanup_free char *title = format_string("[lxc-run] %s %s", run->container.lxcpath, run->container.name);
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    char done;

    if (null < 0 || setsid() < 0 || chdir("/") < 0)
        return error_set(err, errno, "cannot guard the container");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    close_others(kept, ARRAY_LENGTH(kept));
    null = -1; /* closed with the others */
    if (title)
        title_set(title);
    if (read(run->guarded[0], &done, 1) == 0)
        run_remove(&run->container);
    return 0;
}

static int run_supervise(struct run *run, int signals, struct error *err)
{
    struct process child;
    int r;

    run->parent = getpid();
    r = process_start(&child, run_child, run, false, err);
    if (r < 0)
        return r;
    run_follow(&child, signals);
    r = process_finish(&child, err);
    if (r > 128)
        run_remove(&run->container);
    return r;
}

static int run_guarded(struct run *run, struct error *err)
{
    const int forwarded[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, 0};
    cleanup_fd int lifeline = -1, guarded = -1, signals = -1;
    struct process guard;
    int r;

    if (pipe2(run->lifeline, O_CLOEXEC) < 0 || pipe2(run->guarded, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot run the command");
    lifeline = run->lifeline[1];
    guarded = run->guarded[1];
    signals = signal_receive(forwarded, 0, NULL);
    if (signals < 0)
        return error_set(err, signals, "cannot run the command");
    r = process_start(&guard, run_guard, run, false, err);
    if (r < 0)
        return r;
    close_fd(&run->guarded[0]);
    r = run_supervise(run, signals, err);
    if (write(guarded, "", 1) == 1)
        (void)process_wait(guard.pid, NULL);
    return r;
}

static char *name_generate(void)
{
    unsigned char random[5];

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return NULL;
    return format_string("run-%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3], random[4]);
}

static int run_prepare(struct run *run, struct lxc_run_options *o, struct invocation *in, struct error *err)
{
    int r;

    if (in->argc == 0) {
        error_text(err, EINVAL, "no image named");
        return error_remedy(err, "give one, for example docker://alpine");
    }
    o->image.url = in->argv[0];
    run->argv = in->argv + 1;
    in->argc = 0;
    r = container_select(&o->container, in, &run->container, err);
    if (r == 0)
        r = oci_image_prepare(&o->image, err);
    for (size_t i = 0; r == 0 && i < o->volumes.count; i++)
        r = volume_add(run, o->volumes.items[i], err);
    if (r == 0 && o->network && (!*o->network || strlen(o->network) >= IFNAMSIZ || strchr(o->network, '/')))
        r = error_text(err, EINVAL, "--network: \"%s\" is not the name of a bridge", o->network);
    return r == 0 && o->network ? container_check_text(o->network, err) : r;
}

static int lxc_run_run(struct invocation *in, struct error *err)
{
    struct lxc_run_options *o = in->options;
    cleanup_free char *generated = o->container.name ? NULL : name_generate();
    char bridge[IFNAMSIZ];
    struct run run = {.o = o, .applet = in->applet, .create = {.template_name = "oci", .rootfs = true}};
    int r;

    if (!o->container.name && !generated)
        return error_set(err, ENOMEM, "cannot generate a name");
    if (generated)
        o->container.name = generated;
    r = run_prepare(&run, o, in, err);
    if (r == 0)
        r = mapped_read(o->mapped, &run.create.mapped, err);
    if (r == 0 && !o->network)
        r = new_network(&run.create, bridge, err);
    if (r == 0)
        r = run_guarded(&run, err);
    string_list_clear(&run.mounts);
    return r;
}

APPLET(lxc_run, .name = "lxc-run", .summary = "Run a command in a new container from an image",
       .usage = "[OPTION]... IMAGE [COMMAND [ARGUMENT]...]", .options = lxc_run_table,
       .operands_max = OPERANDS_ANY, .options_size = sizeof(struct lxc_run_options), .stop_at_operand = true,
       .sealed = true, .run = lxc_run_run);
