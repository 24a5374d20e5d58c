# lxc-create without a network: its templates, its configuration, its refusals; and two of one name at once.
. tests/lib.sh
needs_root
lxc=$WORK/lxc
echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
create() { lxcbox lxc-create -P "$lxc" -f "$WORK/empty.conf" -n "$@"; }

# A refusal leaves nothing: neither a container nor a beginning of one.
refuses_cleanly() {
    local before
    before=$(ls -A "$lxc" 2> /dev/null)
    refuses "$@" && [ "$before" = "$(ls -A "$lxc" 2> /dev/null)" ]
}

t 'the busybox template makes a container, and the directory of containers' create b -t busybox
t 'stock LXC lists it' is b lxc-ls -P "$lxc" -1
t 'nobody else may look into it' is 770 stat -c %a "$lxc/b"
runs_inside() { chroot "$lxc/b/rootfs" /bin/sh -c "$@"; }
t 'its rootfs has a shell and the commands of busybox' is root runs_inside '/usr/bin/id -un && test -x /sbin/init' 
in_order() { # the parts of a configuration: the template's, the container's own, the network
    grep -n "$1" "$lxc/b/config" | cut -d: -f1
}
configuration_has_network_last() {
    [ $(in_order lxc.signal.halt) -lt $(in_order lxc.uts.name) ] &&
        [ $(in_order lxc.uts.name) -lt $(in_order lxc.net.0.type) ]
}
t 'the configuration has the network last' configuration_has_network_last
t 'stock LXC reads the configuration' is 'lxc.uts.name = b' lxc-info -P "$lxc" -n b -c lxc.uts.name
only_configuration() { create n -t none && [ "$(ls "$lxc/n")" = config ]; }
t 'template none makes only a configuration' only_configuration
hwaddr_template_is_filled_once() {
    printf "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n" > "$WORK/mac.conf" &&
        lxcbox lxc-create -P "$lxc" -n mac -f "$WORK/mac.conf" -t none &&
        grep -qE "00:16:3e(:[0-9a-f]{2}){3}" "$lxc/mac/config"
}
t 'an hwaddr template is filled once and for all' hwaddr_template_is_filled_once
dir_puts_rootfs_there() {
    create elsewhere -t busybox --dir "$WORK/elsewhere" &&
        [ -x "$WORK/elsewhere/bin/busybox" ] &&
        grep -q "dir:$WORK/elsewhere" "$lxc/elsewhere/config"
}
t '--dir puts the rootfs there' dir_puts_rootfs_there

printf 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n' > "$WORK/map.conf"
mapped() {
    lxcbox lxc-create -P "$lxc" -f "$WORK/map.conf" -n mapped -t busybox &&
        [ "$(find "$lxc/mapped/rootfs" ! -uid 100000 -o ! -gid 100000)" = '' ] &&
        [ "$(stat -c %u:%g:%a "$lxc/mapped")" = 0:100000:750 ]
}
t 'with mapped ids all of the rootfs is the mapped root'\''s' mapped

# --- local ------------------------------------------------------------------------------------------------------
mkdir -p "$WORK/tree/etc" "$WORK/meta"
echo 'name LXC_NAME in LXC_ROOTFS' > "$WORK/tree/etc/issue"
echo LXC_NAME > "$WORK/outside"
ln -s "$WORK/outside" "$WORK/tree/etc/outside"
tar -C "$WORK/tree" -cJf "$WORK/rootfs.tar.xz" .
printf 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf\nlxc.arch = amd64\n' > "$WORK/meta/config"
printf '/etc/issue\n/etc/outside\n/nonesuch\n' > "$WORK/meta/templates"
echo 'none LXC_ROOTFS/tmp tmpfs defaults 0 0' > "$WORK/meta/fstab"
printf 'made \033[2J it\n' > "$WORK/meta/create-message"
local_from() { create l -t local -- -f "$WORK/rootfs.tar.xz" -m "$WORK/meta"; }
t 'the local template unpacks a tarball and prints the message without its escapes' has '^made \?\[2J it$' local_from
t 'names are filled in where the image asks' grep -qx "name l in $lxc/l/rootfs" "$lxc/l/rootfs/etc/issue"
t 'but not through a link out of the rootfs' is LXC_NAME cat "$WORK/outside"
t 'its fstab is taken over' grep -qx "none $lxc/l/rootfs/tmp tmpfs defaults 0 0" "$lxc/l/fstab"
tarball_alone_suffices() {
    create alone -t local -- -f "$WORK/rootfs.tar.xz" && grep -q common.conf "$lxc/alone/config"
}
t 'a tarball alone will do' tarball_alone_suffices
mkdir -p "$WORK/tree/dev/dir" && echo data > "$WORK/tree/dev/file" && echo data > "$WORK/tree/etc/dev"
tar -C "$WORK/tree" -czf "$WORK/with-dev.tar.gz" .
dev_of() {
    create "$@" -f "$WORK/with-dev.tar.gz" > /dev/null &&
        ls -I pts "$lxc/$1/rootfs/dev" &&
        cat "$lxc/$1/rootfs/etc/dev"
}
t 'what a tarball has in /dev is unpacked' is "$(printf 'dir\nfile\ndata')" dev_of all -t local --
t '--no-dev leaves that out' is data dev_of nodev -t local -- --no-dev

# --- Executable templates ---------------------------------------------------------------------------------------
cat > "$WORK/template" << 'END'
#!/bin/sh
for a; do case $a in --path=*) path=${a#*=} ;; --rootfs=*) rootfs=${a#*=} ;; --name=*) name=${a#*=} ;; esac; done
[ "$1" = -h ] && { echo 'this is its help'; exit 0; }
case " $* " in *' fail '*) exit 3 ;; *' wait '*) : > "$path/../waits"; sleep 60 ;; esac
echo "$name" > "$rootfs/made"
echo "lxc.mount.fstab = $path/fstab" >> "$path/config"
echo "none $rootfs/tmp tmpfs defaults 0 0" > "$path/fstab"
END
chmod +x "$WORK/template"
filled_by_template() { create x -t "$WORK/template" && [ "$(cat "$lxc/x/rootfs/made")" = x ]; }
t 'an executable template fills the rootfs' filled_by_template
written_paths_name_final_place() {
    grep -qx "lxc.mount.fstab = $lxc/x/fstab" "$lxc/x/config" &&
        grep -q "^none $lxc/x/rootfs/tmp" "$lxc/x/fstab"
}
t 'what it wrote names the final place' written_paths_name_final_place
t 'its help is shown with -h' is 'this is its help' lxcbox lxc-create -t "$WORK/template" -h
t 'one that fails leaves nothing' refuses_cleanly 'failed with status 3' create y -t "$WORK/template" -- fail
if [ -x /usr/share/lxc/templates/lxc-busybox ]; then
    template_of_stock_lxc_works() {
        create stock -t /usr/share/lxc/templates/lxc-busybox &&
            grep -q "dir:$lxc/stock/rootfs" "$lxc/stock/config"
    }
    t 'a template of stock LXC works' template_of_stock_lxc_works
else
    skip 'a template of stock LXC works' 'no /usr/share/lxc/templates/lxc-busybox'
fi

# --- Refusals ---------------------------------------------------------------------------------------------------
t 'a name with a slash is refused' refuses_cleanly "is not a valid container name \(use" create a/b -t busybox
t 'a name that begins with a dot is refused' refuses_cleanly "is not a valid container name" create .a -t busybox
t 'no name is refused' refuses_cleanly 'no container named' lxcbox lxc-create -P "$lxc" -t busybox -- --busybox-path x
for word in -d --release=1 -m; do
    t "an option of the template before --, $word, is refused, saying so" refuses_cleanly \
        "unknown option \"$word\" \(put template options after \"--\"" create y -t download $word x
done
t 'an option of the command before -- is refused with the reason' \
    refuses 'unknown option "-x" \(put the command after "--"' lxcbox lxc-attach -P "$lxc" b ls -x
t 'a missing -t is refused, and the templates are listed' \
    refuses_cleanly 'no template given \(give -t download' create y
t 'a template that there is not is refused' \
    refuses_cleanly 'no template "nonesuch".*built in are download' create y -t nonesuch
t 'a name that is taken is refused' refuses_cleanly 'exists already.*lxc-destroy' create b -t busybox
mkdir "$lxc/other"
t 'a directory that is not a container is not touched' \
    refuses_cleanly 'exists already and is not a container' create other -t busybox
configuration_that_cannot_be_read() {
    printf "\nlxc.nonesuch = 1\n" > "$WORK/bad.conf"
    lxcbox lxc-create -P "$lxc" -f "$WORK/bad.conf" -n y -t busybox
}
t 'a configuration that cannot be read is refused by line' \
    refuses_cleanly 'bad.conf:2: .*lxc\.nonesuch' configuration_that_cannot_be_read
t 'a busybox that is not static is refused' \
    refuses_cleanly 'not statically linked.*busybox-static' create y -t busybox -- --busybox-path /bin/ls
t 'storage that needs programs is refused by name' \
    refuses_cleanly '-B zfs is not possible.*--dir' create y -t busybox -B zfs
t 'an option of such storage too' refuses_cleanly '--vgname is for block storage' create y -t busybox --vgname x
t 'btrfs elsewhere is refused' refuses_cleanly 'requires .* on btrfs' create y -t busybox -B btrfs
t 'a file that is not a tarball is refused' refuses_cleanly 'rootfs|archive' create y -t local -- -f "$WORK/empty.conf"
t 'a directory of containers that cannot be made is refused' refuses 'cannot use /proc/nowhere.*-P' \
    lxcbox lxc-create -P /proc/nowhere -n y -t busybox
ids_that_map_no_root_are_refused() {
    printf "lxc.idmap = u 1 100000 10\nlxc.idmap = g 1 100000 10\n" > "$WORK/rootless.conf"
    lxcbox lxc-create -P "$lxc" -f "$WORK/rootless.conf" -n y -t busybox
}
t 'ids that map no root are refused' refuses_cleanly 'does not map root' ids_that_map_no_root_are_refused
mkdir "$WORK/small"
if mount -t tmpfs -o size=200k tmpfs "$WORK/small" 2> /dev/null; then
    cleanup "umount '$WORK/small'"
    full() {
        refuses 'No space left on device \(make room' lxcbox lxc-create -P "$WORK/small" -n y \
            -t busybox &&
            [ -z "$(ls -A "$WORK/small")" ]
    }
    t 'no space is refused, and nothing left' full
    mount -o remount,ro "$WORK/small"
    t 'a read-only file system is refused' refuses 'Read-only file system \(.*-P' \
        lxcbox lxc-create -P "$WORK/small" -n y -t busybox
else
    skip 'no space is refused, and nothing left' 'cannot mount a tmpfs here'
fi

# --- Interruptions ----------------------------------------------------------------------------------------------
waiting() { # start one that waits in its template
    rm -f "$lxc/waits"
    (exec "$LXCBOX" lxc-create -P "$lxc" -f "$WORK/empty.conf" -n w -t "$WORK/template" -- wait) 2> "$WORK/said" &
    pid=$!
    until [ -e "$lxc/waits" ]; do kill -0 $pid || return 1; sleep 0.02; done
    rm -f "$lxc/waits"
}
interrupted() {
    local status=0
    waiting || return 1
    kill -"$1" $pid
    wait $pid || status=$?
    cat "$WORK/said"
    [ $status -eq 1 ] &&
        grep -q 'interrupted; nothing of container w is left' "$WORK/said" &&
        [ ! -e "$lxc/w" ] &&
        [ ! -e "$lxc/.w.partial" ]
}
for signal in INT TERM HUP; do t "SIG$signal leaves nothing, and says so" interrupted $signal; done
exclusive() { waiting && refuses 'another process is working on container w' create w -t none; }
t 'two of one name are not made at once' exclusive
killed() {
    kill -9 $pid
    wait $pid
    [ ! -e "$lxc/w" ] && ! lxc-ls -P "$lxc" -1 | grep -x 'w\|\.w.*' && [ -e "$lxc/.w.partial" ]
}
t 'after kill -9 nothing looks like a container' killed
next_of_that_name_clears_it_away() {
    create w -t none && [ ! -e "$lxc/.w.partial" ] && [ "$(ls "$lxc/w")" = config ]
}
t 'and the next of that name clears it away' next_of_that_name_clears_it_away

# --- btrfs ------------------------------------------------------------------------------------------------------
on_btrfs() {
    truncate -s 200M "$WORK/disk" &&
        mkfs.btrfs -q "$WORK/disk" &&
        mkdir "$WORK/btrfs" &&
        mount -o loop "$WORK/disk" "$WORK/btrfs"
}
if command -v mkfs.btrfs > /dev/null && on_btrfs > /dev/null 2>&1; then
    cleanup "umount '$WORK/btrfs'"
    subvolume() {
        lxcbox lxc-create -P "$WORK/btrfs" -f "$WORK/empty.conf" -n s -t busybox -B "$1" &&
            [ "$(stat -c %i "$WORK/btrfs/s/rootfs")" = 256 ]
    }
    t '-B btrfs makes a subvolume' subvolume btrfs
    btrfs_removed() { lxcbox lxc-destroy -P "$WORK/btrfs" -n s && [ -z "$(ls -A "$WORK/btrfs")" ]; }
    t 'lxc-destroy removes it' btrfs_removed
    t '-B best does too' subvolume best
    its_snapshot_is_one_of_btrfs() {
        lxcbox lxc-copy -P "$WORK/btrfs" -n s -N c -s &&
            [ "$(stat -c %i "$WORK/btrfs/c/rootfs")" = 256 ] &&
            [ ! -e "$WORK/btrfs/s/lxc_snapshots" ]
    }
    t 'its snapshot is one of btrfs' its_snapshot_is_one_of_btrfs
else
    skip '-B btrfs makes a subvolume' 'no mkfs.btrfs (package btrfs-progs) or no loop devices here'
fi

# --- An image file ----------------------------------------------------------------------------------------------
t 'a size and a kind of file system are for an image alone' refuses 'require -B loop' \
    create lp -t none --fssize 20m
t 'a wrong size is refused' refuses '"20q" is not a size' create lp -t busybox -B loop --fssize 20q
t 'storage of programs that are not ours is refused by name' refuses '-B zfs is not possible' \
    create lp -t busybox -B zfs
t 'so are the options of such storage' refuses '--vgname is for block storage' create lp -t busybox -B lvm --vgname x
t 'a mkfs that is not there is named' refuses \
    'cannot run mkfs.nonesuch: mkfs.nonesuch: No such file.*\(install it' create lp -t busybox -B loop \
    --fstype nonesuch
if command -v mkfs.ext4 > /dev/null && [ -e /dev/loop-control ]; then
    b_loop_makes_image_of_that_size() {
        create lp -t busybox -B loop --fssize 24 &&
            [ "$(stat -c %s "$lxc/lp/rootdev")" = 25165824 ] &&
            grep -qx "lxc.rootfs.path = loop:$lxc/lp/rootdev" "$lxc/lp/config" &&
            [ -z "$(ls -A "$lxc/lp/rootfs")" ]
    }
    t '-B loop makes an image of that size' b_loop_makes_image_of_that_size
    nothing_mounted() { ! grep -F "$lxc" /proc/mounts && ! losetup -l | grep -F "$lxc/"; }
    t 'nothing of it stays mounted' nothing_mounted
    t 'it runs from there' has '^/dev/loop[0-9]+ / ext4' lxcbox lxc-execute -P "$lxc" -n lp -- cat /proc/mounts
    what_fits_into_no_image_leaves_nothing() {
        ! create lq -t busybox -B loop --fssize 1m 2> /dev/null &&
            [ ! -e "$lxc/lq" ] &&
            [ ! -e "$lxc/.lq.partial" ] &&
            ! losetup -l | grep -F "$lxc/"
    }
    t 'a rootfs too large for the image leaves nothing' what_fits_into_no_image_leaves_nothing
    printf \
        '#!/bin/sh\nfor a; do case $a in\n--rootfs=*) echo filled > "${a#*=}/mark";;\n'\
'--path=*) echo "lxc.uts.name = t" >> "${a#*=}/config";; esac; done\n' \
        > "$WORK/lxc-filler" &&
        chmod 755 "$WORK/lxc-filler"
    executable_template_fills() {
        create lt -t "$WORK/lxc-filler" -B loop --fssize 16m &&
            mkdir "$WORK/mounted" &&
            mount -o loop,ro "$lxc/lt/rootdev" "$WORK/mounted" &&
            [ "$(cat "$WORK/mounted/mark")" = filled ]
        r=$?
        umount "$WORK/mounted"
        [ $r -eq 0 ]
    }
    t 'an executable template fills it, too' executable_template_fills
    copy_of_it_is_one_of_image() {
        lxcbox lxc-copy -P "$lxc" -n lp -N lc && cmp "$lxc/lp/rootdev" "$lxc/lc/rootdev"
    }
    t 'a copy of it is one of the image' copy_of_it_is_one_of_image
    loop_removed() { lxcbox lxc-destroy -P "$lxc" -n lp && [ ! -e "$lxc/lp" ]; }
    t 'lxc-destroy removes it' loop_removed
else
    skip '-B loop makes an image' 'no mkfs.ext4 (package e2fsprogs) or no loop devices here'
fi
