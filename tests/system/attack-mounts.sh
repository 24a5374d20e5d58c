# A hostile rootfs, and a hostile neighbour on a shared directory, against every mount and every write of a start:
# targets that are links, a /proc that is not one, directories that change their names meanwhile.
. tests/lib.sh
needs_root
command -v python3 > /dev/null || { skip 'attacks on mounts' 'needs python3'; exit 0; }
P=$WORK/lxc N=mounts-$$
chmod 755 "$WORK" && mkdir "$P"
echo lxc.net.0.type = empty > "$WORK/config"
lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -t busybox > "$WORK/create" 2>&1 || { cat "$WORK/create"; exit 1; }
R=$P/$N/rootfs
execute() { # [KEY=VALUE]... -- COMMAND...
    local options=()
    while [ "$1" != -- ]; do options+=(-s "$1"); shift; done
    shift
    lxcbox lxc-execute -P "$P" -n "$N" "${options[@]}" -- "$@"
}

# --- Links in /dev ---

image_dev() { # NAME TARGET: /dev of the image, with a link; devices, that a command may use them
    rm -rf "$R/dev" && mkdir -p "$R/dev/pts" "$R/dev/shm"
    mknod -m 666 "$R/dev/null" c 1 3 && mknod -m 666 "$R/dev/zero" c 1 5
    [ $# -eq 0 ] || ln -sfnT "$2" "$R/dev/$1"
}
own_dev=(lxc.autodev=0 lxc.tty.max=1 lxc.pty.max=16)
covered() { # what has been mounted on a device or directory of the container's /dev
    execute "${own_dev[@]}" -- sh -c 'while read -r a b c root place rest; do
        case $place in /dev/*) echo ${place#/dev/};; esac; done < /proc/self/mountinfo' | sort | tr '\n' ' '
}
usual='console mqueue ptmx pts shm tty1 '
for name in console tty1 ptmx; do
    image_dev "$name" null
    t "/dev/$name as a link to /dev/null covers no /dev/null" is "$usual" covered
    image_dev "$name" pts/0
    t "nor as a link into /dev/pts" is "$usual" covered
done
mkdir -p "$R/trap" && echo untouched > "$R/trap/victim" && chmod 644 "$R/trap/victim"
untouched() { is untouched cat "$R/trap/victim" && is '0 644' stat -c '%u %a' "$R/trap/victim"; }
for name in console tty1 ptmx; do
    image_dev "$name" ../trap/victim
    usual_and_untouched() { is "$usual" covered && untouched; }
    t "nor does it reach a file outside /dev as /dev/$name" usual_and_untouched
done
image_dev
mkdir "$R/dev/lxc" && ln -s ../null "$R/dev/lxc/tty1"
tty_in_directory() {
    own_dev+=(lxc.tty.dir=lxc) &&
        is "console lxc/console lxc/tty1 mqueue ptmx pts shm tty1 " covered
}
t 'nor as a link in the directory of lxc.tty.dir' tty_in_directory
own_dev=(lxc.autodev=0 lxc.tty.max=1 lxc.pty.max=16)
image_dev && rmdir "$R/dev/pts" && ln -s shm "$R/dev/pts"
t 'a /dev/pts that is a link is refused' refuses '/dev/pts in the container' execute "${own_dev[@]}" -- true
for autodev in 0 1; do
    rm -rf "$R/dev" && ln -s trap "$R/dev"
    t "a /dev that is a link is refused (lxc.autodev = $autodev)" \
        refuses '/dev in the container' execute lxc.autodev=$autodev -- true
done
rm "$R/dev" && mkdir "$R/dev"

# --- A /proc that is none ---

fake_proc() { # directories and links where the kernel has its files
    rm -rf "$R/proc" && mkdir -p "$R/proc/sys/kernel" "$R/proc/self/attr"
    ln -s /trap/victim "$R/proc/sys/kernel/domainname" && ln -s /trap/victim "$R/proc/self/oom_score_adj"
    for name in attr/exec attr/current attr/keycreate; do ln -s /trap/victim "$R/proc/self/$name"; done
    for n in thread-self 1 2; do ln -s self "$R/proc/$n"; done
}
rm -rf "$R/proc"; fake_proc
domain() { # the domain name of the uts namespace, which a program of the host reads there
    execute lxc.sysctl.kernel.domainname=changed lxc.mount.entry="$WORK bin.host none bind,create=dir" \
        -- /bin.host/domain
}
cat > "$WORK/domain.c" << 'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/utsname.h>
int main(void)
{
    struct utsname u;
    return uname(&u) < 0 || puts(u.domainname) < 0;
}
END
gcc -static -o "$WORK/domain" "$WORK/domain.c" || exit 1
domain_changed() { is changed domain && untouched; }
t 'a sysctl is set in the kernel, whatever /proc of the rootfs is' domain_changed
oom_value_set() { execute lxc.proc.oom_score_adj=77 -- true && untouched; }
t 'so is the oom value of init' oom_value_set
echo untouched > "$WORK/victim"
for key in root/trap/victim "root$WORK/victim" cwd/trap/victim fd/1 ../self/fd/1; do
    t "lxc.proc.$key is refused: it leaves the files of the process" \
        refuses "cannot set lxc.proc" execute "lxc.proc.$key=1" -- true
done
all_untouched() { untouched && is untouched cat "$WORK/victim"; }
t 'and no file was written' all_untouched

# A container of a user, whose monitor is not ours: root applies the values that it names to a process of its own.
cat > "$WORK/impostor.py" << 'END'
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0%s/%s/command" % (sys.argv[1], sys.argv[2]))
s.listen(8)
print("ready", flush=True)
while True:
    c = s.accept()[0]
    request = c.recv(16)
    if len(request) < 16:
        continue
    number, length, _ = struct.unpack("=iiq", request)
    key = c.recv(length) if length > 0 else b""
    value, result, data = {3: 2, 4: int(sys.argv[3])}.get(number, 0), 0 if number in (3, 4) else -2, b""
    if number == 7 and key.startswith(b"lxc.proc\0"):
        result, data = 0, sys.argv[4].encode() + b"\0"
    c.sendall(struct.pack("=iiq", result, len(data), value) + data)
    c.close()
END
user=64000
as_user=(setpriv --reuid $user --regid $user --clear-groups)
told() { # LINE: what lxc-attach of root does when the monitor of a user says so
    mkdir -p "$P/user-$$" && cp "$P/$N/config" "$P/user-$$/config" && chown $user "$P/user-$$"
    "${as_user[@]}" unshare -rmp --fork --kill-child sleep 600 > /dev/null 2>&1 &
    local starter=$! inside=
    cleanup "kill -9 $starter"
    for _ in $(seq 200); do inside=$(pgrep -P $starter) && [ -s "/proc/$inside/uid_map" ] && break; sleep 0.05; done
    "${as_user[@]}" /usr/bin/python3 "$WORK/impostor.py" "$P" user-$$ "$inside" "$1" > "$WORK/ready" 2>&1 &
    local impostor=$!
    cleanup "kill $impostor"
    for _ in $(seq 200); do grep -q ready "$WORK/ready" && break; sleep 0.05; done
    lxcbox lxc-attach -P "$P" -n user-$$ -- true
    local r=$?
    kill -9 $impostor $starter && wait $impostor $starter 2> /dev/null
    return $r
}
t 'a value of lxc.proc is applied that the monitor of a user names' told 'lxc.proc.oom_score_adj = 10'
t 'but not to a file outside /proc/PID' refuses 'cannot set lxc.proc' told "lxc.proc.root$WORK/victim = owned"
t 'which was not written' is untouched cat "$WORK/victim"

# --- Directories that change their names during the start ---

# A neighbour on a shared directory exchanges two directories as soon as the second has been mounted on.
rm -rf "$R/proc" && mkdir -p "$R/proc" "$R/vol/a" "$R/vol/b" "$WORK/rw" "$WORK/ro/below"
cat > "$WORK/exchange.py" << 'END'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
volume, mode, name = sys.argv[1:4]
os.chdir(volume)
def exchange():
    libc.renameat2(-100, b"a", -100, b"b", 2)
def mounted():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            table = open("/proc/%s/mountinfo" % pid).read()
        except OSError:
            continue
        if name in table:
            return True
print("ready", flush=True)
while mode == "race":
    exchange()
    time.sleep(0.0002)
end = time.time() + 20
while time.time() < end and not mounted():
    pass
exchange()
END
cat > "$WORK/write.sh" << 'END'
for place in vol/a vol/b; do
    [ ! -d /$place/below ] || echo there
    (: > /$place/file) 2> /dev/null
done
exit 0
END
exchanged() { # MODE RUNNER...: no start leaves the read-only directory of the host writable
    local mode=$1 exchanger r
    shift
    python3 "$WORK/exchange.py" "$R/vol" "$mode" "$WORK/ro" > "$WORK/ready" 2>&1 &
    exchanger=$!
    cleanup "kill -9 $exchanger"
    for _ in $(seq 200); do grep -q ready "$WORK/ready" && break; sleep 0.05; done
    cp "$WORK/write.sh" "$R/write.sh"
    "$@" "$LXCBOX" lxc-execute -P "$P" -n "$N" -s "lxc.mount.entry = $WORK/rw vol/b none bind 0 0" \
        -s "lxc.mount.entry = $WORK/ro vol/a none bind,ro 0 0" -- sh /write.sh
    r=$?
    kill -9 $exchanger 2> /dev/null
    wait $exchanger 2> /dev/null
    [ ! -e "$WORK/ro/file" ] || { rm "$WORK/ro/file"; echo "written on the host"; return 1; }
    return $r
}
slow=(strace -f -qq -o "$WORK/trace" -e trace=mount,move_mount -e inject=mount,move_mount:delay_exit=200000)
if command -v strace > /dev/null; then
    t 'a read-only mount is read-only, where a neighbour moves it while it is made' \
        has '^there$' exchanged once "${slow[@]}"
else
    skip 'a read-only mount is read-only, where a neighbour moves it while it is made' 'needs strace'
fi
raced() { # [RUNNER]...: a start may fail
    local out there=0
    for _ in $(seq 20); do
        out=$(exchanged race "$@" 2>&1)
        ! grep 'written on' <<< "$out" || { echo "$out"; return 1; }
        ! grep -q there <<< "$out" || there=$((there + 1))
    done
    echo "$there of 20 starts have the mount"
    [ $there -gt 0 ]
}
t 'nor does any of 20 starts leave it writable while names change all the time' raced
gcc -O1 -o "$WORK/refuse" tests/refuse.c || exit 1
t 'nor on a kernel without the calls for detached mounts' raced "$WORK/refuse" 4.19
