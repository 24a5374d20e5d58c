"""Clients that cost a monitor more than they should: clients.py LXCPATH WHAT NAME [PID OF THE MONITOR].

Fails if the monitor does not stay within its bounds.
"""
import os, signal, socket, struct, subprocess, sys, threading, time

lxcpath, what, name = sys.argv[1:4]
pid = int(sys.argv[4]) if len(sys.argv) > 4 else 0
GET_STATE, STOP, GET_CONFIG_ITEM, ADD_STATE_CLIENT, CONSOLE_LOG = 3, 2, 7, 10, 11
EBUSY = 16


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect("\0%s/%s/command" % (lxcpath, name))  # with a time-out it would fail while the queue is full
    s.settimeout(10)
    return s


def request(s, number, data=b"", length=None):
    head = struct.pack("=iiq", number, len(data) if length is None else length, 0)
    credentials = struct.pack("iii", os.getpid(), os.getuid(), os.getgid())
    s.sendmsg([head + data], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])


def result(s):
    return struct.unpack("=iiq", s.recv(16))[0]


def state_ms(s=None):
    began = time.monotonic()
    s = s or connect()
    request(s, GET_STATE)
    assert result(s) == 0
    return (time.monotonic() - began) * 1000


def longest_wait(client):
    """While `client` runs, the monitor answers others: the longest that one has waited, in milliseconds."""
    ended = threading.Event()
    thread = threading.Thread(target=client, args=(ended,), daemon=True)
    thread.start()
    time.sleep(0.3)
    longest = max(state_ms() for _ in range(3))
    ended.set()
    print("longest wait: %d ms" % longest)
    return longest


def trickle():
    def client(ended):
        s = connect()
        request(s, GET_CONFIG_ITEM, length=8000)
        while not ended.is_set():
            try:
                s.send(b"x")
            except OSError:
                return
            time.sleep(0.4)

    assert longest_wait(client) < 2500


def sip():
    def client(ended):
        s = connect()
        request(s, CONSOLE_LOG, struct.pack("BBxxxxxxQBxxxxxxx", 0, 1, 0, 0))
        while not ended.is_set() and s.recv(65536):
            time.sleep(0.4)

    assert longest_wait(client) < 2500


def memory_kb():
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f if line.startswith("RssAnon")).split()[1])


def subscribe():
    before, s = memory_kb(), connect()
    for _ in range(20000):
        request(s, ADD_STATE_CLIENT, struct.pack("8i", 1, 0, 0, 1, 1, 1, 1, 1))
        assert result(s) == 8
    print("memory: %d KB, then %d KB" % (before, memory_kb()))
    assert memory_kb() <= before + 16


def many():
    connections = [connect() for _ in range(200)]
    state_ms(connections[199])
    later = [connect() for _ in range(200)]
    request(later[199], GET_STATE)
    assert result(later[199]) == -EBUSY
    state_ms(connections[0])


def processor_ticks():
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def starve():
    connections = [connect() for _ in range(90)]
    time.sleep(0.5)
    before = processor_ticks()
    time.sleep(2)
    print("ticks in 2 s: %d" % (processor_ticks() - before))
    assert processor_ticks() - before < 10
    state_ms(connections[0])
    for s in connections:
        s.close()
    assert state_ms() < 2500


def stop_in_reboot():
    """The request is there when init has ended to reboot, and before the monitor knows that it has."""
    s = connect()
    state_ms(s)
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        init = int(f.read().split()[0])
    os.kill(pid, signal.SIGSTOP)
    request(s, STOP)
    subprocess.run(["nsenter", "-t", str(init), "-p", "-m", "-r", "/bin/busybox", "reboot", "-f"], timeout=10)
    end = time.monotonic() + 5
    while open("/proc/%d/stat" % init).read().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(pid, signal.SIGCONT)
    s.settimeout(10)
    assert s.recv(16) == b""  # the monitor has ended


globals()[what]()
