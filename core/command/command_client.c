#include "core/command/command_client.h"

#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/cgroup/devices.h"
#include "core/command/exchange.h"
#include "core/command/monitord.h"
#include "core/command/peer.h"
#include "core/config/container.h"

static int command_not_running(const struct container *c, struct error *err)
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

static int command_refuse(const struct container *c, int errnum, const char *what, struct error *err)
{
    if (errnum == -ECONNREFUSED)
        return command_not_running(c, err);
    if (errnum == -EPERM || errnum == -EACCES) {
        error_text(err, EACCES, "cannot %s of %s: it belongs to another user", what, c->name);
        return error_remedy(err, "run this as the user that started it, or as root");
    }
    return error_set(err, errnum, "cannot %s of %s", what, c->name);
}

static int command_refuse_foreign(const struct container *c, const struct exchange *x, struct error *err)
{
    if (x->peer.pid <= 0)
        error_text(err, EACCES, "the command socket of %s is held by a process outside our pid namespace",
                   c->name);
    else
        error_text(err, EACCES,
                   "the command socket of %s is held by process %d of user %u, which is not its monitor",
                   c->name, (int)x->peer.pid, x->peer.uid);
    return error_remedy(err, "end that process; only root and the owner of %s may serve %s", c->lxcpath,
                        c->name);
}

int command_holder_check(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_STATE);

    if (exchange_connect(c, &x) == 0) /* stock LXC's listener has ended by now, which proves nothing */
        x.foreign = peer_is_outside(x.peer.pid) == 0;
    return x.foreign ? command_refuse_foreign(c, &x, err) : 0;
}

/*
 * Send a request to a container's monitor. `what` completes the message "cannot ... of NAME". Returns the
 * response's result when that is not negative; -ENOTCONN also when the monitor ended before it answered.
 */
static int command_ask(const struct container *c, struct exchange *x, const char *what, struct error *err)
{
    int r = exchange_run(c, x);

    if (x->foreign)
        return command_refuse_foreign(c, x, err);
    if (r < 0)
        return command_refuse(c, r, what, err);
    if (r == 0)
        return command_not_running(c, err);
    /* The monitors of stock LXC send -1 for any failure of some commands. */
    return x->response.result < 0 ? command_refuse(c, x->response.result, what, err) : x->response.result;
}

int command_state(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_STATE, .query = true);
    struct error ignored = ERROR_INIT;
    int r = command_ask(c, &x, "read the state", &ignored);

    if (r == -ENOTCONN)
        return STATE_STOPPED;
    if (r < 0) {
        if (err)
            *err = ignored;
        return r;
    }
    if (!state_name((int)x.response.value))
        return error_text(err, EPROTO, "the monitor of %s reported a state that does not exist: %d", c->name,
                          (int)x.response.value);
    return (int)x.response.value;
}

int command_init_pid(const struct container *c, uid_t *owner, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_INIT_PID, .query = true);
    int r = command_ask(c, &x, "find the first process", err);

    if (r < 0)
        return r;
    if (owner)
        *owner = x.peer.uid;
    return x.response.value > 0 && x.response.value <= INT32_MAX ? (int)x.response.value
                                                                 : command_not_running(c, err);
}

/* Send a request that is answered by one fd. */
static int command_ask_fd(const struct container *c, struct exchange *x, const char *what, struct error *err)
{
    int r = command_ask(c, x, what, err);

    if (r < 0)
        return r;
    return x->fds.count ? take_fd(&x->fds.fds[0]) : command_refuse(c, -EBADF, what, err);
}

int command_init_pidfd(const struct container *c, uid_t *owner, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_INIT_PIDFD, .query = true);
    int fd = command_ask_fd(c, &x, "get a pidfd of the first process", err);

    if (owner)
        *owner = x.peer.uid;
    return fd;
}

static bool fd_is_on(int fd, unsigned long file_system)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == file_system;
}

int command_devpts_fd(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_DEVPTS_FD, .query = true);
    cleanup_fd int fd = command_ask_fd(c, &x, "open the devpts file system", err);

    if (fd >= 0 && !fd_is_on(fd, DEVPTS_SUPER_MAGIC))
        return error_text(err, EPROTO, "the monitor of %s sent an fd that is not a devpts file system",
                          c->name);
    return take_fd(&fd);
}

/*
 * Writing through the fds uses our privileges, which may be root's while the monitor runs as another user.
 * Each fd must therefore be a directory of a cgroup file system, owned by the monitor's user or by the
 * container's root, which then owns the container's directory too.
 */
static int exchange_check_cgroups(const struct container *c, const struct exchange *x, const int *fds,
                                  size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat st;

        if (fstat(fds[i], &st) < 0 || !S_ISDIR(st.st_mode) ||
            (!fd_is_on(fds[i], CGROUP_SUPER_MAGIC) && !fd_is_on(fds[i], CGROUP2_SUPER_MAGIC)))
            return error_text(err, EPROTO, "the monitor of %s sent an fd that is not a cgroup", c->name);
        if (x->peer.uid == 0 || x->peer.uid == geteuid() || st.st_uid == x->peer.uid)
            continue;
        if (st.st_uid == 0 || !peer_may_serve(c->lxcpath, c->name, st.st_uid))
            return error_text(err, EACCES, "the monitor of %s sent a cgroup of user %u, which is not its own",
                              c->name, st.st_uid);
    }
    return 0;
}

static int command_ask_cgroup(const struct container *c, struct exchange *x, struct error *err)
{
    cleanup_fd int fd = command_ask_fd(c, x, "open the cgroup", err);
    int r = fd < 0 ? fd : exchange_check_cgroups(c, x, &fd, 1, err);

    return r < 0 ? r : take_fd(&fd);
}

int command_cgroup2_fd(const struct container *c, bool limit, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = limit ? COMMAND_GET_LIMIT_CGROUP2_FD : COMMAND_GET_CGROUP2_FD);

    return command_ask_cgroup(c, &x, err);
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
    return command_ask_cgroup(c, &x, err);
}

int command_cgroup_fds(const struct container *c, struct fd_list *fds, struct error *err)
{
    struct cgroup_context_message message = {0};
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_CGROUP_CTX, .query = true,
                                                  .data = &message, .length = sizeof(message));
    int r = command_ask(c, &x, "open the cgroups", err);

    if (r >= 0)
        r = exchange_check_cgroups(c, &x, x.fds.fds, x.fds.count, err);
    if (r < 0)
        return r;
    *fds = x.fds;
    x.fds.count = 0;
    return 0;
}

int command_clone_flags(const struct container *c, uint64_t *flags, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_CLONE_FLAGS, .query = true);
    int r = command_ask(c, &x, "read the namespaces", err);

    if (r < 0)
        return r;
    *flags = (uint32_t)x.response.value;
    return 0;
}

/* Return the answer as a string: its last byte is zero and no other byte is. */
static int exchange_take_string(const struct container *c, struct exchange *x, char **out, struct error *err)
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
    int r = command_ask(c, &x, "find the cgroup", err);

    return r < 0 ? r : exchange_take_string(c, &x, path, err);
}

static int config_item_ask(const struct container *c, const char *key, bool sent, char **value,
                           struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_CONFIG_ITEM, .query = true,
                                                  .sent = sent, .data = key, .length = strlen(key) + 1);
    int r, errnum, state;

    if (!*key || x.length > COMMAND_DATA_MAX)
        return error_text(err, EINVAL, "\"%s\" is not a configuration key", key);
    r = command_ask(c, &x, "read the configuration", err);
    if (r >= 0)
        return exchange_take_string(c, &x, value, err);
    errnum = x.response.result;
    if (errnum == -EPERM) {
        /* Stock LXC's monitors send -1, which is EPERM, for an item that does not exist, and also to a user
         * that they refuse. They refuse that user every command. */
        state = command_state(c, err);
        if (state == STATE_STOPPED)
            return command_not_running(c, err);
        if (state < 0)
            return state;
        errnum = -ENOENT;
    }
    return errnum == -ENOENT ? error_text(err, ENOENT, "%s has no %s", c->name, key) : r;
}

int command_config_item(const struct container *c, const char *key, char **value, struct error *err)
{
    return config_item_ask(c, key, false, value, err);
}

/* Send all queries on the kept connection. Where that fails, each is sent by config_item_ask(). */
static void config_items_send(struct command_connection *kept, const char *const *keys, size_t count)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++) {
        const size_t length = strlen(keys[i]) + 1;
        const struct command_request request = {COMMAND_GET_CONFIG_ITEM, (int32_t)length, 0};

        r = strbuf_add(&b, &request, sizeof(request));
        if (r == 0)
            r = strbuf_add(&b, keys[i], length);
    }
    if (r == 0)
        r = message_send(kept->fd, b.text, b.length, true, NULL);
    kept->pending = r == 0 ? count : 0;
}

int command_config_items(const struct container *c, const char *const *keys, size_t count, char **values,
                         struct error *err)
{
    int r = 0;

    memset(values, 0, count * sizeof(*values));
    if (c->connection && c->connection->fd >= 0 && !c->connection->pending)
        config_items_send(c->connection, keys, count);
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = config_item_ask(c, keys[i], true, &values[i], err);
        if (r == -ENOENT) {
            error_clear(err);
            r = 0;
        }
    }
    return r;
}

/* Ask the monitor behind a hashed address, which equals that of a container HASH in the lxcpath "lxc". */
static int command_ask_identity(const char *hash, enum command command, char **out, uid_t *owner,
                                struct error *err)
{
    const struct container c = {.name = hash, .lxcpath = "lxc"};
    cleanup_exchange struct exchange x = EXCHANGE(.command = command, .unnamed = true);
    int r = command_ask(&c, &x, "read the name", err);

    *owner = x.peer.uid;
    return r < 0 ? r : exchange_take_string(&c, &x, out, err);
}

int command_identity(const char *hash, char **name, char **lxcpath, struct error *err)
{
    cleanup_free char *found = NULL, *path = NULL;
    uid_t owner;
    int r = command_ask_identity(hash, COMMAND_GET_NAME, &found, &owner, err);

    if (r == 0)
        r = command_ask_identity(hash, COMMAND_GET_LXCPATH, &path, &owner, err);
    if (r == 0 && !peer_may_serve(path, found, owner))
        r = error_text(err, EACCES, "user %u may not serve %s in %s", owner, found, path);
    if (r < 0)
        return r;
    *name = take_ptr(found);
    *lxcpath = take_ptr(path);
    return 0;
}

/*
 * The answer is the end of the connection, which does not tell who closed it: the process that listens is
 * checked instead. With stock LXC that process may have ended since: its monitor is asked for another answer.
 */
static int exchange_check_listener(const struct container *c, struct exchange *x, struct error *err)
{
    int outside = peer_is_outside(x->peer.pid);

    if (outside == -ESRCH)
        return command_init_pid(c, NULL, err);
    x->foreign = outside == 0;
    return x->foreign ? -EACCES : outside;
}

int command_stop(const struct container *c, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_STOP);
    struct error ignored = ERROR_INIT;
    int r = exchange_connect(c, &x);

    if (r == 0)
        r = exchange_check_listener(c, &x, &ignored);
    if (x.foreign)
        return command_refuse_foreign(c, &x, err);
    if (ignored.code)
        return error_copy(err, &ignored);
    if (r >= 0)
        r = exchange_talk(c, &x);
    if (r == 1 && x.response.result < 0)
        r = x.response.result;
    if (x.foreign)
        return command_refuse_foreign(c, &x, err);
    return r < 0 ? command_refuse(c, r, "end the processes", err) : 0;
}

int command_terminal(const struct container *c, int *number, int *terminal, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_GET_TTY_FD, .value = *number);
    struct error refused = ERROR_INIT;
    int r = command_ask(c, &x, "open a terminal", &refused);

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
    if (!isatty(x.fds.fds[0]))
        return error_text(err, EPROTO, "the monitor of %s sent an fd that is not a terminal", c->name);
    *number = (int)x.response.value;
    *terminal = take_fd(&x.fds.fds[0]);
    return take_fd(&x.connection);
}

int command_console_log(const struct container *c, const struct console_log_request *request, char **data,
                        size_t *length, struct error *err)
{
    cleanup_exchange struct exchange x =
        EXCHANGE(.command = COMMAND_CONSOLE_LOG, .data = request, .length = sizeof(*request));
    int r = command_ask(c, &x, "read the console's buffer", err);

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

    return command_ask(c, &x, "pass the seccomp listener to the monitor", err);
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
    return command_ask(c, &x, "change the device rules", err);
}

int command_set_state(const struct container *c, enum container_state state, struct error *err)
{
    cleanup_exchange struct exchange x = EXCHANGE(.command = COMMAND_SERVE_STATE_CLIENTS, .value = state);

    monitord_notify(c, 0, (int)state);
    return command_ask(c, &x, "record the state", err);
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
    r = command_ask(c, &x, "follow the state", &refused);
    if (r == -ENOTCONN && (states & (1u << STATE_STOPPED)))
        return STATE_STOPPED;
    if (r < 0) {
        if (err)
            *err = refused;
        return r;
    }
    if (x.response.value < 0 || x.response.value > STATE_COUNT)
        return command_refuse(c, -EPROTO, "follow the state", err);
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
        return error_text(err, ETIMEDOUT, "the container did not reach that state in time");
    r = exchange_read(subscription, &message, sizeof(message));
    if (r == -ECONNRESET)
        return STATE_STOPPED;
    if (r == 0 && !state_name(message.value))
        r = -EPROTO;
    return r < 0 ? error_set(err, r, "cannot wait for the container's state") : message.value;
}
