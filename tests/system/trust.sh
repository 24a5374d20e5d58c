# What comes from elsewhere stays text: container names at a shell, metadata of images and archives.
. tests/lib.sh
needs_root
P=$WORK/lxc
mkdir "$P"
echo 'lxc.net.0.type = empty' > "$WORK/empty.conf"
lxcbox_in() { lxcbox "$1" -P "$P" "${@:2}"; }
create() { lxcbox_in lxc-create -f "$WORK/empty.conf" -n "$@"; }

# --- Names at a shell -------------------------------------------------------------------------------------------
# A hook with a special character goes to /bin/sh -c, with the name of the container as an argument.
hostile='a$(touch pwned);touch pwned `touch pwned`'"'"'"&touch pwned'
at_hook() { # KIND COMMAND...: what the hook saw as its first argument
    local kind=$1
    shift
    rm -f "$WORK/said" "$WORK/pwned"
    printf \
        'lxc.rootfs.path = dir:%s\nlxc.net.0.type = empty\nlxc.hook.%s = f() { echo "$*" > %s/said; }; f\n' \
        "$P/r" "$kind" "$WORK" > "$P/$hostile/config"
    (cd "$WORK" && "$@")
    cat "$WORK/said"
    [ ! -e "$WORK/pwned" ]
}
mkdir -p "$P/$hostile" "$P/r" && cp /bin/busybox "$P/r/busybox"
copy_hostile() { lxcbox_in lxc-copy -n "$hostile" -N "$hostile-2" "$@" > /dev/null; }
t 'a name reaches a hook of the shell whole' is "$hostile-2 lxc clone" at_hook clone copy_hostile
lxcbox_in lxc-destroy -n "$hostile-2" > /dev/null 2>&1
rm -rf "${P:?}/$hostile-2"
t 'further arguments of lxc-copy do, too, after it as in stock LXC' \
    is "$hostile-2 lxc clone \$(touch pwned) b" at_hook clone copy_hostile -- '$(touch pwned)' b
completed() {
    (cd "$WORK" && PATH="$(dirname "$LXCBOX"):$PATH" bash -c '
        eval "$("$1" --completion bash)"
        COMP_WORDS=(lxc-info -P "$2" "") COMP_CWORD=3
        _lxcbox lxc-info "" "$2"
        printf "%s\n" "${COMPREPLY[@]}"' - "$LXCBOX" "$P")
}
completion_offers_name_quoted() {
    completed | grep -Fx "$(printf %q "$hostile")" && [ ! -e "$WORK/pwned" ]
}
t 'completion offers a name quoted, and does not run it' completion_offers_name_quoted
rm -rf "${P:?}"/*

# --- Metadata of images and archives ----------------------------------------------------------------------------
mkdir -p "$WORK/tree/etc" "$WORK/meta"
tar -C "$WORK/tree" -cJf "$WORK/rootfs.tar.xz" .
hostile_lines() {
    cat << 'END'
lxc.hook.pre-start = touch /tmp/pwned
lxc.hook.version = 1
lxc.include = /etc/passwd
lxc.include = LXC_TEMPLATE_CONFIG/../../../../etc/passwd
lxc.include = LXC_TEMPLATE_CONFIG/nesting.conf
lxc.include = LXC_TEMPLATE_CONFIG/userns.conf
lxc.mount.entry = / mnt none rbind 0 0
lxc.mount.entry = /dev/sda mnt ext4 rw 0 0
lxc.mount.entry = x mnt tmpfs bind 0 0
lxc.mount.entry = LXC_PATH mnt none bind 0 0
lxc.mount.entry = LXC_PATH/config mnt none bind 0 0
lxc.mount.entry = LXC_PATH/rootfs/link mnt none bind 0 0
lxc.mount.entry = LXC_PATH/data/link mnt none bind 0 0
lxc.mount.entry = overlay mnt overlay lowerdir=/:/etc 0 0
lxc.mount.fstab = /etc/fstab
lxc.mount.auto = proc:rw sys:rw cgroup:rw:force
lxc.mount.auto = shmounts:/
lxc.mount.auto =
lxc.rootfs.path = dir:/
lxc.rootfs.mount = /
lxc.rootfs.options = idmap=container
lxc.rootfs.managed = 1
lxc.cap.drop =
lxc.cap.keep = sys_admin sys_module
lxc.cgroup.devices.allow = a
lxc.cgroup2.devices.allow = b 8:* rwm
lxc.cgroup2.devices.deny =
lxc.cgroup2 =
lxc.cgroup2.cgroup.procs = 1
lxc.cgroup2.cpuset.cpus.partition = root
lxc.cgroup.dir = /
lxc.cgroup.relative = 1
lxc.idmap = u 0 0 4294967295
lxc.namespace.share.net = 1
lxc.namespace.keep = net user
lxc.namespace.clone = mount
lxc.apparmor.profile = unconfined
lxc.apparmor.allow_incomplete = 1
lxc.apparmor.raw = mount,
lxc.selinux.context = unconfined_t
lxc.seccomp.profile = /dev/null
lxc.seccomp.profile =
lxc.seccomp.allow_nesting = 1
lxc.seccomp.notify.proxy = unix:/run/docker.sock
lxc.log.file = /etc/cron.d/x
lxc.log.syslog = daemon
lxc.console.path = /dev/sda
lxc.console.logfile = /etc/cron.d/x
lxc.environment = LD_PRELOAD=/var/lib/lxc/x/rootfs/evil.so
lxc.environment.hooks = PATH=/var/lib/lxc/x/rootfs
lxc.environment.runtime = SSH_AUTH_SOCK
lxc.sysctl.kernel.core_pattern = |/evil
lxc.proc.oom_score_adj = -1000
lxc.prlimit.rtprio = 99
lxc.monitor.unshare = 1
lxc.monitor.signal.pdeath = SIGKILL
lxc.keyring.session = 1
lxc.no_new_privs = 0
lxc.ephemeral = 1
lxc.group = onboot
lxc.tty.dir = ../../etc
lxc.tty.max = 100000
lxc.uts.name = esc]0;title
lxc.nonesuch = 1
lxc.net =
lxc.net.0.type = none
lxc.net.1.type = phys
lxc.net.1.link = eth0
lxc.net.2.type = veth
lxc.net.2.script.up = /bin/evil
lxc.net.2.veth.ipv4.route = 0.0.0.0/0
lxc.net.2.l2proxy = 1
lxc.net.3.type = macvlan
lxc.net.3.macvlan.mode = passthru
END
}
esc=$'\e'
hostile_lines | sed "s/esc/$esc/" > "$WORK/hostile"
good_lines='lxc.include = LXC_TEMPLATE_CONFIG/debian.common.conf
lxc.arch = amd64
lxc.cap.drop = mknod
lxc.mount.entry = shm dev/shm tmpfs nosuid,nodev,create=dir,size=1m 0 0
lxc.mount.entry = /sys/fs/fuse/connections sys/fs/fuse/connections none bind,optional 0 0
lxc.cgroup2.devices.allow = c 1:3 rwm
lxc.signal.halt = SIGUSR1
lxc.init.cmd = /sbin/init
lxc.environment.runtime = A=b
lxc.mount.auto = proc:mixed sys:ro'
(echo "$good_lines"; cat "$WORK/hostile") > "$WORK/meta/config"
local_from() { create "$1" -t local "${@:2}" -- -f "$WORK/rootfs.tar.xz" -m "$WORK/meta" ${trust:-}; }

# None of these lines is in the configuration of the container, and as many of them as the report has room for are
# reported.
filled() { sed "s#LXC_PATH#$P/$1#; s#LXC_TEMPLATE_CONFIG#/usr/share/lxc/config#" "$WORK/hostile" | grep -v "${2:-^$}"; }
left_out() { # CONTAINER SAID [PATTERN of lines that do not count]
    local line
    fails grep -Fxf <(filled "$1" "${3:-}") "$P/$1/config" || return 1
    while IFS= read -r line; do
        grep -Fq "left out of the configuration: $line" "$2" || { echo "not reported: $line"; return 1; }
    done < <(filled "$1" "${3:-}" | head -18)
}
image_lines() { local_from i > "$WORK/said" 2>&1 && left_out i "$WORK/said"; }
t 'nothing of an image opens, mounts or runs anything of the host, and each such line is reported' image_lines
t 'the terminal gets no control bytes of it' fails grep -q "$esc" "$WORK/said"
kept() { # CONTAINER TEXT
    is "$2" grep -Fxf <(echo "$2") "$P/$1/config"
}
t 'what concerns the inside alone is kept' \
    kept i "$(echo "$good_lines" | sed 's#LXC_TEMPLATE_CONFIG#/usr/share/lxc/config#')"
t 'its report is bounded' has 'left out of the configuration: [0-9]+ lines more' cat "$WORK/said"
all_kept() {
    (echo 'lxc.arch = amd64'; echo 'lxc.hook.pre-start = /bin/true') > "$WORK/meta/config" &&
        trust=--trust-config local_from "$1" > "$WORK/said" 2>&1 &&
        [ "$(grep -c 'left out\|added' "$WORK/said")" = 0 ] &&
        grep -qx 'lxc.hook.pre-start = /bin/true' "$P/$1/config"
}
t '--trust-config keeps all' all_kept all
confined() {
    echo 'lxc.arch = amd64' > "$WORK/meta/config" &&
        local_from "$1" 2>&1 | grep 'added to the configuration' &&
        lxcbox_in lxc-info -n "$1" -c lxc.cap.drop | grep sys_module
}
t 'an image that includes no confinement gets common.conf' confined bare
printf 'lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n' > "$WORK/map.conf"
mapped() {
    printf \
        'lxc.include = LXC_TEMPLATE_CONFIG/common.conf\nlxc.include = LXC_TEMPLATE_CONFIG/userns.conf\n' \
        > "$WORK/meta/config" &&
        lxcbox_in lxc-create -f "$WORK/map.conf" -n "$1" -t local -- -f "$WORK/rootfs.tar.xz" \
            -m "$WORK/meta" 2>&1 &&
        grep -q '/userns.conf$' "$P/$1/config"
}
t 'userns.conf is for containers with mapped ids' mapped user
printf 'none LXC_ROOTFS/tmp tmpfs defaults 0 0\n/ mnt none rbind 0 0\n' > "$WORK/meta/fstab"
fstab() {
    local_from "$1" 2>&1 | grep 'left out of the configuration: fstab = / mnt none rbind' &&
        is "none $P/$1/rootfs/tmp tmpfs defaults 0 0" cat "$P/$1/fstab"
}
t 'of its fstab, file systems without the host remain' fstab mounts
rm "$WORK/meta/fstab"

# --- Links, zeros and control bytes -----------------------------------------------------------------------------
refuses_cleanly() {
    local before
    before=$(ls -A "$P")
    refuses "$@" && [ "$before" = "$(ls -A "$P")" ]
}
mv "$WORK/meta/config" "$WORK/config-file"
ln -s /etc/shadow "$WORK/meta/config"
t 'metadata that are a link are refused' refuses_cleanly 'config of .*/meta is a link' local_from x
tar -C "$WORK/meta" -cJf "$WORK/links.tar.xz" config
t 'in a tarball, too' refuses_cleanly 'links.tar.xz contains a link' create x -t local -- \
    -f "$WORK/rootfs.tar.xz" -m "$WORK/links.tar.xz"
rm "$WORK/meta/config"
printf 'lxc.arch = amd64\n#\0\nlxc.hook.pre-start = /bin/evil\n' > "$WORK/meta/config"
t 'and metadata with a zero byte' refuses_cleanly 'config of .* is not text' local_from x
mv "$WORK/config-file" "$WORK/meta/config"
printf 'made \302\2332J it \2332J \303\251 \033c\n' > "$WORK/meta/create-message"
t 'no control bytes of a message reach the terminal, C1 as little as C0' \
    has '^made [?][?]2J it [?]2J '$'\303\251'' [?]c$' local_from message
rm "$WORK/meta/create-message"
t 'a name with C1 control bytes is refused' refuses_cleanly 'name \(use' create $'x\302\233y' -t none
newline=$WORK/a$'\nlxc.hook.pre-start = touch pwned\n#'
mkdir -p "$newline"
t 'a directory of containers with a line break is refused' refuses 'has a control character' \
    lxcbox lxc-create -P "$newline" -f "$WORK/empty.conf" -n x -t none
t 'so is --dir' refuses 'has a control character' create x -t busybox --dir "$newline/x"

create n -t none
broken_copy() { refuses 'has a control character' lxcbox_in lxc-copy -n n -N n2 "$@"; }
t 'so is a place of a copy' broken_copy -p "$newline"
t 'and a mount of a copy' broken_copy -e -m $'bind=/srv\nlxc.hook.pre-start = /bin/evil'

# --- Archives ---------------------------------------------------------------------------------------------------
cat > "$WORK/limits" << 'END'
lxc.include = /usr/share/lxc/config/common.conf
lxc.start.auto = 1
lxc.start.order = 7
lxc.cgroup2.memory.max = 1G
lxc.cgroup2.pids.max = 100
lxc.prlimit.nofile = 1000:2000
lxc.net.4.type = veth
lxc.net.4.link = lxcbr-test
lxc.net.4.ipv4.address = 10.9.9.2/24
END
create a -t busybox && cp "$P/a/config" "$WORK/own"
in_archive() { # FILE: its lines as the configuration that the archive has
    (sed '/^lxc.net/d' "$WORK/own"; cat "$WORK/limits"
        echo "lxc.mount.entry = LXC_PATH/shared mnt none bind,optional 0 0"; cat "$1") \
        > "$WORK/meta/config"
    mkdir -p "$WORK/bundle/images/a" &&
        tar -C "$WORK/meta" -cJf "$WORK/bundle/images/a/meta.tar.xz" config &&
        cp "$WORK/rootfs.tar.xz" "$WORK/bundle/images/a/" &&
        tar -C "$WORK/bundle" -cf "$WORK/$2.tar" images/a/meta.tar.xz images/a/rootfs.tar.xz
}
in_archive "$WORK/hostile" hostile
import() { lxcbox lxc-import -P "$P" -q -n "$@"; }
archive_lines() { import b "$WORK/hostile.tar" > "$WORK/said" 2>&1 && left_out b "$WORK/said" '^lxc.net.[23].type'; }
t 'nothing of an archive opens, mounts or runs anything of the host' archive_lines
t 'its limits, networks and start settings come back' kept b "$(cat "$WORK/limits")"
t 'a directory beside its rootfs is mounted from the new place' \
    grep -qx "lxc.mount.entry = $P/b/shared mnt none bind,optional 0 0" "$P/b/config"
lxc_import_trust_config_keeps_all() {
    printf "lxc.hook.pre-start = /bin/true\n" > "$WORK/one" &&
        in_archive "$WORK/one" one &&
        import c "$WORK/one.tar" --trust-config &&
        grep -x "lxc.hook.pre-start = /bin/true" "$P/c/config"
}
t 'lxc-import --trust-config keeps all' lxc_import_trust_config_keeps_all
own_hook() {
    import d "$WORK/one.tar" -f "$WORK/hook.conf" 2>&1 &&
        grep -x 'lxc.hook.pre-start = /bin/true' "$P/d/config"
}
printf 'lxc.net.0.type = empty\nlxc.hook.pre-start = /bin/true\n' > "$WORK/hook.conf"
t 'a line that the own configuration has, too, is kept' own_hook
back() {
    printf 'lxc.include = /usr/share/lxc/config/common.conf\n' >> "$P/a/config" &&
        lxcbox_in lxc-export -n a -q -o "$WORK/a.tar" &&
        is '' import e "$WORK/a.tar" 2>&1
}
t 'of what lxc-export wrote of a container without hooks nothing is left out' back
ln -sf /etc/shadow "$WORK/bundle/images/a/rootfs.tar.xz"
tar -C "$WORK/bundle" -cf "$WORK/link.tar" images/a/meta.tar.xz images/a/rootfs.tar.xz
t 'a rootfs that is a link is refused' refuses_cleanly 'rootfs.tar.xz in .*link.tar is a link' import x "$WORK/link.tar"
