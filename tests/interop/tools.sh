# One host, two sets of tools: each of stock LXC and lxcbox drives the containers that the other one runs.
# lxc6.sh runs this, python.sh and terminal.sh again with another LXC, before whose commands it puts the words of
# $STOCK.
. "$(dirname "$0")/../lib.sh"
needs_root
command -v lxc-start > /dev/null || { skip 'tools across' 'stock LXC is not installed'; exit 0; }
P=$WORK/lxc
N=${INTEROP_NAME:-it-$$}
ID=${N#it-}
# Stock lxc-device looks at the network of process 1, which a confined host does not let it: then be process 1.
if ! readlink /proc/1/ns/net > /dev/null; then
    INTEROP_NAME=$N unshare -pf --mount-proc bash "$0"
    exit
fi
mkdir "$P"
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.cgroup.devices.deny = a' \
    'lxc.cgroup.devices.allow = c *:* m' 'lxc.cgroup.devices.allow = c 1:* rwm' \
    'lxc.cgroup.devices.allow = c 5:* rwm' 'lxc.cgroup.devices.allow = c 136:* rwm' > "$WORK/config"
cleanup "lxcbox lxc-stop -k -P $P $N; rm -rf /run/lxc/$WORK"

# What each side's monitor and tools are called by: stock_start, lxcbox_start, ...
run() { # stock|lxcbox COMMAND...
    if [ "$1" = stock ]; then ${STOCK-} "$2" -P "$P" -n $N "${@:3}"; else lxcbox "$2" -P "$P" -n $N "${@:3}"; fi
}
must lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox
# Busybox's own init takes seconds to shut down.
cat > "$P/$N/rootfs/sbin/quick-init" << 'END'
#!/bin/sh
trap 'exit 0' USR1
trap 'reboot -f' TERM
mkdir -p /run && touch /run/ready
while :; do sleep 1000 & wait $!; done
END
chmod 755 "$P/$N/rootfs/sbin/quick-init"
echo 'lxc.init.cmd = /sbin/quick-init' >> "$P/$N/config"

start() { rm -f "$P/$N/rootfs/run/ready" && run "$1" lxc-start "${@:2}"; }
state() { "$LXCBOX" lxc-state -P "$P" $N; }
inside() { lxcbox lxc-attach -P "$P" -n $N -- "$@"; }
init_pid() { lxcbox lxc-info -P "$P" -n $N -pH; }
cgroup() { echo "/sys/fs/cgroup/$1$(sed -n "s/^[0-9]*:$1://p" "/proc/$(init_pid)/cgroup")/$2"; } # CONTROLLER FILE
becomes() { # COMMAND...: until it succeeds
    for ((i = 0; i < 500; i++)); do "$@" > /dev/null 2>&1 && return; sleep 0.02; done
    return 1
}
ready() { becomes inside test -e /run/ready; } # init has set its signals
monitors() { pgrep -f "^\\[lxc monitor\\] $P $N"; }
no_monitor() { ! monitors; }
rebooted_from() { [ "$(init_pid)" -gt 0 ] && [ "$(init_pid)" != "$1" ]; } # PID
waiting() { grep -q . "/proc/$1/wchan" 2> /dev/null && ! grep -q '^0$' "/proc/$1/wchan"; } # PID
gone() { # nothing of the container is left on the host
    [ "$(state)" = STOPPED ] && becomes no_monitor && ! find /sys/fs/cgroup -maxdepth 5 -name "*$N*" | grep .
}
not_listed() { [ -z "$("${list[@]}" --stopped)" ]; }
bytes_through() { head -c 100000 /dev/zero | run "$caller" lxc-attach -- cat | wc -c; }
thaws() { run "$caller" lxc-unfreeze && is RUNNING state && inside true; }
device_removed() {
    run "$caller" lxc-device del /dev/loop-control && ! inside test -e /dev/loop-control &&
        ! grep "^c 10:237" "$(cgroup devices devices.list)"
}
stops() { run "$caller" lxc-stop "$@" && gone; }
stops_later() { run "$caller" lxc-stop -W --nokill && becomes gone; }
drive() { # CALLER OWNER: the caller's tools on a container of the owner
    local caller=$1 owner=$2 as="$1 on $2's container:"
    # Not by run(): the number would be that of a shell that waits for it.
    follow=(${STOCK-} lxc-monitor)
    [ "$caller" = stock ] || follow=("$LXCBOX" lxc-monitor)
    "${follow[@]}" -P "$P" -n $N > "$WORK/states" 2>&1 & monitor=$!
    start "$owner" || { echo "not ok $owner starts a container"; failures=$((failures + 1)); return; }
    becomes ready

    t "$as lxc-info knows the state" is 'State:          RUNNING' run "$caller" lxc-info -s
    t "$as lxc-info knows the first process" is "$(init_pid)" run "$caller" lxc-info -pH
    t "$as lxc-info knows what it uses" has '^Memory use: +[0-9.]+ [KM]iB' run "$caller" lxc-info -S
    t "$as lxc-info -c asks the running configuration" is "lxc.uts.name = $N" run "$caller" lxc-info -c lxc.uts.name
    if [ "$caller" = stock ]; then list=(${STOCK-} lxc-ls -P "$P"); else list=(lxcbox lxc-ls -P "$P"); fi
    t "$as lxc-ls --active lists it" has "^$N *$" "${list[@]}" --active
    t "$as lxc-ls --running -f shows it" has "^$N +$(init_pid) +RUNNING" "${list[@]}" -f -F NAME,PID,STATE --running
    t "$as lxc-ls --stopped does not" not_listed

    t "$as lxc-attach runs a command inside" is $N run "$caller" lxc-attach -- hostname
    t "$as lxc-attach gives its exit status" exits 42 run "$caller" lxc-attach -- sh -c "exit 42"
    lxc_attach_enters_cgroups() {
        ! run "$caller" lxc-attach -- cat /proc/self/cgroup | grep -Ev ":/(.lxc)?$"
    }
    t "$as lxc-attach enters the cgroups" lxc_attach_enters_cgroups
    t "$as lxc-attach drops the capabilities" is "$(grep CapBnd /proc/"$(init_pid)"/status)" \
        run "$caller" lxc-attach -- grep CapBnd /proc/self/status
    t "$as lxc-attach -s enters what is named alone" is "$(hostname)" run "$caller" lxc-attach -s NETWORK -- hostname
    t "$as lxc-attach --clear-env gives the container's environment" has '^container=lxc$' \
        run "$caller" lxc-attach --clear-env -- env
    t "$as lxc-attach with pipes passes bytes through" is 100000 \
        bytes_through

    t "$as lxc-cgroup reads a value" has '^[0-9]+$' run "$caller" lxc-cgroup memory.limit_in_bytes
    lxc_cgroup_sets_value() {
        run "$caller" lxc-cgroup memory.limit_in_bytes 67108864 &&
            is 67108864 run "$caller" lxc-cgroup memory.limit_in_bytes &&
            is 67108864 cat "$(cgroup memory memory.limit_in_bytes)"
    }
    t "$as lxc-cgroup sets a value" lxc_cgroup_sets_value
    lxc_freeze_freezes() {
        run "$caller" lxc-freeze && is FROZEN state && is FROZEN cat "$(cgroup freezer freezer.state)"
    }
    t "$as lxc-freeze freezes it" lxc_freeze_freezes
    t "$as lxc-info says that it is frozen" is 'State:          FROZEN' run "$caller" lxc-info -s
    t "$as lxc-ls --frozen lists it" has "^$N *$" "${list[@]}" --frozen
    t "$as lxc-wait returns at once in a state that is" run "$caller" lxc-wait -s FROZEN -t 0
    t "$as lxc-unfreeze thaws it" thaws
    t "$as lxc-wait -t gives up" fails run "$caller" lxc-wait -s FROZEN -t 1

    # Without a second name: stock wants a device by that name on the host.
    lxc_device_add_makes_node() {
        run "$caller" lxc-device add /dev/loop-control &&
            is "character special file" inside stat -c %F /dev/loop-control &&
            grep "^c 10:237 rwm" "$(cgroup devices devices.list)"
    }
    t "$as lxc-device add makes a node" lxc_device_add_makes_node
    t "$as lxc-device del takes it away" device_removed
    ip link add "itl$ID" type veth peer name "itp$ID"
    lxc_device_add_moves_interface() {
        run "$caller" lxc-device add "itl$ID" itin &&
            inside test -e /sys/class/net/itin &&
            ! test -e "/sys/class/net/itl$ID"
    }
    t "$as lxc-device add moves an interface" lxc_device_add_moves_interface
    lxc_device_del_brings_it_back() {
        run "$caller" lxc-device del itin "itl$ID" && test -e "/sys/class/net/itl$ID"
    }
    t "$as lxc-device del brings it back" lxc_device_del_brings_it_back
    ip link del "itp$ID"

    t "$as lxc-top lists it" has "[0-9],$N,[0-9]" top
    run "$caller" lxc-wait -s STOPPED & waiter=$!
    becomes waiting "$waiter"
    lxc_stop_r_restarts_it() {
        rm "$P/$N/rootfs/run/ready"
        before=$(init_pid)
        run "$caller" lxc-stop -r &&
            becomes rebooted_from "$before" &&
            is RUNNING state
    }
    t "$as lxc-stop -r starts it anew" lxc_stop_r_restarts_it
    becomes ready
    t "$as lxc-stop shuts it down in order" stops -t 20 --nokill
    t "$as lxc-wait has seen its end" wait $waiter

    start "$owner"
    t "$as lxc-stop -k kills it" stops -k
    start "$owner"
    run "$caller" lxc-freeze
    t "$as lxc-stop -k kills it frozen" stops -k
    start "$owner" -- /bin/sleep 1000
    t "$as lxc-stop -t kills what does not shut down" stops -t 1
    start "$owner" && becomes ready
    kill $monitor
    [ "$caller" = lxcbox ] || run stock lxc-monitor -Q # its daemon would wait for half a minute
    lxc_monitor_reports_its_states() {
        tr -d "\n" < "$WORK/states" |
            has "\[FROZEN].*\[RUNNING].*\[STOPPING].*\[RUNNING].*\[STOPPED].*\[FROZEN].*\[STOPPED]" cat
    }
    t "$as lxc-monitor has reported its states, in their order" lxc_monitor_reports_its_states
    t "$as lxc-stop -W returns before the end" stops_later
    t "$as lxc-stop of what does not run is status 2" exits 2 run "$caller" lxc-stop
    t "$as lxc-wait for the end of what has ended returns at once" run "$caller" lxc-wait -s STOPPED -t 0
}
top() { # stock's wants a terminal even to write to a file
    if [ "$caller" = stock ]; then set -- ${STOCK-} lxc-top; else set -- "$LXCBOX" lxc-top; fi
    python3 tests/terminal.py "$@" -P "$P" -b -d 1 << END
expect $N,
expect \\n
leave
END
}

drive stock lxcbox
drive lxcbox stock
