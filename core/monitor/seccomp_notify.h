/*
 * The seccomp action "notify": a confined call waits until a program outside has answered it. The monitor
 * holds the listener, and hands each call to the program at lxc.seccomp.notify.proxy in LXC's own messages,
 * so that the proxies written for LXC serve our containers. seccomp_unotify(2), Linux 5.0.
 *
 * One SOCK_SEQPACKET message each way: struct proxy_message, the kernel's struct seccomp_notif and struct
 * seccomp_notif_resp in the sizes that the message names, and towards the proxy lxc.seccomp.notify.cookie,
 * with three fds: /proc/PID of the caller, its /proc/PID/mem, the listener. Source: LXC's lxcseccomp.h.
 */
#ifndef LXCBOX_CORE_RUN_SECCOMP_NOTIFY_H
#define LXCBOX_CORE_RUN_SECCOMP_NOTIFY_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "core/base/loop.h"
#include "core/config/config.h"

struct seccomp_proxy_message {
    uint64_t reserved; /* 0 */
    int32_t monitor_pid, init_pid;
    struct seccomp_notif_sizes sizes;
    uint64_t cookie_length;
};

struct seccomp_notifier {
    struct loop *loop; /* that watches the listeners; NULL: none yet */
    int listener;      /* init's; -1: none */
    int calling;       /* whose call is being handled */
    int proxy;         /* connected socket; -1: to be connected again */
    struct sockaddr_un address;
    socklen_t address_length;
    const char *cookie;
    pid_t init_pid;
    struct seccomp_notif_sizes sizes;
    struct seccomp_notif *request;
    struct seccomp_notif_resp *response;
};

#define SECCOMP_NOTIFIER_INIT                                                                                \
    {                                                                                                        \
        .listener = -1, .calling = -1, .proxy = -1                                                           \
    }
#define cleanup_seccomp_notifier __attribute__((cleanup(seccomp_notify_close)))

/* The listener, too: calls that wait for an answer then fail with ENOSYS. */
void seccomp_notify_close(struct seccomp_notifier *n);

/* "unix:/PATH" or "unix:@NAME". 0 or -EINVAL. */
int seccomp_notify_address(const char *text, struct sockaddr_un *address, socklen_t *length);

/*
 * In the monitor: take over the listener that seccomp_load() gave the child, and connect to the
 * proxy, without which the start fails. Where no proxy is configured calls wait for whoever asks for the
 * listener (COMMAND_GET_SECCOMP_NOTIFY_FD), and there is nothing to poll for. The config must outlive it.
 */
int seccomp_notify_open(struct seccomp_notifier *n, const struct config *c, int listener, pid_t init_pid,
                        struct error *err);

/*
 * A listener, init's or one that lxc-attach has handed over, is readable: hand one call to the proxy and give
 * back its answer. A proxy that is gone is connected to once more; whatever else goes wrong the call fails
 * with ENOSYS, and the log says why. Waits up to 30 seconds for the answer, as LXC does. False once nobody is
 * left to listen to.
 */
bool seccomp_notify_handle(struct seccomp_notifier *n, int listener);

/* Have `loop` handle the calls of a listener from now on; one that is not init's is ours to close at its end.
 * 0 or a negative errno. */
int seccomp_notify_watch(struct seccomp_notifier *n, struct loop *loop, int listener);

/* Is there a proxy, and so something to handle? */
bool seccomp_notify_has_proxy(const struct seccomp_notifier *n);

/* Handle calls until `fd` is readable or hung up; at once without a proxy. */
void seccomp_notify_until(struct seccomp_notifier *n, int fd);

#endif
