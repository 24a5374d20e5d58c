# lxc-create --mapped, and lxcbox.mapped of lxc.conf: root gets containers whose root is a user of the host.
. tests/lib.sh
needs_root
if [ -z "${OWN_ETC:-}" ]; then
    rm -rf "$WORK"
    OWN_ETC=1 exec unshare -m sh -c 'mount --make-rprivate / && exec bash tests/system/mapped.sh'
fi
P=$WORK/lxc
chmod 755 "$WORK" && mkdir "$P" "$WORK/etc"
mount -t tmpfs none "$WORK/etc" && mkdir "$WORK/etc/up" "$WORK/etc/work" || exit 1
mount -t overlay -o "lowerdir=/etc,upperdir=$WORK/etc/up,workdir=$WORK/etc/work" etc /etc || exit 1
cleanup "umount -l /etc '$WORK/etc'"
mkdir -p /etc/lxc
echo lxc.net.0.type = empty > "$WORK/config"
create() { lxcbox lxc-create -P "$P" -f "$WORK/config" -t busybox "$@"; }
ids() { printf '%s\n' "$1" > /etc/subuid && printf '%s\n' "$2" > /etc/subgid; }
maps() { grep '^lxc.idmap' "$P/$1/config"; }
nothing() { [ -z "$(ls -A "$P")" ]; }

ids other:100000:65536 other:100000:65536
refused() { refuses '/etc/subuid has no ids.*root:100000:65536' create -n a --mapped && nothing; }
t 'without ids of root nothing is created, and the remedy is a line' refused
ids root:700000:65536 other:100000:65536
half() { refuses '/etc/subgid has no ids' create -n a --mapped && nothing; }
t 'nor with users alone' half
ids root:700000:65536 root:800000:65536
range=$'lxc.idmap = u 0 700000 65536\nlxc.idmap = g 0 800000 65536'
option() { create -n a --mapped > /dev/null && is "$range" maps a; }
t 'lxc-create --mapped maps the ids of root in /etc/subuid and /etc/subgid' option
t 'its files belong to the mapped root' is '700000 800000' stat -c '%u %g' "$P/a/rootfs/bin"
inside() { lxcbox lxc-execute -P "$P" -n a -- cat /proc/self/uid_map | tr -s ' '; }
t 'it starts, and root in it is that user' is ' 0 700000 65536' inside
mkdir "$WORK/shared" && echo theirs > "$WORK/shared/file"
chmod 755 "$WORK/shared"
cleanup "lxcbox lxc-stop -P '$P' -k -n o 2> /dev/null"
copy_overlay() {
    lxcbox lxc-copy -P "$P" -n a -N o -e -m "overlay=$WORK/shared:/mnt" > /dev/null &&
        lxcbox lxc-attach -P "$P" -n o -- sh -c 'cat /mnt/file && echo mine > /mnt/new && cat /mnt/new'
}
t 'it can write to an overlay of lxc-copy -m' has '^mine' copy_overlay
stopped() { lxcbox lxc-stop -P "$P" -k -n o && is file ls "$WORK/shared"; }
t 'whose source is unchanged' stopped
plain() { create -n b > /dev/null && fails maps b; }
t 'without the option there is no map' plain
echo 'lxcbox.mapped = 1' > /etc/lxc/lxc.conf
default() { create -n c > /dev/null && is "$range" maps c; }
t 'lxcbox.mapped = 1 in lxc.conf makes it the default' default
echo 'lxc.idmap = u 0 710000 10' > "$WORK/own" && echo 'lxc.idmap = g 0 710000 10' >> "$WORK/own"
own() {
    lxcbox lxc-create -P "$P" -f "$WORK/own" -t none -n d > /dev/null &&
        is $'lxc.idmap = u 0 710000 10\nlxc.idmap = g 0 710000 10' maps d
}
t 'ids of the configuration are kept' own
t 'lxc-config does not list a key that LXC does not know' fails has lxcbox lxcbox lxc-config -l
if [ -x /usr/bin/lxc-config ]; then
    echo 'lxc.lxcpath = /srv/elsewhere' >> /etc/lxc/lxc.conf
    t 'stock LXC ignores it' is /srv/elsewhere /usr/bin/lxc-config lxc.lxcpath
else
    skip 'stock LXC ignores it' 'needs stock LXC'
fi
echo 'lxcbox.mapped = yes' > /etc/lxc/lxc.conf
t 'another value is refused' refuses 'lxcbox.mapped = yes' create -n e
