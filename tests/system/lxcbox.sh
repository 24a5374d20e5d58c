# The executable itself: what it is, how it dispatches, how it installs.
. tests/lib.sh

is_static() {
    file_says=$(ldd "$LXCBOX" 2>&1)
    echo "$file_says"
    [[ $file_says == *'statically linked'* || $file_says == *'not a dynamic'* ]]
}
t 'the executable is statically linked' is_static
t 'the executable is at most 1,500 KB' test "$(stat -c %s "$LXCBOX")" -le 1500000
t 'the stack is not executable' has 'GNU_STACK .* RW ' readelf -lW "$LXCBOX"
t 'relocations are read-only after start' has GNU_RELRO readelf -lW "$LXCBOX"
t 'the executable is position independent' has 'Type: +DYN' readelf -hW "$LXCBOX"
t 'an applet that does not exist is refused by name' refuses 'no applet "nonesuch" \(lxcbox --list' lxcbox nonesuch
t 'an option that does not exist is refused by name' refuses 'unknown option "--nonesuch" \(--help' lxcbox --nonesuch
t 'without arguments it names the options that print scripts' has 'completion SHELL \| --service INIT' lxcbox
t 'the version is printed' has '^[0-9]+\.[0-9]+\.[0-9]+$' lxcbox --version
version=$(lxcbox --version)
every_version() { # REGEX of the names: the versions that those applets print
    local name
    for name in $(lxcbox --list | grep -E "$1"); do lxcbox "$name" --version; done | sort -u
}
t 'each lxc-* prints the version of LXC that it is compatible with' is 7.0.0 every_version '^lxc-'
t 'every other applet prints that of lxcbox' is "$version" every_version '^($|[^l]|l[^x]|lx[^c])'
if [ "$(id -u)" = 0 ]; then
    lxc_checkconfig_prints_both() {
        lxcbox lxc-checkconfig || true
    }
    t 'lxc-checkconfig prints both' has "^LXC version 7\.0\.0 \(lxcbox ${version//./\\.}\)$" lxc_checkconfig_prints_both
fi

# What a host has for itself, and where ours would stand in its way.
hosts='init|mkinitramfs|modprobe|insmod|rmmod|lsmod'
links() {
    lxcbox --install "${@:2}" "$1" || return 1
    diff <(lxcbox --list | grep -vxE "$hosts" | sort) <(ls "$1" | sort)
}
# Hard links are made on one file system: of a copy, as /tmp may be another.
links_of_copy() { cp "$LXCBOX" "$WORK/copy" && LXCBOX=$WORK/copy links "$@"; }
t '--install links every applet but those that a host has for itself' links_of_copy "$WORK/hard"
t '--install -s links every applet by name' links "$WORK/symbolic" -s
installs() { lxcbox --install -s "$WORK/new/place" && lxcbox --install -s "$WORK/new/place"; }
t '--install reports a new directory, once' is "made the directory $WORK/new/place" installs
t '--install without a directory is refused' refuses 'takes one directory' lxcbox --install -s
beside() {
    mkdir "$WORK/beside" &&
        cp "$LXCBOX" "$WORK/beside/lxcbox" &&
        "$WORK/beside/lxcbox" --install -s "$WORK/beside" &&
        readlink "$WORK/beside/lxc-state"
}
t 'links beside the executable name it without its directory' is lxcbox beside

pages() {
    local name missing=0
    for name in $(lxcbox --list); do [ -e "applets/$name.1" ] || { echo "no man page for $name"; missing=1; }; done
    return $missing
}
t 'every applet has its man page' pages

documented() { # every option of every applet stands in its man page
    local name spelling missing=0
    for name in lxcbox $(lxcbox --list); do
        while read -r spelling _; do
            sed 's/\\//g' "applets/$name.1" 2> /dev/null | grep -q -- "$spelling" ||
                { echo "$name.1 does not say $spelling"; missing=1; }
        done < <(lxcbox --options "$name")
    done
    return $missing
}
t 'every option is in its man page' documented

examples() { # at least two blocks of commands or lines to copy
    local page count few=0
    for page in applets/*.1 applets/*.5 core/config/*.5; do
        [ -e "$page" ] || continue
        count=$(sed -n '/^\.SH EXAMPLES/,/^\.SH [^E]/p' "$page" | grep -c '^\.nf')
        [ "$count" -ge 2 ] || { echo "$page: $count examples"; few=1; }
    done
    return $few
}
t 'every man page has at least two examples' examples

table() { lxcbox | sed -n 's/^  \([a-z][a-z-]*\) \{2,\}\(.*\)/\1 \2/p'; }
told() { sed -n 's/^    \([a-z][a-z-]*\) \{2,\}\([A-Z].*\)/\1 \2/p' README | sort; }
t 'the README lists every applet' is "$(table | sort)" told

full() { # COMMAND...: on a full disk it fails and says so
    local status=0
    "$@" > /dev/full 2> "$WORK/full" || status=$?
    [ $status -eq 1 ] && grep -q 'cannot write to standard output' "$WORK/full" && return
    echo "$*: status $status"
    cat "$WORK/full"
    return 1
}
full_help() {
    local name result=0
    for name in lxcbox $(lxcbox --list); do full lxcbox "$name" --help || result=1; done
    return $result
}
t 'the help of no applet is lost in silence' full_help
full_output() {
    full lxcbox --list && full lxcbox --version && full lxcbox --completion bash && full lxcbox lxc-checkconfig &&
        full lxcbox ip link && full lxcbox lsns && full lxcbox sysctl -a && full lxcbox lxc-config -l
}
t 'nor is what applets print' full_output
