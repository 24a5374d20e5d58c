/*
 * A command in a session of its own. A command that enters a container must not have the user's terminal as
 * its controlling terminal: by TIOCSTI (ioctl_tty(2)) a process in the container could insert input there. If
 * a standard stream is a terminal, the command gets a new pty, and this process relays between the two. If
 * none is, the command gets a session without a terminal, and this process forwards the signals that the
 * user's terminal sends on ^C, ^\ and ^Z. In both cases this process remains the job of the user's shell.
 */
#ifndef LXCBOX_CORE_BASE_SESSION_H
#define LXCBOX_CORE_BASE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct session {
    int terminal; /* our end of the pty; -1: none */
    int tty;      /* the command's end */
    int signals;  /* signalfd(2) of the signals to forward */
};

#define SESSION_NONE                                                                                         \
    {                                                                                                        \
        -1, -1, -1                                                                                           \
    }
#define cleanup_session __attribute__((cleanup(session_close)))
void session_close(struct session *s);

/* Whether a standard stream is a terminal. */
bool session_has_terminal(void);

/* Whether this process has a controlling terminal. */
bool session_is_controlled(void);

/*
 * Before the command's process is created: open the pty if a standard stream is a terminal, and block the
 * signals to forward. `devpts`: an fd of the file system of the pty, so that it has a name in the container;
 * the devpts of this process is used if it is -1 or another file is mounted on its ptmx. 0 or a negative
 * errno with `err` filled.
 */
int session_open(struct session *s, int devpts, struct error *err);

/* In the command's process: replace each standard stream that is a terminal by the pty. */
int session_redirect(const struct session *s, struct error *err);

/* In the command's process, directly before execve(2): create the session, and unblock the signals. */
int session_enter(const struct session *s, struct error *err);

/*
 * In this process: relay until the command has ended. `log`: an fd for a copy of its output on the pty; -1:
 * none. Returns its exit status (128 + signal if a signal ended it), or a negative errno with `err` filled.
 */
int session_follow(struct session *s, pid_t pid, int log, struct error *err);

/* The same without the relay, for a command that failed to start. A negative errno has no `err`. */
int session_wait(struct session *s, pid_t pid);

#endif
