/*
 * ping: send ICMP echo requests. Output in the format of iputils. See ping.1.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/lookup.h"
#include "core/base/signal.h"
#include "net/link/echo.h"

#define NO_ANSWER     1     /* exit status */
#define CANNOT        2     /* exit status */
#define LINGER_MS     10000 /* how long to wait for the first answer after the last request */
#define SEQUENCES     65536
#define TIMED_MINIMUM 16 /* bytes of data that iputils needs to measure the time */

struct ping_options {
    const char *count, *interval, *linger, *deadline, *size, *source, *hops;
    bool ipv4, ipv6, quiet, numeric;
};

static const struct option_row ping_table[] = {
    OPT_STRING('c', NULL, "COUNT", struct ping_options, count, "exit after COUNT replies"),
    OPT_STRING('i', NULL, "SECONDS", struct ping_options, interval, "interval between requests (1)"),
    OPT_STRING('W', NULL, "SECONDS", struct ping_options, linger,
               "time to wait for a reply to the last request (10)"),
    OPT_STRING('w', NULL, "SECONDS", struct ping_options, deadline, "exit after SECONDS"),
    OPT_STRING('s', NULL, "SIZE", struct ping_options, size, "bytes of data (56)"),
    OPT_STRING('I', NULL, "SOURCE", struct ping_options, source, "send from this interface or address"),
    OPT_STRING('t', NULL, "HOPS", struct ping_options, hops, "time to live: maximum number of hops"),
    OPT_FLAG('4', NULL, struct ping_options, ipv4, "IPv4"),
    OPT_FLAG('6', NULL, struct ping_options, ipv6, "IPv6"),
    OPT_FLAG('n', NULL, struct ping_options, numeric, "print addresses, not names"),
    OPT_FLAG('q', NULL, struct ping_options, quiet, "print only the summary"),
    OPT_END,
};

struct ping {
    const struct ping_options *options;
    struct echo_socket socket;
    int signals;
    const char *host;
    size_t size;                                 /* bytes of data */
    int64_t count;                               /* 0: no limit */
    int64_t interval_us, linger_us, deadline_us; /* 0: none; linger -1: not set */
    int64_t sent_at_us[SEQUENCES];               /* by sequence number */
    uint8_t answered[SEQUENCES / 8];             /* by sequence number */
    int64_t started_us, last_us;                 /* first request; last request or answer */
    int64_t sent, received, repeated, errors, pipe;
    int64_t minimum_us, maximum_us, sum_us, sum_of_squares;
    uint8_t packet[ECHO_HEADER + ECHO_DATA_MAX], buffer[ECHO_PACKET_MAX]; /* to send; received */
};

/* --- Settings --- */

/* "1", "0.2": seconds, in microseconds. */
static int ping_read_seconds(const char *text, const char *option, int64_t *us, struct error *err)
{
    char whole[16], part[8] = "000000";
    const char *dot = text ? strpbrk(text, ".,") : NULL;
    size_t n = dot ? (size_t)(dot - text) : text ? strlen(text) : 0;
    int64_t seconds = 0, fraction = 0;

    if (!text)
        return 0;
    if (n < sizeof(whole) && (!dot || strspn(dot + 1, "0123456789") == strlen(dot + 1))) {
        snprintf(whole, sizeof(whole), "%.*s", (int)n, text);
        for (size_t i = 0; dot && i < 6 && dot[1 + i]; i++)
            part[i] = dot[1 + i];
        if ((n == 0 || parse_int64(whole, 10, 0, 1000000, &seconds) == 0) &&
            parse_int64(part, 10, 0, 999999, &fraction) == 0) {
            *us = seconds * 1000000 + fraction;
            return 0;
        }
    }
    return error_text(err, EINVAL, "%s takes a number of seconds, not \"%s\"", option, text);
}

static int ping_read_options(struct ping *p, struct error *err)
{
    const struct ping_options *o = p->options;
    int64_t size = 56;
    int r = 0;

    p->interval_us = 1000000;
    p->linger_us = -1;
    if (o->count && parse_int64(o->count, 10, 1, INT64_MAX, &p->count) < 0)
        return error_text(err, EINVAL, "-c takes a number from 1, not \"%s\"", o->count);
    if (o->size && parse_int64(o->size, 10, 0, ECHO_DATA_MAX, &size) < 0)
        return error_text(err, EINVAL, "-s takes a number of bytes up to %d, not \"%s\"", ECHO_DATA_MAX,
                          o->size);
    if (o->ipv4 && o->ipv6)
        return error_text(err, EINVAL, "-4 and -6 exclude each other");
    p->size = (size_t)size;
    for (size_t i = 0; i < p->size; i++)
        p->packet[ECHO_HEADER + i] = (uint8_t)i;
    r = ping_read_seconds(o->interval, "-i", &p->interval_us, err);
    if (r == 0)
        r = ping_read_seconds(o->linger, "-W", &p->linger_us, err);
    if (r == 0)
        r = ping_read_seconds(o->deadline, "-w", &p->deadline_us, err);
    return r;
}

static int ping_open_socket(struct ping *p, struct error *err)
{
    const struct ping_options *o = p->options;
    struct addrinfo hints = {.ai_socktype = SOCK_RAW,
                             .ai_family = o->ipv4   ? AF_INET
                                          : o->ipv6 ? AF_INET6
                                                    : AF_UNSPEC};
    struct addrinfo *found = NULL;
    int64_t hops;
    int r = lookup_host(p->host, NULL, &hints, &found, err);

    if (r < 0)
        return r;
    r = echo_open(&p->socket, found->ai_addr, found->ai_addrlen, err);
    freeaddrinfo(found);
    if (r == 0 && o->hops && parse_int64(o->hops, 10, 1, 255, &hops) < 0)
        return error_text(err, EINVAL, "-t takes a number from 1 to 255, not \"%s\"", o->hops);
    if (r == 0 && o->hops)
        echo_set_hops(&p->socket, (int)hops);
    return r == 0 && o->source ? echo_set_source(&p->socket, o->source, err) : r;
}

/* --- Requests and replies --- */

static void ping_send_request(struct ping *p)
{
    int r;

    p->sent++;
    p->answered[(p->sent & 0xffff) / 8] &= (uint8_t) ~(1 << (p->sent & 7));
    p->last_us = p->sent_at_us[p->sent & 0xffff] = clock_monotonic_us();
    r = echo_send(&p->socket, (uint16_t)p->sent, p->packet, p->size);
    if (r < 0) {
        fflush(stdout);
        fprintf(stderr, "ping: cannot send to %s: %s\n", p->host, strerror(-r));
        p->errors++;
    }
}

/* "localhost (127.0.0.1)" if the host was given by name, else only the address. */
static void ping_print_from(const struct ping *p, const struct ip *from)
{
    char text[IP_TEXT_SIZE];

    ip_format(from, text);
    if (!p->options->numeric && strcmp(p->host, text) != 0 && ip_equal(&p->socket.ip, from))
        printf("%s (%s)", p->host, text);
    else
        fputs(text, stdout);
}

/* Four significant digits, as in iputils. */
static void ping_print_time(int64_t us)
{
    if (us >= 99950)
        printf(" time=%lld ms", (long long)(us + 500) / 1000);
    else if (us >= 9995)
        printf(" time=%lld.%01lld ms", (long long)(us + 50) / 1000, (long long)(us + 50) % 1000 / 100);
    else if (us >= 1000)
        printf(" time=%lld.%02lld ms", (long long)(us + 5) / 1000, (long long)(us + 5) % 1000 / 10);
    else
        printf(" time=%lld.%03lld ms", (long long)us / 1000, (long long)us % 1000);
}

static void ping_count_time(struct ping *p, int64_t us)
{
    p->minimum_us = p->received == 1 || us < p->minimum_us ? us : p->minimum_us;
    p->maximum_us = us > p->maximum_us ? us : p->maximum_us;
    p->sum_us += us;
    p->sum_of_squares += us * us;
}

/* The request with a sequence number of 16 bits; below 1 if it was never sent. */
static int64_t ping_number(const struct ping *p, uint16_t sequence)
{
    int64_t number = (p->sent & ~(int64_t)0xffff) | sequence;

    return number > p->sent ? number - SEQUENCES : number;
}

/* Update the maximum number of requests in flight. */
static void ping_record_answered(struct ping *p, int64_t number)
{
    p->pipe = p->sent - number + 1 > p->pipe ? p->sent - number + 1 : p->pipe;
}

static void ping_on_reply(struct ping *p, const struct echo_answer *a)
{
    int64_t number = ping_number(p, a->sequence), us;
    bool again;

    if (number < 1)
        return; /* never sent */
    p->last_us = clock_monotonic_us();
    us = p->last_us - p->sent_at_us[a->sequence];
    again = p->answered[a->sequence / 8] & (1 << (a->sequence & 7));
    p->answered[a->sequence / 8] |= (uint8_t)(1 << (a->sequence & 7));
    p->received += !again;
    p->repeated += again;
    ping_record_answered(p, number);
    if (!again)
        ping_count_time(p, us);
    if (p->options->quiet)
        return;
    printf("%zu bytes from ", a->length);
    ping_print_from(p, &a->from);
    printf(": icmp_seq=%u", a->sequence);
    if (a->hops >= 0)
        printf(" ttl=%d", a->hops);
    if (p->size >= TIMED_MINIMUM)
        ping_print_time(us);
    puts(again ? " (DUP!)" : "");
}

static void ping_on_error(struct ping *p, const struct echo_answer *a)
{
    p->errors++;
    ping_record_answered(p, ping_number(p, a->sequence));
    if (p->options->quiet)
        return;
    fputs("From ", stdout);
    ping_print_from(p, &a->from);
    printf(" icmp_seq=%u %s\n", a->sequence, echo_error_text(p->socket.ip.family, a->type, a->code));
}

/* Receive one datagram; false if there is none. */
static bool ping_receive(struct ping *p)
{
    struct echo_answer a;
    enum echo_kind kind = echo_receive(&p->socket, p->buffer, &a);

    if (kind == ECHO_REPLY)
        ping_on_reply(p, &a);
    else if (kind == ECHO_ERROR)
        ping_on_error(p, &a);
    return kind != ECHO_NONE;
}

/* --- Run --- */

/* The absolute time of the next timer; `ended` if there is nothing to wait for. */
static int64_t ping_next_time(const struct ping *p, int64_t next_send_us, bool *ended)
{
    int64_t end_us = p->deadline_us ? p->started_us + p->deadline_us : INT64_MAX;
    int64_t wait_us = p->linger_us >= 0 ? p->linger_us : LINGER_MS * 1000LL;
    int64_t now = clock_monotonic_us(), until = next_send_us;

    if (p->count && p->sent >= p->count) {
        if (p->received && p->linger_us < 0)
            wait_us = 2 * p->maximum_us > p->interval_us ? 2 * p->maximum_us : p->interval_us;
        until = p->deadline_us && p->linger_us < 0 ? end_us : p->sent_at_us[p->sent & 0xffff] + wait_us;
        *ended = now >= until;
    }
    if (p->count && p->received + (p->deadline_us ? 0 : p->errors) >= p->count)
        *ended = true;
    *ended |= now >= end_us;
    return until < end_us ? until : end_us;
}

static void ping_loop(struct ping *p)
{
    int64_t next_send_us;
    bool ended = false;

    p->started_us = next_send_us = clock_monotonic_us();
    while (!ended) {
        struct pollfd fds[] = {{p->socket.fd, POLLIN, 0}, {p->signals, POLLIN, 0}};
        int64_t until, wait_us;
        bool more = !p->count || p->sent < p->count || p->deadline_us;

        if (more && clock_monotonic_us() >= next_send_us) {
            ping_send_request(p);
            next_send_us += p->interval_us;
        }
        until = ping_next_time(p, more ? next_send_us : INT64_MAX, &ended);
        if (more && next_send_us < until)
            until = next_send_us;
        wait_us = until - clock_monotonic_us();
        if (ended)
            break;
        fflush(stdout);
        wait_us = wait_us < 0 ? 0 : wait_us > 1000000000 ? 1000000000 : wait_us;
        ppoll(fds, 2, &(struct timespec){wait_us / 1000000, (long)(wait_us % 1000000) * 1000}, NULL);
        if (fds[1].revents)
            break;
        while (ping_receive(p))
            ;
        ping_next_time(p, next_send_us, &ended);
    }
}

static int64_t square_root(int64_t n)
{
    int64_t x = n, y = (n + 1) / 2;

    while (y < x) {
        x = y;
        y = (x + n / x) / 2;
    }
    return x;
}

static void ping_print_milliseconds(int64_t us, const char *after)
{
    printf("%lld.%03lld%s", (long long)us / 1000, (long long)us % 1000, after);
}

static void ping_print_summary(const struct ping *p)
{
    int64_t mean;

    printf("\n--- %s ping statistics ---\n", p->host);
    printf("%lld packets transmitted, %lld received", (long long)p->sent, (long long)p->received);
    if (p->repeated)
        printf(", +%lld duplicates", (long long)p->repeated);
    if (p->errors)
        printf(", +%lld errors", (long long)p->errors);
    if (p->sent)
        printf(", %lld%% packet loss, time %lldms", (long long)((p->sent - p->received) * 100 / p->sent),
               (long long)(p->last_us - p->started_us) / 1000);
    putchar('\n');
    if (p->received && p->size >= TIMED_MINIMUM) {
        mean = p->sum_us / p->received;
        fputs("rtt min/avg/max/mdev = ", stdout);
        ping_print_milliseconds(p->minimum_us, "/");
        ping_print_milliseconds(mean, "/");
        ping_print_milliseconds(p->maximum_us, "/");
        ping_print_milliseconds(square_root(p->sum_of_squares / p->received - mean * mean), " ms");
        if (p->pipe > 1)
            printf(", pipe %lld", (long long)p->pipe);
    } else if (p->pipe > 1) {
        printf("pipe %lld", (long long)p->pipe);
    }
    putchar('\n');
}

static void ping_print_first_line(const struct ping *p, const struct ip *source)
{
    char to[IP_TEXT_SIZE], from[IP_TEXT_SIZE];
    const char *device = p->options->source;
    struct ip unused;

    ip_format(&p->socket.ip, to);
    if (p->socket.ip.family == AF_INET || strcmp(p->host, to) == 0)
        printf(p->socket.ip.family == AF_INET ? "PING %s (%s) " : "PING %s(%s) ", p->host, to);
    else
        printf("PING %s(%s (%s)) ", p->host, p->host, to);
    if (device)
        printf("from %s %s: ", ip_format(source, from),
               ip_parse(device, p->socket.ip.family, &unused) == 0 ? "" : device);
    if (p->socket.ip.family == AF_INET)
        printf("%zu(%zu) bytes of data.\n", p->size, p->size + 28);
    else
        printf("%zu data bytes\n", p->size);
}

static int ping_run(struct invocation *in, struct error *err)
{
    cleanup_free struct ping *p = calloc(1, sizeof(*p));
    char text[sizeof(*err)];
    struct ip source;
    int r;

    if (!p)
        return error_set(err, ENOMEM, "cannot start");
    if (in->argc != 1)
        return error_text(err, EINVAL, in->argc ? "one host at a time" : "no host is given");
    p->options = in->options;
    p->host = in->argv[0];
    r = ping_read_options(p, err);
    if (r < 0)
        return r;
    if (ping_open_socket(p, err) < 0 ||
        echo_find_source(&p->socket, p->options->source, p->host, &source, err) < 0) {
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
        return CANNOT;
    }
    /* After a signal, the summary is still printed. */
    p->signals = signal_receive((const int[]){SIGINT, SIGTERM, 0}, 0, NULL);
    ping_print_first_line(p, &source);
    ping_loop(p);
    ping_print_summary(p);
    return p->received && (!p->deadline_us || !p->count || p->received >= p->count) ? 0 : NO_ANSWER;
}

APPLET(ping, .name = "ping", .summary = "Send ICMP echo requests to a host", .usage = "[OPTION]... HOST",
       .options = ping_table, .options_size = sizeof(struct ping_options), .run = ping_run);
