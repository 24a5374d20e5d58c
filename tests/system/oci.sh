# Images of registries and layouts: logins, what is asked, difficult layers, and what the configuration says.
. tests/lib.sh
. tests/server.sh
. tests/registry.sh
needs_root
export LXC_CACHE_PATH=$WORK/cache
unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
export HOME=$WORK/home
P=$WORK/lxc
mkdir "$P" "$HOME"
echo 'lxc.net.0.type = empty' > "$WORK/config"
must registry_start "$WORK/server"

from() { # CONTAINER URL [OPTION...]
    timeout 60 "$LXCBOX" lxc-create -q -P "$P" -n "$1" -f "$WORK/config" -t oci -- --url "$2" "${@:3}"
}
create() { from "$1" "docker://$REGISTRY/$2" --ca-file "$CA_FILE" "${@:3}"; }
flush() { rm -rf "$LXC_CACHE_PATH" "${P:?}"/*; }
fresh() { flush; create x "$@" && [ -f "$P/x/rootfs/etc/passwd" ]; }
asked() { cut -d ' ' -f 1,2 "$REGISTRY_LOG"; }

t 'an image is pulled without a login' fresh open
t 'another authority is not trusted' refuses 'certificate' from y "docker://$REGISTRY/open" --no-cache
t 'unless any certificate is to be taken' from any "docker://$REGISTRY/open" --no-cache --tls-verify=false
t 'an anonymous token is fetched where it is wanted' fresh anonymous
t 'a login without credentials is refused' refuses 'user name and a password' create y basic
with_password() { echo s3cret:x | fresh "$1" --username user --password-stdin; }
t 'Basic takes the password of standard input' with_password basic
no_password_elsewhere() { grep '/elsewhere/' "$REGISTRY_LOG" && ! grep '/elsewhere/.* Basic' "$REGISTRY_LOG"; }
t 'a redirect to another host takes no password along' no_password_elsewhere
t 'a server of tokens gets the password' with_password bearer
wrong_password() { echo wrong | create y bearer --username user --password-stdin --no-cache; }
t 'a wrong password is refused' refuses 'refuses to give access.*check the user name' wrong_password
login_file() { printf '{"auths": {"%s": {"auth": "dXNlcjpzM2NyZXQ6eA=="}}}' "$1" > "$WORK/auth.json"; }
with_file() { login_file "$1"; REGISTRY_AUTH_FILE=$WORK/auth.json fresh basic; }
t 'credentials come from the file of podman' with_file "$REGISTRY"
t 'also those of one repository' with_file "$REGISTRY/basic"
helper() { printf '{"credHelpers": {"%s": "desktop"}}' "$REGISTRY" > "$WORK/auth.json"; }
with_helper() { helper; REGISTRY_AUTH_FILE=$WORK/auth.json create y basic; }
t 'a credential helper is refused by its name' refuses 'desktop' with_helper
t 'a token that expires is renewed' fresh expires
t 'a registry that wants to be left alone is asked again' fresh busy
t 'the platform is chosen from an index' fresh choice
t 'a missing platform is refused' refuses 'no image for linux/riscv64' create y choice --arch riscv64 --no-cache
t 'a missing tag names those that exist' refuses 'alpha.*beta' create y no-tag

only_heads() {
    fresh open || return
    : > "$REGISTRY_LOG"
    create second open || return
    asked
    [ "$(asked)" = 'HEAD /v2/open/manifests/latest' ]
}
t 'a second create asks only what the tag stands for' only_heads
nothing_asked() { : > "$REGISTRY_LOG"; create "$1" open "--pull=$1" && [ ! -s "$REGISTRY_LOG" ]; }
t '--pull=missing asks nothing for an image that is there' nothing_asked missing
t '--pull=never asks nothing' nothing_asked never
never() { flush; create x open --pull=never; }
t '--pull=never refuses what the cache lacks' refuses 'cache' never
no_cache() { fresh open --no-cache && [ -z "$(find "$LXC_CACHE_PATH"/oci/{blobs,partial} -type f)" ]; }
t '--no-cache leaves no blob' no_cache
both() {
    local status=0
    flush
    create one open & create two open || status=1
    wait $! && [ $status = 0 ]
}
t 'two creates at once work' both

configured() { flush; create x all "$@" && cat "$P/x/config" "$P/x/lxcbox.conf" "$P/x/image.json"; }
t 'Entrypoint and Cmd are the command' has 'command = "/bin/echo" "x" "y z"' configured
t 'arguments replace Cmd' has 'lxc.init.cmd = /bin/echo x other' configured other
t '--entrypoint replaces both' has 'lxc.init.cmd = /bin/new$' configured --entrypoint /bin/new
t 'a user of the image has its number' has '^lxc.init.uid = 33$' configured
t 'and its group' has '^lxc.init.gid = 34$' configured
t 'and its other groups' has '^lxc.init.groups = 50,51$' configured
t 'which another group does without' fails has '^lxc.init.groups' configured --user web:more
t 'a group has its number' has '^lxc.init.gid = 50$' configured --user web:more
t 'numbers need no account' has '^lxc.init.uid = 1234$' configured --user 1234:5678
t 'HOME is that of the account' has '^lxc.environment.runtime = HOME=/srv/web$' configured
t 'HOME of the user wins' has '^lxc.environment.runtime = HOME=/x$' configured -e HOME=/x
t 'PATH has a default' has '^lxc.environment.runtime = PATH=/usr/local/sbin:' configured
t 'a variable of the user replaces that of the image' has '^lxc.environment.runtime = A=c$' configured -e A=c
t 'StopSignal stops the container' has '^lxc.signal.halt = SIGQUIT$' configured
t 'the working directory is made' test -d "$P/x/rootfs/made/here"
t 'a volume has the files, the owner and the mode of the image' is '33 34 750 1' \
    stat -c '%u %g %a 1' "$P/x/volumes/data"
t 'the files of a volume are copied' is 1 cat "$P/x/volumes/data/first"
t 'labels are kept' has '"a": "b"' configured
t 'an unknown user is refused' refuses 'nobody-here' create y stranger
quotes() { # a value in quotes would lose them when it is read
    flush
    create x quotes && cat "$P/x/config" "$P/x/lxcbox.conf" || return
    ! grep -h '^lxc.init.cmd = "\|^lxc.environment.runtime = "' "$P/x/config"
}
t 'quotes of a command and a variable are kept' quotes

# TREE: each entry with type, mode, owner, size or target, time, links, contents and attributes.
tree() {
    python3 - "$1" << 'PY'
import os, stat, sys
top = sys.argv[1]
for path, dirs, files in os.walk(top):
    dirs.sort()
    for name in ['.'] * (path == top) + sorted(dirs + files):
        if path == top and name in ('dev', 'proc', 'sys'):
            continue
        p = os.path.join(path, name)
        s = os.lstat(p)
        regular, link = stat.S_ISREG(s.st_mode), stat.S_ISLNK(s.st_mode)
        what = open(p, 'rb').read() if regular else os.readlink(p) if link else ''
        marks = [(x, os.getxattr(p, x, follow_symlinks=False)) for x in sorted(os.listxattr(p, follow_symlinks=False))]
        made = os.path.relpath(p, top) in ('.', 'etc')
        print(os.path.relpath(p, top), oct(s.st_mode) if name != '.' else '', s.st_uid, s.st_gid,
              s.st_nlink if not stat.S_ISDIR(s.st_mode) else '', '' if made else int(s.st_mtime), what, marks)
PY
}
same_tree() { # NAME [OPTION...]: as umoci unpacks it
    flush
    rm -rf "$WORK/bundle"
    umoci unpack --image "$WORK/layout:$1" "$WORK/bundle" || return
    from x "oci:$WORK/layout:$1" || return
    rm -f "$P"/x/rootfs/etc/{hosts,hostname,resolv.conf}
    diff <(tree "$WORK/bundle/rootfs") <(tree "$P/x/rootfs")
}
python3 tests/registry.py layout "$WORK/layout"
if command -v umoci > /dev/null; then
    t 'whiteouts, opaque directories, links and types are as umoci has them' same_tree one
    t 'also where types change back and forth' same_tree two
else
    skip 'trees are as umoci has them' 'umoci is not installed'
fi
archived() { # KIND
    flush
    skopeo copy -q "oci:$WORK/layout:one" "$1:$WORK/$1.tar:it:latest" && from x "$1:$WORK/$1.tar" /bin/sh &&
        [ -e "$P/x/rootfs/opaque/new" ] && [ ! -e "$P/x/rootfs/opaque/old" ]
}
if command -v skopeo > /dev/null; then
    t 'an archive of docker is taken' archived docker-archive
    t 'an archive of a layout is taken' archived oci-archive
else
    skip 'archives are taken' 'skopeo is not installed'
fi
