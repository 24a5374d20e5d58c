# A container's network, with a network namespace as the host; and stock LXC's for the same configuration.
. tests/lib.sh
needs_root
if [ -z "${NETWORK_TEST_INSIDE:-}" ]; then
    NETWORK_TEST_INSIDE=1 LXCBOX=$LXCBOX unshare -nm bash "$0"
    exit
fi
# Stock LXC looks at interfaces in /sys: one of this namespace, with the cgroups as they are.
mkdir "$WORK/cgroup"
mount --rbind /sys/fs/cgroup "$WORK/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$WORK/cgroup" /sys/fs/cgroup
umount -l "$WORK/cgroup"
P=$WORK/lxc
N=net-$$
mkdir -p "$P"
cleanup "lxcbox lxc-stop -k -P $P $N; lxc-stop -k -P $P -n $N; rm -rf $P"
ip link set lo up
ip link add br0 type bridge
ip link set br0 mtu 1400
ip addr add 10.8.0.1/24 dev br0
ip addr add fd08::1/64 nodad dev br0
ip link set br0 up

printf 'lxc.net.0.type = empty\n' > "$WORK/config"
lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox > /dev/null
grep -v '^lxc\.net' "$P/$N/config" > "$WORK/base"
# configure LINE...: the container has these network settings.
configure() { { cat "$WORK/base"; printf '%s\n' "$@"; } > "$P/$N/config"; }
start() { lxcbox lxc-start -P "$P" $N "$@"; }
kill_it() { lxcbox lxc-stop -k -P "$P" $N; }
inside() { nsenter -t "$(lxcbox lxc-info -P "$P" -n $N -p -H)" -n ip "$@"; }
links() { ip -br link | awk '{print $1}' | sort; }

veth=('lxc.net.0.type = veth' 'lxc.net.0.link = br0' 'lxc.net.0.flags = up' 'lxc.net.0.veth.pair = pair0')
full=("${veth[@]}" 'lxc.net.0.name = wan0' 'lxc.net.0.hwaddr = 00:16:3e:01:02:03'
    'lxc.net.0.ipv4.address = 10.8.0.5/24 10.8.0.255'
    'lxc.net.0.ipv4.address = 10.9.0.5/16 10.9.1.255' 'lxc.net.0.ipv6.address = fd08::5/64' \
        'lxc.net.0.ipv4.gateway = auto'
    'lxc.net.0.ipv6.gateway = fd08::1' 'lxc.net.1.type = veth' 'lxc.net.1.veth.mode = router' \
        'lxc.net.1.veth.pair = pair1'
    'lxc.net.1.flags = up' 'lxc.net.1.ipv4.address = 10.77.0.5/32' 'lxc.net.1.veth.ipv4.route = 10.78.0.0/16'
    'lxc.net.1.mtu = 1300' 'lxc.net.2.type = macvlan' 'lxc.net.2.link = up0' 'lxc.net.2.macvlan.mode = bridge')
ip link add up0 type veth peer name up1
ip link set up0 up

# What a running container's network is, without what chance and time decide. (LXC 5.0.2 works out wrong broadcast
# addresses, so they are given; and its bridge ports have IPv6 addresses, which LXC 6 and this one leave out.)
killed_and_gone() { kill_it && diff <(echo "$before") <(links); }
network() { # PID
    { nsenter -t "$1" -n ip -d link; nsenter -t "$1" -n ip addr; nsenter -t "$1" -n ip route show table all
      nsenter -t "$1" -n ip -6 route
      ip -d link show pair0
      ip -d link show pair1
      ip -4 addr show pair0
      ip -4 addr show pair1
      ip route
      ip neigh show proxy
      cat /proc/sys/net/ipv4/conf/pair1/forwarding
      } |
          sed -E \
              's/fe80::[0-9a-f:]+/LL/g; /link\/ether 00:16/!s/(ether) ([0-9a-f]{2}:){5}[0-9a-f]{2}/\1 MAC/
            s/^[0-9]+: //; s/@if[0-9]+/@if/; s/link-netnsid [0-9]+//; s/ tentative//
            s/(id|root) [0-9a-f]{4}\.([0-9a-f]{2}:){5}[0-9a-f]{2}/\1/g
            s/(designated_[a-z]+|bridge) 8000\.[^ ]+/\1/g; s/_timer +[0-9.]+//g; s/ state [a-z]+ //
            s/port_(id|no) 0x[0-9a-f]+//g; /^ *alias lxc:/d
            s/designated_port [0-9]+//; /LL|^(local|anycast|multicast) .*metric 0/d' |
          sort
}
wait_running() { lxc-wait -P "$P" -n $N -s RUNNING -t 10; }
as_stock() {
    configure "${full[@]}"
    lxc-start -P "$P" -n $N -o "$WORK/log" -l DEBUG || { grep ERROR "$WORK/log"; return 1; }
    network "$(lxc-info -P "$P" -n $N -p -H)" > "$WORK/stock"
    lxc-stop -k -P "$P" -n $N
    start || return 1
    network "$(lxcbox lxc-info -P "$P" -n $N -p -H)" > "$WORK/ours"
    kill_it
    diff "$WORK/stock" "$WORK/ours"
}
t 'the same configuration gives the network that stock LXC gives' as_stock

before=$(links)
configure "${full[@]}"
container_reaches_bridge() {
    start &&
        ping -c 1 -W 2 10.8.0.5 &&
        for i in 1 2 3 4 5 6; do ping -q -c 1 -W 0.5 fd08::5 && break; done
}
t 'the container reaches the bridge, and the bridge it' container_reaches_bridge
names_are_configured_ones() {
    inside -br link | grep -q "^wan0@" &&
        inside -br link | grep -q "^eth0@" &&
        inside -br link | grep -q "^eth1@"
}
t 'the names are the configured ones' names_are_configured_ones
t 'its loopback is up' has 'lo +UNKNOWN' inside -br link show lo
t 'lxc-stop leaves nothing on the host' killed_and_gone
configure "${veth[@]:0:3}"
names_that_were_left_open_are_chosen() {
    start &&
        inside link show eth0 up &&
        ip link show "$(lxcbox lxc-info -P "$P" -n $N | sed -n "s/^Link: *//p")" up
}
t 'missing names are chosen, and lxc-info prints the one on the host' names_that_were_left_open_are_chosen
t 'a bridge'"'"'s mtu is inherited' has 'mtu 1400' inside link show eth0
t 'the host end is gone when lxc-stop returns' killed_and_gone
starts_and_stops_in_row_collide() {
    configure "${full[@]}"
    for i in 1 2 3 4 5; do start && kill_it || exit 1; done
    diff <(echo "$before") <(links)
}
t 'starts and stops in a row collide with nothing' starts_and_stops_in_row_collide

refused() { # REGEX LINE...
    local regex=$1
    shift
    configure "$@"
    refuses "$regex" start && diff <(echo "$before") <(links)
}
t 'a missing bridge is reported with its remedy, and nothing is left' refused \
    'lxc.net.1.link: there is no network interface nobr on the host \(create it' "${veth[@]}" \
    'lxc.net.1.type = veth' 'lxc.net.1.link = nobr'
t 'a name in use is reported' refused 'pair br0 .*File exists \(another interface has that name' \
    "${veth[@]:0:3}" 'lxc.net.0.veth.pair = br0'
t 'a kernel without the kind is reported' refused \
    'lxc.net.0: cannot create the vlan interface eth0 on up0: .*(modprobe vlan|Operation not supported)' \
    'lxc.net.0.type = vlan' 'lxc.net.0.link = up0' 'lxc.net.0.vlan.id = 5'
t 'a failing script is reported' refused 'lxc.net.0.script.up: /bin/false exited with status 1' "${veth[@]}" \
    'lxc.net.0.script.up = /bin/false'
gateway_out_of_reach_is_routed() {
    configure "${veth[@]}" "lxc.net.0.ipv4.address = 10.8.0.5/24" "lxc.net.0.ipv4.gateway = 169.254.1.1"
    start && inside route | grep -q "default via 169.254.1.1" && kill_it
}
t 'a gateway out of reach is routed to' gateway_out_of_reach_is_routed

configure 'lxc.net.0.type = phys' 'lxc.net.0.link = up0' 'lxc.net.0.name = lan' 'lxc.net.0.mtu = 1200' \
    'lxc.net.0.flags = up'
interface_of_host_is_moved() {
    start && inside link show lan | grep -q "mtu 1200" && ! ip link show up0 2> /dev/null
}
t 'an interface of the host is moved in' interface_of_host_is_moved
up0_back() { kill_it && ip link show up0 | grep -q "mtu 1500"; }
t 'and returned unchanged at stop' up0_back
crash() {
    start && kill -9 "$(lxcbox lxc-info -P "$P" -n $N -p -H)"
    lxcbox lxc-wait -P "$P" -n $N -s STOPPED -t 10 && ip link show up0 | grep -q 'mtu 1500'
}
t 'also when init is killed' crash
