# Hooks: each at its moment, with its arguments and environment.
. tests/keys.sh

# What hook KIND has said, after the container has run once.
hook() { # KIND TEXT [KEY=VALUE...]
    local kind=$1 program
    program=$(says "$2")
    shift 2
    with "lxc.hook.$kind=$program" "$@" -- true && cat "$WORK/said"
}
key lxc.hook.pre-start 'on the host, before there are cgroups' is "$(readlink /proc/self/ns/mnt) none" \
    hook pre-start '$(readlink /proc/self/ns/mnt) $(find /sys/fs/cgroup -name lxc.payload.'"$N"' | grep . || echo none)'
key lxc.hook.pre-mount "in the container's mount namespace" fails is "$(readlink /proc/self/ns/mnt)" \
    hook pre-mount '$(readlink /proc/self/ns/mnt)'
key lxc.hook.mount 'when the mounts are done' is yes \
    hook mount '$([ -e $LXC_ROOTFS_MOUNT/mnt/bin ] && echo yes)' "lxc.mount.entry=$R mnt none bind 0 0"
key lxc.hook.mount "with the rootfs's path, without its type" is "$R" \
    hook mount '$LXC_ROOTFS_PATH' "lxc.rootfs.path=dir:$R"
key lxc.hook.autodev 'when /dev is there to be filled' is tmpfs hook autodev '$(stat -f -c %T $LXC_ROOTFS_MOUNT/dev)'
key lxc.hook.start-host 'on the host, with the pid' is 'lxc-execute' hook start-host '$(cat /proc/$LXC_PID/comm)'
printf '#!/bin/sh\necho "$$ $(hostname)" > /hooked\n' > "$R/hook" && chmod 755 "$R/hook"
key lxc.hook.start 'inside, before init' has "^[0-9]+ $N-up$" \
    with lxc.hook.start=/hook lxc.uts.name="$N-up" -- cat /hooked
key lxc.hook.stop 'when init has ended, with its namespaces' has "^stop mnt:/proc/[0-9]+/fd/[0-9]+" \
    hook stop '$3 $(echo $* | tr " " "\n" | grep mnt:)'
key lxc.hook.post-stop 'when all is gone' is "post-stop stop none" \
    hook post-stop '$3 $LXC_TARGET $(find /sys/fs/cgroup -name lxc.payload.'"$N"' | grep . || echo none)'
key lxc.environment.hooks 'a variable for hooks, after those for all' is 'three two' hook pre-start '$A $B' \
    lxc.environment.hooks=A=three lxc.environment=A=one lxc.environment=B=two
key lxc.environment.runtime 'not for hooks' is one \
    hook pre-start '$A' lxc.environment=A=one lxc.environment.runtime=A=two
key lxc.hook.version '0 gives name, section and kind' is "$N lxc pre-start" hook pre-start '$*' lxc.hook.version=0
key lxc.hook.version '1 gives them in the environment' is ", lxc pre-start" \
    hook pre-start '$*, $LXC_HOOK_SECTION $LXC_HOOK_TYPE' lxc.hook.version=1
key lxc.hook.version '1 gives the namespaces, too' is net: \
    hook start-host '$(readlink $LXC_NET_NS | cut -c1-4)' lxc.hook.version=1
key lxc.hook 'empty takes all hooks out' is '' with lxc.hook.pre-start=/bin/false lxc.hook= -- true
key lxc.hook.pre-start 'one that fails stops the start' \
    refuses 'lxc.hook.pre-start: /bin/false exited with status 1' with lxc.hook.pre-start=/bin/false -- true

# Copies and removals.
copied() { # TEXT
    printf 'lxc.rootfs.path = dir:%s\nlxc.hook.%s = %s\n' "$P/$N-c/rootfs" "$1" "$(says "$2")" > "$P/$N-c/config"
}
if lxcbox --list | grep -qx lxc-destroy; then
    mkdir -p "$P/$N-c/rootfs"
    copied destroy '$3 $LXC_NAME'
    hook_destroy_runs_before() {
        lxcbox lxc-destroy -P "$P" -n "$N-c" > /dev/null && cat "$WORK/said"
    }
    key lxc.hook.destroy 'before a container is destroyed' is "destroy $N-c" hook_destroy_runs_before
    key lxc.rootfs.managed '1: its rootfs is destroyed with it' [ ! -e "$P/$N-c" ]
    mkdir -p "$P/$N-c" "$WORK/kept"
    printf 'lxc.rootfs.path = dir:%s\nlxc.rootfs.managed = 0\n' "$WORK/kept" > "$P/$N-c/config"
    rootfs_managed_0_its_rootfs_stays() {
        lxcbox lxc-destroy -P "$P" -n "$N-c" > /dev/null && [ ! -e "$P/$N-c" ] && [ -d "$WORK/kept" ]
    }
    key lxc.rootfs.managed '0: its rootfs stays' rootfs_managed_0_its_rootfs_stays
else
    skip 'lxc.hook.destroy: before a container is destroyed' 'lxc-destroy is not built in'
    skip 'lxc.rootfs.managed: 1: its rootfs is destroyed with it' 'lxc-destroy is not built in'
fi
if lxcbox --list | grep -qx lxc-copy; then
    mkdir -p "$P/$N-c/rootfs"
    copied clone '$3 $LXC_NAME $LXC_SRC_NAME'
    hook_clone_runs_for_copy() {
        lxcbox lxc-copy -P "$P" -n "$N-c" -N "$N-d" > /dev/null && cat "$WORK/said"
    }
    key lxc.hook.clone 'runs for a copy with the name of the source' is "clone $N-d $N-c" hook_clone_runs_for_copy
else
    skip 'lxc.hook.clone: runs for a copy with the name of the source' 'lxc-copy is not built in'
fi
