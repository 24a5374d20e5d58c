/*
 * The person's terminal joined to one of a container's: bytes both ways, window size, an escape to leave by.
 * The person's end is put in raw mode meanwhile (termios(3), cfmakeraw) and put back afterwards, also when a
 * signal ends us.
 */
#ifndef LXCBOX_CORE_BASE_RELAY_H
#define LXCBOX_CORE_BASE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct relay {
    int in, out;  /* the person's; -1: none. Raw mode and window size are `in`'s, if it is a terminal */
    int terminal; /* the container's pty, our end; it is read until it hangs up */
    int escape;   /* control code: ESCAPE q leaves, ESCAPE ESCAPE sends one; 0: none */
    int log;      /* what comes from the container is written there as well; -1: no */
    int pidfd; /* the process behind the terminal: gets the signals that we are sent, and its end, after the
                  last output, is ours; -1: none, and a signal ends us */
};

/* Runs until the container's side ends or the person leaves. 0 or a negative errno. */
int relay_run(const struct relay *relay, struct error *err);

/* Give `terminal` the window size of `in`; nothing happens where either is no terminal. */
void relay_window_size(int in, int terminal);

/*
 * What of `bytes` goes on to the container, in place: the escape is taken out. `*escaped` carries between
 * calls whether the escape came last. Returns the length left; *leave when the person said so (what follows
 * is dropped).
 */
size_t relay_escape(int escape, bool *escaped, bool *leave, char *bytes, size_t length);

#endif
