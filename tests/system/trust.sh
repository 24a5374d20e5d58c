# What comes from elsewhere stays text: container names at a shell, metadata of images and archives.
. tests/lib.sh
needs_root
P=$WORK/lxc
mkdir "$P"
echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
lxcbox_in() { lxcbox "$1" -P "$P" "${@:2}"; }
create() { lxcbox_in lxc-create -f "$WORK/empty.conf" -n "$@"; }

# --- Names at a shell -------------------------------------------------------------------------------------------
# A hook with a special character goes to /bin/sh -c, with the name of the container as an argument.
hostile='a$(touch pwned);touch pwned `touch pwned`'"'"'"&touch pwned'
at_hook() { # KIND COMMAND...: what the hook saw as its first argument
    local kind=$1
    shift
    rm -f "$WORK/said" "$WORK/pwned"
    printf 'lxc.rootfs.path = dir:%s\nlxc.net.0.type = empty\nlxc.hook.%s = f() { echo "$*" > %s/said; }; f\n' "$P/r" "$kind" "$WORK" > "$P/$hostile/config"
    (cd "$WORK" && "$@")
    cat "$WORK/said"
    [ ! -e "$WORK/pwned" ]
}
mkdir -p "$P/$hostile" "$P/r" && cp /bin/busybox "$P/r/busybox"
copy_hostile() { lxcbox_in lxc-copy -n "$hostile" -N "$hostile-2" "$@" > /dev/null; }
t 'a name reaches a hook of the shell whole' is "$hostile-2 lxc clone" at_hook clone copy_hostile
lxcbox_in lxc-destroy -n "$hostile-2" > /dev/null 2>&1
rm -rf "${P:?}/$hostile-2"
t 'further arguments of lxc-copy do, too, after it as in stock LXC' is "$hostile-2 lxc clone \$(touch pwned) b" at_hook clone copy_hostile -- '$(touch pwned)' b
completed() {
    (cd "$WORK" && PATH="$(dirname "$LXCBOX"):$PATH" bash -c '
        eval "$("$1" --completion bash)"
        COMP_WORDS=(lxc-info -P "$2" "") COMP_CWORD=3
        _lxcbox lxc-info "" "$2"
        printf "%s\n" "${COMPREPLY[@]}"' - "$LXCBOX" "$P")
}
t 'completion offers a name quoted, and does not run it' eval 'completed | grep -Fx "$(printf %q "$hostile")" && [ ! -e "$WORK/pwned" ]'
rm -rf "${P:?}"/*
