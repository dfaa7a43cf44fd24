"""A certificate transparency log on loopback: it promises to enter a certificate (RFC 6962, add-pre-chain), and forgets it. For tests alone."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEQUENCE, EXTENSIONS = 0x30, 0xA3
# 1.3.6.1.4.1.11129.2.4.3: what makes a precertificate of a certificate.
POISON = bytes.fromhex("060a2b06010401d679020403")


def fields(der):
    """The tags and contents that stand one after the other."""
    while der:
        tag, length, begin = der[0], der[1], 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(der[2:begin], "big")
        yield tag, der[begin : begin + length]
        der = der[begin + length :]


def field(tag, content):
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def without_poison(precertificate):
    """What of a precertificate will be in the certificate: the part that is signed."""
    (_, certificate), = fields(precertificate)
    _, signed = next(fields(certificate))
    out = b""
    for tag, content in fields(signed):
        if tag == EXTENSIONS:
            (_, extensions), = fields(content)
            kept = [field(t, c) for t, c in fields(extensions) if not c.startswith(POISON)]
            content = field(SEQUENCE, b"".join(kept))
        out += field(tag, content)
    return field(SEQUENCE, out)


class CertificateLog:
    """Serves until the program ends."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(outer.promise(*(base64.b64decode(c) for c in body["chain"][:2]))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/log"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def public(self, encoding):
        return self.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)

    def promise(self, precertificate, issuer):
        """A signed certificate timestamp."""
        now = int(time.time() * 1000)
        issuer = x509.load_der_x509_certificate(issuer).public_key()
        issuer = issuer.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signed = without_poison(precertificate)
        # Version 1, a certificate's timestamp, of a precertificate; no extensions at the end.
        entry = b"\0\0" + now.to_bytes(8, "big") + b"\0\1" + hashlib.sha256(issuer).digest()
        entry += len(signed).to_bytes(3, "big") + signed + b"\0\0"
        signature = self.key.sign(entry, ec.ECDSA(hashes.SHA256()))
        # SHA-256 and ECDSA by their numbers in TLS.
        signature = b"\4\3" + len(signature).to_bytes(2, "big") + signature
        return {
            "sct_version": 0,
            "id": base64.b64encode(hashlib.sha256(self.public(Encoding.DER)).digest()).decode(),
            "timestamp": now,
            "extensions": "",
            "signature": base64.b64encode(signature).decode(),
        }
