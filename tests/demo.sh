#!/bin/bash
# make demo: a container from nothing but this executable and a static busybox: made, started, entered, stopped,
# destroyed. Needs root, but no network. Says what it does; cleans up also when something fails.
set -u
cd "$(dirname "$0")/.." || exit 1
lxcbox=$PWD/build/lxcbox
dir=$(mktemp -d /tmp/lxcbox-demo.XXXXXX)
name=demo-$$
P=$dir/lxc

finish() {
    local status=$?
    trap - EXIT INT TERM
    "$lxcbox" lxc-stop -P "$P" -n $name -k > /dev/null 2>&1
    "$lxcbox" lxc-destroy -P "$P" -n $name -f > /dev/null 2>&1
    rm -rf --one-file-system "$dir"
    [ $status -eq 0 ] || echo 'The demo failed; the line before says why.' >&2
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM

run() { # show a command and run it; end where it fails
    echo "# $*"
    "$lxcbox" "$@" || exit 1
    echo
}

if [ "$(id -u)" != 0 ]; then
    echo 'The demo needs root: it makes namespaces and mounts. Nothing was done.' >&2
    trap - EXIT
    rm -rf "$dir"
    exit 1
fi
echo "One executable of $(($(stat -c %s "$lxcbox") / 1000)) KB does all of this; containers lie in $P."
echo
echo 'lxc.net.0.type = empty' > "$dir/config"
run lxc-create -P "$P" -n $name -t busybox -f "$dir/config"
run lxc-start -P "$P" -n $name
run lxc-ls -P "$P" -f
run lxc-info -P "$P" -n $name
run lxc-attach -P "$P" -n $name -- ps
run lxc-attach -P "$P" -n $name -- sh -c 'echo "inside: $(hostname), uid $(id -u), pid 1 is $(cat /proc/1/comm)"'
run lxc-stop -P "$P" -n $name
run lxc-state -P "$P" -n $name
run lxc-destroy -P "$P" -n $name
[ -z "$(ls -A "$P")" ] || { echo "Something is left in $P:"; ls -lA "$P"; exit 1; } >&2
echo 'All of it worked, and nothing is left.'
echo 'Not shown, as it needs a network: lxc-create -t download, and lxc-net start for a bridge with DHCP and DNS.'
