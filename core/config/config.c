#include "core/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/keys.h"

void config_init(struct config *c)
{
    *c = (struct config){0};
    keys_init(config_keys, c);
}

void config_free(struct config *c)
{
    keys_free(config_keys, c);
    for (size_t i = 0; i < c->assignments.count; i++) {
        free(c->assignments.items[i].key);
        free(c->assignments.items[i].value);
        free(c->assignments.items[i].origin);
    }
    free(c->assignments.items);
    free(c->file);
    *c = (struct config){0};
}

const char *config_rootfs_location(const char *path)
{
    const char *colon = path && *path != '/' ? strchr(path, ':') : NULL;

    return colon ? colon + 1 : path;
}

bool config_assignment_holds(const struct config *c, size_t number)
{
    const struct config_assignment *a = &c->assignments.items[number];

    for (size_t i = number + 1; i < c->assignments.count; i++) {
        const struct config_assignment *later = &c->assignments.items[i];
        size_t length = strlen(later->key);

        if (!*later->value && strncmp(later->key, a->key, length) == 0 &&
            (a->key[length] == '\0' || a->key[length] == '.'))
            return false;
    }
    return *a->value;
}

int config_get_item(const struct config *c, const char *key, struct strbuf *out)
{
    const char *rest;
    struct setting s = {key_find(config_keys, key, &rest), key, rest, "", NULL, NULL, false};

    s.rest = rest;
    return s.key ? s.key->type->get(c, &s, out) : -ENOENT;
}

/* Add quotes around a value with blanks or quotes at its ends, which the parser would remove. */
static int config_write_value(const char *value, struct strbuf *out)
{
    size_t length = strlen(value);
    bool quote = length && (strchr(" \t'\"", *value) || strchr(" \t'\"", value[length - 1]));

    return strbuf_printf(out, quote ? " \"%s\"\n" : " %s\n", value);
}

int config_write(const struct config *c, struct strbuf *out)
{
    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];
        int r = strbuf_printf(out, "%s =", a->key);
        if (r == 0)
            r = *a->value ? config_write_value(a->value, out) : strbuf_puts(out, "\n");
        if (r < 0)
            return r;
    }
    return 0;
}
