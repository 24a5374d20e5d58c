# What a configuration asks for and does not get, or gets in a form that its author may not expect: the container
# starts, and a warning names file and line. What cannot be executed names the architectures.
. tests/keys.sh
head -n 3 "$P/$N/config" > "$WORK/config"

# What lxc-execute prints where these lines are the configuration's from the fourth on.
warned() { # LINE...
    cp "$WORK/config" "$P/$N/config"
    printf '%s\n' "$@" >> "$P/$N/config"
    timeout 20 "$LXCBOX" lxc-execute -P "$P" -n "$N" -- /bin/true 2>&1
}
# One warning, which says that and where, and no other.
warns() { # REGEX LINE...
    local regex=$1
    shift
    warned "$@" > "$WORK/warned" || { echo "status $?"; cat "$WORK/warned"; return 1; }
    cat "$WORK/warned"
    [ "$(wc -l < "$WORK/warned")" = 1 ] && grep -Eq "$P/$N/config:[0-9]+: $regex" "$WORK/warned"
}
silent() { is '' warned "$@"; }

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    own=lxc.cgroup2 other=lxc.cgroup version=v2 limits=(pids.max=100 io.weight=100) \
        others=(pids.max=100 blkio.weight=100)
else
    own=lxc.cgroup other=lxc.cgroup2 version=v1 limits=(pids.max=100 blkio.weight=500) \
        others=(pids.max=100 io.weight=100)
fi
t 'a limit for the other cgroup version is a warning' \
    warns "$other.pids.max = 100 has no effect: this host has cgroup $version" "$other.pids.max = 100"
t 'so is one device rule of several that this version lacks' warns "$other.devices.allow = c 10:200 rwm has no effect" \
    "$other.devices.deny = a" "$other.devices.allow = c 1:* rwm" "$other.devices.allow = c 10:200 rwm" \
    "$own.devices.deny = a" "$own.devices.allow = c 1:* rwm"
t 'it names the line' has "/config:6: $other.pids.max = 100" warned '# remark' '# remark' "$other.pids.max = 100"
t 'a limit for both versions is none' silent "$other.${others[0]/=/ = }" "$own.${limits[0]/=/ = }"
no_warning() { ! warned "$other.${others[1]/=/ = }" "$own.${limits[1]/=/ = }" | grep "has no effect"; }
t 'the same holds for a controller whose name has changed' no_warning
t 'a limit that was taken back is none' silent "$other.pids.max = 100" "$other.pids.max ="
t 'so is a whole family' silent "$other.pids.max = 100" "$other ="
t 'the configuration of all distributions gives none' silent 'lxc.include = /usr/share/lxc/config/common.conf'

case $(uname -m) in x86_64) foreign=arm64 ;; *) foreign=x86_64 ;; esac
t 'lxc.arch of another machine is a warning' warns \
    "lxc.arch = $foreign is not the architecture of this machine, which is $(uname -m)" "lxc.arch = $foreign"
t 'that of this one is none' silent "lxc.arch = $(uname -m)"
t 'nor is one that was replaced' silent "lxc.arch = $foreign" "lxc.arch = $(uname -m)"

t 'an IPv4 address without a prefix length is a warning' warns \
    'lxc.net.0.ipv4.address = 10.0.3.5 has no prefix length: /8 is taken' 'lxc.net.0.ipv4.address = 10.0.3.5'
t 'an IPv6 address, too' warns 'lxc.net.0.ipv6.address = fd00::5 has no prefix length: /64 is taken' \
    'lxc.net.0.ipv6.address = fd00::5'
t 'with prefix lengths there is none' \
    silent 'lxc.net.0.ipv4.address = 10.0.3.5/24' 'lxc.net.0.ipv6.address = fd00::5/64'
t 'nor for an address that was taken back' silent 'lxc.net.0.ipv4.address = 10.0.3.5' 'lxc.net.0.ipv4.address ='
cp "$WORK/config" "$P/$N/config"

# A program for a machine that hosts seldom emulate: e_machine of loongarch64, in elf(5).
cp /bin/busybox "$R/bin/foreign"
printf '\x02\x01' | dd of="$R/bin/foreign" bs=1 seek=18 conv=notrunc 2> /dev/null
printf '#!/bin/foreign sh\n' > "$R/bin/script"
echo neither > "$R/bin/neither"
chmod 755 "$R/bin/script" "$R/bin/neither"
names="is a program for loongarch64, and this machine is $(uname -m)"
if [ -e /proc/sys/fs/binfmt_misc/qemu-loongarch64 ]; then
    skip 'a program of another machine names both' 'this host emulates it'
else
    for program in /bin/foreign foreign /bin/script; do
        t "init of another machine names both: $program" refuses \
            "^lxc-start: $N: cannot execute $program: it $names.*\(use an image" lxcbox lxc-start -P "$P" \
            -n "$N" -- "$program"
    done
    does_command_of_lxc_execute() {
        with -- foreign 2>&1 || true
    }
    t 'so does the command of lxc-execute' has "lxc-init: cannot execute foreign: it $names" does_command_of_lxc_execute
    started
    attach_foreign() { inside foreign 2>&1 || true; }
    t 'that of lxc-attach' has "cannot execute foreign in $N: it $names" attach_foreign
    nsenter_foreign() { lxcbox nsenter -t "$(init_pid)" -m -r /bin/foreign 2>&1 || true; }
    t 'and that of nsenter' has "cannot execute /bin/foreign: it $names" \
        nsenter_foreign
    stopped
fi
t 'a file that is neither a program nor a script is reported' refuses \
    'cannot execute /bin/neither: Exec format.*\(a program is an ELF file' lxcbox lxc-start \
    -P "$P" -n "$N" -- /bin/neither
