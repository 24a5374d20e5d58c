/*
 * The families whose keys are not in LXC's table: lxc.cgroup.*, lxc.cgroup2.*, lxc.sysctl.*, lxc.proc.*,
 * lxc.prlimit.*
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys.h"

static int pairs_add(struct config_pairs *p, const char *name, const char *value)
{
    struct config_pair *grown = array_grow(p->items, p->count, sizeof(*p->items));
    cleanup_free char *name_copy = strdup(name), *value_copy = strdup(value);

    if (grown)
        p->items = grown;
    if (!grown || !name_copy || !value_copy)
        return -ENOMEM;
    p->items[p->count++] = (struct config_pair){take_ptr(name_copy), take_ptr(value_copy)};
    return 0;
}

static int pairs_replace(struct config_pairs *p, const char *name, const char *value)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->items[i].name, name) == 0) {
            char *copy = strdup(value);
            if (!copy)
                return -ENOMEM;
            free(p->items[i].value);
            p->items[i].value = copy;
            return 0;
        }
    }
    return pairs_add(p, name, value);
}

/* An empty name removes all. */
static void pairs_remove(struct config_pairs *p, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (*name && strcmp(p->items[i].name, name) != 0) {
            p->items[kept++] = p->items[i];
            continue;
        }
        free(p->items[i].name);
        free(p->items[i].value);
    }
    p->count = kept;
    if (kept == 0) {
        free(p->items);
        p->items = NULL;
    }
}

static int pairs_require_name(const struct setting *s, struct error *err)
{
    if (*s->rest)
        return 0;
    error_text(err, EINVAL, "%s does not name a setting", s->name);
    return error_remedy(err, "write %s.NAME = VALUE", s->key->name);
}

static int set_appending(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int r = pairs_require_name(s, err);

    (void)kept;
    if (r == 0 && pairs_add(MEMBER(holder, s, struct config_pairs), s->rest, s->value) < 0)
        r = setting_no_memory(s, err);
    return r;
}

static int set_replacing(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int r = pairs_require_name(s, err);

    (void)kept;
    if (r == 0 && pairs_replace(MEMBER(holder, s, struct config_pairs), s->rest, s->value) < 0)
        r = setting_no_memory(s, err);
    return r;
}

static int get_pairs(const struct config_pairs *p, const struct setting *s, const char *end,
                     struct strbuf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct config_pair *pair = &p->items[i];
        int r = 0;

        if (!*s->rest)
            r = strbuf_printf(out, "%s.%s = %s\n", s->key->name, pair->name, pair->value);
        else if (strcmp(pair->name, s->rest) == 0)
            r = strbuf_printf(out, "%s%s", pair->value, end);
        if (r < 0)
            return r;
    }
    return 0;
}

static int get_lines(const void *holder, const struct setting *s, struct strbuf *out)
{
    return get_pairs(CONST_MEMBER(holder, s, struct config_pairs), s, "\n", out);
}

static int get_value(const void *holder, const struct setting *s, struct strbuf *out)
{
    return get_pairs(CONST_MEMBER(holder, s, struct config_pairs), s, "", out);
}

static void clear_pairs(void *holder, const struct setting *s)
{
    pairs_remove(MEMBER(holder, s, struct config_pairs), s->rest);
}

const struct key_type type_cgroup = {.set = set_appending, .get = get_lines, .clear = clear_pairs};
const struct key_type type_sysctl = {.set = set_replacing, .get = get_value, .clear = clear_pairs};
const struct key_type type_proc = {.set = set_appending, .get = get_value, .clear = clear_pairs};

/* --- Limits: "SOFT", "SOFT:HARD", each a number or "unlimited" --- */

static const char *limit_skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* Append one limit to `out` and return a pointer to the text after it; NULL if it is not a limit. */
static const char *limit_parse(const char *text, struct strbuf *out)
{
    char *end;
    unsigned long long number;

    if (starts_with(text, "unlimited"))
        return strbuf_puts(out, "unlimited") < 0 ? NULL : text + strlen("unlimited");
    errno = 0;
    number = strtoull(text, &end, 10);
    if (number == ULLONG_MAX && !errno)
        return strbuf_puts(out, "unlimited") < 0 ? NULL : end;
    return errno || strbuf_printf(out, "%llu", number) < 0 ? NULL : end;
}

static int set_prlimit(void *holder, const struct setting *s, char **kept, struct error *err)
{
    static const char wanted[] = "SOFT:HARD, each a number or \"unlimited\", or one for both";
    cleanup_strbuf struct strbuf soft = STRBUF_INIT, hard = STRBUF_INIT;
    const char *at = limit_parse(s->value, &soft);
    int r = ends_with(s->name, ".")
                ? 0
                : pairs_require_name(s, err); /* a limit without a name cannot be applied */

    (void)kept;
    if (r < 0)
        return r;
    at = at ? limit_skip_blanks(at) : NULL;
    if (!at || (*at && *at != ':'))
        return setting_refuse(s, err, wanted);
    at = limit_skip_blanks(at + (*at == ':'));
    if (*at) {
        at = limit_parse(at, &hard);
        if (!at || *limit_skip_blanks(at))
            return setting_refuse(s, err, wanted);
    }
    if (hard.length && strcmp(strbuf_text(&soft), strbuf_text(&hard)) != 0)
        r = strbuf_printf(&soft, ":%s", strbuf_text(&hard));
    if (r == 0)
        r = pairs_replace(MEMBER(holder, s, struct config_pairs), s->rest, strbuf_text(&soft));
    return r < 0 ? setting_no_memory(s, err) : 0;
}

const struct key_type type_prlimit = {.set = set_prlimit, .get = get_value, .clear = clear_pairs};
