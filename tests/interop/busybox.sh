# The rootfs of the template busybox beside that of stock LXC: the same files with the same modes, owners and targets of
# links, or a reason why not; and what works in stock's container works in ours.
. "$(dirname "$0")/../lib.sh"
needs_root
for program in lxc-create busybox; do
    command -v $program > /dev/null || { skip 'the template busybox, as stock' "no $program"; exit 0; }
done
N=bb$$
P=$WORK/lxc
chmod 755 "$WORK"
mkdir "$P"
printf 'lxc.net.0.type = empty\n' > "$WORK/config"
must lxc-create -P "$P" -n $N-stock -f "$WORK/config" -t busybox
must lxcbox lxc-create -P "$P" -n $N-ours -f "$WORK/config" -t busybox
stock=$P/$N-stock/rootfs ours=$P/$N-ours/rootfs

# PATH TYPE,MODE,OWNER,TARGET
listed() { (cd "$1" && find . -mindepth 1 -printf '%P %y,%m,%U:%G,%l\n' | sort); }
# PATH STOCK OURS REASON
reasons() {
    cat << 'END'
etc/hostname - f,644,0:0, commands outside the UTS namespace read it
etc/hosts - f,644,0:0, localhost and the container's own name resolve
etc/init.d/rcS f,744,0:0, f,755,0:0, anyone may read and run it, as with distributions
etc/mtab - l,777,0:0,/proc/self/mounts df and umount read it
etc/profile - f,644,0:0, a login shell has PATH and a prompt
etc/shadow f,644,0:0, f,600,0:0, password hashes are root's
etc/udhcpc d,644,0:0, d,755,0:0, a directory without x is of no use to others
etc/udhcpc/default.script f,744,0:0, l,777,0:0,../../usr/share/udhcpc/default.script udhcpc looks at both places
proc d,755,0:0, d,555,0:0, the mode of what is mounted there
root d,755,0:0, d,700,0:0, root's files are root's
run - d,755,0:0, /var/run of today
sbin d,755,0:0, l,777,0:0,bin every command is found in each of the four directories
sbin/init f,6755,0:0, - it is bin/init
selinux d,755,0:0, - no kernel mounts anything there since Linux 3.0
sys d,755,0:0, d,555,0:0, the mode of what is mounted there
usr/bin d,755,0:0, l,777,0:0,../bin as sbin
usr/sbin d,755,0:0, l,777,0:0,../bin as sbin
usr/share - d,755,0:0, holds udhcpc's script
usr/share/udhcpc - d,755,0:0, holds udhcpc's script
usr/share/udhcpc/default.script - f,755,0:0, where udhcpc looks as its authors build it
var/run d,755,0:0, l,777,0:0,../run the same place as /run
var/spool - d,755,0:0, for crond
var/spool/cron - d,755,0:0, for crond
var/spool/cron/crontabs - d,700,0:0, for crond
END
}
differences() { join -a1 -a2 -e - -o 0,1.2,2.2 <(listed "$stock") <(listed "$ours") | awk '$2 != $3'; }
t 'files, modes, owners and links are as in stock, but for known reasons' is "$(reasons | cut -d' ' -f1-3)" differences

lines_of_stock() { comm -23 <(sort "$stock/$1") <(sed "${2:-}" "$ours/$1" | sort); }
t 'inittab does what that of stock does' is '' lines_of_stock etc/inittab 's#:-/bin/sh#:/bin/sh#'
t 'passwd has the users of stock' is '' lines_of_stock etc/passwd
t 'group has the groups of stock' is '' lines_of_stock etc/group 's/^root:x:0:$/&root/'
t 'rcS runs what that of stock runs' is '' comm -23 \
    <(grep -o '^/bin/[a-z]*[^#]*' "$stock/etc/init.d/rcS" | cut -d' ' -f1,2 | sort) \
    <(grep -o '/bin/[a-z]*\( -a\)\?' "$ours/etc/init.d/rcS" | sort)

run() { lxcbox lxc-execute -P "$P" -n "$N-$1" "${@:2}"; }
# What udhcpc would have its script do with a lease.
leased() {
    run "$1" -- env interface=lo ip=10.9.8.7 mask=24 dns='192.0.2.1 192.0.2.2' domain=example /bin/sh \
        -c \
        '/etc/udhcpc/default.script bound; ip -4 addr show dev lo | grep -o "10.9.*/[0-9]*"; sort /etc/resolv.conf'
}
t "udhcpc's script takes the lease" has '^10.9.8.7/24$' leased ours
t 'as that of stock does' is "$(leased stock)" leased ours
same() { # COMMAND... has the same status in both as an ordinary user
    local a=0 b=0
    run stock -u 1000 -g 1000 -- "$@" > "$WORK/stock.out" 2>&1 < /dev/null || a=$?
    run ours -u 1000 -g 1000 -- "$@" > "$WORK/ours.out" 2>&1 < /dev/null || b=$?
    [ $a = $b ] && return
    echo "stock $a, ours $b"
    tail -n 2 "$WORK"/{stock,ours}.out
    return 1
}
ordinary_user_can_ping() {
    run ours -u 1000 -g 1000 -- ping -c 1 -W 5 127.0.0.1 && same ping -c 1 -W 5 127.0.0.1
}
t 'an ordinary user can ping' ordinary_user_can_ping
t 'su is allowed what it is in stock' same su -c true
t 'BusyBox gives its rights up in other commands' is 1000 run ours -u 1000 -g 1000 -- id -u
for command in 'cat /etc/passwd' 'touch /x' 'touch /tmp/x' 'touch /var/log/x' 'kill -0 1' 'hostname x'; do
    t "an ordinary user's status is that in stock: $command" same $command
done
mapped() {
    printf 'lxc.net.0.type = empty\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n' > "$WORK/mapped"
    lxcbox lxc-create -P "$P" -n $N-mapped -f "$WORK/mapped" -t busybox &&
        stat -c %a:%u:%g "$P/$N-mapped/rootfs/bin/busybox"
}
t 'with ids of its own the right is that of its root' is 6755:100000:100000 mapped
