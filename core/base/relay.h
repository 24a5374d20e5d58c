/*
 * Connecting the terminal of the user to the pty of a process in a container: bytes in both directions, the
 * window size, and a key sequence to leave. The terminal of the user is in raw mode meanwhile (termios(3),
 * cfmakeraw); its mode is restored at the end, also if a signal ends this process. Source: pty(7).
 */
#ifndef LXCBOX_CORE_BASE_RELAY_H
#define LXCBOX_CORE_BASE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct relay {
    int in, out;  /* of the user; -1: none. If `in` is a terminal, its mode and window size are used */
    int terminal; /* our end of the container's pty, which is read until it hangs up */
    int escape;   /* control code: ESCAPE q leaves, ESCAPE ESCAPE sends one; 0: none */
    int log;      /* for a copy of the output; -1: none */
    int pidfd; /* of the process on the pty: it receives the signals that this process is sent, and its end,
                  after the last output, ends the relay. -1: none, and a signal ends the relay */
};

/* Run until the other side of the pty is closed or the user leaves. 0 or a negative errno with `err` filled.
 */
int relay_run(const struct relay *relay, struct error *err);

/* Set the window size of `terminal` to that of `in`. No effect if either is not a terminal. */
void relay_window_size(int in, int terminal);

/*
 * Remove the escape sequences from `bytes`, in place. `*escaped`: whether the last byte of the previous call
 * was the escape. Returns the remaining length. *leave is set if the user leaves; the bytes after that are
 * dropped.
 */
size_t relay_escape(int escape, bool *escaped, bool *leave, char *bytes, size_t length);

#endif
