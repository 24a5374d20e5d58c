#include "core/encoding/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int json_put_character(struct strbuf *out, const unsigned char *s, size_t length)
{
    if (length == 0)
        return strbuf_puts(out, "\\ufffd");
    if (*s < 0x20 || *s == 0x7f)
        return strbuf_printf(out, "\\u%04x", *s);
    if (s[0] == 0xc2 && s[1] < 0xa0) /* C1: a terminal would obey it */
        return strbuf_printf(out, "\\u%04x", s[1]);
    if (*s == '"' || *s == '\\')
        return strbuf_printf(out, "\\%c", *s);
    return strbuf_add(out, s, length);
}

static int json_put_text(struct strbuf *out, const char *text)
{
    int r = strbuf_add(out, "\"", 1);

    for (const unsigned char *s = (const unsigned char *)text; r == 0 && *s;) {
        size_t length = utf8_length(s, 4); /* the terminator ends a sequence, too */

        r = json_put_character(out, s, length);
        s += length ? length : 1;
    }
    return r == 0 ? strbuf_add(out, "\"", 1) : r;
}

/* Write the comma after the previous value, and the key. */
static int json_begin(struct strbuf *out, const char *key)
{
    char last = out->length ? out->text[out->length - 1] : '[';
    int r = 0;

    if (last != '[' && last != '{' && last != '\n')
        r = strbuf_add(out, ",", 1);
    if (r == 0 && key)
        r = json_put_text(out, key);
    return r == 0 && key ? strbuf_add(out, ":", 1) : r;
}

int json_open(struct strbuf *out, const char *key, char bracket)
{
    int r = json_begin(out, key);

    return r == 0 ? strbuf_add(out, &bracket, 1) : r;
}

int json_close(struct strbuf *out, char bracket)
{
    return strbuf_add(out, &bracket, 1);
}

int json_string(struct strbuf *out, const char *key, const char *text)
{
    int r = json_begin(out, key);

    if (r == 0)
        r = text ? json_put_text(out, text) : strbuf_puts(out, "null");
    return r;
}

int json_number(struct strbuf *out, const char *key, int64_t number)
{
    int r = json_begin(out, key);

    return r == 0 ? strbuf_printf(out, "%" PRId64, number) : r;
}

int json_bool(struct strbuf *out, const char *key, bool value)
{
    int r = json_begin(out, key);

    return r == 0 ? strbuf_puts(out, value ? "true" : "false") : r;
}

int json_strings(struct strbuf *out, const char *key, const struct string_list *list)
{
    int r = json_open(out, key, '[');

    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = json_string(out, NULL, list->items[i]);
    return r == 0 ? json_close(out, ']') : r;
}

/* The length of the token at `s`: a string, a punctuation mark, or a number or word. */
static size_t token_length(const char *s)
{
    size_t length = 1;

    if (*s != '"')
        return strchr("{}[],:", *s) ? 1 : strcspn(s, "{}[],:");
    while (s[length] != '"')
        length += s[length] == '\\' ? 2 : 1;
    return length + 1;
}

static int indent_line(struct strbuf *out, int depth)
{
    return strbuf_printf(out, "\n%*s", depth * 4, "");
}

int json_indent(struct strbuf *out, const char *value)
{
    int depth = 0, r = 0;
    size_t length;

    for (const char *s = value; r == 0 && *s; s += length) {
        bool closes = *s == '}' || *s == ']';
        bool is_empty = s > value && (s[-1] == '{' || s[-1] == '[');

        length = token_length(s);
        if (closes)
            depth--;
        if (closes ? !is_empty : is_empty || (s > value && s[-1] == ','))
            r = indent_line(out, depth);
        if (r == 0)
            r = strbuf_add(out, s, length);
        if (r == 0 && *s == ':')
            r = strbuf_add(out, " ", 1);
        if (*s == '{' || *s == '[')
            depth++;
    }
    return r;
}
