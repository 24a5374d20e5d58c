# lxc-autostart against LXC's own.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-autostart 'needs LXC to compare with'; exit 0; }

P=$WORK/lxc
mkdir "$P"
make() { # NAME AUTO ORDER DELAY GROUP
    must lxc-create -P "$P" -n "$1" -t busybox -f <(echo lxc.net.0.type = empty)
    printf 'lxc.start.auto = %s\nlxc.start.order = %s\nlxc.start.delay = %s\nlxc.group = %s\n' "$2" \
        "$3" "$4" "$5" >> "$P/$1/config"
    cleanup "lxc-stop -k -P '$P' -n $1"
}
make auto-a 1 5 0 ''
make auto-b 1 -7 1 ''
make auto-c 1 5 0 web
make auto-d 0 0 0 'web onboot'
make auto-e 1 1 0 'onboot'

same() { diff <(lxc-autostart -P "$P" -L "$@" 2>&1) <(lxcbox lxc-autostart -P "$P" -L "$@" 2>&1); }
all() {
    for options in '' -a -A '-a -A' '-g web' '-g onboot,web' '-g web,' '-A -g web' '-g nosuch' -s '-s -a' \
        '-k -a -A' '-r -a' '-r'; do
        # shellcheck disable=SC2086
        t "lxc-autostart -L $options lists what LXC's does, $1" same $options
    done
}
all 'when nothing runs'
t 'an empty group may come first' is $'auto-b 1\nauto-a 0\nauto-c 0' lxcbox lxc-autostart -P "$P" -L -g ,web
t 'those of no group are started, in order' lxcbox lxc-autostart -P "$P"
t 'the others are not' is $'auto-a\nauto-b' lxcbox lxc-ls -P "$P" -1 --running
t 'all marked ones are started' lxcbox lxc-autostart -P "$P" -a
all 'when some run'
t 'the rest runs as well' is $'auto-a\nauto-b\nauto-c\nauto-e' lxcbox lxc-ls -P "$P" -1 --running
t 'a group is shut down' lxcbox lxc-autostart -P "$P" -s -t 20 -g web
t 'it does not run any more' is $'auto-a\nauto-b\nauto-e' lxcbox lxc-ls -P "$P" -1 --running
t 'all are killed' lxcbox lxc-autostart -P "$P" -k -a
t 'no container runs any more' is '' lxcbox lxc-ls -P "$P" -1 --running
sed -i 's,^lxc.rootfs.path.*,lxc.rootfs.path = /nonexistent,' "$P/auto-a/config"
some() {
    lxcbox lxc-autostart -P "$P" > "$WORK/some" 2>&1
    [ $? -eq 2 ] && grep -q '^lxc-autostart: auto-a: ' "$WORK/some"
}
t 'one that fails does not keep the others, and is named' some
t 'the other one runs' is auto-b lxcbox lxc-ls -P "$P" -1 --running
t 'two actions are refused' refuses 'exclude each other' lxcbox lxc-autostart -P "$P" -s -k
t 'a name is refused' refuses 'unexpected argument "x"' lxcbox lxc-autostart -P "$P" x
ended_at_once() { # STATUS OPTION...: auto-b, whose init ends with STATUS
    printf '#!/bin/sh\nexit %s\n' "$1" > "$P/auto-b/rootfs/ends" && chmod 755 "$P/auto-b/rootfs/ends" || return
    lxcbox lxc-stop -k -P "$P" -n auto-b
    lxcbox lxc-autostart -P "$P" -A -g ends "${@:2}" 2>&1
}
printf 'lxc.group = ends\nlxc.start.delay = 0\nlxc.init.cmd = /ends\n' >> "$P/auto-b/config"
t 'an init that ends at once is reported with its status' \
    is 'lxc-autostart: auto-b: the first process ended at once with status 3 (lxc-logs -n auto-b shows its output)' \
    ended_at_once 3
t 'with -q, one that succeeded is not' is '' ended_at_once 0 -q
