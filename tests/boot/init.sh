#!/bin/bash
# A machine that consists of a kernel and what lxcbox mkinitramfs writes: an address, an image by TLS, a container on a
# network of its own, and off again. With TARGET a machine of another kind.
. "$(dirname "$0")/../lib.sh"
. tests/server.sh
. tests/vm.sh
needs_root
vm_needs
for need in nginx openssl python3 mke2fs debugfs; do
    command -v $need > /dev/null || { skip "lxcbox as init$VM_NAME" "needs $need"; exit 0; }
done
# The servers are in a network of our own, where all ports are free. The virtual machine's network ends there: its
# 10.0.2.2 is our loopback.
if [ -z "${INIT_TEST_INSIDE:-}" ]; then
    peer=$vm_directory/peer # Debian's chrony, unpacked but not installed
    [ -e "$peer/chrony" ] || (flock 9 && vm_get "$peer" - - chrony > "$WORK/chrony" 2>&1) 9> "$vm_directory.lock" ||
        skip "a clock that stands in the past is set$VM_NAME" "no chrony: $(grep -E '^E:' "$WORK/chrony" | head -n 1)"
    INIT_TEST_INSIDE=1 unshare -n bash "$0"
    exit
fi
ip link set lo up

server_start "$WORK/server" && server_certificate IP:10.0.2.2 || exit 1
root=$WORK/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,etc,tmp}
cp "$BUSYBOX" "$root/bin/busybox"
for a in sh ip udhcpc wget cat mount hostname grep sleep date; do ln -s busybox "$root/bin/$a"; done
cat > "$root/sbin/leased" << 'END'
#!/bin/sh
[ "$1" = bound ] && ip addr add "$ip/${mask:-24}" dev "$interface" && ip route add default via "$router"
exit 0
END
cat > "$root/sbin/init" << END
#!/bin/sh
echo "inside: the container's init runs"
/bin/udhcpc -q -n -t 5 -i eth0 -s /sbin/leased > /tmp/udhcpc 2>&1 &&
    echo 'inside: it gets an address from lxc-net' || cat /tmp/udhcpc
[ "\$(wget -q -O - http://10.0.2.2:$((SERVER_PORT + 1))/hello)" = hello ] &&
    echo 'inside: it reaches the world through NAT'
for c in cpu memory pids systemd; do [ -e /sys/fs/cgroup/\$c/cgroup.procs ] && echo "inside: it has cgroup v1 \$c"; done
[ -e /sys/fs/cgroup/cgroup.controllers ] &&
    echo "inside: it has cgroup v2 with: \$(cat /sys/fs/cgroup/cgroup.controllers)"
echo "inside: the year is \$(date -u +%Y)"
grep MemTotal /proc/meminfo
END
cat > "$root/sbin/asks" << 'END'
#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    if ip -4 addr show dev eth0 | grep -q 'inet 10.0.3.'; then echo 'inside: eth0 has an address already'; break; fi
    sleep 1
done
echo 'inside: say something'
read -r word
echo "inside: heard $word"
exec /sbin/init
END
cat > "$root/sbin/lasting" << 'END'
#!/bin/sh
trap 'echo "the container is asked to end"; exit 0' PWR
echo 'the container lasts'
while :; do sleep 1 & wait $!; done
END
chmod 755 "$root"/sbin/*
tar -cJf "$WORK/rootfs.tar.xz" -C "$root" .
server_meta "$WORK/meta.tar.xz" 'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force'
echo hello > "$WWW/hello"
server_image small 1 "$ARCH" default 20260101_00:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
server_streams

# Two disks: one with a container that starts by itself, and an empty one.
lasting=$WORK/tree/lib/lxc/lasting
mkdir -p "$lasting" && cp -a "$root" "$lasting/rootfs"
cat > "$lasting/config" << 'END'
lxc.rootfs.path = dir:/var/lib/lxc/lasting/rootfs
lxc.uts.name = lasting
lxc.start.auto = 1
lxc.net.0.type = empty
lxc.init.cmd = /sbin/lasting
lxc.console.logfile = /var/console
lxc.hook.start-host = /bin/signal
lxc.apparmor.profile = generated
END
# And one that the initramfs brings.
brought=$WORK/brought
mkdir -p "$brought" && cp -a "$root" "$brought/rootfs"
sed '/rootfs\|uts/s/lasting/brought/; /hook/d; /logfile/d' "$lasting/config" > "$brought/config"
truncate -s 64M "$WORK/lasting.img" "$WORK/empty.img"
mke2fs -q -t ext4 -L lasting -d "$WORK/tree" "$WORK/lasting.img" 2> "$WORK/mkfs" || cat "$WORK/mkfs"
mke2fs -q -t ext4 -L containers "$WORK/empty.img" 2> "$WORK/mkfs" || cat "$WORK/mkfs"
disk() { echo "-drive file=$WORK/$1.img,if=none,format=raw,id=$1 -device ${vm_card/net/blk},drive=$1"; }
clean() { has 'Filesystem state: +clean$' dumpe2fs -h "$WORK/$1.img"; }

clock_server() {
    printf '%s\n' 'local stratum 8' 'allow all' 'cmdport 0' 'bindcmdaddress /' \
        "pidfile $WORK/chrony.pid" > "$WORK/chrony.conf"
    "$vm_directory/peer/chrony/usr/sbin/chronyd" -x -u root -f "$WORK/chrony.conf" || return
    cleanup 'kill $(cat "$WORK/chrony.pid")'
}

made() { vm_initramfs "$WORK/initrd" -a "$CA_FILE:/etc/ca.pem" "$@"; }
machine() { # NAME LINE [OPTION]...: boot, and show what it said
    local name=$1 line=$2 began
    shift 2
    began=$(date +%s%N)
    ended=0
    vm_run "$WORK/initrd" "lxc.ca=/etc/ca.pem lxc.server=10.0.2.2:$SERVER_PORT lxc.end=poweroff $line" \
        $vm_network "$@" > "$WORK/$name" ||
        ended=$?
    cat "$WORK/$name"
    echo "$name$VM_NAME: from power on to power off: $((($(date +%s%N) - began) / 1000000)) ms"
}
said() { grep -Eq -- "$2" "$WORK/$1"; }
# The last word of the machine just run; that of s390x does not get as far as the console.
powered_off() { said "$1" 'Power down' || [ "$ARCH $ended" = 's390x 0' ]; }
rebooted() { said "$1" 'Restarting system|reboot: machine restart' || [ "$ARCH $ended" = 's390x 0' ]; }
main_job() { # NAME WHAT: what it said of the whole
    t "$2: the image is fetched and its container runs$VM_NAME" said "$1" "^inside: the container's init runs"
    t "$2: it gets an address from our DHCP server$VM_NAME" said "$1" '^inside: it gets an address'
    t "$2: it reaches the world through NAT$VM_NAME" said "$1" '^inside: it reaches the world'
    t "$2: it ends$VM_NAME" said "$1" 'container small ended with status 0'
    t "$2: the machine powers off$VM_NAME" powered_off "$1"
}

t "an initramfs is written$VM_NAME" made -m none
without=$(gzip -9 < "$WORK/initrd" | wc -c)
t "without modules it has at most 1.1 MB, compressed$VM_NAME" [ "$without" -le 1100000 ]
t "one with modules is written$VM_NAME" made
echo "initramfs$VM_NAME: $without bytes compressed, $(gzip -9 < "$WORK/initrd" | wc -c) with modules"

machine v2 lxc.image=small/1
main_job v2 'cgroup v2'
t "it has cgroup v2 with controllers$VM_NAME" said v2 '^inside: it has cgroup v2 with: .*cpu.*memory.*pids'

t "an initramfs with few modules is written$VM_NAME" made \
    -m virtio_pci,virtio_net,af_packet,veth,bridge,nf_tables,nft_masq,nft_chain_nat,nft_ct
VM_MEMORY=$vm_least machine v1 'lxc.image=small/1 lxc.cgroup=v1'
main_job v1 "cgroup v1 alone, in $vm_least MB of memory"
# From 6.11 on a kernel may be built without the memory controller of v1, as Debian's are.
case $RELEASE in 6.1.* | 6.1-* | 5.*) memory=memory ;; *) memory=cpu ;; esac
has_cgroup_v1s_hierarchies() {
    said v1 "cgroup v1 $memory" && said v1 "cgroup v1 pids" && said v1 "cgroup v1 systemd"
}
t "it has cgroup v1's hierarchies$VM_NAME" has_cgroup_v1s_hierarchies
t "and no v2$VM_NAME" fails said v1 'it has cgroup v2'

# Without controllers; with a disk; and with a clock that stands before the certificate was made.
made
clock=
if [ -e "$vm_directory/peer/chrony" ]; then
    t "a time server starts$VM_NAME" clock_server
    clock='-rtc base=2000-01-01'
fi
machine disabled \
    'lxc.image=small/1 lxc.data=LABEL=containers cgroup_disable=memory,pids,cpu,io,cpuset lxc.ntp=10.0.2.2' \
    $(disk lasting) $(disk empty) $clock
main_job disabled 'cgroup v2 without controllers'
t "the controllers are not there$VM_NAME" fails said disabled 'it has cgroup v2 with: .*(memory|pids|cpu|io)'
[ -z "$clock" ] ||
    t "a clock that stands in the past is set by SNTP$VM_NAME" said disabled \
        "^inside: the year is $(date -u +%Y)"
t "the disk that has the label is unmounted cleanly$VM_NAME" clean empty

# The same container once more, by a file, which the kernel's line has the last word on; a fixed address; and what is
# typed at the machine's console is the container's.
cat > "$WORK/lxcbox.conf" << END
# Words on any number of lines.
lxc.data=UUID=$(blkid -o value -s UUID "$WORK/empty.img") lxc.image=small/1
lxc.run="/bin/sh /sbin/asks" lxc.end=halt
END
made -a "$WORK/lxcbox.conf:/etc/lxcbox.conf"
server_log > /dev/null
types() { # once it is asked
    local i
    for ((i = 0; i < 10 * VM_SECONDS; i++)); do
        if said again 'say something'; then break; fi
        sleep 0.1
    done
    echo something
    sleep 1
}
mkfifo "$WORK/typed"
: > "$WORK/again"
types > "$WORK/typed" &
VM_INPUT=$WORK/typed machine again 'ip=10.0.2.77::10.0.2.2:255.255.255.0:box:eth0:none' $(disk lasting) $(disk empty)
kill $! 2> /dev/null
main_job again 'a fixed address'
t "and not by DHCP$VM_NAME" fails said again '^dhcpc: eth0'
requested() { server_log | grep images; }
t "the container is on the disk still, and its image is not fetched again$VM_NAME" fails requested
t "a command in place of init finds an address by DHCP$VM_NAME" said again '^inside: eth0 has an address already'
t "the console is the container's$VM_NAME" said again '^inside: heard something'

# A machine that lasts: its container starts by itself, and Ctrl-Alt-Del, or SIGTERM to process 1, ends both.
cat > "$WORK/signal" << 'END'
#!/bin/busybox sh
grep -q signal /proc/cmdline && (sleep 2; kill -TERM 1) > /dev/null 2>&1 &
END
chmod 755 "$WORK/signal"
t "an initramfs with more in it is written$VM_NAME" made --busybox "$BUSYBOX" -a "$WORK/signal:/bin/signal" \
    -a "$brought:/var/lib/lxc/brought"
asked() { debugfs -R 'cat /console' "$WORK/lasting.img" 2> /dev/null | grep -c 'asked to end'; }
if [ -n "$vm_keyboard" ]; then
    presses() { # Ctrl-Alt-Del, once the machine has said that it waits
        python3 - "$WORK/keys" "$WORK/lasting" << 'END'
import socket, sys, time
while 'lasting runs' not in open(sys.argv[2]).read(): time.sleep(0.1)
time.sleep(1)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'sendkey ctrl-alt-delete\n')
time.sleep(1)
END
    }
    : > "$WORK/lasting"
    presses &
    machine lasting 'lxc.data=/dev/vda lxc.net=none ip=off' $(disk lasting) -monitor \
        "unix:$WORK/keys,server=on,wait=off"
    kill $! 2> /dev/null
    t "a container marked to start does, and the machine lasts with it$VM_NAME" said lasting 'lasting runs'
    t "so does one that the initramfs brings, with a generated profile where AppArmor is not used$VM_NAME" \
        said lasting 'brought runs'
    t "Ctrl-Alt-Del reboots it$VM_NAME" rebooted lasting
    t "after the container was asked to end$VM_NAME" is 1 asked
    t "and its disk unmounted$VM_NAME" clean lasting
fi
before=$(asked)
machine signal 'lxc.data=/dev/vda lxc.net=none ip=off signal' $(disk lasting)
t "a container marked to start does$VM_NAME" said signal 'lasting runs'
t "SIGTERM powers the machine off$VM_NAME" powered_off signal
t "after the container was asked to end, too$VM_NAME" is $((before + 1)) asked
t "and its disk unmounted, too$VM_NAME" clean lasting

# Something fails, and nobody has said how it is to end: the user at the console goes on from there.
made --busybox "$BUSYBOX"
answers() { # TIMES PATTERN TEXT...: once it has said the one so often, type the others, a line each
    local i
    for ((i = 0; i < 10 * VM_SECONDS; i++)); do
        if [ "$(grep -Ec -- "$2" "$WORK/asks")" -ge "$1" ]; then break; fi
        sleep 0.1
    done
    printf '%s\n' "${@:3}"
}
user() {
    answers 1 '^init: try again: Enter;.*s: shell' d
    answers 1 'LABEL=containers' s 'lxc-ls --version && echo shell $((6 * 7)) works; exit'
    answers 1 '^shell 42 works' i
    answers 1 '^small.*default.*20260101' /dev/vda
    answers 2 'an image of small 2' small/1
}
: > "$WORK/asks"
user > "$WORK/typed" &
VM_INPUT=$WORK/typed machine asks 'lxc.end= lxc.image=small/2' $(disk empty)
kill $! 2> /dev/null
t "what it has not is said, with what there is$VM_NAME" said asks 'an image of small 2 for .*available releases: 1'
t "the disks are listed$VM_NAME" said asks '^init: /dev/vda: 64 MB, ext4, LABEL=containers, UUID='
t "there is a shell$VM_NAME" said asks '^shell 42 works'
t "the images are listed$VM_NAME" said asks '^small.1.*default.20260101_00:00'
main_job asks 'an image named at the console'
t "the disk named at the console is unmounted cleanly$VM_NAME" clean empty

# An image that does not fit into memory.
head -c 60000000 /dev/urandom > "$root/etc/noise"
tar -c -C "$root" . | xz -0 > "$WORK/large.tar.xz"
server_image large 1 "$ARCH" default 20260101_00:00 "$WORK/large.tar.xz" "$WORK/meta.tar.xz"
server_streams
VM_MEMORY=160 machine large lxc.image=large/1
t "an image that does not fit: how much memory there is, and about how much is needed$VM_NAME" said \
    large \
    'init: .*memory.*: of 1[0-9]{2} MB, files in memory take [0-9]+ MB '\
'\(give the machine about [0-9]+ MB, or name a disk'
t "and the machine powers off$VM_NAME" powered_off large

# Disks that containers cannot be kept on.
truncate -s 1M "$WORK/nothing.img" "$WORK/fat.img"
machine nothing lxc.data=/dev/vda $(disk nothing)
t "a disk without a file system is refused$VM_NAME" \
    said nothing 'cannot use /dev/vda: it does not contain a known file system'
python3 -c \
    'import sys; f = open(sys.argv[1], "r+b"); f.seek(82); f.write(b"FAT32   "); f.seek(510); f.write(b"\x55\xaa")' \
    "$WORK/fat.img"
machine fat 'lxc.data=/dev/vda lxc.end=reboot' $(disk fat)
t "one with FAT is refused$VM_NAME" \
    said fat 'cannot keep containers on /dev/vda: its file system, vfat, does not support owners'
t "and the machine reboots, as it is to at its end$VM_NAME" rebooted fat
