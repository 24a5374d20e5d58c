#!/bin/bash
# The same on another machine: lxcbox built for it (make TARGET=aarch64), with a kernel for it.
. "$(dirname "$0")/../lib.sh"
. tests/server.sh
. tests/vm.sh
LXCBOX_ARM=${LXCBOX_ARM:-$PWD/build/aarch64/lxcbox}
if [ ! -e "$LXCBOX_ARM" ]; then
    skip 'lxcbox as init on aarch64' 'not built: make TARGET=aarch64'
    exit 0
fi
vm_needs arm64
server_start "$WORK/server" && server_certificate IP:10.0.2.2 || exit 1

# No program for that machine is needed: the image's init is lxcbox itself, as the command ip.
root=$WORK/root
mkdir -p "$root"/{sbin,dev,proc,sys,etc,tmp}
cp "$LXCBOX_ARM" "$root/sbin/ip"
tar -cJf "$WORK/rootfs.tar.xz" -C "$root" .
server_meta "$WORK/meta.tar.xz" 'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed'
server_image small 1 arm64 default 20260101_00:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
server_streams
t 'an initramfs for it is written' lxcbox mkinitramfs -o "$WORK/initrd" -x "$LXCBOX_ARM" -b "$MODULES" -k "$RELEASE" \
    -m virtio_pci,virtio_mmio,virtio_net,af_packet,overlay,veth,bridge,nf_tables,nft_masq,nft_chain_nat,nft_ct \
    -a "$CA_FILE:/etc/ca.pem"
began=$(date +%s%N)
vm_run "$WORK/initrd" "lxc.ca=/etc/ca.pem lxc.server=10.0.2.2:$SERVER_PORT lxc.end=poweroff lxc.image=small/1 lxc.run=\"/sbin/ip addr show dev eth0\"" \
    -nic user,model=virtio-net-pci > "$WORK/log"
echo "from power on to power off: $((($(date +%s%N) - began) / 1000000)) ms; initramfs $(stat -c %s "$WORK/initrd") bytes"
cat "$WORK/log"
t 'the image is fetched, and a command runs in its container' grep -Eq 'eth0@.*UP' "$WORK/log"
t 'the command ends well, and with it the container' grep -q 'container small has ended with status 0' "$WORK/log"
t 'the machine powers off' grep -q 'Power down' "$WORK/log"
