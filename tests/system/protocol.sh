# The command socket: each command's answer, as LXC's monitors give it, and to whom it is given.
. tests/lib.sh
needs_root
chmod 755 "$WORK"
make_container protocol-$$ 'lxc.console.buffer.size = 64KB'
cp tests/command.py "$WORK/" # where any user may read it
python=$(PATH=/usr/bin:/bin command -v python3) || python=python3 # one that any user may run
ask() { # what each command is answered with; the result 0 or a negative errno, the number of fds beside it
    timeout 60 "$@" "$python" "$WORK/command.py" "$P" $N all
}
settled() {
    for _ in $(seq 100); do
        lxcbox lxc-logs -P "$P" -c $N 2> /dev/null | grep -q 'press Enter' && return
        sleep 0.05
    done
}

# The hierarchies that a container has a cgroup in, and a controller that is in one of its own.
lxcbox lxc-start -P "$P" $N && settled
if [ -e /sys/fs/cgroup/memory ]; then
    t 'each command is answered' diff - <(ask env | sed -E "s/$N/NAME/g; s#$P#LXCPATH#
        s/^(23 .*) fds [1-9][0-9]*/\1 fds some/; s/^(5 .*) value [1-9][0-9]*/\1 value flags/") << 'END'
0 GET_TTY_FD result 0 data 0 value - fds 1
1 TERMINAL_WINCH result -38 data 0 value 0 fds 0
3 GET_STATE result 0 data 0 value 2 fds 0
4 GET_INIT_PID result 0 data 0 value pid fds 0
5 GET_CLONE_FLAGS result 0 data 0 value flags fds 0
6 GET_CGROUP result 0 data text /lxc.payload.NAME value - fds 0
7 GET_CONFIG_ITEM result 0 data text NAME value - fds 0
8 GET_NAME result 0 data text NAME value - fds 0
9 GET_LXCPATH result 0 data text LXCPATH value - fds 0
10 ADD_STATE_CLIENT result 2 data 0 value 2 fds 0
11 CONSOLE_LOG result 0 data log value - fds 0
13 SECCOMP_NOTIFY_ADD_LISTENER result -22 data 0 value 0 fds 0
14 ADD_BPF_DEVICE_CGROUP result -22 data 0 value 0 fds 0
15 FREEZE result -2 data 0 value 0 fds 0
16 UNFREEZE result -2 data 0 value 0 fds 0
17 GET_CGROUP2_FD result -22 data 0 value 0 fds 0
18 GET_INIT_PIDFD result 0 data 0 value - fds 1
19 GET_LIMIT_CGROUP result 0 data text /lxc.payload.NAME value - fds 0
20 GET_LIMIT_CGROUP2_FD result -22 data 0 value 0 fds 0
21 GET_DEVPTS_FD result 0 data 0 value - fds 1
22 GET_SECCOMP_NOTIFY_FD result -9 data 0 value 0 fds 0
23 GET_CGROUP_CTX result 0 data 96 value - fds some
24 GET_CGROUP_FD result 0 data 80 value - fds 1
25 GET_LIMIT_CGROUP_FD result 0 data 80 value - fds 1
26 GET_SYSTEMD_SCOPE result -22 data 0 value 0 fds 0
27 - result -38 data 0 value 0 fds 0
12 SERVE_STATE_CLIENTS result 0 data 0 value 0 fds 0
2 STOP closed
END
else
    skip 'each command is answered' 'its answers are those of a host with cgroup v1'
fi
t 'the last one has ended the container' is STOPPED lxcbox lxc-state -P "$P" $N

if command -v lxc-start > /dev/null; then
    # TERMINAL_WINCH, which nobody sends, LXC leaves without an answer; what it has of the console it forgets when read.
    lxcbox lxc-start -P "$P" $N && settled && ask env | grep -Ev '^(1|11) ' > "$WORK/ours"
    lxc-start -P "$P" -n $N && settled && ask env | grep -Ev '^(1|11) ' > "$WORK/stock"
    t "each answer is that of LXC's monitor" diff "$WORK/stock" "$WORK/ours"
else
    skip "each answer is that of LXC's monitor" 'stock LXC is not installed'
fi

others=(setpriv --reuid 65534 --regid 65534 --clear-groups)
lxcbox lxc-start -P "$P" $N || exit 1
ask_others() { ask "${others[@]}" | sed -E "s/^([0-9]+) [^ ]+ (result -?[0-9]+|closed).*/\1 \2/" | sort -n; }
t 'to another user each is refused' is "$(seq 0 27 | sort -n | sed 's/$/ result -1/')" ask_others
t 'and changes nothing' is RUNNING lxcbox lxc-state -P "$P" $N
ask_by_socket_of_root() { # becomes a user between connect and the request
    timeout 20 "$python" - "$P" $N << END | sed "s/ data.*//"
import os, runpy, socket, sys
def connect(self, address, real=socket.socket.connect):
    real(self, address)
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
socket.socket.connect = connect
sys.argv = ["command.py", sys.argv[1], sys.argv[2], "2"]
runpy.run_path("$WORK/command.py")
END
}
t 'so is a user who has the socket of root' is '2 STOP result -1' ask_by_socket_of_root
t 'which changes nothing either' is RUNNING lxcbox lxc-state -P "$P" $N
