"""What a DHCP server gives to clients that change their identifier: dhcp-sequences.py HOSTS RELOAD.

Run on eth0 before the server. HOSTS is the server's file of dhcp-hostsfile, RELOAD a command that makes the server read it
again. Prints a line for each sequence: the addresses that were given, in order; one that no
sequence asks for was chosen by the server and appears as a, b, ... in the order of first use. "-": no answer; "NAK": refused.
"""
import re, socket, struct, subprocess, sys, time

hosts, reload = sys.argv[1:3]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
s.bind(("eth0", 0))
transaction = 0
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def option(code, data):
    return bytes([code, len(data)]) + data


def send(mac, kind, options, ciaddr):
    global transaction
    transaction += 1
    dhcp = struct.pack("!4BIHH4s12x6s10x192x", 1, 1, 6, 0, transaction, 0, 0, ciaddr, mac)
    dhcp += b"\x63\x82\x53\x63" + option(53, bytes([kind])) + options + b"\xff"
    dhcp += b"\0" * (len(dhcp) % 2)
    udp = struct.pack("!4H", 68, 67, 8 + len(dhcp), 0) + dhcp
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    s.send(b"\xff" * 6 + mac + b"\x08\0" + ip + udp)


def parse(dhcp):
    options, at = {}, 240
    while at < len(dhcp) and dhcp[at] != 255:
        if dhcp[at]:
            options[dhcp[at]] = options.get(dhcp[at], b"") + dhcp[at + 2 : at + 2 + dhcp[at + 1]]
            at += dhcp[at + 1] + 1
        at += 1
    return dhcp[16:20], options


def ask(mac, kind, options=b"", ciaddr=b"\0" * 4, seconds=2.0, attempts=3):
    """Send and wait for the reply: its address and options, or None."""
    for attempt in range(attempts):
        send(mac, kind, options, ciaddr)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            s.settimeout(left)
            try:
                frame = s.recv(2000)
            except socket.timeout:
                break
            if frame[23] == 17 and frame[34:38] == b"\0\x43\0\x44" and struct.unpack("!I", frame[46:50])[0] == transaction:
                return parse(frame[42:])
    return None


class Client:
    def __init__(self, number, id=None, name=None):
        self.mac = bytes([2, 0, 0, 0, number >> 8, number & 255])
        self.id = self.mac if id == "mac" else id
        self.options = option(61, b"\1" + self.mac if id == "mac" else id) if id else b""
        self.options += option(12, name.encode()) if name else b""
        self.address = self.server = b""

    def discover(self, wish=None, more=b""):
        reply = ask(self.mac, DISCOVER, self.options + more + (option(50, wish) if wish else b""))
        self.address, options = reply or (b"", {})
        self.server = options.get(54, b"")
        return self.address

    def finish(self, reply):
        if not reply:
            return "-"
        if reply[1][53][0] == NAK:
            self.address = b""
            return "NAK"
        self.address = reply[0]
        return self.address

    def get(self, wish=None):
        if not self.discover(wish):
            return "-"
        return self.finish(ask(self.mac, REQUEST, self.options + option(50, self.address) + option(54, self.server)))

    def reboot(self, address):
        return self.finish(ask(self.mac, REQUEST, self.options + option(50, address)))

    def renew(self, address=None):
        return self.finish(ask(self.mac, REQUEST, self.options, address or self.address))

    def release(self):
        send(self.mac, RELEASE, self.options + option(54, self.server), self.address)
        time.sleep(0.1)
        return "released"

    def decline(self):
        send(self.mac, DECLINE, self.options + option(50, self.address) + option(54, self.server), b"\0" * 4)
        time.sleep(0.1)
        return "declined"


def address(last):
    return bytes([10, 0, 3, last])


def sequence(name, *steps):
    chosen, words = [], []
    for step in steps:
        got = step() if callable(step) else step
        if isinstance(got, bytes) and got and not 90 <= got[3] < 200:
            if got not in chosen:
                chosen.append(got)
            got = chr(ord("a") + chosen.index(got))
        elif isinstance(got, bytes):
            got = socket.inet_ntoa(got) if got else "-"
        words.append(got)
    print("%s: %s" % (name, " ".join(words)), flush=True)


def add_host(line):
    def step():
        with open(hosts, "a") as f:
            f.write(line + "\n")
        subprocess.run(reload, shell=True, check=True)
        time.sleep(0.3)
        return "added"

    return step


def duid(n):
    return b"\xff\0\0\0\1\0\3\0\1" + bytes([2, 0, 0, 0, 0, n])


c = Client
one, two = c(101, "mac"), c(101, duid(1))
sequence("udhcpc's identifier, then a DUID", one.get, two.get, two.renew)
one, two = c(102), c(102, duid(2))
sequence("no identifier, then a DUID", one.get, two.get)
one, two = c(103, duid(3)), c(103)
sequence("a DUID, then none", one.get, two.get)
one, two = c(104, "mac"), c(104, duid(4))
sequence("another identifier after a release", one.get, one.release, two.get, two.release, one.get)
one, two, three = c(105, b"\0one"), c(105, b"\0two"), c(105, duid(5))
sequence("three identifiers in turn", one.get, two.get, three.get, one.get, two.get)
one, two = c(106, "mac"), c(106, duid(6))
sequence("the first renews after the second", one.get, two.get, one.renew, two.renew)
one, two = c(107, "mac"), c(107, duid(7))
sequence("a request without discovery", one.get, lambda: two.reboot(address(107)), lambda: two.reboot(address(77)))
one, two = c(108, "mac"), c(9)
sequence("a stranger wishes a reserved address", lambda: two.get(address(108)), one.get, lambda: two.reboot(address(108)))
stranger, one, two = c(10), c(111, "mac"), c(111, duid(11))
sequence(
    "reserved while a stranger has it", lambda: stranger.get(address(90)), add_host("02:00:00:00:00:6f,10.0.3.90"), one.get, two.get,
    stranger.renew, stranger.release, stranger.get, one.renew, one.get, two.get)
one, two = c(112, "mac"), c(112, duid(12))
sequence("reserved while it has another", one.get, add_host("02:00:00:00:00:70,10.0.3.112"), one.renew, one.get, two.get)
one, two, three = c(113, "mac"), c(114, "mac"), c(115)
sequence("two hardware addresses of one host", one.get, two.get, one.renew, one.get, two.get, three.get)
one, two, three = c(116, "mac"), c(116, duid(16)), c(116)
sequence("id:* with an address", one.get, two.get, three.get)
one, two, three = c(117, "mac"), c(117, duid(17)), c(117)
sequence("id:* without an address", one.get, two.get, three.get)
one, two, three = c(118, b"\0eighteen"), c(18, b"\0eighteen"), c(118)
sequence("by identifier", one.get, two.get, three.get)
one, two = c(119, b"\0nineteen"), c(119)
sequence("by identifier and by hardware address", one.get, two.get)
one, two = c(20, "mac", "twenty"), c(20, duid(20), "twenty")
sequence("by name", one.get, two.get, c(21, None, "twenty").get)
one, two = c(22, "mac"), c(22, duid(22))
sequence("without a reservation", one.get, two.get, one.get, c(22).get)
one, two = c(23), c(23, duid(23))
sequence("without a reservation, none then a DUID", one.get, two.get, one.get)
one, two = c(0x0B01, "mac"), c(0x0B02)
sequence("a hardware address with an asterisk", one.get, two.get, c(0x0B03, "mac").get)
one, two = c(124, "mac"), c(124, duid(24))
sequence("declined", one.get, one.decline, one.get, two.get)
sequence("ignored", lambda: "-" if ask(c(125).mac, DISCOVER, seconds=0.3, attempts=1) is None else "answered")
one = c(126, "mac")
sequence("reserved outside the range", one.get, c(126, duid(26)).get)


# --- Options; dnsmasq sends 15 and 58 always, and 66 with a byte 0 at its end or in the field sname ---

CODES = [3, 6, 17, 19, 26, 28, 38, 42, 121, 150, 224, 225, 226, 227, 228, 229, 230, 231]


def options(title, wanted):
    reply = ask(c(200 + len(wanted)).mac, DISCOVER, option(55, bytes(wanted)) if wanted else b"")
    got = reply[1] if reply else {}
    print("%s: %s" % (title, " ".join("%d=%s" % (k, got[k].hex()) for k in sorted(got) if k in CODES)))


options("options of a client that asks for them", CODES)
options("options of a client that names none", [])
options("options of a client that asks for one", [225])
