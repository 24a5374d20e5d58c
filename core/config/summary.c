#include "core/config/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/includes.h"

#define FILE_MAX  (1 << 20)
#define DEPTH_MAX 16 /* nesting depth of includes; also ends an include cycle */

enum key { KEY_GROUP, KEY_IDMAP, KEY_INCLUDE, KEY_ROOTFS, KEY_AUTO, KEY_DELAY, KEY_ORDER, KEY_NONE };

static const char *const keys[] = {"group",      "idmap",       "include",    "rootfs.path",
                                   "start.auto", "start.delay", "start.order"};

struct line {
    enum key key;
    const char *start, *end; /* of the line, without its newline */
    const char *value;
    size_t length; /* of the value, without quotes */
};

void config_summary_free(struct config_summary *s)
{
    string_list_clear(&s->groups);
    free(s->rootfs_path);
    *s = (struct config_summary){0};
}

static bool summary_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static enum key summary_find_key(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        if (strncmp(keys[i], name, length) == 0 && keys[i][length] == '\0')
            return (enum key)i;
    return KEY_NONE;
}

static void summary_parse_value(struct line *line, const char *value)
{
    const char *end = line->end;

    while (value < end && summary_is_blank(*value))
        value++;
    while (end > value && summary_is_blank(end[-1]))
        end--;
    if (end - value > 1 && (*value == '"' || *value == '\'') && end[-1] == *value) {
        value++;
        end--;
    }
    line->value = value;
    line->length = (size_t)(end - value);
}

/* Advance the text to the next relevant line; false at its end. */
static bool summary_next_line(const char **text, struct line *line)
{
    while (**text) {
        const char *start = *text, *end = strchrnul(start, '\n'), *name, *stop;

        *text = *end ? end + 1 : end;
        while (summary_is_blank(*start))
            start++;
        if (strncmp(start, "lxc.", 4) != 0 || !strchr("girs", start[4]))
            continue;
        name = start + 4;
        for (stop = name; stop < end && !summary_is_blank(*stop) && *stop != '=';)
            stop++;
        line->key = summary_find_key(name, (size_t)(stop - name));
        while (stop < end && summary_is_blank(*stop))
            stop++;
        if (line->key == KEY_NONE || *stop != '=')
            continue;
        line->start = start;
        line->end = end;
        summary_parse_value(line, stop + 1);
        return true;
    }
    return false;
}

static int summary_set_groups(struct string_list *groups, const char *value)
{
    cleanup_free char *copy = strdup(value);

    if (!copy)
        return -ENOMEM;
    if (!*copy)
        string_list_clear(groups);
    for (char *rest = copy, *word; (word = strsep(&rest, " \t"));)
        if (*word && string_list_add(groups, word) < 0)
            return -ENOMEM;
    return 0;
}

static int summary_number(const char *value)
{
    int64_t n;

    return parse_int64(value, 0, INT_MIN, INT_MAX, &n) < 0 ? 0 : (int)n;
}

static int summary_apply(const struct line *line, struct config_summary *out)
{
    cleanup_free char *value = strndup(line->value, line->length);

    if (!value)
        return -ENOMEM;
    switch (line->key) {
    case KEY_GROUP:
        return summary_set_groups(&out->groups, value);
    case KEY_IDMAP:
        out->maps_ids = *value;
        return 0;
    case KEY_ROOTFS:
        free(out->rootfs_path);
        out->rootfs_path = *value ? take_ptr(value) : NULL;
        return 0;
    case KEY_AUTO:
        out->start_auto = summary_number(value) == 1;
        return 0;
    case KEY_DELAY:
        out->start_delay_seconds = summary_number(value);
        return 0;
    case KEY_ORDER:
        out->start_order = summary_number(value);
        return 0;
    default:
        return 0;
    }
}

static int summary_reduce(const char *path, int depth, struct strbuf *out);

/* Append the relevant lines of the text; an include is replaced by the relevant lines of the file. */
static int summary_reduce_text(const char *text, int depth, struct strbuf *out)
{
    struct line line;
    int r = 0;

    while (r == 0 && summary_next_line(&text, &line)) {
        if (line.key == KEY_INCLUDE) {
            cleanup_free char *path = strndup(line.value, line.length);
            r = path ? summary_reduce(path, depth + 1, out) : -ENOMEM;
        } else {
            r = strbuf_add(out, line.start, (size_t)(line.end - line.start));
            r = r == 0 ? strbuf_add(out, "\n", 1) : r;
        }
    }
    return r;
}

static int summary_reduce_directory(const char *path, int depth, struct strbuf *out)
{
    cleanup_string_list struct string_list files = {0};
    int r = config_include_files(path, &files);

    if (r < 0)
        return r == -ENOMEM ? r : 0;
    for (size_t i = 0; r == 0 && i < files.count; i++)
        r = summary_reduce(files.items[i], depth, out);
    return r;
}

static int summary_reduce_builtin(const char *path, int depth, struct strbuf *out)
{
    cleanup_free char *text = NULL;
    size_t length;
    const char *builtin = NULL;

    if (starts_with(path, CONFIG_DIRECTORY "/"))
        builtin = config_builtin(path + strlen(CONFIG_DIRECTORY "/"), &length);
    if (!builtin)
        return 0;
    text = strndup(builtin, length);
    return text ? summary_reduce_text(text, depth, out) : -ENOMEM;
}

/* A file or directory that neither exists nor is built in is ignored. */
static int summary_reduce(const char *path, int depth, struct strbuf *out)
{
    cleanup_free char *text = NULL;
    int r;

    if (depth > DEPTH_MAX || !*path)
        return 0;
    r = file_read(AT_FDCWD, path, FILE_MAX, &text, NULL);
    if (r == -EISDIR)
        return summary_reduce_directory(path, depth, out);
    if (r == -ENOENT)
        return summary_reduce_builtin(path, depth, out);
    return r == 0 ? summary_reduce_text(text, depth, out) : r == -ENOMEM ? r : 0;
}

/* The settings of an included file, from the cache or read from the file; NULL when out of memory. */
static const char *summary_find_include(struct config_includes *includes, const char *path)
{
    struct string_list *items = &includes->items;
    cleanup_strbuf struct strbuf reduced = STRBUF_INIT;

    for (size_t i = 0; i < items->count; i += 2)
        if (strcmp(items->items[i], path) == 0)
            return items->items[i + 1];
    if (summary_reduce(path, 0, &reduced) < 0 || string_list_add(items, path) < 0 ||
        string_list_add(items, strbuf_text(&reduced)) < 0)
        return NULL;
    return items->items[items->count - 1];
}

static int summary_apply_all(const char *text, struct config_summary *out)
{
    struct line line;
    int r = 0;

    while (r == 0 && summary_next_line(&text, &line))
        r = summary_apply(&line, out);
    return r;
}

int config_summary_parse(const char *text, struct config_includes *includes, struct config_summary *out)
{
    struct line line;
    int r = 0;

    while (r == 0 && summary_next_line(&text, &line)) {
        if (line.key == KEY_INCLUDE) {
            cleanup_free char *path = strndup(line.value, line.length);
            const char *included = path ? summary_find_include(includes, path) : NULL;

            r = included ? summary_apply_all(included, out) : -ENOMEM;
        } else {
            r = summary_apply(&line, out);
        }
    }
    return r;
}

/* A configuration of usual length takes one read(2). */
int config_summary_read(int dirfd, const char *path, struct config_includes *includes,
                        struct config_summary *out)
{
    cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    cleanup_free char *longer = NULL;
    char text[16384];
    ssize_t n;
    int r;

    if (fd < 0)
        return -errno;
    n = read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    if ((size_t)n < sizeof(text) - 1)
        return config_summary_parse(text, includes, out);
    r = file_read(dirfd, path, FILE_MAX, &longer, NULL);
    return r == 0 ? config_summary_parse(longer, includes, out) : r;
}
