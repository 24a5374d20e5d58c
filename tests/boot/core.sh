#!/bin/bash
# lxc.sched.core on a machine whose cores have two threads: a cookie for each container. No kernel of Debian has core
# scheduling; tests/kernel.sh builds one that has, in some minutes, and without it this is skipped.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
promise='core scheduling'
[ -e build/boot/core/bzImage ] ||
    { skip "$promise" 'needs a kernel with CONFIG_SCHED_CORE: tests/kernel.sh builds one'; exit 0; }
command -v busybox > /dev/null || { skip "$promise" 'needs busybox-static'; exit 0; }
KERNEL=build/boot/core/bzImage vm_qemu='qemu-system-x86_64 -M q35' vm_console=ttyS0

# Prints the cookie of a process, or its own: prctl(2), PR_SCHED_CORE, PR_SCHED_CORE_GET.
cat > "$WORK/cookie.c" << 'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
int main(int argc, char **argv)
{
    unsigned long cookie = 0;
    if (prctl(62, 0, argc > 1 ? atoi(argv[1]) : 0, 0, &cookie) != 0)
        return perror("PR_SCHED_CORE_GET"), 1;
    printf("%lx\n", cookie);
    return 0;
}
C
t 'the program that prints a cookie is built' cc -static -o "$WORK/cookie" "$WORK/cookie.c"

vm_guest "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
mount -t cgroup2 cgroup /sys/fs/cgroup
for c in a b; do
    mkdir -p /lxc/$c/rootfs/bin /lxc/$c/rootfs/proc /lxc/$c/rootfs/dev
    cp /bin/busybox /bin/cookie /lxc/$c/rootfs/bin/
    cat > /lxc/$c/config << CONFIG
lxc.rootfs.path = dir:/lxc/$c/rootfs
lxc.net.0.type = empty
lxc.mount.auto = proc
lxc.init.cmd = /bin/busybox sleep 600
lxc.sched.core = 1
CONFIG
done
box() { c=$1 n=$2; shift 2; lxcbox "lxc-$c" -P /lxc -n "$n" "$@"; }

# Cookies are shown by a hash, and as 0 until the kernel has a random key for that.
dd if=/dev/random of=/dev/null bs=1 count=1 2> /dev/null
sleep 1
t 'the machine has two threads on a core' has '^0[-,]1$' cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list
t 'the host has no cookie' is 0 cookie
t 'a container starts' box start a
t 'its init has a cookie' has '^[1-9a-f]' box attach a -- /bin/cookie 1
of_init=$(box attach a -- /bin/cookie 1)
t 'a command of lxc-attach has the same' is "$of_init" box attach a -- /bin/cookie
t 'its monitor has none' is 0 cookie "$(awk '/^PPid/ { print $2 }' "/proc/$(box info a -p -H)/status")"
t 'a second container starts' box start b
t 'it has a cookie too' has '^[1-9a-f]' box attach b -- /bin/cookie
t 'but another' fails is "$of_init" box attach b -- /bin/cookie
stop_both() { box stop a -k && box stop b -k; }
t 'both are stopped' stop_both
t 'without the key there is none' is 0 box execute b -s lxc.sched.core=0 -- /bin/cookie
t 'nor has the host one after all that' is 0 cookie
off
GUEST
links=()
for a in sh mount mkdir cat sed cp chmod grep poweroff awk dd sleep; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' lxcbox mkinitramfs -o "$WORK/initrd" -m none -a "$(command -v busybox):/bin/busybox" \
    -a "$WORK/cookie:/bin/cookie" -a "$WORK/guest:/guest" "${links[@]}"
vm_run "$WORK/initrd" rdinit=/guest -cpu max,vendor=GenuineIntel -smp 2,sockets=1,cores=1,threads=2 > "$WORK/log"
cat "$WORK/log"
t 'the machine comes to its end' grep -q '^the end' "$WORK/log"
