# lxc-copy, lxc-snapshot and lxc-destroy: copies, which depends on which, and that each is removed completely.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=lxcbox-copy-$$
echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
printf 'lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:01:02:03\n' > "$WORK/mac.conf"
cleanup 'for c in $(ls -A "$P"); do lxcbox lxc-stop -k -P "$P" -n $c; done'
create() { lxcbox lxc-create -P "$P" -f "$WORK/empty.conf" -n "$@"; }
copy() { lxcbox lxc-copy -P "$P" -n "$@"; }
snapshot() { lxcbox lxc-snapshot -P "$P" -n "$@"; }
destroy() { lxcbox lxc-destroy -P "$P" -n "$@"; }
start() { lxcbox lxc-start -P "$P" -n "$1"; }
inside() { lxcbox lxc-attach -P "$P" -n "$1" -- "${@:2}"; }
key() { sed -n "s/^$2 = //p" "$P/$1/config"; }
create $N-a -t busybox || exit 1

# A tree with everything that a copy can lose.
fill() {
    local r=$P/$N-a/rootfs/opt
    mkdir "$r" &&
        echo x > "$r/one" &&
        ln "$r/one" "$r/two" &&
        mkfifo "$r/fifo" &&
        mknod "$r/null" c 1 3 &&
        chmod 4711 "$r/one" &&
        chown 12:34 "$r/one" &&
        truncate -s 10M "$r/hole" &&
        touch -d @1000000000 "$r/fifo" "$r" &&
        setfattr -n user.a -v b "$r/one" 2> /dev/null
    return 0
}
fill
whole() {
    local a=$P/$N-a/rootfs b=$P/$N-b/rootfs
    diff <(cd "$a" && find . -printf '%p %y %m %U %G %n %T@ %l\n' | sort) \
        <(cd "$b" && find . -printf '%p %y %m %U %G %n %T@ %l\n' | sort) |
        grep '^[<>]' |
        grep -v 'etc/hostname'
    [ "$(stat -c %i "$b/opt/one")" = "$(stat -c %i "$b/opt/two")" ] &&
        [ "$(stat -c %b "$b/opt/hole")" = 0 ] &&
        [ "$(stat -c %t:%T "$b/opt/null")" = 1:3 ] &&
        [ "$(getfattr --only-values -n user.a "$b/opt/one" 2> /dev/null)" = \
            "$(getfattr --only-values -n user.a "$a/opt/one" 2> /dev/null)" ]
}
copy_has_name_and_paths_of_its_own() {
    copy $N-a -N $N-b &&
        [ $(key $N-b lxc.uts.name) = $N-b ] &&
        [ $(key $N-b lxc.rootfs.path) = dir:$P/$N-b/rootfs ]
}
t 'a copy has the name and the paths of its own' copy_has_name_and_paths_of_its_own
t 'its files are the same: owners, modes, times, links, holes, nodes, attributes' is '' whole
t 'its host name is in /etc/hostname' is "$N-b" cat "$P/$N-b/rootfs/etc/hostname"
starts_under_its_name() { start $N-b && [ "$(inside $N-b hostname)" = $N-b ]; }
t 'it starts' starts_under_its_name
t 'one that runs is not copied' refuses 'is running \(stop it' copy $N-b -N $N-x
t 'nor is a snapshot made without -a' refuses 'is running.*-a' copy $N-b -N $N-x -s
t 'one that runs is not destroyed' refuses 'is running.*-f' destroy $N-b
killed_and_destroyed() { destroy $N-b -f && [ ! -e "$P/$N-b" ]; }
t '-f kills and destroys it' killed_and_destroyed
lxcbox lxc-create -P "$P" -f "$WORK/mac.conf" -n $N-mac -t none
copy_has_another_mac_address() {
    copy $N-mac -N $N-mac2 &&
        ! grep -q 00:16:3e:01:02:03 "$P/$N-mac2/config" &&
        grep -q 'hwaddr = 00:16:3e' "$P/$N-mac2/config"
}
t 'a copy has another MAC address' copy_has_another_mac_address
m_keeps() {
    copy $N-mac -N $N-mac3 -M -K &&
        grep -q 00:16:3e:01:02:03 "$P/$N-mac3/config" &&
        [ $(key $N-mac3 lxc.uts.name) = $N-mac ]
}
t '-M keeps it, -K the name' m_keeps
t 'a name that is taken is refused' refuses 'exists already.*-N' copy $N-mac -N $N-mac2
t 'a container that there is not is refused' refuses "no container $N-none" copy $N-none -N $N-x
t 'a copy without a name is refused' refuses 'no name given' copy $N-mac
t 'block storage is refused by name' refuses '-B lvm is not possible' copy $N-a -N $N-x -B lvm
rename_takes_configuration_along() {
    copy $N-mac3 -N $N-r -R && [ ! -e "$P/$N-mac3" ] && [ $(key $N-r lxc.uts.name) = $N-r ]
}
t 'rename takes the configuration along' rename_takes_configuration_along
for c in mac mac2 r; do destroy $N-$c; done

# --- Images, other file systems ---------------------------------------------------------------------------------
mkdir "$WORK/other" && mount -t tmpfs none "$WORK/other"
cleanup 'umount "$WORK/other"'
head -c 3000000 /dev/urandom > "$P/$N-a/beside" && chmod 750 "$P/$N-a/beside"
elsewhere() {
    copy $N-a -N $N-b -p "$WORK/other" &&
        cmp "$P/$N-a/beside" "$WORK/other/$N-b/beside" &&
        is 750 stat -c %a "$WORK/other/$N-b/beside" &&
        cmp "$P/$N-a/rootfs/bin/busybox" "$WORK/other/$N-b/rootfs/bin/busybox"
}
t 'a copy goes to another file system, with files of any size beside its configuration' elsewhere
rm -r "$P/$N-a/beside" "$WORK/other/$N-b"
mkdir "$P/$N-i" && printf 'lxc.rootfs.path = loop:%s\nlxc.net.0.type = empty\n' "$P/$N-i/disk" > "$P/$N-i/config"
truncate -s 20M "$P/$N-i/disk"
image_copied() { # LXCPATH
    copy $N-i -N $N-i2 -p "$1" &&
        [ "$(sed -n 's/^lxc.rootfs.path = //p' "$1/$N-i2/config")" = "loop:$1/$N-i2/rootdev" ] &&
        cmp "$P/$N-i/disk" "$1/$N-i2/rootdev" &&
        [ "$(stat -c %b "$1/$N-i2/rootdev")" -le "$(stat -c %b "$P/$N-i/disk")" ] &&
        [ ! -e "$1/$N-i2/disk" ] &&
        rm -r "${1:?}/$N-i2"
}
t 'an image that is one hole is copied' image_copied "$P"
t 'also to another file system' image_copied "$WORK/other"
dd if=/dev/urandom of="$P/$N-i/disk" bs=64k seek=100 count=3 conv=notrunc status=none
t 'an image with holes is copied' image_copied "$P"
t 'to another file system as well' image_copied "$WORK/other"
rm -r "${P:?}/$N-i"

# --- Snapshots on an overlay ------------------------------------------------------------------------------------
snapshot_stands_on_container() {
    copy $N-a -N $N-s -s &&
        [ $(key $N-s lxc.rootfs.path) = overlay:$P/$N-a/rootfs:$P/$N-s/overlay/delta ]
}
t 'a snapshot depends on the container' snapshot_stands_on_container
both_say_so() {
    diff <(printf '%s\n' "$P" $N-s) "$P/$N-a/lxc_snapshots" &&
        diff <(printf '%s\n' "$P" $N-a) "$P/$N-s/lxc_rdepends"
}
t 'both record the dependency, as stock LXC does' both_say_so
starts_and_what_it_writes_is_its_own() {
    start $N-s &&
        inside $N-s sh -c 'echo s > /root/s' &&
        [ ! -e "$P/$N-a/rootfs/root/s" ] &&
        [ -e "$P/$N-s/overlay/delta/root/s" ]
}
t 'it starts, and what it writes is its own' starts_and_what_it_writes_is_its_own
lxcbox lxc-stop -k -P "$P" -n $N-s
t 'the one below is not destroyed' refuses "clones that depend on it: $N-s \(add -s" destroy $N-a
t 'stock LXC does not destroy it either' fails lxc-destroy -P "$P" -n $N-a
t 'nor is it renamed' refuses 'refer to it by name' copy $N-a -N $N-x -R
copy_of_overlay_is_overlay() {
    copy $N-s -N $N-s2 &&
        [ -e "$P/$N-s2/overlay/delta/root/s" ] &&
        grep -qx $N-s2 "$P/$N-a/lxc_snapshots"
}
t 'a copy of an overlay is an overlay with its changes' copy_of_overlay_is_overlay
out_of_list() { destroy $N-s2 && ! grep -qx $N-s2 "$P/$N-a/lxc_snapshots"; }
t 'destroyed, it is taken out of the list' out_of_list
destroyed_by_stock_lxc_too() {
    copy $N-a -N $N-s3 -s && lxc-destroy -P "$P" -n $N-s3 && ! grep -qx $N-s3 "$P/$N-a/lxc_snapshots"
}
t 'destroyed by stock LXC too' destroyed_by_stock_lxc_too
snapshot_by_stock_lxc_is_destroyed_whole() {
    lxc-copy -P "$P" -n $N-a -N $N-s4 -s -B overlay &&
        destroy $N-s4 &&
        [ ! -e "$P/$N-s4" ] &&
        ! grep -qx $N-s4 "$P/$N-a/lxc_snapshots"
}
t 'a snapshot by stock LXC is destroyed whole' snapshot_by_stock_lxc_is_destroyed_whole
# A kill or a loss of power may leave the record of a clone that never came to be.
record_of_no_clone() {
    copy $N-a -N $N-l && printf '%s\n' "$P" $N-never > "$P/$N-l/lxc_snapshots" && destroy $N-l
}
t 'the record of a clone that does not exist keeps nothing from being destroyed' record_of_no_clone

clone_argument() {
    refuses "unexpected argument \"c\": $N-a has no lxc.hook.clone" copy $N-a -N $N-b c && [ ! -e "$P/$N-b" ]
}
t 'an argument for clone hooks is refused where there is none' clone_argument

# --- Ephemeral --------------------------------------------------------------------------------------------------
gone() { # within 10 s
    local i
    for ((i = 0; i < 500; i++)); do [ -e "$1" ] || return 0; sleep 0.02; done
    ls -AR "$1"
    return 1
}
mkdir "$WORK/shared"
t 'an ephemeral copy runs' has "^Created $N-e as clone of $N-a\$" \
    copy $N-a -N $N-e -e -m "bind=$WORK/shared:/mnt:ro,overlay=$WORK/shared:/home"
t 'a read-only bind of -m cannot be written' fails inside $N-e touch /mnt/x
overlay_not_shared() { inside $N-e touch /home/x && [ ! -e "$WORK/shared/x" ]; }
t 'an overlay of -m can, and not through' overlay_not_shared
lxcbox lxc-stop -k -P "$P" -n $N-e
t 'it is gone when it stops' gone "$P/$N-e"
printf '#!/bin/sh\nsleep 0.3\n' > "$WORK/slow" && chmod 755 "$WORK/slow"
gone_at_once() { # OPTION...
    copy $N-a -N $N-e -e -q && lxcbox lxc-stop -P "$P" -n $N-e "$@" && [ ! -e "$P/$N-e" ] && ! ls -A "$P" | grep partial
}
echo "lxc.hook.destroy = $WORK/slow" >> "$P/$N-a/config"
gone_twice() { gone_at_once && gone_at_once -k; }
t 'when lxc-stop returns it is gone, and its name is free' gone_twice
running_destroyed() { copy $N-a -N $N-e -e -q && destroy $N-e -f && [ ! -e "$P/$N-e" ]; }
t 'lxc-destroy -f of one that runs succeeds' running_destroyed
sed -i /lxc.hook.destroy/d "$P/$N-a/config"
ephemeral_copy_stays() {
    copy $N-a -N $N-k -e -D &&
        lxcbox lxc-stop -k -P "$P" -n $N-k &&
        [ -e "$P/$N-k/config" ] &&
        destroy $N-k
}
t 'with -D it stays' ephemeral_copy_stays
copy_of_broken_init() {
    mv "$P/$N-a/rootfs/sbin/init" "$WORK/init"
    printf '#!/bin/sh\nexit 1\n' > "$P/$N-a/rootfs/sbin/init" && chmod 755 "$P/$N-a/rootfs/sbin/init"
    copy $N-a -N $N-e -e -q 2> "$WORK/said"
    mv "$WORK/init" "$P/$N-a/rootfs/sbin/init"
    gone "$P/$N-e" && cat "$WORK/said"
}
t 'an init that ends at once is reported' \
    is "lxc-copy: $N-e: the first process ended at once with status 1" copy_of_broken_init
on_tmpfs() {
    copy $N-a -N $N-t -e -t && grep -q " $P/$N-t/overlay tmpfs " /proc/mounts && inside $N-t touch /root/x &&
        lxcbox lxc-stop -k -P "$P" -n $N-t && gone "$P/$N-t" && ! grep "$N-t" /proc/mounts
}
t 'with -t its changes are in memory, and nothing is left mounted' on_tmpfs
its_exit_status_is_that_of_its_init() {
    echo 'lxc.init.cmd = /bin/false' >> "$P/$N-a/config"
    copy $N-a -N $N-f -e -F -q
    [ $? = 1 ] && gone "$P/$N-f"
}
t 'its exit status is that of its init with -F' its_exit_status_is_that_of_its_init
sed -i /lxc.init.cmd/d "$P/$N-a/config"
command_of_e_runs_inside() {
    copy $N-a -N $N-g -e -q -- hostname | grep -qx $N-g && gone "$P/$N-g"
}
t 'a command of -e runs inside, then the copy ends' command_of_e_runs_inside
t 'a missing command is reported' refuses 'cannot execute /nonesuch' copy $N-a -N $N-h -e -q -- /nonesuch
t 'a target for -m that makes no sense is refused' refuses '-m: invalid mount "bind=x"' \
    copy $N-a -e -m bind=x
t '-m without -e is refused' refuses '-m requires -e' copy $N-a -N $N-x -m "bind=/tmp"

# --- lxc-snapshot -----------------------------------------------------------------------------------------------
create $N-c -t busybox
echo 'before the change' > "$WORK/comment"
t 'no snapshots are reported as such' is 'No snapshots' snapshot $N-c -L
snapshot_is() {
    snapshot $N-c && [ $(key $N-c/snaps/snap0 lxc.rootfs.path) = dir:$P/$N-c/snaps/snap0/rootfs ]
}
t 'a snapshot is made' snapshot_is
next_has_next_number() {
    snapshot $N-c -c "$WORK/comment" && [ -e "$P/$N-c/snaps/snap1/comment" ]
}
t 'the next has the next number, and a comment' next_has_next_number
# Sorted: stock LXC lists them in the order of the directory.
snapshots_listed_as_stock() {
    diff <(lxc-snapshot -P "$P" -n $N-c -L -C 2> /dev/null | sort) <(snapshot $N-c -L -C | sort)
}
t 'they are listed as stock LXC lists them' snapshots_listed_as_stock
echo after > "$P/$N-c/rootfs/root/change"
one_is_restored_under_another_name() {
    snapshot $N-c -r snap0 -N $N-c2 &&
        [ ! -e "$P/$N-c2/rootfs/root/change" ] &&
        [ $(key $N-c2 lxc.uts.name) = $N-c2 ]
}
t 'one is restored under another name' one_is_restored_under_another_name
one_is_restored_in_place() {
    snapshot $N-c -r snap0 &&
        [ ! -e "$P/$N-c/rootfs/root/change" ] &&
        [ "$(ls "$P/$N-c/snaps")" = $'snap0\nsnap1' ] &&
        [ ! -e "$P/.$N-c.partial" ]
}
t 'one is restored in place, and the snapshots stay' one_is_restored_in_place
t 'a container with snapshots is not destroyed' refuses 'has snapshots \(add -s' destroy $N-c
t 'a snapshot that there is not is refused' refuses "no snapshot nonesuch \(lxc-snapshot -L" snapshot $N-c -d nonesuch
one_snapshot_left() { snapshot $N-c -d snap0 && [ "$(ls "$P/$N-c/snaps")" = snap1 ]; }
t 'a snapshot is destroyed' one_snapshot_left
all_snapshots_gone() { snapshot $N-c && snapshot $N-c -d ALL && [ ! -e "$P/$N-c/snaps" ]; }
t 'destroyed are all of them with ALL' all_snapshots_gone
overlay_snapshot() { snapshot $N-s && [ -e "$P/$N-s/snaps/snap0/overlay/delta/root/s" ]; }
t 'a snapshot of an overlay keeps its changes' overlay_snapshot

# --- lxc-destroy ------------------------------------------------------------------------------------------------
t 'a container that does not exist is refused' refuses 'no container nonesuch' destroy nonesuch
mkdir "$WORK/outside" &&
    printf 'lxc.rootfs.path = dir:%s\nlxc.rootfs.managed = 0\n' "$WORK/outside" > "$WORK/managed.conf"
rootfs_that_is_not_managed_stays() {
    lxcbox lxc-create -P "$P" -f "$WORK/managed.conf" -n $N-m -t none &&
        destroy $N-m &&
        [ -d "$WORK/outside" ]
}
t 'a rootfs that is not managed stays' rootfs_that_is_not_managed_stays
sed -i /managed/d "$WORK/managed.conf"
one_that_is_managed() {
    lxcbox lxc-create -P "$P" -f "$WORK/managed.conf" -n $N-m -t none &&
        destroy $N-m &&
        [ ! -e "$WORK/outside" ]
}
t 'a managed rootfs is destroyed, wherever it is' one_that_is_managed
echo "lxc.rootfs.path = dir:$WORK" > "$WORK/root.conf"
not_folder_that_holds_containers() {
    lxcbox lxc-create -P "$P" -f "$WORK/root.conf" -n $N-m -t none
    destroy $N-m
}
t 'but not a directory that holds the containers' refuses 'contains other files, too \(set lxc.rootfs.managed' \
    not_folder_that_holds_containers
link=$(mktemp -u /tmp/lxcbox-link.XXXXXX)
cleanup 'rm "$link"'
ln -s "$P" "$link"
linked() { refuses 'contains other files, too' lxcbox lxc-destroy -P "$link" -n $N-m && [ -e "$WORK/root.conf" ]; }
t 'nor by way of a link' linked
sed -i /rootfs.path/d "$P/$N-m/config"
deep() { # more directories in each other than a process may have open files
    create $N-deep -t none && python3 -c 'import os, sys
os.chdir(sys.argv[1])
for i in range(1500): os.mkdir("d"); os.chdir("d")' "$P/$N-deep" && destroy $N-deep && [ ! -e "$P/$N-deep" ]
}
t 'a rootfs of any depth is destroyed' deep
mkdir "$P/$N-m/a place"
cleanup "umount '$P/$N-m/a place' '$P/.$N-m.partial/a place'"
mount -t tmpfs none "$P/$N-m/a place" && touch "$P/$N-m/kept"
listed() { ls -A "$P"; lxcbox lxc-ls -1 -P "$P"; lxcbox lxc-ls -1 -P "$P" --nesting; }
unchanged() {
    local before
    before=$(listed)
    "$@" && diff <(echo "$before") <(listed)
}
busy() {
    unchanged refuses \
        "cannot destroy container $N-m: something is mounted on $P/$N-m/a place \(unmount" destroy \
        $N-m &&
        [ -e "$P/$N-m/kept" ]
}
t 'a container with a mount inside is refused whole' busy
printf '#!/bin/sh\numount "%s"\n' "$P/$N-m/a place" > "$WORK/unmount" && chmod 755 "$WORK/unmount"
unless_lxc_hook_destroy_unmounts() {
    echo "lxc.hook.destroy = $WORK/unmount" >> "$P/$N-m/config" && destroy $N-m && [ ! -e "$P/$N-m" ]
}
t 'unless lxc.hook.destroy unmounts it' unless_lxc_hook_destroy_unmounts
mkdir "$WORK/outside" && mount -t tmpfs none "$WORK/outside" && touch "$WORK/outside/kept"
cleanup "umount '$WORK/outside'"
outside() {
    lxcbox lxc-create -P "$P" -f "$WORK/managed.conf" -n $N-m -t none
    refuses "something is mounted on $WORK/outside" destroy $N-m &&
        [ -e "$WORK/outside/kept" ] &&
        [ -e "$P/$N-m/config" ]
}
t 'also where its rootfs lies elsewhere' outside
umount "$WORK/outside" && destroy $N-m
copies_too() { # of which the second cannot be destroyed
    create $N-o -t busybox && copy $N-o -N $N-o1 -s && copy $N-o -N $N-o2 -s && start $N-o2 &&
        unchanged refuses "$N-o2 is running" destroy $N-o -s && lxcbox lxc-stop -k -P "$P" -n $N-o2
}
t '-s destroys nothing where a copy cannot be destroyed' copies_too
mkdir -p "$P/.$N-p.partial/rootfs/x" "$P/.$N-p.partial/a place" && touch "$P/.$N-p.partial/config"
lxc_ls_lists_no_partial_container() {
    lxcbox lxc-ls -P "$P" -f
    lxcbox lxc-ls -P "$P" -1 --defined
    lxcbox lxc-ls -P "$P" --nesting
}
t 'lxc-ls lists no partial container' fails has partial lxc_ls_lists_no_partial_container
mount -t tmpfs none "$P/.$N-p.partial/a place"
cleanup "umount '$P/.$N-p.partial/a place'"
t 'one with a mount inside is refused' \
    unchanged refuses "the rest of container $N-p.*mounted on .*a place" destroy $N-p
umount "$P/.$N-p.partial/a place"
partial_removed() { destroy $N-p && [ ! -e "$P/.$N-p.partial" ]; }
t 'lxc-destroy removes a partial container by its name' partial_removed
t 'once' refuses "no container $N-p" destroy $N-p
s_destroys_what_stands() {
    destroy $N-a -s && [ ! -e "$P/$N-a" ] && [ ! -e "$P/$N-s" ]
}
t '-s destroys snapshots of it, and snapshots of those' s_destroys_what_stands
