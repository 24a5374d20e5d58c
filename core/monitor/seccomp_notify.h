/*
 * The seccomp action "notify": a system call waits until a program outside the container has answered it. The
 * monitor holds the listener and sends each call to the proxy, the program at lxc.seccomp.notify.proxy, in
 * the format of LXC, so that proxies written for LXC can be used. seccomp_unotify(2), Linux 5.0.
 *
 * Both the call and the answer are one SOCK_SEQPACKET message: struct seccomp_proxy_message, then the
 * kernel's struct seccomp_notif and struct seccomp_notif_resp in the sizes that the message contains. The
 * message to the proxy also has lxc.seccomp.notify.cookie, and three fds: /proc/PID of the caller, its
 * /proc/PID/mem, and the listener. Source: LXC's lxcseccomp.h.
 */
#ifndef LXCBOX_CORE_MONITOR_SECCOMP_NOTIFY_H
#define LXCBOX_CORE_MONITOR_SECCOMP_NOTIFY_H

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
    struct loop *loop; /* watches the listeners; NULL: none yet */
    int listener;      /* init's; -1: none */
    int calling;       /* the listener whose call is being handled */
    int proxy;         /* connected socket; -1: connect before the next call */
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

/* Close the listener and the proxy's socket; calls that wait for an answer then fail with ENOSYS. */
void seccomp_notify_close(struct seccomp_notifier *n);

/* Parse "unix:/PATH" or "unix:@NAME". 0 or -EINVAL. */
int seccomp_notify_address(const char *text, struct sockaddr_un *address, socklen_t *length);

/*
 * In the monitor: take ownership of the listener of the child's seccomp_load(), and connect to the proxy; the
 * start fails if that is not possible. Without a configured proxy, calls wait for a client that requests the
 * listener (COMMAND_GET_SECCOMP_NOTIFY_FD), and the monitor handles none. The config must outlive `n`. 0 or a
 * negative errno with `err` filled.
 */
int seccomp_notify_open(struct seccomp_notifier *n, const struct config *c, int listener, pid_t init_pid,
                        struct error *err);

/*
 * Handle one call of a readable listener (that of init, or one that lxc-attach has sent): send it to the
 * proxy, wait up to 30 seconds for the answer, as LXC does, and return it to the kernel. A lost connection to
 * the proxy is opened again once. After any other failure the call fails with ENOSYS, and the reason is
 * logged. Returns false when no process uses the listener any more.
 */
bool seccomp_notify_handle(struct seccomp_notifier *n, int listener);

/* Handle the calls of a listener in `loop`. Takes ownership of a listener that is not that of init: it is
 * closed when no process uses it any more. 0 or a negative errno. */
int seccomp_notify_watch(struct seccomp_notifier *n, struct loop *loop, int listener);

/* Whether there is a proxy, and so calls to handle. */
bool seccomp_notify_has_proxy(const struct seccomp_notifier *n);

/* Handle calls until `fd` is readable or hung up. Without a proxy it returns at once. */
void seccomp_notify_until(struct seccomp_notifier *n, int fd);

#endif
