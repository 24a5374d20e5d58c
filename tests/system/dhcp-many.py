"""Many DHCP clients at once on eth0: dhcp-many.py N [PID COMMAND]. Fails unless each gets an address of its own.

Process PID, the server, is killed amid the requests; COMMAND then starts it again. Prints "ADDRESS MAC" of every lease that
was acknowledged, then what it comes to.
"""
import os, signal, socket, struct, subprocess, sys, time

count = int(sys.argv[1])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
s.bind(("eth0", 0))


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(client, options):
    mac = b"\x02\x10\0\0" + struct.pack("!H", client)
    dhcp = struct.pack("!4BIHH16x6s10x192x", 1, 1, 6, 0, client + 1, 0, 0, mac) + b"\x63\x82\x53\x63" + options + b"\xff"
    udp = struct.pack("!4H", 68, 67, 8 + len(dhcp), 0) + dhcp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    s.send(b"\xff" * 6 + mac + b"\x08\0" + ip + udp)


def replies(kind, wanted):
    got, end = {}, time.time() + 20
    s.settimeout(0.5)
    while len(got) < wanted and time.time() < end:
        try:
            frame = s.recv(2000)
        except socket.timeout:
            return got
        if frame[23] == 17 and frame[34:38] == b"\0\x43\0\x44" and frame[42] == 2 and frame[284] == kind:
            got[struct.unpack("!I", frame[46:50])[0] - 1] = frame[58:62]
    return got


offers, acks = {}, {}
for attempt in range(4):
    for c in range(count):
        if c not in offers:
            send(c, b"\x35\1\1")
    offers.update(replies(2, count - len(offers)))
for attempt in range(4):
    for c, address in offers.items():
        if c not in acks:
            send(c, b"\x35\1\3\x32\4" + address + b"\x36\4\x0a\0\3\1")
        if sys.argv[2:] and attempt == 0 and c == count // 2:
            acks.update(replies(5, 1))
            os.kill(int(sys.argv[2]), signal.SIGKILL)
    acks.update(replies(5, count - len(acks)))
    if sys.argv[2:] and attempt == 0:
        print(len(acks), "leases until it was killed")
        subprocess.run(sys.argv[3], shell=True, check=True)
for c, address in acks.items():
    print(socket.inet_ntoa(address), "02:10:00:00:%02x:%02x" % (c >> 8, c & 255))
print(len(offers), "offers,", len(acks), "leases,", len(set(acks.values())), "addresses")
sys.exit(not (len(acks) == count == len(set(acks.values()))))
