# lxc-attach's options that change what the command sees, on a container that LXC runs.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-attach 'needs LXC to make a container'; exit 0; }

P=$WORK/lxc
mkdir "$P"
must lxc-create -P "$P" -n att-a -t busybox -f <(echo lxc.net.0.type = empty)
echo 'lxc.environment = OF=container' >> "$P/att-a/config"
cleanup "lxc-stop -k -P '$P' -n att-a"
lxc-start -P "$P" -n att-a || exit 1
attach() { lxcbox lxc-attach -P "$P" -n att-a "$@"; }

printf 'lxc.environment = OF=file\nlxc.environment = ALSO=file\nlxc.arch = i686\n' > "$WORK/rc"
t 'the container'\''s environment is set' is container attach -- /bin/sh -c 'echo $OF'
t '-f adds that of a file' is 'file file' attach -f "$WORK/rc" -- /bin/sh -c 'echo $OF $ALSO'
t '-v comes last' is 'option file' attach --rcfile="$WORK/rc" -v OF=option -- /bin/sh -c 'echo $OF $ALSO'
t '-f sets the machine' is i686 attach -f "$WORK/rc" -- /bin/uname -m
t '-a sets the machine' is i686 attach -a i686 -- /bin/uname -m
t '-a comes before -f' is "$(uname -m)" attach -a "$(uname -m)" -f "$WORK/rc" -- /bin/uname -m
t 'an unknown architecture is refused' refuses '-a: unknown architecture "vax"' attach -a vax -- /bin/true
t 'a file that is not there is refused' refuses 'cannot read /nonexistent' attach -f /nonexistent -- /bin/true

# The process that makes the command's process is delayed: the command's own is heard first.
delayed() {
    strace -f -o "$WORK/strace" -e trace=clone3 -e inject=clone3:delay_exit=200000 \
        "$LXCBOX" lxc-attach -P "$P" -n att-a -- /nonexistent 2> "$WORK/delayed"
    [ $? -eq 127 ] || { cat "$WORK/delayed"; return 1; }
}
t 'a command that does not exist gives 127, whichever process is first' delayed

# Frozen: a process that joined the cgroups would hang, and could not be interrupted.
until_said() { # TEXT FILE: within 10 seconds
    for _ in $(seq 200); do grep -q "$1" "$2" && return; sleep 0.05; done
    return 1
}
frozen() { # COMMAND...: while the container is frozen
    lxc-freeze -P "$P" -n att-a || return
    "$@"
    local status=$?
    lxc-unfreeze -P "$P" -n att-a
    return $status
}
reported() { # PROCESS: it has reported that it waits
    until_said "^lxc-attach: att-a is frozen: waiting until it is thawed (lxc-unfreeze -n att-a)\$" "$WORK/frozen"
}
waits() {
    lxc-freeze -P "$P" -n att-a
    timeout 30 "$LXCBOX" lxc-attach -P "$P" -n att-a -- /bin/echo inside > "$WORK/frozen" 2>&1 &
    reported && lxc-unfreeze -P "$P" -n att-a && wait $! && has '^inside$' cat "$WORK/frozen"
}
t 'a frozen container is reported, and the command runs when it is thawed' waits
lxc-unfreeze -P "$P" -n att-a
interrupted() { # by a signal, with status 124 of timeout
    timeout -k 5 1 "$LXCBOX" lxc-attach -P "$P" -n att-a -- /bin/true > "$WORK/frozen" 2>&1
    [ $? -eq 124 ] && reported
}
t 'the wait can be interrupted' frozen interrupted
t 'a command that stays in the cgroups of the caller does not wait' \
    is outside frozen attach -eCGROUP -- /bin/echo outside
typed_console() {
    python3 tests/terminal.py "$LXCBOX" lxc-console -P "$P" -n att-a << 'END'
expect att-a is frozen: nothing answers until it is thawed
raw
send \x01q
end
END
}
t 'lxc-console reports it as well' frozen typed_console

# A monitor without pidfds (an old kernel) whose container's init ends while lxc-attach looks for it: the number then
# is another process's, here one of the host.
sleep 600 &
stranger=$!
cleanup "kill $stranger"
old_monitor() { # NAME PID...: answer GET_INIT_PID with these in turn, and nothing else
    python3 - "$P" "$@" << 'END' > "$WORK/monitor" &
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0%s/%s/command" % (sys.argv[1], sys.argv[2]))
s.listen(8)
print("ready", flush=True)
pids = [int(p) for p in sys.argv[3:]]
while True:
    c = s.accept()[0]
    number, length, _ = struct.unpack("=iiq", c.recv(16))
    c.recv(length) if length else None
    if number == 4:
        c.sendall(struct.pack("=iiq", 0, 0, pids.pop(0) if len(pids) > 1 else pids[0]))
    else:
        c.sendall(struct.pack("=iiq", -2 if number == 23 else -9, 0, 0))
    c.close()
END
    cleanup "kill $!"
    for _ in $(seq 200); do grep -q ready "$WORK/monitor" && return; sleep 0.05; done
    return 1
}
old_attach() { refuses "$1" lxcbox lxc-attach -P "$P" -n "$2" -e -- sh -c 'echo ran on the host >&2'; }
attach_old() { old_monitor old-a $stranger 1 && old_attach "old-a is restarting" old-a; }
t 'lxc-attach does not run on the host when the number of init has passed on' attach_old
make_zombie
attach_ended() {
    old_monitor old-b $zombie &&
        old_attach "cannot enter the mnt namespace of old-b: the process has ended" old-b
}
t 'nor when init has ended and nobody has waited for it' attach_ended
