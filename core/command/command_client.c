#include "core/command/command_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/cgroup/devices.h"
#include "core/command/monitord.h"
#include "core/config/container.h"

/* One request and all that comes back. */
struct exchange {
    enum command command;
    intptr_t value;   /* sent when there is no data */
    const void *data; /* sent */
    size_t length;

    struct command_response response;
    char *answer;       /* response.length bytes and a terminating zero; NULL without data */
    struct fd_list fds; /* sent where there are any, the caller's then; what came back, ours */
    int connection;     /* still open after exchange_with(); closed by exchange_end() unless taken */
};

#define EXCHANGE(...)                                                                                        \
    {                                                                                                        \
        __VA_ARGS__, .connection = -1                                                                        \
    }
#define cleanup_exchange __attribute__((cleanup(exchange_end)))

static void exchange_end(struct exchange *x)
{
    free(x->answer);
    fd_list_close(&x->fds);
    close_fd(&x->connection);
}

static int connect_to(const struct sockaddr_un *address, socklen_t length)
{
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)address, length) < 0)
        return -errno;
    return take_fd(&fd);
}

/* Receive exactly `length` bytes; 0, -ECONNRESET when they end early, or another negative errno. */
static int receive_rest(int fd, void *bytes, size_t length)
{
    while (length) {
        ssize_t n = message_receive(fd, bytes, length, 0, NULL, NULL);
        if (n <= 0)
            return n < 0 ? (int)n : -ECONNRESET;
        bytes = (char *)bytes + n;
        length -= (size_t)n;
    }
    return 0;
}

/* Returns 1 when an answer came, 0 when the connection was closed without one, or a negative errno. */
static int receive_response(struct exchange *x)
{
    struct command_response *r = &x->response;
    ssize_t n = message_receive(x->connection, r, sizeof(*r), 0, NULL, &x->fds);
    int result;

    if (n <= 0)
        return n == -ECONNRESET ? 0 : (int)n;
    if ((size_t)n < sizeof(*r)) {
        result = receive_rest(x->connection, (char *)r + n, sizeof(*r) - (size_t)n);
        if (result < 0)
            return result;
    }
    if (r->length < 0 || (r->length > COMMAND_DATA_MAX && x->command != COMMAND_CONSOLE_LOG))
        return -EPROTO;
    if (r->length == 0)
        return 1;
    x->answer = malloc((size_t)r->length + 1);
    if (!x->answer)
        return -ENOMEM;
    x->answer[r->length] = '\0';
    result = receive_rest(x->connection, x->answer, (size_t)r->length);
    return result < 0 ? result : 1;
}

static int exchange_over(struct exchange *x, const struct sockaddr_un *address, socklen_t address_length)
{
    struct command_request request = {(int32_t)x->command, (int32_t)x->length, x->value};
    int r;

    x->connection = connect_to(address, address_length);
    if (x->connection < 0)
        return x->connection;
    r = message_send(x->connection, &request, sizeof(request), true, NULL);
    if (r == 0 && x->fds.count)
        r = message_send(x->connection, "", 1, false, &x->fds);
    x->fds.count = 0;
    if (r == 0 && x->length)
        r = message_send(x->connection, x->data, x->length, false, NULL);
    /* A monitor that refuses us may have answered and closed before we were done: its answer says why. */
    if (r < 0 && r != -EPIPE)
        return r;
    return receive_response(x);
}

static int not_running(const struct container *c, struct error *err)
{
    if (!container_is_defined(c)) {
        (void)container_absent(c, NULL, err);
        if (err)
            err->code = -ENOTCONN;
        return -ENOTCONN;
    }
    error_text(err, ENOTCONN, "%s is not running", c->name);
    return error_remedy(err, "start it with: lxc-start -n %s", c->name);
}

static int refuse(const struct container *c, int errnum, const char *what, struct error *err)
{
    if (errnum == -ECONNREFUSED)
        return not_running(c, err);
    if (errnum == -EPERM || errnum == -EACCES) {
        error_text(err, EACCES, "cannot %s of %s: it belongs to another user", what, c->name);
        return error_remedy(err, "run this as the user who started it, or as root");
    }
    return error_set(err, errnum, "cannot %s of %s", what, c->name);
}

/*
 * Exchange with a container's monitor. `what` completes "cannot ... of NAME". Returns the response's result
 * when that is not negative; -ENOTCONN also when the monitor went away before it answered.
 */
static int ask(const struct container *c, struct exchange *x, const char *what, struct error *err)
{
    struct sockaddr_un address;
    socklen_t length = command_address(c, &address);
    int r = exchange_over(x, &address, length);

    if (r < 0)
        return refuse(c, r, what, err);
    if (r == 0)
        return not_running(c, err);
    /* The monitors of stock LXC send -1 for any failure of some commands. */
    return x->response.result < 0 ? refuse(c, x->response.result, what, err) : x->response.result;
}

int command_state(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_STATE);
    struct error ignored = ERROR_INIT;
    int r = ask(c, &x, "read the state", &ignored);

    if (r == -ENOTCONN)
        return STATE_STOPPED;
    if (r < 0) {
        if (err)
            *err = ignored;
        return r;
    }
    if (!state_name((int)x.response.value))
        return error_text(err, EPROTO, "the monitor of %s says a state that does not exist: %d", c->name,
                          (int)x.response.value);
    return (int)x.response.value;
}

int command_init_pid(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_INIT_PID);
    int r = ask(c, &x, "find the first process", err);

    if (r < 0)
        return r;
    return x.response.value > 0 ? (int)x.response.value : not_running(c, err);
}

/* Commands that are answered by one fd. */
static int ask_fd(const struct container *c, struct exchange *x, const char *what, struct error *err)
{
    int r = ask(c, x, what, err);

    if (r < 0)
        return r;
    return x->fds.count ? take_fd(&x->fds.fds[0]) : refuse(c, -EBADF, what, err);
}

int command_init_pidfd(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_INIT_PIDFD);

    return ask_fd(c, &x, "get a handle on the first process", err);
}

int command_devpts_fd(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_DEVPTS_FD);

    return ask_fd(c, &x, "open the devpts file system", err);
}

int command_cgroup2_fd(const struct container *c, bool limit, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = limit ? COMMAND_GET_LIMIT_CGROUP2_FD : COMMAND_GET_CGROUP2_FD);

    return ask_fd(c, &x, "open the cgroup", err);
}

int command_cgroup_fd(const struct container *c, const char *controller, bool limit, struct error *err)
{
    struct cgroup_fd_message message = {0};
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = limit ? COMMAND_GET_LIMIT_CGROUP_FD : COMMAND_GET_CGROUP_FD, .data = &message,
                 .length = sizeof(message));

    if (strlen(controller) >= sizeof(message.controller))
        return error_text(err, EINVAL, "\"%s\" is not a cgroup controller", controller);
    strcpy(message.controller, controller);
    return ask_fd(c, &x, "open the cgroup", err);
}

int command_cgroup_fds(const struct container *c, struct fd_list *fds, struct error *err)
{
    struct cgroup_context_message message = {0};
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_GET_CGROUP_CTX, .data = &message, .length = sizeof(message));
    int r = ask(c, &x, "open the cgroups", err);

    if (r < 0)
        return r;
    *fds = x.fds;
    x.fds.count = 0;
    return 0;
}

int command_clone_flags(const struct container *c, uint64_t *flags, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_CLONE_FLAGS);
    int r = ask(c, &x, "read the namespaces", err);

    if (r < 0)
        return r;
    *flags = (uint32_t)x.response.value;
    return 0;
}

/* Hand the answer out as a string; it is one when its last byte, and no other, is a zero. */
static int take_string(const struct container *c, struct exchange *x, char **out, struct error *err)
{
    size_t length = (size_t)x->response.length;

    if (length && x->answer[length - 1] == '\0')
        length--;
    if (!x->answer || strlen(x->answer) != length)
        return error_text(err, EPROTO, "the monitor of %s sent an answer that cannot be read", c->name);
    *out = take_ptr(x->answer);
    return 0;
}

int command_cgroup_path(const struct container *c, const char *controller, bool limit, char **path,
                        struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = limit ? COMMAND_GET_LIMIT_CGROUP : COMMAND_GET_CGROUP, .data = controller,
                 .length = controller ? strlen(controller) + 1 : 0);
    int r = ask(c, &x, "find the cgroup", err);

    return r < 0 ? r : take_string(c, &x, path, err);
}

int command_config_item(const struct container *c, const char *key, char **value, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_GET_CONFIG_ITEM, .data = key, .length = strlen(key) + 1);
    int r, result, state;

    if (!*key || x.length > COMMAND_DATA_MAX)
        return error_text(err, EINVAL, "\"%s\" is not a configuration key", key);
    r = ask(c, &x, "read the configuration", err);
    if (r >= 0)
        return take_string(c, &x, value, err);
    result = x.response.result;
    if (result == -EPERM) {
        /* Stock LXC's monitors send -1, which is EPERM, for an item that does not exist as well as to a user
         * whom they refuse. They refuse that user every command. */
        state = command_state(c, err);
        if (state == STATE_STOPPED)
            return not_running(c, err);
        if (state < 0)
            return state;
        result = -ENOENT;
    }
    return result == -ENOENT ? error_text(err, ENOENT, "%s has no %s", c->name, key) : r;
}

/* Ask the monitor behind a hashed address, which is that of a container HASH in the lxcpath "lxc". */
static int ask_identity(const char *hash, enum command command, char **out, struct error *err)
{
    const struct container c = {.name = hash, .lxcpath = "lxc"};
    cleanup_exchange struct exchange x = EXCHANGE(.command = command);
    int r = ask(&c, &x, "read the name", err);

    return r < 0 ? r : take_string(&c, &x, out, err);
}

int command_identity(const char *hash, char **name, char **lxcpath, struct error *err)
{
    cleanup_free char *found = NULL;
    int r = ask_identity(hash, COMMAND_GET_NAME, &found, err);

    if (r == 0)
        r = ask_identity(hash, COMMAND_GET_LXCPATH, lxcpath, err);
    if (r == 0)
        *name = take_ptr(found);
    return r;
}

int command_stop(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_STOP);
    struct error ignored = ERROR_INIT;
    int r = ask(c, &x, "end the processes", &ignored);

    /* Success is the connection's closing without an answer. */
    if (r == -ENOTCONN)
        return 0;
    if (r < 0 && err)
        *err = ignored;
    return r;
}

int command_terminal(const struct container *c, int *number, int *terminal, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_TTY_FD, .value = *number);
    struct error refused = ERROR_INIT;
    int r = ask(c, &x, "open a terminal", &refused);

    if (r < 0 && r != -EBADF) {
        if (err)
            *err = refused;
        return r;
    }
    if (r < 0 || !x.fds.count) {
        if (*number < 0)
            error_text(err, EBUSY, "%s has no free terminal", c->name);
        else
            error_text(err, EBUSY, "terminal %d of %s is in use or does not exist", *number, c->name);
        return error_remedy(err, "lxc.tty.max sets how many there are; -t 0 is the console");
    }
    *number = (int)x.response.value;
    *terminal = take_fd(&x.fds.fds[0]);
    return take_fd(&x.connection);
}

int command_console_log(const struct container *c, const struct console_log_request *request, char **data,
                        size_t *length, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_CONSOLE_LOG, .data = request, .length = sizeof(*request));
    int r = ask(c, &x, "read the console's buffer", err);

    if (r < 0)
        return r;
    *length = (size_t)x.response.length;
    *data = x.answer ? take_ptr(x.answer) : strdup("");
    return *data ? 0 : error_set(err, ENOMEM, "cannot keep the console's buffer");
}

int command_add_listener(const struct container *c, int listener, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_SECCOMP_NOTIFY_ADD_LISTENER, .value = listener, .fds = {{listener}, 1});

    return ask(c, &x, "hand over the seccomp listener", err);
}

int command_add_device(const struct container *c, const struct device_rule *rule, bool allow,
                       struct error *err)
{
    struct device_message message = {
        .type = rule->type, .major = (int32_t)rule->major, .minor = (int32_t)rule->minor, .allow = allow};
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_ADD_BPF_DEVICE_CGROUP, .data = &message, .length = sizeof(message));
    char *access = message.access;

    if (rule->access & DEVICE_READ)
        *access++ = 'r';
    if (rule->access & DEVICE_WRITE)
        *access++ = 'w';
    if (rule->access & DEVICE_MKNOD)
        *access++ = 'm';
    return ask(c, &x, "change the device rules", err);
}

int command_set_state(const struct container *c, enum container_state state, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_SERVE_STATE_CLIENTS, .value = state);

    monitord_tell(c, 0, (int)state);
    return ask(c, &x, "record the state", err);
}

int command_subscribe(const struct container *c, unsigned states, bool next, int *subscription,
                      struct error *err)
{
    int32_t wanted[STATE_COUNT];
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_ADD_STATE_CLIENT, .data = wanted, .length = sizeof(wanted));
    struct error refused = ERROR_INIT;
    int r;

    for (int i = 0; i < STATE_COUNT; i++)
        wanted[i] = (states >> i) & 1 ? (next ? 2 : 1) : 0;
    r = ask(c, &x, "follow the state", &refused);
    if (r == -ENOTCONN && (states & (1u << STATE_STOPPED)))
        return STATE_STOPPED;
    if (r < 0) {
        if (err)
            *err = refused;
        return r;
    }
    if (x.response.value < 0 || x.response.value > STATE_COUNT)
        return refuse(c, -EPROTO, "follow the state", err);
    if (x.response.value == STATE_COUNT)
        *subscription = take_fd(&x.connection);
    return (int)x.response.value;
}

int command_wait(int subscription, int timeout_ms, struct error *err)
{
    struct pollfd p = {.fd = subscription, .events = POLLIN};
    struct state_message message;
    int r;

    do
        r = poll(&p, 1, timeout_ms);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return error_set(err, errno, "cannot wait for the container's state");
    if (r == 0)
        return error_text(err, ETIMEDOUT, "the container did not come to that state in time");
    r = receive_rest(subscription, &message, sizeof(message));
    if (r == -ECONNRESET)
        return STATE_STOPPED;
    if (r == 0 && !state_name(message.value))
        r = -EPROTO;
    return r < 0 ? error_set(err, r, "cannot wait for the container's state") : message.value;
}
