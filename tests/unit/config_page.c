/* The page lxc.container.conf(5) against the table of keys, both ways. Reads the page of the working
 * directory.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/keys.h"

#define PAGE "core/config/lxc.container.conf.5"

static char *page;

static int read_page(void **state)
{
    (void)state;
    return file_read(AT_FDCWD, PAGE, 1 << 20, &page, NULL);
}

static int free_page(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* An entry is ".B KEY = VALUES"; its text ends where the next ".TP", ".SS" or ".SH" is. */
static const char *find_entry(const char *heading)
{
    cleanup_free char *line = format_string("\n.B %s", heading);

    return strstr(page, line);
}

static void assert_described(const char *heading, const struct key *row)
{
    const char *entry = find_entry(heading), *end, *section;
    cleanup_free char *text = NULL, *initial = NULL;

    if (!entry)
        fail_msg("%s does not describe \"%s\"", PAGE, heading);
    end = strstr(entry, "\n.TP");
    section = strstr(entry, "\n.S");
    end = !end || (section && section < end) ? section : end;
    text = end ? strndup(entry, (size_t)(end - entry)) : strdup(entry);
    initial = format_string("Default %s.", row->initial ? row->initial : "");
    if (!!strstr(text, "Default ") != !!row->initial || (row->initial && !strstr(text, initial)))
        fail_msg("%s: the default of \"%s\" is %s", PAGE, heading, row->initial ? row->initial : "none");
    if (!row->initial && !strstr(text, "Unset: ") && !strstr(text, "\nList") && !strstr(text, " = 0|1\n") &&
        !strstr(text, "Only to be cleared") && row->type != &type_include)
        fail_msg("%s does not say what it is without \"%s\"", PAGE, heading);
}

static void every_key_is_described_with_its_default(void **state)
{
    (void)state;
    for (const struct key *k = config_keys; k->name; k++) {
        bool named = k->flags & KEY_FAMILY && strcmp(k->name, "lxc.net") != 0;
        cleanup_free char *heading = format_string("%s%s = ", k->name, named ? ".NAME" : "");
        assert_described(heading, k);
    }
    for (const struct key *k = net_keys; k->name; k++) {
        cleanup_free char *heading = format_string("lxc.net.N.%s = ", k->name);
        assert_described(heading, k);
    }
}

static void every_key_described_exists(void **state)
{
    const char *rest;

    (void)state;
    for (const char *at = page; (at = strstr(at, "\n.B lxc.")); at++) {
        const char *name = at + strlen("\n.B ");
        size_t length = strcspn(name, " \n");
        cleanup_free char *key = strndup(name, length);

        if (strncmp(name + length, " = ", 3) != 0)
            continue; /* named in a text */
        if (!key_find(config_keys, key, &rest) ||
            (starts_with(key, "lxc.net.N.") && !key_find(net_keys, key + strlen("lxc.net.N."), &rest)))
            fail_msg("%s describes \"%s\", which is not a key", PAGE, key);
    }
}

/* The network of a type that has the key: "lxc.net.0.ipvlan.mode" is for ipvlan. */
static void set_type(struct config *c, const char *key)
{
    static const char *const types[] = {"macvlan", "ipvlan", "vlan", "veth"};
    size_t i = 0;

    while (i < 3 && strncmp(key + strlen("lxc.net.0."), types[i], strlen(types[i])) != 0)
        i++;
    assert_int_equal(config_set(c, "lxc.net.0.type", types[i], "test", NULL), 0);
}

/* Of "KEY = none|NUMBER|dhcp" the words in lower case, and digits. */
static void every_word_of_a_heading_is_a_value(void **state)
{
    int words = 0;

    (void)state;
    for (const char *at = page; (at = strstr(at, "\n.B lxc.")); at++) {
        const char *name = at + strlen("\n.B "), *equals = strstr(name, " = ");
        size_t line = strcspn(name, "\n");
        cleanup_free char *key = NULL, *values = NULL;

        if (!equals || equals > name + line)
            continue;
        key = strndup(name, (size_t)(equals - name));
        values = strndup(equals + 3, line - (size_t)(equals + 3 - name));
        if (strchr(values, ' '))
            continue;
        if (starts_with(key, "lxc.net.N."))
            key[strlen("lxc.net.")] = '0';
        for (char *rest = values, *word; (word = strsep(&rest, "|"));) {
            cleanup_config struct config c;
            struct error err = ERROR_INIT;

            config_init(&c);
            if (!*word || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789")])
                continue;
            if (starts_with(key, "lxc.net.0."))
                set_type(&c, key);
            if (config_set(&c, key, word, "test", &err) < 0 || config_check(&c, &err) < 0)
                fail_msg("%s: %s = %s: %s", PAGE, key, word, err.text);
            words++;
        }
    }
    assert_in_range(words, 50, 500);
}

static void the_table_is_in_order(void **state)
{
    (void)state;
    for (const struct key *k = config_keys; k[1].name; k++)
        if (strcmp(k[0].name, k[1].name) >= 0)
            fail_msg("%s stands before %s", k[0].name, k[1].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_described_with_its_default),
        cmocka_unit_test(every_key_described_exists),
        cmocka_unit_test(every_word_of_a_heading_is_a_value),
        cmocka_unit_test(the_table_is_in_order),
    };

    return cmocka_run_group_tests(tests, read_page, free_page);
}
