# What each init must do, for tests/system/inits.sh on this host and tests/boot/inits.sh in a virtual machine, whose
# shell is BusyBox's. Source it where t, is, $LXCBOX, $P (an lxcpath), $WORK and $ID (which makes this script's names
# unique) are defined.
#
# container NAME ROOTFS            makes the container NAME$ID of a Debian rootfs
# until_true SECONDS COMMAND...    tries it every $PAUSE seconds; frequent tries would slow a slow machine
# boots NAME, reboots NAME         it reaches its normal end: its console reports it and NAME_ready succeeds
# comes_to_its_end NAME TIMES      the same of one that has been started for the first or a further time
# shuts_down NAME                  by itself, so that nothing must be killed
PAUSE=${PAUSE:-0.1}
TIMEOUT_SECONDS=${TIMEOUT_SECONDS:-60}

container() {
    mkdir -p "$P/$1$ID"
    {
        echo 'lxc.include = /usr/share/lxc/config/debian.common.conf'
        printf 'lxc.net.0.type = empty\nlxc.rootfs.path = %s\nlxc.uts.name = %s\n' "$2" "$1"
        [ "$1" != runit ] || echo 'lxc.signal.halt = SIGCONT'
    } > "$P/$1$ID/config"
}
inside() {
    local name=$1
    shift
    timeout "$TIMEOUT_SECONDS" "$LXCBOX" lxc-attach -P "$P" -n "$name$ID" -- "$@"
}
state() { "$LXCBOX" lxc-state -P "$P" "$1$ID"; }
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

# What the console shows last: tests/inits.sh has the others say so.
said_so() { [ "$1" = busybox ] || [ "$(grep -aEc 'at its normal end|login:' "$WORK/$1.console")" -ge "$2" ]; }
busybox_ready() { inside busybox sh -c 'pidof syslogd'; }
systemd_ready() { inside "${1:-systemd}" systemctl is-system-running --wait; }
trixie_ready() { systemd_ready trixie; }
sid_ready() { systemd_ready sid; }
sysvinit_ready() { inside sysvinit sh -c 'runlevel | grep "N 2" && [ "$(cat /proc/1/comm)" = init ]'; }
openrc_ready() { inside openrc sh -c 'rc-status -r | grep -x default'; }
runit_ready() { inside runit sh -c 'sv status /etc/service/getty-tty1'; }

comes_to_its_end() {
    until_true "$TIMEOUT_SECONDS" said_so "$1" "$2" && until_true "$TIMEOUT_SECONDS" "$1_ready" || console "$1"
}
boots() {
    rm -f "$WORK/$1.console"
    "$LXCBOX" lxc-start -P "$P" -n "$1$ID" -L "$WORK/$1.console" && comes_to_its_end "$1" 1 || console "$1"
}
shuts_down() {
    timeout "$TIMEOUT_SECONDS" "$LXCBOX" lxc-stop -P "$P" -n "$1$ID" -t "$TIMEOUT_SECONDS" --nokill &&
        is STOPPED state "$1" ||
        console "$1"
}
boot_id() { inside "$1" cat /proc/sys/kernel/random/boot_id; }
reboots() {
    local before
    before=$(boot_id "$1") &&
        timeout "$TIMEOUT_SECONDS" "$LXCBOX" lxc-stop -r -P "$P" -n "$1$ID" -t "$TIMEOUT_SECONDS" &&
        comes_to_its_end "$1" 2 && [ "$(boot_id "$1")" != "$before" ] || console "$1"
}

busybox_made() {
    "$LXCBOX" lxc-create -P "$P" -n "busybox$ID" -t busybox > /dev/null &&
        sed -i 's/^lxc.net.0.*//' "$P/busybox$ID/config" &&
        echo 'lxc.net.0.type = empty' >> "$P/busybox$ID/config"
}
systemd_fails_none() { systemd_ready "$1" && is '' inside "$1" systemctl --failed --plain --no-legend; }
systemd_whole() { # NAME
    t "$1 runs no unit that failed" systemd_fails_none "$1"
    t "$1 has a cgroup tree of its own" \
        inside "$1" sh -c 'grep -q system.slice /proc/$(pidof -s systemd-journald)/cgroup'
}
