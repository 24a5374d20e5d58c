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

# --- -B overlay ---------------------------------------------------------------------------------------------------
share() { # CONTAINER NAME [OPTION...]
    lxcbox lxc-create -q -P "$P" -n "$1" -f "$WORK/config" -B overlay -t oci -- --plain-http \
        --url "docker://$registry/$2" "${@:3}"
}
trees() { find "$P/.images" -mindepth 1 -maxdepth 1 -not -name '.*' -not -name lock | wc -l; }
inside() { # CONTAINER COMMAND...
    lxcbox lxc-execute -P "$P" -n "$1" -- "${@:2}"
}
must push shared:1 fourth
must share a shared:1
must share b shared:1 --pull=never
t 'containers of an image with -B overlay share one tree' is 1 trees
listed() { ! lxcbox lxc-ls -1 -P "$P" | grep -q images; }
t 'which lxc-ls does not list' listed
small() { local kb; kb=$(du -sk "$P/b" | cut -f 1); echo "$kb KB"; [ "$kb" -le 80 ]; }
t 'the second one takes less than 80 KB' small
t 'a container runs on the shared tree' is fourth inside a /bin/sh -c 'cat /text'
writes() {
    inside a /bin/sh -c 'echo changed > /text; rm -f /etc/hostname'
    [ "$(inside a /bin/sh -c 'cat /text')" = changed ] && [ "$(inside b /bin/sh -c 'cat /text')" = fourth ]
}
t 'its changes are its own' writes
outside() { # no user but root and the container's own root enters the tree
    setpriv --reuid 65534 --regid 65534 --clear-groups ls "$P"/.images/*/rootfs
}
t 'other users of the host do not enter the tree' fails outside
t 'the list has the containers of the tree' has '^unpacked, for 2 containers +[0-9a-f]{12} ' images list
t 'prune leaves a tree that containers use' has '^Freed 0 bytes' images prune
kept() { images prune --all && is 1 trees && is fourth inside b /bin/sh -c 'cat /text'; }
t 'also prune --all does' kept
t 'the tree is used without the blobs of the cache' share c shared:1
copied() {
    lxcbox lxc-copy -P "$P" -n b -N d && lxcbox lxc-destroy -P "$P" -n a && lxcbox lxc-destroy -P "$P" -n b &&
        lxcbox lxc-destroy -P "$P" -n c && images prune && is fourth inside d /bin/sh -c 'cat /text'
}
t 'a copy keeps the tree when the source is gone' copied
snapshot() {
    inside d /bin/sh -c 'echo new > /text'
    lxcbox lxc-snapshot -P "$P" -n d && inside d /bin/sh -c 'echo newer > /text' &&
        lxcbox lxc-snapshot -P "$P" -n d -r snap0 && is new inside d /bin/sh -c 'cat /text'
}
t 'a snapshot and its restoration work' snapshot
exported() {
    lxcbox lxc-export -P "$P" -n d -o "$WORK/d.tar" && lxcbox lxc-import -P "$P" -n e "$WORK/d.tar" &&
        [ "$(cat "$P/e/rootfs/text")" = new ] && cmp "$P/e/rootfs/bin/sh" "$(command -v busybox)"
}
t 'an export has the whole tree' exported
gone() {
    lxcbox lxc-destroy -P "$P" -n d -s && images prune && [ "$(trees)" = 0 ]
}
t 'prune removes the tree when its last container is gone' gone

must push shared:2 fifth
together() { # five at once: one unpacks
    local i jobs=() status=0
    for i in 1 2 3 4 5; do
        share "p$i" shared:2 &
        jobs+=($!)
    done
    for i in "${jobs[@]}"; do wait "$i" || status=1; done
    [ $status = 0 ] && [ "$(trees)" = 1 ] && images list | grep -q '^unpacked, for 5 containers'
}
t 'concurrent creates make one tree' together
mapped() {
    cp "$WORK/mapped.config" "$WORK/config"
    share m shared:2 && is 2 trees && is 'fifth 0' inside m /bin/sh -c 'echo $(cat /text) $(stat -c %u /text)'
}
t 'mapped containers have a tree with their owners' mapped
damaged() { # a layer that is not what its digest says
    local layer
    must push shared:3 sixth
    layer=$(skopeo inspect --tls-verify=false --format '{{index .Layers 0}}' "docker://$registry/shared:3")
    find "$WORK/registry" -path "*blobs*/${layer#sha256:}/data" -exec sh -c 'echo x >> "$1"' - {} \;
    ! share z shared:3 && [ ! -e "$P/z" ] && [ "$(trees)" = 2 ] && ! ls -d "$P"/.images/.*.partial
}
t 'a create that fails leaves no tree' damaged
left_over() { # by a kill
    mkdir -p "$P/.images/.0123.partial/rootfs/bin" && images prune && [ ! -e "$P/.images/.0123.partial" ]
}
t 'prune removes the rest of an interrupted create' left_over
t '-B overlay is refused for other templates' refuses 'only the template oci does so' \
    lxcbox lxc-create -P "$P" -n y -B overlay -t busybox
t '-B overlay is refused below a path that an overlay cannot name' refuses 'without colons' \
    lxcbox lxc-create -P "$P:x" -n y -f "$WORK/config" -B overlay -t oci -- --plain-http \
    --url "docker://$registry/shared:2"

# --- Refusals
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
