#include "core/namespace/idmap_write.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/process.h"
#include "core/namespace/unshare.h"

/* Run newuidmap(1) or newgidmap(1). -ENOENT if it is not installed. */
static int idmap_run_helper(const char *name, const char *pid, char *maps, struct error *err)
{
    cleanup_string_list struct string_list argv = {0};
    struct process_program program = {0};
    char *word, *rest = maps;
    int r;

    if (string_list_add(&argv, name) < 0 || string_list_add(&argv, pid) < 0)
        return -ENOMEM;
    while ((word = strsep(&rest, " \n")))
        if (*word && string_list_add(&argv, word) < 0)
            return -ENOMEM;
    program.argv = argv.items;
    r = process_run(process_execute, &program, err);
    /* EACCES: a directory in PATH that we may not search. */
    if (r == -ENOENT || r == -EACCES)
        return -ENOENT;
    if (r < 0)
        return error_context(err, "cannot run");
    if (r > 0) {
        error_text(err, EPERM, "%s refused to map these ids", name);
        return error_remedy(err, "have these ids added to your line in /etc/sub%cid", name[3]);
    }
    return 0;
}

bool idmap_is_own_id(const struct config *c, bool is_gid)
{
    uint32_t own = is_gid ? getegid() : geteuid(), inside;
    size_t lines = 0, ids = 0;

    for (size_t i = 0; i < c->idmap_count; i++) {
        lines += c->idmaps[i].is_gid == is_gid;
        ids += c->idmaps[i].is_gid == is_gid ? c->idmaps[i].count : 0;
    }
    return lines == 1 && ids == 1 && idmap_to_container(c, is_gid, own, &inside) == 0;
}

static int idmap_deny_setgroups(pid_t pid, struct error *err)
{
    char path[64];
    int r;

    snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
    r = file_write_value(AT_FDCWD, path, "deny");
    return r < 0 ? error_set(err, r, "cannot write %s", path) : 0;
}

static int idmap_write_map(const struct config *c, pid_t pid, bool is_gid, struct error *err)
{
    const char *helper = is_gid ? "newgidmap" : "newuidmap";
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    bool direct = geteuid() == 0 || idmap_is_own_id(c, is_gid);
    char path[64], number[16];
    int r = idmap_text(c, is_gid, &text);

    if (r < 0)
        return error_set(err, r, "cannot write the map of %s", is_gid ? "groups" : "users");
    if (text.length == 0)
        return 0;
    if (!direct) {
        snprintf(number, sizeof(number), "%d", pid);
        r = idmap_run_helper(helper, number, text.text, err);
        if (r != -ENOENT)
            return r;
        error_text(err, ENOENT, "cannot map ids as an unprivileged user: %s is not installed", helper);
        return error_remedy(err, "install the package uidmap, or run as root");
    }
    if (is_gid && geteuid() != 0 && (r = idmap_deny_setgroups(pid, err)) < 0)
        return r;
    snprintf(path, sizeof(path), "/proc/%d/%s_map", pid, is_gid ? "gid" : "uid");
    r = file_write_value(AT_FDCWD, path, text.text);
    return r < 0 ? error_set(err, r, "cannot write the ids to %s", path) : 0;
}

int idmap_write_unchecked(const struct config *c, pid_t pid, struct error *err)
{
    int r = idmap_write_map(c, pid, false, err);

    return r < 0 ? r : idmap_write_map(c, pid, true, err);
}

int idmap_write(const struct config *c, pid_t pid, struct error *err)
{
    int r;

    if (!c->idmap_count)
        return 0;
    r = idmap_check(c, err);
    return r < 0 ? r : idmap_write_unchecked(c, pid, err);
}

/* Add every range of the user. */
static int idmap_add_subordinate_ranges(bool is_gid, struct id_ranges *ids, struct error *err)
{
    const char *path = is_gid ? "/etc/subgid" : "/etc/subuid";
    const struct passwd *user = getpwuid(getuid());
    uint32_t start, count;
    cleanup_free char *text = NULL;
    bool found = false;
    int r = file_read(AT_FDCWD, path, 1 << 20, &text, NULL);

    for (char *rest = text, *line; r == 0 && (line = strsep(&rest, "\n"));)
        if (id_ranges_find(line, user ? user->pw_name : NULL, getuid(), &start, &count) == 0) {
            found = true;
            r = id_ranges_add(ids, is_gid, start, start, count);
        }
    if (!found) {
        error_text(err, ENOENT, "%s has no ids for this user", path);
        return error_remedy(err, "add a line \"%s:100000:65536\"", user ? user->pw_name : "USER");
    }
    return r < 0 ? error_set(err, r, "cannot map the ids of %s", path) : 0;
}

/* Add these ranges and the user's own id; only the own id if `c` requires no other. */
static int idmap_add_own_ranges(const struct config *c, bool is_gid, struct id_ranges *ids, struct error *err)
{
    uint32_t own = is_gid ? getegid() : geteuid();
    int r = c && idmap_is_own_id(c, is_gid) ? 0 : idmap_add_subordinate_ranges(is_gid, ids, err);

    if (r == 0 && id_ranges_set(ids, is_gid, own, own) < 0)
        r = error_set(err, E2BIG, "cannot map the ids of the user");
    return r;
}

int idmap_own_range(bool is_gid, uint32_t *start, uint32_t *count, struct error *err)
{
    struct id_ranges ids = {.count = 0};
    int r = idmap_add_subordinate_ranges(is_gid, &ids, err);

    *count = 0;
    for (size_t i = 0; r == 0 && i < ids.count; i++)
        if (ids.items[i].count > *count) {
            *start = ids.items[i].host_id;
            *count = ids.items[i].count;
        }
    return r;
}

/* Search as root of the container, without our capabilities. */
static int idmap_find_barrier(uid_t uid, gid_t gid, const char *path, char *out, size_t size)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[2] = {0};

    /* A namespace may deny setgroups(2): then the groups are kept, as at a start. */
    (void)setgroups(0, NULL);
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
        syscall(SYS_capset, &header, none) < 0)
        return -errno;
    return path_barrier(path, out, size);
}

int idmap_barrier(const struct config *c, const char *path, char *out, size_t size)
{
    uint32_t uid, gid;
    int fds[2], r;
    ssize_t n;
    pid_t pid;

    if (idmap_to_host(c, false, 0, &uid) < 0 || idmap_to_host(c, true, 0, &gid) < 0)
        return 0;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    pid = fork();
    if (pid == 0) {
        r = idmap_find_barrier(uid, gid, path, out, size);
        _exit(r > 0 && write_all(fds[1], out, strlen(out)) == 0 ? 1 : r < 0 ? 2 : 0);
    }
    close(fds[1]);
    n = pid > 0 ? read_all(fds[0], out, size - 1) : -1;
    close(fds[0]);
    if (pid > 0)
        (void)process_wait(pid, NULL);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Another process creates the namespace, so that this process has not entered it if mapping fails. */
int idmap_enter(const struct config *c, struct error *err)
{
    struct id_ranges ids = {.count = 0};
    cleanup_fd int ours = -1, theirs = -1, ns = -1;
    char path[64], byte = 0;
    int pair[2], r = 0;
    pid_t pid;

    if (geteuid() == 0 || (c && (!c->idmap_count || (idmap_is_own_id(c, false) && idmap_is_own_id(c, true)))))
        return 0;
    for (int is_gid = 0; r == 0 && is_gid < 2; is_gid++)
        r = idmap_add_own_ranges(c, is_gid, &ids, err);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set(err, errno, "cannot create a user namespace");
    ours = pair[0];
    theirs = pair[1];
    pid = fork();
    if (pid == 0) {
        close_fd(&ours);
        if (unshare(CLONE_NEWUSER) == 0 && write(theirs, &byte, 1) == 1)
            (void)!read(theirs, &byte, 1);
        _exit(0);
    }
    close_fd(&theirs);
    snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
    if (pid < 0 || read_all(ours, &byte, 1) != 1)
        r = error_set(err, pid < 0 ? errno : EPERM, "cannot create a user namespace");
    if (r == 0)
        r = idmap_write(&(struct config){.idmaps = ids.items, .idmap_count = ids.count}, pid, err);
    if (r == 0 && ((ns = open(path, O_RDONLY | O_CLOEXEC)) < 0 || setns(ns, CLONE_NEWUSER) < 0))
        r = error_set(err, errno, "cannot enter a user namespace");
    close_fd(&ours);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return r;
}
