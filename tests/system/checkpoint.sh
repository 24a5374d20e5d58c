# lxc-checkpoint: what criu is asked for. Whether criu can do it is the kernel's and its own affair.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=cp-$$
cleanup "lxcbox lxc-stop -k -P $P $N"
checkpoint() { lxcbox lxc-checkpoint -P "$P" -n $N -D "$WORK/images" "$@"; }

mkdir -p "$P" "$WORK/bin" "$WORK/bound"
printf \
    'lxc.net.0.type = empty\nlxc.mount.entry = %s mnt none bind,create=dir 0 0\n'\
'lxc.mount.entry = tmpfs opt tmpfs create=dir 0 0\n' \
    "$WORK/bound" > "$WORK/config"
lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox || exit 1
sed -i 's/^lxc.tty.max.*/lxc.tty.max = 0/' "$P/$N/config" # see lxc-checkpoint(1)
t 'a container that does not run cannot be checkpointed' refuses 'is not running' checkpoint
lxcbox lxc-start -P "$P" -n $N || exit 1
t 'a missing criu is reported' refuses 'criu: No such file.*\(install criu\)' \
    env PATH=/nonexistent "$LXCBOX" lxc-checkpoint -P "$P" -n $N -D "$WORK/images"
t 'a checkpoint needs a directory' refuses 'use -D DIR' lxcbox lxc-checkpoint -P "$P" -n $N
t 'one that runs is not restored' refuses 'already running' checkpoint -r
t 'an option of a checkpoint is refused with -r' refuses '-r excludes' checkpoint -r -s
t 'an option of restoring is refused without -r' refuses 'require -r' checkpoint -F

# The arguments, by a criu that writes down what it was called with; it cannot end a container, and fails where it
# ought to.
printf \
    '#!/bin/sh\nprintf "%%s\\n" "$*" > %s/called\ncase $* in *leave-running*|pre-dump*) ;; *) exit 1; esac\n' \
    "$WORK" > "$WORK/bin/criu"
chmod +x "$WORK/bin/criu"
pid=$(lxcbox lxc-info -P "$P" -n $N -p -H)
called() { PATH=$WORK/bin:$PATH checkpoint "$@"; local r=$?; [[ $* == *-s* ]] || [ $r -eq 0 ] && cat "$WORK/called"; }
t 'the whole container is named' has "^dump .* -D $WORK/images -o $WORK/images/dump.log -t $pid " called
container_continues_without_s() {
    called | grep -q -- --leave-running && called -s 2> /dev/null | grep -v -- --leave-running
}
t 'the container continues unless -s is given' container_continues_without_s
t 'its limits stay with its cgroups' \
    has "--cgroup-root [^ ]+lxc.payload.$N .*--freeze-cgroup /sys/fs/cgroup[^ ]*/lxc.payload.$N( |\$)" called
bind_mounts_are_external() {
    called | grep -q -- "--ext-mount-map /mnt:mnt " && ! called | grep -q /opt
}
t 'bind mounts of the host are external, mounts inside are not' bind_mounts_are_external
console_is_passed_by_its_numbers() {
    id=$(called | sed "s/.*--external \(tty[^ ]*\).*/\1/")
    [[ $id =~ ^tty\[[0-9a-f]+:[0-9a-f]+\]$ ]] && [ "$(cat "$WORK/images/tty.info")" = "$id" ]
}
t 'the console is passed by its device numbers' console_is_passed_by_its_numbers
t 'a checkpoint builds on an earlier one' has \
    '^dump .*--action-script /bin/true -vvvvvv .*--track-mem --prev-images-dir \.\./first' called \
    --predump-dir ../first -A /bin/true -v
t 'the memory alone is written first' has "^pre-dump .*images/pre-dump.log" called -p
: > "$WORK/images/inventory.img"
t 'a directory with a checkpoint is not changed' refuses 'holds a checkpoint already' called
rm -r "$WORK/images"

if criu check > /dev/null 2>&1; then
    criu_writes_container() {
        checkpoint &&
            [ -s "$WORK/images/inventory.img" ] &&
            [ "$(lxcbox lxc-state -P "$P" $N)" = RUNNING ]
    }
    t 'criu writes the container' criu_writes_container
else
    skip 'criu writes the container' 'criu is not here, or not fit for this kernel'
fi
t 'a criu that fails is reported' refuses 'criu dump.* with status' env PATH=/bin:/usr/bin bash -c \
    'mkdir -p "$1"; printf "#!/bin/sh\nexit 1\n" > "$1/criu"; chmod +x "$1/criu"; PATH=$1:$PATH exec "${@:2}"' \
    - "$WORK/bad" "$LXCBOX" lxc-checkpoint -P "$P" -n $N -D "$WORK/failed"

# Restoring: that it works is seen in tests/boot/checkpoint.sh. Here is what criu is asked for, and what is left when
# it fails.
lxcbox lxc-stop -k -P "$P" -n $N
restore() { lxcbox lxc-checkpoint -r -P "$P" -n $N -D "$WORK/kept"; }
nothing_left() {
    ! find /sys/fs/cgroup -maxdepth 3 -name "lxc.*.$N" | grep . &&
        ! ip -o link | grep veth-$$ &&
        [ "$(lxcbox lxc-state -P "$P" $N)" = STOPPED ]
}
t 'a missing checkpoint is reported' refuses "there is no checkpoint in $WORK/kept" restore
mkdir "$WORK/kept" && : > "$WORK/kept/inventory.img" && printf 'tty[8800:21]' > "$WORK/kept/tty.info"
t 'nothing is left of that' nothing_left
t 'without criu nothing is restored' refuses 'cannot run the program: criu: No such file.*\(install criu\)' \
    env PATH=/nonexistent "$LXCBOX" lxc-checkpoint -r -P "$P" -n $N -D "$WORK/kept"
sed -i 's/^lxc.net.0.type.*/lxc.net.0.type = veth/' "$P/$N/config" &&
    printf 'lxc.net.0.veth.pair = veth-%s\nlxc.net.0.name = lan\nlxc.net.0.link = nobridge\n' $$ \
        >> "$P/$N/config"
printf '#!/bin/sh\nprintf "%%s\\n" "$*" > %s/called\nexit 3\n' "$WORK" > "$WORK/bin/criu"
restore_called() { PATH=$WORK/bin:$PATH restore 2> /dev/null; cat "$WORK/called"; }
t 'a criu that fails is reported' refuses 'criu restore failed, with status 3 .*see .*restore.log' \
    env PATH="$WORK/bin:$PATH" "$LXCBOX" lxc-checkpoint -r -P "$P" -n $N -D "$WORK/kept"
t 'the files and the log are named' has \
    "^restore .* -D $WORK/kept -o $WORK/kept/restore.log .*--restore-detached --restore-sibling" \
    restore_called
t 'bind mounts of the host are restored' has "--ext-mount-map mnt:$WORK/bound " restore_called
t 'the console is a new one' \
    has '--inherit-fd fd\[[0-9]+\]:tty\[8800:21\] --ext-mount-map console:/dev/pts/[0-9]+' restore_called
t 'the interface is one of this name, on that bridge' has "--external veth\[lan\]:veth-$$@nobridge" restore_called
t 'the rootfs is where it will be mounted' has "--root $P/$N/rootfs" restore_called
t 'nothing is left of a failure' nothing_left

# What could be forged.
t 'no path of the host that the images name is bound' fails has '--ext-mount-map auto' restore_called
echo kept > "$WORK/target"
link_refused() { # NAME: a link in the directory of a checkpoint
    ln -sf "$WORK/target" "$WORK/kept/$1" || return
    refuses "kept/$1 is a link, or not a regular file" restore && refuses 'is a link' checkpoint_into
    local r=$?
    rm "$WORK/kept/$1"
    [ "$(cat "$WORK/target")" = kept ] && return $r
}
checkpoint_into() { lxcbox lxc-start -P "$P" -n $N && lxcbox lxc-checkpoint -P "$P" -n $N -D "$WORK/kept" -p; }
sed -i '/^lxc.net.0.type/s/veth/empty/; /^lxc.net.0.[vnl]/d' "$P/$N/config"
PATH=$WORK/bin:$PATH
for file in restore.log pages-1.img tty.info; do
    t "a link as $file in a checkpoint is refused" link_refused $file
    lxcbox lxc-stop -k -P "$P" -n $N
done
fifo_refused() { mkfifo "$WORK/kept/x" && refuses 'kept/x is a link, or not' restore; }
t 'a FIFO there, too' fifo_refused
rm "$WORK/kept/x"
earlier() {
    mkdir -m 700 "$WORK/first" && ln -s ../first "$WORK/kept/parent" && refuses 'failed, with status 3' restore
}
t 'the link of criu to an earlier checkpoint is followed' earlier
linked_earlier() { ln -s "$WORK/target" "$WORK/first/x" && refuses 'is a link' restore; }
t 'where the same holds' linked_earlier
rm -r "$WORK/first" "$WORK/kept/parent"
written_by_others() { chmod 777 "$WORK/kept" && refuses 'other users may write to' restore; }
t 'a directory that others may write to is refused' written_by_others
chmod 755 "$WORK/kept"
forged_console() { printf '%s' "$1" > "$WORK/kept/tty.info" && refuses 'device numbers of a terminal' restore; }
t 'device numbers of a terminal that are none are refused' forged_console 'file[1:2]'
t 'also with something after them' forged_console 'tty[1:2]x'
printf 'tty[8800:21]' > "$WORK/kept/tty.info"
cp "$P/$N/config" "$WORK/saved"
forged_key() { # LINE: of the configuration, which criu would take for another mount or interface
    cp "$WORK/saved" "$P/$N/config" && echo "$1" >> "$P/$N/config" && refuses 'separators for criu' restore
}
t 'a mount target with a colon is refused' forged_key \
    "lxc.mount.entry = $WORK/bound mnt:/etc none bind,create=dir,optional 0 0"
t 'an interface with a bracket is refused' forged_key 'lxc.net.0.name = a]:b'
cp "$WORK/saved" "$P/$N/config"
t 'nothing is left of these' nothing_left
