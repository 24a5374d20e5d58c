# A container of an image runs and stops as its author meant: command, environment, volumes, stop signal.
. tests/lib.sh
needs_root
command -v umoci > /dev/null || { skip 'containers of images' 'umoci is not installed'; exit 0; }
export LXC_CACHE_PATH=$WORK/cache
P=$WORK/lxc
mkdir "$P"
echo 'lxc.net.0.type = empty' > "$WORK/config"

image_make() {
    local root=$WORK/bundle/rootfs applet
    umoci init --layout "$WORK/image" && umoci new --image "$WORK/image:it" || return
    umoci unpack --image "$WORK/image:it" "$WORK/bundle" || return
    mkdir -p "$root"/{bin,etc,data,home}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in sh cat echo id sleep; do ln -s busybox "$root/bin/$applet"; done
    echo 'web:x:33:34::/home:/bin/sh' > "$root/etc/passwd"
    echo 'more:x:77:web' > "$root/etc/group"
    echo kept > "$root/data/file"
    chown -R 33:34 "$root/data"
    umoci repack --image "$WORK/image:it" "$WORK/bundle" || return
    umoci config --image "$WORK/image:it" --config.user web --config.volume /data --config.workingdir /work \
        --config.env $'LINES=one\ntwo' --config.stopsignal SIGUSR1 --config.entrypoint /bin/sh
}
must image_make

# create NAME COMMAND: a container whose command writes to the volume
create() { lxcbox lxc-create -q -P "$P" -n "$1" -f "$WORK/config" -t oci -- --url "oci:$WORK/image:it" -- -c "$2"; }
written() { cat "$P/$1/volumes/data/$2"; }
wait_for() { # FILE
    for _ in $(seq 100); do [ -e "$1" ] && return; sleep 0.05; done
    return 1
}

says() { echo 'id -u; id -g; id -G; echo "$HOME $PWD $LINES"; cat file; exit 5'; }
foreground() { create fg "cd /data; exec > told; $(says | tr '\n' ' ')" && lxcbox lxc-start -F -P "$P" -n fg; }
t 'the exit status is that of the command' exits 5 foreground
t 'user, groups, environment and volume are those of the image' \
    is $'33\n34\n34 77\n/home /data one\ntwo\nkept' written fg told
cwd() { create cwd 'echo $PWD > /data/cwd' && lxcbox lxc-start -F -P "$P" -n cwd && written cwd cwd; }
t 'it begins in the working directory' is /work cwd

slow='trap "sleep 2; echo done > /data/end; exit 0" USR1; (trap "echo signalled > /data/child; exit" USR1 TERM
while :; do sleep 0.1; done) & echo > /data/up; while :; do sleep 0.1; done'
stops() {
    create slow "${slow//$'\n'/; }" && lxcbox lxc-start -P "$P" -n slow && wait_for "$P/slow/volumes/data/up" &&
        lxcbox lxc-stop -P "$P" -n slow -t 30 && written slow end
}
t 'the stop signal is that of the image, and the program takes its time' is done stops
t 'its children are its own to stop' fails test -e "$P/slow/volumes/data/child"
ends() { [ "$(lxcbox lxc-info -P "$P" -n slow -sH)" = STOPPED ]; }
t 'the container ends with its program' ends

copies() {
    lxcbox lxc-copy -P "$P" -n slow -N other && rm "$P/other/volumes/data/end" && written slow end
}
t 'a copy has volumes of its own' is done copies
removes() { for c in fg cwd slow other; do lxcbox lxc-destroy -P "$P" -n $c || return; done; [ -z "$(ls -A "$P")" ]; }
t 'lxc-destroy removes the volumes' removes
