# ip against iproute2's: the same commands leave the same state, and the same state prints the same.
. tests/lib.sh
needs_root

reference=$(command -v ip)
a=lxcbox-ip-a-$$ b=lxcbox-ip-b-$$ far=lxcbox-ip-far-$$
for namespace in $a $b $far; do
    cleanup "$reference netns del $namespace"
    "$reference" netns add $namespace
done
ours() { lxcbox ip "$@"; }

# --- What it does -----------------------------------------------------------------------------------------------------

# The state of a namespace without what differs from one to another by chance.
state() {
    {
        printf '%s\n' link addr 'route show table all' 'neigh show nud all' 'neigh show proxy' rule |
            "$reference" -n "$1" -d -batch -
        "$reference" -n "$1" -6 rule
    } |
        sed -E '/(gc|hold|hello|forward_delay|message_age)_timer/d; s/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g
            s/fe80::[0-9a-f:]+/LL/g; s/valid_lft [0-9]+sec preferred_lft [0-9]+sec/LIFETIME/; s/ state [A-Z]+//
            s/NO-CARRIER,//; s/,LOWER_UP//; s/ linkdown//; s/ tentative//; /^local .* table local .* metric 0 /d
            /LL|NOARP|FAILED|STALE|multicast ff00|anycast/d'
}
# The same command in both namespaces, with the same answer and the same effect.
same_effect() {
    local status_a status_b
    "$reference" -n $a "$@" > /dev/null 2>&1; status_a=$?
    ours -n $b "$@"; status_b=$?
    echo "status $status_a and $status_b"
    [ $((status_a == 0)) = $((status_b == 0)) ] && diff <(state $a) <(state $b)
}
t 'both begin the same' same_effect link show
while read -r line; do
    [ -n "$line" ] && eval "t 'ip $line' same_effect $line"
done << 'COMMANDS'
link set lo up
link add name lxcbr0 type bridge
link set lxcbr0 up
link add eth0 type veth peer name eth0p
link add link eth0 name mac0 type macvlan mode bridge
link add mac1 link eth0 type macvlan mode passthru
link set eth0 master lxcbr0
link set dev eth0p up mtu 1400 txqueuelen 77
link set eth0 address 02:01:02:03:04:05
link set eth0 alias "a name with blanks"
link set eth0p name inside
link set inside down
link set lxcbr0 type bridge stp_state 1 forward_delay 400
link set eth0 type bridge_slave cost 7 hairpin on
link add br1 mtu 1300 type bridge vlan_filtering 1 vlan_default_pvid 5
link add v1 mtu 1280 numtxqueues 2 type veth peer v2 mtu 1290 address 02:00:00:00:00:09
link set v1 promisc on allmulticast on multicast off arp off
link set v1 group 7
link delete br1
link del v1
link set nowhere up
link add lxcbr0 type bridge
link add
link add x type nosuchkind
addr add 192.168.5.1/24 dev lxcbr0
addr add 192.168.5.1/24 dev lxcbr0
addr add 192.168.6.1/24 brd + dev lxcbr0 label lxcbr0:1
addr add 192.168.7.1 peer 192.168.7.2 dev lxcbr0
addr add 127.0.0.5/8 dev lo
addr add 10.20.0.1/16 brd 10.20.1.1 scope link dev lxcbr0 metric 77
addr add fd00:5::1/64 dev lxcbr0 nodad
addr add fd00:6::1/64 dev lxcbr0 valid_lft 3000 preferred_lft 2000
addr change fd00:6::1/64 dev lxcbr0 valid_lft forever preferred_lft forever
addr replace 192.168.6.1/24 dev lxcbr0 valid_lft 900 preferred_lft 800
addr add 300.1.1.1/24 dev lxcbr0
addr add 1.1.1.1/24 dev nowhere
addr del 192.168.6.1/24 dev lxcbr0
addr del 192.168.66.1/24 dev lxcbr0
addr add 10.21.0.1/24 dev lxcbr0 label lxcbr0:7
-loops 5 addr flush dev lxcbr0 label lxcbr0:7
address flush dev lxcbr0 scope link
route add default via 192.168.5.254
route add default via 192.168.5.254
route add 10.0.0.0/8 via 192.168.5.253 metric 10 mtu 1400
r a 10.1/16 dev lxcbr0 proto static scope link src 192.168.5.1
route replace 10.1.0.0/16 via 192.168.5.252
route append 10.1.0.0/16 dev lxcbr0 metric 3
route add table 77 10.3.0.0/24 via 9.9.9.9 dev lxcbr0 onlink
route add 10.4.0.0/24 via 9.9.9.9
route add unreachable 10.5.0.0/16
route add blackhole 10.6.0.0/16 metric 9
route add local 10.7.0.0/24 dev lo
route add 10.8.0.0/24 via inet6 fe80::1 dev lxcbr0
route add fd09::/16 via fd00:5::2
route add default via fe80::1 dev lxcbr0
-6 route add default dev lxcbr0 metric 3 pref high
route add 10.40.0.0/24 nexthop via 192.168.5.2 weight 2 nexthop dev lxcbr0
route append 10.40.0.0/24 metric 7 nexthop via 9.9.9.9 dev lxcbr0 onlink weight 256 nexthop via inet6 fe80::7 dev lxcbr0
route replace 10.41.0.0/24 nexthop via 192.168.5.2
route add fd40::/32 nexthop via fd00:5::2 weight 3 nexthop via fd00:5::3
route add 10.42.0.0/24 nexthop via 192.168.5.2 weight 0
route add 10.42.0.0/24 nexthop via 99.9.9.9
route add 10.42.0.0/24 nexthop via 192.168.5.2 dev nowhere
route del 10.40.0.0/24 nexthop via 192.168.5.2 weight 2 nexthop dev lxcbr0
route del fd40::/32
route del 10.0.0.0/8
route del 10.99.0.0/16
route change 10.1.0.0/16 dev lxcbr0 metric 3 advmss 1000
route flush table 77
-6 route flush proto boot
tuntap add dev tap7 mode tap user nobody group 5
tuntap add tun7 mode tun pi vnet_hdr multi_queue
tuntap add mode tun
tuntap add mode tap one_queue
tuntap add tap7 mode tap
tuntap add tun8
tuntap add a/b mode tun
tuntap del tap7 mode tap
tuntap del dev tun0 mode tun
neigh add 192.168.5.9 lladdr 02:00:00:00:00:01 dev lxcbr0
neigh add 192.168.5.9 lladdr 02:00:00:00:00:01 dev lxcbr0
neigh replace 192.168.5.9 lladdr 02:00:00:00:00:02 dev lxcbr0 nud permanent
neigh add proxy 192.168.5.10 dev lxcbr0
neigh add fd00:5::9 lladdr 02:00:00:00:00:03 dev lxcbr0 router
neigh del 192.168.5.9 dev lxcbr0
neigh del proxy 192.168.5.10 dev lxcbr0
neigh flush dev lxcbr0
rule add from 10.1.0.0/16 lookup 77
rule add from 10.1.0.0/16 to 10.2.0.0/16 iif lxcbr0 table main priority 1000
rule add fwmark 0x10/0xff table 5 pref 99
rule add not from 1.1.1.1 tos 0x10 oif lxcbr0 blackhole
rule add uidrange 0-99 ipproto tcp dport 80-90 sport 5 lookup 7 suppress_prefixlength 0 pref 50
-6 rule add from fd00::/8 lookup 9
rule add goto 1000 pref 98
rule del pref 1000
rule del from 10.1.0.0/16 lookup 77
rule del pref 4321
rule flush
nonsense
COMMANDS
"$reference" -n $b rule add pref 32766 lookup main; "$reference" -n $b rule add pref 32767 lookup default
"$reference" -n $a rule add pref 32766 lookup main; "$reference" -n $a rule add pref 32767 lookup default

refused_by_kernel() { ours -n $b link add lxcbr0 type bridge; [ $? -eq 2 ]; }
t 'a refusal by the kernel has status 2' refused_by_kernel
t 'an interface that does not exist has status 1' refuses 'there is no network interface nowhere$' \
    ours -n $b link show nowhere
kind_that_kernel_lacks_is_reported() {
    ours -n $b link add x type nosuch 2>&1 || :
}
t 'a kind that the kernel lacks is reported with its remedy' has 'cannot add nosuch x: .*modprobe nosuch' \
    kind_that_kernel_lacks_is_reported

moves() {
    ours -n $b link add m0 type veth peer name m1 netns $far &&
        ours -n $far link set m1 up name m2 &&
        ours -n $b link set m0 netns $far &&
        ours -n $far -br link show m0 &&
        ! ours -n $b link show m0 &&
        ours -n $far link del m0
}
t 'links are made in and moved to other namespaces' moves
batch() {
    printf \
        'link add b0 type bridge # one\n\naddr add 10.77.0.1/24 dev b0\nlink set b0 alias "two words"\n' |
        ours -n $b -batch - &&
        ours -n $b -o addr show b0 | grep -q 10.77.0.1 &&
        ours -n $b link del b0
}
t 'ip -batch carries out lines' batch

# --- What it prints ---------------------------------------------------------------------------------------------------

set_up() {
    local i="$reference -n $a"
    $i link set inside netns $far
    $i link set eth0 up &&
        "$reference" -n $far link set inside up &&
        "$reference" -n $far addr add 192.168.5.2/24 dev inside
    $i link property add dev mac0 altname another-name
    $i addr add 192.168.6.1 peer 192.168.6.2 dev lxcbr0
    $i addr add 192.168.5.3/24 dev lxcbr0 valid_lft 9000 preferred_lft 8000
    $i addr add fd00:5::1/64 dev lxcbr0; $i addr add 192.168.5.1/24 dev lxcbr0
    $i route add 10.30.0.0/24 nexthop via 192.168.5.2 weight 2 nexthop via 192.168.5.4
    $i route add 10.31.0.0/24 via 9.9.9.9 dev lxcbr0 onlink proto static table 90 mtu 1300
    $i -6 route add fd77::/16 via fd00:5::2 pref low
    $i neigh add 192.168.5.7 lladdr 02:00:00:00:00:01 dev lxcbr0; $i neigh add proxy 192.168.5.8 dev lxcbr0
    $i rule add from 10.1.0.0/16 to 10.2.0.0/16 fwmark 3 iif nowhere lookup 7; $i -6 rule add blackhole from fd01::/16
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        $i -6 addr show tentative | grep -q inet6 || break
        sleep 0.1
    done
}
set_up > /dev/null 2>&1
# iproute2 after 6.1 (Debian 12) prints who made an address, as ours does; and sizes of GSO for IPv4 and multicast
# addresses, which ours does not.
if "$reference" -n $a addr show lo | grep -q ' proto kernel_lo'; then newer=1; else newer=0; fi
theirs() {
    sed -E 's/ g[sr]o_ipv4_max_size [0-9]+//g
        s/promiscuity ([0-9]+) +allmulti/promiscuity \1  allmulti/; / inet6? mcast /{N;d}'
}
as_theirs() {
    if [ $newer = 1 ]; then cat; else sed -E 's/ proto kernel_(lo|ll|ra)//'; fi
}
# iproute2 complains of each name in /run/netns that another test is just making or removing.
same_text() {
    diff \
        <("$reference" -n $a "$@" 2>&1 | theirs | sed -E '/Peer netns reference is invalid/d; s/[0-9]+sec/Nsec/g') \
        <(ours -n $a "$@" 2>&1 | as_theirs | sed -E 's/[0-9]+sec/Nsec/g')
}
# As iproute2 leaves an empty object where it leaves something out, those are left out here.
same_json() {
    "$reference" -n $a -j "$@" > "$WORK/a"
    ours -n $a -j "$@" > "$WORK/b"
    python3 -c '
import json, sys
newer = sys.argv[3] == "1"
def one_has(k, w):
    return k in ("gso_ipv4_max_size", "gro_ipv4_max_size") or not newer and k == "protocol" and w[:7] == "kernel_"
def clean(v):
    if isinstance(v, list): return [clean(i) for i in v if i != {}]
    if isinstance(v, dict): return {k: 0 if "life_time" in k and w < 4294967295 else clean(w) for k, w in v.items()
        if not one_has(k, w)}
    return v
a, b = (json.dumps(clean(json.loads(open(f).read() or "[]")), indent=1) for f in sys.argv[1:3])
sys.exit(None if a == b else a + "\n" + b)' "$WORK/a" "$WORK/b" $newer
}
for options in '' -br -o -s '-o -s'; do
    for object in link address; do t "ip $options $object prints as iproute2" same_text $options $object; done
done
for what in 'l' 'a' 'link show lxcbr0' 'link show type veth' 'link show master lxcbr0' 'link show up' \
    '-d link show mac0' '-d addr show mac0' 'addr show dev lxcbr0' 'addr show scope global' \
    'addr show permanent' 'addr show dynamic' '-4 addr' '-6 addr show dev lxcbr0' '-0 addr' \
    '-f inet -br addr' 'addr show to 192.168.6.0/24' 'addr show up' 'r' '-d route' '-6 route' \
    'route show table all' 'route show table 90' 'route show dev lxcbr0 proto kernel' \
    'route show proto static table all' \
    'route show 10.30.0.0/24' 'route show default' 'route show via 192.168.5.2' 'route show root 10.0.0.0/8' \
    'route show match 10.30.0.1' '-o route' 'route get 10.30.0.1' 'route get 127.0.0.1' 'route get fd77::5' \
    'route get 192.168.5.2 fibmatch' 'n' 'neigh show dev lxcbr0' 'neigh show nud permanent' \
    'neigh show proxy' '-br neigh' 'rule' '-6 rule' 'rule show table 7'; do
    t "ip $what prints as iproute2" same_text $what
    t "ip -j $what says as iproute2" same_json $what
done
# Of iproute2 after 6.1.
by_device() {
    [ $newer = 0 ] || same_text route show dev lxcbr0 || return
    has '^10.30.0.0/24 (linkdown )?$' ours -n $a route show dev lxcbr0
}
t 'ip route show dev prints a route of several hops' by_device
made_by_kernel() {
    [ $newer = 0 ] || same_text addr show lo || return
    has 'inet6 ::1/128 scope host proto kernel_lo $' ours -n $a addr show lo
}
t 'ip address prints who made an address' made_by_kernel
t 'ip route show dev prints a route by a gateway' has '^default via 192.168.5.254 ' ours -n $a route show dev lxcbr0
traffic() { "$reference" netns exec $a ping -qnc 60 -i 0.002 -s 1400 127.0.0.1 > /dev/null; same_text "$@"; }
t 'ip -h -s link has units as iproute2' traffic -h -s link show lo
t 'and of powers of 1024 with -iec' traffic -iec -h -s link show lo
# Which hosts the addresses have in a hosts file of the test. An incomplete neighbour fails within a second.
names() {
    unshare -m bash \
        -c 'printf "192.168.5.1 bridge.test\n192.168.5.2 inside.test\n" > "$WORK/hosts" &&
            mount --bind "$WORK/hosts" /etc/hosts &&
        for what in "addr show lxcbr0" "route get 10.30.0.1" "neigh show dev lxcbr0"; do
            diff <("$1" -n "$2" -r $what | sed -E "s/[0-9]+sec/Nsec/g; s/INCOMPLETE/FAILED/") \
                <("$LXCBOX" ip -n "$2" -r $what | sed -E "s/[0-9]+sec/Nsec/g; s/INCOMPLETE/FAILED/") || exit; done' \
        - "$reference" $a
}
export WORK LXCBOX
t 'ip -r names hosts as iproute2' names
t 'a family without objects of the kind is refused' refuses 'ip route does not support the family mpls' ours -M route
t 'an unknown family is refused' refuses '-family must be inet, .*, not "ipx"' ours -f ipx link
t 'a wrong number of rounds is refused' refuses '-loops takes a number' ours -l x link
t 'a wrong buffer size is refused' refuses '-rcvbuf takes a number of bytes, not "x"' ours -rc x link
helps() { # OBJECT: its commands on standard error, with iproute2's status
    local said status=0
    said=$(ours "$@" help 2>&1 > /dev/null) || status=$?
    echo "$said"
    [ $status -eq 255 ] && grep -q '^Usage: ip ' <<< "$said"
}
for object in '' addr link route rule neigh netns tuntap monitor; do
    t "ip $object help lists commands" helps $object
done
t 'ip -j link prints the same data as iproute2' same_json link
same_colors() {
    diff <("$reference" -n $a -color "$@" | theirs | grep -v nexthop | sed -E 's/[0-9]+sec/Nsec/g') \
        <(ours -n $a -color "$@" | as_theirs | grep -v nexthop | sed -E 's/[0-9]+sec/Nsec/g')
}
for object in link address '-br link' '-br address' route '-6 route' neigh rule 'route get 10.30.0.1' '-o address'; do
    t "ip -color $object has its colors" same_colors $object
done
ip_c_auto_has_none() {
    diff <(ours -n $a -c=auto addr) <(ours -n $a addr) &&
        diff <(ours -n $a -c=never addr) <(ours -n $a addr)
}
t 'ip -c=auto has no colors where the output is not a terminal' ip_c_auto_has_none
t 'and has them on one' has $'\e\[36mlo' script -qec "$LXCBOX ip -c=auto link" /dev/null
json_without_colors() { diff <(ours -n $a -c -j addr) <(ours -n $a -j addr); }
t 'ip -j has no colors' json_without_colors
t 'an unknown color is refused' refuses 'always, auto or never' ours -c=green link
ip_tuntap_prints_as_iproute2() {
    ours -n $a tuntap add tap9 mode tap user 7 group 5
    ours -n $a tuntap add tun9 mode tun pi vnet_hdr
    diff <("$reference" -n $a tuntap | sed "s/one_queue //") <(ours -n $a tuntap)
}
t 'ip tuntap prints as iproute2' ip_tuntap_prints_as_iproute2
ip_j_p_prints_lines() {
    diff <(ours -n $a -j link | python3 -m json.tool) <(ours -n $a -j -p link | python3 -m json.tool) &&
        [ "$(ours -n $a -j -p link | wc -l)" -gt 50 ]
}
t 'ip -j -p breaks the same into lines' ip_j_p_prints_lines
t 'ip -j -s link prints the same data as iproute2' same_json -s link

# --- What it sees happen ----------------------------------------------------------------------------------------------

# The same changes, seen by both.
monitor_changes() {
    while read -r line; do "$reference" -n $watched $line; done << 'CHANGES'
link set lo up
link add br0 type bridge
link add v0 type veth peer name v1
link set v0 master br0
link set v0 up
link set v1 up
link set br0 up
addr add 10.9.0.1/24 brd + dev br0
addr add fd00:9::1/64 nodad dev br0
addr add 10.9.0.9/24 dev br0 valid_lft 900 preferred_lft 800
route add default via 10.9.0.2
route add 10.30.0.0/24 metric 5 table 77 nexthop via 10.9.0.3 nexthop via 10.9.0.4
route add fd77::/16 via fd00:9::2
neigh add 10.9.0.7 lladdr 02:00:00:00:00:01 dev br0
neigh replace 10.9.0.7 lladdr 02:00:00:00:00:02 dev br0
neigh del 10.9.0.7 dev br0
rule add from 10.1.0.0/16 lookup 77
-6 rule add from fd01::/16 lookup 78
rule del from 10.1.0.0/16 lookup 77
route del default
addr del 10.9.0.1/24 dev br0
link set v0 mtu 1400
link set v0 nomaster
link del v0
link del br0
CHANGES
}
watched=lxcbox-ip-w-$$
cleanup "$reference netns del $watched; kill \$theirs \$mine"
listeners() { "$reference" netns exec $watched awk '$2 == 0 && $4 != "00000000"' /proc/net/netlink | wc -l; }
saw_the_end() { grep -q 'Deleted [0-9]*: br0: ' "$WORK/theirs" && grep -q 'Deleted [0-9]*: br0: ' "$WORK/mine"; }
sees_the_same() { # OPTIONS WORD...
    "$reference" netns add $watched
    "$reference" -n $watched $1 monitor "${@:2}" > "$WORK/theirs" & theirs=$!
    "$LXCBOX" ip -n $watched $1 monitor "${@:2}" > "$WORK/mine" & mine=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(listeners)" -ge 2 ] && break; sleep 0.1; done
    sleep 0.1
    monitor_changes
    for _ in 1 2 3 4 5 6 7 8 9 10; do saw_the_end && break; sleep 0.1; done
    "$reference" netns del $watched
    kill $theirs $mine
    wait $theirs $mine
    [ -s "$WORK/mine" ] && diff <(grep -Ev '^\[(NETCONF|NSID)\]' "$WORK/theirs" | theirs | sort) \
        <(as_theirs < "$WORK/mine" | sort)
}
t 'ip monitor sees what iproute2 sees' sees_the_same '' link address route neigh rule
t 'with labels, IPv6 alone, in a line each' sees_the_same '-6 -o' label link address route rule
t 'IPv4 alone' sees_the_same -4 link address route neigh rule
t 'ip monitor all is all of it with labels' sees_the_same '' all
json_events() {
    "$reference" -n $b link set lo down
    timeout 1 "$LXCBOX" ip -n $b -j monitor link address > "$WORK/events" &
    sleep 0.3
    "$reference" -n $b link set lo up
    wait $!
    python3 -c \
        'import json, sys; e = [json.loads(l) for l in open(sys.argv[1])]
sys.exit([i["ifname"] for i in e if "ifname" in i] != ["lo"])' \
        "$WORK/events"
}
timed() { # OPTION: what stands before the event that lo is up
    "$reference" -n $b link set lo down
    timeout 1 "$LXCBOX" ip -n $b "$1" monitor link > "$WORK/events" &
    sleep 0.3
    "$reference" -n $b link set lo up
    wait $!
    cat "$WORK/events"
}
t 'ip -t monitor prints the time' \
    has '^Timestamp: [A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4} [0-9]+ usec$' timed -t
t 'ip -ts monitor prints it short' has '^\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}\] 1: lo: ' timed -ts
t 'ip -j monitor prints an object a line' json_events
t 'Ctrl-C ends it' exits 124 timeout -k 5 -s INT 0.2 env --default-signal=INT "$LXCBOX" ip -n $a monitor
t 'an unknown argument is refused' refuses 'ip monitor does not know "nonsense"' ours monitor nonsense
t 'a brief form is refused' refuses 'ip monitor does not support -brief' ours -br monitor

# --- Namespaces by name -----------------------------------------------------------------------------------------------

n=lxcbox-ip-n-$$
cleanup "umount /run/netns/$n; rm -f /run/netns/$n"
netns_added() { ours netns add $n && "$reference" netns list | grep -q "^$n"; }
t 'ip netns add makes one that iproute2 sees' netns_added
t 'a name that is taken is refused' refuses "cannot name a network namespace $n: File exists" ours netns add $n
t 'a name that leaves the directory is refused' refuses 'cannot be the name' ours netns add ../x
t 'ip netns exec runs a command there' is 'lo               DOWN           ' ours netns exec $n "$LXCBOX" ip -br addr
t 'its exit status is the command'\''s' exits 7 ours netns exec $n sh -c "exit 7"
t 'it has a /sys of the namespace' is lo ours netns exec $n ls /sys/class/net
t 'ip netns identify names it' is $n ours netns exec $n "$LXCBOX" ip netns identify
pids() {
    "$LXCBOX" ip netns exec $n sleep 5 &
    local pid=$!
    sleep 0.2
    ours netns pids $n | grep -qx $pid
    local r=$?
    kill $pid
    wait $pid 2> /dev/null
    return $r
}
t 'ip netns pids lists the processes' pids
netns_list_alike() { diff <("$reference" netns) <(ours netns); }
t 'ip netns list prints as iproute2' netns_list_alike
ip_netns_ls_is_list() {
    diff <("$reference" netns ls) <(ours netns ls) && diff <("$reference" netns) <(ours netns lst)
}
t 'ip netns ls is list' ip_netns_ls_is_list
"$reference" -n $a link add id0 type veth peer name id1 netns $n
"$reference" -n $a link add id2 type veth peer name id3 netns $b
known=$("$reference" -n $a netns list-id | sed -n '1s/^nsid \([0-9]*\) .*/\1/p')
for what in list-id "list-id nsid $known"; do
    t "ip netns $what prints as iproute2" same_text netns $what
    t "ip -j netns $what says as iproute2" same_json netns $what
done
t 'ip netns list-id target-nsid shows both ids' has '^nsid [0-9]+ current-nsid (unassigned|[0-9]+) ' \
    ours -n $a netns list-id target-nsid 0
t 'an id that is not in use has the status 2' exits 2 ours -n $a netns list-id nsid 4321
t 'an unknown word is refused' refuses 'list-id does not know "nonsense"' ours netns list-id nonsense
netns_deleted() { ours netns delete $n && [ ! -e /run/netns/$n ]; }
t 'ip netns delete removes it' netns_deleted
t 'a namespace that does not exist is reported' \
    refuses 'cannot open network namespace nowhere: No such file.*"ip netns" lists' ours -n nowhere link
