# Root file systems to serve, for the test scripts. Source it after tests/lib.sh. Each is made once and kept in
# build/test-cache, so that a second run is quick.
#
# image_debian    a Debian bookworm with systemd as init, from the archive that apt is set up for: sets DEBIAN_ROOTFS
#                 to the rootfs.tar.xz. Fails, saying why, where it cannot be made.
# image_mirror    prints the archive's URL
# image_busybox   a system of one static busybox: sets BUSYBOX_ROOTFS

image_cache=$PWD/build/test-cache

image_mirror() {
    local mirror
    mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2> /dev/null | head -1)
    echo "${mirror:-http://deb.debian.org/debian}"
}

image_debian() {
    local root=$image_cache/debian.root
    DEBIAN_ROOTFS=$image_cache/debian-bookworm.tar.xz
    mkdir -p "$image_cache"
    exec {image_lock}> "$image_cache/lock"
    flock $image_lock
    if [ ! -e "$DEBIAN_ROOTFS" ]; then
        command -v debootstrap > /dev/null || { echo 'no debootstrap here'; exec {image_lock}>&-; return 1; }
        rm -rf --one-file-system "$root" "$DEBIAN_ROOTFS.new"
        debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2 bookworm "$root" \
            "$(image_mirror)" > "$image_cache/debootstrap.log" 2>&1 < /dev/null &&
            # As the makers of images leave it: no packages, an identity of its own at the first boot.
            rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}/* &&
            : > "$root/etc/machine-id" && echo LXC_NAME > "$root/etc/hostname" && rm -f "$root/etc/resolv.conf" &&
            printf '127.0.0.1\tlocalhost\n127.0.1.1\tLXC_NAME\n' > "$root/etc/hosts" &&
            tar -c --numeric-owner --xattrs -C "$root" . | xz -T0 -3 > "$DEBIAN_ROOTFS.new" && mv "$DEBIAN_ROOTFS.new" "$DEBIAN_ROOTFS"
        rm -rf --one-file-system "$root"
    fi
    exec {image_lock}>&-
    [ -e "$DEBIAN_ROOTFS" ] || { tail -3 "$image_cache/debootstrap.log"; return 1; }
}

image_busybox() {
    local root name
    BUSYBOX_ROOTFS=$image_cache/busybox-1.tar.xz
    [ ! -e "$BUSYBOX_ROOTFS" ] || return 0
    mkdir -p "$image_cache"
    root=$(mktemp -d "$WORK/busybox.XXXXXX")
    chmod 755 "$root"
    mkdir -p "$root"/{bin,sbin,etc,dev,proc,sys,run,root,tmp,usr/bin,usr/sbin,var}
    cp "$(command -v busybox)" "$root/bin/busybox" || return 1
    for name in $("$root/bin/busybox" --list | grep -vx busybox); do ln -s busybox "$root/bin/$name"; done
    ln -s ../bin/busybox "$root/sbin/init"
    printf '%s\n' '::sysinit:/bin/true' 'console::askfirst:-/bin/sh' '::shutdown:/bin/true' > "$root/etc/inittab"
    printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
    printf 'root:x:0:\n' > "$root/etc/group"
    echo LXC_NAME > "$root/etc/hostname"
    tar -cJf "$BUSYBOX_ROOTFS.$$" --numeric-owner --owner=0 --group=0 -C "$root" . && mv "$BUSYBOX_ROOTFS.$$" "$BUSYBOX_ROOTFS"
}
