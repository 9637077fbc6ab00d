"""A wire with delay between two Ethernet devices of one network namespace: frames read from one
leave on the other so many milliseconds later. For kernels without tc netem; good for ten thousand
frames a second.

  delay.py DEVICE DEVICE MILLISECONDS
"""
import collections
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, ADD_MEMBERSHIP, IGNORE_OUTGOING = 263, 1, 23
PROMISCUOUS = 1
OUTGOING = 4


def tap(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    try:
        s.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
    except OSError:
        pass  # an old kernel; outgoing frames are then told apart by their type
    s.bind((device, 0))
    member = struct.pack("iHH8s", socket.if_nametoindex(device), PROMISCUOUS, 0, b"")
    s.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, member)
    s.setblocking(False)
    return s


left, right = tap(sys.argv[1]), tap(sys.argv[2])
other = {left: right, right: left}
delay = float(sys.argv[3]) / 1e3
travelling = collections.deque()
while True:
    now = time.monotonic()
    while travelling and travelling[0][0] <= now:
        _, out, frame = travelling.popleft()
        try:
            out.send(frame)
        except OSError:
            pass
    wait = max(0, travelling[0][0] - now) if travelling else None
    for s in select.select([left, right], [], [], wait)[0]:
        for _ in range(256):
            try:
                frame, source = s.recvfrom(65536)
            except BlockingIOError:
                break
            if source[2] != OUTGOING:
                travelling.append((time.monotonic() + delay, other[s], frame))
