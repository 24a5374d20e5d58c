#include "core/encoding/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(const void *bytes, size_t length, struct strbuf *out)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < length; i += 3) {
        size_t have = length - i < 3 ? length - i : 3;
        uint32_t group =
            (uint32_t)b[i] << 16 | (have > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (have > 2 ? b[i + 2] : 0);
        char four[4] = {'=', '=', '=', '='};

        for (size_t j = 0; j <= have; j++)
            four[j] = base64_digits[group >> (18 - 6 * j) & 63];
        if (strbuf_add(out, four, sizeof(four)) < 0)
            return -ENOMEM;
    }
    return 0;
}

int base64_decode(const char *text, struct strbuf *out)
{
    size_t length = strspn(text, base64_digits), padding = strlen(text + length);
    uint32_t group = 0;

    if (length % 4 == 1 || strspn(text + length, "=") != padding || padding > 2 ||
        (padding && (length + padding) % 4))
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        char byte;

        group = group << 6 | (uint32_t)(strchr(base64_digits, text[i]) - base64_digits);
        if (i % 4 == 0)
            continue;
        byte = (char)(group >> (6 - 2 * (i % 4)));
        if (strbuf_add(out, &byte, 1) < 0)
            return -ENOMEM;
    }
    return 0;
}
