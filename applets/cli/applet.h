/*
 * An applet is one file in applets/: it registers itself with the APPLET macro, whose pointer the linker
 * collects in a section that main walks. Adding a command means adding its .c and its .1 and touching no
 * other file.
 */
#ifndef LXCBOX_APPLETS_CLI_APPLET_H
#define LXCBOX_APPLETS_CLI_APPLET_H

#include "core/base/error.h"
#include "applets/cli/options.h"

/* The release of LXC that the lxc-* commands are compatible with, which scripts compare: see lxcbox(1). */
#define LXC_VERSION "7.0.0"

struct invocation {
    const char *applet; /* the name it was called by */
    void *options;      /* the applet's options struct, filled */
    int argc;           /* operands left after the options */
    char **argv;        /* NULL-terminated */
};

struct applet {
    const char *name;    /* the command's name */
    const char *summary; /* one line, no full stop */
    const char *usage;   /* what follows the name: "[-n] NAME [OPTION]... [-- COMMAND [ARG]...]" */
    const struct option_row *options; /* ends with OPT_END */
    size_t options_size;              /* of the struct the table fills; it starts zeroed */
    bool stop_at_operand;             /* options end at the first operand (commands that run commands) */
    bool unparsed;                    /* all its words are operands, but for a sole --help or --version */
    bool unlinked; /* --install makes no link: a host has a program of this name for itself */
    bool sealed;   /* enters containers: runs from a view that they cannot write to */
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
