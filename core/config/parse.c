/*
 * The parser of LXC's configuration language; lxc.container.conf(5). A line is empty, a comment that begins
 * with "#", or KEY = VALUE; blanks around key and value are ignored, and one pair of quotes around the value
 * is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/includes.h"
#include "core/config/keys.h"
#include "core/config/legacy.h"

#define FILE_MAX  (1U << 20) /* bytes */
#define DEPTH_MAX 16         /* nesting depth of includes */
#define FILES_MAX 1000       /* in total */

/* One text being read; `parent` is the text that includes it. */
struct reader {
    const struct reader *parent;
    struct config *config;
    const char *origin; /* the file's name */
    struct stat status; /* of a file: st_ino is 0 for texts in memory */
    unsigned depth;
    unsigned *files;
    bool follow, strict;
};

/* --- One assignment --- */

static int assignment_record(struct config *c, const struct setting *s, const char *value)
{
    struct config_assignments *a = &c->assignments;
    struct config_assignment *grown = array_grow(a->items, a->count, sizeof(*grown));
    struct config_assignment item = {strdup(s->name), strdup(value), strdup(s->origin)};

    if (grown)
        a->items = grown;
    if (!grown || !item.key || !item.value || !item.origin) {
        free(item.key);
        free(item.value);
        free(item.origin);
        return -ENOMEM;
    }
    a->items[a->count++] = item;
    return 0;
}

static int assignment_key_unknown(const char *name, struct error *err)
{
    const char *renamed = legacy_key(name);
    cleanup_free char *suggestion = renamed ? NULL : key_suggest(name);

    error_text(err, EINVAL, "there is no key %s", name);
    if (suggestion)
        return error_remedy(err, "did you mean %s?", suggestion);
    if (!renamed)
        return error_remedy(err, "see lxc.container.conf(5) for all keys");
    if (!*renamed)
        return error_remedy(err, "LXC 3.0 removed it; delete the line, or run lxc-update-config");
    return error_remedy(err, "its name is %s since LXC 3.0; lxc-update-config updates a file", renamed);
}

static int assignment_apply(const struct reader *reader, const char *name, const char *value,
                            const char *origin, struct error *err)
{
    cleanup_free char *kept = NULL;
    const char *rest;
    struct setting s = {
        key_find(config_keys, name, &rest), name, rest, value, origin, reader, reader->strict};
    int r;

    if (!s.key)
        return assignment_key_unknown(name, err);
    s.rest = rest;
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' && *p != '\t')
            return error_text(err, EINVAL, "the value of %s contains a control character", name);
    r = key_apply(reader->config, &s, &kept, err);
    if (r < 0 || s.key->type == &type_include)
        return r;
    if (assignment_record(reader->config, &s, kept ? kept : value) < 0)
        return setting_no_memory(&s, err);
    return 0;
}

/* --- Lines and texts --- */

static char *line_trim(char *text)
{
    char *end;

    text += strspn(text, " \t");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return text;
}

static char *line_unquote(char *value)
{
    size_t length = strlen(value);

    if (length < 2 || (*value != '\'' && *value != '"') || value[length - 1] != *value)
        return value;
    value[length - 1] = '\0';
    return value + 1;
}

int config_line_split(char *line, char **key, char **value)
{
    char *equals;

    line = line_trim(line);
    if (!*line || *line == '#')
        return 0;
    equals = strchr(line, '=');
    if (!starts_with(line, "lxc.") || !equals)
        return -EINVAL;
    *equals = '\0';
    *key = line_trim(line);
    *value = line_unquote(line_trim(equals + 1));
    return 1;
}

static int reader_line(const struct reader *reader, char *line, unsigned number, struct error *err)
{
    cleanup_free char *origin = NULL;
    char *key, *value;
    int r = config_line_split(line, &key, &value);

    if (r == 0)
        return 0;
    origin = format_string("%s:%u", reader->origin, number);
    if (!origin)
        return error_set(err, ENOMEM, "cannot read %s", reader->origin);
    if (r < 0) {
        error_text(err, EINVAL, "%s: \"%s\" is not a setting", origin, line_trim(line));
        return error_remedy(err, "write lxc.KEY = VALUE, or # before a comment");
    }
    r = assignment_apply(reader, key, value, origin, err);
    /* An error in an included file already names the line of that file. */
    return r < 0 && !(starts_with(key, "lxc.include") && reader->follow) ? error_context(err, "%s", origin)
                                                                         : r;
}

static int reader_text(const struct reader *reader, char *text, size_t length, struct error *err)
{
    char *rest = text, *line;
    unsigned number = 0;

    if (memchr(text, '\0', length))
        return error_text(err, EINVAL, "%s is not a text file: it contains a zero byte", reader->origin);
    while ((line = strsep(&rest, "\n"))) {
        int r = reader_line(reader, line, ++number, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- Files --- */

static int reader_file_error(const struct setting *s, const char *path, int errnum, struct error *err)
{
    int r = error_set(err, errnum, "cannot read %s", path);

    return s ? error_context(err, "%s", s->origin) : r;
}

static int reader_builtin(struct reader *reader, const struct setting *s, const char *path, struct error *err)
{
    cleanup_free char *text = NULL;
    size_t length;
    const char *name = starts_with(path, CONFIG_DIRECTORY "/") ? path + strlen(CONFIG_DIRECTORY "/") : "";
    const char *builtin = config_builtin(name, &length);

    if (!builtin)
        return reader_file_error(s, path, ENOENT, err);
    text = strndup(builtin, length);
    if (!text)
        return reader_file_error(s, path, ENOMEM, err);
    return reader_text(reader, text, length, err);
}

/* `s`: the lxc.include that names it, for errors; NULL for the first file. */
static int reader_file(const struct reader *parent, const struct setting *s, const char *path,
                       struct error *err)
{
    struct reader reader = *parent;
    cleanup_free char *text = NULL;
    size_t length;
    int r;

    reader.parent = parent;
    reader.origin = path;
    reader.depth++;
    if (reader.depth > DEPTH_MAX || ++*reader.files > FILES_MAX) {
        error_text(err, ELOOP, "%s: more than %u files %s", s->origin,
                   reader.depth > DEPTH_MAX ? DEPTH_MAX : FILES_MAX,
                   reader.depth > DEPTH_MAX ? "include one another" : "are included");
        return -ELOOP;
    }
    if (stat(path, &reader.status) < 0) {
        r = -errno;
        reader.status.st_ino = 0;
        return r == -ENOENT ? reader_builtin(&reader, s, path, err) : reader_file_error(s, path, r, err);
    }
    for (const struct reader *up = parent; up; up = up->parent)
        if (up->status.st_ino == reader.status.st_ino && up->status.st_dev == reader.status.st_dev)
            return error_text(err, ELOOP, "%s: %s includes itself", s ? s->origin : path, path);
    r = file_read(AT_FDCWD, path, FILE_MAX, &text, &length);
    return r < 0 ? reader_file_error(s, path, r, err) : reader_text(&reader, text, length, err);
}

/* A missing directory is treated as empty. */
static int reader_directory(const struct reader *reader, const struct setting *s, const char *path,
                            struct error *err)
{
    cleanup_string_list struct string_list files = {0};
    int r = config_include_files(path, &files);

    if (r < 0)
        return r == -ENOENT ? 0 : reader_file_error(s, path, r, err);
    for (size_t i = 0; r == 0 && i < files.count; i++)
        r = reader_file(reader, s, files.items[i], err);
    return r;
}

static int set_include(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct stat status;

    (void)holder;
    (void)kept;
    if (!s->reader->follow)
        return error_text(err, EPERM, "%s is not allowed here", s->name);
    if (ends_with(s->value, "/") || (stat(s->value, &status) == 0 && S_ISDIR(status.st_mode)))
        return reader_directory(s->reader, s, s->value, err);
    return reader_file(s->reader, s, s->value, err);
}

/* No value, as in LXC: the included settings have become part of the configuration. */
static int get_include(const void *holder, const struct setting *s, struct strbuf *out)
{
    (void)holder;
    (void)s;
    (void)out;
    return -ENOENT;
}

static void clear_include(void *holder, const struct setting *s)
{
    (void)holder;
    (void)s;
}

const struct key_type type_include = {.set = set_include, .get = get_include, .clear = clear_include};

/* --- All or nothing --- */

/* A copy to work on, so that an error leaves the caller's config unchanged. */
static int config_copy(const struct config *c, struct config *copy, bool strict, struct error *err)
{
    unsigned files = 0;
    struct reader reader = {.config = copy, .origin = "", .files = &files, .strict = strict};

    config_init(copy);
    copy->file = c->file ? strdup(c->file) : NULL;
    if (c->file && !copy->file)
        return error_set(err, ENOMEM, "cannot copy the configuration");
    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];
        int r = assignment_apply(&reader, a->key, a->value, a->origin, err);
        if (r < 0)
            return error_context(err, "%s", a->origin);
    }
    return 0;
}

int config_check(const struct config *c, struct error *err)
{
    cleanup_config struct config copy;

    return config_copy(c, &copy, true, err);
}

/* Replace the caller's config by the copy. */
static void config_commit(struct config *c, struct config *work)
{
    struct config old = *c;

    *c = *work;
    *work = old;
}

int config_read_file(struct config *c, const char *path, struct error *err)
{
    cleanup_config struct config work;
    unsigned files = 0;
    struct reader reader = {.config = &work, .origin = path, .files = &files, .follow = true};
    int r = config_copy(c, &work, false, err);

    if (r == 0)
        r = reader_file(&reader, NULL, path, err);
    if (r == 0 && !work.file) {
        work.file = strdup(path);
        if (!work.file)
            r = error_set(err, ENOMEM, "cannot read %s", path);
    }
    if (r == 0)
        config_commit(c, &work);
    return r;
}

int config_read_text(struct config *c, const char *text, size_t length, const char *origin, bool follow,
                     struct error *err)
{
    cleanup_config struct config work;
    cleanup_free char *own = malloc(length + 1);
    unsigned files = 0;
    struct reader reader = {.config = &work, .origin = origin, .files = &files, .follow = follow};
    int r = config_copy(c, &work, false, err);

    if (r == 0 && !own)
        r = error_set(err, ENOMEM, "cannot read %s", origin);
    if (r < 0)
        return r;
    memcpy(own, text, length);
    own[length] = '\0';
    r = reader_text(&reader, own, length, err);
    if (r == 0)
        config_commit(c, &work);
    return r;
}

int config_set(struct config *c, const char *key, const char *value, const char *origin, struct error *err)
{
    cleanup_config struct config work;
    unsigned files = 0;
    struct reader reader = {.config = c, .origin = origin, .files = &files, .follow = true};
    bool include = strcmp(key, "lxc.include") == 0;
    int r;

    /* For every other key, set() is all or nothing. */
    config_init(&work);
    if (include) {
        r = config_copy(c, &work, false, err);
        if (r < 0)
            return r;
        reader.config = &work;
    }
    r = assignment_apply(&reader, key, value, origin, err);
    if (r == 0 && include)
        config_commit(c, &work);
    return r < 0 && !include ? error_context(err, "%s", origin) : r;
}
