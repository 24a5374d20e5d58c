#include "core/config/namespaces.h"

const struct namespace_info namespaces[NAMESPACE_KINDS] = {
    [NAMESPACE_USER] = {CLONE_NEWUSER, "user", "LXC_USER_NS"},
    [NAMESPACE_MNT] = {CLONE_NEWNS, "mnt", "LXC_MNT_NS"},
    [NAMESPACE_PID] = {CLONE_NEWPID, "pid", "LXC_PID_NS"},
    [NAMESPACE_UTS] = {CLONE_NEWUTS, "uts", "LXC_UTS_NS"},
    [NAMESPACE_IPC] = {CLONE_NEWIPC, "ipc", "LXC_IPC_NS"},
    [NAMESPACE_NET] = {CLONE_NEWNET, "net", "LXC_NET_NS"},
    [NAMESPACE_CGROUP] = {CLONE_NEWCGROUP, "cgroup", "LXC_CGROUP_NS"},
    [NAMESPACE_TIME] = {CLONE_NEWTIME, "time", "LXC_TIME_NS"},
};
