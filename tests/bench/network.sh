#!/bin/bash
# Many containers on one bridge, each with an address by DHCP from lxc-net: what their starts take, until when all have
# their addresses and names, and the memory of it. `make bench`, or by hand as root: COUNT=500 tests/bench/network.sh
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
. tests/net-lab.sh
needs_root
COUNT=${COUNT:-500}

lab
printf '%s\n' LXC_ADDR=10.0.0.1 LXC_NETMASK=255.255.248.0 LXC_DHCP_MAX=2000 LXC_DOMAIN=lxc LXC_IPV6_ADDR=fd42::1 |
    on_host tee /etc/default/lxc-net > /dev/null
P=$WORK/lxc name=many-$$
mkdir -p "$P" "$WORK/root"/{dev,proc,sys,etc}
printf '%s\n' '#include <unistd.h>' 'int main(void) { for (;;) pause(); }' |
    gcc -static -O1 -x c - -o "$WORK/root/wait" ||
    exit 1
for ((i = 0; i < COUNT; i++)); do
    mkdir "$P/$name-$i"
    printf '%s\n' "lxc.rootfs.path = dir:$WORK/root" "lxc.uts.name = $name-$i" 'lxc.init.cmd = /wait' \
        'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up' \
        'lxc.net.0.ipv4.address = dhcp' > "$P/$name-$i/config"
done
each() { # COMMAND OPTION...: one after the other, all in one shell
    on_host bash -c 'for ((i = 0; i < $4; i++)); do "$0" $1 -P "$2" -n "$3-$i" || exit 1; done' \
        "$LXCBOX" "$1" "$P" "$name" "$COUNT"
}
cleanup 'each "lxc-stop -k"'
per_container() { # MILLISECONDS OF ALL
    local tenths=$(($1 * 10 / COUNT))
    echo "$((tenths / 10)).$((tenths % 10)) ms"
}
ms() { echo $(($(date +%s%N) / 1000000)); }
kb() { awk -v key="^$2:" '$0 ~ key { print $2 }' "/proc/$1/smaps_rollup"; } # PID WHAT
addresses() { on_host "$LXCBOX" lxc-net status | awk '/^Lease:/ { print $2 }' | sort -u | wc -l; }
leases() { on_host "$LXCBOX" lxc-net status | grep -c "^Lease: .* $name-"; }

on_host "$LXCBOX" lxc-net start || exit 1
server=$(on_host cat /run/lxc/lxc-net.pid)
echo "$COUNT containers, $(nproc) processors, kernel $(uname -r)"
echo "lxc-net before: $(kb $server Rss) KB resident, $(kb $server Private_Dirty) KB of them its own"
begin=$(ms)
each lxc-start || exit 1
started=$(ms)
all_leased() { [ "$(leases)" = "$COUNT" ]; }
until_ok 60 all_leased
leased=$(ms)
echo "started one after the other: $(per_container $((started - begin))) each, $((started - begin)) ms together"
echo \
    "all have their addresses $((leased - started)) ms after the last start: $(leases) leases, $(addresses) addresses"
read -r sum private count < <(for f in $(pgrep -f "^\[lxc monitor\] .* $name-"); do cat "/proc/$f/smaps_rollup"; done |
    awk '/^Pss:/ { p += $2; n++ } /^Private_Dirty:/ { d += $2 } END { print p, d, n }')
echo \
    "monitors: $count, $((sum / count)) KB proportional and $((private / count)) KB private each, \
$((sum / 1024)) MB together"
echo \
    "lxc-net now: $(kb $server Rss) KB resident, $(kb $server Private_Dirty) KB of them its own; \
$(awk '{ print ($14 + $15) * 10 }' /proc/$server/stat) ms of processor time"
last=$((COUNT - 1))
# has made sure that its address is nobody else's
last_has_address() { [ -n "$(on_host "$LXCBOX" lxc-info -P "$P" -n $name-$last -i -H)" ]; }
until_ok 5 last_has_address
begin=$(ms)
on_host nsenter -t "$(on_host "$LXCBOX" lxc-info -P "$P" -n $name-0 -p -H)" -n unshare -m sh \
    -c 'mount --bind "$0/etc/resolv.conf" /etc/resolv.conf && exec "$@"' "$WORK/root" "$LXCBOX" ping \
    -n -q -c 1 $name-$last > /dev/null &&
    echo "the first finds the last by its name and reaches it: $(($(ms) - begin)) ms"
begin=$(ms)
each 'lxc-stop -k'
echo "killed one after the other: $(per_container $(($(ms) - begin))) each"
none_leased() { [ "$(leases)" = 0 ]; }
until_ok 30 none_leased
echo "leases left: $(leases); links left on the bridge: $(on_host ip -o link show master lxcbr0 | wc -l)"
