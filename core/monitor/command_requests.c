#include "core/monitor/command_requests.h"

#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/cgroup/cgroup.h"
#include "core/monitor/monitor.h"

/* A request being answered. */
struct call {
    struct monitor *monitor;
    int connection;
    const struct command_request *request;
    const char *data;
};

/* Within a second, and one more for each 16 MB: a client that reads slowly does not stop the monitor. */
static int reply_send_data(int connection, const char *data, size_t length)
{
    const int64_t end_ms = clock_monotonic_ms() + 1000 + (int64_t)(length / 16384);

    while (length) {
        struct pollfd p = {connection, POLLOUT, 0};
        int64_t left_ms = end_ms - clock_monotonic_ms();
        ssize_t n;

        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
            return -ETIMEDOUT;
        n = send(connection, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return -errno;
        data += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static enum command_outcome reply_send(const struct call *c, int result, intptr_t value, const void *data,
                                       size_t length, const struct fd_list *fds)
{
    struct command_response response = {.result = result, .length = (int32_t)length, .value = value};
    int r = message_send(c->connection, &response, sizeof(response), false, fds);

    if (r == 0 && length)
        r = reply_send_data(c->connection, data, length);
    return r == 0 ? COMMAND_KEEP : COMMAND_CLOSE;
}

static enum command_outcome reply_result(const struct call *c, int result)
{
    return reply_send(c, result, 0, NULL, 0, NULL);
}

static enum command_outcome reply_value(const struct call *c, intptr_t value)
{
    return reply_send(c, 0, value, NULL, 0, NULL);
}

static enum command_outcome reply_text(const struct call *c, const char *text)
{
    return reply_send(c, 0, 0, text, strlen(text) + 1, NULL);
}

/* The monitor keeps `fd`; a negative one is the error. */
static enum command_outcome reply_fd(const struct call *c, int fd)
{
    struct fd_list fds = {.fds = {fd}, .count = 1};

    if (fd < 0)
        return reply_result(c, fd);
    return reply_send(c, 0, 0, NULL, 0, &fds);
}

static enum command_outcome get_state(const struct call *c)
{
    return reply_value(c, c->monitor->state);
}

static enum command_outcome get_init_pid(const struct call *c)
{
    return reply_value(c, c->monitor->init.pid);
}

static enum command_outcome get_clone_flags(const struct call *c)
{
    return reply_value(c, (intptr_t)(int32_t)c->monitor->clone_flags);
}

static enum command_outcome get_name(const struct call *c)
{
    return reply_text(c, c->monitor->container->name);
}

static enum command_outcome get_lxcpath(const struct call *c)
{
    return reply_text(c, c->monitor->container->lxcpath);
}

static enum command_outcome get_init_pidfd(const struct call *c)
{
    return reply_fd(c, c->monitor->init.pidfd >= 0 ? c->monitor->init.pidfd : -EBADF);
}

static enum command_outcome get_devpts_fd(const struct call *c)
{
    return reply_fd(c, c->monitor->init.devpts_fd >= 0 ? c->monitor->init.devpts_fd : -EBADF);
}

static enum command_outcome get_seccomp_notify_fd(const struct call *c)
{
    return reply_fd(c, c->monitor->notifier.listener >= 0 ? c->monitor->notifier.listener : -EBADF);
}

/* From lxc-attach: its command has the seccomp profile of init, and the same proxy answers its calls. */
static enum command_outcome add_listener(const struct call *c)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    struct monitor *m = c->monitor;
    char byte;
    ssize_t n = message_receive(c->connection, &byte, 1, 0, NULL, &fds);
    int r = n == 1 && fds.count == 1 && seccomp_notify_has_proxy(&m->notifier) ? 0 : -EINVAL;

    if (r == 0)
        r = seccomp_notify_watch(&m->notifier, &m->loop, fds.fds[0]);
    if (r == 0)
        fds.count = 0;
    return reply_result(c, r);
}

/* LXC 6.0 returns the scope that systemd created at its request. lxcbox requests none. */
static enum command_outcome get_systemd_scope(const struct call *c)
{
    return reply_result(c, -EINVAL);
}

/* The data of the request if they are a string, with a zero byte at the end and no other; else NULL. */
static const char *request_text(const struct call *c)
{
    size_t length = (size_t)c->request->length;

    return length && strlen(c->data) == length - 1 ? c->data : NULL;
}

static enum command_outcome get_config_item(const struct call *c)
{
    cleanup_strbuf struct strbuf value = STRBUF_INIT;
    const char *key = request_text(c);
    int r = key ? config_get_item(c->monitor->config, key, &value) : -EINVAL;

    /* As in LXC, an empty value and a missing one have the same answer. */
    if (r == 0 && value.length == 0)
        r = -ENOENT;
    if (r == 0 && value.length >= COMMAND_DATA_MAX)
        r = -E2BIG;
    return r < 0 ? reply_result(c, r) : reply_text(c, value.text);
}

/* A request without data is for any controller: the first hierarchy is used. */
static enum command_outcome answer_cgroup_path(const struct call *c, bool limit)
{
    const struct cgroup *g = c->monitor->cgroup;
    const char *controller = c->request->length ? request_text(c) : NULL;
    const struct cgroup_hierarchy *h = NULL;
    cleanup_free char *path = NULL;

    if (c->request->length && !controller)
        return reply_result(c, -EINVAL);
    if (g && g->count)
        h = controller ? cgroup_find(g, controller) : &g->hierarchies[0];
    path = h ? cgroup_path(g, h, limit) : NULL;
    return path ? reply_text(c, path) : reply_result(c, -ENOENT);
}

static enum command_outcome get_cgroup(const struct call *c)
{
    return answer_cgroup_path(c, false);
}

static enum command_outcome get_limit_cgroup(const struct call *c)
{
    return answer_cgroup_path(c, true);
}

/* The container's cgroup on a host with v2 only, a borrowed fd; -EINVAL on other hosts, as in LXC. */
static int unified_fd(const struct monitor *m, bool limit)
{
    const struct cgroup *g = m->cgroup;

    if (!g || g->layout != CGROUP_UNIFIED || !g->count)
        return -EINVAL;
    return limit ? g->hierarchies[0].limit_fd : g->hierarchies[0].payload_fd;
}

static enum command_outcome get_cgroup2_fd(const struct call *c)
{
    return reply_fd(c, unified_fd(c->monitor, false));
}

static enum command_outcome get_limit_cgroup2_fd(const struct call *c)
{
    return reply_fd(c, unified_fd(c->monitor, true));
}

/* The struct of a client may be shorter or longer than ours: the common part is exchanged. */
static size_t common_length(const struct call *c, size_t ours)
{
    size_t theirs = (size_t)c->request->length;

    return theirs < ours ? theirs : ours;
}

static enum command_outcome get_cgroup_ctx(const struct call *c)
{
    const struct cgroup *g = c->monitor->cgroup;
    struct cgroup_context_message message = {.layout = g ? (int32_t)g->layout : COMMAND_LAYOUT_UNKNOWN};
    struct fd_list fds = {.count = 0};

    for (size_t i = 0; g && i < g->count && i < COMMAND_CGROUP_FDS_MAX; i++)
        if (g->hierarchies[i].payload_fd >= 0)
            fds.fds[fds.count++] = g->hierarchies[i].payload_fd;
    if (!fds.count)
        return reply_result(c, -ENOENT);
    message.fd_count = (uint32_t)fds.count;
    memcpy(message.fds, fds.fds, fds.count * sizeof(int));
    return reply_send(c, 0, 1, &message, common_length(c, sizeof(message)), &fds);
}

/* statfs(2), f_type: LXC distinguishes the two kinds of hierarchy by it. */
static int32_t filesystem_type(const struct cgroup_hierarchy *h)
{
    return h->mount.unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
}

static enum command_outcome answer_cgroup_fd(const struct call *c, bool limit)
{
    const struct cgroup *g = c->monitor->cgroup;
    const struct cgroup_hierarchy *h;
    struct cgroup_fd_message message = {0};
    struct fd_list fds = {.count = 1};
    size_t length = common_length(c, sizeof(message));

    memcpy(&message, c->data, length);
    if (!memchr(message.controller, '\0', sizeof(message.controller)) || !message.controller[0])
        return reply_result(c, -EINVAL);
    h = g ? cgroup_find(g, message.controller) : NULL;
    if (!h)
        return reply_result(c, -ENOENT);
    if (message.type && message.type != filesystem_type(h))
        return reply_result(c, -EINVAL);
    fds.fds[0] = limit ? h->limit_fd : h->payload_fd;
    if (fds.fds[0] < 0)
        return reply_result(c, -EBADF);
    message.layout = (int32_t)g->layout;
    message.type = filesystem_type(h);
    message.fd = fds.fds[0];
    return reply_send(c, 0, 1, &message, length, &fds);
}

static enum command_outcome get_cgroup_fd(const struct call *c)
{
    return answer_cgroup_fd(c, false);
}

static enum command_outcome get_limit_cgroup_fd(const struct call *c)
{
    return answer_cgroup_fd(c, true);
}

/* LXC's monitors answer EBADF for every failure. */
static enum command_outcome get_tty_fd(const struct call *c)
{
    struct monitor *m = c->monitor;
    int number = (int)c->request->value;
    int fd = number == 0 ? console_take(&m->console, c->connection)
                         : terminals_take(&m->init.ttys, &number, c->connection);
    struct fd_list fds = {.fds = {fd}, .count = 1};

    return fd < 0 ? reply_result(c, -EBADF) : reply_send(c, 0, number, NULL, 0, &fds);
}

/* The cgroup by which the container is frozen; -1 if the host has none. */
static int freezer_fd(const struct monitor *m)
{
    const struct cgroup_hierarchy *h = cgroup_find(m->cgroup, "freezer");

    return h ? h->limit_fd : -1;
}

/* The client waits for the end of the connection, which closes when the monitor ends. */
static enum command_outcome stop_container(const struct call *c)
{
    struct monitor *m = c->monitor;
    int fd = m->cgroup ? freezer_fd(m) : -1;
    int signal = m->config->signal_stop ? m->config->signal_stop : SIGKILL;
    int r = monitor_signal(m, signal);

    /* An init that has just ended to reboot is not started again. */
    m->killed = m->killed || r == -ESRCH || signal == SIGKILL;
    if (r < 0 && r != -ESRCH)
        return reply_result(c, r);
    /* On cgroup v1 a signal does not end a frozen process. */
    if (fd >= 0)
        (void)cgroup_freeze_fd(fd, false, 0, NULL);
    return COMMAND_KEEP;
}

static enum command_outcome add_state_client(const struct call *c)
{
    struct monitor *m = c->monitor;
    int32_t wanted[STATE_COUNT];
    struct state_client client = {.connection = c->connection}, *items;

    if (c->request->length != (int32_t)sizeof(wanted))
        return reply_result(c, -EINVAL);
    memcpy(wanted, c->data, sizeof(wanted));
    if (wanted[m->state] == 1)
        return reply_send(c, (int)m->state, (intptr_t)m->state, NULL, 0, NULL);
    for (int i = 0; i < STATE_COUNT; i++)
        client.states |= wanted[i] ? 1u << i : 0;
    state_clients_drop(&m->state_clients, c->connection); /* what it wanted before */
    items = realloc(m->state_clients.items, (m->state_clients.count + 1) * sizeof(*items));
    if (!items)
        return reply_result(c, -ENOMEM);
    m->state_clients.items = items;
    items[m->state_clients.count++] = client;
    return reply_send(c, STATE_COUNT, STATE_COUNT, NULL, 0, NULL);
}

/* A client has frozen or thawed the container without the monitor: note the state. */
static enum command_outcome serve_state_clients(const struct call *c)
{
    if (!state_name((int)c->request->value))
        return reply_result(c, -EINVAL);
    monitor_note_state(c->monitor, (enum container_state)c->request->value);
    return reply_result(c, 0);
}

/* For programs that use this command of liblxc; the lxc-* commands write to the cgroup themselves, as in LXC.
 * ENOENT with v1 hierarchies. */
static enum command_outcome answer_freeze(const struct call *c, bool freeze)
{
    struct monitor *m = c->monitor;
    int fd = unified_fd(m, true), timeout_ms = CGROUP_FREEZE_MS, r;
    intptr_t seconds = c->request->value;

    if (fd < 0)
        return reply_result(c, -ENOENT);
    /* The monitor serves nothing else meanwhile, so the timeout of a client is bounded. */
    if (seconds >= 0 && seconds < timeout_ms / 1000)
        timeout_ms = (int)seconds * 1000;
    monitor_set_state(m, freeze ? STATE_FREEZING : STATE_THAWED);
    r = cgroup_freeze_fd(fd, freeze, timeout_ms, NULL);
    monitor_set_state(m, (r == 0) == freeze ? STATE_FROZEN : STATE_RUNNING);
    return reply_result(c, r);
}

static enum command_outcome freeze_container(const struct call *c)
{
    return answer_freeze(c, true);
}

static enum command_outcome unfreeze_container(const struct call *c)
{
    return answer_freeze(c, false);
}

/* The request comes from another process: it is converted to the text of a configuration and parsed as such.
 */
static enum command_outcome add_device(const struct call *c)
{
    struct device_message message;
    struct device_rule rule;
    char text[64];

    if (c->request->length != (int32_t)sizeof(message) || unified_fd(c->monitor, true) < 0)
        return reply_result(c, -EINVAL);
    memcpy(&message, c->data, sizeof(message));
    if (message.type == 'a') {
        strcpy(text, "a");
    } else {
        rule = (struct device_rule){.type = message.type, .major = message.major, .minor = message.minor};
        device_rule_format(&rule, text, sizeof(text));
        strncat(text, message.access, strnlen(message.access, sizeof(message.access)));
    }
    if (device_rule_parse(text, &rule, NULL) < 0)
        return reply_result(c, -EINVAL);
    return reply_result(c, cgroup_add_device(c->monitor->cgroup, &rule, message.allow != 0, NULL));
}

static enum command_outcome console_log(const struct call *c)
{
    struct console_ring *ring = &c->monitor->console.ring;
    struct console_log_request request;
    cleanup_free char *data = NULL;
    size_t length = 0;
    int r = ring->bytes ? 0 : -EFAULT;

    if (c->request->length != (int32_t)sizeof(request))
        return reply_result(c, -EINVAL);
    memcpy(&request, c->data, sizeof(request));
    console_catch_up(&c->monitor->console);
    if (r == 0 && request.read)
        r = console_ring_read(ring, (size_t)request.read_max, &data, &length);
    /* As in LXC, a client that reads in parts receives each byte once. Unlike in LXC, reading the whole
     * buffer does not empty it, so that it can be read again. */
    if (r == 0 && request.clear)
        console_ring_clear(ring);
    else if (r == 0 && request.read_max)
        console_ring_drop(ring, length);
    if (r < 0)
        return reply_result(c, r);
    return reply_send(c, 0, 0, data, length, NULL);
}

typedef enum command_outcome answer(const struct call *c);

/* A number without a row is answered with ENOSYS. */
static answer *const answers[COMMAND_COUNT] = {
    [COMMAND_GET_TTY_FD] = get_tty_fd,
    [COMMAND_STOP] = stop_container,
    [COMMAND_GET_STATE] = get_state,
    [COMMAND_GET_INIT_PID] = get_init_pid,
    [COMMAND_GET_CLONE_FLAGS] = get_clone_flags,
    [COMMAND_GET_CGROUP] = get_cgroup,
    [COMMAND_GET_CONFIG_ITEM] = get_config_item,
    [COMMAND_GET_NAME] = get_name,
    [COMMAND_GET_LXCPATH] = get_lxcpath,
    [COMMAND_ADD_STATE_CLIENT] = add_state_client,
    [COMMAND_CONSOLE_LOG] = console_log,
    [COMMAND_SERVE_STATE_CLIENTS] = serve_state_clients,
    [COMMAND_SECCOMP_NOTIFY_ADD_LISTENER] = add_listener,
    [COMMAND_ADD_BPF_DEVICE_CGROUP] = add_device,
    [COMMAND_FREEZE] = freeze_container,
    [COMMAND_UNFREEZE] = unfreeze_container,
    [COMMAND_GET_CGROUP2_FD] = get_cgroup2_fd,
    [COMMAND_GET_INIT_PIDFD] = get_init_pidfd,
    [COMMAND_GET_LIMIT_CGROUP] = get_limit_cgroup,
    [COMMAND_GET_LIMIT_CGROUP2_FD] = get_limit_cgroup2_fd,
    [COMMAND_GET_DEVPTS_FD] = get_devpts_fd,
    [COMMAND_GET_SECCOMP_NOTIFY_FD] = get_seccomp_notify_fd,
    [COMMAND_GET_CGROUP_CTX] = get_cgroup_ctx,
    [COMMAND_GET_CGROUP_FD] = get_cgroup_fd,
    [COMMAND_GET_LIMIT_CGROUP_FD] = get_limit_cgroup_fd,
    [COMMAND_GET_SYSTEMD_SCOPE] = get_systemd_scope,
};

enum command_outcome command_answer(struct monitor *m, int connection, const struct command_request *request,
                                    const char *data)
{
    const struct call c = {m, connection, request, data};

    if (request->command < 0 || request->command >= COMMAND_COUNT || !answers[request->command])
        return reply_result(&c, -ENOSYS);
    return answers[request->command](&c);
}
