# The other stock LXC: 6.0 of Debian trixie drives our containers, and we drive its, as tools.sh, python.sh and
# terminal.sh have it of the LXC that is installed. Its commands see this host but for /usr and /etc, which are
# trixie's.
. "$(dirname "$0")/../lib.sh"
. tests/images.sh
needs_root
why=$(image_lxc6) || { skip 'LXC 6.0 on one host with lxcbox' "Debian trixie cannot be had: ${why//$'\n'/ }"; exit 0; }
image_lxc6
ID=${INTEROP_ID:-$$}
# A confined host does not let its process 1 be looked at, which LXC does: then be process 1.
if ! readlink /proc/1/ns/net > /dev/null; then
    INTEROP_ID=$ID unshare -pf --mount-proc bash "$0"
    exit
fi

# Its mounts are a namespace that a process keeps.
mkfifo "$WORK/there"
unshare -m --propagation private bash -ec '
    mount --bind "$1" "$1" && cd "$1"
    for directory in dev proc run sys tmp; do mount --rbind "/$directory" "$directory"; done
    mkdir "$2/old" && pivot_root . "${2#/}/old" && cd / && busybox umount -l "$2/old"
    echo there > "$2/there" && exec busybox sleep 1000' - "$LXC6_ROOT" "$WORK" &
holder=$!
cleanup "kill $holder"
read -r -t 30 _ <> "$WORK/there" || { echo 'not ok LXC 6.0 has its mounts'; exit 1; }
export STOCK="nsenter --mount=/proc/$holder/ns/mnt"
export PYTHON="$STOCK python3.13"
t 'it is LXC 6.0' has '^6\.0' $STOCK lxc-ls --version
across() { INTEROP_NAME=$1-$ID bash "tests/interop/$2.sh" > "$WORK/$2.out" 2>&1 < /dev/null; }
across s6 tools &
across t6 terminal &
across p6 python
wait $(jobs -p | grep -vx $holder)
for name in tools terminal python; do
    sed -E 's/^(ok|not ok|skip) /\1 LXC 6.0: /' "$WORK/$name.out"
    ! grep -q '^not ok' "$WORK/$name.out" || failures=$((failures + 1))
done
