#include "core/base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"

void strbuf_free(struct strbuf *b)
{
    free(b->text);
    *b = (struct strbuf)STRBUF_INIT;
}

static int strbuf_reserve(struct strbuf *b, size_t more)
{
    size_t need, capacity = b->capacity ? b->capacity : 64;
    char *text;

    if (__builtin_add_overflow(b->length, more, &need) || need == SIZE_MAX)
        return -ENOMEM;
    need++;
    if (need <= b->capacity)
        return 0;
    while (capacity < need)
        if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
            return -ENOMEM;
    text = realloc(b->text, capacity);
    if (!text)
        return -ENOMEM;
    b->text = text;
    b->capacity = capacity;
    return 0;
}

int strbuf_add(struct strbuf *b, const void *bytes, size_t length)
{
    if (strbuf_reserve(b, length) < 0)
        return -ENOMEM;
    if (length)
        memcpy(b->text + b->length, bytes, length);
    b->length += length;
    b->text[b->length] = '\0';
    return 0;
}

int strbuf_puts(struct strbuf *b, const char *text)
{
    return strbuf_add(b, text, strlen(text));
}

int strbuf_printf(struct strbuf *b, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || strbuf_reserve(b, (size_t)length) < 0)
        return -ENOMEM;
    va_start(args, format);
    vsnprintf(b->text + b->length, (size_t)length + 1, format, args);
    va_end(args);
    b->length += (size_t)length;
    return 0;
}

const char *strbuf_text(const struct strbuf *b)
{
    return b->text ? b->text : "";
}

char *strbuf_take(struct strbuf *b)
{
    char *text = b->text ? b->text : strdup("");

    *b = (struct strbuf)STRBUF_INIT;
    return text;
}

int string_list_take(struct string_list *l, char *text)
{
    char **items = text ? realloc(l->items, (l->count + 2) * sizeof(char *)) : NULL;

    if (!items) {
        free(text);
        return -ENOMEM;
    }
    items[l->count++] = text;
    items[l->count] = NULL;
    l->items = items;
    return 0;
}

int string_list_add(struct string_list *l, const char *text)
{
    return string_list_take(l, strdup(text));
}

void string_list_clear(struct string_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct string_list){0};
}

bool string_list_has(const struct string_list *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i], text) == 0)
            return true;
    return false;
}

bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);

    return tail <= length && strcmp(text + length - tail, suffix) == 0;
}

void text_erase(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

char *format_string(const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    return length < 0 ? NULL : text;
}

bool line_word(const char *line, unsigned index, char *out, size_t size)
{
    size_t length;

    for (;; line += length) {
        line += strspn(line, " \t");
        length = strcspn(line, " \t\n");
        if (index-- == 0)
            break;
    }
    if (length == 0 || length >= size)
        return false;
    memcpy(out, line, length);
    out[length] = '\0';
    return true;
}

static bool is_octal_byte(const char *digits)
{
    return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' && digits[2] >= '0' &&
           digits[2] <= '7' && (digits[0] != '0' || digits[1] != '0' || digits[2] != '0');
}

void text_unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        if (*from == '\\' && is_octal_byte(from + 1)) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

int strbuf_escape(struct strbuf *b, const char *text)
{
    int r = 0;

    for (; r == 0 && *text; text++)
        r = strchr(" \t\\", *text) ? strbuf_printf(b, "\\%03o", (unsigned char)*text)
                                   : strbuf_add(b, text, 1);
    return r;
}

size_t utf8_length(const unsigned char *s, size_t available)
{
    size_t length = s[0] < 0x80   ? 1
                    : s[0] < 0xc2 ? 0
                    : s[0] < 0xe0 ? 2
                    : s[0] < 0xf0 ? 3
                    : s[0] < 0xf5 ? 4
                                  : 0;

    if (length > available)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

/* The bytes of the character at `s`, and whether a terminal would obey it. */
static size_t control_length(const unsigned char *s, size_t room, const char *keep, bool *obeyed)
{
    size_t length = utf8_length(s, room);

    if (length > 1)
        *obeyed = s[0] == 0xc2 && s[1] < 0xa0;
    else
        *obeyed = (s[0] < 0x20 && !(s[0] && strchr(keep, s[0]))) || (s[0] >= 0x7f && s[0] < 0xa0);
    return length ? length : 1;
}

void text_make_printable(char *text, size_t length, const char *keep)
{
    bool obeyed;

    for (size_t i = 0, n; i < length; i += n) {
        n = control_length((const unsigned char *)text + i, length - i, keep, &obeyed);
        if (obeyed)
            memset(text + i, '?', n);
    }
}

bool text_has_control(const char *text)
{
    size_t length = strlen(text);
    bool obeyed = false;

    for (size_t i = 0; i < length && !obeyed;)
        i += control_length((const unsigned char *)text + i, length - i, "\t", &obeyed);
    return obeyed;
}

int parse_int64(const char *text, int base, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    long long value;

    if (!*text || *text == ' ' || *text == '\t')
        return -EINVAL;
    errno = 0;
    value = strtoll(text, &end, base);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

int parse_uint64(const char *text, int base, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    value = strtoull(text, &end, base);
    if (*end)
        return -EINVAL;
    if (errno == ERANGE || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20); /* lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
