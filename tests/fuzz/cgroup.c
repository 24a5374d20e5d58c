/* The kernel's texts on cgroups; "\0" parts mountinfo from /proc/PID/cgroup. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *parted = memchr(data, '\0', size);
    size_t first = parted ? (size_t)(parted - data) : size, skip = parted ? first + 1 : first;
    struct cgroup_mounts m = {.count = 0};
    struct mountinfo table = {0};
    char *memberships = malloc(size - skip + 1), *mountinfo = malloc(first ? first : 1);
    size_t length;

    /* Copies of the exact size, so that reading past the end is seen. */
    memcpy(mountinfo, data, first);
    memcpy(memberships, data + skip, size - skip);
    memberships[size - skip] = '\0';
    if (mountinfo_parse(mountinfo, first, &table) == 0 && cgroup_mounts_find(&table, &m) == 0) {
        if (cgroup_mounts_set_base(&m, memberships, size - skip, true) == 0)
            for (size_t i = 0; i < m.count; i++)
                if (m.items[i].base[0] == '/' || strstr(m.items[i].base, "/../"))
                    abort();
        (void)cgroup_layout_of(&m);
        cgroup_mounts_free(&m);
    }
    (void)cgroup_v2_path(memberships, &length);
    mountinfo_free(&table);
    free(memberships);
    free(mountinfo);
    return 0;
}
