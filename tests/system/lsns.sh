# lsns against util-linux's.
# Alone: the namespaces of the whole host are listed twice, and are to be the same.
. tests/lib.sh
needs_root
command -v lsns > /dev/null || { skip lsns 'needs util-linux to compare with'; exit 0; }

unshare -m -u -i -n -p -C -f --mount-proc sleep 600 &
holder=$!
for _ in $(seq 50); do pid=$(pgrep -P $holder) && [ "$(cat "/proc/$pid/comm")" = sleep ] && break; sleep 0.05; done
cleanup "kill -9 $pid"
inner=$(stat -Lc %i "/proc/$pid/ns/pid")

# From util-linux 2.41 on columns without headings are no wider than what is in them.
trimmed() {
    if [[ " $* " == *' -n '* ]]; then sed -E 's/^ +//; s/ +$//; s/ +/ /g'; else sed 's/ *$//'; fi
}
# util-linux's prints nothing when a process ends while it looks: three attempts.
same() {
    local try
    for try in 1 2 3; do
        diff <(lsns "$@" | trimmed "$@") <(lxcbox lsns "$@" | trimmed "$@") && return
    done
    return 1
}
own='-t uts -t ipc -t pid' # with net, util-linux has two columns more
for options in '' -n -r '-o NS,TYPE,NPROCS,PID,PPID,UID,USER,COMMAND' '-o type,path,ns,pns,ons' \
    '-r -o NS,COMMAND' '-n -r -o PID,USER'; do
    # shellcheck disable=SC2086
    t "lsns -l $options prints what util-linux's does" same -l -p "$pid" $own $options
done
json() {
    diff <(lsns -l -J -p "$pid" $own | python3 -m json.tool) \
        <(lxcbox lsns -J -p "$pid" $own | python3 -m json.tool)
}
t 'lsns -J says what util-linux'\''s does' json
numbers() { diff <(lsns -l -n -o NS -t uts -t ipc | sort) <(lxcbox lsns -n -o NS -t uts -t ipc | sort); }
for try in 1 2 3; do numbers > /dev/null && break; done # others come and go
t 'every namespace is listed' numbers
processes() { diff <(lsns -l "$inner" | sed 's/ *$//') <(lxcbox lsns "$inner" | sed 's/ *$//'); }
t 'the processes in a namespace are listed' processes
t 'a tree shows what is inside' has '`-' env LC_ALL=C "$LXCBOX" lsns -Tparent -t pid
t 'a tree shows what is owned' has '├─.* net ' env LC_ALL=C.UTF-8 "$LXCBOX" lsns --tree=owner
drawn() ( # SETTING...: a tree in a locale
    unset LC_ALL LC_CTYPE LANG
    # shellcheck disable=SC2163
    export "$@"
    same -T -p "$pid" -o TYPE,NS,PID
)
for locale in LANG=C LANG=C.UTF-8 LANG=C.utf8 'LC_CTYPE=C.UTF-8 LANG=C' 'LC_ALL=C LC_CTYPE=C.UTF-8' \
    'LC_ALL= LANG=C.UTF-8' LANG=; do
    # shellcheck disable=SC2086
    t "a tree under $locale is drawn as util-linux draws it" drawn $locale
done
export LXCBOX WORK
export -f trimmed
mounted() { # OPTION...: the holder's network namespace, mounted twice, with an id where lsns runs
    unshare -m -n bash \
        -c 'touch "$WORK/one two" "$WORK/three" && mount --bind "/proc/$1/ns/net" "$WORK/one two" &&
        mount --bind "/proc/$1/ns/net" "$WORK/three" &&
            ip link add v0 type veth peer name "p$BASHPID" netns "$1" || exit
        for _ in 1 2 3; do # the one of util-linux prints nothing where a process ends under its eyes
            theirs=$(lsns -l -p "$@" | trimmed "$@") && [ -n "$theirs" ] && break
        done
        diff <(echo "$theirs") <("$LXCBOX" lsns -p "$@" | trimmed "$@")' - "$pid" "$@"
}
for options in '-t net' '-t net -W' '-t net -r' '-o NS,NETNSID,NSFS -t uts -t net' '-o NSFS,TYPE' \
    '-n -o TYPE,NSFS,NETNSID -t net'; do
    # shellcheck disable=SC2086
    t "lsns $options shows ids and mounts as util-linux's does" mounted $options
done
t 'a wrong kind is refused' refuses '"x" is not a type of namespace' lxcbox lsns -t x
t 'a wrong column is refused' refuses 'does not know the column "x"' lxcbox lsns -o x
t 'a tree without a relation is of owners, as util-linux has it' same -T -p $$ -o TYPE,NS,PID
t 'numbers are as wide as their longest' same -l -p $$ -o PID,PPID,UID,TYPE
t 'a relation is joined to -T, as for util-linux' refuses 'not as "parent" \(append a relation to -T' \
    lxcbox lsns -T parent
t 'a wrong relation is refused' refuses 'parent, owner or process, not "x"' lxcbox lsns -Tx
t 'a namespace that does not exist is refused' refuses 'no process is in a namespace 12' lxcbox lsns 12

# What a process calls itself cannot drive the terminal.
bash -c "exec -a $'evil\033[2Jname' sleep 600" &
cleanup "kill -9 $!"
bash -c "exec -a $'evil\xc2\x9b2Jname' sleep 600" &
cleanup "kill -9 $!"
sleep 0.1
t 'control codes in a command are not printed' \
    fails bash -c "'$LXCBOX' lsns -o COMMAND '$(stat -Lc %i /proc/self/ns/net)' | grep -q $'\033'"
listings() {
    lxcbox lsns
    lxcbox lsns -J
    lxcbox lsns -o COMMAND "$(stat -Lc %i /proc/self/ns/net)"
}
no_c1() { has evil listings && ! listings | LC_ALL=C grep -q $'\xc2\x9b'; }
t 'nor are those from U+0080 on, in JSON either' no_c1

mkdir -p "$WORK/lxc"
if lxc-create -P "$WORK/lxc" -n lsns-box -t busybox -f <(echo lxc.net.0.type = empty) > /dev/null 2>&1 &&
    lxc-start -P "$WORK/lxc" -n lsns-box; then
    cleanup "lxc-stop -k -P '$WORK/lxc' -n lsns-box"
    t 'a container is named' has '^uts lsns-box$' lxcbox lsns -r -o type,container \
        -p "$(lxc-info -P "$WORK/lxc" -n lsns-box -pH)"
    t 'its name is shown unasked' has 'CONTAINER' lxcbox lsns
else
    skip 'a container is named' 'needs LXC to make one'
fi
