/*
 * How a container's first process takes a signal. The first process of a pid namespace does not get a signal
 * from outside that it neither blocks nor handles, except SIGKILL and SIGSTOP. Source: pid_namespaces(7),
 * proc_pid_status(5), proc_pid_syscall(5).
 */
#ifndef LXCBOX_CORE_RUN_INIT_SIGNALS_H
#define LXCBOX_CORE_RUN_INIT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Bit N-1 stands for signal N. */
struct init_signals {
    uint64_t
        blocked; /* also those that it waits for in sigtimedwait(2), which SigBlk does not show meanwhile */
    uint64_t caught, ignored;
    bool first;   /* of its pid namespace */
    bool certain; /* false: it was running, or may not be looked at, so that `blocked` may lack signals */
};

enum signal_reaction { SIGNAL_TAKEN, SIGNAL_IGNORED, SIGNAL_UNCERTAIN };

/* Read them of a process at this moment. 0 or a negative errno. */
int init_signals_read(int pid, struct init_signals *s);

/* What a signal would do that is sent now. SIGNAL_IGNORED: nothing at all. */
enum signal_reaction init_signals_reaction(const struct init_signals *s, int signal);

/* Milliseconds since the process was started; a negative errno. */
int64_t init_age_ms(int pid);

#endif
