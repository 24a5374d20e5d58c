/* Receiving signals by an fd, and sending one to a process, safe against reuse of its pid. */
#ifndef LXCBOX_CORE_BASE_SIGNAL_H
#define LXCBOX_CORE_BASE_SIGNAL_H

#include <signal.h>
#include <sys/types.h>

/*
 * Block signals, and receive them by an fd instead. `signals`: their numbers, 0 at the end. `flags`:
 * SFD_NONBLOCK or 0. `before`: the signal mask until now, or NULL. Returns the fd or a negative errno.
 * signalfd(2).
 */
int signal_receive(const int *signals, int flags, sigset_t *before);

/*
 * Send through the pidfd (-1: none) if pidfd_send_signal(2) is available (Linux 5.1), else by pid. 0 or a
 * negative errno.
 */
int signal_process(int pidfd, pid_t pid, int signal);

#endif
