# What is left of leases and links when the server of lxc-net, or the monitor of a container, is killed in the midst
# of it.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in python3 gcc; do command -v $tool > /dev/null || { skip net-crash "needs $tool"; exit 0; }; done

lab
lxc_net() { on_host env -i "$LXCBOX" lxc-net "$@"; }
echo LXC_DHCP_PORT_MAX=0 | on_host tee /etc/default/lxc-net > /dev/null # 250 clients behind one port
lxc_net start || { echo 'not ok lxc-net starts'; exit 1; }
box many lxcbr0

# --- The server -------------------------------------------------------------------------------------------------

killed_among_requests() {
    in_box many python3 tests/system/dhcp-many.py 250 "$(on_host cat /run/lxc/lxc-net.pid)" \
        "nsenter -t $lab_pid -n -m $LXCBOX lxc-net start" > "$WORK/many" || { tail -n 1 "$WORK/many"; false; }
}
t 'a server killed among 250 requests and restarted loses no lease and assigns no address twice' killed_among_requests
t 'it was in the midst of it' grep -Ev '^(0|250) leases until' <(grep until "$WORK/many")
knows_what_it_acknowledged() {
    lxc_net status | awk '/^Lease:/ { print $2, $4 }' | sort
}
t 'it knows exactly the leases that it acknowledged' is "$(grep : "$WORK/many" | sort)" \
    knows_what_it_acknowledged
on_host ip link set v-many nomaster
t 'the server ends' lxc_net stop
on_host rm -f /var/lib/misc/dnsmasq.lxcbr0.leases.{0,1}
t 'and starts without them' lxc_net start

# --- A monitor --------------------------------------------------------------------------------------------------

P=$WORK/lxc N=crash-$$
mkdir -p "$P/$N" "$WORK/root"/{dev,proc,sys,etc}
printf '%s\n' '#include <unistd.h>' 'int main(void) { for (;;) pause(); }' |
    gcc -static -O1 -x c - -o "$WORK/root/wait" ||
    exit 1
printf '%s\n' "lxc.rootfs.path = dir:$WORK/root" "lxc.uts.name = $N" 'lxc.init.cmd = /wait' \
    'lxc.net.0.type = veth' 'lxc.net.0.flags = up' 'lxc.net.0.link = lxcbr0' \
    'lxc.net.0.hwaddr = 02:00:00:00:12:34' 'lxc.net.0.veth.pair = crash0' \
    'lxc.net.0.ipv4.address = dhcp' > "$P/$N/config"
container() { local c=$1; shift; on_host env -i "$LXCBOX" "lxc-$c" -P "$P" -n "$N" "$@"; }
# A monitor that was killed leaves its cgroups.
cleanup 'find /sys/fs/cgroup -depth -type d -name "lxc.*.$N*" -exec rmdir {} +'
cleanup 'container stop -k'
init() { container info -p -H; }
address() { lxc_net status | awk -v n="$N" '/^Lease:/ && $3 == n { print $2 }'; }
address_applied() {
    [ -n "$(address)" ] &&
        nsenter -t "$(init)" -n ip addr show eth0 | grep -q "inet $(address)/24"
}

running() {
    container start &&
        until_ok 10 address_applied
}
t 'a container has a lease' running
before=$(address)
kill_monitor() {
    local pid monitor
    pid=$(init)
    monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
    kill -9 "$monitor" && until_ok 5 fails kill -0 "$pid"
}
t 'its monitor is killed, and it ends, too' kill_monitor
t 'it is stopped' is 'State:          STOPPED' container info -s
t 'its link on the bridge is removed' until_ok 5 fails on_host ip link show crash0
t 'it starts again' running
t 'with the address it had' is "$before" address
lease_count() { lxc_net status | grep -c ^Lease:; }
t 'it has one lease' is 1 lease_count
sed -i 's/12:34/12:35/' "$P/$N/config"
t 'its monitor is killed once more' kill_monitor
t 'it starts with another hardware address' running
newest() { on_host "$LXCBOX" ping -n -c 1 -W 1 "$N"; }
on_host sh -c 'echo nameserver 10.0.3.1 > /etc/resolv.conf'
t 'and is reached by its name there' until_ok 5 newest
before=$(address)
t 'it stops' container stop -k

# --- In the midst of a start ------------------------------------------------------------------------------------

# Everything that starts the container is killed, ever later.
starting() { pgrep -f -- "(lxc-start -P|lxc monitor\]) $P"; }
cut_short() {
    local ms pids
    for ms in 1 2 3 4 5 6 7 8 9 10 11 12 14 16 18 20 25 30; do
        container start > /dev/null 2>&1 &
        sleep "0.0$(printf %02d $ms)"
        pids=$(starting) && kill -9 $pids 2> /dev/null
        wait $!
        pids=$(starting) && kill -9 $pids # what had begun in between
        until_ok 5 fails starting > /dev/null || { echo "after $ms ms something runs still"; return 1; }
        until_ok 5 fails on_host ip link show crash0 > /dev/null 2>&1 ||
            { echo "after $ms ms its link is there still"; return 1; }
    done
}
t 'a start that is killed at any moment leaves no link' cut_short
t 'and the next one succeeds' running
t 'with the address it had then' is "$before" address
t 'it stops again' container stop -k
