/*
 * What a monitor may answer to each request. connect(2) is replaced by one end of a socketpair whose other
 * end has sent the bytes. The first byte is the command, the second the kind of fd that comes with the
 * answer, the third how many.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/cgroup/devices.h"
#include "core/command/command_client.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct container container = {.name = "c", .lxcpath = "/nowhere"};

static const uint8_t *answer;
static size_t answer_size;
static struct fd_list answer_fds;
static int ends[4] = {-1, -1, -1, -1}, kinds[4]; /* of connections, kept open until the client has ended */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    kinds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
    kinds[1] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kinds[2] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    kinds[3] = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    size_t i = 0;
    int pair[2];

    (void)address;
    (void)length;
    while (ends[i] >= 0)
        i++;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || dup2(pair[0], fd) < 0)
        abort();
    close(pair[0]);
    ends[i] = pair[1];
    /* The client sets this after it has connected, and the message is older than that. */
    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){1}, sizeof(int));
    if (answer_size)
        (void)message_send(pair[1], answer, answer_size, !answer_fds.count, &answer_fds);
    return shutdown(pair[1], SHUT_WR);
}

static void answer_set(const uint8_t *data, size_t size, int fd, size_t fd_count)
{
    answer = data;
    answer_size = size;
    answer_fds.count = fd < 0 ? 0 : fd_count;
    for (size_t i = 0; i < answer_fds.count; i++)
        answer_fds.fds[i] = fd;
}

static int ask_values(unsigned command, struct error *err)
{
    const struct device_rule rule = {.type = 'c', .major = 1, .minor = 3, .access = DEVICE_READ};
    uint64_t flags;
    uid_t owner;
    int pid;

    switch (command) {
    case COMMAND_GET_STATE:
        return command_state(&container, err);
    case COMMAND_STOP:
        return command_stop(&container, err);
    case COMMAND_GET_INIT_PID:
        pid = command_init_pid(&container, &owner, err);
        if (pid == 0 || (pid > 0 && owner != geteuid()))
            abort();
        return pid;
    case COMMAND_GET_CLONE_FLAGS:
        return command_clone_flags(&container, &flags, err);
    case COMMAND_ADD_BPF_DEVICE_CGROUP:
        return command_add_device(&container, &rule, true, err);
    case COMMAND_SECCOMP_NOTIFY_ADD_LISTENER:
        return command_add_listener(&container, kinds[0], err);
    default:
        return command_set_state(&container, STATE_FROZEN, err);
    }
}

static int ask_texts(unsigned command, struct error *err)
{
    const struct console_log_request request = {.read = 1};
    cleanup_free char *text = NULL, *more = NULL;
    size_t length = 0;
    int r;

    if (command == COMMAND_CONSOLE_LOG) {
        r = command_console_log(&container, &request, &text, &length, err);
        if (r >= 0 && text[length])
            abort();
    } else if (command == COMMAND_GET_NAME) {
        r = command_identity("0123456789abcdef", &text, &more, err);
    } else if (command == COMMAND_GET_CGROUP) {
        r = command_cgroup_path(&container, "memory", false, &text, err);
    } else {
        r = command_config_item(&container, "lxc.uts.name", &text, err);
    }
    if (r >= 0 && !text)
        abort();
    return r;
}

static int ask_fds(unsigned command, struct error *err)
{
    cleanup_fd_list struct fd_list fds = {.count = 0};
    cleanup_fd int fd = -1, terminal = -1;
    int number = -1;
    uid_t owner;

    if (command == COMMAND_GET_CGROUP_CTX)
        return command_cgroup_fds(&container, &fds, err);
    if (command == COMMAND_GET_TTY_FD)
        fd = command_terminal(&container, &number, &terminal, err);
    else if (command == COMMAND_GET_INIT_PIDFD)
        fd = command_init_pidfd(&container, &owner, err);
    else if (command == COMMAND_GET_DEVPTS_FD)
        fd = command_devpts_fd(&container, err);
    else if (command == COMMAND_GET_CGROUP_FD)
        fd = command_cgroup_fd(&container, "memory", true, err);
    else
        fd = command_cgroup2_fd(&container, false, err);
    return fd < 0 ? fd : 0;
}

static int ask_subscription(struct error *err)
{
    cleanup_fd int subscription = -1;
    int r = command_subscribe(&container, 1u << STATE_STOPPED, true, &subscription, err);

    if (r == STATE_COUNT)
        r = command_wait(subscription, 1000, err);
    if (r >= 0 && !state_name(r))
        abort();
    return r;
}

static int ask(unsigned command, struct error *err)
{
    switch (command) {
    case COMMAND_GET_TTY_FD:
    case COMMAND_GET_INIT_PIDFD:
    case COMMAND_GET_DEVPTS_FD:
    case COMMAND_GET_CGROUP_CTX:
    case COMMAND_GET_CGROUP_FD:
    case COMMAND_GET_CGROUP2_FD:
        return ask_fds(command, err);
    case COMMAND_GET_CGROUP:
    case COMMAND_GET_CONFIG_ITEM:
    case COMMAND_GET_NAME:
    case COMMAND_CONSOLE_LOG:
        return ask_texts(command, err);
    case COMMAND_ADD_STATE_CLIENT:
        return ask_subscription(err);
    default:
        return ask_values(command, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    int r;

    if (size < 3 || size > 32768)
        return 0;
    answer_set(data + 3, size - 3, data[1] < ARRAY_LENGTH(kinds) ? kinds[data[1]] : -1,
               data[2] % (MESSAGE_FDS_MAX + 1));
    r = ask(data[0] % COMMAND_COUNT, &err);
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        close_fd(&ends[i]);
    if (r < 0 && (err.code >= 0 || !err.text[0]))
        abort();
    return 0;
}
