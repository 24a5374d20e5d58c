#!/bin/bash
# Networks on another kernel: the types of links that this machine's has not, wireless ones of the kernel's simulator
# among them, and what is said where the kernel has no bridge, no nftables, no IPv6.
. "$(dirname "$0")/../lib.sh"
. tests/vm.sh
vm_native
vm_needs full
busybox=$(command -v busybox) &&
    iw=$(command -v iw) ||
    { skip 'networks in a virtual machine' 'needs busybox-static and iw'; exit 0; }

guest=$WORK/guest
vm_guest "$guest"
cat >> "$guest" << 'GUEST'
mount -t cgroup2 cgroup /sys/fs/cgroup
lxcbox ip link set lo up
mkdir -p /etc/default /lxc/base/bin /lxc/base/proc /lxc/base/sys /lxc/base/dev /lxc/base/etc
refuses() {
    want=$1
    shift
    got=$("$@" 2>&1 > /dev/null)
    status=$?
    echo "$got"
    [ $status -eq 1 ] && [ "$(echo "$got" | wc -l)" -eq 1 ] && echo "$got" | grep -Eq -- "$want"
}
GUEST
cp "$guest" "$WORK/poor"
cat >> "$WORK/poor" << 'GUEST'
predicts() { grep -E "^$1: missing" /missing; }
clean() {
    ! lxcbox ip link show lxcbr0 2> /dev/null &&
        [ ! -e /run/lxc/network_up ] &&
        [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
}
bridge=$(find /lib/modules -name 'bridge.ko*')
mv "$bridge" "$bridge.away"
lxcbox lxc-checkconfig -q > /missing
t 'lxc-checkconfig reports that there are no bridges' predicts Bridges
t 'and lxc-net that it needs them' refuses 'this kernel does not support bridges: it needs' lxcbox lxc-net start
t 'leaving nothing (bridges)' clean
mv "$bridge.away" "$bridge"
t 'lxc-checkconfig reports that there is no nftables' predicts 'Masquerading \(nftables\)'
t 'and lxc-net that it needs it' refuses 'this kernel has no nftables \(masquerading needs' lxcbox lxc-net start
t 'leaving nothing (nftables)' clean
t 'lxc-checkconfig reports that there is no IPv6' predicts IPv6
echo LXC_IPV6_ADDR=fd42::1 > /etc/default/lxc-net
t 'and lxc-net that it was to serve it' \
    refuses 'LXC_IPV6_ADDR is set, but this kernel has no IPv6 \(unset it' lxcbox lxc-net start
t 'leaving nothing (IPv6)' clean
rm /etc/default/lxc-net
t 'an available feature is not reported as missing' fails predicts 'Veth pair device'
printf '%s\n' 'lxc.net.0.type = veth' 'lxc.net.0.ipv6.address = fd42::2/64' \
    'lxc.init.cmd = /bin/sleep 600' > /lxc/config
mkdir /lxc/c && cp /lxc/config /lxc/c/
t 'an IPv6 address of a container is refused where there is no IPv6' refuses \
    'this kernel has no IPv6: remove lxc.net.0.ipv6.address' lxcbox lxc-execute -P /lxc -n c -- /bin/true
off
GUEST
cat >> "$guest" << 'GUEST'
cp /bin/busybox /lxc/base/bin/
for a in sleep ping ip; do ln -s busybox /lxc/base/bin/$a; done
container() { # NAME LINE...
    name=$1
    shift
    lxcbox lxc-stop -k -P /lxc -n $name 2> /dev/null
    mkdir -p /lxc/$name
    { echo lxc.rootfs.path = dir:/lxc/base; echo lxc.init.cmd = /bin/sleep 600
      for line; do echo "lxc.net.0.$line"; done; } > /lxc/$name/config
    lxcbox lxc-start -P /lxc -n $name
}
inside() { n=$1; shift; lxcbox lxc-attach -P /lxc -n $n -- "$@"; }
outside() { # our own ip, in its network
    n=$1
    shift
    lxcbox nsenter -t "$(lxcbox lxc-info -P /lxc -n $n -p -H)" -n lxcbox "$@"
}
pings() { inside $1 /bin/ping -c 1 -W 3 $2; }
lost() { ! inside $1 /bin/ping -c 1 -W 1 $2; }
stop_all() { for n in a b c d; do lxcbox lxc-stop -k -P /lxc -n $n 2> /dev/null; done; :; }

lxcbox ip link add host0 type veth peer name peer0
lxcbox ip link set host0 up
lxcbox ip netns add far
lxcbox ip link set peer0 netns far
far() { lxcbox ip netns exec far "$@"; }
far lxcbox ip addr add 10.1.0.1/24 dev peer0
far lxcbox ip link set peer0 up

far lxcbox ip link add link peer0 name peer0.77 type vlan id 77
far lxcbox ip addr add 10.77.0.1/24 dev peer0.77
far lxcbox ip link set peer0.77 up
t 'a container starts with a VLAN of an interface' \
    container a 'type = vlan' 'link = host0' 'vlan.id = 77' 'flags = up' 'ipv4.address = 10.77.0.2/24'
t 'it has the number' has 'vlan .*id 77' outside a ip -d link show eth0
t 'and reaches that VLAN' pings a 10.77.0.1
t 'and nothing else' lost a 10.1.0.1
t 'the same VLAN once more is refused' refuses 'VLAN on that link, is in use' \
    container b 'type = vlan' 'link = host0' 'vlan.id = 77'
stop_all
t 'its number is free again at once' container a 'type = vlan' 'link = host0' 'vlan.id = 77'
stop_all

lxcbox ip addr add 10.1.0.5/24 dev host0
for mode in l2 l3 l3s; do
    t "a container starts with an ipvlan of mode $mode" container a 'type = ipvlan' 'link = host0' \
        "ipvlan.mode = $mode" 'flags = up' 'ipv4.address = 10.1.0.2/24'
    t "it has that mode ($mode)" has "ipvlan +mode $mode " outside a ip -d link show eth0
done
for isolation in bridge private vepa; do
    t "an ipvlan starts with isolation $isolation" container a 'type = ipvlan' 'link = host0' \
        "ipvlan.isolation = $isolation" 'ipvlan.mode = l2' 'flags = up' 'ipv4.address = 10.1.0.2/24'
    t "a second one, too ($isolation)" container b 'type = ipvlan' 'link = host0' \
        "ipvlan.isolation = $isolation" 'ipvlan.mode = l2' 'flags = up' 'ipv4.address = 10.1.0.3/24'
    t "they reach what is outside ($isolation)" pings a 10.1.0.1
    reach=lost
    [ $isolation != bridge ] || reach=pings
    t "each other: $reach ($isolation)" $reach a 10.1.0.3
    stop_all
done
t 'an ipvlan with a hardware address is refused' refuses \
    'lxc.net.0.hwaddr: an ipvlan interface always has the address of host0' container a 'type = ipvlan' \
    'link = host0' 'hwaddr = 02:00:00:00:00:01'

proxied() {
    container a 'type = ipvlan' 'link = host0' 'ipvlan.mode = l3s' 'l2proxy = 1' 'flags = up' \
        'ipv4.address = 10.1.0.9/32' 'ipv4.gateway = dev'
}
t 'l2proxy without forwarding is refused with the reason' \
    refuses 'l2proxy needs net.ipv4.conf.host0.forwarding to be 1' proxied
lxcbox sysctl -q -w net.ipv4.conf.host0.forwarding=1
t 'an ipvlan starts with l2proxy' proxied
t 'others find its address on the link' far lxcbox ping -c 1 -W 3 10.1.0.9
t 'and it finds them' pings a 10.1.0.1
init=$(lxcbox lxc-info -P /lxc -n a -p -H)
kill -9 "$(sed -n 's/^PPid:[^0-9]*//p' /proc/$init/status)"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e /proc/$init ] && usleep 100000; done
t 'its monitor killed, it starts again' proxied
stop_all
t 'nobody answers for it any more' is '' lxcbox ip neigh show proxy
old_route() { lxcbox ip route show | grep 10.1.0.9; }
t 'and there is no route to it' fails old_route

lxcbox ip link add br0 type bridge vlan_filtering 1
lxcbox ip link set br0 up
member() { n=$1 a=$2; shift 2; container $n 'type = veth' 'link = br0' 'flags = up' "ipv4.address = $a/24" "$@"; }
t 'a container starts in VLAN 22 of a bridge' member a 10.2.0.1 'veth.vlan.id = 22'
t 'another in the same' member b 10.2.0.2 'veth.vlan.id = 22'
t 'one in VLAN 33' member c 10.2.0.3 'veth.vlan.id = 33' 'veth.vlan.tagged.id = 22'
t 'one in none' member d 10.2.0.4 'veth.vlan.id = none'
t 'those of one VLAN reach each other' pings a 10.2.0.2
t 'those of two do not' lost a 10.2.0.3
t 'one in none reaches nobody' lost d 10.2.0.1
outside c ip link add link eth0 name eth0.22 type vlan id 22
outside c ip addr add 10.2.0.33/24 dev eth0.22
outside c ip addr del 10.2.0.3/24 dev eth0
outside c ip link set eth0.22 up
t 'one with the VLAN tagged reaches it through an interface of that' pings c 10.2.0.1
stop_all
t 'a VLAN both tagged and not is refused' refuses 'VLAN 5 is both' \
    member a 10.2.0.1 'veth.vlan.id = 5' 'veth.vlan.tagged.id = 5'
lxcbox ip link add br1 type bridge
t 'a bridge without VLAN filtering is refused' refuses 'bridge br1 does not filter VLANs \(' \
    container a 'type = veth' 'link = br1' 'veth.vlan.id = 5'
other_links() { lxcbox ip -br link | grep -Ev '^(lo|host0@[^ ]*|br0|br1) '; }
t 'nothing of all that is left' fails other_links

# A network interface of the machine's, and a monitor that is killed: the kernel gives it back, to the initial
# namespace.
lxcbox modprobe -a virtio_pci virtio_net
lxcbox ip link set eth0 name nic0
container a 'type = phys' 'link = nic0' 'name = lan' 'flags = up'
t 'an interface of the machine is in the container' has 'lan' outside a ip -br link
init=$(lxcbox lxc-info -P /lxc -n a -p -H)
kill -9 "$(sed -n 's/^PPid:[^0-9]*//p' /proc/$init/status)"

back() {
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        lxcbox ip link show "$1" && return
        usleep 100000
    done
    return 1
}
back_after_kill_nic() { kill -9 $init; back nic0; }
t 'when its monitor is killed, and its init, it is back' back_after_kill_nic
t 'the container can be started with it again' container a 'type = phys' 'link = nic0' 'name = lan' 'flags = up'
lxcbox lxc-stop -k -P /lxc -n a
t 'and it is back again' back nic0
under_both_names() {
    echo $(lxcbox ip -br link show lan | cut -d" " -f1) $(lxcbox ip -br link show nic0 | cut -d" " -f1)
}
t 'under both names' is 'lan lan' under_both_names

# Two wireless cards that hear each other: one goes into a container, the other stays with the host.
lxcbox modprobe mac80211_hwsim
on_air() { # DEVICE WHERE...: alone on a channel, without an access point
    d=$1
    shift
    "$@" iw dev $d ibss join lab 2412 fixed-freq 02:ca:fe:00:00:01
}
for w in wlan0 wlan1; do iw dev $w set type ibss; done
iw phy phy1 interface add mon1 type monitor
away() {
    container a 'type = phys' 'link = wlan1' 'name = air' 'flags = up' 'mtu = 1400' \
        'ipv4.address = 10.66.0.1/24'
}
t 'a container starts with a wireless interface' away
t 'it has it, under the name it is to have' has '^air +.* 10.66.0.1/24' outside a ip -br addr
t 'with the others of that card' outside a ip link show mon1
monitor_links() { lxcbox ip link show wlan1 || lxcbox ip link show mon1; }
t 'and the host has none of them' fails monitor_links
lxcbox lxc-stop -k -P /lxc -n a
stopped_it_gives_them_back() {
    has "wlan1:.*mtu 1500" lxcbox ip link show wlan1 && lxcbox ip link show mon1
}
t 'a stopped container returns the interfaces unchanged' stopped_it_gives_them_back
t 'it starts with it again' away
init=$(lxcbox lxc-info -P /lxc -n a -p -H)
kill -9 "$(sed -n 's/^PPid:[^0-9]*//p' /proc/$init/status)"
back_after_kill_wlan() { kill -9 $init; back wlan1; }
t 'when its monitor is killed, and its init, it is back' back_after_kill_wlan
t 'it can be started with it again' away
refused() { container b 'type = phys' 'link = wlan0' 'name = x' 'script.up = /bin/false' 2> /dev/null; [ $? -eq 1 ]; }
refused_and_back() { refused && back wlan0; }
t 'a start that fails returns it' refused_and_back

air() { lxcbox nsenter -t "$(lxcbox lxc-info -P /lxc -n a -p -H)" -n "$@"; }
on_air air air
lxcbox ip addr add 10.66.0.2/24 dev wlan0
lxcbox ip link set wlan0 up
on_air wlan0
lxcbox ip route add default via 10.66.0.1
heard() { for i in 1 2 3 4 5 6 7 8 9 10; do lxcbox ping -c 1 -W 1 10.66.0.1 && return; done; return 1; }
t "the two cards receive each other's frames" heard
t 'a wireless uplink is not put into the bridge' refuses \
    'wlan0 is wireless and cannot be part of a bridge: .*\(run "lxc-net start" without --bridge-uplink; '\
'containers are then masqueraded' \
    lxcbox lxc-net start --bridge-uplink wlan0
t 'nothing is left of that' fails lxcbox ip link show lxcbr0
mkdir -p /etc/lxc
echo lxc.lxcpath = /lxc > /etc/lxc/lxc.conf
t 'lxc-net starts without that' lxcbox lxc-net start
t 'status prints the route of outgoing packets' has '^Uplink: +wlan0 \(IPv4, masqueraded\)' lxcbox lxc-net status
t 'a container has an address from it' container b 'type = veth' 'link = lxcbr0' 'flags = up' 'ipv4.address = dhcp'
goes_out_through_masquerade() {
    for i in 1 2 3 4 5 6 7 8; do pings b 10.66.0.1 && break; usleep 300000; done
}
t 'its packets are masqueraded' goes_out_through_masquerade
inside b /bin/busybox httpd -p 80 -h /etc
fetch() { printf 'GET /lxc.conf HTTP/1.0\r\n\r\n' | /bin/busybox nc -w 3 $1 8080; }
mkdir -p /lxc/base/etc
echo it is b > /lxc/base/etc/lxc.conf
t 'a port of the machine leads to the container' lxcbox lxc-net forward add 8080 b:80
t 'by its own address' has '^it is b' fetch 10.66.0.2
t 'and by 127.0.0.1' has '^it is b' fetch 127.0.0.1
t 'nothing is in its way' has ' active$' lxcbox lxc-net forward list
stop_everything() { stop_all; lxcbox lxc-net stop; }
t 'lxc-net stops' stop_everything
t 'a running container starts' container c 'type = empty'
lxc_device_moves_wireless_interface() {
    lxcbox lxc-device -P /lxc -n c add wlan1 radio && outside c ip link show radio
}
t 'lxc-device moves a wireless interface into it' lxc_device_moves_wireless_interface
radio_out() { lxcbox lxc-device -P /lxc -n c del radio air && lxcbox ip link show air; }
t 'and out of it' radio_out
off
GUEST
chmod 755 "$WORK/poor"

links=()
for a in sh mount mkdir cat sed cp mv rm ln chmod grep find ps poweroff sleep usleep cut wc ping; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
tool() { # PROGRAM: with what it needs
    local file
    links+=(-a "$1:/bin/${1##*/}")
    for file in $(ldd "$1" | grep -o '/[^ ]*'); do links+=(-a "$(realpath "$file"):$file"); done
}
tool "$iw"
image() { # FILE MODULES GUEST
    vm_initramfs "$WORK/$1" -m "$2" -a "$busybox:/bin/busybox" -a "$3:/guest" "${links[@]}"
}
run() { # WHAT IMAGE LINE OPTION...
    local what=$1
    shift
    vm_run "$@" > "$WORK/said"
    cat "$WORK/said"
    t "the machine $what comes to its end" grep -q '^the end' "$WORK/said"
}
t 'an initramfs is written' image initrd \
    bridge,veth,macvlan,ipvlan,8021q,nf_tables,nft_masq,nft_chain_nat,nft_nat,nft_ct,nft_fib_ipv4,nft_fib_ipv6\
,nf_conntrack_netlink,crc32c_generic,af_packet,virtio_pci,virtio_net,mac80211_hwsim \
    "$guest"
run 'with all types of links' "$WORK/initrd" 'rdinit=/guest net.ifnames=0'  $vm_network
t 'one with little in it, too' image poor.initrd bridge,veth,af_packet "$WORK/poor"
run 'with little in it' "$WORK/poor.initrd" 'rdinit=/guest ipv6.disable=1'
