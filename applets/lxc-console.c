/* lxc-console: log in on a terminal of a container. See lxc-console.1. */
#include <errno.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "applets/cli/container_options.h"
#include "core/base/cleanup.h"
#include "core/command/command_client.h"
#include "core/base/relay.h"

struct lxc_console_options {
    struct container_options container;
    const char *tty;
    const char *escape;
};

static const struct option_row lxc_console_table[] = {
    OPT_STRING('t', "tty", "NUMBER", struct lxc_console_options, tty,
               "the terminal; 0 is the console (the first free one)"),
    OPT_STRING('e', "escape", "PREFIX", struct lxc_console_options, escape,
               "the escape key, for example a or ^a; -1 for none (^a)"),
    OPT_GROUP(container_config_table, struct lxc_console_options, container),
    OPT_END,
};

/*
 * Returns the control code of the escape key: 1 for "^a", "a" or "A", 29 for "^]"; 0, no escape key, for
 * "-1",
 * "^" and digits, which have no control code and with which users of LXC disable the key.
 */
static int escape_read(const char *text, struct error *err)
{
    const char *letter = text[0] == '^' && text[1] ? text + 1 : text;
    bool is_control = letter > text && *letter >= '@' && *letter <= '_';

    if (strcmp(text, "-1") == 0 || strcmp(text, "^") == 0 || (isdigit((unsigned char)*text) && !text[1]))
        return 0;
    if (letter[0] && !letter[1] && (is_control || isalpha((unsigned char)*letter)))
        return *letter & 0x1f;
    error_text(err, EINVAL, "-e takes a key that has a control code, not \"%s\"", text);
    return error_remedy(err, "for example a, ^a or ^], or -1 for none");
}

static void console_print_hint(int number, int escape)
{
    char key = (char)(escape <= 26 ? 'a' + escape - 1 : '@' + escape);

    if (escape)
        fprintf(
            stderr,
            "\nConnected to tty %d\nType <Ctrl+%c q> to exit the console, <Ctrl+%c Ctrl+%c> to enter Ctrl+%c "
            "itself\n",
            number, key, key, key, key);
}

static int lxc_console_run(struct invocation *in, struct error *err)
{
    const struct lxc_console_options *o = in->options;
    struct relay relay = {.in = STDIN_FILENO, .out = STDOUT_FILENO, .log = -1, .pidfd = -1};
    cleanup_fd int terminal = -1, holder = -1;
    struct container c;
    int64_t wanted = -1;
    int r, number;

    if (o->tty && parse_int64(o->tty, 10, 0, 1024, &wanted) < 0)
        return error_text(err, EINVAL, "-t takes the number of a terminal, not \"%s\"", o->tty);
    relay.escape = escape_read(o->escape ? o->escape : "a", err);
    if (relay.escape < 0)
        return relay.escape;
    r = container_select(&o->container, in, &c, err);
    if (r < 0)
        return r;
    number = (int)wanted;
    holder = command_terminal(&c, &number, &terminal, err);
    if (holder < 0)
        return holder;
    relay.terminal = terminal;
    console_print_hint(number, relay.escape);
    if (command_state(&c, NULL) == STATE_FROZEN && !o->container.quiet)
        fprintf(stderr, "%s: %s is frozen: nothing answers until it is thawed (lxc-unfreeze -n %s)\n",
                in->applet, c.name, c.name);
    return relay_run(&relay, err);
}

APPLET(lxc_console, .name = "lxc-console", .summary = "Log in on a terminal of a container",
       .usage = "[-n] NAME [OPTION]...", .options = lxc_console_table,
       .options_size = sizeof(struct lxc_console_options), .run = lxc_console_run);
