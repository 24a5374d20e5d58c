/*
 * The log of LXC's options -o FILE and -l LEVEL. It traces the program; failures are reported in struct error
 * instead. Without a file, messages of the level and above are written to standard error; the default level
 * is then WARN. The log file is opened once, close-on-exec, for appending. The line format is that of LXC:
 * "APPLET CONTAINER YYYYMMDDhhmmss.mmm LEVEL    AREA - MESSAGE".
 */
#ifndef LXCBOX_CORE_BASE_LOG_H
#define LXCBOX_CORE_BASE_LOG_H

#include "core/base/error.h"

/* LXC's levels, in LXC's order. */
enum log_level {
    LOG_TRACE,
    LOG_DEBUG,
    LOG_INFO,
    LOG_NOTICE,
    LOG_WARN,
    LOG_ERROR,
    LOG_CRIT,
    LOG_ALERT,
    LOG_FATAL,
};

/*
 * The level for a word ("DEBUG", any case) or a digit; a negative errno with `err` filled for any other text.
 */
int log_level_parse(const char *word, struct error *err);
const char *log_level_name(enum log_level level);

/*
 * Called once by the applet. `file` NULL: standard error; "none": no log, as in LXC. `level` -1: ERROR for a
 * file, WARN for standard error. `applet` must stay valid while the process logs; `container` may be NULL and
 * is copied.
 */
int log_open(const char *applet, const char *container, const char *file, int level, struct error *err);

/* Write nothing more to standard error. */
void log_quiet(void);

/*
 * Apply the log settings of a container's configuration (lxc.log.file, .level, .syslog); arguments of
 * log_open() take precedence. `file` NULL, `level` -1 and `facility` NULL mean "not set". With a facility,
 * messages are also sent to the system log at /dev/log; if no process listens there, a warning is logged.
 */
int log_configure(const char *file, int level, const char *facility, struct error *err);

/* Close log file and system log; standard error stays a log. For a child process before hostile code runs. */
void log_close(void);

/* The fd of the log, or -1: for a child process that closes all other fds. */
int log_fd(void);
/* The fd of the system log, or -1; likewise. */
int log_syslog_fd(void);

void log_message(enum log_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `area` is a short noun: "cgroup", "network". */
#define log_debug(area, ...)  log_message(LOG_DEBUG, area, __VA_ARGS__)
#define log_info(area, ...)   log_message(LOG_INFO, area, __VA_ARGS__)
#define log_notice(area, ...) log_message(LOG_NOTICE, area, __VA_ARGS__)
#define log_warn(area, ...)   log_message(LOG_WARN, area, __VA_ARGS__)
#define log_error(area, ...)  log_message(LOG_ERROR, area, __VA_ARGS__)

#endif
