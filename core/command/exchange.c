#include "core/command/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/command/peer.h"

#define ANSWER_PIECE 65536 /* bytes of an answer that are allocated at first */

void exchange_end(struct exchange *x)
{
    free(x->answer);
    fd_list_close(&x->fds);
    if (x->kept && x->kept->fd < 0 && x->connection >= 0) {
        x->kept->fd = take_fd(&x->connection);
        x->kept->sender = x->sender;
    }
    close_fd(&x->connection);
}

void command_connection_close(struct command_connection *connection)
{
    close_fd(&connection->fd);
    connection->pending = 0;
}

static int command_connect(const struct sockaddr_un *address, socklen_t length)
{
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)address, length) < 0)
        return -errno;
    return take_fd(&fd);
}

int exchange_read(int fd, void *bytes, size_t length)
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

/*
 * Receive an answer of `length` bytes. Memory is allocated as bytes arrive, not by the length that the peer
 * has sent.
 */
static int exchange_read_answer(struct exchange *x, size_t length)
{
    int r = 0;

    for (size_t done = 0, piece; r == 0 && done < length; done += piece) {
        size_t at_most = done > ANSWER_PIECE ? done : ANSWER_PIECE;
        char *longer;

        piece = length - done < at_most ? length - done : at_most;
        longer = realloc(x->answer, done + piece + 1);
        if (!longer)
            return -ENOMEM;
        x->answer = longer;
        x->answer[done + piece] = '\0';
        r = exchange_read(x->connection, x->answer + done, piece);
    }
    return r;
}

/*
 * Before the request is sent, check that the listener's user has permission to serve the container; with the
 * answer, check also that it comes from a monitor. The listener may have ended: with stock LXC it is the
 * process that became the monitor's parent.
 */
static int exchange_check(const struct container *c, struct exchange *x, bool answered)
{
    int outside = answered ? peer_is_outside(x->peer.pid) : x->peer.pid > 0;

    if (outside < 0)
        return outside;
    x->foreign = !outside || (!x->unnamed && !peer_may_serve(c->lxcpath, c->name, x->peer.uid));
    return x->foreign ? -EACCES : 0;
}

/* Returns 1 when an answer came, 0 when the connection was closed without one, or a negative errno. */
static int exchange_receive(const struct container *c, struct exchange *x)
{
    struct command_response *response = &x->response;
    struct ucred listener = x->peer;
    ssize_t n = message_receive(x->connection, response, sizeof(*response), 0, &x->peer, &x->fds);
    int r;

    if (n <= 0) {
        x->peer = listener;
        return n == -ECONNRESET ? 0 : (int)n;
    }
    if (x->peer.pid <= 0 || x->peer.pid != x->sender.pid || x->peer.uid != x->sender.uid) {
        r = exchange_check(c, x, true);
        if (r < 0)
            return r == -ESRCH ? 0 : r;
        x->sender = x->peer;
    }
    if ((size_t)n < sizeof(*response)) {
        r = exchange_read(x->connection, (char *)response + n, sizeof(*response) - (size_t)n);
        if (r < 0)
            return r;
    }
    if (response->length < 0 || (response->length > COMMAND_DATA_MAX && x->command != COMMAND_CONSOLE_LOG))
        return -EPROTO;
    if (response->length == 0)
        return 1;
    r = exchange_read_answer(x, (size_t)response->length);
    return r < 0 ? r : 1;
}

int exchange_connect(const struct container *c, struct exchange *x)
{
    struct sockaddr_un address;
    socklen_t length = command_address(c, &address);
    const int on = 1;
    int r;

    x->connection = command_connect(&address, length);
    if (x->connection < 0)
        return x->connection;
    r = peer_listener(x->connection, &x->peer);
    /* From here on the kernel adds the sender's credentials to each message. */
    if (r == 0 && setsockopt(x->connection, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
        r = -errno;
    return r < 0 ? r : exchange_check(c, x, false);
}

int exchange_talk(const struct container *c, struct exchange *x)
{
    const struct command_request request = {(int32_t)x->command, (int32_t)x->length, x->value};
    struct fd_list sent = x->fds;
    char bytes[sizeof(request) + COMMAND_DATA_MAX];
    int r;

    x->fds.count = 0; /* the caller still owns them */
    if (x->length > COMMAND_DATA_MAX)
        return -EMSGSIZE;
    memcpy(bytes, &request, sizeof(request));
    if (x->length)
        memcpy(bytes + sizeof(request), x->data, x->length);
    r = message_send(x->connection, bytes, sizeof(request) + x->length, true, NULL);
    if (r == 0 && sent.count)
        r = message_send(x->connection, "", 1, false, &sent);
    /* A monitor that refuses us may have answered and closed the connection before we had sent everything:
     * its answer holds the reason. */
    if (r < 0 && r != -EPIPE)
        return r;
    return exchange_receive(c, x);
}

/* Ask on a connection that has carried other queries. 0 also where its monitor has closed it since. */
static int exchange_continue(const struct container *c, struct exchange *x)
{
    struct command_connection *kept = c->connection;
    bool sent = x->sent && kept->pending;
    int r;

    if (kept->pending && !sent) { /* the answers to other queries would come first */
        command_connection_close(kept);
        return 0;
    }
    kept->pending -= sent;
    x->connection = take_fd(&kept->fd);
    x->sender = x->peer = kept->sender;
    r = sent ? exchange_receive(c, x) : exchange_talk(c, x);
    if (r == 0) {
        close_fd(&x->connection);
        x->sender = (struct ucred){0};
    }
    return r;
}

int exchange_run(const struct container *c, struct exchange *x)
{
    struct command_connection *kept = x->query ? c->connection : NULL;
    int r = kept && kept->fd >= 0 ? exchange_continue(c, x) : 0;

    if (r != 1 && kept)
        kept->pending = 0;
    if (r == 0)
        r = exchange_connect(c, x);
    if (r == 0)
        r = exchange_talk(c, x);
    if (r == 1)
        x->kept = kept;
    return r;
}
