/* /etc/default/lxc-net, and the hosts of dnsmasq's configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/file.h"
#include "net/bridge/bridge_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bridge_settings s;
    struct bridge_hosts hosts;
    char path[40];
    const char *paths[] = {path};
    int fd = memfd_create("lxc-net", MFD_CLOEXEC);

    /* Another file would be read, whichever the fuzzer names. */
    if (fd < 0 || write_all(fd, data, size) < 0 || memmem(data, size, "hostsfile", 9))
        size = 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (size && bridge_settings_read(paths, 1, &s, NULL) == 0) {
        if (s.first > s.last || strlen(s.bridge) >= sizeof(s.bridge))
            abort();
        bridge_settings_free(&s);
    }
    if (size && bridge_hosts_read(path, 0x0a000301, &hosts, NULL) == 0)
        bridge_hosts_free(&hosts);
    close(fd);
    return 0;
}
