# ping against iputils's, in a network namespace of its own.
. tests/lib.sh
needs_root
if [ -z "${PING_TEST_INSIDE:-}" ]; then
    PING_TEST_INSIDE=1 LXCBOX=$LXCBOX unshare -n bash "$0"
    exit
fi
reference=$(command -v ping)
ip link set lo up
ip link add d0 type veth peer name d1
ip addr add 10.2.2.1/24 dev d0
ip link set d0 up
ip link set d1 up

ours() { lxcbox ping "$@"; }
# Times differ from run to run; iputils of 2024 has a blank between an IPv6 address and its number.
plain() {
    sed -E \
        's/[0-9]+(\.[0-9]+)? ?ms/T/g; s#[0-9.]+/[0-9.]+/[0-9.]+/[0-9.]+ ms#T#
        s#= [0-9./]+ ?T#= T#; s/^(PING [^ (]+)\(/\1 (/; s/localhost \(::1\)/::1/g'
}
same() {
    local status_a status_b
    "$reference" "$@" > "$WORK/a" 2> /dev/null; status_a=$?
    ours "$@" > "$WORK/b" 2> /dev/null; status_b=$?
    echo "status $status_a and $status_b"
    [ $status_a = $status_b ] && diff <(plain < "$WORK/a") <(plain < "$WORK/b")
}
t 'answers print as iputils' same -c 2 -i 0.2 127.0.0.1
t 'IPv6 answers print as iputils' same -c 1 ::1
t '-q prints the summary as iputils' same -q -c 1 127.0.0.1
t 'a size is sent and printed as iputils' same -c 1 -s 1000 127.0.0.1
t 'less data than a time needs prints as iputils' same -c 1 -s 8 127.0.0.1
t 'a name is printed as iputils' same -4 -c 1 localhost
t 'an interface to send from prints as iputils' same -c 1 -I lo 127.0.0.1
t 'an address to send from prints as iputils' same -c 1 -I 127.0.0.1 127.0.0.1
t 'no answer within -W has the status 1 and prints as iputils' same -c 1 -W 0.2 10.2.2.2
t 'a deadline ends it as iputils' same -c 5 -w 1 -i 0.4 10.2.2.2
t 'an unreachable host is reported as by iputils' same -c 1 10.2.2.3
t 'no way to a host has the status 2' same -c 1 10.1.1.1
t 'no such host has the status 2' same -c 1 no.such.host.invalid
interrupted() {
    local status
    "$LXCBOX" ping 127.0.0.1 > "$WORK/i" &
    sleep 0.3
    kill -INT $!
    wait $!
    status=$?
    cat "$WORK/i"
    grep -q '^1 packets transmitted, 1 received' "$WORK/i" && [ $status -eq 0 ]
}
t 'a signal ends it with the summary' interrupted
echo '0 100' > /proc/sys/net/ipv4/ping_group_range
t 'it works with the kernel'\''s sockets for ping' same -c 1 127.0.0.1
t 'and with those for IPv6' same -c 1 ::1
as_user() { setpriv --reuid 65534 --regid 50 --clear-groups "$LXCBOX" ping -c 1 127.0.0.1; }
t 'a user of the group range can use it' as_user
echo '1 0' > /proc/sys/net/ipv4/ping_group_range
missing_privileges_are_reported() {
    setpriv --reuid 65534 --clear-groups "$LXCBOX" ping -c 1 127.0.0.1 2>&1 |
        grep -q \
            "Permission denied (run it as root, or set net.ipv4.ping_group_range)\|Operation not permitted (run"
}
t 'missing privileges are reported with the remedy' missing_privileges_are_reported
t 'a wrong count is refused' refuses 'takes a number from 1, not "0"' ours -c 0 127.0.0.1
