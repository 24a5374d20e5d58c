/* Downloading layers in threads, and reading them in order while they arrive. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/sha256.h"
#include "fetch/index/cache.h"
#include "fetch/registry/pull_layers.h"

#define THREADS     2
#define PIECE       ((size_t)128 << 10)
#define PROGRESS_MS 200
#define STACK_SIZE  ((size_t)256 << 10)

/* A layer on its way. `have`, `fd`, `size` and `done` are guarded by the mutex. */
struct layer {
    int fd; /* to read from; -1: not begun */
    uint64_t have, size;
    bool done;
};

struct layers {
    const struct layers_request *request;
    struct layer *items;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t next;  /* that no thread has taken yet */
    bool stopped; /* an error: threads and reader end */
    uint64_t reported;
    struct error error;
};

static void layers_fail(struct layers *l, const struct error *err)
{
    pthread_mutex_lock(&l->mutex);
    if (!l->stopped)
        l->error = *err;
    l->stopped = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
}

static bool layers_are_stopped(struct layers *l)
{
    bool stopped;

    pthread_mutex_lock(&l->mutex);
    stopped = l->stopped;
    pthread_mutex_unlock(&l->mutex);
    return stopped;
}

static void layer_set(struct layers *l, struct layer *layer, uint64_t have, bool done)
{
    pthread_mutex_lock(&l->mutex);
    layer->have = have;
    layer->done = done;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
}

/* The fd is the layer's from now on. */
static void layer_begin(struct layers *l, struct layer *layer, int fd, uint64_t have)
{
    pthread_mutex_lock(&l->mutex);
    layer->fd = fd;
    layer->have = have;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
}

/* The sum of what an earlier process has downloaded. */
static int partial_sum(int fd, uint64_t length, struct sha256 *sum)
{
    cleanup_free char *bytes = malloc(PIECE);
    uint64_t at = 0;

    if (!bytes)
        return -ENOMEM;
    while (at < length) {
        ssize_t n = pread(fd, bytes, length - at < PIECE ? (size_t)(length - at) : PIECE, (off_t)at);

        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        sha256_update(sum, bytes, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

static int layer_write(struct layers *l, struct layer *layer, struct http_file *f, uint64_t *have,
                       struct sha256 *sum, struct error *err)
{
    const struct store *store = l->request->store;
    const void *bytes;
    ssize_t n;

    while ((n = http_read(f, &bytes, err)) > 0) {
        int r;

        if (layers_are_stopped(l))
            return -ECANCELED;
        if ((uint64_t)n > layer->size - *have)
            return error_text(err, EBADMSG, "a layer is longer than the %llu bytes that the manifest states",
                              (unsigned long long)layer->size);
        r = write_all(layer->fd, bytes, (size_t)n);
        if (r < 0)
            return cache_error(err, r, "write into", store->path);
        sha256_update(sum, bytes, (size_t)n);
        *have += (uint64_t)n;
        layer_set(l, layer, *have, false);
    }
    return (int)n;
}

/* Download what is missing of a layer. A token may expire meanwhile: the second request gets a new one. */
static int layer_download(struct layers *l, struct layer *layer, const struct descriptor *d,
                          struct registry *registry, struct sha256 *sum, struct error *err)
{
    uint64_t have = layer->have;
    int r = 0;

    for (int tries = 0; have < layer->size; tries++) {
        cleanup_http_file struct http_file f = {0};

        r = registry_blob(registry, d, have, &f, err);
        if (r < 0)
            return r;
        if (f.offset != have) { /* the server cannot resume */
            if (lseek(layer->fd, 0, SEEK_SET) < 0 || ftruncate(layer->fd, 0) < 0)
                return cache_error(err, errno, "write into", l->request->store->path);
            sha256_init(sum);
            have = 0;
            layer_set(l, layer, have, false);
        }
        r = layer_write(l, layer, &f, &have, sum, err);
        if (r == -EACCES && tries == 0) {
            error_clear(err);
            continue;
        }
        if (r < 0)
            return r;
        if (have < layer->size)
            return error_text(err, EBADMSG,
                              "a layer has %llu bytes instead of the %llu that the manifest states",
                              (unsigned long long)have, (unsigned long long)layer->size);
    }
    return 0;
}

static int layer_verify(struct layers *l, const struct descriptor *d, const struct sha256 *sum,
                        const struct store_partial *partial, struct error *err)
{
    unsigned char bytes[SHA256_SIZE];
    struct digest is;

    sha256_out(sum, bytes);
    is = digest_of_sum(bytes);
    if (digest_equal(&is, &d->digest))
        return store_commit(l->request->store, &d->digest, partial, err);
    store_discard(l->request->store, &d->digest);
    error_text(err, EBADMSG, "a layer has the digest %s instead of %s", is.text, d->digest.text);
    return error_remedy(err,
                        "run the command again; if the error persists, the registry or a proxy is broken");
}

static int layer_use_stored(struct layers *l, struct layer *layer, const struct descriptor *d,
                            struct error *err)
{
    uint64_t size = 0;
    int fd = store_open_blob(l->request->store, &d->digest, &size);

    if (fd < 0)
        return fd == -ENOENT ? fd : cache_error(err, fd, "read", l->request->store->path);
    layer_begin(l, layer, fd, size);
    layer_set(l, layer, size, true);
    return 0;
}

static int layer_get(struct layers *l, size_t number, struct registry *registry, struct error *err)
{
    const struct descriptor *d = &l->request->manifest->layers[number];
    struct layer *layer = &l->items[number];
    struct store_partial partial = {-1, 0};
    struct sha256 sum;
    int r = layer_use_stored(l, layer, d, err);

    if (r != -ENOENT)
        return r;
    if (!registry)
        return error_text(err, ENOENT, "%s lacks the layer %s", l->request->store->path, d->digest.text);
    r = store_begin(l->request->store, &d->digest, &partial, err);
    if (r <= 0)
        return r < 0 ? r : layer_use_stored(l, layer, d, err);
    if (partial.have > layer->size) {
        partial.have = 0;
        if (lseek(partial.fd, 0, SEEK_SET) < 0 || ftruncate(partial.fd, 0) < 0)
            r = -errno;
    }
    sha256_init(&sum);
    if (r >= 0)
        r = partial_sum(partial.fd, partial.have, &sum);
    layer_begin(l, layer, partial.fd, r < 0 ? 0 : partial.have);
    if (r < 0)
        cache_error(err, r, "read", l->request->store->path);
    else
        r = layer_download(l, layer, d, registry, &sum, err);
    if (r == 0)
        r = layer_verify(l, d, &sum, &partial, err);
    store_end(&partial);
    if (r == 0)
        layer_set(l, layer, layer->size, true);
    return r;
}

/* Each thread has a client of its own: a client makes one request at a time. */
static void *layers_thread(void *context)
{
    struct layers *l = context;
    cleanup_registry struct registry *registry = NULL;
    struct error err = ERROR_INIT;
    int r = l->request->registry ? registry_open(l->request->registry, &registry, &err) : 0;

    while (r == 0) {
        size_t number;

        pthread_mutex_lock(&l->mutex);
        number = l->stopped ? l->request->manifest->layer_count : l->next++;
        pthread_mutex_unlock(&l->mutex);
        if (number >= l->request->manifest->layer_count)
            return NULL;
        if (!l->request->wanted || l->request->wanted[number])
            r = layer_get(l, number, registry, &err);
    }
    layers_fail(l, &err);
    return NULL;
}

static void layers_report(struct layers *l)
{
    const struct image_events *events = l->request->events;
    uint64_t have = 0, size = 0;

    if (!events->progress)
        return;
    pthread_mutex_lock(&l->mutex);
    for (size_t i = 0; i < l->request->manifest->layer_count; i++) {
        have += l->items[i].have;
        size += l->items[i].size;
    }
    pthread_mutex_unlock(&l->mutex);
    if (have == l->reported)
        return;
    l->reported = have;
    events->progress(events->context, "the layers", have, size);
}

/* Wait until more of a layer than `position` is there. Returns the number of bytes, 0 at its end, or
 * -ECANCELED. */
static int64_t layer_wait(struct layers *l, const struct layer *layer, uint64_t position, int *fd)
{
    int64_t r = -EAGAIN;

    while (r == -EAGAIN) {
        struct timespec until;

        layers_report(l);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PROGRESS_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_mutex_lock(&l->mutex);
        if (layer->have <= position && !layer->done && !l->stopped)
            pthread_cond_timedwait(&l->changed, &l->mutex, &until);
        *fd = layer->fd;
        if (l->stopped)
            r = -ECANCELED;
        else if (layer->have > position)
            r = (int64_t)(layer->have - position);
        else if (layer->done)
            r = 0;
        pthread_mutex_unlock(&l->mutex);
    }
    return r;
}

static int layer_pass_on(struct layers *l, size_t number, char *piece, struct error *err)
{
    const struct pull_sink *sink = l->request->sink;
    uint64_t position = 0;
    int64_t more;
    int fd = -1, r = sink->begin(sink->context, number, err);

    while (r == 0 && (more = layer_wait(l, &l->items[number], position, &fd)) != 0) {
        ssize_t n;

        if (more < 0)
            return (int)more;
        n = pread(fd, piece, more < (int64_t)PIECE ? (size_t)more : PIECE, (off_t)position);
        if (n <= 0)
            return cache_error(err, n < 0 ? errno : EIO, "read", l->request->store->path);
        position += (uint64_t)n;
        r = sink->feed(sink->context, piece, (size_t)n, err);
    }
    return r == 0 ? sink->end(sink->context, number, err) : r;
}

static int layers_pass_on(struct layers *l, struct error *err)
{
    cleanup_free char *piece = malloc(PIECE);
    int r = piece ? 0 : error_set(err, ENOMEM, "cannot unpack the image");

    for (size_t i = 0; r == 0 && i < l->request->manifest->layer_count; i++)
        if (!l->request->wanted || l->request->wanted[i])
            r = layer_pass_on(l, i, piece, err);
    return r;
}

/* Signals are for the thread that unpacks. */
static int layers_start(struct layers *l, pthread_t threads[static THREADS], size_t *started)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int r = 0;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    while (r == 0 && *started < THREADS && *started < l->request->manifest->layer_count) {
        r = pthread_create(&threads[*started], &attributes, layers_thread, l);
        *started += r == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return r;
}

static int layers_run(struct layers *l, struct error *err)
{
    pthread_t threads[THREADS];
    size_t started = 0;
    int r = layers_start(l, threads, &started);

    r = r ? error_set(err, r, "cannot download the layers") : layers_pass_on(l, err);
    if (r < 0)
        layers_fail(l, &(struct error){.code = r});
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (r == -ECANCELED)
        return error_copy(err, &l->error);
    return r;
}

int layers_pull(const struct layers_request *request, struct error *err)
{
    size_t count = request->manifest->layer_count;
    struct layers l = {
        .request = request, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    int r;

    l.items = calloc(count, sizeof(*l.items));
    if (!l.items)
        return error_set(err, ENOMEM, "cannot download the layers");
    for (size_t i = 0; i < count; i++) {
        bool wanted = !request->wanted || request->wanted[i];

        l.items[i] = (struct layer){.fd = -1, .size = wanted ? request->manifest->layers[i].size_bytes : 0};
    }
    r = layers_run(&l, err);
    for (size_t i = 0; i < count; i++)
        close_fd(&l.items[i].fd);
    free(l.items);
    return r;
}
