"""How a NAT maps and filters, found out by asking: `natlab check` runs it at both ends.

  reflect.py serve HOST PORT           answers with the address it saw, also from the port above
  reflect.py ask PORT HOST:PORT...     asks, and says what came back
"""
import socket
import sys


def bound(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((host, port))
    return s


def serve(host, port):
    asked, unasked = bound(host, port), bound(host, port + 1)
    while True:
        _, source = asked.recvfrom(2048)
        asked.sendto(b"seen %s:%d" % (source[0].encode(), source[1]), source)
        unasked.sendto(b"unasked", source)


def ask(port, servers):
    s = bound("0.0.0.0", port)
    s.settimeout(1)
    seen, unasked = [], 0
    for server in servers:
        host, at = server.split(":")
        s.sendto(b"?", (host, int(at)))
        try:
            for _ in range(2):
                answer, _ = s.recvfrom(2048)
                if answer == b"unasked":
                    unasked += 1
                else:
                    seen.append(answer[5:].decode())
        except socket.timeout:
            pass
    ports = {address.split(":")[1] for address in seen}
    mapping = "none" if not ports else "one" if len(ports) == 1 else "one per remote"
    kept = ", port kept" if ports == {str(port)} else ""
    who = "everybody" if unasked == len(servers) else "only the asked"
    return f"seen as {', '.join(seen) or 'nothing'}; mapping: {mapping}{kept}; lets in: {who}"


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    print(ask(int(sys.argv[2]), sys.argv[3:]))
