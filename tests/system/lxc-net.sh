# lxc-net in a network namespace that plays the host, with an "internet" behind it and real clients before it.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in dhclient dig dnsmasq nft busybox; do
    command -v $tool > /dev/null || { skip lxc-net "needs $tool"; exit 0; }
done

lab
internet
# 250 clients are behind one port.
printf '%s\n' LXC_DHCP_PORT_MAX=0 'LXC_DOMAIN="lxc"' 'LXC_IPV6_ADDR="fd42::1"  # documentation' 'LXC_IPV6_MASK="64"' \
    'LXC_IPV6_NETWORK="fd42::/64"' 'LXC_IPV6_NAT="true"' |
    on_host tee /etc/default/lxc-net > /dev/null
lxc_net() { on_host env -i "$LXCBOX" lxc-net "$@"; }
(exec ip netns exec "$LAB-inet" dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts \
    --host-record=www.example.test,203.0.113.1 \
    --txt-record=big.example.test,"$(printf 'x%.0s' {1..250})","$(printf 'y%.0s' {1..250})",\
"$(printf 'z%.0s' {1..250})") &
upstream=$!
cleanup 'kill $upstream'

# --- Up ---------------------------------------------------------------------------------------------------------

stopped() { local s=0; lxc_net status || s=$?; [ $s -eq 3 ]; }
t 'status reports that the network is down, with 3' stopped
start_with_fd() { (ulimit -n 4096 && exec 2000< /etc/passwd && lxc_net start); }
t 'start needs nothing in PATH' start_with_fd
inherited() { on_host find "/proc/$(on_host cat /run/lxc/lxc-net.pid)/fd" -lname /etc/passwd; }
t 'the server keeps no file of its caller open' is '' inherited
t 'the bridge has its address' has 'inet 10.0.3.1/24 brd 10.0.3.255' on_host ip addr show lxcbr0
t 'packets are forwarded' is 1 on_host cat /proc/sys/net/ipv4/ip_forward
t 'packets are masqueraded' has 'ip saddr 10.0.3.0/24 ip daddr != 10.0.3.0/24 counter.*masquerade' \
    on_host nft list table ip lxc
t 'start again is refused' refuses 'lxc-net is already running' lxc_net start
t 'status prints the route of outgoing packets' has '^Uplink: +up0 \(IPv4, masqueraded\)' lxc_net status
t 'for IPv6, too' has '^Uplink: +up0 \(IPv6, masqueraded\)' lxc_net status
t 'and the servers for other names' has '^Nameserver: +203.0.113.1$' lxc_net status
t 'and that nothing is in the way' fails has '^Blocked' lxc_net status
serves_as_nobody() { on_host grep -q '^Uid:.65534.65534.65534' "/proc/$(on_host cat /run/lxc/lxc-net.pid)/status"; }
t 'the server has dropped its privileges' serves_as_nobody

before=$(lxc_net status)
status_prints_settings_in_force() {
    on_host sh -c \
        "cp /etc/default/lxc-net /etc/default/saved; echo LXC_ADDR=10.9.9.1 >> /etc/default/lxc-net"
    lxc_net status
}
t 'status tells the settings in force, whatever the file says by now' is "$before" status_prints_settings_in_force
on_host mv /etc/default/saved /etc/default/lxc-net

# --- Clients ----------------------------------------------------------------------------------------------------

for b in a b c; do box $b lxcbr0; done
printf \
    '#!/bin/sh\ncase $reason in BOUND|RENEW) ip addr replace $new_ip_address/24 dev $interface\n'\
'ip route replace default via $new_routers;; esac\n' \
    > "$WORK/script"
printf \
    '#!/bin/sh\n[ "$1" = bound ] || exit 0\nip addr add $ip/$mask dev $interface; ip route add default via $router\n' \
    > "$WORK/udhcpc"
chmod +x "$WORK/script" "$WORK/udhcpc"
echo 'send host-name "beta";' > "$WORK/dhclient.conf"
t "busybox's udhcpc gets a lease" in_box a busybox udhcpc -i eth0 -nqf -s "$WORK/udhcpc" -x hostname:alpha
t "ISC's dhclient gets a lease" in_box b dhclient -1 -cf "$WORK/dhclient.conf" -lf "$WORK/b.leases" -pf \
    "$WORK/b.pid" -sf "$WORK/script" eth0
cleanup 'kill $(cat "$WORK/b.pid")'
t 'dhcpc gets a lease' in_box c "$LXCBOX" dhcpc eth0 -1 -x hostname:gamma --resolv-conf "$WORK/c.resolv"
t 'the name server is sent to the client' is $'search lxc\nnameserver 10.0.3.1' cat "$WORK/c.resolv"
different() { [ "$(lxc_net status | awk '/^Lease:/ { print $2 }' | sort -u | wc -l)" = 3 ]; }
t 'status shows three leases of different addresses' different
t 'a container reaches the internet through the masquerade' in_box a ping -c1 -W2 203.0.113.1
t 'containers reach each other' in_box a ping -c1 -W2 "$(lxc_net status | awk '/ gamma / { print $2 }')"

# --- Names ------------------------------------------------------------------------------------------------------

address_of() { lxc_net status | awk -v n="$1" '/^Lease:/ && $3 == n { print $2 }'; }
no_address_of() { [ -z "$(address_of "$1")" ]; }
dig_a() { in_box a dig +time=2 +tries=2 @10.0.3.1 "$@"; }
t 'the name of a container is answered' is "$(address_of beta)" dig_a +short beta
t 'its name with the domain too, in any case' is "$(address_of beta)" dig_a +short BETA.lxc
t 'over TCP too' is "$(address_of beta)" dig_a +short +tcp beta.lxc
t 'over IPv6 too' is "$(address_of gamma)" on_host dig +short +time=2 @fd42::1 gamma.lxc
t 'its address leads to its name' is beta.lxc. dig_a +short -x "$(address_of beta)"
t 'a name that no container has does not exist' has 'status: NXDOMAIN' dig_a nobody.lxc
t 'a name of a container without such a record is empty' has 'status: NOERROR' dig_a beta.lxc MX
t 'other names are asked of the server of resolv.conf' is 203.0.113.1 dig_a +short www.example.test
t 'over TCP too, for the other names' is 203.0.113.1 dig_a +short +tcp www.example.test
t 'an answer too large for a datagram is sent over TCP' has 'z{250}' dig_a +short +bufsize=512 big.example.test TXT
t 'several questions on one connection are answered' has '^;; Query time' dig_a +tcp +keepopen www.example.test beta.lxc
# While the server is silent there is time for other things.
kill -STOP $upstream
dig_a +time=12 +tries=1 www.example.test > "$WORK/silent" &
silent=$!

# --- IPv6 -------------------------------------------------------------------------------------------------------

own_ipv6() { in_box a ip -6 addr show dev eth0 scope global -tentative | grep -q 'inet6 fd42:'; }
solicit() {
    in_box a sh \
        -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
}
solicit
t 'a container makes itself an IPv6 address' until_ok 8 own_ipv6
t 'and reaches the internet with it' until_ok 8 in_box a ping -6 -c1 -W2 2001:db8::1
name_resolves_to_that_address() {
    [ "$(dig_a +short alpha.lxc AAAA)" = \
        "$(in_box a ip -6 -o addr show dev eth0 scope global | sed -E "s/.*inet6 ([^/]*).*/\1/")" ]
}
t 'its name leads to that address' until_ok 8 name_resolves_to_that_address
reverse_of_alpha() { dig_a +short -x "$(dig_a +short alpha.lxc AAAA)"; }
t 'and back' is alpha.lxc. reverse_of_alpha
t 'an address of the prefix that nobody has is nobody'"'"'s' has 'status: NXDOMAIN' dig_a -x fd42::dead
printf '#!/bin/sh\nenv | grep ^new_dhcp6 > %s/dhcp6\nexit 0\n' "$WORK" > "$WORK/script6"
chmod +x "$WORK/script6"
stateless() {
    timeout 20 ip netns exec "$LAB-a" dhclient -v -6 -S -1 -lf "$WORK/a6" -pf "$WORK/a6.pid" \
        -sf "$WORK/script6" eth0
    kill "$(cat "$WORK/a6.pid")"
    cat "$WORK/dhcp6"
}
# On a busy machine dhclient has once ended without a word.
t 'stateless DHCPv6 sends the name server' until_ok 1 has 'new_dhcp6_name_servers=fd42::1' stateless

# --- systemd-networkd -------------------------------------------------------------------------------------------

cat > "$WORK/networkd" <<'N'
mount --make-rprivate / && mount -t tmpfs tmpfs /run && mount -o remount,bind,ro /sys # no udev, as in a container
mkdir -p /run/systemd/network /run/systemd/netif/{links,leases,lldp}
printf '[Match]\nName=eth0\n[Network]\nDHCP=yes\n[DHCPv4]\nHostname=delta\n' > /run/systemd/network/10-eth0.network
chown -R systemd-network /run/systemd/netif
SYSTEMD_LOG_LEVEL=debug exec /lib/systemd/systemd-networkd
N
if [ -x /lib/systemd/systemd-networkd ]; then
    box d lxcbr0
    (exec ip netns exec "$LAB-d" unshare -m bash "$WORK/networkd") > "$WORK/networkd.log" 2>&1 &
    networkd=$!
    cleanup 'kill $networkd'
    systemd_networkd_gets_lease() {
        in_box d ip -o addr show dev eth0 | grep -q "inet $(address_of delta)/24"
    }
    t 'systemd-networkd gets a lease' until_ok 10 systemd_networkd_gets_lease
    ipv6_address() {
        in_box d ip -o addr show dev eth0 scope global -tentative | grep -q "inet6 fd42:"
    }
    t 'and an IPv6 address' until_ok 10 ipv6_address
    t 'and the reply of stateless DHCPv6' until_ok 10 grep -q 'DHCPv6 client: Processed Reply' "$WORK/networkd.log"
    kill $networkd
    t 'and gives its lease back when it ends' until_ok 5 no_address_of delta
    on_host ip link set v-d nomaster
else
    skip 'systemd-networkd gets a lease' 'needs systemd-networkd'
fi

wait $silent
t 'a server that is silent is a failure in the end' has 'status: SERVFAIL' cat "$WORK/silent"
kill -CONT $upstream

# --- An address that somebody has -------------------------------------------------------------------------------

for b in e f; do box $b lxcbr0; done
in_box e ip addr add 10.0.3.222/24 dev eth0 # nobody has given it that
decline() {
    in_box f busybox udhcpc -i eth0 -nq -a -A 1 -t 3 -s "$WORK/udhcpc" -x hostname:zeta -r 10.0.3.222 2>&1
}
declined() {
    has declining decline &&
        in_box f ip addr show dev eth0 | grep 'inet 10.0.3' &&
        ! in_box f ip addr show dev eth0 | grep -F 10.0.3.222
}
t "busybox's udhcpc declines an address that is in use, and gets another" declined
declined_leased() { lxc_net status | grep -F 10.0.3.222; }
t 'a declined address belongs to no client' fails declined_leased
in_box e ip addr flush dev eth0
not_assigned_for_a_while() {
    in_box e "$LXCBOX" dhcpc eth0 -1 -r 10.0.3.222 --resolv-conf none &&
        ! in_box e ip addr show dev eth0 | grep -F 10.0.3.222
}
t 'and is not assigned for a while' not_assigned_for_a_while
for b in e f; do on_host ip link del v-$b; done

# --- 250 at once ------------------------------------------------------------------------------------------------

box many lxcbr0
t '250 simultaneous requests get leases, no address twice' in_box many python3 tests/system/dhcp-many.py 247
t 'and all of them are on disk' test "$(lxc_net status | grep -c ^Lease:)" = 252

# --- A crash ----------------------------------------------------------------------------------------------------

before=$(lxc_net status | awk '/^Lease:/ { print $2, $3, $4 }' | sort)
crash() {
    local pid
    pid=$(on_host cat /run/lxc/lxc-net.pid)
    kill -9 "$pid"
    until_ok 2 fails kill -0 "$pid"
}
t 'the server is killed' crash
broken() { local s=0; lxc_net status > "$WORK/status" || s=$?; [ $s -eq 3 ] && grep -q BROKEN "$WORK/status"; }
t 'status says so' broken
t 'start recovers' lxc_net start
lease_lines() { lxc_net status | awk '/^Lease:/ { print $2, $3, $4 }' | sort; }
t 'no lease is lost' is "$before" lease_lines
t 'a client renews with the new server' in_box c "$LXCBOX" dhcpc eth0 -1 -x hostname:gamma --resolv-conf none

# --- Down -------------------------------------------------------------------------------------------------------

t 'stop' lxc_net stop
t 'stop again is refused' refuses "lxc-net isn't running" lxc_net stop
forwarding_is_off_again() {
    echo $(on_host cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding)
}
t 'forwarding is off again' is '0 0' forwarding_is_off_again
t 'links that take router advertisements do so again' is 1 on_host cat /proc/sys/net/ipv6/conf/up0/accept_ra
t 'no rule is left' is '' on_host nft list ruleset
t 'a bridge with ports stays, without address' has ' DOWN ' on_host ip -br addr show lxcbr0
for b in a b c many; do on_host ip link set v-$b nomaster; done
lxc_net start && lxc_net stop
t 'a bridge without ports goes' fails on_host ip link show lxcbr0

# --- Other people's firewalls -----------------------------------------------------------------------------------

on_host nft -f - <<'N'
table ip filter {
    chain FORWARD { type filter hook forward priority 0; policy drop; }
}
table inet other {
    chain last {
        type filter hook forward priority 10; policy accept
        ip protocol icmp counter
        counter reject
    }
}
N
foreign=$(on_host nft -s list ruleset)
warned() { lxc_net start 2>&1 | tee /dev/stderr | grep -q 'chain ip filter FORWARD (policy drop) .*--allow-forward'; }
t 'a chain that drops by policy is named' warned
t 'status names it, too' has '^Blocked: +chain ip filter FORWARD \(policy drop\)' lxc_net status
on_host ip link set v-a master lxcbr0
t 'packets that the firewall drops do not pass' fails in_box a ping -c1 -W1 203.0.113.1
t 'restart with --allow-forward' lxc_net restart --allow-forward
t 'status reports nothing more about it' fails has '^Blocked' lxc_net status
t 'now it gets through' in_box a ping -c1 -W2 203.0.113.1
t 'a chain that ends in a rejection has the rules too' \
    has 'iifname "lxcbr0" counter packets.*accept comment "lxc-net"' on_host nft list chain inet other last
t 'stop takes only its own rules away' lxc_net stop
same_rules() { [ "$(on_host nft -s list ruleset)" = "$foreign" ]; }
t 'the rules of others are as they were' same_rules
on_host nft flush ruleset
if command -v iptables-nft iptables-legacy > /dev/null; then
    on_host iptables-nft -P FORWARD DROP
    lxc_net start --allow-forward
    t 'iptables can read the rules in its chains' has '^-A FORWARD -i lxcbr0 .*--comment lxc-net -j ACCEPT' \
        on_host iptables-nft -S FORWARD
    lxc_net stop
    on_host nft flush ruleset
    on_host iptables-legacy -P FORWARD DROP
    t 'a chain of iptables-legacy that drops is named' has 'iptables-legacy.s chain FORWARD' stderr_too lxc_net start
    lxc_net stop
    on_host iptables-legacy -P FORWARD ACCEPT
else
    skip 'iptables can read the rules in its chains' 'needs iptables'
fi
on_host ip link set v-a nomaster
on_host ip link del lxcbr0

# --- All or nothing ---------------------------------------------------------------------------------------------

clean() {
    ! on_host ip link show lxcbr0 &&
        [ -z "$(on_host nft list ruleset)" ] &&
        [ "$(on_host cat /proc/sys/net/ipv4/ip_forward)" = 0 ] &&
        [ ! -e "/proc/$lab_pid/root/run/lxc/network_up" ]
}
ends() { kill "$1"; until_ok 5 fails kill -0 "$1"; }
other_dnsmasq() {
    on_host dnsmasq -C "$WORK/other.conf" -u root --no-resolv --no-hosts --pid-file="$WORK/other.pid" \
        "$@" &&
        pid=$(cat "$WORK/other.pid")
}
taken() { # ARGUMENTS OF DNSMASQ
    local status=0 pid
    : > "$WORK/other.conf"
    other_dnsmasq "$@"
    refuses "Address in use by dnsmasq \(pid $pid\) \(stop it, or put .* into its configuration" \
        lxc_net start ||
        status=1
    clean || status=1
    # What the message quotes is what it takes.
    lxc_net start 2>&1 | grep -o '"[^"]*"' | tr -d '"' | tee "$WORK/other.conf"
    ends "$pid"
    other_dnsmasq "$@" && lxc_net start && on_host dig +time=2 +tries=5 @10.0.3.1 nobody && kill -0 "$pid" || status=1
    ends "$pid"
    lxc_net stop
    return $status
}
t 'port 53 taken is named with its owner and the lines that let both serve' taken
t 'nothing is left of it' clean
t 'port 67 taken is named with its owner and the lines that let both serve' \
    taken --port=0 --dhcp-range=203.0.113.50,203.0.113.60
t 'nothing is left of that either' clean
elsewhere() { # ADDRESS WHAT
    on_host ip link add second type bridge && on_host ip addr add "$1" dev second nodad
    refuses "second already has $1, in the network of lxcbr0, $2" lxc_net start && clean
    local status=$?
    on_host ip link del second
    return $status
}
t 'a network that another interface has is refused' \
    elsewhere 10.0.3.77/24 '10.0.3.0/24 \(set LXC_ADDR in /etc/default/lxc-net'
t 'so is a part of it' elsewhere 10.0.3.129/25 '10.0.3.0/24 \(set LXC_ADDR in /etc/default/lxc-net'
enclosed() {
    on_host ip addr add 10.0.200.1/16 dev up0 &&
        lxc_net start &&
        lxc_net restart &&
        lxc_net stop &&
        on_host ip addr del 10.0.200.1/16 dev up0
}
t 'an enclosing network does not hinder it' enclosed
moved() { # the network that is up is not stopped for one that cannot be started
    lxc_net start &&
        on_host ip addr add 10.0.7.9/24 dev up0 &&
        echo LXC_ADDR=10.0.7.1 | on_host tee /etc/default/lxc-net > /dev/null
    refuses 'up0 already has 10.0.7.9/24' lxc_net restart && lxc_net status
    local status=$?
    on_host rm /etc/default/lxc-net
    lxc_net stop && on_host ip addr del 10.0.7.9/24 dev up0 && return $status
}
t 'restart refuses such a network and leaves the one that is up' moved
if [ "$(uname -m)" = x86_64 ]; then
    t 'a kernel without nftables is one sentence' refuses 'this kernel has no nftables \(masquerading needs' \
        on_host python3 tests/system/without-netlink.py 12 "$LXCBOX" lxc-net start
    t 'nothing is left of that' clean
else
    skip 'a kernel without nftables is one sentence' 'the filter of system calls is for x86_64'
fi
bad() { printf '%s\n' "$1" | on_host tee /etc/default/lxc-net > /dev/null; refuses "$2" lxc_net start; }
t 'a wrong address is refused with its line' bad $'\nLXC_ADDR=10.0.3' '/etc/default/lxc-net:2: LXC_ADDR is "10.0.3"'
t 'a range outside the network is refused' bad 'LXC_DHCP_RANGE=10.0.4.2,10.0.4.9' 'a range of addresses'
t 'a variable of the shell is refused' bad 'LXC_ADDR=$OTHER' 'not plain text'
t 'nothing is left of a refusal' clean
wrong_meanwhile() {
    on_host rm -f /etc/default/lxc-net
    lxc_net start &&
        echo 'LXC_ADDR=$x' | on_host tee /etc/default/lxc-net &&
        ! lxc_net restart &&
        lxc_net status &&
        lxc_net stop
}
wrong_then_clean() { wrong_meanwhile && clean; }
t 'with settings that became wrong it continues, and can be stopped' wrong_then_clean
network_that_is_not_wanted_is_no_failure() {
    echo USE_LXC_BRIDGE=false | on_host tee /etc/default/lxc-net > /dev/null
    lxc_net start && clean
}
t 'a network that is not wanted is not a failure' network_that_is_not_wanted_is_no_failure
t 'and is reported as not wanted' has 'STOPPED \(USE_LXC_BRIDGE is false\)' stopped
unknown() { echo 'LXC_NONESUCH=1' | on_host tee /etc/default/lxc-net > /dev/null; lxc_net start 2>&1; lxc_net stop; }
t 'an unknown setting is named' has 'lxc-net:1: LXC_NONESUCH is not known' unknown
t 'an unknown word is refused with 2' exits 2 lxc_net frobnicate

# --- Hosts with addresses of their own --------------------------------------------------------------------------

printf 'LXC_DHCP_CONFILE=/etc/default/hosts\n' | on_host tee /etc/default/lxc-net > /dev/null
printf '# mine\ndhcp-host=delta,10.0.3.250\n' | on_host tee /etc/default/hosts > /dev/null
on_host rm -f /var/lib/misc/dnsmasq.lxcbr0.leases.{0,1}
lxc_net start
on_host ip link set v-c master lxcbr0
host_gets_address_it_is_configured() {
    in_box c "$LXCBOX" dhcpc eth0 -1 -x hostname:delta --resolv-conf none 2>&1
}
t 'a host gets the address it is configured for' has '10.0.3.250/24' host_gets_address_it_is_configured
t 'stop with hosts' lxc_net stop
on_host ip link set v-c nomaster
on_host ip link del lxcbr0
on_host rm /etc/default/lxc-net

# --- Beside a dnsmasq that serves other networks, as lxc-net(1) has it --------------------------------------------

box lan
on_host ip addr add 192.168.9.1/24 dev v-lan
echo 'LXC_DOMAIN=lxc' | on_host tee /etc/default/lxc-net > /dev/null
dnsmasq_serves() {
    on_host dnsmasq -C /dev/null -u root --no-resolv --no-hosts --pid-file="$WORK/lan.pid" \
        --bind-interfaces --except-interface=lxcbr0 --dhcp-range=192.168.9.50,192.168.9.60 --no-ping \
        --dhcp-leasefile="$WORK/lan.leases" --server=/lxc/10.0.3.1
}
dnsmasq_ends() { kill "$(cat "$WORK/lan.pid")"; until_ok 2 fails kill -0 "$(cat "$WORK/lan.pid")" 2> /dev/null; }
both_serve() {
    on_host ip link set v-a master lxcbr0 &&
        in_box a "$LXCBOX" dhcpc eth0 -1 -x hostname:alpha --resolv-conf none &&
        in_box a ip addr show eth0 | grep 'inet 10.0.3' &&
        in_box lan "$LXCBOX" dhcpc eth0 -1 --resolv-conf none &&
        in_box lan ip addr show eth0 | grep 'inet 192.168.9' &&
        [ "$(in_box lan dig +short +time=2 @192.168.9.1 alpha.lxc)" = "$(address_of alpha)" ]
}
start_beside_dnsmasq() { lxc_net start && dnsmasq_serves; }
t 'lxc-net starts, then a dnsmasq for other networks' start_beside_dnsmasq
t 'both serve' both_serve
t 'lxc-net starts again beside it' lxc_net restart
t 'both serve still' both_serve
dnsmasq_ends
lxc_net stop
on_host ip link set v-a nomaster
on_host ip link del lxcbr0
on_host rm /etc/default/lxc-net
on_host ip link del v-lan

# --- In the foreground ------------------------------------------------------------------------------------------

foreground() {
    lxc_net start -f &
    until_ok 5 lxc_net status || return 1
    kill "$(on_host cat /run/lxc/lxc-net.pid)"
    wait $! && clean
}
t 'in the foreground it serves until a signal ends it, and leaves nothing' foreground

# --- The uplink in the bridge -----------------------------------------------------------------------------------

routes() { on_host ip route show; on_host ip -6 route show default; on_host ip -br addr show up0; }
same_routes() { [ "$(routes)" = "$1" ]; }
before=$(routes)
on_host ping -i 0.02 -c 40 -W1 203.0.113.1 > "$WORK/ping" &
pinging=$!
sleep 0.2
t 'the uplink is put into the bridge' lxc_net start --bridge-uplink up0
t 'its address is on the bridge' has '203.0.113.2/24' on_host ip addr show lxcbr0
t 'and its default route' has 'default via 203.0.113.1 dev lxcbr0' on_host ip route
t 'and that of IPv6' has 'default via 2001:db8::1 dev lxcbr0' on_host ip -6 route
on_host ip link set v-a master lxcbr0
in_box a ip addr flush dev eth0
in_box a ip addr add 203.0.113.9/24 dev eth0
t 'a container is part of the uplink'"'"'s network' in_box a ping -c1 -W2 203.0.113.1
on_host ip link set v-a nomaster
t 'the uplink is taken out again' lxc_net stop
t 'addresses and routes are as they were' same_routes "$before"
wait $pinging
# Up to 20 are lost in 0.4 seconds, while the address is on its way on a busy host.
t 'meanwhile the link was not lost' has '40 packets transmitted, (2[0-9]|3[0-9]|40) received' cat "$WORK/ping"
t 'an uplink that is not there is refused' refuses 'there is no network interface nonesuch' \
    lxc_net start --bridge-uplink nonesuch
t 'the loopback interface is refused as an uplink' refuses 'lo cannot be part of a bridge' \
    lxc_net start --bridge-uplink lo
t 'nothing is left of these' clean
kept() {
    lxc_net start &&
        refuses 'there is no network interface nonesuch' lxc_net restart --bridge-uplink nonesuch &&
        lxc_net status &&
        lxc_net stop
}
t 'a restart with such a one leaves the network as it is' kept
