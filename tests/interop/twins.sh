# What changes containers, done by stock LXC in one lxcpath and by lxcbox in another that began the same:
# the exit statuses and what is printed are the same. What differs is listed with the reason. commands.sh has what
# changes nothing.
. "$(dirname "$0")/../lib.sh"
needs_root
command -v lxc-start > /dev/null ||
    { skip 'commands that change containers, as stock' 'stock LXC is not installed'; exit 0; }
N=tw$$
chmod 755 "$WORK"                        # for what runs with other ids
bare=$(path_without newuidmap newgidmap) # which stock LXC uses for root, too, and which want a line in /etc/subuid
printf 'lxc.net.0.type = empty\n' > "$WORK/config"
mkdir "$WORK/stock"
must lxcbox lxc-create -P "$WORK/stock" -n $N-r -f "$WORK/config" -t busybox
cat > "$WORK/stock/$N-r/rootfs/sbin/quick-init" << 'END'
#!/bin/sh
trap 'exit 0' USR1
trap 'reboot -f' TERM
while :; do sleep 1000 & wait $!; done
END
chmod 755 "$WORK/stock/$N-r/rootfs/sbin/quick-init"
echo 'lxc.init.cmd = /sbin/quick-init' >> "$WORK/stock/$N-r/config"
for name in s a; do
    cp -a "$WORK/stock/$N-r" "$WORK/stock/$N-$name"
    sed -i "s/$N-r/$N-$name/" "$WORK/stock/$N-$name/config"
done
echo 'lxc.start.auto = 1' >> "$WORK/stock/$N-a/config"
cp -a "$WORK/stock" "$WORK/ours"
sed -i "s#$WORK/stock#$WORK/ours#" "$WORK"/ours/*/config
cleanup 'sleep 0.2; rmdir /sys/fs/cgroup/*/lxc.monitor.$N-*' # stock LXC leaves some
cleanup \
    'for side in stock ours; do for c in $(ls -A "$WORK/$side"); do lxcbox lxc-stop -k -P "$WORK/$side" $c; done; done'
lxc-start -P "$WORK/stock" -n $N-r
lxcbox lxc-start -P "$WORK/ours" -n $N-r

both() { # COMMAND OPTION...
    local side path=() stock_path=() programs=$PATH
    case $1 in
    lxc-usernsexec) programs=$bare ;;
    lxc-config | lxc-update-config | lxc-unshare) ;;
    *) stock_path=(-P "$WORK/stock") path=(-P "$WORK/ours") ;;
    esac
    stock=0 ours=0
    PATH=$programs timeout 20 "$1" "${stock_path[@]}" "${@:2}" > "$WORK/stock.out" \
        2> "$WORK/stock.err" < /dev/null ||
        stock=$?
    PATH=$programs timeout 20 "$LXCBOX" "$1" "${path[@]}" "${@:2}" > "$WORK/ours.out" \
        2> "$WORK/ours.err" < /dev/null ||
        ours=$?
    for side in stock ours; do
        sed -i "s#$WORK/$side#DIRECTORY#g; s/[0-9:]* [0-9:]*:[0-9:]*\$/DATE/" "$WORK/$side.out"
    done
}
alike() { # STOCK'S STATUS, OUR STATUS, or - - where they are to be the same with the same output; COMMAND...
    both "${@:3}"
    if [ "$1" = - ]; then
        [ $stock = $ours ] && diff "$WORK/stock.out" "$WORK/ours.out" && return
    else
        # On failure we print one sentence.
        [ $stock = "$1" ] && [ $ours = "$2" ] && { [ "$2" != 1 ] || [ "$(wc -l < "$WORK/ours.err")" = 1 ]; } && return
    fi
    echo "status: stock $stock, ours $ours"
    head -4 "$WORK/stock.err" "$WORK/ours.err"
    return 1
}
# COMMAND, or STOCK'S STATUS/OURS REASON: COMMAND
lines() {
    local line statuses reason
    while read -r line; do
        case $line in
        [0-9]*)
            statuses=${line%% *} line=${line#* } reason=${line%%: *} line=${line#*: }
            eval "t \"$reason: \$line\" alike ${statuses/\// } ${line//@/$N-}"
            ;;
        *) eval "t \"the same as stock: \$line\" alike - - ${line//@/$N-}" ;;
        esac
    done
}
lines << 'END'
lxc-create -n @n1
lxc-create -n @n2 -t none
lxc-create -n @n2 -t none
lxc-create -n @n3 -t none -B nonesuch
lxc-create -n @n3 -t none -B dir
lxc-create -n @n4 -t none -B best
lxc-create -n @n5 -B none
lxc-create -n bad/name -t none
lxc-create -n @n6 -t nonesuch
lxc-destroy -n @n2
lxc-destroy -n @n2
lxc-destroy @n3
lxc-destroy
lxc-destroy -n @r
lxc-copy
lxc-copy -n @s
lxc-copy -n @none -N @x
lxc-copy -n @r -N @x
lxc-copy -n @s -N bad/name
lxc-copy -n @s -N @c5 -B nonesuch
lxc-copy -n @r -N @x -R
lxc-copy -n @s -N @c1 -s
lxc-copy -n @s -R
lxc-copy -n @s -N @x -R
lxc-copy -n @s -N @e1 -e
lxc-wait -n @e1 -s RUNNING -t 5
lxc-copy -n @none -e
lxc-stop -k -n @e1
lxc-wait -n @e1 -s STOPPED -t 5
lxc-copy -n @s -N @e2 -e -q -- hostname
lxc-copy -n @s -N @e3 -e -- false
lxc-copy -n @s -N @e4 -e -D
lxc-stop -k -n @e4
lxc-ls -1
lxc-destroy -n @s
lxc-destroy -n @e4
lxc-destroy -n @c1
lxc-snapshot
lxc-snapshot -n @none
lxc-snapshot -n @r
lxc-snapshot -n @a -L
lxc-snapshot -n @a -L -C
lxc-snapshot -n @a -r nonesuch -N @x
lxc-snapshot -n @a -d nonesuch
lxc-snapshot -n @a -r
lxc-snapshot -n @none -d x
lxc-snapshot -n @none -r x
lxc-autostart
lxc-ls -1 --running
lxc-ls -1 --stopped
lxc-autostart -k
lxc-autostart -s -t 1
lxc-autostart -t x -L
0/1 two actions at once are a mistake: lxc-autostart -k -s
0/1 it does not take names: lxc-autostart @a
lxc-execute
lxc-execute -n @none
lxc-execute -n @s -- sh -c 'exit 3'
lxc-execute -n @s -- sh -c 'kill -15 $$'
lxc-execute -n @s -- echo hello
lxc-execute -n @r -- true
lxc-execute -n @s -f /nonesuch -- true
lxc-execute -n @s -s lxc.nonesuch=1 -- true
lxc-execute -n @s -s lxc.uts.name=other -- hostname
lxc-execute -n @s -u 7 -g 8 -- id
lxc-execute -n @s -u x -- id
lxc-execute -n @s -d -- sleep 100
lxc-wait -n @s -s RUNNING -t 5
lxc-stop -n @s -k
0/1 what would be ignored is refused: lxc-execute -n @s -s nonsense -- true
1/0 its page says that there is a container without a configuration: lxc-execute -n @none -- true
139/1 stock crashes: lxc-execute -n @s
255/126 as in a shell: lxc-execute -n @s -- /etc/passwd
lxc-start
lxc-start -n @s -f /nonesuch
lxc-start -n @s -s lxc.nonesuch=1
lxc-start -n @s -- /nonesuch
lxc-start -n @s -F -- /nonesuch
lxc-start -n @s -F -- true
lxc-start -n @s -p /nonesuch/x
lxc-start -n @s -s lxc.uts.name=x -d
lxc-attach -n @s -- hostname
lxc-stop -n @s -k
lxc-start -n @s --share-net @r
lxc-stop -n @s -k
0/5 the foreground has the status of init: lxc-start -n @s -F -- sh -c 'exit 5'
lxc-start -n @s --share-net @none
lxc-stop
lxc-stop -n @r -k -r
lxc-stop -n @r -k -t 5
lxc-stop -n @r -k --nokill
lxc-stop -n @r --nolock
lxc-freeze
lxc-freeze -n @r
lxc-freeze -n @r
lxc-info -n @r -s
lxc-unfreeze
lxc-unfreeze -n @r
lxc-unfreeze -n @none
lxc-cgroup
lxc-cgroup -n @r
lxc-cgroup -n @r memory.limit_in_bytes 64M
lxc-cgroup -n @r memory.limit_in_bytes
lxc-cgroup -n @r memory.limit_in_bytes x
lxc-cgroup -n @r nonesuch.x 1
lxc-device
lxc-device -n @r
lxc-device -n @r add
lxc-device -n @r nonesuch /dev/null
lxc-device -n @r add /dev/loop-control
lxc-device -n @r add /dev/loop-control
lxc-device -n @r del /dev/loop-control
lxc-device -n @r del /dev/nonesuch
lxc-device -n @r add nonesuch0
lxc-device -n @r del nonesuch0
lxc-device -n @r add /etc/passwd
lxc-checkpoint
lxc-checkpoint -n @none -D /nonesuch
lxc-checkpoint -n @r
lxc-checkpoint -n @r -s
lxc-checkpoint -n @s -s -D /nonesuch
lxc-checkpoint -n @r -r -D /nonesuch
lxc-checkpoint -n @s -r -D /nonesuch
lxc-stop -n @r -W
lxc-wait -n @r -s STOPPED -t 5
lxc-stop -n @r
lxc-unshare
lxc-unshare true
lxc-unshare -s
lxc-unshare -s NONESUCH true
lxc-unshare -s UTSNAME
lxc-unshare -s UTSNAME -u nonesuchuser -- true
lxc-unshare -s UTSNAME -i lo -- true
lxc-unshare -s IPC -H x -- true
lxc-usernsexec -m b:0:100000:10 -- id -u
lxc-usernsexec -m b:0:100000:10 -- sh -c 'exit 7'
lxc-usernsexec -m u:0:100000:10 -m g:0:100000:10 -- cat /proc/self/uid_map /proc/self/gid_map
lxc-usernsexec -s -m b:0:100000:10 -- sh -c 'id -u; id -g'
lxc-usernsexec -m u:0:100000:10 -- cat /proc/self/uid_map /proc/self/gid_map
lxc-usernsexec -m x:0:100000:10 -- id -u
lxc-usernsexec -m 0:100000:10 -- id -u
lxc-usernsexec -m b:0:100000 -- id -u
lxc-usernsexec -z
1/127 as in a shell: lxc-usernsexec -m b:0:100000:10 -- /nonesuch
0/137 as in a shell: lxc-usernsexec -m b:0:100000:10 -- sh -c 'kill -9 $$'
lxc-config -l
lxc-config lxc.lxcpath
lxc-config lxc.default_config
lxc-config lxc.bdev.lvm.vg
lxc-config lxc.bdev.lvm.thin_pool
lxc-config lxc.bdev.zfs.root
lxc-config lxc.cgroup.use
lxc-config lxc.cgroup.pattern
lxc-config lxc.lx
0/1 nothing to print is a mistake: lxc-config
1/1 a failure is reported on standard error: lxc-config lxc.nonesuch
0/1 what would be ignored is refused: lxc-config lxc.lxcpath extra
lxc-update-config -c /nonesuch
0/1 nothing to update is a mistake: lxc-update-config
END

if command -v rsync > /dev/null; then
    lines << 'END'
lxc-copy -n @s -N @f1
lxc-copy -n @s -N @f1
lxc-copy -n @s -N @f2 -B dir -K -M
lxc-copy -n @f1 -N @f3 -R
lxc-copy -n @s -N @f4 -p /proc/nowhere
lxc-snapshot -n @s
lxc-snapshot -n @s -L
lxc-snapshot -n @s -L -C
lxc-snapshot -n @s -r nonesuch
lxc-snapshot -n @s -r snap0 -N @f5
lxc-snapshot -n @s -r snap0 @f6
lxc-snapshot -n @s -d nonesuch
lxc-ls -1 --filter f[0-9]
lxc-destroy -n @f3
lxc-destroy -n @s
lxc-snapshot -n @s -d snap0
lxc-snapshot -n @s
lxc-snapshot -n @s -d ALL
lxc-snapshot -n @s -L
1/0 an overlay is a copy as well: lxc-copy -n @f2 -N @f7 -B overlay
0/1 what would be ignored is refused: lxc-copy -n @s -N @f8 -t
END
else
    skip 'copies and snapshots of directories as by stock' 'stock LXC needs rsync for them'
fi
lines << 'END'
0/1 what would be ignored is refused: lxc-create -n @n7 -t none extra
0/1 what would be ignored is refused: lxc-copy -n @s -N @c6 -R -s
0/1 what would be ignored is refused: lxc-start -n @s -l NONSENSE -d
END

updated() { # a configuration of LXC 2, by both
    local side
    for side in stock ours; do
        printf '%s\n' '# mine' 'lxc.rootfs = /r' 'lxc.utsname = a' 'lxc.network.type = veth' \
            'lxc.network.link = br0' 'lxc.network.ipv4 = 10.0.3.2/24' 'lxc.tty = 4' \
            'lxc.id_map = u 0 100000 10' 'lxc.seccomp = /s' > "$WORK/$side.config"
    done
    lxc-update-config -c "$WORK/stock.config" &&
        lxcbox lxc-update-config -c "$WORK/ours.config" &&
        diff "$WORK"/{stock,ours}.config
}
t 'lxc-update-config makes the same of a file' updated
headings() { sed -nE 's/^(---.*---|[A-Za-z][A-Za-z0-9 /()_-]*): *(enabled|missing).*/\1: \2/p; /^---/p'; }
lxc_checkconfig_agrees_with_stock() {
    lxc-checkconfig 2> /dev/null | headings | sort > "$WORK/stock.out"
    lxcbox lxc-checkconfig | headings | sort > "$WORK/ours.out"
    join -t : "$WORK/stock.out" "$WORK/ours.out" | awk -F: "\$2 != \$3"
}
t 'lxc-checkconfig says the same of what both look at' is '' lxc_checkconfig_agrees_with_stock
