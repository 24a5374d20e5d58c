# Root file systems to serve, for the test scripts. Source it after tests/lib.sh. Each is made once and kept in
# build/test-cache, so that a second run is quick.
#
# image_debian    a Debian bookworm with systemd as init, from the archive of the apt settings: sets DEBIAN_ROOTFS to
#                 the rootfs.tar.xz. Fails and prints why where it cannot be made.
# image_mirror    prints the archive's URL
# image_busybox   a system of one static busybox: sets BUSYBOX_ROOTFS
# image_lxc6      Debian trixie's LXC 6.0 with its Python binding and the libraries they need, no more: sets LXC6_ROOT
#                 to the directory. Fails and prints why where it is not available.
# image_lxc7      the same of Debian sid's LXC 7, without Python: sets LXC7_ROOT

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
            rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
                "$root"/usr/share/{doc,man,locale,info}/* &&
                : > "$root/etc/machine-id" &&
                echo LXC_NAME > "$root/etc/hostname" &&
                rm -f "$root/etc/resolv.conf" &&
                printf '127.0.0.1\tlocalhost\n127.0.1.1\tLXC_NAME\n' > "$root/etc/hosts" &&
                tar -c --numeric-owner --xattrs -C "$root" . | xz -T0 -3 > "$DEBIAN_ROOTFS.new" &&
                mv "$DEBIAN_ROOTFS.new" "$DEBIAN_ROOTFS"
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
    tar -cJf "$BUSYBOX_ROOTFS.$$" --numeric-owner --owner=0 --group=0 -C "$root" . &&
        mv "$BUSYBOX_ROOTFS.$$" "$BUSYBOX_ROOTFS"
}

# image_lxc ROOT SUITE PACKAGE...: unpack packages of another suite into a root file system. Not by debootstrap: 13 MB
# instead of 100, and no scripts of packages. For PACKAGE+ all the libraries that it depends on come with it.
image_lxc() {
    local root=$1 suite=$2 apt=$1.apt sources=/etc/apt/sources.list.d/debian.sources options packages=() package
    shift 2
    mkdir -p "$image_cache"
    exec {image_lock}> "$root.lock" # not the one of image_debian, which takes minutes
    flock $image_lock
    if [ ! -e "$root" ]; then
        rm -rf --one-file-system "$apt" "$root.new"
        mkdir -p "$apt"/{sources,lists/partial,archives/partial} "$root.new"/usr/{bin,lib,lib64,sbin}
        # The main archive alone, which stands first; security has a suite of another name.
        if [ -e $sources ]; then
            sed "/^\$/,\$d; s/^Suites:.*/Suites: $suite/" $sources > "$apt/sources/debian.sources"
        else
            sed -n "s/^\(deb \(\[[^]]*\] \)\?[^ ]*\) .*/\1 $suite main/p" /etc/apt/sources.list |
                head -1 > "$apt/sources/debian.list"
        fi
        options=(-q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/sources"
            -o Dir::State::lists="$apt/lists"
            -o Dir::State::status=/dev/null -o Dir::Cache="$apt" -o APT::Sandbox::User=root
            -o Debug::NoLocking=1 -o Acquire::Languages=none)
        (
            cd "$apt/archives" && apt-get "${options[@]}" update || exit 1
            for package; do
                packages+=("${package%+}")
                [ "$package" = "${package%+}" ] ||
                    packages+=($(apt-cache "${options[@]}" depends --recurse -i "${package%+}" |
                        grep -x 'lib[^ :]*' | grep -v gconv))
            done
            apt-get "${options[@]}" download $(printf '%s\n' "${packages[@]}" | sort -u) || exit 1
            for package in *.deb; do dpkg -x "$package" "$root.new" || exit 1; done
            cd "$root.new" &&
                ln -s usr/* . &&
                rm share &&
                mkdir dev proc run sys tmp &&
                cp "$(command -v busybox)" bin/ &&
                ln -s busybox bin/hostname &&
                rm -r usr/share/doc usr/share/man &&
                mv "$root.new" "$root"
        ) > "$root.log" 2>&1 < /dev/null
        rm -rf --one-file-system "$apt" "$root.new"
    fi
    exec {image_lock}>&-
    [ -e "$root" ] || { tail -3 "$root.log"; return 1; }
}

image_lxc6() {
    LXC6_ROOT=$image_cache/lxc6
    image_lxc "$LXC6_ROOT" trixie lxc liblxc-common liblxc1t64 python3-lxc python3.13-minimal \
        libpython3.13-minimal libpython3.13-stdlib libapparmor1 libc6 libcap2 libdbus-1-3 libexpat1 \
        libgcc-s1 libpcre2-8-0 libseccomp2 libselinux1 libssl3t64 libsystemd0 libzstd1 zlib1g
}

image_lxc7() {
    LXC7_ROOT=$image_cache/lxc7
    image_lxc "$LXC7_ROOT" sid lxc liblxc-common+
}
