/* A metadata tarball, as a server sends it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/index/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct meta_files files = {0};
    struct image_metadata meta = {0};
    struct error err = ERROR_INIT;

    if (meta_read_tar_here(data, size, "it", &files, &err) < 0)
        return 0;
    for (size_t i = 0; i < files.count; i++)
        if (strchr(files.items[i].name, '/') || strlen(files.items[i].text) != files.items[i].length)
            abort();
    meta_select(&files, "system", &meta);
    image_metadata_free(&meta);
    meta_files_free(&files);
    return 0;
}
