# What each init must do, for tests/system/inits.sh on this host and tests/boot/inits.sh in a virtual machine, whose shell
# is BusyBox's. Source it where t, is, $LXCBOX, $P (an lxcpath) and $WORK are.
#
# container NAME ROOTFS            makes the container NAME-$$ of a Debian rootfs
# until_true SECONDS COMMAND...    tries it every $PAUSE seconds; a slow machine has better things to do than to try often
# boots NAME, reboots NAME         it comes to its normal end, which is when NAME_ready succeeds
# shuts_down NAME                  by itself, so that nothing need be killed
PAUSE=${PAUSE:-0.1}
PATIENCE=${PATIENCE:-60}

container() {
    mkdir -p "$P/$1-$$"
    {
        echo 'lxc.include = /usr/share/lxc/config/debian.common.conf'
        printf 'lxc.net.0.type = empty\nlxc.rootfs.path = %s\nlxc.uts.name = %s\n' "$2" "$1"
        [ "$1" != runit ] || echo 'lxc.signal.halt = SIGCONT'
    } > "$P/$1-$$/config"
}
inside() {
    local name=$1
    shift
    timeout 20 "$LXCBOX" lxc-attach -P "$P" -n "$name-$$" -- "$@"
}
state() { "$LXCBOX" lxc-state -P "$P" "$1-$$"; }
console() {
    tail -n 40 "$WORK/$1.console" | sed 's/\x1b[^A-Za-z]*[A-Za-z]//g'
    return 1
}
until_true() {
    local end=$(($(date +%s) + $1))
    shift
    while ! "$@" > "$WORK/until" 2>&1; do
        [ "$(date +%s)" -lt $end ] || { cat "$WORK/until"; return 1; }
        sleep "$PAUSE"
    done
}

busybox_ready() { inside busybox sh -c 'pidof syslogd'; }
systemd_ready() { inside systemd systemctl is-system-running; }
sysvinit_ready() { inside sysvinit sh -c 'runlevel | grep "N 2" && [ "$(cat /proc/1/comm)" = init ]'; }
openrc_ready() { inside openrc sh -c 'rc-status -r | grep -x default'; }
runit_ready() { inside runit sh -c 'sv status /etc/service/getty-tty1'; }

boots() {
    rm -f "$WORK/$1.console"
    "$LXCBOX" lxc-start -P "$P" -n "$1-$$" -L "$WORK/$1.console" && until_true "$PATIENCE" "$1_ready" || console "$1"
}
shuts_down() {
    timeout "$PATIENCE" "$LXCBOX" lxc-stop -P "$P" -n "$1-$$" -t "$PATIENCE" --nokill && is STOPPED state "$1" || console "$1"
}
boot_id() { inside "$1" cat /proc/sys/kernel/random/boot_id; }
reboots() {
    local before
    before=$(boot_id "$1") && timeout "$PATIENCE" "$LXCBOX" lxc-stop -r -P "$P" -n "$1-$$" -t "$PATIENCE" &&
        until_true "$PATIENCE" "$1_ready" && [ "$(boot_id "$1")" != "$before" ] || console "$1"
}

busybox_made() {
    "$LXCBOX" lxc-create -P "$P" -n "busybox-$$" -t busybox > /dev/null && sed -i 's/^lxc.net.0.*//' "$P/busybox-$$/config" &&
        echo 'lxc.net.0.type = empty' >> "$P/busybox-$$/config"
}
systemd_fails_none() { systemd_ready && is '' inside systemd systemctl --failed --plain --no-legend; }
systemd_whole() {
    t 'systemd runs no unit that failed' systemd_fails_none
    t 'systemd has a cgroup tree of its own' inside systemd sh -c 'grep -q system.slice /proc/$(pidof -s systemd-journald)/cgroup'
}
