# Which containers are started by lxc-autostart, and when; and what goes when it has ended.
. tests/keys.sh

started_by_autostart() { lxcbox lxc-autostart -P "$P" -L "$@"; }
made() { # SUFFIX KEY=VALUE...
    mkdir -p "$P/$N-$1" && cp "$P/$N/config" "$P/$N-$1/config"
    printf '%s\n' "${@:2}" >> "$P/$N-$1/config"
}
made a lxc.start.auto=1 lxc.start.order=1 lxc.start.delay=3
made b lxc.start.auto=1 lxc.start.order=7
made c lxc.start.auto=0
made d lxc.start.auto=1 lxc.group=web lxc.group=onboot
if lxcbox --list | grep -qx lxc-autostart; then
    key lxc.start.auto 'the containers that are started' fails has "$N-c" started_by_autostart
    start_order_lower_number_starts_first() {
        echo $(started_by_autostart | grep -o "$N-[ab]")
    }
    key lxc.start.order 'the lower number starts first' is "$N-a $N-b" start_order_lower_number_starts_first
    key lxc.start.delay 'how long is waited after it' has "^$N-a 3$" started_by_autostart
    web_started() { started_by_autostart -g web | cut -d" " -f1; }
    key lxc.group 'the containers that are selected' is "$N-d" web_started
else
    skip 'lxc.start.order: the lower number starts first' 'lxc-autostart is not built in'
    skip 'lxc.start.delay: how long is waited after it' 'lxc-autostart is not built in'
fi
key lxc.start.auto 'lxc-ls -f shows it' has "^$N-a +STOPPED +1 " lxcbox lxc-ls -f -P "$P"
key lxc.group 'lxc-ls -f shows it' has "^$N-d .* web, onboot " lxcbox lxc-ls -f -P "$P"

made e lxc.ephemeral=1 "lxc.hook.destroy=$(says 'destroyed $LXC_NAME')"
sed -i "s#dir:$R#dir:$WORK/rootfs-e#" "$P/$N-e/config" && cp -a "$R" "$WORK/rootfs-e"
ephemeral_gone() {
    lxcbox lxc-start -F -P "$P" -n "$N-e" -- /bin/true < /dev/null &&
        [ ! -e "$P/$N-e" ] &&
        [ ! -e "$WORK/rootfs-e" ]
}
key lxc.ephemeral 'gone with its rootfs when it has ended' ephemeral_gone
key lxc.ephemeral 'its destroy hooks have run' is "destroyed $N-e" cat "$WORK/said"
made e lxc.ephemeral=1
ephemeral_start_that_fails_leaves() {
    ! lxcbox lxc-start -F -P "$P" -n "$N-e" -- /nowhere < /dev/null && [ -e "$P/$N-e/config" ]
}
key lxc.ephemeral 'a start that fails leaves it' ephemeral_start_that_fails_leaves
sed -i '/lxc.rootfs.path/d' "$P/$N-e/config" &&
    echo "lxc.rootfs.path = $WORK/rootfs-e" >> "$P/$N-e/config" &&
    cp -a "$R" "$WORK/rootfs-e"
cleanup 'lxcbox lxc-stop -k -P $P $N-e'
ephemeral_in_background() {
    lxcbox lxc-start -P "$P" -n "$N-e" -- /bin/sh \
        -c "if [ -e /again ]; then sleep 600; else touch /again; reboot -f; fi" &&
        eventually lxcbox lxc-attach -P "$P" -n "$N-e" -- test -e /again &&
        sleep 0.2 &&
        [ -e "$P/$N-e" ] &&
        eventually lxcbox lxc-stop -k -P "$P" -n "$N-e" &&
        eventually [ ! -e "$P/$N-e" ]
}
key lxc.ephemeral 'in the background, not while it reboots' ephemeral_in_background
