# What the configuration says of the first process, of its limits and its end.
. tests/keys.sh

if [ "$(uname -m)" = x86_64 ]; then
    key lxc.arch 'a 32-bit machine inside' is i686 with lxc.arch=i686 -- uname -m
else
    skip 'lxc.arch: a 32-bit machine inside' 'not x86_64'
fi
lxc_7_arches() { for arch in x32 loong64 loongarch64; do with "lxc.arch=$arch" -- true || return; done; }
key lxc.arch 'the names that LXC 7 has' lxc_7_arches
key lxc.uts.name 'the host name' is elsewhere with lxc.uts.name=elsewhere -- hostname

from_init() { lxcbox lxc-start -F -P "$P" -n "$N" "$@" < /dev/null | tr -d '\r'; }
echo 'echo $$ "$@"' > "$R/cmd"
key lxc.init.cmd 'process 1, in words' is '1 two' from_init -s 'lxc.init.cmd=/bin/sh /cmd two'
key lxc.execute.cmd 'the command of lxc-execute by default' is by-default \
    lxcbox lxc-execute -P "$P" -n "$N" -s 'lxc.execute.cmd=/bin/echo by-default'
key lxc.init.cwd 'where init starts, made with its parents' is /made/for/it with lxc.init.cwd=/made/for/it -- pwd
key lxc.init.uid 'the user of init' is 12 with lxc.init.uid=12 -- id -u
key lxc.init.gid 'the group that init is of' is 34 with lxc.init.gid=34 -- id -g
key lxc.init.groups 'its other groups' is '34 5 6' with lxc.init.gid=34 lxc.init.groups=5,6 -- id -G
key lxc.environment 'a variable' is 'b c' with 'lxc.environment=A=b c' -- sh -c 'echo $A'
key lxc.environment 'one of the caller' is 'from outside' env FROM='from outside' \
    "$LXCBOX" lxc-execute -P "$P" -n "$N" -s lxc.environment=FROM -- sh -c 'echo $FROM'
both='echo $A $B'
key lxc.environment.runtime 'a variable for init, after those for all' is 'three two' \
    with lxc.environment.runtime=A=three lxc.environment=A=one lxc.environment=B=two -- sh -c "$both"
key lxc.environment.hooks 'not for init' is '' with lxc.environment.hooks=A=one -- sh -c "$both"
started lxc.environment=A=one lxc.environment=B=two lxc.environment.runtime=B=three lxc.environment.hooks=A=four
key lxc.environment.runtime 'for attached commands too' is 'one three' inside sh -c "$both"
stopped

# The serial number of the session keyring of who runs it: keyctl(2), KEYCTL_GET_KEYRING_ID, in the caller's own.
keyring() { # KEY=VALUE
    python3 -c '
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.syscall(250, 1, None)
key = libc.syscall(248, b"user", b"lxcbox-keys", b"x", 1, -3)
libc.syscall(250, 5, key, 0x3f000000)
os.execv(sys.argv[1], sys.argv[1:])' "$LXCBOX" lxc-execute -P "$P" -n "$N" -s "$1" -- sh \
        -c 'grep -c lxcbox-keys /proc/keys || true'
}
if [ -e /proc/keys ] && [ "$(uname -m)" = x86_64 ]; then
    key lxc.keyring.session "1 keeps the caller's" is 1 keyring lxc.keyring.session=1
    key lxc.keyring.session '0 is a new one' is 0 keyring lxc.keyring.session=0
else
    skip "lxc.keyring.session: 1 keeps the caller's" 'no keyrings, or not x86_64'
fi

# prctl(2), PR_SCHED_CORE, PR_SCHED_CORE_GET.
cookie() { python3 -c 'import ctypes, sys
c = ctypes.c_ulong()
sys.exit(ctypes.CDLL(None).prctl(62, 0, int(sys.argv[1]), 0, ctypes.byref(c)) != 0 or c.value == 0)' "$(init_pid)"; }
python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None, use_errno=True).prctl(62, 0, 0, 0, ctypes.byref(ctypes.c_ulong())) and ctypes.get_errno())'
status=$?
if [ $status = 0 ]; then
    core_cookie() { started lxc.sched.core=1 && cookie; }
    key lxc.sched.core 'init has a cookie of its own' core_cookie
    stopped
else
    skip 'lxc.sched.core: init has a cookie of its own' 'no core scheduling in this kernel, or one thread on each core'
    [ $status != 22 ] ||
        key lxc.sched.core 'refused where the kernel lacks it' refuses 'core scheduling' with \
            lxc.sched.core=1 -- true
fi
key lxc.prlimit.NAME 'a limit, soft and hard' is '111 222' \
    with lxc.prlimit.nofile=111:222 -- sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
started lxc.prlimit.nofile=111:222 lxc.proc.oom_score_adj=77
key lxc.prlimit.NAME 'lxc-attach has it, too' is '111 222' inside sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
key lxc.proc.NAME 'lxc-attach has it, too' is 77 inside cat /proc/self/oom_score_adj
stopped
key lxc.prlimit.NAME 'one that does not exist is refused' refuses 'nosuch' with lxc.prlimit.nosuch=1 -- true
key lxc.proc.NAME 'a file of its /proc' is 321 with lxc.proc.oom_score_adj=321 -- cat /proc/1/oom_score_adj
key lxc.sysctl.NAME 'a kernel parameter of its own' is 1 \
    with lxc.sysctl.net.ipv4.ip_forward=1 -- cat /proc/sys/net/ipv4/ip_forward
key lxc.sysctl.NAME 'one that does not exist is refused' refuses nosuch with lxc.sysctl.net.ipv4.nosuch=1 -- true

# An init that writes down which signal it gets.
cat > "$R/init" << 'END'
for signal in USR1 USR2 TTIN TTOU; do trap "echo $signal > /got; exit" $signal; done
echo ready > /got
while :; do sleep 600 & wait; done
END
got() { eventually grep -qx "$1" "$R/got" || { cat "$R/got"; false; }; }
catching() { started "$@" -- /bin/sh /init && got ready; }
signal_of_lxc_stop() {
    catching lxc.signal.halt=SIGUSR2 && lxcbox lxc-stop -P "$P" -n "$N" -t 5 --nokill && got USR2
}
key lxc.signal.halt 'the signal that lxc-stop sends' signal_of_lxc_stop
signal_of_lxc_stop_r() {
    catching lxc.signal.reboot=SIGTTIN && { lxcbox lxc-stop -r -W -P "$P" -n "$N"; got TTIN; }
}
key lxc.signal.reboot 'the signal that lxc-stop -r sends' signal_of_lxc_stop_r
signal_of_lxc_stop_k() {
    catching lxc.signal.stop=SIGTTOU && lxcbox lxc-stop -k -P "$P" -n "$N" && got TTOU
}
key lxc.signal.stop 'the signal that lxc-stop -k sends' signal_of_lxc_stop_k
dies_by_usr1() { catching lxc.monitor.signal.pdeath=SIGUSR1 && kill -9 "$(monitor_pid)" && got USR1; }
key lxc.monitor.signal.pdeath 'the signal of init when its monitor dies' dies_by_usr1
signal_pdeath_by_default_its_end() {
    catching &&
        pid=$(init_pid) &&
        kill -9 "$(monitor_pid)" &&
        eventually [ ! -e /proc/$pid ] &&
        [ "$(cat "$R/got")" = ready ]
}
key lxc.monitor.signal.pdeath 'by default its end' signal_pdeath_by_default_its_end
find /sys/fs/cgroup -maxdepth 2 -name "lxc.*.$N*" -exec rmdir {} + 2> /dev/null

mkdir "$WORK/m"
printf '#!/bin/sh\nmount -t tmpfs seen-%s %s\n' $$ "$WORK/m" > "$WORK/mounts" && chmod 755 "$WORK/mounts"
cleanup 'umount $WORK/m'
hidden_mounts() {
    with lxc.monitor.unshare=1 lxc.hook.pre-start=$WORK/mounts -- true &&
        ! grep seen-$$ /proc/mounts
}
key lxc.monitor.unshare 'mounts of hooks are not visible outside' hidden_mounts
visible_mounts() {
    with lxc.monitor.unshare=0 lxc.hook.pre-start=$WORK/mounts -- true &&
        grep seen-$$ /proc/mounts
}
key lxc.monitor.unshare 'unless it is 0' visible_mounts

log_file_where_log() {
    with lxc.log.file=$WORK/log lxc.log.level=DEBUG -- true && grep -E "DEBUG +monitor" "$WORK/log"
}
key lxc.log.file 'where the log goes' log_file_where_log
log_level_leaves_lower_levels_out() {
    rm "$WORK/log"
    with lxc.log.file=$WORK/log lxc.log.level=ERROR -- true && [ ! -s "$WORK/log" ]
}
key lxc.log.level 'lower levels are left out' log_level_leaves_lower_levels_out
log_file_of_option_takes_precedence() {
    rm "$WORK/log"
    lxcbox lxc-execute -P "$P" -n "$N" -o "$WORK/o" -l DEBUG -s lxc.log.file="$WORK/log" -- true &&
        [ -s "$WORK/o" ] &&
        [ ! -e "$WORK/log" ]
}
key lxc.log.file '-o takes precedence' log_file_of_option_takes_precedence

# A /dev with a log that a program listens to, which is not the host's.
cat > "$WORK/listen" << 'END'
mkdir "$WORK/dev" && mount -t tmpfs none "$WORK/dev" && mkdir "$WORK/dev/pts" && mount --bind /dev/pts "$WORK/dev/pts"
cp -a /dev/{null,zero,full,random,urandom,tty} "$WORK/dev/" && ln -s pts/ptmx "$WORK/dev/ptmx" &&
    mount --rbind "$WORK/dev" /dev
coproc python3 -uc 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
s.settimeout(10)
print("ready")
print(s.recv(2000).decode())'
exec 5<&"${COPROC[0]}"
read -r -u 5 ready
"$LXCBOX" lxc-execute -P "$P" -n "$N" -s lxc.log.file="$WORK/log" -s lxc.log.syslog=local3 -s \
    lxc.log.level=DEBUG -- true
read -r -u 5 line
echo "$line"
END
export P N WORK LXCBOX
key lxc.log.syslog 'a line there, of facility local3 and priority debug' \
    has "^<159>lxc-execute\[[0-9]+\]: $N monitor - " timeout 20 unshare -m bash "$WORK/listen"
