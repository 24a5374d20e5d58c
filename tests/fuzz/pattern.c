/* Patterns of names: an expression, and after a line's end a text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *pattern = calloc(1, size + 2);
    cleanup_regex struct regex x = {0};
    char *text;

    if (!pattern)
        return 0;
    if (size)
        memcpy(pattern, data, size);
    text = pattern + strcspn(pattern, "\n");
    if (*text)
        *text++ = '\0';
    if (regex_compile(&x, pattern, NULL) == 0)
        (void)regex_match(&x, text);
    (void)glob_match(pattern, text, size % 2);
    return 0;
}
