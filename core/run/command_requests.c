#include "core/run/command_requests.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"

/* A request being answered. */
struct call {
    struct command_server *server;
    int connection;
    const struct command_request *request;
    const char *data;
};

static enum command_outcome reply(const struct call *c, int result, intptr_t value, const void *data,
                                  size_t length, const struct command_fds *fds)
{
    struct command_response response = {.result = result, .length = (int32_t)length, .value = value};
    int r = command_send(c->connection, &response, sizeof(response), false, fds);

    if (r == 0 && length)
        r = command_send(c->connection, data, length, false, NULL);
    return r == 0 && result >= 0 ? COMMAND_KEEP : COMMAND_CLOSE;
}

static enum command_outcome reply_result(const struct call *c, int result)
{
    reply(c, result, 0, NULL, 0, NULL);
    return COMMAND_CLOSE;
}

static enum command_outcome reply_value(const struct call *c, intptr_t value)
{
    reply(c, 0, value, NULL, 0, NULL);
    return COMMAND_CLOSE;
}

static enum command_outcome reply_text(const struct call *c, const char *text)
{
    reply(c, 0, 0, text, strlen(text) + 1, NULL);
    return COMMAND_CLOSE;
}

/* `fd` stays ours; a negative one is the error. */
static enum command_outcome reply_fd(const struct call *c, int fd)
{
    struct command_fds fds = {.fds = {fd}, .count = 1};

    if (fd < 0)
        return reply_result(c, fd);
    reply(c, 0, 0, NULL, 0, &fds);
    return COMMAND_CLOSE;
}

static enum command_outcome get_state(const struct call *c)
{
    return reply_value(c, c->server->state);
}

static enum command_outcome get_init_pid(const struct call *c)
{
    return reply_value(c, c->server->init_pid);
}

static enum command_outcome get_clone_flags(const struct call *c)
{
    return reply_value(c, (intptr_t)(int32_t)c->server->clone_flags);
}

static enum command_outcome get_name(const struct call *c)
{
    return reply_text(c, c->server->container->name);
}

static enum command_outcome get_lxcpath(const struct call *c)
{
    return reply_text(c, c->server->container->lxcpath);
}

static enum command_outcome get_init_pidfd(const struct call *c)
{
    return reply_fd(c, c->server->init_pidfd >= 0 ? c->server->init_pidfd : -EBADF);
}

static enum command_outcome get_devpts_fd(const struct call *c)
{
    return reply_fd(c, c->server->devpts_fd >= 0 ? c->server->devpts_fd : -EBADF);
}

static enum command_outcome get_seccomp_notify_fd(const struct call *c)
{
    return reply_fd(c, c->server->seccomp_notify_fd >= 0 ? c->server->seccomp_notify_fd : -EBADF);
}

/* The request's data as a string: it ends with a zero and has no other. NULL when it is none. */
static const char *text_of(const struct call *c)
{
    size_t length = (size_t)c->request->length;

    return length && strlen(c->data) == length - 1 ? c->data : NULL;
}

static enum command_outcome get_config_item(const struct call *c)
{
    cleanup_strbuf struct strbuf value = STRBUF_INIT;
    const char *key = text_of(c);
    int r = key ? config_get_item(c->server->config, key, &value) : -EINVAL;

    /* A client cannot tell an empty value from none, as with LXC. */
    if (r == 0 && value.length == 0)
        r = -ENOENT;
    if (r == 0 && value.length >= COMMAND_DATA_MAX)
        r = -E2BIG;
    return r < 0 ? reply_result(c, r) : reply_text(c, value.text);
}

/* Controllers not given: no data at all. */
static enum command_outcome answer_cgroup_path(const struct call *c, bool limit)
{
    const struct command_operations *o = c->server->operations;
    const char *controller = c->request->length ? text_of(c) : NULL, *path = NULL;
    int r = c->request->length && !controller ? -EINVAL : -EOPNOTSUPP;

    if (r == -EOPNOTSUPP && o->cgroup_path)
        r = o->cgroup_path(c->server->monitor, controller, limit, &path);
    return r < 0 ? reply_result(c, r) : reply_text(c, path);
}

static enum command_outcome get_cgroup(const struct call *c)
{
    return answer_cgroup_path(c, false);
}

static enum command_outcome get_limit_cgroup(const struct call *c)
{
    return answer_cgroup_path(c, true);
}

static enum command_outcome answer_cgroup2_fd(const struct call *c, bool limit)
{
    const struct command_operations *o = c->server->operations;

    return reply_fd(c, o->cgroup2_fd ? o->cgroup2_fd(c->server->monitor, limit) : -EOPNOTSUPP);
}

static enum command_outcome get_cgroup2_fd(const struct call *c)
{
    return answer_cgroup2_fd(c, false);
}

static enum command_outcome get_limit_cgroup2_fd(const struct call *c)
{
    return answer_cgroup2_fd(c, true);
}

/* A client may know a shorter or a longer struct than we do: what both know is exchanged. */
static size_t common_length(const struct call *c, size_t ours)
{
    size_t theirs = (size_t)c->request->length;

    return theirs < ours ? theirs : ours;
}

static enum command_outcome get_cgroup_ctx(const struct call *c)
{
    const struct command_operations *o = c->server->operations;
    struct cgroup_context_message message = {.layout = COMMAND_LAYOUT_UNKNOWN};
    struct command_fds fds = {.count = 0};
    int r = o->cgroup_fds ? o->cgroup_fds(c->server->monitor, &message) : -EOPNOTSUPP;

    if (r >= 0 && (message.fd_count == 0 || message.fd_count > COMMAND_CGROUP_FDS_MAX))
        r = -ENOENT;
    if (r < 0)
        return reply_result(c, r);
    fds.count = message.fd_count;
    memcpy(fds.fds, message.fds, fds.count * sizeof(int));
    reply(c, 0, 1, &message, common_length(c, sizeof(message)), &fds);
    return COMMAND_CLOSE;
}

static enum command_outcome answer_cgroup_fd(const struct call *c, bool limit)
{
    const struct command_operations *o = c->server->operations;
    struct cgroup_fd_message message = {0};
    struct command_fds fds = {.count = 1};
    size_t length = common_length(c, sizeof(message));
    int r = o->cgroup_fd ? 0 : -EOPNOTSUPP;

    memcpy(&message, c->data, length);
    if (!memchr(message.controller, '\0', sizeof(message.controller)) || !message.controller[0])
        r = -EINVAL;
    if (r == 0)
        r = o->cgroup_fd(c->server->monitor, &message, limit);
    if (r < 0)
        return reply_result(c, r);
    fds.fds[0] = message.fd;
    reply(c, 0, 1, &message, length, &fds);
    return COMMAND_CLOSE;
}

static enum command_outcome get_cgroup_fd(const struct call *c)
{
    return answer_cgroup_fd(c, false);
}

static enum command_outcome get_limit_cgroup_fd(const struct call *c)
{
    return answer_cgroup_fd(c, true);
}

static enum command_outcome get_tty_fd(const struct call *c)
{
    const struct command_operations *o = c->server->operations;
    int number = (int)c->request->value;
    int fd = o->terminal_allocate ? o->terminal_allocate(c->server->monitor, c->connection, &number) : -EBUSY;
    struct command_fds fds = {.fds = {fd}, .count = 1};

    /* LXC's own monitors say EBADF for whatever the reason is. */
    if (fd < 0)
        return reply_result(c, -EBADF);
    return reply(c, 0, number, NULL, 0, &fds);
}

/* Ends by the end of the connection, when the monitor has gone. */
static enum command_outcome stop(const struct call *c)
{
    struct command_server *s = c->server;
    int signal = s->config->signal_stop ? s->config->signal_stop : SIGKILL, r;

    if (s->init_pid <= 0)
        return reply_result(c, -ESRCH);
    r = s->init_pidfd >= 0 ? (int)syscall(SYS_pidfd_send_signal, s->init_pidfd, signal, NULL, 0)
                           : kill(s->init_pid, signal);
    if (r < 0 && errno != ESRCH)
        return reply_result(c, -errno);
    /* A frozen process does not die by a signal (cgroup v1). */
    if (s->operations->freeze)
        (void)s->operations->freeze(s->monitor, false, 0);
    return COMMAND_KEEP;
}

static enum command_outcome add_state_client(const struct call *c)
{
    struct command_server *s = c->server;
    int32_t wanted[STATE_COUNT];
    struct state_client client = {.connection = c->connection}, *clients;

    if (c->request->length != (int32_t)sizeof(wanted))
        return reply_result(c, -EINVAL);
    memcpy(wanted, c->data, sizeof(wanted));
    if (wanted[s->state] == 1) {
        reply(c, (int)s->state, (intptr_t)s->state, NULL, 0, NULL);
        return COMMAND_CLOSE;
    }
    for (int i = 0; i < STATE_COUNT; i++)
        client.states |= wanted[i] ? 1u << i : 0;
    clients = realloc(s->clients, (s->client_count + 1) * sizeof(*clients));
    if (!clients)
        return reply_result(c, -ENOMEM);
    s->clients = clients;
    s->clients[s->client_count++] = client;
    return reply(c, STATE_COUNT, STATE_COUNT, NULL, 0, NULL);
}

/* A client has frozen or thawed the container itself. */
static enum command_outcome serve_state_clients(const struct call *c)
{
    if (!state_name((int)c->request->value))
        return reply_result(c, -EINVAL);
    command_server_set_state(c->server, (enum container_state)c->request->value);
    return reply_result(c, 0);
}

static enum command_outcome answer_freeze(const struct call *c, bool freeze)
{
    const struct command_operations *o = c->server->operations;
    int r;

    if (!o->freeze || !o->cgroup2_fd || o->cgroup2_fd(c->server->monitor, true) < 0)
        return reply_result(c, -ENOENT);
    command_server_set_state(c->server, freeze ? STATE_FREEZING : STATE_THAWED);
    r = o->freeze(c->server->monitor, freeze, (int)c->request->value);
    if (r >= 0)
        command_server_set_state(c->server, freeze ? STATE_FROZEN : STATE_RUNNING);
    else
        command_server_set_state(c->server, freeze ? STATE_RUNNING : STATE_FROZEN);
    return reply_result(c, r < 0 ? r : 0);
}

static enum command_outcome freeze_container(const struct call *c)
{
    return answer_freeze(c, true);
}

static enum command_outcome unfreeze_container(const struct call *c)
{
    return answer_freeze(c, false);
}

static enum command_outcome console_log(const struct call *c)
{
    const struct command_operations *o = c->server->operations;
    struct console_log_request request;
    cleanup_free char *data = NULL;
    size_t length = 0;
    int r = o->console_log ? 0 : -EFAULT;

    if (c->request->length != (int32_t)sizeof(request))
        return reply_result(c, -EINVAL);
    memcpy(&request, c->data, sizeof(request));
    if (r == 0)
        r = o->console_log(c->server->monitor, &request, &data, &length);
    reply(c, r < 0 ? r : 0, 0, data, r < 0 || length > INT32_MAX ? 0 : length, NULL);
    return COMMAND_CLOSE;
}

typedef enum command_outcome answer(const struct call *c);

/* A number without a row is answered with ENOSYS. */
static answer *const answers[COMMAND_COUNT] = {
    [COMMAND_GET_TTY_FD] = get_tty_fd,
    [COMMAND_STOP] = stop,
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
};

enum command_outcome command_answer(struct command_server *s, int connection,
                                    const struct command_request *request, const char *data)
{
    const struct call c = {s, connection, request, data};

    if (request->command < 0 || request->command >= COMMAND_COUNT || !answers[request->command])
        return reply_result(&c, -ENOSYS);
    return answers[request->command](&c);
}
