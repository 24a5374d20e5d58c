# Three kinds of containers on the network of lxc-net, by this one executable with nothing in PATH: a Debian whose
# systemd-networkd asks for its address, a BusyBox with udhcpc, and one that has no network tool at all, for which
# lxc.net.0.ipv4.address = dhcp does it. The host is a network namespace, the internet another.
. tests/lib.sh
. tests/net-lab.sh
. tests/images.sh
needs_root
for tool in dnsmasq busybox gcc; do command -v $tool > /dev/null || { skip net-three "needs $tool"; exit 0; }; done

lab
internet
# The built-in files serve: those of the host may name hooks, as lxcfs has them, which are scripts that want a PATH.
[ ! -d /usr/share/lxc/config ] || on_host mount -t tmpfs tmpfs /usr/share/lxc/config
printf '%s\n' LXC_DOMAIN=lxc LXC_IPV6_ADDR=fd42::1 LXC_IPV6_MASK=64 LXC_IPV6_NETWORK=fd42::/64 LXC_IPV6_NAT=true |
    on_host tee /etc/default/lxc-net > /dev/null
(exec ip netns exec "$LAB-inet" dnsmasq -k -C /dev/null -u root --no-resolv --no-hosts \
    --host-record=www.example.test,203.0.113.1,2001:db8::1) &
upstream=$!
cleanup 'kill $upstream'

P=$WORK/lxc bb=busybox-$$ bare=bare-$$ deb=debian-$$
names=($bb $bare)
mkdir "$P"
box_host() { on_host env -i PATH= "$LXCBOX" "$@"; }
cleanup 'for n in "${names[@]}"; do box_host lxc-stop -k -P "$P" $n; done'
printf 'lxc.net.0.%s\n' 'type = veth' 'link = lxcbr0' 'flags = up' > "$WORK/config"
{ cat "$WORK/config"; echo 'lxc.net.0.ipv4.address = dhcp'; echo 'lxc.init.cmd = /wait'; } > "$WORK/bare.config"
mkdir -p "$WORK/bare"/{dev,proc,sys,etc}
printf '%s\n' '#include <unistd.h>' 'int main(void) { for (;;) pause(); }' |
    gcc -static -O1 -x c - -o "$WORK/bare/wait" ||
    exit 1
tar -cJf "$WORK/bare.tar.xz" -C "$WORK/bare" .

t 'lxc-net starts' box_host lxc-net start
busybox=$(command -v busybox)
create() { box_host lxc-create -P "$P" -n "$@"; } # NAME OPTION...
t 'a BusyBox is made' create $bb -f "$WORK/config" -t busybox -- --busybox-path "$busybox"
t 'a container without a tool is made' create $bare -f "$WORK/bare.config" -t local -- -f "$WORK/bare.tar.xz"
if why=$(image_debian); then
    image_debian
    names+=($deb)
    mkdir "$WORK/meta"
    printf '%s\n' 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' 'lxc.arch = linux64' > "$WORK/meta/config"
    printf '%s\n' /etc/hostname /etc/hosts > "$WORK/meta/templates"
    t 'a Debian is made' create $deb -f "$WORK/config" -t local -- -f "$DEBIAN_ROOTFS" -m "$WORK/meta"
    R=$P/$deb/rootfs
    # As images have it.
    printf '%s\n' '[Match]' 'Name=eth0' '[Network]' 'DHCP=true' '[DHCPv4]' 'UseDomains=true' \
        > "$R/etc/systemd/network/eth0.network"
    mkdir -p "$R/etc/systemd/system/multi-user.target.wants"
    ln -sf /lib/systemd/system/systemd-networkd.service "$R/etc/systemd/system/multi-user.target.wants/"
else
    skip 'a Debian with systemd-networkd has its network' "cannot make one: $why"
fi
for n in "${names[@]}"; do t "${n%-*} starts" box_host lxc-start -P "$P" -n $n; done

eventually() { until_ok 10 "$@" > "$WORK/eventually" 2>&1 || { tail -n 3 "$WORK/eventually"; return 1; }; }
pid_of() { box_host lxc-info -P "$P" -n "$1" -p -H; }
# Our own ping in the container's network and with its resolv.conf, whatever the container has.
ping_from() { # NAME OPTION... HOST
    local pid
    pid=$(pid_of "$1")
    nsenter -t "$pid" -n unshare -m sh -c 'mount --bind "$0/etc/resolv.conf" /etc/resolv.conf && exec "$@"' \
        "$P/$1/rootfs" "$LXCBOX" ping -n -c 1 -W 2 "${@:2}"
}
has_lease() { box_host lxc-net status | grep -q "^Lease: .* $1 "; }
has_address() { nsenter -t "$(pid_of "$1")" -n ip -o addr show dev eth0 scope global -tentative | grep -q "$2"; }
for n in "${names[@]}"; do
    t "${n%-*} has a lease" eventually has_lease $n
    t "${n%-*} has its IPv4 address" eventually has_address $n 'inet 10\.0\.3\.'
    t "${n%-*} has an IPv6 address" eventually has_address $n 'inet6 fd42:'
    n_has_its_link_local() {
        nsenter -t "$(pid_of $n)" -n ip -6 -o addr show dev eth0 scope link | grep fe80:
    }
    t "${n%-*} has its link-local one, too" n_has_its_link_local
done
if [ ${#names[@]} = 3 ]; then # nothing in it writes resolv.conf: minimal systemd has no resolver
    systemd_networkd_gets_name_server() {
        grep -q "^DNS=10.0.3.1" "/proc/$(pid_of $deb)/root/run/systemd/netif/state" &&
            grep -q "^DOMAINS=lxc" "/proc/$(pid_of $deb)/root/run/systemd/netif/state"
    }
    t 'systemd-networkd receives the name server and the domain' eventually systemd_networkd_gets_name_server
    printf 'search lxc\nnameserver 10.0.3.1\n' > "$R/etc/resolv.conf"
fi
for n in "${names[@]}"; do
    t "${n%-*} receives the name server" eventually grep -q '^nameserver 10.0.3.1' "$P/$n/rootfs/etc/resolv.conf"
    for other in "${names[@]}"; do
        [ $other != $n ] || continue
        t "${n%-*} reaches ${other%-*} by its name" ping_from $n -4 $other
        t "${n%-*} reaches ${other%-*} by its name, with IPv6" eventually ping_from $n -6 $other.lxc
    done
    t "${n%-*} reaches the internet" ping_from $n -4 www.example.test
    t "${n%-*} reaches the internet, with IPv6" ping_from $n -6 www.example.test
done
t "BusyBox's own resolver finds the others" has 'Address.*10\.0\.3\.' \
    box_host lxc-attach -P "$P" -n $bb -- /bin/nslookup $bare
[ ${#names[@]} = 2 ] ||
    t "Debian's own resolver finds the others" has '^10\.0\.3\.' box_host lxc-attach -P "$P" -n $deb \
        -- /usr/bin/getent ahostsv4 $bb

for n in "${names[@]}"; do t "${n%-*} stops" box_host lxc-stop -k -P "$P" -n $n; done
gone() { ! box_host lxc-net status | grep "^Lease: .* $1 "; }
t 'the lease that lxcbox requested is released' eventually gone $bare
t 'lxc-net stops' box_host lxc-net stop
t 'nothing of it is left' fails on_host ip link show lxcbr0
