# lxc-info against LXC's own, on containers that LXC made and runs.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-info 'needs LXC to compare with'; exit 0; }

P=$WORK/lxc
mkdir "$P"
cat > "$WORK/conf" << 'EOF'
lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.ipv4.address = 10.99.0.2/24
lxc.net.0.ipv4.address = 203.0.113.9/24
lxc.net.0.ipv6.address = 2001:db8::7/64
EOF
for name in info-a info-b; do
    must lxc-create -P "$P" -n $name -t busybox -f "$WORK/conf"
    sed -i /udhcpc/d "$P/$name/rootfs/etc/init.d/rcS" # it would take the addresses away
done
printf 'lxc.group = web db\nlxc.start.auto = 1\nlxc.environment = A=1\nlxc.environment = B=2\n' >> "$P/info-a/config"
cleanup "lxc-stop -k -P '$P' -n info-a"
lxc-start -P "$P" -n info-a || exit 1
sleep 0.3 # its init is done with starting, so that what it uses stands still

same() { # OPTION...: the two print the same; a packet between the two calls makes them differ once
    local try
    for try in 1 2 3 4 5; do
        diff <(lxc-info -P "$P" "$@" 2>&1) <(lxcbox lxc-info -P "$P" "$@" 2>&1) && return
        sleep 0.2
    done
    return 1
}
for options in '' -s -p -i -S -sp '-S -H' -sH -pH -iH '-s -p -H' -siSpH; do
    # shellcheck disable=SC2086
    t "lxc-info $options of a running container prints what LXC's does" same -n info-a $options
done
for options in '' -s -p -S '-i -s'; do
    # shellcheck disable=SC2086
    t "lxc-info $options of a stopped container prints what LXC's does" same -n info-b $options
done
t 'a single name needs no -n' same info-a -s
for key in lxc.group lxc.start.auto lxc.net lxc.net.0.type lxc.net.0.veth.pair lxc.net.0.ipv4.address lxc.uts.name \
    lxc.idmap lxc.cap.drop lxc.mount.entry lxc.mount.auto lxc.tty.max lxc.signal.halt lxc.environment lxc.arch \
    lxc.init.cmd lxc.autodev lxc.pty.max lxc.ephemeral lxc.monitor.unshare; do
    t "lxc-info -c $key prints what LXC's does" same -n info-a -c $key
done
t 'several keys are printed with their names' same -n info-a -H -c lxc.uts.name -c lxc.group
t 'a single key with -H is printed bare' same -n info-a -H -c lxc.uts.name
t 'a key that does not exist is named' has 'lxc.nonsense is not a key' \
    bash -c "'$LXCBOX' lxc-info -P '$P' info-a -c lxc.nonsense 2>&1"
t '--rcfile is read in place of the configuration' is 'lxc.uts.name = other' \
    lxcbox lxc-info -P "$P" info-a --rcfile <(echo 'lxc.uts.name = other') -c lxc.uts.name
t 'a container that does not exist is refused' refuses 'there is no container info-z in' lxcbox lxc-info -P "$P" info-z
t 'no container is refused' refuses 'no container named' lxcbox lxc-info -P "$P"
t 'an unknown format is refused' refuses '"json", not "xml"' lxcbox lxc-info -P "$P" info-a --format xml

json() { # EXPRESSION VALUE OPTION...: one value of what --format json says
    local expression=$1
    is "$2" python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)" \
        < <(lxcbox lxc-info -P "$P" --format json "${@:3}")
}
t 'json has the state' json 'd["state"]' RUNNING -n info-a
t 'json has the process id' json 'd["pid"]' "$(lxc-info -P "$P" info-a -pH)" -n info-a
t 'json has the addresses' json '",".join(d["ipv4"]+d["ipv6"])' '10.99.0.2,203.0.113.9,2001:db8::7' -n info-a
t 'json has what it uses in bytes' json 'd["memory_bytes"] > 4096 and len(d["links"])' 1 -n info-a
t 'json of a stopped container has no process' json 'sorted(d)' "['ipv4', 'ipv6', 'name', 'state']" -n info-b
t 'json has keys' json 'd["config"]["lxc.uts.name"]' info-b -n info-b -c lxc.uts.name
