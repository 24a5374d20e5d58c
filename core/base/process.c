#include "core/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

int process_exit_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_wait(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

__attribute__((noreturn)) static void
process_child(struct process *p, int (*function)(void *data, struct error *err), void *data)
{
    struct error err = ERROR_INIT;
    int r = function(data, &err);

    if (r < 0 && !err.code)
        error_set(&err, r, "a child process failed");
    if (r != 0 && err.code && p->report >= 0)
        (void)write_all(p->report, &err, sizeof(err));
    _exit(r < 0 ? 1 : r);
}

int process_start(struct process *p, int (*function)(void *data, struct error *err), void *data,
                  bool dies_with_us, struct error *err)
{
    pid_t self = getpid();
    int fds[2];

    *p = (struct process)PROCESS_INIT;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot create a child process");
    p->pid = fork();
    if (p->pid == 0) {
        close(fds[0]);
        p->report = fds[1];
        if (dies_with_us)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dies_with_us && getppid() != self)
            _exit(1);
        p->report = fds[1];
        process_child(p, function, data);
    }
    close(fds[1]);
    p->report = fds[0];
    if (p->pid > 0)
        return 0;
    p->pid = 0;
    error_set(err, errno, "cannot create a child process");
    close_fd(&p->report);
    return err ? err->code : -EAGAIN;
}

int process_report(struct process *p, struct error *err)
{
    struct error reported;
    bool failed = p->report >= 0 && read_all(p->report, &reported, sizeof(reported)) == sizeof(reported);

    close_fd(&p->report);
    return failed && reported.code < 0 ? error_copy(err, &reported) : 0;
}

int process_finish(struct process *p, struct error *err)
{
    int r = process_report(p, err), status = 0, waited = process_wait(p->pid, &status);

    p->pid = 0;
    if (r < 0)
        return r;
    if (waited < 0)
        return error_set(err, waited, "cannot wait for a child process");
    return process_exit_status(status);
}

int process_run(int (*function)(void *data, struct error *err), void *data, struct error *err)
{
    struct process p;
    int r = process_start(&p, function, data, true, err);

    return r < 0 ? r : process_finish(&p, err);
}

int process_execute(void *data, struct error *err)
{
    const struct process_program *p = data;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < 3; i++)
        if (p->streams[i] > 0 && dup2(p->streams[i], i) < 0)
            return error_set(err, errno, "%s", p->argv[0]);
    for (size_t i = 0; p->environment && p->environment[i]; i++)
        putenv(p->environment[i]);
    execvp(p->argv[0], p->argv);
    return error_set(err, errno, "%s", p->argv[0]);
}
