# lxc-freeze of a container whose processes wait for each other inside the kernel: one holds a directory's lock and
# waits for a file server that does not answer, the other waits for that lock and cannot freeze.
. tests/lib.sh
needs_root
P=$WORK/lxc
N=freeze-$$
mkdir -p "$P" "$WORK/mounted"

cat > "$WORK/server.py" << 'END'
import ctypes, os, sys, time
directory = sys.argv[1]
libc = ctypes.CDLL(None)
fuse = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0'.encode()
if libc.mount(b'server', directory.encode(), b'fuse', 0, options) != 0:
    sys.exit(1)
print('mounted', flush=True)
time.sleep(600)
END
python3 "$WORK/server.py" "$WORK/mounted" > "$WORK/server" 2>&1 &
server=$!
cleanup 'kill $server; umount -l "$WORK/mounted"'
until_true() { # COMMAND...: within 20 seconds
    for _ in $(seq 400); do "$@" && return; sleep 0.05; done
    return 1
}
server_runs() { [ -s "$WORK/server" ] || ! kill -0 $server 2> /dev/null; }
until_true server_runs
if ! grep -q mounted "$WORK/server"; then
    skip 'a freeze that does not come to its end' 'needs python3 and FUSE'
    exit 0
fi

state() { lxcbox lxc-state -P "$P" $N; }
waiting() { [ "$(ps -o stat= -C mkdir | grep -c '^D')" -ge 2 ]; }
"$LXCBOX" lxc-execute -P "$P" $N -s lxc.net.0.type=empty -- \
    sh -c "mkdir $WORK/mounted/a & mkdir $WORK/mounted/b & wait; exec sleep 600" 2> /dev/null &
container=$!
cleanup 'lxcbox lxc-stop -k -P "$P" $N; wait $container'
until_true waiting

t 'a freeze that does not come to its end fails with a sentence' \
    refuses "$N did not freeze within 10 seconds, so it was left running \\(" timeout 60 "$LXCBOX" lxc-freeze -P "$P" $N
t 'the container runs on' is RUNNING state

released() { # the server goes once the container is half frozen, which frees one process, but not while it is frozen
    timeout 60 "$LXCBOX" lxc-freeze -P "$P" $N &
    local freezing=$!
    until_true is FREEZING state > /dev/null
    kill $server
    wait $freezing && is FROZEN state
}
t 'processes that block each other are thawed and frozen again' released
thawed() { lxcbox lxc-unfreeze -P "$P" $N && is RUNNING state; }
t 'and the container is thawed' thawed
