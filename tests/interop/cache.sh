# The image cache is shared with stock LXC, both ways.
. tests/lib.sh
. tests/server.sh
needs_root
command -v lxc-create > /dev/null || { skip 'the image cache is shared with stock LXC' 'no stock LXC here'; exit 0; }

export LXC_CACHE_PATH=$WORK/cache
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE
mkdir -p "$WORK/root/etc" "$WORK/lxc"
echo noise > "$WORK/root/etc/noise"
tar -cJf "$WORK/rootfs.tar.xz" -C "$WORK/root" .
server_meta "$WORK/meta.tar.xz" 'lxc.arch = amd64'
server_start "$WORK/server" || { echo 'not ok the test server starts'; exit 1; }
server_image tiny 1 amd64 default 20260101_13:00 "$WORK/rootfs.tar.xz" "$WORK/meta.tar.xz"

ours() {
    lxcbox lxc-create -P "$WORK/lxc" -n "$1" -t download -f /dev/null -- -d tiny -r 1 -a amd64 \
        --server "$SERVER" "${@:2}"
}
stock() { lxc-create -P "$WORK/lxc" -n "$1" -t download -f /dev/null -- -d tiny -r 1 -a amd64 --server "$SERVER"; }
has_rootfs() { diff -r "$WORK/root/etc" "$WORK/lxc/$1/rootfs/etc"; }

t 'lxcbox fills the cache' ours first --ca-file "$CA_FILE"
server_stop
stock_from_ours() { stock second && has_rootfs second; }
t 'stock LXC takes the image from it, without a server' stock_from_ours
rm -rf "$LXC_CACHE_PATH"
server_again
echo "ca_certificate = $CA_FILE" > "$WORK/wgetrc"
stock_fills() { WGETRC=$WORK/wgetrc stock third && has_rootfs third; }
if command -v wget > /dev/null; then
    t 'stock LXC fills the cache' stock_fills
    server_stop
    ours_from_stock() { ours fourth && has_rootfs fourth; }
    t 'lxcbox takes the image from it, without a server' ours_from_stock
else
    skip 'lxcbox takes an image from a cache that stock LXC filled' 'no wget here, which lxc-download needs'
fi
