/* lxc.mount.* and lxc.rootfs.options. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys.h"

#define SHMOUNTS        "shmounts:"
#define SHMOUNTS_INSIDE "/dev/.lxc-mounts" /* the default of LXC */

/* --- lxc.mount.auto --- */

static const struct {
    const char *word; /* the part after "cgroup" or "cgroup-full" */
    enum auto_mount mode;
} cgroup_modes[] = {
    {"", AUTO_UNSPECIFIED},
    {":mixed", AUTO_MIXED},
    {":ro", AUTO_RO},
    {":rw", AUTO_RW},
};

static const struct {
    const char *word;
    enum auto_mount proc, sys;
} plain_modes[] = {
    {"proc", AUTO_MIXED, AUTO_NONE}, {"proc:mixed", AUTO_MIXED, AUTO_NONE}, {"proc:rw", AUTO_RW, AUTO_NONE},
    {"sys", AUTO_NONE, AUTO_MIXED},  {"sys:mixed", AUTO_NONE, AUTO_MIXED},  {"sys:ro", AUTO_NONE, AUTO_RO},
    {"sys:rw", AUTO_NONE, AUTO_RW},
};

static int mount_auto_parse_cgroup(const char *word, struct config_auto_mounts *a)
{
    bool v2 = starts_with(word, "cgroup2"), full = starts_with(word, "cgroup-full");
    const char *rest = word + strlen(v2 ? "cgroup2" : full ? "cgroup-full" : "cgroup");
    size_t length = strlen(rest);
    bool force = ends_with(rest, ":force");

    length -= force ? strlen(":force") : 0;
    for (size_t i = 0; i < ARRAY_LENGTH(cgroup_modes); i++) {
        enum auto_mount mode = cgroup_modes[i].mode;

        if (strlen(cgroup_modes[i].word) != length || strncmp(cgroup_modes[i].word, rest, length) != 0)
            continue;
        if (v2 && mode != AUTO_RO && mode != AUTO_UNSPECIFIED)
            return -EINVAL;
        a->cgroup = v2 && mode == AUTO_UNSPECIFIED ? AUTO_RW : mode;
        a->cgroup_full = full;
        a->cgroup2 = v2;
        a->cgroup_force = force || v2;
        return 0;
    }
    return -EINVAL;
}

static int mount_auto_parse_shmounts(const char *paths, struct config_auto_mounts *a)
{
    const char *inside = strchr(paths, ':');
    size_t length = inside ? (size_t)(inside - paths) : strlen(paths);
    char *both;

    inside = inside && inside[1] ? inside + 1 : SHMOUNTS_INSIDE;
    both = format_string("%.*s:%s", (int)length, paths, inside);
    if (!both)
        return -ENOMEM;
    free(a->shmounts);
    a->shmounts = both;
    return 0;
}

static int mount_auto_parse(const char *word, bool strict, struct config_auto_mounts *a)
{
    for (size_t i = 0; i < ARRAY_LENGTH(plain_modes); i++) {
        if (strcmp(word, plain_modes[i].word) == 0) {
            a->proc = plain_modes[i].proc ? plain_modes[i].proc : a->proc;
            a->sys = plain_modes[i].sys ? plain_modes[i].sys : a->sys;
            return 0;
        }
    }
    if (starts_with(word, "cgroup"))
        return mount_auto_parse_cgroup(word, a);
    return starts_with(word, SHMOUNTS) && (word[strlen(SHMOUNTS)] || !strict)
               ? mount_auto_parse_shmounts(word + strlen(SHMOUNTS), a)
               : -EINVAL;
}

static int set_mount_auto(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_auto_mounts *a = MEMBER(holder, s, struct config_auto_mounts), next = *a;
    cleanup_free char *copy = strdup(s->value), *shmounts = NULL;
    char *rest = copy, *word;
    int r = copy ? 0 : -ENOMEM;

    (void)kept;
    next.shmounts = NULL;
    while (r == 0 && (word = next_word(&rest))) {
        r = mount_auto_parse(word, s->strict, &next);
        if (r == -EINVAL) {
            error_text(err, EINVAL, "%s does not support \"%s\"", s->name, word);
            error_remedy(err, "proc, sys, cgroup, cgroup-full and cgroup2 accept :mixed, :ro, :rw as "
                              "described in lxc.container.conf(5); shmounts requires a path");
        }
    }
    shmounts = next.shmounts;
    if (r < 0)
        return r == -ENOMEM ? setting_no_memory(s, err) : r;
    if (shmounts) {
        free(a->shmounts);
        next.shmounts = take_ptr(shmounts);
    } else {
        next.shmounts = a->shmounts;
    }
    *a = next;
    return 0;
}

static int mount_auto_add_mode(struct strbuf *out, const char *name, enum auto_mount mode)
{
    static const char *const modes[] = {
        [AUTO_MIXED] = ":mixed", [AUTO_RO] = ":ro", [AUTO_RW] = ":rw", [AUTO_UNSPECIFIED] = ""};

    return mode == AUTO_NONE ? 0 : strbuf_printf(out, "%s%s%s", out->length ? " " : "", name, modes[mode]);
}

/* LXC omits cgroup2 and shmounts; all words are printed here. */
static int get_mount_auto(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_auto_mounts *a = CONST_MEMBER(holder, s, struct config_auto_mounts);
    cleanup_strbuf struct strbuf line = STRBUF_INIT;
    int r = mount_auto_add_mode(&line, "proc", a->proc);

    if (r == 0)
        r = mount_auto_add_mode(&line, "sys", a->sys);
    if (r == 0 && a->cgroup2)
        r = mount_auto_add_mode(&line, "cgroup2", a->cgroup == AUTO_RW ? AUTO_UNSPECIFIED : a->cgroup);
    else if (r == 0)
        r = mount_auto_add_mode(&line, a->cgroup_full ? "cgroup-full" : "cgroup", a->cgroup);
    if (r == 0 && a->shmounts)
        r = strbuf_printf(&line, "%s%s%s", line.length ? " " : "", SHMOUNTS, a->shmounts);
    return r < 0 ? r : strbuf_puts(out, strbuf_text(&line));
}

static void clear_mount_auto(void *holder, const struct setting *s)
{
    struct config_auto_mounts *a = MEMBER(holder, s, struct config_auto_mounts);

    free(a->shmounts);
    *a = (struct config_auto_mounts){0};
}

const struct key_type type_mount_auto = {
    .set = set_mount_auto, .get = get_mount_auto, .clear = clear_mount_auto};

/* --- lxc.mount.entry --- */

void mount_free(struct config_mount *m)
{
    free(m->source);
    free(m->target);
    free(m->type);
    free(m->options);
    free(m->origin);
    free(m->entry);
    *m = (struct config_mount){0};
}

/* One field of a line in the format of fstab(5). */
static char *mount_field(const char **at)
{
    const char *from = *at + strspn(*at, " \t");
    size_t length = strcspn(from, " \t");
    char *out = strndup(from, length);

    *at = from + length;
    if (out)
        text_unescape(out);
    return out;
}

/* "0 0" after three fields: the option field was left out. */
static bool mount_is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

int mount_parse(const char *line, const char *origin, struct config_mount *m)
{
    char **fields[] = {&m->source, &m->target, &m->type, &m->options};
    const char *at = line;

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        *fields[i] = mount_field(&at);
        if (!*fields[i])
            return -ENOMEM;
    }
    if (mount_is_number(m->options))
        *m->options = '\0';
    m->origin = strdup(origin ? origin : "");
    return !m->origin ? -ENOMEM : *m->type ? 0 : -EINVAL;
}

static int set_mount_entry(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config *c = holder;
    struct config_mount m = {0}, *grown = array_grow(c->mounts, c->mount_count, sizeof(*c->mounts));
    int r = grown ? mount_parse(s->value, s->origin, &m) : -ENOMEM;

    (void)kept;
    if (grown)
        c->mounts = grown;
    if (r == -EINVAL && s->strict) {
        mount_free(&m);
        error_text(err, EINVAL, "%s takes a line as in fstab(5), not \"%s\"", s->name, s->value);
        return error_remedy(err, "write SOURCE TARGET TYPE OPTIONS 0 0");
    }
    if (r != -ENOMEM)
        m.entry = strdup(s->value);
    if (!m.entry) {
        mount_free(&m);
        return setting_no_memory(s, err);
    }
    c->mounts[c->mount_count++] = m;
    return 0;
}

static int get_mount_entry(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config *c = holder;

    (void)s;
    for (size_t i = 0; i < c->mount_count; i++)
        if (c->mounts[i].entry && strbuf_printf(out, "%s\n", c->mounts[i].entry) < 0)
            return -ENOMEM;
    return 0;
}

static void clear_mount_entry(void *holder, const struct setting *s)
{
    struct config *c = holder;

    (void)s;
    for (size_t i = 0; i < c->mount_count; i++)
        mount_free(&c->mounts[i]);
    free(c->mounts);
    c->mounts = NULL;
    c->mount_count = 0;
}

const struct key_type type_mount_entry = {
    .set = set_mount_entry, .get = get_mount_entry, .clear = clear_mount_entry};

/* --- lxc.rootfs.options --- */

static int set_rootfs_options(void *holder, const struct setting *s, char **kept, struct error *err)
{
    static const char *const others[] = {"create=dir", "create=file", "optional",
                                         "relative",   "move",        "remount"};
    cleanup_free char *copy = strdup(s->value);
    char *rest = copy, *word;

    if (!copy)
        return setting_no_memory(s, err);
    while ((word = strsep(&rest, ","))) {
        if (strcmp(word, "idmap=") == 0)
            return error_text(err, EINVAL, "%s: \"%s\" names no user namespace", s->name, word);
        for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
            if (strcmp(word, others[i]) == 0)
                return error_text(err, EINVAL, "%s: \"%s\" is only valid for lxc.mount.entry", s->name, word);
    }
    return string_set(holder, s, kept, err);
}

const struct key_type type_rootfs_options = {
    .set = set_rootfs_options, .get = string_get, .clear = string_clear};

/* --- lxc.rootfs.path --- */

/* LXC answers without the storage type: "/a:/b" for "overlay:/a:/b". */
static int get_rootfs_path(const void *holder, const struct setting *s, struct strbuf *out)
{
    const char *path = *CONST_MEMBER(holder, s, char *), *colon = path ? strchr(path, ':') : NULL;

    return path ? strbuf_puts(out, colon ? colon + 1 : path) : 0;
}

static int set_rootfs_path(void *holder, const struct setting *s, char **kept, struct error *err)
{
    const char *colon = *s->value == '/' ? NULL : strchr(s->value, ':'), *path = colon ? colon + 1 : s->value;
    cleanup_free char *simple = path_simplify(path);
    cleanup_free char *whole =
        simple ? format_string("%.*s%s", (int)(path - s->value), s->value, simple) : NULL;

    (void)kept;
    return whole ? setting_keep(MEMBER(holder, s, char *), whole, s, err) : setting_no_memory(s, err);
}

const struct key_type type_rootfs_path = {
    .set = set_rootfs_path, .get = get_rootfs_path, .clear = string_clear};
