#!/bin/bash
# lxc-cgroup, lxc-device and lxc-top, on a container that lxcbox runs and on one that stock LXC runs.
. tests/lib.sh
needs_root
if [ ! -x /bin/busybox ]; then
    skip 'cgroups and devices of a running container' 'needs busybox-static'
    exit 0
fi

name=cgtest$$
containers=$WORK/containers
rootfs=$containers/$name/rootfs
mkdir -p "$rootfs"/{bin,dev,proc,sys,etc,tmp}
cp /bin/busybox "$rootfs/bin/busybox"
ln -s busybox "$rootfs/bin/sh"
cat > "$containers/$name/config" << END
lxc.rootfs.path = dir:$rootfs
lxc.uts.name = $name
lxc.net.0.type = empty
lxc.init.cmd = /bin/busybox sleep 600
lxc.cgroup.devices.deny = a
lxc.cgroup.devices.allow = c *:* m
lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup2.devices.deny = a
lxc.cgroup2.devices.allow = c *:* m
lxc.cgroup2.devices.allow = c 1:3 rwm
END
cleanup 'lxcbox lxc-stop -k -P "$containers" -n $name'

on() { local applet=$1; shift; lxcbox "lxc-$applet" -P "$containers" -n $name "$@"; }
inside() { lxcbox lxc-attach -P "$containers" -n $name -- /bin/busybox "$@"; }

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then limit=memory.max; else limit=memory.limit_in_bytes; fi

# What the kernel says to writing to a node of /dev/full made inside.
write_full() { inside sh -c "busybox mknod /tmp/full$1 c 1 7; { echo x > /tmp/full$1; } 2>&1; :"; }

# The commands and their effect; $1 says whose monitor it is that they ask.
effects() {
    t "lxc-cgroup sets a value ($1)" on cgroup $limit 64M
    t "lxc-cgroup reads a value ($1)" is 67108864 on cgroup $limit
    t "a device that was not given cannot be used ($1)" has 'Operation not permitted' write_full 1
    t "lxc-device makes a device node ($1)" on device add /dev/full /dev/new/full
    t "its numbers and mode are those of the host ($1)" has '^21b6 1 7$' inside stat -c '%f %t %T' /dev/new/full
    t "the container may use it ($1)" has 'No space left' write_full 2
    t "lxc-device removes it ($1)" on device del /dev/full /dev/new/full
    t "the node is gone ($1)" fails inside test -e /dev/new/full
    t "and it cannot be used any more ($1)" has 'Operation not permitted' write_full 3
}

if command -v lxc-start > /dev/null; then
    lxc-start -P "$containers" -n $name || exit 1
    effects 'run by stock LXC'
    t 'lxc-cgroup shows what stock LXC shows' is "$(lxc-cgroup -P "$containers" -n $name $limit)" on cgroup $limit
    lxcbox lxc-stop -k -P "$containers" -n $name
    rm -f "$rootfs"/tmp/full?
else
    skip 'lxc-cgroup and lxc-device on a container of stock LXC' 'needs lxc'
fi
lxcbox lxc-start -P "$containers" -n $name || exit 1
effects 'run by lxcbox'

t 'lxc-cgroup refuses a value that the kernel refuses' refuses 'cannot set memory.*to nonsense' \
    on cgroup $limit nonsense
t 'lxc-cgroup refuses a file that is not there' refuses 'have no memory.nosuchfile' on cgroup memory.nosuchfile
t 'lxc-cgroup refuses to leave the cgroup' refuses 'cannot read' on cgroup ../cgroup.procs
t 'lxc-cgroup refuses a container that is not running' refuses 'there is no container' \
    lxcbox lxc-cgroup -P "$containers" -n nowhere $limit

t 'lxc-device does not overwrite a file that is not a device' refuses 'exists and is not a device' \
    on device add /dev/full /bin/sh
ln -s /../../../../../../../.. "$rootfs/tmp/out"
t 'a link inside the container leads nowhere outside it' on device add /dev/full "/tmp/out/lxcbox-$name"
t 'the node is inside then' [ ! -e "/lxcbox-$name" -a -c "$rootfs/lxcbox-$name" ]
t 'a device that the host has not is refused' refuses 'No such file' on device add /dev/nosuchdevice
t 'an unknown action is refused' refuses 'the arguments are' on device give /dev/full

link=cg$$
if ip link add ${link}a type veth peer name ${link}b 2> /dev/null; then
    cleanup 'ip link del ${link}a'
    t 'lxc-device moves an interface into the container' on device add ${link}b eth7
    t 'it has its new name there' inside ip link show eth7
    t 'and is gone from the host' fails ip link show ${link}b
    t 'lxc-device brings it back' on device del eth7 ${link}b
    t 'it has its old name again' ip link show ${link}b
    returns() { # COMMAND...: which ends the life of the container's network
        on device add ${link}b eth7 && inside ip link show eth7 && "$@" && ip link show ${link}b
    }
    t 'an interface that is moved comes back at the end' returns lxcbox lxc-stop -k -P "$containers" -n $name
    t 'and no record of it stays' [ ! -e "$containers/$name/lxcbox.links" ]
    lxcbox lxc-start -P "$containers" -n $name || exit 1
    taken() {
        on device add ${link}b eth7 && ip link add ${link}b type veth peer name ${link}c &&
            lxcbox lxc-stop -k -P "$containers" -n $name && ip -o link | grep -E ': (phys[0-9]+|eth7)@'
        local result=$?
        ip link del ${link}b
        return $result
    }
    t 'under another name where its own is taken' taken
    lxcbox lxc-start -P "$containers" -n $name || exit 1
else
    skip 'lxc-device moves interfaces' 'this kernel makes no veth'
fi

t 'lxc-top prints a line of values for each container' has "^[0-9]+,$name(,[0-9]+){8}$" \
    timeout --preserve-status -s TERM 1 "$LXCBOX" lxc-top -P "$containers" -b -d 600
t 'lxc-top refuses an unknown sort key' refuses 'takes n, c, b, m, s or k' lxcbox lxc-top -s x
t 'lxc-top without a terminal for its keys is refused' refuses 'standard input is not a terminal' \
    lxcbox lxc-top -P "$containers" < /dev/null
