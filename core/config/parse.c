/*
 * The reader of LXC's configuration language; lxc.container.conf(5). A line is empty, a comment that begins
 * with
 * "#", or KEY = VALUE; blanks around either do not count, and one pair of quotes around the value is taken
 * off.
 */
#include <dirent.h>
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
#define DEPTH_MAX 16         /* files that include one another */
#define FILES_MAX 1000       /* all together */

/* One text being read; those that include it are up the chain. */
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

static int record(struct config *c, const struct setting *s, const char *value)
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

static int no_such_key(const char *name, struct error *err)
{
    const char *renamed = legacy_key(name);
    cleanup_free char *meant = renamed ? NULL : key_meant(name);

    error_text(err, EINVAL, "there is no key %s", name);
    if (meant)
        return error_remedy(err, "did you mean %s?", meant);
    if (!renamed)
        return error_remedy(err, "lxc.container.conf(5) has them all");
    if (!*renamed)
        return error_remedy(err, "LXC 3.0 removed it; take the line out, or run lxc-update-config");
    return error_remedy(err, "it is %s since LXC 3.0; lxc-update-config brings a file up to date", renamed);
}

static int assign(const struct reader *r, const char *name, const char *value, const char *origin,
                  struct error *err)
{
    cleanup_free char *kept = NULL;
    const char *rest;
    struct setting s = {key_find(config_keys, name, &rest), name, rest, value, origin, r, r->strict};
    int ret;

    if (!s.key)
        return no_such_key(name, err);
    s.rest = rest;
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' && *p != '\t')
            return error_text(err, EINVAL, "the value of %s has a control character in it", name);
    ret = key_apply(r->config, &s, &kept, err);
    if (ret < 0 || s.key->type == &type_include)
        return ret;
    if (record(r->config, &s, kept ? kept : value) < 0)
        return setting_no_memory(&s, err);
    return 0;
}

/* --- Lines and texts --- */

static char *trim(char *text)
{
    char *end;

    text += strspn(text, " \t");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r", end[-1]))
        end--;
    *end = '\0';
    return text;
}

static char *unquote(char *value)
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

    line = trim(line);
    if (!*line || *line == '#')
        return 0;
    equals = strchr(line, '=');
    if (!starts_with(line, "lxc.") || !equals)
        return -EINVAL;
    *equals = '\0';
    *key = trim(line);
    *value = unquote(trim(equals + 1));
    return 1;
}

static int read_line(const struct reader *r, char *line, unsigned number, struct error *err)
{
    cleanup_free char *origin = NULL;
    char *key, *value;
    int ret = config_line_split(line, &key, &value);

    if (ret == 0)
        return 0;
    origin = format_string("%s:%u", r->origin, number);
    if (!origin)
        return error_set(err, ENOMEM, "cannot read %s", r->origin);
    if (ret < 0) {
        error_text(err, EINVAL, "%s: \"%s\" is no setting", origin, trim(line));
        return error_remedy(err, "write lxc.KEY = VALUE, or # before a remark");
    }
    ret = assign(r, key, value, origin, err);
    /* What an included file refuses is named by that file's line. */
    return ret < 0 && !(starts_with(key, "lxc.include") && r->follow) ? error_context(err, "%s", origin)
                                                                      : ret;
}

static int read_text(const struct reader *r, char *text, size_t length, struct error *err)
{
    char *rest = text, *line;
    unsigned number = 0;

    if (memchr(text, '\0', length))
        return error_text(err, EINVAL, "%s is no text: it has a zero byte in it", r->origin);
    while ((line = strsep(&rest, "\n"))) {
        int ret = read_line(r, line, ++number, err);
        if (ret < 0)
            return ret;
    }
    return 0;
}

/* --- Files --- */

static int refuse_file(const struct setting *s, const char *path, int errnum, struct error *err)
{
    int ret = error_set(err, errnum, "cannot read %s", path);

    return s ? error_context(err, "%s", s->origin) : ret;
}

static int read_builtin(struct reader *r, const struct setting *s, const char *path, struct error *err)
{
    cleanup_free char *text = NULL;
    size_t length;
    const char *name = starts_with(path, CONFIG_FOLDER "/") ? path + strlen(CONFIG_FOLDER "/") : "";
    const char *builtin = config_builtin(name, &length);

    if (!builtin)
        return refuse_file(s, path, ENOENT, err);
    text = strndup(builtin, length);
    if (!text)
        return refuse_file(s, path, ENOMEM, err);
    return read_text(r, text, length, err);
}

/* `s`: the lxc.include that names it, for errors; NULL for the first file. */
static int read_file(const struct reader *parent, const struct setting *s, const char *path,
                     struct error *err)
{
    struct reader r = *parent;
    cleanup_free char *text = NULL;
    size_t length;
    int ret;

    r.parent = parent;
    r.origin = path;
    r.depth++;
    if (r.depth > DEPTH_MAX || ++*r.files > FILES_MAX) {
        error_text(err, ELOOP, "%s: more than %u files %s", s->origin,
                   r.depth > DEPTH_MAX ? DEPTH_MAX : FILES_MAX,
                   r.depth > DEPTH_MAX ? "include one another" : "are included");
        return -ELOOP;
    }
    if (stat(path, &r.status) < 0) {
        ret = -errno;
        r.status.st_ino = 0;
        return ret == -ENOENT ? read_builtin(&r, s, path, err) : refuse_file(s, path, ret, err);
    }
    for (const struct reader *up = parent; up; up = up->parent)
        if (up->status.st_ino == r.status.st_ino && up->status.st_dev == r.status.st_dev)
            return error_text(err, ELOOP, "%s: %s includes itself", s ? s->origin : path, path);
    ret = file_read(AT_FDCWD, path, FILE_MAX, &text, &length);
    return ret < 0 ? refuse_file(s, path, ret, err) : read_text(&r, text, length, err);
}

static int is_conf(const struct dirent *d)
{
    return strlen(d->d_name) > strlen(".conf") && ends_with(d->d_name, ".conf");
}

/* Every *.conf of a folder, by name; an absent folder is an empty one. */
static int read_folder(const struct reader *r, const struct setting *s, const char *path, struct error *err)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_conf, alphasort), ret = 0;

    if (count < 0)
        return errno == ENOENT ? 0 : refuse_file(s, path, errno, err);
    for (int i = 0; i < count; i++) {
        cleanup_free char *file =
            format_string("%s%s%s", path, ends_with(path, "/") ? "" : "/", entries[i]->d_name);
        if (ret == 0)
            ret = file ? read_file(r, s, file, err) : refuse_file(s, path, ENOMEM, err);
        free(entries[i]);
    }
    free(entries);
    return ret;
}

static int set_include(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct stat status;

    (void)holder;
    (void)kept;
    if (!s->reader->follow)
        return error_text(err, EPERM, "%s is not followed here", s->name);
    if (ends_with(s->value, "/") || (stat(s->value, &status) == 0 && S_ISDIR(status.st_mode)))
        return read_folder(s->reader, s, s->value, err);
    return read_file(s->reader, s, s->value, err);
}

/* LXC has no answer either: what was included has become part of the whole. */
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

/* A copy to work on: whatever goes wrong, the caller's config is as it was. */
static int config_copy(const struct config *c, struct config *copy, bool strict, struct error *err)
{
    unsigned files = 0;
    struct reader r = {.config = copy, .origin = "", .files = &files, .strict = strict};

    config_init(copy);
    copy->file = c->file ? strdup(c->file) : NULL;
    if (c->file && !copy->file)
        return error_set(err, ENOMEM, "cannot copy the configuration");
    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];
        int ret = assign(&r, a->key, a->value, a->origin, err);
        if (ret < 0)
            return error_context(err, "%s", a->origin);
    }
    return 0;
}

int config_check(const struct config *c, struct error *err)
{
    cleanup_config struct config copy;

    return config_copy(c, &copy, true, err);
}

/* Hand the work over to the caller. */
static void commit(struct config *c, struct config *work)
{
    struct config old = *c;

    *c = *work;
    *work = old;
}

int config_read_file(struct config *c, const char *path, struct error *err)
{
    cleanup_config struct config work;
    unsigned files = 0;
    struct reader r = {.config = &work, .origin = path, .files = &files, .follow = true};
    int ret = config_copy(c, &work, false, err);

    if (ret == 0)
        ret = read_file(&r, NULL, path, err);
    if (ret == 0 && !work.file) {
        work.file = strdup(path);
        if (!work.file)
            ret = error_set(err, ENOMEM, "cannot read %s", path);
    }
    if (ret == 0)
        commit(c, &work);
    return ret;
}

int config_read_text(struct config *c, const char *text, size_t length, const char *origin, bool follow,
                     struct error *err)
{
    cleanup_config struct config work;
    cleanup_free char *own = malloc(length + 1);
    unsigned files = 0;
    struct reader r = {.config = &work, .origin = origin, .files = &files, .follow = follow};
    int ret = config_copy(c, &work, false, err);

    if (ret == 0 && !own)
        ret = error_set(err, ENOMEM, "cannot read %s", origin);
    if (ret < 0)
        return ret;
    memcpy(own, text, length);
    own[length] = '\0';
    ret = read_text(&r, own, length, err);
    if (ret == 0)
        commit(c, &work);
    return ret;
}

int config_set(struct config *c, const char *key, const char *value, const char *origin, struct error *err)
{
    cleanup_config struct config work;
    unsigned files = 0;
    struct reader r = {.config = c, .origin = origin, .files = &files, .follow = true};
    bool include = strcmp(key, "lxc.include") == 0;
    int ret;

    /* Every other key's own set() is all or nothing. */
    config_init(&work);
    if (include) {
        ret = config_copy(c, &work, false, err);
        if (ret < 0)
            return ret;
        r.config = &work;
    }
    ret = assign(&r, key, value, origin, err);
    if (ret == 0 && include)
        commit(c, &work);
    return ret < 0 && !include ? error_context(err, "%s", origin) : ret;
}
