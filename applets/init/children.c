/* Start, reap and wait for the children of process 1. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/init/init.h"
#include "core/base/cleanup.h"
#include "core/base/process.h"

void init_print(const char *format, ...)
{
    va_list args;

    fputs("init: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void init_print_error(const struct error *err)
{
    char text[sizeof(*err)];

    init_print("%s", error_format(err, text, sizeof(text)));
}

pid_t init_start(struct init *i, const char *const *words, struct error *err)
{
    pid_t pid = fork();

    if (pid < 0)
        return error_set(err, errno, "cannot start %s", words[0]);
    if (pid > 0)
        return pid;
    sigprocmask(SIG_UNBLOCK, &i->signals, NULL);
    execv("/proc/self/exe", (char *const *)words);
    init_print("cannot execute %s", words[0]);
    _exit(127);
}

/* Same meanings as in busybox's init. SIGINT: Ctrl-Alt-Del; SIGPWR: power failure. */
static unsigned signal_command(int signal)
{
    switch (signal) {
    case SIGINT:
        return RB_AUTOBOOT;
    case SIGUSR1:
        return RB_HALT_SYSTEM;
    case SIGTERM:
    case SIGUSR2:
    case SIGPWR:
        return RB_POWER_OFF;
    default:
        return 0;
    }
}

/* Record the status of a child that ended. Returns true if all have ended, or with `first` one with status 0.
 */
static bool children_record(struct init_child *children, size_t count, pid_t ended, int status, bool first)
{
    bool all = true;

    for (size_t c = 0; c < count; c++) {
        if (children[c].pid == ended) {
            children[c].pid = 0;
            children[c].status = process_exit_status(status);
            if (first && children[c].status == 0)
                return true;
        }
        all &= children[c].pid <= 0;
    }
    return all && count;
}

int init_wait_children(struct init *i, struct init_child *children, size_t count, bool first)
{
    for (;;) {
        pid_t ended;
        unsigned end;
        int status;

        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
            if (children_record(children, count, ended, status, first))
                return 0;
        if (i->end)
            return -ECANCELED;
        end = signal_command(sigwaitinfo(&i->signals, NULL));
        if (end)
            i->end = end;
    }
}

int init_wait(struct init *i, pid_t pid)
{
    struct init_child child = {.pid = pid};
    int r = init_wait_children(i, &child, pid ? 1 : 0, false);

    return r < 0 ? r : child.status;
}

int init_run(struct init *i, const char *const *words, struct error *err)
{
    pid_t pid = init_start(i, words, err);
    int status = pid < 0 ? pid : init_wait(i, pid);

    if (status == -ECANCELED) {
        kill(pid, SIGTERM);
        return error_text(err, ECANCELED, "%s was interrupted", words[0]);
    }
    return status <= 0 ? status : error_text(err, ECHILD, "%s ended with status %d", words[0], status);
}
