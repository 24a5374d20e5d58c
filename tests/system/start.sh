# Starting, entering and ending a container: what runs inside is what was asked for, and nothing stays on the host.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=start-$$
bridge=sb$$
cleanup "lxcbox lxc-stop -k -P $P $N; lxcbox lxc-stop -k -P $P $N-b; ip link del $bridge"

rm -rf "$P" && mkdir -p "$P"
printf 'lxc.net.0.type = empty\n' > "$WORK/config"
create() { lxcbox lxc-create -P "$P" -n "$1" -f "$WORK/config" -t busybox; }
t 'a container is created offline' create $N
config=$P/$N/config

start() { lxcbox lxc-start -P "$P" $N "$@"; }
inside() { lxcbox lxc-attach -P "$P" $N -- "$@"; }
kill_it() { lxcbox lxc-stop -k -P "$P" $N; }
state() { lxcbox lxc-state -P "$P" $N; }
cgroups() { find /sys/fs/cgroup -maxdepth 3 -type d \( -name "lxc.monitor.$N*" -o -name "lxc.payload.$N*" \); }
left_over() { # what is still there of the container, on the host
    cgroups
    grep -F "$P/$N" /proc/mounts
    pgrep -f -- "(-P|monitor\]) $P $N"
    ip -o link | grep -E "veth.*master $bridge"
}

nothing_left() {
    local rest
    rest=$(left_over)
    echo "$rest"
    [ -z "$rest" ]
}

starts() { start && [ "$(state)" = RUNNING ]; }
t 'lxc-start returns once the container runs' starts
second_start_is_reported_and_changes() {
    start 2>&1 | grep -q "already running" && [ "$(state)" = RUNNING ]
}
t 'a second start is reported and changes nothing' second_start_is_reported_and_changes
ps_shows_monitor_as_lxc_does() {
    ps -o args= -p "$(pgrep -o -x -f -- "\[lxc monitor\] $P $N")"
}
t 'ps shows the monitor as LXC does' is "[lxc monitor] $P $N" ps_shows_monitor_as_lxc_does
t 'init is process 1' is init inside sh -c 'cat /proc/1/comm'
t 'the hostname is the configured one' is $N inside hostname
every_namespace_is_its_own() {
    pid=$(lxcbox lxc-info -P "$P" -n $N -p -H)
    for ns in mnt pid uts ipc net cgroup; do
        [ "$(readlink /proc/$pid/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ] ||
            { echo same $ns; false; }
    done
}
t 'every namespace is its own' every_namespace_is_its_own
t 'a command sees the container and not the host' fails inside test -e "$WORK" -o -e /lib/systemd
t 'the exit status of a command comes back' exits 42 inside sh -c "exit 42"
command_that_does_not_exist_is_reported() {
    said=$(inside /nonesuch 2>&1)
    [ $? -eq 127 ] && echo "$said" | grep -q "cannot execute /nonesuch"
}
t 'a command that does not exist is reported, with status 127' command_that_does_not_exist_is_reported
input_and_output_go_through_pipes() {
    [ "$(head -c 100000 /dev/zero | inside sh -c "cat" | wc -c)" = 100000 ]
}
t 'input and output go through pipes unchanged' input_and_output_go_through_pipes
cgroup_is_root() { ! inside cat /proc/self/cgroup | grep -v ":/$"; }
t 'the cgroup namespace starts at the container'"'"'s cgroup' cgroup_is_root
no_file_descriptor_of_caller_reaches() {
    exec 9< /etc/passwd
    kill_it
    start
    inside ls -l /proc/1/fd | grep passwd && r=1 || r=0
    exec 9<&-
    [ $r = 0 ]
}
t 'no file descriptor of the caller reaches the container' no_file_descriptor_of_caller_reaches
sysctls_are_read_only() { inside sh -c "echo 1 > /proc/sys/kernel/panic" 2>&1 | grep -q "Read-only"; }
t 'proc/sys is read-only' sysctls_are_read_only
killed_container_leaves_nothing() {
    kill_it && [ "$(state)" = STOPPED ] && nothing_left
}
t 'a killed container leaves nothing behind' killed_container_leaves_nothing

container_shuts_down_through_init() {
    start &&
        lxcbox lxc-stop -P "$P" $N -t 20 --nokill &&
        [ "$(state)" = STOPPED ] &&
        [ -z "$(left_over)" ]
}
t 'a container shuts down through its init' container_shuts_down_through_init
t 'stopping what does not run is status 2' exits 2 lxcbox lxc-stop -P "$P" $N
reboot_inside_restarts_it() {
    start
    boot=$(inside cat /proc/sys/kernel/random/boot_id)
    lxcbox lxc-stop -r -P "$P" $N &&
        [ "$(state)" = RUNNING ] &&
        [ "$(inside cat /proc/sys/kernel/random/boot_id)" != "$boot" ]
}
t 'a reboot inside restarts it' reboot_inside_restarts_it
death_of_monitor_is_end_of_init() {
    pid=$(lxcbox lxc-info -P "$P" -n $N -p -H)
    kill -9 $(pgrep -o -f -- "^\[lxc monitor\] $P $N\$")
    for i in $(seq 100); do [ -e /proc/$pid ] || break; sleep 0.02; done
    [ ! -e /proc/$pid ] && [ "$(state)" = STOPPED ]
}
t 'the death of the monitor is the end of init' death_of_monitor_is_end_of_init
starts_again() { start && inside true; }
t 'it starts again after its monitor was killed' starts_again
kill_it
rmdir $(cgroups | sort -r) 2> /dev/null

foreground_gives_exit_status_of_init() {
    lxcbox lxc-start -F -P "$P" $N -- /bin/sh -c "exit 5" < /dev/null
    [ $? -eq 5 ]
}
t 'the foreground gives the exit status of init' foreground_gives_exit_status_of_init
t 'the foreground shows the console' has 'hello from .dev.pts.0' \
    lxcbox lxc-start -F -P "$P" $N -- /bin/sh -c 'echo hello from $(tty)'
pid_file_names_monitor() {
    start -p "$WORK/pid" && [ "$(cat /proc/$(cat "$WORK/pid")/comm)" = lxc-start ] || return
    pid=$(cat "$WORK/pid")
    start -p "$WORK/pid" 2>&1 | grep -q "already running" &&
        [ "$(cat "$WORK/pid")" = "$pid" ] &&
        kill_it
    for i in $(seq 100); do [ -e "$WORK/pid" ] || break; sleep 0.02; done
    [ ! -e "$WORK/pid" ]
}
t 'a pid file names the monitor, survives a second start, and is removed' pid_file_names_monitor
console_is_logged() {
    start -L "$WORK/console.log" -- /bin/sh -c "echo said on the console; sleep 100" &&
        for i in $(seq 100); do grep -q "said on" "$WORK/console.log" && break; sleep 0.02; done
    grep "said on the console" "$WORK/console.log"
    r=$?
    kill_it
    [ $r -eq 0 ]
}
t 'the console is logged' console_is_logged

lxc_execute_gives_exit_status() {
    lxcbox lxc-execute -P "$P" $N -- /bin/sh -c "exit 9"
    [ $? -eq 9 ]
}
t 'lxc-execute gives the exit status of its command' lxc_execute_gives_exit_status
pipe_through() { echo through | lxcbox lxc-execute -P "$P" $N -- /bin/cat; }
t 'lxc-execute passes pipes through' is through pipe_through
lxc_execute_reaps_orphans_and_waits() {
    lxcbox lxc-execute -P "$P" $N -- /bin/sh -c "(sleep 0.1; echo late) & exit 3" > "$WORK/late"
    [ $? -eq 3 ] && grep -q late "$WORK/late"
}
t 'lxc-execute reaps orphans and waits for them' lxc_execute_reaps_orphans_and_waits
t 'lxc-execute needs no rootfs' is 'lxc-init' lxcbox lxc-execute -P "$P" $N-free -s lxc.net.0.type=empty -- \
    sh -c 'mount -t proc proc /proc && cat /proc/1/comm'
sigterm_ends_lxc_execute_and_all_it_ran() {
    "$LXCBOX" lxc-execute -P "$P" $N -- /bin/sh -c "sleep 600 & sleep 600" &
    pid=$!
    for i in $(seq 100); do [ "$(state)" = RUNNING ] && break; sleep 0.02; done
    kill $pid
    wait $pid
    [ "$(state)" = STOPPED ] && [ -z "$(left_over)" ]
}
t 'SIGTERM ends lxc-execute and all it ran' sigterm_ends_lxc_execute_and_all_it_ran

ip link add $bridge type bridge && ip addr add 10.213.77.1/24 dev $bridge && ip link set $bridge up
net="-s lxc.net.0.type=veth -s lxc.net.0.link=$bridge -s lxc.net.0.flags=up \
-s lxc.net.0.ipv4.address=10.213.77.2/24 -s lxc.net.0.ipv4.gateway=10.213.77.1"
reaches_bridge() { start $net && ping -c 1 -W 5 10.213.77.2; }
t 'the host reaches a container over its bridge' reaches_bridge
t 'the container has its route' has 'default via 10.213.77.1' inside ip route
killed_without_rest() { kill_it; nothing_left; }
t 'its link is gone with it' killed_without_rest
network_that_fails_takes_everything_back() {
    ! start $net -s lxc.net.1.type=veth -s lxc.net.1.link=nonesuch 2> /dev/null && [ -z "$(left_over)" ]
}
t 'a network that fails takes everything back' network_that_fails_takes_everything_back

create $N-b
network_namespace_can_be_shared() {
    start &&
        lxcbox lxc-start -P "$P" $N-b --share-net $N &&
        [ "$(inside readlink /proc/1/ns/net)" = \
            "$(lxcbox lxc-attach -P "$P" $N-b -- readlink /proc/1/ns/net)" ]
}
t 'a network namespace can be shared with a container that runs' network_namespace_can_be_shared
pid_namespace_too() {
    lxcbox lxc-stop -k -P "$P" $N-b
    lxcbox lxc-start -P "$P" $N-b --share-pid $N -- /bin/sleep 600 &&
        [ "$(inside readlink /proc/self/ns/pid)" = \
            "$(lxcbox lxc-attach -P "$P" $N-b -- readlink /proc/self/ns/pid)" ]
}
t 'a pid namespace too' pid_namespace_too
lxcbox lxc-stop -k -P "$P" $N-b
kill_it

hook() { # one script for every kind: it writes its arguments and environment to a file
    cat > "$WORK/hook" << SCRIPT
#!/bin/sh
echo "\$3 \$LXC_NAME \${LXC_ROOTFS_MOUNT:+mount} \${LXC_TARGET:-}" >> $WORK/hooks
SCRIPT
    chmod 755 "$WORK/hook"
    for kind in pre-start pre-mount mount autodev start-host stop post-stop; do
        echo "lxc.hook.$kind = $WORK/hook"
    done >> "$config"
}
cp "$config" "$WORK/saved"
hook
hook_order() { cut -d ' ' -f 1 "$WORK/hooks" | paste -sd ' '; }
hooks_run_in_their_order() {
    start && kill_it &&
        is "pre-start pre-mount mount autodev start-host stop post-stop" hook_order
}
t 'hooks run in their order' hooks_run_in_their_order
t 'hooks get the container and the target' has "^post-stop $N .*stop$" cat "$WORK/hooks"
echo 'lxc.hook.start-host = /bin/false' >> "$config"
t 'a hook that fails stops the start, by name' refuses 'lxc.hook.start-host: /bin/false exited with status 1' start
t 'and nothing is left of it' nothing_left
cp "$WORK/saved" "$config"

t 'a container that does not exist is refused' refuses 'there is no container nonesuch in' \
    lxcbox lxc-start -P "$P" nonesuch
misspelt_key_is_refused_by_file_and_line() {
    echo "lxc.rootfs.pth = /x" >> "$config"
    refuses "config:[0-9]+: there is no key lxc.rootfs.pth" start
    r=$?
    cp "$WORK/saved" "$config"
    [ $r = 0 ]
}
t 'a misspelt key is refused by file and line' misspelt_key_is_refused_by_file_and_line
named_once() { # APPLET: refuses what runs already, without "NAME: NAME"
    [ "$(lxcbox "$1" -P "$P" $N -- /bin/true 2>&1 | grep -oE "[^ ]+: $N is already running" )" = \
        "$1: $N is already running" ]
}
twice_is_named_once() {
    local r=0
    start -- /bin/sleep 1000 && named_once lxc-start && named_once lxc-execute || r=1
    lxcbox lxc-stop -k -P "$P" $N
    return $r
}
t 'a container that runs already is named once' twice_is_named_once
t 'an init that is not there is named, and the container once' \
    refuses "^lxc-start: $N: cannot execute /sbin/nonesuch: No" start -- /sbin/nonesuch
t 'a missing rootfs is named' refuses 'cannot mount rootfs .*nonesuch' start -s lxc.rootfs.path=dir:$WORK/nonesuch
t 'a missing bridge is named with the remedy' refuses 'no network interface nonesuch.*\(' \
    start -s lxc.net.0.type=veth -s lxc.net.0.link=nonesuch
t 'a console buffer beyond 1 GB is refused' refuses 'lxc.console.buffer.size = 2147483648 is more than 1 GB' \
    start -s lxc.console.buffer.size=2GB
t 'no failed start left anything' nothing_left

ten_starts_at_once() {
    for i in $(seq 10); do start 2> "$WORK/race.$i" & done
    wait
    [ "$(state)" = RUNNING ] &&
        [ "$(cat "$WORK"/race.* | grep -c "already running")" = 9 ] &&
        [ "$(pgrep -c -f -- "^\[lxc monitor\] $P $N\$")" = 1 ]
}
t 'one of ten simultaneous starts succeeds, the others report why' ten_starts_at_once
twenty_attach() { for i in $(seq 20); do inside sh -c "echo \$((6*7))" & done | grep -c 42 | grep -x 20; }
t 'twenty attach at once' twenty_attach
kill_it
t 'nothing is left in the end' nothing_left

ids() {
    mkdir -p "$P/$N-u" &&
        cp -a "$P/$N/rootfs" "$P/$N-u/" &&
        chown -R 200000:200000 "$P/$N-u/rootfs" &&
        chmod 755 "$WORK" "$P" "$P/$N-u" "$P/$N-u/rootfs"
    sed "s#$P/$N/#$P/$N-u/#" "$config" > "$P/$N-u/config"
    printf 'lxc.idmap = u 0 200000 65536\nlxc.idmap = g 0 200000 65536\n' >> "$P/$N-u/config"
    lxcbox lxc-start -P "$P" $N-u
}
cleanup "lxcbox lxc-stop -k -P $P $N-u"
t 'a container with mapped ids runs' ids
its_root_is_ordinary_user_outside() {
    [ "$(stat -c %u /proc/$(lxcbox lxc-info -P "$P" -n $N-u -p -H))" = 200000 ]
}
t 'its root is an ordinary user outside' its_root_is_ordinary_user_outside
t 'and root inside' is 0 lxcbox lxc-attach -P "$P" $N-u -- id -u
