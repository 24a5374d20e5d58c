# --rcfile: the container's configuration is another file than the one in its directory.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=rc-$$
cleanup "lxcbox lxc-stop -k -P $P $N"
mkdir -p "$P/$N/rootfs/etc" "$WORK/other"
printf 'lxc.rootfs.path = dir:%s\nlxc.uts.name = own\n' "$P/$N/rootfs" > "$P/$N/config"
touch "$WORK/other/mark"
printf 'lxc.rootfs.path = dir:%s\nlxc.uts.name = other\nlxc.signal.halt = SIGUSR1\n' "$WORK/other" > "$WORK/rc"
printf 'lxc.nonesuch = 1\n' > "$WORK/bad"

bad() { # every command refuses a file that is not a configuration, and one that does not exist
    local name words
    while read -r name words; do
        # shellcheck disable=SC2086
        refuses 'lxc.nonesuch' lxcbox "lxc-$name" -P "$P" -n $N --rcfile "$WORK/bad" $words &&
            refuses 'No such file' lxcbox "lxc-$name" -P "$P" -n $N --rcfile "$WORK/none" $words ||
            { echo "lxc-$name"; return 1; }
    done << 'END'
cgroup memory.max
console
device add /dev/null
freeze
unfreeze
stop -k
wait -s STOPPED
copy -N copy
destroy
snapshot
info -s
checkpoint -D /nonexistent
END
}
t 'a file that is not a configuration is refused by each command' bad
t 'with a configuration the commands work' lxcbox lxc-wait -P "$P" -n $N --rcfile "$WORK/rc" -s STOPPED
lxc_copy_copies_what_file_describes() {
    lxcbox lxc-copy -P "$P" -n $N --rcfile "$WORK/rc" -K -N copy &&
        [ -e "$P/copy/rootfs/mark" ] &&
        grep -q "uts.name = other" "$P/copy/config"
}
t 'lxc-copy copies the container that the file describes' lxc_copy_copies_what_file_describes
lxc_snapshot_keeps_what_file_describes() {
    lxcbox lxc-snapshot -P "$P" -n $N --rcfile "$WORK/rc" &&
        [ -e "$P/$N/snaps/snap0/rootfs/mark" ] &&
        lxcbox lxc-snapshot -P "$P" -n $N -d snap0
}
t 'lxc-snapshot saves the container that the file describes' lxc_snapshot_keeps_what_file_describes

printf \
    '#!/bin/busybox sh\ntrap "exit 7" USR1\ntrap "exit 8" PWR\n'\
'echo up > /up\nwhile :; do /bin/busybox sleep 0.1; done\n' \
    > "$WORK/init"
mkdir "$P/$N/rootfs/bin" "$P/$N/rootfs/sbin" &&
    cp "$(command -v busybox)" "$P/$N/rootfs/bin/busybox" &&
    install "$WORK/init" "$P/$N/rootfs/sbin/init"
printf 'lxc.net.0.type = empty\nlxc.autodev = 1\nlxc.mount.auto = proc\n' >> "$P/$N/config"
stopped_by() { # EXPECTED OPTION...: init's exit status tells which signal it got
    local status=0 foreground
    rm -f "$P/$N/rootfs/up"
    lxcbox lxc-start -F -P "$P" -n $N < /dev/null > /dev/null 2>&1 &
    foreground=$!
    while [ ! -e "$P/$N/rootfs/up" ] && kill -0 $foreground; do sleep 0.02; done
    lxcbox lxc-stop -P "$P" -n $N "${@:2}" || return
    wait $foreground || status=$?
    echo "init ended with $status"
    [ $status = "$1" ]
}
t 'lxc-stop sends the signal of its own configuration' stopped_by 8
t 'lxc-stop --rcfile sends the signal that the file names' stopped_by 7 --rcfile "$WORK/rc"
destroyed() { lxcbox lxc-destroy -P "$P" -n $N --rcfile "$WORK/rc" && [ ! -e "$WORK/other" ] && [ ! -e "$P/$N" ]; }
t 'lxc-destroy removes the rootfs that the file names, and the container' destroyed
