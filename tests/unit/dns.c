/* DNS messages, and resolv.conf. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns/dns.h"
#include "net/dns/resolv_conf.h"

/* A query for Web.LXC, type A, with EDNS. */
static const uint8_t query[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0,  0, 1,   3, 'W', 'e', 'b', 3, 'L',
                                'X',  'C',  0, 0, 1, 0, 1, 0, 0, 41, 4, 208, 0, 0,   0,   0,   0, 0};

static void a_question_is_read(void **state)
{
    struct dns_question q;

    (void)state;
    assert_int_equal(dns_parse_query(query, sizeof(query), &q), 0);
    assert_int_equal(q.id, 0x1234);
    assert_string_equal(q.name, "web.lxc");
    assert_int_equal(q.type, DNS_A);
    assert_int_equal(q.class, 1);
    assert_true(q.edns);
    assert_int_equal(q.size, 25);
    for (size_t i = DNS_HEADER_SIZE; i < q.size; i++)
        assert_int_equal(dns_parse_query(query, i, &q), DNS_FORMAT_ERROR);
    assert_true(dns_parse_query(query, 11, &q) < 0);
}

static void names_that_are_not_plain_are_no_names(void **state)
{
    uint8_t bytes[sizeof(query)];
    struct dns_question q;

    (void)state;
    memcpy(bytes, query, sizeof(query));
    bytes[14] = '.'; /* a dot inside a label must not look like two labels */
    assert_int_equal(dns_parse_query(bytes, sizeof(bytes), &q), 0);
    assert_string_equal(q.name, "");
    bytes[12] = 0xc0; /* compressed */
    assert_int_equal(dns_parse_query(bytes, sizeof(bytes), &q), DNS_FORMAT_ERROR);
    memcpy(bytes, query, sizeof(query));
    bytes[2] |= 0x80; /* a response is never answered */
    assert_true(dns_parse_query(bytes, sizeof(bytes), &q) < 0);
}

/* RFC 9267: names that overrun, loop or point, in a query whose bytes end where its allocation does. */
static void hostile_names_are_refused_within_bounds(void **state)
{
    static const struct {
        size_t size;
        uint8_t name[8];
    } cases[] = {
        {2, {0xc0, 12}},         /* a pointer to itself */
        {2, {0xc0, 0}},          /* to the header */
        {2, {0xff, 0xff}},       /* beyond the end */
        {1, {0xc0}},             /* half a pointer */
        {4, {1, 'a', 0xc0, 12}}, /* a label, and a loop */
        {3, {0x40, 'a', 0}},     /* reserved bits */
        {3, {0x80, 'a', 0}},
        {3, {63, 'a', 0}},         /* a label longer than the rest */
        {2, {1, 'a'}},             /* no end of the name */
        {3, {1, 'a', 0}},          /* neither type nor class */
        {7, {1, 'a', 0, 0, 1, 0}}, /* the class cut off: 7 bytes with the last one missing */
    };
    struct dns_question q;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = DNS_HEADER_SIZE + cases[i].size - (cases[i].size == 7);
        uint8_t *bytes = malloc(size);

        memcpy(bytes, query, DNS_HEADER_SIZE);
        memcpy(bytes + DNS_HEADER_SIZE, cases[i].name, size - DNS_HEADER_SIZE);
        assert_int_equal(dns_parse_query(bytes, size, &q), DNS_FORMAT_ERROR);
        bytes[2] |= 0x80;
        assert_false(dns_is_reply(bytes, size, query, sizeof(query), 0x1234));
        free(bytes);
    }
}

static void a_name_of_any_length_fits(void **state)
{
    (void)state;
    for (size_t labels = 1; labels < 200; labels++) {
        size_t size = DNS_HEADER_SIZE + 2 * labels + 5;
        uint8_t *bytes = calloc(1, size);
        struct dns_question q;

        memcpy(bytes, query, DNS_HEADER_SIZE);
        for (size_t i = 0; i < labels; i++)
            memcpy(bytes + DNS_HEADER_SIZE + 2 * i, "\1a", 2);
        /* 255 bytes with the last length byte: RFC 1035, 3.1 */
        assert_int_equal(dns_parse_query(bytes, size, &q), 2 * labels + 1 <= 255 ? 0 : DNS_FORMAT_ERROR);
        assert_true(strlen(q.name) < sizeof(q.name));
        free(bytes);
    }
}

/* Pointers and reserved types of labels, with as many bytes after them as they would have as lengths. */
static void a_label_has_at_most_63_bytes(void **state)
{
    (void)state;
    for (unsigned label = 1; label < 254; label++) {
        size_t size = DNS_HEADER_SIZE + 1 + label + 5;
        uint8_t *bytes = calloc(1, size);
        struct dns_question q;

        memcpy(bytes, query, DNS_HEADER_SIZE);
        bytes[DNS_HEADER_SIZE] = (uint8_t)label;
        memset(bytes + DNS_HEADER_SIZE + 1, 'a', label);
        assert_int_equal(dns_parse_query(bytes, size, &q), label <= 63 ? 0 : DNS_FORMAT_ERROR);
        free(bytes);
    }
}

static void our_own_reply_answers_the_query(void **state)
{
    struct dns_record record = {.type = DNS_A, .address = {10, 0, 3, 7}};
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question q;
    size_t length;

    (void)state;
    assert_int_equal(dns_parse_query(query, sizeof(query), &q), 0);
    length = dns_build_reply(query, &q, DNS_NO_ERROR, true, &record, 1, reply);
    assert_int_equal(length, 25 + 16 + 11);
    assert_true(dns_is_reply(reply, length, query, sizeof(query), 0x1234));
    assert_memory_equal(reply + 25 + 12, record.address, 4);
    assert_int_equal(reply[7], 1);
    assert_int_equal(reply[11], 1);
}

static void only_the_answer_to_our_question_counts(void **state)
{
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question q;
    size_t length;

    (void)state;
    assert_int_equal(dns_parse_query(query, sizeof(query), &q), 0);
    length = dns_build_reply(query, &q, DNS_NO_ERROR, false, NULL, 0, reply);
    assert_false(dns_is_reply(reply, length, query, sizeof(query), 0x1235));
    assert_false(dns_is_reply(query, sizeof(query), query, sizeof(query), 0x1234));
    assert_false(dns_is_reply(reply, 20, query, sizeof(query), 0x1234));
    reply[13] = 'w'; /* the case may differ */
    assert_true(dns_is_reply(reply, length, query, sizeof(query), 0x1234));
    reply[13] = 'x';
    assert_false(dns_is_reply(reply, length, query, sizeof(query), 0x1234));
}

static void replies_stay_within_bounds(void **state)
{
    struct dns_record records[100];
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question q;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        records[i] = (struct dns_record){.type = DNS_AAAA};
    assert_int_equal(dns_parse_query(query, sizeof(query), &q), 0);
    assert_in_range(dns_build_reply(query, &q, 0, true, records, 100, reply), 1000, DNS_REPLY_MAX);
    q.edns = false;
    assert_in_range(dns_build_reply(query, &q, 0, true, records, 100, reply), 400, 512);
}

static void reverse_names_are_addresses(void **state)
{
    uint8_t address[16];

    (void)state;
    assert_int_equal(dns_reverse("7.3.0.10.in-addr.arpa", address), 4);
    assert_memory_equal(address, ((uint8_t[]){10, 0, 3, 7}), 4);
    assert_int_equal(dns_reverse("3.0.10.in-addr.arpa", address), 0);
    assert_int_equal(dns_reverse("256.3.0.10.in-addr.arpa", address), 0);
    assert_int_equal(
        dns_reverse("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.4.d.f.ip6.arpa", address), 16);
    assert_int_equal(address[0], 0xfd);
    assert_int_equal(address[1], 0x42);
    assert_int_equal(address[15], 1);
    assert_int_equal(dns_reverse("1.0.ip6.arpa", address), 0);
}

static void resolv_conf_is_read_and_written(void **state)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    struct resolv_conf c;

    (void)state;
    resolv_conf_parse("# nameserver 9.9.9.9\nsearch x\nnameserver 1.2.3.4 # one\n nameserver 2.2.2.2\n"
                      "nameserver\t::1\nnameserver nonsense\nnameserver 4.4.4.4\nnameserver 5.5.5.5",
                      &c);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.servers[0].v4.sin_addr.s_addr, htonl(0x01020304));
    assert_int_equal(c.servers[1].any.sa_family, AF_INET6);
    assert_int_equal(c.servers[2].v4.sin_addr.s_addr, htonl(0x04040404));
    assert_int_equal(resolv_conf_write(&text, (uint32_t[]){0x0a000301}, 1, "lxc"), 0);
    assert_string_equal(text.text, "search lxc\nnameserver 10.0.3.1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_read),
        cmocka_unit_test(names_that_are_not_plain_are_no_names),
        cmocka_unit_test(hostile_names_are_refused_within_bounds),
        cmocka_unit_test(a_name_of_any_length_fits),
        cmocka_unit_test(a_label_has_at_most_63_bytes),
        cmocka_unit_test(our_own_reply_answers_the_query),
        cmocka_unit_test(only_the_answer_to_our_question_counts),
        cmocka_unit_test(replies_stay_within_bounds),
        cmocka_unit_test(reverse_names_are_addresses),
        cmocka_unit_test(resolv_conf_is_read_and_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
