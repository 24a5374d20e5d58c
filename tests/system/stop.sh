# lxc-stop of containers whose first process does not take the signal, or cannot yet.
. tests/lib.sh
needs_root
make_container stop-$$

start() { lxcbox lxc-start -P "$P" $N "$@"; }
stop() { timeout 40 "$LXCBOX" lxc-stop -P "$P" $N "$@" 2>&1; } # it would kill after 60 seconds
state() { lxcbox lxc-state -P "$P" $N; }
ended() { local want=$1; shift; has "$want" "$@" && is STOPPED state; }

t 'a container that is not running is reported, without advice to start it' \
    is "lxc-stop: $N is not running"$'\nstatus 2' exits 2 stop
start -- /bin/sleep 1000
t 'an init that ignores the signal is killed at once, which is reported' \
    ended "^lxc-stop: the first process of $N ignores signal 10: killing it$" stop
start -- /bin/sh -c 'trap "" USR1; while :; do sleep 0.1; done'
t 'so is one that ignores it by its own wish' ended 'ignores signal 10: killing it$' stop
# Each fork blocks all signals for a moment.
forker() {
    for _ in 1 2 3 4 5 6; do
        start -- /bin/sh -c 'trap "" USR1; while :; do /bin/true; done' &&
            ended 'ignores signal 10: killing it$' stop || return
    done
}
t 'and one that does nothing but make processes' forker
start -- /bin/sleep 1000
t 'with --nokill that is a failure' refuses 'ignores signal 10 \(' lxcbox lxc-stop -P "$P" $N --nokill
t 'a reboot that it ignores is a failure' refuses 'ignores signal 15 \(' lxcbox lxc-stop -r -P "$P" $N
t 'it runs on' is RUNNING state
t '-q reports nothing' is '' stop -q

start -- /bin/sh -c 'trap "sleep 5; exit 0" USR1; while :; do sleep 0.1; done'
t 'a wait that takes long is reported, with its end' \
    ended "^lxc-stop: $N has not finished yet: waiting for another 3[0-9] seconds$" stop -t 38
start
lxcbox lxc-freeze -P "$P" $N
t 'a frozen container is thawed and shuts down' ended "^lxc-stop: $N is frozen: thawing it" stop -t 38
start -- /bin/sleep 1000
lxcbox lxc-freeze -P "$P" $N
t 'a frozen container that ignores the signal is killed' ended 'ignores signal 10: killing it$' stop

printf '#!/bin/sh\nsleep 3\n' > "$WORK/slow" && chmod 755 "$WORK/slow"
printf 'lxc.ephemeral = 1\nlxc.hook.destroy = %s\n' "$WORK/slow" >> "$P/$N/config"
gone_after_timeout() {
    start -- /bin/sh -c 'trap "exit 0" USR1; while :; do sleep 0.1; done' || return
    has "^lxc-stop: $N has stopped: waiting until its files are removed\$" stop -t 1 && [ ! -e "$P/$N" ]
}
t 'an ephemeral container is gone when it returns, also after -t' gone_after_timeout
