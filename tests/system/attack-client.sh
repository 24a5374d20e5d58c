# Commands of the host against a hostile container and a hostile user: who holds a command socket, the user's terminal,
# what a process that enters can be seen and used for.
. tests/lib.sh
needs_root
for tool in /usr/bin/python3 setpriv gcc; do
    command -v $tool > /dev/null || { skip 'attacks on clients' "needs $tool"; exit 0; }
done
P=$WORK/lxc N=client-$$ user=64000
chmod 755 "$WORK" && mkdir "$P"
cp "$LXCBOX" "$WORK/lxcbox" && echo lxc.net.0.type = empty > "$WORK/config"
must lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -t busybox
echo 'lxc.cap.drop = sys_time' >> "$P/$N/config"
sleep 600 &
stranger=$!
cleanup "kill $stranger"

# --- Impostors that hold the command socket ---

# Answers every request, as a container that runs: its init is $stranger, its cgroups are $WORK/trap.
cat > "$WORK/impostor.py" << 'END'
import array, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0%s/%s/command" % (sys.argv[1], sys.argv[2]))
s.listen(8)
print("ready", flush=True)
while True:
    c = s.accept()[0]
    request = c.recv(16)
    if len(request) < 16:
        continue
    number, length, _ = struct.unpack("=iiq", request)
    c.recv(length) if length > 0 else None
    value, data, fds = {3: 2, 4: int(sys.argv[3])}.get(number, 0), b"", []
    result = 0 if number in (3, 4) else -2 if number == 7 else -9
    if number in (23, 24, 25):
        result, fds = 0, [os.open(sys.argv[4], os.O_RDONLY)]
    answer = struct.pack("=iiq", result, 0, value)
    c.sendmsg([answer], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
    c.close()
    [os.close(fd) for fd in fds]
END
impostor() { # NAME [RUNNER]...: who answers for the container, started by RUNNER
    local name=$1
    shift
    rm -f "$WORK/impostor"
    set -m # a process group of its own, which ends as a whole
    "$@" /usr/bin/python3 "$WORK/impostor.py" "$P" "$name" $stranger "${trap:-$WORK/trap}" > "$WORK/impostor" &
    set +m
    impostor=$!
    cleanup "kill -9 -- -$impostor"
    for _ in $(seq 400); do grep -qs ready "$WORK/impostor" && return; sleep 0.05; done
    return 1
}
as_user() { setpriv --reuid $user --regid $user --clear-groups "$@"; }
mkdir "$WORK/trap" && echo untouched > "$WORK/victim" && chmod 644 "$WORK/victim" && chmod 777 "$WORK/trap"
for file in pids.max cgroup.procs tasks; do ln -s ../victim "$WORK/trap/$file"; done
untouched() { is untouched cat "$WORK/victim" && kill -0 $stranger; }

foreign() { # NAME: no command believes it
    local said='the command socket of .* is held by process [0-9]+ of user [0-9]+, which is not its monitor'
    for command in lxc-attach lxc-info lxc-freeze lxc-stop lxc-start lxc-console; do
        refuses "$said" lxcbox $command -P "$P" -n "$1" || return
    done
    refuses "$said" lxcbox lxc-stop -k -P "$P" -n "$1" || return
    refuses "$said" lxcbox lxc-cgroup -P "$P" -n "$1" pids.max 7 && untouched
}
mkdir "$P/st-$$" "$P/pid-$$" "$P/cg-$$"
for d in st pid cg; do cp "$P/$N/config" "$P/$d-$$/config"; done
impostor_as_user() { impostor st-$$ as_user && foreign st-$$; }
t 'no command trusts a user who holds the socket name of a stopped container' impostor_as_user
impostor_in_pid_ns() { impostor pid-$$ unshare -fp && foreign pid-$$; }
t 'nor is root of another pid namespace, as in a privileged container with the network of the host' impostor_in_pid_ns
h=/sys/fs/cgroup/pids
[ -d $h ] || h=/sys/fs/cgroup
inside_payload() { echo 0 > "$h/lxc.payload.cg-$$/cgroup.procs" && exec "$@"; }
cleanup "rmdir $h/lxc.payload.cg-$$"
impostor_in_cgroup() {
    local status=0
    mkdir $h/lxc.payload.cg-$$ && impostor cg-$$ inside_payload && foreign cg-$$ || status=$?
    kill -- -$impostor
    wait $impostor
    return $status
}
t 'nor is root in the cgroup of a container' impostor_in_cgroup

# Its own monitor may be hostile, too, when root uses the container of a user.
mkdir "$P/own-$$" "$P/root-$$"
for d in own root; do cp "$P/$N/config" "$P/$d-$$/config"; done
chown $user "$P/own-$$" "$P/root-$$"
owner_is_asked() { impostor own-$$ as_user && has RUNNING lxcbox lxc-info -P "$P" -n own-$$ -s; }
t 'the monitor of the user who owns the container is asked' owner_is_asked
t 'but no process of the host is entered for it' refuses 'reported a process that is not in a container of that user' \
    lxcbox lxc-attach -P "$P" -n own-$$ -e -- true
no_signal() { refuses "reported a process that is not in" lxcbox lxc-stop -P "$P" -n own-$$ -t 5 && untouched; }
t 'nor gets a signal' no_signal
no_write() {
    refuses "sent an fd that is not a cgroup" lxcbox lxc-cgroup -P "$P" -n own-$$ pids.max 7 &&
        untouched
}
t 'nor is a file written that a directory of its own leads to' no_write
cgroup_that_is_not_of_user() {
    trap=$h impostor root-$$ as_user &&
        refuses "sent a cgroup of user 0" lxcbox lxc-cgroup -P "$P" -n root-$$ pids.max 7
}
t 'nor a cgroup that is not of the user' cgroup_that_is_not_of_user

# Answers two requests on one connection: the first one itself, the second one by a child of user $4, to whom the
# connection was passed. The second answer is a pid.
cat > "$WORK/pass.py" << 'END'
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("\0%s/%s/command" % (sys.argv[1], sys.argv[2]))
s.listen(8)
print("ready", flush=True)
while True:
    c = s.accept()[0]
    c.recv(16) and c.send(struct.pack("=iiq", 0, 0, 2))
    if c.recv(16):
        child = os.fork()
        if child == 0:
            os.setuid(int(sys.argv[4]))
            c.send(struct.pack("=iiq", 0, 0, int(sys.argv[3])))
            c.recv(16) # to the end: a process that has ended cannot be checked
            os._exit(0)
        os.waitpid(child, 0)
    c.close()
END
passed_on() { # USER NAME: what is believed of an impostor that passes its connection to USER
    rm -f "$WORK/impostor"
    /usr/bin/python3 "$WORK/pass.py" "$P" "$2" $stranger "$1" > "$WORK/impostor" &
    impostor=$!
    cleanup "kill -9 $impostor"
    for _ in $(seq 400); do grep -qs ready "$WORK/impostor" && break; sleep 0.05; done
    timeout 20 "$LXCBOX" lxc-info -P "$P" -n "$2" -s -p
    kill -9 $impostor && wait $impostor
    true
}
mkdir "$P/kept-$$" && cp "$P/$N/config" "$P/kept-$$/config"
t 'a second query is sent on the connection of the first' has "^PID: +$stranger$" passed_on 0 kept-$$
t 'its answer is not believed where another user gives it' is 'State:          RUNNING' passed_on $user kept-$$

mkdir "$P/mnt-$$" "$h/mine-$$" && cp "$P/$N/config" "$P/mnt-$$/config" && chown -R $user "$P/mnt-$$" "$h/mine-$$"
cleanup "rmdir $h/mine-$$"
mounted() { # the user's own cgroup, seen where another file is mounted on one of its files
    setpriv --reuid $user --regid $user --clear-groups unshare -rm sh -c "
        mount --bind '$WORK/victim' $h/mine-$$/pids.max && exec sleep 600" &
    local there=$!
    cleanup "kill $there"
    for _ in $(seq 200); do grep -q untouched "/proc/$there/root$h/mine-$$/pids.max" && break; sleep 0.05; done
    trap=/proc/$there/root$h/mine-$$ impostor mnt-$$ as_user || return
    refuses 'cannot set pids.max' lxcbox lxc-cgroup -P "$P" -n mnt-$$ pids.max 7 && untouched
}
t 'nor a file that is mounted on one of its cgroup' mounted

# --- The terminal of the user ---

lxcbox lxc-start -P "$P" -n "$N" || exit 1
cleanup "lxcbox lxc-stop -k -P '$P' -n $N"
pid=$(lxcbox lxc-info -P "$P" -n "$N" -p -H)
attach() { lxcbox lxc-attach -P "$P" -n "$N" "$@"; }
# The controlling terminal of a command whose standard streams are redirected, in a session that has one: 0 is none.
controlled() {
    python3 tests/terminal.py bash -c "$(printf '%q ' "$@") > $WORK/streams 2>&1 < /dev/null" <<< end \
        > /dev/null
    cat "$WORK/streams"
}
stat=(cut -d ' ' -f 7 /proc/self/stat)
t 'lxc-attach leaves its command no terminal of the user' is 0 \
    controlled "$LXCBOX" lxc-attach -P "$P" -n "$N" -- "${stat[@]}"
t 'nor does nsenter' is 0 controlled "$LXCBOX" nsenter -t "$pid" -n "${stat[@]}"
t 'nor nsenter in a pid namespace' is 0 controlled "$LXCBOX" nsenter -t "$pid" -m -p "${stat[@]}"
t 'nor lxc-execute' is 0 controlled "$LXCBOX" lxc-execute -P "$P" -n x-$$ -f "$WORK/config" -- "${stat[@]}"
printf '#!/bin/sh\n%s > %s\n' "cut -d' ' -f7 /proc/self/stat" "$WORK/hook.out" > "$WORK/hook" && chmod 755 "$WORK/hook"
hook_terminal() {
    controlled "$LXCBOX" lxc-execute -P "$P" -n h-$$ -f "$WORK/config" -s "lxc.hook.start=$WORK/hook" \
        -- true &&
        cat "$WORK/hook.out"
}
t 'nor lxc-execute to lxc.hook.start' is 0 hook_terminal

runs() { for _ in $(seq 400); do [ -e "$P/$N/rootfs/runs" ] && return; sleep 0.05; done; }
typed() {
    local command="$LXCBOX lxc-attach -P $P -n $N"
    echo "send $command -- sh -c 'while :; do : > /runs; sleep 0.02; done' < /dev/null > /dev/null 2>&1\\r"
    runs
    printf '%s\n' 'send \x1a' 'expect Stopped'
    printf '%s\n' "send echo sta''tus \$?\\r" 'expect status 148' "send rm -f $P/$N/rootfs/runs; fg\\r" 'expect rm -f'
    sleep 0.1
    runs
    printf '%s\n' 'send \x03' 'expect \^C.*#' "send echo sta''tus \$?\\r" 'expect status 130' 'send exit 6\r' end
}
stopped_and_continued() { typed | python3 tests/terminal.py bash --norc -i; [ $? -eq 6 ]; }
t 'without a terminal of its own, ^Z stops the command with lxc-attach, and ^C ends both' stopped_and_continued
entered() {
    python3 tests/terminal.py -s 33x101 "$LXCBOX" nsenter -t "$pid" -m -p -n /bin/sh << 'END'
send sh -c "echo sta''rted; exec sleep 1000"\r
expect \nstarted
send \x03
expect \^C.*#
send echo after $?; stty size\r
expect after 130
expect \n33 101
send exit 5\r
end
END
    [ $? -eq 5 ]
}
t 'nsenter gives a shell a terminal of its own with ^C and a size, and passes on its status' entered

attach -- sh -c 'mkfifo /fifo && mount --bind /fifo /dev/pts/ptmx'
t 'what the container mounts on /dev/pts/ptmx is not opened' has shown \
    python3 tests/terminal.py "$LXCBOX" lxc-attach -P "$P" -n "$N" -- echo shown <<< end
attach -- umount /dev/pts/ptmx

# --- What a process that enters can be seen and used for ---

# Prints the bounding sets of all processes that come, as the container's root can read them at any moment.
cat > "$WORK/watch.c" << 'END'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    time_t end = time(NULL) + 60;
    char path[64], text[4096], *set;
    int pid = getpid() + 1, seen = 0;
    puts("watching"), fflush(stdout);
    while (time(NULL) < end && seen < 20) {
        for (int next = pid; next < pid + 100; next++) {
            snprintf(path, sizeof(path), "/proc/%d/status", next);
            int fd = open(path, O_RDONLY);
            ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
            close(fd);
            if (n <= 0)
                continue;
            text[n] = 0;
            if ((set = strstr(text, "CapBnd:")))
                printf("%.24s\n", set), fflush(stdout), seen++;
            if (next > pid)
                pid = next;
        }
    }
}
END
gcc -w -static -O1 -o "$P/$N/rootfs/watch" "$WORK/watch.c" || exit 1
bounding() { # what the watcher saw in 20 looks, once each
    attach -- /watch > "$WORK/watch" &
    local watcher=$!
    for _ in $(seq 400); do grep -q watching "$WORK/watch" && break; sleep 0.05; done
    while kill -0 $watcher 2> /dev/null; do attach -- sleep 0.02; done
    wait $watcher
    grep CapBnd "$WORK/watch" | sort -u
}
t 'no process inside ever sees one that has more capabilities than the container' \
    is "$(grep CapBnd "/proc/$pid/status")" bounding

escape() { # the directory that we come from is a link inside, to an fd that lies outside
    mkdir -p "$P/$N/rootfs$WORK" "$WORK/cwd" && ln -sfn /proc/self/fd/0 "$P/$N/rootfs$WORK/cwd"
    (cd "$WORK/cwd" && "$LXCBOX" lxc-attach -P "$P" -n "$N" -- readlink /proc/self/cwd < "$WORK/cwd")
}
t 'the working directory of a command is inside, whatever name leads to' is / escape

inheritable() { setpriv --inh-caps=+chown,+kill "$LXCBOX" "$@" | sort -u; }
none=$'CapInh:\t0000000000000000'
t 'the command of lxc-attach inherits no capability' is "$none" \
    inheritable lxc-attach -P "$P" -n "$N" -- grep CapInh /proc/self/status
t 'nor with -e' is "$none" inheritable lxc-attach -P "$P" -n "$N" -e -- grep CapInh /proc/self/status
t 'nor that of lxc-execute' is "$none" \
    inheritable lxc-execute -P "$P" -n x-$$ -f "$WORK/config" -- grep CapInh /proc/self/status
t 'the command of lxc-attach has no group but its own' is 0 \
    setpriv --groups 4,20 "$LXCBOX" lxc-attach -P "$P" -n "$N" -- id -G
t 'nor that of lxc-execute' is 0 setpriv --groups 4,20 "$LXCBOX" lxc-execute -P "$P" -n x-$$ -f "$WORK/config" -- id -G
denied() { # a user namespace that denies setgroups(2)
    unshare -r sleep 600 &
    stranger=$!
    cleanup "kill $stranger"
    for _ in $(seq 200); do
        grep -q deny "/proc/$stranger/setgroups" && [ -s "/proc/$stranger/gid_map" ] && break
        sleep 0.05
    done
    impostor deny-$$ &&
        has '^Groups:[[:space:]]*$' setpriv --groups 4,20 "$LXCBOX" lxc-attach -P "$P" -n deny-$$ -e \
            -- grep Groups /proc/self/status
}
t 'nor in a user namespace that denies setgroups(2)' denied
for id in -1 4294967295 4294967296 18446744073709551616 0x0 ''; do
    user_and_group_are_refused() {
        for option in -u -g; do
            fails lxcbox lxc-attach -P "$P" -n "$N" $option "$id" -- true &&
                fails lxcbox lxc-execute -P "$P" -n x-$$ -f "$WORK/config" $option "$id" -- true ||
                break
        done
    }
    t "user and group \"$id\" are refused" user_and_group_are_refused
done
