# An ordinary user with ids of its own in /etc/subuid makes, runs, copies and destroys containers, by newuidmap(1).
. "$(dirname "$0")/../lib.sh"
needs_root
cache=$PWD/build/test-cache/uidmap
promise='a user with ids in /etc/subuid has containers'
if ! command -v setpriv > /dev/null || [ ! -x /bin/busybox ]; then skip "$promise" 'needs busybox-static and util-linux'; exit 0; fi
# Not installed: stock LXC would use it for root, too. And /etc is a copy that nobody else sees.
if [ -z "${PRIVATE_ETC-}" ]; then
    if [ ! -e "$cache/usr" ]; then
        mkdir -p "$cache" && (cd "$cache" && apt-get -o APT::Sandbox::User=root download uidmap && dpkg -x uidmap_*.deb .) > "$WORK/apt" 2>&1 ||
            { skip "$promise" "the package uidmap cannot be had: $(tail -1 "$WORK/apt")"; exit 0; }
    fi
    PRIVATE_ETC=1 unshare -m bash "$0"
    exit
fi
user=64010 home=$WORK/home
chmod 755 "$WORK" && mkdir -p "$WORK/bin" "$home/.config/lxc" && cp "$LXCBOX" "$WORK/bin/lxcbox" && cp -p "$cache"/usr/bin/new?idmap "$WORK/bin" &&
    cp -a /etc "$WORK/etc" && mount --bind "$WORK/etc" /etc || exit 1
echo "um-user:x:$user:$user::$home:/bin/sh" >> /etc/passwd
echo "um-user:x:$user:" >> /etc/group
echo um-user:710000:65536 | tee /etc/subuid > /etc/subgid
printf '%s\n' 'lxc.net.0.type = empty' 'lxc.idmap = u 0 710000 65536' 'lxc.idmap = g 0 710000 65536' > "$home/.config/lxc/default.conf"
chown -R $user:$user "$home"
as_user() { HOME=$home PATH=${path-$WORK/bin:/usr/bin:/bin} setpriv --reuid $user --regid $user --clear-groups "$WORK/bin/lxcbox" "$@"; }
P=$home/.local/share/lxc N=um$$
cleanup 'for c in $N-a $N-b $N-c; do as_user lxc-stop -k $c; done'
cd /

t 'lxc-create -t busybox' as_user lxc-create -n $N-a -t busybox
t 'its files are the container'\''s, its folder may be entered by both' is "710000:$user 770
710000:710000 755
$user:$user 640" stat -c '%u:%g %a' "$P/$N-a" "$P/$N-a/rootfs" "$P/$N-a/config"
t 'lxc-ls -f shows that it is unprivileged' has "^$N-a +STOPPED .* true" as_user lxc-ls -f
t 'lxc-start' as_user lxc-start $N-a
t 'its root is root inside alone' is '0 710000' eval 'echo $(as_user lxc-attach $N-a -- id -u) $(stat -c %u /proc/$(as_user lxc-info -pH $N-a))'
t 'lxc-attach enters it, and what it writes is the container'\''s' is 710007 eval '
    as_user lxc-attach $N-a -- sh -c "touch /root/x && chown 7 /root/x" && stat -c %u "$P/$N-a/rootfs/root/x"'
t 'lxc-stop' eval 'as_user lxc-stop -t 20 $N-a && is STOPPED as_user lxc-state $N-a'
t 'lxc-copy' eval 'as_user lxc-copy -n $N-a -N $N-b && is 710007 stat -c %u "$P/$N-b/rootfs/root/x"'
t 'lxc-copy -e runs an overlay' is $N-c eval 'as_user lxc-copy -n $N-a -N $N-c -e -q -- hostname'
t 'lxc-snapshot' eval 'as_user lxc-snapshot -n $N-b && is 710007 stat -c %u "$P/$N-b/snaps/snap0/rootfs/root/x"'
t 'lxc-export and lxc-import' eval 'as_user lxc-export -o "$home/b.tar.xz" $N-b > /dev/null && as_user lxc-import -n $N-i "$home/b.tar.xz" > /dev/null && is 710007 stat -c %u "$P/$N-i/rootfs/root/x"'
t 'lxc-destroy takes everything' is '' eval 'as_user lxc-destroy $N-a && as_user lxc-destroy -s $N-b && as_user lxc-destroy $N-i; ls -A "$P"'
path=/usr/bin:/bin
t 'without newuidmap it says what to install' refuses 'no newuidmap \(install the uidmap programs' as_user lxc-create -n $N-a -t busybox
unset path
echo um-user:810000:65536 > /etc/subuid
t 'ids that are not its own are refused, and nothing is left' eval "refuses 'takes what /etc/subuid and /etc/subgid give you' as_user lxc-create -n $N-a -t busybox && is '' ls -A '$P'"
: > /etc/subuid
t 'without ids it says how to get some' refuses '/etc/subuid gives us no ids \(have a line "um-user:100000:65536" added' as_user lxc-create -n $N-a -t busybox
sed -i /idmap/d "$home/.config/lxc/default.conf"
as_user lxc-create -n $N-a -t busybox > /dev/null
t 'without lxc.idmap it says what is lacking' refuses 'as an ordinary user give it a user namespace by lxc.idmap' as_user lxc-start $N-a
