# What lxcbox --service prints, put in place as a person would, in real systems: lxc-net and a container that is marked to
# start by itself are up after a boot, and are taken down cleanly when the system ends. The system is a container itself.
. tests/lib.sh
. tests/images.sh
. tests/inits.sh
P=$WORK/lxc ID=-service$$
. tests/inits-lives.sh
needs_root
for INIT in systemd openrc procd sysv; do lxcbox --service $INIT > "$WORK/file-$INIT"; done
# There is no OpenWrt here: its script is only read.
t "procd's script has no error in its syntax" sh -n "$WORK/file-procd"
if [ ! -x /bin/busybox ]; then
    skip "services in Debian's systems" 'needs busybox-static'
    exit 0
fi
if ! why=$(image_debian 2>&1); then
    skip "services in Debian's systems" "no Debian rootfs: $why"
    exit 0
fi
mkdir -p "$P" && chmod 755 "$WORK"
inits_base || exit 1

place_systemd() { echo '> /etc/systemd/system/lxcbox.service && systemctl enable lxcbox'; }
place_openrc() { echo '> /etc/init.d/lxcbox && chmod 755 /etc/init.d/lxcbox && rc-update add lxcbox default'; }
place_sysvinit() { echo '> /etc/init.d/lxcbox && chmod 755 /etc/init.d/lxcbox && update-rc.d lxcbox defaults'; }
place() { # NAME INIT: what a person does
    inside "$1" sh -ec "
        export PATH=/usr/local/bin:\$PATH
        lxcbox --install /usr/local/bin
        lxcbox --service $2 $("place_$1")
        lxc-create -n inner -t busybox
        printf '%s\n' 'lxc.start.auto = 1' 'lxc.net.0.type = veth' 'lxc.net.0.link = lxcbr0' 'lxc.net.0.flags = up' >> /var/lib/lxc/inner/config
        echo '::shutdown:/bin/touch /down' >> /var/lib/lxc/inner/rootfs/etc/inittab"
}
runs() { inside "$1" /usr/local/bin/lxc-ls --running; }
address() { inside "$1" /usr/local/bin/lxc-info -n inner -iH | grep '^10\.0\.3\.'; }
serves() { # NAME INIT
    local upper=$WORK/$1/upper
    mkdir -p "$upper/usr/local/bin"
    cp /bin/busybox "$upper/usr/local/bin/" && cp "$LXCBOX" "$upper/usr/local/bin/lxcbox"
    container "$1" "overlay:$base:$upper"
    echo 'lxc.include = /usr/share/lxc/config/nesting.conf' >> "$P/$1$ID/config"
    cleanup "lxcbox lxc-stop -k -P $P $1$ID"
    t "$1 boots without the service" boots "$1"
    t "$1: the service is put in place" place "$1" "$2"
    t "$1 boots with it" reboots "$1"
    t "$1: the container is started at boot" is inner runs "$1"
    t "$1: lxc-net is, and gives it an address" until_true 20 address "$1"
    t "$1 shuts down" shuts_down "$1"
    t "$1: the container shut down by itself" test -e "$upper/var/lib/lxc/inner/rootfs/down"
}
mkdir -p "$WORK/systemd/upper"
serves systemd systemd
other() {
    case $1 in
    sysvinit) serves sysvinit sysv ;;
    openrc) serves openrc openrc ;;
    esac
}
another other
