# lxc-monitor and lxc-logs, on containers that LXC and we start.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-monitor 'needs LXC to make containers'; exit 0; }

P=$WORK/lxc
mkdir "$P"
for name in mon-a mon-b; do
    lxc-create -P "$P" -n $name -t busybox -f <(echo lxc.net.0.type = empty) > "$WORK/create" 2>&1 || { cat "$WORK/create"; exit 1; }
    cleanup "lxc-stop -k -P '$P' -n $name"
done
printf 'lxc.console.buffer.size = 64KB\nlxc.console.logfile = %s\nlxc.log.file = %s\nlxc.log.level = DEBUG\n' \
    "$WORK/console" "$WORK/log" >> "$P/mon-a/config"

told() { # NAME STATE: within 10 seconds
    for _ in $(seq 200); do grep -qxF "'$1' changed state to [$2]" "$WORK/told" && return; sleep 0.05; done
    cat "$WORK/told"
    return 1
}
"$LXCBOX" lxc-monitor -P "$P" > "$WORK/told" &
cleanup "kill $!"
"$LXCBOX" lxc-monitor -P "$P" 'mon-[b-z]' > "$WORK/told-b" &
cleanup "kill $!"
sleep 0.2
lxc-start -P "$P" -n mon-a
t 'a container that LXC starts is told' told mon-a RUNNING
lxcbox lxc-freeze -P "$P" mon-a
t 'freezing is told' told mon-a FROZEN
lxcbox lxc-unfreeze -P "$P" mon-a
lxcbox lxc-start -P "$P" mon-b
t 'a container that we start is told' told mon-b RUNNING
lxc-stop -k -P "$P" -n mon-b
t 'its end is told' told mon-b STOPPED
t 'only those that match are told' fails grep -q mon-a "$WORK/told-b"
t 'those that match are told' grep -qxF "'mon-b' changed state to [STOPPED]" "$WORK/told-b"
t 'the order is that of the changes' is "'mon-b' changed state to [STOPPED]" tail -n 1 "$WORK/told-b"
t '-Q ends at once' lxcbox lxc-monitor -P "$P" -Q
cleanup "lxc-monitor -Q -P '$P'; rm -rf '/run/lxc/$WORK'" # its daemon would wait for half a minute
lxc-monitor -P "$P" mon-b > "$WORK/told-lxc" 2>&1 &
cleanup "kill $!"
for _ in $(seq 100); do [ -p "/run/lxc/$P/monitor-fifo" ] && break; sleep 0.05; done
lxcbox lxc-execute -P "$P" mon-b -- /bin/sh -c 'exit 5'
for _ in $(seq 100); do grep -q STOPPED "$WORK/told-lxc" && break; sleep 0.05; done
t "LXC's lxc-monitor is told of ours, and how it ended" is "'mon-b' changed state to [STARTING]
'mon-b' changed state to [RUNNING]
'mon-b' exited with status [5]
'mon-b' changed state to [STOPPING]
'mon-b' changed state to [STOPPED]" cat "$WORK/told-lxc"
t 'a wrong expression is refused' refuses 'not an extended regular expression' lxcbox lxc-monitor -P "$P" '['

lxc-attach -P "$P" -n mon-a -- sh -c 'echo written-on-the-console > /dev/console'
t 'what was written on the console is printed' has written-on-the-console lxcbox lxc-logs -P "$P" -c mon-a
t 'the log is printed' has 'DEBUG' lxcbox lxc-logs -P "$P" -L mon-a
t 'both are printed' bash -c "'$LXCBOX' lxc-logs -P '$P' mon-a | grep -E 'DEBUG|written-on' | tail -n 1 | grep written-on"
lxc-stop -k -P "$P" -n mon-a
echo kept-in-the-file > "$WORK/console" # LXC's monitor empties it at its end
t 'also of one that does not run' has kept-in-the-file lxcbox lxc-logs -P "$P" -c mon-a
sed -i '/console.logfile/d; s/^lxc.log.level.*//' "$P/mon-a/config"
lxcbox lxc-start -P "$P" -n mon-a
for _ in $(seq 100); do lxcbox lxc-logs -P "$P" -c mon-a 2> /dev/null | grep -q 'press Enter' && break; sleep 0.05; done # the last of its start
lxcbox lxc-attach -P "$P" -n mon-a -- sh -c 'echo written-in-the-buffer > /dev/console'
t 'without a file the buffer is printed' has written-in-the-buffer lxcbox lxc-logs -P "$P" -c mon-a
t 'reading leaves it as it is' has written-in-the-buffer lxcbox lxc-logs -P "$P" -cC mon-a
t '-C emptied it' eval '! lxcbox lxc-logs -P "$P" -c mon-a | grep written-in-the-buffer'
t 'where nothing is kept it is said how to' refuses 'set lxc.console.buffer.size' lxcbox lxc-logs -P "$P" -c mon-b
t 'where there is no log it is said' refuses 'mon-b has no lxc.log.file' lxcbox lxc-logs -P "$P" -L mon-b
t 'a container that does not exist is refused' refuses 'no container mon-z' lxcbox lxc-logs -P "$P" mon-z
