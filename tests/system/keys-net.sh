# lxc.net.*: what a container and its host have of it. The "host" is a network namespace of this script's own.
if [ -z "${KEYS_NET:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo 'skip keys-net: needs root'; exit 0; }
    KEYS_NET=1 exec unshare -n bash "$0"
fi
. tests/keys.sh

ip link set lo up
ip link add br0 type bridge &&
    ip addr add 10.9.0.1/24 dev br0 &&
    ip -6 addr add fd09::1/64 dev br0 nodad &&
    ip link set br0 up
ip link add host0 type veth peer name peer0 && ip link set host0 up && ip link set peer0 up

veth=(lxc.net.0.type=veth lxc.net.0.link=br0 lxc.net.0.veth.pair=outer0 lxc.net.0.flags=up)
networked() { with "${veth[@]}" "$@"; }     # KEY=VALUE... -- COMMAND
connected() { started "${veth[@]}" "$@"; }  # KEY=VALUE...
shows() { # KEY=VALUE... -- REGEX COMMAND: what ip says inside, of one link a line
    local keys=()
    while [ "$1" != -- ]; do keys+=("$1") && shift; done
    has "$2" networked "${keys[@]}" -- "${@:3}"
}

empty_takes_all_networks_out() {
    sed "/lxc.net/d" "$P/$N/config" > "$P/$N/bare"
    lxcbox lxc-execute -P "$P" -n "$N" -f "$P/$N/bare" -s lxc.net.0.type=empty -s lxc.net= -s \
        lxc.namespace.keep=net -- readlink /proc/self/ns/net
}
key lxc.net 'empty takes all networks out' is "$(readlink /proc/self/ns/net)" empty_takes_all_networks_out
key lxc.net.N.type "none: the host's network" is "$(readlink /proc/self/ns/net)" \
    with lxc.net.0.type=none -- readlink /proc/self/ns/net
key lxc.net.N.type 'empty: a loopback alone' is lo with -- ls /sys/class/net
key lxc.net.N.type 'veth: a pair' is 'eth0 lo' networked -- sh -c 'echo $(ls /sys/class/net)'
key lxc.net.N.type 'macvlan: on an interface of the host' has 'eth0@if' \
    with lxc.net.0.type=macvlan lxc.net.0.link=host0 lxc.net.0.flags=up -- ip link
type_phys_interface_of_host_and_back() {
    with lxc.net.0.type=phys lxc.net.0.link=peer0 lxc.net.0.name=eth7 -- test -e /sys/class/net/eth7 &&
        ip link show peer0
}
key lxc.net.N.type 'phys: an interface of the host, and back' type_phys_interface_of_host_and_back
for type in vlan ipvlan; do
    if ip link add link host0 name probe type $type ${type/#vlan/vlan id 7} 2> /dev/null ||
        ip link add link host0 name probe type $type 2> /dev/null; then
        ip link del probe
        printf -v "has_$type" 1
    fi
done
if [ "${has_ipvlan:-}" ]; then
    ipvlan() {
        started lxc.net.0.type=ipvlan lxc.net.0.link=host0 "$@" &&
            nsenter -t "$(init_pid)" -n ip -d link show eth0
    }
    key lxc.net.N.ipvlan.mode l3s has 'ipvlan *mode l3s' ipvlan lxc.net.0.ipvlan.mode=l3s
    key lxc.net.N.ipvlan.isolation private has 'private' ipvlan lxc.net.0.ipvlan.isolation=private
else
    skip 'lxc.net.N.ipvlan.mode: l3s' 'this kernel has no ipvlan'
    skip 'lxc.net.N.ipvlan.isolation: private' 'this kernel has no ipvlan'
    key lxc.net.N.ipvlan.mode 'the kernel is named where it lacks them' refuses 'ipvlan' \
        with lxc.net.0.type=ipvlan lxc.net.0.link=host0 -- true
fi
if [ "${has_vlan:-}" ]; then
    vlan_id_its_number() {
        started lxc.net.0.type=vlan lxc.net.0.link=host0 lxc.net.0.vlan.id=77 &&
            nsenter -t "$(init_pid)" -n ip -d link show eth0
    }
    key lxc.net.N.vlan.id 'its number' has 'id 77' vlan_id_its_number
else
    skip 'lxc.net.N.vlan.id: its number' 'this kernel has no vlan'
    key lxc.net.N.vlan.id 'the kernel is named where it lacks them' refuses 'vlan' \
        with lxc.net.0.type=vlan lxc.net.0.link=host0 lxc.net.0.vlan.id=77 -- true
fi
macvlan() {
    started lxc.net.0.type=macvlan lxc.net.0.link=host0 lxc.net.0.flags=up "$@" &&
        nsenter -t "$(init_pid)" -n ip -d link show eth0
}
key lxc.net.N.macvlan.mode 'bridge' has 'macvlan mode bridge' macvlan lxc.net.0.macvlan.mode=bridge
key lxc.net.N.macvlan.mode 'private by default' has 'macvlan mode private' macvlan
stopped

key lxc.net.N.flags 'up: it is' shows -- 'eth0.*[<,]UP' ip -o link
key lxc.net.N.flags 'unset: it is not' fails shows lxc.net.0.flags= -- 'eth0.*[<,]UP' ip -o link
links_connected() { connected && ip -o link; }
key lxc.net.N.link 'the bridge that its end on the host is on' has 'outer0.*master br0' links_connected
key lxc.net.N.veth.pair 'the name of that end' has ' outer0@' ip -o link
stopped
key lxc.net.N.name 'its name inside' shows lxc.net.0.name=lan0 -- ' lan0@' ip -o link
key lxc.net.N.hwaddr 'its hardware address' \
    shows lxc.net.0.hwaddr=02:00:00:00:00:77 -- 'eth0.*02:00:00:00:00:77' ip -o link
key lxc.net.N.mtu 'its MTU' shows lxc.net.0.mtu=1400 -- 'eth0.*mtu 1400' ip -o link
key lxc.net.N.ipv4.address 'an address with its prefix and broadcast address' shows \
    'lxc.net.0.ipv4.address=10.9.0.2/24 10.9.0.200' -- 'inet 10.9.0.2/24 brd 10.9.0.200' ip -o addr \
    show dev eth0
key lxc.net.N.ipv6.address 'an address' \
    shows lxc.net.0.ipv6.address=fd09::2/64 -- 'inet6 fd09::2/64' ip -o addr show dev eth0
key lxc.net.N.ipv4.gateway 'the default route' shows lxc.net.0.ipv4.address=10.9.0.2/24 \
    lxc.net.0.ipv4.gateway=10.9.0.9 -- 'default via 10.9.0.9' ip route
key lxc.net.N.ipv4.gateway "auto: through the bridge's address" \
    shows lxc.net.0.ipv4.address=10.9.0.2/24 lxc.net.0.ipv4.gateway=auto -- 'default via 10.9.0.1' ip route
key lxc.net.N.ipv4.gateway 'dev: the interface alone' \
    shows lxc.net.0.ipv4.address=10.9.0.2/24 lxc.net.0.ipv4.gateway=dev -- 'default dev eth0' ip route
key lxc.net.N.ipv6.gateway 'the default route' shows lxc.net.0.ipv6.address=fd09::2/64 \
    lxc.net.0.ipv6.gateway=fd09::9 -- 'default via fd09::9' ip -6 route
key lxc.net.N.ipv6.gateway "auto: through the bridge's address" shows lxc.net.0.ipv6.address=fd09::2/64 \
    lxc.net.0.ipv6.gateway=auto -- 'default via f[de][0-9a-f:]+ dev eth0' ip -6 route
ipv4_address_is_reached_over_bridge() {
    connected lxc.net.0.ipv4.address=10.9.0.2/24 lxc.net.0.ipv6.address=fd09::2/64 &&
        ping -c 1 -W 5 10.9.0.2 &&
        eventually ping -c 1 -W 1 fd09::2
}
key lxc.net.N.ipv4.address 'it is reached over the bridge' ipv4_address_is_reached_over_bridge
stopped
if command -v dnsmasq > /dev/null; then
    dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --interface=br0 --bind-interfaces \
        --port=0 --no-ping --dhcp-range=10.9.0.50,10.9.0.59,120 --dhcp-option=6,10.9.0.53 \
        --dhcp-leasefile="$WORK/leases" --pid-file= 2> "$WORK/dnsmasq" &
    dhcp_server=$!
    cleanup 'kill $dhcp_server'
    dhcp_served() { ss -lnu | grep -q ":67 "; }
    eventually dhcp_served
    inside_has() { inside ip addr | grep "$1"; } # ADDRESS
    ipv4_address_dhcp_got_from_outside() {
        connected lxc.net.0.ipv4.address=dhcp &&
            eventually inside_has 10.9.0.5 &&
            inside ip route | grep "default via 10.9.0.1"
    }
    key lxc.net.N.ipv4.address 'dhcp: got from outside, with routes' ipv4_address_dhcp_got_from_outside
    key lxc.net.N.ipv4.address 'dhcp: name servers, too' eventually grep 'nameserver 10.9.0.53' "$R/etc/resolv.conf"
    key lxc.net.N.ipv4.address 'dhcp: the lease goes by its name' grep " $N " "$WORK/leases"
    lease_returned() { stopped; eventually [ ! -s "$WORK/leases" ]; }
    key lxc.net.N.ipv4.address 'dhcp: it is given back' lease_returned
    rm -f "$R/etc/resolv.conf"
    echo of the host > "$WORK/resolv.conf"
    ipv4_address_dhcp_resolv_conf_of_hosts() {
        touch "$R/etc/resolv.conf"
        connected lxc.net.0.ipv4.address=dhcp \
            "lxc.mount.entry=$WORK/resolv.conf etc/resolv.conf none bind 0 0" &&
            eventually inside_has 10.9.0.5 &&
            sleep 0.1 &&
            grep "of the host" "$WORK/resolv.conf" &&
            inside grep "of the host" /etc/resolv.conf
    }
    key lxc.net.N.ipv4.address "dhcp: a resolv.conf of the host's stays as it is" ipv4_address_dhcp_resolv_conf_of_hosts
    stopped
    kill $dhcp_server
else
    skip 'lxc.net.N.ipv4.address: dhcp: got from outside, with routes' 'no dnsmasq'
fi

script_up_gets_link() {
    networked "lxc.net.0.script.up=$(says "\$1 \$2 \$3 \$4 \$5 \$6")" -- true && cat "$WORK/said"
}
key lxc.net.N.script.up 'gets the type and the names of the link' is "$N net up veth br0 outer0" \
    script_up_gets_link
script_down_gets_link() {
    networked "lxc.net.0.script.down=$(says "\$1 \$2 \$3 \$4 \$5 \$6")" -- true && cat "$WORK/said"
}
key lxc.net.N.script.down 'gets the type and the names of the link' is "$N net down veth br0 outer0" \
    script_down_gets_link
router=(lxc.net.0.link=host0 lxc.net.0.veth.mode=router)
mode_router_on_no_bridge_with_route() {
    connected "${router[@]}" lxc.net.0.ipv4.address=10.8.0.2/32 &&
        ! ip -o link show outer0 | grep master &&
        ip route | grep "^10.8.0.2 dev outer0"
}
key lxc.net.N.veth.mode 'router: on no bridge, with a route on the host' mode_router_on_no_bridge_with_route
ipv4_route_on_host() {
    connected lxc.net.0.veth.ipv4.route=10.7.0.0/24 && ip route | grep "^10.7.0.0/24 dev outer0"
}
key lxc.net.N.veth.ipv4.route 'on the host, towards it' ipv4_route_on_host
ipv6_route_on_host() {
    connected "${router[@]}" lxc.net.0.ipv6.address=fd08::2/128 lxc.net.0.veth.ipv6.route=fd07::/64 &&
        ip -6 route | grep "^fd07::/64 dev outer0"
}
key lxc.net.N.veth.ipv6.route 'on the host, towards it' ipv6_route_on_host
sysctl -q net.ipv4.conf.host0.forwarding=1 net.ipv6.conf.host0.forwarding=1 \
    net.ipv6.conf.host0.proxy_ndp=1 net.ipv4.ip_forward=1
l2proxy_its_address_is_answered() {
    connected "${router[@]}" lxc.net.0.l2proxy=1 lxc.net.0.ipv4.address=10.8.0.2/32 &&
        ip neigh show proxy | grep "10.8.0.2 dev host0"
}
key lxc.net.N.l2proxy 'its address is answered for on the link' l2proxy_its_address_is_answered
queues() { connected "$@" && nsenter -t "$(init_pid)" -n ip -d link show eth0; }
key lxc.net.N.veth.n_rxqueues 'how many it has' has 'numrxqueues 3' queues lxc.net.0.veth.n_rxqueues=3
key lxc.net.N.veth.n_txqueues 'how many it has' has 'numtxqueues 5' queues lxc.net.0.veth.n_txqueues=5
stopped
if ip link set br0 type bridge vlan_filtering 1 2> /dev/null &&
    bridge vlan show dev br0 2> /dev/null | grep -q br0; then
    untagged() { connected lxc.net.0.veth.vlan.id=22 && bridge vlan show dev outer0; }
    key lxc.net.N.veth.vlan.id 'of its untagged traffic' has '22 PVID Egress Untagged' untagged
    tagged() { connected lxc.net.0.veth.vlan.tagged.id=33 && bridge vlan show dev outer0; }
    key lxc.net.N.veth.vlan.tagged.id 'what it may send' has '^ +33 *$' tagged
else
    skip 'lxc.net.N.veth.vlan.id: of its untagged traffic' 'this kernel'"'"'s bridges know no VLANs'
    skip 'lxc.net.N.veth.vlan.tagged.id: what it may send' 'this kernel'"'"'s bridges know no VLANs'
    key lxc.net.N.veth.vlan.id 'refused where bridges do not support VLANs' refuses 'VLAN' with "${veth[@]}" \
        lxc.net.0.veth.vlan.id=22 -- true
    key lxc.net.N.veth.vlan.tagged.id 'refused where bridges do not support VLANs' refuses 'VLAN' with \
        "${veth[@]}" lxc.net.0.veth.vlan.tagged.id=33 -- true
fi
stopped
