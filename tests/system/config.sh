#!/bin/bash
# What a person meets of the configuration when starting a container: bad lines, includes, keys that are answered.
. tests/lib.sh
needs_root
if [ ! -x /bin/busybox ]; then
    skip 'configurations at start' 'needs busybox-static'
    exit 0
fi

name=conftest$$
containers=$WORK/containers
rootfs=$containers/$name/rootfs
mkdir -p "$rootfs"/{bin,dev,proc,sys,etc,tmp,run}
cp /bin/busybox "$rootfs/bin/busybox"

# configure LINE...: a container that sleeps, and these lines.
configure() {
    printf '%s\n' "lxc.rootfs.path = dir:$rootfs" 'lxc.net.0.type = empty' 'lxc.init.cmd = /bin/busybox sleep 600' \
        "$@" > "$containers/$name/config"
}
on() { local applet=$1; shift; lxcbox "lxc-$applet" -P "$containers" -n $name "$@"; }
config=$containers/$name/config

configure 'lxc.tty.max = many'
t 'a bad value is named by file and line' refuses "$config:4: lxc.tty.max takes a number" on start
configure 'lxc.net.0.mtu = many'
t 'one that LXC reads, and fails on when it starts, is refused by the start alone' \
    refuses "$config:4: lxc.net.0.mtu takes a number of bytes" on start
t 'and the container is listed and answers' has STOPPED on info -c lxc.net.0.type -s
configure '# a remark' 'lxc.uts.nmae = a'
t 'a misspelt key is answered with the right one' refuses "$config:5: .*did you mean lxc.uts.name" on start
configure 'lxc.utsname = a'
t 'a key from before LXC 3.0 is answered with its present name' refuses 'lxc.uts.name since LXC 3.0' on start
configure 'lxc.include = /nowhere/at.all'
t 'an include that is not there is named' refuses "$config:4: cannot read /nowhere/at.all" on start
configure "lxc.include = $config"
t 'a configuration that includes itself is refused' refuses 'includes itself' on start
t 'nothing is running after all that' has STOPPED lxcbox lxc-info -P "$containers" -n $name -s

# As on a host without a file of LXC: an empty directory is mounted over its own.
configure 'lxc.include = /usr/share/lxc/config/debian.common.conf' 'lxc.include = /usr/share/lxc/config/nesting.conf' \
    'lxc.apparmor.profile = unconfined'
mkdir -p "$WORK/bare"
cleanup 'on stop -k'
bare() {
    if [ -d /usr/share/lxc ]; then
        unshare -m sh \
            -c "mount --bind '$WORK/bare' /usr/share/lxc && exec '$LXCBOX' lxc-start -P '$containers' -n $name"
    else
        on start
    fi
}
t 'a container starts with the built-in includes' bare
t 'a running container answers with a built-in setting' is 'lxc.pty.max = 1024' on info -c lxc.pty.max
dropped() { # sys_time is capability 25
    local mask
    mask=$(on attach -- /bin/busybox awk '/CapBnd/ { print $2 }' /proc/1/status)
    echo "$mask"
    [ $((0x$mask >> 25 & 1)) -eq 0 ]
}
t 'a capability that they drop is gone inside' dropped
