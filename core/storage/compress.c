#include "core/storage/compress.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/storage/xz_store.h"

#define BLOCK (1 << 16)

int compression_of(const char *file, enum compression *out, struct error *err)
{
    static const struct {
        const char *suffix;
        enum compression how;
    } known[] = {{".tar", COMPRESS_NONE},
                 {".gz", COMPRESS_GZIP},
                 {".tgz", COMPRESS_GZIP},
                 {".xz", COMPRESS_XZ},
                 {".txz", COMPRESS_XZ}};
    const char *slash = strrchr(file, '/'), *suffix = strrchr(slash ? slash : file, '.');

    *out = COMPRESS_NONE;
    if (!suffix)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strcmp(suffix, known[i].suffix) == 0) {
            *out = known[i].how;
            return 0;
        }
    error_text(err, EINVAL, "cannot write %s: \"%s\" is not a format of lxc-export", file, suffix);
    return error_remedy(err, "name the file .tar, .tar.gz or .tar.xz");
}

static int put_xz(int from, int to)
{
    cleanup_free unsigned char *block = malloc(BLOCK);
    cleanup_free struct xz_store *x = calloc(1, sizeof(*x));
    int r = block && x ? 0 : -ENOMEM;
    ssize_t n = 0;

    if (r == 0) {
        x->fd = to;
        r = xz_store_begin(x);
    }
    while (r == 0 && (n = read(from, block, BLOCK)) > 0)
        r = xz_store_put(x, block, (size_t)n);
    if (r == 0 && n < 0)
        r = -errno;
    return r == 0 ? xz_store_end(x) : r;
}

/* Compress a block of input; length 0 ends the stream. Source: zlib's manual, deflate(). */
static int deflate_block(z_stream *z, unsigned char *in, size_t length, unsigned char *out, int to)
{
    int r = 0;

    z->next_in = in;
    z->avail_in = (unsigned)length;
    do {
        z->next_out = out;
        z->avail_out = BLOCK;
        deflate(z, length ? Z_NO_FLUSH : Z_FINISH);
        r = write_all(to, out, BLOCK - z->avail_out);
    } while (r == 0 && z->avail_out == 0);
    return r;
}

static int put_gzip(int from, int to)
{
    cleanup_free unsigned char *in = malloc(BLOCK), *out = malloc(BLOCK);
    z_stream z = {0};
    ssize_t n = 1;
    int r = 0;

    /* The largest window; 16 is added for a gzip header, RFC 1952. */
    if (!in || !out ||
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    while (r == 0 && n > 0) {
        n = read(from, in, BLOCK);
        r = n < 0 ? -errno : deflate_block(&z, in, (size_t)n, out, to);
    }
    deflateEnd(&z);
    return r;
}

int compress_file(int from, int to, enum compression how)
{
    if (lseek(from, 0, SEEK_SET) < 0)
        return -errno;
    return how == COMPRESS_GZIP ? put_gzip(from, to) : put_xz(from, to);
}
