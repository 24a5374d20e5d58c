/*
 * A container brought up by core/spawn alone: no monitor, no command socket. This process is its init's
 * parent. Usage: spawn ROOTFS COMMAND [ARGUMENT]...: prints what the plan's steps saw, exits with init's
 * status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/signal.h"
#include "core/base/str.h"
#include "core/cgroup/cgroup.h"
#include "core/confine/seccomp.h"
#include "core/namespace/namespace.h"
#include "core/spawn/spawn.h"

static int see_attach(struct spawned *s, void *data, struct error *err)
{
    (void)data;
    (void)err;
    printf("attach: init has a process id: %s\n", s->pid > 0 ? "yes" : "no");
    return 0;
}

static int see_prepared(struct spawned *s, void *data, struct error *err)
{
    const char *refused = data;

    if (strcmp(refused, "refuse") == 0)
        return error_text(err, ECANCELED, "the caller's step refuses");
    printf("prepared: a console %s, %zu terminals\n", s->console.master >= 0 ? "yes" : "no", s->ttys.count);
    return 0;
}

static int run(struct config *config, char **argv, const char *mode, struct error *err)
{
    cleanup_seccomp_program struct seccomp_program seccomp = {0};
    cleanup_free char *name = format_string("spawned-%d", getpid());
    struct cgroup cgroup = CGROUP_INIT;
    struct spawned init = SPAWNED_INIT;
    struct plan plan = {.name = name,
                        .config = config,
                        .argv = argv,
                        .console = true,
                        .keep_stderr = true,
                        .own = namespace_clone_flags(config),
                        .shared = {-1, -1, -1, -1, -1, -1, -1, -1},
                        .cgroup = &cgroup,
                        .seccomp = &seccomp,
                        .steps = {.attach = see_attach, .prepared = see_prepared, .data = (void *)mode}};
    int r = cgroup_open(&cgroup, config, err), status = 0;

    if (r == 0)
        r = cgroup_create(&cgroup, name, true, config, err);
    if (r == 0)
        r = seccomp_prepare(config, &seccomp, err);
    if (r == 0)
        r = spawn(&plan, &init, err);
    if (r < 0 && init.pid)
        (void)signal_process(init.pidfd, init.pid, SIGKILL);
    while (init.pid && waitpid(init.pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (init.console.master >= 0) {
        char bytes[256];

        fcntl(init.console.master, F_SETFL, O_NONBLOCK);
        ssize_t n = read(init.console.master, bytes, sizeof(bytes) - 1);

        bytes[n > 0 ? n : 0] = '\0';
        if (n > 0)
            printf("console: %s", bytes);
    }
    spawned_close(&init);
    cgroup_destroy(&cgroup, err);
    cgroup_close(&cgroup);
    return r < 0 ? r : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    cleanup_free char *text =
        argc > 3 ? format_string("lxc.rootfs.path = dir:%s\nlxc.tty.max = 2\n", argv[1]) : NULL;
    cleanup_config struct config config;
    struct error err = ERROR_INIT;
    int r;

    if (!text) {
        fprintf(stderr, "usage: spawn ROOTFS go|refuse COMMAND [ARGUMENT]...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    config_init(&config);
    r = config_read_text(&config, text, strlen(text), "the test", false, &err);
    if (r == 0)
        r = run(&config, argv + 3, argv[2], &err);
    if (r < 0)
        fprintf(stderr, "spawn: %s\n", err.text);
    return r < 0 ? 1 : r;
}
