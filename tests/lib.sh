# For the test scripts of tests/system and tests/interop: source it first. A script reads like a transcript:
#
#     . tests/lib.sh
#     needs_root
#     t 'lxc-info reports a stopped container' is 'State:          STOPPED' lxc-info -n x -s
#     t 'a missing container is refused' refuses 'no such container' lxcbox lxc-start -n nowhere
#
# t PROMISE COMMAND...      runs it; prints "ok PROMISE", or "not ok PROMISE" and the output of COMMAND
# key KEY PROMISE COMMAND...   the same for the effect of a configuration key; keys.sh checks that each key has one
# skip PROMISE REASON       prints that PROMISE is not tested here, and the reason
# needs_root                skips the whole script for a user other than root
# refuses REGEX COMMAND...  status 1, one sentence on standard error that matches the extended REGEX
# is TEXT COMMAND...        succeeds and prints exactly TEXT
# has REGEX COMMAND...      succeeds and prints a line that matches the extended REGEX
# fails COMMAND...          has a status other than 0
# exits STATUS COMMAND...   has that status
# stderr_too COMMAND...     runs it with standard error on standard output, for is and has
# must COMMAND...           runs it silently; if it fails, prints its output and ends the script
# make_container NAME [LINE...]   makes a container of busybox without network, with LINE in its configuration; sets $N,
#                           its name, and $P, its lxcpath; it is killed at the end
# path_without PROGRAM...   prints a PATH with the programs of ours but for these, whatever is installed
# make_zombie               sets $zombie to the number of a process that has ended and that its parent does not wait for
# cleanup COMMAND           runs at the end, last first, also after a failure or a signal
# $WORK                     a new directory, removed at the end; $LXCBOX the executable under test
# lxcbox ...                runs it
#
# Lines have at most 120 columns (tests/system/structure.sh); a check of several commands is a function.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
LXCBOX=${LXCBOX:-$PWD/build/lxcbox}
WORK=$(mktemp -d /tmp/lxcbox-test.XXXXXX)
failures=0
cleanups=()

lxcbox() { "$LXCBOX" "$@"; }

cleanup() { cleanups+=("$1"); }

finish() {
    local status=$? i
    trap - EXIT INT TERM HUP
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" > /dev/null 2>&1; done
    rm -rf --one-file-system "$WORK"
    [ $failures -eq 0 ] || status=1
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

t() {
    local promise=$1 output=$WORK/t.out
    shift
    if "$@" > "$output" 2>&1; then
        echo "ok $promise"
    else
        echo "not ok $promise"
        sed 's/^/    /' "$output"
        failures=$((failures + 1))
    fi
}

key() {
    local name=$1 promise=$2
    shift 2
    t "$name: $promise" "$@"
}

skip() { echo "skip $1: $2"; }

needs_root() {
    [ "$(id -u)" = 0 ] && return
    skip "$(basename "$0" .sh)" 'needs root'
    exit 0
}

refuses() {
    local regex=$1 status=0 said
    shift
    said=$("$@" 2>&1 > /dev/null) || status=$?
    echo "said: $said"
    echo "status: $status"
    [ $status -eq 1 ] && [ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] && printf '%s\n' "$said" | grep -Eq -- "$regex"
}

is() {
    local want=$1 got
    shift
    got=$("$@") || { echo "status $?: $got"; return 1; }
    [ "$got" = "$want" ] && return
    diff <(printf '%s\n' "$want") <(printf '%s\n' "$got")
    return 1
}

has() {
    local regex=$1 got
    shift
    got=$("$@") || { echo "status $?: $got"; return 1; }
    printf '%s\n' "$got"
    printf '%s\n' "$got" | grep -Eq -- "$regex"
}

fails() { ! "$@"; }

must() {
    "$@" > "$WORK/must.out" 2>&1 && return
    echo "not ok $(basename "$0" .sh): $*"
    cat "$WORK/must.out"
    exit 1
}

exits() {
    local want=$1 status=0
    shift
    "$@" || status=$?
    echo "status $status"
    [ $status -eq "$want" ]
}

stderr_too() { "$@" 2>&1; }

make_container() {
    P=$WORK/lxc N=$1
    mkdir -p "$P"
    printf '%s\n' 'lxc.net.0.type = empty' "${@:2}" > "$WORK/config"
    must lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -t busybox
    cleanup 'lxcbox lxc-stop -k -P "$P" -n "$N"'
}

# By sh: bash reaps a child that ends before it executes the program that never waits for one.
make_zombie() {
    local parent
    sh -c 'sleep 0 & exec sleep 600' &
    parent=$!
    cleanup "kill $parent"
    for _ in $(seq 200); do
        zombie=$(pgrep -P $parent) && grep -q '^State:.Z' "/proc/$zombie/status" && return
        sleep 0.05
    done
    return 1
}

path_without() {
    local part programs
    programs=$(mktemp -d "$WORK/path.XXXXXX")
    chmod 755 "$programs"
    # From the last directory to the first, so that the first that has a program takes precedence.
    for part in $(tr : '\n' <<< "$PATH" | tac); do
        [ ! -d "$part" ] || find "$part" -mindepth 1 -maxdepth 1 -exec ln -sfn -t "$programs" {} +
    done
    (cd "$programs" && rm -f "$@")
    echo "$programs"
}
