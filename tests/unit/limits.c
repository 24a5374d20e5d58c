/* What confines a container beside seccomp: capabilities, limits, ids, personality. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/config/capability.h"
#include "core/confine/caps.h"
#include "core/config/idmap.h"
#include "core/confine/limits.h"
#include "core/config/architecture.h"
#include "tests/unit/skip.h"

static void capabilities_have_names_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(capability_parse("sys_admin"), CAP_SYS_ADMIN);
    assert_int_equal(capability_parse("CAP_Net_Raw"), CAP_NET_RAW);
    assert_int_equal(capability_parse("21"), 21);
    assert_int_equal(capability_parse("64"), -EINVAL);
    assert_int_equal(capability_parse("sys_adm"), -EINVAL);
    for (int i = 0; i <= CAP_LAST_CAP; i++)
        assert_int_equal(capability_parse(capability_name(i)), i);
    assert_null(capability_name(63));
}

static void an_architecture_runs_on_machines_of_its_kind(void **state)
{
    static const struct {
        const char *machine, *runs, *does_not;
    } rows[] = {
        {"x86_64", "amd64 x86_64 i386 i686 athlon x86 x32 linux32 linux64",
         "arm64 armhf riscv64 ppc64le s390x loong64"},
        {"i686", "i386 x86 linux32", "x86_64 amd64 linux64 armhf"},
        {"aarch64", "arm64 aarch64 armhf armel armv7l arm linux64", "x86_64 i386 riscv64"},
        {"armv6l", "armel arm linux32", "arm64 aarch64 x86 linux64"},
        {"ppc64le", "ppc64el ppc64le", "ppc64 powerpc ppc"},
        {"ppc64", "ppc64 powerpc64 ppc", "ppc64el ppc64le"},
        {"s390x", "s390x", "sparc64 amd64"},
        {"mips", "mips mipsel", "mips64 arm"},
        {"loongarch64", "loong64 loongarch64 linux64", "amd64 mips64el"},
        {"riscv64", "riscv64 riscv32", "arm64"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (int wanted = 0; wanted < 2; wanted++) {
            cleanup_free char *words = strdup(wanted ? rows[i].runs : rows[i].does_not);
            for (char *rest = words, *word; (word = strsep(&rest, " "));)
                if (architecture_runs_on(word, rows[i].machine) != wanted)
                    fail_msg("%s on %s is not %d", word, rows[i].machine, wanted);
        }
    }
}

static void keep_and_drop_give_a_mask(void **state)
{
    char *names[] = {(char *)"sys_time", (char *)"mknod", NULL}, *wrong[] = {(char *)"nothing", NULL};
    struct config drops = {.cap_drop = {names, 2}}, keeps = {.cap_keep = {names, 2}, .has_cap_keep = true},
                  none = {.has_cap_keep = true}, bad = {.cap_drop = {wrong, 1}};
    uint64_t named = UINT64_C(1) << CAP_SYS_TIME | UINT64_C(1) << CAP_MKNOD,
             all = UINT64_MAX >> (63 - capability_last()), mask;

    (void)state;
    assert_int_equal(caps_mask(&drops, &mask, NULL), 0);
    assert_true(mask == (all & ~named));
    assert_int_equal(caps_mask(&keeps, &mask, NULL), 0);
    assert_true(mask == named);
    assert_int_equal(caps_mask(&none, &mask, NULL), 0);
    assert_true(mask == 0);
    assert_int_equal(caps_mask(&bad, &mask, NULL), -EINVAL);
    keeps.cap_drop = keeps.cap_keep;
    assert_int_equal(caps_mask(&keeps, &mask, NULL), -EINVAL);
}

static void a_limited_process_cannot_get_the_rest(void **state)
{
    int status;
    pid_t child;

    (void)state;
    if (geteuid() != 0)
        SKIP("only root may give up capabilities");
    child = fork();
    if (child == 0) {
        if (caps_limit(UINT64_C(1) << CAP_CHOWN, NULL) < 0)
            _exit(1);
        for (int i = 0; i <= capability_last(); i++)
            if (prctl(PR_CAPBSET_READ, i) != (i == CAP_CHOWN))
                _exit(2);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void limits_are_soft_and_hard(void **state)
{
    struct rlimit l;

    (void)state;
    assert_int_equal(limits_resource("nofile"), RLIMIT_NOFILE);
    assert_int_equal(limits_resource("files"), -EINVAL);
    assert_int_equal(limits_parse("10:20", &l), 0);
    assert_true(l.rlim_cur == 10 && l.rlim_max == 20);
    assert_int_equal(limits_parse(" 10 : unlimited ", &l), 0);
    assert_true(l.rlim_cur == 10 && l.rlim_max == RLIM_INFINITY);
    assert_int_equal(limits_parse("7", &l), 0);
    assert_true(l.rlim_cur == 7 && l.rlim_max == 7);
    for (const char *const *bad = (const char *const[]){"", "a", "10:", ":10", "20:10", "1:2:3", "-1", NULL};
         *bad; bad++)
        assert_int_equal(limits_parse(*bad, &l), -EINVAL);
}

static void limits_take_effect_on_another_process(void **state)
{
    struct config_pair pairs[] = {{(char *)"nofile", (char *)"33:44"}};
    struct config c = {.prlimit = {pairs, 1}};
    int ready[2], status;
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct rlimit l;
        if (read(ready[0], &byte, 1) != 1 || getrlimit(RLIMIT_NOFILE, &l) < 0)
            _exit(1);
        _exit(l.rlim_cur == 33 && l.rlim_max == 44 ? 0 : 2);
    }
    assert_int_equal(limits_prlimit(&c, child, NULL), 0);
    assert_int_equal(write(ready[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
}

static void a_parameter_stays_beneath_its_directory(void **state)
{
    struct config_pair pairs[] = {{(char *)"../comm", (char *)"x"}};
    struct config c = {.proc = {pairs, 1}};

    (void)state;
    assert_int_equal(limits_proc(&c, getpid(), NULL), -EINVAL);
}

static void ids_are_translated_both_ways(void **state)
{
    struct config_idmap maps[] = {{false, 0, 100000, 1000}, {false, 5000, 7, 1}, {true, 0, 200000, 10}};
    struct config c = {.idmaps = maps, .idmap_count = 3};
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    uint32_t id;

    (void)state;
    assert_int_equal(idmap_to_host(&c, false, 999, &id), 0);
    assert_int_equal(id, 100999);
    assert_int_equal(idmap_to_host(&c, false, 1000, &id), -ENOENT);
    assert_int_equal(idmap_to_container(&c, false, 7, &id), 0);
    assert_int_equal(id, 5000);
    assert_int_equal(idmap_to_container(&c, true, 200009, &id), 0);
    assert_int_equal(id, 9);
    assert_int_equal(idmap_check(&c, NULL), 0);
    assert_int_equal(idmap_text(&c, false, &text), 0);
    assert_string_equal(text.text, "0 100000 1000\n5000 7 1\n");
}

static void maps_that_no_kernel_takes_are_refused(void **state)
{
    struct config_idmap maps[] = {{false, 0, 100000, 10}, {true, 0, 100000, 10}, {false, 9, 200000, 10}};
    struct config c = {.idmaps = maps, .idmap_count = 3};

    (void)state;
    assert_int_equal(idmap_check(&c, NULL), -EINVAL); /* overlap inside */
    maps[2] = (struct config_idmap){false, 10, 100009, 10};
    assert_int_equal(idmap_check(&c, NULL), -EINVAL); /* overlap on the host */
    maps[2] = (struct config_idmap){false, 10, UINT32_C(0xfffffff0), 16};
    assert_int_equal(idmap_check(&c, NULL), -EINVAL); /* past the last id */
    maps[2] = (struct config_idmap){false, 10, 200000, 0};
    assert_int_equal(idmap_check(&c, NULL), -EINVAL); /* nothing */
    c.idmap_count = 1;
    assert_int_equal(idmap_check(&c, NULL), -EINVAL); /* users without groups */
}

static void an_architecture_has_a_width(void **state)
{
    (void)state;
    assert_int_equal(architecture_parse("amd64"), PER_LINUX);
    assert_int_equal(architecture_parse("linux32"), PER_LINUX32);
    assert_int_equal(architecture_parse("armhf"), PER_LINUX32);
    assert_int_equal(architecture_parse("vax"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_have_names_and_numbers),
        cmocka_unit_test(an_architecture_runs_on_machines_of_its_kind),
        cmocka_unit_test(keep_and_drop_give_a_mask),
        cmocka_unit_test(a_limited_process_cannot_get_the_rest),
        cmocka_unit_test(limits_are_soft_and_hard),
        cmocka_unit_test(limits_take_effect_on_another_process),
        cmocka_unit_test(a_parameter_stays_beneath_its_directory),
        cmocka_unit_test(ids_are_translated_both_ways),
        cmocka_unit_test(maps_that_no_kernel_takes_are_refused),
        cmocka_unit_test(an_architecture_has_a_width),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
