#!/bin/bash
# A container under an AppArmor profile that is enforced: what the profile denies is denied.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_needs amd64
features=/usr/share/apparmor-features/features
for need in busybox apparmor_parser; do
    command -v $need > /dev/null || { skip 'AppArmor profiles' "needs $need"; exit 0; }
done

cat > "$WORK/profile" << 'PROFILE'
profile lxcbox-test flags=(attach_disconnected,mediate_deleted) {
    file,
    capability,
    network,
    mount,
    umount,
    pivot_root,
    signal,
    ptrace,
    unix,
    deny /denied/** w,
}
PROFILE
t 'a profile is compiled' apparmor_parser -Q -K -M $features -o "$WORK/compiled" "$WORK/profile"

vm_guest "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t securityfs security /sys/kernel/security
mkdir -p /lxc/c/rootfs/bin /lxc/c/rootfs/proc /lxc/c/rootfs/dev /lxc/c/rootfs/tmp /lxc/c/rootfs/denied
cp /bin/busybox /lxc/c/rootfs/bin/
ln -s busybox /lxc/c/rootfs/bin/sh
cat > /lxc/c/config << 'CONFIG'
lxc.rootfs.path = dir:/lxc/c/rootfs
lxc.net.0.type = empty
lxc.mount.auto = proc
lxc.init.cmd = /bin/busybox sleep 600
lxc.apparmor.profile = lxcbox-test
CONFIG
box() { c=$1; shift; lxcbox "lxc-$c" -P /lxc -n c "$@"; }
inside() { box attach -- /bin/sh -c "$1"; }

t 'AppArmor is enforcing' has Y cat /sys/module/apparmor/parameters/enabled
t 'a profile that is not loaded is refused by name' has 'profile lxcbox-test is not loaded' box start
t 'the profile is loaded' dd if=/compiled of=/sys/kernel/security/apparmor/.replace bs=1M
t 'a container starts under it' box start
t 'its init is confined' has 'lxcbox-test \(enforce\)' cat "/proc/$(box info -p -H)/attr/current"
t 'who attaches is confined' has 'lxcbox-test \(enforce\)' inside 'busybox cat /proc/self/attr/current'
t 'a denied write is denied' has 'Permission denied' inside 'echo x > /denied/file'
t 'an allowed one is allowed' inside 'echo x > /tmp/file'
t 'elevated privileges leave the profile' has unconfined box attach --elevated-privileges=LSM -- /bin/busybox cat /proc/self/attr/current
t 'the container is stopped' box stop -k
t 'unconfined it may write' has written box execute -s lxc.apparmor.profile=unconfined -- /bin/sh -c 'echo x > /denied/file && echo written'
off
GUEST
links=()
for a in sh mount mkdir cat sed cp ln chmod grep poweroff dd; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' lxcbox mkinitramfs -o "$WORK/initrd" -m none -a "$(command -v busybox):/bin/busybox" \
    -a "$WORK/guest:/guest" -a "$WORK/compiled:/compiled" "${links[@]}"
vm_run "$WORK/initrd" 'rdinit=/guest apparmor=1 security=apparmor' > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end' grep -q '^the end' "$WORK/log"
