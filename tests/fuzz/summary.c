/* A configuration that can be read has the summary that it should have; one that cannot does no harm. */
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    struct config_summary s = {0};
    struct config_includes includes = {0};
    struct config c;

    if (!text)
        return 0;
    memcpy(text, bytes, size);
    text[size] = '\0';
    config_init(&c);
    if (!strstr(text, "lxc.include")) { /* which would read files of this machine */
        config_summary_parse(text, &includes, &s);
        if (config_read_text(&c, text, size, "input", false, NULL) == 0 &&
            (s.start_auto != c.start_auto || s.maps_ids != (c.idmap_count > 0) ||
             s.groups.count != c.groups.count || s.start_order != c.start_order ||
             s.start_delay_seconds != c.start_delay_seconds))
            abort();
    }
    config_free(&c);
    config_summary_free(&s);
    string_list_clear(&includes.items);
    free(text);
    return 0;
}
