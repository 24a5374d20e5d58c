# What stays of a container's last run: the end of its console's output, and how its first process ended.
. tests/lib.sh
needs_root
make_container last-$$

start() { lxcbox lxc-start -P "$P" $N "$@"; }
info() { lxcbox lxc-info -P "$P" $N "$@"; }
logs() { lxcbox lxc-logs -P "$P" $N "$@"; }
run() { start "$@" 2> "$WORK/said"; lxcbox lxc-wait -P "$P" $N -s STOPPED -t 60; } # to its end

t 'a container that never ran has no last exit status' \
    is "$(printf 'Name:           %s\nState:          STOPPED' $N)" info
t 'that no console output is stored is reported' refuses 'console output of .* is not stored' logs

run -- /bin/sh -c 'echo first words; exit 5'
t 'an init that ends at once is reported with its status' \
    has "^lxc-start: $N: the first process ended at once with status 5 \\(" cat "$WORK/said"
t 'lxc-info shows the status' has '^Exit status:    5$' info
t 'and the time' has "^Ended:          $(date -u +%Y-%m-%dT)[0-9:]{8}Z$" info
t 'its output is there' has 'first words' logs
t 'what scripts ask for stays as it is in LXC' is STOPPED info -sH
json() {
    info --format json |
        python3 -c \
            'import json, sys; d = json.load(sys.stdin); print(d["exit_status"], d["ended_seconds"] > 1e9)'
}
t 'JSON has them too' is '5 True' json

start -- /bin/sh -c 'echo second words; sleep 600'
init_that_runs_is_not_reported_as_ended() {
    lxcbox lxc-stop -k -P "$P" $N
    start -- /bin/sh -c "echo second words; sleep 600" 2>&1
}
t 'an init that runs is not reported as ended' is '' init_that_runs_is_not_reported_as_ended
until_said() { for _ in $(seq 200); do logs | grep -q "$1" && return; sleep 0.05; done; return 1; }
t 'also what a running container writes is kept' until_said 'second words'
first_words() { logs | grep "first words"; }
t 'of its last run alone' fails first_words
end_of_run() { info | grep -E "^(Exit|Ended)"; }
t 'a running container has no end' fails end_of_run
lxcbox lxc-stop -k -P "$P" $N
t 'a killed one has the status of its signal' has '^Exit status:    137$' info

start -- /bin/sh -c 'for i in 1 2 3 4 5 6; do echo line $i; sleep 0.2; done'
t '-f prints all until the container stops' is "$(printf 'line %s\r\n' 1 2 3 4 5 6)" \
    timeout 60 "$LXCBOX" lxc-logs -P "$P" $N -f
t '-f of a stopped container ends' has 'line 6' timeout 60 "$LXCBOX" lxc-logs -P "$P" $N -f

run -- /bin/sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo line $i; done'
kept_bytes() { cat "$P/$N"/lxcbox.console.log* | wc -c; }
t 'what is kept is bounded' test "$(kept_bytes)" -le 131072
last_line() { logs | tail -n 1; }
t 'and has the end' is $'line 30000\r' last_line
emptied() { logs -C > /dev/null && is "" logs; }
t '-C empties it' emptied
copy_without_log() { lxcbox lxc-copy -P "$P" -n $N -N $N-copy && ! ls "$P/$N-copy" | grep lxcbox; }
t 'a copy has nothing of it' copy_without_log
if command -v lxc-ls > /dev/null; then
    stock_lists() { lxc-ls -P "$P" -1 | grep -x $N; }
    t 'stock LXC is not troubled' is $N stock_lists
fi
removed() { lxcbox lxc-destroy -P "$P" $N && [ ! -e "$P/$N" ]; }
t 'it is removed with the container' removed
