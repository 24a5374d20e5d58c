# Port forwards of lxc-net: clients of every kind reach a container by a port of the host, whatever is restarted.
# The host is a network namespace, the internet another.
. tests/lib.sh
. tests/net-lab.sh
needs_root
for tool in python3 nft busybox; do command -v $tool > /dev/null || { skip net-forward "needs $tool"; exit 0; }; done

lab
internet
printf '%s\n' LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64 LXC_IPV6_NAT=true |
    on_host tee /etc/default/lxc-net > /dev/null
P=/var/lib/lxc web=web-$$ other=other-$$ servers=()
on_host mount -t tmpfs tmpfs $P
cleanup 'on_host find /sys/fs/cgroup -depth -type d -name "lxc.*-$$" -exec rmdir {} +'
cleanup 'kill "${servers[@]}"; for n in $web $other; do on_host "$LXCBOX" lxc-stop -k $n; done'

on_lxc() { on_host env -i PATH= "$LXCBOX" "$@"; }
forward() { on_lxc lxc-net forward "$@"; }
init() { on_lxc lxc-info -p -H "$1"; }
in_container() { local n=$1; shift; nsenter -t "$(init "$n")" -n "$@"; }
address() { on_lxc lxc-info -i -H "$1" | grep -m1 '^10\.'; }
address6() { on_lxc lxc-info -i -H "$1" | grep -m1 '^fd42:'; }
peer() { python3 tests/system/forward-peer.py "$@"; }
ask() { peer ask "$@"; }
from_host() { on_host python3 tests/system/forward-peer.py ask "$@"; }
from_internet() { in_box inet python3 tests/system/forward-peer.py ask "$@"; }
from() { local n=$1; shift; in_container "$n" python3 tests/system/forward-peer.py ask "$@"; }
file() { on_host cat "$P/$1/lxcbox.conf"; }
state_of() { forward list | awk -v port="$1" '$2 == port' | sed -E 's/^([^ ]+ +){4}//'; }
active() { [ "$(state_of "$1")" = active ]; }
active6() { forward list | grep -q " $1 .*\[fd42:.* active$"; }

create() {
    printf 'lxc.net.0.%s\n' 'type = veth' 'link = lxcbr0' 'flags = up' "hwaddr = $2" > "$WORK/config"
    on_lxc lxc-create -f "$WORK/config" -t busybox "$1" -- --busybox-path "$(command -v busybox)"
}
serve() { # PID NAME PORT: a server in the network of a process
    : > "$WORK/serves"
    (exec nsenter -t "$1" -n python3 tests/system/forward-peer.py serve "$2" "$3") > "$WORK/serves" 2>&1 &
    servers+=($!)
    until_ok 10 grep -q serves "$WORK/serves"
}
end_server() { # the last one
    kill "${servers[-1]}"
    wait "${servers[-1]}"
    unset 'servers[-1]'
}
start() {
    on_lxc lxc-start "$1" && until_ok 15 address "$1" && until_ok 15 address6 "$1" && serve "$(init "$1")" "$1" 80
}
stop() { end_server; on_lxc lxc-stop -k "$1"; }

t 'a container is made' create $web 02:00:00:00:80:01
t 'and another' create $other 02:00:00:00:80:02

# --- Without lxc-net ----------------------------------------------------------------------------------------------

t 'a forward is added while lxc-net does not run' \
    has 'not active yet: lxc-net is not running' stderr_too forward add 8080 $web:80
t 'it is in lxcbox.conf' is 'forward = tcp 8080 80' file $web
t 'it is listed with the reason why it is not active' is 'lxc-net is not running' state_of 8080
stock_reads() { on_host lxc-info -n $web -c lxc.net.0.link; }
if command -v lxc-info > /dev/null; then
    t 'stock LXC reads the container' is 'lxc.net.0.link = lxcbr0' stock_reads
fi

# --- Clients of every kind ----------------------------------------------------------------------------------------

t 'lxc-net starts' on_lxc lxc-net start
t 'the forward waits for its container' is "$web is not running" state_of 8080
t 'nothing listens meanwhile' fails from_host tcp 127.0.0.1 8080
t 'the container starts' start $web
t 'the forward is active' until_ok 10 active 8080
t 'for IPv6 too' until_ok 10 active6 8080
t 'a client elsewhere reaches the container, which sees the address of the client' \
    is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8080
t 'the host reaches it by its own address' is "$web 10.0.3.1 5" from_host tcp 203.0.113.2 8080
t 'by 127.0.0.1' is "$web 10.0.3.1 5" from_host tcp 127.0.0.1 8080
t 'by ::1' is "$web fd42::1 5" from_host tcp ::1 8080
t 'ten million bytes pass the relay, and the end of each direction' \
    is "$web 10.0.3.1 10000000" from_host tcp 127.0.0.1 8080 10000000
t 'the kernel keeps addresses of the loopback off the bridge' \
    is 0 on_host cat /proc/sys/net/ipv4/conf/lxcbr0/route_localnet
relay_status() { for p in $(pgrep -P "$(on_host cat /run/lxc/lxc-net.forward.pid)"); do cat /proc/$p/status; done; }
t 'the relay is user nobody' has '^Uid:.65534.65534.65534' relay_status
t 'the container reaches itself by the address of the host' is "$web 10.0.3.1 5" from $web tcp 203.0.113.2 8080
t 'another container starts' start $other
t 'another container reaches it by the address of the host' is "$web 10.0.3.1 5" from $other tcp 203.0.113.2 8080
t 'and by the address of the bridge' is "$web 10.0.3.1 5" from $other tcp 10.0.3.1 8080
t 'a port of another host is left alone' fails from $other tcp 203.0.113.1 8080
on_host ip -6 route add 2001:db8:1::/64 via 2001:db8::1
t 'a client elsewhere reaches it by IPv6' is "$web 2001:db8::1 5" from_internet tcp 2001:db8::2 8080
t 'and the host by its own IPv6 address' is "$web fd42::1 5" from_host tcp 2001:db8::2 8080
t 'and the container itself' is "$web fd42::1 5" from $web tcp 2001:db8::2 8080

t 'a forward of UDP is added to a container that runs' forward add udp 5353 $web:80
t 'it is active at once' active 5353
t 'a client elsewhere is answered' is "$web 203.0.113.1 5" from_internet udp 203.0.113.2 5353 5 40000
t 'the host by 127.0.0.1' is "$web 10.0.3.1 5" from_host udp 127.0.0.1 5353
t 'by ::1' is "$web fd42::1 5" from_host udp ::1 5353
t 'the container by the address of the host' is "$web 10.0.3.1 5" from $web udp 203.0.113.2 5353
t 'a forward of one address' forward add 203.0.113.2:8081 $web:80
t 'serves that address' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8081
t 'and no other' fails from_host tcp 127.0.0.1 8081
t 'a forward of 127.0.0.1' forward add 127.0.0.1:8082 $web:80
t 'serves the host' is "$web 10.0.3.1 5" from_host tcp 127.0.0.1 8082
t 'and nobody else' fails from_internet tcp 203.0.113.2 8082
t 'a container can have a port of one address and another container the port of all others' forward add 8081 $other:80
t 'the one address leads to the one' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8081
t 'the others to the other' is "$other 10.0.3.1 5" from_host tcp 127.0.0.1 8081

bridged() { on_host sh -c "echo $1 > /proc/sys/net/bridge/bridge-nf-call-iptables"; }
if on_host test -e /proc/sys/net/bridge/bridge-nf-call-iptables; then
    bridged 0
    t 'the container reaches itself where the firewall does not see what is on bridges' \
        is "$web 10.0.3.1 5" from $web tcp 203.0.113.2 8080
    bridged 1
else
    skip 'the container reaches itself where the firewall does not see what is on bridges' 'it never does here'
fi
on_host nft 'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'
t 'a firewall that drops what is forwarded is named' \
    has 'may not be reachable from other hosts: chain ip filter FORWARD \(policy drop\)' \
    stderr_too forward add 8083 $web:80
on_host nft delete table ip filter
t 'and gone, a client elsewhere is let through' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8083
forward del 8083

# --- What is refused ----------------------------------------------------------------------------------------------

serve $lab_pid taken 9000
t 'a port that is forwarded' refuses "port 8080/tcp is already forwarded to $web" forward add 8080 $other
t 'a port that is taken, with the owner' \
    refuses 'port 9000/tcp of this host is in use by python3 \(pid' forward add 9000 $web
t 'of UDP too' refuses 'port 9000/udp of this host is in use by python3 \(pid' forward add udp 9000 $web
t 'the port of the DNS of lxc-net' refuses 'port 53/udp of this host is in use by' forward add udp 53 $web
t 'an address that the host does not have' \
    refuses '192.0.2.1 is not an address of this host' forward add 192.0.2.1:80 $web
t 'a container that does not exist' refuses 'there is no container nobody' forward add 9001 nobody
t 'a protocol that cannot be forwarded' \
    refuses 'protocol "sctp" cannot be forwarded \(the protocols are tcp, .*, and udp\)' forward add sctp 80 $web
t 'so is one to remove' refuses 'protocol "sctp" cannot be forwarded' forward del sctp 80
t 'a port that is none' refuses '"99999" is not a port of this host' forward add 99999 $web
t 'a forward that does not exist' refuses 'port 9001/tcp is not forwarded' forward del 9001
t 'one of another container' refuses "port 8080/tcp is not forwarded to $other" forward del 8080 $other
t 'one to another port' refuses "port 8080/tcp is not forwarded to $web" forward del 8080 $web:81
as_nobody() { on_host setpriv --reuid 65534 --regid 65534 --clear-groups "$LXCBOX" lxc-net forward list; }
t 'a user who is not root' refuses 'only root can change and list forwards' as_nobody
t 'words that are none, with 2' exits 2 forward frobnicate
no_network() {
    on_host sh -c "mkdir -p $P/bare-$$ && echo lxc.net.0.type = empty > $P/bare-$$/config"
    forward add 9001 bare-$$
}
t 'a container without a network' refuses "bare-$$ has no network interface" no_network
t 'nothing of it is kept' fails file bare-$$
macvlan() { on_host sh -c "echo lxc.net.0.type = macvlan > $P/bare-$$/config"; forward add 9001 bare-$$; }
t 'a container that the host does not reach' refuses "bare-$$ has no network interface" macvlan
bad() { printf '# mine\n\n%s\n' "$1" | on_host tee "$P/bare-$$/lxcbox.conf" > /dev/null; forward add 9001 $web; }
t 'a key that does not exist, with file and line' \
    refuses "$P/bare-$$/lxcbox.conf:3: there is no key \"fowrard\"" bad 'fowrard = tcp 1 1'
t 'a key of LXC' refuses 'keys of LXC belong in the file config' bad 'lxc.uts.name = x'
t 'a forward that is none' refuses 'lxcbox.conf:3: forward requires a protocol and two ports' bad 'forward = 80 80'
on_host rm -r "$P/bare-$$"
end_server

# --- Restarts -----------------------------------------------------------------------------------------------------

stop $other
printf '#!/bin/sh\nPATH=/usr/bin:/bin\nuntil [ -e %s/go ]; do sleep 0.1; done\n' "$WORK" > "$WORK/slow"
chmod +x "$WORK/slow"
echo "lxc.hook.pre-start = $WORK/slow" | on_host tee -a "$P/$other/config" > /dev/null
on_lxc lxc-start $other &
slow=$!
slow_runs() { pgrep -f "^/bin/sh $WORK/slow" > /dev/null; }
until_ok 10 slow_runs
t 'a slow start does not delay other containers' \
    timeout 8 env -i nsenter -t $lab_pid -n -m "$LXCBOX" lxc-net forward add 8084 $web:80
t 'and its forward is active' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8084
touch "$WORK/go"
wait $slow
t 'once it has started its own is, too' until_ok 15 active 8081
on_lxc lxc-stop -k $other
on_host sed -i /pre-start/d "$P/$other/config"
by_stock() { on_host lxc-start -n $other && until_ok 15 active 8081; }
if [ -e /usr/share/lxc/config/common.conf ] && command -v lxc-start > /dev/null; then
    t 'a container that stock LXC has started has its forwards' by_stock
    on_lxc lxc-stop -k $other
else
    skip 'a container that stock LXC has started has its forwards' 'needs lxc'
fi
forward del 8084
before=$(address $web)
t 'the container stops' stop $web
waiting() { [ "$(state_of 8080)" = "$web is not running" ]; }
t 'its forwards wait' until_ok 5 waiting
t 'its port is refused' fails from_internet tcp 203.0.113.2 8080
rules_before() { on_host nft list ruleset | grep -w $before; }
t 'no rule leads to it' fails rules_before
serve $lab_pid between 8080
between=${servers[-1]}
on_host sed -i s/80:01/80:03/ "$P/$web/config"
t 'it starts with another hardware address' start $web
t 'and has another address' fails is "$before" address $web
t 'its forwards follow' until_ok 10 active 5353
t 'a UDP client that has used the same port all the time is answered' \
    is "$web 203.0.113.1 5" from_internet udp 203.0.113.2 5353 5 40000
t 'a port that a process of the host has taken meanwhile is left to it' has 'in use by python3' state_of 8080
t 'and served by it' is 'between 203.0.113.1 5' from_internet tcp 203.0.113.2 8080
kill $between
until_ok 5 fails kill -0 $between
on_host sh -c 'kill -HUP "$(cat /run/lxc/lxc-net.forward.pid)"'
t 'once it has ended, the forward is active again' until_ok 15 active 8080
t 'and leads to the container' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8080
new_address() {
    in_container $web ip -4 addr flush eth0
    in_container $web ip addr add 10.0.3.77/24 dev eth0
    in_container $web ip route add default via 10.0.3.1
}
t 'the container changes its address while it runs' new_address
follows() { from_internet tcp 203.0.113.2 8080 && forward list | grep -q '8080 .*10.0.3.77:80'; }
t 'the forward follows' \
    until_ok 10 follows
t 'lxc-net restarts' on_lxc lxc-net restart
t 'and forwards again' is "$web 203.0.113.1 5" until_ok 10 from_internet tcp 203.0.113.2 8080
crash() {
    local pid
    pid=$(on_host cat /run/lxc/lxc-net.forward.pid)
    kill -9 "$pid" && until_ok 5 fails kill -0 "$pid"
}
t 'the process that keeps forwards is killed' crash
t 'its relay ends with it' until_ok 5 fails from_host tcp 127.0.0.1 8080
broken() { local s=0; on_lxc lxc-net status > "$WORK/status" || s=$?; [ $s -eq 3 ] && grep -q BROKEN "$WORK/status"; }
t 'status says so' broken
t 'start starts it anew' on_lxc lxc-net start
t 'and it forwards again' is "$web 203.0.113.1 5" from_internet tcp 203.0.113.2 8080
flushed() { on_host nft flush ruleset; from_internet tcp 203.0.113.2 8080; }
t 'a flush of all rules does not reach it' \
    is "$web 203.0.113.1 5" flushed

# --- Copies, names, removal ---------------------------------------------------------------------------------------

t 'a forward is removed' forward del 8080
t 'its port is refused then' fails from_internet tcp 203.0.113.2 8080
t 'on the loopback too' fails from_host tcp 127.0.0.1 8080
t 'others stay' is "$web 203.0.113.1 5" from_internet udp 203.0.113.2 5353
stop $web
on_host sed -i '1i# kept' "$P/$web/lxcbox.conf"
before=$(file $web)
copy() { on_lxc lxc-copy -n $web -N copy-$$; }
copied() { copy && fails file copy-$$; }
t 'a copy has no forwards' copied
snapshot() {
    on_lxc lxc-snapshot -n copy-$$
    on_host rm "$P/copy-$$/lxcbox.conf"
    on_lxc lxc-snapshot -n copy-$$ -r snap0
}
forward add 9002 copy-$$ 2> /dev/null
snapshot_restored() { snapshot && [ "$(file copy-$$)" = 'forward = tcp 9002 9002' ]; }
t 'a snapshot brings them back' snapshot_restored
on_lxc lxc-destroy -s copy-$$
listed_9002() { forward list | grep 9002; }
t 'a destroyed container has no address' fails listed_9002
t 'a list of a container that does not exist is refused' refuses 'there is no container nonesuch' forward list nonesuch
renamed_forwards() { on_lxc lxc-copy -R -n $web -N renamed-$$ && file renamed-$$; }
t 'a container that is renamed keeps them, and the comments' \
    is "$before" renamed_forwards
web=renamed-$$
t 'lxc-net stops' on_lxc lxc-net stop
t 'no rule is left' is '' on_host nft list ruleset
t 'nothing listens' fails on_host sh -c 'tail -qn +2 /proc/net/tcp /proc/net/tcp6 | grep " 0A "'
t 'no state is left' fails on_host ls /run/lxc/lxc-net.forward
