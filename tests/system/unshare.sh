# unshare against util-linux's.
# In a mount namespace of its own: mounts are counted, and others are made on the host meanwhile.
if [ -z "${PRIVATE_MOUNTS-}" ] && [ "$(id -u)" = 0 ] && command -v unshare > /dev/null; then
    PRIVATE_MOUNTS=1 exec unshare -m bash "$0"
fi
. tests/lib.sh
needs_root
command -v unshare > /dev/null || { skip unshare 'needs util-linux to compare with'; exit 0; }

# What differs from where we are, by kind, and what we may do there.
show='for k in mnt uts ipc net pid pid_for_children cgroup user time time_for_children; do
    [ "$(readlink /proc/self/ns/$k)" = "$(printenv ns_$k)" ] || printf "%s " $k; done; echo; pwd; id
    cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
    grep -E "^Cap(Eff|Amb)" /proc/self/status; [ $$ = 1 ] && echo first; grep -c . /proc/self/mountinfo
    sed -n "/ \/ \/ /s/.* - //;/ \/ \/ /p" /proc/self/mountinfo'
for k in mnt uts ipc net pid pid_for_children cgroup user time time_for_children; do
    export "ns_$k=$(readlink /proc/self/ns/$k)"
done
same() { # ARGUMENT...: both print the same and end alike
    local a b
    unshare "$@" > "$WORK/theirs" 2> "$WORK/theirs.err" < /dev/null; a=$?
    lxcbox unshare "$@" > "$WORK/ours" 2> "$WORK/ours.err" < /dev/null; b=$?
    cat "$WORK/theirs.err" "$WORK/ours.err"
    diff "$WORK/theirs" "$WORK/ours" && [ $a = $b ] || { echo "status $a, $b"; return 1; }
}
for options in '' -m -u -i -n '-p -f' '-p -f --mount-proc' -U -C -T '-T -f' '-m -u -i -n -p -C -U -f' -r -c \
    '--map-user=5' '--map-group=6' '--map-user=5 --map-group=6' '-r -n --mount-proc -p -f' \
    '-U --setgroups=deny' '-m --propagation=slave' '-m --propagation=shared' '-m --propagation=unchanged' \
    '-w /tmp' '-R /' '-S 12 -G 34' '-U -c --keep-caps' '-r -S 0' '--fork --kill-child' '--kill-child=TERM' \
    -Ur -Urm -mpf -Uc -nu '-pf --mount-proc' '-pfm --mount-proc --kill-child'; do
    # shellcheck disable=SC2086
    t "unshare $options does what util-linux's does" same $options bash -c "$show"
done
t 'unshare gives the status of the program' same -u sh -c 'exit 42'
t 'unshare gives the status of a program in a child' same -p -f sh -c 'exit 42'
# util-linux's needs newuidmap for these.
t 'ranges of ids are mapped' has '^ +0 +100000 +65536$' lxcbox unshare --map-users=100000,0,65536 \
    --map-groups=0:100000:65536 cat /proc/self/uid_map /proc/self/gid_map
t 'unshare gives the signal that ended a program' is 137 bash -c "'$LXCBOX' unshare -f sh -c 'kill -9 \$\$'; echo \$?"
t 'unshare ends with 127 where there is no program' same -f /nonexistent
t 'unshare ends with 126 where there is no permission' same /etc/passwd
t 'the clocks of a time namespace are moved' same -T -f --monotonic=100000 --boottime=-100 cat /proc/self/timens_offsets
t 'a namespace is kept by a file' bash -c \
    "touch '$WORK/net'; '$LXCBOX' unshare --net='$WORK/net' true &&
        nsenter -n'$WORK/net' ip -br link | grep -c . | grep -x 1; umount '$WORK/net'"
t 'a pid namespace is kept by a file' bash -c \
    "mkdir '$WORK/pid'; mount -t tmpfs --make-private x '$WORK/pid'; touch '$WORK/pid/ns'
    '$LXCBOX' unshare -f --pid='$WORK/pid/ns' sh -c 'echo \$\$' | grep -x 1 &&
        findmnt '$WORK/pid/ns' | grep -q 'pid:'
    s=\$?; umount -R '$WORK/pid'; exit \$s"
t 'the child dies with us' bash -c \
    "'$LXCBOX' unshare --kill-child sh -c 'echo \$\$ > $WORK/child; exec sleep 600' & p=\$!
    while [ ! -s '$WORK/child' ]; do sleep 0.02; done
    kill -9 \$p; wait \$p
    for i in \$(seq 100); do kill -0 \$(cat '$WORK/child') 2> /dev/null || exit 0; sleep 0.02; done
    exit 1"
t 'nothing changes outside' is '' bash \
    -c "'$LXCBOX' unshare -u -m sh -c 'hostname changed; mount -t tmpfs x /mnt'
        hostname | grep changed; grep ' /mnt ' /proc/mounts; true"
short_options_take_no_value() {
    mkdir "$WORK/letters" &&
        touch "$WORK/letters/u" "$WORK/letters/r" &&
        has "mnt uts" env -C "$WORK/letters" "$LXCBOX" unshare -mu bash -c "$show" &&
        is 0 env -C "$WORK/letters" "$LXCBOX" unshare -Ur id -u
}
t 'letters take no value: a file of that name is not taken for one' short_options_take_no_value
t 'an empty file name is refused' refuses 'option "--uts=" has an empty value' lxcbox unshare --uts= true
mkdir "$WORK/private"
export WORK LXCBOX
subordinate() { # OPTION...: with root:300000:1000 in /etc/subuid and root:400000:2000 in /etc/subgid
    unshare -m bash -c 'mount -t tmpfs x "$WORK/private" && mkdir "$WORK"/private/{upper,work} &&
        mount -t overlay -o "lowerdir=/etc,upperdir=$WORK/private/upper,workdir=$WORK/private/work" x /etc &&
        echo root:300000:1000 > /etc/subuid && echo root:400000:2000 > /etc/subgid &&
        "$LXCBOX" unshare "$@" cat /proc/self/uid_map /proc/self/gid_map | tr -s " " | cut -c 2- | paste -sd ,' - "$@"
}
t 'the subordinate ids of a user are mapped' has '(^|,)0 0 1,' subordinate --map-auto -r
t '--map-users=auto and --map-groups=auto are --map-auto' is '0 300000 1000,0 400000 2000' \
    subordinate --map-users=auto --map-groups=auto
t '--map-users=auto works with a range of groups' is '0 300000 1000,0 7 5' \
    subordinate --map-users=auto --map-groups=0:7:5
t 'a wrong propagation is refused' refuses 'does not know "some"' lxcbox unshare -m --propagation=some true
t 'a wrong range is refused' refuses 'a range of ids is' lxcbox unshare --map-users=1,2 true
t 'a wrong signal is refused' refuses 'there is no signal "NONE"' lxcbox unshare --kill-child=NONE true
t 'clocks without a time namespace are refused' refuses 'require -T' lxcbox unshare --boottime=1 true
t 'proc is mounted at a directory that is not a mount point' \
    same -p -f --mount-proc="$WORK/private" sh -c 'cat "$WORK/private/self/comm"; echo "$WORK"/private/[0-9]*'
t 'and is not seen outside' fails mountpoint -q "$WORK/private"
t 'a directory that does not exist cannot be given proc' refuses \
    'cannot mount proc at /nonexistent|cannot make the mount at /nonexistent private' lxcbox unshare \
    --mount-proc=/nonexistent -p -f true
user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
chmod 755 "$WORK"
cp "$LXCBOX" "$WORK/lxcbox"
t 'an ordinary user becomes root of a namespace' is 0 user "$WORK/lxcbox" unshare -r id -u
t 'an ordinary user gets the missing privilege reported' refuses 'run as root, or add -U or -r' \
    user "$WORK/lxcbox" unshare -n true
