#include "core/spawn/execute.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/executable.h"

extern char **environ;

static int execute_in_path(char **argv, const char *path)
{
    int errnum = ENOENT;

    for (const char *part = path, *end; *part; part = *end ? end + 1 : end) {
        char file[4096];

        end = strchrnul(part, ':');
        if (end == part ||
            (size_t)snprintf(file, sizeof(file), "%.*s/%s", (int)(end - part), part, argv[0]) >= sizeof(file))
            continue;
        execve(file, argv, environ);
        if (errno != ENOENT && errno != ENOTDIR)
            errnum = errno;
    }
    return errnum;
}

int execute_command(char **argv)
{
    const char *path = getenv("PATH");
    int errnum;

    if (strchr(argv[0], '/')) {
        execve(argv[0], argv, environ);
        return errno;
    }
    errnum = path ? execute_in_path(argv, path) : ENOENT;
    return errnum == ENOENT ? execute_in_path(argv, EXECUTE_DEFAULT_PATH) : errnum;
}

int execute_our_init(int executable, const char *name, bool forward, char **argv)
{
    size_t count = 0, n = 0;

    while (argv[count])
        count++;
    cleanup_free const char **words = calloc(count + 6, sizeof(*words));
    if (!words)
        return ENOMEM;
    words[n++] = "lxc-init";
    words[n++] = "-n";
    words[n++] = name;
    if (forward)
        words[n++] = "--forward";
    words[n++] = "--";
    memcpy(words + n, argv, count * sizeof(*argv));
    syscall(SYS_execveat, executable, "", words, environ, AT_EMPTY_PATH);
    return errno;
}

/* Execute the command in a session of its own. */
__attribute__((noreturn)) static void execute_init_command(char **argv)
{
    sigset_t none;
    struct error err = ERROR_INIT;
    char line[sizeof(err)];
    int errnum;

    sigemptyset(&none);
    setsid();
    /* The first of the three that is a terminal becomes the controlling terminal, for job control and ^C. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && ioctl(fd, TIOCSCTTY, 0) < 0;)
        fd++;
    sigprocmask(SIG_SETMASK, &none, NULL);
    errnum = execute_command(argv);
    executable_refuse(&err, errnum, argv[0], NULL);
    dprintf(STDERR_FILENO, "lxc-init: %s\n", error_format(&err, line, sizeof(line)));
    _exit(errnum == ENOENT ? 127 : 126);
}

/* Reap all processes that have ended; *status is set when the command is one of them. False once no process
 * is left. */
static int execute_init_reap(pid_t command, int *status)
{
    int ended;
    pid_t pid;

    while ((pid = waitpid(-1, &ended, WNOHANG)) > 0)
        if (pid == command)
            *status = process_exit_status(ended);
    return pid == 0;
}

int execute_init_loop(char **argv, bool forward)
{
    const struct timespec second = {1, 0};
    bool ending = false;
    sigset_t all;
    int status = -1;
    pid_t command, everyone;

    prctl(PR_SET_NAME, "lxc-init");
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    command = fork();
    if (command < 0)
        return 1;
    if (command == 0)
        execute_init_command(argv);
    /* Without a pid namespace of our own, -1 would include processes that do not belong to the container. */
    everyone = getpid() == 1 ? -1 : -command;
    while (execute_init_reap(command, &status) && !(forward && status >= 0)) {
        int signal = sigtimedwait(&all, NULL, ending ? &second : NULL);

        if (!forward && (signal == SIGPWR || signal == SIGTERM)) {
            ending = true;
            kill(everyone, SIGTERM);
        } else if (signal < 0 && errno == EAGAIN) {
            kill(everyone, SIGKILL);
        } else if (signal > 0 && signal != SIGCHLD) {
            kill(command, signal);
        }
    }
    return status < 0 ? 1 : status;
}
