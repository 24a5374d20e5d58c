# lxc-checkpoint: what criu is asked for. Whether criu can do it is the kernel's and its own affair.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=cp-$$
cleanup "lxcbox lxc-stop -k -P $P $N"
checkpoint() { lxcbox lxc-checkpoint -P "$P" -n $N -D "$WORK/images" "$@"; }

mkdir -p "$P" "$WORK/bin" "$WORK/bound"
printf 'lxc.net.0.type = empty\nlxc.mount.entry = %s mnt none bind,create=dir 0 0\nlxc.mount.entry = tmpfs opt tmpfs create=dir 0 0\n' "$WORK/bound" > "$WORK/config"
lxcbox lxc-create -P "$P" -n $N -f "$WORK/config" -t busybox || exit 1
t 'a container that does not run cannot be checkpointed' refuses 'is not running' checkpoint
lxcbox lxc-start -P "$P" -n $N || exit 1
t 'without criu it says so' refuses 'criu: No such file.*\(install criu\)' env PATH=/nonexistent "$LXCBOX" lxc-checkpoint -P "$P" -n $N -D "$WORK/images"
t 'a checkpoint needs a folder' refuses 'folder with -D' lxcbox lxc-checkpoint -P "$P" -n $N
t 'restoring is refused, with who can' refuses 'not built in.*LXC' checkpoint -r

# The arguments, by a criu that writes down what it was called with.
printf '#!/bin/sh\nprintf "%%s\\n" "$*" > %s/called\n' "$WORK" > "$WORK/bin/criu"
chmod +x "$WORK/bin/criu"
pid=$(lxcbox lxc-info -P "$P" -n $N -p -H)
called() { PATH=$WORK/bin:$PATH checkpoint "$@" && cat "$WORK/called"; }
t 'the whole container is named' has "^dump .* -D $WORK/images -o $WORK/images/dump.log -t $pid " called
t 'it runs on unless told to end' eval 'called | grep -q -- --leave-running && ! called -s | grep -q -- --leave-running'
t 'its limits stay with its cgroups' has "--cgroup-root [^ ]+lxc.payload.$N .*--freeze-cgroup /sys/fs/cgroup[^ ]*/lxc.payload.$N( |\$)" called
t 'what is bound in is external, what is mounted inside is not' eval 'called | grep -q -- "--ext-mount-map /mnt:mnt " && ! called | grep -q /opt'
t 'the console is told by its numbers' eval '
    id=$(called | sed "s/.*--external \(tty[^ ]*\).*/\1/"); [[ $id =~ ^tty\[[0-9a-f]+:[0-9a-f]+\]$ ]] && [ "$(cat "$WORK/images/tty.info")" = "$id" ]'
t 'a checkpoint builds on an earlier one' has '^dump .*--track-mem --prev-images-dir \.\./first .*--action-script /bin/true -vvvvvv' called --predump-dir ../first -A /bin/true -v
t 'the memory alone is written first' has "^pre-dump .*images/pre-dump.log" called -p
: > "$WORK/images/inventory.img"
t 'a folder with a checkpoint is left alone' refuses 'holds a checkpoint already' called
rm -r "$WORK/images"

if criu check > /dev/null 2>&1; then
    t 'criu writes the container' eval 'checkpoint && [ -s "$WORK/images/inventory.img" ] && [ "$(lxcbox lxc-state -P "$P" $N)" = RUNNING ]'
else
    skip 'criu writes the container' 'criu is not here, or not fit for this kernel'
fi
t 'a criu that fails is said to' refuses 'criu dump.* with status' env PATH=/bin:/usr/bin bash -c 'mkdir -p "$1"; printf "#!/bin/sh\nexit 1\n" > "$1/criu"; chmod +x "$1/criu"; PATH=$1:$PATH exec "${@:2}"' - "$WORK/bad" "$LXCBOX" lxc-checkpoint -P "$P" -n $N -D "$WORK/failed"
