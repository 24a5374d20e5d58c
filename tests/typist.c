/*
 * typist COMMAND... < script: run a command on a terminal of its own, on machines that have no Python. Lines
 * of the script: "expect TEXT" waits until the output since the last match has it, "send TEXT" types it ("\r"
 * is Enter, "^a" is Ctrl and A), "raw" waits until the command has put the terminal into raw mode. All output
 * is printed. The exit status is that of the command, 124 where an expected text did not come within 60
 * seconds. tests/terminal.py does more.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char seen[1 << 16];
static size_t length;

/* 0 at the end of the output. */
static int listen_to(int terminal, int timeout_ms)
{
    struct pollfd p = {terminal, POLLIN, 0};
    ssize_t n;

    if (poll(&p, 1, timeout_ms) <= 0)
        return 1;
    if (length > sizeof(seen) / 2)
        length = 0;
    n = read(terminal, seen + length, sizeof(seen) - 1 - length);
    if (n <= 0)
        return 0;
    fwrite(seen + length, 1, (size_t)n, stdout);
    fflush(stdout);
    length += (size_t)n;
    seen[length] = '\0';
    return 1;
}

static int expect(int terminal, const char *text)
{
    time_t end = time(NULL) + 60;
    char *found;

    while (!(found = strstr(seen, text)))
        if (time(NULL) > end || (!listen_to(terminal, 1000) && !strstr(seen, text)))
            return -1;
    found += strlen(text);
    length -= (size_t)(found - seen);
    memmove(seen, found, length + 1);
    return 0;
}

/* What is typed before may be dropped. */
static int wait_for_raw(int terminal)
{
    time_t end = time(NULL) + 60;
    struct termios mode;

    while (tcgetattr(terminal, &mode) == 0 && mode.c_lflag & ICANON)
        if (time(NULL) > end || !listen_to(terminal, 20))
            return -1;
    return 0;
}

static void type(int terminal, const char *text)
{
    for (; *text; text++) {
        char c = *text;

        if (c == '\\' && text[1] == 'r')
            c = '\r', text++;
        else if (c == '^' && text[1] == 'a')
            c = 1, text++;
        if (write(terminal, &c, 1) < 0)
            return;
    }
}

int main(int argc, char **argv)
{
    struct winsize size = {.ws_row = 33, .ws_col = 101};
    char line[1000];
    int terminal, status = 0;
    pid_t pid = argc > 1 ? forkpty(&terminal, NULL, NULL, &size) : -1;

    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0)
        return 125;
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "send ", 5) == 0) {
            type(terminal, line + 5);
        } else if (strcmp(line, "raw") == 0 && wait_for_raw(terminal) == 0) {
            continue;
        } else if (strncmp(line, "expect ", 7) != 0 || expect(terminal, line + 7) < 0) {
            printf("\n%s: not seen\n", line);
            return 124;
        }
    }
    while (listen_to(terminal, 60000))
        ;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
