#!/bin/bash
# Debian's inits and BusyBox's boot to their normal end, reboot and shut down on lxc-stop, on a machine that has
# cgroup v2 alone and whose own init is lxcbox. All is on a disk that it mounts at /var: one container that it starts
# by itself, others, and one without a rootfs that tries them, for whose end it waits.
. "$(dirname "$0")/../lib.sh"
. tests/images.sh
. tests/inits.sh
ID='' P=$WORK/disk/lib/lxc
. tests/inits-lives.sh
. tests/vm.sh
needs_root
vm_native
vm_needs
for need in busybox mke2fs debugfs; do
    command -v $need > /dev/null || { skip 'inits with cgroup v2 alone' "needs $need"; exit 0; }
done
if ! why=$(image_debian 2>&1); then
    skip 'inits with cgroup v2 alone' "no Debian rootfs: $why"
    exit 0
fi
chmod 755 "$WORK"
inits_base || exit 1
inits=(busybox systemd)
mkdir -p "$WORK/systemd/upper/etc/systemd/system" "$WORK/disk/work/systemd" "$P/tries"
# What a container has no use for, which costs an emulated machine most of a boot.
for unit in systemd-sysusers.service systemd-tmpfiles-setup{,-dev}.service \
    systemd-update-utmp{,-runlevel}.service e2scrub_all.timer apt-daily{,-upgrade}.timer \
    dpkg-db-backup.timer dev-hugepages.mount dev-mqueue.mount; do
    ln -s /dev/null "$WORK/systemd/upper/etc/systemd/system/$unit"
done
useless='brightness|mount-configfs|checkfs|checkroot|'
useless+='mountall-bootclean|mountnfs|urandom|hwclock|cgroups|bootlogs|rmnologin|rc\.local|'
useless+='umountnfs|savecache|killprocs|single|motd|bootlogd|stop-bootlog'
other() {
    find "$WORK/$1/upper/etc"/{rc?.d,runlevels,init.d} 2> /dev/null | grep -E "/([SK][0-9]+)?($useless)" | xargs rm
    inits+=("$1")
}
another other

on_disk() {
    local name
    mv "$base" "$WORK/disk/base" || return
    for name in "${inits[@]:1}"; do
        container "$name" "overlay:/var/base:/var/$name/upper" &&
            mkdir "$WORK/disk/$name" &&
            mv "$WORK/$name/upper" "$WORK/disk/$name/" ||
            return
    done
    printf 'lxc.start.auto = 1\nlxc.console.logfile = /var/work/systemd/systemd.console\n' >> "$P/systemd/config"
    printf 'lxc.namespace.keep = user pid net ipc uts cgroup\n' > "$P/tries/config"
    truncate -s 2G "$WORK/disk.img" && mke2fs -q -F -t ext4 -O ^has_journal -d "$WORK/disk" "$WORK/disk.img"
}
t 'the disk is written' on_disk

vm_guest "$WORK/guest"
sed -i '/^mount /d; /^mkdir /d' "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
P=/var/lib/lxc LXCBOX=/bin/lxcbox ID= PAUSE=1 TIMEOUT_SECONDS=200 WORK=/var/work
. /lives
t 'a BusyBox system is made' busybox_made
# All at once, as much of a boot and of an end is waiting.
lives() {
    WORK=/var/work/$1
    mkdir -p "$WORK"
    case $1 in
    systemd)
        t 'systemd, started by init, comes to its normal end' comes_to_its_end systemd 1
        systemd_whole systemd
        ;;
    *) t "$1 boots to its normal end" boots "$1" ;;
    esac
    t "$1 reboots on lxc-stop -r" reboots "$1"
    [ "$1" = systemd ] || t "$1 shuts down on lxc-stop" shuts_down "$1"
    echo "$1: $(cut -d ' ' -f 1 /proc/uptime) s after power on"
}
for name in $(sed -n 's/.*inits=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' '); do
    lives $name &
done
wait
left() { find /sys/fs/cgroup -name 'lxc.*' ! -name '*.tries' ! -name '*.systemd'; }
t 'everything is given back of what has ended' is '' left
GUEST
links=()
for a in sh mount mkdir cat sed ip cp ln chmod grep find sleep tail rm cut tr timeout date; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' vm_initramfs "$WORK/initrd" -m virtio_pci,virtio_blk,overlay \
    -a "$(command -v busybox):/bin/busybox" -a "$WORK/guest:/guest" -a tests/inits-lives.sh:/lives "${links[@]}"
VM_SECONDS=600 VM_MEMORY=1024 vm_run "$WORK/initrd" \
    "lxc.data=/dev/vda lxc.image=on/disk lxc.name=tries lxc.run=/guest lxc.net=none ip=off lxc.end=poweroff \
inits=$(IFS=,; echo "${inits[*]}")" -drive "file=$WORK/disk.img,if=virtio,format=raw,cache=unsafe" \
    > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end by itself' grep -q 'reboot: Power down' "$WORK/log"
t 'and kills no container for it' fails grep -q 'killing' "$WORK/log"
debugfs -R 'cat /work/systemd/systemd.console' "$WORK/disk.img" > "$WORK/console" 2> /dev/null
t "init shuts systemd down at the machine's end" has 'Halting system' tail -n 20 "$WORK/console"
