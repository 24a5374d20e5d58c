/* What a machine reads while it boots: a disk's first bytes, a program's, a time server's answer, settings,
 * modules' lists. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/boot/disk.h"
#include "core/boot/modules.h"
#include "core/boot/settings.h"
#include "net/dhcp/sntp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = calloc(1, size + 1);
    cleanup_boot_settings struct boot_settings s = {0};
    cleanup_string_list struct string_list complaints = {0}, paths = {0}, parts = {0};
    struct modules lists = {.dep = text, .alias = text, .soft = text, .built_in = text};
    struct error err = ERROR_INIT;
    struct disk_identity id;
    struct timespec now;
    struct boot_ip ip;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    disk_identify(data, size, &id);
    (void)executable_architecture(data, size);
    (void)sntp_answer(data, size, 0, &now);
    if (boot_settings_parse(&s, text, &complaints) == 0 && s.ip)
        (void)boot_ip_parse(s.ip, &ip, &err);
    if (s.image && boot_image_parse(s.image, &parts, &err) == 0 && parts.count < 2)
        abort();
    (void)modules_resolve(&lists, "a", &paths);
    return 0;
}
