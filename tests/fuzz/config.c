/* The configuration reader: any bytes are read or refused, and what was read is written and read again the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "core/config/edit.h"
#include "core/config/legacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void edit(const char *text)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT, value = STRBUF_INIT, updated = STRBUF_INIT;

    if (strbuf_puts(&b, text) < 0 || config_text_set(&b, "lxc.uts.name", "x") < 0 ||
        config_text_get(strbuf_text(&b), "lxc.uts.name", &value) < 0 || strcmp(strbuf_text(&value), "x") != 0)
        abort();
    config_text_remove(&b, "lxc.net.0.");
    config_text_fill_hwaddr(&b);
    config_text_new_hwaddr(&b);
    legacy_update(text, &updated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_config struct config first, second;
    cleanup_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
    struct error err = ERROR_INIT;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    edit(text);
    config_init(&first);
    config_init(&second);
    if (config_read_text(&first, text, size, "fuzz", false, &err) == 0) {
        if (config_write(&first, &one) < 0 ||
            config_read_text(&second, strbuf_text(&one), one.length, "again", false, &err) < 0 ||
            config_write(&second, &two) < 0 || strcmp(strbuf_text(&one), strbuf_text(&two)) != 0)
            abort();
        config_check(&second, &err);
    } else if (first.assignments.count || !err.text[0]) {
        abort();
    }
    free(text);
    return 0;
}
