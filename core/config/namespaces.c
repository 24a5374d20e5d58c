#include "core/config/namespaces.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

const struct namespace_info namespaces[NAMESPACE_KINDS] = {
    [NAMESPACE_USER] = {CLONE_NEWUSER, "user", "user", "USER", "LXC_USER_NS"},
    [NAMESPACE_MNT] = {CLONE_NEWNS, "mnt", "mnt", "MOUNT", "LXC_MNT_NS"},
    [NAMESPACE_PID] = {CLONE_NEWPID, "pid", "pid_for_children", "PID", "LXC_PID_NS"},
    [NAMESPACE_UTS] = {CLONE_NEWUTS, "uts", "uts", "UTSNAME", "LXC_UTS_NS"},
    [NAMESPACE_IPC] = {CLONE_NEWIPC, "ipc", "ipc", "IPC", "LXC_IPC_NS"},
    [NAMESPACE_NET] = {CLONE_NEWNET, "net", "net", "NETWORK", "LXC_NET_NS"},
    [NAMESPACE_CGROUP] = {CLONE_NEWCGROUP, "cgroup", "cgroup", "CGROUP", "LXC_CGROUP_NS"},
    [NAMESPACE_TIME] = {CLONE_NEWTIME, "time", "time_for_children", NULL, "LXC_TIME_NS"},
};

int namespace_find(const char *name)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (strcasecmp(namespaces[i].name, name) == 0)
            return i;
    return -EINVAL;
}

uint64_t namespace_option_flag(const char *word)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (namespaces[i].option &&
            (strcmp(namespaces[i].option, word) == 0 || strcmp(namespaces[i].name, word) == 0))
            return namespaces[i].flag;
    return 0;
}
