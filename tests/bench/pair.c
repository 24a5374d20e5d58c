/*
 * Times two commands in turn, A B A B ..., and prints one line: "median of A in ms, of B in ms, B's by A's".
 *
 *     pair RUNS A B [AFTER_A AFTER_B]
 *
 * Each command is one string whose words are split at blanks; no shell runs. After each timed command its
 * AFTER runs untimed ("-": none), to undo what it did, and then nothing for 30 ms: a container that has been
 * started boots, and one that has been stopped is cleaned up by the kernel. What commands print goes to
 * /dev/null. A command that fails ends the whole with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static posix_spawn_file_actions_t quiet;

/* Run to its end; the wall time in ns, or -1 after a message. */
static long long run(const char *command)
{
    char *copy = strdup(command), *rest = copy, *word, *argv[64];
    struct timespec begin, end;
    int count = 0, status;
    pid_t pid;

    while (copy && count < 63 && (word = strsep(&rest, " ")))
        if (*word)
            argv[count++] = word;
    argv[count] = NULL;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    errno = count ? posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) : EINVAL;
    if (errno || waitpid(pid, &status, 0) < 0) {
        fprintf(stderr, "pair: cannot run %s: %s\n", command, strerror(errno));
        free(copy);
        return -1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    free(copy);
    if (status) {
        fprintf(stderr, "pair: %s ended with status %d\n", command, status);
        return -1;
    }
    return (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    long long x = *(const long long *)a, y = *(const long long *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int runs = argc > 3 ? atoi(argv[1]) : 0;
    const struct timespec pause = {0, 30000000};
    long long *times[2];

    if (runs < 1 || (argc != 4 && argc != 6)) {
        fprintf(stderr, "usage: pair RUNS A B [AFTER_A AFTER_B]\n");
        return 1;
    }
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    times[0] = calloc((size_t)runs, sizeof(long long));
    times[1] = calloc((size_t)runs, sizeof(long long));
    if (!times[0] || !times[1])
        return 1;
    /* Run 0 warms up and is counted out. */
    for (int i = -1; i < runs; i++)
        for (int side = 0; side < 2; side++) {
            long long ns = run(argv[2 + side]);

            if (ns < 0 || (argc == 6 && strcmp(argv[4 + side], "-") != 0 && run(argv[4 + side]) < 0))
                return 1;
            if (argc == 6)
                nanosleep(&pause, NULL);
            if (i >= 0)
                times[side][i] = ns;
        }
    for (int side = 0; side < 2; side++)
        qsort(times[side], (size_t)runs, sizeof(long long), ascending);
    double a = (double)times[0][runs / 2] / 1e6, b = (double)times[1][runs / 2] / 1e6;
    printf("%.2f %.2f %.2f\n", a, b, b / a);
    return 0;
}
