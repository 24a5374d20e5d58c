#!/bin/bash
# A container's life as a transcript: made, started, entered, reached over a bridge, stopped, removed. Every command
# is this one executable. It happens in network and mount namespaces of its own, so LXC's directories and the network of
# this machine stay as they are.
cd "$(dirname "$0")/.." || exit 1
[ "$(id -u)" = 0 ] || { echo 'demo: must be root, to make containers (run it as root, or by sudo)' >&2; exit 1; }
[ -x build/lxcbox ] || { echo 'demo: there is no build/lxcbox (run make)' >&2; exit 1; }
if [ -z "${DEMO_INSIDE:-}" ]; then
    DEMO_INSIDE=$(mktemp -d /tmp/lxcbox-demo.XXXXXX) || exit 1
    export DEMO_INSIDE
    trap 'rm -rf --one-file-system "$DEMO_INSIDE"' EXIT
    unshare -m -n --propagation private bash "$0"
    exit
fi

name=demo-$$ work=$DEMO_INSIDE
build/lxcbox ip link set lo up
# A demo that is broken off takes its container along.
trap 'build/lxcbox lxc-stop -k -n $name > /dev/null 2>&1; umount /var/lib/lxc /etc/lxc' EXIT
mkdir -p "$work/bin" "$work/lib" "$work/etc" /var/lib/lxc /etc/lxc
build/lxcbox --install -s "$work/bin"
mount --bind "$work/lib" /var/lib/lxc
mount --bind "$work/etc" /etc/lxc
printf 'lxc.net.0.%s\n' 'type = veth' 'link = lxcbr0' 'flags = up' 'ipv4.address = 192.168.5.2/24' \
    'ipv4.gateway = 192.168.5.1' > /etc/lxc/default.conf

say() { printf '\n# %s\n' "$*"; }
run() { # PATH holds nothing but lxcbox
    local word line='$'
    for word; do
        case $word in *[!A-Za-z0-9_./:=,@%+-]*|'') word="'$word'" ;; esac
        line+=" $word"
    done
    echo "$line"
    PATH=$work/bin "$@" || { echo "demo: this failed with status $?" >&2; exit 1; }
}

printf '# lxcbox %s: %s bytes, statically linked\n' "$(build/lxcbox --version)" "$(stat -c %s build/lxcbox)"
say 'A bridge, and a container of one static busybox, without any network'
run ip link add name lxcbr0 type bridge
run ip addr add 192.168.5.1/24 dev lxcbr0
run ip link set lxcbr0 up
run lxc-create -n $name -t busybox
say 'Start it'
run lxc-start -n $name
run lxc-ls -f
say 'Look inside'
run lxc-attach -n $name -- hostname
run lxc-attach -n $name -- ps
run lxc-attach -n $name -- ip addr show dev eth0
say 'Reach it from outside, and the outside from within'
run ping -c 1 192.168.5.2
run lxc-attach -n $name -- ping -c 1 192.168.5.1
run lxc-info -n $name
say 'Let its init shut it down, and remove it'
run lxc-stop -n $name
run lxc-state $name
run lxc-destroy -n $name
run ip link
[ -z "$(ls -A /var/lib/lxc; find /sys/fs/cgroup -type d -name "*$name*" 2> /dev/null)" ] ||
    { echo 'demo: something stayed behind' >&2; exit 1; }
say 'Nothing of it is left.'
