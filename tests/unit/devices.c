/* Device rules, and the BPF program made of them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/cgroup/devices.h"
#include "tests/unit/skip.h"

static void rules_are_read_and_written_alike(void **state)
{
    static const char *const texts[] = {"c 1:3 rwm", "b 7:* rw", "c *:* m", "b 0:0 w"};
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct device_rule rule;
        char text[64];

        assert_int_equal(device_rule_parse(texts[i], &rule, &err), 0);
        assert_string_equal(device_rule_format(&rule, text, sizeof(text)), texts[i]);
    }
}

static void a_means_all_devices_whatever_follows(void **state)
{
    static const char *const texts[] = {"a", "a *:* rwm", "a 1:3 r"};
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct device_rule rule;

        assert_int_equal(device_rule_parse(texts[i], &rule, &err), 0);
        assert_int_equal(rule.type, 'a');
        assert_int_equal(rule.major, DEVICE_ANY);
        assert_int_equal(rule.access, DEVICE_ALL);
    }
}

static void bad_rules_are_refused(void **state)
{
    static const char *const texts[] = {"",         "x 1:3 rwm", "c",          "c 1:3",
                                        "c 1 rwm",  "c 1:3 rwx", "c 1:3 rwmr", "c -1:3 r",
                                        "c 1:-3 r", "c 1:3 ",    "c 1:3 r w",  "c 9999999999:3 r",
                                        "cc 1:3 r", "c 0x1:3 r", "/dev/null",  "/dev/null rwx"};
    struct device_rule rule;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_int_equal(device_rule_parse(texts[i], &rule, NULL), -EINVAL);
    assert_int_equal(device_rule_parse("/nonexistent rw", &rule, NULL), -ENOENT);
    assert_int_equal(device_rule_parse("/etc/passwd rw", &rule, NULL), -EINVAL);
}

static void a_path_stands_for_its_device(void **state)
{
    struct device_rule rule;
    char text[64];

    (void)state;
    assert_int_equal(device_rule_parse("/dev/null rw", &rule, NULL), 0);
    assert_string_equal(device_rule_format(&rule, text, sizeof(text)), "c 1:3 rw");
}

static bool apply(struct device_rules *rules, const char *text, bool allow)
{
    struct device_rule rule;
    bool changed;

    assert_int_equal(device_rule_parse(text, &rule, NULL), 0);
    assert_int_equal(device_rules_apply(rules, &rule, allow, &changed), 0);
    return changed;
}

static void exceptions_are_added_widened_narrowed_and_removed(void **state)
{
    struct device_rules rules = {0};

    (void)state;
    assert_false(apply(&rules, "a", false));
    assert_true(apply(&rules, "c 1:3 r", true));
    assert_false(apply(&rules, "c 1:3 r", true));
    assert_true(apply(&rules, "c 1:3 w", true));
    assert_int_equal(rules.count, 1);
    assert_int_equal(rules.exceptions[0].access, DEVICE_READ | DEVICE_WRITE);
    assert_true(apply(&rules, "c 1:3 r", false));
    assert_int_equal(rules.exceptions[0].access, DEVICE_WRITE);
    assert_false(apply(&rules, "c 1:5 rwm", false));
    assert_true(apply(&rules, "c 1:3 rwm", false));
    assert_int_equal(rules.count, 0);
    assert_true(apply(&rules, "a", true));
    assert_true(rules.allow_by_default);
    assert_true(apply(&rules, "b *:* m", false));
    assert_int_equal(rules.count, 1);
    assert_true(apply(&rules, "a", true));
    assert_int_equal(rules.count, 0);
    device_rules_free(&rules);
}

/* The few instructions that the program is made of (linux/bpf.h), for one access. */
static int run(const struct device_rules *rules, char type, unsigned access, uint32_t major, uint32_t minor)
{
    struct bpf_cgroup_dev_ctx context = {.access_type =
                                             (access & DEVICE_READ ? BPF_DEVCG_ACC_READ << 16 : 0) |
                                             (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE << 16 : 0) |
                                             (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD << 16 : 0) |
                                             (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
                                         .major = major,
                                         .minor = minor};
    uint64_t r[11] = {[1] = (uint64_t)(uintptr_t)&context};
    size_t count;
    cleanup_free struct bpf_insn *program = device_program_build(rules, &count);

    assert_non_null(program);
    for (size_t pc = 0; pc < count; pc++) {
        const struct bpf_insn *i = &program[pc];
        uint64_t from = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : (uint64_t)(int64_t)i->imm;
        uint64_t *to = &r[i->dst_reg];
        uint32_t word;

        if (BPF_CLASS(i->code) == BPF_LDX) {
            assert_in_range(i->off, 0, sizeof(context) - 4);
            memcpy(&word, (const char *)(uintptr_t)r[i->src_reg] + i->off, 4);
            *to = word;
        } else if (i->code == (BPF_JMP | BPF_EXIT)) {
            return (int)r[0];
        } else if (BPF_CLASS(i->code) == BPF_JMP) {
            bool jump = BPF_OP(i->code) == BPF_JEQ ? *to == from : *to != from;
            assert_true(BPF_OP(i->code) == BPF_JEQ || BPF_OP(i->code) == BPF_JNE);
            assert_true(i->off >= 0);
            if (jump)
                pc += (uint16_t)i->off;
        } else {
            assert_int_equal(BPF_CLASS(i->code), BPF_ALU64);
            switch (BPF_OP(i->code)) {
            case BPF_MOV:
                *to = from;
                break;
            case BPF_AND:
                *to &= from;
                break;
            case BPF_RSH:
                *to >>= from;
                break;
            default:
                fail();
            }
        }
    }
    fail_msg("the program does not end");
    return -1;
}

static void a_program_denies_all_but_what_is_allowed(void **state)
{
    struct device_rules rules = {0};

    (void)state;
    assert_int_equal(run(&rules, 'c', DEVICE_READ, 1, 3), 0);
    apply(&rules, "a", false);
    apply(&rules, "c *:* m", true);
    apply(&rules, "c 1:3 rw", true);
    apply(&rules, "b 7:* rwm", true);
    apply(&rules, "c *:9 r", true);
    assert_int_equal(run(&rules, 'c', DEVICE_MKNOD, 200, 77), 1);
    assert_int_equal(run(&rules, 'b', DEVICE_MKNOD, 200, 77), 0);
    assert_int_equal(run(&rules, 'c', DEVICE_READ, 1, 3), 1);
    assert_int_equal(run(&rules, 'c', DEVICE_READ | DEVICE_WRITE, 1, 3), 1);
    assert_int_equal(run(&rules, 'c', DEVICE_WRITE, 1, 5), 0);
    assert_int_equal(run(&rules, 'b', DEVICE_READ, 1, 3), 0);
    assert_int_equal(run(&rules, 'b', DEVICE_ALL, 7, 123), 1);
    assert_int_equal(run(&rules, 'b', DEVICE_READ, 8, 0), 0);
    assert_int_equal(run(&rules, 'c', DEVICE_READ, 55, 9), 1);
    assert_int_equal(run(&rules, 'c', DEVICE_READ | DEVICE_WRITE, 55, 9), 0);
    /* As in v1, what two rules allow between them is not allowed at once. */
    assert_int_equal(run(&rules, 'c', DEVICE_READ | DEVICE_MKNOD, 1, 3), 0);
    device_rules_free(&rules);
}

static void a_program_allows_all_but_what_is_denied(void **state)
{
    struct device_rules rules = {0};

    (void)state;
    apply(&rules, "a", true);
    apply(&rules, "b *:* m", false);
    apply(&rules, "c 1:3 w", false);
    assert_int_equal(run(&rules, 'b', DEVICE_MKNOD, 8, 0), 0);
    assert_int_equal(run(&rules, 'b', DEVICE_READ, 8, 0), 1);
    assert_int_equal(run(&rules, 'c', DEVICE_READ | DEVICE_WRITE, 1, 3), 0);
    assert_int_equal(run(&rules, 'c', DEVICE_READ, 1, 3), 1);
    assert_int_equal(run(&rules, 'c', DEVICE_WRITE, 1, 5), 1);
    device_rules_free(&rules);
}

static void many_rules_fit_in_the_room_made_for_them(void **state)
{
    struct device_rules rules = {0};
    size_t count;

    (void)state;
    for (int64_t i = 0; i < 500; i++) {
        struct device_rule rule = {'c', i, i, DEVICE_READ};
        assert_int_equal(device_rules_apply(&rules, &rule, true, NULL), 0);
    }
    free(device_program_build(&rules, &count));
    assert_int_equal(count, 6 + 8 * 500 + 2);
    assert_int_equal(run(&rules, 'c', DEVICE_READ, 499, 499), 1);
    device_rules_free(&rules);
}

/* Its fd, or -1. */
static int load(const struct bpf_insn *program, size_t count)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof(attr));
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = (uint32_t)count;
    attr.license = (uintptr_t) "ISC";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* The kernel's own judgement of the program: its verifier. */
static void the_kernel_takes_the_program(void **state)
{
    struct device_rules rules = {0};
    size_t count;
    static const struct bpf_insn allow[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
                                            {.code = BPF_JMP | BPF_EXIT}};
    int probe;

    (void)state;
    if (geteuid() != 0)
        SKIP("only root may load a program");
    probe = load(allow, ARRAY_LENGTH(allow));
    if (probe < 0)
        SKIP("this kernel has no programs for device cgroups");
    close(probe);
    apply(&rules, "c *:* m", true);
    apply(&rules, "c 1:3 rw", true);
    apply(&rules, "b 7:* rwm", true);
    for (int turn = 0; turn < 2; turn++) {
        cleanup_free struct bpf_insn *program = device_program_build(&rules, &count);
        cleanup_fd int fd = load(program, count);

        assert_true(fd >= 0);
        rules.allow_by_default = true;
    }
    device_rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read_and_written_alike),
        cmocka_unit_test(a_means_all_devices_whatever_follows),
        cmocka_unit_test(bad_rules_are_refused),
        cmocka_unit_test(a_path_stands_for_its_device),
        cmocka_unit_test(exceptions_are_added_widened_narrowed_and_removed),
        cmocka_unit_test(a_program_denies_all_but_what_is_allowed),
        cmocka_unit_test(a_program_allows_all_but_what_is_denied),
        cmocka_unit_test(many_rules_fit_in_the_room_made_for_them),
        cmocka_unit_test(the_kernel_takes_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
