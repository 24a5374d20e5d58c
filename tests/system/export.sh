# lxc-export and lxc-import: there and back, and by way of a web server.
. tests/lib.sh
. tests/server.sh
needs_root
P=$WORK/lxc
export LXC_CACHE_PATH=$WORK/cache
echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
printf 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n' > "$WORK/map.conf"
create() { lxcbox lxc-create -P "$P" -f "$WORK/empty.conf" -n "$@"; }
export_it() { lxcbox lxc-export -P "$P" -n "$@"; }
import() { lxcbox lxc-import -P "$P" -f "${config:-$WORK/empty.conf}" -n "$@"; }
create a -t busybox || exit 1
root=$P/a/rootfs
long=$(printf 'n%.0s' $(seq 150))
mkdir "$root/opt" &&
    echo x > "$root/opt/one" &&
    ln "$root/opt/one" "$root/opt/two" &&
    mkfifo "$root/opt/fifo" &&
    mknod "$root/opt/null" c 1 3 &&
    chmod 4711 "$root/opt/one" &&
    chown 12:34 "$root/opt/one" &&
    echo long > "$root/opt/$long" &&
    ln -s "$long$long" "$root/opt/link" &&
    echo bytes > "$root/opt/"$'\xc3\xa9t\xc3\xa9' &&
    echo bytes > "$root/opt/"$'\xe9t\xe9' &&
    truncate -s 10G "$root/opt/hole" &&
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.mime", b"a/b")' "$root/opt/one" &&
    touch -d @1000000000.5 "$root/opt/one" "$root/opt"
echo "lxc.mount.entry = $P/a/shared mnt none bind,optional 0 0" >> "$P/a/config"

listed() { (cd "$1" && find . -printf '%p %y %m %U %G %n %T@ %l\n' | sort); }
same() {
    diff <(listed "$P/a/rootfs") <(listed "$P/$1/rootfs") &&
        diff -r --no-dereference "$P/a/rootfs/etc" "$P/$1/rootfs/etc"
}
t 'a container becomes one archive' has '^Exported a to .*/a.tar as a/1/' export_it a -o "$WORK/a.tar"
t 'tar can list it' has 'images/a/1/[a-z0-9]*/default/.*/rootfs.tar.xz' tar -tf "$WORK/a.tar"
back_the_same() { import b "$WORK/a.tar" && same b; }
t 'it comes back the same: owners, modes, times, links, nodes' back_the_same
attribute() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.mime"))' "$P/b/rootfs/opt/one"; }
t 'extended attributes come back' has "^b'a/b'$" attribute
few_blocks() { [ "$(stat -c %b "$P/b/rootfs/opt/hole")" = 0 ] && [ "$(stat -c %s "$WORK/a.tar")" -lt 20000000 ]; }
t 'a sparse file takes no space, in the archive or afterwards' few_blocks
configuration_restored_without_paths() {
    ! grep "$P/a/" "$P/b/config" &&
        grep -q "lxc.signal.halt = SIGUSR1" "$P/b/config" &&
        grep -q "lxc.uts.name = b" "$P/b/config" &&
        grep -q "lxc.mount.entry = $P/b/shared mnt" "$P/b/config"
}
t 'its configuration is restored without the paths of the exported container' configuration_restored_without_paths
unpacked() {
    mkdir "$WORK/site" &&
        tar -xf "$WORK/a.tar" -C "$WORK/site" &&
        xz -t "$WORK"/site/images/a/1/*/default/*/*.tar.xz &&
        tar -tJf "$WORK"/site/images/a/1/*/default/*/rootfs.tar.xz
}
t 'xz and tar read its contents' has "^\./opt/$long\$" unpacked
# GNU tar reports the pax record that marks a name as being in no character set.
marked() { tar -tJf "$WORK"/site/images/a/1/*/default/*/rootfs.tar.xz 2>&1 > /dev/null | grep -c hdrcharset; }
t 'only a name that is not UTF-8 is marked as such' has '^1$' marked
with_map() {
    config=$WORK/map.conf import c "$WORK/a.tar" &&
        [ "$(stat -c %u:%g "$P/c/rootfs/opt/one")" = 100012:100034 ]
}
t 'imported with mapped ids its owners are mapped' with_map
and_back() {
    export_it c -o "$WORK/c.tar" -q &&
        import d "$WORK/c.tar" &&
        [ "$(stat -c %u:%g "$P/d/rootfs/opt/one")" = 12:34 ]
}
t 'exported with mapped ids they are the container'\''s' and_back
lxcbox lxc-copy -P "$P" -n a -N s -s &&
    rm "$P/s/lxc_rdepends" &&
    mkdir -p "$P/s/overlay/delta/opt" &&
    echo changed > "$P/s/overlay/delta/opt/new"
merged() {
    export_it s -o "$WORK/s.tar" &&
        import m "$WORK/s.tar" &&
        [ -e "$P/m/rootfs/opt/new" ] &&
        [ -x "$P/m/rootfs/bin/busybox" ]
}
t 'an overlay is exported whole' merged

# --- Formats ----------------------------------------------------------------------------------------------------
size() { stat -c %s "$1"; }
gzipped() {
    export_it a -q -o "$WORK/a.tar.gz" &&
        gzip -t "$WORK/a.tar.gz" &&
        [ $(($(size "$WORK/a.tar.gz") * 10)) -lt $(($(size "$WORK/a.tar") * 8)) ] &&
        import g "$WORK/a.tar.gz" &&
        same g
}
t '.tar.gz is compressed, and comes back' gzipped
stored() { export_it a -q -o "$WORK/a.txz" && xz -t "$WORK/a.txz" && import z "$WORK/a.txz" && same z; }
t '.txz is of the xz format, and comes back' stored
tar_without_suffix() { export_it a -q -o "$WORK/archive" && tar -tf "$WORK/archive"; }
t 'a name without a suffix is a tar archive' tar_without_suffix

# --- Configuration ----------------------------------------------------------------------------------------------
cat > "$WORK/net.conf" << 'END'
# a comment of the user
lxc.net.0.type = veth
lxc.net.0.link = lxcbr-test
lxc.net.0.flags = up
lxc.net.0.hwaddr = 00:16:3e:01:02:03
lxc.start.order = 7
lxc.environment.runtime = A=b
END
lxcbox lxc-create -P "$P" -f "$WORK/net.conf" -n n -t busybox &&
    echo 'none mnt tmpfs defaults 0 0' > "$P/n/fstab" &&
    echo "lxc.mount.fstab = $P/n/fstab" >> "$P/n/config" &&
    export_it n -q -o "$WORK/n.tar" &&
    export_it n -q --no-network -o "$WORK/n0.tar"
import_plain() { lxcbox lxc-import -P "$P" -q -n "$@"; }
net_of() { sed -n 's/^lxc.net.0.//p' "$P/$1/config"; }
net_without_hwaddr() { net_of n1 | grep -v hwaddr; }

network() {
    import_plain n1 "$WORK/n.tar" &&
        is $'type = veth\nlink = lxcbr-test\nflags = up' net_without_hwaddr &&
        ! grep -q 01:02:03 "$P/n1/config" &&
        net_of n1 | grep -q '^hwaddr = ..:'
}
t 'the network goes along, with a new hardware address' network
with_hwaddr() { import_plain n2 "$WORK/n.tar" -M && net_of n2 | grep -q 00:16:3e:01:02:03; }
t 'or the same with -M' with_hwaddr
without_network() { import m0 "$WORK/n0.tar" && [ "$(net_of m0)" = "type = empty" ]; }
t 'but for --no-network' without_network
other_network() { import m1 "$WORK/n.tar" && [ "$(net_of m1)" = "type = empty" ]; }
t 'and where -f names another' other_network
settings() {
    sed '/hwaddr/d' "$P/$1/config" |
        grep -v '^lxc.\(idmap\|uts.name\|rootfs.path\)' |
        sed "s#/$1/#/NAME/#; s/Container $1,/Container NAME,/"
}
again() { export_it n1 -q -o "$WORK/n1.tar" && import_plain n3 "$WORK/n1.tar" && is "$(settings n1)" settings n3; }
t 'export and import again change nothing: no header, comment or key comes twice' again
t 'what the user has set is kept' is \
    $'# a comment of the user\nlxc.start.order = 7\nlxc.environment.runtime = A=b' grep \
    -E 'user|order|environment' "$P/n3/config"
its_fstab_is_there() {
    diff "$P/n/fstab" "$P/n3/fstab" && grep -qx "lxc.mount.fstab = $P/n3/fstab" "$P/n3/config"
}
t 'its fstab is there, too' its_fstab_is_there
doubled_lines() { grep -v "^$" "$P/n3/config" | sort | uniq -d; }
once() { is '' doubled_lines && is 1 grep -c '^# Container' "$P/n3/config"; }
t 'and is there once' once

if server_start "$WORK/server"; then
    tar -xf "$WORK/a.tar" -C "$WWW"
    download() {
        create w -t download -- -d a -r 1 -a "$(basename "$WWW"/images/a/1/*)" --server "$SERVER" \
            --ca-file "$CA_FILE" &&
            same w
    }
    t 'beneath a web server it is an image for lxc-create -t download' download
else
    skip 'beneath a web server it is an image for lxc-create -t download' 'the test server does not start'
fi

refuses_cleanly() {
    local before
    before=$(ls -A "$P" "$WORK")
    refuses "$@" && [ "$before" = "$(ls -A "$P" "$WORK")" ]
}
t 'an archive that exists is not written over' refuses 'exists already.*-o' export_it a -o "$WORK/a.tar"
t 'a suffix of another format is refused by name' refuses 'cannot write .*x.tar.zst: ".zst" is not a format' \
    export_it a -o "$WORK/x.tar.zst"
t 'a name with a slash is refused' refuses 'cannot be part of' export_it a -o "$WORK/x.tar" -d a/b
t 'a container that does not exist is refused' refuses 'no container nowhere' export_it nowhere
head -c 400000 "$WORK/a.tar" > "$WORK/cut.tar"
tar -cf "$WORK/none.tar" -C "$WORK" empty.conf
t 'an archive cut short is refused' refuses_cleanly 'damaged|cut short' import x "$WORK/cut.tar"
t 'a tarball without an image is refused' refuses_cleanly 'does not contain a rootfs' import x "$WORK/none.tar"
t 'a file that is not an archive is refused' refuses_cleanly 'not an archive of lxc-export' import x "$WORK/empty.conf"
t 'no archive is refused' refuses 'no archive is given' import x
