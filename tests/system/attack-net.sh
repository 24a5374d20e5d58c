# What one container on the bridge of lxc-net does to the others: names, leases and questions belong to the host behind
# a port of the bridge, whatever its packets claim.
. tests/lib.sh
. tests/net-lab.sh
needs_root
# The host's name is changed: that of a namespace.
if [ -z "${ATTACK_NET_INSIDE:-}" ]; then
    ATTACK_NET_INSIDE=1 unshare -u bash "$0"
    exit
fi
for tool in dig nft python3 busybox; do
    command -v $tool > /dev/null || { skip attack-net "needs $tool"; exit 0; }
done

lab
internet
on_host hostname attack-host-$$
# A name server behind the host that answers what begins with "good" and is silent otherwise.
cat > "$WORK/upstream.py" << 'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("203.0.113.1", 53))
while True:
    q, client = s.recvfrom(512)
    if q[13:17] == b"good":
        s.sendto(q[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + q[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xcb\0\x71\7", client)
END
ip netns exec "$LAB-inet" python3 "$WORK/upstream.py" &
upstream=$!
cleanup 'kill $upstream'
printf '%s\n' 'LXC_DOMAIN=lxc' | on_host tee /etc/default/lxc-net > /dev/null
lxc_net() { on_host env -i "$LXCBOX" lxc-net "$@"; }
t 'lxc-net starts' lxc_net start
attack() { in_box "$1" python3 tests/system/attack-net.py "${@:2}"; }
resolve() { on_host dig +short +tries=1 +time=2 @10.0.3.1 "$1.lxc"; }

# engine_box NAME: a container as the engine starts it, with its name at the port.
engine_box() {
    box "$1"
    on_host ip link set "v-$1" alias "lxc:$1"
    on_host ip link set "v-$1" master lxcbr0
}
for b in evil stock other; do box $b lxcbr0; done
engine_box web
engine_box db

# --- Names ------------------------------------------------------------------------------------------------------------

web=$(attack web lease own something-else)
t 'a container of the engine has its name, whatever it claims' is "$web" resolve web
t 'and not the name that it claims' is '' resolve something-else
attack evil lease 02:00:00:00:ee:01 web > "$WORK/lease"
t 'another host that claims the name of a container does not get it' is "$web" resolve web
attack evil lease 02:00:00:00:ee:02 db > "$WORK/lease"
t 'nor the name of a container that has no lease yet' is '' resolve db
db=$(attack db lease own '')
t 'a container that sends no name has its own' is "$db" resolve db
named_by_reverse() { on_host dig +short @10.0.3.1 -x "$web"; }
t 'its address has its name' is web.lxc. named_by_reverse

stock=$(attack stock lease own plain)
t 'a container that another program has started has the name that it claims' is "$stock" resolve plain
attack other lease own plain > "$WORK/lease"
t 'a second one does not get that name' is "$stock" resolve plain
on_host ip link del v-stock
other=$(attack other lease own plain)
t 'it does when the first one has gone' is "$other" resolve plain

late=$(attack evil lease 02:00:00:00:ee:03 late)
t 'a name that no container has can be claimed' is "$late" resolve late
engine_box late
t 'it is lost when the container of that name starts' until_ok 3 is '' resolve late

refused_names() {
    local n bad=0
    for n in localhost wpad isatap "attack-host-$$"; do
        attack evil lease 02:00:00:00:ee:04 "$n" > "$WORK/lease"
        # The host's resolver answers localhost itself.
        on_host dig +short +tries=1 +time=1 @10.0.3.1 "$n.lxc" | grep "$(cat "$WORK/lease")" && bad=1
    done
    return $bad
}
t 'localhost, wpad, isatap and the name of the host are no lease'\''s' refused_names

# --- Leases -----------------------------------------------------------------------------------------------------------

hardware() { "$@" | sed 's/.*ether \([^ ]*\).*/\1/'; }
web_mac=$(hardware in_box web ip -o link show eth0)
attack evil release "$web_mac" "$web"
sleep 0.2
t 'the lease of a container is not released from another port' is "$web" resolve web
steals_lease() { attack evil request "$web_mac" 10.0.3.77 x; }
t 'nor is its hardware address given another address from there' fails steals_lease
t 'the container still has its lease' is "$web" attack web lease own ''
same_identifier() {
    local a b
    a=$(attack web lease own '' same-id) && b=$(attack other lease own '' same-id) && [ "$a" != "$b" ]
}
t 'two containers with the same client identifier get two addresses' same_identifier

counted() { [ "$(attack "$@")" -le 16 ]; }
t 'a container gets at most 16 leases' counted evil exhaust 300
box more lxcbr0
t 'others still get theirs' attack more lease own more
engine_box ids
t 'a hardware address gets at most 16 leases, with any identifiers' counted ids identify 60
engine_box refuses
t 'a container that declines addresses takes at most 16' counted refuses decline 60
t 'others get theirs after that' attack late lease own ''

# --- Questions --------------------------------------------------------------------------------------------------------

bridge_mac=$(hardware on_host ip -o link show lxcbr0)
in_box web ip addr add "$web/24" dev eth0
asks() { in_box web dig +noedns +short +tries=1 +time=3 @10.0.3.1 "good$1.example"; }
t 'questions are forwarded' is 203.0.113.7 asks 0
attack evil questions 600 "$bridge_mac"
t 'after 600 questions from forged addresses a container still has its answer' is 203.0.113.7 asks 1
flood() {
    local b pids=()
    for b in evil ids db other; do
        attack $b questions 600 "$bridge_mac" &
        pids+=($!)
    done
    wait "${pids[@]}"
}
flood
t 'also when four containers do that' is 203.0.113.7 asks 2

mkfifo "$WORK/hold"
for i in 1 2 3 4 5 6 7 8; do in_box evil ip addr add 10.0.3.20$i/24 dev eth0; done
attack evil connect 64 10.0.3.20{1..8} < "$WORK/hold" > "$WORK/connected" 2>&1 &
exec 8> "$WORK/hold"
until_ok 5 grep -q connected "$WORK/connected"
tcp_is_accepted() { in_box web dig +tcp +tries=1 +time=2 @10.0.3.1 web.lxc | grep -q 'status: NOERROR'; }
t '64 connections from eight addresses of a container leave room for others' tcp_is_accepted
exec 8>&-

# --- The engine -------------------------------------------------------------------------------------------------------

P=$WORK/lxc name=attack-net-$$
mkdir "$P"
printf 'lxc.net.0.%s\n' 'type = veth' 'link = lxcbr0' 'flags = up' > "$WORK/config"
box_host() { on_host env -i PATH= "$LXCBOX" "$@"; }
cleanup 'box_host lxc-stop -k -P "$P" $name'
create() { box_host lxc-create -P "$P" -n $name -f "$WORK/config" -t busybox -- \
    --busybox-path "$(command -v busybox)"; }
t 'a container is made' create
t 'it starts' box_host lxc-start -P "$P" $name
port_has_name() { on_host ip -o link show | grep -q "alias lxc:$name"; }
t 'the engine writes its name to its port' port_has_name
has_name() { lxc_net status | grep "^Lease: .* $name "; }
t 'its lease has that name' until_ok 10 has_name
t 'it stops' box_host lxc-stop -k -P "$P" $name

# --- The end ----------------------------------------------------------------------------------------------------------

server_of() { on_host cat /run/lxc/lxc-net.pid; }
watcher=$(pgrep -P "$(server_of)")
t 'the process that watches the ports can open packet sockets, and nothing else' \
    has '^CapEff:.0000000000002000$' cat "/proc/$watcher/status"
t 'as user nobody' has '^Uid:.65534.65534.65534.65534$' cat "/proc/$watcher/status"
t 'lxc-net stops' lxc_net stop
t 'the process that watches the ports ends with it' until_ok 3 fails kill -0 "$watcher"
