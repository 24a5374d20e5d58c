#include "core/monitor/seccomp_notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/command/protocol.h"

#define ANSWER_SECONDS 30

/* Reset all but the loop, which still watches listeners of lxc-attach. */
static void notifier_reset(struct seccomp_notifier *n)
{
    struct loop *loop = n->loop;

    *n = (struct seccomp_notifier)SECCOMP_NOTIFIER_INIT;
    n->loop = loop;
}

void seccomp_notify_close(struct seccomp_notifier *n)
{
    if (n->loop && n->listener >= 0)
        loop_remove(n->loop, n->listener);
    close_fd(&n->listener);
    close_fd(&n->proxy);
    free(n->request);
    free(n->response);
    notifier_reset(n);
}

int seccomp_notify_address(const char *text, struct sockaddr_un *address, socklen_t *length)
{
    const char *path = text + strlen("unix:");
    size_t size;

    if (!starts_with(text, "unix:") || (path[0] != '/' && path[0] != '@') || !path[1])
        return -EINVAL;
    size = strlen(path);
    if (size >= sizeof(address->sun_path))
        return -EINVAL;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, size);
    if (path[0] == '@')
        address->sun_path[0] = '\0'; /* abstract: no terminating zero */
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/'));
    return 0;
}

static int proxy_connect(struct seccomp_notifier *n)
{
    const struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
    cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    close_fd(&n->proxy);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&n->address, n->address_length) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
        return -errno;
    n->proxy = take_fd(&fd);
    return 0;
}

/* A buffer for a struct of which the kernel and this program may have different versions. */
static void *buffer_allocate(size_t kernel_size, size_t our_size)
{
    return calloc(1, kernel_size > our_size ? kernel_size : our_size);
}

int seccomp_notify_open(struct seccomp_notifier *n, const struct config *c, int listener, pid_t init_pid,
                        struct error *err)
{
    int r;

    notifier_reset(n);
    n->listener = listener;
    n->init_pid = init_pid;
    n->cookie = c->seccomp_notify_cookie;
    if (!c->seccomp_notify_proxy || !c->seccomp_notify_proxy[0])
        return 0;
    if (seccomp_notify_address(c->seccomp_notify_proxy, &n->address, &n->address_length) < 0) {
        error_text(err, EINVAL, "lxc.seccomp.notify.proxy = %s is not an address", c->seccomp_notify_proxy);
        return error_remedy(err, "write unix:/PATH or unix:@NAME");
    }
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n->sizes) < 0)
        return error_set(err, errno, "cannot get the sizes of seccomp notifications");
    n->request = buffer_allocate(n->sizes.seccomp_notif, sizeof(*n->request));
    n->response = buffer_allocate(n->sizes.seccomp_notif_resp, sizeof(*n->response));
    if (!n->request || !n->response)
        return error_set(err, ENOMEM, "cannot listen to seccomp notifications");
    r = proxy_connect(n);
    if (r < 0) {
        error_set(err, r, "cannot connect to lxc.seccomp.notify.proxy = %s", c->seccomp_notify_proxy);
        return error_remedy(err, "start the program that answers the calls there");
    }
    return 0;
}

/* Whether the call still waits, so that the pid in the request is still that of the caller. */
static bool call_is_valid(const struct seccomp_notifier *n)
{
    __u64 id = n->request->id;
    int r = file_control(n->calling, SECCOMP_IOCTL_NOTIF_ID_VALID, (uintptr_t)&id);

    /* Before Linux 5.17, the number of this ioctl had another direction. */
    if (r == -EINVAL || r == -ENOTTY)
        r = file_control(n->calling, _IOR(SECCOMP_IOC_MAGIC, 2, __u64), (uintptr_t)&id);
    return r == 0;
}

/* Open /proc/PID and the memory of the caller; call_is_valid() then ensures that the pid was not reused. */
static int call_open_caller(const struct seccomp_notifier *n, struct fd_list *fds)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/%u", n->request->pid);
    fds->fds[0] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fds->fds[0] < 0)
        return -errno;
    fds->count = 1;
    snprintf(path, sizeof(path), "/proc/%u/mem", n->request->pid);
    fds->fds[1] = open(path, O_RDWR | O_CLOEXEC);
    if (fds->fds[1] < 0)
        return -errno;
    fds->count = 2;
    fds->fds[2] = fcntl(n->calling, F_DUPFD_CLOEXEC, 0);
    if (fds->fds[2] < 0)
        return -errno;
    fds->count = 3;
    return call_is_valid(n) ? 0 : -ENOENT;
}

/* Send the call to the proxy in one message. */
static int proxy_send_call(const struct seccomp_notifier *n, const struct fd_list *fds)
{
    struct seccomp_proxy_message head = {.monitor_pid = getpid(),
                                         .init_pid = n->init_pid,
                                         .sizes = n->sizes,
                                         .cookie_length = n->cookie ? strlen(n->cookie) : 0};
    cleanup_strbuf struct strbuf message = STRBUF_INIT;

    if (strbuf_add(&message, &head, sizeof(head)) < 0 ||
        strbuf_add(&message, n->request, n->sizes.seccomp_notif) < 0 ||
        strbuf_add(&message, n->response, n->sizes.seccomp_notif_resp) < 0 ||
        (n->cookie && strbuf_puts(&message, n->cookie) < 0))
        return -ENOMEM;
    return message_send(n->proxy, message.text, message.length, false, fds);
}

/* Receive the answer into n->response. */
static int proxy_receive_answer(struct seccomp_notifier *n)
{
    size_t response = n->sizes.seccomp_notif_resp,
           before = sizeof(struct seccomp_proxy_message) + n->sizes.seccomp_notif;
    cleanup_free char *message = malloc(before + response + 1);
    uint64_t reserved;
    ssize_t length;

    if (!message)
        return -ENOMEM;
    do {
        length = recv(n->proxy, message, before + response + 1, 0);
    } while (length < 0 && errno == EINTR);
    if (length < 0)
        return -errno;
    memcpy(&reserved, message, sizeof(reserved));
    memcpy(n->response, message + before, response);
    return (size_t)length == before + response && reserved == 0 && n->response->id == n->request->id
               ? 0
               : -EPROTO;
}

/* Get the proxy's answer to n->request. 0, -ENOENT if the caller has ended, or another negative errno. */
static int call_get_answer(struct seccomp_notifier *n)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    int r = call_open_caller(n, &fds);

    if (r < 0)
        return r;
    r = n->proxy < 0 ? -ENOTCONN : proxy_send_call(n, &fds);
    if (r < 0) {
        r = proxy_connect(n);
        r = r < 0 ? r : proxy_send_call(n, &fds);
    }
    if (r == 0)
        r = proxy_receive_answer(n);
    /* A late answer must not be taken as the answer to the next call. */
    if (r < 0)
        close_fd(&n->proxy);
    return r;
}

static void notifier_readable(int listener, void *data)
{
    struct seccomp_notifier *n = data;

    if (seccomp_notify_handle(n, listener))
        return;
    loop_remove(n->loop, listener);
    if (listener != n->listener)
        close(listener);
}

int seccomp_notify_watch(struct seccomp_notifier *n, struct loop *loop, int listener)
{
    n->loop = loop;
    return loop_add(loop, listener, notifier_readable, n);
}

bool seccomp_notify_has_proxy(const struct seccomp_notifier *n)
{
    return n->listener >= 0 && n->address_length > 0;
}

void seccomp_notify_until(struct seccomp_notifier *n, int fd)
{
    struct pollfd p[] = {{fd, POLLIN, 0}, {n->listener, POLLIN, 0}};

    while (seccomp_notify_has_proxy(n) && (poll(p, ARRAY_LENGTH(p), -1) > 0 || errno == EINTR)) {
        if (p[0].revents)
            return;
        if (p[1].revents && !seccomp_notify_handle(n, n->listener))
            return;
    }
}

bool seccomp_notify_handle(struct seccomp_notifier *n, int listener)
{
    struct pollfd p = {listener, POLLIN, 0};
    int r;

    n->calling = listener;

    /* The call may have ended since; to receive would then block. */
    if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLIN))
        return !(p.revents & POLLHUP);
    memset(n->request, 0, n->sizes.seccomp_notif);
    memset(n->response, 0, n->sizes.seccomp_notif_resp);
    r = file_control(n->calling, SECCOMP_IOCTL_NOTIF_RECV, (uintptr_t)n->request);
    if (r < 0) /* the caller may have ended meanwhile */
        return r == -ENOENT || r == -EINTR || r == -EAGAIN;
    n->response->id = n->request->id;
    r = call_get_answer(n);
    if (r < 0) {
        if (r != -ENOENT)
            log_warn("seccomp", "call %d of process %u is not answered: %s", n->request->data.nr,
                     n->request->pid, strerror(-r));
        memset(n->response, 0, n->sizes.seccomp_notif_resp);
        n->response->id = n->request->id;
        n->response->error = -ENOSYS;
    }
    r = file_control(n->calling, SECCOMP_IOCTL_NOTIF_SEND, (uintptr_t)n->response);
    if (r < 0 && r != -ENOENT)
        log_warn("seccomp", "the answer to call %d of process %u is refused: %s", n->request->data.nr,
                 n->request->pid, strerror(-r));
    return true;
}
