#!/bin/bash
# A systemd that would refuse the host's cgroups gets others, or the start warns. What is started is not systemd but
# looks like it; inits.sh boots real ones.
. tests/lib.sh
needs_root
if [ ! -x /bin/busybox ]; then
    skip "a systemd's cgroups" 'needs busybox-static'
    exit 0
fi
P=$WORK/lxc name=systemd$$
root=$P/$name/rootfs
mkdir -p "$root"/{bin,sbin,dev,proc,sys,usr/lib/systemd} && chmod 755 "$WORK"
cp /bin/busybox "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
printf '#!/bin/sh\nexec /bin/busybox sleep 600\n' > "$root/usr/lib/systemd/systemd"
chmod 755 "$root/usr/lib/systemd/systemd"
ln -s /usr/lib/systemd/systemd "$root/sbin/init"
cat > "$P/$name/config" << END
lxc.rootfs.path = dir:$root
lxc.net.0.type = empty
lxc.mount.auto = proc:mixed sys:mixed
END
cleanup 'lxcbox lxc-stop -k -P "$P" -n $name'
begin() { # VERSION [OPTION]...: start, with all that is said
    rm -f "$root"/usr/lib/systemd/libsystemd-*
    touch "$root/usr/lib/systemd/libsystemd-shared-$1.so"
    lxcbox lxc-start -P "$P" -n "$name" "${@:2}" 2>&1
}
end() { lxcbox lxc-stop -k -P "$P" -n "$name"; }
cgroups() { lxcbox lxc-attach -P "$P" -n "$name" -- /bin/busybox grep ' /sys/fs/cgroup' /proc/mounts; }

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    t 'cgroup v2 alone: a new systemd is given it' is '' begin 258 -s lxc.mount.auto=cgroup
    t 'it is mounted' has '^[^ ]* /sys/fs/cgroup cgroup2 rw' cgroups
    end
    t 'an old systemd starts with a warning' has 'older than 232 and requires cgroup v1' \
        begin 231 -s lxc.mount.auto=cgroup
elif grep -q ' cgroup2 ' /proc/mounts; then
    t 'a systemd that refuses cgroup v1 starts without a warning' is '' begin 256 -s lxc.mount.auto=cgroup
    t 'it finds v2 alone' has '^[^ ]* /sys/fs/cgroup cgroup2 rw' cgroups
    t 'and may make cgroups there' lxcbox lxc-attach -P "$P" -n "$name" -- /bin/busybox mkdir /sys/fs/cgroup/init.scope
    end
    t 'one that takes v1 in a container mounts what it wants itself' is '' begin 257 -s lxc.mount.auto=cgroup
    t 'nothing is mounted for it' fails cgroups
    end
    t 'it may have v1 forced upon it' is '' begin 257 -s lxc.mount.auto=cgroup:rw:force
    end
    t 'where v1 is forced there is a warning' has 'systemd 256 refuses cgroup v1 .* .set lxc.mount.auto = cgroup2' \
        begin 256 -s lxc.mount.auto=cgroup:rw:force
    end
    t 'not where it mounts the v2 tree itself' is '' begin 258
    end
    t 'not where the v2 tree is asked for' is '' begin 258 -s lxc.mount.auto=cgroup2
else
    t 'cgroup v1 alone: there is a warning' has 'refuses cgroup v1 .* .mount cgroup2' begin 256 -s lxc.mount.auto=cgroup
fi
end
