#!/bin/bash
# LXC 7 of Debian sid and lxcbox on one machine with cgroup v2 alone, where this LXC runs at all: each drives the
# containers that the other one has made and runs. tests/interop/tools.sh does more with the LXC that is installed.
. "$(dirname "$0")/../lib.sh"
. tests/images.sh
. tests/vm.sh
vm_native
vm_needs
command -v busybox > /dev/null || { skip 'LXC 7 and lxcbox' 'needs busybox-static'; exit 0; }
why=$(image_lxc7) || { skip 'LXC 7 and lxcbox' "Debian sid cannot be had: ${why//$'\n'/ }"; exit 0; }
image_lxc7
t 'the program that types on a terminal is built' cc -static -o "$WORK/typist" tests/typist.c

vm_guest "$WORK/guest"
cat >> "$WORK/guest" << 'GUEST'
# LXC makes its mounts by pivot_root(2), which the first root cannot have.
if [ ! -e /second ]; then
    mkdir /new && mount -t tmpfs -o size=300m new /new && cp -a /sid/. /new/
    : > /new/second
    cp /guest /new/guest && cp /bin/busybox /bin/lxcbox /bin/typist /new/usr/bin/
    for applet in $(busybox --list); do
        [ -e "/new/usr/bin/$applet" ] || busybox ln -s busybox "/new/usr/bin/$applet"
    done
    # All of rsync that LXC asks for.
    printf '#!/bin/sh\nfor last; do from=${to-} to=$last; done\ncp -a "$from". "$to"\n' > /new/usr/bin/rsync
    chmod 755 /new/usr/bin/rsync
    lxcbox modprobe overlay
    for d in proc sys dev run; do mount --move /$d /new/$d; done
    exec switch_root /new /guest
fi 2> /dev/null
mount -t cgroup2 cgroup /sys/fs/cgroup
mkdir -p /lxc /var/lib/lxc
export SHELL=/bin/sh LXC_CACHE_PATH=/cache
case $(lxc-ls --version) in
7.*) ;;
*)
    echo "skip LXC 7 and lxcbox: Debian sid has LXC $(lxc-ls --version)"
    off
    ;;
esac
its_number_is_one_that_lxcbox_gives() {
    lxcbox lxc-ls --version | cut -d. -f1
}
t 'its version number is the one that lxcbox prints' is "$(lxc-ls --version | cut -d. -f1)" \
    its_number_is_one_that_lxcbox_gives
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.cgroup2.devices.deny = a' \
    'lxc.cgroup2.devices.allow = c *:* m' 'lxc.cgroup2.devices.allow = c 1:3 rwm' \
    'lxc.cgroup2.devices.allow = c 5:* rwm' 'lxc.cgroup2.devices.allow = c 136:* rwm' > /config

run() { # stock|lxcbox COMMAND NAME OPTION...
    side=$1 command=$2 container=$3
    shift 3
    if [ "$side" = stock ]; then
        "$command" -P /lxc -n "$container" "$@"
    else
        lxcbox "$command" -P /lxc -n "$container" "$@"
    fi
}
becomes() { # COMMAND...: until it succeeds
    for turn in $(seq 300); do "$@" > /dev/null 2>&1 && return; sleep 0.1; done
    return 1
}
made() { # OWNER: its container N, whose init is quick to shut down and answers on its first terminal
    run "$1" lxc-create "$N" -f /config -t busybox -- --busybox-path=/usr/bin/busybox || return
    cat > "/lxc/$N/rootfs/sbin/quick-init" << 'INIT'
#!/bin/sh
trap 'exit 0' USR1
trap 'reboot -f' TERM
touch /dev/ready
(while read -r line; do echo "heard $line"; done) < /dev/tty1 > /dev/tty1 &
while :; do sleep 1000 & wait $!; done
INIT
    chmod 755 "/lxc/$N/rootfs/sbin/quick-init"
    echo 'lxc.init.cmd = /sbin/quick-init' >> "/lxc/$N/config"
    echo 'lxc.environment = A=1' >> "/lxc/$N/config"
    echo 'lxc.environment.runtime = B=2' >> "/lxc/$N/config"
}
ready() { becomes lxcbox lxc-attach -P /lxc -n "$N" -- test -e /dev/ready; }
start() { run "$1" lxc-start "$N" && ready; }
init_pid() { lxcbox lxc-info -P /lxc -n "$N" -pH; }
cgroup() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")"; }
states() { run stock lxc-info "$N" -sH; run lxcbox lxc-info "$N" -sH; }
both_say() { is "$(printf '%s\n%s' "$1" "$1")" states; }
no_cgroup() { ! find /sys/fs/cgroup -name "lxc.*.$N" | grep .; }
gone() { both_say STOPPED && becomes no_cgroup; }
inside() { run "$caller" lxc-attach "$N" -- "$@"; }
listed() { if [ "$caller" = stock ]; then lxc-ls -P /lxc "$@"; else lxcbox lxc-ls -P /lxc "$@"; fi; }
status_of() { inside sh -c 'exit 42'; test $? = 42; }
on_console() { # QUIT WITH ^a q
    if [ "$caller" = stock ]; then set -- lxc-console; else set -- lxcbox lxc-console; fi
    typist "$@" -P /lxc -n "$N" -t 1 << 'TYPED'
expect tty 1
raw
send hello\r
expect heard hello
send ^aq
TYPED
}
limited() {
    run "$caller" lxc-cgroup "$N" pids.max 77 &&
        is 77 run "$caller" lxc-cgroup "$N" pids.max &&
        is 77 cat "$(cgroup)/pids.max"
}
given() { # a device node that the rules do not allow
    fails inside test -e /dev/rtc0 && run "$caller" lxc-device "$N" add /dev/rtc0 && inside sh -c ': < /dev/rtc0' &&
        run "$caller" lxc-device "$N" del /dev/rtc0 && fails inside test -e /dev/rtc0
}
rebooted_from() { test "$(init_pid)" -gt 0 && test "$(init_pid)" != "$1"; } # PID
restarted() {
    before=$(init_pid)
    run "$caller" lxc-stop "$N" -r &&
        becomes rebooted_from "$before" &&
        ready
}
copied() { # OPTION...: the caller's copy, which the owner runs
    run "$caller" lxc-copy "$N" -N "$N-copy" "$@" || return
    N=$N-copy
    start "$owner" &&
        both_say RUNNING &&
        is "$N" inside hostname &&
        run "$caller" lxc-stop "$N" -k &&
        run "$caller" lxc-destroy "$N"
    result=$?
    N=${N%-copy}
    return $result
}

thaws() { run "$caller" lxc-unfreeze "$N" && both_say RUNNING && inside true; }
stops_in_order() { run "$caller" lxc-stop "$N" -t 60 --nokill && gone; }
removes() { run "$caller" lxc-destroy "$N" && test ! -e "/lxc/$N"; }
drive() { # CALLER OWNER
    caller=$1 owner=$2 N=c-$1
    as="$1 on a container of $2:"
    t "$2 makes a container" made "$owner"
    t "$as it lists it as stopped" has "^$N" listed --stopped
    t "$as its copy runs" copied
    t "$as a copy on an overlay runs, too" copied -s -B overlay
    t "$2 starts it" start "$owner"
    t "$as both see it run" both_say RUNNING
    t "$as it lists it with its first process" has "^$N +$(init_pid) +RUNNING" listed -f -F NAME,PID,STATE --running
    # LXC 7's knows the files of cgroup v1 alone.
    [ "$caller" = stock ] ||
        t "$as it knows what it uses" has '^Memory use: +[0-9.]+ [KM]iB' run "$caller" lxc-info "$N" -S
    t "$as it attaches a command" is "$N" inside hostname
    t "$as whose exit status it gives" status_of
    t "$as in its cgroup" has '^0::/(.lxc)?$' inside cat /proc/self/cgroup
    t "$as with its variables" is '1 2' inside sh -c 'echo $A $B'
    t "$as on its console it is heard" on_console
    t "$as it sets a limit" limited
    t "$as it gives it a device" given
    t "$as it freezes it" run "$caller" lxc-freeze "$N"
    t "$as both see it frozen" both_say FROZEN
    t "$as and so does the kernel" has '^frozen 1' cat "$(cgroup)/cgroup.events"
    t "$as lxc-wait sees it" run "$caller" lxc-wait "$N" -s FROZEN -t 0
    t "$as it thaws it" thaws
    run "$caller" lxc-wait "$N" -s STOPPED &
    waiter=$!
    t "$as it reboots it" restarted
    t "$as it stops it in order" stops_in_order
    t "$as lxc-wait has seen its end" wait $waiter
    kills_it_while_it_is_frozen() {
        start "$owner" && run "$caller" lxc-freeze "$N" && run "$caller" lxc-stop "$N" -k && gone
    }
    t "$as it kills it while it is frozen" kills_it_while_it_is_frozen
    t "$as it removes it" removes
}
drive stock lxcbox
drive lxcbox stock
off
GUEST

links=()
for a in sh mount mkdir cat cp chmod poweroff switch_root sed grep; do
    ln -s busybox "$WORK/$a"
    links+=(-a "$WORK/$a:/bin/$a")
done
for d in bin etc lib lib64 libexec sbin usr var dev proc run sys tmp; do
    [ ! -e "$LXC7_ROOT/$d" ] || links+=(-a "$LXC7_ROOT/$d:/sid/$d")
done
t 'an initramfs with it is written' lxcbox mkinitramfs -o "$WORK/initrd" -b "$MODULES" -k "$RELEASE" -m overlay \
    -a "$(command -v busybox):/bin/busybox" -a "$WORK/typist:/bin/typist" -a "$WORK/guest:/guest" "${links[@]}"
VM_MEMORY=1024 vm_run "$WORK/initrd" 'rdinit=/guest apparmor=0' > "$WORK/said"
cat "$WORK/said"
t 'the machine comes to its end' grep -q '^the end' "$WORK/said"
