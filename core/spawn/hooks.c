#include "core/spawn/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"

static const char *const names[HOOK_KINDS] = {
    [HOOK_PRE_START] = "pre-start", [HOOK_PRE_MOUNT] = "pre-mount",   [HOOK_MOUNT] = "mount",
    [HOOK_AUTODEV] = "autodev",     [HOOK_START_HOST] = "start-host", [HOOK_START] = "start",
    [HOOK_STOP] = "stop",           [HOOK_POST_STOP] = "post-stop",   [HOOK_CLONE] = "clone",
    [HOOK_DESTROY] = "destroy",
};

const char *hook_name(enum hook_kind kind)
{
    return names[kind];
}

static bool needs_shell(const char *command)
{
    return command[strcspn(command, "|&;<>()$`\\\"'*?[#~=%{}!\n")] != '\0';
}

/* The command's words, then the extra arguments. */
static int build_argv(const char *command, char *const *extra, struct string_list *argv)
{
    cleanup_free char *copy = strdup(command);
    int r = copy ? 0 : -ENOMEM;
    char *word, *rest = copy;

    if (r == 0 && needs_shell(command)) {
        cleanup_strbuf struct strbuf line = STRBUF_INIT;
        r = strbuf_puts(&line, command);
        for (size_t i = 0; r == 0 && extra && extra[i]; i++)
            r = strbuf_printf(&line, " %s", extra[i]);
        if (r < 0 || string_list_add(argv, "/bin/sh") < 0 || string_list_add(argv, "-c") < 0 ||
            string_list_add(argv, strbuf_text(&line)) < 0)
            r = -ENOMEM;
        return r;
    }
    while (r == 0 && (word = strsep(&rest, " \t")))
        if (*word)
            r = string_list_add(argv, word);
    for (size_t i = 0; r == 0 && extra && extra[i]; i++)
        r = string_list_add(argv, extra[i]);
    return r;
}

/* In the child: become the program, or say on `report` why not. */
__attribute__((noreturn)) static void become(char **argv, char *const *environment, int report)
{
    sigset_t none;
    int result;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t i = 0; environment && environment[i]; i++)
        putenv(environment[i]);
    execvp(argv[0], argv);
    result = errno;
    if (write(report, &result, sizeof(result)) < 0) {
    }
    _exit(127);
}

int script_run(const char *command, char *const *extra, char *const *environment, const char *what,
               struct error *err)
{
    cleanup_string_list struct string_list argv = {0};
    cleanup_fd int report = -1, report_child = -1;
    int fds[2], status, failure = 0, r = build_argv(command, extra, &argv);
    pid_t pid;

    if (r < 0)
        return error_set(err, r, "cannot run %s", what);
    if (!argv.count)
        return error_text(err, EINVAL, "%s names no program", what);
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot run %s", what);
    report = fds[0];
    report_child = fds[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot run %s", what);
    if (pid == 0)
        become(argv.items, environment, report_child);
    close_fd(&report_child);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(err, errno, "cannot wait for %s (%s)", what, command);
    if (read(report, &failure, sizeof(failure)) == sizeof(failure) && failure)
        return error_set(err, failure, "cannot run %s: %s", what, argv.items[0]);
    if (WIFSIGNALED(status))
        return error_text(err, ECANCELED, "%s: %s was ended by signal %d", what, command, WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_text(err, ECANCELED, "%s: %s ended with status %d", what, command, WEXITSTATUS(status));
    return 0;
}

static int add(struct string_list *l, const char *name, const char *value)
{
    return value ? string_list_take(l, format_string("%s=%s", name, value)) : 0;
}

static int add_namespaces(struct string_list *l, const struct hook_context *x)
{
    int r = 0;

    for (int i = 0; r == 0 && x->namespace_fds && i < NAMESPACE_KINDS; i++)
        if (x->namespace_fds[i] >= 0)
            r = string_list_take(l, format_string("%s=/proc/%d/fd/%d", namespaces[i].environment, getpid(),
                                                  x->namespace_fds[i]));
    return r;
}

static int build_environment(enum hook_kind kind, const struct hook_context *x, struct string_list *l)
{
    const struct config *c = x->config;
    char pid[16], level[8];
    int r = 0;

    snprintf(pid, sizeof(pid), "%d", (int)x->init_pid);
    for (size_t i = 0; r == 0 && i < c->environment.count; i++)
        r = string_list_add(l, c->environment.items[i]);
    snprintf(level, sizeof(level), "%s",
             c->log_level >= 0 ? log_level_name((enum log_level)c->log_level) : "ERROR");
    if (r < 0 || add(l, "LXC_NAME", x->container->name) < 0 || add(l, "LXC_CONFIG_FILE", c->file) < 0 ||
        add(l, "LXC_ROOTFS_PATH", c->rootfs_path) < 0 || add(l, "LXC_ROOTFS_MOUNT", x->rootfs_mount) < 0 ||
        add(l, "LXC_CONSOLE", c->console_path) < 0 || add(l, "LXC_CONSOLE_LOGPATH", c->console_logfile) < 0 ||
        add(l, "LXC_CGNS_AWARE", "1") < 0 || add(l, "LXC_LOG_LEVEL", level) < 0 ||
        add(l, "LXC_HOOK_VERSION", c->hook_version ? "1" : "0") < 0 || add(l, "LXC_TARGET", x->target) < 0 ||
        add(l, "LXC_SRC_NAME", x->source_name) < 0 || (x->init_pid && add(l, "LXC_PID", pid) < 0))
        return -ENOMEM;
    if (c->hook_version == 0)
        return 0;
    if (add(l, "LXC_HOOK_TYPE", names[kind]) < 0 || add(l, "LXC_HOOK_SECTION", "lxc") < 0)
        return -ENOMEM;
    return add_namespaces(l, x);
}

/* Version 0: NAME lxc TYPE, and for stop the namespaces as "mnt:/proc/PID/fd/N". */
static int build_arguments(enum hook_kind kind, const struct hook_context *x, struct string_list *l)
{
    if (x->config->hook_version != 0)
        return 0;
    if (string_list_add(l, x->container->name) < 0 || string_list_add(l, "lxc") < 0 ||
        string_list_add(l, names[kind]) < 0)
        return -ENOMEM;
    for (int i = 0; kind == HOOK_STOP && x->namespace_fds && i < NAMESPACE_KINDS; i++)
        if (x->namespace_fds[i] >= 0 &&
            string_list_take(
                l, format_string("%s:/proc/%d/fd/%d", namespaces[i].name, getpid(), x->namespace_fds[i])) < 0)
            return -ENOMEM;
    return 0;
}

int hooks_run(enum hook_kind kind, const struct hook_context *x, struct error *err)
{
    const struct string_list *hooks = &x->config->hooks[kind];
    cleanup_string_list struct string_list environment = {0}, arguments = {0};
    char what[32];
    int r = 0;

    if (!hooks->count)
        return 0;
    if (build_environment(kind, x, &environment) < 0 || build_arguments(kind, x, &arguments) < 0)
        return error_set(err, ENOMEM, "cannot run lxc.hook.%s", names[kind]);
    snprintf(what, sizeof(what), "lxc.hook.%s", names[kind]);
    for (size_t i = 0; r == 0 && i < hooks->count; i++) {
        log_info("hook", "%s: %s", what, hooks->items[i]);
        r = script_run(hooks->items[i], arguments.items, environment.items, what, err);
    }
    return r;
}
