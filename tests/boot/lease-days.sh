#!/bin/bash
# Days of leases: the clock of a virtual machine jumps to the next timer whenever the machine is idle, so that lxc-net
# and the monitors of containers live through a day in half a minute. LEASE_HOURS: how many hours (8).
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
vm_needs
hours=${LEASE_HOURS:-8}

guest=$WORK/guest
vm_guest "$guest"
cat >> "$guest" << 'GUEST'
hours=$(sed -n 's/.*hours=\([0-9]*\).*/\1/p' /proc/cmdline)
mount -t cgroup2 cgroup /sys/fs/cgroup
lxcbox ip link set lo up
mkdir -p /etc/default /lxc/base/bin /lxc/base/proc /lxc/base/sys /lxc/base/dev /lxc/base/etc /lxc/base/tmp
cp /bin/busybox /lxc/base/bin/
count=4
for i in $(seq $count); do
    mkdir -p /lxc/c$i
    printf '%s\n' 'lxc.rootfs.path = dir:/lxc/base' "lxc.uts.name = c$i" 'lxc.init.cmd = /bin/busybox sleep 10000d' \
        'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up' \
        "lxc.net.0.hwaddr = 02:00:00:00:00:0$i" 'lxc.net.0.ipv4.address = dhcp' > /lxc/c$i/config
done

fds() { ls /proc/$1/fd | wc -l; }
memory() { awk '/^RssAnon:/ { print $2 }' /proc/$1/status; }
server() { cat /run/lxc/lxc-net.pid; }
monitor() { awk '/^PPid:/ { print $2 }' /proc/$(lxcbox lxc-info -P /lxc -n c1 -pH)/status; }
leases() { lxcbox lxc-net status | grep '^Lease:'; }
addresses() { leases | awk '{ print $2, $3 }' | sort; }
sample() {
    echo "fds: lxc-net $(fds $(server)), monitor $(fds $(monitor))"
    echo "memory: lxc-net $(memory $(server)), monitor $(memory $(monitor))"
}
size() { cat /var/lib/misc/dnsmasq.lxcbr0.leases.* | wc -c; }
all_leased() {
    for _ in $(seq 200); do [ "$(leases | wc -l)" = $count ] && return; sleep 0.1; done
    leases
    return 1
}
# The kernel removes an address at the end of its lease: these have been renewed.
all_have_addresses() {
    for i in $(seq $count); do
        lxcbox nsenter -t $(lxcbox lxc-info -P /lxc -n c$i -pH) -n lxcbox ip -4 addr show dev eth0 |
            grep 'inet 10\.0\.3\.' || return 1
    done
}
# flat KIND SLACK: both numbers of the line, from the start to the middle and to the end.
flat() {
    cat /start /middle /end | sed -n "s/^$1: lxc-net \([0-9][0-9]*\), monitor \([0-9][0-9]*\)\$/\1 \2/p" |
        awk -v slack=$2 '{ print } NR > 1 && ($1 > a + slack || $2 > b + slack) { bad = 1 }
            NR == 1 { a = $1; b = $2 } END { exit bad || NR != 3 }'
}

t 'lxc-net starts' lxcbox lxc-net start
for i in $(seq $count); do t "container $i starts" lxcbox lxc-start -P /lxc -n c$i; done
t 'each container has a lease' all_leased
sleep 7200
addresses > /before
sample > /start
began=$(date +%s)
sleep $((hours * 1800))
sample > /middle
sleep $((hours * 1800))
sample > /end
for at in start middle end; do echo "# $at: $(tr '\n' ' ' < /$at)"; done
t "$hours hours have gone by" test $(($(date +%s) - began)) -ge $((hours * 3600))
t "after $hours hours each container has its address" all_have_addresses
t "after $hours hours the leases are the same, and valid" is "$(cat /before)" addresses
t "after $hours hours descriptors are as before" flat fds 0
t "after $hours hours memory is as before" flat memory 8
echo "# the files of leases have $(size) bytes"
t "after $hours hours the files of leases are bounded" test "$(size)" -le 131072 # 1,000 lines and more
off
GUEST

built() {
    vm_initramfs "$WORK/initrd" -m bridge,veth,nf_tables,nft_masq,nft_chain_nat,nft_nat,nft_ct,nf_conntrack_netlink\
,crc32c_generic,af_packet -a "$BUSYBOX:/bin/busybox" -a "$guest:/guest" "${links[@]}"
}
links=()
for a in sh ls cat sleep grep sed awk seq sort wc tr date mount mkdir cp poweroff; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
t 'an initramfs is written' built
VM_SECONDS=$((480 + hours * 6))
# icount: time is what the machine has executed, and sleep=off lets it jump over what it does not.
vm_run "$WORK/initrd" "rdinit=/guest hours=$hours clocksource=tsc tsc=reliable" \
    -icount shift=2,sleep=off -rtc clock=vm > "$WORK/said"
cat "$WORK/said"
t 'the machine comes to its end' grep -q '^the end' "$WORK/said"
