# Root file system, mounts, /dev, console and terminals.
. tests/keys.sh

key lxc.rootfs.path 'a directory' [ -n "$(with -- cat /bin/busybox | head -c 4)" ]
mkdir "$WORK/upper"
rootfs_path_overlay_which_takes_writes() {
    with "lxc.rootfs.path=overlay:$R:$WORK/upper" -- sh -c "echo x > /written" &&
        [ -e "$WORK/upper/written" ] &&
        [ ! -e "$R/written" ]
}
key lxc.rootfs.path 'an overlay, which takes the writes' rootfs_path_overlay_which_takes_writes
if command -v mksquashfs > /dev/null; then
    mksquashfs "$R" "$WORK/image" -quiet -no-progress > /dev/null
    key lxc.rootfs.path 'an image' with "lxc.rootfs.path=loop:$WORK/image" -- test -x /bin/busybox
else
    skip 'lxc.rootfs.path: an image' 'no mksquashfs'
fi
mkdir "$WORK/here"
rootfs_mount_where_it_is_assembled() {
    with "lxc.rootfs.mount=$WORK/here" \
        "lxc.hook.mount=$(says "\$LXC_ROOTFS_MOUNT \$([ -e $WORK/here/bin/busybox ] && echo yes)")" -- \
        true &&
        cat "$WORK/said"
}
key lxc.rootfs.mount 'where it is assembled' is "$WORK/here yes" rootfs_mount_where_it_is_assembled
key lxc.rootfs.options 'how it is mounted: read-only' fails with lxc.rootfs.options=ro -- touch /x

key lxc.mount.auto 'proc:mixed protects /proc/sys' \
    fails with lxc.mount.auto= lxc.mount.auto=proc:mixed -- sh -c 'echo 1 > /proc/sys/kernel/panic'
key lxc.mount.auto 'proc:rw does not' with lxc.mount.auto= lxc.mount.auto=proc:rw -- \
    sh -c 'cat /proc/sys/kernel/pid_max > /proc/sys/kernel/pid_max'
key lxc.mount.auto 'sys:ro is read-only' has ' /sys sysfs ro' with -- cat /proc/mounts
key lxc.mount.auto 'sys:rw is not' has ' /sys sysfs rw' \
    with lxc.mount.auto= lxc.mount.auto='proc sys:rw' -- cat /proc/mounts
key lxc.mount.auto 'empty mounts nothing' fails with lxc.mount.auto= -- test -e /proc/self
key lxc.mount.auto 'cgroup shows its own cgroup' has ' /sys/fs/cgroup' \
    with 'lxc.mount.auto=cgroup:rw:force' -- cat /proc/mounts
mkdir "$WORK/shared"
cleanup 'umount -R $WORK/shared'
mount_auto_shmounts_carries_mounts_inside() {
    mount -t tmpfs none "$WORK/shared" &&
        mount --make-shared "$WORK/shared" &&
        mkdir "$WORK/shared/later" &&
        started "lxc.mount.auto=shmounts:$WORK/shared:/mnt" &&
        mount -t tmpfs none "$WORK/shared/later" &&
        inside grep -q " /mnt/later" /proc/mounts
}
key lxc.mount.auto 'shmounts carries mounts inside' mount_auto_shmounts_carries_mounts_inside
stopped

mkdir "$WORK/host" && echo from the host > "$WORK/host/file"
key lxc.mount.entry 'a directory of the host, its mount point made' is 'from the host' \
    with "lxc.mount.entry=$WORK/host made/for/it none bind,create=dir 0 0" -- cat /made/for/it/file
key lxc.mount.entry 'a file' is 'from the host' \
    with "lxc.mount.entry=$WORK/host/file a/file none bind,create=file 0 0" -- cat /a/file
key lxc.mount.entry 'of the container itself, by relative' is root \
    with 'lxc.mount.entry=etc mnt none bind,relative 0 0' -- sh -c 'cut -d: -f1 /mnt/passwd'
key lxc.mount.entry 'with optional, one that fails is skipped' \
    with 'lxc.mount.entry=/nowhere mnt none bind,optional 0 0' -- true
key lxc.mount.entry 'and stops the start without' refuses nowhere \
    with 'lxc.mount.entry=/nowhere mnt none bind 0 0' -- true
for_fstab=nofail,noauto,user,_netdev,loop,silent,iversion,x-systemd.automount,X-mount.mkdir
key lxc.mount.entry 'options that only mount(8) reads are accepted' has '^none /mnt tmpfs .*size=64k' \
    with "lxc.mount.entry=none mnt tmpfs $for_fstab,size=64k 0 0" -- cat /proc/mounts
key lxc.mount.entry '0 0 may follow the type' has '^none /mnt tmpfs' \
    with 'lxc.mount.entry=none mnt tmpfs 0 0' -- cat /proc/mounts
key lxc.mount.entry 'an option that the file system refuses is named' refuses \
    'Invalid argument .*tmpfs does not accept.*"size=many"' with \
    'lxc.mount.entry=none mnt tmpfs mode=755,size=many,uid=1 0 0' -- true
bogus_option_reported() {
    with "lxc.mount.entry=$WORK/host mnt none bind,bogus 0 0" -- true 2>&1 | grep "bind mount has no option \"bogus\""
}
key lxc.mount.entry 'an option that a bind mount has not is reported' bogus_option_reported
flags_of_mnt() { with "$@" -- sed -nE 's/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ \/mnt ([^ ]+) .*/\1/p' /proc/self/mountinfo; }
key lxc.mount.entry 'nosymfollow holds for a bind mount' has nosymfollow \
    flags_of_mnt "lxc.mount.entry=$WORK/host mnt none bind,nosymfollow 0 0"
key lxc.mount.entry 'and for a file system' has nosymfollow \
    flags_of_mnt 'lxc.mount.entry=none mnt tmpfs nosymfollow 0 0'
mkdir "$WORK/noatime" && mount -t tmpfs -o noatime none "$WORK/noatime"
cleanup 'umount "$WORK/noatime"'
key lxc.mount.entry 'atime holds for a bind mount of noatime' \
    fails has noatime flags_of_mnt "lxc.mount.entry=$WORK/noatime mnt none bind,atime 0 0"
key lxc.mount.entry 'and strictatime' is rw flags_of_mnt "lxc.mount.entry=$WORK/noatime mnt none bind,strictatime 0 0"
key lxc.mount.entry 'options that are not named stay unchanged' is ro,noatime \
    flags_of_mnt "lxc.mount.entry=$WORK/noatime mnt none bind,ro 0 0"
mount_entry_move_takes_mount_along() {
    with "lxc.mount.entry=none tmp tmpfs create=dir 0 0" \
        "lxc.mount.entry=tmp mnt none relative,move,ro 0 0" -- sed \
        -nE "s#^none (/mnt|/tmp) tmpfs (ro|rw).*#\1\n\2#p" /proc/mounts
}
key lxc.mount.entry 'move takes a mount along' is $'/mnt\nro' mount_entry_move_takes_mount_along
key lxc.mount.entry 'only a mount is moved' refuses 'only a mount point can be moved' \
    with 'lxc.mount.entry=etc mnt none relative,move 0 0' -- true
if command -v mkfs.ext4 > /dev/null; then
    truncate -s 4M "$WORK/ext4" && mkfs.ext4 -q "$WORK/ext4"
    key lxc.mount.entry 'an image by a loop device' has '^/dev/loop[0-9]+ /mnt ext4' \
        with "lxc.mount.entry=$WORK/ext4 mnt ext4 loop 0 0" -- cat /proc/mounts
    key lxc.rootfs.options 'one that the file system refuses is named' refuses 'ext4 does not accept.*"bogus"' \
        with "lxc.rootfs.path=loop:$WORK/ext4" lxc.rootfs.options=noatime,bogus -- true
    key lxc.rootfs.options 'also for an overlay' refuses 'overlay does not accept.*"bogus"' \
        with "lxc.rootfs.path=overlay:$R:$WORK/upper" lxc.rootfs.options=bogus -- true
fi
key lxc.rootfs.options 'options that only mount(8) reads are accepted' has ' / overlay rw,noatime' \
    with "lxc.rootfs.path=overlay:$R:$WORK/upper" "lxc.rootfs.options=$for_fstab,noatime" -- cat /proc/mounts
key lxc.rootfs.options 'nosymfollow holds' has ' / / [^ ]*nosymfollow' with \
    "lxc.rootfs.path=overlay:$R:$WORK/upper" lxc.rootfs.options=nosymfollow -- /bin/busybox cat \
    /proc/self/mountinfo
printf '# of the host\n%s mnt none bind,ro,%s\nnone tmp tmpfs 0 0\n' "$WORK/host" "$for_fstab" > "$WORK/fstab"
key lxc.mount.fstab 'the same from a file' is 'from the host' with "lxc.mount.fstab=$WORK/fstab" -- cat /mnt/file
include_another_file_of_keys() {
    echo "lxc.mount.fstab = $WORK/fstab" > "$WORK/included"
    with "lxc.include=$WORK/included" -- cat /mnt/file
}
key lxc.include 'another file of keys' is 'from the host' include_another_file_of_keys

key lxc.autodev '1: a /dev of its own' with -- test -c /dev/null
key lxc.autodev '0: that of the rootfs' fails with lxc.autodev=0 -- test -c /dev/null
key lxc.autodev.tmpfs.size 'how much fits in' \
    fails with lxc.autodev.tmpfs.size=20000 -- dd if=/dev/zero of=/dev/big bs=30000 count=1
key lxc.autodev.tmpfs.size 'and what fits' \
    with lxc.autodev.tmpfs.size=80000 -- dd if=/dev/zero of=/dev/big bs=30000 count=1

# Opening /dev/ptmx takes a pseudo terminal; the console has one.
key lxc.pty.max 'how many there are' fails with lxc.pty.max=1 -- sh -c 'exec 3<> /dev/ptmx'
key lxc.pty.max 'and not more' with lxc.pty.max=2 -- sh -c 'exec 3<> /dev/ptmx'
key lxc.tty.max 'terminals for lxc-console' is '/dev/tty1 /dev/tty2' with lxc.tty.max=2 -- sh -c 'echo /dev/tty?'
key lxc.tty.dir 'a directory that they are in, too' \
    with lxc.tty.max=1 lxc.tty.dir=lxc -- sh -c '[ -c /dev/lxc/console -a -c /dev/lxc/tty1 -a -c /dev/tty1 ]'

# Init says much; where is it kept?
speaks() {
    started "$@" -- /bin/sh \
        -c 'for i in $(seq 1000); do echo "line $i of what the console says"; done; sleep 600'
}
console_logfile_keeps_output() {
    speaks "lxc.console.logfile=$WORK/console" && eventually grep "line 1000 of" "$WORK/console"
}
key lxc.console.logfile 'keeps the console output' console_logfile_keeps_output
full() { [ "$(stat -c %s "$WORK/console")" -gt 7000 ]; }
console_bounded() {
    rm "$WORK/console"; speaks "lxc.console.logfile=$WORK/console" lxc.console.size=8KB && eventually full &&
        sleep 0.1 && [ $(stat -c %s "$WORK/console") -le 8192 ] && ! grep "line 1000" "$WORK/console"
}
key lxc.console.size 'how large that may grow' console_bounded
console_rotate_keeps_file_before_as_1() {
    rm "$WORK/console"
    speaks "lxc.console.logfile=$WORK/console" lxc.console.size=8KB lxc.console.rotate=1 &&
        eventually grep "line 1000" "$WORK/console" &&
        [ -s "$WORK/console.1" ]
}
key lxc.console.rotate 'keeps the file before as .1, the newest in the file' console_rotate_keeps_file_before_as_1
# COMMAND_CONSOLE_LOG on the command socket: { command, length, value }, { clear, read, most, write }.
ring() { python3 -c '
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect("\0" + sys.argv[1] + "/command")
s.sendall(struct.pack("iiq", 11, 24, 0) + struct.pack("BB6xQB7x", 0, 1, 0, 0))
head = s.recv(16)
result, length = struct.unpack_from("ii", head)
text = b""
while len(text) < length: text += s.recv(length - len(text))
sys.stdout.write(text.decode())' "$P/$N"; }
if [ "$(getconf LONG_BIT)" = 64 ]; then
    buffer_size_limits_kept_output() {
        speaks lxc.console.buffer.size=4096 &&
            eventually has "line 1000 of" ring &&
            [ "$(ring | wc -c)" -gt 3000 ] &&
            [ "$(ring | wc -c)" -le 4096 ]
    }
    key lxc.console.buffer.size 'how much of it is kept in memory' buffer_size_limits_kept_output
fi
console_path_none_no_console() {
    started lxc.console.path=none && inside sh -c "[ -e /dev/console ] || echo none"
}
key lxc.console.path 'none: no console' is none console_path_none_no_console
touch "$WORK/terminal"
console_path_file_to_write() {
    speaks "lxc.console.path=$WORK/terminal" && eventually grep "line 1000" "$WORK/terminal"
}
key lxc.console.path 'a file to write it to' console_path_file_to_write
stopped
