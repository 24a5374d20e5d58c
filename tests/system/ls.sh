# lxc-ls against LXC's own, on containers that LXC made and runs.
. tests/lib.sh
needs_root
command -v lxc-create > /dev/null || { skip lxc-ls 'needs LXC to compare with'; exit 0; }

P=$WORK/lxc
mkdir "$P"
printf \
    'lxc.net.0.type = veth\nlxc.net.0.flags = up\nlxc.net.0.ipv4.address = 10.98.0.2/24\n'\
'lxc.net.0.ipv6.address = 2001:db8::8/64\n' \
    > "$WORK/conf"
for name in ls-a ls-bigger ls-frozen; do
    must lxc-create -P "$P" -n $name -t busybox -f "$WORK/conf"
    sed -i /udhcpc/d "$P/$name/rootfs/etc/init.d/rcS" # it would take the addresses away
    cleanup "lxc-stop -k -P '$P' -n $name"
done
printf 'lxc.group = web db\nlxc.start.auto = 1\n' >> "$P/ls-a/config"
# Stopped ones that say each thing in some other way.
define() { mkdir -p "$P/$1/rootfs"; printf '%b' "$2" > "$P/$1/config"; }
mkdir "$WORK/directory"
printf 'lxc.group = directory\n' > "$WORK/directory/b.conf"
printf 'lxc.start.auto = 1\n' > "$WORK/directory/not-read"
printf 'lxc.start.auto = 1\nlxc.include = %s\n' "$WORK/directory/" > "$WORK/included"
define ls-include "lxc.include = $WORK/included\nlxc.group = after\n"
define ls-directory "lxc.include = $WORK/directory\n"
define ls-distribution \
    'lxc.include = /usr/share/lxc/config/common.conf\nlxc.include = /usr/share/lxc/config/userns.conf\n'
define ls-mapped 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n'
define ls-unmapped 'lxc.idmap = u 0 100000 65536\nlxc.idmap =\n'
define ls-cleared '  lxc.group=one\nlxc.group = \n\tlxc.group = "two three"\n#lxc.group = four\n'
define ls-off 'lxc.start.auto = 1\nlxc.start.auto = 0\n'
define ls-empty ''
mkdir "$P/ls-none" "$P/.hidden"
touch "$P/.hidden/config"
for name in ls-a ls-frozen; do lxc-start -P "$P" -n $name || exit 1; done
lxc-freeze -P "$P" -n ls-frozen || exit 1
sleep 0.3

same() { diff <(lxc-ls -P "$P" "$@" 2>&1) <(lxcbox lxc-ls -P "$P" "$@" 2>&1); }
all=NAME,STATE,PID,RAM,SWAP,AUTOSTART,GROUPS,INTERFACE,IPV4,IPV6,UNPRIVILEGED
for options in '' -1 -f "-f -F $all" '-f -F ipv4,name,State' "-F $all" --active --running --frozen --stopped --defined \
    '--frozen -f' '--running -f' '--stopped -f' '--running --frozen' '--active --frozen -1' '--running --stopped' \
    '-g web' '-g web,db -f' '-g web,nosuch' '--groups=two' '-f -g directory' \
    '^ls-[a-f]' '--filter=e$ -f' '--filter=nosuch' --nesting=0; do
    # shellcheck disable=SC2086
    t "lxc-ls $options prints what LXC's does" same $options
done
on_columns() { script -qec "stty cols $1; $2 -P $P" "$WORK/typescript" < /dev/null; }
columns() { # WIDTH: on a terminal so wide
    on_columns "$1" lxc-ls > "$WORK/stock-columns"
    on_columns "$1" "$LXCBOX lxc-ls" | diff "$WORK/stock-columns" -
}
for width in 10 25 40 80 200; do t "lxc-ls fills a terminal of $width columns as LXC's does" columns $width; done
t 'a directory that does not exist has no containers' is '' lxcbox lxc-ls -P "$P/nowhere"
t 'groups given twice add up' is ls-a lxcbox lxc-ls -P "$P" -1 -g web -g db
t 'a column that does not exist is refused' refuses '-F: unknown column "bogus"' lxcbox lxc-ls -P "$P" -f -F name,bogus
t 'a wrong expression is refused' refuses 'not an extended regular expression' lxcbox lxc-ls -P "$P" '('
t 'two expressions are refused' refuses 'unexpected argument "y"' lxcbox lxc-ls -P "$P" x y
t 'a wrong level is refused' refuses 'number of levels up to 100, not "x"' lxcbox lxc-ls -P "$P" --nesting=x

json() { is "$2" python3 -c "import json,sys; d={c['name']: c for c in json.load(sys.stdin)}; print($1)" \
    < <(lxcbox lxc-ls -P "$P" --format json "${@:3}"); }
t 'json has every container' json 'len(d)' 11
t 'json has the groups' json 'd["ls-include"]["groups"]' "['directory', 'after']"
t 'json has the addresses' json 'd["ls-a"]["ipv4"], d["ls-a"]["ipv6"]' "['10.98.0.2'] ['2001:db8::8']"
t 'json has the state' json 'd["ls-frozen"]["state"], d["ls-empty"]["state"]' 'FROZEN STOPPED'

# Containers in containers: the same directory inside each.
inside() { # CONTAINER NAME: define a container inside
    local inner=$P/$1/rootfs$P/$2
    mkdir -p "$inner/rootfs"
    printf 'lxc.group = inner\nlxc.rootfs.path = %s/%s/rootfs\n' "$P" "$2" > "$inner/config"
}
inside ls-a in-running
inside ls-bigger in-stopped
mkdir -p "$P/ls-bigger/rootfs$P/in-stopped/rootfs$P/deepest"
touch "$P/ls-bigger/rootfs$P/in-stopped/rootfs$P/deepest/config"
lxcbox lxc-unfreeze -P "$P" -n ls-frozen
# LXC's looks into a running one only where it can make its locks inside.
nested() { diff <(lxc-ls -P "$P" "$@" 2> /dev/null) <(lxcbox lxc-ls -P "$P" "$@" 2>&1 | grep -v in-running); }
for options in --nesting '-1 --nesting' '-f --nesting' '-1 --nesting=1' '--nesting -f -g web'; do
    # shellcheck disable=SC2086
    t "lxc-ls $options prints what LXC's does" nested $options
done
t 'containers in running and in stopped containers are found' is \
    $'ls-a\nls-a/in-running\nls-bigger\nls-bigger/in-stopped\nls-bigger/in-stopped/deepest' \
    bash -c "'$LXCBOX' lxc-ls -P '$P' -1 --nesting | grep -E 'ls-a|ls-bigger'"
executed() { strace -qq -e trace=execve -o "$WORK/calls" "$LXCBOX" "$@" > "$WORK/out" && cat "$WORK/calls"; }
t 'the command that enters containers runs from a sealed view' has 'execve\("/proc/self/fd/' \
    executed lxc-ls -P "$P" --nesting
t 'a command that enters none is not executed twice' fails has 'execve\("/proc/self/fd/' executed lxc-ls -P "$P" -f
t 'the number of levels is limited' fails bash -c "'$LXCBOX' lxc-ls -P '$P' -1 --nesting=1 | grep deepest"
t 'the table marks what is inside' has '^ \\deepest +STOPPED' lxcbox lxc-ls -P "$P" -f --nesting
t 'inner containers have their groups' is 'ls-a/in-running' bash -c \
    "'$LXCBOX' lxc-ls -P '$P' --format json --nesting | python3 -c 'import json,sys
print(*[c[\"name\"] for c in json.load(sys.stdin)
       if c[\"groups\"] == [\"inner\"] and \"running\" in c[\"name\"]])'"
sed -i "s#^lxc.rootfs.path = .*#lxc.rootfs.path = btrfs:$P/ls-bigger/rootfs#" "$P/ls-bigger/config"
t 'also below a rootfs of the type btrfs' has '^ls-bigger/in-stopped$' lxcbox lxc-ls -P "$P" -1 --nesting
mkdir "$WORK/host" "$WORK/host/of-host" && echo 'lxc.rootfs.path = /' > "$WORK/host/of-host/config"
t "a container with the host's root does not hold itself" is of-host lxcbox lxc-ls -P "$WORK/host" -1 --nesting
trap_link() { # a root directory that leads out of itself shows nothing of the host
    rm -r "$P/ls-bigger/rootfs$P"
    mkdir -p "$WORK/outside/secret" "$P/ls-bigger/rootfs${P%/*}"
    touch "$WORK/outside/secret/config"
    ln -s "$WORK/outside" "$P/ls-bigger/rootfs$P"
    fails bash -c "'$LXCBOX' lxc-ls -P '$P' -1 --nesting | grep secret"
}
t 'a link out of a root directory is not followed' trap_link
