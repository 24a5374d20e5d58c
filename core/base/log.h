/*
 * Logging as LXC's -o FILE -l LEVEL: for following what the program does, never for reporting a failure (that
 * is struct error). Without a file, messages of the chosen level and above go to standard error; the level
 * then is WARN unless chosen. The log file is opened once, close-on-exec, appended to. Line format as LXC's:
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

/* The level named by a word ("DEBUG", any case) or a digit; negative errno with `err` filled when it is none.
 */
int log_level_parse(const char *word, struct error *err);
const char *log_level_name(enum log_level level);

/*
 * Set up once by the applet. `file` NULL: standard error. "none" as LXC's: no log at all. `level` -1: ERROR
 * into a file, WARN to standard error. `applet` must outlive the process's logging; `container` may be NULL
 * and is copied.
 */
int log_open(const char *applet, const char *container, const char *file, int level, struct error *err);

/* Nothing to standard error from here on. */
void log_quiet(void);

/*
 * What a container's configuration says of the log (lxc.log.file, .level, .syslog), for what log_open() was
 * not told: `file` NULL and `level` -1 say nothing, `facility` NULL is none. The system's log at /dev/log
 * gets the messages besides; where nobody listens there, a warning says so.
 */
int log_configure(const char *file, int level, const char *facility, struct error *err);

/* The fd that the log goes to, or -1; for handing it to a child that closes all else. */
int log_fd(void);
/* The system's log, or -1; likewise. */
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
