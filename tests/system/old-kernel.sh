#!/bin/bash
# The main job on kernels of other years: what a kernel lacks is done in the older way.
. "$(dirname "$0")/../lib.sh"
needs_root
busybox=$(command -v busybox) || { skip 'older kernels' 'needs busybox-static'; exit 0; }
gcc -O1 -o "$WORK/refuse" tests/refuse.c || exit 1

name=old-$$ P=$WORK/lxc root=$WORK/lxc/old-$$/rootfs bridge=lxcbo$(($$ % 100000))
mkdir -p "$root"/{bin,proc,sys,dev,etc,tmp}
cp "$busybox" "$root/bin/busybox"
for a in sh sleep cat ping ip id mount echo; do ln -s busybox "$root/bin/$a"; done
cat > "$root/bin/init" << 'END'
#!/bin/sh
trap 'exit 0' PWR
while :; do sleep 600 & wait $!; done
END
chmod 755 "$root/bin/init"
ip link add "$bridge" type bridge && ip addr add 10.213.78.1/24 dev "$bridge" && ip link set "$bridge" up || exit 1
cleanup "ip link del $bridge"
cat > "$P/$name/config" << END
lxc.rootfs.path = dir:$root
lxc.uts.name = old
lxc.init.cmd = /bin/init
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.mount.entry = /usr usr none ro,bind,create=dir 0 0
lxc.tty.max = 1
lxc.net.0.type = veth
lxc.net.0.link = $bridge
lxc.net.0.flags = up
lxc.net.0.name = eth0
lxc.net.0.ipv4.address = 10.213.78.2/24
END
cleanup "lxcbox lxc-stop -k -P $P -n $name"

for version in 4.19 5.4 5.10; do
    box() { local c=$1; shift; "$WORK/refuse" $version "$LXCBOX" "lxc-$c" -P "$P" -n "$name" "$@"; }
    inside() { box attach -- "$@"; }
    t "a container starts (Linux $version)" box start
    t "it runs (Linux $version)" is 'State:          RUNNING' box info -s
    t "it is entered (Linux $version)" is 'uid=0 gid=0' inside id
    t "of its namespaces one alone, too (Linux $version)" has '10.213.78.2' \
        box attach -s NETWORK -- "$(command -v ip)" addr show dev eth0
    t "with a terminal (Linux $version)" has 'hello' timeout 10 script -qec \
        "$WORK/refuse $version $LXCBOX lxc-attach -P $P -n $name -- /bin/echo hello" /dev/null
    t "the host reaches it (Linux $version)" ping -c 1 -W 5 10.213.78.2
    t "its mounts are there (Linux $version)" \
        inside sh -c 'cat /proc/mounts | busybox grep -q " /usr .*ro," && busybox test -d /usr/bin'
    t "it is frozen (Linux $version)" box freeze
    t "and thawed (Linux $version)" box unfreeze
    t "it stops by its init (Linux $version)" box stop -t 20
    t "and is gone (Linux $version)" is 'State:          STOPPED' box info -s
    t "a command is executed in it (Linux $version)" is hello box execute -- /bin/echo hello
    failure_is_reported() {
        box start -- /sbin/nonesuch 2>&1
        :
    }
    t "what fails says why (Linux $version)" has 'cannot execute /sbin/nonesuch' failure_is_reported
    start_and_kill() { box start && box stop -k; }
    t "it is killed (Linux $version)" start_and_kill
    t "a container is made (Linux $version)" \
        "$WORK/refuse" $version "$LXCBOX" lxc-create -P "$P" -n "$name-$version" -t busybox
    t "and removed (Linux $version)" "$WORK/refuse" $version "$LXCBOX" lxc-destroy -P "$P" -n "$name-$version"
    nothing_is_left() {
        grep -q "$name" /proc/mounts || find /sys/fs/cgroup -name "lxc.*.$name*" | grep .
    }
    t "nothing is left (Linux $version)" fails nothing_is_left
done
