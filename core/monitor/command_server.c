#include "core/monitor/command_server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/time.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/command/command_client.h"
#include "core/monitor/command_requests.h"

#define REQUEST_MS 1000

int command_server_listen(const struct container *c, struct error *err)
{
    struct sockaddr_un address;
    socklen_t length = command_address(c, &address);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 100) == 0)
        return take_fd(&fd);
    if (errno != EADDRINUSE)
        return error_set(err, errno, "cannot make the command socket");
    if (command_holder_check(c, err) < 0)
        return err ? err->code : -EACCES;
    error_text(err, EALREADY, "%s is already running", c->name);
    return error_remedy(err, "lxc-info -n %s shows it, lxc-stop -n %s ends it", c->name, c->name);
}

static bool peer_is_permitted(const struct ucred *peer)
{
    return peer->uid == 0 || (peer->uid == getuid() && peer->gid == getgid());
}

/* `result`: a negative errno. */
static void refuse_peer(int connection, int result)
{
    const struct command_response response = {.result = result};

    (void)message_send(connection, &response, sizeof(response), false, NULL);
}

int command_server_accept(int listening, bool full, int *refused)
{
    const struct timeval second = {1, 0};
    const int on = 1;
    cleanup_fd int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second)) < 0)
        return -errno;
    if (full || !peer_is_permitted(&peer)) {
        refuse_peer(fd, peer_is_permitted(&peer) ? -EBUSY : -EPERM);
        close_fd(refused);
        *refused = take_fd(&fd);
        return -EPERM;
    }
    return take_fd(&fd);
}

/* Receive the data that follow a request, within a second. 0 or a negative errno. */
static int request_receive_data(int connection, const struct command_request *request, char **data)
{
    const int64_t end_ms = clock_monotonic_ms() + REQUEST_MS;
    size_t got = 0, length = (size_t)request->length;

    if (request->length < 0 || request->length > COMMAND_DATA_MAX)
        return -EMSGSIZE;
    *data = malloc(length + 1);
    if (!*data)
        return -ENOMEM;
    (*data)[length] = '\0';
    while (got < length) {
        struct pollfd p = {connection, POLLIN, 0};
        int64_t left_ms = end_ms - clock_monotonic_ms();
        ssize_t n;

        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
            return -ETIMEDOUT;
        n = message_receive(connection, *data + got, length - got, MSG_DONTWAIT, NULL, NULL);
        if (n == 0 || (n < 0 && n != -EAGAIN))
            return n < 0 ? (int)n : -ECONNRESET;
        got += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

enum command_outcome command_server_handle(struct monitor *m, int connection)
{
    struct command_request request;
    cleanup_free char *data = NULL;
    struct ucred peer;
    ssize_t n = message_receive(connection, &request, sizeof(request), MSG_DONTWAIT, &peer, NULL);

    if (n == -EAGAIN)
        return COMMAND_KEEP;
    if (n != sizeof(request))
        return COMMAND_CLOSE;
    /* Credentials come with every request: the connection may have been passed to another process. */
    if (!peer_is_permitted(&peer)) {
        refuse_peer(connection, -EPERM);
        return COMMAND_CLOSE;
    }
    if (request_receive_data(connection, &request, &data) < 0)
        return COMMAND_CLOSE;
    return command_answer(m, connection, &request, data);
}

void state_clients_drop(struct state_clients *clients, int connection)
{
    for (size_t i = 0; i < clients->count; i++)
        if (clients->items[i].connection == connection)
            clients->items[i--] = clients->items[--clients->count];
}

void state_clients_free(struct state_clients *clients)
{
    free(clients->items);
    *clients = (struct state_clients){0};
}

void state_clients_notify(struct state_clients *clients, const char *name, enum container_state state)
{
    struct state_message message = {.value = (int32_t)state};

    strncpy(message.name, name, sizeof(message.name) - 1);
    for (size_t i = 0; i < clients->count; i++) {
        const struct state_client *client = &clients->items[i];

        if (!((client->states >> state) & 1))
            continue;
        /* This does not block: the message fits into the buffer of a connection that has carried nothing
         * else. */
        (void)send(client->connection, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
        shutdown(client->connection, SHUT_RDWR);
        clients->items[i--] = clients->items[--clients->count];
    }
}
