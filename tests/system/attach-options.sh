# lxc-attach's options that change what the command sees, on a container that LXC runs.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-attach 'needs LXC to make a container'; exit 0; }

P=$WORK/lxc
mkdir "$P"
lxc-create -P "$P" -n att-a -t busybox -f <(echo lxc.net.0.type = empty) > "$WORK/create" 2>&1 || { cat "$WORK/create"; exit 1; }
echo 'lxc.environment = OF=container' >> "$P/att-a/config"
cleanup "lxc-stop -k -P '$P' -n att-a"
lxc-start -P "$P" -n att-a || exit 1
attach() { lxcbox lxc-attach -P "$P" -n att-a "$@"; }

printf 'lxc.environment = OF=file\nlxc.environment = ALSO=file\nlxc.arch = i686\n' > "$WORK/rc"
t 'the container'\''s environment is set' is container attach -- /bin/sh -c 'echo $OF'
t '-f adds that of a file' is 'file file' attach -f "$WORK/rc" -- /bin/sh -c 'echo $OF $ALSO'
t '-v comes last' is 'option file' attach --rcfile="$WORK/rc" -v OF=option -- /bin/sh -c 'echo $OF $ALSO'
t '-f sets the machine' is i686 attach -f "$WORK/rc" -- /bin/uname -m
t '-a sets the machine' is i686 attach -a i686 -- /bin/uname -m
t '-a comes before -f' is "$(uname -m)" attach -a "$(uname -m)" -f "$WORK/rc" -- /bin/uname -m
t 'an unknown machine is refused' refuses '-a does not know the machine "vax"' attach -a vax -- /bin/true
t 'a file that is not there is refused' refuses 'cannot read /nonexistent' attach -f /nonexistent -- /bin/true
