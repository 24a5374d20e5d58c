# A client of the command socket: command.py LXCPATH NAME [NUMBER]... prints how each command is answered. With
# "LXCPATH NAME all" each is asked in turn, the ones that change something last; what differs from one container to
# the next (pids, paths, terminals) is printed by its kind.
import array, os, socket, struct, sys

NAMES = """GET_TTY_FD TERMINAL_WINCH STOP GET_STATE GET_INIT_PID GET_CLONE_FLAGS GET_CGROUP GET_CONFIG_ITEM GET_NAME
GET_LXCPATH ADD_STATE_CLIENT CONSOLE_LOG SERVE_STATE_CLIENTS SECCOMP_NOTIFY_ADD_LISTENER ADD_BPF_DEVICE_CGROUP FREEZE
UNFREEZE GET_CGROUP2_FD GET_INIT_PIDFD GET_LIMIT_CGROUP GET_LIMIT_CGROUP2_FD GET_DEVPTS_FD GET_SECCOMP_NOTIFY_FD
GET_CGROUP_CTX GET_CGROUP_FD GET_LIMIT_CGROUP_FD GET_SYSTEMD_SCOPE""".split()
lxcpath, name = sys.argv[1:3]

# What goes with a command: its data, or a number in place of the pointer.
STATES = struct.pack("8i", *[1] * 8)
DEVICE = struct.pack("c3xii4si16x", b"c", 1, 3, b"rwm\0", 1)
WITH = {
    0: 1, 6: b"memory\0", 7: b"lxc.uts.name\0", 10: STATES, 11: struct.pack("BBxxxxxxQBxxxxxxx", 0, 1, 0, 0), 12: 2,
    14: DEVICE, 15: 1, 16: 1, 19: b"memory\0", 23: bytes(96), 24: struct.pack("iIii64s", 0, 0, 0, -1, b"memory"),
    25: struct.pack("iIii64s", 0, 0, 0, -1, b"memory"),
}


def ask(number):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(10)
    s.connect("\0%s/%s/command" % (lxcpath, name))
    what = WITH.get(number, 0)
    data = what if isinstance(what, bytes) else b""
    request = struct.pack("=iiq", number, len(data), 0 if data else what)
    credentials = struct.pack("iii", os.getpid(), os.getuid(), os.getgid())
    s.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
    if number == 13:
        s.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    if data:
        s.sendall(data)
    try:
        answer, ancillary, _, _ = s.recvmsg(16, socket.CMSG_SPACE(4 * 64))
        fds = sum(len(d) // 4 for level, kind, d in ancillary if kind == socket.SCM_RIGHTS)
        if not answer:
            return "closed"
        result, length, value = struct.unpack("=iiq", answer)
        rest = b""
        while len(rest) < length:
            rest += s.recv(length - len(rest))
    except (ConnectionResetError, BrokenPipeError):
        return "closed"
    finally:
        s.close()
    if number in (4, 22):
        value = "pid" if value > 1 else value
    if number in (0, 18, 21):
        value = "-"
    text = rest.rstrip(b"\0").decode(errors="replace") if 0 < length < 4096 and number in (6, 7, 8, 9, 19) else ""
    if length:
        value = "-" # a pointer of LXC's monitor
    return "result %s data %s value %s fds %d" % (result, "text " + text if text else "log" if number == 11 else length, value, fds)


last = [12, 2]
numbers = [n for n in range(28) if n not in last] + last if sys.argv[3:] == ["all"] else map(int, sys.argv[3:])
for number in numbers:
    print(number, NAMES[number] if number < len(NAMES) else "-", ask(number))
