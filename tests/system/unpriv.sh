# lxc-unpriv-start and lxc-unpriv-attach: how systemd-run is called, and what is said where it cannot be.
. tests/lib.sh
needs_root
mkdir "$WORK/bin"
printf \
    '#!/bin/sh\necho "$XDG_RUNTIME_DIR $DBUS_SESSION_BUS_ADDRESS"\necho "$@"\n'\
'while [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n' \
    > "$WORK/bin/systemd-run"
chmod 755 "$WORK/bin/systemd-run"
t 'a missing systemd of the user is reported' refuses \
    'no systemd of user 0 is running.*/run/user/0/bus.*loginctl enable-linger 0' unshare -m sh \
    -c 'mkdir -p /run/user && mount -t tmpfs none /run/user && exec "$@"' - "$LXCBOX" lxc-unpriv-start \
    -n x
with_session() {
    unshare -m sh \
        -c 'mkdir -p /run/user && mount -t tmpfs none /run/user && mkdir /run/user/0 &&
            : > /run/user/0/bus && exec "$@"' \
        - "$@"
}
t 'a missing systemd-run is reported' refuses 'cannot run systemd-run: No such file' \
    with_session env PATH=/nonexistent "$LXCBOX" lxc-unpriv-start -n x
PATH=$WORK/bin:$PATH
said() { with_session "$LXCBOX" "$@" 2>&1; true; }
t 'it is called as in Debian' is "/run/user/0 unix:path=/run/user/0/bus
--user --scope -p Delegate=yes -- $LXCBOX lxc-start -P $WORK -n x --foreground -- sh -c true
lxc-start: there is no container x in $WORK (create it with lxc-create, or name a configuration with -f)" \
    said lxc-unpriv-start -P "$WORK" -n x --foreground -- sh -c true
t 'so is it for lxc-attach' has "lxc-attach: there is no container x" said lxc-unpriv-attach -P "$WORK" x
t 'a single word is passed on, too' has 'lxc-start --name=x$' said lxc-unpriv-start --name=x
t 'its own help requires none of them' has '^Usage: lxc-unpriv-start' lxcbox lxc-unpriv-start --help
