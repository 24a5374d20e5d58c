#include "core/namespace/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/executable.h"
#include "core/base/file.h"
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

int program_report_open(struct program_report *report, struct error *err)
{
    int fds[2];

    *report = (struct program_report){-1, -1};
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot create a pipe");
    *report = (struct program_report){fds[0], fds[1]};
    return 0;
}

void program_report_fail(struct program_report *report, const struct error *err, int status)
{
    (void)write_all(report->theirs, err, sizeof(*err));
    _exit(status);
}

int program_report_read(struct program_report *report, struct error *err)
{
    struct error reported;
    bool failed;

    close_fd(&report->theirs);
    failed = read_all(report->ours, &reported, sizeof(reported)) == sizeof(reported);
    close_fd(&report->ours);
    if (failed && err)
        *err = reported;
    return failed ? reported.code : 0;
}
