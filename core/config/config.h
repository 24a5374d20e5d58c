/*
 * The configuration of a container, as described in lxc.container.conf(5), after parsing; read-only
 * afterwards. Every member is set by exactly one row of the key table (core/config/keys.c, keys_net.c).
 * Strings are owned by the struct; NULL means "not set". Paths are absolute host paths unless noted
 * otherwise.
 */
#ifndef LXCBOX_CORE_CONFIG_CONFIG_H
#define LXCBOX_CORE_CONFIG_CONFIG_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"

/* One "NAME = VALUE" of a family (lxc.cgroup.NAME, lxc.sysctl.NAME, lxc.prlimit.NAME, lxc.proc.NAME). */
struct config_pair {
    char *name;
    char *value;
};

struct config_pairs {
    struct config_pair *items;
    size_t count;
};

/*
 * One assignment as it took effect, with templates expanded, so that applying it again has the same result.
 */
struct config_assignment {
    char *key;
    char *value;  /* "" clears the key */
    char *origin; /* "FILE:LINE", or the origin given to config_set() */
};

struct config_assignments {
    struct config_assignment *items;
    size_t count;
};

/* lxc.time.offset.*: as in LXC, the two parts are separate, so that an "h" line and an "ms" line add up. */
struct config_time_offset {
    int64_t seconds, nanoseconds;
};

/* lxc.idmap = u|g CONTAINER HOST COUNT. user_namespaces(7), "uid_map". */
struct config_idmap {
    bool is_gid;
    uint32_t container_id;
    uint32_t host_id;
    uint32_t count;
};

enum net_type { NET_NONE, NET_EMPTY, NET_VETH, NET_MACVLAN, NET_IPVLAN, NET_VLAN, NET_PHYS };

struct net_address {
    int family;           /* AF_INET, AF_INET6 */
    uint8_t address[16];  /* network byte order; 4 bytes used for AF_INET */
    uint8_t broadcast[4]; /* AF_INET only, computed if not given; all zero: none (/31, /32) */
    uint8_t prefix;       /* bits */
};

enum net_gateway { GATEWAY_NONE, GATEWAY_ADDRESS, GATEWAY_AUTO, GATEWAY_DEV };

/* The flags that linux/if_link.h has as IPVLAN_F_*. */
enum ipvlan_isolation { IPVLAN_ISOLATION_BRIDGE, IPVLAN_ISOLATION_PRIVATE, IPVLAN_ISOLATION_VEPA };

#define NET_VLAN_NONE (-1)

/* One lxc.net.N. */
struct config_net {
    unsigned index; /* N */
    bool has_type;
    enum net_type type;
    char *link;                    /* bridge or parent interface on the host */
    char *name;                    /* in the container; NULL: eth%d */
    char *hwaddr;                  /* "00:16:3e:xx:xx:xx" with x already replaced by random digits */
    bool up;                       /* lxc.net.N.flags = up */
    uint32_t mtu;                  /* bytes; 0: not set */
    struct net_address *addresses; /* both families, as written */
    size_t address_count;
    bool ipv4_dhcp; /* lxc.net.N.ipv4.address = dhcp, an extension of lxcbox; veth only */
    enum net_gateway ipv4_gateway, ipv6_gateway;
    uint8_t ipv4_gateway_address[4];
    uint8_t ipv6_gateway_address[16];
    bool l2proxy;
    char *veth_pair;                 /* host-side name; NULL: vethXXXXXX */
    bool veth_router;                /* lxc.net.N.veth.mode = router */
    struct net_address *veth_routes; /* routes on the host to the container, both families */
    size_t veth_route_count;
    uint32_t veth_rxqueues, veth_txqueues; /* 0: not set */
    bool has_veth_vlan_id;
    int veth_vlan_id;           /* NET_VLAN_NONE: no untagged traffic */
    uint16_t *veth_vlan_tagged; /* sorted as written */
    size_t veth_vlan_tagged_count;
    int macvlan_mode;                  /* MACVLAN_MODE_* of linux/if_link.h */
    int ipvlan_mode, ipvlan_isolation; /* IPVLAN_MODE_* of linux/if_link.h; enum ipvlan_isolation */
    uint16_t vlan_id;
    char *script_up, *script_down;
};

/*
 * lxc.mount.auto, one value for each kind. AUTO_UNSPECIFIED (a bare "cgroup"): rw if the container has
 * CAP_SYS_ADMIN, else mixed.
 */
enum auto_mount { AUTO_NONE, AUTO_MIXED, AUTO_RO, AUTO_RW, AUTO_UNSPECIFIED };

struct config_auto_mounts {
    enum auto_mount proc; /* mixed or rw */
    enum auto_mount sys;
    enum auto_mount cgroup; /* cgroup:mixed|ro|rw */
    bool cgroup_full;       /* cgroup-full */
    bool cgroup2;           /* cgroup2: only the v2 hierarchy, on any host */
    bool cgroup_force;      /* ":force": also in a cgroup namespace */
    char *shmounts;         /* "HOST:CONTAINER"; NULL: none */
};

/* One lxc.mount.entry or fstab line, in fstab(5) form, split into its fields. */
struct config_mount {
    char *source;
    char *target; /* relative to the rootfs unless absolute beneath lxc.rootfs.mount */
    char *type;
    char *options; /* with the options of LXC: optional, create=dir, create=file, relative */
    char *origin;  /* "FILE:LINE" for errors */
    char *entry;   /* the whole value of lxc.mount.entry; NULL for a line of a file */
};

enum hook_kind {
    HOOK_PRE_START,
    HOOK_PRE_MOUNT,
    HOOK_MOUNT,
    HOOK_AUTODEV,
    HOOK_START_HOST,
    HOOK_START,
    HOOK_STOP,
    HOOK_POST_STOP,
    HOOK_CLONE,
    HOOK_DESTROY,
    HOOK_KINDS,
};

struct config {
    char *file; /* the file it was read from */

    char *arch; /* as written: x86_64, amd64, linux64, ... */
    char *uts_name;

    char *rootfs_path; /* as written, with its "dir:" or "overlay:" prefix if any */
    char *rootfs_mount;
    char *rootfs_options;
    bool rootfs_managed; /* default true: lxc-destroy removes the rootfs */

    struct config_auto_mounts mount_auto;
    struct config_mount *mounts; /* the entries in order; config_load_fstab() puts those of the file first */
    size_t mount_count;
    char *mount_fstab;

    struct config_net *nets; /* sorted by index */
    size_t net_count;

    struct config_idmap *idmaps;
    size_t idmap_count;

    struct string_list cap_drop,
        cap_keep; /* names without "cap_"; "none": has_cap_keep is set and cap_keep is empty */
    bool has_cap_keep;
    bool no_new_privs;

    struct config_pairs cgroup;  /* lxc.cgroup.X: v1, in order */
    struct config_pairs cgroup2; /* lxc.cgroup2.X: v2, in order */
    char *cgroup_dir, *cgroup_dir_container, *cgroup_dir_monitor, *cgroup_dir_container_inner,
        *cgroup_dir_monitor_pivot;
    bool cgroup_relative;

    bool autodev;                      /* default true */
    uint64_t autodev_tmpfs_size_bytes; /* default 500000 */
    uint32_t pty_max;                  /* 0: not set, LXC's 1024 */
    uint32_t tty_max;
    char *tty_dir; /* below /dev; NULL or "": none */

    char *console_path, *console_logfile;
    uint64_t console_buffer_size_bytes; /* 0: none */
    uint64_t console_size_bytes;
    bool console_rotate;

    char *init_cmd;    /* NULL: /sbin/init */
    char *execute_cmd; /* of lxc-execute */
    uid_t init_uid;
    gid_t init_gid;
    gid_t *init_groups; /* supplementary groups */
    size_t init_group_count;
    char *init_cwd;
    bool ephemeral;

    int signal_halt, signal_reboot, signal_stop; /* 0: the defaults SIGPWR, SIGINT, SIGKILL */

    bool start_auto;
    int start_delay_seconds, start_order;
    struct string_list groups;

    /*
     * "KEY=VALUE" (a bare KEY takes its value from our environment when parsed): for all, only for hooks, and
     * only for init and attached commands
     */
    struct string_list environment, environment_hooks, environment_runtime;

    struct string_list hooks[HOOK_KINDS];
    int hook_version;

    char *seccomp_profile;
    bool seccomp_allow_nesting;
    char *seccomp_notify_cookie, *seccomp_notify_proxy; /* the proxy as written: "unix:PATH" */

    char *apparmor_profile; /* NULL: not set */
    bool apparmor_allow_incomplete, apparmor_allow_nesting;
    struct string_list apparmor_raw;
    char *selinux_context, *selinux_context_keyring;
    bool keyring_session; /* lxc.keyring.session = 1, which keep the caller's session keyring */

    uint64_t namespace_clone, namespace_keep; /* CLONE_NEW* masks; 0: not set */
    char *namespace_share[8]; /* by namespace_kind of core/config/namespaces.h: PID, name or path */

    struct config_time_offset time_offset_boot, time_offset_monotonic;
    bool sched_core;

    struct config_pairs prlimit, sysctl, proc; /* a limit as "SOFT:HARD", or one for both */

    char *log_file;
    char *log_syslog;          /* facility: "daemon", "local0" to "local7" */
    int log_level;             /* enum log_level, -1: not set */
    uint32_t monitor_unshare;  /* 0 or any other number */
    int monitor_signal_pdeath; /* default SIGKILL; 0: none */

    /*
     * All assignments in the order in which they took effect, with includes expanded: the output of
     * config_write().
     */
    struct config_assignments assignments;
};

/*
 * Whether the assignment with this number is still in effect: it is not empty, and no later assignment clears
 * its key or family ("lxc.cgroup2", "lxc.net.0").
 */
bool config_assignment_holds(const struct config *c, size_t number);

#define cleanup_config __attribute__((cleanup(config_free)))

/* Set the defaults; everything else is empty. */
void config_init(struct config *c);
void config_free(struct config *c);

/*
 * Read a file and its includes into an initialised config, in addition to its current settings. An invalid
 * line is an error "FILE:LINE: reason"; the config is then unchanged. If an included file below LXC's
 * configuration directory (/usr/share/lxc/config) does not exist, the built-in file is used. Sets `file` if
 * it is not set. 0 or a negative errno.
 */
int config_read_file(struct config *c, const char *path, struct error *err);

/*
 * The same for a text in memory; `origin` is its name in errors. lxc.include is followed, or rejected with
 * `follow` false, so that no file is read.
 */
int config_read_text(struct config *c, const char *text, size_t length, const char *origin, bool follow,
                     struct error *err);

/* Apply one assignment as from the command line (lxc-start -s KEY=VALUE); `origin` is named in errors. */
int config_set(struct config *c, const char *key, const char *value, const char *origin, struct error *err);

/*
 * Check all values before a start. The parser accepts some invalid values, such as the mtu "many": LXC also
 * fails only at the start, and such a container can be listed, copied and removed. 0, or a negative errno
 * with `err` naming file and line.
 */
int config_check(const struct config *c, struct error *err);

/*
 * The value of lxc.rootfs.path without the storage type ("/a" for "dir:/a"), as passed to scripts; NULL for
 * NULL.
 */
const char *config_rootfs_location(const char *path);

/*
 * Append the value of a key to `out`, in the format of GET_CONFIG_ITEM and `lxc-info -c KEY`: where stock LXC
 * does so (hooks, capabilities, cgroup settings) each value of a list ends with a newline, other lists have
 * newlines between values. Nothing is appended for a key without a value. "lxc.net" lists the types,
 * "lxc.net.N" the keys of this network, "lxc.cgroup" and the other families their "KEY = VALUE". 0, -ENOENT
 * for a key that does not exist, -ENOMEM.
 */
int config_get_item(const struct config *c, const char *key, struct strbuf *out);

/*
 * Insert the entries of the file lxc.mount.fstab before `mounts`, for a caller that is about to mount them;
 * no effect without that key. 0, or a negative errno with `err` naming file and line.
 */
int config_load_fstab(struct config *c, struct error *err);

/*
 * Append a configuration text from which the same config can be read: all assignments in the order in which
 * they took effect. (edit.h changes a user's file and keeps its comments and includes.) 0 or -ENOMEM.
 */
int config_write(const struct config *c, struct strbuf *out);

#endif
