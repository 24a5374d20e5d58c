/* What a container is known by, its programs and its console: the small parts of the engine. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/global.h"
#include "core/config/container.h"
#include "core/monitor/console.h"
#include "core/spawn/execute.h"
#include "core/base/script.h"
#include "core/spawn/hooks.h"
#include "core/run/passwd.h"
#include "core/base/relay.h"
#include "core/confine/sealed.h"
#include "core/storage/list.h"

static void a_name_cannot_leave_its_directory_or_its_line(void **state)
{
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "a\nb", "a\x7f", "\x1b[2J"};
    char longest[130];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        assert_int_equal(container_check_name(bad[i], NULL), -EINVAL);
    memset(longest, 'n', 129);
    longest[129] = '\0';
    assert_int_equal(container_check_name(longest, NULL), -EINVAL);
    assert_int_equal(container_check_name(longest + 1, NULL), 0);
    assert_int_equal(container_check_name("a.b c\xc3\xa9", NULL), 0);
}

static void a_state_is_its_name_in_any_case(void **state)
{
    (void)state;
    for (int i = 0; i < STATE_COUNT; i++)
        assert_int_equal(state_parse(state_name(i), NULL), i);
    assert_int_equal(state_parse("running", NULL), STATE_RUNNING);
    assert_int_equal(state_parse("RUN", NULL), -EINVAL);
    assert_null(state_name(-1));
    assert_null(state_name(STATE_COUNT));
}

static void what_runs_is_read_from_the_kernels_list_of_sockets(void **state)
{
    static const char text[] = "Num       RefCount Protocol Flags    Type St Inode Path\n"
                               "0: 00000002 00000000 00010000 0001 01 1 @/p/a/command\n"
                               "0: 00000003 00000000 00000000 0001 03 2 @/p/a/command\n"
                               "0: 00000002 00000000 00010000 0001 01 3 @/p/b c/command\n"
                               "0: 00000002 00000000 00010000 0001 01 4 /p/file/command\n"
                               "0: 00000002 00000000 00010000 0001 01 5\n"
                               "0: 00000002 00000000 00010000 0001 01 6 @/other/x/command\n"
                               "0: 00000002 00000000 00010000 0001 01 7 @/p/x/y/command\n"
                               "0: 00000002 00000000 00010000 0001 01 8 @/p/../command\n"
                               "0: 00000002 00000000 00010000 0001 01 9 @/p/\x1b[2J/command\n"
                               "0: 00000002 00000000 00010000 0001 01 10 @/p//command\n"
                               "0: 00000002 00000000 00010000 0001 01 11 @lxc/0123456789abcdef/command\n"
                               "0: 00000002 00000000 00010000 0001 01 12 @/p/last/command";
    cleanup_string_list struct string_list names = {0};

    (void)state;
    assert_int_equal(container_list_parse_sockets(text, "/p", &names), 0);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "a");
    assert_string_equal(names.items[1], "b c");
    assert_string_equal(names.items[2], "last");
}

static void a_login_shell_is_the_accounts_own(void **state)
{
    static const char text[] =
        "broken\nroot:x:0:0:root:/root:/bin/ash\ntoor:x:0:0::/:/bin/other\n"
        "more:x:7:7:::/bin/sh:x\nnone:x:8:8:::\nrel:x:9:9:::bin/sh\nlast:x:10:10:::/bin/last";
    static const struct {
        uid_t uid;
        const char *shell;
    } rows[] = {{0, "/bin/ash"}, {7, NULL}, {8, NULL}, {9, NULL}, {10, "/bin/last"}, {11, NULL}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        cleanup_free char *shell = NULL;
        int r = passwd_find_shell(text, rows[i].uid, &shell);

        assert_int_equal(r, rows[i].shell ? 0 : -ENOENT);
        if (r == 0)
            assert_string_equal(shell, rows[i].shell);
    }
}

static void the_ring_holds_the_newest_bytes(void **state)
{
    char memory[8], *data;
    struct console_ring ring = {.bytes = memory, .size = sizeof(memory)}, none = {0};
    size_t length;

    (void)state;
    assert_int_equal(console_ring_read(&ring, 0, &data, &length), -ENODATA);
    assert_int_equal(console_ring_read(&none, 0, &data, &length), -EFAULT);
    console_ring_write(&none, "x", 1);
    /* Whatever the pieces: what comes out is the tail of what went in. */
    for (size_t piece = 1; piece <= 20; piece++) {
        char all[400];
        size_t used = 0;

        console_ring_clear(&ring);
        for (size_t i = 0; i < 20; i++, used += piece) {
            for (size_t k = 0; k < piece; k++)
                all[used + k] = (char)('A' + (used + k) % 53);
            console_ring_write(&ring, all + used, piece);
        }
        assert_int_equal(console_ring_read(&ring, 0, &data, &length), 0);
        assert_int_equal(length, 8);
        assert_memory_equal(data, all + used - 8, 8);
        free(data);
        assert_int_equal(console_ring_read(&ring, 3, &data, &length), 0);
        assert_memory_equal(data, all + used - 8, 3);
        free(data);
    }
}

static void the_escape_is_taken_out_also_between_two_reads(void **state)
{
    char keys[] = "ab\1\1c\1xd\1", rest[] = "qmore", plain[] = "\1q";
    bool escaped = false, leave;

    (void)state;
    assert_int_equal(relay_escape(1, &escaped, &leave, keys, 9), 6);
    assert_memory_equal(keys, "ab\1cxd", 6);
    assert_true(escaped && !leave);
    assert_int_equal(relay_escape(1, &escaped, &leave, rest, 5), 0);
    assert_true(leave && !escaped);
    assert_int_equal(relay_escape(0, &escaped, &leave, plain, 2), 2);
    assert_false(leave);
}

static char directory[32];

/* DIRECTORY/show writes its arguments, each in a line, and what of its environment is LXC's, into
 * DIRECTORY/out. */
static int make_directory(void **state)
{
    cleanup_free char *script = NULL, *path = NULL;

    (void)state;
    strcpy(directory, "/tmp/lxcbox-unit.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    path = format_string("%s/show", directory);
    script = format_string(
        "#!/bin/sh\n{ for a in \"$@\"; do echo \"$a\"; done; env | grep '^LXC\\|^MINE' | sort; } > %s/out\n",
        directory);
    return file_replace(AT_FDCWD, path, script, strlen(script), 0755);
}

static int remove_directory(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, directory);
}

static char *shown(void)
{
    cleanup_free char *path = format_string("%s/out", directory);
    char *text = NULL;

    assert_int_equal(file_read(AT_FDCWD, path, 65536, &text, NULL), 0);
    return text;
}

static void a_hook_without_special_characters_needs_no_shell(void **state)
{
    cleanup_free char *plain = format_string("%s/show  a\tb ", directory), *text = NULL;
    cleanup_free char *special = format_string("%s/show 'a b' \"$MINE\"", directory), *by_shell = NULL;
    char *extra[] = {"x y", NULL}, *environment[] = {"MINE=1", NULL};

    (void)state;
    assert_int_equal(script_run(plain, extra, environment, "it", NULL), 0);
    text = shown();
    assert_string_equal(text, "a\nb\nx y\nMINE=1\n");
    assert_int_equal(script_run(special, extra, environment, "it", NULL), 0);
    by_shell = shown();
    assert_string_equal(by_shell, "a b\n1\nx y\nMINE=1\n");
}

static void a_hook_that_fails_says_how(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(script_run("/bin/sh -c exit\\ 3", NULL, NULL, "it", &err), -ECANCELED);
    assert_string_equal(err.text, "it: /bin/sh -c exit\\ 3 exited with status 3");
    assert_int_equal(script_run("kill -9 $$", NULL, NULL, "it", &err), -ECANCELED);
    assert_string_equal(err.text, "it: kill -9 $$ was killed by signal 9");
    assert_int_equal(script_run("/nowhere/x", NULL, NULL, "it", &err), -ENOENT);
    assert_string_equal(err.text, "cannot run it: /nowhere/x: No such file or directory");
    assert_int_equal(script_run(" ", NULL, NULL, "it", &err), -EINVAL);
}

static void a_hook_is_told_of_its_container(void **state)
{
    cleanup_config struct config config;
    const struct container c = {.name = "n", .lxcpath = "/p"};
    const int fds[NAMESPACE_KINDS] = {-1, -1, -1, -1, -1, -1, -1, -1};
    const struct hook_context x = {
        .container = &c, .config = &config, .rootfs_mount = "/m", .target = "stop", .namespace_fds = fds};
    cleanup_free char *hook = format_string("%s/show", directory), *old = NULL, *new = NULL;

    (void)state;
    config_init(&config);
    assert_int_equal(config_set(&config, "lxc.hook.stop", hook, "unit", NULL), 0);
    assert_int_equal(config_set(&config, "lxc.rootfs.path", "dir:/r", "unit", NULL), 0);
    assert_int_equal(config_set(&config, "lxc.environment", "MINE=2", "unit", NULL), 0);
    assert_int_equal(hooks_run(HOOK_STOP, &x, NULL), 0);
    old = shown();
    assert_string_equal(
        old, "n\nlxc\nstop\nLXC_CGNS_AWARE=1\nLXC_HOOK_VERSION=0\nLXC_LOG_LEVEL=ERROR\nLXC_NAME=n\n"
             "LXC_ROOTFS_MOUNT=/m\nLXC_ROOTFS_PATH=/r\nLXC_TARGET=stop\nMINE=2\n");
    assert_int_equal(config_set(&config, "lxc.hook.version", "1", "unit", NULL), 0);
    assert_int_equal(hooks_run(HOOK_STOP, &x, NULL), 0);
    new = shown();
    assert_true(
        starts_with(new, "LXC_CGNS_AWARE=1\nLXC_HOOK_SECTION=lxc\nLXC_HOOK_TYPE=stop\nLXC_HOOK_VERSION=1\n"));
    /* The first that fails is the last that runs. */
    assert_int_equal(config_set(&config, "lxc.hook.start-host", "/nowhere/x", "unit", NULL), 0);
    assert_int_equal(hooks_run(HOOK_START_HOST, &x, NULL), -ENOENT);
}

/* The exit status of what `run` does in a child. */
static int in_child(int (*run)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        _exit(run());
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_by_default_path(void)
{
    setenv("PATH", "/nowhere::", 1);
    return execute_command((char *[]){"true", NULL});
}

static int run_what_is_not_there(void)
{
    return execute_command((char *[]){"lxcbox-no-such-command", NULL});
}

static int run_what_is_no_program(void)
{
    return execute_command((char *[]){"/etc/passwd", NULL});
}

static int be_init_of_an_orphan(void)
{
    return execute_init_loop((char *[]){"/bin/sh", "-c", "(sleep 0.05; exit 4) & exit 3", NULL}, false);
}

static int be_init_of_the_killed(void)
{
    return execute_init_loop((char *[]){"/bin/sh", "-c", "kill -9 $$", NULL}, false);
}

static int be_init_of_nothing(void)
{
    return execute_init_loop((char *[]){"/nowhere/x", NULL}, false);
}

/* The signal is for the command alone, which takes longer than a second. */
static int be_forwarding_init(void)
{
    return execute_init_loop((char *[]){"/bin/sh", "-c",
                                        "trap 'sleep 1.5; exit 6' TERM; kill -TERM $PPID; sleep 0.2; exit 5",
                                        NULL},
                             true);
}

static void the_forwarding_init_lets_its_command_take_its_time(void **state)
{
    (void)state;
    assert_int_equal(in_child(be_forwarding_init), 6);
}

static void a_command_is_found_inside_whatever_the_persons_path(void **state)
{
    (void)state;
    assert_int_equal(in_child(run_by_default_path), 0);
    assert_int_equal(in_child(run_what_is_not_there), ENOENT);
    assert_int_equal(in_child(run_what_is_no_program), EACCES);
}

static void the_small_init_ends_as_its_command_did(void **state)
{
    (void)state;
    assert_int_equal(in_child(be_init_of_an_orphan), 3);
    assert_int_equal(in_child(be_init_of_the_killed), 137);
    assert_int_equal(in_child(be_init_of_nothing), 127);
}

static int look_sealed(void)
{
    return sealed_running();
}

static void a_file_on_disk_does_not_count_as_sealed(void **state)
{
    (void)state;
    assert_int_equal(in_child(look_sealed), 0);
}

static int read_settings(void)
{
    cleanup_free char *dir = format_string("%s/.config/lxc", directory);
    cleanup_free char *file = format_string("%s/lxc.conf", dir);
    static const char text[] = "# comment\n\n lxc.lxcpath =\t/elsewhere \r\nnonsense\nlxc.lxcpath.more = 1\n"
                               "lxc.cgroup.pattern = a=b\n";

    /* The one of others than root is in a home, which a test can have. */
    if (make_directories(dir, 0777) < 0 || file_replace(AT_FDCWD, file, text, sizeof(text) - 1, 0644) < 0 ||
        chmod(directory, 0755) < 0 || (geteuid() == 0 && setuid(65534) < 0))
        return 77;
    setenv("HOME", directory, 1);
    if (strcmp(global_item("lxc.lxcpath"), "/elsewhere") != 0)
        return 1;
    if (strcmp(global_item("lxc.cgroup.pattern"), "a=b") != 0)
        return 2;
    if (!ends_with(global_item("lxc.default_config"), "/.config/lxc/default.conf"))
        return 3;
    return global_item("lxc.nonsense") || strcmp(global_item("lxc.bdev.lvm.vg"), "lxc") != 0 ? 4 : 0;
}

static void a_setting_is_the_files_else_the_default(void **state)
{
    (void)state;
    assert_int_equal(in_child(read_settings), 0);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_cannot_leave_its_directory_or_its_line),
        cmocka_unit_test(a_state_is_its_name_in_any_case),
        cmocka_unit_test(what_runs_is_read_from_the_kernels_list_of_sockets),
        cmocka_unit_test(a_login_shell_is_the_accounts_own),
        cmocka_unit_test(the_ring_holds_the_newest_bytes),
        cmocka_unit_test(the_escape_is_taken_out_also_between_two_reads),
        WITH_DIRECTORY(a_hook_without_special_characters_needs_no_shell),
        WITH_DIRECTORY(a_hook_that_fails_says_how),
        WITH_DIRECTORY(a_hook_is_told_of_its_container),
        cmocka_unit_test(a_command_is_found_inside_whatever_the_persons_path),
        cmocka_unit_test(the_small_init_ends_as_its_command_did),
        cmocka_unit_test(the_forwarding_init_lets_its_command_take_its_time),
        cmocka_unit_test(a_file_on_disk_does_not_count_as_sealed),
        WITH_DIRECTORY(a_setting_is_the_files_else_the_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
