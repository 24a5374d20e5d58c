# For tests/system/keys-*.sh: one BusyBox rootfs, and containers that differ by the keys they are started with.
#
#     with KEY=VALUE... -- COMMAND...      runs it in the container by lxc-execute; its output and status come back
#     started KEY=VALUE... [-- INIT...]    starts it in the background (init: sleep)
#     inside COMMAND...                    runs it in the one that was started
#     stopped                              kills that
#     eventually COMMAND...                tries for up to 5 s until it succeeds
. tests/lib.sh
needs_root
P=$WORK/lxc N=keys-$$ R=$WORK/lxc/keys-$$/rootfs
cleanup 'lxcbox lxc-stop -k -P $P $N'

if [ ! -x /bin/busybox ]; then
    skip 'the keys of the configuration' 'needs busybox-static'
    exit 0
fi
mkdir -p "$R"/{bin,dev,proc,sys,etc,tmp,mnt,root} && chmod 755 "$WORK" && cp /bin/busybox "$R/bin/busybox"
for applet in $(busybox --list); do [ -e "$R/bin/$applet" ] || ln -s busybox "$R/bin/$applet"; done
echo 'root:x:0:0:root:/root:/bin/sh' > "$R/etc/passwd"
cat > "$P/$N/config" << END
lxc.rootfs.path = dir:$R
lxc.net.0.type = empty
lxc.mount.auto = proc:rw sys:ro
END

# Sets `settings` to the options for KEY=VALUE..., `command` to what follows "--".
split() {
    settings=() command=()
    while [ $# -gt 0 ]; do
        if [ "$1" = -- ]; then
            shift
            command=("$@")
            return
        fi
        settings+=(-s "$1")
        shift
    done
}
with() {
    local settings command
    split "$@"
    timeout 20 "$LXCBOX" lxc-execute -P "$P" -n "$N" "${settings[@]}" -- "${command[@]}"
}
started() {
    local settings command
    split "$@"
    stopped
    [ ${#command[@]} -gt 0 ] || command=(/bin/sleep 600)
    timeout 20 "$LXCBOX" lxc-start -P "$P" -n "$N" "${settings[@]}" -- "${command[@]}"
}
inside() { timeout 20 "$LXCBOX" lxc-attach -P "$P" -n "$N" -- "$@"; }
stopped() { lxcbox lxc-stop -k -P "$P" -n "$N" 2> /dev/null; true; }
state() { lxcbox lxc-state -P "$P" -n "$N"; }
init_pid() { lxcbox lxc-info -P "$P" -n "$N" -p -H; }
monitor_pid() { awk '/^PPid:/ { print $2 }' "/proc/$(init_pid)/status"; }
eventually() {
    local i
    for ((i = 0; i < 250; i++)); do
        "$@" > "$WORK/eventually" 2>&1 && return
        sleep 0.02
    done
    cat "$WORK/eventually"
    return 1
}
# Writes a program of the host that appends TEXT, expanded when it runs, to $WORK/said; prints its path.
says() {
    local program
    program=$(mktemp "$WORK/says.XXXXXX")
    printf '#!/bin/sh\necho "%s" >> %s\n' "$1" "$WORK/said" > "$program"
    chmod 755 "$program"
    rm -f "$WORK/said"
    echo "$program"
}
