#include "core/config/edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/config.h"
#include "core/config/keys_net.h"

#define NEW_HWADDR "00:16:3e:xx:xx:xx"

/* One line of the text with its newline, and its key and value if it is an assignment. */
struct line {
    const char *start, *end;
    const char *key, *value; /* NULL: none */
    size_t key_length, value_length;
};

static const char *line_skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Parse the line at `at`; the next line starts at `end`. */
static struct line line_parse(const char *at)
{
    size_t length = strcspn(at, "\n");
    struct line l = {.start = at, .end = at + length + (at[length] == '\n')};
    const char *key = line_skip_blanks(at), *equals = key + strcspn(key, " \t=\n"), *last = at + length;

    l.key_length = (size_t)(equals - key);
    equals = line_skip_blanks(equals);
    if (!starts_with(key, "lxc.") || *equals != '=')
        return l;
    l.key = key;
    l.value = line_skip_blanks(equals + 1);
    while (last > l.value && strchr(" \t\r", last[-1]))
        last--;
    l.value_length = (size_t)(last - l.value);
    if (l.value_length >= 2 && strchr("'\"", *l.value) && l.value[l.value_length - 1] == *l.value) {
        l.value++;
        l.value_length -= 2;
    }
    return l;
}

static bool line_has_key(const struct line *l, const char *key)
{
    size_t length = strlen(key);
    bool family = length && key[length - 1] == '.';

    return l->key && (family ? l->key_length > length : l->key_length == length) &&
           strncmp(l->key, key, length) == 0;
}

static int text_replace(struct strbuf *text, struct strbuf *next)
{
    struct strbuf old = *text;

    *text = *next;
    *next = old;
    return 0;
}

static int text_add_assignment(struct strbuf *text, const char *key, const char *value)
{
    return strbuf_printf(text, *value ? "%s = %s\n" : "%s =\n", key, value);
}

/* Remove the assignments of `key`, except that the first one is set to `value` unless that is NULL. */
static int text_rewrite(struct strbuf *text, const char *key, const char *value, bool *found)
{
    cleanup_strbuf struct strbuf next = STRBUF_INIT;

    *found = false;
    for (const char *at = strbuf_text(text); *at;) {
        struct line l = line_parse(at);
        int r = 0;

        if (!line_has_key(&l, key))
            r = strbuf_add(&next, l.start, (size_t)(l.end - l.start));
        else if (value && !*found)
            r = text_add_assignment(&next, key, value);
        *found = *found || line_has_key(&l, key);
        if (r < 0)
            return r;
        at = l.end;
    }
    return text_replace(text, &next);
}

int config_text_append(struct strbuf *text, const char *key, const char *value)
{
    int r = 0;

    if (text->length && text->text[text->length - 1] != '\n')
        r = strbuf_puts(text, "\n");
    return r < 0 ? r : text_add_assignment(text, key, value);
}

int config_text_set(struct strbuf *text, const char *key, const char *value)
{
    bool found;
    int r = text_rewrite(text, key, value, &found);

    return r < 0 || found ? r : config_text_append(text, key, value);
}

int config_text_remove(struct strbuf *text, const char *key)
{
    bool found;

    return text_rewrite(text, key, NULL, &found);
}

int config_text_get(const char *text, const char *key, struct strbuf *value)
{
    struct line last = {0};

    for (const char *at = text; *at;) {
        struct line l = line_parse(at);
        if (line_has_key(&l, key))
            last = l;
        at = l.end;
    }
    return last.key ? strbuf_add(value, last.value, last.value_length) : -ENOENT;
}

static bool line_has_hwaddr(const struct line *l)
{
    static const char end[] = ".hwaddr";
    size_t length = sizeof(end) - 1;

    return l->key && starts_with(l->key, "lxc.net.") && l->key_length > length && l->value_length &&
           strncmp(l->key + l->key_length - length, end, length) == 0;
}

/* Write new addresses into the hwaddr lines; with `templates` only replace each x in templates. */
static int text_rewrite_hwaddr(struct strbuf *text, bool templates)
{
    cleanup_strbuf struct strbuf next = STRBUF_INIT;

    for (const char *at = strbuf_text(text); *at;) {
        struct line l = line_parse(at);
        char hwaddr[] = NEW_HWADDR;
        bool change = line_has_hwaddr(&l);
        int r;

        if (change && templates) {
            change = l.value_length == strlen(hwaddr);
            if (change)
                memcpy(hwaddr, l.value, strlen(hwaddr));
            change = change && hwaddr_is_valid(hwaddr) && strpbrk(hwaddr, "xX");
        }
        if (change) {
            if (!hwaddr_expand(hwaddr))
                return -EIO;
            r = strbuf_printf(&next, "%.*s = %s\n", (int)l.key_length, l.key, hwaddr);
        } else {
            r = strbuf_add(&next, l.start, (size_t)(l.end - l.start));
        }
        if (r < 0)
            return r;
        at = l.end;
    }
    return text_replace(text, &next);
}

int config_text_new_hwaddr(struct strbuf *text)
{
    return text_rewrite_hwaddr(text, false);
}

int config_text_expand_hwaddr(struct strbuf *text)
{
    return text_rewrite_hwaddr(text, true);
}

/* Whether the interface in the container has a hardware address of its own, which can be chosen. */
static bool net_has_hwaddr(const struct config_net *n)
{
    return n->has_type && (n->type == NET_VETH || n->type == NET_MACVLAN);
}

int config_text_add_hwaddr(struct strbuf *text, const struct config *read)
{
    for (size_t i = 0; i < read->net_count; i++) {
        const struct config_net *n = &read->nets[i];
        cleanup_strbuf struct strbuf ignored = STRBUF_INIT;
        char key[40], hwaddr[] = NEW_HWADDR;
        int r;

        snprintf(key, sizeof(key), "lxc.net.%u.hwaddr", n->index);
        if (!net_has_hwaddr(n) || config_text_get(strbuf_text(text), key, &ignored) != -ENOENT)
            continue;
        /* A template in an included file is expanded at each read: keep the current address. */
        if (!n->hwaddr && !hwaddr_expand(hwaddr))
            return -EIO;
        r = config_text_append(text, key, n->hwaddr ? n->hwaddr : hwaddr);
        if (r < 0)
            return r;
    }
    return 0;
}
