#include "fetch/unpack/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/jail.h"
#include "core/base/process.h"
#include "core/encoding/sha256.h"
#include "fetch/unpack/unpack_tree.h"

#define PIPE_SIZE         (1 << 20)
#define COMPRESSED_ROOM   ((size_t)256 << 10)
#define DECOMPRESSED_ROOM ((size_t)4 << 20)
#define STACK_SIZE        ((size_t)256 << 10)

#define DEFAULT_MAX_ENTRIES ((uint64_t)4000000)
#define DEFAULT_MAX_BYTES   ((uint64_t)1 << 40)

/* The threads that read the ring. The checksum has one of its own, so that it delays no other. */
enum reader { READER_TREE, READER_SUM, READERS };

/*
 * A bounded queue of bytes from one thread to others. The counters only grow; positions are counters modulo
 * the size.
 */
struct ring {
    unsigned char *bytes;
    size_t room;
    uint64_t put;
    uint64_t got[READERS]; /* UINT64_MAX: there is no such reader */
    size_t lent[READERS];  /* bytes that the reader uses and has not returned */
    bool ended;
};

/* What the process that unpacks needs. */
struct stream {
    int input; /* the compressed bytes */
    void *compressed;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ring ring;   /* decompressed bytes */
    bool failed;        /* all threads stop */
    struct error error; /* the first one, which is the cause */
    struct tree tree;
};

/* The caller's side. */
struct unpack {
    struct process process;
    int input[2]; /* a pipe */
    int dirfd;
    const struct unpack_options *options;
    struct unpack_result *result; /* shared with the process */
    struct error error;
    void (*on_broken_pipe)(int);
};

static void stream_fail(struct stream *s, const struct error *why)
{
    pthread_mutex_lock(&s->lock);
    if (!s->failed)
        s->error = *why;
    s->failed = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* How far the slowest reader is. */
static uint64_t ring_got(const struct ring *ring)
{
    return ring->got[READER_TREE] < ring->got[READER_SUM] ? ring->got[READER_TREE] : ring->got[READER_SUM];
}

/* False after unpacking has failed. */
static bool ring_put(struct stream *s, const void *bytes, size_t length)
{
    struct ring *ring = &s->ring;
    const unsigned char *from = bytes;

    while (length) {
        size_t n, at;

        pthread_mutex_lock(&s->lock);
        while (!s->failed && ring->put - ring_got(ring) == ring->room)
            pthread_cond_wait(&s->changed, &s->lock);
        at = (size_t)(ring->put % ring->room);
        n = ring->room - (size_t)(ring->put - ring_got(ring));
        if (s->failed) {
            pthread_mutex_unlock(&s->lock);
            return false;
        }
        pthread_mutex_unlock(&s->lock);
        /* Only the writer uses the free part, so it is filled without the lock. */
        if (n > ring->room - at)
            n = ring->room - at;
        if (n > length)
            n = length;
        memcpy(ring->bytes + at, from, n);
        pthread_mutex_lock(&s->lock);
        ring->put += n;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        from += n;
        length -= n;
    }
    return true;
}

static void ring_end(struct stream *s)
{
    pthread_mutex_lock(&s->lock);
    s->ring.ended = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/*
 * Return the previous bytes of the reader and give it the next ones, at most a quarter of the ring at once,
 * so that the writer has space meanwhile. Returns their number, 0 at the end, -1 after a failure.
 */
static ssize_t ring_get(struct stream *s, enum reader reader, const void **bytes)
{
    struct ring *ring = &s->ring;
    ssize_t n = -1;

    pthread_mutex_lock(&s->lock);
    ring->got[reader] += ring->lent[reader];
    ring->lent[reader] = 0;
    pthread_cond_broadcast(&s->changed);
    while (!s->failed && !ring->ended && ring->put == ring->got[reader])
        pthread_cond_wait(&s->changed, &s->lock);
    if (!s->failed) {
        size_t at = (size_t)(ring->got[reader] % ring->room);
        size_t length = (size_t)(ring->put - ring->got[reader]);

        if (length > ring->room - at)
            length = ring->room - at;
        if (length > ring->room / 4)
            length = ring->room / 4;
        ring->lent[reader] = length;
        *bytes = ring->bytes + at;
        n = (ssize_t)length;
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static la_ssize_t stream_read_compressed(struct archive *a, void *context, const void **bytes)
{
    struct stream *s = context;
    ssize_t n;

    while ((n = read(s->input, s->compressed, COMPRESSED_ROOM)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        archive_set_error(a, errno, "cannot read it");
    *bytes = s->compressed;
    return n;
}

static la_ssize_t stream_read_decompressed(struct archive *a, void *s, const void **bytes)
{
    (void)a;
    return ring_get(s, READER_TREE, bytes);
}

static int unpack_archive_problem(struct archive *a, struct error *err)
{
    const char *why = a ? archive_error_string(a) : NULL;

    if (!a || archive_errno(a) == ENOMEM)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    error_text(err, EBADMSG, "cannot unpack the archive: %s", why ? why : "it is damaged");
    return error_remedy(err, "it is damaged, incomplete, or not a tar archive (plain, xz, gzip or zstd)");
}

/* A second thread: decompresses the received bytes to a plain tar archive. */
static int stream_decompress(struct stream *s, struct archive *a, struct error *err)
{
    struct archive_entry *entry;
    const void *bytes;
    uint64_t total = 0;
    int64_t offset;
    size_t length;
    int r;

    if (!a || archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_open(a, s, NULL, stream_read_compressed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK)
        return unpack_archive_problem(a, err);
    while ((r = archive_read_data_block(a, &bytes, &length, &offset)) == ARCHIVE_OK) {
        total += length;
        if (total > s->tree.max_bytes)
            return error_text(err, EFBIG, "the archive is larger than %llu bytes",
                              (unsigned long long)s->tree.max_bytes);
        if (!ring_put(s, bytes, length))
            return -ECANCELED;
    }
    if (r != ARCHIVE_EOF)
        return unpack_archive_problem(a, err);
    ring_end(s);
    return 0;
}

/* The main thread: writes the files of the tar archive. */
static int stream_write_tree(struct stream *s, struct archive *a, struct error *err)
{
    struct archive_entry *entry;
    const void *bytes;
    int r;

    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_open(a, s, NULL, stream_read_decompressed, NULL) != ARCHIVE_OK)
        return unpack_archive_problem(a, err);
    /* A warning is about a name that is not UTF-8: the entry then has the name in the archive unchanged. */
    while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
        r = tree_add(&s->tree, a, entry, err);
        if (r < 0)
            return r == -EBADMSG ? unpack_archive_problem(a, err) : r;
    }
    if (r != ARCHIVE_EOF)
        return unpack_archive_problem(a, err);
    /* Read the bytes after the end mark too, for the checksum at the end of the compressed stream. */
    while ((r = (int)ring_get(s, READER_TREE, &bytes)) > 0)
        ;
    return r == 0 ? tree_finish(&s->tree, err) : -ECANCELED;
}

/* Of the tar archive, with what follows its end. */
static void stream_sum(struct stream *s)
{
    struct sha256 sum;
    const void *bytes;
    ssize_t n;

    sha256_init(&sum);
    while ((n = ring_get(s, READER_SUM, &bytes)) > 0)
        sha256_update(&sum, bytes, (size_t)n);
    if (n == 0)
        sha256_out(&sum, s->tree.result->sum);
}

static void stream_run(struct stream *s, int (*work)(struct stream *, struct archive *, struct error *))
{
    struct archive *a = archive_read_new();
    struct error err = ERROR_INIT;
    int r = work(s, a, &err);

    if (r < 0)
        stream_fail(s, &err);
    archive_read_free(a);
}

/* Wait until the system calls of all threads have been restricted. */
static void stream_wait(struct stream *s)
{
    pthread_mutex_lock(&s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void *stream_decompress_thread(void *s)
{
    stream_wait(s);
    stream_run(s, stream_decompress);
    return NULL;
}

static void *stream_sum_thread(void *s)
{
    stream_wait(s);
    stream_sum(s);
    return NULL;
}

/* The threads beside the main one; `started` of them. Returns 0 or a positive errno. */
static int stream_start_threads(struct stream *s, pthread_t threads[static 2], size_t *started)
{
    void *(*const functions[])(void *) = {stream_decompress_thread, stream_sum_thread};
    size_t count = s->tree.options->sum ? 2 : 1;
    pthread_attr_t attributes;
    int r = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    while (r == 0 && *started < count) {
        r = pthread_create(&threads[*started], &attributes, functions[*started], s);
        *started += r == 0;
    }
    pthread_attr_destroy(&attributes);
    return r;
}

static int stream_unpack(struct stream *s, bool confined, struct error *err)
{
    pthread_t threads[2];
    size_t started = 0;
    int r;

    pthread_mutex_lock(&s->lock);
    r = stream_start_threads(s, threads, &started);
    if (r)
        r = error_set(err, r, "cannot create a thread to unpack the archive");
    else if (confined)
        r = jail_filter(err);
    if (r < 0)
        s->failed = true;
    pthread_mutex_unlock(&s->lock);
    if (r == 0)
        stream_run(s, stream_write_tree);
    /* The thread that decompresses may wait for input; this process ends. */
    if (confined && (r < 0 || s->failed))
        return r < 0 ? r : error_copy(err, &s->error);
    while (started)
        pthread_join(threads[--started], NULL);
    if (r < 0)
        return r;
    return s->failed ? error_copy(err, &s->error) : 0;
}

static int stream_open(struct stream *s, int input, int dirfd, const struct unpack_options *options,
                       struct unpack_result *result, struct error *err)
{
    *s = (struct stream){.input = input};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->compressed = malloc(COMPRESSED_ROOM);
    s->ring = (struct ring){.bytes = malloc(DECOMPRESSED_ROOM), .room = DECOMPRESSED_ROOM};
    s->ring.got[READER_SUM] = options->sum ? 0 : UINT64_MAX;
    s->tree = (struct tree){.root = dirfd, .options = options, .result = result, .parent = -1};
    s->tree.max_entries = options->max_entries ? options->max_entries : DEFAULT_MAX_ENTRIES;
    s->tree.max_bytes = options->max_bytes ? options->max_bytes : DEFAULT_MAX_BYTES;
    if (!s->compressed || !s->ring.bytes)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    return tree_open(&s->tree, err);
}

static void stream_close(struct stream *s)
{
    tree_close(&s->tree);
    pthread_cond_destroy(&s->changed);
    free(s->ring.bytes);
    free(s->compressed);
    pthread_mutex_destroy(&s->lock);
}

int unpack_here(int input, int dirfd, const struct unpack_options *options, struct unpack_result *result,
                struct error *err)
{
    __attribute__((cleanup(stream_close))) struct stream s;
    int r = stream_open(&s, input, dirfd, options, result, err);

    return r < 0 ? r : stream_unpack(&s, false, err);
}

/* The process that unpacks. It ends when its input ends, or with its parent, and obeys no other signal. */
static int unpack_child(void *data, struct error *err)
{
    const struct unpack *u = data;
    const int kept[] = {u->input[0], u->process.report};
    struct stream s;
    sigset_t all;
    int r;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    r = jail_enter(u->dirfd, kept, ARRAY_LENGTH(kept), err);
    if (r == 0)
        r = stream_open(&s, u->input[0], u->dirfd, u->options, u->result, err);
    return r < 0 ? r : stream_unpack(&s, true, err);
}

static void unpack_free(struct unpack *u)
{
    if (u->on_broken_pipe != SIG_ERR)
        signal(SIGPIPE, u->on_broken_pipe);
    close_fd(&u->input[0]);
    close_fd(&u->input[1]);
    close_fd(&u->process.report);
    if (u->result != MAP_FAILED)
        munmap(u->result, sizeof(*u->result));
    free(u);
}

int unpack_start(int dirfd, const struct unpack_options *options, struct unpack **out, struct error *err)
{
    struct unpack *u = calloc(1, sizeof(*u));
    int r = 0;

    if (!u)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    *u = (struct unpack){PROCESS_INIT, {-1, -1}, dirfd, options, .on_broken_pipe = SIG_ERR};
    u->result = mmap(NULL, sizeof(*u->result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (u->result == MAP_FAILED || pipe2(u->input, O_CLOEXEC) < 0)
        r = error_set(err, errno, "cannot unpack the archive");
    if (r == 0) {
        (void)fcntl(u->input[1], F_SETPIPE_SZ,
                    PIPE_SIZE); /* more than an ordinary user may have: unchanged */
        r = process_start(&u->process, unpack_child, u, true, err);
    }
    if (r < 0) {
        unpack_free(u);
        return r;
    }
    close_fd(&u->input[0]);
    /* If the process ends, a write fails with EPIPE. */
    u->on_broken_pipe = signal(SIGPIPE, SIG_IGN);
    *out = u;
    return 0;
}

/* Wait for the process; its error is kept for later calls. */
static int unpack_wait(struct unpack *u)
{
    int r;

    if (!u->process.pid)
        return u->error.code;
    close_fd(&u->input[1]);
    r = process_finish(&u->process, &u->error);
    if (r > 128) {
        r = error_text(&u->error, ECHILD, "the process that unpacks the archive was killed by signal %d",
                       r - 128);
        error_remedy(&u->error, "it may have run out of memory");
    } else if (r > 0) {
        r = error_text(&u->error, ECHILD, "the process that unpacks the archive failed");
    }
    return r;
}

int unpack_feed(struct unpack *u, const void *bytes, size_t length, struct error *err)
{
    int r = u->process.pid ? write_all(u->input[1], bytes, length) : -EPIPE;

    if (r == 0)
        return 0;
    r = r == -EPIPE ? unpack_wait(u) : error_set(&u->error, r, "cannot pass on the archive");
    if (r == 0) /* the archive has ended, in its format, before its bytes */
        return 0;
    return error_copy(err, &u->error);
}

int unpack_finish(struct unpack *u, struct unpack_result *result, struct error *err)
{
    int r = u->error.code ? u->error.code : unpack_wait(u);

    if (r < 0)
        error_copy(err, &u->error);
    if (result)
        *result = *u->result;
    unpack_cancel(u);
    return r;
}

void unpack_cancel(struct unpack *u)
{
    if (!u)
        return;
    if (u->process.pid) {
        kill(u->process.pid, SIGKILL);
        process_wait(u->process.pid, NULL);
    }
    unpack_free(u);
}
