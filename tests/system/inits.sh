# Debian's inits and BusyBox's boot to their normal end, on this host's cgroups, and shut down on lxc-stop and on
# lxc-stop -r. One Debian rootfs serves all, each init in an overlay of its own over it; the rootfs and the packages are
# kept in build/test-cache. What cannot be had from the archive is skipped.
. tests/lib.sh
. tests/images.sh
needs_root
P=$WORK/lxc base=$WORK/base
mkdir -p "$P" "$base" && chmod 755 "$WORK"

container() { # NAME ROOTFS
    mkdir -p "$P/$1-$$"
    {
        echo 'lxc.include = /usr/share/lxc/config/debian.common.conf'
        printf 'lxc.net.0.type = empty\nlxc.rootfs.path = %s\nlxc.uts.name = %s\n' "$2" "$1"
        [ "$1" != runit ] || echo 'lxc.signal.halt = SIGCONT'
    } > "$P/$1-$$/config"
    cleanup "lxcbox lxc-stop -k -P $P $1-$$"
}
inside() { timeout 10 "$LXCBOX" lxc-attach -P "$P" -n "$1-$$" -- "${@:2}"; }
console() { tail -n 40 "$WORK/$1.console" | sed 's/\x1b[^A-Za-z]*[A-Za-z]//g'; }
until_true() { # SECONDS COMMAND...
    local i
    for ((i = 0; i < $1 * 10; i++)); do
        "${@:2}" > "$WORK/until" 2>&1 && return
        sleep 0.1
    done
    cat "$WORK/until"
    return 1
}
boots() { # NAME COMMAND...: which succeeds inside when it is at its normal end
    rm -f "$WORK/$1.console"
    lxcbox lxc-start -P "$P" -n "$1-$$" -L "$WORK/$1.console" && until_true 60 inside "$@" || { console "$1"; false; }
}
shuts_down() { # NAME: by itself, so that nothing need be killed
    timeout 60 "$LXCBOX" lxc-stop -P "$P" -n "$1-$$" -t 50 --nokill && [ "$(lxcbox lxc-state -P "$P" "$1-$$")" = STOPPED ] ||
        { console "$1"; false; }
}
reboots() { # NAME COMMAND...
    local before
    before=$(inside "$1" cat /proc/sys/kernel/random/boot_id) && timeout 60 "$LXCBOX" lxc-stop -r -P "$P" -n "$1-$$" -t 50 &&
        until_true 60 inside "$@" && [ "$(inside "$1" cat /proc/sys/kernel/random/boot_id)" != "$before" ] || { console "$1"; false; }
}
lives() { # NAME COMMAND...
    t "$1 boots to its normal end" boots "$@"
    t "$1 reboots on lxc-stop -r" reboots "$@"
    t "$1 shuts down on lxc-stop" shuts_down "$1"
}

if [ -x /bin/busybox ] && lxcbox lxc-create -P "$P" -n "busybox-$$" -t busybox > /dev/null; then
    sed -i 's/^lxc.net.0.*//' "$P/busybox-$$/config" && echo 'lxc.net.0.type = empty' >> "$P/busybox-$$/config"
    cleanup 'lxcbox lxc-stop -k -P $P busybox-$$'
    lives busybox sh -c 'pidof syslogd'
else
    skip 'busybox boots to its normal end' 'needs busybox-static'
fi

if ! why=$(image_debian 2>&1); then
    skip "Debian's inits boot to their normal end" "no Debian rootfs: $why"
    exit 0
fi
image_debian && tar -xpJf "$DEBIAN_ROOTFS" --numeric-owner -C "$base" && echo inits > "$base/etc/hostname" || exit 1

mkdir -p "$WORK/systemd/upper"
container systemd "overlay:$base:$WORK/systemd/upper"
lives systemd systemctl is-system-running
t 'systemd runs no unit that failed' eval '
    lxcbox lxc-start -P "$P" -n systemd-$$ && until_true 60 inside systemd systemctl is-system-running && [ -z "$(inside systemd systemctl --failed --plain --no-legend)" ]'
t 'systemd has a cgroup tree of its own' inside systemd sh -c 'grep -q system.slice /proc/$(pidof -s systemd-journald)/cgroup'
t 'systemd shuts down when it is told to inside' eval 'inside systemd systemctl poweroff; until_true 30 is STOPPED lxcbox lxc-state -P "$P" systemd-$$'

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
another() { # NAME PACKAGES COMMAND...
    local why
    if ! why=$(packages "$1" $2); then
        skip "$1 boots to its normal end" "its packages cannot be had: $why"
        return
    fi
    container "$1" "overlay:$base:$WORK/$1/upper"
    t "$1 is installed" installed "$1"
    lives "$1" "${@:3}"
}
# What the makers of images do, too: Debian's inits take a signal for the power's failure, and wait for it to come back.
prepare_sysvinit() { sed -i 's/^pf:.*/pf::powerfail:\/sbin\/init 0/' "$WORK/$1/upper/etc/inittab"; }
prepare_openrc() { prepare_sysvinit openrc; }
# runit halts on SIGCONT if a file says so, and reboots on SIGINT after a script, which waits for 14 s in Debian.
prepare_runit() {
    echo 'chmod 100 /run/runit.stopit' >> "$WORK/runit/upper/etc/runit/1"
    printf '#!/bin/sh\nchmod 100 /run/runit.stopit /run/runit.reboot\n' > "$WORK/runit/upper/etc/runit/ctrlaltdel"
}
another sysvinit sysvinit-core sh -c 'runlevel | grep "N 2" && [ "$(cat /proc/1/comm)" = init ]'
another openrc 'sysvinit-core openrc' sh -c 'rc-status -r | grep -x default'
another runit 'runit-init getty-run' sh -c 'sv status /etc/service/getty-tty1'
