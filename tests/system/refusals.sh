# What goes wrong on the way from an image to a running container: each is one sentence that names the cause and, in
# brackets, the remedy; the status is 1; and nothing stays behind.
. tests/lib.sh
. tests/server.sh
. tests/images.sh
needs_root
if [ -z "${REFUSALS_INSIDE:-}" ]; then
    REFUSALS_INSIDE=1 unshare -m -n --propagation private bash "$0"
    exit
fi
ip link set lo up
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE
export LXC_CACHE_PATH=$WORK/cache
lxc=$WORK/lxc name=refused-$$
mkdir "$lxc"
printf 'lxc.net.0.type = empty\n' > "$WORK/default.conf"
image_busybox || { echo 'not ok a busybox image can be made'; exit 1; }
# Some MB that no compressor shrinks: a download that has a middle.
mkdir "$WORK/root"
tar -xJf "$BUSYBOX_ROOTFS" -C "$WORK/root"
head -c 4000000 /dev/urandom > "$WORK/root/noise"
tar -cJf "$WORK/rootfs.tar.xz" -C "$WORK/root" .
server_meta "$WORK/meta.tar.xz" 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' 'lxc.arch = x86_64'
server_start "$WORK/server" || { echo 'not ok the test server starts'; exit 1; }
publish() {
    server_image busybox 1 amd64 default 20260101_13:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
    server_streams
}
publish

create() {
    lxcbox lxc-create -P "$lxc" -n "$name" -f "$WORK/default.conf" -t download -- -d busybox -r 1 \
        -a amd64 --server "$SERVER" --ca-file "$CA_FILE" "$@"
}
start() { lxcbox lxc-start -P "$lxc" -n "$name" "$@"; }

# What the host has that a container could have left. The cache may keep a beginning, for the next try to go on from.
traces() {
    ip -o link | sed 's/^[0-9]*: //; s/:.*//'
    awk '{ print $5 }' /proc/self/mountinfo | grep -e "^$WORK" -e lxc
    find /sys/fs/cgroup -type d -name "*$name*" 2> /dev/null
    pgrep -f -- "(-n|monitor\] [^ ]*) $name"
    (cd "$lxc" && find . -path "./$name/rootfs/*" -prune -o -print | sort)
    find "$LXC_CACHE_PATH" -name rootfs.tar.xz -not -path '*.partial/*' 2> /dev/null
    (cd / && ls -d run/lxc/* 2> /dev/null)
}
# refuses_whole REGEX REMEDY COMMAND...
refuses_whole() {
    local cause=$1 remedy=$2
    shift 2
    traces > "$WORK/before"
    refuses "^lxc-[a-z]+: .*($cause).* \(.*($remedy).*\)$" "$@" && diff "$WORK/before" <(traces)
}

# --- Making one --------------------------------------------------------------------------------------------------
for bad in a/b .. '' "$(printf '%0129d' 0)" "$(printf 'a\nb')"; do
    t "a wrong name is refused: '$(printf %s "${bad:0:10}" | tr '\n' '?')'" \
        refuses_whole "is not a valid container name" use lxcbox lxc-create -P "$lxc" -n "$bad" -t none
done
t 'a template that there is not is refused' \
    refuses_whole 'no template "busybix"' 'busybox' lxcbox lxc-create -P "$lxc" -n "$name" -t busybix
t 'an image that there is not is refused' refuses_whole 'not have an image of busybox 2 for amd64' 'list' create -r 2

mkdir "$WORK/small"
mount -t tmpfs -o size=3m tmpfs "$WORK/small"
full() { local lxc=$WORK/small; "$@"; }
t 'no space for the rootfs is refused' full refuses_whole 'No space left on device' 'free space.*-P' create
t 'a failure without space leaves no space taken' is '' find "$WORK/small" -mindepth 1
umount "$WORK/small"
mount -t tmpfs -o size=2m tmpfs "$WORK/small"
full() { LXC_CACHE_PATH=$WORK/small "$@"; }
t 'no space for the download is refused' full refuses_whole 'No space left on device' 'LXC_CACHE_PATH' create
umount "$WORK/small"
rm -rf "$LXC_CACHE_PATH"

down_mid_file() {
    local pid partial
    server_config 'location ~ rootfs { limit_rate_after 1m; limit_rate 500k; }'
    create & pid=$!
    partial=$LXC_CACHE_PATH/download/busybox/1/amd64/.default.partial/rootfs.tar.xz
    until [ "$(stat -c %s "$partial" 2> /dev/null || echo 0)" -gt 900000 ]; do
        kill -0 $pid 2> /dev/null || break
        sleep 0.02
    done
    server_stop
    wait $pid
}
t 'a server that goes down in the middle is refused' \
    refuses_whole 'rootfs\.tar\.xz: cannot connect to localhost' 'to resume the download' down_mid_file
server_config

server_certificate DNS:other.example
t 'the certificate of another is refused' refuses_whole 'is for other\.example' 'server' create
server_certificate DNS:localhost 20200101000000Z 20210203000000Z
t 'an expired certificate is refused' refuses_whole 'expired on 2021-02-03' 'clock' create
server_certificate DNS:localhost 20960101000000Z 20970101000000Z
t 'a certificate that is not yet valid, as a clock of 1970 sees every one, is refused' \
    refuses_whole 'not valid before 2096-01-01.*clock' 'set the clock' create
server_certificate DNS:localhost
t 'an unknown authority is refused' refuses_whole 'not from an authority in /etc/ssl' \
    '--ca-file' create --ca-file /etc/ssl/certs/ca-certificates.crt

flip() { # FILE OFFSET: turn its lowest bit
    printf "\\x$(printf %02x $((0x$(od -An -tx1 -j "$2" -N 1 "$1" | tr -d ' ') ^ 1)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
flip "$WWW/$IMAGE_PATH/rootfs.tar.xz" 2000000
t 'a file with one bit off is refused' refuses_whole 'rootfs\.tar\.xz from localhost' 'again|another' create
publish
sed -i \
    's/"sha256": "[0-9a-f]*", \("size": [0-9]*, "path": "[^"]*rootfs\)/"sha256": "'"$(printf '%064d' 1)"'", \1/' \
    "$WWW/streams/v1/images.json"
t 'a sum that is another is refused' refuses_whole 'SHA-256 is [0-9a-f]{64} and should be 0+1' 'again|another' create
publish
truncate -s 2000000 "$WWW/$IMAGE_PATH/rootfs.tar.xz"
server_streams
t 'a truncated xz is refused' refuses_whole 'damaged' 'again|another' create
publish

# --- Starting it -------------------------------------------------------------------------------------------------
t 'after all of that, it is made' create
t 'a second one of the name is refused' refuses_whole 'exists already' 'lxc-destroy' create
config=$lxc/$name/config
cp "$config" "$WORK/config"
line=$(($(wc -l < "$config") + 1))
echo 'lxc.net.0.lnik = br0' >> "$config"
t 'a misspelt key is refused by file, line and name' \
    refuses_whole "$config:$line: .*lxc\.net\.0\.lnik" 'lxc\.net\.0\.link' start
cp "$WORK/config" "$config"
echo 'lxc.uts.nane = x' >> "$config"
t 'in the foreground too' refuses_whole "$config:$line: .*lxc\.uts\.nane" 'lxc\.uts\.name' start -F
cp "$WORK/config" "$config"
t 'a bridge that there is not is refused' refuses_whole 'no network interface nonesuch' 'ip link add nonesuch|lxc-net' \
    start -s lxc.net.0.type=veth -s lxc.net.0.link=nonesuch
t 'an init that there is not is refused' \
    refuses_whole 'cannot execute /sbin/nonesuch' 'rootfs' start -s lxc.init.cmd=/sbin/nonesuch
t 'a container that there is not is refused' \
    refuses_whole 'no container nonesuch' 'lxc-create' lxcbox lxc-start -P "$lxc" -n nonesuch
t 'after all of that, it starts' start
and_goes() {
    lxcbox lxc-stop -P "$lxc" -n $name &&
        lxcbox lxc-destroy -P "$lxc" -n $name &&
        [ -z "$(ls -A "$lxc")" ]
}
t 'and goes' and_goes
