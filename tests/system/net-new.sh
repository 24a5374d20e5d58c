# What network a new container gets where no file in /etc/lxc exists, and that the container keeps its address.
. tests/lib.sh
. tests/net-lab.sh
needs_root
command -v busybox > /dev/null || { skip net-new 'needs busybox'; exit 0; }

lab
[ ! -d /etc/lxc ] || on_host mount -t tmpfs tmpfs /etc/lxc
web=$LAB-web
lxc=$WORK/lxc
host() { on_host env -u HOME "$LXCBOX" "$@"; }
create() { host lxc-create -P "$lxc" -n "$@"; }
nets() { grep '^lxc\.net\.' "$lxc/$1/config"; }
on_bridge() { # NAME BRIDGE
    nets "$1" | grep -qx "lxc.net.0.link = $2" &&
        nets "$1" | grep -qx 'lxc.net.0.type = veth' &&
        nets "$1" | grep -qx 'lxc.net.0.flags = up'
}
empty() { [ "$(nets "$1")" = 'lxc.net.0.type = empty' ]; }

# --- Without a bridge -------------------------------------------------------------------------------------------

one_line() { [ "$(create none -t busybox 2>&1)" = "$1" ]; }
t 'without a network lxc-create prints one line with the way to add one' \
    one_line "Container none has no network: run \"lxc-net start\" \
before lxc-create, or set lxc.net.0.type = veth, lxc.net.0.link and lxc.net.0.flags = up in $lxc/none/config"
t 'and the network is empty' empty none
t '-q prints nothing' is '' create quiet -q -t none
settings() { printf '%s\n' "$@" | on_host tee /etc/default/lxc-net > /dev/null; }
settings USE_LXC_BRIDGE=true LXC_BRIDGE=lxcbr7
created_later() { create later -t none && on_bridge later lxcbr7; }
t 'settings that say that the bridge will be up are enough' created_later
settings LXC_ADDR=10.0.3
t 'settings that cannot be used are refused' refuses 'lxc-net:1: LXC_ADDR is "10.0.3"' create wrong -t none
settings USE_LXC_BRIDGE=false
created_unwanted() { create unwanted -t none && empty unwanted; }
t 'no bridge is taken that is not wanted' created_unwanted
on_host rm /etc/default/lxc-net

# --- With lxc-net up ----------------------------------------------------------------------------------------------

host lxc-net start
created_web() { create "$web" -t busybox && on_bridge "$web" lxcbr0; }
t 'with lxc-net up a new container is on its bridge' created_web
address() { host lxc-info -P "$lxc" -n "$web" -iH; }
has_address() { [ -n "$(address)" ]; }
reachable() {
    host lxc-start -P "$lxc" -n "$web" &&
        until_ok 20 has_address &&
        on_host ping -c 1 -W 2 "$(address)" &&
        address >> "$WORK/addresses"
}
stop() { host lxc-stop -P "$lxc" -n "$web" -k; }
cleanup stop
t 'the host can ping it once it is started' reachable
stop
t 'also after a second start' reachable
stop
t 'and a third' reachable
stop
address_count() { sort -u "$WORK/addresses" | wc -l; }
t 'its address is the same each time' is 1 address_count
mkdir -p "$WORK/tree/etc"
tar -C "$WORK/tree" -cJf "$WORK/rootfs.tar.xz" .
container_from_tarball_is_on_bridge() {
    create tarball -t local -- -f "$WORK/rootfs.tar.xz" && on_bridge tarball lxcbr0
}
t 'a container from a tarball is on the bridge, too' container_from_tarball_is_on_bridge
exported() {
    host lxc-export -P "$lxc" -n tarball -o "$WORK/x.tar" &&
        host lxc-import -P "$lxc" imported "$WORK/x.tar"
}
imported_on_bridge() { exported && on_bridge imported lxcbr0; }
t 'an imported one, too' imported_on_bridge

# --- Configurations win -------------------------------------------------------------------------------------------

echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
created_given() { create given -f "$WORK/empty.conf" -t none && empty given; }
t '-f wins' created_given
: > "$WORK/nothing.conf"
created_nothing() { create nothing -f "$WORK/nothing.conf" -t none && ! nets nothing; }
t 'also without a network' created_nothing
default_conf() { [ ! -d /etc/lxc ] || { cat > "$WORK/default.conf" && on_host cp "$WORK/default.conf" /etc/lxc/; }; }
if [ -d /etc/lxc ]; then
    echo 'lxc.net.0.type = empty' | default_conf
    created_stock() { is "" create stock -t none && empty stock; }
    t 'so does a default configuration, silently' created_stock
else
    skip 'so does a default configuration, silently' 'no directory /etc/lxc to put one into'
fi

# --- Hardware addresses -------------------------------------------------------------------------------------------

hwaddr() { sed -n "s/^lxc\.net\.$2\.hwaddr = //p" "$lxc/$1/config"; }
one_hwaddr() { hwaddr "$@" | grep -Exq '00:16:3e(:[0-9a-f]{2}){3}' && [ "$(hwaddr "$@" | wc -l)" = 1 ]; }
printf \
    'lxc.net.0.type = veth\nlxc.net.3.type = macvlan\nlxc.net.4.type = empty\n'\
'lxc.net.5.type = veth\nlxc.net.5.hwaddr = 4a:00:00:00:00:01\n' \
    > "$WORK/many.conf"
each_veth_and_macvlan_has_hwaddr_once() {
    create many -f "$WORK/many.conf" -t none && one_hwaddr many 0 && one_hwaddr many 3
}
t 'each veth and macvlan has an hwaddr once it is created' each_veth_and_macvlan_has_hwaddr_once
no_hwaddr() { [ -z "$(hwaddr many 4)" ]; }
t 'other kinds have none' no_hwaddr
t 'one that is configured stays' is 4a:00:00:00:00:01 hwaddr many 5
printf 'lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n' > "$WORK/net.conf"
echo "lxc.include = $WORK/net.conf" > "$WORK/include.conf"
template_in_included_file_is_filled_once() {
    create included -f "$WORK/include.conf" -t none && one_hwaddr included 0
}
t 'a template in an included file is filled once and for all' template_in_included_file_is_filled_once
printf \
    '#!/bin/sh\nfor a; do case $a in --path=*) p=${a#*=} ;; esac; done\necho "lxc.uts.name = x" >> "$p/config"\n' \
    > "$WORK/template"
chmod +x "$WORK/template"
executable_template_changes_nothing_about() {
    create program -f "$WORK/many.conf" -t "$WORK/template" && one_hwaddr program 0
}
t 'an executable template changes nothing about that' executable_template_changes_nothing_about
other() {
    host lxc-copy -P "$lxc" -n "$1" -N "$2" &&
        one_hwaddr "$2" 0 &&
        [ "$(hwaddr "$1" 0)" != "$(hwaddr "$2" 0)" ]
}
t 'a copy has addresses of its own' other many copy
sed -i '/hwaddr/d' "$lxc/many/config"
t 'also one of a container that had none' other many later-copy
kept() { host lxc-copy -P "$lxc" -n copy -N kept -M && [ "$(hwaddr kept 0)" = "$(hwaddr copy 0)" ]; }
t 'lxc-copy -M keeps them' kept
t 'stock LXC reads them' is "lxc.net.0.hwaddr = $(hwaddr copy 0)" lxc-info -P "$lxc" -n copy -c lxc.net.0.hwaddr
host lxc-net stop
