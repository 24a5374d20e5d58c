/* Namespaces of a process are those of that process, or none. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/namespace/namespace.h"

/* A child that waits to be killed. */
static pid_t child_start(int *proc)
{
    char path[32];
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    *proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(pid > 0 && *proc >= 0);
    return pid;
}

static void assert_ended(int proc, enum namespace_kind kind)
{
    struct error err = ERROR_INIT;

    assert_int_equal(namespace_open_at(proc, "web", kind, &err), -ESRCH);
    assert_non_null(strstr(err.text, "namespace of web: the process has ended"));
}

static void a_process_that_ends_between_two_opens_is_an_error(void **state)
{
    cleanup_fd int proc = -1, first = -1;
    struct error err = ERROR_INIT;
    siginfo_t info;
    pid_t pid = child_start(&proc);

    (void)state;
    first = namespace_open_at(proc, "web", NAMESPACE_UTS, &err);
    assert_true(first >= 0);
    assert_true(namespace_is_ours(first, NAMESPACE_UTS));
    assert_false(namespace_is_ours(first, NAMESPACE_IPC));
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_ended(proc, NAMESPACE_MNT); /* a zombie */
    assert_ended(proc, NAMESPACE_NET);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_ended(proc, NAMESPACE_MNT); /* gone */
    assert_ended(proc, NAMESPACE_USER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_ends_between_two_opens_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
