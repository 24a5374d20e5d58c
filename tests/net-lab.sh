# For the tests of networks: source it after tests/lib.sh. Makes namespaces of its own and does not change the host's
# network.
#
# lab                a "host": network and mount namespace with its own /run/lxc, /var/lib/misc, /etc/default
# on_host COMMAND..  runs there
# box NAME [BRIDGE]  a "container": a network namespace whose eth0 has its other end (v-NAME) on the host, in BRIDGE
# in_box NAME COMMAND..
# internet           another namespace behind the host's up0: 203.0.113.2 and 2001:db8::2 here, .1 and ::1 there; it
#                    has no route to the networks behind the host
LAB=lab$$

boxes=()

lab() {
    unshare -n -m sh -c '
        mount --make-rprivate / && mkdir -p /run/lxc /var/lib/misc &&
        for d in /run/lxc /var/lib/misc /etc/default; do mount -t tmpfs tmpfs $d; done
        mkdir "$0/cgroup" && mount --rbind /sys/fs/cgroup "$0/cgroup" && mount -t sysfs sysfs /sys &&
        mount --rbind "$0/cgroup" /sys/fs/cgroup; ip link set lo up
        echo "nameserver 203.0.113.1" > "$0/resolv.conf"; mount --bind "$0/resolv.conf" /etc/resolv.conf
        touch "$0/ready"; exec sleep 600' "$WORK" > /dev/null 2>&1 &
    lab_pid=$!
    cleanup 'kill $lab_pid; for b in "${boxes[@]}"; do ip netns del "$b"; done'
    cleanup 'on_host "$LXCBOX" lxc-net stop'
    while [ ! -e "$WORK/ready" ]; do kill -0 $lab_pid || exit 1; sleep 0.02; done
}

on_host() { nsenter -t "$lab_pid" -n -m --wd="$PWD" -- "$@"; }

box() {
    ip netns add "$LAB-$1" && boxes+=("$LAB-$1")
    ip -n "$LAB-$1" link set lo up
    on_host ip link add "v-$1" type veth peer name eth0 netns "/proc/$$/fd/9" 9< "/run/netns/$LAB-$1"
    ip -n "$LAB-$1" link set eth0 up
    if [ $# -gt 1 ]; then on_host ip link set "v-$1" master "$2" up; else on_host ip link set "v-$1" up; fi
}

in_box() { local b=$1; shift; ip netns exec "$LAB-$b" "$@"; }

internet() {
    box inet
    on_host ip link set v-inet down
    on_host ip link set v-inet name up0 up
    on_host ip addr add 203.0.113.2/24 dev up0
    on_host ip addr add 2001:db8::2/64 dev up0 nodad
    on_host ip route add default via 203.0.113.1
    in_box inet ip addr add 203.0.113.1/24 dev eth0
    in_box inet ip addr add 2001:db8::1/64 dev eth0 nodad
    on_host ip -6 route add default via 2001:db8::1
}

# until SECONDS COMMAND..: try it until it succeeds.
until_ok() {
    local left=$(($1 * 20))
    shift
    until "$@"; do [ $((left -= 1)) -gt 0 ] || return 1; sleep 0.05; done
}
