/* Sending a signal to a process, and to no other that has taken over its number. */
#ifndef LXCBOX_CORE_RUN_SIGNAL_H
#define LXCBOX_CORE_RUN_SIGNAL_H

#include <sys/types.h>

/*
 * Through the pidfd where there is one (pidfd_send_signal(2), Linux 5.1) and it may be used, else by number;
 * -1: none. 0 or a negative errno.
 */
int signal_process(int pidfd, pid_t pid, int signal);

#endif
