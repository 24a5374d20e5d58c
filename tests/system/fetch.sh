# Images over HTTPS from a real nginx: sums, cache, resuming, proxies, and every way in which it can fail.
. tests/lib.sh
. tests/server.sh
needs_root

export LXC_CACHE_PATH=$WORK/cache
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE
lxc=$WORK/lxc
mkdir "$lxc"

# create NAME OPTION...: a container from the image "tiny" of the server
create() {
    local name=$1
    shift
    lxcbox lxc-create -P "$lxc" -n "$name" -t download -f /dev/null -- -d tiny -r 1 -a amd64 "$@"
}
trusting() { create "$1" --server "$SERVER" --ca-file "$CA_FILE" "${@:2}"; }
list() { lxcbox lxc-create -P "$lxc" -n list -t download -f /dev/null -- --list "$@"; }

# A failed create leaves no container x, nor the beginning of one.
refuses_cleanly() {
    local before
    before=$(ls -A "$lxc")
    refuses "$@" && [ "$before" = "$(ls -A "$lxc")" ]
}
image_in_cache() { echo "$LXC_CACHE_PATH/download/tiny/1/amd64/default"; }
flush() { rm -rf "$LXC_CACHE_PATH" "${lxc:?}"/*; }

# A root file system whose xz is some MB and cannot be decoded from its beginning alone.
mkdir -p "$WORK/root/etc" "$WORK/root/sbin"
cp /bin/busybox "$WORK/root/sbin/init"
head -c 6000000 /dev/urandom > "$WORK/root/etc/noise"
# Names that are not UTF-8, or whose accents libraries like to compose; the pax format has them in records of their own.
for name in $'\xe9t\xe9' $'e\xcc\x81te\xcc\x81'; do
    echo bytes > "$WORK/root/etc/$name"
    ln "$WORK/root/etc/$name" "$WORK/root/etc/hard-$name"
    ln -s "$name" "$WORK/root/etc/soft-$name"
done
tar --format=pax -cJf "$WORK/rootfs.tar.xz" -C "$WORK/root" .
server_meta "$WORK/meta.tar.xz" 'lxc.arch = amd64'
server_start "$WORK/server" || { echo 'not ok the test server starts'; exit 1; }
publish() {
    server_image tiny 1 amd64 default "${1:-20260101_13:00}" "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"
    server_streams
}
publish

same_rootfs() { diff -r "$WORK/root/etc" "$lxc/$1/rootfs/etc" && [ -d "$lxc/$1/rootfs/dev/pts" ]; }
has_image() { trusting "$@" && same_rootfs "$1"; }
t 'the list names what the server has' has 'tiny.*1.*amd64.*default.*20260101_13:00' \
    list --server "$SERVER" --ca-file "$CA_FILE"
server_log > /dev/null
t 'an image arrives whole over HTTPS' has_image first
names() { (cd "$1/etc" && for f in *; do echo "$f $(readlink "$f") $(stat -c %h "$f")"; done); }
t 'file names and links keep their bytes' diff <(names "$WORK/root") <(names "$lxc/first/rootfs")
connections() { [ "$(server_log | tee /dev/stderr | awk '{ print $NF }' | sort -u | wc -l)" -le "$1" ]; }
t 'few connections carry all of its files' connections 2
t 'the cache has the layout of LXC' diff <(ls "$(image_in_cache)" | sort) \
    <(printf '%s\n' build_id config create-message expiry origin rootfs.tar.xz | sort)
from_cache() { has_image "$@" && [ -z "$(server_log)" ]; }
t 'the next container comes from the cache alone' from_cache second
other_server() {
    server_log > /dev/null
    has_image "$1" --server "127.0.0.1:$SERVER_PORT" && server_log | grep 'rootfs.tar.xz - '
}
t 'another server is asked itself, whatever the cache holds' other_server elsewhere
server_log > /dev/null
has_image again
stock_would_take_it() {
    [ "$(cat "$(image_in_cache)/build_id")" = 20260101_13:00 ] &&
        xz -t "$(image_in_cache)/rootfs.tar.xz"
}
t 'the cached files are what LXC looks for' stock_would_take_it

expire() { echo 1 > "$(image_in_cache)/expiry"; }
up_to_date() { expire; server_log > /dev/null; has_image "$1" && ! server_log | grep rootfs; }
t 'an expired image of the same build is not fetched again' up_to_date third
newer() { expire; publish 20260102_13:00; has_image "$1" && grep -x 20260102_13:00 "$(image_in_cache)/build_id"; }
t 'an expired image of another build is' newer fourth
flushed() { server_log > /dev/null; has_image "$1" --flush-cache && server_log | grep 'rootfs.tar.xz - '; }
t '--flush-cache fetches it again' flushed fifth
server_stop
expire
t 'an expired image without a server is refused, naming --force-cache' refuses '--force-cache' trusting sixth
t '--force-cache takes it all the same' has_image sixth --force-cache
server_again
flush

together() {
    local i pids=() failed=0
    server_log > /dev/null
    for i in 1 2 3; do trusting "together$i" > "$WORK/together$i" 2>&1 & pids+=($!); done
    for i in 0 1 2; do wait "${pids[i]}" || { failed=1; cat "$WORK/together$((i + 1))"; }; done
    for i in 1 2 3; do same_rootfs "together$i" || failed=1; done
    [ "$(server_log | tee /dev/stderr | grep -c rootfs)" -eq 1 ] && [ $failed -eq 0 ]
}
t 'three at once on the same image fetch it once' together
flush

t 'an IPv4 address serves as the name of a server' has_image v4 --server "127.0.0.1:$SERVER_PORT" --flush-cache
if [ -e /proc/net/if_inet6 ]; then
    t 'an IPv6 address serves as the name of a server' has_image v6 --server "[::1]:$SERVER_PORT" --flush-cache
else
    skip 'an IPv6 address serves as the name of a server' 'no IPv6 here'
fi
t 'SSL_CERT_FILE names whom to trust' env SSL_CERT_FILE="$CA_FILE" "$LXCBOX" lxc-create -P "$lxc" -n env \
    -t download -f /dev/null -- -d tiny -r 1 -a amd64 --server "$SERVER" --flush-cache
t 'a server may be named without TLS' has_image plain --server "$HTTP_SERVER" --flush-cache
flush

# --- Certificates -----------------------------------------------------------------------------------------------
t 'an unknown authority is refused, naming --ca-file' \
    refuses_cleanly 'unknown authority.*--ca-file' create x --server "$SERVER"
server_certificate DNS:other.example,DNS:another.example
t 'a certificate for another name is refused, naming it' \
    refuses_cleanly 'is for other\.example, another\.example' trusting x
t 'a certificate without the address is refused' \
    refuses_cleanly 'is for other\.example' trusting x --server "127.0.0.1:$SERVER_PORT"
server_certificate DNS:localhost 20200101000000Z 20210203000000Z
t 'an expired certificate is refused, naming both dates' \
    refuses_cleanly 'expired on 2021-02-03, and the clock reads 20' trusting x
server_certificate DNS:localhost 20960101000000Z 20970101000000Z
t 'a certificate of the future is refused, naming the clock' \
    refuses_cleanly 'not valid before 2096-01-01.*set the clock' trusting x
server_certificate 'DNS:localhost,IP:127.0.0.1,IP:::1'
server_config 'ssl_protocols TLSv1.3;'
t 'a server without TLS 1.2 is refused, naming it' refuses_cleanly 'must speak TLS 1\.2' trusting x
for cipher in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
    server_config "ssl_ciphers $cipher;"
    t "$cipher is spoken" list --server "$SERVER" --ca-file "$CA_FILE"
done
server_config
SERVER_KEY=rsa:2048 server_certificate 'DNS:localhost,IP:127.0.0.1,IP:::1'
for cipher in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-CHACHA20-POLY1305; do
    server_config "ssl_ciphers $cipher;"
    t "$cipher is spoken" list --server "$SERVER" --ca-file "$CA_FILE"
done
server_config
t 'a port that speaks no TLS is refused, naming http://' refuses_cleanly 'does not use TLS.*http://' trusting x \
    --server "https://localhost:$((SERVER_PORT + 1))"

# --- Servers of other shapes ------------------------------------------------------------------------------------
server_config "location /meta/ { return 302 https://localhost:$SERVER_PORT/moved\$uri; }" \
    "location /moved/ { alias $WWW/; }"
t 'redirects are followed' has_image moved
server_config "location /meta/ { return 302 $HTTP_SERVER\$uri; }"
t 'a redirect from https to http is refused' refuses_cleanly 'from https to http' trusting x --flush-cache
server_config 'location /streams/ { return 404; }'
t 'a server with an index alone serves' has_image indexed --flush-cache
server_config 'location /meta/ { return 404; }'
t 'a server with simplestreams alone serves' has_image streamed --flush-cache
t 'the list comes from simplestreams too' has 'tiny.*1.*amd64.*default.*20260102_13:00' \
    list --server "$SERVER" --ca-file "$CA_FILE"
server_config 'return 404;'
t 'a server with neither is refused with the names of the missing files' \
    refuses_cleanly 'not have an index of images' trusting x --flush-cache
server_config 'return 503;'
t 'a server that fails is refused by its status' refuses_cleanly 'status 503' trusting x --flush-cache
server_config
t 'an image that the server has not is refused by name' refuses_cleanly 'an image of tiny 2 for amd64' trusting x -r 2
flush
nothing_cached() { [ ! -e "$LXC_CACHE_PATH" ]; }
t 'a release that it has not: those there are' refuses_cleanly 'the available releases: 1;' trusting x -r 2
t 'a distribution that it has not: those there are' \
    refuses_cleanly 'the available distributions: tiny;' trusting x -d tyni
t 'an architecture that it has not: those there are' \
    refuses_cleanly 'the available architectures: amd64;' trusting x -a sparc
t 'a variant that it has not: those there are' \
    refuses_cleanly 'the available variants: default;' trusting x --variant cloud
server_config 'location /meta/ { return 404; }'
t 'simplestreams alone say it, too' refuses_cleanly 'the available releases: 1;' trusting x -r 2
server_config
t 'an image that there is not leaves nothing in the cache' nothing_cached
of_this_machine() {
    lxcbox lxc-create -P "$lxc" -n "$1" -t download -f /dev/null -- -d tiny -r 1 "${@:2}" \
        --server "$SERVER" --ca-file "$CA_FILE" &&
        same_rootfs "$1"
}
if [ "$(uname -m)" = x86_64 ]; then
    t 'without -a the image is for this machine' of_this_machine here
    t 'x86_64 is amd64' of_this_machine kernels -a x86_64
    t 'and has one place in the cache' is amd64 ls "$LXC_CACHE_PATH/download/tiny/1"
fi
t 'a name that leaves the cache is refused' refuses_cleanly 'cannot be part of' trusting x -r ../../../x
t 'a path on the server is a prefix' \
    refuses_cleanly "localhost:$SERVER_PORT/elsewhere does not have an index" trusting x --server "$SERVER/elsewhere"
flush

# --- Names ------------------------------------------------------------------------------------------------------
# without FILE COMMAND...: FILE of /etc is not there
without() {
    local file=$1
    shift
    (mkdir -p "$WORK/etc" && cp -a /etc/. "$WORK/etc" && rm -f "$WORK/etc/$file" &&
        export -f list lxcbox && export LXCBOX lxc &&
        unshare -m --propagation private bash -c 'mount --bind "$1" /etc && shift && "$@"' - "$WORK/etc" "$@")
}
t 'localhost needs no /etc/hosts' without hosts list --server "$SERVER" --ca-file "$CA_FILE"
at_once() { # without name servers, in a network where nothing answers
    local began=$SECONDS
    refuses 'look up the name images.example: there is no /etc/resolv.conf \(write' without resolv.conf \
        unshare -n bash -c 'ip link set lo up && list --server images.example' && [ $((SECONDS - began)) -lt 5 ]
}
t 'a missing /etc/resolv.conf is reported at once' at_once

# --- Damage -----------------------------------------------------------------------------------------------------
nothing_in_cache() { [ -z "$(find "$LXC_CACHE_PATH" -name rootfs.tar.xz)" ]; }
zeros=$(printf '0%.0s' {1..64})
sed -i \
    's/"sha256": "[0-9a-f]\{63\}.", "size": \([0-9]*\), "path": "\([^"]*rootfs\)/"sha256": '\
'"'"$zeros"'", "size": \1, "path": "\2/g' \
    "$WWW/streams/v1/images.json"
t 'a rootfs of another sum is refused, naming both' \
    refuses_cleanly 'SHA-256 is [0-9a-f]{64} and should be 0000' trusting x
t 'a file with a wrong sum is not kept' nothing_in_cache
publish 20260102_13:00
printf '\1' | dd of="$WWW/$IMAGE_PATH/rootfs.tar.xz" bs=1 seek=3000000 conv=notrunc status=none
t 'a rootfs with a bit off is refused as damaged' \
    refuses_cleanly 'rootfs\.tar\.xz from localhost (is damaged|does not match)' trusting x
t 'a damaged file is not kept' nothing_in_cache
publish 20260102_13:00
truncate -s 3000000 "$WWW/$IMAGE_PATH/rootfs.tar.xz"
server_streams
t 'a truncated xz is refused as damaged' refuses_cleanly 'rootfs\.tar\.xz from localhost is damaged' trusting x
t 'a truncated file is not kept' nothing_in_cache
publish 20260102_13:00
echo junk > "$WWW/$IMAGE_PATH/meta.tar.xz"
t 'damaged metadata is refused' refuses_cleanly 'meta\.tar\.xz is damaged' trusting x
mkdir "$WORK/empty"
tar -cJf "$WWW/$IMAGE_PATH/meta.tar.xz" -C "$WORK/empty" .
t 'metadata without a config is refused, saying so' refuses_cleanly 'has no config' trusting x
publish 20260102_13:00
echo '<html>' > "$WWW/streams/v1/images.json"
t 'simplestreams that are no JSON are refused' refuses_cleanly 'malformed' trusting x
publish 20260102_13:00
flush

# --- Breaks -----------------------------------------------------------------------------------------------------
partial=$LXC_CACHE_PATH/download/tiny/1/amd64/.default.partial/rootfs.tar.xz
until_partial() { # wait for so many bytes of the download
    until [ "$(stat -c %s "$partial" 2> /dev/null || echo 0)" -gt "$1" ]; do
        kill -0 "$creating" 2> /dev/null || return 1
        sleep 0.02
    done
}
slowly() { server_config 'location ~ rootfs { limit_rate_after 1m; limit_rate 500k; }'; }
down_for_good() {
    local said status=0
    slowly
    trusting broken 2> "$WORK/said" > /dev/null &
    creating=$!
    until_partial 1000000 || return 1
    server_stop
    wait $creating || status=$?
    said=$(cat "$WORK/said")
    echo "$said"
    [ $status -eq 1 ] &&
        [ "$(wc -l < "$WORK/said")" -eq 1 ] &&
        [[ $said == *'rootfs.tar.xz: cannot connect to localhost'* ]] &&
        [ -z "$(ls -A "$lxc")" ]
}
t 'a server that goes down in the middle is named, and leaves no container' down_for_good
goes_on() {
    server_config
    server_log > /dev/null
    has_image "$1" && server_log | grep '^206 GET .*rootfs.tar.xz bytes=[1-9]'
}
t 'the next call continues where it broke off' goes_on resumed
flush
comes_back() {
    slowly
    server_log > /dev/null
    trusting back &
    creating=$!
    until_partial 1000000 || return 1
    server_config
    wait $creating && same_rootfs back && server_log | grep '^206 GET .*rootfs.tar.xz bytes=[1-9]'
}
t 'the download continues at once when the server is back' comes_back
flush
killed() {
    slowly
    # Without a shell in between, so that the signal reaches the command itself.
    (exec "$LXCBOX" lxc-create -P "$lxc" -n killed -t download -f /dev/null -- -d tiny -r 1 -a amd64 \
        --server "$SERVER" --ca-file "$CA_FILE") &
    creating=$!
    until_partial 1000000 || return 1
    publish 20260103_13:00 # another build, so what came is of no use
    kill -9 $creating
    wait $creating
    server_config
    rm -rf "${lxc:?}"/*
    has_image "$1" && grep -x 20260103_13:00 "$(image_in_cache)/build_id" && [ ! -e "$partial" ]
}
t 'the rest of another build is not mixed in' killed afterwards
flush

mkdir "$WORK/small"
if mount -t tmpfs -o size=1m tmpfs "$WORK/small" 2> /dev/null; then
    cleanup "umount '$WORK/small'"
    full() { LXC_CACHE_PATH=$WORK/small refuses_cleanly 'No space left on device.*LXC_CACHE_PATH' trusting x; }
    t 'a full cache is refused, naming LXC_CACHE_PATH' full
    t 'a full cache is left empty' test -z "$(find "$WORK/small" -name rootfs.tar.xz)"
else
    skip 'a full cache is refused, naming LXC_CACHE_PATH' 'cannot mount a tmpfs here'
fi

# --- Proxies ----------------------------------------------------------------------------------------------------
proxy_start() {
    proxy_port=$((SERVER_PORT + 2))
    cat > "$WORK/tinyproxy.conf" << END
Port $proxy_port
Listen 127.0.0.1
Timeout 60
MaxClients 20
Allow 127.0.0.1
LogFile "$WORK/tinyproxy.log"
LogLevel Connect
BasicAuth me secret
END
    tinyproxy -d -c "$WORK/tinyproxy.conf" > "$WORK/tinyproxy.out" 2>&1 &
    proxy_pid=$!
    cleanup "kill $proxy_pid"
    until (exec 3<> "/dev/tcp/127.0.0.1/$proxy_port") 2> /dev/null || ! kill -0 $proxy_pid; do sleep 0.02; done
}
if command -v tinyproxy > /dev/null; then
    proxy_start
    through() {
        env "$1=http://$2@127.0.0.1:$proxy_port" "$LXCBOX" lxc-create -P "$lxc" -n x -t download \
            -f /dev/null -- --list --ca-file "$CA_FILE" --server "$3"
    }
    logged() { through "${@:2}" && grep -q "$1" "$WORK/tinyproxy.log"; }
    t 'https goes through the proxy of https_proxy' \
        logged "CONNECT localhost:$SERVER_PORT" https_proxy me:secret "$SERVER"
    t 'http goes through the proxy of http_proxy' logged "GET $HTTP_SERVER/meta" http_proxy me:secret "$HTTP_SERVER"
    t 'a proxy that requires a password is reported' refuses \
        'requires a user name and password.*https_proxy=http://NAME:PASSWORD' through https_proxy \
        me:wrong "$SERVER"
    direct() { no_proxy=localhost https_proxy=http://127.0.0.1:1 list --server "$SERVER" --ca-file "$CA_FILE"; }
    t 'no_proxy names servers that are reached without it' direct
else
    skip 'https goes through the proxy of https_proxy' 'no tinyproxy here (package tinyproxy-bin)'
fi
