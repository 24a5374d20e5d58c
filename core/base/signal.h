/* Sending a signal to a process, safe against reuse of its pid. */
#ifndef LXCBOX_CORE_BASE_SIGNAL_H
#define LXCBOX_CORE_BASE_SIGNAL_H

#include <sys/types.h>

/*
 * Send through the pidfd (-1: none) if pidfd_send_signal(2) is available (Linux 5.1), else by pid. 0 or a
 * negative errno.
 */
int signal_process(int pidfd, pid_t pid, int signal);

#endif
