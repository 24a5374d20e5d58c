/*
 * Answers for tests/interop/config.sh: blocks of "KEY = VALUE" lines on standard input, a blank line between;
 * each block is set in a fresh config. One line out for each: "KEY = VALUE -> yes|no CURRENT", newlines as
 * "|".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/includes.h"

static void answer(struct config *c, char *line)
{
    char *equals = strstr(line, " =");
    const char *value = equals[2] ? equals + 3 : "";
    cleanup_strbuf struct strbuf now = STRBUF_INIT;
    int set, get;

    *equals = '\0';
    set = config_set(c, line, value, "probe", NULL);
    get = config_get_item(c, line, &now);
    for (char *p = now.text; p && *p; p++)
        *p = *p == '\n' ? '|' : *p;
    printf("%s = %s -> %s %s\n", line, value, set < 0 ? "no" : "yes", get < 0 ? "!" : strbuf_text(&now));
}

static int print_all(const char *file, const char *builtin)
{
    cleanup_config struct config c;
    cleanup_strbuf struct strbuf all = STRBUF_INIT;
    struct error err = ERROR_INIT;
    size_t length = 0;
    const char *text = builtin ? config_builtin(builtin, &length) : NULL;

    config_init(&c);
    if ((builtin ? config_read_text(&c, text, length, builtin, true, &err)
                 : config_read_file(&c, file, &err)) < 0 ||
        config_write(&c, &all) < 0) {
        puts(err.text);
        return 1;
    }
    fputs(strbuf_text(&all), stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct config c;
    char line[4096];

    if (argc > 1)
        return print_all(argv[1], argv[2]);
    config_init(&c);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line) {
            answer(&c, line);
        } else {
            config_free(&c);
            config_init(&c);
        }
    }
    config_free(&c);
    return 0;
}
