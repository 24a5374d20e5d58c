# A create that is interrupted, at any moment and by any signal: nothing looks like a container, and the next create
# goes on from what was downloaded.
. tests/lib.sh
. tests/server.sh
. tests/images.sh
needs_root
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE
export LXC_CACHE_PATH=$WORK/cache
lxc=$WORK/lxc
mkdir "$lxc"
printf 'lxc.net.0.type = empty\n' > "$WORK/default.conf"
image_busybox || { echo 'not ok a busybox image can be made'; exit 1; }
mkdir "$WORK/root"
tar -xJf "$BUSYBOX_ROOTFS" -C "$WORK/root"
head -c 8000000 /dev/urandom > "$WORK/root/noise"
for i in $(seq 1000); do echo $i > "$WORK/root/etc/$i"; done
tar -cJf "$WORK/rootfs.tar.xz" -C "$WORK/root" .
server_meta "$WORK/meta.tar.xz" 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' 'lxc.arch = x86_64'
server_start "$WORK/server" || { echo 'not ok the test server starts'; exit 1; }
server_image busybox 1 amd64 default 20260101_13:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
server_streams

# Replaces the shell, for the signal to reach the program itself.
create() {
    exec "$LXCBOX" lxc-create -P "$lxc" -n c -f "$WORK/default.conf" -t download -- -d busybox -r 1 \
        -a amd64 --server "$SERVER" --ca-file "$CA_FILE"
}
partial=$LXC_CACHE_PATH/download/busybox/1/amd64/.default.partial/rootfs.tar.xz

# Nothing, for lxcbox and for stock LXC.
no_container() {
    local seen
    seen=$(lxcbox lxc-ls -1 -P "$lxc"; ! command -v lxc-ls > /dev/null || lxc-ls -1 -P "$lxc"; cd "$lxc" && ls)
    [ -z "$seen" ] || { echo "seen: $seen"; return 1; }
}
nothing_at_all() { no_container && [ -z "$(ls -A "$lxc")" ] || { ls -la "$lxc"; return 1; }; }
whole() { diff -r "$WORK/root/etc" "$lxc/c/rootfs/etc" && cmp "$WORK/root/noise" "$lxc/c/rootfs/noise"; }
made() { (create) && whole && [ "$(ls -A "$lxc")" = c ]; }
afresh() { rm -rf "${lxc:?}/c" "$LXC_CACHE_PATH"; server_log > /dev/null; }

# interrupted SIGNAL BYTES: sends it once so many bytes have come
interrupted() {
    local pid status=0
    server_config 'location ~ rootfs { limit_rate_after 1m; limit_rate 1m; }'
    create > "$WORK/out" 2> "$WORK/said" &
    pid=$!
    until [ "$(stat -c %s "$partial" 2> /dev/null || echo 0)" -ge "$2" ]; do
        kill -0 $pid 2> /dev/null || { echo 'it ended by itself'; cat "$WORK/said"; return 1; }
        sleep 0.02
    done
    kill -s "$1" $pid
    wait $pid || status=$?
    server_config
    cat "$WORK/said"
    echo "status $status"
    if [ "$1" != KILL ]; then
        [ $status -eq 1 ] && [ "$(wc -l < "$WORK/said")" -eq 1 ] && grep -q interrupted "$WORK/said"
    else
        [ $status -eq 137 ]
    fi
}
resumed() { server_log > /dev/null; made && server_log | grep '^206 GET .*rootfs.tar.xz bytes=[1-9]'; }

for signal in INT TERM HUP; do
    t "SIG$signal in the middle of a download says so" interrupted $signal 1500000
    t "SIG$signal leaves nothing" nothing_at_all
    t "after SIG$signal the next create goes on from there" resumed
    afresh
done
t 'SIGKILL in the middle of a download kills it' interrupted KILL 1500000
t 'SIGKILL leaves nothing that looks like a container' no_container
t 'after SIGKILL the next create goes on from there' resumed
afresh

# At whatever moment: of a create at full speed, from a full cache or from none.
moments() { # SIGNAL
    local moment pid status
    for moment in 0.005 0.02 0.05 0.1 0.15 0.2 0.3; do
        [ "${moment#*5}" ] || rm -rf "$LXC_CACHE_PATH"
        create > "$WORK/out" 2> "$WORK/said" &
        pid=$!
        sleep $moment
        kill -s "$1" $pid 2> /dev/null
        wait $pid
        status=$?
        echo "after $moment seconds: status $status; $(cat "$WORK/said")"
        if [ $status -eq 0 ]; then
            whole || return 1
            rm -rf "${lxc:?}/c"
            continue
        fi
        if [ "$1" = KILL ]; then
            no_container || whole || return 1
            rm -rf "${lxc:?}/c"
        else
            nothing_at_all && [ "$(wc -l < "$WORK/said")" -eq 1 ] || [ $status -gt 128 ] || return 1
        fi
    done
    ! pgrep -f -- "(-P|monitor\]) $lxc"
}
for signal in INT TERM KILL; do
    t "SIG$signal at any moment leaves nothing that looks like a container" moments $signal
    t "and the next create succeeds" made
    afresh
done
