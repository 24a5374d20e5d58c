#include "core/storage/nested.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/file.h"
#include "core/command/command_client.h"
#include "core/namespace/namespace.h"
#include "core/run/init.h"

#define OUTPUT_MAX (16 << 20) /* largest size of rows from one container, in bytes */

static int enter_namespaces(int proc)
{
    /* In the order of entering: the user namespace gives privileges over the others. */
    static const enum namespace_kind entered[] = {NAMESPACE_USER, NAMESPACE_PID, NAMESPACE_NET,
                                                  NAMESPACE_MNT};

    for (size_t i = 0; i < ARRAY_LENGTH(entered); i++) {
        cleanup_fd int fd = namespace_open_at(proc, "", entered[i], NULL);

        if (fd == -EOPNOTSUPP || (fd >= 0 && namespace_is_ours(fd, entered[i])))
            continue;
        if (fd < 0)
            return fd;
        if (setns(fd, (int)namespaces[entered[i]].flag) < 0)
            return -errno;
        if (entered[i] == NAMESPACE_USER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
            return -errno;
    }
    return 0;
}

/* The bounding set of init: CapBnd of /proc/PID/status, proc(5). */
static uint64_t read_bounding(int proc)
{
    cleanup_free char *status = NULL;
    const char *line;

    if (file_read(proc, "status", 65536, &status, NULL) < 0)
        return 0;
    line = strstr(status, "\nCapBnd:");
    return line ? strtoull(line + strlen("\nCapBnd:"), NULL, 16) : 0;
}

static int limit_capabilities(uint64_t mask)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(mask >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int enter_running(const struct container *c)
{
    cleanup_fd int proc = init_open(c, NULL, NULL, NULL);
    uint64_t bounding;
    int r;

    if (proc < 0)
        return proc;
    bounding = read_bounding(proc);
    r = enter_namespaces(proc);
    return r == 0 ? limit_capabilities(bounding) : r;
}

/* Storage other than a directory would have to be mounted first. */
static int enter_rootfs(const char *rootfs)
{
    rootfs = config_rootfs_location(rootfs);
    if (!rootfs)
        return -ENOENT;
    if (*rootfs != '/' || chroot(rootfs) < 0 || chdir("/") < 0)
        return -ENOENT;
    return 0;
}

static int walk_inside(const struct overview_walk *walk, const char *name, int fd)
{
    cleanup_overview struct overview found = {0};
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    struct config_includes includes = {0};
    struct overview_walk inner = *walk;
    int r;

    inner.parent = name;
    inner.level++;
    inner.includes = &includes; /* the same paths name other files here */
    r = overview_walk(&inner, &found, NULL);
    if (r == 0)
        r = overview_write(&found, &bytes);
    return r == 0 ? write_all(fd, strbuf_text(&bytes), bytes.length) : r;
}

/* The child process. Its only access to the host is this pipe and what overview.c reads; no process inside
 * can trace it. */
__attribute__((noreturn)) static void child(const struct overview_walk *walk, const struct container *c,
                                            const char *name, bool running, const char *rootfs, int fd)
{
    struct stat outside, inside;
    bool exists = stat(walk->lxcpath, &outside) == 0;
    int r = running ? enter_running(c) : enter_rootfs(rootfs), status;
    pid_t pid;

    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (r < 0)
        _exit(1);
    /* If the rootfs is the host's root, or lxcpath is mounted inside, these are the same containers. */
    if (exists && stat(walk->lxcpath, &inside) == 0 && inside.st_dev == outside.st_dev &&
        inside.st_ino == outside.st_ino)
        _exit(1);
    /* Only child processes are in the entered pid namespace. */
    pid = running ? fork() : 0;
    if (pid == 0)
        _exit(walk_inside(walk, name, fd) == 0 ? 0 : 1);
    if (pid > 0)
        waitpid(pid, &status, 0);
    _exit(0);
}

static int read_output(int fd, struct strbuf *out)
{
    char chunk[4096];
    ssize_t n;

    while ((n = read_all(fd, chunk, sizeof(chunk))) > 0)
        if (out->length + (size_t)n > OUTPUT_MAX || strbuf_add(out, chunk, (size_t)n) < 0)
            return -ENOMEM;
    return (int)n;
}

int overview_nested(const struct overview_walk *walk, const struct container *c, const char *name,
                    bool running, const char *rootfs, struct overview *out)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_overview struct overview found = {0};
    cleanup_fd int ours = -1, theirs = -1;
    int pipe_fds[2], r;
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return -ENOMEM;
    ours = pipe_fds[0];
    theirs = pipe_fds[1];
    pid = fork();
    if (pid < 0)
        return -ENOMEM;
    if (pid == 0)
        child(walk, c, name, running, rootfs, theirs);
    close_fd(&theirs);
    r = read_output(ours, &bytes);
    close_fd(&ours);
    (void)process_wait(pid, NULL);
    if (r == 0)
        r = overview_parse(strbuf_text(&bytes), bytes.length, &found);
    for (size_t i = 0; r == 0 && i < found.count; i++)
        r = overview_add(out, &found.rows[i]);
    return r == -EPROTO ? 0 : r;
}

/* --- Rows as bytes: fields, each ended by a zero byte; lists begin with their count --- */

static int rows_put_number(struct strbuf *out, int64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%lld", (long long)number);

    return strbuf_add(out, text, (size_t)length + 1);
}

static int rows_put_list(struct strbuf *out, const struct string_list *list)
{
    int r = rows_put_number(out, (int64_t)list->count);

    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = strbuf_add(out, list->items[i], strlen(list->items[i]) + 1);
    return r;
}

int overview_write(const struct overview *o, struct strbuf *out)
{
    int r = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct overview_row *row = &o->rows[i];
        const int64_t numbers[] = {row->level,        row->state,        row->pid,       row->start_auto,
                                   row->unprivileged, row->memory_bytes, row->swap_bytes};
        const struct string_list *lists[] = {&row->groups, &row->interfaces, &row->ipv4, &row->ipv6};

        r |= strbuf_add(out, row->name, strlen(row->name) + 1);
        for (size_t n = 0; n < ARRAY_LENGTH(numbers); n++)
            r |= rows_put_number(out, numbers[n]);
        for (size_t n = 0; n < ARRAY_LENGTH(lists); n++)
            r |= rows_put_list(out, lists[n]);
    }
    return r;
}

struct reader {
    const char *at, *end;
    int result; /* 0, or the first failure */
};

static const char *rows_take_text(struct reader *r)
{
    const char *text = r->at, *stop = r->result == 0 ? memchr(r->at, 0, (size_t)(r->end - r->at)) : NULL;

    if (!stop) {
        r->result = r->result ? r->result : -EPROTO;
        return "";
    }
    r->at = stop + 1;
    return text;
}

static int64_t rows_take_number(struct reader *r, int64_t min, int64_t max)
{
    int64_t number = 0;

    if (parse_int64(rows_take_text(r), 10, min, max, &number) < 0 && r->result == 0)
        r->result = -EPROTO;
    return r->result == 0 ? number : 0;
}

static void rows_take_list(struct reader *r, struct string_list *list)
{
    int64_t count = rows_take_number(r, 0, OUTPUT_MAX);

    for (int64_t i = 0; r->result == 0 && i < count; i++) {
        const char *text = rows_take_text(r);

        if (r->result == 0 && string_list_add(list, text) < 0)
            r->result = -ENOMEM;
    }
}

int overview_parse(const char *bytes, size_t length, struct overview *out)
{
    struct reader r = {bytes, bytes + length, 0};

    while (r.result == 0 && r.at < r.end) {
        struct overview_row row = {.name = strdup(rows_take_text(&r))};

        row.level = (unsigned)rows_take_number(&r, 0, INT32_MAX);
        row.state = (int)rows_take_number(&r, -1, STATE_COUNT - 1);
        row.pid = (int)rows_take_number(&r, 0, INT32_MAX);
        row.start_auto = rows_take_number(&r, 0, 1);
        row.unprivileged = rows_take_number(&r, 0, 1);
        row.memory_bytes = rows_take_number(&r, -1, INT64_MAX);
        row.swap_bytes = rows_take_number(&r, -1, INT64_MAX);
        rows_take_list(&r, &row.groups);
        rows_take_list(&r, &row.interfaces);
        rows_take_list(&r, &row.ipv4);
        rows_take_list(&r, &row.ipv6);
        if (r.result == 0 && (!row.name || overview_add(out, &row) < 0))
            r.result = -ENOMEM;
        overview_row_free(&row);
    }
    return r.result;
}
