#include "core/storage/xz_store.h"

#include <lzma.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/file.h"

#define CHECK_CRC32  1
#define BLOCK_HEADER 12 /* bytes */

/* Section 1.2: seven bits per byte, least significant first. Returns the number of bytes. */
static size_t put_number(unsigned char *out, uint64_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

/* Sections 2.1.1 and 3.1: the headers of the stream and of a block of unknown size with the filter LZMA2. */
int xz_store_begin(struct xz_store *x)
{
    unsigned char head[12 + BLOCK_HEADER] = {0xfd, '7', 'z', 'X', 'Z', 0, 0, CHECK_CRC32};
    unsigned char *block = head + 12;

    write_le32(head + 8, lzma_crc32(head + 6, 2, 0));
    block[0] = BLOCK_HEADER / 4 - 1;
    block[2] = 0x21; /* LZMA2 */
    block[3] = 1;    /* byte of properties: */
    block[4] = 8;    /* a dictionary of 64 KB, the smallest for a whole chunk */
    write_le32(block + 8, lzma_crc32(block, 8, 0));
    return write_all(x->fd, head, sizeof(head));
}

/* A chunk: 1 (the first one, which resets the dictionary) or 2, then the size minus one, big-endian. */
static int put_chunk(struct xz_store *x)
{
    unsigned char head[3] = {x->compressed == 0 ? 1 : 2, (unsigned char)((x->filled - 1) >> 8),
                             (unsigned char)(x->filled - 1)};
    int r;

    if (x->filled == 0)
        return 0;
    r = write_all(x->fd, head, sizeof(head));
    if (r == 0)
        r = write_all(x->fd, x->chunk, x->filled);
    x->crc32 = lzma_crc32(x->chunk, x->filled, x->crc32);
    x->compressed += sizeof(head) + x->filled;
    x->uncompressed += x->filled;
    x->filled = 0;
    return r;
}

int xz_store_put(struct xz_store *x, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    int r = 0;

    while (r == 0 && length) {
        size_t n = sizeof(x->chunk) - x->filled;

        n = n < length ? n : length;
        memcpy(x->chunk + x->filled, from, n);
        x->filled += n;
        from += n;
        length -= n;
        if (x->filled == sizeof(x->chunk))
            r = put_chunk(x);
    }
    return r;
}

/* The end of the block, the index (section 4) and the stream's footer (2.1.2). */
int xz_store_end(struct xz_store *x)
{
    unsigned char tail[64] = {0};
    size_t at = 0, index;
    int r = put_chunk(x);

    if (r < 0)
        return r;
    at++; /* a zero ends LZMA2 */
    x->compressed++;
    while ((x->compressed + at - 1) % 4)
        at++;
    write_le32(tail + at, x->crc32);
    at += 4;
    index = at++;
    tail[at++] = 1; /* record */
    at += put_number(tail + at, BLOCK_HEADER + x->compressed + 4);
    at += put_number(tail + at, x->uncompressed);
    while ((at - index) % 4)
        at++;
    write_le32(tail + at, lzma_crc32(tail + index, at - index, 0));
    at += 4;
    write_le32(tail + at + 4, (uint32_t)((at - index) / 4 - 1));
    tail[at + 9] = CHECK_CRC32;
    write_le32(tail + at, lzma_crc32(tail + at + 4, 6, 0));
    memcpy(tail + at + 10, "YZ", 2);
    return write_all(x->fd, tail, at + 12);
}
