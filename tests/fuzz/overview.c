/* Rows that a child inside a container wrote. */
#include "core/storage/overview.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct overview o = {0};

    overview_parse((const char *)bytes, size, &o);
    overview_free(&o);
    return 0;
}
