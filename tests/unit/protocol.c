/* The command socket: its address, its server, and the start's messages over the same functions. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/command/command_client.h"
#include "core/monitor/command_server.h"
#include "core/monitor/monitor.h"
#include "core/command/protocol.h"
#include "core/spawn/sync.h"
#include "tests/unit/skip.h"

static void an_address_is_the_path_or_its_hash_where_that_is_too_long(void **state)
{
    struct container c = {.name = "n", .lxcpath = "/var/lib/lxc"};
    char longer[120] = "/";
    struct sockaddr_un a;

    (void)state;
    assert_int_equal(command_address(&c, &a), offsetof(struct sockaddr_un, sun_path) + 1 + 22);
    assert_memory_equal(a.sun_path, "\0/var/lib/lxc/n/command", 23);
    /* 107 bytes with the zero before and one after: "/" + path + "/n/command". */
    memset(longer + 1, 'p', 94);
    c.lxcpath = longer;
    assert_int_equal(command_address(&c, &a), offsetof(struct sockaddr_un, sun_path) + 1 + 105);
    /* The hash is FNV-1a of "/ppp.../n", as liblxc's. */
    longer[95] = 'p';
    assert_int_equal(command_address(&c, &a), offsetof(struct sockaddr_un, sun_path) + 1 + 28);
    assert_string_equal(a.sun_path + 1, "lxc/a6da0db1dc5a4bb3/command");
}

/* A monitor without a container, and a client that speaks to it. */
struct pair {
    struct container container;
    struct config config;
    struct monitor monitor;
    int server, client;
};

static int make_pair(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    int fds[2];

    if (!p || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    p->server = fds[0];
    p->client = fds[1];
    p->container = (struct container){.name = "n", .lxcpath = "/p"};
    config_init(&p->config);
    p->monitor = (struct monitor)MONITOR_INIT;
    p->monitor.container = &p->container;
    p->monitor.config = &p->config;
    p->monitor.state = STATE_RUNNING;
    *state = p;
    return setsockopt(p->server, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int));
}

static int end_pair(void **state)
{
    struct pair *p = *state;

    state_clients_free(&p->monitor.state_clients);
    config_free(&p->config);
    close(p->server);
    close(p->client);
    free(p);
    return 0;
}

static enum command_outcome ask(struct pair *p, int command, intptr_t value, const void *data, int length)
{
    const struct command_request request = {.command = command, .length = length, .value = value};

    assert_int_equal(message_send(p->client, &request, sizeof(request), true, NULL), 0);
    if (data)
        assert_int_equal(message_send(p->client, data, (size_t)length, false, NULL), 0);
    return command_server_handle(&p->monitor, p->server);
}

static struct command_response answer(const struct pair *p)
{
    struct command_response response = {.result = 1000};

    (void)!recv(p->client, &response, sizeof(response), MSG_DONTWAIT);
    return response;
}

static void the_server_says_what_it_knows(void **state)
{
    struct pair *p = *state;
    char name[2];

    assert_int_equal(ask(p, COMMAND_GET_STATE, 0, NULL, 0), COMMAND_KEEP);
    assert_int_equal(answer(p).value, STATE_RUNNING);
    ask(p, COMMAND_GET_NAME, 0, NULL, 0);
    assert_int_equal(answer(p).length, 2);
    assert_int_equal(recv(p->client, name, sizeof(name), 0), 2);
    assert_string_equal(name, "n");
    ask(p, COMMAND_GET_INIT_PIDFD, 0, NULL, 0);
    assert_int_equal(answer(p).result, -EBADF);
    ask(p, COMMAND_GET_CONFIG_ITEM, 0, "lxc.uts.name", 12); /* not terminated */
    assert_int_equal(answer(p).result, -EINVAL);
    ask(p, COMMAND_GET_CONFIG_ITEM, 0, "lxc.uts.name", 13); /* no value */
    assert_int_equal(answer(p).result, -ENOENT);
}

static void what_the_server_does_not_know_is_refused(void **state)
{
    struct pair *p = *state;

    for (int command = -1; command <= COMMAND_COUNT; command += COMMAND_COUNT + 1) {
        assert_int_equal(ask(p, command, 0, NULL, 0), COMMAND_KEEP);
        assert_int_equal(answer(p).result, -ENOSYS);
    }
    ask(p, COMMAND_ADD_STATE_CLIENT, 0, "x", 1);
    assert_int_equal(answer(p).result, -EINVAL);
    ask(p, COMMAND_SERVE_STATE_CLIENTS, STATE_COUNT, NULL, 0);
    assert_int_equal(answer(p).result, -EINVAL);
}

static void a_length_out_of_bounds_ends_the_connection(void **state)
{
    struct pair *p = *state;

    assert_int_equal(ask(p, COMMAND_GET_STATE, 0, NULL, -1), COMMAND_CLOSE);
    assert_int_equal(ask(p, COMMAND_GET_STATE, 0, NULL, COMMAND_DATA_MAX + 1), COMMAND_CLOSE);
    assert_int_equal(answer(p).result, 1000);
    /* Half a request. */
    assert_int_equal(message_send(p->client, "x", 1, true, NULL), 0);
    assert_int_equal(command_server_handle(&p->monitor, p->server), COMMAND_CLOSE);
}

static void nobody_is_waited_for(void **state)
{
    struct pair *p = *state;

    assert_int_equal(command_server_handle(&p->monitor, p->server), COMMAND_KEEP);
    shutdown(p->client, SHUT_WR);
    assert_int_equal(command_server_handle(&p->monitor, p->server), COMMAND_CLOSE);
}

static void a_request_needs_the_credentials_of_its_sender(void **state)
{
    struct pair *p = *state;

    assert_int_equal(setsockopt(p->server, SOL_SOCKET, SO_PASSCRED, &(int){0}, sizeof(int)), 0);
    const struct command_request request = {.command = COMMAND_GET_STATE};
    assert_int_equal(message_send(p->client, &request, sizeof(request), false, NULL), 0);
    assert_int_equal(command_server_handle(&p->monitor, p->server), COMMAND_CLOSE);
    assert_int_equal(answer(p).result, -EPERM);
}

static void another_user_is_refused(void **state)
{
    struct pair *p = *state;
    const struct command_request request = {.command = COMMAND_GET_STATE};
    struct ucred other = {getpid(), 65534, getgid()};
    union {
        char bytes[CMSG_SPACE(sizeof(other))];
        struct cmsghdr header;
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(other)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_CREDENTIALS}};
    struct iovec vector = {(void *)&request, sizeof(request)};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

    memcpy(CMSG_DATA(&control.header), &other, sizeof(other));
    if (sendmsg(p->client, &message, 0) < 0) /* only root may say to be another */
        SKIP("only root may say to be another");
    assert_int_equal(command_server_handle(&p->monitor, p->server), COMMAND_CLOSE);
    assert_int_equal(answer(p).result, -EPERM);
}

static void fds_that_come_with_a_request_are_closed(void **state)
{
    struct pair *p = *state;
    const struct command_request request = {.command = COMMAND_GET_STATE};
    struct fd_list fds = {.fds = {p->client}, .count = 1};
    int before = dup(0), after;

    close(before);
    assert_int_equal(message_send(p->client, &request, sizeof(request), false, &fds), 0);
    command_server_handle(&p->monitor, p->server);
    after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

static void a_state_is_told_once_to_who_waits_for_it(void **state)
{
    struct pair *p = *state;
    int32_t wanted[STATE_COUNT] = {[STATE_STOPPED] = 1};
    struct state_message message;

    assert_int_equal(ask(p, COMMAND_ADD_STATE_CLIENT, 0, wanted, sizeof(wanted)), COMMAND_KEEP);
    assert_int_equal(answer(p).result, STATE_COUNT);
    monitor_set_state(&p->monitor, STATE_STOPPING);
    assert_int_equal(p->monitor.state_clients.count, 1);
    monitor_set_state(&p->monitor, STATE_STOPPED);
    assert_int_equal(p->monitor.state_clients.count, 0);
    assert_int_equal(recv(p->client, &message, sizeof(message), 0), sizeof(message));
    assert_string_equal(message.name, "n");
    assert_int_equal(message.value, STATE_STOPPED);
    assert_int_equal(recv(p->client, &message, sizeof(message), 0), 0);
}

static void the_ring_is_sent_and_cleared_as_asked(void **state)
{
    struct pair *p = *state;
    struct console_log_request request = {.read = 1, .read_max = 3};
    char bytes[8] = "";

    ask(p, COMMAND_CONSOLE_LOG, 0, &request, sizeof(request));
    assert_int_equal(answer(p).result, -EFAULT);
    p->monitor.console.ring = (struct console_ring){.bytes = (char[4]){0}, .size = 4};
    console_ring_write(&p->monitor.console.ring, "abcde", 5);
    ask(p, COMMAND_CONSOLE_LOG, 0, &request, sizeof(request));
    assert_int_equal(answer(p).length, 3);
    assert_int_equal(recv(p->client, bytes, sizeof(bytes), 0), 3);
    assert_string_equal(bytes, "bcd");
    request.read_max = 0;
    for (int i = 0; i < 2; i++) { /* what was read in pieces is gone, what is read whole stays */
        ask(p, COMMAND_CONSOLE_LOG, 0, &request, sizeof(request));
        assert_int_equal(answer(p).length, 1);
        assert_int_equal(recv(p->client, bytes, sizeof(bytes), 0), 1);
        assert_int_equal(bytes[0], 'e');
        request.clear = 1;
    }
    ask(p, COMMAND_CONSOLE_LOG, 0, &request, sizeof(request));
    assert_int_equal(answer(p).result, -ENODATA);
}

static void one_container_has_one_socket(void **state)
{
    const struct container c = {.name = "unit", .lxcpath = "/lxcbox-unit"};
    cleanup_fd int first = command_server_listen(&c, NULL), second;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(first >= 0);
    second = command_server_listen(&c, &err);
    assert_int_equal(second, -EALREADY);
    assert_string_equal(err.text, "unit is already running");
}

static void the_start_goes_point_by_point(void **state)
{
    struct error err = ERROR_INIT, sent = ERROR_INIT;
    struct fd_list fds = {.fds = {0}, .count = 1}, got = {.count = 0};
    int sides[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sides), 0);
    assert_int_equal(sync_send(sides[0], SYNC_TERMINAL, &fds, &err), 0);
    assert_int_equal(sync_wait(sides[1], SYNC_TERMINAL, &got, &err), 0);
    assert_int_equal(got.count, 1);
    fd_list_close(&got);
    sync_send(sides[0], SYNC_PREPARED, NULL, &err);
    assert_int_equal(sync_wait(sides[1], SYNC_GO, NULL, &err), -EPROTO);
    error_text(&sent, ENOSPC, "no room");
    sync_fail(sides[0], &sent);
    assert_int_equal(sync_wait(sides[1], SYNC_GO, NULL, &err), -ENOSPC);
    assert_string_equal(err.text, "no room");
    assert_int_equal(send(sides[0], "\xff\xff\xff\x7f", 4, 0), 4);
    assert_int_equal(sync_next(sides[1], NULL, &err), -EPROTO);
    close(sides[0]);
    assert_int_equal(sync_wait(sides[1], SYNC_GO, NULL, &err), -EPIPE);
    assert_int_equal(sync_next(sides[1], NULL, &err), SYNC_RUNNING);
    close(sides[1]);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, end_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_the_path_or_its_hash_where_that_is_too_long),
        WITH_PAIR(the_server_says_what_it_knows),
        WITH_PAIR(what_the_server_does_not_know_is_refused),
        WITH_PAIR(a_length_out_of_bounds_ends_the_connection),
        WITH_PAIR(nobody_is_waited_for),
        WITH_PAIR(a_request_needs_the_credentials_of_its_sender),
        WITH_PAIR(another_user_is_refused),
        WITH_PAIR(fds_that_come_with_a_request_are_closed),
        WITH_PAIR(a_state_is_told_once_to_who_waits_for_it),
        WITH_PAIR(the_ring_is_sent_and_cleared_as_asked),
        cmocka_unit_test(one_container_has_one_socket),
        cmocka_unit_test(the_start_goes_point_by_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
