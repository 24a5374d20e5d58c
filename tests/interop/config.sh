#!/bin/bash
# Stock LXC and lxcbox, asked about the same values of the same keys: what one accepts, refuses and answers, the
# other does too, but for the differences listed below. The lines of a block build on one another.
. "$(dirname "$0")/../lib.sh"

if ! /usr/bin/python3 -c 'import _lxc' 2> /dev/null; then
    skip 'the same configurations as stock LXC' 'python3-lxc is not installed'
    exit 0
fi

cat > "$WORK/cases" << 'END'
lxc.arch = x86_64
lxc.arch = linux32
lxc.arch = i586
lxc.arch = armhf
lxc.arch = riscv64
lxc.arch = s390x
lxc.arch = ppc64le
lxc.arch = mipsel
lxc.arch = arm
lxc.arch = armel
lxc.arch = armv7l
lxc.arch = athlon
lxc.arch = i386
lxc.arch = i486
lxc.arch = i686
lxc.arch = mips
lxc.arch = ppc
lxc.arch = powerpc
lxc.arch = x86
lxc.arch = aarch64
lxc.arch = amd64
lxc.arch = arm64
lxc.arch = linux64
lxc.arch = mips64
lxc.arch = mips64el
lxc.arch = ppc64
lxc.arch = ppc64el
lxc.arch = powerpc64
lxc.arch = X86_64
lxc.arch = z80
lxc.arch =

lxc.uts.name = a
lxc.uts.name = 0123456789012345678901234567890123456789012345678901234567890123
lxc.uts.name = 01234567890123456789012345678901234567890123456789012345678901234
lxc.uts.name =
lxc.uts = a

lxc.apparmor.profile = unconfined
lxc.apparmor.profile =
lxc.apparmor.allow_incomplete = 1
lxc.apparmor.allow_incomplete = 2
lxc.apparmor.allow_nesting = 1
lxc.apparmor.allow_nesting =
lxc.apparmor.raw = a b
lxc.apparmor.raw = c
lxc.apparmor.raw =

lxc.autodev = 0
lxc.autodev = 1
lxc.autodev = 2
lxc.autodev = yes
lxc.autodev =
lxc.autodev.tmpfs.size = 1000
lxc.autodev.tmpfs.size =

lxc.cap.drop = sys_admin mac_admin
lxc.cap.drop = 5
lxc.cap.drop = 99
lxc.cap.drop = CAP_KILL
lxc.cap.drop = cap_kill
lxc.cap.drop = none
lxc.cap.keep = kill
lxc.cap.drop =
lxc.cap.keep = kill	chown
lxc.cap.keep = nothing
lxc.cap.keep =

lxc.cap.keep = none
lxc.cap.drop = kill

lxc.cgroup.devices.allow = c 1:3 rwm
lxc.cgroup.devices.allow = b *:* m
lxc.cgroup.memory.limit_in_bytes = 1G
lxc.cgroup.devices.allow =
lxc.cgroup =
lxc.cgroup = a
lxc.cgroup. = a
lxc.cgroupa = 1
lxc.cgroup2.memory.max = 1G
lxc.cgroup2.memory.max =
lxc.cgroup2 = a
lxc.cgroup2a = 1

lxc.cgroup.dir = a//b
lxc.cgroup.dir = /a
lxc.cgroup.dir = a/../b
lxc.cgroup.dir = ..
lxc.cgroup.dir =
lxc.cgroup.dir.monitor = m
lxc.cgroup.dir.monitor.pivot = p
lxc.cgroup.dir.container = c/
lxc.cgroup.dir.container.inner = i
lxc.cgroup.dir.container.inner = i/j
lxc.cgroup.dir.container.inner = ..
lxc.cgroup.dir.other = x
lxc.cgroup.relative = 1
lxc.cgroup.relative = 2

lxc.console.buffer.size = auto
lxc.console.buffer.size = 5000
lxc.console.buffer.size = 1
lxc.console.buffer.size = 1KB
lxc.console.buffer.size = 3 MB
lxc.console.buffer.size = 1gb
lxc.console.buffer.size = 100B
lxc.console.buffer.size = 1TB
lxc.console.buffer.size = B
lxc.console.buffer.size = -1
lxc.console.buffer.size = 1.5MB
lxc.console.buffer.size =
lxc.console.size = auto
lxc.console.size = x
lxc.console.logfile = /a//b/
lxc.console.path = none
lxc.console.rotate = 1
lxc.console.rotate = 2

lxc.environment = A=b
lxc.environment = PATH
lxc.environment = CF_UNSET
lxc.environment =

lxc.ephemeral = 1
lxc.ephemeral = 2
lxc.execute.cmd = /bin/a b
lxc.execute.cmd =
lxc.group = a b
lxc.group = c
lxc.group =

lxc.hook.pre-start = /a b
lxc.hook.pre-start = /c
lxc.hook.pre-mount = /a
lxc.hook.mount = /a
lxc.hook.autodev = /a
lxc.hook.start-host = /a
lxc.hook.start = /a
lxc.hook.stop = /a
lxc.hook.post-stop = /a
lxc.hook.clone = /a
lxc.hook.destroy = /a
lxc.hook.prestart = /a
lxc.hook = /a
lxc.hook =
lxc.hook.start =
lxc.hook.version = 1
lxc.hook.version = 2

lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.idmap = b 0 100000 65536
lxc.idmap = u 0 100000
lxc.idmap = u 0 100000 65536 1
lxc.idmap = x 0 100000 65536
lxc.idmap = u0 1 2
lxc.idmap = u 0 -1 2
lxc.idmap =

lxc.init.cmd = /sbin/init a
lxc.init.cwd = /a//b
lxc.init.uid = 1000
lxc.init.uid = root
lxc.init.uid = 4294967296
lxc.init.gid = 0x10
lxc.init.gid =
lxc.init.groups = 1,2
lxc.init.groups = 3
lxc.init.groups = a
lxc.init.groups = ,
lxc.init.groups =

lxc.keyring.session = 1
lxc.keyring.session = 2
lxc.log.level = INFO
lxc.log.level = info
lxc.log.level = 3
lxc.log.level = 42
lxc.log.level = loud
lxc.log.level =
lxc.log.syslog = daemon
lxc.log.syslog = local7
lxc.log.syslog = local8
lxc.log.syslog = mail
lxc.log.syslog =

lxc.monitor.unshare = 1
lxc.monitor.unshare = x
lxc.monitor.signal.pdeath = SIGTERM
lxc.monitor.signal.pdeath = TERM
lxc.monitor.signal.pdeath =

lxc.mount.auto = proc
lxc.mount.auto = sys:ro cgroup
lxc.mount.auto = proc:rw sys:mixed cgroup:ro:force
lxc.mount.auto = cgroup-full:rw
lxc.mount.auto = cgroup2
lxc.mount.auto = cgroup2:ro:force
lxc.mount.auto = cgroup2:rw
lxc.mount.auto = proc:ro
lxc.mount.auto = cgroup:force:ro
lxc.mount.auto = dev
lxc.mount.auto =
lxc.mount.auto = shmounts:/a
lxc.mount.auto = shmounts:/a:/b

lxc.mount.entry = proc proc proc nodev,noexec,nosuid 0 0
lxc.mount.entry = a b none bind
lxc.mount.entry = a b
lxc.mount.entry =
lxc.mount.fstab = /a
lxc.mount.fstab =

lxc.namespace.clone = net pid
lxc.namespace.clone = time
lxc.namespace.clone = nut
lxc.namespace.keep = net
lxc.namespace.clone =
lxc.namespace.keep = user mnt uts ipc cgroup
lxc.namespace.keep =
lxc.namespace.share.net = other
lxc.namespace.share.pid = 1
lxc.namespace.share.time = /proc/1/ns/time
lxc.namespace.share.nut = a
lxc.namespace.share.net =
lxc.namespace.share.nut =
lxc.namespace.share = a

lxc.no_new_privs = 1
lxc.no_new_privs = 2
lxc.no_new_privs =

lxc.prlimit.nofile = 5
lxc.prlimit.nofile = 5:6
lxc.prlimit.nofile = 5 : unlimited
lxc.prlimit.nofile = unlimited
lxc.prlimit.nofile = 5x
lxc.prlimit.nofile = 5:
lxc.prlimit.nofile = 5:6:7
lxc.prlimit.nofile = many
lxc.prlimit.nofile =
lxc.prlimit = 5

lxc.sysctl.net.ipv4.ip_forward = 1
lxc.sysctl.net.ipv4.ip_forward = 0
lxc.sysctl =
lxc.sysctl = 1
lxc.proc.oom_score_adj = 1
lxc.proc.oom_score_adj =
lxc.proc = 1

lxc.pty.max = 10
lxc.pty.max = -1
lxc.pty.max = a
lxc.pty.max =
lxc.tty.max = 010
lxc.tty.max = 4294967295
lxc.tty.max = 4294967296
lxc.tty.dir = lxc
lxc.tty.dir =

lxc.rootfs.path = /a//b/./c/
lxc.rootfs.path = dir:/a
lxc.rootfs.path = overlay:/a:/b
lxc.rootfs.path =
lxc.rootfs.mount = /m/
lxc.rootfs.options = ro,nodev
lxc.rootfs.options = subvol=a
lxc.rootfs.options = idmap=container
lxc.rootfs.options = create=dir
lxc.rootfs.options = ro,optional
lxc.rootfs.options =
lxc.rootfs.managed = 0
lxc.rootfs.managed = 2
lxc.rootfs.managed =

lxc.sched.core = 1
lxc.sched.core = 2
lxc.sched.core =

lxc.seccomp.profile = /a//b
lxc.seccomp.profile =
lxc.seccomp.allow_nesting = 1
lxc.seccomp.allow_nesting = 2
lxc.seccomp.notify.cookie = a
lxc.seccomp.notify.cookie =
lxc.seccomp.notify.proxy = unix:/a
lxc.seccomp.notify.proxy = /a
lxc.seccomp.notify.proxy =

lxc.selinux.context = a:b:c
lxc.selinux.context =
lxc.selinux.context.keyring = a
lxc.selinux.context.keyring =

lxc.signal.halt = SIGPWR
lxc.signal.halt = sigint
lxc.signal.halt = SIGRTMIN+3
lxc.signal.halt = sigrtmax-14
lxc.signal.halt = SIGRTMIN+99
lxc.signal.halt = 37
lxc.signal.halt = HUP
lxc.signal.halt =
lxc.signal.reboot = SIGRTMIN
lxc.signal.stop = SIGNOT
lxc.signal.stop = SIGCLD

lxc.start.auto = 1
lxc.start.auto = 2
lxc.start.auto =
lxc.start.delay = 5
lxc.start.delay = -5
lxc.start.order = -5
lxc.start.order = x

lxc.time.offset.boot = 5h
lxc.time.offset.boot = -10 s
lxc.time.offset.boot =
lxc.time.offset.boot = 10ms
lxc.time.offset.boot = 10
lxc.time.offset.boot = 10d
lxc.time.offset.monotonic = 7s
lxc.time.offset.monotonic =
lxc.time.offset.monotonic = 3 us

lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.link = br0
lxc.net.0.name = eth0
lxc.net.0.mtu = 1400
lxc.net.0.hwaddr = 00:16:3e:12:34:56
lxc.net.0.veth.pair = v0
lxc.net.0.veth.mode = router
lxc.net.0.veth.mode = hub
lxc.net.0.veth.mode =
lxc.net.0.veth.n_rxqueues = 2
lxc.net.0.veth.n_rxqueues = 0
lxc.net.0.veth.n_txqueues = 2
lxc.net.0.veth.n_txqueues = x
lxc.net.0.veth.vlan.id = 5
lxc.net.0.veth.vlan.id = none
lxc.net.0.veth.vlan.id = 4095
lxc.net.0.veth.vlan.id =
lxc.net.0.veth.vlan.tagged.id = 5
lxc.net.0.veth.vlan.tagged.id = 6
lxc.net.0.veth.vlan.tagged.id = none
lxc.net.0.veth.vlan.tagged.id =
lxc.net.0.veth.ipv4.route = 10.0.0.0/8
lxc.net.0.veth.ipv4.route = 10.0.0.0
lxc.net.0.veth.ipv4.route = 10.0.0.0/33
lxc.net.0.veth.ipv6.route = 2001:db8::/32
lxc.net.0.veth.ipv6.route = 10.0.0.0/8
lxc.net.0.ipv4.address = 10.0.3.4/24
lxc.net.0.ipv4.address = 172.16.0.1
lxc.net.0.ipv4.address = 192.168.0.1/24 192.168.0.255
lxc.net.0.ipv4.address = 192.168.0.1/24 x
lxc.net.0.ipv4.address = 192.168.0/24
lxc.net.0.ipv4.address = 192.168.0.1/33
lxc.net.0.ipv4.address =
lxc.net.0.ipv4.gateway = auto
lxc.net.0.ipv4.gateway = x
lxc.net.0.ipv6.address = 2001:db8::1
lxc.net.0.ipv6.address = 2001:db8::2/96
lxc.net.0.ipv6.address = x
lxc.net.0.ipv6.gateway = dev
lxc.net.0.ipv6.gateway = 10.0.0.1
lxc.net.0.l2proxy = 1
lxc.net.0.l2proxy = 2
lxc.net.0.script.up = /a b
lxc.net.0.script.down = /a
lxc.net.0.macvlan.mode = bridge
lxc.net.0.vlan.id = 5
lxc.net.0.other = a
lxc.net.0. = a
lxc.net.x.type = veth
lxc.net = a
lxc.net.1.type = none
lxc.net.0 =
lxc.net.7 =
lxc.net.7.link =
lxc.net =

lxc.net.0.ipv4.gateway = 10.0.3.1
lxc.net.0.ipv6.gateway = 2001:db8::2
lxc.net.0.veth.pair = a
lxc.net.0.type = macvlan
lxc.net.0.macvlan.mode = passthru
lxc.net.0.macvlan.mode = hub
lxc.net.1.type = ipvlan
lxc.net.1.ipvlan.mode = l3s
lxc.net.1.ipvlan.mode = l4
lxc.net.1.ipvlan.isolation = vepa
lxc.net.1.ipvlan.isolation = none
lxc.net.2.type = vlan
lxc.net.2.vlan.id = 0x10
lxc.net.2.vlan.id = 65536
lxc.net.3.type = phys
lxc.net.4.type = empty

lxc.net.0.type = bridge

lxc.net.0.flags = down
lxc.net.0.mtu = many
lxc.net.0.hwaddr = 00:16
lxc.net.0.link = 0123456789abcdef
lxc.net.0.ipv6.address = ::1/129
lxc.autodev.tmpfs.size = big
lxc.mount.auto = shmounts:

lxc.time.offset.boot = -10m
lxc.net.0.type = veth
lxc.net.0.ipv4.address = dhcp

lxc.network.type = veth
lxc.utsname = a
lxc.id_map = u 0 1 2
lxc.other = a
END

# Each of these values in a configuration of its own.
cat > "$WORK/rows" << 'END'
lxc.prlimit.nofile | -5 | -0 | :5 | 5: | : | -1:-1 | +5 | 0x10 | 010 | 5 6 | unlimited:5 | 5:unlimited | unlimitedx
lxc.prlimit.nofile | 18446744073709551615 | 18446744073709551616 | 5::6
lxc.prlimit.nosuch | 5
lxc.cap.drop | 0x10 | 010 | 40 | 41 | 63 | 64 | -1 | +1 | 1x | SYS_ADMIN | sys_admin,kill | kill none | none kill
lxc.cap.keep | 0x10 | 010 | 40 | 41 | -1 | kill none | none kill | none
lxc.log.level | 01 | 0x1 | 8 | 9 | -1 | +1 | 10 | warn | WARNING | NOTSET | fatal | 1x
lxc.idmap | u 0 1 2 | u	0	1	2 | u 0 1 0 | u 4294967295 1 2 | u 4294967296 1 2 | u 0x10 1 2 | u 010 1 2 | U 0 1 2
lxc.idmap | u 0 1 4294967295 | uu 0 1 2 | u 0 1 2x | u 0 1 2 #x | b 0 1 2
lxc.time.offset.boot | 5 | 5h | 5m | 5s | 5ms | 5us | 5ns | 5 h | 5 m | 5 s | 5 ms | 5 us | 5 ns | 5  s | 5sx | 5S
lxc.time.offset.boot | +5s | 0s | -5ms | 9999999999999999999s | 0x5s | 5min | 1h 2m | -10m
lxc.time.offset.monotonic | 5 | 5h | 5m | 5s | 5ms | 5us | 5ns | 5 h | 5 m | 5 s | 5 ms | 5 us | 5 ns | 5  s | 5sx
lxc.time.offset.monotonic | 5S | +5s | 0s | -5ms | 0x5s
lxc.signal.halt | 0 | 1 | 64 | 65 | -1 | 0x9 | SIGRTMIN+0 | SIGRTMAX | SIGRTMAX-0 | SIGRTMAX+1 | SIGRTMIN-1
lxc.signal.halt | SIGRTMIN+30 | SIGRTMIN+31 | SIGPOLL | SIGSTKFLT | SIGUNUSED | SIGIOT | SIGSYS | SIGLOST | SIGEMT
lxc.signal.halt | SIGHUP x | PWR
lxc.console.size | auto | 0 | 1 | 4095 | 4096 | 4097 | 5 KB | 5kb | 5Kb | 5 kB | 5K | 5M | 5MB | 5GB | -5 | 0x1000
lxc.console.size | 9999999999999999GB | 5B | 5 B | 5BB
lxc.rootfs.path | dir:/ | / | dir:/a//b | dir: | overlay:/a:/b | overlayfs:/a:/b | loop:/a | zfs:a/b | lvm:/dev/a
lxc.rootfs.path | rbd:a | nbd:/dev/nbd0 | btrfs:/a | none | a | nosuch:/a | /a:b | overlay:/a | overlay:/
lxc.rootfs.path | overlay:/a:/ | dir:/a/ | dir:/a:b | loop:/a/
lxc.rootfs.options | ro | idmap=container | idmap=/proc/self/ns/user | idmap=/none | idmap= | create=file
lxc.rootfs.options | relative | bind | rw,noatime | optional | nosuch=1
lxc.mount.auto | proc:ro | proc:x | sys:x | cgroup:x | cgroup-full | cgroup-full:mixed:force | cgroup-full:force
lxc.mount.auto | cgroup:force | cgroup2:force | cgroup2:mixed | cgroup2:ro | cgroup2:rw:force | shmounts | shmounts:
lxc.mount.auto | shmounts:a | shmounts:/a:b | shmounts:/a: | shmounts::/b | shmounts:/a:/b:/c | none | proc sys
lxc.mount.auto | proc,sys | Proc
lxc.cgroup.dir | a | a/b | ./a | a/. | a..b | ../a | /a | a/.. | .. | .
lxc.cgroup.dir.container.inner | . | .. | a/b | a | /a
lxc.cgroup.dir.monitor | /a | ../a | a
lxc.cgroup.relative | -1 | x | 2
lxc.net.0.ipv6.address | ::1/128 | ::1/129 | ::1/-1 | ::1/x | ::1/ | ::1/64x | fe80::1%eth0 | ::1/064 | ::1/0x10
lxc.net.0.ipv4.address | 1.2.3.4/ | 1.2.3.4/x | 1.2.3.4/-1 | 1.2.3.4/32x | 1.2.3.4/024 | 1.2.3.4/0x10 | 1.2.3
lxc.net.0.ipv4.address | 1.2.3.4.5 | 01.2.3.4 | 1.2.3.4/24 1.2.3.255 | 1.2.3.4/24  1.2.3.255 | 1.2.3.4 1.2.3.255
lxc.net.0.ipv4.address | 128.0.0.1 | 0.0.0.1 | 224.0.0.1 | 1.2.3.4/0 | 1.2.3.4/31 | 1.2.3.200 | 1.2.3.150
lxc.net.0.ipv4.address | 1.2.3.230 | dhcp
lxc.net.0.ipv4.gateway | auto | dev | 1.2.3.4 | 1.2.3.4/24 | x
lxc.net.0.ipv6.gateway | auto | dev | ::1 | ::1/64 | x
lxc.net.0.veth.ipv4.route | 1.2.3.4/32 | 1.2.3.4/0 | 1.2.3.4/-1 | 1.2.3.4/x | 1.2.3.4/ | x/24 | 1.2.3.4/24 1
lxc.net.0.veth.ipv6.route | ::1/128 | ::1/129 | ::/0 | ::1/ | x/64 | ::1/x
lxc.net.0.veth.vlan.id | 0 | 4094 | 4095 | -1 | none | 0x10 | 010
lxc.net.0.veth.vlan.tagged.id | 0 | 4094 | 4095 | -1 | none | 0x10
lxc.net.0.veth.n_rxqueues | 0x10 | -1 | 0 | 2147483648 | 4294967296
lxc.net.0.type | veth | bridge | macvlan | ipvlan | vlan | phys | none | empty | Veth
lxc.net.0.flags | up | down | UP
lxc.group | a,b | a b | a	b
lxc.environment | A=b | A= | =b | A | HOME | PATH | A=b=c | A b=c | 1=2
lxc.init.groups | 1 | 1,2 | 1 2 | 1, 2 | 1,,2 | ,1 | 1, | -1 | 4294967296 | x | 1,x | 0x10
lxc.init.cmd | a | /a b | /a  b
lxc.sysctl.net.x | 1 | a b
lxc.proc.oom_adj | 1
lxc.namespace.clone | net pid | net,pid | net|pid | time | user | mount | mnt | cgroup | Net
lxc.namespace.keep | net pid | user | time | cgroup
lxc.namespace.share.net | a | 1 | /proc/1/ns/net
lxc.namespace.share.user | a
lxc.namespace.share.nut | a
lxc.namespace.share. | a
lxc.seccomp.notify.proxy | unix:/a | unix:@a | unix:a | unix: | a | /a
lxc.arch | x86_64 | i386 | arm64 | loongarch64 | X86 | sparc
lxc.uts.name | a b | a_b | a/b | .
lxc.tty.dir | a/b | /a | .. | a b
lxc.tty.max | -1 | +1 | 010
lxc.pty.max | -1 | +1 | 010
lxc.start.delay | -1 | +1 | 2147483647 | 2147483648
lxc.start.order | -1 | +1 | 2147483648 | -2147483648 | 0x10 | 010
lxc.hook.version | 0 | 1 | 2 | x
lxc.monitor.unshare | 2 | -1
lxc.monitor.signal.pdeath | SIGKILL | 0 | x
lxc.apparmor.profile | unchanged | generated | a b | unconfined
lxc.apparmor.allow_incomplete | 2 | -1
lxc.selinux.context | a:b:c:d | unchanged
lxc.cgroup.a | b
lxc.cgroup2.a | b
lxc.cgroup | b
lxc.cgroup2 | b
lxc.sched.core | 2 | -1 | x
lxc.include | 
lxc.log.syslog | daemon | DAEMON | local0 | local8 | user | kern
lxc.log.file | /dev/null/log | 
lxc.console.path | none | /dev/tty1
lxc.keyring.session | 2 | x
lxc.execute.cmd | a
lxc.hook | a | 
lxc.hook.nosuch | a
lxc.nosuch | a
lxc. | a
lxc.net | a
lxc.net. | a
lxc.net.0 | a
lxc.net.-1.type | veth
lxc.net.99999999999.type | veth
lxc.net.00.type | veth
lxc.net.0.nosuch | a
lxc.tty | 4
lxc.pts | 4
lxc.rootfs | /a
lxc.console | a
lxc.loglevel | 1
lxc.prlimit | 1
lxc.sysctl | 1
lxc.proc | 1
lxc.sysctl. | 1
lxc.proc. | 1
lxc.prlimit. | 1
lxc.cgroup. | 1
lxc.cgroup2. | 1
END

# Each of these with each key.
values=('' x 'x y' -1 0 1 2 01 0x10 '1 2' 1x 99999 4294967296 18446744073709551616 /a a/b ../a none auto up dev 1.5
    : , = '#'
    "$(printf 'a%.0s' {1..16})" "$(printf 'a%.0s' {1..64})" "$(printf 'a%.0s' {1..255})" "$(printf 'a%.0s' {1..256})"
    KILL 10.0.0.1 10.0.0.1/24 ::1 ::1/64 é)

# What one accepts and the other refuses: the key, the values, and why.
cat > "$WORK/exceptions" << 'END'
# lxcbox's own: an address from outside.
lxc.net.0.ipv4.address = dhcp
# A namespace to take the ids from, which stock opens when it reads the line.
lxc.rootfs.options = idmap=/none
# LXC has it since 6.0.
lxc.arch = loongarch64
# Stock takes every negative number that it has to multiply for an overflow.
lxc.time.offset.boot = -5ms
lxc.time.offset.boot = -10m
lxc.time.offset.monotonic = -5ms
# Stock opens the file when it reads the line.
lxc.log.file = /dev/null/log
END

# What both accept and answer differently, with the reason.
cat > "$WORK/answers" << 'END'
# Stock answers with less than was set (no forced cgroups, no shmounts, no "@"), or with "(null)" and "(invalid)" for
# nothing.
lxc.mount.auto = proc:rw sys:mixed cgroup:ro:force
lxc.mount.auto = cgroup:force
lxc.mount.auto = cgroup-full:force
lxc.mount.auto = cgroup-full:mixed:force
lxc.mount.auto = cgroup2
lxc.mount.auto = cgroup2:force
lxc.mount.auto = cgroup2:ro
lxc.mount.auto = cgroup2:ro:force
lxc.mount.auto = shmounts:a
lxc.mount.auto = shmounts:/a
lxc.mount.auto = shmounts:/a:
lxc.mount.auto = shmounts:/a:b
lxc.mount.auto = shmounts:/a:/b
lxc.mount.auto = shmounts:/a:/b:/c
lxc.mount.auto = shmounts::/b
lxc.seccomp.notify.proxy = unix:@a
lxc.cgroup.dir =
lxc.namespace.share.net =
lxc.net.0.veth.mode =
# The prefix of an address's class: stock looks at the last byte of the address, not at the first.
lxc.net.0.ipv4.address = 172.16.0.1
lxc.net.0.ipv4.address = 192.168.0.1/24 192.168.0.255
lxc.net.0.ipv4.address = 128.0.0.1
lxc.net.0.ipv4.address = 224.0.0.1
lxc.net.0.ipv4.address = 1.2.3.150
lxc.net.0.ipv4.address = 1.2.3.200
lxc.net.0.ipv4.address = 1.2.3.230
# What cannot be had, and is refused when the container starts: stock answers with some or all of it,
# lxcbox with all or none.
lxc.idmap = u 4294967296 1 2
lxc.mount.auto = shmounts:
lxc.net.0.link = 0123456789abcdef
lxc.net.0.mtu = many
lxc.prlimit. = 1
END

# What the probe does not call, and what that calls, goes again.
cc -std=gnu11 -D_GNU_SOURCE -DLXCBOX_VERSION='"test"' -I. -ffunction-sections -Wl,--gc-sections -o "$WORK/probe" \
    tests/interop/config_probe.c core/config/*.c core/base/*.c || exit 1
# The same small environment for both: lxc.environment looks at it. In a directory for stock to make its log files in.
stock() {
    (cd "$WORK/there" && env -i PATH=/usr/bin:/bin /usr/bin/python3 "$OLDPWD/tests/interop/config_stock.py" "$WORK" \
        2> /dev/null)
}
ours() { (cd "$WORK/there" && env -i PATH=/usr/bin:/bin "$WORK/probe" "$@"); }
mkdir "$WORK/there"

# Stock's own list of keys, and what is in none: a member of each family, and some of the networks'.
/usr/bin/python3 -c '
import _lxc, sys
class C(_lxc.Container): pass
c = C("any", sys.argv[1])
c.set_config_item("lxc.tty.max", "1")
print("\n".join(c.get_keys().split()))
for t in "veth", "macvlan", "ipvlan", "vlan", "phys", "none", "empty":
    c.set_config_item("lxc.net.0.type", t)
    print("\n".join("%s lxc.net.0.%s" % (t, k) for k in c.get_keys("lxc.net.0").split()))' "$WORK" > "$WORK/keys"
printf '%s\n' lxc.namespace.share.net lxc.cgroup.memory.max lxc.cgroup2.memory.max lxc.prlimit.nofile lxc.sysctl.net.x \
    lxc.proc.x 'veth lxc.net.0.'{l2proxy,veth.mode,veth.n_rxqueues,veth.n_txqueues,veth.vlan.tagged.id} >> "$WORK/keys"

# A network's type comes before its other keys. Stock makes log files of all that can be a file's name.
while read -r type key; do
    [ -n "$key" ] || { key=$type type=; }
    [ "$key" != lxc.log.file ] || continue
    for value in "${values[@]}"; do
        [ -z "$type" ] || echo "lxc.net.0.type = $type"
        printf '%s = %s\n\n' "$key" "$value"
    done
done < "$WORK/keys" > "$WORK/all"
awk -F ' [|] ' \
    '{ for (i = 2; i <= NF; i++) print "\n" ($1 ~ /^lxc.net.0.*[.]/ ? "lxc.net.0.type = veth\n" : "") $1 " = " $i }' \
    "$WORK/rows" >> "$WORK/cases"
for which in cases all; do
    stock < "$WORK/$which" > "$WORK/$which.stock"
    ours < "$WORK/$which" > "$WORK/$which.ours"
done

# accepted FILE: the lines that one accepts and the other does not; answered FILE: those that both accept and answer
# differently. Each "KEY = VALUE", sorted.
# From LXC 6 on the library refuses other machines' architectures, and answers lxc.arch with nothing, a time offset in
# other units, and refuses a VLAN id of "": what holds for LXC 5 alone is left out there.
unlike='^$'
[ "$(/usr/bin/lxc-info --version | cut -d. -f1)" -lt 6 ] ||
    unlike='^lxc\.(arch|time\.offset\.[a-z]*|net\.0\.veth\.vlan\.id) ='
compare() { # FILE CONDITION
    paste -d '\n' "$WORK/$1.stock" "$WORK/$1.ours" | awk '
        NR % 2 { stock = $0; next }
        { a = stock ~ / -> yes /; b = / -> yes / }
        '"$2"' { sub(/ -> .*/, ""); sub(/ $/, ""); print }' | grep -vE "$unlike" | sort -u
}
accepted() { compare "$1" 'a != b'; }
answered() { compare "$1" 'a && b && stock != $0'; }
listed() { grep -v '^#' "$WORK/$1" | grep -vE "$unlike" | sort -u; }
agree() { # LISTED COMPARED
    diff <(listed "$1") "$2" && return
    grep -h -F -f <(diff <(listed "$1") "$2" | sed -n 's/^> //p') "$WORK"/{cases,all}.{stock,ours}
    return 1
}
same_acceptance() { agree exceptions <(accepted cases) && accepted all && [ -z "$(accepted all)" ]; }
same_answers() { agree answers <(answered cases); }
known_keys() {
    grep -v ' ' "$WORK/keys" |
        sed 's/$/ =/' |
        ours |
        grep -v -e '-> yes' -e '^lxc.arch =' -e '^lxc.mount.fstab ='
}

t 'every value is accepted and refused as by stock LXC, but for the exceptions' same_acceptance
t 'these are five keys at most' [ "$(listed exceptions | sed 's/ =.*//; s/[^.]*$//' | sort -u | wc -l)" -le 5 ]
t 'every value is answered as by stock LXC, but for the differences listed' same_answers
all_known() { [ "$(grep -vc " " "$WORK/keys")" -gt 80 ] && ! known_keys; }
t 'every key that stock LXC lists is a key here' all_known

# A built-in file sets what stock's own sets. The clone hook apart: the script it names is a file of stock LXC too.
# What closes more is in addition: a cgroup below the one with the limits, and two ioctls.
same_file() {
    diff <(ours "/usr/share/lxc/config/$1" | grep -v '^lxc.hook.clone' | sort) \
        <(ours -b "$1" | grep -v '^lxc.cgroup.dir.container.inner' | sort)
}
for name in common.conf userns.conf nesting.conf oci.common.conf; do
    t "the built-in $name sets what stock LXC's does" same_file $name
done
same_policy() {
    diff <(sed 's/ *#.*//' /usr/share/lxc/config/common.seccomp | grep . | sort) \
        <(sed 's/ *#.*//; /^\[mips/d; /^ioctl /d' core/config/include/common.seccomp | grep . | sort)
}
t "the built-in common.seccomp is stock LXC's policy" same_policy
