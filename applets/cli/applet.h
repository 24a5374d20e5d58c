/*
 * An applet is one file in applets/. It registers itself with the APPLET macro: the linker collects pointers
 * to all applets in a section, which main() searches. To add a command, add its .c and its .1; no other file
 * changes.
 */
#ifndef LXCBOX_APPLETS_CLI_APPLET_H
#define LXCBOX_APPLETS_CLI_APPLET_H

#include <limits.h>

#include "core/base/error.h"
#include "applets/cli/options.h"

/* The release of LXC that the lxc-* commands are compatible with. Scripts compare this number; see lxcbox(1).
 */
#define LXC_VERSION "7.0.0"

struct invocation {
    const char *applet; /* the name the applet was called by */
    const char *usage;  /* of struct applet, as operands_max */
    int operands_max;
    void *options; /* the applet's options struct, set from the command line */
    int argc;      /* operands left after the options */
    char **argv;   /* NULL-terminated */
};

#define OPERANDS_ANY INT_MAX

/*
 * Refuse operands beyond the applet's operands_max. container_select() and container_select_path() do so;
 * applets that use neither call this. Returns 0, or -EINVAL with `err` filled.
 */
int operands_check(const struct invocation *in, struct error *err);

struct applet {
    const char *name;    /* the command's name */
    const char *summary; /* one line, no full stop */
    const char *usage;   /* the synopsis without the name: "[-n] NAME [OPTION]... [-- COMMAND [ARG]...]" */
    const struct option_row *options; /* ends with OPT_END */
    size_t options_size;              /* of the struct that the table sets; it is zeroed first */
    int operands_max;                 /* beside the container's name; see operands_check() */
    bool stop_at_operand;             /* options end at the first operand (commands that run commands) */
    bool unparsed;                    /* all arguments are operands, except a single --help or --version */
    bool unlinked;                    /* --install makes no link: the host has its own program of this name */
    bool sealed;                      /* enters containers: runs from a copy that they cannot write to */
    bool (*enters)(const void *options); /* `sealed` applies only with such options; NULL: always */
    /*
     * Returns the exit status (0 to 255), or a negative errno with `err` filled: main then prints
     * "NAME: text (remedy)" on standard error and exits with 1.
     */
    int (*run)(struct invocation *in, struct error *err);
};

#define APPLET(identifier, ...)                                                                              \
    static const struct applet identifier##_applet = {__VA_ARGS__};                                          \
    __attribute__((section("applets"), used)) static const struct applet *const identifier##_entry =         \
        &identifier##_applet

extern const struct applet *const __start_applets[];
extern const struct applet *const __stop_applets[];

#endif
