"""Ask a DNS server for the names PREFIX-1 to PREFIX-COUNT, over and over: ask.py SERVER PREFIX COUNT SECONDS.

Each name is asked for at least once. Fails if an answer is missing, late (2 seconds), not an address, or another one
than before.
"""
import socket, struct, sys, time

server, prefix, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((server, 53))


def ask(name, number):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
    s.send(struct.pack("!6H", number, 0x100, 1, 0, 0, 0) + labels + struct.pack("!2H", 1, 1))
    while True:
        answer = s.recv(2000)
        if struct.unpack("!H", answer[:2])[0] == number:
            break
    flags, _, answers = struct.unpack("!3H", answer[2:8])
    if flags & 15 or answers != 1:
        return None
    return socket.inet_ntoa(answer[-4:])


addresses, times, bad = {}, [], []
end, asked = time.monotonic() + seconds, 0
while asked < count or time.monotonic() < end:
    name = "%s-%d" % (prefix, asked % count + 1)
    asked += 1
    began = time.monotonic()
    try:
        address = ask(name, asked & 0xFFFF)
    except socket.timeout:
        address = "no answer"
    times.append((time.monotonic() - began) * 1000)
    if not address or address == "no answer" or addresses.setdefault(name, address) != address:
        bad.append("%s: %s, before %s" % (name, address, addresses.get(name)))
    time.sleep(0.002)
times.sort()
print("%d questions, %d names, %d addresses, %d bad; median %.2f ms, 99 in 100 within %.2f ms, longest %.2f ms" % (
    asked, len(addresses), len(set(addresses.values())), len(bad), times[len(times) // 2],
    times[len(times) * 99 // 100], times[-1]))
print("\n".join(bad[:5]))
sys.exit(bool(bad) or len(set(addresses.values())) != count)
