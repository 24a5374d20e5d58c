# Registries that lie, and images that mean harm: each is refused with one sentence, and nothing is left of it.
. tests/lib.sh
. tests/server.sh
. tests/registry.sh
needs_root
export LXC_CACHE_PATH=$WORK/cache
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE
P=$WORK/lxc
mkdir "$P"
echo 'lxc.net.0.type = empty' > "$WORK/config"
must registry_start "$WORK/server"

create() { # CONTAINER REPOSITORY [OPTION...]
    timeout 60 "$LXCBOX" lxc-create -q -P "$P" -n "$1" -f "$WORK/config" -t oci -- \
        --ca-file "$CA_FILE" --url "docker://$REGISTRY/$2" "${@:3}"
}

# Every blob of the cache has the content that its name says.
blobs_are_right() {
    local blob
    for blob in "$LXC_CACHE_PATH"/oci/blobs/sha256/*; do
        [ -e "$blob" ] || continue
        [ "$(sha256sum < "$blob")" = "$(basename "$blob")  -" ] || { echo "wrong: $blob"; return 1; }
    done
}

refused() { # REGEX REPOSITORY [OPTION...]
    rm -rf "$LXC_CACHE_PATH" "${P:?}"/*
    refuses "$1" create x "${@:2}" || return
    [ -z "$(ls -A "$P")" ] || { ls -lA "$P"; return 1; }
    [ ! -e "$WORK/out" ] && blobs_are_right
}

t 'an honest image is taken' create good good
must lxcbox lxc-destroy -P "$P" -n good
t 'a manifest with another digest than its index says is refused' refused 'digest' wrong-manifest
t 'a configuration with another digest is refused' refused 'digest' wrong-config
t 'a layer with another digest is refused' refused 'digest|gzip|layer' wrong-layer
t 'a layer that unpacks to another digest is refused' refused 'unpacks to the digest' wrong-diff
t 'a layer longer than stated is refused' refused 'bytes|size|long' long-layer
t 'a layer shorter than stated is refused' refused 'bytes|size|short|ended' short-layer
t 'an index in an index is refused' refused 'index' nested
t 'an index that leads to itself is refused' refused '.' loop
t 'an index with too many entries is refused' refused '.' bomb
t 'a manifest with too many layers is refused' refused 'layers' layers
t 'a document that is manifest and index is refused' refused '.' both
t 'a manifest of schema 1 is refused' refused 'schema' schema1
t 'an artifact is refused' refused 'vnd.example.thing' artifact
t 'a digest with a path is refused' refused 'digest' path-digest
t 'a layer that climbs out is refused' refused '\.\.' climbs

password() { echo s3cret:x | refused "$1" "$2" --username user --password-stdin; }
t 'no password goes to a server of tokens on another host' password 'another host' other-realm
t 'no token is fetched without TLS' password 'not protected' http-realm
t 'an endless token is refused' refused 'larger than' endless-token
t 'a redirect to http is refused' refused 'http' downgrade

t 'a passwd with a million lines is refused' refused '/etc/passwd of the image is not a regular file' many-passwd
t 'a passwd that is a FIFO is refused' refused '/etc/passwd of the image is not a regular file' fifo-passwd

no_line() { # REPOSITORY: no line of the configuration comes from a text with a newline
    create lines "$1" || return
    cat "$P/lines/config" "$P/lines/lxcbox.conf"
    ! grep -h '^ *lxc.hook' "$P/lines/config" "$P/lines/lxcbox.conf"
}
t 'newlines in variables, words and labels start no line' no_line lines
lxcbox lxc-destroy -P "$P" -n lines > /dev/null 2>&1
t 'newlines in ports start no line' no_line line-port
lxcbox lxc-destroy -P "$P" -n lines > /dev/null 2>&1
t 'a NUL in a variable is refused' refused '.' nul
t 'a NUL in a word of the command is refused' refused '.' nul-cmd
t 'a newline in a volume is refused' refused 'volume' line-volume
t 'a volume outside the root is refused' refused 'volume' up-volume
t 'a newline in the working directory is refused' refused 'working directory' line-directory
t 'a newline in the stop signal is refused' refused '.' line-signal
t 'a newline in the user is refused' refused 'user' line-user
