#include "core/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"

#define TIME_OUT_SECONDS 10

const struct probe probes[] = {
    {PROBE_NAMESPACES, "Mount namespace", true, "no container can have a root of its own", try_namespace,
     "mnt"},
    {PROBE_NAMESPACES, "Utsname namespace", true, "containers share the host's name", try_namespace, "uts"},
    {PROBE_NAMESPACES, "Ipc namespace", true, "containers share the host's System V IPC", try_namespace,
     "ipc"},
    {PROBE_NAMESPACES, "Pid namespace", true, "containers see the host's processes", try_namespace, "pid"},
    {PROBE_NAMESPACES, "User namespace", false, "no unprivileged containers (lxc.idmap)", try_namespace,
     "user"},
    {PROBE_NAMESPACES, "Network namespace", true, "containers share the host's network", try_namespace,
     "net"},
    {PROBE_NAMESPACES, "Cgroup namespace", false, "containers see the host's cgroup paths", try_namespace,
     "cgroup"},
    {PROBE_NAMESPACES, "Time namespace", false, "no lxc.time.offset", try_namespace, "time"},
    {PROBE_NAMESPACES, "Multiple /dev/pts instances", true, "containers share the host's terminals",
     try_devpts, NULL},

    {PROBE_CGROUPS, "Cgroup device", false, "access to devices is not restricted", try_cgroup_controller,
     "devices"},
    {PROBE_CGROUPS, "Cgroup freezer", false, "no lxc-freeze", try_cgroup_controller, "freezer"},
    {PROBE_CGROUPS, "Cgroup sched", false, "no limit on processor time", try_cgroup_controller, "cpu"},
    {PROBE_CGROUPS, "Cgroup cpu account", false, "lxc-info cannot report processor time",
     try_cgroup_controller, "cpuacct,cpu"},
    {PROBE_CGROUPS, "Cgroup memory controller", false, "no limit on memory", try_cgroup_controller, "memory"},
    {PROBE_CGROUPS, "Cgroup cpuset", false, "containers cannot be limited to some processors",
     try_cgroup_controller, "cpuset"},
    {PROBE_CGROUPS, "Cgroup pids", false, "no limit on the number of processes", try_cgroup_controller,
     "pids"},
    {PROBE_CGROUPS, "Cgroup block I/O", false, "no limit on disk traffic", try_cgroup_controller, "blkio,io"},

    {PROBE_NETWORK, "Veth pair device", false, "no lxc.net.N.type = veth, the usual network", try_link,
     "veth"},
    {PROBE_NETWORK, "Bridges", false, "no lxc-net, and no veth on a bridge", try_link, "bridge"},
    {PROBE_NETWORK, "Macvlan", false, "no lxc.net.N.type = macvlan", try_link, "macvlan"},
    {PROBE_NETWORK, "Ipvlan", false, "no lxc.net.N.type = ipvlan", try_link, "ipvlan"},
    {PROBE_NETWORK, "Vlan", false, "no lxc.net.N.type = vlan", try_link, "vlan"},
    {PROBE_NETWORK, "Tun device", false, "no VPN in containers", try_socket, "tun"},
    {PROBE_NETWORK, "Masquerading (nftables)", false,
     "containers cannot reach other networks through lxc-net", try_masquerade, "ip"},
    {PROBE_NETWORK, "Masquerading of IPv6 (nftables)", false, "the same for IPv6", try_masquerade, "ip6"},
    {PROBE_NETWORK, "IPv6", false, "no IPv6 in containers", try_socket, "ipv6"},
    {PROBE_NETWORK, "Packet sockets", false, "no DHCP, neither client nor server", try_socket, "packet"},

    {PROBE_STORAGE, "Overlay", false, "no lxc.rootfs.path = overlay:, no snapshots by overlay", try_overlay,
     NULL},
    {PROBE_STORAGE, "Squashfs", false, "no squashfs images", try_file_system, "squashfs"},
    {PROBE_STORAGE, "Ext4", false, "no loop: images with ext4", try_file_system, "ext4"},
    {PROBE_STORAGE, "Btrfs", false, "no lxc.rootfs.path = btrfs:", try_file_system, "btrfs"},
    {PROBE_STORAGE, "Loop devices", false, "no lxc.rootfs.path = loop:", try_loop, NULL},
    {PROBE_STORAGE, "Idmapped mounts", false, "no idmap= in lxc.rootfs.options and mount entries",
     try_idmapped_mount, NULL},

    {PROBE_MISC, "Seccomp filters", false, "no lxc.seccomp.profile", try_seccomp, NULL},
    {PROBE_MISC, "Seccomp notification", false, "no lxc.seccomp.notify.proxy", try_seccomp_notify, NULL},
    {PROBE_MISC, "openat2", false, "paths inside containers are resolved more slowly", try_system_call,
     "openat2"},
    {PROBE_MISC, "clone3", false, "containers start a little more slowly", try_system_call, "clone3"},
    {PROBE_MISC, "pidfd", false, "a signal may reach another process that reuses the pid", try_system_call,
     "pidfd_open"},
    {PROBE_MISC, "New mount calls", false, "no mounts into running containers", try_system_call, "fsopen"},
    {PROBE_MISC, "AppArmor", false, "no lxc.apparmor.profile", try_lsm, "apparmor"},
    {PROBE_MISC, "SELinux", false, "no lxc.selinux.context", try_lsm, "selinux"},
    {PROBE_MISC, "POSIX message queues", false, "no /dev/mqueue in containers", try_mqueue, NULL},
    {PROBE_MISC, "FUSE (for use with lxcfs)", false, "no lxcfs, no FUSE file systems in containers", try_fuse,
     NULL},
    {PROBE_MISC, "File capabilities", false, "programs in containers lose their capabilities",
     try_file_capability, NULL},

    {PROBE_CHECKPOINT, "checkpoint restore", false, "no lxc-checkpoint", try_kcmp, NULL},
    {PROBE_CHECKPOINT, "CONFIG_FHANDLE", false, "no lxc-checkpoint", try_file_handle, NULL},
    {PROBE_CHECKPOINT, "CONFIG_EVENTFD", false, "no lxc-checkpoint", try_system_call, "eventfd2"},
    {PROBE_CHECKPOINT, "CONFIG_EPOLL", false, "no lxc-checkpoint", try_system_call, "epoll_create1"},
    {PROBE_CHECKPOINT, "CONFIG_UNIX_DIAG", false, "no lxc-checkpoint of local sockets", try_diag, "unix"},
    {PROBE_CHECKPOINT, "CONFIG_INET_DIAG", false, "no lxc-checkpoint of connections", try_diag, "inet"},
    {PROBE_CHECKPOINT, "CONFIG_PACKET_DIAG", false, "no lxc-checkpoint of packet sockets", try_diag,
     "packet"},
    {PROBE_CHECKPOINT, "CONFIG_NETLINK_DIAG", false, "no lxc-checkpoint of netlink sockets", try_diag,
     "netlink"},
};

const size_t probe_count = ARRAY_LENGTH(probes);

/* Mounts of the probe are private. Without root most probes fail, which is then the result. */
static int probe_inside(void *data, struct error *err)
{
    const struct probe *p = data;

    (void)err;
    alarm(TIME_OUT_SECONDS);
    if (unshare(CLONE_NEWNS) == 0)
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return p->try(p->argument) == 0 ? 0 : 1;
}

bool probe_run(const struct probe *p)
{
    return process_run(probe_inside, (void *)p, NULL) == 0;
}
