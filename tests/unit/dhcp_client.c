/* The DHCP client as a state machine. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link/arp.h"
#include "net/dhcp/dhcp_client.h"
#include "net/dhcp/udp_packet.h"

#define SERVER  0x0a000301U
#define ADDRESS 0x0a000307U

static struct dhcp_client new_client(void)
{
    return (struct dhcp_client){
        .hardware = {2, 0, 0, 0, 0, 1}, .tries = 3, .try_ms = 1000, .pause_ms = 20000, .random = 1};
}

static struct dhcp_message reply_to(const struct dhcp_message *request, enum dhcp_type type)
{
    struct dhcp_message m = {.is_reply = true,
                             .type = type,
                             .transaction = request->transaction,
                             .hardware_type = 1,
                             .hardware_size = 6,
                             .your_address = ADDRESS,
                             .server = SERVER,
                             .netmask = 0xffffff00,
                             .lease_seconds = 1000};

    memcpy(m.hardware, request->hardware, 6);
    return m;
}

/* The address is asked for on the link, and nobody answers. */
static void nobody_has_it(struct dhcp_client *c, struct dhcp_action *a)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(a->event, DHCP_NOTHING);
        assert_int_equal(a->probe, c->offered);
        assert_int_equal(a->announce, 0);
        dhcp_client_timeout(c, c->next_ms, a);
    }
    assert_int_equal(a->probe, 0);
    assert_int_equal(a->announce, c->offered);
    assert_int_equal(a->event, DHCP_BOUND);
}

/* Discover, offer, request, acknowledgement, all at `now`. */
static void bind_client(struct dhcp_client *c, int64_t now)
{
    struct dhcp_action a;
    struct dhcp_message m;

    dhcp_client_start(c, now, &a);
    assert_int_equal(a.message.type, DHCP_DISCOVER);
    m = reply_to(&a.message, DHCP_OFFER);
    dhcp_client_receive(c, &m, now, &a);
    assert_true(a.send);
    assert_int_equal(a.message.type, DHCP_REQUEST);
    assert_int_equal(a.message.requested, ADDRESS);
    assert_int_equal(a.message.server, SERVER);
    assert_int_equal(a.message.client_address, 0);
    m = reply_to(&a.message, DHCP_ACK);
    dhcp_client_receive(c, &m, now, &a);
    nobody_has_it(c, &a);
    assert_int_equal(c->state, DHCP_STATE_BOUND);
}

static void a_lease_is_obtained_renewed_and_kept(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    bind_client(&c, 0);
    assert_int_equal(c.next_ms, 500000); /* half of it, as the server said nothing */
    dhcp_client_timeout(&c, 499999, &a);
    assert_false(a.send);
    dhcp_client_timeout(&c, 500000, &a);
    assert_true(a.send && a.to_server);
    assert_int_equal(a.message.client_address, ADDRESS);
    assert_int_equal(a.message.requested | a.message.server, 0);
    m = reply_to(&a.message, DHCP_ACK);
    dhcp_client_receive(&c, &m, 500100, &a);
    assert_int_equal(a.event, DHCP_BOUND);
    assert_int_equal(c.next_ms, 1000000);
}

static void without_its_server_it_asks_all_and_then_gives_up(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    unsigned renewals = 0, rebinds = 0;

    (void)state;
    bind_client(&c, 0);
    for (;;) {
        dhcp_client_timeout(&c, c.next_ms, &a);
        if (a.event)
            break;
        assert_true(a.send);
        renewals += a.to_server;
        rebinds += !a.to_server;
    }
    assert_int_equal(a.event, DHCP_LOST);
    assert_int_equal(c.lease.type, 0);
    assert_in_range(renewals, 2, 8);
    assert_in_range(rebinds, 1, 4);
    dhcp_client_timeout(&c, c.next_ms, &a);
    assert_int_equal(a.message.type, DHCP_DISCOVER);
}

static void another_server_may_take_over_when_it_asks_all(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    bind_client(&c, 0);
    dhcp_client_timeout(&c, 500000, &a);
    m = reply_to(&a.message, DHCP_ACK);
    m.server = SERVER + 1;
    dhcp_client_receive(&c, &m, 500001, &a);
    assert_int_equal(a.event, DHCP_NOTHING);
    dhcp_client_timeout(&c, 900000, &a);
    assert_false(a.to_server);
    dhcp_client_receive(&c, &m, 900001, &a);
    assert_int_equal(a.event, DHCP_BOUND);
    assert_int_equal(c.server, SERVER + 1);
}

static void a_refusal_ends_the_lease(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    bind_client(&c, 0);
    dhcp_client_timeout(&c, 500000, &a);
    m = reply_to(&a.message, DHCP_NAK);
    dhcp_client_receive(&c, &m, 500001, &a);
    assert_int_equal(a.event, DHCP_LOST);
    assert_int_equal(c.state, DHCP_STATE_INIT);
}

static void what_is_not_for_it_is_passed_over(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a, unused;
    struct dhcp_message m;

    (void)state;
    dhcp_client_start(&c, 0, &a);
    m = reply_to(&a.message, DHCP_OFFER);
    m.transaction++;
    dhcp_client_receive(&c, &m, 1, &unused);
    assert_int_equal(c.state, DHCP_STATE_SELECTING);
    m = reply_to(&a.message, DHCP_OFFER);
    m.hardware[5]++;
    dhcp_client_receive(&c, &m, 1, &unused);
    assert_int_equal(c.state, DHCP_STATE_SELECTING);
    m = reply_to(&a.message, DHCP_ACK); /* nothing was requested */
    dhcp_client_receive(&c, &m, 1, &unused);
    assert_int_equal(c.state, DHCP_STATE_SELECTING);
    m = reply_to(&a.message, DHCP_OFFER);
    m.your_address = 0xffffffff; /* no host's address */
    dhcp_client_receive(&c, &m, 1, &unused);
    assert_int_equal(c.state, DHCP_STATE_SELECTING);
}

static void silence_is_told_after_a_round(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    int64_t last = 0;

    (void)state;
    dhcp_client_start(&c, 0, &a);
    for (unsigned i = 1; i < 3; i++) {
        assert_in_range(c.next_ms - last, 875 << (i - 1), 1126 << (i - 1));
        last = c.next_ms;
        dhcp_client_timeout(&c, c.next_ms, &a);
        assert_true(a.send);
    }
    dhcp_client_timeout(&c, c.next_ms, &a);
    assert_int_equal(a.event, DHCP_SILENT);
    last = c.next_ms;
    dhcp_client_timeout(&c, last, &a);
    assert_int_equal(a.message.type, DHCP_DISCOVER);
}

static void times_that_make_no_sense_are_mended(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    dhcp_client_start(&c, 0, &a);
    m = reply_to(&a.message, DHCP_OFFER);
    dhcp_client_receive(&c, &m, 0, &a);
    m = reply_to(&a.message, DHCP_ACK);
    m.lease_seconds = 1;
    m.renew_seconds = 0xfffffff0;
    m.rebind_seconds = 5;
    m.netmask = 0x00ff00ff;
    dhcp_client_receive(&c, &m, 0, &a);
    nobody_has_it(&c, &a);
    assert_int_equal(c.lease.netmask, 0xff000000);
    for (int i = 0; a.event != DHCP_LOST; i++) {
        assert_true(i < 10);
        dhcp_client_timeout(&c, c.next_ms, &a);
    }
    assert_in_range(c.next_ms, 1000, 1000);
}

static void a_lease_without_end_is_not_renewed(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    dhcp_client_start(&c, 0, &a);
    m = reply_to(&a.message, DHCP_OFFER);
    dhcp_client_receive(&c, &m, 0, &a);
    m = reply_to(&a.message, DHCP_ACK);
    m.lease_seconds = DHCP_FOREVER;
    dhcp_client_receive(&c, &m, 0, &a);
    nobody_has_it(&c, &a);
    assert_true(c.next_ms == INT64_MAX);
    dhcp_client_release(&c, &a);
    assert_int_equal(a.message.type, DHCP_RELEASE);
    assert_int_equal(a.message.client_address, ADDRESS);
    assert_int_equal(a.event, DHCP_LOST);
}

/* Up to the first question who has the address, at `now`. */
static void be_given(struct dhcp_client *c, struct dhcp_action *a, int64_t now)
{
    struct dhcp_message m;

    while (a->message.type != DHCP_DISCOVER)
        dhcp_client_timeout(c, c->next_ms, a);
    m = reply_to(&a->message, DHCP_OFFER);
    dhcp_client_receive(c, &m, now, a);
    m = reply_to(&a->message, DHCP_ACK);
    dhcp_client_receive(c, &m, now, a);
    assert_int_equal(a->probe, ADDRESS);
}

static void an_address_that_another_has_is_declined(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;

    (void)state;
    c.wanted = ADDRESS;
    dhcp_client_start(&c, 1000, &a);
    assert_int_equal(a.message.requested, ADDRESS);
    be_given(&c, &a, 1000);
    dhcp_client_conflict(&c, 1001, &a);
    assert_int_equal(a.event, DHCP_TAKEN);
    assert_true(a.send && !a.to_server);
    assert_int_equal(a.message.type, DHCP_DECLINE);
    assert_int_equal(a.message.requested, ADDRESS);
    assert_int_equal(a.message.server, SERVER);
    assert_int_equal(a.message.client_address | a.message.max_size | a.message.asks, 0);
    assert_int_equal(c.lease.type, 0);
    assert_int_equal(c.next_ms, 1001); /* once it asks for another at once, later it waits */
    dhcp_client_timeout(&c, 1001, &a);
    assert_int_equal(a.message.type, DHCP_DISCOVER);
    assert_int_equal(a.message.requested, 0);
    be_given(&c, &a, 1001);
    dhcp_client_conflict(&c, 1002, &a);
    assert_int_equal(c.next_ms, 11002);
}

static void answers_to_arp_are_told_from_others(void **state)
{
    static const uint8_t own[6] = {2, 0, 0, 0, 0, 1};
    uint8_t arp[ARP_SIZE] = {0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 2, 10, 0, 3, 7};

    (void)state;
    assert_true(arp_conflicts(arp, sizeof(arp), own, ADDRESS));
    assert_false(arp_conflicts(arp, sizeof(arp), arp + 8, ADDRESS)); /* our own */
    assert_false(arp_conflicts(arp, sizeof(arp), own, ADDRESS + 1));
    for (size_t i = 0; i < sizeof(arp); i++)
        assert_false(arp_conflicts(arp, i, own, ADDRESS));
    memset(arp + 14, 0, 4); /* another probes for it, too */
    arp[7] = 1;
    memcpy(arp + 24, "\x0a\0\x03\x07", 4);
    assert_true(arp_conflicts(arp, sizeof(arp), own, ADDRESS));
    arp[16] = 3; /* asks who has it, and has another itself */
    assert_false(arp_conflicts(arp, sizeof(arp), own, ADDRESS));
    arp[2] = 9;
    assert_false(arp_conflicts(arp, sizeof(arp), own, ADDRESS));
}

static void a_packet_is_read_as_it_was_built(void **state)
{
    uint8_t packet[UDP_PACKET_MAX], payload[301] = {1, 2, 3};
    struct udp_packet p = {.source = SERVER,
                           .destination = ADDRESS,
                           .source_port = 67,
                           .destination_port = 68,
                           .payload = payload,
                           .size = sizeof(payload)},
                      out;
    size_t length = udp_packet_build(&p, packet);

    (void)state;
    assert_int_equal(length, 28 + sizeof(payload));
    assert_true(udp_packet_parse(packet, length, true, &out));
    assert_int_equal(out.source, SERVER);
    assert_int_equal(out.destination_port, 68);
    assert_int_equal(out.size, sizeof(payload));
    assert_memory_equal(out.payload, payload, sizeof(payload));
    for (size_t i = 0; i < length; i++)
        assert_false(udp_packet_parse(packet, i, true, &out));
    for (size_t i = 0; i < length; i++) {
        packet[i] ^= 0x10;
        assert_false(udp_packet_parse(packet, length, true, &out));
        packet[i] ^= 0x10;
    }
    p.size = UDP_PACKET_MAX;
    assert_int_equal(udp_packet_build(&p, packet), 0);
}

/* The cable may lead to another network now: it asks at once, and keeps the lease as long as it may. */
static void begun_again_it_keeps_the_lease_until_there_is_another(void **state)
{
    struct dhcp_client c = new_client();
    struct dhcp_action a;
    struct dhcp_message m;

    (void)state;
    bind_client(&c, 0);
    dhcp_client_start(&c, 100000, &a);
    assert_int_equal(a.message.type, DHCP_DISCOVER);
    assert_int_equal(a.message.requested, ADDRESS);
    assert_int_equal(c.lease.your_address, ADDRESS);
    m = reply_to(&a.message, DHCP_OFFER);
    m.your_address = ADDRESS + 1;
    dhcp_client_receive(&c, &m, 100000, &a);
    m = reply_to(&a.message, DHCP_ACK);
    m.your_address = ADDRESS + 1;
    dhcp_client_receive(&c, &m, 100000, &a);
    nobody_has_it(&c, &a);
    assert_int_equal(c.lease.your_address, ADDRESS + 1);

    dhcp_client_start(&c, 200000, &a);
    do
        dhcp_client_timeout(&c, c.next_ms, &a);
    while (a.event != DHCP_LOST && c.next_ms < 2000000);
    assert_int_equal(a.event, DHCP_LOST); /* its time was over, with no server to be heard */
    assert_in_range(c.next_ms, 1100000, 1200000);
    assert_int_equal(c.lease.type, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_is_obtained_renewed_and_kept),
        cmocka_unit_test(without_its_server_it_asks_all_and_then_gives_up),
        cmocka_unit_test(another_server_may_take_over_when_it_asks_all),
        cmocka_unit_test(a_refusal_ends_the_lease),
        cmocka_unit_test(what_is_not_for_it_is_passed_over),
        cmocka_unit_test(silence_is_told_after_a_round),
        cmocka_unit_test(times_that_make_no_sense_are_mended),
        cmocka_unit_test(a_lease_without_end_is_not_renewed),
        cmocka_unit_test(begun_again_it_keeps_the_lease_until_there_is_another),
        cmocka_unit_test(an_address_that_another_has_is_declined),
        cmocka_unit_test(answers_to_arp_are_told_from_others),
        cmocka_unit_test(a_packet_is_read_as_it_was_built),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
