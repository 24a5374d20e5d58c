# Debian's inits and BusyBox's boot to their normal end, on this host's cgroups, and shut down on lxc-stop and on
# lxc-stop -r. In their systems lxc-net and a container that is marked to start by itself come up at boot by what
# lxcbox --service prints, and are taken down cleanly. What cannot be had from the archive is skipped.
. tests/lib.sh
. tests/images.sh
. tests/inits.sh
. tests/inits-lives.sh
needs_root
P=$WORK/lxc ID=-$$
mkdir -p "$P" && chmod 755 "$WORK"
# What lxcbox --service prints, put in place as a person would, with a container that starts by itself.
place_systemd() { echo '> /etc/systemd/system/lxcbox.service && systemctl enable lxcbox'; }
place_openrc() { echo '> /etc/init.d/lxcbox && chmod 755 /etc/init.d/lxcbox && rc-update add lxcbox default'; }
place_sysvinit() { echo '> /etc/init.d/lxcbox && chmod 755 /etc/init.d/lxcbox && update-rc.d lxcbox defaults'; }
place() { # NAME
    local kind=${1/sysvinit/sysv}
    inside "$1" sh -ec "
        export PATH=/usr/local/bin:\$PATH
        lxcbox --install /usr/local/bin
        lxcbox --service $kind $("place_$1")
        lxc-create -n inner -t busybox
        printf '%s\n' 'lxc.start.auto = 1' 'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' \
            'lxc.net.0.flags = up' >> /var/lib/lxc/inner/config
        echo '::shutdown:/bin/touch /down' >> /var/lib/lxc/inner/rootfs/etc/inittab"
}
runs() { inside "$1" /usr/local/bin/lxc-ls --running; }
address() { inside "$1" /usr/local/bin/lxc-info -n inner -iH | grep '^10\.0\.3\.'; }

lives() { # NAME [service]
    cleanup "lxcbox lxc-stop -k -P $P $1$ID"
    t "$1 boots to its normal end" boots "$1"
    case $1 in systemd | trixie | sid) systemd_whole "$1" ;; esac
    [ -z "${2-}" ] || t "$1: our service is put in place" place "$1"
    t "$1 reboots on lxc-stop -r" reboots "$1"
    [ -z "${2-}" ] || t "$1: a container is started at boot" is inner runs "$1"
    [ -z "${2-}" ] || t "$1: lxc-net is, and gives it an address" until_true 20 address "$1"
    t "$1 shuts down on lxc-stop" shuts_down "$1"
    [ -z "${2-}" ] ||
        t "$1: the container inside shut down by itself" test \
            -e "$WORK/$1/upper/var/lib/lxc/inner/rootfs/down"
}
other() {
    container "$1" "overlay:$base:$WORK/$1/upper"
    case $1 in
    systemd | sysvinit | openrc)
        echo 'lxc.include = /usr/share/lxc/config/nesting.conf' >> "$P/$1$ID/config"
        mkdir -p "$WORK/$1/upper/usr/local/bin" && cp /bin/busybox "$LXCBOX" "$WORK/$1/upper/usr/local/bin/"
        lives "$1" ${service-}
        ;;
    *) lives "$1" ;;
    esac
}

# There is no OpenWrt here: its script is only read.
lxcbox --service procd > "$WORK/procd"
t "procd's script has no error in its syntax" sh -n "$WORK/procd"

if [ -x /bin/busybox ] && busybox_made; then
    service=service
    lives busybox
else
    skip 'busybox boots to its normal end' 'needs busybox-static'
fi

if ! why=$(image_debian 2>&1); then
    skip "Debian's inits boot to their normal end" "no Debian rootfs: $why"
    exit 0
fi
inits_base || exit 1

mkdir -p "$WORK/systemd/upper"
other systemd
powered_off() {
    inside systemd systemctl poweroff
    until_true "$TIMEOUT_SECONDS" is STOPPED state systemd
}
t 'systemd boots again' boots systemd
t 'systemd shuts down by its own command inside' powered_off
another other
newer other
