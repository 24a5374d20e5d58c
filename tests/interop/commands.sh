# Every command of stock LXC: its options are ours with the same arity, its exit statuses and its output are ours on the
# same containers. What differs is listed here with the reason.
. "$(dirname "$0")/../lib.sh"
needs_root
command -v lxc-start > /dev/null || { skip 'commands as stock' 'stock LXC is not installed'; exit 0; }
P=$WORK/lxc
N=co-$$
mkdir "$P"
commands='attach autostart cgroup checkpoint config console copy create destroy device execute freeze info ls monitor
    snapshot start stop top unfreeze unshare update-config usernsexec wait'

# OPTION and whether it takes a value, as the texts of --help say. Where stock's does not say, it is added here.
stock_options() { # NAME
    case $1 in # of these it says nothing, or too little
    config) echo -l && return ;;
    update-config) printf '%s value\n' -c --config && return ;;
    usernsexec) printf '%s\n' '-m value' -s && return ;;
    esac
    "lxc-$1" --help 2>&1 | sed -n -E 's/^ +((-[a-zA-Z0-9])[, ]+)?(--[a-z][a-z-]*)(=| KEY=VAL)?.*/\2 \3 \4/p' |
        awk '{ value = /(=|KEY=VAL) *$/ ? " value" : ""; for (i = 1; i <= NF; i++) if ($i ~ /^-/) print $i value }' |
        grep -Ev '^--(help|usage|version|share-)' |
        case $1 in
        attach) sed -E 's/^(-v|--set-var|--keep-var)$/& value/; s/^(-e|--elevated-privileges) value/\1 optional/' ;;
        ls) sed -E 's/^(-F|--fancy-format|-g|--groups)$/& value/; s/^--nesting value/--nesting optional/' ;;
        copy) sed -E 's/^(-m|--mount|-L|--fssize)$/& value/' ;;
        top) sed -E 's/^(-d|--delay|-s|--sort)$/& value/' ;;
        autostart) sed -E 's/^(-g|--groups)$/& value/' ;;
        *) cat ;;
        esac | sort -u
    case $1 in start | execute) printf '%s value\n' --share-net --share-ipc --share-uts --share-pid ;; esac
}

# Not ours: LVM, Ceph and ZFS are no backing stores of lxcbox, nor can a copy have another size.
left_out() { # NAME OPTION
    case $1$2 in
    create--lvname | create--rbdname | create--rbdpool | create--thinpool | create--vgname | create--zfsroot) ;;
    copy--fssize | copy-L) ;;
    *) return 1 ;;
    esac
}

lacking() { # NAME
    local option arity ours
    while read -r option arity; do
        ours=$(lxcbox --options "lxc-$1" | awk -v o="$option" '$1 == o { print (NF > 1) ? "value" : "flag"; exit }')
        # What was left out and is there all the same leaves the list.
        if left_out "$1" "$option"; then
            [ -z "$ours" ] || echo "$option is ours by now"
            continue
        fi
        [ "$ours" = "${arity:+value}" ] ||
            [ "$ours/$arity" = flag/ ] ||
            echo "$option: stock ${arity:-flag}, ours ${ours:-none}"
    done < <(stock_options "$1")
}

for name in $commands; do
    t "lxc-$name has stock's options" is '' lacking "$name"
    for option in --help '-?' --usage --version; do
        t "lxc-$name $option prints" has . lxcbox "lxc-$name" $option
    done
done

printf 'lxc.net.0.type = empty\n' > "$WORK/config"
for name in r s; do
    must lxcbox lxc-create -P "$P" -n "$N-$name" -f "$WORK/config" -t busybox
done
printf '%s\n' 'lxc.group = web' 'lxc.start.auto = 1' >> "$P/$N-s/config"
cleanup "lxcbox lxc-stop -k -P $P $N-r; lxcbox lxc-stop -k -P $P $N-s"
lxcbox lxc-start -P "$P" "$N-r"

# Both are called with the same words; their exit status and what they print are the same, but for what ours says on
# standard error, which is to be a sentence and not stock's.
same_now() { # COMMAND OPTION...
    local stock=0 ours=0
    "$1" -P "$P" "${@:2}" > "$WORK/stock" 2> "$WORK/stock.err" < /dev/null || stock=$?
    lxcbox "$1" -P "$P" "${@:2}" > "$WORK/ours" 2> "$WORK/ours.err" < /dev/null || ours=$?
    [ $stock = $ours ] && diff "$WORK/stock" "$WORK/ours" && return
    echo "status: stock $stock, ours $ours"
    head "$WORK/stock.err" "$WORK/ours.err"
    return 1
}
# How much memory a container uses may change between the two.
same() {
    local tries=1
    [[ $* != *RAM* ]] || tries=30
    until same_now "$@"; do
        [ $((--tries)) -gt 0 ] || return
        sleep 0.1
    done
}
while read -r line; do
    [ -n "$line" ] || continue
    # shellcheck disable=SC2086
    t "the same as stock: ${line//@/}" same ${line//@/$N-}
done << 'END'
lxc-info -n @r -s
lxc-info -n @r -pH
lxc-info -n @s
lxc-info -n @none
lxc-ls
lxc-ls -1
lxc-ls -f
lxc-ls -f -F NAME,STATE,PID,RAM,SWAP,AUTOSTART,GROUPS,INTERFACE,IPV4,IPV6,UNPRIVILEGED
lxc-ls --running
lxc-ls --stopped
lxc-ls --frozen
lxc-ls --active
lxc-ls --defined
lxc-ls -g web
lxc-ls --filter r$
lxc-start -n @none
lxc-start -n @r
lxc-info
lxc-info @r -s
lxc-info -n @none -s
lxc-info -n @s -s
lxc-info -n @s -p
lxc-info -n @s -pH
lxc-info -n @s -i
lxc-info -n @s -S
lxc-info -n @s -H -c lxc.uts.name
lxc-info -n @s -c lxc.nonesuch
lxc-info -n @r -c lxc.nonesuch
lxc-info -n @r -c lxc.uts.name -c lxc.tty.max
lxc-info -n @r -c lxc.rootfs.path
lxc-info -n @r -c lxc.net
lxc-info -n @r -c lxc.net.0.type
lxc-info -n @r -c lxc.cap.drop
lxc-info -n @r -c lxc.mount.entry
lxc-info -n @r -c lxc.environment
lxc-info -n @r -i
lxc-info -z
lxc-ls nonesuch
lxc-ls @s
lxc-ls -F NAME
lxc-ls -g nonesuch
lxc-ls --active --frozen
lxc-ls --running --stopped
lxc-ls --nesting
lxc-ls --nesting -f
lxc-ls --nesting=2 -1
lxc-ls -z
lxc-start -z
lxc-stop -z
lxc-stop -n @r -t x
lxc-stop -n @none
lxc-stop -n @s
lxc-stop -n @s -k
lxc-stop -n @s -r
lxc-freeze -n @none
lxc-freeze -n @s
lxc-unfreeze -n @r
lxc-attach -n @none -- true
lxc-attach -n @s -- true
lxc-attach -n @r -- true
lxc-attach -n @r -- false
lxc-attach -n @r -- sh -c "exit 200"
lxc-attach -n @r -- /nonesuch
lxc-attach -n @r -- /etc/passwd
lxc-attach -n @r -- sh -c kill\ -9\ $$
lxc-attach -n @r --clear-env -- env
lxc-attach -n @r --clear-env -v A=1 -v B=2 -- env
lxc-attach -n @r -u 7 -g 8 -- id
lxc-attach -n @r -s NETWORK|PID -- readlink /proc/self/ns/net
lxc-attach -n @r -s NETWORK|PID -R -- ls /proc/1/ns
lxc-attach -n @r -e -- grep Cap /proc/self/status
lxc-attach -n @r -e CAP -- grep Cap /proc/self/status
lxc-attach -n @r -- grep Cap /proc/self/status
lxc-attach -n @r -e CGROUP -- cat /proc/self/cgroup
lxc-attach -n @r -s NONESUCH -- true
lxc-attach -n @r -a i686 -- uname -m
lxc-attach -n @r -a nonesuch -- true
lxc-attach
lxc-attach @r -- hostname
lxc-attach -n @r -z
lxc-attach -n @r -u x -- id
lxc-attach -n @r -g x -- id
lxc-attach -n @r -e NONESUCH -- true
lxc-attach -n @r -v HOME -- sh -c "echo\ ${HOME-unset}"
lxc-attach -n @r --keep-var HOME --clear-env -- sh -c echo\ $HOME
lxc-attach -n @r -L /nonesuch/x -- true
lxc-attach -n @r -s PID -R -- cat /proc/1/comm
lxc-wait -n @s -s STOPPED
lxc-wait -n @r -s RUNNING
lxc-wait -n @r -s STOPPED|RUNNING
lxc-wait -n @r -s STOPPED -t 1
lxc-wait -n @r -s NONESUCH
lxc-wait -n @none -s STOPPED
lxc-wait
lxc-wait -n @r
lxc-wait -n @r -s
lxc-wait -n @r -s ABORTING -t 1
lxc-wait -z
lxc-cgroup -n @r memory.limit_in_bytes
lxc-cgroup -n @r memory.nonesuch
lxc-cgroup -n @s memory.limit_in_bytes
lxc-cgroup -n @none memory.limit_in_bytes
lxc-cgroup -n @r
lxc-cgroup -n @r cpuset.cpus
lxc-cgroup -n @r devices.list
lxc-cgroup -z
lxc-console -n @r -t 99
lxc-console -n @r -t x
lxc-console -z
lxc-console
lxc-console -n @s
lxc-console -n @none
lxc-device -n @s add /dev/null
lxc-device -n @r add /dev/nonesuch
lxc-destroy -n @none
lxc-destroy -n @r
lxc-snapshot -n @s -L
lxc-snapshot -n @none -L
lxc-snapshot -n @s -r nonesuch
lxc-snapshot -n @s -d nonesuch
lxc-copy -n @none -N @x
lxc-copy -n @s -N @r
lxc-autostart -L
lxc-autostart -L -a
lxc-autostart -L -g web
lxc-autostart -L -g none
lxc-create -n @s -t busybox
lxc-create -n @x -t nonesuch
lxc-create -t busybox
lxc-create
lxc-copy -z
lxc-destroy -z
lxc-snapshot -z
lxc-autostart -z
lxc-execute -z
lxc-freeze -z
lxc-unfreeze -z
lxc-device -z
lxc-checkpoint -z
lxc-top -z
lxc-top -d x
lxc-monitor -z
lxc-monitor -n [
END
# What differs in exit status, by decision.
name=$N-s
t 'a column that does not exist is refused, where stock prints nothing with status 0' \
    refuses 'unknown column "nonesuch"' lxcbox lxc-ls -P "$P" -f -F nonesuch
# COMMAND OPTION... whose mistakes stock does not mind, ends with 0, and does what it takes for meant.
minds() { # REGEX COMMAND...
    timeout 10 "$2" -P "$P" "${@:3}" > "$WORK/stock" 2>&1 < /dev/null || { echo "stock minds: $?"; return 1; }
    refuses "$1" lxcbox "$2" -P "$P" "${@:3}"
}
t 'a time to wait is a number' minds 'a number of seconds' lxc-wait -n "$N-r" -s RUNNING -t x
t 'an empty state is refused' minds 'not a container state' lxc-wait -n "$N-r" -s 'RUNNING|'
t 'a wrong expression does not mean no container' minds 'not an extended regular expression' lxc-ls --filter '['
t 'a second expression is not ignored' minds 'unexpected argument "b"' lxc-ls -f a b
t 'a security label that cannot be is not ignored' minds 'security label' lxc-attach -n "$N-r" -c nonesuch -- true
t 'states in lower case are accepted, where stock has status 1' lxcbox lxc-wait -P "$P" -n "$N-r" -s running
t 'thawing a stopped container is refused, where stock has status 0 and prints nothing' \
    refuses 'is not running' lxcbox lxc-unfreeze -P "$P" -n "$name"
t 'lxc-execute of a missing program has status 127 as a shell, where stock has 1' \
    exits 127 lxcbox lxc-execute -P "$P" -n "$name" -- /nonesuch
missing_commands() {
    local name
    for name in $(dpkg -L lxc | sed -n "s#^/usr/bin/##p"); do
        lxcbox --list | grep -qx -- "$name" || echo "$name"
    done
}
t 'every command of stock is there' is '' missing_commands
