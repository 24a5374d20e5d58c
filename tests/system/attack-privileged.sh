# Root of a container without a user namespace, with lxcbox's own configurations (common.conf): what they close is
# closed, and what they cannot close is shown, as README lists it.
. tests/lib.sh
needs_root
command -v gcc > /dev/null || { skip 'attacks of privileged containers' 'needs gcc'; exit 0; }
# The configurations that are built in are used where none are on disk.
if [ -d /usr/share/lxc/config ] && [ -z "${OWN_CONFIG:-}" ]; then
    rm -rf "$WORK"
    OWN_CONFIG=1 exec unshare -m sh -c '
        mount --make-rprivate / && mount -t tmpfs none /usr/share/lxc && exec bash tests/system/attack-privileged.sh'
fi
P=$WORK/lxc N=privileged-$$
chmod 755 "$WORK" && mkdir "$P"
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.include = /usr/share/lxc/config/common.conf' > "$WORK/config"
lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -t busybox > "$WORK/create" 2>&1 || { cat "$WORK/create"; exit 1; }
R=$P/$N/rootfs
cat > "$WORK/probe.c" << 'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "handle") == 0) {
        struct file_handle *h = calloc(1, sizeof(*h) + 8);
        int root = open("/", O_RDONLY);
        h->handle_bytes = 8, h->handle_type = 1, h->f_handle[0] = 2; /* the root of most file systems */
        puts(open_by_handle_at(root, h, O_RDONLY) < 0 ? strerrorname_np(errno) : "opened");
    } else if (argc == 3) {
        puts(syscall(SYS_ioctl, -1, strtoul(argv[2], NULL, 0), "x") < 0 ? strerrorname_np(errno) : "done");
    } else {
        return 2;
    }
    return 0;
}
END
gcc -static -o "$R/probe" "$WORK/probe.c" || exit 1
execute() { # [KEY=VALUE]... -- COMMAND...
    local options=()
    while [ "$1" != -- ]; do options+=(-s "$1"); shift; done
    shift
    lxcbox lxc-execute -P "$P" -n "$N" "${options[@]}" -- "$@"
}

# --- System calls ---

t 'open_by_handle_at(2), which reaches every file of the file system, is refused' is EPERM execute -- /probe handle
t 'so are TIOCSTI, which types on a terminal' is EPERM execute -- /probe ioctl 0x5412
t 'and TIOCLINUX, which pastes on a virtual console' is EPERM execute -- /probe ioctl 0x541c
t 'also with bits that the kernel ignores' is EPERM execute -- /probe ioctl 0x1234567800005412
t 'other ioctls are not' is EBADF execute -- /probe ioctl 0x5413
for call in 'insmod /probe' 'rmmod loop'; do
    t "${call%% *} is refused" fails execute -- sh -c "$call"
done

# --- Devices ---

reads() { # TYPE MAJOR MINOR [KEY=VALUE]...: whether the container can open the device
    local node="$1 $2 $3"
    shift 3
    execute "$@" -- sh -c "rm -f /node; mknod /node $node && (: < /node) 2> /dev/null && echo opened; rm -f /node"
}
root_device=$(stat -c %Hd:%Ld / 2> /dev/null)
t 'a device of the host is not opened: a virtual console' is '' reads c 4 1
t 'nor loop-control' is '' reads c 10 237
t 'nor a loop device' is '' reads b 7 0
t "nor the disk of the host" is '' reads b "${root_device%:*}" "${root_device#*:}"
t 'the null device is' is opened reads c 1 3

# --- Its own limits and the cgroup tree of the host ---

# Mounts the hierarchy in the container, and prints what COMMAND prints in its root.
controller() { # NAME [KEY=VALUE]... -- COMMAND
    local name=$1 type='cgroup -o' options=()
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    [ -d "/sys/fs/cgroup/$name" ] || { type=cgroup2 name=; }
    execute "${options[@]}" -- sh -c "mkdir -p /cg && mount -t $type $name cgroup /cg && cd /cg && $2"
}
if [ -d /sys/fs/cgroup/devices ]; then
    raised() { # the container allows itself every device
        controller devices -- '
            for rule in a "b *:* rwm" "c *:* rwm"; do echo "$rule" > devices.allow; done 2> /dev/null
            mkdir -p sub
            for rule in a "b *:* rwm" "c *:* rwm"; do echo "$rule" > sub/devices.allow; done 2> /dev/null
            echo $$ > sub/tasks
            rm -f /node; mknod /node c 10 237; (: < /node) 2> /dev/null && echo opened; rm -f /node
            echo end'
    }
    t 'its device rules cannot be changed from inside' is end raised
fi
forks() { # how many processes run at once, after the container has raised the limit that it finds
    controller pids "$1" -- '
        for f in pids.max */pids.max; do echo max > $f; done 2> /dev/null
        n=0; while [ $n -lt 40 ]; do sleep 2 & n=$((n + 1)); done 2> /dev/null
        n=0; for p in /proc/[0-9]*; do n=$((n + 1)); done; echo $n' 2> /dev/null
}
below() { local n; n=$("$@") || n=0; echo "processes: $n"; [ "${n:-0}" -lt 20 ]; }
key=lxc.cgroup.pids.max; [ -d /sys/fs/cgroup/pids ] || key=lxc.cgroup2.pids.max
t 'its limit of processes cannot be raised from inside' below forks $key=12
agents() { execute -- sh -c '
    mkdir -p /cg && for c in cpu devices freezer memory pids name=systemd; do
        mount -t cgroup -o $c none /cg 2> /dev/null || continue
        ls /cg | grep release_agent
        mount -t cgroup -o remount,$c,release_agent=/bin/sh none /cg 2> /dev/null && grep release_agent /proc/mounts
        umount /cg
    done
    mount -t cgroup -o none,name=new,release_agent=/bin/sh none /cg 2> /dev/null && echo mounted
    echo end'; }
t 'no release_agent is found, set or made' is end agents
kept() { # a container in the cgroup namespace of the host, with what lxc.mount.auto = cgroup:mixed gives
    execute lxc.namespace.keep=cgroup -- sh -c '
        cd /sys/fs/cgroup && for d in *; do
            for f in $d/new $d/release_agent $d/tasks $d/cgroup.procs; do
                case $f in */new) mkdir $f;; *) (: >> $f);; esac 2> /dev/null && echo "written: $f"
            done
        done; ls -d */lxc.payload.*/inner/tasks > /dev/null && echo end'
}
if [ -d /sys/fs/cgroup/pids ]; then
    t 'the tree of the host is read-only in its cgroup namespace' is end kept
fi
with_image() {
    local N=image-$$
    lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -B loop --fssize 64m -t busybox > /dev/null &&
        is '' reads b 7 0 && is opened reads c 1 3
}
t 'a container with a rootfs in an image starts with these rules, and keeps them' with_image
added() { # a device that root of the host adds is opened, also where init is below the cgroup with the limits
    lxcbox lxc-start -P "$P" -n "$N" || return
    lxcbox lxc-device -P "$P" -n "$N" add /dev/loop-control && inside 'exec 3< /dev/loop-control && echo opened'
    local r=$?
    lxcbox lxc-stop -k -P "$P" -n "$N"
    return $r
}
inside() { lxcbox lxc-attach -P "$P" -n "$N" -- sh -c "$1"; }
t 'a device that is added to it can be opened' is opened added

# --- What only a user namespace or a security module closes: README, "Privileged and mapped containers" ---

# The files of a new procfs that are global to the host, and that root of the container can open for writing; with
# its own /proc where it cannot mount another.
settings=()
for file in sys/kernel/core_pattern sys/kernel/modprobe sys/kernel/printk sysrq-trigger; do
    [ ! -e "/proc/$file" ] || settings+=("$file")
done
writable() { # [KEY=VALUE]...
    execute lxc.mount.auto=proc:rw "$@" -- sh -c '
        mkdir -p /new; mount -t proc proc /new 2> /dev/null || mount --bind /proc /new
        for file; do (: >> /new/$file) 2> /dev/null && echo "$file"; done
        umount /new' sh "${settings[@]}"
}
t 'root without a user namespace can write settings of the host in a new procfs' \
    is "$(printf '%s\n' "${settings[@]}")" writable
mapped=(lxc.idmap='u 0 100000 65536' lxc.idmap='g 0 100000 65536' lxc.cap.drop= lxc.tty.dir=
    lxc.cgroup{,2}.devices.{deny,allow}= lxc.cgroup.dir.container.inner=)
chown -R --from=0:0 100000:100000 "$R" && chmod 755 "$P/$N"
t 'with mapped ids it cannot' is '' writable "${mapped[@]}"
