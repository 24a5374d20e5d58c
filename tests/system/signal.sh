#!/bin/bash
# lxc.signal.* in the executable itself, whose C library numbers real-time signals from another first one than the rest.
. "$(dirname "$0")/../lib.sh"
needs_root
busybox=$(command -v busybox) || { skip 'signals by name' 'needs busybox-static'; exit 0; }
name=signal-$$ P=$WORK/lxc root=$WORK/lxc/signal-$$/rootfs
mkdir -p "$root"/{bin,dev,proc,sys}
cp "$busybox" "$root/bin/busybox"
printf '%s\n' "lxc.rootfs.path = dir:$root" 'lxc.net.0.type = empty' 'lxc.init.cmd = /bin/busybox sleep 600' \
    'lxc.signal.halt = SIGRTMIN+3' 'lxc.signal.reboot = SIGRTMAX-10' > "$P/$name/config"
cleanup "lxcbox lxc-stop -k -P $P -n $name"
t 'a container with real-time signals starts' lxcbox lxc-start -P "$P" -n "$name"
t "SIGRTMIN+3 is systemd's signal to halt" is 'lxc.signal.halt = 37' \
    lxcbox lxc-info -P "$P" -n "$name" -c lxc.signal.halt
t 'SIGRTMAX counts from the last' is 'lxc.signal.reboot = 54' lxcbox lxc-info -P "$P" -n "$name" -c lxc.signal.reboot
