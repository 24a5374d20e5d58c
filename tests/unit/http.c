/* HTTP: heads, chunks, and the client against a server that breaks at chosen places. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "fetch/http/http.h"

static int parse(const char *text, struct http_head *out, struct error *err)
{
    return http_head_parse(text, strlen(text), out, err);
}

static void a_head_ends_at_its_empty_line(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody";

    (void)state;
    for (size_t n = 0; n < 25; n++)
        assert_int_equal(http_head_length(text, n), 0);
    assert_int_equal(http_head_length(text, 25), 25);
    assert_int_equal(http_head_length(text, sizeof(text) - 1), 25);
    assert_int_equal(http_head_length("a\n\nb", 4), 3);
}

static void a_head_says_what_the_body_is(void **state)
{
    cleanup_http_head struct http_head h = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(
        parse("HTTP/1.1 206 Partial\r\ncontent-length:  12 \r\nETag: \"x\"\r\nConnection: Close\r\n"
              "Content-Range: bytes 5-16/17\r\nLast-Modified: then\r\nX: y\r\n\r\n",
              &h, &err),
        0);
    assert_int_equal(h.status, 206);
    assert_int_equal(h.length, 12);
    assert_int_equal(h.range_start, 5);
    assert_int_equal(h.range_total, 17);
    assert_false(h.keep_alive);
    assert_string_equal(h.etag, "\"x\"");
    assert_string_equal(h.last_modified, "then");
}

static void a_connection_is_kept_as_the_version_says(void **state)
{
    cleanup_http_head struct http_head h = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(parse("HTTP/1.1 200\r\n\r\n", &h, &err), 0);
    assert_true(h.keep_alive);
    assert_true(h.length == HTTP_LENGTH_UNKNOWN);
    assert_int_equal(parse("HTTP/1.0 200 OK\r\n\r\n", &h, &err), 0);
    assert_false(h.keep_alive);
    assert_int_equal(parse("HTTP/1.0 200 OK\r\nConnection: x, keep-alive\r\n\r\n", &h, &err), 0);
    assert_true(h.keep_alive);
}

static void an_ambiguous_head_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nLocation: \033[2J\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Range: bytes 5/7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Range: lines 1-2/7\r\n\r\n",
    };
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_http_head struct http_head h = {0};

        assert_int_equal(parse(cases[i], &h, &err), -EPROTO);
    }
}

/* Decode `text` in pieces of `step` bytes; the result of the last call. */
static int unchunk(const char *text, size_t step, char *out)
{
    struct http_chunks c = {0};
    size_t length = strlen(text);
    int result = 0;

    *out = '\0';
    for (size_t at = 0; at < length && result == 0;) {
        size_t used, payload, n = length - at < step ? length - at : step;

        result = http_chunks_next(&c, text + at, n, &used, &payload);
        strncat(out, text + at + used - payload, payload);
        at += used;
    }
    return result;
}

static void chunks_decode_however_they_are_cut(void **state)
{
    static const char text[] =
        "4;x=y\r\nWiki\r\n5\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nTrailer: x\r\n\r\n";
    char out[100];

    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        assert_int_equal(unchunk(text, step, out), 1);
        assert_string_equal(out, "Wikipedia in\r\n\r\nchunks.");
    }
}

static void malformed_chunks_are_refused(void **state)
{
    char out[100];

    (void)state;
    assert_int_equal(unchunk("x\r\n", 9, out), -EPROTO);
    assert_int_equal(unchunk("\r\n", 9, out), -EPROTO);
    assert_int_equal(unchunk("1\r\nab\r\n", 9, out), -EPROTO);
    assert_int_equal(unchunk("fffffffffffffffff\r\n", 30, out), -EPROTO);
    assert_int_equal(unchunk("4\r\nab", 9, out), 0); /* cut short: not complete */
}

/* --- The client ---------------------------------------------------------------------------------------- */

struct server {
    int fd;
    pid_t pid;
    bool silent;  /* after an answer: keeps the connection open */
    bool dribble; /* after an answer: sends a byte every 20 ms, as long as the client listens */
    int asked;    /* pipe with what was asked */
    char url[64];
};

/* Serve one answer for each connection, then close it; the child keeps the requests' bytes in a pipe. */
static void serve(struct server *s, const char *const *answers, const size_t *lengths)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int pipe_fds[2];

    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    getsockname(s->fd, (struct sockaddr *)&a, &size);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/file", ntohs(a.sin_port));
    assert_int_equal(pipe(pipe_fds), 0);
    s->asked = pipe_fds[0];
    s->pid = fork();
    if (s->pid == 0) {
        close(pipe_fds[0]);
        for (int i = 0; answers[i]; i++) {
            int fd = accept(s->fd, NULL, NULL);
            char request[4096];
            size_t have = 0;
            ssize_t n;

            while (!http_head_length(request, have) &&
                   (n = read(fd, request + have, sizeof(request) - have)) > 0)
                have += (size_t)n;
            if (write_all(pipe_fds[1], request, have) < 0 ||
                write_all(fd, answers[i], lengths ? lengths[i] : strlen(answers[i])) < 0)
                _exit(1);
            signal(SIGPIPE, SIG_IGN);
            while (s->dribble && write(fd, "x", 1) == 1)
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
            if (!s->silent)
                shutdown(fd, SHUT_WR);
            while (read(fd, request, sizeof(request)) > 0)
                ;
            close(fd);
        }
        _exit(0);
    }
    close(pipe_fds[1]);
    close(s->fd); /* the child's end is the one that counts */
}

/* End the server; all that it was asked is in `asked`. */
static void ended(struct server *s, char asked[8192])
{
    ssize_t n;

    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    n = read_all(s->asked, asked, 8191);
    asked[n < 0 ? 0 : n] = '\0';
    close(s->asked);
}

static int get(struct server *s, struct strbuf *out, struct error *err)
{
    struct http_options options = {.idle_timeout_ms = 5000};
    cleanup_http struct http *h = NULL;
    cleanup_url struct url u = {0};
    int failed;

    unsetenv("http_proxy");
    failed = url_parse("x", s->url, &u, err);
    if (!failed)
        failed = http_new(&options, &h, err);
    return failed ? failed : http_get(h, &u, 100, out, err);
}

static void a_broken_download_goes_on_where_it_broke(void **state)
{
    const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"e\"\r\n\r\n0123",
                                   "HTTP/1.1 206 Rest\r\nContent-Length: 6\r\nContent-Range: bytes 4-9/10\r\n"
                                   "ETag: \"e\"\r\n\r\n456789",
                                   NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(get(&s, &out, &err), 0);
    assert_string_equal(strbuf_text(&out), "0123456789");
    ended(&s, asked);
    assert_non_null(strstr(asked, "\r\nRange: bytes=4-\r\nIf-Range: \"e\"\r\n"));
    assert_non_null(strstr(asked, " compat:7\r\n"));
}

static void a_server_that_cannot_resume_is_read_again(void **state)
{
    const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nLast-Modified: then\r\n\r\n0123",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nLast-Modified: then\r\n\r\n01",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nLast-Modified: then\r\n\r\n0123456789", NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(get(&s, &out, &err), 0);
    assert_string_equal(strbuf_text(&out), "0123456789");
    ended(&s, asked);
}

static void another_file_in_the_middle_is_not_mixed_in(void **state)
{
    const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"e\"\r\n\r\n0123",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"f\"\r\n\r\nabcdefghij",
                                   NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(get(&s, &out, &err), -ESTALE);
    assert_non_null(strstr(err.text, "changed"));
    ended(&s, asked);
}

static void a_server_that_stays_down_ends_it_after_three_tries(void **state)
{
    const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", "", "", "never asked",
                                   NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];
    int requests = 0;

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(get(&s, &out, &err), -ECONNRESET);
    ended(&s, asked);
    for (const char *at = asked; (at = strstr(at, "GET /file ")); at++)
        requests++;
    assert_int_equal(requests, 3);
}

static void chunks_and_close_both_end_a_body(void **state)
{
    const char *const chunked[] = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", NULL};
    const char *const closed[] = {"HTTP/1.0 200 OK\r\n\r\nabcde", NULL};
    const char *const *const cases[] = {chunked, closed};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_strbuf struct strbuf out = STRBUF_INIT;
        struct error err = ERROR_INIT;
        struct server s = {0};
        char asked[8192];

        serve(&s, cases[i], NULL);
        assert_int_equal(get(&s, &out, &err), 0);
        assert_string_equal(strbuf_text(&out), "abcde");
        ended(&s, asked);
    }
}

static void a_body_beyond_its_bound_is_refused(void **state)
{
    const char *const answers[] = {"HTTP/1.0 200 OK\r\n\r\n"
                                   "0123456789012345678901234567890123456789012345678901234567890123456789012"
                                   "345678901234567890123456789x",
                                   NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(get(&s, &out, &err), -EFBIG);
    ended(&s, asked);
}

static void statuses_become_causes(void **state)
{
    static const struct {
        const char *answer, *says;
        int code;
    } cases[] = {
        {"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "does not exist", -ENOENT},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "denies", -EACCES},
        {"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", "redirects without a location", -EPROTO},
        {"HTTP/1.1 302 Moved\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n", "neither http", -EINVAL},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", "compresses", -EPROTO},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const answers[] = {cases[i].answer, NULL};
        cleanup_strbuf struct strbuf out = STRBUF_INIT;
        struct error err = ERROR_INIT;
        struct server s = {0};
        char asked[8192];

        serve(&s, answers, NULL);
        assert_int_equal(get(&s, &out, &err), cases[i].code);
        assert_non_null(strstr(err.text, cases[i].says));
        ended(&s, asked);
    }
}

static void a_silent_server_times_out(void **state)
{
    const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", NULL};
    struct http_options options = {.idle_timeout_ms = 100, .attempts = 1};
    cleanup_http struct http *h = NULL;
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    cleanup_url struct url u = {0};
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    s.silent = true;
    serve(&s, answers, NULL);
    assert_int_equal(url_parse("x", s.url, &u, &err), 0);
    assert_int_equal(http_new(&options, &h, &err), 0);
    assert_int_equal(http_get(h, &u, 100, &out, &err), -ETIMEDOUT);
    assert_non_null(strstr(err.text, "has sent only 43 bytes"));
    ended(&s, asked);
}

/* Downloads with a short timeout, and returns how long that took, in milliseconds. */
static int64_t get_impatiently(struct server *s, int idle_timeout_ms, int code, struct error *err)
{
    struct http_options options = {.idle_timeout_ms = idle_timeout_ms, .attempts = 2};
    int64_t start_ms = clock_monotonic_ms();
    cleanup_http struct http *h = NULL;
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    cleanup_url struct url u = {0};

    assert_int_equal(url_parse("x", s->url, &u, err), 0);
    assert_int_equal(http_new(&options, &h, err), 0);
    assert_int_equal(http_get(h, &u, 1 << 20, &out, err), code);
    return clock_monotonic_ms() - start_ms;
}

static void a_byte_now_and_then_is_no_progress(void **state)
{
    const char *const heads[] = {"HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 200 OK\r\nA: ", "", NULL};
    const char *const bodies[] = {"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"e\"\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"e\"\r\n\r\n", "", NULL};
    const char *const *const cases[] = {heads, bodies};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err = ERROR_INIT;
        struct server s = {.dribble = true};
        char asked[8192];

        serve(&s, cases[i], NULL);
        assert_in_range(get_impatiently(&s, 300, -ETIMEDOUT, &err), 600, 10000);
        assert_non_null(strstr(err.text, "has sent only"));
        ended(&s, asked);
    }
}

static void what_is_not_http_ends_at_its_first_line(void **state)
{
    static const char *const banners[] = {"SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n",
                                          "HTTP/1.1 hello\r\n", "\x15\x03\x01"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(banners); i++) {
        const char *const answers[] = {banners[i], NULL};
        struct error err = ERROR_INIT;
        struct server s = {.silent = true};
        char asked[8192];

        serve(&s, answers, NULL);
        assert_in_range(get_impatiently(&s, 20000, -EPROTO, &err), 0, 5000);
        assert_non_null(strstr(err.text, "does not speak HTTP/1"));
        ended(&s, asked);
    }
}

static void a_kept_connection_gives_no_further_try(void **state)
{
    const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", "", "", NULL};
    struct http_options options = {.idle_timeout_ms = 200};
    cleanup_http struct http *h = NULL;
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    cleanup_url struct url u = {0};
    struct error err = ERROR_INIT;
    struct server s = {.silent = true};
    char asked[8192];
    int requests = 0;

    (void)state;
    serve(&s, answers, NULL);
    assert_int_equal(url_parse("x", s.url, &u, &err), 0);
    assert_int_equal(http_new(&options, &h, &err), 0);
    assert_int_equal(http_get(h, &u, 100, &out, &err), 0);
    assert_int_equal(http_get(h, &u, 100, &out, &err), -ETIMEDOUT);
    ended(&s, asked);
    for (const char *at = asked; (at = strstr(at, "GET /file ")); at++)
        requests++;
    assert_int_equal(requests,
                     3); /* and one on the connection that was kept, which the server has not read */
}

static void redirects_are_followed_up_to_a_bound(void **state)
{
    const char *moved = "HTTP/1.1 302 Moved\r\nLocation: /elsewhere?x\r\nContent-Length: 4\r\n\r\nmove";
    const char *const once[] = {moved, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL};
    const char *const forever[] = {moved, moved, moved, moved, moved, moved, moved,
                                   moved, moved, moved, moved, moved, NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    serve(&s, once, NULL);
    assert_int_equal(get(&s, &out, &err), 0);
    assert_string_equal(strbuf_text(&out), "ok");
    ended(&s, asked);
    assert_non_null(strstr(asked, "GET /elsewhere?x "));
    serve(&s, forever, NULL);
    assert_int_equal(get(&s, &out, &err), -ELOOP);
    ended(&s, asked);
}

static void a_head_without_end_is_refused(void **state)
{
    size_t length = HTTP_HEAD_MAX + 10000;
    cleanup_free char *flood = malloc(length);
    const char *const answers[] = {flood, NULL};
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct server s = {0};
    char asked[8192];

    (void)state;
    memset(flood, 'a', length);
    memcpy(flood, "HTTP/1.1 200 OK\r\nA: ", 20);
    serve(&s, answers, &length);
    assert_int_equal(get(&s, &out, &err), -EPROTO);
    ended(&s, asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_ends_at_its_empty_line),
        cmocka_unit_test(a_head_says_what_the_body_is),
        cmocka_unit_test(a_connection_is_kept_as_the_version_says),
        cmocka_unit_test(an_ambiguous_head_is_refused),
        cmocka_unit_test(chunks_decode_however_they_are_cut),
        cmocka_unit_test(malformed_chunks_are_refused),
        cmocka_unit_test(a_broken_download_goes_on_where_it_broke),
        cmocka_unit_test(a_server_that_cannot_resume_is_read_again),
        cmocka_unit_test(another_file_in_the_middle_is_not_mixed_in),
        cmocka_unit_test(a_server_that_stays_down_ends_it_after_three_tries),
        cmocka_unit_test(chunks_and_close_both_end_a_body),
        cmocka_unit_test(a_body_beyond_its_bound_is_refused),
        cmocka_unit_test(statuses_become_causes),
        cmocka_unit_test(a_silent_server_times_out),
        cmocka_unit_test(a_byte_now_and_then_is_no_progress),
        cmocka_unit_test(what_is_not_http_ends_at_its_first_line),
        cmocka_unit_test(a_kept_connection_gives_no_further_try),
        cmocka_unit_test(redirects_are_followed_up_to_a_bound),
        cmocka_unit_test(a_head_without_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
