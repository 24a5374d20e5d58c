# An ordinary user with ids of its own in /etc/subuid makes, runs, copies and destroys containers, by newuidmap(1).
. "$(dirname "$0")/../lib.sh"
needs_root
cache=$PWD/build/test-cache/uidmap
promise='a user with ids in /etc/subuid has containers'
if ! command -v setpriv > /dev/null || [ ! -x /bin/busybox ]; then
    skip "$promise" 'needs busybox-static and util-linux'
    exit 0
fi
if findmnt -no OPTIONS -T "$WORK" | grep -qw nosuid; then
    skip "$promise" "newuidmap cannot be setuid in $WORK"
    exit 0
fi
# Not installed, for a test of what happens without. And /etc is a copy that nobody else sees.
if [ -z "${PRIVATE_ETC-}" ]; then
    if [ ! -e "$cache/usr" ]; then
        mkdir -p "$cache" &&
            (cd "$cache" && apt-get -o APT::Sandbox::User=root download uidmap && dpkg -x uidmap_*.deb .) \
                > "$WORK/apt" 2>&1 ||
            { skip "$promise" "the package uidmap cannot be had: $(tail -1 "$WORK/apt")"; exit 0; }
    fi
    PRIVATE_ETC=1 unshare -m bash "$0"
    exit
fi
user=64010 home=$WORK/home
chmod 755 "$WORK" &&
    mkdir -p "$WORK/bin" "$home/.config/lxc" &&
    cp "$LXCBOX" "$WORK/bin/lxcbox" &&
    cp -p "$cache"/usr/bin/new?idmap "$WORK/bin" &&
    cp -a /etc "$WORK/etc" &&
    mount --bind "$WORK/etc" /etc ||
    exit 1
echo "um-user:x:$user:$user::$home:/bin/sh" >> /etc/passwd
echo "um-user:x:$user:" >> /etc/group
echo um-user:710000:65536 | tee /etc/subuid > /etc/subgid
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.idmap = u 0 710000 65536' 'lxc.idmap = g 0 710000 65536' \
    > "$home/.config/lxc/default.conf"
chown -R $user:$user "$home"
as_user() {
    HOME=$home PATH=${path-$WORK/bin:/usr/bin:/bin} setpriv --reuid $user --regid $user \
        --clear-groups "$WORK/bin/lxcbox" "$@"
}
P=$home/.local/share/lxc N=um$$
cleanup 'for c in $N-a $N-b $N-c; do as_user lxc-stop -k $c; done'
bare=$(path_without newuidmap newgidmap)
cd /

t 'lxc-create -t busybox' as_user lxc-create -n $N-a -t busybox
t 'its files are the container'\''s, both may enter its directory' is "$user:710000 750
710000:710000 755
$user:$user 640" stat -c '%u:%g %a' "$P/$N-a" "$P/$N-a/rootfs" "$P/$N-a/config"
t 'lxc-ls -f shows that it is unprivileged' has "^$N-a +STOPPED .* true" as_user lxc-ls -f
t 'lxc-start' as_user lxc-start $N-a
its_root_is_root_inside() {
    echo $(as_user lxc-attach $N-a -- id -u) $(stat -c %u /proc/$(as_user lxc-info -pH $N-a))
}
t 'its root is root inside alone' is '0 710000' its_root_is_root_inside
attach_owner() {
    as_user lxc-attach $N-a -- sh -c "touch /root/x && chown 7 /root/x" &&
        stat -c %u "$P/$N-a/rootfs/root/x"
}
t 'lxc-attach enters it, and its files belong to the container' is 710007 attach_owner
stops() { as_user lxc-stop -t 20 $N-a && is STOPPED as_user lxc-state $N-a; }
t 'lxc-stop' stops
copies() { as_user lxc-copy -n $N-a -N $N-b && is 710007 stat -c %u "$P/$N-b/rootfs/root/x"; }
t 'lxc-copy' copies
t 'lxc-copy -e runs an overlay' is $N-c as_user lxc-copy -n $N-a -N $N-c -e -q -- hostname
snapshots() { as_user lxc-snapshot -n $N-b && is 710007 stat -c %u "$P/$N-b/snaps/snap0/rootfs/root/x"; }
t 'lxc-snapshot' snapshots
lxc_export_and_lxc_import() {
    as_user lxc-export -o "$home/b.tar.xz" $N-b > /dev/null &&
        as_user lxc-import -n $N-i "$home/b.tar.xz" > /dev/null &&
        is 710007 stat -c %u "$P/$N-i/rootfs/root/x"
}
t 'lxc-export and lxc-import' lxc_export_and_lxc_import
lxc_destroy_takes_everything() {
    as_user lxc-destroy $N-a && as_user lxc-destroy -s $N-b && as_user lxc-destroy $N-i
    ls -A "$P"
}
t 'lxc-destroy takes everything' is '' lxc_destroy_takes_everything
# Each kind of ids on its own: one's own id alone needs no newuidmap and no line in /etc/subuid.
maps() { # MAP...: the maps that lxc-usernsexec makes, and what becomes of setgroups(2)
    as_user lxc-usernsexec "${@/#/-m}" -- sh \
        -c 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups' |
        tr -s ' ' |
        cut -c 1- |
        paste -sd ,
}
own_u=u:0:$user:1 own_g=g:0:$user:1 range_u=u:0:710000:9 range_g=g:0:710000:9
own=" 0 $user 1" range=' 0 710000 9'
t 'own user and group are mapped' is "$own,$own,deny" maps $own_u $own_g
t 'ranges of both' is "$range,$range,allow" maps $range_u $range_g
t 'own user and a range of groups' is "$own,$range,allow" maps $own_u $range_g
t 'a range of users and the own group' is "$range,$own,deny" maps $range_u $own_g
t '-u and -g become others than root inside' is '3:4' \
    as_user lxc-usernsexec -m $range_u -m $range_g -u 3 -g 4 -- sh -c "echo \$(id -u):\$(id -g)"
t 'one that is not mapped is refused' refuses 'cannot change to user 12' \
    as_user lxc-usernsexec -m $range_u -m $range_g -u 12 -- true
unshare_does_same() {
    as_user unshare --map-users=0:$user:1 --map-groups=0:710000:9 cat /proc/self/uid_map \
        /proc/self/gid_map |
        tr -s " " |
        paste -sd ,
}
t 'unshare does the same' is "$own,$range" unshare_does_same
t 'setgroups stays as it was asked for, or nothing runs' refuses \
    'can only map the own group with setgroups denied' as_user unshare --map-users=0:$user:1 \
    --map-groups=0:$user:1 --setgroups=allow true
path=$bare
t 'without newuidmap: own user and group' is "$own,$own,deny" maps $own_u $own_g
t 'without newuidmap: ranges are refused' refuses 'newuidmap is not installed \(install' \
    as_user lxc-usernsexec -m $range_u -m $range_g -- true
t 'without newgidmap: a range of groups is refused' refuses 'newgidmap is not installed \(install' \
    as_user lxc-usernsexec -m $own_u -m $range_g -- true
t 'without newuidmap: a range of users is refused' refuses 'newuidmap is not installed \(install' \
    as_user lxc-usernsexec -m $range_u -m $own_g -- true
unset path
: > /etc/subgid
t 'without a line in /etc/subgid: own user and group' is "$own,$own,deny" maps $own_u $own_g
t 'without a line in /etc/subgid: a range of users' is "$range,$own,deny" maps $range_u $own_g
refused_groups() {
    as_user lxc-usernsexec -m $own_u -m $range_g -- true 2>&1 |
        grep 'newgidmap refused to map these ids (have these ids added to your line in /etc/subgid)'
}
t 'without a line in /etc/subgid: no range of groups' refused_groups
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.idmap = u 0 710000 65536' "lxc.idmap = g 0 $user 1" > "$WORK/own-group"
own_group() {
    as_user lxc-create -n $N-g -t none -f "$WORK/own-group" &&
        is "0:0" as_user lxc-execute -n $N-g -- sh -c "echo \$(id -u):\$(id -g)" && as_user lxc-destroy $N-g
}
t 'a container of a range of users and the own group' own_group
cp /etc/subuid /etc/subgid

# Containers of root's, as an ordinary user sees them.
mkdir -p "$WORK/roots" /var/lib/lxc && mount --bind "$WORK/roots" /var/lib/lxc && chmod 755 "$WORK/roots" &&
    lxcbox lxc-create -n $N-r -t none > /dev/null
t 'a container of root'\''s is said to be' refuses \
    "there is no container $N-r in $P .you are not root; /var/lib/lxc/$N-r belongs to root" as_user lxc-start $N-r
t 'also by commands that ask its monitor' refuses "you are not root; /var/lib/lxc/$N-r belongs to root" \
    as_user lxc-attach $N-r
t 'a container that may not be read is not reported as absent' refuses \
    "cannot read container $N-r in /var/lib/lxc: Permission denied .you are not root; "\
"/var/lib/lxc/$N-r belongs to root" \
    as_user lxc-destroy -P /var/lib/lxc $N-r
t 'lxc-ls reports an incomplete list' has '/var/lib/lxc: unreadable directories, which are not listed: 1' \
    stderr_too as_user lxc-ls -P /var/lib/lxc
chmod 700 "$WORK/roots"
t 'lxc-ls of an unreadable directory names the owner' refuses "you are not root; /var/lib/lxc belongs to root" \
    as_user lxc-ls -P /var/lib/lxc

# Where the container's root may not pass.
as_user lxc-create -n $N-a -t busybox > /dev/null
chmod 700 "$home"
t 'a home that the container'\''s root may not pass is refused at lxc-create' refuses \
    "root .user 710000. has no search permission for $home, so the container could not start .chmod o.x $home" \
    as_user lxc-create -n $N-b -t busybox
t 'and named at lxc-start' refuses "root of the container may not search $home: chmod o.x" as_user lxc-start $N-a
chmod 755 "$home"
as_user lxc-destroy $N-a

sed -i /idmap/d "$home/.config/lxc/default.conf"
echo um-user:600000:10 >> /etc/subuid
takes_own() {
    as_user lxc-create -n $N-a -t busybox > /dev/null || return
    is "lxc.idmap = u 0 710000 65536
lxc.idmap = g 0 710000 65536" grep idmap "$P/$N-a/config" && is "710000" stat -c %u "$P/$N-a/rootfs" &&
        as_user lxc-start $N-a && as_user lxc-destroy -f $N-a
}
t 'without lxc.idmap the ids of /etc/subuid and /etc/subgid are taken' takes_own
printf '%s\n' 'lxc.idmap = u 0 710000 65536' 'lxc.idmap = g 0 710000 65536' >> "$home/.config/lxc/default.conf"

path=$bare
t 'a missing newuidmap is reported with the package' refuses 'newuidmap is not installed \(install the package uidmap' \
    as_user lxc-create -n $N-a -t busybox
unset path
echo um-user:810000:65536 > /etc/subuid
ids_that_are_not_its_own_are_refused() {
    refuses 'takes what /etc/subuid and /etc/subgid give you' as_user lxc-create -n $N-a -t busybox &&
        is '' ls -A "$P"
}
t 'ids that are not its own are refused, and nothing is left' ids_that_are_not_its_own_are_refused
: > /etc/subuid
t 'missing ids are reported with the remedy' refuses \
    '/etc/subuid has no ids for this user \(add a line "um-user:100000:65536"' as_user lxc-create \
    -n $N-a -t busybox
sed -i /idmap/d "$home/.config/lxc/default.conf"
t 'without lxc.idmap, too' refuses '/etc/subuid has no ids for this user' as_user lxc-create -n $N-a -t busybox
as_user lxc-create -n $N-a -t none > /dev/null
t 'a configuration alone may be made; without lxc.idmap it does not start' \
    refuses 'an ordinary user has to give it a user namespace with lxc.idmap' as_user lxc-start $N-a -- /bin/true
