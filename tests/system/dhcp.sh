# dhcpc against the servers that people run: dnsmasq, ISC's dhcpd, busybox's udhcpd.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in dhcpd dnsmasq busybox; do command -v $tool > /dev/null || { skip dhcp "needs $tool"; exit 0; }; done

lab
on_host ip link add br0 type bridge
on_host ip addr add 10.9.0.1/24 dev br0
on_host ip link set br0 up
box c br0

dhcpc() { in_box c "$LXCBOX" dhcpc eth0 --resolv-conf "$WORK/resolv" "$@"; }
address() { in_box c ip -4 -o addr show dev eth0; }
has_address() { address | grep -q "$1"; } # REGEX
no_address() { [ -z "$(address)" ]; }
acknowledged() { [ "$(grep -c '^DHCPACK' "$WORK/server")" -ge "$1" ]; } # TIMES
server() { : > "$WORK/server"; (exec nsenter -t "$lab_pid" -n "$@") > "$WORK/server" 2>&1 & server=$!; }
cleanup 'kill $server'
end_server() { kill $server; wait $server; } 2> /dev/null
forget() { in_box c ip addr flush dev eth0; in_box c ip route flush dev eth0; }

# --- No server --------------------------------------------------------------------------------------------------

t 'a missing server is reported' refuses 'no DHCP server answers on eth0' dhcpc -n -t 2 -T 1
t 'an interface that is not there is refused' refuses 'there is no network interface nonesuch' \
    in_box c "$LXCBOX" dhcpc nonesuch
t 'the loopback is refused' refuses 'lo is not an Ethernet interface' in_box c "$LXCBOX" dhcpc lo
t 'an option that makes no sense is refused' refuses '-t takes a number' dhcpc -t many

# --- dnsmasq ----------------------------------------------------------------------------------------------------

server dnsmasq -k --no-ping --log-facility=- -C /dev/null -u root --port=0 --dhcp-authoritative \
    --dhcp-range=10.9.0.50,10.9.0.60,2m --dhcp-leasefile="$WORK/dnsmasq.leases" \
    --dhcp-option=option:dns-server,10.9.0.2,10.9.0.3 --dhcp-option=option:domain-name,example.test \
    --dhcp-option=option:mtu,1400 --dhcp-option=121,10.77.0.0/16,10.9.0.8,0.0.0.0/0,10.9.0.9 \
    --dhcp-host=mine,10.9.0.55
until_ok 5 grep -q 'DHCP, IP range' "$WORK/server"
t 'it gets a lease of dnsmasq' dhcpc -1 -x hostname:mine
t 'the address and its lifetime are applied' has 'inet 10.9.0.55/24 brd 10.9.0.255 .*valid_lft 1[12].sec' address
t 'classless routes are applied' has '^10.77.0.0/16 via 10.9.0.8 proto dhcp' in_box c ip route show dev eth0
t 'and take the place of the router' has '^default via 10.9.0.9 proto dhcp' in_box c ip route show dev eth0
t 'the MTU is applied' has 'mtu 1400' in_box c ip link show eth0
t 'name servers and domain are written' is $'search example.test\nnameserver 10.9.0.2\nnameserver 10.9.0.3' \
    cat "$WORK/resolv"
ask_for_58() { forget; stderr_too dhcpc -1 -r 10.9.0.58 -C; }
t 'it may ask for an address' has '10.9.0.58/24' ask_for_58
released() {
    forget
    dhcpc -f -R -p "$WORK/pid" &
    until_ok 5 has_address 10.9.0 || return 1
    kill "$(cat "$WORK/pid")"
    wait $!
    until_ok 3 grep -q DHCPRELEASE "$WORK/server" && [ -z "$(address)" ]
}
t 'on exit it releases lease and address' released
box other br0
declined() { # ADDRESS: another host has it, the server gives it, the client does not take it but another one
    in_box other ip addr replace "$1/24" dev eth0
    forget
    dhcpc -1 -r "$1" -C || return 1
    in_box other ip addr flush dev eth0
    until_ok 3 grep DHCPDECLINE "$WORK/server" && ! address | grep -F " $1/" && address | grep 10.9.0
}
t 'an address that another host has is declined, and another one taken' declined 10.9.0.58
neighbour_has() { # ADDRESS: the neighbour has it with our hardware address
    in_box other ip neigh show "$1" | grep -i "$(in_box c cat /sys/class/net/eth0/address)"
}
updates() {
    local has
    has=$(address | sed -E 's/.*inet ([^/]*).*/\1/')
    forget
    in_box other ip addr replace 10.9.0.9/24 dev eth0
    in_box other ip neigh replace "$has" lladdr 02:00:00:00:00:99 dev eth0 nud stale
    dhcpc -1 -C && until_ok 3 neighbour_has "$has"
}
t 'neighbours with another owner of the address are neighbour_has' updates
end_server

# --- ISC --------------------------------------------------------------------------------------------------------

cat > "$WORK/dhcpd.conf" <<'C'
authoritative; ping-check false; default-lease-time 4; max-lease-time 4; min-lease-time 4;
subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.100 10.9.0.110;
    option routers 10.9.0.1; option domain-name-servers 10.9.0.1; }
C
touch "$WORK/dhcpd.leases"
chmod 755 "$WORK"
isc() {
    server dhcpd -4 -d -user root -group root -cf "$WORK/dhcpd.conf" -lf "$WORK/dhcpd.leases" \
        -pf "$WORK/dhcpd.pid" br0
}
isc
until_ok 5 grep -q 'Server starting' "$WORK/server"
forget
kept() { dhcpc -T 1 -p "$WORK/pid" 9< /etc/passwd; }
t "ISC's dhcpd gives it a lease, kept in the background" kept
cleanup 'kill $(cat "$WORK/pid")'
inherited() { find "/proc/$(cat "$WORK/pid")/fd" -lname /etc/passwd; }
t 'in the background it keeps no file of its caller open' is '' inherited
t 'the router becomes the default route' has '^default via 10.9.0.1 proto dhcp src 10.9.0.10' \
    in_box c ip route show dev eth0
t 'it renews in time' until_ok 6 acknowledged 2
t 'and the address stays' has 'inet 10.9.0.1[01]' address
end_server
t 'a lease that is not renewed ends, and its address is removed' until_ok 10 no_address
isc
t 'when the server comes back there is a lease again' until_ok 40 has_address 10.9.0.1
kill "$(cat "$WORK/pid")"
t 'ended, its process id file is gone' until_ok 3 test ! -e "$WORK/pid"
t "an address of ISC's that another host has is declined" declined 10.9.0.105
end_server

# --- busybox ----------------------------------------------------------------------------------------------------

printf '%s\n' 'start 10.9.0.150' 'end 10.9.0.159' 'interface br0' "lease_file $WORK/udhcpd.leases" \
    "pidfile $WORK/udhcpd.pid" 'option subnet 255.255.255.0' 'option router 10.9.0.1' \
    'option lease 3600' > "$WORK/udhcpd.conf"
touch "$WORK/udhcpd.leases"
server busybox udhcpd -f "$WORK/udhcpd.conf"
until_ok 5 grep -q started "$WORK/server"
forget
t "busybox's udhcpd gives it a lease" dhcpc -1
t 'with the address that it prints' has 'inet 10.9.0.15' address
end_server

# --- The cable --------------------------------------------------------------------------------------------------

forget
on_host ip link set v-c down
t 'a missing carrier is reported' refuses 'no DHCP server answers on eth0 \(it has no carrier\)' dhcpc -n -t 1 -T 1
server busybox udhcpd -f "$WORK/udhcpd.conf"
until_ok 5 grep -q started "$WORK/server"
dhcpc -f -T 60 -p "$WORK/pid" 2> "$WORK/said" &
cleanup 'kill $(cat "$WORK/pid")'
until_ok 5 test -s "$WORK/pid"
sleep 0.2
on_host ip link set v-c up
t 'it begins when the carrier comes, not a try later' until_ok 5 has_address 10.9.0.15
no_carrier() { in_box c ip link show eth0 | grep -q NO-CARRIER; }
moved() {
    on_host ip link add br1 type bridge
    on_host ip addr add 10.66.0.1/24 dev br1
    on_host ip link set br1 up
    sed 's/10\.9\./10.66./; s/br0/br1/; s/udhcpd/udhcpd1/' "$WORK/udhcpd.conf" > "$WORK/udhcpd1.conf"
    touch "$WORK/udhcpd1.leases"
    end_server
    server busybox udhcpd -f "$WORK/udhcpd1.conf"
    until_ok 5 grep -q started "$WORK/server"
    on_host ip link set v-c down
    on_host ip link set v-c master br1
    until_ok 5 no_carrier
    address | grep -q 10.9.0.15 || return 1
    on_host ip link set v-c up
    until_ok 5 has_address 10.66.0.15 && ! address | grep -q 10.9.0
}
t 'after a change of network it asks there at once and removes the old address' moved
kill "$(cat "$WORK/pid")"
end_server
