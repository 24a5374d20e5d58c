#!/bin/bash
# lxc.rootfs.path of every type, idmapped mounts, shmounts: seen from inside the container.
. "$(dirname "$0")/../lib.sh"
needs_root

root=$WORK/root
mkdir -p "$root"/{bin,proc,sys,dev,mnt} "$WORK"/{lxc,data,up}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh cat grep id ls stat touch; do ln -s busybox "$root/bin/$applet"; done
truncate -s 24M "$WORK/ext4.img"
mkfs.ext4 -q -d "$root" "$WORK/ext4.img"
chmod 755 "$WORK"
# The kernel frees a loop device shortly after the last mount is gone.
busy_loops() {
    for _ in {1..50}; do
        losetup -l -n -O BACK-FILE | grep -q "$WORK" || break
        sleep 0.1
    done
    losetup -l -n -O BACK-FILE | grep -c "$WORK" || true
}

# container NAME < CONFIG: made beneath $WORK/lxc, with what all have in common.
container() {
    mkdir -p "$WORK/lxc/$1"
    { echo 'lxc.net.0.type = empty'; echo 'lxc.mount.auto = proc'; cat; } > "$WORK/lxc/$1/config"
}
# inside NAME COMMAND: what a shell in it prints.
inside() { lxcbox lxc-execute -P "$WORK/lxc" -n "$1" -- /bin/sh -c "$2"; }
idmap=$'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536'

for type in "" dir: btrfs:; do
    container directory <<< "lxc.rootfs.path = $type$root"
    t "a directory is a rootfs (${type:-plain path})" has ' / ' inside directory 'cat /proc/self/mountinfo'
done

ln -s / "$WORK/link"
for path in / dir:/ "dir:$WORK/link"; do
    container host <<< "lxc.rootfs.path = $path"
    t "the host's root is a rootfs ($path)" is "$(stat -c %i /usr) 2" inside host 'echo $(stat -c %i /usr) $$'
done
container host << EOF
$idmap
lxc.rootfs.path = /
lxc.mount.entry = $WORK/data /mnt none bind 0 0
EOF
echo data > "$WORK/data/file"
t 'also with ids of its own, and mounts by absolute targets' is data inside host 'cat /mnt/file'

mkdir "$WORK/place"
absolute() { # PATH TARGET OPTION
    container absolute <<< "lxc.rootfs.path = $1
lxc.mount.entry = $WORK/data $2/mnt none bind 0 0
$3"
    is data inside absolute 'cat /mnt/file'
}
home=$WORK/lxc/absolute/rootfs
t 'an absolute target begins with the rootfs of dir:' absolute "dir:$root" "$root" "lxc.rootfs.mount = $WORK/place"
t 'of btrfs:' absolute "btrfs:$root" "$root" "lxc.rootfs.mount = $WORK/place"
t 'with where it is assembled' absolute "btrfs:$root" "$WORK/place" "lxc.rootfs.mount = $WORK/place"
t "with the container's directory, for an image" absolute "loop:$WORK/ext4.img" "$home" ''
t 'and for an overlay' absolute "overlay:$root:$WORK/up" "$home" ''
rm -r "$WORK/up" "$WORK/olwork" "$WORK/data/file" && mkdir "$WORK/up"

for type in "" loop: lvm:; do
    container image <<< "lxc.rootfs.path = $type$WORK/ext4.img"
    t "an image file is a rootfs (${type:-plain path})" has '^/dev/loop[0-9]+ / ext4 rw' inside image 'cat /proc/mounts'
done
t 'data written to an image stays' inside image 'touch /kept'
t 'and is there at the next start' is /kept inside image 'ls /kept'
container image << EOF
lxc.rootfs.path = loop:$WORK/ext4.img
lxc.rootfs.options = ro,nosuid
EOF
t 'lxc.rootfs.options apply to an image' has '^/dev/loop[0-9]+ / ext4 ro,nosuid' inside image 'cat /proc/mounts'
container image << EOF
lxc.rootfs.path = loop:$WORK/ext4.img
lxc.hook.mount = /bin/false
EOF
t 'a start that fails after mounting is refused' fails inside image true
t 'no loop device is left, after ends and failures' is 0 busy_loops

device=$(losetup -f --show "$WORK/ext4.img")
cleanup "losetup -d $device"
container device <<< "lxc.rootfs.path = $device"
t 'a block device is a rootfs' has "^$device / ext4" inside device 'cat /proc/mounts'
losetup -d "$device"

if command -v mksquashfs > /dev/null; then
    mksquashfs "$root" "$WORK/squashfs.img" -quiet -no-progress
    container squashfs <<< "lxc.rootfs.path = squashfs:$WORK/squashfs.img"
    t 'a squashfs image is written over in memory' is '/new' inside squashfs 'touch /new && ls /new'
    t 'which the next start does not see' fails inside squashfs 'ls /new'
    container squashfs <<< "lxc.rootfs.path = squashfs:$WORK/squashfs.img:$WORK/up"
    t 'or in a directory' inside squashfs 'touch /new'
    t 'which keeps the changes alone' is new ls "$WORK/up"
    container squashfs <<< "lxc.rootfs.path = $WORK/squashfs.img"
    t 'by itself it is read-only' has ' / squashfs ro' inside squashfs 'cat /proc/mounts'
else
    skip 'a squashfs image is written over in memory' 'no mksquashfs'
fi

refused() { # REGEX PATH
    container refused <<< "lxc.rootfs.path = $2"
    refuses "$1" lxcbox lxc-execute -P "$WORK/lxc" -n refused -- /bin/true
}
t 'nbd: is refused with the remedy' refused 'qemu-nbd.*loop:' nbd:/image.qcow2
t 'rbd: is refused with the remedy' refused 'rbd map' rbd:pool/image
t 'zfs: on a kernel without it is reported' refused 'zfs' zfs:tank/c
t 'an unknown type is refused by name' refused '"floppy"' floppy:/a
t 'an image with no file system is refused' refused 'does not contain a known file system' "loop:$root/bin/busybox"
t 'an image that is not there is refused' refused "$WORK/none: No such file" "loop:$WORK/none"

# Ids. On disk everything is root's.
container mapped << EOF
$idmap
lxc.rootfs.path = $root
lxc.rootfs.options = idmap=container
lxc.mount.entry = $WORK/data mnt none bind,idmap=container 0 0
EOF
t "idmap=container shows root's directories as root's" is '0 0' inside mapped 'echo $(stat -c %u /bin /mnt)'
t 'a file that it makes there' inside mapped 'touch /made /mnt/made'
t 'belongs to root on the host, too' is $'0\n0' stat -c %u "$root/made" "$WORK/data/made"
container mapped << EOF
$idmap
lxc.rootfs.path = loop:$WORK/ext4.img
lxc.rootfs.options = idmap=container
EOF
t 'an image serves a container with ids of its own' is 0 inside mapped 'stat -c %u /bin'
container mapped << EOF
$idmap
lxc.rootfs.path = $root
lxc.rootfs.options = idmap=container
lxc.mount.entry = $WORK/none mnt none bind,optional,idmap=container 0 0
lxc.mount.entry = $WORK/data sys none bind,idmap=container 0 0
EOF
t 'an optional mount that is missing does not displace the next' is made inside mapped 'ls /sys'
container mapped << EOF
lxc.rootfs.path = $root
lxc.rootfs.options = idmap=container
EOF
t 'idmap=container needs ids of its own' refuses 'no user namespace' \
    lxcbox lxc-execute -P "$WORK/lxc" -n mapped -- /bin/true
unshare -U sleep 60 &
sleeper=$!
cleanup "kill $sleeper"
until [ "$(readlink /proc/$sleeper/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
echo '0 7000 100' > /proc/$sleeper/uid_map
echo '0 7000 100' > /proc/$sleeper/gid_map
container mapped << EOF
lxc.rootfs.path = $root
lxc.mount.entry = $WORK/data mnt none bind,idmap=/proc/$sleeper/ns/user 0 0
EOF
t 'idmap=PATH shows ids through another user namespace' is 7000 inside mapped 'stat -c %u /mnt'
kill $sleeper

# A tunnel for mounts.
mkdir -p "$WORK/tunnel"
mount --bind "$WORK/tunnel" "$WORK/tunnel"
cleanup "umount -R $WORK/tunnel"
mount --make-private "$WORK/tunnel"
mount --make-shared "$WORK/tunnel"
mkdir "$WORK/tunnel/later"
mkfifo "$root/go" "$root/ready"
container tunnel << EOF
lxc.rootfs.path = $root
lxc.mount.auto = shmounts:$WORK/tunnel
EOF
inside tunnel 'echo > /ready; cat /go; ls /dev/.lxc-mounts/later' > "$WORK/seen" &
timeout 20 cat "$root/ready"
mount -t tmpfs none "$WORK/tunnel/later"
touch "$WORK/tunnel/later/arrived"
timeout 20 sh -c "echo > $root/go"
wait $!
t 'a later mount beneath shmounts appears in the container' grep -q arrived "$WORK/seen"

# Containers on an overlay: what is in its upper layer may not be another's.
mkdir -p "$WORK"/over/{lower,upper,work,merged}
mount -t overlay -o "lowerdir=$WORK/over/lower,upperdir=$WORK/over/upper,workdir=$WORK/over/work" over \
    "$WORK/over/merged"
cleanup "umount $WORK/over/merged"
mkdir "$WORK/over/merged/changes"
container on-overlay <<< "lxc.rootfs.path = overlay:$root:$WORK/over/merged/changes"
t 'an overlay on an overlay is refused with its reason' refuses \
    'cannot mount overlay .*upper directory must be on a file system that supports overlay' inside \
    on-overlay true
cp -a "$root" "$WORK/over/merged/rootfs"
container on-overlay <<< "lxc.rootfs.path = $WORK/over/merged/rootfs"
t 'a directory on an overlay can be a rootfs' inside on-overlay true
