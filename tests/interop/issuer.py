"""A small OpenID issuer on loopback: its description, its key, and tokens for whoever is named. For tests alone.

It signs in whoever asks (`/auth`, `/token`), answers as GitHub's identity service does (`/github?audience=…` with a bearer token), and can be told to fail a few times first.
"""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

EMAIL = "builder@example.com"
BEARER = "a-bearer-token-of-the-job"


def url64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Issuer:
    """Serves until the program ends."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.asked = []
        self.failures = 0
        self.codes = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = outer.answer(self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, body = outer.exchange({name: values[0] for name, values in form.items()})
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, headers):
        place = urlparse(path)
        if place.path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        if place.path == "/keys":
            point = self.key.public_key().public_numbers()
            x, y = (url64(n.to_bytes(32, "big")) for n in (point.x, point.y))
            return 200, {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1", "x": x, "y": y}]}
        if place.path == "/auth":
            # A page would ask who it is, and show the code.
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            if asked["code_challenge_method"] != "S256" or asked["client_id"] != "sigstore":
                return 400, {}
            code = url64(hashlib.sha256(path.encode()).digest())
            self.codes[code] = asked["code_challenge"]
            return 200, {"code": code}
        if place.path == "/github":
            self.asked.append(time.time())
            if self.failures > 0:
                self.failures -= 1
                return 503, {"message": "too much to do"}
            if headers.get("Authorization") != f"Bearer {BEARER}":
                return 401, {"message": "who are you?"}
            return 200, {"value": self.token(audience=parse_qs(place.query)["audience"][0])}
        return 404, {}

    def exchange(self, form):
        """A token for a code, once, for who has what the code was asked for with (RFC 7636)."""
        verifier = url64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if form["grant_type"] != "authorization_code" or self.codes.pop(form["code"], None) != verifier:
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": self.token()}

    def token(self, email=EMAIL, audience="sigstore", lives_s=300):
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": email,
            "email": email,
            "email_verified": True,
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + lives_s,
        }
        head = {"alg": "ES256", "typ": "JWT", "kid": "1"}
        signed = ".".join(url64(json.dumps(part).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{url64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
