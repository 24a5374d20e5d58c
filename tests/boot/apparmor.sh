#!/bin/bash
# A container under an AppArmor profile that is enforced, a loaded one and one that lxcbox generates: what the profile
# denies is denied.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
vm_needs
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
make_container 'lxc.apparmor.profile = lxcbox-test'
mkdir /lxc/c/rootfs/denied
cp /bin/lxcbox /lxc/c/rootfs/bin/

t 'AppArmor is enforcing' has Y cat /sys/module/apparmor/parameters/enabled
t 'a profile that is not loaded is refused by name' has 'profile lxcbox-test is not loaded' box start
t 'the profile is loaded' dd if=/compiled of=/sys/kernel/security/apparmor/.replace bs=1M
t 'a container starts under it' box start
t 'its init is confined' has 'lxcbox-test \(enforce\)' cat "/proc/$(box info -p -H)/attr/current"
t 'a command of lxc-attach is confined' has 'lxcbox-test \(enforce\)' inside 'busybox cat /proc/self/attr/current'
t 'a denied write is denied' has 'Permission denied' inside 'echo x > /denied/file'
t 'an allowed one is allowed' inside 'echo x > /tmp/file'
t 'elevated privileges leave the profile' has unconfined \
    box attach --elevated-privileges=LSM -- /bin/busybox cat /proc/self/attr/current
t 'the container is stopped' box stop -k
t 'unconfined it may write' has written \
    box execute -s lxc.apparmor.profile=unconfined -- /bin/sh -c 'echo x > /denied/file && echo written'
# As on a kernel whose AppArmor does not mediate mounts.
mount -t tmpfs none /sys/kernel/security/apparmor/features/mount
t 'where mounts are not mediated no container starts under a profile' has 'does not mediate mounts' box start
t 'unless an incomplete confinement is allowed' box start -s lxc.apparmor.allow_incomplete=1
t 'its init is confined' has 'lxcbox-test \(enforce\)' cat "/proc/$(box info -p -H)/attr/current"
t 'the container is stopped' box stop -k
busybox umount /sys/kernel/security/apparmor/features/mount

# Generated. Nothing is left of it when the container has ended, or when it did not start.
generated() {
    sed -i '/apparmor/d' /lxc/c/config &&
        echo 'lxc.apparmor.profile = generated' >> /lxc/c/config &&
        for l; do echo "$l" >> /lxc/c/config; done
}
loaded() { cat /sys/kernel/security/apparmor/profiles; ls /sys/kernel/security/apparmor/policy/namespaces; }
gone() { ! loaded | grep -q lxc-c; }
sed -i 's/auto = proc/auto = proc:rw/' /lxc/c/config
generated
mv /sbin/apparmor_parser /sbin/aside
t 'without its compiler a profile is refused with the reason' \
    has 'apparmor_parser, which is not installed: the kernel only loads compiled policy' box start
mv /sbin/aside /sbin/apparmor_parser
t 'a container starts under a generated profile' box start
t 'its init is confined by it, in a namespace of its own' has '^lxc-c_</lxc>//&:lxc-c_<-lxc>:unconfined' \
    cat "/proc/$(box info -p -H)/attr/current"
t 'the profile is LXCs by name' has '^lxc-c_</lxc> .enforce' loaded
t 'a command of lxc-attach is confined, as seen from the host' has '^lxc-c_</lxc>//&:lxc-c_<-lxc>:unconfined' sh \
    -c \
    'lxcbox lxc-attach -P /lxc -n c -- /bin/busybox sleep 5 & sleep 1
    for p in $(pidof busybox); do cat /proc/$p/attr/current; done; wait'
t 'sysrq is out of reach' has 'sysrq-trigger: Permission denied' inside 'echo h > /proc/sysrq-trigger'
t 'the hosts settings are out of reach' has 'Permission denied' inside 'echo 10 > /proc/sys/vm/swappiness'
t 'its own are not' inside 'echo 1000 > /proc/sys/kernel/msgmax'
t 'a tmpfs may be mounted' inside 'busybox mount -t tmpfs x /tmp && busybox umount /tmp'
t 'proc may not be mounted elsewhere' has 'Permission denied' inside 'busybox mount -t proc x /tmp'
t 'nor a directory of proc be bound to another place' has 'Permission denied' \
    inside 'busybox mount -o bind /proc/sys /tmp'
t 'a directory of its own may be' inside 'busybox mount -o bind /denied /tmp && busybox umount /tmp'
t 'how mounts spread may be changed' inside 'lxcbox unshare -m /bin/busybox true'
t 'its root may not be pivoted' has 'Permission denied' inside \
    'busybox mkdir -p /tmp/o; busybox mount -t tmpfs x /tmp; busybox pivot_root /tmp /tmp; s=$?
    busybox umount /tmp; exit $s'
t 'the container is stopped' box stop -k
t 'and its profile is gone' gone
t 'a command runs under one' has 'sysrq-trigger: Permission denied' \
    box execute -- /bin/sh -c 'echo h > /proc/sysrq-trigger'
t 'and its profile is gone' gone

generated 'lxc.apparmor.allow_nesting = 1'
t 'with nesting a container starts' box start
t 'proc may be mounted anywhere' inside 'busybox mount -t proc x /tmp && busybox umount /tmp'
t 'sysrq is out of reach' has 'sysrq-trigger: Permission denied' inside 'echo h > /proc/sysrq-trigger'
t 'the helpers of nesting may not be read' has 'Permission denied' inside 'busybox cat /dev/.lxc/proc/uptime'
t 'the container is stopped' box stop -k
t 'and its profile is gone' gone

generated 'lxc.apparmor.raw = deny /denied/** w,' 'lxc.apparmor.raw = deny @{PROC}/uptime r,'
t 'with rules of its own a container starts' box start
t 'a write that they deny is denied' has 'Permission denied' inside 'echo x > /denied/file2'
t 'a read of a variables path too' has 'Permission denied' inside 'busybox cat /proc/uptime'
t 'the container is stopped' box stop -k
generated 'lxc.apparmor.raw = nonsense'
t "an invalid rule is refused with the compiler's reason" \
    has 'generated profile: AppArmor parser error.*syntax error' box start
t 'and nothing is left' gone
generated 'lxc.hook.start-host = /bin/false'
t 'a container that does not start' fails box start
t 'leaves nothing' gone
off
GUEST
links=()
for a in sh mount mkdir cat sed cp ln chmod grep poweroff dd ls mv sleep pidof; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
for a in /etc/apparmor/parser.conf $features $(find /etc/apparmor.d/tunables -type f); do
    links+=(-a "$a:$a")
done
parser=$(command -v apparmor_parser)
links+=(-a "$parser:/sbin/apparmor_parser")
for a in $(ldd "$parser" | grep -o '/[^ ]*'); do
    links+=(-a "$(realpath "$a"):$a")
done
t 'an initramfs is written' lxcbox mkinitramfs -o "$WORK/initrd" -m none -a "$(command -v busybox):/bin/busybox" \
    -a "$WORK/guest:/guest" -a "$WORK/compiled:/compiled" "${links[@]}"
vm_run "$WORK/initrd" 'rdinit=/guest apparmor=1 security=apparmor' > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end' grep -q '^the end' "$WORK/log"
