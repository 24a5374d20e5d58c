#include "core/monitor/last_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/links/moved.h"

void last_run_forget(const struct container *c)
{
    static const char *const files[] = {LAST_CONSOLE, LAST_CONSOLE_OLD, LAST_EXIT, MOVED_LINKS};

    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        cleanup_free char *path = container_path(c, files[i]);

        if (path)
            unlink(path);
    }
}

void last_run_forget_empty(const struct container *c)
{
    cleanup_free char *path = container_path(c, LAST_CONSOLE);
    struct stat st;

    if (path && lstat(path, &st) == 0 && st.st_size == 0)
        unlink(path);
}

/* Without fsync(2), which would take longer than the rest of the teardown. */
int last_exit_write(const struct container *c, int status)
{
    cleanup_free char *path = container_path(c, LAST_EXIT);
    cleanup_fd int fd = -1;
    char text[40];

    if (!path)
        return -ENOMEM;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    snprintf(text, sizeof(text), "%d %lld\n", status, (long long)time(NULL));
    return write_all(fd, text, strlen(text));
}

int last_exit_read(const struct container *c, struct last_exit *out)
{
    cleanup_free char *path = container_path(c, LAST_EXIT), *text = NULL;
    int r = path ? file_read(AT_FDCWD, path, 64, &text, NULL) : -ENOMEM;
    char status[16], seconds[24];
    int64_t number;

    if (r < 0)
        return r;
    if (!line_word(text, 0, status, sizeof(status)) || !line_word(text, 1, seconds, sizeof(seconds)) ||
        parse_int64(status, 10, 0, 255, &number) < 0 ||
        parse_int64(seconds, 10, 0, INT64_MAX, &out->time_seconds) < 0)
        return -EBADMSG;
    out->status = (int)number;
    return 0;
}
