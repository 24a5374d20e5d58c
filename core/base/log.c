#include "core/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"

static const char *const names[] = {"TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
                                    "ERROR", "CRIT",  "ALERT", "FATAL"};

/* The one piece of process-wide state beside the command line: where the log goes. */
static struct {
    int fd;
    enum log_level level;
    const char *applet;
    char container[64];
} sink = {.fd = STDERR_FILENO, .level = LOG_WARN, .applet = "lxcbox"};

int log_level_parse(const char *word, struct error *err)
{
    if (word[0] >= '0' && word[0] <= '8' && !word[1])
        return word[0] - '0';
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcasecmp(word, names[i]) == 0)
            return (int)i;
    error_text(err, EINVAL, "\"%s\" is not a log level", word);
    return error_remedy(err, "use one of TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL");
}

const char *log_level_name(enum log_level level)
{
    return names[level];
}

int log_open(const char *applet, const char *container, const char *file, enum log_level level,
             struct error *err)
{
    int fd = STDERR_FILENO;

    if (file && strcmp(file, "none") == 0) {
        fd = -1;
    } else if (file) {
        fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (fd < 0)
            return error_set(err, errno, "cannot open log file %s", file);
    }
    if (sink.fd > STDERR_FILENO)
        close(sink.fd);
    sink.fd = fd;
    sink.level = level;
    sink.applet = applet;
    snprintf(sink.container, sizeof(sink.container), "%s", container ? container : "");
    return 0;
}

int log_fd(void)
{
    return sink.fd;
}

void log_message(enum log_level level, const char *area, const char *format, ...)
{
    char line[1024];
    struct timespec now;
    struct tm tm;
    size_t used;
    va_list args;
    int saved = errno;

    if (sink.fd < 0 || level < sink.level)
        return;
    if (sink.fd == STDERR_FILENO) {
        /* A person reads this: no time stamp, the form of an error message. */
        snprintf(line, sizeof(line), "%s: %s%s", sink.applet, sink.container, sink.container[0] ? ": " : "");
    } else {
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &tm);
        snprintf(line, sizeof(line), "%s %s %04d%02d%02d%02d%02d%02d.%03ld %-8s %s - ", sink.applet,
                 sink.container[0] ? sink.container : "-", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                 tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, names[level], area);
    }
    used = strlen(line);
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - used - 1, format, args);
    va_end(args);
    used = strlen(line);
    line[used++] = '\n';
    /* One write per line, so lines of several processes do not mix; a log that cannot be written stops
     * nothing. */
    if (write(sink.fd, line, used) < 0) {
    }
    errno = saved;
}
