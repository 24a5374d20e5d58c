#!/bin/bash
# The main job on a machine that has cgroup v2 alone, then on one with v1 alone: what the limits do, not what they say.
# With TARGET on a machine of another kind, which has v2 alone.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_needs

guest=$WORK/guest
vm_guest "$guest"
cat >> "$guest" << 'GUEST'
layout=$(sed -n 's/.*layout=\([^ ]*\).*/\1/p' /proc/cmdline)
if [ "$layout" = v2 ]; then
    mount -t cgroup2 cgroup /sys/fs/cgroup
else
    mount -t tmpfs cgroup /sys/fs/cgroup
    for c in memory pids devices freezer cpuset cpu,cpuacct; do
        mkdir "/sys/fs/cgroup/$c"
        mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
    done
fi
uname -srm
grep MemTotal /proc/meminfo
t 'a module is loaded with what it needs' lxcbox modprobe bridge
t 'lsmod lists both' has '^llc .* bridge,stp' lxcbox lsmod
module=$(find /lib/modules -name 'dummy.ko*')
t 'a file is loaded as a module' lxcbox insmod "$module"
t 'and is one' has '^dummy ' lxcbox lsmod
t 'until it is removed' lxcbox rmmod dummy
t 'and is none' fails grep -q '^dummy ' /proc/modules
loading_it_by_name_removes_it_again() {
    lxcbox modprobe dummy && lxcbox modprobe -r dummy && ! grep -q "^dummy " /proc/modules
}
t 'it is removed by name' loading_it_by_name_removes_it_again
t 'a module that there is not is refused' has 'no module nonesuch in /lib/modules' fails lxcbox modprobe nonesuch

ip link set lo up
ip link add br0 type bridge
ip addr add 10.9.0.1/24 dev br0
ip link set br0 up

dd if=/dev/zero of=/fat.img bs=1M count=2 2> /dev/null
busybox mkdosfs /fat.img
mkdir /fat
t 'FAT is mounted' mount -t vfat -o loop /fat.img /fat
t 'a container on FAT is refused with the reason' has \
    'cannot keep containers in /fat: its file system, FAT, has no owners.*-P' fails lxcbox \
    lxc-create -P /fat -n x -t busybox
t 'nothing of it stays there' is '' ls -A /fat
umount /fat

mkdir -p /lxc/c/rootfs/bin /lxc/c/rootfs/proc /lxc/c/rootfs/sys /lxc/c/rootfs/dev /lxc/c/rootfs/tmp /lxc/c/rootfs/etc
cp /bin/busybox /lxc/c/rootfs/bin/
for a in sh ls cat sleep ip ping mknod mkdir dd grep mount true false tail head id chroot uname; do
    ln -s busybox /lxc/c/rootfs/bin/$a
done
[ -e /bin/busybox-32 ] && cp /bin/busybox-32 /lxc/c/rootfs/bin/
cat > /lxc/c/rootfs/bin/init << 'INIT'
#!/bin/sh
trap 'exit 0' PWR TERM
while :; do sleep 1 & wait $!; done
INIT
chmod 755 /lxc/c/rootfs/bin/init
cat > /lxc/c/config << 'CONFIG'
lxc.rootfs.path = dir:/lxc/c/rootfs
lxc.uts.name = c
lxc.init.cmd = /bin/init
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force
lxc.tty.max = 1
lxc.pty.max = 32
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.ipv4.address = 10.9.0.2/24
lxc.net.0.ipv4.gateway = 10.9.0.1
lxc.seccomp.profile = /lxc/profile
lxc.cap.drop = sys_chroot sys_time
# The limit is to kill the command that goes beyond it, and not, while that one still exits, init as well.
lxc.proc.oom_score_adj = -1000
lxc.cgroup2.memory.max = 24M
lxc.cgroup2.memory.swap.max = 0
lxc.cgroup2.pids.max = 12
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c *:* m
lxc.cgroup2.devices.allow = b *:* m
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.allow = c 1:5 r
lxc.cgroup2.devices.allow = c 5:0 rwm
lxc.cgroup2.devices.allow = c 136:* rwm
lxc.cgroup.memory.limit_in_bytes = 24M
lxc.cgroup.pids.max = 12
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c *:* m
lxc.cgroup.devices.allow = b *:* m
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.devices.allow = c 1:5 r
lxc.cgroup.devices.allow = c 5:0 rwm
lxc.cgroup.devices.allow = c 136:* rwm
CONFIG
[ "$layout" = v1 ] && sed -i '/memory.swap/d' /lxc/c/config
# Which of the two there are depends on the machine.
printf '%s\n' 2 denylist 'mkdir errno 95' 'mkdirat errno 95' > /lxc/profile

inside() { box attach -- "$@"; }
left() {
    find /sys/fs/cgroup -name 'lxc.*'
    ip -o link | grep -v -e ': lo:' -e ': br0:'
    grep -c ' /lxc' /proc/mounts | grep -v '^0'
    ps | grep 'lxc-start ' | grep -v grep
    :
}
where() { inside cat /proc/self/cgroup; }

t "a container starts ($layout)" box start
t "it runs ($layout)" is 'State:          RUNNING' box info -s
t "the host reaches it over the bridge ($layout)" ping -c 1 -W 5 10.9.0.2
t "it reaches the host ($layout)" inside ping -c 1 -W 5 10.9.0.1
t "it sees its own cgroup as the root ($layout)" has ':/$' where
t "a system call that is denied is ($layout)" has 'not supported' inside mkdir /tmp/denied
if [ -e /bin/busybox-32 ]; then
    t "a program for the machine's 32-bit kind runs ($layout)" inside busybox-32 true
    t "and is denied it, too ($layout)" has 'not supported' inside busybox-32 mkdir /tmp/denied
fi
t "a capability that is dropped is not had ($layout)" has 'Operation not permitted' inside chroot / /bin/true
if [ "$layout" = v2 ]; then
    t "cgroup v2 is mounted in it ($layout)" inside grep -q 'cgroup2 /sys/fs/cgroup' /sys/../proc/mounts
    t "its controllers are there ($layout)" has memory cat /sys/fs/cgroup/lxc.payload.c/cgroup.controllers
else
    t "its v1 hierarchies are mounted in it ($layout)" inside grep -q 'cgroup .*/sys/fs/cgroup/memory' /proc/mounts
    t "no v2 hierarchy is ($layout)" fails inside grep -q cgroup2 /proc/mounts
fi
# A process that keeps 64 MB: tail holds what has no line's end. Unlike init it may be killed.
t "the memory limit kills ($layout)" has 'Killed|137' inside sh \
    -c 'echo 0 > /proc/self/oom_score_adj; head -c 67108864 /dev/zero | tail > /dev/null; echo "status $?"'
t "the container goes on ($layout)" inside true
t "the pids limit refuses ($layout)" has "can't fork|Resource temporarily" \
    inside sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 1 & done; wait'
sleep 1.2
t "a device that is not given is refused ($layout)" has 'Operation not permitted' \
    inside sh -c 'mknod /tmp/full c 1 7; echo x > /tmp/full'
t "one that may be read is read ($layout)" \
    inside sh -c 'mknod /tmp/zero c 1 5; dd if=/tmp/zero of=/dev/null bs=1 count=1'
t "but not written ($layout)" has 'Operation not permitted' inside sh -c 'echo x > /tmp/zero'
t "lxc-device gives one more ($layout)" box device add /dev/full /dev/full
t "which may be used then ($layout)" has 'No space left' inside sh -c 'echo x > /dev/full'
t "lxc-cgroup reads a limit ($layout)" is 12 box cgroup pids.max
t "lxc-freeze freezes ($layout)" box freeze
t "and it is frozen ($layout)" is 'State:          FROZEN' box info -s
t "lxc-unfreeze thaws ($layout)" box unfreeze
t "lxc-info shows its memory ($layout)" has 'Memory use: +[0-9.]+ [KM]iB' box info
t "lxc-stop ends it by its init ($layout)" box stop -t 20
t "it is stopped ($layout)" is 'State:          STOPPED' box info -s
t "everything is given back ($layout)" is '' left
t "a capability that is not dropped is had ($layout)" box execute -s lxc.cap.drop= -- /bin/chroot / /bin/true
t "a command is executed in it ($layout)" is hello box execute -- /bin/busybox echo hello
# A fifth of a processor: a loop takes about five times as long as it uses one, both in hundredths of a second.
cat > /lxc/c/rootfs/bin/spin << 'SPIN'
#!/bin/sh
read -r a rest < /proc/uptime
i=0
while [ $i -lt 30000 ]; do i=$((i + 1)); done
read -r b rest < /proc/uptime
set -- $(cat /proc/$$/stat)
used=$((${14} + ${15})) took=$((${b%.*}${b#*.} - ${a%.*}${a#*.}))
echo "took $took, used $used"
[ $took -gt $((used * 2)) ]
SPIN
chmod 755 /lxc/c/rootfs/bin/spin
if [ "$layout" = v2 ]; then quota='lxc.cgroup2.cpu.max=20000 100000'; else quota=lxc.cgroup.cpu.cfs_quota_us=20000; fi
t "the cpu quota slows ($layout)" box execute -s "$quota" -- /bin/spin
if [ "$layout" = v2 ]; then other=lxc.cgroup.cpu.shares=100; else other=lxc.cgroup2.cpu.weight=10; fi
t "a limit for the other version alone is a warning ($layout)" has \
    "command line: ${other%%=*} = [0-9]+ has no effect: this host has cgroup $layout" box execute \
    -s "$other" -- /bin/true
t "without it nothing does ($layout)" fails box execute -- /bin/spin
# What looks like a systemd that can live with this machine's cgroups, given its own hierarchy.
mkdir -p /lxc/c/rootfs/usr/lib/systemd
cp /lxc/c/rootfs/bin/init /lxc/c/rootfs/usr/lib/systemd/systemd
touch /lxc/c/rootfs/usr/lib/systemd/libsystemd-shared-252.so
start_systemd() { box start -s lxc.init.cmd=/usr/lib/systemd/systemd 2>&1; }
if [ "$layout" = v1 ]; then
    t 'systemd without a hierarchy is refused with the way to make one (v1)' \
        has 'mount -t cgroup -o none,name=systemd' start_systemd
    box stop -k
    mkdir /sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd
fi
t "systemd has what it needs ($layout)" is '' start_systemd
box stop -k
rm -r /lxc/c/rootfs/usr/lib/systemd
chown -R 100000:100000 /lxc/c/rootfs
t "a container with mapped ids starts ($layout)" \
    box start -s 'lxc.idmap=u 0 100000 65536' -s 'lxc.idmap=g 0 100000 65536'
t "and is entered ($layout)" is 0 inside id -u
t "and is killed ($layout)" box stop -k
t "and gives back everything ($layout)" is '' left
# What looks like a systemd of a version that cannot live with this machine's cgroups.
mkdir -p /lxc/c/rootfs/usr/lib/systemd
cp /lxc/c/rootfs/bin/init /lxc/c/rootfs/usr/lib/systemd/systemd
sed -i '/init.cmd/d' /lxc/c/config
echo 'lxc.init.cmd = /usr/lib/systemd/systemd' >> /lxc/c/config
if [ "$layout" = v2 ]; then
    t 'a systemd without cgroup v1 that needs it starts with a warning' \
        has 'older than 232 and requires cgroup v1' lxcbox lxc-start -P /lxc -n c
else
    touch /lxc/c/rootfs/usr/lib/systemd/libsystemd-shared-258.so
    t 'a systemd without cgroup v2 that needs it starts with a warning' \
        has 'systemd 258 refuses cgroup v1 .*mount cgroup2' lxcbox lxc-start -P /lxc -n c
fi
lxcbox lxc-stop -P /lxc -n c -k
off
GUEST

links=(${BUSYBOX_32:+-a "$BUSYBOX_32:/bin/busybox-32"})
for a in sh mount mkdir cat sed ip ping cp ln chmod grep find ps poweroff ls dmesg chown sleep head uname dd umount; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
built() {
    vm_initramfs "$WORK/initrd" -m bridge,veth,overlay,dummy,loop,vfat,nls_cp437,nls_ascii,nls_utf8 \
        -a "$BUSYBOX:/bin/busybox" -a "$guest:/guest" "${links[@]}"
}

run() { # LAYOUT
    vm_run "$WORK/initrd" "rdinit=/guest layout=$1" > "$WORK/$1"
    cat "$WORK/$1"
    t "the machine with $1$VM_NAME comes to its end" grep -q '^the end' "$WORK/$1"
}
t "an initramfs is written$VM_NAME" built
run v2
[ -z "$TARGET" ] || exit 0
# An older kernel with what was usual then. (It has no cgroup.kill, mount_setattr and others, which does not matter.)
if vm_use older; then
    t 'an initramfs for an older kernel is written' built
else
    skip 'the engine on an older kernel' "$vm_why"
fi
run v1
