#include "core/base/script.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

static bool script_needs_shell(const char *command)
{
    return command[strcspn(command, "|&;<>()$`\\\"'*?[#~=%{}!\n")] != '\0';
}

/* The command's words, then the extra arguments. */
static int script_argv(const char *command, char *const *extra, struct string_list *argv)
{
    cleanup_free char *copy = strdup(command);
    int r = copy ? 0 : -ENOMEM;
    char *word, *rest = copy;

    if (r == 0 && script_needs_shell(command)) {
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

/* In the child: become the program, or report why not. */
__attribute__((noreturn)) static void script_become(char **argv, char *const *environment, int report)
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
    int fds[2], status, failure = 0, r = script_argv(command, extra, &argv);
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
        script_become(argv.items, environment, report_child);
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
