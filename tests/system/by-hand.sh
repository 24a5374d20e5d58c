# A container's network made by hand, line for line as people write it down, with nothing but lxcbox's own programs.
. tests/lib.sh
needs_root
if [ -z "${BY_HAND_TEST_INSIDE:-}" ]; then
    BY_HAND_TEST_INSIDE=1 LXCBOX=$LXCBOX unshare -nm bash "$0"
    exit
fi
P=$WORK/lxc
N=hand-$$
mkdir -p "$P" "$WORK/bin"
for program in ip sysctl ping nsenter lxc-start lxc-stop lxc-info lxc-create; do
    ln -s "$LXCBOX" "$WORK/bin/$program"
done
alone() { PATH=$WORK/bin "$@"; }
cleanup 'alone lxc-stop -k -P "$P" $N'

# The cable: another machine's network at its other end.
alone ip link add eth0 type veth peer name far
alone ip link set lo up
printf '%s\n' 'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up' > "$WORK/config"
lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox > /dev/null
# The test gives the address; udhcpc would remove it.
sed -i /udhcpc/d "$P/$N/rootfs/etc/init.d/rcS"

# --- On the host ------------------------------------------------------------------------------------------------------

t 'ip link add name lxcbr0 type bridge' alone ip link add name lxcbr0 type bridge
t 'ip link set lxcbr0 up' alone ip link set lxcbr0 up
t 'ip addr add 192.168.5.1/24 dev lxcbr0' alone ip addr add 192.168.5.1/24 dev lxcbr0
t 'ip link set eth0 master lxcbr0' alone ip link set eth0 master lxcbr0
bridge_is_up() {
    alone ip -br addr show lxcbr0 | grep -q "192.168.5.1/24" &&
        alone ip link show master lxcbr0 | grep -q " eth0@" && alone ip link show lxcbr0 | grep -q "[<,]UP[,>]"
}
t 'the bridge is up, has its address and its port' bridge_is_up
t 'sysctl net.ipv4.ip_forward=1' is 'net.ipv4.ip_forward = 1' alone sysctl net.ipv4.ip_forward=1
t 'and the kernel forwards' is 1 cat /proc/sys/net/ipv4/ip_forward

# --- In the container -------------------------------------------------------------------------------------------------

t 'a container starts on it' alone lxc-start -P "$P" $N
pid=$(alone lxc-info -P "$P" -n $N -p -H)
inside() { alone nsenter -t "$pid" -n "$WORK/bin/$1" "${@:2}"; }
t 'ip addr add 192.168.5.2/24 dev eth0' inside ip addr add 192.168.5.2/24 dev eth0
t 'ip route add default via 192.168.5.1 dev eth0' inside ip route add default via 192.168.5.1 dev eth0
t 'the host reaches it' alone ping -c 1 -W 2 192.168.5.2
t 'its way out leads over the bridge' has '^9.9.9.9 via 192.168.5.1 dev eth0 src 192.168.5.2' \
    inside ip route get 9.9.9.9
t 'and it reaches the host' inside ping -c 1 -W 2 192.168.5.1
