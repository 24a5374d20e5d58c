# Debian with each of its inits, for test scripts: source it after tests/lib.sh and tests/images.sh. One rootfs serves all,
# each init in an overlay of its own over it; the rootfs and the packages are kept in build/test-cache.
#
# inits_base        unpacks the rootfs with systemd into $base; fails, saying why, where it cannot be had
# another COMMAND   for each other init: runs COMMAND NAME when it is installed in $WORK/NAME/upper; skips what cannot be had
base=$WORK/base

inits_base() { image_debian && mkdir -p "$base" && tar -xpJf "$DEBIAN_ROOTFS" --numeric-owner -C "$base" && echo inits > "$base/etc/hostname"; }

packages() { # NAME PACKAGE...: the archive's files, with what they need besides what the rootfs has
    local cache=$image_cache/$1
    [ -e "$cache/complete" ] && return
    mkdir -p "$cache/partial" && apt-get -o Dir::State::status="$base/var/lib/dpkg/status" -o Dir::Cache::archives="$cache" \
        -o Debug::NoLocking=1 -o APT::Install-Recommends=0 -y -d --allow-remove-essential install "${@:2}" > "$cache/log" 2>&1 &&
        touch "$cache/complete" || { tail -n 2 "$cache/log"; false; }
}
# Their scripts run in the overlay, which only this process sees.
install() { # NAME
    mkdir -p "$WORK/$1"/{upper,work,root}
    unshare -m bash -ec '
        mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" none "$4"
        mount -t proc none "$4/proc"
        mkdir "$4/packages" && cp "$5"/*.deb "$4/packages/"
        printf "#!/bin/sh\nexit 101\n" > "$4/usr/sbin/policy-rc.d" && chmod 755 "$4/usr/sbin/policy-rc.d"
        export DEBIAN_FRONTEND=noninteractive
        chroot "$4" sh -ec "
            dpkg --force-depends --force-remove-protected --force-remove-essential --purge systemd-sysv
            dpkg --unpack packages/*.deb && dpkg --configure -a"
        rm -r "$4/packages" "$4/usr/sbin/policy-rc.d"' \
        - "$base" "$WORK/$1"/{upper,work,root} "$image_cache/$1" > "$WORK/install-$1" 2>&1 < /dev/null || { tail -n 20 "$WORK/install-$1"; false; }
}
installed() { install "$1" && "prepare_$1" "$1"; }
# What the makers of images do, too: Debian's inits take a signal for the power's failure, and wait for it to come back.
prepare_sysvinit() { sed -i 's/^pf:.*/pf::powerfail:\/sbin\/init 0/' "$WORK/$1/upper/etc/inittab"; }
prepare_openrc() { prepare_sysvinit openrc; }
# runit halts on SIGCONT if a file says so, and reboots on SIGINT after a script, which waits for 14 s in Debian.
prepare_runit() {
    echo 'chmod 100 /run/runit.stopit' >> "$WORK/runit/upper/etc/runit/1"
    printf '#!/bin/sh\nchmod 100 /run/runit.stopit /run/runit.reboot\n' > "$WORK/runit/upper/etc/runit/ctrlaltdel"
}
another() {
    local name why
    for name in sysvinit openrc runit; do
        case $name in
        sysvinit) set -- "$1" sysvinit-core ;;
        openrc) set -- "$1" sysvinit-core openrc ;;
        runit) set -- "$1" runit-init getty-run ;;
        esac
        if ! why=$(packages $name "${@:2}"); then
            skip "$name boots to its normal end" "its packages cannot be had: $why"
            continue
        fi
        t "$name is installed" installed $name
        "$1" $name
    done
}
