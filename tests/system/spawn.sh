# core/spawn starts a container by itself, without the monitor: tests/system/spawn.c.
. tests/lib.sh
needs_root
spawn=build/unit/gcc/tests/system/spawn
R=$WORK/rootfs
mkdir -p "$R"/{bin,proc,sys,dev}
cp "$(command -v busybox)" "$R/bin/busybox" && ln -s busybox "$R/bin/sh"

listening() { grep '@.*/spawned-[0-9]*/command' /proc/net/unix; }
spawn_status() {
    "$spawn" "$R" go /bin/sh -c 'echo init is $$; exit 7' | tr -d '\r'
    echo "status ${PIPESTATUS[0]}"
}
t 'a program starts a container without a monitor and is its parent' is 'attach: init has a process id: yes
prepared: a console yes, 2 terminals
console: init is 1
status 7' spawn_status
t 'nothing listens on a command socket for it' fails listening
failed() {
    ! "$spawn" "$R" go /bin/nothing > "$WORK/out" 2>&1 &&
        grep -q 'cannot execute /bin/nothing: ' "$WORK/out"
}
t "the child's reason is returned" failed
refused() { ! "$spawn" "$R" refuse /bin/sh > "$WORK/out" 2>&1 && grep -q "the caller's step refuses" "$WORK/out"; }
t "a step of the caller that fails ends the start" refused
left() { find /sys/fs/cgroup -maxdepth 2 -name 'lxc.payload.spawned-*' 2> /dev/null | head -n 1; }
t 'no cgroup stays' is '' left
