# refuse_spoofing of lxcbox.conf: what a container sends with forged addresses is dropped at its port of the bridge.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in nft busybox python3; do command -v $tool > /dev/null || { skip net-spoof "needs $tool"; exit 0; }; done

lab
on_host nft add table bridge probe 2> "$WORK/probe" ||
    { skip net-spoof 'this kernel has no nftables for bridges'; exit 0; }
on_host nft delete table bridge probe
printf '%s\n' LXC_DOMAIN=lxc LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 | on_host tee /etc/default/lxc-net > /dev/null
box_host() { on_host env -i PATH= "$LXCBOX" "$@"; }
t 'lxc-net starts' box_host lxc-net start

P=$WORK/lxc name=spoof-$$
mkdir "$P"
printf 'lxc.net.0.%s\n' 'type = veth' 'link = lxcbr0' 'flags = up' 'veth.pair = vspoof' > "$WORK/config"
# A monitor that is killed leaves its cgroups empty; the kernel may need a moment until they are.
remove_cgroups() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        find /sys/fs/cgroup -depth -type d -path "*lxc.*.$name*" -exec rmdir {} +
        [ -n "$(find /sys/fs/cgroup -type d -name "lxc.*.$name")" ] || return 0
        sleep 0.1
    done
}
cleanup remove_cgroups
cleanup 'box_host lxc-stop -k -P "$P" $name'
create() { box_host lxc-create -P "$P" -n $name -f "$WORK/config" -t busybox -- \
    --busybox-path "$(command -v busybox)"; }
t 'a container is made' create
conf() { printf '%s\n' "$@" > "$P/$name/lxcbox.conf"; }
start() { box_host lxc-start -P "$P" -n $name; }
stop() { box_host lxc-stop -k -P "$P" -n $name; }
inside() { nsenter -t "$(box_host lxc-info -P "$P" -n $name -p -H)" -n "$@"; }
address() { inside ip -4 -o addr show dev eth0 scope global | sed -n 's/.* inet \([0-9.]*\).*/\1/p'; }
has_address() { [ -n "$(address)" ]; }
pings() { inside "$LXCBOX" ping -c 1 -W 1 "$@"; }
tables() { on_host nft list tables | awk '/bridge lxc-/ { n++ } END { print n + 0 }'; }

frame() { # SOURCE-MAC HEXADECIMAL: sends a frame to everybody
    inside python3 -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(b"\xff" * 6 + bytes.fromhex(sys.argv[1].replace(":", "")) + bytes.fromhex(sys.argv[2]))' "$@"
}
# arp SENDER-MAC SENDER-IP [TARGET-IP]: an ARP question
arp() { printf '08060001080006040001%s%s000000000000%s' "${1//:/}" "$2" "${3:-0a000301}"; }
knows() { on_host ip neigh show | grep -q "^$1 .*lladdr $2"; }
arp_is_heard() { frame "$1" "$(arp "$2" "$3")" && sleep 0.2 && knows "$4" "$2"; }
mac_inside() { inside ip -o link show eth0 | sed 's/.*ether \([^ ]*\).*/\1/'; }
# listen HEXADECIMAL: until a frame with these bytes comes to the bridge; fails after a second.
listen() {
    on_host python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("lxcbr0", 0))
print("ready", flush=True)
end = time.time() + 1
while time.time() < end:
    s.settimeout(max(0.01, end - time.time()))
    try:
        if bytes.fromhex(sys.argv[1]) in s.recv(2000):
            sys.exit(0)
    except socket.timeout:
        break
sys.exit(1)' "$1"
}
tagged_is_heard() { # SENDER-IP
    local mac listener
    mac=$(mac_inside)
    : > "$WORK/listen"
    listen "$1" > "$WORK/listen" &
    listener=$!
    until_ok 5 grep -q ready "$WORK/listen"
    frame "$mac" "81000005$(arp "$mac" "$1" 0a050001)"
    wait $listener
}

# --- Without the key ---

t 'it starts without the key' start
t 'there is no table for its port then' is 0 tables
forged_mac() {
    inside ip link set eth0 down && inside ip link set eth0 address 02:00:00:00:66:66 && inside ip link set eth0 up &&
        inside ip addr replace 10.0.3.66/24 dev eth0 && pings 10.0.3.1
}
t 'it can use any address' until_ok 5 forged_mac
t 'a frame with a VLAN tag is heard' tagged_is_heard 0a050008
t 'it stops' stop

# --- Hardware addresses ---

conf 'refuse_spoofing = mac'
t 'it starts with its hardware address only' start
t 'its port has a table' is 1 tables
t 'it gets its address' until_ok 10 has_address
t 'it reaches the host' pings 10.0.3.1
own=$(address)
other_ip() { inside ip addr add 10.0.3.77/24 dev eth0 && pings -I 10.0.3.77 10.0.3.1; }
t 'with mac alone, its other addresses are its own business' other_ip
mac=$(mac_inside)
t 'an ARP message with its own addresses is heard' arp_is_heard "$mac" "$mac" 0a00034d 10.0.3.77
t 'a forged source of a frame is not' fails arp_is_heard 02:00:00:00:66:67 02:00:00:00:66:67 0a000366 10.0.3.102
t 'nor is a forged sender of an ARP message' fails arp_is_heard "$mac" 02:00:00:00:66:68 0a000367 10.0.3.103
t 'nor a frame with a VLAN tag' fails tagged_is_heard 0a050009
t 'with another hardware address it reaches nothing' fails forged_mac
t 'it stops again' stop
t 'the table ends with it' is 0 tables

# --- IPv4 and IPv6 ---

conf 'refuse_spoofing = mac ipv4 ipv6'
t 'it starts with its own addresses only' start
t 'it gets an address by DHCP' until_ok 10 has_address
t 'it reaches the host from that' pings 10.0.3.1
mac=$(mac_inside)
t 'not from another IPv4 address' fails other_ip
t 'an ARP message for another IPv4 address is not heard' fails arp_is_heard "$mac" "$mac" 0a00034e 10.0.3.78
has_address6() { inside ip -6 -o addr show dev eth0 scope global -tentative | grep -q fd42:; }
t 'it has an IPv6 address from its hardware address' until_ok 10 has_address6
t 'it reaches the host from that, too' until_ok 5 pings fd42::1
other_ip6() { inside ip addr add fd42::66/64 dev eth0 nodad && pings -I fd42::66 fd42::1; }
t 'not from another IPv6 address' fails other_ip6
still() { inside ip addr del fd42::66/64 dev eth0; inside ip addr del 10.0.3.77/24 dev eth0; pings 10.0.3.1; }
t 'it still reaches the host' still
killed() {
    local monitor
    monitor=$(pgrep -f "^\[lxc monitor\] $P $name") && kill -9 $monitor && until_ok 5 is 0 tables
}
t 'a monitor that is killed leaves no table' killed
until_ok 5 fails on_host ip link show vspoof > "$WORK/gone" 2>&1 || on_host ip link del vspoof

printf 'lxc.net.0.%s\n' 'ipv4.address = 10.0.3.88/24' 'hwaddr = 02:00:00:00:77:77' >> "$P/$name/config"
t 'it starts with an address of its configuration' start
t 'it reaches the host from that' until_ok 5 pings -I 10.0.3.88 10.0.3.1
t 'not from another' fails other_ip
t 'it ends' stop

# --- The file ---

bad() { conf "refuse_spoofing = $1"; refuses "$2" box_host lxc-start -P "$P" -n $name; }
t 'an unknown word is refused' bad 'mac tcp' '"tcp" is not mac, ipv4 or ipv6'
t 'the key without mac is refused' bad ipv4 'refuse_spoofing without mac'
t 'nothing is left of a start that failed' fails on_host ip link show vspoof
