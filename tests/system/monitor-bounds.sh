# What clients and a container can cost a monitor: time, memory, descriptors, a reboot; and what it keeps of its caller.
. tests/lib.sh
needs_root
for tool in gcc busybox python3; do command -v $tool > /dev/null || { skip monitor-bounds "needs $tool"; exit 0; }; done
P=$WORK/lxc N=bounds-$$
mkdir -p "$P"
cleanup 'for c in $N few life mapped; do lxcbox lxc-stop -k -P "$P" $c; done'
box() { lxcbox "lxc-$1" -P "$P" "${@:2}"; }
printf 'lxc.net.0.type = empty\nlxc.console.buffer.size = 4MB\n' > "$WORK/config"
box create $N -f "$WORK/config" -t busybox > "$WORK/create" || exit 1
monitor_of() { pgrep -o -f -- "^\[lxc monitor\] $P $1\$"; }
client() { timeout 60 python3 tests/clients.py "$P" "$@"; } # WHAT NAME [PID]

# --- What it keeps of its caller --------------------------------------------------------------------------------

start_in_mount() {
    mkdir "$WORK/mount" && mount -t tmpfs none "$WORK/mount" || return
    (cd "$WORK/mount" && lxcbox lxc-start -P "$P" -p pid -L console $N) || return
    [ "$(cat "$WORK/mount/pid")" = "$(monitor_of $N)" ] && [ -e "$WORK/mount/console" ]
}
t 'files on the command line are relative to the directory of the caller' start_in_mount
t 'the monitor does not stay in that directory' is / readlink "/proc/$(monitor_of $N)/cwd"
box stop -k $N
umount "$WORK/mount"

# --- Clients ----------------------------------------------------------------------------------------------------

box start $N
monitor=$(monitor_of $N)
t 'a client that sends its request byte by byte stops the monitor for at most a second' client trickle $N
box attach $N -- /bin/dd if=/dev/zero of=/dev/console bs=64k count=60 2> "$WORK/dd"
t 'nor does one that reads the answer byte by byte' client sip $N
t 'a client that subscribes over and over costs no memory' client subscribe $N "$monitor"
t 'of many connections the first are served, and later ones refused' client many $N
t 'afterwards clients are served again' is RUNNING box state $N
box stop -k $N
cp -a "$P/$N" "$P/few" && sed -i "s,/$N/,/few/,; s,= $N\$,= few," "$P/few/config"
(ulimit -n 100 && box start few)
t 'a monitor without a descriptor for a connection uses no processor time' client starve few "$(monitor_of few)"
t 'and serves clients again' is RUNNING box state few
box stop -k few

# --- Reboots ----------------------------------------------------------------------------------------------------

box start $N
t 'a container that is killed while it reboots does not come again' client stop_in_reboot $N "$(monitor_of $N)"

# An init that has a setuid program run by another user, then reboots, once.
cat > "$WORK/init.c" << 'C'
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        FILE *f = fopen("/seen", "a");

        return !f || fprintf(f, "%d %d\n", (int)getuid(), (int)geteuid()) < 0 || fclose(f);
    }
    if (fork() == 0)
        return setgid(1000) || setuid(1000) || execl("/who", "who", "am I", NULL);
    wait(NULL);
    if (access("/again", F_OK) < 0 && creat("/again", 0600) >= 0)
        reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}
C
start_says() { box start "$1" 2>&1; }
reboots_with_setuid() { # NAME KEY...
    local name=$1 root=$P/$1/rootfs
    mkdir -p "$root"/{dev,proc,sys} && gcc -static -O1 -o "$root/init" "$WORK/init.c" && cp "$root/init" "$root/who" ||
        return
    printf '%s\n' "lxc.rootfs.path = dir:$root" 'lxc.net.0.type = empty' 'lxc.init.cmd = /init' "${@:2}" \
        > "$P/$name/config"
    [ $# -eq 1 ] || chown -R 100000:100000 "$root"
    chmod 4755 "$root/who"
    is '' start_says "$name" || return # an init that reboots at once has not failed
    for _ in $(seq 100); do
        [ "$(wc -l < "$root/seen" 2> /dev/null || echo 0)" != 2 ] || break
        sleep 0.05
    done
    is $'1000 0\n1000 0' cat "$root/seen"
}
chmod 755 "$WORK" "$P"
t 'after a reboot setuid programs work as before' reboots_with_setuid life
t 'also with mapped ids' reboots_with_setuid mapped 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536'
