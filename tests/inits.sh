# Debian with each of its inits, for test scripts: source it after tests/lib.sh and tests/images.sh. One rootfs serves
# all, each init in an overlay of its own over it; the rootfs and the packages are kept in build/test-cache.
#
# inits_base        unpacks the rootfs with systemd into $base; fails and prints why where it is not available
# another COMMAND   for each other init: runs COMMAND NAME when it is installed in $WORK/NAME/upper; skips those that
#                   are not available
# newer COMMAND     for systemd of each newer Debian, which replaces the rootfs's: COMMAND SUITE
base=$WORK/base

inits_base() {
    image_debian &&
        mkdir -p "$base" &&
        tar -xpJf "$DEBIAN_ROOTFS" --numeric-owner -C "$base" &&
        echo inits > "$base/etc/hostname"
}

packages() {
    # NAME PACKAGE...: the archive's files, with what they need besides what the rootfs has; `from`: apt's options
    local cache=$image_cache/$1
    [ -e "$cache/complete" ] && return
    mkdir -p "$cache/partial" &&
        apt-get "${from[@]}" -o Dir::State::status="$base/var/lib/dpkg/status" -o \
            Dir::Cache::archives="$cache" -o Debug::NoLocking=1 -o APT::Install-Recommends=0 -y -d \
            --allow-remove-essential install "${@:2}" > "$cache/log" 2>&1 &&
        touch "$cache/complete" ||
        { tail -n 2 "$cache/log"; false; }
}
# The suite's list is fetched, too: this machine may be of another release.
packages_of() { # SUITE NAME PACKAGE...
    local lists=$WORK/lists-$1 from
    [ -e "$image_cache/$2/complete" ] && return
    mkdir -p "$lists"/{partial,sources}
    printf \
        'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n'\
'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$(image_mirror)" "$1" > "$lists/sources/$1.sources"
    from=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$lists/sources" -o "Dir::State::lists=$lists"
        -o Dir::Cache::pkgcache=
        -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o APT::Sandbox::User=root
        -o APT::Update::Error-Mode=any)
    apt-get "${from[@]}" -q update > "$lists/log" 2>&1 &&
        packages "${@:2}" ||
        { grep -m 1 '^[EW]:' "$lists/log"; false; }
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
            ls packages/systemd-sysv_* > /dev/null 2>&1 ||
                dpkg --force-depends --force-remove-protected --force-remove-essential --purge systemd-sysv
            dpkg --force-breaks,depends --unpack packages/*.deb && dpkg --force-breaks --configure -a"
        rm -r "$4/packages" "$4/usr/sbin/policy-rc.d"' - "$base" "$WORK/$1"/{upper,work,root} \
        "$image_cache/$1" > "$WORK/install-$1" 2>&1 < /dev/null ||
        { tail -n 20 "$WORK/install-$1"; false; }
}
installed() { install "$1" && "prepare_$1" "$1"; }
# What the makers of images do, too: Debian's inits take a signal for the power's failure, and wait for it to come
# back; and there are four terminals.
prepare_sysvinit() {
    sed -i \
        's/^pf:.*/pf::powerfail:\/sbin\/init 0/; /^[56]:/d; $a end:2:once:/bin/echo at its normal end' \
        "$WORK/$1/upper/etc/inittab"
}
prepare_openrc() { prepare_sysvinit openrc; }
# runit halts on SIGCONT if a file says so, and reboots on SIGINT after a script, which waits for 14 s in Debian.
prepare_runit() {
    echo 'chmod 100 /run/runit.stopit' >> "$WORK/runit/upper/etc/runit/1"
    printf '#!/bin/sh\nchmod 100 /run/runit.stopit /run/runit.reboot\n' > "$WORK/runit/upper/etc/runit/ctrlaltdel"
    sed -i '/^exec env/i echo at its normal end' "$WORK/runit/upper/etc/runit/2"
    rm "$WORK"/runit/upper/etc/runit/runsvdir/default/getty-tty{5,6,S0,v0}
}
newer() {
    local suite why
    for suite in trixie sid; do
        if ! why=$(packages_of $suite $suite systemd systemd-sysv dbus); then
            skip "systemd of Debian's $suite boots to its normal end" "its packages cannot be had: $why"
            continue
        fi
        # What is unstable may come to where it cannot be installed.
        if why=$(install $suite 2>&1); then
            "$1" $suite
        else
            skip "systemd of Debian's $suite boots to its normal end" "it cannot be installed: $(tail -n 1 <<< "$why")"
        fi
    done
}
another() {
    local name why
    for name in sysvinit openrc runit; do
        case $name in
        sysvinit) set -- "$1" sysvinit-core ;;
        openrc) set -- "$1" sysvinit-core openrc ;;
        runit) set -- "$1" runit-init getty-run ;;
        esac
        if ! why=$(packages_of bookworm $name "${@:2}"); then
            skip "$name boots to its normal end" "its packages cannot be had: $why"
            continue
        fi
        t "$name is installed" installed $name
        "$1" $name
    done
}
