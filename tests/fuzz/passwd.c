/* A container's /etc/passwd, and /proc/net/unix, in which any user's addresses stand. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/run/passwd.h"
#include "core/storage/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = calloc(1, size + 1), *shell = NULL;
    cleanup_string_list struct string_list names = {0};

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    if (passwd_find_shell(text, 0, &shell) == 0 && (shell[0] != '/' || strpbrk(shell, ":\n")))
        abort();
    if (container_list_parse_sockets(text, "/p", &names) == 0)
        for (size_t i = 0; i < names.count; i++)
            if (container_check_name(names.items[i], NULL) < 0)
                abort();
    return 0;
}
