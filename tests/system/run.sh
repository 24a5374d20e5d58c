#!/bin/bash
# lxc-run: exit status, streams, terminal, signals and removal of a container that lives as long as its command.
. "$(dirname "$0")/../lib.sh"
needs_root
command -v umoci > /dev/null || { skip 'lxc-run' 'umoci is not installed'; exit 0; }
P=$WORK/lxc image=oci:$WORK/image:latest N=lxc-run-$$
export LXC_CACHE_PATH=$WORK/cache

image_make() {
    local root=$WORK/bundle/rootfs applet
    umoci init --layout "$WORK/image" && umoci new --image "$WORK/image:latest" || return
    umoci unpack --image "$WORK/image:latest" "$WORK/bundle" || return
    mkdir -p "$root"/{bin,etc,root,data}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in sh cat echo id kill ls sleep stty true; do ln -s busybox "$root/bin/$applet"; done
    echo root:x:0:0::/root:/bin/sh > "$root/etc/passwd"
    echo web:x:1000:1000::/home/web:/bin/sh >> "$root/etc/passwd"
    printf '%s\n' root:x:0: web:x:1000: > "$root/etc/group"
    umoci repack --image "$WORK/image:latest" "$WORK/bundle" &&
        umoci config --image "$WORK/image:latest" --config.cmd sh --config.env FROM=image --config.env KEPT=yes &&
        umoci tag --image "$WORK/image:latest" init &&
        umoci config --image "$WORK/image:init" --config.entrypoint /bin/tini
}
must image_make
mkdir "$P"

run() { lxcbox lxc-run -P "$P" --network none "$@"; }
nothing_left() {
    local left
    left=$(ls -A "$P"; find /sys/fs/cgroup -name "lxc.*.$N")
    echo "$left"
    [ -z "$left" ]
}

t 'the exit status is that of the command' exits 7 run "$image" sh -c 'exit 7'
t '127 where it does not exist' exits 127 run "$image" nonesuch
t '126 where it cannot be executed' exits 126 run "$image" /etc/passwd
t '128 and the signal where one ended it' exits 137 run "$image" sh -c 'kill -9 $$'
t "the image's Cmd runs by default" is from-cmd run "$image" <<< 'echo from-cmd'
t 'nothing of them is left' nothing_left

streams_separate() {
    run "$image" sh -c 'echo out; echo err >&2' > "$WORK/out" 2> "$WORK/err" || return
    is out cat "$WORK/out" && is err cat "$WORK/err"
}
t 'standard output and error stay separate' streams_separate
bytes_pass() {
    head -c 2000000 /dev/urandom > "$WORK/bytes"
    run "$image" cat < "$WORK/bytes" | cmp - "$WORK/bytes"
}
t 'bytes pass unchanged through pipes' bytes_pass
progress_absent() { run "$image" true 2>&1 | cmp - /dev/null; }
t 'no progress is printed where standard error is not a terminal' progress_absent

# An image that brings its own init gets the pipes, too.
init_of_its_own() {
    local tini=$WORK/tini.c
    echo '#include <unistd.h>' > "$tini"
    echo 'int main(int c, char **v) { (void)c; return execv(v[1], v + 1); }' >> "$tini"
    gcc -static -o "$WORK/tini" "$tini" || return
    echo in | run -v "$WORK/tini:/bin/tini" "oci:$WORK/image:init" /bin/sh -c 'cat; echo err >&2; exit 3' \
        > "$WORK/out" 2> "$WORK/err"
    is '0 3' echo "${PIPESTATUS[@]}" && is in cat "$WORK/out" && is err cat "$WORK/err"
}
t 'also with an init of the image' init_of_its_own

terminal() { timeout 60 tests/terminal.py -s 30x90 "$LXCBOX" lxc-run -P "$P" --network none -q "$@"; }
terminal_works() {
    exits 5 terminal -e PS1=shell: "$image" sh << 'END'
expect shell:
send stty size\r
expect 30 90
size 40 100
send stty size\r
expect 40 100
send sh -c 'echo begun; exec sleep 100'\r
expect \nbegun
send \x03
expect shell:
send exit 5\r
end
END
}
t 'a terminal has job control and the size of the window' terminal_works
terminal_restored() {
    timeout 60 tests/terminal.py sh -c "'$LXCBOX' lxc-run -P '$P' --network none -q $image true; stty -a" << 'END'
expect [^-]icanon
end
END
}
t 'the terminal is as before afterwards' terminal_restored

# begin COMMAND...: in the background; waits until it has printed "ready"; sets $pid
begin() {
    setsid "$LXCBOX" lxc-run -P "$P" --network none -n "$N" "$image" "$@" > "$WORK/begun" 2>&1 &
    pid=$!
    for _ in $(seq 200); do
        ! grep -q ready "$WORK/begun" || return 0
        sleep 0.05
    done
    return 1
}
forwards() { # SIGNAL
    begin sh -c "trap 'echo got; exit 3' $1; echo ready; while :; do sleep 0.05; done" || return
    kill "-$1" "$pid"
    exits 3 wait "$pid" && has got cat "$WORK/begun" && nothing_left
}
for signal in TERM INT USR1; do t "SIG$signal reaches the command" forwards $signal; done

stubborn=(sh -c 'trap "" TERM INT HUP; echo ready; while :; do sleep 0.05; done')
left_nothing_soon() {
    for _ in $(seq 100); do
        ! nothing_left || return 0
        sleep 0.05
    done
    ls -A "$P"
    return 1
}
killed() {
    begin "${stubborn[@]}" || return
    kill -9 "$pid"
    left_nothing_soon
}
t 'after kill -9 of lxc-run, the container is gone' killed
job_killed() {
    begin "${stubborn[@]}" || return
    kill -9 "-$pid"
    for _ in $(seq 100); do
        [ -n "$(ls -A "$P")" ] || return 0
        sleep 0.05
    done
    return 1
}
# A monitor that is killed leaves its cgroups empty.
remove_cgroups() { find /sys/fs/cgroup -depth -type d -path "*lxc.*.$N*" -exec rmdir {} +; }
cleanup remove_cgroups
t 'and after kill -9 of its process group' job_killed
remove_cgroups 2> "$WORK/rmdir"

mkdir "$WORK/a b"
echo kept > "$WORK/a b/file"
t '-v shows a directory' is kept run -v "$WORK/a b:/data" "$image" cat /data/file
t 'and a file, at a new path' is kept run -v "$WORK/a b/file:/new/file" "$image" cat /new/file
t ':ro is read-only' fails run -v "$WORK/a b:/data:ro" "$image" sh -c 'echo > /data/file'
writes() { run -v "$WORK/a b:/data" "$image" sh -c 'echo new > /data/other' && is new cat "$WORK/a b/other"; }
t 'what the command writes to a volume stays' writes
t 'a missing HOST is refused' refuses 'nonesuch.*\(create it first\)' run -v "$WORK/nonesuch:/x" "$image" true
t 'and a PATH that is not absolute' refuses 'not a path in the container' run -v "$WORK:x" "$image" true
t 'or leads up' refuses 'not a path in the container' run -v "$WORK:/a/../.." "$image" true
t 'or breaks the line' fails run -v "$WORK:/a"$'\n'"lxc.hook.start = x" "$image" true
t 'an unknown mode is refused' refuses 'HOST:PATH:ro' run -v "$WORK:/x:rx" "$image" true

t '-e adds to the environment of the image, and replaces it' is 'mine yes new' \
    run -e FROM=mine -e NEW=new "$image" sh -c 'echo $FROM $KEPT $NEW'
t '--user runs as a user of the image' is '1000 1000 /home/web' \
    run --user web "$image" sh -c 'echo $(id -u) $(id -g) $HOME'
t '-s sets a key' is other run -s lxc.uts.name=other "$image" sh -c 'cat /proc/sys/kernel/hostname'
t '--network none leaves only lo' is lo run "$image" ls /sys/class/net
t '-n names it' is "$N" run -n "$N" "$image" sh -c 'cat /proc/sys/kernel/hostname'
t 'an image without a transport is refused with the right form' refuses 'docker://alpine' run alpine true
t 'a call without an image is refused' refuses 'no image named' run
no_bridge() { refuses 'nonesuch0' lxcbox lxc-run -P "$P" --network nonesuch0 "$image" true && nothing_left; }
t 'a bridge that does not exist is reported, and nothing is left' no_bridge
t 'nothing is left in the end' nothing_left
