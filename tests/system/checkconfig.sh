# lxc-checkconfig: what it says can be done can be done, what it says is missing cannot, and it leaves nothing behind.
. tests/lib.sh
needs_root

said=$WORK/said
t 'nothing that is required is missing here' bash -c "'$LXCBOX' lxc-checkconfig > '$said'"
t 'it has the headings that LXC has' bash \
    -c "for h in Namespaces 'Control groups' Misc Checkpoint/Restore; do
        grep -qx -- \"--- \$h ---\" '$said' || exit 1; done"
t 'there are no colours where the output is not a terminal' fails grep -q $'\033' "$said"
t 'there are colours on a terminal' bash \
    -c "script -qec '$LXCBOX lxc-checkconfig' '$WORK/typescript' < /dev/null |
        grep -q $'Pid namespace: \033\\[1;32menabled\033\\[0;39m'"
t '-q prints only what is missing' \
    fails bash -c "'$LXCBOX' lxc-checkconfig -q | grep -v 'missing (\|is not installed\|not setuid'"
t 'each thing that is missing has its cost' fails grep -E 'missing$' "$said"

# Each line against the same thing done by other programs.
agrees() { # LABEL COMMAND...: enabled where the command succeeds
    local label=$1 want=missing
    shift
    "$@" > /dev/null 2>&1 && want=enabled
    grep -q "^$label: $want" "$said" || { echo "$label: $want by $*"; grep "^$label" "$said"; return 1; }
}
link() { unshare -n sh -c "ip link add name t0 type veth peer name t1 && ip link add link t0 name t2 type $1"; }
t 'it agrees with ip link on veth' agrees 'Veth pair device' unshare -n ip link add name t0 type veth
t 'it agrees with ip link on bridges' agrees Bridges unshare -n ip link add name t0 type bridge
t 'it agrees with ip link on macvlan' agrees Macvlan link macvlan
t 'it agrees with ip link on ipvlan' agrees Ipvlan link ipvlan
t 'it agrees with ip link on vlan' agrees Vlan link 'vlan id 5'
if command -v nft > /dev/null; then
    t 'it agrees with nft on masquerading' agrees 'Masquerading .nftables.' unshare -n nft \
        'add table t; add chain t c { type nat hook postrouting priority 100; }; add rule t c masquerade'
fi
t 'it agrees with mount on overlay' agrees Overlay unshare -m sh -c \
    'mount -t tmpfs x /mnt; mkdir /mnt/u /mnt/w
        mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w x /mnt'
t 'it agrees with /proc/filesystems on squashfs' agrees Squashfs grep -qw squashfs /proc/filesystems
t 'it agrees with unshare on time namespaces' agrees 'Time namespace' unshare -T true
t 'it agrees with /sys on AppArmor' agrees AppArmor grep -q Y /sys/module/apparmor/parameters/enabled
t 'it agrees with /proc/cgroups on memory' agrees 'Cgroup memory controller' grep -q '^memory.*1$' /proc/cgroups

state() { cat /proc/self/mounts; ip -br link; ls /dev /sys/fs/cgroup; ipcs; nft list ruleset 2>&1; }
untouched() {
    state > "$WORK/before"
    lxcbox lxc-checkconfig > /dev/null
    state > "$WORK/after"
    diff "$WORK/before" "$WORK/after"
}
export -f state untouched lxcbox
export LXCBOX WORK
t 'it leaves nothing behind' unshare -m -n -i bash -c untouched
denied() { # a kernel without namespaces: a user namespace whose limits are 0
    unshare -U -r sh -c "echo 0 > /proc/sys/user/max_net_namespaces; '$LXCBOX' lxc-checkconfig" > "$WORK/denied"
    [ $? -eq 1 ] &&
        grep -q '^Network namespace: required (containers share' "$WORK/denied" &&
        grep -q '^Veth pair device: missing' "$WORK/denied"
}
t 'a missing required feature sets the exit status' denied
chmod 755 "$WORK"; cp "$LXCBOX" "$WORK/lxcbox"
t 'an ordinary user is refused' refuses 'run it as root' \
    setpriv --reuid 65534 --clear-groups "$WORK/lxcbox" lxc-checkconfig
