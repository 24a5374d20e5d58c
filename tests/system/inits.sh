# Debian's inits and BusyBox's boot to their normal end, on this host's cgroups, and shut down on lxc-stop and on
# lxc-stop -r. What cannot be had from the archive is skipped.
. tests/lib.sh
. tests/images.sh
. tests/inits.sh
. tests/inits-lives.sh
needs_root
P=$WORK/lxc ID=-$$
mkdir -p "$P" && chmod 755 "$WORK"
lives() {
    cleanup "lxcbox lxc-stop -k -P $P $1$ID"
    t "$1 boots to its normal end" boots "$1"
    case $1 in systemd | trixie | sid) systemd_whole "$1" ;; esac
    t "$1 reboots on lxc-stop -r" reboots "$1"
    t "$1 shuts down on lxc-stop" shuts_down "$1"
}
other() {
    container "$1" "overlay:$base:$WORK/$1/upper"
    lives "$1"
}

if [ -x /bin/busybox ] && busybox_made; then
    lives busybox
else
    skip 'busybox boots to its normal end' 'needs busybox-static'
fi

if ! why=$(image_debian 2>&1); then
    skip "Debian's inits boot to their normal end" "no Debian rootfs: $why"
    exit 0
fi
inits_base || exit 1

mkdir -p "$WORK/systemd/upper"
other systemd
powered_off() {
    inside systemd systemctl poweroff
    until_true "$PATIENCE" is STOPPED state systemd
}
t 'systemd boots again' boots systemd
t 'systemd shuts down when it is told to inside' powered_off
another other
newer other
