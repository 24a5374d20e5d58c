#include "core/run/init_signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define STATUS_MAX 65536

static int process_read(int pid, const char *name, char **text)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return file_read(AT_FDCWD, path, STATUS_MAX, text, NULL);
}

/* The value of a line of /proc/PID/status: "\nSigBlk:" finds it. NULL where there is no such line. */
static const char *status_value(const char *status, const char *label)
{
    const char *line = strstr(status, label);

    return line ? line + strlen(label) : NULL;
}

static uint64_t status_mask(const char *status, const char *label)
{
    const char *value = status_value(status, label);

    return value ? strtoull(value, NULL, 16) : 0;
}

/* "NSpid:\t4711\t1": the last number is the pid in the process's own pid namespace. Linux before 4.1 has no
 * such line. */
static bool status_is_first(const char *status)
{
    const char *value = status_value(status, "\nNSpid:");
    size_t length = value ? strcspn(value, "\n") : 0;

    return !value || (length > 1 && value[length - 1] == '1' && value[length - 2] == '\t');
}

/* 177 and 421 (rt_sigtimedwait_time64) are the numbers of a 32-bit process. */
static bool is_sigtimedwait(long number)
{
    return number == SYS_rt_sigtimedwait || (sizeof(long) == 8 && number == 177) || number == 421;
}

/* Read a signal set from an address in the process's memory. */
static int signal_set_read(int pid, unsigned long long address, uint64_t *set)
{
    unsigned long words[sizeof(uint64_t) / sizeof(unsigned long)];
    cleanup_fd int memory = -1;
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return -errno;
    if (pread(memory, words, sizeof(words), (off_t)address) != sizeof(words))
        return -EIO;
    *set = words[0];
    for (size_t i = 1; i < ARRAY_LENGTH(words); i++)
        *set |= (uint64_t)words[i] << (32 * i);
    return 0;
}

/* Add the signals that the process waits for. "128 0x7ffd... 0x...": the number of the current system call,
 * then its arguments. */
static int init_signals_read_awaited(int pid, struct init_signals *s)
{
    cleanup_free char *text = NULL;
    int r = process_read(pid, "syscall", &text);
    char *rest;
    long number;

    if (r < 0)
        return r;
    number = strtol(text, &rest, 10);
    if (rest == text) /* "running" */
        return -EAGAIN;
    if (is_sigtimedwait(number))
        r = signal_set_read(pid, strtoull(rest, NULL, 16), &s->awaited);
    return r;
}

int init_signals_read(int pid, struct init_signals *s)
{
    cleanup_free char *status = NULL;
    int r;

    *s = (struct init_signals){0};
    /* The call is read first: if the wait ends before the status is read, the signals are blocked again, and
     * SigBlk contains them. */
    s->certain = init_signals_read_awaited(pid, s) == 0;
    r = process_read(pid, "status", &status);
    if (r < 0)
        return r;
    s->blocked = status_mask(status, "\nSigBlk:");
    s->caught = status_mask(status, "\nSigCgt:");
    s->ignored = status_mask(status, "\nSigIgn:");
    s->first = status_is_first(status);
    return 0;
}

enum signal_reaction init_signals_reaction(const struct init_signals *s, int signal)
{
    uint64_t bit = UINT64_C(1) << (signal - 1);

    if (signal == SIGKILL || signal == SIGSTOP || (s->awaited | s->caught) & bit)
        return SIGNAL_TAKEN;
    if (s->blocked & bit)
        return SIGNAL_HELD;
    if (!s->certain)
        return SIGNAL_UNCERTAIN;
    return s->first || s->ignored & bit ? SIGNAL_IGNORED : SIGNAL_TAKEN;
}

int64_t init_age_ms(int pid)
{
    cleanup_free char *stat = NULL;
    int r = process_read(pid, "stat", &stat);
    const char *rest = r == 0 ? strrchr(stat, ')') : NULL;
    char ticks[24];
    uint64_t started;

    if (r < 0)
        return r;
    /* starttime is field 22, 20 words after the name (proc_pid_stat(5)). */
    if (!rest || !line_word(rest, 20, ticks, sizeof(ticks)) ||
        parse_uint64(ticks, 10, UINT64_MAX, &started) < 0)
        return -EBADMSG;
    return clock_boot_ms() - (int64_t)(started * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
}
