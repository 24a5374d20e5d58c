/*
 * The effect of a signal on a container's first process. The first process of a pid namespace does not
 * receive a signal from outside that it neither blocks nor handles, except SIGKILL and SIGSTOP. Source:
 * pid_namespaces(7),
 * proc_pid_status(5), proc_pid_syscall(5).
 */
#ifndef LXCBOX_CORE_RUN_INIT_SIGNALS_H
#define LXCBOX_CORE_RUN_INIT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Bit N-1 represents signal N. */
struct init_signals {
    uint64_t blocked;
    uint64_t awaited; /* in sigtimedwait(2); SigBlk omits them meanwhile */
    uint64_t caught, ignored;
    bool first;   /* of its pid namespace */
    bool certain; /* false: it was running, or we may not inspect it, so `awaited` may lack signals */
};

/* SIGNAL_HELD: it is blocked, by an init with a signalfd(2), or for a moment, as fork(3) of the C libraries
 * does. */
enum signal_reaction { SIGNAL_TAKEN, SIGNAL_HELD, SIGNAL_IGNORED, SIGNAL_UNCERTAIN };

/* Read the current signal sets of a process. 0 or a negative errno. */
int init_signals_read(int pid, struct init_signals *s);

/* The effect of a signal that is sent now. SIGNAL_IGNORED: none. */
enum signal_reaction init_signals_reaction(const struct init_signals *s, int signal);

/* Milliseconds since the process was started; a negative errno. */
int64_t init_age_ms(int pid);

#endif
