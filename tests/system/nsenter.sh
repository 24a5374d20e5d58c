# nsenter against util-linux's.
. tests/lib.sh
needs_root
command -v unshare > /dev/null || { skip nsenter 'needs util-linux to compare with'; exit 0; }

# A process in namespaces of its own, of every kind.
unshare -m -u -i -n -p -C -f --mount-proc sh \
    -c "hostname lxcbox-ns; mount -t tmpfs inside /mnt; touch /mnt/here; exec sleep 600" &
holder=$!
cleanup "kill $(pgrep -P $holder | head -1) $holder"
for _ in $(seq 50); do
    pid=$(pgrep -P $holder)
    [ -n "$pid" ] &&
        [ "$(nsenter -t "$pid" -u hostname)" = lxcbox-ns ] &&
        [ -e "/proc/$pid/root/mnt/here" ] &&
        break
    sleep 0.05
done
cleanup "kill -9 $pid"

same() { # ARGUMENT...: both print the same and end alike
    local a b
    nsenter "$@" > "$WORK/theirs" 2> "$WORK/theirs.err"; a=$?
    lxcbox nsenter "$@" > "$WORK/ours" 2> "$WORK/ours.err"; b=$?
    cat "$WORK/theirs.err" "$WORK/ours.err"
    diff "$WORK/theirs" "$WORK/ours" && [ $a = $b ] || { echo "status $a, $b"; return 1; }
}
show='for k in mnt uts ipc net pid cgroup user time; do readlink /proc/self/ns/$k; done
pwd; id; cat /proc/self/cgroup | wc -l'
for options in '-a' '-m' '-u' '-i' '-n' '-p' '-C' '-m -u -i -n -p -C' '--mount --uts' '-p -F' '-u -w/tmp' '-u -r' \
    '-u -r -w' '-m --wdns=/mnt' '-u -S 12 -G 34' '-a -S 12' "-n/proc/$pid/ns/net" "--uts=/proc/$pid/ns/uts"; do
    # shellcheck disable=SC2086
    t "nsenter $options enters what util-linux's does" same -t "$pid" $options sh -c "$show"
done
# util-linux 2.41 refuses these without a namespace, and takes the value of -W joined to it only.
t 'nsenter -r enters the root directory alone' is here lxcbox nsenter -t "$pid" -r ls /mnt
t 'nsenter -r -w enters the working directory, too' is "$PWD" lxcbox nsenter -t "$pid" -r -w pwd
t 'nsenter -S -G is another user without a namespace' \
    is 12:34 lxcbox nsenter -t "$pid" -S 12 -G 34 sh -c 'echo $(id -u):$(id -g)'
t 'nsenter -W takes its value as the next argument' is here lxcbox nsenter -t "$pid" -m -W /mnt ls
t 'nsenter gives the status of the program' same -t "$pid" -u sh -c 'exit 42'
t 'nsenter gives the status of a program in a child' same -t "$pid" -p sh -c 'exit 42'
t 'nsenter gives the signal that ended a program' same -t "$pid" -p sh -c 'kill -9 $$'
t 'nsenter ends with 127 where there is no program' same -t "$pid" -u /nonexistent
t 'nsenter ends with 126 where there is no permission' same -t "$pid" -p /etc/passwd
t 'nsenter with no program runs a shell' bash \
    -c "echo 'echo \$0 \$(hostname)' | SHELL=/bin/sh '$LXCBOX' nsenter -t $pid -u | grep -- '-sh lxcbox-ns'"
t 'options of the program are the program'\''s' is '-a -p' lxcbox nsenter -t "$pid" -u echo -a -p
t 'nsenter without a process is refused' refuses 'no target process for entering its net namespace' \
    lxcbox nsenter -n true
make_zombie
here() { refuses "$1" lxcbox nsenter "${@:2}" sh -c 'echo ran on the host >&2'; }
for options in -a '-a -F' -n -r -w; do
    # shellcheck disable=SC2086
    t "nsenter $options of a process that does not exist runs nothing" \
        here 'there is no process 4194304$' -t 4194304 $options
    # shellcheck disable=SC2086
    t "nsenter $options of a process that has ended runs nothing" here "process $zombie" -t $zombie $options
done
t 'nor does nsenter -a without a process' here 'no target process' -a
t 'nor with a number that no process has' here 'there is no process -5' -t -5 -a
t 'a file that is not a namespace is refused' refuses 'cannot enter the net namespace' lxcbox nsenter -n/etc/passwd true
t 'a wrong user is refused' refuses 'takes a number, not "x"' lxcbox nsenter -t "$pid" -u -S x true
[ -e /sys/fs/selinux/enforce ] ||
    t '-Z without SELinux is refused' refuses 'SELinux is not enabled' lxcbox nsenter -t "$pid" -Z true

# A user namespace, entered as root and as its root.
unshare -U -r -n -u sh -c 'hostname lxcbox-user; exec sleep 600' &
user=$!
cleanup "kill -9 $user"
for _ in $(seq 50); do [ "$(nsenter -t $user -u hostname)" = lxcbox-user ] && break; sleep 0.05; done
for options in '-U -n -u' '-U --preserve-credentials -n' '-a' '-U -S 0'; do
    # shellcheck disable=SC2086
    t "nsenter $options enters a user namespace as util-linux's does" same -t $user $options sh -c "$show"
done
