/* URLs, and references joined to one: what is parsed reads back as itself. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/http/proxy.h"
#include "fetch/http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct url *u)
{
    cleanup_free char *text = url_text(u), *again = NULL;
    cleanup_url struct url twice = {0};

    for (const char *c = u->path; *c; c++)
        if (*c <= ' ' || *c == 0x7f)
            abort();
    if (!text || strlen(text) > URL_MAX)
        return;
    if (url_parse("it", text, &twice, NULL) < 0)
        abort();
    again = url_text(&twice);
    if (!again || strcmp(text, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = strndup((const char *)data, size);
    cleanup_url struct url base = {0}, parsed = {0}, joined = {0}, below = {0};

    if (url_parse("it", text, &parsed, NULL) == 0)
        check(&parsed);
    url_parse("it", "https://a.example/b/c?d", &base, NULL);
    if (url_join(&base, text, &joined, NULL) == 0)
        check(&joined);
    if (url_below(&base, text, &below, NULL) == 0) {
        check(&below);
        if (strncmp(below.path, "/b/c/", 5) != 0)
            abort();
    }
    proxy_excepts(text, "host.example");
    return 0;
}
