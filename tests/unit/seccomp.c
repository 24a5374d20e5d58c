/* Seccomp: profiles, the programs made of them, and their effect on a process. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/command/protocol.h"
#include "core/confine/seccomp.h"
#include "core/monitor/seccomp_notify.h"
#include "core/confine/syscalls.h"
#include "tests/unit/skip.h"

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define KILL     SECCOMP_RET_KILL_PROCESS
#define ALLOW    SECCOMP_RET_ALLOW

/* Run a program over one call, as the kernel would; also counts the instructions it took. */
static uint32_t run(const struct seccomp_program *p, const struct seccomp_data *data, unsigned *steps)
{
    uint32_t a = 0;

    *steps = 0;
    for (size_t pc = 0; pc < p->count; pc++) {
        const struct sock_filter *f = &p->code[pc];
        bool holds = false;

        ++*steps;
        switch (f->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(f->k % 4 == 0 && f->k <= sizeof(*data) - 4);
            memcpy(&a, (const char *)data + f->k, sizeof(a));
            continue;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= f->k;
            continue;
        case BPF_JMP | BPF_JA:
            pc += f->k;
            continue;
        case BPF_JMP | BPF_JEQ | BPF_K:
            holds = a == f->k;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            holds = a >= f->k;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            holds = a > f->k;
            break;
        case BPF_RET | BPF_K:
            return f->k;
        default:
            fail_msg("instruction %x", f->code);
        }
        pc += holds ? f->jt : f->jf;
    }
    fail_msg("the program runs past its end");
    return 0;
}

/* The action for a call in an ABI. */
static uint32_t fate(const char *profile, size_t abi, int number, uint64_t arg0, uint64_t arg1)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    cleanup_seccomp_program struct seccomp_program program = {0};
    struct seccomp_data data = {
        .nr = number, .arch = syscall_abis[abi].audit_arch, .args = {arg0, arg1, 0, 0, 0, 0}};
    struct error err = ERROR_INIT;
    unsigned steps;

    if (seccomp_policy_parse(profile, strlen(profile), "profile", &policy, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(seccomp_compile(&policy, &program, &err), 0);
    return run(&program, &data, &steps);
}

static size_t abi_of(const char *name)
{
    for (size_t i = 0; i < syscall_abi_count; i++)
        if (strcmp(syscall_abis[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void refused(const char *profile, const char *why)
{
    struct seccomp_policy policy;
    struct error err = ERROR_INIT;

    assert_true(seccomp_policy_parse(profile, strlen(profile), "profile", &policy, &err) < 0);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void a_denylist_allows_what_it_does_not_name(void **state)
{
    const char *profile = "2\ndenylist\n# a comment\n[all]\nreboot errno 1 # no\nacct\n";

    (void)state;
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        assert_int_equal(fate(profile, abi, syscall_number(abi, "reboot"), 0, 0), ERRNO(1));
        assert_int_equal(fate(profile, abi, syscall_number(abi, "acct"), 0, 0), KILL);
        assert_int_equal(fate(profile, abi, syscall_number(abi, "getpid"), 0, 0), ALLOW);
        assert_int_equal(fate(profile, abi, syscall_number(abi, "reboot") - 1, 0, 0), ALLOW);
        assert_int_equal(fate(profile, abi, syscall_number(abi, "reboot") + 1, 0, 0), ALLOW);
        assert_int_equal(fate(profile, abi, -1, 0, 0), ALLOW);
    }
}

static void an_allowlist_denies_what_it_does_not_name(void **state)
{
    const char *profile = "2\nallowlist errno 38\nread\nwrite trap\n";

    (void)state;
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        assert_int_equal(fate(profile, abi, syscall_number(abi, "read"), 0, 0), ALLOW);
        assert_int_equal(fate(profile, abi, syscall_number(abi, "write"), 0, 0), SECCOMP_RET_TRAP);
        assert_int_equal(fate(profile, abi, syscall_number(abi, "close"), 0, 0), ERRNO(38));
    }
    assert_int_equal(fate("2\nallowlist\nread\n", 0, syscall_number(0, "close"), 0, 0), KILL);
}

static void version_1_allows_numbers_of_this_machine(void **state)
{
    (void)state;
    assert_int_equal(fate("1\nallowlist\n0\n3\n", 0, 3, 0, 0), ALLOW);
    assert_int_equal(fate("1\nallowlist\n0\n3\n", 0, 1, 0, 0), KILL);
    if (syscall_abi_count > 1)
        assert_int_equal(fate("1\nallowlist\n0\n3\n", 1, 3, 0, 0), KILL);
    refused("1\ndenylist\n0\n", "allowlist");
    refused("1\nallowlist\nread\n", "profile:3");
}

static void a_section_is_for_its_abi_alone(void **state)
{
    cleanup_strbuf struct strbuf profile = STRBUF_INIT;

    (void)state;
    strbuf_printf(&profile, "2\ndenylist\n[%s]\nno_such_call_here\n",
                  abi_of("s390x") == SIZE_MAX ? "s390x" : "mips");
    for (size_t abi = 0; abi < syscall_abi_count; abi++)
        strbuf_printf(&profile, "[%s]\ngettid errno %zu\n", syscall_abis[abi].name, abi + 1);
    strbuf_printf(&profile, "[all]\ngetppid errno 9\n");
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        assert_int_equal(fate(profile.text, abi, syscall_number(abi, "gettid"), 0, 0), ERRNO(abi + 1));
        assert_int_equal(fate(profile.text, abi, syscall_number(abi, "getppid"), 0, 0), ERRNO(9));
    }
}

static void a_call_through_an_unknown_abi_ends_the_process(void **state)
{
    cleanup_seccomp_program struct seccomp_program program = {0};
    struct seccomp_policy policy = {.default_action = ALLOW};
    struct seccomp_data data = {.nr = 0, .arch = AUDIT_ARCH_SPARC64};
    unsigned steps;

    (void)state;
    assert_int_equal(seccomp_compile(&policy, &program, NULL), 0);
    assert_int_equal(run(&program, &data, &steps), KILL);
}

static void forced_umount_is_rejected_and_no_other(void **state)
{
    const char *profile = "2\ndenylist\nreject_force_umount  # a comment\n";

    (void)state;
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        int umount2 = syscall_number(abi, "umount2");
        assert_int_equal(fate(profile, abi, umount2, 0, MNT_FORCE), ERRNO(EACCES));
        assert_int_equal(fate(profile, abi, umount2, 0, MNT_FORCE | MNT_DETACH), ERRNO(EACCES));
        assert_int_equal(fate(profile, abi, umount2, 0, MNT_DETACH), ALLOW);
        assert_int_equal(fate(profile, abi, umount2 + 1, 0, MNT_FORCE), ALLOW);
        /* The kernel takes an int: what is above it must not get past the filter. */
        assert_int_equal(fate(profile, abi, umount2, 0, UINT64_C(1) << 40 | MNT_FORCE), ERRNO(EACCES));
    }
}

static bool holds(const char *op, uint64_t argument, uint64_t value, uint64_t mask)
{
    return strcmp(op, "!=") == 0   ? argument != value
           : strcmp(op, "<") == 0  ? argument < value
           : strcmp(op, "<=") == 0 ? argument <= value
           : strcmp(op, "==") == 0 ? argument == value
           : strcmp(op, ">=") == 0 ? argument >= value
           : strcmp(op, ">") == 0  ? argument > value
                                   : (argument & mask) == value;
}

static void conditions_compare_whole_arguments(void **state)
{
    static const uint64_t values[] = {0,           1,           0x7fffffff,  0x80000000,  0xffffffff,
                                      0x100000000, 0x100000001, 0x1ffffffff, 0x200000000, 0xffffffff00000000,
                                      UINT64_MAX};
    static const char *const ops[] = {"!=", "<", "<=", "==", ">=", ">", "&="};
    int number = syscall_number(0, "ioctl");

    (void)state;
    for (size_t o = 0; o < ARRAY_LENGTH(ops); o++)
        for (size_t v = 0; v < ARRAY_LENGTH(values); v++)
            for (size_t a = 0; a < ARRAY_LENGTH(values); a++) {
                bool masked = strcmp(ops[o], "&=") == 0, expected;
                char profile[128];

                snprintf(profile, sizeof(profile), "2\ndenylist\nioctl errno 7 [1,%#llx,%s%s]\n",
                         (unsigned long long)values[v], ops[o], masked ? ",0x1ffffffff" : "");
                expected = syscall_abis[0].is_narrow
                               ? holds(ops[o], (uint32_t)values[a], (uint32_t)values[v], 0xffffffff)
                               : holds(ops[o], values[a], values[v], 0x1ffffffff);
                if (fate(profile, 0, number, 0, values[a]) != (expected ? ERRNO(7) : ALLOW))
                    fail_msg("%s with %#llx", profile, (unsigned long long)values[a]);
            }
}

static void all_conditions_must_hold_and_the_first_such_rule_decides(void **state)
{
    const char *profile = "2\nallowlist errno 9\nioctl errno 1 [0,5,==][1,10,SCMP_CMP_GE]\n"
                          "ioctl errno 2 [0,5,SCMP_CMP_EQ] [1,3,>]\nioctl [1,0,==]\n";
    int number = syscall_number(0, "ioctl");

    (void)state;
    assert_int_equal(fate(profile, 0, number, 5, 10), ERRNO(1));
    assert_int_equal(fate(profile, 0, number, 5, 9), ERRNO(2));
    assert_int_equal(fate(profile, 0, number, 5, 3), ERRNO(9));
    assert_int_equal(fate(profile, 0, number, 4, 0), ALLOW);
}

static void socket_cannot_be_had_through_socketcall(void **state)
{
    bool any = false;

    (void)state;
    for (size_t abi = 0; abi < syscall_abi_count; abi++) {
        int socketcall = syscall_number(abi, "socketcall"), ipc = syscall_number(abi, "ipc");

        if (socketcall < 0)
            continue;
        any = true;
        assert_int_equal(fate("2\ndenylist\nsocket errno 1\n", abi, socketcall, 1, 0), ERRNO(1));
        assert_int_equal(fate("2\ndenylist\nsocket errno 1\n", abi, socketcall, 3, 0), ALLOW);
        assert_int_equal(fate("2\ndenylist\nsemop errno 1\n", abi, ipc, 0x10001, 0), ERRNO(1));
    }
    if (!any)
        SKIP("no call stands for many on this machine");
}

static void bad_lines_are_refused_by_number_and_reason(void **state)
{
    (void)state;
    refused("", "version");
    refused("3\ndenylist\n", "version");
    refused("2\n", "allowlist or a denylist");
    refused("2\nlist\n", "allowlist or a denylist");
    refused("2\ndenylist perhaps\n", "\"perhaps\" is not an action");
    refused("2\ndenylist\n[vax]\n", "profile:3: \"[vax]\"");
    refused("2\ndenylist\n\nreboot errno\n", "profile:4: \"errno\" must be followed");
    refused("2\ndenylist\nreboot errno 4096\n", "errno");
    refused("2\ndenylist\nrebooot errno 1\n", "\"rebooot\"");
    refused("2\ndenylist\nioctl errno 1 [6,0,==]\n", "not a condition");
    refused("2\ndenylist\nioctl errno 1 [0,0,&=]\n", "not a condition");
    refused("2\ndenylist\nioctl errno 1 [0,0,==\n", "not a condition");
    refused("2\ndenylist\nioctl errno 1 [0,0,=]\n", "not a condition");
    refused("2\ndenylist\nioctl errno 1 [0,0,==][0,0,==][0,0,==][0,0,==][0,0,==][0,0,==][0,0,==]\n", "six");
}

static void an_unknown_call_may_stay_unknown_where_it_would_be_allowed(void **state)
{
    (void)state;
    assert_int_equal(fate("2\nallowlist\na_call_of_tomorrow\nread\n", 0, syscall_number(0, "read"), 0, 0),
                     ALLOW);
}

/* Every call of the table: a long allowlist stays cheap. */
static void a_long_profile_costs_a_call_little(void **state)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {.default_action = ERRNO(1)};
    cleanup_seccomp_program struct seccomp_program program = {0};
    unsigned steps, most = 0;

    (void)state;
    policy.rules = calloc(1000, sizeof(*policy.rules));
    for (int i = 0; i < 1000; i++)
        policy.rules[policy.count++] = (struct seccomp_rule){.number = 2 * i, .action = ALLOW};
    assert_int_equal(seccomp_compile(&policy, &program, NULL), 0);
    for (int nr = 0; nr < 2100; nr++) {
        struct seccomp_data data = {.nr = nr, .arch = syscall_abis[0].audit_arch};
        assert_int_equal(run(&program, &data, &steps), nr < 2000 && nr % 2 == 0 ? ALLOW : ERRNO(1));
        most = steps > most ? steps : most;
    }
    assert_in_range(most, 1, 24);
}

static void too_long_a_program_is_refused(void **state)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {.default_action = ALLOW};
    struct seccomp_program program;
    struct error err = ERROR_INIT;

    (void)state;
    policy.rules = calloc(4000, sizeof(*policy.rules));
    for (int i = 0; i < 4000; i++)
        policy.rules[policy.count++] = (struct seccomp_rule){.number = 2 * i, .action = KILL};
    assert_int_equal(seccomp_compile(&policy, &program, &err), -E2BIG);
    policy.count = 1023;
    for (size_t i = 0; i < policy.count; i++)
        policy.rules[i].condition_count = 6;
    assert_int_equal(seccomp_compile(&policy, &program, &err), -E2BIG);
}

/* What the kernel's headers say for this machine, and of its other ABIs those whose headers come with it. */
static const struct call {
    const char *abi; /* "": the machine's own */
    const char *name;
    int number;
} calls[] = {
#include "calls.h"
};

/* The names in our table. */
static const char *const known[] = {
#define CALL(name, ...) #name,
#define ALL(name, n)    #name,
#include "core/confine/syscalls_table.h"
#undef CALL
#undef ALL
};

static size_t abi_of_call(const struct call *c)
{
    return c->abi[0] ? abi_of(c->abi) : 0;
}

static void numbers_are_the_kernels(void **state)
{
    (void)state;
    assert_in_range(ARRAY_LENGTH(calls), 250, 2000);
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++)
        if (syscall_number(abi_of_call(&calls[i]), calls[i].name) != calls[i].number)
            fail_msg("%s %s is %d, not %d", calls[i].abi, calls[i].name, calls[i].number,
                     syscall_number(abi_of_call(&calls[i]), calls[i].name));
}

/* NULL: none in these headers, which may be older than our table. */
static const struct call *call_of(size_t abi, const char *name, int number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++)
        if (abi_of_call(&calls[i]) == abi &&
            (name ? strcmp(calls[i].name, name) == 0 : calls[i].number == number))
            return &calls[i];
    return NULL;
}

static void no_number_is_one_that_the_kernel_gives_to_another(void **state)
{
    (void)state;
    for (size_t abi = 0; abi < syscall_abi_count; abi++)
        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
            int number = syscall_number(abi, known[i]);
            const struct call *other = number < 0 ? NULL : call_of(abi, NULL, number);

            if (other && !call_of(abi, known[i], 0))
                fail_msg("%s %d is %s, not %s", syscall_abis[abi].name, number, other->name, known[i]);
        }
}

static void a_call_of_no_machine_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(syscall_number(0, "nonsense"), -ENOENT);
    assert_false(syscall_known("nonsense"));
    assert_true(syscall_known("riscv_flush_icache"));
}

static void the_common_profile_needs_no_file(void **state)
{
    struct config c = {.seccomp_profile = (char *)"/usr/share/lxc/config/common.seccomp"};
    cleanup_seccomp_program struct seccomp_program program = {0};
    int status;
    pid_t child;

    (void)state;
    c.seccomp_allow_nesting = true;
    child = geteuid() == 0 ? fork() : -1;
    if (child == 0) {
        /* LXC's package may be installed here. */
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            (mount("none", "/usr/share/lxc", "tmpfs", 0, NULL) < 0 && errno != ENOENT))
            _exit(1);
        _exit(seccomp_prepare(&c, &program, NULL) == 0 && program.count > 0 ? 0 : 2);
    }
    if (child > 0) {
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    c.seccomp_profile = (char *)"/nonexistent/common.seccomp";
    assert_int_equal(seccomp_prepare(&c, &program, NULL), -ENOENT);
    c.seccomp_profile = NULL;
    assert_int_equal(seccomp_prepare(&c, &program, NULL), 0);
    assert_int_equal(program.count, 0);
}

/* prctl(2): EINVAL where there is none. */
static bool has_seccomp(void)
{
    return prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) >= 0;
}

static void a_loaded_profile_confines_the_process(void **state)
{
    static const char profile[] = "2\ndenylist\ngetppid errno 77\nsetpriority\n";
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    cleanup_seccomp_program struct seccomp_program program = {0};
    int status, listener;
    pid_t child;

    (void)state;
    if (!has_seccomp())
        SKIP("this kernel has no seccomp");
    assert_int_equal(seccomp_policy_parse(profile, sizeof(profile) - 1, "profile", &policy, NULL), 0);
    assert_int_equal(seccomp_compile(&policy, &program, NULL), 0);
    child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || seccomp_load(&program, &listener, NULL) < 0)
            _exit(1);
        if (syscall(SYS_getppid) != -1 || errno != 77 || getpid() <= 0)
            _exit(2);
        syscall(SYS_setpriority, 0, 0, 0);
        _exit(3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* Stands for a program that answers calls: one answer, after looking at what LXC's message holds. */
static int answer(int server)
{
    struct {
        struct seccomp_proxy_message head;
        struct seccomp_notif call;
        struct seccomp_notif_resp answer;
        char cookie[16];
    } m;
    cleanup_fd_list struct fd_list fds = {.count = 0};
    cleanup_fd int peer = accept(server, NULL, NULL);
    char comm[32] = "";
    ssize_t n;

    n = message_receive(peer, &m, sizeof(m), 0, NULL, &fds);
    if (n != (ssize_t)(offsetof(__typeof__(m), cookie) + 6) || memcmp(m.cookie, "cookie", 6) != 0 ||
        m.head.cookie_length != 6 || m.head.reserved || fds.count != 3 || m.head.init_pid != 7)
        return 1;
    if (m.head.sizes.seccomp_notif != sizeof(m.call) || m.head.sizes.seccomp_notif_resp != sizeof(m.answer) ||
        m.call.data.nr != SYS_getppid || m.call.data.args[0] != 5 || m.answer.id != m.call.id)
        return 2;
    cleanup_fd int file = openat(fds.fds[0], "comm", O_RDONLY | O_CLOEXEC);
    if (read(file, comm, sizeof(comm) - 1) <= 0 || strcmp(comm, "asks\n") != 0)
        return 3;
    m.answer.val = 4242;
    return send(peer, &m, offsetof(__typeof__(m), cookie), 0) < 0 ? 4 : 0;
}

static void a_call_is_answered_by_the_proxy_and_fails_without(void **state)
{
    static const char profile[] = "2\ndenylist\ngetppid notify\n";
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    cleanup_seccomp_program struct seccomp_program program = {0};
    cleanup_seccomp_notifier struct seccomp_notifier n = SECCOMP_NOTIFIER_INIT;
    cleanup_free char *proxy = format_string("unix:@lxcbox-test-proxy-%d", getpid());
    struct config c = {.seccomp_notify_proxy = proxy, .seccomp_notify_cookie = (char *)"cookie"};
    struct fd_list fds = {.count = 0};
    struct sockaddr_un address;
    socklen_t length;
    int pair[2], status;
    pid_t caller, answerer;
    char byte;

    (void)state;
    if (!has_seccomp())
        SKIP("this kernel has no seccomp");
    assert_int_equal(seccomp_policy_parse(profile, sizeof(profile) - 1, "profile", &policy, NULL), 0);
    assert_int_equal(seccomp_compile(&policy, &program, NULL), 0);
    assert_int_equal(seccomp_notify_address(proxy, &address, &length), 0);
    cleanup_fd int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);

    answerer = fork();
    if (answerer == 0)
        _exit(answer(server));
    close_fd(&server);
    caller = fork();
    if (caller == 0) {
        fds.count = 1;
        prctl(PR_SET_NAME, "asks");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 || seccomp_load(&program, &fds.fds[0], NULL) < 0 ||
            message_send(pair[1], "l", 1, false, &fds) < 0)
            _exit(1);
        if (syscall(SYS_getppid, 5) != 4242)
            _exit(2);
        _exit(syscall(SYS_getppid) == -1 && errno == ENOSYS ? 0 : 3);
    }
    close(pair[1]); /* the caller's end of it ends our wait */
    assert_int_equal(message_receive(pair[0], &byte, 1, 0, NULL, &fds), 1);
    assert_int_equal(seccomp_notify_open(&n, &c, fds.fds[0], 7, NULL), 0);
    struct pollfd waiting = {n.listener, POLLIN, 0};
    assert_int_equal(poll(&waiting, 1, 20000), 1);
    assert_true(seccomp_notify_handle(&n, n.listener));
    assert_int_equal(waitpid(answerer, &status, 0), answerer);
    assert_int_equal(status, 0);
    assert_int_equal(poll(&waiting, 1, 20000), 1);
    assert_true(seccomp_notify_handle(&n, n.listener)); /* nobody answers any more */
    assert_int_equal(waitpid(caller, &status, 0), caller);
    assert_int_equal(status, 0);
    close(pair[0]);
}

static void a_proxy_has_a_path_or_a_name(void **state)
{
    struct sockaddr_un address;
    socklen_t length;

    (void)state;
    assert_int_equal(seccomp_notify_address("unix:/run/p", &address, &length), 0);
    assert_string_equal(address.sun_path, "/run/p");
    assert_int_equal(seccomp_notify_address("unix:@p", &address, &length), 0);
    assert_int_equal(length, offsetof(struct sockaddr_un, sun_path) + 2);
    assert_int_equal(seccomp_notify_address("unix:", &address, &length), -EINVAL);
    assert_int_equal(seccomp_notify_address("unix:@", &address, &length), -EINVAL);
    assert_int_equal(seccomp_notify_address("/run/p", &address, &length), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denylist_allows_what_it_does_not_name),
        cmocka_unit_test(an_allowlist_denies_what_it_does_not_name),
        cmocka_unit_test(version_1_allows_numbers_of_this_machine),
        cmocka_unit_test(a_section_is_for_its_abi_alone),
        cmocka_unit_test(a_call_through_an_unknown_abi_ends_the_process),
        cmocka_unit_test(forced_umount_is_rejected_and_no_other),
        cmocka_unit_test(conditions_compare_whole_arguments),
        cmocka_unit_test(all_conditions_must_hold_and_the_first_such_rule_decides),
        cmocka_unit_test(socket_cannot_be_had_through_socketcall),
        cmocka_unit_test(bad_lines_are_refused_by_number_and_reason),
        cmocka_unit_test(an_unknown_call_may_stay_unknown_where_it_would_be_allowed),
        cmocka_unit_test(a_long_profile_costs_a_call_little),
        cmocka_unit_test(too_long_a_program_is_refused),
        cmocka_unit_test(numbers_are_the_kernels),
        cmocka_unit_test(no_number_is_one_that_the_kernel_gives_to_another),
        cmocka_unit_test(a_call_of_no_machine_is_unknown),
        cmocka_unit_test(the_common_profile_needs_no_file),
        cmocka_unit_test(a_loaded_profile_confines_the_process),
        cmocka_unit_test(a_call_is_answered_by_the_proxy_and_fails_without),
        cmocka_unit_test(a_proxy_has_a_path_or_a_name),
    };

    log_open("seccomp", NULL, "none", LOG_FATAL, NULL);
    return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
