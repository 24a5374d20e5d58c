# lxc-monitor and lxc-logs, on containers that LXC and we start.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-monitor 'needs LXC to make containers'; exit 0; }

P=$WORK/lxc
mkdir "$P"
for name in mon-a mon-b; do
    must lxc-create -P "$P" -n $name -t busybox -f <(echo lxc.net.0.type = empty)
    cleanup "lxc-stop -k -P '$P' -n $name"
done
printf 'lxc.console.buffer.size = 64KB\nlxc.console.logfile = %s\nlxc.log.file = %s\nlxc.log.level = DEBUG\n' \
    "$WORK/console" "$WORK/log" >> "$P/mon-a/config"

reported() { # NAME STATE: within 10 seconds
    for _ in $(seq 200); do grep -qxF "'$1' changed state to [$2]" "$WORK/reported" && return; sleep 0.05; done
    cat "$WORK/reported"
    return 1
}
fifo=/run/lxc/$P/monitor-fifo
cleanup "rm -rf '/run/lxc/$WORK'"
lines() { # FILE NAME: what it says of a container, once it has ended
    for _ in $(seq 200); do tail -n 1 "$1" | grep -qF "'$2' changed state to [STOPPED]" && break; sleep 0.05; done
    grep -F "'$2'" "$1"
}
life() { # NAME STATUS
    printf "'$1' %s\n" 'changed state to [STARTING]' 'changed state to [RUNNING]' \
        "exited with status [$2]" 'changed state to [STOPPING]' 'changed state to [STOPPED]'
}
frozen_life() {
    life "$1" 0 | sed "/RUNNING/{p;s/\[RUNNING\]/[FREEZING]/p;s/FREEZING/FROZEN/p;s/FROZEN/THAWED/p;s/THAWED/RUNNING/}"
}
followers() { # DIRECTORY COUNT: until so many are connected, beside the socket that listens
    for _ in $(seq 200); do [ "$(grep -c "@lxc/[0-9a-f]*/$1\$" /proc/net/unix)" -gt "$2" ] && return; sleep 0.05; done
    return 1
}
connected() { # DIRECTORY: the numbers of the sockets
    sed -n "s,.* \([0-9]*\) @lxc/[0-9a-f]*/$1\$,\1,p" /proc/net/unix
}
reconnected() { # DIRECTORY COUNT: until so many are connected that were not before, beside the socket that listens
    for _ in $(seq 200); do [ "$(connected "$1" | grep -vcxFf "$WORK/before")" -gt "$2" ] && return; sleep 0.05; done
    return 1
}
"$LXCBOX" lxc-monitor -P "$P" >> "$WORK/reported" &
cleanup "kill $!"
lxc_monitors=($!)
"$LXCBOX" lxc-monitor -P "$WORK" -P "$P" 'mon-[b-z]' >> "$WORK/reported-b" &
cleanup "kill $!"
lxc_monitors+=($!)
followers "$P" 2 # LXC's would start a daemon of its own first
lxc-monitor -P "$P" mon-b >> "$WORK/reported-lxc" 2>&1 &
cleanup "kill $!"
lxc_monitors+=($!)
followers "$P" 3; followers "$WORK" 1
lxc-start -P "$P" -n mon-a
t 'the start of a container by LXC is reported' reported mon-a RUNNING
lxcbox lxc-freeze -P "$P" mon-a
t 'freezing is reported' reported mon-a FROZEN
lxcbox lxc-unfreeze -P "$P" mon-a
lxc-stop -k -P "$P" -n mon-a
t "all states of LXC's container are reported in order" is "$(frozen_life mon-a)" lines "$WORK/reported" mon-a
lxcbox lxc-execute -P "$P" mon-b -- /bin/sh -c 'exit 5'
t 'all states of ours are reported in order' is "$(life mon-b 5)" lines "$WORK/reported" mon-b
t "LXC's lxc-monitor receives the same" is "$(life mon-b 5)" lines "$WORK/reported-lxc" mon-b
: > "$WORK/reported"; : > "$WORK/reported-b"
lxcbox lxc-start -P "$P" mon-b
lxcbox lxc-start -P "$P" mon-b 2> /dev/null # which is refused, and no change of state
lxc-freeze -P "$P" -n mon-b; lxc-unfreeze -P "$P" -n mon-b
lxcbox lxc-attach -P "$P" mon-b -- poweroff -f
# LXC's lxc-freeze reports FROZEN twice itself, of LXC's containers too, and its lxc-unfreeze THAWED.
t "ours frozen by LXC's commands is reported as LXC's" \
    is "$(frozen_life mon-b | sed '/FROZEN\|THAWED/p')" lines "$WORK/reported-b" mon-b
t 'only matching containers are reported' fails grep -q mon-a "$WORK/reported-b"

option_q_ends_broadcaster() {
    connected "$P" > "$WORK/before"
    lxcbox lxc-monitor -P "$P" -Q &&
        : > "$WORK/reported" &&
        reconnected "$P" 2 &&
        lxcbox lxc-execute -P "$P" mon-b -- true &&
        is "$(life mon-b 0)" lines "$WORK/reported" mon-b
}
t '-Q ends the broadcaster, and our monitors continue' option_q_ends_broadcaster
kill "${lxc_monitors[@]}" 2> /dev/null
broadcaster_ends_with_last_follower() {
    for _ in $(seq 100); do [ -e "$fifo" ] || break; sleep 0.05; done
    [ ! -e "$fifo" ] && ! pgrep -f "^.lxc monitord. $P"
}
t 'the broadcaster and its FIFO end with the last follower' broadcaster_ends_with_last_follower
t '-Q without a broadcaster is refused' refuses 'no lxc-monitor runs for' lxcbox lxc-monitor -P "$P" -Q
cleanup "lxc-monitor -Q -P '$P'" # its daemon would wait for half a minute
: > "$WORK/reported"; : > "$WORK/reported-lxc"
lxc-monitor -P "$P" >> "$WORK/reported-lxc" 2>&1 &
cleanup "kill $!"
followers "$P" 1
"$LXCBOX" lxc-monitor -P "$P" >> "$WORK/reported" &
cleanup "kill $!"
followers "$P" 2
lxcbox lxc-execute -P "$P" mon-b -- /bin/sh -c 'exit 7'
t "LXC's own daemon serves ours" is "$(life mon-b 7)" lines "$WORK/reported" mon-b
t 'and LXC'\''s' is "$(life mon-b 7)" lines "$WORK/reported-lxc" mon-b
t 'a wrong expression is refused' refuses 'not an extended regular expression' lxcbox lxc-monitor -P "$P" '['

lxc-start -P "$P" -n mon-a -o "$WORK/log" -l DEBUG # LXC 6.0 does not read lxc.log.level
lxc-attach -P "$P" -n mon-a -- sh -c 'echo written-on-the-console > /dev/console'
for _ in $(seq 200); do grep -q written-on "$WORK/console" && break; sleep 0.05; done
t 'what was written on the console is printed' has written-on-the-console lxcbox lxc-logs -P "$P" -c mon-a
t 'the log is printed' has 'DEBUG' lxcbox lxc-logs -P "$P" -L mon-a
t 'both are printed' \
    bash -c "'$LXCBOX' lxc-logs -P '$P' mon-a | grep -E 'DEBUG|written-on' | tail -n 1 | grep written-on"
lxc-stop -k -P "$P" -n mon-a
echo kept-in-the-file > "$WORK/console" # LXC's monitor empties it at its end
t 'also of one that does not run' has kept-in-the-file lxcbox lxc-logs -P "$P" -c mon-a
sed -i '/console.logfile/d; s/^lxc.log.level.*//' "$P/mon-a/config"
lxcbox lxc-start -P "$P" -n mon-a
# the last of its start
for _ in $(seq 100); do
    lxcbox lxc-logs -P "$P" -c mon-a 2> /dev/null | grep -q 'press Enter' && break
    sleep 0.05
done
lxcbox lxc-attach -P "$P" -n mon-a -- sh -c 'echo written-in-the-buffer > /dev/console'
t 'without a file the buffer is printed' has written-in-the-buffer lxcbox lxc-logs -P "$P" -c mon-a
t 'reading leaves it as it is' has written-in-the-buffer lxcbox lxc-logs -P "$P" -cC mon-a
buffer_emptied() { ! lxcbox lxc-logs -P "$P" -c mon-a | grep written-in-the-buffer; }
t '-C emptied it' buffer_emptied
mkdir "$P/mon-c" && touch "$P/mon-c/config"
t 'where no output is kept, the way to keep it is reported' refuses 'set lxc.console.logfile' \
    lxcbox lxc-logs -P "$P" -c mon-c
t 'a missing log is reported' refuses 'mon-b has no lxc.log.file' lxcbox lxc-logs -P "$P" -L mon-b
t 'a container that does not exist is refused' refuses 'no container mon-z' lxcbox lxc-logs -P "$P" mon-z
