# A hostile rootfs, and a hostile neighbour on a shared one, against the start of a container: what init has open,
# what of the host can be reached through it, what is mounted where.
. tests/lib.sh
needs_root
command -v python3 > /dev/null || { skip 'attacks on a start' 'needs python3'; exit 0; }
chmod 755 "$WORK"
make_container begin-$$
R=$P/$N/rootfs
execute() { lxcbox lxc-execute -P "$P" -n "$N" "$@"; }

# --- What a starting init has open ---

# Of the process that runs the hook: fds above the standard streams, but for the executable that lxc-init runs from.
cat > "$R/fds" << 'END'
#!/bin/sh
while read -r key value; do [ "$key" != PPid: ] || parent=$value; done < /proc/self/status
ls -l /proc/$parent/fd > "$1"
END
chmod 755 "$R/fds" && cp "$R/fds" "$WORK/fds"
others() { awk '$9 > 2 { print $11 }' "$1" | grep -vE '^/$|^/memfd:lxcbox|^socket:|^/dev/(pts/|console)|^pipe:'; }
sockets() { grep -c ' socket:' "$1"; }
hooked() { # KIND COMMAND FILE: run it, and print what is left
    execute -s "lxc.hook.$1 = $2" -- true && [ -s "$3" ] && others "$3"
}
start_hook_finds_nothing() { fails hooked start "/fds /open" "$R/open" && [ -s "$R/open" ]; }
t 'lxc.hook.start finds nothing of the host open in init' start_hook_finds_nothing
t 'and one socket, whose other end is the monitor' is 1 sockets "$R/open"
mount_child_finds_nothing() { fails hooked pre-mount "$WORK/fds $WORK/open" "$WORK/open" && [ -s "$WORK/open" ]; }
t 'a child that sets up mounts has nothing of its parent open' mount_child_finds_nothing
t 'nor the other end of its own socket' is 1 sockets "$WORK/open"

# --- A monitor that is killed just after it made the child ---

orphaned() { # the child is held before its first call of prctl(2): lxc-start ends, and so does the child
    local tracer monitor= child= r=1
    strace -f -o "$WORK/trace" -e trace=prctl -e inject=prctl:delay_enter=2000000 "$LXCBOX" lxc-start -P "$P" -n "$N" &
    tracer=$!
    for _ in $(seq 500); do
        monitor=$(pgrep -f "^\\[lxc monitor\\] $P $N" | head -n 1)
        [ -n "$monitor" ] && child=$(pgrep -P "$monitor") && break
        sleep 0.02
    done
    kill -9 "$monitor"
    for _ in $(seq 200); do
        kill -0 $tracer 2> /dev/null || { r=0; break; }
        sleep 0.05
    done
    [ $r -eq 0 ] || kill -9 $child $(pgrep -P $tracer) $tracer
    return $r
}
if command -v strace > /dev/null; then
    t 'a monitor that is killed leaves neither its child nor lxc-start' orphaned
    rmdir /sys/fs/cgroup{,/*}/lxc.{payload,monitor}."$N" 2> /dev/null
else
    skip 'a monitor that is killed leaves neither its child nor lxc-start' 'needs strace'
fi

# --- The executable ---

lxcbox lxc-start -P "$P" -n "$N" || exit 1
cleanup "lxcbox lxc-stop -k -P '$P' -n $N"
pid=$(lxcbox lxc-info -P "$P" -n "$N" -p -H)
ln -s /proc/self/exe "$R/unshare"
executed() { # COMMAND...: what a program of the container that is a link to the executable of COMMAND runs from
    local entered sleeper=
    "$@" /unshare -f sleep 6$$ < /dev/null > /dev/null 2>&1 &
    entered=$!
    for _ in $(seq 200); do
        sleeper=$(pgrep -fx "sleep 6$$") && break
        sleep 0.05
    done
    readlink "/proc/$(ps -o ppid= -p "$sleeper" | tr -d ' ')/exe"
    kill -9 $sleeper
    wait $entered
    true
}
enter=("$LXCBOX" nsenter -t "$pid" -m -p)
attach=("$LXCBOX" lxc-attach -P "$P" -n "$N" --)
t 'nsenter runs from a sealed view of the executable' has '^/$|^/memfd:' executed "${enter[@]}"
t 'so does lxc-attach' has '^/$|^/memfd:' executed "${attach[@]}"
gcc -O1 -o "$WORK/refuse" tests/refuse.c || exit 1
t 'on older kernels nsenter runs from a sealed copy' has '^/memfd:' executed "$WORK/refuse" 4.19 "${enter[@]}"
t 'and lxc-attach' has '^/memfd:' executed "$WORK/refuse" 4.19 "${attach[@]}"

# --- A rootfs that changes ---

lxcbox lxc-stop -k -P "$P" -n "$N"
mkdir "$R/other"
cat > "$WORK/swap.py" << 'END'
import ctypes, os, sys
os.chdir(sys.argv[1])
exchange = ctypes.CDLL(None).renameat2
while True:
    exchange(-100, b"proc", -100, b"other", 2)
END
covered() { # every start either fails or has /proc/sys covered
    local out
    for _ in $(seq 40); do
        out=$(execute -s 'lxc.mount.auto = proc:mixed' -- sh -c '
            for d in proc other; do (: >> /$d/sys/kernel/domainname) 2> /dev/null && echo open; done' 2>&1)
        ! grep -qx open <<< "$out" || { echo "$out"; return 1; }
    done
}
swapped() {
    local r=0
    python3 "$WORK/swap.py" "$R" &
    local swapper=$!
    cleanup "kill -9 $swapper"
    covered || r=1
    kill -9 $swapper && wait $swapper 2> /dev/null
    return $r
}
t 'a /proc that moves while it is mounted never leaves /proc/sys writable' swapped
