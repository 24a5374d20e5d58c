# The modules of the source tree and what each may include: core/HACKING says why. `bash tests/system/structure.sh
# table` prints them, with files, lines, and how many includes lead from one to another.
. tests/lib.sh

# Each line of modules may include those before it, and not those after it.
order='core/base core/encoding
net/link net/firewall net/dns net/dhcp net/bridge
fetch/http fetch/unpack fetch/index fetch/registry
core/config core/cgroup core/namespace core/confine core/mount core/links core/spawn core/command core/run
core/monitor core/storage core/boot core/probe
applets/cli applets'
modules() { echo $order; } # shellcheck disable=SC2086
sources() { find "${@:-.}" -name '*.[ch]' ! -path './build/*' | sort; } # a source archive is no git repository

# "FROM TO FILE HEADER" for each include of another module. What an applet has beside its file is the applet's.
includes() {
    local file from
    sources core net fetch applets | while read -r file; do
        from=$(module "$file")
        grep -hoE '^#include "[a-z]+/[^"]+"' "$file" | cut -d'"' -f2 | while read -r header; do
            [ "$(module "$header")" = "$from" ] || echo "$from $(module "$header") $file $header"
        done
    done
}

module() {
    case $1 in
    applets/cli/*) echo applets/cli ;;
    applets/*) echo applets ;;
    *) echo "${1%/*}" ;;
    esac
}

upward() {
    includes | awk -v order="$(modules)" '
        BEGIN { n = split(order, names, " "); for (i = 1; i <= n; i++) rank[names[i]] = i }
        !($1 in rank) || !($2 in rank) { print $3 " includes " $4 ": " ($1 in rank ? $2 : $1) " is not a module"; next }
        rank[$2] > rank[$1] { print $3 " includes " $4 ", which is above it" }
        $2 ~ /^core.(base|encoding)$/ { next }
        $1 ~ /^net/ && $2 !~ /^net/ { print $3 " includes " $4 ", which is not for net" }
        $1 ~ /^fetch/ && $2 !~ /^fetch/ { print $3 " includes " $4 ", which is not for fetch" }'
}

large() {
    local dir count
    for dir in $(modules); do
        count=$(find "$dir" -maxdepth 1 -name '*.c' | wc -l)
        case $dir in applets) continue ;; esac
        [ "$count" -le 25 ] || echo "$dir has $count files"
    done
}

unintroduced() {
    local dir
    for dir in $(modules); do
        case $dir in applets*) continue ;; esac
        head -n 1 "$dir/${dir##*/}.h" 2> /dev/null | grep -q '^/\*' || echo "$dir/${dir##*/}.h does not introduce $dir"
    done
}

if [ "${1:-}" = table ]; then
    for dir in $(modules); do
        printf '%-16s %3d files %6d lines\n' "$dir" "$(sources "$dir" | wc -l)" "$(sources "$dir" | xargs cat | wc -l)"
    done
    includes | awk '{ n[$1 " -> " $2]++ } END { for (edge in n) print n[edge], edge }' | sort -k2
    exit
fi

# Files that comments and the guide name, and functions that the guide names.
unknown_names() {
    local name
    { sources core net fetch applets && echo core/HACKING; } |
        xargs grep -hoE '\<(core|fetch|applets|net/(link|firewall|dns|dhcp|bridge))/[a-z0-9_/-]+\.[ch]\>' |
        sort -u | while read -r name; do
        [ -e "$name" ] || echo "$name does not exist"
    done
    grep -oE '\<[a-z_]+\(\)' core/HACKING | sort -u | while read -r name; do
        sources | xargs cat | grep -cE "\\<${name%()}\\(" > /dev/null || echo "core/HACKING: there is no function $name"
    done
}

long_lines() {
    { find tests -name '*.sh' && echo tests/run tests/bench/run; } |
        xargs awk 'length > 120 { print FILENAME ":" FNR ": " length " columns" }'
}

evaluated() { # a check that is a string; what a loop reads from a table, and the completion of a shell, are not
    git grep -nE "^ +eval '|^ *(t|key|is|has|until_ok|until_true) .*\<eval( ['\"\\]|\$)" -- 'tests/*.sh' | cut -c1-120
}

# Tests that tests/CVES names, each in a line after that of its class; or why there is none.
absent_tests() {
    local class line file
    grep -v '^#' tests/CVES | while read -r class && read -r line; do
        file=${line%%: *}
        [[ $line = none:\ ?* ]] && continue
        [ -f "$file" ] && grep -qF -- "${line#*: }" "$file" || echo "$class: there is no test \"${line#*: }\" in $file"
    done
    [ "$(grep -c '^[^# ].*: .' tests/CVES)" = "$(grep -cE '^    (tests/.*|none): .' tests/CVES)" ] ||
        echo 'tests/CVES: the number of classes is not that of tests'
}

t 'modules include only those below them' is '' upward
t 'no directory has more than 25 source files' is '' large
t 'each module has a header of its name that introduces it' is '' unintroduced
t 'comments and the guide name existing files and functions' is '' unknown_names
t 'no line of a shell test has more than 120 columns' is '' long_lines
t 'a check of several commands is a function, not a string' is '' evaluated

# An object of the tests that keeps an old layout of a struct crashes, or worse, does not.
kept_objects() { # those that a change of a header does not make anew
    local object
    for object in build/{fuzz/modules/tests/fuzz/command,unit/clang/applets/lxc-start,unit/gcc/tests/unit/base}.o; do
        env -u MAKEFLAGS make -n -W core/base/error.h "$object" | grep -qF -- "-o $object " || echo "$object is kept"
    done
}
t 'objects of the tests depend on the headers they include' is '' kept_objects
t 'each class of attack has the test that tests/CVES names' is '' absent_tests
