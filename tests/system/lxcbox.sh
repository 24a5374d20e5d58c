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
t '--install without a directory is refused' refuses 'takes a directory' lxcbox --install -s

# In a directory without containers: what is refused is refused before anything is looked at.
mkdir "$WORK/none"
extra_operand() { # APPLET ARGUMENT...: the last of them is refused by name
    refuses "unexpected argument \"extra\"" timeout 10 "$LXCBOX" "$@" extra < /dev/null
}
every_extra_operand() {
    local applet options r=0
    for applet in $(lxcbox --list | grep ^lxc-); do
        options=(-P "$WORK/none" -n one)
        case $applet in
        # What follows is a command, or the words of another table.
        lxc-attach | lxc-copy | lxc-create | lxc-execute | lxc-run | lxc-start | lxc-init) continue ;;
        lxc-unpriv-* | lxc-unshare | lxc-usernsexec | lxc-net | lxc-device) continue ;;
        lxc-cgroup) options+=(file value) ;;
        lxc-checkconfig) [ "$(id -u)" = 0 ] || continue; options=() ;;
        lxc-import) options+=(file) ;;
        lxc-wait) options+=(-s RUNNING) ;;
        lxc-autostart | lxc-top) options=(-P "$WORK/none") ;;
        lxc-ls) options=(-P "$WORK/none" regex) ;;
        lxc-images) options=(-P "$WORK/none" list) ;;
        lxc-config) options=(-l) ;;
        lxc-update-config) options=(-c /dev/null) ;;
        esac
        extra_operand "$applet" "${options[@]}" || { echo "$applet"; r=1; }
    done
    return $r
}
t 'no lxc-* ignores an operand' every_extra_operand
other_extra_operands() {
    extra_operand lxc-destroy -P "$WORK/none" one && extra_operand lxc-snapshot -P "$WORK/none" -r snap0 one two &&
        extra_operand lxc-monitor -P "$WORK/none" -Q && extra_operand lxc-copy -P "$WORK/none" one -R -N two &&
        extra_operand lsns 1 && extra_operand lsmod && extra_operand mkinitramfs -o "$WORK/none/initrd" &&
        extra_operand lxcbox --list && extra_operand lxcbox --install "$WORK/none/bin" &&
        extra_operand lxcbox --completion bash && extra_operand lxcbox --options lxc-ls
}
t 'nor does another command or form' other_extra_operands
t 'the usage is the remedy' refuses '\(usage: lxc-destroy \[-n\] NAME \[OPTION\]\.\.\.\)$' \
    lxcbox lxc-destroy -P "$WORK/none" one two
suggests() { # NAME COMMAND...
    local name=$1
    shift
    refuses "\(did you mean $name\?\)$" "$@"
}
t 'a misspelt applet is answered with the right one' suggests lxc-start lxcbox lxc-strat
t 'a misspelt long option is answered with the right one' suggests --lxcpath lxcbox lxc-info --lxcptah=/
t 'so is --version' suggests --version lxcbox lxc-info --verison
t 'so is --help' suggests --help lxcbox lxc-ls --hlep
t 'one of a template, too' suggests --release lxcbox lxc-create x -t download -- --relaese 1
t 'a name that is like no other is not' refuses '\(--help lists the options\)$' lxcbox lxc-info --fil
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
listed() { sed -n 's/^    \([a-z][a-z-]*\) \{2,\}\([A-Z].*\)/\1 \2/p' README | sort; }
t 'the README lists every applet' is "$(table | sort)" listed

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
