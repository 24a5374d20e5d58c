#include "core/command/monitord.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/title.h"
#include "core/command/peer.h"

#define CLIENTS_MAX     254
#define BUFFER_BYTES    (1 << 20) /* for a reader that is stopped or slow */
#define FIRST_CLIENT_MS 10000
#define CONNECT_TRIES   50 /* 20 ms apart */

/* Where LXC has it: /run for whom that belongs to. */
static char *fifo_folder(const char *lxcpath)
{
    const char *user = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
    struct stat st;

    if (stat("/run", &st) == 0 && (st.st_uid == geteuid() || st.st_gid == getegid()))
        return format_string("/run/lxc/%s", lxcpath);
    return user ? format_string("%s/lxc/%s", user, lxcpath)
                : format_string("%s/.cache/lxc/run/lxc/%s", home ? home : "", lxcpath);
}

void monitord_tell(const struct container *c, int type, int value)
{
    cleanup_free char *folder = fifo_folder(c->lxcpath);
    cleanup_free char *path = folder ? format_string("%s/monitor-fifo", folder) : NULL;
    cleanup_fd int fifo = path ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    struct state_message message = {.type = type, .value = value};

    strncpy(message.name, c->name, sizeof(message.name) - 1);
    if (fifo >= 0)
        (void)write_all(fifo, &message, sizeof(message));
}

/* The process that hands the messages on. */
struct hub {
    char *path; /* of the FIFO */
    struct pollfd polled[2 + CLIENTS_MAX];
    size_t count;
};

enum { FIFO, LISTENING, FIRST };

/* 1: another one has it. The file may be one that its reader is just removing: then it is made again. */
static int take_fifo(struct hub *h, const char *lxcpath, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    cleanup_free char *folder = fifo_folder(lxcpath);
    struct stat ours, there;
    int r;

    h->path = folder ? format_string("%s/monitor-fifo", folder) : NULL;
    if (!h->path)
        return error_set(err, ENOMEM, "cannot follow the containers");
    r = make_directories(folder, 0755);
    for (;;) {
        cleanup_fd int fd = -1;

        if (r < 0 || (mknod(h->path, S_IFIFO | 0600, 0) < 0 && errno != EEXIST) ||
            (fd = open(h->path, O_RDWR | O_CLOEXEC)) < 0)
            return error_set(err, r < 0 ? r : errno, "cannot make %s", h->path);
        if (fcntl(fd, F_SETLK, &lock) < 0)
            return 1;
        if (fstat(fd, &ours) == 0 && S_ISFIFO(ours.st_mode) && stat(h->path, &there) == 0 &&
            ours.st_ino == there.st_ino) {
            h->polled[FIFO].fd = take_fd(&fd);
            return 0;
        }
        if (!S_ISFIFO(ours.st_mode))
            return error_text(err, EEXIST, "%s is there, and no FIFO", h->path);
    }
}

static int listen_for_clients(struct hub *h, const char *lxcpath, struct error *err)
{
    struct sockaddr_un address;
    socklen_t length = monitord_address(lxcpath, &address);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 100) < 0)
        return error_set(err, errno, "cannot serve those who follow %s", lxcpath);
    h->polled[LISTENING].fd = take_fd(&fd);
    return 0;
}

static void accept_client(struct hub *h)
{
    const int size = BUFFER_BYTES;
    cleanup_fd int fd = accept4(h->polled[LISTENING].fd, NULL, NULL, SOCK_CLOEXEC);
    struct ucred peer;
    socklen_t length = sizeof(peer);

    if (fd < 0 || h->count == ARRAY_LENGTH(h->polled) ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 ||
        (peer.uid != 0 && peer.uid != geteuid()))
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    h->polled[h->count++] = (struct pollfd){take_fd(&fd), POLLIN, 0};
}

static void drop_client(struct hub *h, size_t i)
{
    close(h->polled[i].fd);
    h->polled[i] = h->polled[--h->count];
}

/* Whoever cannot take more is let go, so that no container waits for it. */
static void hand_on(struct hub *h)
{
    struct state_message message;

    if (read(h->polled[FIFO].fd, &message, sizeof(message)) != sizeof(message))
        return;
    for (size_t i = h->count; i-- > FIRST;)
        if (send(h->polled[i].fd, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(message))
            drop_client(h, i);
}

/* What a client says is "quit", or nothing any more. */
static bool is_told_to_quit(struct hub *h)
{
    char word[4];

    for (size_t i = h->count; i-- > FIRST;) {
        if (!h->polled[i].revents)
            continue;
        if (recv(h->polled[i].fd, word, sizeof(word), MSG_DONTWAIT) == sizeof(word) &&
            memcmp(word, "quit", sizeof(word)) == 0)
            return true;
        drop_client(h, i);
    }
    return false;
}

/* From the last to the first: a message is older than the end of who wants it. */
static void serve(struct hub *h)
{
    int wait_ms = FIRST_CLIENT_MS;

    while (poll(h->polled, h->count, wait_ms) > 0) {
        if (h->polled[FIFO].revents)
            hand_on(h);
        else if (is_told_to_quit(h))
            return;
        if (h->polled[LISTENING].revents) {
            accept_client(h);
            wait_ms = -1;
        }
        /* Those who have just come and are not accepted yet come round once more. */
        if (h->count == FIRST && wait_ms < 0)
            wait_ms = 0;
        else if (h->count > FIRST)
            wait_ms = -1;
    }
}

/* An orphan that holds nothing of who started it. */
__attribute__((noreturn)) static void hub_run(const char *lxcpath, int report)
{
    cleanup_free char *title = format_string("[lxc monitord] %s", lxcpath);
    struct hub h = {.polled = {{-1, POLLIN, 0}, {-1, POLLIN, 0}}, .count = FIRST};
    struct error err = ERROR_INIT;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), r;

    setsid();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    dup2(report, STDERR_FILENO + 1);
    close_from(STDERR_FILENO + 2);
    report = STDERR_FILENO + 1;
    r = take_fifo(&h, lxcpath, &err);
    if (r == 0)
        r = listen_for_clients(&h, lxcpath, &err);
    if (r != 0) {
        (void)write_all(report, &err, r < 0 ? sizeof(err) : 0);
        _exit(1);
    }
    if (title)
        title_set(title);
    close(report);
    if (chdir("/") == 0)
        serve(&h);
    unlink(h.path);
    _exit(0);
}

/* Returns once it serves, or has found that another one does. */
static int start_hub(const char *lxcpath, struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    struct error told;
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot follow the containers");
    report = fds[0];
    report_child = fds[1];
    pid = fork();
    if (pid == 0) {
        if (fork() == 0)
            hub_run(lxcpath, report_child);
        _exit(0);
    }
    close_fd(&report_child);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || read_all(report, &told, sizeof(told)) != sizeof(told))
        return pid < 0 ? error_set(err, errno, "cannot follow the containers") : 0;
    return told.code < 0 ? error_copy(err, &told) : 0;
}

static int connect_hub(const char *lxcpath)
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
    int fd = connect_hub(lxcpath), r = 0;

    for (int i = 0; r == 0 && fd == -ECONNREFUSED && i < CONNECT_TRIES; i++) {
        if (i > 0)
            nanosleep(&pause, NULL);
        r = start_hub(lxcpath, err);
        fd = connect_hub(lxcpath);
    }
    if (r < 0)
        return r;
    return fd < 0 ? error_set(err, fd, "cannot follow the containers of %s", lxcpath) : fd;
}

int monitord_quit(const char *lxcpath, struct error *err)
{
    cleanup_fd int fd = connect_hub(lxcpath);
    int r = fd < 0 ? fd : write_all(fd, "quit", 4);

    if (r == -ECONNREFUSED)
        return error_text(err, ECONNREFUSED, "no lxc-monitor follows %s", lxcpath);
    return r < 0 ? error_set(err, r, "cannot reach who follows %s", lxcpath) : 0;
}
