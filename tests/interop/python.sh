# Programs that use liblxc, here by its Python binding, see and drive the containers that lxcbox runs.
. "$(dirname "$0")/../lib.sh"
needs_root
${PYTHON:-/usr/bin/python3} -c 'import _lxc' 2> /dev/null ||
    { skip 'liblxc on our containers' 'python3-lxc is not installed'; exit 0; }
P=$WORK/lxc
N=${INTEROP_NAME:-ip-$$}
ID=${N#ip-}
# The binding and its peer are one pid namespace, whose process 1 may be looked at: see tools.sh.
if ! readlink /proc/1/ns/net > /dev/null; then
    INTEROP_NAME=$N unshare -pf --mount-proc bash "$0"
    exit
fi
mkdir "$P"
bridge=ipb$ID
cleanup "lxcbox lxc-stop -k -P $P $N; ip link del $bridge"
ip link add "$bridge" type bridge
printf '%s\n' 'lxc.net.0.type = veth' "lxc.net.0.link = $bridge" 'lxc.net.0.flags = up' \
    'lxc.net.0.ipv4.address = 10.213.78.2/24' 'lxc.console.buffer.size = 64KB' 'lxc.group = web' \
    > "$WORK/config"
must lxcbox lxc-create -P "$P" -n "$N" -f "$WORK/config" -t busybox
sed -i /udhcpc/d "$P/$N/rootfs/etc/init.d/rcS"
cat > "$P/$N/rootfs/sbin/quick-init" << 'END'
#!/bin/sh
trap 'exit 0' USR1
trap 'reboot -f' TERM
echo said on the console
(read line; echo "heard $line") < /dev/tty1 > /dev/tty1 2>&1 &
mkdir -p /run && touch /run/ready
while :; do sleep 1000 & wait $!; done
END
chmod 755 "$P/$N/rootfs/sbin/quick-init"
echo 'lxc.init.cmd = /sbin/quick-init' >> "$P/$N/config"
start() {
    rm -f "$P/$N/rootfs/run/ready"
    lxcbox lxc-start -P "$P" "$N"
    for ((i = 0; i < 500; i++)); do [ -e "$P/$N/rootfs/run/ready" ] && return; sleep 0.02; done
}
py() { # EXPRESSION: what it prints, c being the container
    timeout 60 ${PYTHON:-/usr/bin/python3} -c 'import lxc, os, sys
c = lxc.Container(sys.argv[1], sys.argv[2])
def said(fd, what): # however the terminal cuts it
    text = str()
    while what not in text:
        text += os.read(fd, 99).decode()
    return what
exec("print(%s)" % sys.argv[3])' "$N" "$P" "$1"
}
start || exit 1
pid=$(lxcbox lxc-info -P "$P" "$N" -pH)

t 'the state' is RUNNING py 'c.state'
t 'the first process' is "$pid" py 'c.init_pid'
t 'it runs and may be controlled' is '(True, True, True)' py '(c.running, c.controllable, c.defined)'
t 'it is among the active ones' is "('$N',)" py "lxc.list_containers(config_path='$P', defined=False)"
running_as_configured() { # KEY
    local configured
    configured=$(py "(lambda v: v if isinstance(v, str) else str().join(x + chr(10) for x in v))(
        c.get_config_item('$1'))") || return
    is "$configured" py "c.get_running_config_item('$1') or str()"
}
for key in uts.name net net.0.type net.0.link net.0.flags net.0.ipv4.address rootfs.path cap.drop \
    mount.entry mount.auto tty.max pty.max signal.halt signal.reboot signal.stop group autodev init.cmd \
    console.buffer.size idmap environment arch; do
    t "the running configuration's lxc.$key is the file's" running_as_configured "lxc.$key"
done
has_pair() { test -e "/sys/class/net/$(py "c.get_running_config_item(\"lxc.net.0.veth.pair\")")"; }
t 'the pair of its link' has_pair
t 'a key that does not exist has no value' is None py 'c.get_running_config_item("lxc.nonesuch")'
t 'interfaces' is "('eth0', 'lo')" py 'tuple(sorted(c.get_interfaces()))'
t 'addresses' is "('10.213.78.2',)" py 'c.get_ips(family="inet", interface="eth0")'
t 'a value of a cgroup' has '^[0-9]+$' py 'c.get_cgroup_item("memory.usage_in_bytes")'
value_is_set_in_cgroup() {
    py \
        '(c.set_cgroup_item("memory.limit_in_bytes", "67108864"), c.get_cgroup_item("memory.limit_in_bytes"))' |
        tr "'" '"'
}
t 'a value is set in a cgroup' is '(True, "67108864")' value_is_set_in_cgroup
t 'a command runs inside' has "^$N\$" py 'c.attach_wait(lxc.attach_run_command, ["hostname"])'
t 'its exit status comes back' is 3 py 'c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 3"]) >> 8'
t 'a function runs inside' is 0 \
    py 'c.attach_wait(lambda: 0 if os.getpid() != 1 and os.path.exists("/sbin/quick-init") else 1)'
t 'namespaces by choice' has "^$(hostname)\$" \
    py 'c.attach_wait(lxc.attach_run_command, ["hostname"], namespaces=lxc.CLONE_NEWNET)'
t 'user and group by choice' has '^uid=7 gid=8' py 'c.attach_wait(lxc.attach_run_command, ["id"], uid=7, gid=8)'
t 'environment by choice' has '^A=b$' py 'c.attach_wait(lxc.attach_run_command, ["env"], extra_env_vars=["A=b"])'
terminal_is_lent() {
    py '(lambda fd: (os.write(fd, b"hello\n"), said(fd, "heard hello"))[1])(c.console_getfd(1))'
}
t 'a terminal is lent, and relays' is 'heard hello' terminal_is_lent
t 'a terminal that does not exist is refused' has 'rror' \
    bash -c "$(declare -f py); N=$N P=$P; py 'c.console_getfd(9)' 2>&1; true"
t 'the console is lent' has '^[0-9]+$' py 'c.console_getfd(0)'
is_frozen_and_thawed() {
    py '(c.freeze(), c.state, c.unfreeze(), c.state)' | tr -d "'"
}
t 'it is frozen and thawed' is '(True, FROZEN, True, RUNNING)' is_frozen_and_thawed
t 'a device node is added and removed' is '(True, 0, True, 256)' py \
    '(c.add_device_node("/dev/loop-control"),
      c.attach_wait(lxc.attach_run_command, ["test", "-c", "/dev/loop-control"]),
      c.remove_device_node("/dev/loop-control"),
      c.attach_wait(lxc.attach_run_command, ["test", "-e", "/dev/loop-control"]))'
ip link add "ipl$ID" type veth peer name "ipp$ID"
t 'an interface is given and taken back' is '(True, True, True)' py \
    "(c.attach_interface('ipl$ID', 'in0'), c.detach_interface('in0'), os.path.exists('/sys/class/net/in0'))"
ip link del "ipp$ID"
t 'a wait for the state it is in ends' is True py 'c.wait("RUNNING", 5)'
reboot_unready() { rm "$P/$N/rootfs/run/ready"; py "c.reboot()"; }
t 'it reboots' is "True" reboot_unready
for ((i = 0; i < 500; i++)); do [ -e "$P/$N/rootfs/run/ready" ] && break; sleep 0.02; done
py_shutdown() { py '(c.shutdown(20), c.state)' | tr -d "'"; }
t 'it shuts down in order' is '(True, STOPPED)' py_shutdown
start
py_stop() { py '(c.stop(), c.state, c.init_pid)' | tr -d "'"; }
t 'it is stopped' is '(True, STOPPED, -1)' py_stop
no_cgroup() { ! find /sys/fs/cgroup -maxdepth 5 -name "*$N*" | grep .; }
t 'nothing is left of it' no_cgroup
t 'its configuration loads' is "('$N', True, False)" py '(c.get_config_item("lxc.uts.name"), c.defined, c.running)'
starts_container_that_lxcbox() {
    is "(True, True)" py "(c.start(), c.wait(\"RUNNING\", 5))" &&
        is RUNNING lxcbox lxc-state -P "$P" "$N"
}
t 'it starts a container that lxcbox made, and lxcbox sees it' starts_container_that_lxcbox
