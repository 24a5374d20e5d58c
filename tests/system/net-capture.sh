# Every packet of lxc-net's servers and of dhcpc, as captured between them and their peers, read by tshark: none is
# malformed.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in tcpdump tshark dhclient dnsmasq dig busybox; do
    command -v $tool > /dev/null || { skip net-capture "needs $tool"; exit 0; }
done

lab
internet
printf '%s\n' LXC_DOMAIN=lxc.test LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64 LXC_IPV6_NAT=true |
    on_host tee /etc/default/lxc-net > /dev/null
(exec ip netns exec "$LAB-inet" dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts \
    --host-record=www.example.test,203.0.113.1,2001:db8::1) &
upstream=$!
on_host env -i "$LXCBOX" lxc-net start || { echo 'not ok lxc-net starts'; exit 1; }
on_host ip link add br1 type bridge
on_host ip addr add 10.9.0.1/24 dev br1
on_host ip link set br1 up
(exec nsenter -t $lab_pid -n dnsmasq -k -C /dev/null -u root --port=0 --interface=br1 --bind-interfaces --no-ping \
    --dhcp-range=10.9.0.50,10.9.0.59,120 --dhcp-option=6,10.9.0.53 --dhcp-leasefile="$WORK/leases") 2> "$WORK/peer" &
peer=$!
cleanup 'kill $upstream $peer'
for bridge in lxcbr0 br1; do
    nsenter -t $lab_pid -n tcpdump --immediate-mode -U -Z root -i $bridge -w "$WORK/$bridge.pcap" \
        2> "$WORK/$bridge.log" &
    printf -v "capture_$bridge" %s $!
done
cleanup 'kill $capture_lxcbr0 $capture_br1'
until_ok 5 grep -q listening "$WORK/lxcbr0.log" &&
    until_ok 5 grep -q listening "$WORK/br1.log" ||
    echo 'not ok tcpdump captures'

# --- What is to be captured -------------------------------------------------------------------------------------

printf \
    '#!/bin/sh\n[ "$1" = bound ] || exit 0\nip addr add $ip/$mask dev $interface; ip route add default via $router\n' \
    > "$WORK/udhcpc"
printf '#!/bin/sh\nexit 0\n' > "$WORK/nothing"
chmod +x "$WORK/udhcpc" "$WORK/nothing"
for b in a b c; do box $b lxcbr0; done
box d br1
box e br1
in_box e ip addr add 10.9.0.55/24 dev eth0
{
    in_box a busybox udhcpc -i eth0 -nqfR -s "$WORK/udhcpc" -x hostname:alpha
    in_box b dhclient -1 -lf "$WORK/b.leases" -pf "$WORK/b.pid" -sf "$WORK/nothing" eth0
    in_box b dhclient -r -lf "$WORK/b.leases" -pf "$WORK/b.pid" -sf "$WORK/nothing" eth0
    in_box c "$LXCBOX" dhcpc eth0 -1 -x hostname:gamma --resolv-conf none
    in_box c "$LXCBOX" dhcpc eth0 -1 -r 10.9.9.9 --resolv-conf none # refused: NAK, or another address
    in_box d "$LXCBOX" dhcpc eth0 -1 -C -r 10.9.0.55 --resolv-conf none # taken: declined
    in_box d "$LXCBOX" dhcpc eth0 -1 -x hostname:delta --resolv-conf none
    in_box c sh \
        -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
    has_global_address() { in_box c ip -6 addr show dev eth0 scope global -tentative | grep -q "inet6 fd42:"; }
    until_ok 8 has_global_address
    timeout 20 ip netns exec "$LAB-c" dhclient -6 -S -1 -lf "$WORK/c6" -pf "$WORK/c6.pid" -sf "$WORK/nothing" eth0
    kill "$(cat "$WORK/c6.pid")"
    for question in gamma 'gamma AAAA' 'gamma.lxc.test ANY' 'gamma.lxc.test MX' 'nobody.lxc.test' \
        '-x 10.0.3.1' '-x fd42::dead' '+tcp gamma' '+noedns gamma' '+edns=5 gamma' www.example.test \
        'www.example.test AAAA' '+tcp www.example.test' '+opcode=update gamma' '+dnssec . NS'; do
        in_box c dig +time=1 +tries=1 @10.0.3.1 $question
    done
    in_box c dig +time=1 +tries=1 @fd42::1 gamma
} > "$WORK/done" 2>&1
on_host env -i "$LXCBOX" lxc-net stop # says by an advertisement that it ends
sleep 0.2
kill $capture_lxcbr0 $capture_br1
wait $capture_lxcbr0 $capture_br1

# --- What tshark says of it -------------------------------------------------------------------------------------

captured() { # BRIDGE FILTER
    tshark -n -r "$WORK/$1.pcap" -o ip.check_checksum:TRUE -Y "$2" 2> /dev/null
}
there() { [ -n "$(captured "$1" "$2")" ]; }
ours='(dhcp && ip.src == 10.0.3.1)'
captured_offers_and_acknowledgements() {
    there lxcbr0 "$ours && dhcp.option.dhcp == 2" && there lxcbr0 "$ours && dhcp.option.dhcp == 5"
}
t 'captured: offers and acknowledgements of DHCP' captured_offers_and_acknowledgements
captured_what_dhcpc_asks_of_dnsmasq() {
    there br1 "dhcp.option.dhcp == 1" &&
        there br1 "dhcp.option.dhcp == 3" &&
        there br1 "dhcp.option.dhcp == 5"
}
t 'captured: what dhcpc asks of dnsmasq, and gets' captured_what_dhcpc_asks_of_dnsmasq
captured_that_it_declines_address() {
    there br1 "dhcp.option.dhcp == 4" &&
        there br1 "arp.isprobe == 1" &&
        there br1 "arp.isannouncement == 1"
}
t 'captured: that it declines an address, sends ARP requests and announces its address' \
    captured_that_it_declines_address
t 'captured: router advertisements' there lxcbr0 'icmpv6.type == 134'
t 'captured: the last one, which announces the end' \
    there lxcbr0 'icmpv6.type == 134 && icmpv6.nd.ra.router_lifetime == 0'
t 'captured: replies of DHCPv6' there lxcbr0 'dhcpv6.msgtype == 7'
dns_over_all() {
    there lxcbr0 "dns.flags.response == 1 && udp && ip" &&
        there lxcbr0 "dns.flags.response == 1 && tcp" && there lxcbr0 "dns.flags.response == 1 && ipv6"
}
t 'captured: answers of DNS, over UDP, TCP and IPv6' dns_over_all
for bridge in lxcbr0 br1; do
    t "no packet on $bridge is malformed" is '' captured $bridge '_ws.malformed || _ws.short || _ws.unreassembled'
    t "and none has an error ($bridge)" is '' captured $bridge '_ws.expert.severity >= 0x800000'
done
# The kernel leaves checksums to the device, which a veth is not; what we build ourselves has all of them.
sums() {
    tshark -n -r "$WORK/$1.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y \
        "($2) && (udp.checksum.status != 1 || ip.checksum.status != 1)" 2> /dev/null
}
t "the server's checksums are right" is '' sums lxcbr0 "$ours"
t "the client's checksums are right" is '' sums br1 'dhcp.type == 1'
t 'nothing of ours makes tshark warn' is '' captured lxcbr0 \
    '_ws.expert.severity >= 0x600000 && (dhcp || dhcpv6 || dns || icmpv6.type == 134) &&
        (ip.src == 10.0.3.1 || ipv6.src == fd42::1 || icmpv6.type == 134 || dhcpv6.msgtype == 7)'
