#include "core/spawn/sync.h"

#include <errno.h>
#include <stddef.h>

struct sync_message {
    int32_t point; /* SYNC_ERROR: `error` follows */
    struct error error;
};

#define SYNC_ERROR (-1)

int sync_send(int socket, enum sync_point point, const struct fd_list *fds, struct error *err)
{
    const int32_t number = (int32_t)point;
    int r = message_send(socket, &number, sizeof(number), false, fds);

    return r < 0 ? error_set(err, r, "cannot send to the other process of the start") : 0;
}

void sync_fail(int socket, const struct error *what)
{
    const struct sync_message message = {.point = SYNC_ERROR, .error = *what};

    (void)message_send(socket, &message, sizeof(message), false, NULL);
}

int sync_next(int socket, struct fd_list *fds, struct error *err)
{
    struct sync_message message;
    ssize_t n = message_receive(socket, &message, sizeof(message), 0, NULL, fds);

    if (n < 0)
        return error_set(err, (int)n, "cannot receive from the other process of the start");
    if (n == 0)
        return SYNC_RUNNING;
    if (n == sizeof(message) && message.point == SYNC_ERROR && message.error.code < 0)
        return error_copy(err, &message.error);
    if (n != sizeof(message.point) || message.point < 0 || message.point > SYNC_RUNNING)
        return error_text(err, EPROTO, "received an unexpected message during the start");
    return message.point;
}

int sync_wait(int socket, enum sync_point point, struct fd_list *fds, struct error *err)
{
    int r = sync_next(socket, fds, err);

    if (r < 0 || r == (int)point)
        return r < 0 ? r : 0;
    if (r == SYNC_RUNNING)
        return error_text(err, EPIPE, "the container's first process ended before it executed init");
    return error_text(err, EPROTO, "received an unexpected message during the start");
}
