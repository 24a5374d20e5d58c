#!/bin/bash
# lxc-config and lxc-update-config.
. "$(dirname "$0")/../lib.sh"

t 'lxc-config -l lists the items' is 'lxc.default_config
lxc.lxcpath
lxc.bdev.lvm.vg
lxc.bdev.lvm.thin_pool
lxc.bdev.zfs.root
lxc.cgroup.use
lxc.cgroup.pattern' lxcbox lxc-config -l
t 'an item is printed' has '^/' lxcbox lxc-config lxc.lxcpath
t 'the beginning of a name will do' is "$(lxcbox lxc-config lxc.lxcpath)" lxcbox lxc-config lxc.lxc
t 'an item without a value is reported' is 'lxc.cgroup.use is not set.' lxcbox lxc-config lxc.cgroup.use
t 'an item that does not exist is refused' refuses 'no item "nonesuch" \(run lxc-config -l' lxcbox lxc-config nonesuch
t 'a missing item is refused with a hint' refuses 'no item to print' lxcbox lxc-config

cat > "$WORK/old" << 'END'
# mine
lxc.rootfs = /r
lxc.utsname = a
lxc.network.type = veth
lxc.network.link = br0
lxc.network.ipv4 = 10.0.3.2/24
lxc.network.type = empty
END
cp "$WORK/old" "$WORK/config"
chmod 640 "$WORK/config"
t 'lxc-update-config succeeds' lxcbox lxc-update-config -c "$WORK/config"
t 'it renames keys, numbers networks and keeps the rest' is '# mine
lxc.rootfs.path = dir:/r
lxc.uts.name = a
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.ipv4.address = 10.0.3.2/24
lxc.net.1.type = empty' cat "$WORK/config"
t 'the old file is kept' cmp "$WORK/old" "$WORK/config.backup"
t 'the mode stays' is 640 stat -c %a "$WORK/config"
echo 'lxc.pts = many' > "$WORK/bad"
t 'a line that is still wrong is named' refuses "$WORK/bad:1: lxc.pty.max takes .*bad.backup" \
    lxcbox lxc-update-config -c "$WORK/bad"
t 'a file that is not there is refused' refuses 'cannot read' lxcbox lxc-update-config -c "$WORK/nowhere"
t 'a missing file is refused with a hint' refuses 'name it with -c' lxcbox lxc-update-config
