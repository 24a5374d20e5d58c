#include "core/encoding/sha256.h"

#include <stdint.h>

#define BLOCK 64

/* Process whole blocks. */
typedef void sha256_blocks(uint32_t state[static 8], const unsigned char *bytes, size_t blocks);

#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
/* FIPS 180-4, 4.2.2. */
static const uint32_t sha256_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
#endif

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <immintrin.h>

/*
 * The instructions keep the state as the two vectors ABEF and CDGH, most significant word first, and make two
 * rounds each. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, SHA256RNDS2, SHA256MSG1,
 * SHA256MSG2.
 */
__attribute__((target("sha,sse4.1"))) static void sha256_blocks_x86(uint32_t state[static 8],
                                                                    const unsigned char *bytes, size_t blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

    for (; blocks; blocks--, bytes += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4]; /* the last 16 words of the message schedule */

#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i sum;

            if (i < 4)
                w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)bytes + i), swap);
            else
                w[i % 4] =
                    _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
                                                       _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4)),
                                         w[(i + 3) % 4]);
            sum = _mm_add_epi32(w[i % 4],
                                _mm_load_si128((const __m128i *)(const void *)(sha256_constants) + i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    badc = _mm_shuffle_epi32(cdgh, 0xb1);
    hgfe = _mm_shuffle_epi32(abef, 0x1b);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(hgfe, badc, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(badc, hgfe, 8));
}

/* CPUID leaf 1, ECX: SSSE3 and SSE4.1; leaf 7, EBX: SHA. */
static sha256_blocks *sha256_blocks_find(void)
{
    unsigned a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return NULL;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1U << 29)) ? sha256_blocks_x86 : NULL;
}

#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>

#define HWCAP_SHA2_BIT (1UL << 6) /* Linux: arch/arm64/include/uapi/asm/hwcap.h */

/* Source: Arm Architecture Reference Manual, SHA256H, SHA256H2, SHA256SU0, SHA256SU1. */
__attribute__((target("+crypto"))) static void sha256_blocks_arm(uint32_t state[static 8],
                                                                 const unsigned char *bytes, size_t blocks)
{
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

    for (; blocks; blocks--, bytes += BLOCK) {
        const uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t w[4]; /* the last 16 words of the message schedule */

#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            uint32x4_t sum, abcd_now = abcd;

            if (i < 4)
                w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes + (ptrdiff_t)16 * i)));
            else
                w[i % 4] = vsha256su1q_u32(vsha256su0q_u32(w[i % 4], w[(i + 1) % 4]), w[(i + 2) % 4],
                                           w[(i + 3) % 4]);
            sum = vaddq_u32(w[i % 4], vld1q_u32(sha256_constants + (ptrdiff_t)4 * i));
            abcd = vsha256hq_u32(abcd, efgh, sum);
            efgh = vsha256h2q_u32(efgh, abcd_now, sum);
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

static sha256_blocks *sha256_blocks_find(void)
{
    return getauxval(AT_HWCAP) & HWCAP_SHA2_BIT ? sha256_blocks_arm : NULL;
}

#else
static sha256_blocks *sha256_blocks_find(void)
{
    return NULL;
}
#endif

bool sha256_is_fast(void)
{
    return sha256_blocks_find() != NULL;
}

void sha256_init(struct sha256 *s)
{
    br_sha256_init(&s->context);
}

void sha256_update(struct sha256 *s, const void *bytes, size_t length)
{
    sha256_blocks *blocks = length >= BLOCK ? sha256_blocks_find() : NULL;

    if (blocks) {
        size_t partial = (size_t)(s->context.count % BLOCK), first = partial ? BLOCK - partial : 0, whole;

        if (first > length)
            first = length;
        br_sha256_update(&s->context, bytes, first);
        whole = (length - first) / BLOCK;
        bytes = (const unsigned char *)bytes + first;
        blocks(s->context.val, bytes, whole);
        s->context.count += whole * BLOCK;
        bytes = (const unsigned char *)bytes + whole * BLOCK;
        length -= first + whole * BLOCK;
    }
    br_sha256_update(&s->context, bytes, length);
}

void sha256_out(const struct sha256 *s, unsigned char out[static SHA256_SIZE])
{
    br_sha256_out(&s->context, out);
}
