# mkinitramfs: what goes into an initramfs, and what is refused. That it boots is tested in tests/boot/init.sh.
. tests/lib.sh
initramfs() { lxcbox mkinitramfs -o "$WORK/initrd" "$@"; }
refuses_cleanly() { rm -f "$WORK/initrd" && refuses "$@" && [ ! -e "$WORK/initrd" ]; }
contains() { initramfs -m none "${@:2}" && grep -aq "$1" "$WORK/initrd"; } # names stand in it as they are

mkdir -p "$WORK/c/rootfs" "$WORK/base/lib/modules/1.0/kernel"
echo 'lxc.uts.name = c' > "$WORK/c/config"
: > "$WORK/base/lib/modules/1.0/kernel/ext4.ko"
t 'a container is added with all in it' contains var/lib/lxc/c/config -a "$WORK/c:/var/lib/lxc/c"
if [ -x /bin/busybox ]; then
    t 'a static busybox is added as such' contains bin/busybox --busybox /bin/busybox
else
    skip 'a static busybox is added as such' 'needs busybox-static'
fi
t 'a file that the data disk would hide is refused' refuses_cleanly \
    'init mounts the data disk at /var \(put a container at' initramfs -m none -a "$WORK/c:/var/cache/lxc"
t 'a busybox that is not static is refused' \
    refuses_cleanly '/bin/ls is not a static program' initramfs -m none --busybox /bin/ls
t 'modules without modules.dep are refused with the command to run' refuses_cleanly \
    'modules/1.0 has no modules.dep \(run "depmod' initramfs -b "$WORK/base" -k 1.0
t 'also of modprobe' refuses 'modules/1.0 has no modules.dep \(run "depmod' \
    lxcbox modprobe -n -d "$WORK/base" -S 1.0 ext4
