# The main job: an image over HTTPS becomes a running container, and goes again without a trace. First as on any
# machine, then on a system that has nothing but a kernel and this one file.
. tests/lib.sh
. tests/server.sh
. tests/images.sh
needs_root

# Namespaces of its own: what is there afterwards and was not before is ours.
if [ -z "${MAIN_JOB_INSIDE:-}" ]; then
    image_busybox || { echo "not ok a busybox image can be made"; exit 1; }
    why=$(image_debian) &&
        debian=1 ||
        { debian=; skip 'a Debian with systemd does the main job' "cannot make one: $why"; }
    MAIN_JOB_INSIDE=1 DEBIAN=$debian unshare -m -n --propagation private bash "$0"
    exit
fi
image_busybox
[ -z "$DEBIAN" ] || image_debian

# LXC's places, empty.
for place in /var/lib/lxc /var/cache/lxc /etc/lxc; do
    mkdir -p "$place" "$WORK/places$place"
    mount --bind "$WORK/places$place" "$place"
done
mount -t tmpfs -o mode=755 tmpfs /run
bridge=mjbr
ip link set lo up
ip link add $bridge type bridge
ip addr add 10.217.5.1/24 dev $bridge
ip link set $bridge up
printf 'lxc.net.0.%s\n' 'type = veth' "link = $bridge" 'flags = up' 'ipv4.address = 10.217.5.2/24' \
    'ipv4.gateway = 10.217.5.1' > /etc/lxc/default.conf

unset http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY SSL_CERT_FILE LXC_CACHE_PATH
server_start "$WORK/server" || { echo 'not ok the test server starts'; exit 1; }
# The metadata as the makers of images write it.
mkdir "$WORK/meta"
printf '%s\n' '# Distribution configuration' 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' \
    'lxc.arch = x86_64' > "$WORK/meta/config"
printf '%s\n' 'lxc.include = LXC_TEMPLATE_CONFIG/common.conf' \
    'lxc.include = LXC_TEMPLATE_CONFIG/userns.conf' 'lxc.arch = x86_64' > "$WORK/meta/config-user"
printf '%s\n' /etc/hostname /etc/hosts > "$WORK/meta/templates"
printf '%s\n' 'dev/*' > "$WORK/meta/excludes-user"
echo 'You just created a container.' > "$WORK/meta/create-message"
date -d '30 days' +%s > "$WORK/meta/expiry"
tar -cJf "$WORK/meta.tar.xz" -C "$WORK/meta" .
server_image busybox 1 amd64 default 20260101_13:00 "$BUSYBOX_ROOTFS" "$WORK/meta.tar.xz"
[ -z "$DEBIAN" ] || server_image debian bookworm amd64 default 20260101_05:24 "$DEBIAN_ROOTFS" "$WORK/meta.tar.xz"
server_streams

# What runs the executable: plainly, or where there is nothing else.
box() { "$LXCBOX" "$@"; }
bare() { env -i PATH= /usr/sbin/chroot "$WORK/bare" /lxcbox "$@"; }

# --- What is there -----------------------------------------------------------------------------------------------
links() { ip -o link | sed 's/^[0-9]*: //; s/@.*//; s/:.*//' | sort; }
mounts() { awk '{ print $5 }' /proc/self/mountinfo | grep -v '^/run/netns/' | sort; } # others come and go there
processes() { # those in our network namespace, and those of a container
    local p
    for p in /proc/[0-9]*; do
        [ "${p#/proc/}" != $BASHPID ] || continue
        if grep -Eqs "lxc\.(monitor|payload)\.$name" "$p/cgroup" ||
            [ "$(readlink "$p/ns/net")" = "$(readlink /proc/$$/ns/net)" ]; then
            tr '\0' ' ' < "$p/cmdline" | grep -Ev '^(bash|sleep|find|sort|awk|nginx)'
        fi
    done 2> /dev/null | sort
}
cgroups() { find /sys/fs/cgroup -type d -name "*$name*" 2> /dev/null; }
files() { (cd "${1:-/}" && find run var/lib/lxc etc/lxc dev/shm 2> /dev/null) | sort; }
everything() {
    echo "links: $(links)"
    echo "mounts: $(mounts)"
    echo "processes: $(processes)"
    echo "cgroups: $(cgroups)"
    echo "files: $(files "$@")"
}

# --- The steps ---------------------------------------------------------------------------------------------------
inside() { $run lxc-attach -n "$name" -- "$@"; }
until_true() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
# Without the capability CAP_SYS_RAWIO systemd leaves debugfs alone; a container of mapped ids has it, for its own
# ids, with which it may not mount debugfs. LXC's configuration of such containers says so, and stock LXC shows it.
accepted='^sys-kernel-debug\.mount$'
systemd_runs() {
    local state failed
    until_true 30 inside test -S /run/systemd/private || { echo 'systemd does not answer'; return 1; }
    state=$(inside systemctl is-system-running --wait)
    failed=$(inside systemctl --failed --no-pager --plain --no-legend | awk '{ print $1 }' | grep -v "$accepted")
    [ "$state" = running ] ||
        { [ "$state" = degraded ] && [ -n "$mapped" ] && [ -z "$failed" ]; } ||
        {
            echo "$state"
            inside systemctl --failed --no-pager
            inside journalctl -b -p 4 --no-pager
            return 1
        }
}
# A service that tells, in the tree, that it was ended in order.
tells_its_end() {
    inside sh -c \
        'printf "%s\n" "[Service]" "Type=oneshot" "RemainAfterExit=yes" "ExecStart=/bin/true" \
            "ExecStop=/bin/touch /ended" > /etc/systemd/system/tells.service && systemctl start tells'
}
# What a person sees on a tty; a first line break makes a getty that is there already ask again.
prompts() {
    local pause_seconds
    until_true 10 inside systemctl --quiet is-active container-getty@1 || return 1
    # On a busy machine getty takes its time.
    for pause_seconds in 0.5 2 5; do
        (sleep $pause_seconds; echo; sleep $pause_seconds; printf '\001q') |
            script -qec "$LXCBOX lxc-console -n $name -t 1" /dev/null > "$WORK/prompt"
        grep -q 'login:' "$WORK/prompt" && break
    done
    cat "$WORK/prompt"
}
rebooted_from() { # PID of init
    local pid
    pid=$($run lxc-info -n "$name" -p -H) && [ -n "$pid" ] && [ "$pid" != "$1" ]
}
reboots() { # by its init, and comes up again
    local before
    before=$($run lxc-info -n "$name" -p -H)
    inside systemctl reboot
    until_true 20 rebooted_from "$before" && systemd_runs
}
ended_in_order() { $run lxc-stop -n "$name" -t 60 --nokill && [ -e "$tree/ended" ]; }
goes() {
    $run lxc-destroy -n "$name" || return 1
    everything "$place" > "$WORK/after"
    diff "$WORK/before" "$WORK/after"
}

main_job() { # DIST RELEASE WHERE CREATE-OPTION...
    local dist=$1 release=$2 where=$3
    shift 3
    name=$dist-$$
    tree=$place/var/lib/lxc/$name/rootfs
    everything "$place" > "$WORK/before"
    t "$where: an image of $dist becomes a container" has '^You just created a container' \
        $run lxc-create -n "$name" -t download -- -d "$dist" -r "$release" -a amd64 "$@"
    t "$where: it starts" $run lxc-start -n "$name"
    t "$where: it runs" is RUNNING $run lxc-state "$name"
    if [ "$dist" = debian ]; then
        t "$where: systemd says that all of it runs" systemd_runs
        t "$where: it has its name" is "$name" inside sh -c 'cat /etc/hostname'
        [ $run = bare ] || t "$where: its ttys ask for a login" has "$name login:" prompts
        t "$where: it reboots" reboots
        t "$where: a service of its tells when it ends" tells_its_end
    else
        t "$where: it has its name" is "$name" inside cat /etc/hostname
    fi
    t "$where: the tree of the host is out of reach" inside test ! -e "$PWD/README"
    t "$where: the host reaches it over the bridge" until_true 5 ping -c 1 -W 1 10.217.5.2
    t "$where: it is listed" has "^$name +RUNNING 0 .* 10\.217\.5\.2" $run lxc-ls -f
    if [ "$dist" = debian ]; then
        t "$where: lxc-stop ends it through its init" ended_in_order
    else
        t "$where: lxc-stop ends it through its init" $run lxc-stop -n "$name" -t 60 --nokill
    fi
    t "$where: lxc-destroy leaves no link, mount, process, cgroup or file" goes
}

run=box place= mapped=
[ -z "$DEBIAN" ] || main_job debian bookworm 'a host' --server "$SERVER" --ca-file "$CA_FILE"
main_job busybox 1 'a host' --server "$SERVER" --ca-file "$CA_FILE"

cp /etc/lxc/default.conf "$WORK/default.conf"
printf 'lxc.idmap = %s 0 100000 65536\n' u g >> /etc/lxc/default.conf
mapped=1
[ -z "$DEBIAN" ] || main_job debian bookworm 'mapped ids' --server "$SERVER" --ca-file "$CA_FILE"
cp "$WORK/default.conf" /etc/lxc/default.conf
mapped=

# --- Nothing but a kernel ----------------------------------------------------------------------------------------
mkdir -p "$WORK/bare"/{proc,sys,dev}
mount --bind "$WORK/bare" "$WORK/bare"
cleanup "umount -R -l '$WORK/bare'"
cp "$LXCBOX" "$WORK/bare/lxcbox"
cp "$CA_FILE" "$WORK/bare/ca.pem"
mount -t proc proc "$WORK/bare/proc"
mount --rbind /sys "$WORK/bare/sys"
mount --rbind /dev "$WORK/bare/dev"
mkdir -p "$WORK/bare/etc/lxc" "$WORK/bare/var/lib/lxc"
cp /etc/lxc/default.conf "$WORK/bare/etc/lxc/"
run=bare place=$WORK/bare
t 'nothing but a kernel: there is no other program' test "$(find "$WORK/bare" -xdev -type f | wc -l)" -eq 3
[ -z "$DEBIAN" ] || main_job debian bookworm 'nothing but a kernel' --server "127.0.0.1:$SERVER_PORT" --ca-file /ca.pem
main_job busybox 1 'nothing but a kernel' --server "127.0.0.1:$SERVER_PORT" --ca-file /ca.pem
