#include "core/namespace/program.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/base/str.h"

int program_execute(char **argv, struct error *err)
{
    const char *shell = getenv("SHELL"), *slash;
    cleanup_free char *login = NULL;
    int saved;

    if (argv && *argv) {
        execvp(argv[0], argv);
        saved = errno;
        executable_refuse(err, saved, argv[0], NULL);
        return saved == ENOENT ? 127 : 126;
    }
    if (!shell || !*shell)
        shell = "/bin/sh";
    slash = strrchr(shell, '/');
    login = format_string("-%s", slash ? slash + 1 : shell); /* login(1): the dash makes it a login shell */
    execl(shell, login, (char *)NULL);
    saved = errno;
    error_set(err, saved, "cannot execute the shell %s", shell);
    return saved == ENOENT ? 127 : 126;
}

int program_execute_child(void *argv, struct error *err)
{
    return program_execute(argv, err);
}

int program_wait(pid_t pid, struct error *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, terminate;
    int status = 0, r = 0;

    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGTERM, &ignore, &terminate);
    for (;;) {
        pid_t done = waitpid(pid, &status, WUNTRACED);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            r = error_set(err, errno, "cannot wait for the program");
        if (done < 0 || !WIFSTOPPED(status))
            break;
        kill(getpid(), SIGSTOP);
        kill(pid, SIGCONT);
    }
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &terminate, NULL);
    return r < 0 ? r : process_exit_status(status);
}

int program_finish(struct process *p, struct error *err)
{
    int r = process_report(p, err), status = program_wait(p->pid, r < 0 ? NULL : err);

    return r < 0 && status == 1 ? r : status;
}
