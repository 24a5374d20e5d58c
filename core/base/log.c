#include "core/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

static const char *const names[] = {"TRACE", "DEBUG", "INFO",  "NOTICE", "WARN",
                                    "ERROR", "CRIT",  "ALERT", "FATAL"};

/* RFC 5424, 6.2.1. */
static const unsigned char severities[] = {7, 7, 6, 5, 4, 3, 2, 1, 0};

#define FACILITY_DAEMON 3
#define FACILITY_LOCAL0 16

/* The destination of the log: with the command line, the only global state of the process. */
static struct {
    int fd;
    int syslog; /* -1: none */
    int facility;
    enum log_level level;
    bool file_chosen, level_chosen; /* by an option of the command line */
    const char *applet;
    char container[64];
} sink = {.fd = STDERR_FILENO, .syslog = -1, .level = LOG_WARN, .applet = "lxcbox"};

int log_level_parse(const char *word, struct error *err)
{
    uint64_t number;

    if (parse_uint64(word, 0, LOG_FATAL, &number) == 0)
        return (int)number;
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

static int log_use_file(const char *file, struct error *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

    if (fd < 0)
        return error_set(err, errno, "cannot open log file %s", file);
    if (sink.fd > STDERR_FILENO)
        close(sink.fd);
    sink.fd = fd;
    return 0;
}

int log_open(const char *applet, const char *container, const char *file, int level, struct error *err)
{
    int r = 0;

    sink.applet = applet;
    snprintf(sink.container, sizeof(sink.container), "%s", container ? container : "");
    sink.file_chosen = file;
    sink.level_chosen = level >= 0;
    sink.level = level >= 0 ? (enum log_level)level : file ? LOG_ERROR : LOG_WARN;
    if (file && strcmp(file, "none") == 0)
        sink.fd = -1;
    else if (file)
        r = log_use_file(file, err);
    return r;
}

void log_quiet(void)
{
    if (sink.fd == STDERR_FILENO)
        sink.fd = -1;
}

/* -1 with errno if no process listens. */
static int log_connect_syslog(void)
{
    static const struct sockaddr_un address = {AF_UNIX, "/dev/log"};
    cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    return take_fd(&fd);
}

int log_configure(const char *file, int level, const char *facility, struct error *err)
{
    int r = 0;

    if (file && !sink.file_chosen) {
        r = log_use_file(file, err);
        if (!sink.level_chosen)
            sink.level = LOG_ERROR;
    }
    if (level >= 0 && !sink.level_chosen)
        sink.level = (enum log_level)level;
    if (r < 0 || !facility)
        return r;
    sink.facility = strcasecmp(facility, "daemon") == 0
                        ? FACILITY_DAEMON
                        : FACILITY_LOCAL0 + facility[strlen(facility) - 1] - '0';
    if (sink.syslog < 0)
        sink.syslog = log_connect_syslog();
    if (sink.syslog < 0)
        log_warn("log", "cannot connect to /dev/log for lxc.log.syslog: %s", strerror(errno));
    return 0;
}

void log_close(void)
{
    if (sink.fd > STDERR_FILENO)
        close(sink.fd);
    if (sink.syslog >= 0)
        close(sink.syslog);
    sink.fd = sink.fd > STDERR_FILENO ? -1 : sink.fd;
    sink.syslog = -1;
}

int log_fd(void)
{
    return sink.fd;
}

int log_syslog_fd(void)
{
    return sink.syslog;
}

/*
 * Write the part of a line before the text. On standard error a line has the form of an error, without a time
 * stamp.
 */
static void log_write_head(char *line, size_t size, enum log_level level, const char *area)
{
    struct timespec now;
    struct tm tm;

    if (sink.fd == STDERR_FILENO) {
        snprintf(line, size, "%s: %s%s", sink.applet, sink.container, sink.container[0] ? ": " : "");
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    snprintf(line, size, "%s %s %04d%02d%02d%02d%02d%02d.%03ld %-8s %s - ", sink.applet,
             sink.container[0] ? sink.container : "-", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000, names[level], area);
}

/* RFC 3164, which every syslog daemon at /dev/log accepts: priority, tag, text. */
static void log_write_syslog(enum log_level level, const char *area, const char *text)
{
    char line[1100];
    int length =
        snprintf(line, sizeof(line), "<%d>%s[%d]: %s%s%s - %s", sink.facility * 8 + severities[level],
                 sink.applet, (int)getpid(), sink.container, sink.container[0] ? " " : "", area, text);

    (void)send(sink.syslog, line, length < (int)sizeof(line) ? (size_t)length : sizeof(line) - 1,
               MSG_DONTWAIT | MSG_NOSIGNAL);
}

void log_message(enum log_level level, const char *area, const char *format, ...)
{
    char line[1024];
    size_t head, used;
    va_list args;
    int saved = errno;

    if ((sink.fd < 0 && sink.syslog < 0) || level < sink.level)
        return;
    log_write_head(line, sizeof(line), level, area);
    head = strlen(line);
    va_start(args, format);
    vsnprintf(line + head, sizeof(line) - head - 1, format, args);
    va_end(args);
    text_make_printable(line + head, strlen(line + head), "\t");
    if (sink.syslog >= 0)
        log_write_syslog(level, area, line + head);
    used = strlen(line);
    line[used++] = '\n';
    /* One write per line, so that lines of several processes do not mix. A failed write is ignored. */
    if (sink.fd >= 0 && write(sink.fd, line, used) < 0) {
    }
    errno = saved;
}
