/*
 * What a child process inside a container may send to its parent: points and fds of a start, an error in
 * their place, the report of a child. The first byte chooses which, the second how many fds come with the
 * message.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/spawn/sync.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error as a caller gets it: terminated, with the code that was returned. */
static void error_examine(const struct error *err, int r)
{
    char line[sizeof(err->text) + sizeof(err->remedy)];

    if (r >= 0)
        return;
    if (err->code != r || strlen(err->text) >= sizeof(err->text) ||
        strlen(err->remedy) >= sizeof(err->remedy))
        abort();
    if (text_has_control(error_format(err, line, sizeof(line))))
        abort();
}

static void fds_examine(const struct fd_list *fds)
{
    if (fds->count > MESSAGE_FDS_MAX)
        abort();
    for (size_t i = 0; i < fds->count; i++)
        if (fcntl(fds->fds[i], F_GETFD) != FD_CLOEXEC)
            abort();
}

static void start_receive(const uint8_t *data, size_t size, size_t fd_count, bool wanted)
{
    cleanup_fd_list struct fd_list received = {.count = 0};
    struct fd_list sent = {.count = 0};
    struct error err = ERROR_INIT;
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int pair[2], r;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    for (size_t i = 0; i < fd_count; i++)
        sent.fds[sent.count++] = null;
    (void)message_send(pair[1], data, size, false, &sent);
    close(pair[1]);
    r = sync_next(pair[0], wanted ? &received : NULL, &err);
    if (r > SYNC_RUNNING)
        abort();
    error_examine(&err, r);
    fds_examine(&received);
    error_clear(&err);
    error_examine(&err, sync_wait(pair[0], SYNC_PREPARED, NULL, &err));
    close(pair[0]);
}

static void report_receive(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    struct process child = PROCESS_INIT;
    int fds[2], r;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return;
    (void)write_all(fds[1], data, size);
    close(fds[1]);
    child.report = fds[0];
    r = process_report(&child, &err);
    if (r > 0)
        abort();
    error_examine(&err, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4096)
        return 0;
    if (data[0] < 2)
        start_receive(data + 2, size - 2, data[1] % (MESSAGE_FDS_MAX + 1), data[0]);
    else
        report_receive(data + 2, size - 2);
    return 0;
}
