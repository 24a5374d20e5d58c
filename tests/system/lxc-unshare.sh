# lxc-unshare and lxc-usernsexec against LXC's own.
. tests/lib.sh
needs_root
command -v lxc-unshare > /dev/null || { skip lxc-unshare 'needs LXC to compare with'; exit 0; }

show='for k in mnt uts ipc net pid cgroup user; do
    [ "$(readlink /proc/self/ns/$k)" = "$(printenv ns_$k)" ] || printf "%s " $k
done; echo
    hostname; id -u; cat /proc/self/uid_map'
for k in mnt uts ipc net pid cgroup user; do export "ns_$k=$(readlink /proc/self/ns/$k)"; done
same() { # PROGRAM ARGUMENT...: both print the same and end alike
    local program=$1 a b
    shift
    $program "$@" > "$WORK/theirs" 2> "$WORK/theirs.err" < /dev/null; a=$?
    lxcbox $program "$@" > "$WORK/ours" 2> "$WORK/ours.err" < /dev/null; b=$?
    cat "$WORK/theirs.err" "$WORK/ours.err"
    diff "$WORK/theirs" "$WORK/ours" && [ $a = $b ] || { echo "status $a, $b"; return 1; }
}
for options in '-s MOUNT' '-s UTSNAME|IPC' '-s UTSNAME -H inside' '-s NETWORK' '-s USER -u 0' \
    '-s USER -u daemon' '-s USER|NETWORK -u 1' '-s MOUNT|PID|UTSNAME|IPC|NETWORK'; do
    # shellcheck disable=SC2086
    t "lxc-unshare $options does what LXC's does" same lxc-unshare $options -- bash -c "$show"
done
# LXC's does not always
t 'lxc-unshare gives the status of the program' is 42 \
    bash -c "'$LXCBOX' lxc-unshare -s IPC -- sh -c 'exit 42'; echo \$?"
t '-u without a user namespace becomes the user' is 1 lxcbox lxc-unshare -s UTSNAME -u daemon -- id -u
t '-M gives it a /proc of its own' is cat lxcbox lxc-unshare -s 'MOUNT|PID' -M -- cat /proc/1/comm
moved() {
    ip link add name qu-t0 type veth peer name qu-t1 &&
        "$LXCBOX" lxc-unshare -s NETWORK -i qu-t0 -- ip -br link | grep qu-t0
}
export -f moved; export LXCBOX
t '-i moves an interface in' unshare -n bash -c moved
t '-d does not wait' lxcbox lxc-unshare -s IPC -d -- sleep 3
t 'no namespace is refused' refuses 'no namespace; name them with -s' lxcbox lxc-unshare true
t 'no program is refused' refuses 'no program' lxcbox lxc-unshare -s IPC
t 'a wrong namespace is refused' refuses 'does not know "X"' lxcbox lxc-unshare -s X true
t '-H without UTSNAME is refused' refuses 'requires -s UTSNAME' lxcbox lxc-unshare -s IPC -H x true

t 'lxc-usernsexec writes the given map' has '^ +0 +100000 +10$' \
    lxcbox lxc-usernsexec -m b:0:100000:10 -- cat /proc/self/uid_map
t 'the program is root' is '0 0' lxcbox lxc-usernsexec -m b:0:100000:10 -- sh -c 'echo $(id -u) $(id -g)'
t 'files get the ids outside' is 100003 bash \
    -c "mkdir -m 777 '$WORK/f' && chmod 755 '$WORK' &&
        '$LXCBOX' lxc-usernsexec -m b:0:100000:10 -- sh -c 'touch $WORK/f/a && chown 3 $WORK/f/a' &&
        stat -c %u '$WORK/f/a'"
t 'it gives the status of the program' is 42 \
    bash -c "'$LXCBOX' lxc-usernsexec -m b:0:100000:10 -- sh -c 'exit 42'; echo \$?"
for options in '-m b:0:100000:10 -s' '-m u:0:100000:10 -m g:5:200000:10 -s'; do
    # shellcheck disable=SC2086
    t "lxc-usernsexec $options maps what LXC's does" \
        same lxc-usernsexec $options -- cat /proc/self/uid_map /proc/self/gid_map
done
t '-u and -g become others than root' is '3 4' \
    lxcbox lxc-usernsexec -m b:0:100000:10 -u 3 -g 4 -- sh -c 'echo $(id -u) $(id -g)'
t '-u takes a number' refuses '-u takes a numeric id, not "me"' \
    lxcbox lxc-usernsexec -m b:0:100000:10 -u me -- true
t 'a wrong map is refused' refuses 'takes u, g or b' lxcbox lxc-usernsexec -m x:0:1:2 -- true
