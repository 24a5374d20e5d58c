/* Text or JSON, from one call for each value. RFC 8259 for the escapes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"

static void put_quoted(const char *text)
{
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            printf("\\u%04x", *p);
        else
            putchar(*p);
    }
    putchar('"');
}

static void new_line(const struct output *o)
{
    if (o->pretty)
        printf("\n%*s", o->depth * 4, "");
}

/* What stands before a value: a comma, a line, its key. */
static void begin(struct output *o, const char *key)
{
    if (o->filled)
        putchar(',');
    o->filled = true;
    if (o->depth)
        new_line(o);
    if (key) {
        put_quoted(key);
        fputs(o->pretty ? ": " : ":", stdout);
    }
}

void output_open(struct output *o, const char *key, char bracket)
{
    if (!o->json)
        return;
    begin(o, key);
    putchar(bracket);
    o->depth++;
    o->filled = false;
}

void output_close(struct output *o, char bracket)
{
    if (!o->json)
        return;
    o->depth--;
    if (o->filled)
        new_line(o);
    putchar(bracket);
    o->filled = true;
    if (o->depth == 0) {
        putchar('\n');
        o->filled = false;
    }
}

/* The color of a value, by what it is: SGR of ECMA-48, those of iproute2 on a light ground; NULL: none. */
static const char *color_of(const char *key, const char *value)
{
    static const char *const addresses[] = {"local", "address", "broadcast", "permaddr", "lladdr",
                                            "src",   "dst",     "gateway",   "host",     "prefsrc"};

    if (strcmp(key, "ifname") == 0 || strcmp(key, "dev") == 0 || ends_with(key, "if"))
        return "36";
    if (strcmp(key, "operstate") == 0)
        return strcmp(value, "UP") == 0 ? "32" : strcmp(value, "DOWN") == 0 ? "31" : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++)
        if (strcmp(key, addresses[i]) == 0)
            return strchr(value, '.')                                           ? "35"
                   : strlen(value) == 17 && value[2] == ':' && value[14] == ':' ? "33"
                   : strchr(value, ':')                                         ? "34"
                                                                                : NULL;
    return NULL;
}

void output_string(struct output *o, const char *key, const char *text, const char *value)
{
    if (o->json) {
        begin(o, key);
        put_quoted(value);
    } else if (text) {
        const char *color = o->color && key ? color_of(key, value) : NULL;
        size_t words = strcspn(text, "%");

        if (color)
            printf("%.*s\033[%sm", (int)words, text, color);
        printf(color ? text + words : text, value);
        if (color)
            fputs("\033[0m", stdout);
    }
}

void output_number(struct output *o, const char *key, const char *text, int64_t value)
{
    if (o->json) {
        begin(o, key);
        printf("%lld", (long long)value);
    } else if (text) {
        printf(text, (long long)value);
    }
}

void output_true(struct output *o, const char *key, const char *text)
{
    if (o->json) {
        begin(o, key);
        fputs("true", stdout);
    } else if (text) {
        fputs(text, stdout);
    }
}

void output_null(struct output *o, const char *key, const char *text)
{
    if (o->json) {
        begin(o, key);
        fputs("null", stdout);
    } else if (text) {
        fputs(text, stdout);
    }
}

void output_text(const struct output *o, const char *format, ...)
{
    va_list args;

    if (o->json)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}
