#include "applets/cli/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/suggest.h"

struct match {
    const struct option_row *row;
    char *base; /* start of the struct that row->offset refers to */
    int count;  /* number of rows that the abbreviation matches */
    bool exact;
    bool first; /* an ambiguous abbreviation selects the first match */
};

static bool options_have_one_dash(const struct option_row *table)
{
    return table->kind == OPTION_ONE_DASH;
}

static void option_find_letter(const struct option_row *table, char *base, char letter, struct match *m)
{
    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        if (row->kind == OPTION_GROUP)
            option_find_letter(row->group, base + row->offset, letter, m);
        else if (row->letter == letter && !m->row)
            *m = (struct match){row, base, 1, true, false};
    }
}

static void option_find_name(const struct option_row *table, char *base, const char *name, size_t length,
                             struct match *m)
{
    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        if (row->kind == OPTION_GROUP) {
            option_find_name(row->group, base + row->offset, name, length, m);
        } else if (row->name && strncmp(row->name, name, length) == 0 && !m->exact &&
                   !(m->first && m->row && row->name[length])) {
            m->exact = row->name[length] == '\0';
            m->count = m->exact ? 1 : m->count + 1;
            m->row = row;
            m->base = base;
        }
    }
}

static int option_store(const struct match *m, const char *spelling, char *argument, struct error *err)
{
    void *member = m->base + m->row->offset;
    int64_t number;

    switch (m->row->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return 0;
    case OPTION_SET:
        *(int *)member = m->row->value;
        return 0;
    case OPTION_STRING:
        *(const char **)member = argument;
        return 0;
    case OPTION_OPTIONAL:
    case OPTION_OPTIONAL_LONG:
        *(const char **)member = argument ? argument : "";
        return 0;
    case OPTION_LIST:
        if (string_list_add(member, argument) < 0)
            return error_set(err, ENOMEM, "cannot keep option %s", spelling);
        return 0;
    case OPTION_INT:
        if (parse_int64(argument, 10, INT_MIN, INT_MAX, &number) < 0)
            return error_text(err, EINVAL, "option %s takes a whole number, not \"%s\"", spelling, argument);
        *(int *)member = (int)number;
        return 0;
    default:
        return -EINVAL;
    }
}

static int option_error(struct error *err, const char *format, const char *argument)
{
    error_text(err, EINVAL, format, argument);
    return error_remedy(err, "--help lists the options");
}

static void option_offer_names(const struct option_row *table, struct nearest *n)
{
    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        if (row->kind == OPTION_GROUP)
            option_offer_names(row->group, n);
        else if (row->name && row->help)
            nearest_offer(n, row->name);
    }
}

/* `word` is "--name[=value]" with one dash or two, and a name that the table does not have: an error was just
 * set. */
static int option_suggest(const struct option_row *table, const char *word, size_t dashes, size_t length,
                          struct error *err)
{
    cleanup_free char *name = strndup(word + dashes, length - dashes);
    struct nearest n = {.name = name ? name : ""};

    option_offer_names(table, &n);
    nearest_offer(&n, "help");
    nearest_offer(&n, "version");
    if (n.best)
        error_remedy(err, "did you mean %.*s%s?", (int)dashes, "--", n.best);
    return -EINVAL;
}

/* An option that the table does not have may belong after "--". */
static int option_unknown(const struct option_row *table, const char *spelling, struct error *err)
{
    option_error(err, "unknown option \"%s\"", spelling);
    for (const struct option_row *row = table; row->kind != OPTION_END; row++)
        if (row->kind == OPTION_REST)
            error_remedy(err, "put %s after \"--\"; --help lists the options", row->help);
    return -EINVAL;
}

static bool option_takes_argument(const struct option_row *row)
{
    return row->kind == OPTION_STRING || row->kind == OPTION_LIST || row->kind == OPTION_INT;
}

/* Parse "--name[=value]". Sets *used_next if the value was the next argument. */
static int option_parse_long(const struct option_row *table, void *options, char *word, char *next,
                             bool *used_next, struct error *err)
{
    char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    struct match m = {.first = options_have_one_dash(table)};
    size_t dashes = word[1] == '-' ? 2 : 1;
    char *argument = equals ? equals + 1 : NULL;

    option_find_name(table, options, word + dashes, length - dashes, &m);
    if (!m.row) {
        (void)option_unknown(table, word, err);
        return option_suggest(table, word, dashes, length, err);
    }
    if (m.count > 1)
        return option_error(err, "option \"%s\" is ambiguous", word);
    if (option_takes_argument(m.row) && !argument) {
        if (!next)
            return option_error(err, "option \"%s\" needs a value", word);
        argument = next;
        *used_next = true;
    }
    if (argument && !m.row->argument)
        return option_error(err, "option \"%s\" takes no value", word);
    /* An unset variable in a script must not be mistaken for the option without a value. */
    if (argument && !*argument && !option_takes_argument(m.row))
        return option_error(err, "option \"%s\" has an empty value", word);
    return option_store(&m, word, argument, err);
}

/* Parse bundled letters, "-abcVALUE". */
static int option_parse_letters(const struct option_row *table, void *options, char *word, char *next,
                                bool *used_next, bool *help, struct error *err)
{
    for (char *p = word + 1; *p; p++) {
        char spelling[3] = {'-', *p, '\0'};
        struct match m = {0};
        char *argument = NULL;
        int r;

        option_find_letter(table, options, *p, &m);
        if (!m.row && (*p == 'h' || *p == '?')) {
            *help = true;
            return 0;
        }
        if (!m.row)
            return option_unknown(table, spelling, err);
        if (m.row->argument && m.row->kind != OPTION_OPTIONAL_LONG && p[1]) {
            argument = p + 1;
        } else if (option_takes_argument(m.row)) {
            if (!next)
                return option_error(err, "option \"%s\" needs a value", spelling);
            argument = next;
            *used_next = true;
        }
        r = option_store(&m, spelling, argument, err);
        if (r < 0)
            return r;
        if (argument)
            break;
    }
    return 0;
}

int options_parse(const struct option_row *table, bool stop_at_operand, void *options, int argc, char **argv,
                  int *operands, bool *help, bool *version, struct error *err)
{
    int kept = 0, i = 1;

    *help = *version = false;
    for (; i < argc; i++) {
        char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool used_next = false;
        int r;

        if (strcmp(word, "--") == 0) {
            i++;
            break;
        }
        if (word[0] != '-' || !word[1]) {
            if (stop_at_operand)
                break;
            argv[1 + kept++] = word;
            continue;
        }
        if (strcmp(word, "--help") == 0 || (options_have_one_dash(table) && strcmp(word, "-help") == 0) ||
            strcmp(word, "--usage") == 0) {
            *help = true;
            return 0;
        }
        if (strcmp(word, "--version") == 0) {
            *version = true;
            return 0;
        }
        if (word[1] == '-' || options_have_one_dash(table))
            r = option_parse_long(table, options, word, next, &used_next, err);
        else
            r = option_parse_letters(table, options, word, next, &used_next, help, err);
        if (r < 0 || *help)
            return r;
        i += used_next;
    }
    while (i < argc)
        argv[1 + kept++] = argv[i++];
    argv[1 + kept] = NULL;
    *operands = kept;
    return 0;
}

int options_help(const struct option_row *table, struct strbuf *out)
{
    const char *dashes = options_have_one_dash(table) ? "-" : "--";

    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        char left[64] = "";
        size_t n = 0;

        if (row->kind == OPTION_GROUP) {
            if (options_help(row->group, out) < 0)
                return -ENOMEM;
            continue;
        }
        if (!row->help || row->kind == OPTION_REST)
            continue;
        n += (size_t)snprintf(left, sizeof(left), row->letter ? "-%c" : "  ", row->letter);
        if (row->name)
            n += (size_t)snprintf(left + n, sizeof(left) - n, "%s%s%s", row->letter ? ", " : "  ", dashes,
                                  row->name);
        if (row->argument)
            snprintf(left + n, sizeof(left) - n, option_takes_argument(row) ? "%s%s" : "[%s%s]",
                     row->name ? "=" : (option_takes_argument(row) ? " " : ""), row->argument);
        if (strbuf_printf(out, "  %-30s %s\n", left, row->help) < 0)
            return -ENOMEM;
    }
    return 0;
}

int options_list(const struct option_row *table, struct strbuf *out)
{
    const char *dashes = options_have_one_dash(table) ? "-" : "--";

    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        const char *argument = row->argument ? row->argument : "";
        const char *space = row->argument ? " " : "";
        int r = 0;

        if (row->kind == OPTION_GROUP)
            r = options_list(row->group, out);
        if (r == 0 && row->help && row->letter && row->kind == OPTION_OPTIONAL_LONG)
            r = strbuf_printf(out, "-%c\n", row->letter);
        else if (r == 0 && row->help && row->letter)
            r = strbuf_printf(out, "-%c%s%s\n", row->letter, space, argument);
        if (r == 0 && row->help && row->name)
            r = strbuf_printf(out, "%s%s%s%s\n", dashes, row->name, space, argument);
        if (r < 0)
            return r;
    }
    return 0;
}

void options_free(const struct option_row *table, void *options)
{
    for (const struct option_row *row = table; row->kind != OPTION_END; row++) {
        if (row->kind == OPTION_GROUP)
            options_free(row->group, (char *)options + row->offset);
        else if (row->kind == OPTION_LIST)
            string_list_clear((struct string_list *)((char *)options + row->offset));
    }
}
