/* NAME/lxcbox.conf: a text that can be read is written so that it reads back the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/lxcbox_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_lxcbox_conf struct lxcbox_conf c = {0}, again = {0};
    cleanup_strbuf struct strbuf text = STRBUF_INIT, copy = STRBUF_INIT;
    cleanup_free char *terminated = strndup((const char *)data, size);

    if (!terminated)
        return 0;
    lxcbox_conf_copy(terminated, &copy);
    if (lxcbox_conf_parse((const char *)data, size, "input", &c, NULL) < 0)
        return 0;
    if (lxcbox_conf_parse(strbuf_text(&copy), copy.length, "copy", &again, NULL) < 0 || again.forward_count ||
        again.refuse_spoofing != c.refuse_spoofing)
        abort();
    lxcbox_conf_free(&again);
    for (size_t i = 0; i < c.forward_count; i++) {
        char host[FORWARD_HOST_SIZE];

        strbuf_printf(&text, "forward = %s %s %u\n", forward_protocol(&c.forwards[i]),
                      forward_format_host(&c.forwards[i], host), c.forwards[i].target_port);
    }
    if (lxcbox_conf_parse(strbuf_text(&text), text.length, "again", &again, NULL) < 0 ||
        again.forward_count != c.forward_count)
        abort();
    for (size_t i = 0; i < c.forward_count; i++)
        if (!forward_same_host(&c.forwards[i], &again.forwards[i]) ||
            c.forwards[i].target_port != again.forwards[i].target_port)
            abort();
    return 0;
}
