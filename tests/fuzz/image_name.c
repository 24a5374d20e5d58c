/* Names of images. One that is accepted reads the same when written out again, and holds no path tricks. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/registry/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_reference struct reference r = {0}, again = {0};
    cleanup_free char *text = strndup((const char *)data, size), *whole = NULL, *twice = NULL;
    struct error err = ERROR_INIT;

    if (!text || reference_parse(text, &r, &err) < 0)
        return 0;
    if (r.kind == REFERENCE_REGISTRY &&
        (!r.host || strstr(r.path, "..") || r.path[0] == '/' || strpbrk(r.path, "\n\\%:@ ") ||
         strpbrk(r.host, "/\n@ ") || (r.tag && strpbrk(r.tag, "/\n:@ "))))
        abort();
    whole = reference_text(&r);
    if (!whole || reference_parse(whole, &again, &err) < 0)
        abort();
    twice = reference_text(&again);
    if (!twice || strcmp(whole, twice) != 0)
        abort();
    return 0;
}
