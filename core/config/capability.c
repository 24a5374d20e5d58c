#include "core/config/capability.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/* By number: linux/capability.h. */
static const char *const capability_names[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

int capability_parse(const char *name)
{
    uint64_t number;

    if (parse_uint64(name, 0, 63, &number) == 0)
        return (int)number;
    if (strncasecmp(name, "cap_", 4) == 0)
        name += 4;
    for (size_t i = 0; i < ARRAY_LENGTH(capability_names); i++)
        if (strcasecmp(name, capability_names[i]) == 0)
            return (int)i;
    return -EINVAL;
}

const char *capability_name(int number)
{
    return number >= 0 && (size_t)number < ARRAY_LENGTH(capability_names) ? capability_names[number] : NULL;
}

int capability_last(void)
{
    int known = 0, unknown = 64;

    while (unknown - known > 1) {
        int middle = (known + unknown) / 2;

        if (prctl(PR_CAPBSET_READ, middle) >= 0)
            known = middle;
        else
            unknown = middle;
    }
    return known;
}
