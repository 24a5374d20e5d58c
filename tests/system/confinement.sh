#!/bin/bash
# Seccomp profiles, time offsets, keyring, limits, labels: their effect inside the container.
. "$(dirname "$0")/../lib.sh"
needs_root

root=$WORK/root
mkdir -p "$root"/{bin,proc,sys,dev,mnt} "$WORK/lxc"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh sleep cat grep mount mkdir mknod umount ulimit uname true; do ln -s busybox "$root/bin/$applet"; done

# container NAME < CONFIG: made beneath $WORK/lxc, with what all have in common.
container() {
    mkdir -p "$WORK/lxc/$1"
    { echo "lxc.rootfs.path = $root"; echo 'lxc.net.0.type = empty'; echo 'lxc.mount.auto = proc'; cat; } \
        > "$WORK/lxc/$1/config"
}
inside() { lxcbox lxc-execute -P "$WORK/lxc" -n "$1" -- /bin/sh -c "$2"; }

container plain < /dev/null
t 'without a profile nothing is filtered' has '^Seccomp:.*0' inside plain 'cat /proc/self/status'

container common <<< 'lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp'
t "LXC's common profile is loaded" has '^Seccomp:.*2' inside common 'cat /proc/self/status'
t 'with it umount -f is refused' has 'Permission denied' inside common 'umount -f /proc 2>&1; true'
t 'and other calls go on as before' inside common 'mount -t tmpfs none /mnt && umount /mnt'

printf \
    '2\ndenylist\nmkdir errno 28\nmkdirat errno 28\n'\
'mknod errno 1 [1,0x2000,&=,0xf000]\nmknodat errno 1 [2,0x2000,&=,0xf000]\n' \
    > "$WORK/profile"
container denylist <<< "lxc.seccomp.profile = $WORK/profile"
t 'a denied call fails with the errno of its rule' has 'No space left' inside denylist 'mkdir /mnt/x 2>&1; true'
t 'a condition tells arguments apart: no device nodes' fails inside denylist 'mknod /mnt/null c 1 3'
t 'but a fifo' inside denylist 'mknod /mnt/fifo p'

attach() { lxcbox lxc-attach -P "$WORK/lxc" -n denylist "$@"; }
cleanup "lxcbox lxc-stop -P $WORK/lxc -n denylist -k"
lxcbox lxc-start -P "$WORK/lxc" -n denylist -- /bin/sleep 60
t 'a command of lxc-attach is confined, too' has 'No space left' attach -- /bin/sh -c 'mkdir /mnt/x 2>&1; true'
t 'unless with elevated privileges' attach -e -- /bin/mkdir /mnt/x

# A monitor with prescribed answers: fake.py LXCPATH NAME INIT_PID [KEY=RESULT]... [state=RESULT]
cat > "$WORK/fake.py" << 'EOF'
import socket, struct, sys
results = dict(word.split("=") for word in sys.argv[4:])
server = socket.socket(socket.AF_UNIX)
server.bind("\0%s/%s/command" % tuple(sys.argv[1:3]))
server.listen(100)
print("ready", flush=True)
while True:
    peer = server.accept()[0]
    command, length, _ = struct.unpack("=iiq", peer.recv(16))
    key = peer.recv(length).rstrip(b"\0").decode() if length else "state"
    # GET_STATE, GET_INIT_PID, GET_CONFIG_ITEM, GET_CGROUP_CTX
    default = {3: 0, 4: 0, 7: -2, 23: -2}.get(command, -22)
    result = int(results.get(key, default)) if command in (3, 7) else default
    peer.sendall(struct.pack("=iiq", result, 0, {3: 2, 4: int(sys.argv[3])}.get(command, 0)))
    peer.close()
EOF
mkdir "$WORK/notified"
faked() { # COMMAND RESULT... -- ARGUMENT...: the command's, on a container whose monitor answers that
    local command=$1 results=() status fake
    shift
    while [ "$1" != -- ]; do results+=("$1"); shift; done
    rm -f "$WORK/faked" && mkfifo "$WORK/faked"
    python3 "$WORK/fake.py" "$WORK/notified" denylist "$init" "${results[@]}" > "$WORK/faked" &
    fake=$!
    read -r -t 20 _ < "$WORK/faked"
    timeout 20 "$LXCBOX" "$command" -P "$WORK/notified" -n denylist "${@:2}"
    status=$?
    kill $fake
    wait $fake 2> /dev/null
    return $status
}
init=$(lxcbox lxc-info -P "$WORK/lxc" -n denylist -pH)
unknown=(lxc-attach lxc.seccomp.profile=-5 -- -- /bin/mkdir /mnt/y)
t 'a profile that the monitor cannot tell keeps lxc-attach out' \
    refuses 'cannot read the configuration.*(Input/output|I/O) error' faked "${unknown[@]}"
t 'so does one that it denies' refuses 'belongs to another user' faked "${unknown[@]/=-5/=-13}"
unknown=(lxc-attach lxc.seccomp.notify.proxy=-5 lxc.seccomp.profile=-1 -- -- /bin/true)
t "-1 is stock LXC's for a profile that is not set, which does not" faked "${unknown[@]}"
t '-1 to every command is a denial' refuses 'belongs to another user' \
    faked lxc-attach lxc.seccomp.profile=-1 state=-1 -- -- /bin/true
for item in lxc.environment lxc.environment.runtime lxc.prlimit lxc.proc; do
    t "nor is a command run without its $item" refuses 'belongs to another user' \
        faked lxc-attach $item=-13 -- -- /bin/true
done
t 'lxc-info reports a denied item as denied' refuses 'belongs to another user' \
    faked lxc-info lxc.uts.name=-13 -- -c lxc.uts.name
lxc_info_reports_unset_key() {
    faked lxc-info lxc.uts.name=-1 -- -c lxc.uts.name 2> "$WORK/said" &&
        grep -q "is not a key" "$WORK/said"
}
t 'lxc-info reports one that is not set as missing' is '' lxc_info_reports_unset_key
t 'lxc-stop does not guess the signal' refuses 'belongs to another user' \
    faked lxc-stop lxc.signal.halt=-13 -- --nokill --nowait
lxcbox lxc-stop -P "$WORK/lxc" -n denylist -k

printf '2\ndenylist\nmkdir\n\nmkdirr errno 1\n' > "$WORK/profile"
t 'a bad profile stops the start, named by line' refuses 'profile:5: .*"mkdirr"' \
    lxcbox lxc-execute -P "$WORK/lxc" -n denylist -- /bin/true
container missing <<< 'lxc.seccomp.profile = /nonexistent'
t 'so does a profile that is not there' refuses '/nonexistent: No such file' \
    lxcbox lxc-execute -P "$WORK/lxc" -n missing -- /bin/true

# A program that answers calls: mkdir(2) fails with EDQUOT, others go on.
cat > "$WORK/proxy.py" << 'EOF'
import os, socket, struct, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
while True:
    peer = server.accept()[0]
    while True:
        message, ancillary, _, _ = peer.recvmsg(4096, 4096)
        if not message:
            break
        fds = struct.unpack("3i", ancillary[0][2])
        _, monitor, init, request, response, _, cookie = struct.unpack_from("=QiiHHHxxQ", message)
        head = len(message) - request - response - cookie
        id, pid, _, nr = struct.unpack_from("=QIIi", message, head)
        text = message[len(message) - cookie:]
        flags, error = (0, -122) if text == b"a cookie" else (1, 0)
        for fd in fds:
            os.close(fd)
        answer = struct.pack("=QqiI", id, 0, error, flags)
        peer.send(message[:head + request] + answer)
EOF
printf '2\ndenylist\nmkdir notify\nmkdirat notify\nexecve notify\n' > "$WORK/notify"
container notify << EOF
lxc.seccomp.profile = $WORK/notify
lxc.seccomp.notify.proxy = unix:$WORK/proxy
lxc.seccomp.notify.cookie = a cookie
EOF
t 'a proxy that is not there stops the start' refuses 'cannot connect to lxc.seccomp.notify.proxy' \
    lxcbox lxc-execute -P "$WORK/lxc" -n notify -- /bin/true
sed -i 's/^execve.*//' "$WORK/notify"
exec 3< <(exec python3 "$WORK/proxy.py" "$WORK/proxy")
proxy=$!
cleanup "kill $proxy"
read -r -u 3
key lxc.seccomp.notify.proxy 'a call is answered by the proxy' has 'Disk quota exceeded' \
    inside notify 'mkdir /mnt/asked 2>&1; true'
sed -i 's/= a cookie/= another/' "$WORK/lxc/notify/config"
echo 'execve notify' >> "$WORK/notify"
key lxc.seccomp.notify.cookie 'with another cookie it lets the call go on, execve on the way to init too' \
    inside notify 'mkdir /mnt/asked'

# Who attaches hands the listener to its profile to the monitor, ours and LXC's.
sed -i 's/= another/= a cookie/' "$WORK/lxc/notify/config"
sed -i '/^execve/d' "$WORK/notify" # which would be answered so, too; LXC's own start waits for itself then
cleanup "lxcbox lxc-stop -P $WORK/lxc -n notify -k"
asks() { has 'Disk quota exceeded' "$@" -P "$WORK/lxc" -n notify -- /bin/sh -c 'mkdir /mnt/asked2 2>&1; true'; }
lxcbox lxc-start -P "$WORK/lxc" -n notify -- /bin/sleep 60
t "system calls of lxc-attach's command are answered by the proxy" asks lxcbox lxc-attach
t 'and of a later lxc-attach' asks lxcbox lxc-attach
t 'not with elevated privileges' lxcbox lxc-attach -P "$WORK/lxc" -n notify -e -- /bin/mkdir /mnt/asked3
command -v lxc-attach > /dev/null && t 'so are those of who attaches by LXC' asks lxc-attach
lxcbox lxc-stop -P "$WORK/lxc" -n notify -k
if command -v lxc-start > /dev/null; then
    lxc-start -P "$WORK/lxc" -n notify -- /bin/sleep 60
    t 'and of lxc-attach to a container of LXC' asks lxcbox lxc-attach
    lxcbox lxc-stop -P "$WORK/lxc" -n notify -k
fi
sed -i '/notify.proxy/d' "$WORK/lxc/notify/config"
lxcbox lxc-start -P "$WORK/lxc" -n notify -- /bin/sleep 60 2> /dev/null
t 'lxc-attach is refused where no proxy would answer' refuses 'no process would answer them.*lxc.seccomp.notify.proxy' \
    lxcbox lxc-attach -P "$WORK/lxc" -n notify -- /bin/true
lxcbox lxc-stop -P "$WORK/lxc" -n notify -k
kill $proxy
wait $proxy 2> /dev/null

container later <<< 'lxc.time.offset.boot = 864000s'
uptime_days() { inside later 'cat /proc/uptime' | awk '{ print (int($1 / 86400) >= 10) ? "later" : "now" }'; }
if [ -e /proc/self/ns/time ]; then
    t 'lxc.time.offset.boot moves the boot clock' is later uptime_days
    container before <<< 'lxc.time.offset.boot = -864000000s'
    t 'an offset that makes the boot clock negative is refused' refuses 'would be negative' \
        lxcbox lxc-execute -P "$WORK/lxc" -n before -- /bin/true
else
    skip 'lxc.time.offset.boot moves the boot clock' 'no time namespaces'
fi

# A key that only who possesses it may see, in a session keyring made for this: keyctl(2) and add_key(2) by number.
with_key() { # NAME: what the container sees of it
    python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.syscall(250, 1, None)  # KEYCTL_JOIN_SESSION_KEYRING
key = libc.syscall(248, b"user", b"lxcbox-test-key", b"x", 1, -3)
libc.syscall(250, 5, key, 0x3f000000)  # KEYCTL_SETPERM: its possessor alone
os.execv(sys.argv[1], [sys.argv[1]] + sys.argv[2:])' \
        "$LXCBOX" lxc-execute -P "$WORK/lxc" -n "$1" -- /bin/sh -c 'grep -c lxcbox-test-key /proc/keys || true'
}
if [ -e /proc/keys ] && [ "$(uname -m)" = x86_64 ]; then
    container keeps <<< 'lxc.keyring.session = 1'
    t "a container has none of its starter's keys" is 0 with_key plain
    t 'unless lxc.keyring.session keeps them' is 1 with_key keeps
else
    skip "a container has none of its starter's keys" 'no keyrings, or not x86_64'
fi

container nesting <<< 'lxc.apparmor.allow_nesting = 1'
t 'allow_nesting gives a whole proc and sysfs' has '/dev/.lxc/proc proc' inside nesting 'cat /proc/mounts'

container limits << EOF
lxc.prlimit.nofile = 111:222
lxc.no_new_privs = 1
lxc.cap.drop = sys_admin
lxc.arch = i686
EOF
t 'lxc.prlimit limits' is '111 222' inside limits 'echo $(ulimit -Sn) $(ulimit -Hn)'
t 'lxc.no_new_privs holds' has '^NoNewPrivs:.*1' inside limits 'cat /proc/self/status'
t 'a dropped capability is gone' fails inside limits 'mount -t tmpfs none /mnt'
if [ "$(uname -m)" = x86_64 ]; then
    t 'lxc.arch = i686 makes it a 32-bit machine' is i686 inside limits 'uname -m'
fi
