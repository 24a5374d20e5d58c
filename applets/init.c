/* init: process 1 of a system that consists of a kernel and this executable. See init.1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/boot/modules.h"
#include "core/boot/system.h"

#define SETTINGS_FILE "/etc/lxcbox.conf"
#define FILE_MAX      (1 << 20) /* bytes */
#define END_SECONDS   3         /* between SIGTERM and SIGKILL */

static const struct option_row init_table[] = {OPT_END};

static void block_signals(struct init *i)
{
    static const int ours[] = {SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPWR};

    sigemptyset(&i->signals);
    for (size_t s = 0; s < ARRAY_LENGTH(ours); s++)
        sigaddset(&i->signals, ours[s]);
    sigprocmask(SIG_BLOCK, &i->signals, NULL);
    /* Ctrl-Alt-Del sends SIGINT to this process instead of rebooting at once. */
    (void)reboot(RB_DISABLE_CAD);
}

/* The file first, so that the kernel's command line, which is easier to change at boot, overrides it. */
static int step_settings(struct init *i, struct error *err)
{
    static const char *const files[] = {SETTINGS_FILE, "/proc/cmdline"};
    cleanup_string_list struct string_list messages = {0};

    for (size_t f = 0; f < ARRAY_LENGTH(files); f++) {
        cleanup_free char *text = NULL;
        int r = file_read(AT_FDCWD, files[f], FILE_MAX, &text, NULL);

        if (r == -ENOENT)
            continue;
        if (r == 0)
            r = boot_settings_parse(&i->settings, text, &messages);
        if (r < 0)
            return error_set(err, r, "cannot read %s", files[f]);
    }
    for (size_t c = 0; c < messages.count; c++)
        init_print("%s", messages.items[c]);
    return 0;
}

/* Load the modules of lxc.modules and those of the present devices. The kernel runs /sbin/modprobe for
 * others. */
static int step_modules(struct init *i, struct error *err)
{
    cleanup_modules struct modules m = {0};
    struct error why = ERROR_INIT;
    char *rest = i->settings.modules, *name;
    int r = modules_open(&m, NULL, NULL, &why);

    if (r == -ENOENT && !i->settings.modules)
        return 0;
    if (r < 0)
        return error_copy(err, &why);
    while ((name = strsep(&rest, ",")))
        if (*name && modules_load(&m, name, "", &why) < 0)
            init_print_error(&why);
    modules_load_for_devices(&m);
    return 0;
}

static int step_cgroups(struct init *i, struct error *err)
{
    return system_mount_cgroups(i->settings.cgroup && strcmp(i->settings.cgroup, "v1") == 0, err);
}

/* All persistent data is below /var: containers, image cache, leases. */
static int step_data(struct init *i, struct error *err)
{
    int r = init_mount_data(i, err);

    i->has_data = r == 0;
    return r;
}

static int step_network(struct init *i, struct error *err)
{
    struct error why = ERROR_INIT;

    (void)err;
    /* Containers on the disk may not need the network; those that do report it. */
    if (!i->has_network && init_network(i, &why) < 0)
        init_print_error(&why);
    else
        i->has_network = true;
    return i->end ? -ECANCELED : 0;
}

static int (*const steps[])(struct init *, struct error *) = {
    step_settings, step_modules, step_cgroups, step_data, step_network, init_containers,
};

/* Run one step. If it fails and lxc.end is not set, ask the user at the console, who may retry it. */
static int step_run(struct init *i, size_t s, struct error *err)
{
    int r = steps[s](i, err);

    while (r < 0 && r != -ECANCELED && !i->settings.end) {
        init_print_error(err);
        error_clear(err);
        r = init_ask(i);
        if (r == 0 && steps[s] == init_containers)
            r = step_network(i, err);
        if (r == 0)
            r = steps[s](i, err);
    }
    return r;
}

static unsigned settings_end(const struct init *i)
{
    const char *end = i->settings.end ? i->settings.end : "poweroff";

    return strcmp(end, "reboot") == 0 ? RB_AUTOBOOT
           : strcmp(end, "halt") == 0 ? RB_HALT_SYSTEM
                                      : RB_POWER_OFF;
}

/* Terminate all other processes. */
static void processes_terminate(void)
{
    const struct timespec pause = {0, 50000000};
    time_t began = time(NULL);
    pid_t pid = 0;

    kill(-1, SIGTERM);
    while (time(NULL) - began < END_SECONDS) {
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0) /* no child is left; orphans are children of this process */
            return;
        nanosleep(&pause, NULL);
    }
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

__attribute__((noreturn)) static void machine_shut_down(struct init *i)
{
    init_stop_containers(i);
    processes_terminate();
    init_unmount_data();
    sync();
    fflush(stderr);
    reboot((int)i->end);
    init_print("the kernel did not shut down: %s", strerror(errno));
    for (;;)
        pause();
}

static int init_main(struct invocation *in, struct error *err)
{
    struct init i = {0};
    int r;

    (void)in; /* the kernel passes on parameters of its command line that it does not know */
    if (getpid() != 1) {
        error_text(err, EPERM, "init must be the first process, started by the kernel");
        return error_remedy(err, "lxcbox mkinitramfs writes an initramfs that starts it");
    }
    block_signals(&i);
    umask(022);
    r = system_mount(err);
    for (size_t s = 0; r == 0 && s < ARRAY_LENGTH(steps); s++)
        r = step_run(&i, s, err);
    if (r < 0 && r != -ECANCELED)
        init_print_error(err);
    if (!i.end)
        i.end = settings_end(&i);
    machine_shut_down(&i);
}

APPLET(init, .name = "init", .summary = "Be the init of a machine that runs containers",
       .usage = "(started by the kernel)", .options = init_table, .options_size = 1, .stop_at_operand = true,
       .unlinked = true, .run = init_main);
