# lxc-images: what the cache of images has, and removing it. Images come from a registry on the loopback interface.
. tests/lib.sh
needs_root
for program in umoci skopeo docker-registry; do
    command -v $program > /dev/null && continue
    skip 'images of the cache are listed and removed' "$program is not installed"
    exit 0
done
export LXC_CACHE_PATH=$WORK/cache
P=$WORK/lxc

layout() { # TEXT: makes the image of one layer with a file that has this text, or replaces it
    rm -rf "$WORK/layout" "$WORK/bundle"
    umoci init --layout "$WORK/layout"
    umoci new --image "$WORK/layout:it"
    umoci unpack --image "$WORK/layout:it" "$WORK/bundle"
    mkdir -p "$WORK/bundle/rootfs/bin"
    cp "$(command -v busybox)" "$WORK/bundle/rootfs/bin/sh"
    echo "$1" > "$WORK/bundle/rootfs/text"
    umoci repack --image "$WORK/layout:it" "$WORK/bundle"
    umoci config --image "$WORK/layout:it" --config.cmd /bin/sh
}

registry_start() { # sets $registry to its HOST:PORT
    cat > "$WORK/registry.yml" << END
version: 0.1
storage: { filesystem: { rootdirectory: $WORK/registry } }
http: { addr: "127.0.0.1:0" }
END
    docker-registry serve "$WORK/registry.yml" > "$WORK/registry.log" 2>&1 &
    cleanup "kill $!"
    for _ in $(seq 100); do
        registry=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' "$WORK/registry.log")
        [ -z "$registry" ] || return 0
        sleep 0.1
    done
    cat "$WORK/registry.log"
    return 1
}

push() { # NAME TEXT
    layout "$2" && skopeo copy --dest-tls-verify=false "oci:$WORK/layout:it" "docker://$registry/$1"
}

create() { # CONTAINER NAME [OPTION...]
    lxcbox lxc-create -q -P "$P" -n "$1" -f "$WORK/config" -t oci -- --plain-http --url "docker://$registry/$2" "${@:3}"
}

images() { lxcbox lxc-images "$@" -P "$P"; }

field() { # NAME FIELD: of the JSON
    images list --json | python3 -c '
import json, sys
for it in json.load(sys.stdin):
    if it["name"].endswith(sys.argv[1]):
        value = it[sys.argv[2]]
        print(" ".join(value) if isinstance(value, list) else value)' "$1" "$2"
}

names() { images list --json | sed -n 's/.*"name": ".*\/\([^"]*\)".*/\1/p' | paste -sd ' '; }
blobs() { find "$LXC_CACHE_PATH/oci/blobs" -type f | wc -l; }
cache_size() { find "$LXC_CACHE_PATH/oci/blobs" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }'; }

t 'without a cache there is nothing to list' is '' images list
t 'nor to remove' is 'Freed 0 bytes (0.0 MiB)' images prune
t 'and no cache is made' test ! -e "$LXC_CACHE_PATH"

mkdir -p "$P"
echo 'lxc.net.0.type = empty' > "$WORK/config"
must registry_start
must push used:1 first
must create web used:1
t 'the list has name, digest, size and age of an image' \
    has "^docker://$registry/used:1 +[0-9a-f]{12} +[0-9]+\.[0-9] MiB  0 minutes$" images list
t 'the size is that of its blobs' is "$(cache_size)" field used:1 size
digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/used:1"; }
t 'the digest is that of the registry' is "$(digest)" field used:1 digest
t 'the list has the containers of an image' is web field used:1 containers

must push other:1 second
must create gone other:1
must lxcbox lxc-destroy -P "$P" -n gone
t 'an image without a container is listed' is 'used:1 other:1' names
before=$(blobs)
prune_unused() {
    local size
    size=$(cache_size)
    images prune > "$WORK/said" || return
    cat "$WORK/said"
    grep -qx "Removed docker://$registry/other:1" "$WORK/said" &&
        grep -q "^Freed $((size - $(cache_size))) bytes " "$WORK/said" && [ "$(blobs)" -lt "$before" ]
}
t 'prune removes an image without a container, and reports the bytes' prune_unused
t 'prune leaves the image of a container' is 'used:1' names
t 'which a create uses without the registry' create again used:1 --pull=never

must push used:1 third
must create moved used:1
moved() { # the manifest, configuration and layer of the former image go
    local before
    before=$(blobs)
    images prune
    echo "$before blobs, then $(blobs)"
    [ $(($(blobs) + 3)) -eq "$before" ]
}
t 'prune removes what no tag leads to any more' moved

mapped_start() {
    printf '%s\n' 'lxc.net.0.type = empty' 'lxc.idmap = u 0 100000 65536' 'lxc.idmap = g 0 100000 65536' \
        > "$WORK/mapped.config"
    chmod 755 "$WORK" "$P"
    lxcbox lxc-create -q -P "$P" -n ids -f "$WORK/mapped.config" -t oci -- --plain-http \
        --url "docker://$registry/used:1" && is third lxcbox lxc-execute -P "$P" -n ids -- /bin/sh -c 'cat /text'
}
t 'a mapped container of an image starts' mapped_start
must lxcbox lxc-destroy -P "$P" -n ids

touch "$LXC_CACHE_PATH/oci/partial/$(printf '%064d' 7)"
t 'prune removes interrupted downloads' images prune
t 'none is left' is '' ls "$LXC_CACHE_PATH/oci/partial"

t 'prune --older-than leaves an image that was confirmed today' is 'Freed 0 bytes (0.0 MiB)' \
    images prune --all --older-than 1
age() { sed -i -E 's/("org.lxcbox.pulled": *)"[0-9]+"/\1"1700000000"/' "$LXC_CACHE_PATH/oci/index.json"; }
must age
t 'and removes an older one' has "^Removed docker://$registry/used:1$" images prune --all --older-than 1
t 'the cache has no blobs then' is 0 blobs
t 'containers do not need the cache' has '^third$' cat "$P/moved/rootfs/text"

# As lxc-create -t download keeps them.
download() { # VARIANT EXPIRY
    local d=$LXC_CACHE_PATH/download/alpine/3.22/amd64/$1
    mkdir -p "$d" && echo image > "$d/rootfs.tar.xz" && echo 20260101_05:24 > "$d/build_id" &&
        echo "$2" > "$d/expiry"
}
must download default 4000000000
must download old 1700000000
must mkdir "$LXC_CACHE_PATH/download/alpine/3.22/amd64/.half.partial"
t 'images of distributions are listed' has '^alpine/3.22/amd64/default +20260101_05:24 ' images list
t 'their interrupted downloads are listed' has '^alpine/3.22/amd64/half +interrupted ' images list
t 'prune removes those that have expired' has '^Removed alpine/3.22/amd64/old$' images prune
t 'and leaves others' is default names
t 'prune --all removes them' has '^Removed alpine/3.22/amd64/default$' images prune --all

waits() { # a create holds the lock of the cache as this does
    local status=0
    exec {lock}< "$LXC_CACHE_PATH/oci/lock"
    flock -s "$lock"
    timeout 1 "$LXCBOX" lxc-images prune -P "$P" || status=$?
    exec {lock}<&-
    [ $status -eq 124 ]
}
t 'prune waits for processes that use the cache' waits
unreadable() {
    mv "$P/web/image.json" "$P/web/kept" && mkdir "$P/web/image.json" || return
    images prune
}
t 'prune refuses where a container does not say what it was made from' refuses 'web/image.json' unreadable

t 'a command is required' refuses 'no command given \(use list or prune\)' images
t 'an unknown one is refused' refuses 'unknown command "lst"' images lst
t '--older-than requires a number' refuses 'is not a number of days' images prune --older-than soon
t '--json is refused where it has no effect' refuses 'goes with list only' images prune --json
t '--all is refused where it has no effect' refuses 'go with prune only' images list --all
