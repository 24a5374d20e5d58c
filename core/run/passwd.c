#include "core/run/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define PASSWD_MAX (1 << 20)

/* NAME:PASSWORD:UID:GID:GECOS:HOME:SHELL */
enum { FIELD_UID = 2, FIELD_SHELL = 6, FIELDS };

static bool passwd_is_uid(const char *text, uid_t uid)
{
    uint64_t number;

    return parse_uint64(text, 10, UINT32_MAX, &number) == 0 && number == uid;
}

int passwd_find_shell(const char *text, uid_t uid, char **shell)
{
    cleanup_free char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        char *fields[FIELDS] = {NULL};

        for (int i = 0; i < FIELDS && line; i++)
            fields[i] = strsep(&line, ":");
        if (!fields[FIELD_SHELL] || line || !passwd_is_uid(fields[FIELD_UID], uid))
            continue;
        if (fields[FIELD_SHELL][0] != '/')
            return -ENOENT;
        *shell = strdup(fields[FIELD_SHELL]);
        return *shell ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

int passwd_read_shell(uid_t uid, char **shell)
{
    /* O_NONBLOCK: the container may have put a FIFO there, which would block the call. */
    cleanup_fd int fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size > PASSWD_MAX)
        return -ENOENT;
    text = malloc((size_t)st.st_size + 1);
    if (!text)
        return -ENOMEM;
    n = read_all(fd, text, (size_t)st.st_size);
    if (n < 0)
        return (int)n;
    text[n] = '\0';
    return passwd_find_shell(text, uid, shell);
}
