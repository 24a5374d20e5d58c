#!/bin/bash
# A container is written into files and made again of them, by criu, on a machine whose kernel can do that.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
vm_needs
for program in criu busybox ip iptables-legacy-save tar; do
    command -v $program > /dev/null || { skip 'a checkpoint and what is made of it' "needs $program"; exit 0; }
done

guest=$WORK/guest
vm_guest "$guest"
cat >> "$guest" << 'GUEST'
# criu makes its mounts by pivot_root(2), which the first root cannot have.
if [ ! -e /second ]; then
    mkdir /new && mount -t tmpfs -o size=300m new /new && mkdir /new/proc /new/sys /new/dev /new/run /new/tmp
    : > /new/second
    for d in bin sbin lib lib64 usr etc guest init; do [ ! -e /$d ] || cp -a /$d /new/; done
    for d in proc sys dev run; do mount --move /$d /new/$d; done
    exec switch_root /new /guest
fi 2> /dev/null
for m in unix_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag nf_conntrack_netlink \
    iptable_filter ip6table_filter xt_mark; do
    modprobe $m
done
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
ip link add br0 type bridge
ip addr add 10.9.0.1/24 dev br0
ip link set br0 up

root=/lxc/c/rootfs
mkdir -p $root/bin $root/proc $root/sys $root/dev $root/tmp $root/etc /bound
cp /bin/busybox $root/bin/
for a in sh cat sleep hostname; do ln -s busybox $root/bin/$a; done
cat > $root/bin/init << 'INIT'
#!/bin/sh
trap 'exit 3' PWR
n=0
while :; do n=$((n + 1)); echo $n > /tmp/count; echo "turn $n"; sleep 0.2 & wait $!; done
INIT
chmod 755 $root/bin/init
cat > /lxc/c/config << CONFIG
lxc.rootfs.path = dir:$root
lxc.uts.name = kept
lxc.init.cmd = /bin/init
lxc.mount.auto = proc:mixed sys:mixed
lxc.mount.entry = /bound tmp/bound none bind,create=dir 0 0
lxc.tty.max = 0
lxc.console.buffer.size = 64KB
lxc.cgroup2.pids.max = 40
lxc.net.0.type = veth
lxc.net.0.link = br0
lxc.net.0.flags = up
lxc.net.0.ipv4.address = 10.9.0.2/24
CONFIG
count() { cat $root/tmp/count; }
left() {
    find /sys/fs/cgroup -name 'lxc.*'
    ip -o link | grep veth
    grep ' /lxc' /proc/mounts
    ps | grep '\[lxc monito[r]'
    :
}
restore() { box checkpoint -r -D /images && box info -s | grep RUNNING || { tail -n 20 /images/restore.log; false; }; }

box start; sleep 1
t 'a checkpoint is written, and the container ends with it' box checkpoint -s -D /images
t 'nothing is left of it' is '' left
before=$(count)
t 'a second one does not overwrite it' fails box checkpoint -D /images
restore_nowhere() { box checkpoint -r -D /nowhere; :; }
t 'what does not exist is not restored' has 'no checkpoint in /nowhere' restore_nowhere
t 'the container is made again' restore
sleep 1
t 'it continues where it was' test "$(count)" -gt "$before"
t 'as the same that it was' is kept box attach -- hostname
what_was_bound_in_from_outside_is_there() {
    echo here > /bound/file && [ "$(box attach -- cat /tmp/bound/file)" = here ]
}
t 'what was bind-mounted from outside is there' what_was_bound_in_from_outside_is_there
t 'the host reaches it over the bridge' ping -c 1 -W 5 10.9.0.2
t 'its limits are those of the configuration' is 40 cat /sys/fs/cgroup/lxc.payload.c/pids.max
t 'its console output is kept' has 'turn [0-9]' box logs -c
restore_running() { box checkpoint -r -D /images; :; }
t 'one that runs is not restored' has 'already running' restore_running
written_again() { box checkpoint -D /again && [ "$(box info -s)" = "State:          RUNNING" ]; }
t 'it can be written again' written_again
t 'it is stopped by its own signal' box stop
t 'nothing is left of this one either' is '' left
timeout 60 lxcbox lxc-checkpoint -P /lxc -n c -r -F -D /again < /dev/null > /console &
front=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do box wait -s RUNNING -t 1 2> /dev/null && break; done
sleep 1; box stop; wait $front
t 'in the foreground the exit status is that of init' test $? = 3
t 'and the console is there' grep -q 'turn [0-9]' /console
off
GUEST

# criu and what it calls, with the libraries they need.
files=()
for pair in criu:/sbin/criu ip:/sbin/ip tar:/bin/tar iptables-legacy-save:/sbin/iptables-save \
    iptables-legacy-save:/sbin/ip6tables-save iptables-legacy-save:/sbin/iptables-restore \
    iptables-legacy-save:/sbin/ip6tables-restore; do
    program=$(readlink -f "$(command -v "${pair%%:*}")")
    files+=("$program:${pair#*:}")
    while read -r library; do
        files+=("$(readlink -f "$library"):$library")
    done < <(ldd "$program" | grep -o '/[^ ]*')
done
for plugin in standard mark; do
    plugin=$(find /usr/lib -name "libxt_$plugin.so" | head -n 1)
    files+=("$plugin:$plugin")
done
for a in sh mount mkdir cat cp ln chmod grep find ps poweroff sleep switch_root umount rm gzip ping timeout tail; do
    ln -s busybox "$WORK/$a"
    files+=("$WORK/$a:/bin/$a")
done
add=()
while read -r file; do add+=(-a "$file"); done < <(printf '%s\n' "${files[@]}" | sort -u)
t 'an initramfs with criu is written' lxcbox mkinitramfs -o "$WORK/initrd" -b "$MODULES" -k "$RELEASE" \
    -m \
    bridge,veth,unix_diag,tcp_diag,udp_diag,raw_diag,af_packet_diag,netlink_diag,nf_conntrack_netlink,nf_tables\
,iptable_filter,ip6table_filter,xt_mark \
    -a "$(command -v busybox):/bin/busybox" -a "$guest:/guest" "${add[@]}"
VM_MEMORY=1024 vm_run "$WORK/initrd" rdinit=/guest > "$WORK/said"
cat "$WORK/said"
t 'the machine comes to its end' grep -q '^the end' "$WORK/said"
