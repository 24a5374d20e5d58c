#include "core/command/monitord.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/title.h"
#include "core/command/peer.h"

#define CLIENTS_MAX     254
#define BUFFER_BYTES    (1 << 20) /* for a client that is stopped or slow */
#define FIRST_CLIENT_MS 10000
#define CONNECT_TRIES   50 /* 20 ms apart */

/* The path that LXC uses: below /run for the user or group that owns /run. */
static char *fifo_directory(const char *lxcpath)
{
    const char *user = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
    struct stat st;

    if (stat("/run", &st) == 0 && (st.st_uid == geteuid() || st.st_gid == getegid()))
        return format_string("/run/lxc/%s", lxcpath);
    return user ? format_string("%s/lxc/%s", user, lxcpath)
                : format_string("%s/.cache/lxc/run/lxc/%s", home ? home : "", lxcpath);
}

void monitord_notify(const struct container *c, int type, int value)
{
    cleanup_free char *directory = fifo_directory(c->lxcpath);
    cleanup_free char *path = directory ? format_string("%s/monitor-fifo", directory) : NULL;
    cleanup_fd int fifo = path ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    struct state_message message = {.type = type, .value = value};

    strncpy(message.name, c->name, sizeof(message.name) - 1);
    if (fifo >= 0)
        (void)write_all(fifo, &message, sizeof(message));
}

struct broadcaster {
    char *path; /* of the FIFO */
    struct pollfd polled[2 + CLIENTS_MAX];
    size_t count;
};

enum { FIFO, LISTENING, FIRST };

/* Open and lock the FIFO. Returns 1 when another broadcaster holds the lock. A FIFO that its reader has just
 * removed is made again. */
static int broadcaster_open_fifo(struct broadcaster *b, const char *lxcpath, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    cleanup_free char *directory = fifo_directory(lxcpath);
    struct stat ours, there;
    int r;

    b->path = directory ? format_string("%s/monitor-fifo", directory) : NULL;
    if (!b->path)
        return error_set(err, ENOMEM, "cannot monitor the containers");
    r = make_directories(directory, 0755);
    for (;;) {
        cleanup_fd int fd = -1;

        if (r < 0 || (mknod(b->path, S_IFIFO | 0600, 0) < 0 && errno != EEXIST) ||
            (fd = open(b->path, O_RDWR | O_CLOEXEC)) < 0)
            return error_set(err, r < 0 ? r : errno, "cannot make %s", b->path);
        if (fcntl(fd, F_SETLK, &lock) < 0)
            return 1;
        if (fstat(fd, &ours) == 0 && S_ISFIFO(ours.st_mode) && stat(b->path, &there) == 0 &&
            ours.st_ino == there.st_ino) {
            b->polled[FIFO].fd = take_fd(&fd);
            return 0;
        }
        if (!S_ISFIFO(ours.st_mode))
            return error_text(err, EEXIST, "%s exists and is not a FIFO", b->path);
    }
}

static int broadcaster_listen(struct broadcaster *b, const char *lxcpath, struct error *err)
{
    struct sockaddr_un address;
    socklen_t length = monitord_address(lxcpath, &address);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 100) < 0)
        return error_set(err, errno, "cannot listen for clients that monitor %s", lxcpath);
    b->polled[LISTENING].fd = take_fd(&fd);
    return 0;
}

static void broadcaster_accept(struct broadcaster *b)
{
    const int size = BUFFER_BYTES;
    cleanup_fd int fd = accept4(b->polled[LISTENING].fd, NULL, NULL, SOCK_CLOEXEC);
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (fd < 0 || b->count == ARRAY_LENGTH(b->polled) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ||
        (peer.uid != 0 && peer.uid != geteuid()))
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    b->polled[b->count++] = (struct pollfd){take_fd(&fd), POLLIN, 0};
}

static void broadcaster_disconnect(struct broadcaster *b, size_t i)
{
    close(b->polled[i].fd);
    b->polled[i] = b->polled[--b->count];
}

/* A client whose buffer is full is disconnected, so that no container waits for it. */
static void broadcaster_send(struct broadcaster *b)
{
    struct state_message message;

    if (read(b->polled[FIFO].fd, &message, sizeof(message)) != sizeof(message))
        return;
    for (size_t i = b->count; i-- > FIRST;)
        if (send(b->polled[i].fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(message))
            broadcaster_disconnect(b, i);
}

/* A client sends either "quit" or nothing before it closes its connection. */
static bool broadcaster_is_quit(struct broadcaster *b)
{
    char word[4];

    for (size_t i = b->count; i-- > FIRST;) {
        if (!b->polled[i].revents)
            continue;
        if (recv(b->polled[i].fd, word, sizeof(word), MSG_DONTWAIT) == sizeof(word) &&
            memcmp(word, "quit", sizeof(word)) == 0)
            return true;
        broadcaster_disconnect(b, i);
    }
    return false;
}

/* The FIFO is served before the clients: a message may be older than the end of a client's connection. */
static void broadcaster_serve(struct broadcaster *b)
{
    int wait_ms = FIRST_CLIENT_MS;

    while (poll(b->polled, b->count, wait_ms) > 0) {
        if (b->polled[FIFO].revents)
            broadcaster_send(b);
        else if (broadcaster_is_quit(b))
            return;
        if (b->polled[LISTENING].revents) {
            broadcaster_accept(b);
            wait_ms = -1;
        }
        /* Clients that wait to be accepted are served in one more round. */
        if (b->count == FIRST && wait_ms < 0)
            wait_ms = 0;
        else if (b->count > FIRST)
            wait_ms = -1;
    }
}

/* Run as an orphan that holds no fd of the process that started it. */
__attribute__((noreturn)) static void broadcaster_run(const char *lxcpath, int report)
{
    cleanup_free char *title = format_string("[lxc monitord] %s", lxcpath);
    struct broadcaster b = {.polled = {{-1, POLLIN, 0}, {-1, POLLIN, 0}}, .count = FIRST};
    struct error err = ERROR_INIT;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;

    setsid();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            _exit(1);
    if (dup2(report, STDERR_FILENO + 1) < 0)
        _exit(1);
    close_from(STDERR_FILENO + 2);
    report = STDERR_FILENO + 1;
    r = broadcaster_open_fifo(&b, lxcpath, &err);
    if (r == 0)
        r = broadcaster_listen(&b, lxcpath, &err);
    if (r != 0) {
        (void)write_all(report, &err, r < 0 ? sizeof(err) : 0);
        _exit(1);
    }
    if (title)
        title_set(title);
    close(report);
    if (chdir("/") == 0)
        broadcaster_serve(&b);
    unlink(b.path);
    _exit(0);
}

/* Start a broadcaster. Returns once it serves, or has found that another one does. */
static int broadcaster_start(const char *lxcpath, struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    struct error reported;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot monitor the containers");
    report = fds[0];
    report_child = fds[1];
    pid = fork();
    if (pid == 0) {
        if (fork() == 0)
            broadcaster_run(lxcpath, report_child);
        _exit(0);
    }
    close_fd(&report_child);
    if (pid > 0)
        (void)process_wait(pid, NULL);
    if (pid < 0 || read_all(report, &reported, sizeof(reported)) != sizeof(reported))
        return pid < 0 ? error_set(err, errno, "cannot monitor the containers") : 0;
    return reported.code < 0 ? error_copy(err, &reported) : 0;
}

static int broadcaster_connect(const char *lxcpath)
{
    struct sockaddr_un address;
    socklen_t length = monitord_address(lxcpath, &address);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ucred peer;

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) < 0)
        return -errno;
    if (peer_listener(fd, &peer) < 0 || peer.pid <= 0 || !peer_may_serve(lxcpath, NULL, peer.uid))
        return -EACCES;
    return take_fd(&fd);
}

int monitord_open(const char *lxcpath, struct error *err)
{
    const struct timespec pause = {0, 20000000};
    int fd = broadcaster_connect(lxcpath), r = 0;

    for (int i = 0; r == 0 && fd == -ECONNREFUSED && i < CONNECT_TRIES; i++) {
        if (i > 0)
            nanosleep(&pause, NULL);
        r = broadcaster_start(lxcpath, err);
        fd = broadcaster_connect(lxcpath);
    }
    if (r < 0)
        return r;
    return fd < 0 ? error_set(err, fd, "cannot monitor the containers of %s", lxcpath) : fd;
}

int monitord_quit(const char *lxcpath, struct error *err)
{
    cleanup_fd int fd = broadcaster_connect(lxcpath);
    int r = fd < 0 ? fd : write_all(fd, "quit", 4);

    if (r == -ECONNREFUSED)
        return error_text(err, ECONNREFUSED, "no lxc-monitor runs for %s", lxcpath);
    return r < 0 ? error_set(err, r, "cannot reach the lxc-monitord of %s", lxcpath) : 0;
}
