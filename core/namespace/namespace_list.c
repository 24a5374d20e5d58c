#include "core/namespace/namespace_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "net/link/nsid.h"

#define COMMAND_MAX 65536

void namespace_list_free(struct namespace_list *c)
{
    for (size_t i = 0; i < c->process_count; i++) {
        free(c->processes[i].command);
        free(c->processes[i].container);
    }
    for (size_t i = 0; i < c->namespace_count; i++)
        free(c->namespaces[i].mounts);
    free(c->processes);
    free(c->namespaces);
    *c = (struct namespace_list){0};
}

/* Arguments end with zero bytes. A process can write any bytes into them, also control codes for terminals.
 */
static void process_make_printable(char *text, size_t length)
{
    while (length && text[length - 1] == '\0')
        length--;
    text[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text_make_printable(text, length, "");
}

static int process_read_command(int proc, struct namespace_process *p)
{
    size_t length = 0;

    if (file_read(proc, "cmdline", COMMAND_MAX, &p->command, &length) < 0 || length == 0) {
        free(take_ptr(p->command));
        if (file_read(proc, "comm", 64, &p->command, &length) < 0)
            return -ENOENT;
        length -= length && p->command[length - 1] == '\n';
        p->command[length] = '\0';
    }
    process_make_printable(p->command, length);
    return 0;
}

/* "4:memory:/lxc.payload.NAME/init.scope": the innermost container counts. */
static void process_read_container(int proc, struct namespace_process *p)
{
    static const char mark[] = "/lxc.payload.";
    cleanup_free char *text = NULL;
    const char *found = NULL;

    if (file_read(proc, "cgroup", 65536, &text, NULL) < 0)
        return;
    for (const char *at = text; (at = strstr(at, mark)); at++)
        found = at + strlen(mark);
    if (found)
        p->container = strndup(found, strcspn(found, "/\n"));
}

static int process_read(int dirfd, const char *name, struct namespace_process *p)
{
    cleanup_fd int proc = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *status = NULL;
    const char *line;
    struct stat st;

    if (proc < 0 || file_read(proc, "status", 65536, &status, NULL) < 0)
        return -ENOENT;
    p->pid = (pid_t)strtol(name, NULL, 10);
    line = strstr(status, "\nPPid:");
    p->parent = line ? (pid_t)strtol(line + strlen("\nPPid:"), NULL, 10) : 0;
    line = strstr(status, "\nUid:");
    p->uid = line ? (uid_t)strtoul(line + strlen("\nUid:"), NULL, 10) : 0;
    for (int i = 0; i < NAMESPACE_KINDS; i++) {
        char path[32];

        snprintf(path, sizeof(path), "ns/%s", namespaces[i].name);
        p->namespaces[i] = fstatat(proc, path, &st, 0) == 0 ? st.st_ino : 0;
    }
    if (process_read_command(proc, p) < 0)
        return -ENOENT;
    process_read_container(proc, p);
    return 0;
}

static int process_by_pid(const void *a, const void *b)
{
    pid_t x = ((const struct namespace_process *)a)->pid, y = ((const struct namespace_process *)b)->pid;

    return (x > y) - (x < y);
}

static int namespace_list_read_processes(struct namespace_list *c)
{
    cleanup_dir DIR *dir = opendir("/proc");
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        struct namespace_process p = {0}, *grown;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        if (process_read(dirfd(dir), entry->d_name, &p) < 0) {
            free(p.command);
            continue;
        }
        grown = realloc(c->processes, (c->process_count + 1) * sizeof(*grown));
        if (!grown) {
            free(p.command);
            free(p.container);
            return -ENOMEM;
        }
        c->processes = grown;
        c->processes[c->process_count++] = p;
    }
    if (c->process_count)
        qsort(c->processes, c->process_count, sizeof(*c->processes), process_by_pid);
    return 0;
}

/* The number of a namespace fd from ioctl_ns(2), 0 if it is negative; closes the fd. */
static uint64_t namespace_number(int ns)
{
    cleanup_fd int fd = ns;
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static int namespace_list_add(struct namespace_list *c, const struct namespace_process *p, int kind,
                              struct netlink *route)
{
    struct stat st;
    struct namespace_entry *n, *grown;
    cleanup_fd int fd = -1;
    char path[48];

    for (size_t i = 0; i < c->namespace_count; i++) {
        n = &c->namespaces[i];
        if (n->number == p->namespaces[kind]) {
            n->processes++;
            return 0;
        }
    }
    grown = realloc(c->namespaces, (c->namespace_count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    c->namespaces = grown;
    n = &grown[c->namespace_count++];
    *n = (struct namespace_entry){p->namespaces[kind], namespaces[kind].name, 1, p, .network_id = NSID_NONE};
    snprintf(path, sizeof(path), "/proc/%d/ns/%s", p->pid, n->type);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != n->number) /* the process has ended */
        return 0;
    n->owner = namespace_number(ioctl(fd, NS_GET_USERNS));
    if (kind == NAMESPACE_PID || kind == NAMESPACE_USER)
        n->parent = namespace_number(ioctl(fd, NS_GET_PARENT));
    if (kind == NAMESPACE_NET && route->fd >= 0)
        n->network_id = nsid_of(route, fd);
    return 0;
}

/* The root of a namespace mount has the type and number of the namespace: "net:[4026532247]". */
static int namespace_list_add_mounts(struct namespace_list *c)
{
    cleanup_free char *text = NULL;
    int r = file_read(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text, NULL);

    for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));) {
        char root[64], where[PATH_MAX], *number;

        if (!strstr(line, " - nsfs ") || !line_word(line, 3, root, sizeof(root)) ||
            !line_word(line, 4, where, sizeof(where)) || !(number = strchr(root, '[')))
            continue;
        text_unescape(where);
        process_make_printable(where, strlen(where));
        for (size_t i = 0; i < c->namespace_count; i++) {
            struct namespace_entry *n = &c->namespaces[i];
            char *longer;

            if (n->number != strtoull(number + 1, NULL, 10))
                continue;
            longer = n->mounts ? format_string("%s\n%s", n->mounts, where) : strdup(where);
            if (!longer)
                return -ENOMEM;
            free(n->mounts);
            n->mounts = longer;
        }
    }
    return r;
}

static int namespace_by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct namespace_entry *)a)->number, y = ((const struct namespace_entry *)b)->number;

    return (x > y) - (x < y);
}

int namespace_list_read(struct namespace_list *out, struct error *err)
{
    cleanup_netlink struct netlink route = NETLINK_CLOSED;
    int r = namespace_list_read_processes(out);

    (void)netlink_open(&route, NETLINK_ROUTE, -1, NULL); /* a kernel without network support has no ids */

    for (size_t i = 0; r == 0 && i < out->process_count; i++)
        for (int kind = 0; r == 0 && kind < NAMESPACE_KINDS; kind++)
            if (out->processes[i].namespaces[kind])
                r = namespace_list_add(out, &out->processes[i], kind, &route);
    if (r == 0)
        r = namespace_list_add_mounts(out);
    if (r < 0)
        return error_set(err, r, "cannot read the list of processes");
    if (out->namespace_count)
        qsort(out->namespaces, out->namespace_count, sizeof(*out->namespaces), namespace_by_number);
    return 0;
}
