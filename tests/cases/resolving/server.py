"""A name server on 127.0.0.1:53 that knows one name, build.example, for which it answers 127.0.0.77, and 127.0.0.78 once it was asked
for flip.example."""

import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("ready", flush=True)
last = b"\x4d"
while True:
    query, who = server.recvfrom(512)
    end = query.index(b"\0", 12) + 1
    asked = query[12 : end + 4]
    known = query[12:end].lower() == b"\5build\7example\0" and asked[-4:] == b"\0\1\0\1"
    if query[12:end].lower() == b"\4flip\7example\0":
        last = b"\x4e"
    flags = b"\x81\x80" if query[12:end].lower() == b"\5build\7example\0" else b"\x81\x83"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0" + last if known else b""
    server.sendto(query[:2] + flags + b"\0\1" + (b"\0\1" if known else b"\0\0") + b"\0\0\0\0" + asked + answer, who)
