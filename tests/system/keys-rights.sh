# Namespaces, ids, clocks, control groups and rights.
. tests/keys.sh

namespace() { readlink "/proc/self/ns/$1"; }
of_its_own() { # KEY=VALUE...: the namespaces that the container has of its own
    with "$@" -- sh \
        -c 'for n in user mnt pid uts ipc net cgroup time; do echo $n $(readlink /proc/self/ns/$n); done' |
        while read -r name id; do [ "$(namespace "$name")" = "$id" ] || echo "$name"; done |
        tr '\n' ' '
}
key lxc.namespace.clone 'those alone are its own' is 'mnt pid net ' of_its_own 'lxc.namespace.clone=mnt pid net'
key lxc.namespace.keep 'all are its own but these' is 'mnt pid ipc net cgroup ' of_its_own lxc.namespace.keep=uts
key lxc.namespace.share.NAME 'that of a process' is "$(namespace uts)" \
    with lxc.namespace.share.uts=$$ lxc.uts.name= -- readlink /proc/self/ns/uts
key lxc.namespace.share.NAME 'that which a file stands for' is "$(namespace ipc)" \
    with lxc.namespace.share.ipc=/proc/$$/ns/ipc -- readlink /proc/self/ns/ipc
mkdir "$P/$N-s" && sed 's/^lxc.uts.*//' "$P/$N/config" > "$P/$N-s/config"
share_that_of_container() {
    started &&
        [ "$(inside readlink /proc/self/ns/net)" = \
            "$(lxcbox lxc-execute -P "$P" -n "$N-s" -s "lxc.namespace.share.net=$N" -- readlink /proc/self/ns/net)" \
            ]
}
key lxc.namespace.share.NAME 'that of a container' share_that_of_container
stopped

chmod 755 "$P" "$P/$N"
key lxc.idmap 'its root is another outside' is '0 200000 1000' with 'lxc.idmap=u 0 200000 1000' \
    'lxc.idmap=g 0 200000 1000' lxc.mount.auto= lxc.mount.auto=proc -- sh -c 'echo $(cat /proc/self/uid_map)'
if [ -e /proc/self/ns/time ]; then
    key lxc.time.offset.boot 'moves the boot clock' \
        [ "$(with lxc.time.offset.boot=864000s -- cut -d. -f1 /proc/uptime)" -ge 864000 ]
    key lxc.time.offset.monotonic 'moves the monotonic clock' has '^monotonic +36000 +0$' \
        with lxc.time.offset.monotonic=10h -- cat /proc/self/timens_offsets
else
    skip 'lxc.time.offset.boot: moves the boot clock' 'no time namespaces'
    skip 'lxc.time.offset.monotonic: moves the monotonic clock' 'no time namespaces'
fi

# --- Limits by their effect, as the host has them: cgroup v2 alone, or v1 ---
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    limits=lxc.cgroup2.NAME others=lxc.cgroup.NAME hierarchy=/sys/fs/cgroup
    memory=(lxc.cgroup2.memory.swap.max=0 lxc.cgroup2.memory.max)
    pids=lxc.cgroup2.pids.max quota='lxc.cgroup2.cpu.max=10000 100000'
    deny=lxc.cgroup2.devices.deny
else
    limits=lxc.cgroup.NAME others=lxc.cgroup2.NAME hierarchy=/sys/fs/cgroup/pids
    memory=(lxc.cgroup.memory.swappiness=0 lxc.cgroup.memory.limit_in_bytes)
    pids=lxc.cgroup.pids.max quota=lxc.cgroup.cpu.cfs_quota_us=10000
    deny=lxc.cgroup.devices.deny
fi
# tail keeps as much as it is asked for.
eats_40m() { with "${memory[0]}" "${memory[1]}=$1" -- sh -c 'head -c 40m /dev/zero | tail -c 40m | wc -c'; }
key $limits 'who needs more memory than there is is killed' fails is 41943040 eats_40m 20M
key $limits 'who needs less is not' is 41943040 eats_40m 100M
forks() { with "$pids=$1" -- sh -c 'for i in $(seq 20); do sleep 0.05 & done' 2>&1; true; }
key $limits 'no more processes than allowed' has "can't fork" forks 10
key $limits 'and as many as that' is '' forks 50
# The same work takes several times its own time.
slowed() { # KEY=VALUE
    with "$1" -- sh -c 'time -p sh -c "i=0; while [ \$i -lt 60000 ]; do i=\$((i+1)); done"' 2>&1 |
        tee "$WORK/times" |
        awk '{ spent[$1] = $2 } END { exit !(spent["real"] >= 3 * (spent["user"] + spent["sys"])) }' ||
        { cat "$WORK/times"; false; }
}
key $limits 'no more of the processor than allowed' slowed "$quota"
key $limits 'a device that is denied' has 'Operation not permitted' \
    with "$deny=c 1:5 rwm" -- sh -c 'head -c 1 /dev/zero 2>&1; true'
key $others 'ignored on this kind of host' with "${others%NAME}nosuch=1" -- true

cgroup_of() { # PID
    local by
    [ $limits = lxc.cgroup2.NAME ] && by='^0::' || by=':pids:'
    grep "$by" "/proc/$1/cgroup" | cut -d: -f3
}
payload() { started "$@" && cgroup_of "$(init_pid)"; }
monitor() { started "$@" && cgroup_of "$(monitor_pid)"; }
key lxc.cgroup.dir 'the directory in which they are made' is "/keys$$/lxc.payload.$N" payload lxc.cgroup.dir=keys$$
key lxc.cgroup.dir.container "the container's" is "/keys$$/c" \
    payload lxc.cgroup.dir.monitor=keys$$/m lxc.cgroup.dir.container=keys$$/c
key lxc.cgroup.dir.monitor "the monitor's" is "/keys$$/m" \
    monitor lxc.cgroup.dir.monitor=keys$$/m lxc.cgroup.dir.container=keys$$/c
key lxc.cgroup.dir.container.inner 'the one within that init is in' is "/keys$$/c/inner" \
    payload lxc.cgroup.dir.monitor=keys$$/m lxc.cgroup.dir.container=keys$$/c lxc.cgroup.dir.container.inner=inner
stopped
pivoted() {
    with lxc.cgroup.dir.monitor=keys$$/m lxc.cgroup.dir.container=keys$$/c lxc.cgroup.dir.monitor.pivot=keys$$/p \
        "lxc.hook.post-stop=$(says "\$(cat /proc/self/cgroup)")" -- true && grep ":/keys$$/p" "$WORK/said"
}
key lxc.cgroup.dir.monitor.pivot 'the cgroup of the monitor at the end' pivoted
mkdir "$hierarchy/own$$"
cleanup \
    'rmdir $hierarchy/own$$/* $hierarchy/own$$ ; find /sys/fs/cgroup -depth -type d -path "*/keys$$*" -exec rmdir {} +'
from_own() { (echo 0 > "$hierarchy/own$$/cgroup.procs" && payload "$@"); }
key lxc.cgroup.relative "1: below the caller's" is "/own$$/lxc.payload.$N" from_own lxc.cgroup.relative=1
key lxc.cgroup.relative '0: below the top' is "/lxc.payload.$N" from_own lxc.cgroup.relative=0
stopped

capabilities() { with "$@" -- sh -c 'grep ^CapBnd: /proc/self/status'; }
key lxc.cap.drop 'the capabilities that it never has' fails with lxc.cap.drop=sys_admin -- mount -t tmpfs none /mnt
key lxc.cap.drop 'and the capabilities that it keeps' with lxc.cap.drop=sys_time -- mount -t tmpfs none /mnt
key lxc.cap.keep 'all that it has' has '^CapBnd:.0000000000200080$' capabilities 'lxc.cap.keep=sys_admin setuid'
key lxc.cap.keep 'none: nothing' has '^CapBnd:.0000000000000000$' capabilities lxc.cap.keep=none
cp "$LXCBOX" "$R/bin/nsenter-suid" && chmod 4755 "$R/bin/nsenter-suid" && ln -s nsenter-suid "$R/bin/lxcbox"
becomes_root() { with lxc.init.uid=1000 "$@" -- lxcbox nsenter -t 1 -u /bin/true; }
key lxc.no_new_privs 'a set-user-ID program gives rights' becomes_root
key lxc.no_new_privs 'but not with it' fails becomes_root lxc.no_new_privs=1

printf '2\ndenylist\nmkdir errno 28\nmkdirat errno 28\n' > "$WORK/profile"
key lxc.seccomp.profile 'which system calls fail' has 'No space left' \
    with "lxc.seccomp.profile=$WORK/profile" -- sh -c 'mkdir /mnt/x 2>&1; true'
# A filter that lets all pass, and then what it is given: prctl(2), PR_SET_SECCOMP, SECCOMP_MODE_FILTER.
filtered() {
    python3 -c '
import ctypes, os, struct, sys
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
if ctypes.CDLL(None).prctl(22, 2, program, 0, 0) != 0: sys.exit("no seccomp")
os.execv(sys.argv[1], sys.argv[1:])' "$LXCBOX" lxc-execute -P "$P" -n "$N" -s \
        "lxc.seccomp.profile=$WORK/profile" "$@" -- grep Seccomp_filters /proc/self/status
}
key lxc.seccomp.allow_nesting '0: none where there is one already' has ':.1$' filtered
key lxc.seccomp.allow_nesting '1: one more' has ':.2$' filtered -s lxc.seccomp.allow_nesting=1

key lxc.apparmor.allow_nesting 'a whole /proc and /sys for containers inside' has ' /dev/.lxc/proc proc' \
    with lxc.apparmor.allow_nesting=1 -- cat /proc/mounts
if [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; then
    profile=$(sed -n 's/ (.*//p' /sys/kernel/security/apparmor/profiles | head -n 1)
    key lxc.apparmor.profile 'the profile that confines it' has "^$profile" \
        with "lxc.apparmor.profile=$profile" lxc.apparmor.allow_incomplete=1 -- cat /proc/self/attr/current
    key lxc.apparmor.profile 'one that is not loaded is refused' refuses 'not loaded' \
        with lxc.apparmor.profile=nowhere-$$ -- true
    key lxc.apparmor.raw 'refused with a profile that is not generated' refuses 'generated' \
        with lxc.apparmor.profile=unconfined 'lxc.apparmor.raw=/x r,' -- true
    if [ -e /sys/kernel/security/apparmor/features/mount/mask ]; then
        skip 'lxc.apparmor.allow_incomplete: starts all the same' "this kernel's AppArmor mediates mounts"
    else
        apparmor_allow_incomplete_starts_all_same() {
            ! with "lxc.apparmor.profile=$profile" -- true &&
                with "lxc.apparmor.profile=$profile" lxc.apparmor.allow_incomplete=1 -- true
        }
        key lxc.apparmor.allow_incomplete 'starts all the same' apparmor_allow_incomplete_starts_all_same
    fi
else
    skip 'lxc.apparmor.profile: the profile that confines it' 'no AppArmor in this kernel'
    skip 'lxc.apparmor.raw: the profile that confines it' 'no AppArmor in this kernel'
    skip 'lxc.apparmor.allow_incomplete: the profile that confines it' 'no AppArmor in this kernel'
    apparmor_profile_is_warned_of_without() {
        with lxc.apparmor.profile=nowhere lxc.apparmor.allow_incomplete=1 'lxc.apparmor.raw=/x r,' -- \
            true 2>&1
    }
    key lxc.apparmor.profile 'is warned of without AppArmor' has \
        'AppArmor is not enabled: lxc.apparmor.profile = nowhere has no effect' \
        apparmor_profile_is_warned_of_without
fi
if [ -e /sys/fs/selinux/enforce ]; then
    context=$(tr -d '\0' < /proc/self/attr/current)
    key lxc.selinux.context 'the profile that confines it' has "^$context" \
        with "lxc.selinux.context=$context" -- cat /proc/self/attr/current
    key lxc.selinux.context.keyring 'the label of its keyring' with "lxc.selinux.context.keyring=$context" -- true
else
    skip 'lxc.selinux.context: the profile that confines it' 'no SELinux in this kernel'
    skip 'lxc.selinux.context.keyring: the label of its keyring' 'no SELinux in this kernel'
    selinux_context_is_warned_of_without() {
        with lxc.selinux.context=a:b:c:d -- true 2>&1
    }
    key lxc.selinux.context 'is warned of without SELinux' has \
        'SELinux is not enabled: lxc.selinux.context = a:b:c:d has no effect' \
        selinux_context_is_warned_of_without
    key lxc.selinux.context.keyring 'does not matter without SELinux' with lxc.selinux.context.keyring=a:b:c:d -- true
fi
