#!/bin/bash
# A machine that consists of a kernel and what lxcbox mkinitramfs writes: an address by DHCP, an image by TLS, a container
# on a network of its own, and off again.
. "$(dirname "$0")/../lib.sh"
. tests/server.sh
. tests/vm.sh
vm_needs amd64
for need in nginx openssl busybox python3; do
    command -v $need > /dev/null || { skip 'lxcbox as init' "needs $need"; exit 0; }
done

server_start "$WORK/server" && server_certificate IP:10.0.2.2 || exit 1
root=$WORK/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,etc,tmp}
cp "$(command -v busybox)" "$root/bin/busybox"
for a in sh ip udhcpc wget cat mount hostname grep sleep; do ln -s busybox "$root/bin/$a"; done
cat > "$root/sbin/leased" << 'END'
#!/bin/sh
[ "$1" = bound ] && ip addr add "$ip/${mask:-24}" dev "$interface" && ip route add default via "$router"
exit 0
END
cat > "$root/sbin/init" << END
#!/bin/sh
echo "inside: the container's init runs"
/bin/udhcpc -q -n -t 5 -i eth0 -s /sbin/leased > /tmp/udhcpc 2>&1 && echo 'inside: it gets an address from lxc-net' || cat /tmp/udhcpc
[ "\$(wget -q -O - http://10.0.2.2:$((SERVER_PORT + 1))/hello)" = hello ] && echo 'inside: it reaches the world through NAT'
[ -e /sys/fs/cgroup/cgroup.controllers ] && echo 'inside: it has cgroup v2'
[ -e /sys/fs/cgroup/memory ] && echo 'inside: it has cgroup v1'
[ -e /sys/fs/cgroup/systemd/cgroup.procs ] && echo "inside: it has systemd's hierarchy"
grep MemTotal /proc/meminfo
END
cat > "$root/sbin/lasting" << 'END'
#!/bin/sh
trap 'echo "the container is asked to end"; exit 0' PWR
echo 'the container lasts'
while :; do sleep 1 & wait $!; done
END
chmod 755 "$root/sbin/leased" "$root/sbin/init" "$root/sbin/lasting"
tar -cJf "$WORK/rootfs.tar.xz" -C "$root" .
server_meta "$WORK/meta.tar.xz" 'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force'
echo hello > "$WWW/hello"
server_image small 1 amd64 default 20260101_00:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
server_streams

made() { lxcbox mkinitramfs -o "$WORK/initrd" -b "$MODULES" -k "$RELEASE" -a "$CA_FILE:/etc/ca.pem" "$@"; }
network=(-nic user,model=virtio-net-pci)
machine() { # NAME LINE [OPTION]...: boot, and show what it said
    local name=$1 line=$2
    shift 2
    vm_run "$WORK/initrd" "lxc.ca=/etc/ca.pem lxc.server=10.0.2.2:$SERVER_PORT lxc.end=poweroff $line" "${network[@]}" "$@" > "$WORK/$name"
    cat "$WORK/$name"
}
said() { grep -Eq -- "$2" "$WORK/$1"; }

t 'an initramfs is written from the running executable' made
gzip -9 < "$LXCBOX" > "$WORK/lxcbox.gz"
gzip -9 < "$WORK/initrd" > "$WORK/initrd.gz"
echo "lxcbox $(stat -c %s "$LXCBOX") bytes, $(stat -c %s "$WORK/lxcbox.gz") compressed; initramfs with modules" \
    "$(stat -c %s "$WORK/initrd") bytes, $(stat -c %s "$WORK/initrd.gz") compressed"

began=$(date +%s%N)
machine v2 'lxc.image=small/1'
echo "from power on to power off: $((($(date +%s%N) - began) / 1000000)) ms"
t 'the image is fetched and its container runs' said v2 "^inside: the container's init runs"
t 'it gets an address from our DHCP server' said v2 '^inside: it gets an address'
t 'it reaches the world through NAT' said v2 '^inside: it reaches the world'
t 'it has cgroup v2' said v2 '^inside: it has cgroup v2'
t 'the machine powers off' said v2 'Power down'

t 'an initramfs with few modules is written' made -m virtio_pci,virtio_net,af_packet
echo "initramfs with the modules of the network card: $(stat -c %s "$WORK/initrd") bytes"
# Debian's kernel keeps 36 MB of it for itself, and does not start in 64.
VM_MEMORY=80 machine small 'lxc.image=small/1 lxc.cgroup=v1 cgroup_disable=memory lxc.net=host'
t 'cgroup v1 without the memory controller, in 80 MB of memory, does' said small "^inside: the container's init runs"
t "systemd's hierarchy is there" said small "^inside: it has systemd's"
t 'there is no memory controller' fails said small '^inside: it has cgroup'

truncate -s 64M "$WORK/disk.img"
mkfs.ext4 -q -L containers "$WORK/disk.img" 2> "$WORK/mkfs" || cat "$WORK/mkfs"
made
disk=(-drive "file=$WORK/disk.img,if=virtio,format=raw")
machine disk 'lxc.image=small/1 lxc.data=LABEL=containers lxc.run=/bin/hostname' "${disk[@]}"
t 'a command in place of init is run' said disk '^small$'
server_stop
machine again 'lxc.image=small/1 lxc.data=LABEL=containers lxc.run=/bin/hostname' "${disk[@]}"
t 'the container is on the disk still, and its image is not fetched again' said again '^small$'
t 'the disk was unmounted cleanly' has 'Filesystem state: +clean$' dumpe2fs -h "$WORK/disk.img"

# A machine that lasts: its container starts by itself, from the disk, and Ctrl-Alt-Del ends both.
printf 'lxc.start.auto = 1\nlxc.net.0.type = empty\nlxc.init.cmd = /sbin/lasting\nlxc.console.logfile = /var/console\n' > "$WORK/default.conf"
server_again || exit 1
t 'an initramfs with a default.conf is written' made -a "$WORK/default.conf:/etc/lxc/default.conf"
machine make 'lxc.image=small/1 lxc.name=lasting lxc.data=LABEL=containers lxc.run=/bin/hostname lxc.net=host' "${disk[@]}"
keys() { # press Ctrl-Alt-Del once the machine has said that it waits
    python3 - "$WORK/keys" "$WORK/lasting" << 'END'
import socket, sys, time
for i in range(600):
    if 'lasting runs' in open(sys.argv[2]).read(): break
    time.sleep(0.1)
time.sleep(1)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'sendkey ctrl-alt-delete\n')
time.sleep(1)
END
}
: > "$WORK/lasting"
keys &
machine lasting 'lxc.data=LABEL=containers lxc.net=none ip=off' "${disk[@]}" -monitor "unix:$WORK/keys,server=on,wait=off"
wait $!
t 'a container marked to start does, and the machine lasts with it' said lasting 'lasting runs'
t 'Ctrl-Alt-Del reboots it' said lasting 'Restarting system|reboot: machine restart'
debugfs -R 'cat /console' "$WORK/disk.img" > "$WORK/console" 2> /dev/null
t 'after the container was asked to end' grep -q 'asked to end' "$WORK/console"
t 'and its disk unmounted' has 'Filesystem state: +clean$' dumpe2fs -h "$WORK/disk.img"

truncate -s 1M "$WORK/empty.img"
machine empty 'lxc.data=/dev/vda' -drive "file=$WORK/empty.img,if=virtio,format=raw"
t 'a disk without a file system is refused' said empty 'cannot use /dev/vda: no file system'
