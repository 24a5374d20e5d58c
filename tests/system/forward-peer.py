"""The two ends of tests of port forwards.

forward-peer.py serve NAME PORT              TCP and UDP, IPv4 and IPv6: answers "NAME ADDRESS-OF-THE-CLIENT BYTES"
forward-peer.py ask tcp|udp HOST PORT [BYTES [SOURCE-PORT]]   prints the answer to as many bytes
"""
import socket
import sys
import threading


def plain(address):
    return address[0].removeprefix('::ffff:')


def answer(connection, name, client):
    count = 0
    with connection:
        while data := connection.recv(65536):
            count += len(data)
        connection.sendall(f'{name} {plain(client)} {count}\n'.encode())


def serve_udp(s, name):
    while True:
        data, client = s.recvfrom(65536)
        s.sendto(f'{name} {plain(client)} {len(data)}\n'.encode(), client)


def serve(name, port):
    tcp = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind(('::', port))
    print('serves', flush=True)
    threading.Thread(target=serve_udp, args=(udp, name), daemon=True).start()
    while True:
        connection, client = tcp.accept()
        threading.Thread(target=answer, args=(connection, name, client), daemon=True).start()


def ask(protocol, host, port, count=5, source=0):
    kind = socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, kind) as s:
        s.settimeout(3)
        if source:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(('', source))
        s.connect((host, port))
        s.sendall(b'x' * count)
        if protocol == 'tcp':
            s.shutdown(socket.SHUT_WR)
        text = s.recv(65536)
        if not text:
            sys.exit('no answer')
        print(text.decode(), end='')


if sys.argv[1] == 'serve':
    serve(sys.argv[2], int(sys.argv[3]))
else:
    try:
        ask(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    except OSError as e:
        sys.exit(str(e))
