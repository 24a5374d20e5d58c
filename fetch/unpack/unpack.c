#include "fetch/unpack/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/unpack/unpack_tree.h"

#define COMPRESSED_ROOM   ((size_t)1 << 20)
#define DECOMPRESSED_ROOM ((size_t)4 << 20)
#define STACK_SIZE        ((size_t)256 << 10)

#define DEFAULT_MAX_ENTRIES ((uint64_t)4000000)
#define DEFAULT_MAX_BYTES   ((uint64_t)1 << 40)

/* A bounded queue of bytes between two threads. The counters only grow; positions are counters modulo the
 * size. */
struct ring {
    unsigned char *bytes;
    size_t room;
    uint64_t put, got;
    size_t lent; /* bytes that the reader uses and has not returned */
    bool ended;
};

struct unpack {
    pthread_mutex_t lock;
    pthread_cond_t changed[2]; /* one for each ring */
    struct ring rings[2];      /* compressed bytes, decompressed ones */
    bool failed;               /* all threads stop */
    struct error error;        /* the first one, which is the cause */
    pthread_t threads[2];
    int started;
    struct tree tree;
    struct unpack_result result;
};

enum { COMPRESSED, DECOMPRESSED };

static void unpack_fail(struct unpack *u, const struct error *why)
{
    pthread_mutex_lock(&u->lock);
    if (!u->failed)
        u->error = *why;
    u->failed = true;
    pthread_cond_broadcast(&u->changed[COMPRESSED]);
    pthread_cond_broadcast(&u->changed[DECOMPRESSED]);
    pthread_mutex_unlock(&u->lock);
}

/* False after unpacking has failed. */
static bool ring_put(struct unpack *u, int which, const void *bytes, size_t length)
{
    struct ring *ring = &u->rings[which];
    const unsigned char *from = bytes;

    while (length) {
        size_t n, at;

        pthread_mutex_lock(&u->lock);
        while (!u->failed && ring->put - ring->got == ring->room)
            pthread_cond_wait(&u->changed[which], &u->lock);
        at = (size_t)(ring->put % ring->room);
        n = ring->room - (size_t)(ring->put - ring->got);
        if (u->failed) {
            pthread_mutex_unlock(&u->lock);
            return false;
        }
        pthread_mutex_unlock(&u->lock);
        /* Only the writer uses the free part, so it is filled without the lock. */
        if (n > ring->room - at)
            n = ring->room - at;
        if (n > length)
            n = length;
        memcpy(ring->bytes + at, from, n);
        pthread_mutex_lock(&u->lock);
        ring->put += n;
        pthread_cond_signal(&u->changed[which]);
        pthread_mutex_unlock(&u->lock);
        from += n;
        length -= n;
    }
    return true;
}

static void ring_end(struct unpack *u, int which)
{
    pthread_mutex_lock(&u->lock);
    u->rings[which].ended = true;
    pthread_cond_signal(&u->changed[which]);
    pthread_mutex_unlock(&u->lock);
}

/*
 * Return the previous bytes of the reader and give it the next ones, at most a quarter of the ring at once,
 * so that the writer has space meanwhile. Returns their number, 0 at the end, -1 after a failure.
 */
static ssize_t ring_get(struct unpack *u, int which, const void **bytes)
{
    struct ring *ring = &u->rings[which];
    ssize_t n = -1;

    pthread_mutex_lock(&u->lock);
    ring->got += ring->lent;
    ring->lent = 0;
    pthread_cond_signal(&u->changed[which]);
    while (!u->failed && !ring->ended && ring->put == ring->got)
        pthread_cond_wait(&u->changed[which], &u->lock);
    if (!u->failed) {
        size_t at = (size_t)(ring->got % ring->room);

        ring->lent = (size_t)(ring->put - ring->got);
        if (ring->lent > ring->room - at)
            ring->lent = ring->room - at;
        if (ring->lent > ring->room / 4)
            ring->lent = ring->room / 4;
        *bytes = ring->bytes + at;
        n = (ssize_t)ring->lent;
    }
    pthread_mutex_unlock(&u->lock);
    return n;
}

static la_ssize_t unpack_read_compressed(struct archive *a, void *u, const void **bytes)
{
    (void)a;
    return ring_get(u, COMPRESSED, bytes);
}

static la_ssize_t unpack_read_decompressed(struct archive *a, void *u, const void **bytes)
{
    (void)a;
    return ring_get(u, DECOMPRESSED, bytes);
}

static int unpack_archive_problem(struct archive *a, struct error *err)
{
    const char *why = a ? archive_error_string(a) : NULL;

    if (!a || archive_errno(a) == ENOMEM)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    error_text(err, EBADMSG, "cannot unpack the archive: %s", why ? why : "it is damaged");
    return error_remedy(err, "it is damaged, incomplete, or not a tar archive (plain, xz, gzip or zstd)");
}

/* The first thread: decompresses the received bytes to a plain tar archive. */
static int unpack_decompress(struct unpack *u, struct archive *a, struct error *err)
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
        archive_read_open(a, u, NULL, unpack_read_compressed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK)
        return unpack_archive_problem(a, err);
    while ((r = archive_read_data_block(a, &bytes, &length, &offset)) == ARCHIVE_OK) {
        total += length;
        if (total > u->tree.max_bytes)
            return error_text(err, EFBIG, "the archive is larger than %llu bytes",
                              (unsigned long long)u->tree.max_bytes);
        if (!ring_put(u, DECOMPRESSED, bytes, length))
            return -ECANCELED;
    }
    if (r != ARCHIVE_EOF)
        return unpack_archive_problem(a, err);
    ring_end(u, DECOMPRESSED);
    return 0;
}

/* The second thread: writes the files of the tar archive. */
static int unpack_write_tree(struct unpack *u, struct archive *a, struct error *err)
{
    struct archive_entry *entry;
    const void *bytes;
    int r;

    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_open(a, u, NULL, unpack_read_decompressed, NULL) != ARCHIVE_OK)
        return unpack_archive_problem(a, err);
    /* A warning is about a name that is not UTF-8: the entry then has the name in the archive unchanged. */
    while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
        r = tree_add(&u->tree, a, entry, err);
        if (r < 0)
            return r == -EBADMSG ? unpack_archive_problem(a, err) : r;
    }
    if (r != ARCHIVE_EOF)
        return unpack_archive_problem(a, err);
    /* Read the bytes after the end mark too, for the checksum at the end of the compressed stream. */
    while ((r = (int)ring_get(u, DECOMPRESSED, &bytes)) > 0)
        ;
    return r == 0 ? tree_finish(&u->tree, err) : -ECANCELED;
}

static void *unpack_run(struct unpack *u, int (*work)(struct unpack *, struct archive *, struct error *))
{
    struct archive *a = archive_read_new();
    struct error err = ERROR_INIT;
    int r = work(u, a, &err);

    if (r < 0)
        unpack_fail(u, &err);
    archive_read_free(a);
    return NULL;
}

static void *unpack_decompress_thread(void *u)
{
    return unpack_run(u, unpack_decompress);
}

static void *unpack_write_thread(void *u)
{
    return unpack_run(u, unpack_write_tree);
}

static void unpack_wait_for_threads(struct unpack *u)
{
    while (u->started)
        pthread_join(u->threads[--u->started], NULL);
}

static void unpack_free(struct unpack *u)
{
    tree_close(&u->tree);
    for (int i = 0; i < 2; i++) {
        pthread_cond_destroy(&u->changed[i]);
        free(u->rings[i].bytes);
    }
    pthread_mutex_destroy(&u->lock);
    free(u);
}

/* With all signals blocked, so that the thread of the caller receives them. */
static int unpack_start_threads(struct unpack *u)
{
    void *(*const functions[])(void *) = {unpack_decompress_thread, unpack_write_thread};
    pthread_attr_t attributes;
    sigset_t all, before;
    int r = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (r == 0 && u->started < 2) {
        r = pthread_create(&u->threads[u->started], &attributes, functions[u->started], u);
        u->started += r == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -r;
}

int unpack_start(int dirfd, const struct unpack_options *options, struct unpack **out, struct error *err)
{
    struct unpack *u = calloc(1, sizeof(*u));
    const size_t rooms[] = {COMPRESSED_ROOM, DECOMPRESSED_ROOM};
    int r = 0;

    if (!u)
        return error_set(err, ENOMEM, "cannot unpack the archive");
    pthread_mutex_init(&u->lock, NULL);
    for (int i = 0; i < 2; i++) {
        pthread_cond_init(&u->changed[i], NULL);
        u->rings[i] = (struct ring){.bytes = malloc(rooms[i]), .room = rooms[i]};
        if (!u->rings[i].bytes)
            r = error_set(err, ENOMEM, "cannot unpack the archive");
    }
    u->tree = (struct tree){.root = dirfd, .options = options, .result = &u->result, .parent = -1};
    u->tree.max_entries = options->max_entries ? options->max_entries : DEFAULT_MAX_ENTRIES;
    u->tree.max_bytes = options->max_bytes ? options->max_bytes : DEFAULT_MAX_BYTES;
    if (r == 0)
        r = tree_open(&u->tree, err);
    if (r == 0) {
        r = unpack_start_threads(u);
        if (r < 0) {
            error_set(err, r, "cannot create a thread to unpack the archive");
            unpack_cancel(u);
            return r;
        }
    }
    if (r < 0) {
        unpack_free(u);
        return r;
    }
    *out = u;
    return 0;
}

int unpack_feed(struct unpack *u, const void *bytes, size_t length, struct error *err)
{
    if (ring_put(u, COMPRESSED, bytes, length))
        return 0;
    if (err)
        *err = u->error;
    return u->error.code;
}

int unpack_finish(struct unpack *u, struct unpack_result *result, struct error *err)
{
    int r = 0;

    ring_end(u, COMPRESSED);
    unpack_wait_for_threads(u);
    if (u->failed) {
        r = u->error.code;
        if (err)
            *err = u->error;
    }
    if (result)
        *result = u->result;
    unpack_free(u);
    return r;
}

void unpack_cancel(struct unpack *u)
{
    struct error why = {.code = -ECANCELED};

    if (!u)
        return;
    unpack_fail(u, &why);
    unpack_wait_for_threads(u);
    unpack_free(u);
}
