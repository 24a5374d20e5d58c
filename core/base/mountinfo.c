#include "core/base/mountinfo.h"

#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define TABLE_MAX (16u << 20)

void mountinfo_free(struct mountinfo *m)
{
    free(m->items);
    free(m->text);
    *m = (struct mountinfo){0};
}

/* "31 23 0:28 / /sys/fs/cgroup rw,relatime [optional]... - cgroup source rw,cpu,cpuacct", split in place. */
static bool mountinfo_parse_line(char *line, struct mountinfo_entry *e)
{
    char *before[6], *after[3], *rest = line, *separator;

    for (size_t i = 0; i < ARRAY_LENGTH(before); i++)
        if (!(before[i] = strsep(&rest, " ")))
            return false;
    /* Without optional fields the separator follows immediately. */
    if (!rest)
        return false;
    if (starts_with(rest, "- ")) {
        separator = rest;
        e->optional = "";
    } else {
        separator = strstr(rest, " - ");
        if (!separator)
            return false;
        *separator++ = '\0';
        e->optional = rest;
    }
    rest = separator + 2;
    for (size_t i = 0; i < ARRAY_LENGTH(after); i++)
        if (!(after[i] = strsep(&rest, " ")))
            return false;
    if (parse_uint64(before[0], 10, UINT64_MAX, &e->id) < 0 ||
        parse_uint64(before[1], 10, UINT64_MAX, &e->parent) < 0)
        return false;
    e->device = before[2];
    text_unescape(before[3]);
    text_unescape(before[4]);
    e->root = before[3];
    e->mount_point = before[4];
    e->type = after[0];
    e->super_options = after[2];
    return e->root[0] == '/' && e->mount_point[0] == '/';
}

static size_t mountinfo_count_lines(const char *text, size_t length)
{
    size_t count = 1;

    for (size_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

/* Takes ownership of `text`, which is terminated. */
static int mountinfo_take(char *text, size_t length, struct mountinfo *out)
{
    *out = (struct mountinfo){.text = text};
    out->items = malloc(mountinfo_count_lines(text, length) * sizeof(*out->items));
    if (!out->items) {
        mountinfo_free(out);
        return -ENOMEM;
    }
    for (char *line = text, *next; line; line = next) {
        char *end = memchr(line, '\n', (size_t)(text + length - line));

        next = end ? end + 1 : NULL;
        if (!end)
            end = text + length;
        *end = '\0';
        if (strlen(line) == (size_t)(end - line) && mountinfo_parse_line(line, &out->items[out->count]))
            out->count++;
    }
    return 0;
}

int mountinfo_parse(const char *text, size_t length, struct mountinfo *out)
{
    char *copy = malloc(length + 1);

    *out = (struct mountinfo){0};
    if (!copy)
        return -ENOMEM;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return mountinfo_take(copy, length, out);
}

int mountinfo_read(int dirfd, const char *path, struct mountinfo *out)
{
    size_t length;
    char *text;
    int r = file_read(dirfd, path, TABLE_MAX, &text, &length);

    *out = (struct mountinfo){0};
    return r < 0 ? r : mountinfo_take(text, length, out);
}

bool mountinfo_has_optional(const struct mountinfo_entry *e, const char *prefix)
{
    for (const char *field = e->optional; field && *field; field = strchr(field, ' ')) {
        field += field[0] == ' ';
        if (starts_with(field, prefix))
            return true;
    }
    return false;
}

bool path_is_beneath(const char *path, const char *above)
{
    size_t length = strlen(above);

    length -= length > 0 && above[length - 1] == '/'; /* every path is beneath "/" */
    return strncmp(path, above, length) == 0 && (path[length] == '/' || !path[length]);
}
