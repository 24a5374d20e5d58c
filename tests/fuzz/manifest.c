/* A manifest or an index, as a registry sends it; and the configuration of an image. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/registry/image_config.h"
#include "fetch/registry/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void digest_check(const struct digest *d)
{
    if (strlen(digest_hex(d)) != 64 || strpbrk(d->text, "/.\n"))
        abort();
}

static void manifest_check(const uint8_t *data, size_t size)
{
    static const struct platform platform = {"arm", "v7"};
    struct manifest_document d;
    struct error err = ERROR_INIT;

    if (manifest_parse(data, size, NULL, &platform, &d, &err) < 0)
        return;
    if (d.is_index) {
        digest_check(&d.chosen.digest);
    } else {
        digest_check(&d.manifest.config.digest);
        for (size_t i = 0; i < d.manifest.layer_count; i++)
            digest_check(&d.manifest.layers[i].digest);
    }
    manifest_document_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_image_config struct image_config c = {0};
    struct error err = ERROR_INIT;

    manifest_check(data, size);
    if (image_config_parse(data, size, &c, &err) == 0) {
        for (size_t i = 0; i < c.diff_id_count; i++)
            digest_check(&c.diff_ids[i]);
    }
    return 0;
}
