/*
 * One options table per applet drives the parser, --help and shell completion; a test compares it with the
 * man page. The conventions are those of getopt_long(3): bundled letters, "-oVALUE", "-o VALUE",
 * "--name=VALUE",
 * "--name VALUE", unambiguous abbreviations of long names, operands anywhere unless the applet stops at the
 * first one, and "--" ends the options.
 */
#ifndef LXCBOX_APPLETS_CLI_OPTIONS_H
#define LXCBOX_APPLETS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"

enum option_kind {
    OPTION_END,
    OPTION_FLAG,     /* bool: set to true */
    OPTION_SET,      /* int: set to `value` */
    OPTION_STRING,   /* const char *: points into argv */
    OPTION_OPTIONAL, /* const char *: the attached argument ("-eX", "--name=X", not empty) or "" without one
                      */
    OPTION_OPTIONAL_LONG, /* the same, but only the long name takes an argument: "-eX" is "-e -X" */
    OPTION_LIST,          /* struct string_list: each use appends an element */
    OPTION_INT,           /* int: a decimal number, nothing else in the argument */
    OPTION_GROUP,         /* another table, its struct at `offset` */
    OPTION_REST,          /* not an option: `help` names what follows "--" */
    OPTION_ONE_DASH,      /* first row of a table: long names have one dash or two, an ambiguous abbreviation
                             selects the first match, as with iproute2's ip, and there are no letters */
};

/* Kept small because there are hundreds of rows. OPT_FLAG and the macros below it write them. */
struct option_row {
    const char *name; /* NULL: no long form */
    const char
        *argument; /* metavariable; completion uses it, too: FILE, DIR, NAME (a container); NULL: none */
    union {
        const char *help;               /* NULL: not printed (an old spelling kept for scripts) */
        const struct option_row *group; /* OPTION_GROUP */
    };
    uint16_t offset; /* of the member in the applet's options struct */
    uint8_t kind;    /* enum option_kind */
    char letter;     /* 0: no short form */
    int32_t value;   /* OPTION_SET */
};

#define OPTION_ROW(kind_, letter_, name_, argument_, help_, offset_, value_)                                 \
    {                                                                                                        \
        .name = name_, .argument = argument_, .help = help_, .offset = offset_, .kind = kind_,               \
        .letter = letter_, .value = value_                                                                   \
    }
#define OPT_FLAG(letter, name, type, member, help)                                                           \
    OPTION_ROW(OPTION_FLAG, letter, name, NULL, help, offsetof(type, member), 0)
#define OPT_SET(letter, name, type, member, value, help)                                                     \
    OPTION_ROW(OPTION_SET, letter, name, NULL, help, offsetof(type, member), value)
#define OPT_STRING(letter, name, argument, type, member, help)                                               \
    OPTION_ROW(OPTION_STRING, letter, name, argument, help, offsetof(type, member), 0)
#define OPT_OPTIONAL(letter, name, argument, type, member, help)                                             \
    OPTION_ROW(OPTION_OPTIONAL, letter, name, argument, help, offsetof(type, member), 0)
#define OPT_OPTIONAL_LONG(letter, name, argument, type, member, help)                                        \
    OPTION_ROW(OPTION_OPTIONAL_LONG, letter, name, argument, help, offsetof(type, member), 0)
#define OPT_LIST(letter, name, argument, type, member, help)                                                 \
    OPTION_ROW(OPTION_LIST, letter, name, argument, help, offsetof(type, member), 0)
#define OPT_INT(letter, name, argument, type, member, help)                                                  \
    OPTION_ROW(OPTION_INT, letter, name, argument, help, offsetof(type, member), 0)
#define OPT_GROUP(table, type, member)                                                                       \
    {                                                                                                        \
        .group = table, .offset = offsetof(type, member), .kind = OPTION_GROUP                               \
    }
#define OPT_GROUP_ROWS(table) /* of the same struct */                                                       \
    {                                                                                                        \
        .group = table, .kind = OPTION_GROUP                                                                 \
    }
#define OPT_REST(what) /* the arguments after "--": an unknown option may belong there */                    \
    {                                                                                                        \
        .help = what, .kind = OPTION_REST                                                                    \
    }
#define OPT_ONE_DASH                                                                                         \
    {                                                                                                        \
        .kind = OPTION_ONE_DASH                                                                              \
    }
#define OPT_END                                                                                              \
    {                                                                                                        \
        .kind = OPTION_END                                                                                   \
    }

/*
 * Parse argv (argv[0] is skipped) into `options`, which the caller has zeroed. On success argv is rearranged
 * in place: its first `*operands` elements after argv[0] are the operands, NULL-terminated. With
 * `stop_at_operand`, everything from the first operand on is an operand. `*help` and `*version` are set by
 * --help (also -h and -?, unless the table has them) and --version; parsing stops there. Returns 0, or a
 * negative errno with `err` filled.
 */
int options_parse(const struct option_row *table, bool stop_at_operand, void *options, int argc, char **argv,
                  int *operands, bool *help, bool *version, struct error *err);

/* Append the help lines of a table to `out` ("  -n, --name=NAME   ..."). 0 or -ENOMEM. */
int options_help(const struct option_row *table, struct strbuf *out);

/* Append one line per spelling of an option, "-n NAME" or "--quiet", for completion and tests. 0 or -ENOMEM.
 */
int options_list(const struct option_row *table, struct strbuf *out);

/* Free the memory of OPTION_LIST members. */
void options_free(const struct option_row *table, void *options);

#endif
