#!/bin/bash
# Debian's inits and BusyBox's boot to their normal end and shut down on lxc-stop, on a machine that has cgroup v2 alone.
# Their rootfs is on a disk; its changes are thrown away.
. "$(dirname "$0")/../lib.sh"
. tests/images.sh
. tests/inits.sh
. tests/vm.sh
needs_root
vm_native
vm_needs
for need in busybox mke2fs; do
    command -v $need > /dev/null || { skip 'inits with cgroup v2 alone' "needs $need"; exit 0; }
done
if ! why=$(image_debian 2>&1); then
    skip 'inits with cgroup v2 alone' "no Debian rootfs: $why"
    exit 0
fi
chmod 755 "$WORK"
inits_base || exit 1
inits=(busybox systemd)
mkdir -p "$WORK/systemd/upper" "$WORK/disk"
other() { inits+=("$1"); }
another other

on_disk() {
    local name
    mv "$base" "$WORK/disk/base" || return
    for name in "${inits[@]:1}"; do mkdir "$WORK/disk/$name" && mv "$WORK/$name/upper" "$WORK/disk/$name/" || return; done
    truncate -s 2G "$WORK/disk.img" && mke2fs -q -F -t ext4 -O ^has_journal -d "$WORK/disk" "$WORK/disk.img"
}
t 'the disk is written' on_disk

vm_guest "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
mkdir /disk /work /lxc
for m in virtio_pci virtio_blk; do lxcbox modprobe $m; done
until [ -e /dev/vda ]; do sleep 0.1; done
mount -t ext4 /dev/vda /disk
P=/lxc WORK=/work LXCBOX=/bin/lxcbox PAUSE=2 PATIENCE=200
. /lives
t 'a BusyBox system is made' busybox_made
# All at once, as much of a boot is waiting.
lives() {
    WORK=/work/$1
    mkdir "$WORK"
    t "$1 boots to its normal end" boots "$1"
    [ "$1" != systemd ] || systemd_whole
    t "$1 shuts down on lxc-stop" shuts_down "$1"
    echo "$1: $(cut -d ' ' -f 1 /proc/uptime) s after power on"
}
for name in $(sed -n 's/.*inits=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' '); do
    [ $name = busybox ] || container $name overlay:/disk/base:/disk/$name/upper
    lives $name &
done
wait
left() { find /sys/fs/cgroup -name 'lxc.*'; grep -c ' /lxc' /proc/mounts | grep -v '^0'; :; }
t 'everything is given back' is '' left
off
GUEST
links=()
for a in sh mount mkdir cat sed ip cp ln chmod grep find poweroff sleep tail rm cut tr timeout date; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' vm_initramfs "$WORK/initrd" -m virtio_pci,virtio_blk,overlay \
    -a "$(command -v busybox):/bin/busybox" -a "$WORK/guest:/guest" -a tests/inits-lives.sh:/lives "${links[@]}"
VM_SECONDS=300 VM_MEMORY=1024 vm_run "$WORK/initrd" "rdinit=/guest inits=$(IFS=,; echo "${inits[*]}")" \
    -smp 2 -drive "file=$WORK/disk.img,if=virtio,format=raw,cache=unsafe" > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end' grep -q '^the end' "$WORK/log"
