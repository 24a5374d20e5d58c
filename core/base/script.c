#include "core/base/script.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/str.h"

static bool script_needs_shell(const char *command)
{
    return command[strcspn(command, "|&;<>()$`\\\"'*?[#~=%{}!\n")] != '\0';
}

/* One more argument in single quotes: a shell takes it as it is. */
static int script_quote(struct strbuf *line, const char *text)
{
    int r = strbuf_puts(line, " '");

    for (; r == 0 && *text; text++)
        r = *text == '\'' ? strbuf_puts(line, "'\\''") : strbuf_add(line, text, 1);
    return r == 0 ? strbuf_puts(line, "'") : r;
}

/* The words of the command, then the extra arguments. */
static int script_argv(const char *command, char *const *extra, struct string_list *argv)
{
    cleanup_free char *copy = strdup(command);
    int r = copy ? 0 : -ENOMEM;
    char *word, *rest = copy;

    if (r == 0 && script_needs_shell(command)) {
        cleanup_strbuf struct strbuf line = STRBUF_INIT;
        r = strbuf_puts(&line, command);
        for (size_t i = 0; r == 0 && extra && extra[i]; i++)
            r = script_quote(&line, extra[i]);
        if (r < 0 || string_list_add(argv, "/bin/sh") < 0 || string_list_add(argv, "-c") < 0 ||
            string_list_add(argv, strbuf_text(&line)) < 0)
            r = -ENOMEM;
        return r;
    }
    while (r == 0 && (word = strsep(&rest, " \t")))
        if (*word)
            r = string_list_add(argv, word);
    for (size_t i = 0; r == 0 && extra && extra[i]; i++)
        r = string_list_add(argv, extra[i]);
    return r;
}

int script_run(const char *command, char *const *extra, char *const *environment, const char *what,
               struct error *err)
{
    cleanup_string_list struct string_list argv = {0};
    struct process_program program = {.environment = environment};
    struct process p;
    int r = script_argv(command, extra, &argv);

    if (r < 0)
        return error_set(err, r, "cannot run %s", what);
    if (!argv.count)
        return error_text(err, EINVAL, "%s names no program", what);
    program.argv = argv.items;
    r = process_start(&p, process_execute, &program, false, err);
    if (r == 0)
        r = process_finish(&p, err);
    if (r < 0)
        return error_context(err, "cannot run %s", what);
    if (r > 128)
        return error_text(err, ECANCELED, "%s: %s was killed by signal %d", what, command, r - 128);
    return r == 0 ? 0 : error_text(err, ECANCELED, "%s: %s exited with status %d", what, command, r);
}
