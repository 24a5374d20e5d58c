/* The relay of port forwards: what comes goes to the target, back, and not beyond its bounds. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/bridge/forward_relay.h"
#include "tests/unit/skip.h"

#define WAIT_MS 10000

static const struct ip loopback = {.family = AF_INET, .bytes = {127, 0, 0, 1}};

struct ends {
    struct forward_relay relay;
    int listener, server; /* the relay's, the target's */
    union socket_address address;
};

static union socket_address name_of(int fd)
{
    union socket_address a;
    socklen_t size = sizeof(a);

    assert_int_equal(getsockname(fd, &a.any, &size), 0);
    return a;
}

static void start(struct ends *e, bool tcp)
{
    if (geteuid() != 0)
        SKIP("becoming user nobody needs root");
    *e = (struct ends){.relay = FORWARD_RELAY_NONE};
    e->listener = forward_listen(tcp, &loopback, 0, NULL);
    e->server = forward_listen(tcp, &loopback, 0, NULL);
    assert_true(e->listener >= 0 && e->server >= 0);
    e->address = name_of(e->listener);
    assert_int_equal(forward_relay_start(&e->relay, NULL), 0);
    assert_int_equal(forward_relay_add(&e->relay, 7, tcp, e->listener, &loopback,
                                       ntohs(name_of(e->server).v4.sin_port), NULL),
                     0);
}

static void stop(struct ends *e)
{
    forward_relay_stop(&e->relay);
    close(e->listener);
    close(e->server);
}

static int connect_to(const struct ends *e, int type)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, &e->address.any, sizeof(e->address.v4)), 0);
    return fd;
}

static bool readable(int fd, int wait_ms)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, wait_ms) == 1;
}

static int accept_one(const struct ends *e)
{
    return readable(e->server, WAIT_MS) ? accept(e->server, NULL, NULL) : -1;
}

static void both_directions_end_on_their_own(void **state)
{
    struct ends e;
    char text[8] = "";
    int client, server;

    (void)state;
    start(&e, true);
    client = connect_to(&e, SOCK_STREAM);
    assert_int_equal(send(client, "hello", 5, 0), 5);
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    server = accept_one(&e);
    assert_int_equal(recv(server, text, sizeof(text), MSG_WAITALL), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(send(server, "back", 4, 0), 4);
    close(server);
    assert_int_equal(recv(client, text, sizeof(text), MSG_WAITALL), 4);
    close(client);
    stop(&e);
}

static void a_target_that_refuses_resets_the_client(void **state)
{
    struct ends e;
    char byte;
    int client;

    (void)state;
    start(&e, true);
    close(e.server);
    client = connect_to(&e, SOCK_STREAM);
    assert_int_equal(recv(client, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(client);
    e.server = -1;
    stop(&e);
}

static void connections_are_bounded_and_others_wait(void **state)
{
    enum { MORE = 20 };
    static int clients[RELAY_LISTENER_STREAMS + MORE], servers[RELAY_LISTENER_STREAMS + MORE];
    const struct rlimit fds = {2048, 4096};
    struct ends e;
    size_t accepted = 0;

    (void)state;
    (void)setrlimit(RLIMIT_NOFILE, &fds);
    start(&e, true);
    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++) {
        clients[i] = connect_to(&e, SOCK_STREAM);
        if (accepted < RELAY_LISTENER_STREAMS)
            servers[accepted++] = accept_one(&e);
    }
    assert_int_equal(accepted, RELAY_LISTENER_STREAMS);
    assert_false(readable(e.server, 200));
    for (size_t i = 0; i < MORE; i++) { /* each that ends makes room for one */
        close(servers[i]);
        close(clients[i]);
        servers[accepted] = accept_one(&e);
        assert_true(servers[accepted++] >= 0);
    }
    for (size_t i = MORE; i < ARRAY_LENGTH(clients); i++) {
        close(clients[i]);
        close(servers[i]);
    }
    stop(&e);
}

static void answers_over_udp_go_to_who_asked(void **state)
{
    struct ends e;
    int clients[2];

    (void)state;
    start(&e, false);
    for (int i = 0; i < 2; i++) {
        clients[i] = connect_to(&e, SOCK_DGRAM);
        assert_int_equal(send(clients[i], i ? "b" : "a", 1, 0), 1);
    }
    for (int i = 0; i < 2; i++) {
        union socket_address from;
        socklen_t size = sizeof(from);
        char byte;

        assert_true(readable(e.server, WAIT_MS));
        assert_int_equal(recvfrom(e.server, &byte, 1, 0, &from.any, &size), 1);
        assert_int_equal(sendto(e.server, &byte, 1, 0, &from.any, size), 1);
    }
    for (int i = 0; i < 2; i++) {
        char byte = 0;

        assert_true(readable(clients[i], WAIT_MS));
        assert_int_equal(recv(clients[i], &byte, 1, 0), 1);
        assert_int_equal(byte, i ? 'b' : 'a');
        close(clients[i]);
    }
    stop(&e);
}

static void a_listener_that_is_removed_closes_its_connections(void **state)
{
    struct ends e;
    char byte;
    int client, server;

    (void)state;
    start(&e, true);
    client = connect_to(&e, SOCK_STREAM);
    server = accept_one(&e);
    assert_true(server >= 0);
    assert_int_equal(forward_relay_remove(&e.relay, 7), 0);
    assert_true(readable(client, WAIT_MS));
    assert_true(recv(client, &byte, 1, 0) <= 0);
    close(client);
    close(server);
    stop(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_end_on_their_own),
        cmocka_unit_test(a_target_that_refuses_resets_the_client),
        cmocka_unit_test(connections_are_bounded_and_others_wait),
        cmocka_unit_test(answers_over_udp_go_to_who_asked),
        cmocka_unit_test(a_listener_that_is_removed_closes_its_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
