/* Leases on disk. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/dhcp/lease_journal.h"

#define NOW   1000000
#define FIRST 0x0a000302U
#define LAST  0x0a0003feU

static char directory[64], path[96];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/lxcbox-lease.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/leases", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, directory);
}

struct store {
    struct lease_table table;
    struct lease_journal journal;
};

static struct store open_store(void)
{
    struct store s = {.journal = LEASE_JOURNAL_CLOSED};
    struct error err = ERROR_INIT;

    lease_table_init(&s.table, FIRST, LAST);
    if (lease_journal_open(&s.journal, path, &s.table, NOW, 3600, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

static void close_store(struct store *s)
{
    lease_journal_close(&s->journal);
    lease_table_free(&s->table);
}

static void give(struct store *s, unsigned client, const char *name, int64_t expires)
{
    struct lease_client c = {.hardware = {2, 0, 0, 0, (uint8_t)(client >> 8), (uint8_t)client},
                             .hardware_size = 6};
    struct lease *l = lease_take(&s->table, FIRST + client, &c);

    strcpy(l->host_name, name);
    l->expires = expires;
    assert_int_equal(lease_journal_note(&s->journal, l), 0);
}

static void a_line_is_read_as_it_was_written(void **state)
{
    struct lease l = {.address = FIRST,
                      .client = {.hardware = {2, 0, 0, 0, 0, 1},
                                 .hardware_size = 6,
                                 .id = {255, 0},
                                 .id_size = 2},
                      .host_name = "web",
                      .expires = NOW},
                 out;
    char line[LEASE_LINE_SIZE];
    size_t length = lease_format(&l, line);

    (void)state;
    assert_string_equal(line, "1000000 02:00:00:00:00:01 10.0.3.2 web ff:00\n");
    assert_true(lease_parse(line, length - 1, &out));
    assert_memory_equal(&l, &out, sizeof(l));
    for (size_t i = 0; i < length - 6; i++)
        assert_false(lease_parse(line, i, &out));
    assert_true(lease_parse("0 * 10.0.3.2 * *", 16, &out)); /* nobody's: declined */
    assert_false(lease_parse("5 * 10.0.3.2 * *", 16, &out));
}

static void leases_survive(void **state)
{
    struct store s = open_store();

    (void)state;
    give(&s, 1, "one", NOW + 100);
    give(&s, 2, "two", NOW + 200);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    give(&s, 1, "uno", NOW + 300);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    for (int i = 0; i < 3; i++) {
        s = open_store();
        assert_int_equal(s.table.count, 2);
        assert_int_equal(lease_of_name(&s.table, "uno", NOW)->expires, NOW + 300);
        assert_int_equal(lease_of_name(&s.table, "two", NOW)->address, FIRST + 2);
        close_store(&s);
    }
}

static void the_newest_lease_has_the_name(void **state)
{
    struct store s = open_store();

    (void)state;
    for (unsigned client = 1; client <= 3; client++) {
        give(&s, client, "web", NOW + 400 - client); /* the newest need not end last */
        lease_set_name(&s.table, lease_of_address(&s.table, FIRST + client), "web");
    }
    assert_int_equal(lease_of_name(&s.table, "web", NOW)->address, FIRST + 3);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    for (int i = 0; i < 2; i++) { /* the second time from a table that was written anew */
        s = open_store();
        assert_int_equal(lease_of_name(&s.table, "web", NOW)->address, FIRST + 3);
        assert_string_equal(lease_of_address(&s.table, FIRST + 1)->host_name, "");
        close_store(&s);
    }
}

static void an_address_outside_the_range_survives(void **state)
{
    static const char text[] = "1000100 00:16:3e:00:00:05 10.0.3.254 web *\n";
    struct store s = {.journal = LEASE_JOURNAL_CLOSED};

    (void)state;
    assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0644), 0);
    lease_table_init(&s.table, FIRST, FIRST + 10);
    s.table.most = LAST;
    assert_int_equal(lease_journal_open(&s.journal, path, &s.table, NOW, 3600, NULL), 0);
    assert_int_equal(lease_of_name(&s.table, "web", NOW)->address, LAST);
    close_store(&s);
}

static void a_cut_line_is_no_line(void **state)
{
    struct store s = open_store();
    char name[128];
    struct stat st;

    (void)state;
    give(&s, 1, "one", NOW + 100);
    give(&s, 2, "two", NOW + 200);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    snprintf(name, sizeof(name), "%s.%d", path, s.journal.current);
    close_store(&s);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(truncate(name, st.st_size - 3), 0);
    s = open_store();
    assert_int_equal(s.table.count, 1);
    assert_non_null(lease_of_name(&s.table, "one", NOW));
    close_store(&s);
}

/* As a power loss while the table is written anew leaves it. */
static void a_file_cut_while_written_anew_does_not_count(void **state)
{
    struct store s = open_store();
    char kept[128], cut[128];
    cleanup_free char *text = NULL;

    (void)state;
    give(&s, 1, "one", NOW + 100);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    snprintf(kept, sizeof(kept), "%s.%d", path, s.journal.current);
    snprintf(cut, sizeof(cut), "%s.%d", path, !s.journal.current);
    close_store(&s);
    text = format_string("# lxc-net leases, generation 99\n"
                         "1000050 02:00:00:00:00:01 10.0.3.3 old *\n");
    assert_int_equal(file_replace(AT_FDCWD, cut, text, strlen(text), 0644), 0);
    s = open_store();
    assert_non_null(lease_of_name(&s.table, "one", NOW));
    assert_null(lease_of_name(&s.table, "old", NOW));
    close_store(&s);
    s = open_store();
    assert_non_null(lease_of_name(&s.table, "one", NOW));
    close_store(&s);
}

static void the_files_do_not_grow_without_end(void **state)
{
    struct store s = open_store();
    struct stat st;
    char name[128];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        give(&s, 1, "one", NOW + 100 + i % 100);
        if (i % 100 == 99)
            assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "%s.%d", path, i);
        assert_int_equal(stat(name, &st), 0);
        assert_in_range(st.st_size, 0, 100000);
    }
    close_store(&s);
    s = open_store();
    assert_int_equal(lease_of_name(&s.table, "one", NOW)->expires, NOW + 199);
    close_store(&s);
}

static void a_time_too_far_away_is_cut(void **state)
{
    struct store s = open_store();

    (void)state;
    give(&s, 1, "one", NOW + 100000000);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    s = open_store();
    assert_int_equal(lease_of_name(&s.table, "one", NOW)->expires, NOW + 3600);
    close_store(&s);
}

static void leases_of_dnsmasq_are_taken_over(void **state)
{
    static const char text[] = "1000100 00:16:3e:00:00:05 10.0.3.77 web *\n";
    struct store s;

    (void)state;
    assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0644), 0);
    s = open_store();
    assert_int_equal(lease_of_name(&s.table, "web", NOW)->address, 0x0a00034d);
    close_store(&s);
}

static void a_full_disk_loses_nothing_that_was_there(void **state)
{
    struct store s = open_store();
    int real;

    (void)state;
    give(&s, 1, "one", NOW + 100);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    real = s.journal.fds[s.journal.current];
    s.journal.fds[s.journal.current] = open("/dev/full", O_RDWR | O_CLOEXEC);
    give(&s, 2, "two", NOW + 100);
    assert_true(lease_journal_sync(&s.journal, &s.table) < 0);
    close(s.journal.fds[s.journal.current]);
    s.journal.fds[s.journal.current] = real;
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    s = open_store();
    assert_int_equal(s.table.count, 2);
    close_store(&s);
}

/* Of a client that has changed its hardware address, to one that has a lease without an identifier. */
static void leases_with_one_hardware_address_survive(void **state)
{
    static const struct lease_client anonymous = {.hardware = {2, 0, 0, 0, 0, 1}, .hardware_size = 6},
                                     before = {{2, 0, 0, 0, 0, 2}, 6, {9}, 1},
                                     after = {{2, 0, 0, 0, 0, 1}, 6, {9}, 1};
    const struct lease_client *const clients[] = {&anonymous, &before, &after};
    const uint32_t addresses[] = {FIRST + 1, FIRST + 2, FIRST + 2};
    struct store s = open_store();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct lease *l = lease_take(&s.table, addresses[i], clients[i]);

        l->expires = NOW + 100;
        assert_int_equal(lease_journal_note(&s.journal, l), 0);
    }
    assert_int_equal(s.table.count, 2);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    for (int i = 0; i < 3; i++) { /* from the changes, then from a table that was written anew */
        s = open_store();
        assert_int_equal(s.table.count, 2);
        assert_int_equal(lease_of_address(&s.table, FIRST + 1)->client.id_size, 0);
        assert_int_equal(lease_of_address(&s.table, FIRST + 2)->client.id_size, 1);
        close_store(&s);
    }
}

/* As it is when the machine stops after the new file is complete and before the old one is emptied. */
static void a_complete_table_replaces_the_older_file(void **state)
{
    struct store s = open_store();
    char older[128];
    cleanup_free char *text = NULL;
    struct lease_client c = {.hardware = {2, 0, 0, 0, 0, 1}, .hardware_size = 6};
    struct lease *l;

    (void)state;
    give(&s, 1, "one", NOW + 100);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    snprintf(older, sizeof(older), "%s.%d", path, s.journal.current);
    assert_int_equal(file_read(AT_FDCWD, older, 10000, &text, NULL), 0);
    l = lease_take(&s.table, FIRST + 5, &c); /* it moves */
    l->expires = NOW + 100;
    assert_int_equal(lease_journal_note(&s.journal, l), 0);
    assert_int_equal(lease_journal_sync(&s.journal, &s.table), 0);
    close_store(&s);
    s = open_store(); /* written anew, to the other file */
    close_store(&s);
    assert_int_equal(file_replace(AT_FDCWD, older, text, strlen(text), 0644), 0);
    s = open_store();
    assert_int_equal(s.table.count, 1);
    assert_non_null(lease_of_address(&s.table, FIRST + 5));
    close_store(&s);
}

#define in_directory(f) cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        in_directory(leases_survive),
        in_directory(the_newest_lease_has_the_name),
        in_directory(an_address_outside_the_range_survives),
        in_directory(a_cut_line_is_no_line),
        in_directory(a_file_cut_while_written_anew_does_not_count),
        in_directory(the_files_do_not_grow_without_end),
        in_directory(a_time_too_far_away_is_cut),
        in_directory(leases_of_dnsmasq_are_taken_over),
        in_directory(a_full_disk_loses_nothing_that_was_there),
        in_directory(leases_with_one_hardware_address_survive),
        in_directory(a_complete_table_replaces_the_older_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
