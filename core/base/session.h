/*
 * A command in a session of its own. A command that enters a container must not have the user's terminal as
 * its controlling terminal: by TIOCSTI (ioctl_tty(2)) what runs in the container could type there. Where a
 * standard stream is a terminal the command gets a pty of ours, and this process relays; where none is, the
 * command gets a session without a terminal, and this process hands on what the user's terminal sends: the
 * signals of ^C, ^\ and ^Z. Either way this process stays the job that the user's shell knows.
 */
#ifndef LXCBOX_CORE_BASE_SESSION_H
#define LXCBOX_CORE_BASE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct session {
    int terminal; /* our end of the pty; -1: none */
    int tty;      /* the command's end */
    int signals;  /* signalfd(2) of what is handed on */
};

#define SESSION_NONE                                                                                         \
    {                                                                                                        \
        -1, -1, -1                                                                                           \
    }
#define cleanup_session __attribute__((cleanup(session_close)))
void session_close(struct session *s);

/* Is a standard stream a terminal? */
bool session_has_terminal(void);

/* Does this process have a controlling terminal? */
bool session_is_controlled(void);

/*
 * Before the command's process is made: open the pty where one is wanted, and block the signals that are
 * handed on. `devpts`: the file system to open it in, so that it has a name inside; -1, or one whose ptmx
 * something else is mounted on: ours. 0 or a negative errno.
 */
int session_open(struct session *s, int devpts, struct error *err);

/* In the command's process: put the pty in place of those of its standard streams that are terminals. */
int session_redirect(const struct session *s, struct error *err);

/* In the command's process, as the last step but execve(2): make the session, and unblock the signals. */
int session_enter(const struct session *s, struct error *err);

/*
 * In this process: relay until the command has ended. `log`: an fd for a copy of what it writes on the pty;
 * -1: none. Returns its exit status, 128 + the signal that ended it, or a negative errno with `err` filled.
 */
int session_follow(struct session *s, pid_t pid, int log, struct error *err);

/* The same without the relay, for a command that has failed to start. */
int session_wait(struct session *s, pid_t pid);

#endif
