/* Which cgroup hierarchies a host has, read from the kernel's texts. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"
#include "core/cgroup/directory.h"
#include "core/cgroup/layout.h"
#include "tests/unit/skip.h"

#define CLEANUP __attribute__((cleanup(cgroup_mounts_free)))

static int find_mounts(const char *text, struct cgroup_mounts *m)
{
    cleanup_mountinfo struct mountinfo table = {0};

    assert_int_equal(mountinfo_parse(text, strlen(text), &table), 0);
    return cgroup_mounts_find(&table, m);
}

static void read_texts(const char *mountinfo, const char *memberships, bool escape, struct cgroup_mounts *m)
{
    assert_int_equal(find_mounts(mountinfo, m), 0);
    assert_int_equal(cgroup_mounts_set_base(m, memberships, strlen(memberships), escape), 0);
}

static void check(const struct cgroup_mount *m, const char *controllers, const char *mount_point,
                  const char *base)
{
    assert_string_equal(m->controllers, controllers);
    assert_string_equal(m->mount_point, mount_point);
    assert_string_equal(m->base, base);
}

static const char hybrid[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
    "rw,xattr,release_agent=/lib/agent,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";

static void a_hybrid_host_has_v1_and_v2(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts(hybrid,
               "9:name=systemd:/init.scope\n8:pids:/\n2:cpuacct,cpu:/a/b\n3:cpuset:/\n0::/init.scope\n", true,
               &m);
    assert_int_equal(m.count, 4);
    check(&m.items[0], "cpuacct,cpu", "/sys/fs/cgroup/cpu,cpuacct", "a/b");
    check(&m.items[1], "cpuset", "/sys/fs/cgroup/cpuset", "");
    check(&m.items[2], "name=systemd", "/sys/fs/cgroup/systemd", "");
    check(&m.items[3], "", "/sys/fs/cgroup/unified", "");
    assert_true(m.items[3].unified);
    assert_int_equal(cgroup_layout_of(&m), CGROUP_HYBRID);
}

static void a_v1_host_has_no_v2(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts("5 1 0:9 / /cg rw - cgroup none rw,memory,cpu\n", "1:cpu,memory:/x\n", false, &m);
    assert_int_equal(m.count, 1);
    check(&m.items[0], "cpu,memory", "/cg", "x");
    assert_int_equal(cgroup_layout_of(&m), CGROUP_LEGACY);
}

static void a_v2_host_has_one_hierarchy(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts("5 1 0:9 / /sys/fs/cgroup rw shared:4 master:1 - cgroup2 cgroup2 rw\n",
               "0::/user.slice/user-0.slice/session-1.scope\n", false, &m);
    assert_int_equal(m.count, 1);
    check(&m.items[0], "", "/sys/fs/cgroup", "user.slice/user-0.slice/session-1.scope");
    assert_int_equal(cgroup_layout_of(&m), CGROUP_UNIFIED);
}

static void a_host_without_cgroups_has_none(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts("22 27 0:21 / /proc rw - proc proc rw\nrubbish\n\n - cgroup2\n", "", true, &m);
    assert_int_equal(m.count, 0);
    assert_int_equal(cgroup_layout_of(&m), CGROUP_UNKNOWN);
}

static void only_the_last_init_scope_is_left_out(void **state)
{
    static const char mounts[] = "5 1 0:9 / /c rw - cgroup2 none rw\n";
    CLEANUP struct cgroup_mounts m = {.count = 0}, kept = {.count = 0};

    (void)state;
    read_texts(mounts, "0::/init.scope/a/init.scope\n", true, &m);
    check(&m.items[0], "", "/c", "init.scope/a");
    read_texts(mounts, "0::/init.scope\n", false, &kept);
    check(&kept.items[0], "", "/c", "init.scope");
}

static void a_bind_mounted_part_holds_what_is_beneath_it(void **state)
{
    static const char mounts[] = "5 1 0:9 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n";
    CLEANUP struct cgroup_mounts m = {.count = 0}, outside = {.count = 0}, alike = {.count = 0};

    (void)state;
    read_texts(mounts, "0::/docker/1234/init\n", true, &m);
    check(&m.items[0], "", "/sys/fs/cgroup", "init");
    read_texts(mounts, "0::/system.slice\n", true, &outside);
    assert_int_equal(outside.count, 0);
    read_texts(mounts, "0::/docker/12345\n", true, &alike);
    assert_int_equal(alike.count, 0);
}

static void the_mount_that_shows_most_is_taken(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts("5 1 0:9 /a /one rw - cgroup none rw,pids\n"
               "6 1 0:9 / /two rw - cgroup none rw,pids\n"
               "7 1 0:9 / /three ro - cgroup none rw,pids\n",
               "1:pids:/a\n", true, &m);
    assert_int_equal(m.count, 1);
    check(&m.items[0], "pids", "/two", "a");
}

static void what_lies_outside_the_cgroup_namespace_is_left_aside(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0}, above = {.count = 0};

    (void)state;
    read_texts("5 1 0:9 / /c rw - cgroup2 none rw\n", "0::/../other\n", false, &m);
    assert_int_equal(m.count, 0);
    read_texts("5 1 0:9 /.. /c rw - cgroup2 none rw\n", "0::/\n", false, &above);
    assert_int_equal(above.count, 0);
}

static void mount_points_are_unescaped(void **state)
{
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    read_texts("5 1 0:9 / /a\\040b\\134c\\9 rw - cgroup2 none rw\n", "0::/\n", false, &m);
    assert_string_equal(m.items[0].mount_point, "/a b\\c\\9");
}

static void more_hierarchies_than_there_is_room_for_are_an_error(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    CLEANUP struct cgroup_mounts m = {.count = 0};

    (void)state;
    for (int i = 0; i <= CGROUP_HIERARCHIES_MAX; i++)
        strbuf_printf(&b, "%d 1 0:%d / /c%d rw - cgroup none rw,name=n%d\n", i, i, i, i);
    assert_int_equal(find_mounts(b.text, &m), -E2BIG);
    assert_int_equal(m.count, 0);
}

static void named_hierarchies_go_by_both_names(void **state)
{
    (void)state;
    assert_true(cgroup_controllers_have("name=systemd", "systemd"));
    assert_true(cgroup_controllers_have("name=systemd", "name=systemd"));
    assert_true(cgroup_controllers_have("cpu,cpuacct", "cpuacct"));
    assert_false(cgroup_controllers_have("cpu,cpuacct", "acct"));
    assert_false(cgroup_controllers_have("cpuset", "cpu"));
    assert_false(cgroup_controllers_have("", ""));
}

static void the_v2_path_of_a_process_is_found(void **state)
{
    size_t length;
    const char *path = cgroup_v2_path("3:cpuset:/a\n0::/b c\n", &length);

    (void)state;
    assert_int_equal(length, 4);
    assert_memory_equal(path, "/b c", 4);
    cgroup_v2_path("3:cpuset:/a\n", &length);
    assert_int_equal(length, 0);
}

static void values_and_statistics_come_from_whichever_cgroup_has_them(void **state)
{
    char one[] = "/tmp/cgroup-unit.XXXXXX", two[] = "/tmp/cgroup-unit.XXXXXX";
    struct cgroup_statistics s;
    struct error err = ERROR_INIT;
    cleanup_free char *value = NULL;
    int fds[2];

    (void)state;
    assert_non_null(mkdtemp(one));
    assert_non_null(mkdtemp(two));
    fds[0] = open(one, O_PATH | O_CLOEXEC);
    fds[1] = open(two, O_PATH | O_CLOEXEC);
    file_replace(fds[0], "cpu.stat", "nr_periods 0\n", 13, 0644);
    file_replace(fds[1], "cpu.stat", "usage_usec 1500\nuser_usec 3\n", 28, 0644);
    file_replace(fds[1], "memory.current", "4096\n", 5, 0644);
    file_replace(fds[1], "memory.stat", "anon 7\nkernel 512\nkernel_stack 9\n", 33, 0644);
    file_replace(fds[1], "io.stat", "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=0\n", 55, 0644);
    cgroup_read_statistics(fds, 2, &s);
    assert_int_equal(s.cpu_ns, 1500000);
    assert_int_equal(s.memory_bytes, 4096);
    assert_int_equal(s.kernel_memory_bytes, 512);
    assert_int_equal(s.block_io_bytes, 35);
    file_replace(fds[0], "blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Total 7\nTotal 9\n", 31, 0644);
    cgroup_read_statistics(fds, 2, &s);
    assert_int_equal(s.block_io_bytes, 9);
    cgroup_read_statistics(fds, 0, &s);
    assert_int_equal(s.memory_bytes, -1);
    assert_int_equal(s.block_io_bytes, -1);

    assert_int_equal(cgroup_get_value(fds, 2, "memory.current", &value, &err), 0);
    assert_string_equal(value, "4096\n");
    assert_int_equal(cgroup_get_value(fds, 2, "memory.max", &value, &err), -ENOENT);
    assert_int_equal(cgroup_set_value(fds, 2, "../x", "1", &err), -EINVAL);
    close(fds[0]);
    close(fds[1]);
    remove_tree(AT_FDCWD, one);
    remove_tree(AT_FDCWD, two);
}

/* ---- On the real kernel ---- */

static pid_t clone_into(int fd, bool *is_in)
{
    struct clone_args a = {.flags = fd >= 0 ? CLONE_INTO_CGROUP : 0,
                           .exit_signal = SIGCHLD,
                           .cgroup = (uint32_t)(fd >= 0 ? fd : 0)};
    pid_t pid = (pid_t)syscall(SYS_clone3, &a, sizeof(a));

    *is_in = pid >= 0 && fd >= 0;
    return pid < 0 && errno == ENOSYS ? fork() : pid;
}

/* In how many of `g`'s hierarchies the process is not in PATH. */
static size_t is_outside(const struct cgroup *g, pid_t pid, const char *path)
{
    cleanup_free char *text = NULL, *file = format_string("/proc/%d/cgroup", (int)pid);
    cleanup_free char *end = format_string("/%s\n", path);
    size_t found = 0;

    assert_int_equal(file_read(AT_FDCWD, file, 65536, &text, NULL), 0);
    for (const char *p = text; (p = strstr(p, end)); p++)
        found++;
    return g->count - found;
}

/* Named so that two runs at a time are not in each other's way. */
static const char *name_with(const char *before, const char *after)
{
    static char text[128];

    snprintf(text, sizeof(text), "%scgroup-unit%d%s", before, (int)getpid(), after);
    return text;
}

/* What a test that failed has left. */
static int remove_leftovers(void **state)
{
    static const char *const names[][2] = {
        {"lxc.payload.", ""}, {"lxc.payload.", "-1"}, {"lxc.monitor.", ""}, {"lxc.monitor.", "-1"},
        {"", "-monitor"},     {"", "-limit"},         {"", "-pivot"}};
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT;
    const struct config c = {0};

    (void)state;
    if (geteuid() != 0 || cgroup_open(&g, &c, NULL) < 0)
        return 0;
    for (size_t i = 0; i < g.count * ARRAY_LENGTH(names); i++) {
        struct cgroup_hierarchy *h = &g.hierarchies[i / ARRAY_LENGTH(names)];
        const char *const *name = names[i % ARRAY_LENGTH(names)];
        int fd = openat(h->mount.base_fd, name_with(name[0], name[1]), O_PATH | O_CLOEXEC);

        if (fd < 0)
            continue;
        (void)file_write_value(h->mount.base_fd, "cgroup.procs", "0");
        free(g.limit);
        free(g.payload);
        g.limit = strdup(name_with(name[0], name[1]));
        g.payload = strdup(g.limit);
        h->limit_fd = h->payload_fd = fd;
        h->limit_kept = 0;
        (void)cgroup_destroy_payload(&g, NULL);
    }
    return 0;
}

static void start_and_stop(const struct config *c, const char *payload)
{
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT, second = CGROUP_INIT;
    struct error err = ERROR_INIT;
    int ready[2], r;
    pid_t init;
    char byte;
    bool is_in;

    if (cgroup_open(&g, c, &err) < 0 || !g.count)
        SKIP("no cgroup hierarchy is mounted here");
    if (cgroup_create(&g, name_with("", ""), false, c, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(g.payload, payload);
    if (cgroup_create_monitor(&g, name_with("", ""), false, c, &err) < 0 ||
        cgroup_enter_monitor(&g, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(cgroup_limit(&g, c, &err), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    init = clone_into(cgroup_payload_fd(&g), &is_in);
    assert_true(init >= 0);
    if (init == 0) {
        byte = cgroup_enter_payload(&g, 0, is_in, NULL) == 0;
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    assert_int_equal(is_outside(&g, init, payload), 0);
    if (cgroup_limit_devices(&g, c, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < g.count; i++) {
        unsigned kept;
        if (g.hierarchies[i].mount.unified && g.layout == CGROUP_UNIFIED)
            continue;
        r = cgroup_directory_make(g.hierarchies[i].payload_fd, "its/own/cgroup", false, false, &kept);
        assert_int_equal(r, 0);
    }
    if (!c->cgroup_dir_container) {
        assert_int_equal(cgroup_open(&second, c, &err), 0);
        assert_int_equal(cgroup_create(&second, name_with("", ""), false, c, &err), 0);
        assert_string_equal(second.payload, name_with("lxc.payload.", "-1"));
        assert_int_equal(cgroup_destroy(&second, &err), 0);
    }
    if (cgroup_kill(&g, 2000, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(waitpid(init, &r, 0), init);
    assert_true(WIFSIGNALED(r) && WTERMSIG(r) == SIGKILL);
    if (cgroup_destroy(&g, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < g.count; i++)
        assert_int_equal(faccessat(g.hierarchies[i].mount.base_fd, payload, F_OK, 0), -1);
    close(ready[0]);
    close(ready[1]);
}

static struct config_pair v1_rules[] = {{(char *)"devices.deny", (char *)"a"},
                                        {(char *)"devices.allow", (char *)"c 1:3 rwm"}};

static void a_container_has_its_cgroups_from_start_to_end(void **state)
{
    struct config c = {.cgroup = {v1_rules, 2}, .cgroup2 = {v1_rules, 2}};

    (void)state;
    if (geteuid() != 0)
        SKIP("only root may make cgroups");
    cleanup_free char *payload = strdup(name_with("lxc.payload.", ""));
    start_and_stop(&c, payload);
}

static void a_container_may_have_one_cgroup_for_limits_and_one_to_live_in(void **state)
{
    cleanup_free char *monitor = strdup(name_with("", "-monitor/its")),
                      *limit = strdup(name_with("", "-limit"));
    cleanup_free char *payload = format_string("%s/a/b", limit), *pivot = strdup(name_with("", "-pivot"));
    cleanup_free char *left = format_string("%s/lxc.pivot", pivot);
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT;
    struct config c = {.cgroup = {v1_rules, 2},
                       .cgroup2 = {v1_rules, 2},
                       .cgroup_dir_monitor = monitor,
                       .cgroup_dir_monitor_pivot = pivot,
                       .cgroup_dir_container = limit,
                       .cgroup_dir_container_inner = (char *)"a/b"};

    (void)state;
    if (geteuid() != 0)
        SKIP("only root may make cgroups");
    start_and_stop(&c, payload);
    assert_int_equal(cgroup_open(&g, &c, NULL), 0);
    for (size_t i = 0; i < g.count; i++)
        if (!g.hierarchies[i].mount.unified)
            assert_int_equal(faccessat(g.hierarchies[i].mount.base_fd, left, F_OK, 0), 0);
    /* The monitor may have lived in v2's base. */
    assert_true(is_outside(&g, getpid(), left) <= 1);
}

static void the_root_of_a_container_with_mapped_ids_is_given_its_cgroups(void **state)
{
    struct config_idmap maps[] = {{false, 0, 700000, 65536}, {true, 0, 800000, 65536}};
    struct config c = {.idmaps = maps, .idmap_count = 2};
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    if (geteuid() != 0 || cgroup_open(&g, &c, &err) < 0 || !g.count)
        SKIP("there are no cgroups to be made here");
    assert_int_equal(cgroup_create(&g, name_with("", ""), false, &c, &err), 0);
    for (size_t i = 0; i < g.count; i++) {
        static const char *const files[] = {".", "cgroup.procs"};
        struct stat st;

        for (size_t j = 0; j < ARRAY_LENGTH(files); j++) {
            assert_int_equal(fstatat(g.hierarchies[i].payload_fd, files[j], &st, 0), 0);
            assert_int_equal(st.st_uid, 700000);
            assert_int_equal(st.st_gid, 800000);
            assert_int_equal(st.st_mode & 0777, j ? 0664 : 0775);
        }
        /* But not the limits. */
        if (fstatat(g.hierarchies[i].payload_fd, "memory.limit_in_bytes", &st, 0) == 0 ||
            fstatat(g.hierarchies[i].payload_fd, "memory.max", &st, 0) == 0)
            assert_int_equal(st.st_uid, 0);
    }
    assert_int_equal(cgroup_destroy(&g, &err), 0);
}

static void write_map(pid_t pid, const char *file, const char *map)
{
    cleanup_free char *path = format_string("/proc/%d/%s", (int)pid, file);

    assert_int_equal(file_write_value(AT_FDCWD, path, map), 0);
}

/* As init does, in the user namespace of another than root: it is still the owner, and root's group already.
 */
static void give_and_exit(const struct cgroup *g, int to_parent, int from_parent)
{
    char byte = 0;

    if (setresgid(700000, 700000, 700000) == 0 && setresuid(700000, 700000, 700000) == 0 &&
        unshare(CLONE_NEWUSER) == 0 && write(to_parent, &byte, 1) == 1 && read(from_parent, &byte, 1) == 1 &&
        setresgid(0, 0, 0) == 0)
        cgroup_delegate_inside(g);
    _exit(0);
}

static void init_gives_its_cgroups_to_its_roots_group(void **state)
{
    struct config c = {0};
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT;
    struct error err = ERROR_INIT;
    int up[2], down[2];
    struct stat st;
    char byte;
    pid_t init;

    (void)state;
    if (geteuid() != 0 || cgroup_open(&g, &c, &err) < 0 || !g.count)
        SKIP("there are no cgroups to be made here");
    assert_int_equal(cgroup_create(&g, name_with("", ""), false, &c, &err), 0);
    assert_int_equal(fchownat(g.hierarchies[0].payload_fd, "", 700000, 700000, AT_EMPTY_PATH), 0);
    assert_int_equal(pipe2(up, O_CLOEXEC) | pipe2(down, O_CLOEXEC), 0);
    init = fork();
    if (init == 0)
        give_and_exit(&g, up[1], down[0]);
    close(up[1]); /* init's end of it ends our wait */
    if (read(up[0], &byte, 1) != 1)
        SKIP("user namespaces may not be made here");
    write_map(init, "uid_map", "0 800000 1000\n");
    write_map(init, "gid_map", "0 800000 1000\n");
    assert_int_equal(write(down[1], &byte, 1), 1);
    assert_int_equal(waitpid(init, NULL, 0), init);
    assert_int_equal(fstatat(g.hierarchies[0].payload_fd, ".", &st, 0), 0);
    assert_int_equal(st.st_uid, 700000);
    assert_int_equal(st.st_gid, 800000);
    assert_int_equal(st.st_mode & 0777, 0775);
    assert_int_equal(cgroup_destroy(&g, &err), 0);
    close(up[0]);
    close(down[0]);
    close(down[1]);
}

/* The cgroup is removed although a hook's child outlives the hook. */
static void processes_left_in_the_monitors_cgroup_are_moved_out(void **state)
{
    struct config c = {0};
    __attribute__((cleanup(cgroup_close))) struct cgroup g = CGROUP_INIT;
    struct error err = ERROR_INIT;
    cleanup_free char *path = NULL;
    pid_t left;

    (void)state;
    if (geteuid() != 0 || cgroup_open(&g, &c, &err) < 0 || !g.count)
        SKIP("there are no cgroups to be made here");
    assert_int_equal(cgroup_create(&g, name_with("", ""), false, &c, &err), 0);
    assert_int_equal(cgroup_create_monitor(&g, name_with("", ""), false, &c, &err), 0);
    assert_int_equal(cgroup_enter_monitor(&g, &err), 0);
    path = strdup(g.monitor);
    left = fork();
    if (left == 0) {
        pause();
        _exit(0);
    }
    if (cgroup_destroy(&g, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < g.count; i++)
        assert_int_equal(faccessat(g.hierarchies[i].mount.base_fd, path, F_OK, 0), -1);
    assert_int_equal(kill(left, SIGKILL), 0);
    assert_int_equal(waitpid(left, NULL, 0), left);
}

static void a_cgroup_path_that_leads_out_is_refused(void **state)
{
    struct config c = {.cgroup_dir = (char *)"a/../../b"};
    struct cgroup g = CGROUP_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(cgroup_create(&g, "x", false, &c, &err), -EINVAL);
    c.cgroup_dir = (char *)"/a";
    assert_int_equal(cgroup_create(&g, "x", false, &c, &err), -EINVAL);
    c.cgroup_dir = (char *)"a";
    c.cgroup_dir_monitor = (char *)"b";
    assert_int_equal(cgroup_create(&g, "x", false, &c, &err), -EINVAL);
}

static void a_limit_that_the_host_cannot_hold_is_refused(void **state)
{
    struct config_pair pairs[] = {{(char *)"memory.limit_in_bytes", (char *)"1M"}};
    struct config c = {.cgroup = {pairs, 1}};
    struct cgroup g = CGROUP_INIT;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(cgroup_limit(&g, &c, &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hybrid_host_has_v1_and_v2),
        cmocka_unit_test(a_v1_host_has_no_v2),
        cmocka_unit_test(a_v2_host_has_one_hierarchy),
        cmocka_unit_test(a_host_without_cgroups_has_none),
        cmocka_unit_test(only_the_last_init_scope_is_left_out),
        cmocka_unit_test(a_bind_mounted_part_holds_what_is_beneath_it),
        cmocka_unit_test(the_mount_that_shows_most_is_taken),
        cmocka_unit_test(what_lies_outside_the_cgroup_namespace_is_left_aside),
        cmocka_unit_test(mount_points_are_unescaped),
        cmocka_unit_test(more_hierarchies_than_there_is_room_for_are_an_error),
        cmocka_unit_test(named_hierarchies_go_by_both_names),
        cmocka_unit_test(the_v2_path_of_a_process_is_found),
        cmocka_unit_test(values_and_statistics_come_from_whichever_cgroup_has_them),
        cmocka_unit_test_teardown(a_container_has_its_cgroups_from_start_to_end, remove_leftovers),
        cmocka_unit_test_teardown(a_container_may_have_one_cgroup_for_limits_and_one_to_live_in,
                                  remove_leftovers),
        cmocka_unit_test_teardown(the_root_of_a_container_with_mapped_ids_is_given_its_cgroups,
                                  remove_leftovers),
        cmocka_unit_test_teardown(init_gives_its_cgroups_to_its_roots_group, remove_leftovers),
        cmocka_unit_test_teardown(processes_left_in_the_monitors_cgroup_are_moved_out, remove_leftovers),
        cmocka_unit_test(a_cgroup_path_that_leads_out_is_refused),
        cmocka_unit_test(a_limit_that_the_host_cannot_hold_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
