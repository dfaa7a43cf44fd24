"""Everybody whom a step may talk to, on every address of a network namespace of its own: attacker.py LOG DIRECTORY
HTTP on ports 80 and 4873: GET gives files of DIRECTORY, whatever is sent is appended to LOG. UDP on port 53: the same.
Nothing leaves the namespace, which has no device but the loopback."""
import http.server
import os
import socket
import sys
import threading

log, directory = sys.argv[1], sys.argv[2]
lock = threading.Lock()


def note(text):
    with lock, open(log, "ab") as out:
        out.write(text + b"\n")


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_GET(self):
        note(b"GET " + self.path.encode())
        path = os.path.join(directory, os.path.basename(self.path))
        found = os.path.isfile(path)
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            with open(path, "rb") as body:
                self.wfile.write(body.read())

    def do_POST(self):
        note(b"POST " + self.path.encode() + b" " + self.rfile.read(int(self.headers.get("content-length", 0))))
        self.send_response(200)
        self.end_headers()

    do_PUT = do_POST


def datagrams(server):
    while True:
        note(b"UDP " + server.recv(4096))


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 53))
threading.Thread(target=datagrams, args=(udp,), daemon=True).start()
servers = [http.server.ThreadingHTTPServer(("0.0.0.0", port), Answer) for port in (80, 4873)]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
note(b"ready")
threading.Event().wait()
