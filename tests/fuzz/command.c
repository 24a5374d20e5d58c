/* What a client of the command socket may send: requests as they travel, to a monitor without a container. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/monitor/monitor.h"
#include "core/command/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct container c = {.name = "n", .lxcpath = "/p"};
    struct monitor m = MONITOR_INIT;
    struct config config;
    char ring[16];
    int fds[2];

    if (size > 64000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    config_init(&config);
    m.container = &c;
    m.config = &config;
    m.state = STATE_RUNNING;
    m.console.ring = (struct console_ring){.bytes = ring, .size = sizeof(ring)};
    console_ring_write(&m.console.ring, "said", 4);
    setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int));
    if (message_send(fds[1], data, size, true, NULL) == 0 && shutdown(fds[1], SHUT_WR) == 0)
        while (command_server_handle(&m, fds[0]) == COMMAND_KEEP)
            ;
    if (!state_name(m.state) || m.state == STATE_THAWED || m.console.ring.length > sizeof(ring))
        abort();
    state_clients_free(&m.state_clients);
    config_free(&config);
    close(fds[0]);
    close(fds[1]);
    return 0;
}
