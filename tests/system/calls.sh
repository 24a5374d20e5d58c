# System calls that a command needs once only, because each takes time: how often a monitor is connected to and asked.
. tests/lib.sh
needs_root
command -v strace > /dev/null || { skip 'system calls' 'needs strace'; exit 0; }
P=$WORK/lxc N=calls-$$
mkdir "$P" && echo lxc.net.0.type = empty > "$WORK/config"
lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox > "$WORK/create" 2>&1 || { cat "$WORK/create"; exit 1; }
cleanup 'lxcbox lxc-stop -k -P "$P" $N'
traced() { # COMMAND...: with its children, into $WORK/calls
    strace -f -qq -o "$WORK/calls" "$@" < /dev/null > "$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
}
connects() { traced "$@" && awk '/connect\(.*\/command"/ { n++ } END { print n + 0 }' "$WORK/calls"; }
examines() { traced "$@" && grep -c "\"/proc/$monitor\"" "$WORK/calls"; }

lxcbox lxc-start -P "$P" $N || exit 1
monitor=$(pgrep -f "\[lxc monitor\] $P $N\$")
on() { local applet=$1; shift; echo "$LXCBOX $applet -P $P $N $*"; }
t 'lxc-info connects to the monitor once' is 1 connects $(on lxc-info)
t 'lxc-info examines the monitor once' is 1 examines $(on lxc-info)
t 'lxc-attach connects to the monitor once' is 1 connects $(on lxc-attach -- true)
t 'lxc-attach examines the monitor once' is 1 examines $(on lxc-attach -- true)
asked() { traced "$@" && grep -c 'sendmsg.*lxc\.environment' "$WORK/calls"; }
t 'lxc-attach asks for the configuration in one message' is 1 asked $(on lxc-attach -- true)
t 'a list of names asks no monitor' is 0 connects "$LXCBOX" lxc-ls -P "$P"
t 'lxc-ls -f connects to the monitor once' is 1 connects "$LXCBOX" lxc-ls -P "$P" -f
t 'lxc-stop -k connects to the monitor once' is 1 connects $(on lxc-stop -k)
terminals() { # COUNT: the messages with ptys of a start with so many terminals, and the ptys that the monitor has
    lxcbox lxc-start -P "$P" $N -s "lxc.tty.max=$1" || return
    find "/proc/$(pgrep -f "\[lxc monitor\] $P $N\$")/fd" -lname '*ptmx' | wc -l
    lxcbox lxc-stop -k -P "$P" $N
}
sent() {
    traced "$LXCBOX" lxc-execute -P "$P" $N -s "lxc.tty.max=$1" -- true && grep -c 'sendmsg.*SCM_RIGHTS' "$WORK/calls"
}
t 'the terminals are handed to the monitor by one message' is 2 sent 6 # and the devpts by another
t 'more terminals than a message has room for are handed over, too' is 26 terminals 25
