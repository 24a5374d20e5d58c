/* Text or JSON, from one call for each value. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "core/encoding/json.h"

/* Remember that memory ran out; ip_run_words reports it. */
static void output_keep(struct output *o, int r)
{
    if (r < 0)
        o->failed = true;
}

/* Print a complete value and a newline. */
static void output_print(struct output *o)
{
    cleanup_strbuf struct strbuf indented = STRBUF_INIT;

    if (o->pretty)
        output_keep(o, json_indent(&indented, strbuf_text(&o->value)));
    if (!o->failed)
        puts(strbuf_text(o->pretty ? &indented : &o->value));
    strbuf_free(&o->value);
}

void output_open(struct output *o, const char *key, char bracket)
{
    if (!o->json)
        return;
    output_keep(o, json_open(&o->value, key, bracket));
    o->depth++;
}

void output_close(struct output *o, char bracket)
{
    if (!o->json)
        return;
    output_keep(o, json_close(&o->value, bracket));
    if (--o->depth == 0)
        output_print(o);
}

/* The color of a value: an SGR parameter of ECMA-48, as in iproute2 for a light background; NULL: none. */
static const char *output_color(const char *key, const char *value)
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
        output_keep(o, json_string(&o->value, key, value));
    } else if (text) {
        const char *color = o->color && key ? output_color(key, value) : NULL;
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
        output_keep(o, json_number(&o->value, key, value));
    } else if (text) {
        printf(text, (long long)value);
    }
}

void output_true(struct output *o, const char *key, const char *text)
{
    if (o->json) {
        output_keep(o, json_bool(&o->value, key, true));
    } else if (text) {
        fputs(text, stdout);
    }
}

void output_null(struct output *o, const char *key, const char *text)
{
    if (o->json) {
        output_keep(o, json_string(&o->value, key, NULL));
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
