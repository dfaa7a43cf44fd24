"""A whole sigstore on loopback: authority (fulcio), both logs (rekor v2, and one of certificates), clock (RFC 3161), and the two
files that name them."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

from certificate_log import CertificateLog
from cryptography.hazmat.primitives.serialization import Encoding
from issuer import Issuer
from tools import Failed, run

SINCE = "start-time=2026-01-01T00:00:00Z"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


class Sigstore:
    """Services that end with the `with` block."""

    def __init__(self, tools, work, cosign):
        self.tools, self.work, self.cosign = tools, work / "sigstore", cosign
        self.processes = {}
        self.issuer = Issuer()
        self.certificates = CertificateLog()
        self.root = self.work / "trusted_root.json"
        self.config = self.work / "signing_config.json"

    def __enter__(self):
        self.work.mkdir()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_why):
        for _, process in self.processes.values():
            process.terminate()
        for _, process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def begin(self, name, *words):
        command = [str(word) for word in (self.tools / name, "serve", *words)]
        with open(self.work / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.work, stdin=subprocess.DEVNULL)
        self.processes[name] = (words, process)

    def stop(self, name):
        """Ends a service; gives what `begin` needs to begin it again."""
        words, process = self.processes[name]
        process.terminate()
        process.wait(20)
        return name, *words

    def token(self):
        """A new token in a file."""
        path = self.work / "token"
        path.write_text(self.issuer.token())
        return path

    def options(self, root=None):
        """What makes sekisho and cosign sign here."""
        return ["--signing-config", self.config, "--trusted-root", root or self.root]

    def start(self):
        fulcio, rekor, clock = free_port(), free_port(), free_port()
        self.fulcio, self.rekor = f"http://127.0.0.1:{fulcio}", f"http://127.0.0.1:{rekor}"
        self.clock = f"http://127.0.0.1:{clock}"
        config = self.work / "fulcio.yaml"
        config.write_text(
            f"oidc-issuers:\n  {self.issuer.url}:\n    issuer-url: {self.issuer.url}\n    client-id: sigstore\n    type: email\n"
        )
        (self.work / "certificates.pub").write_bytes(self.certificates.public(Encoding.PEM))
        self.begin(
            "fulcio", "--ca", "ephemeralca", "--ct-log-url", self.certificates.url, "--config-path", config, "--host", "127.0.0.1",
            "--port", fulcio, "--grpc-host", "127.0.0.1", "--grpc-port", free_port(), "--metrics-port", free_port(),
            "--legacy-unix-domain-socket", f"@interop-{fulcio}",
        )  # fmt: skip
        key = self.work / "rekor.pem"
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", self.work / "rekor.pub")
        self.begin(
            "rekor-server", "--http-port", rekor, "--grpc-port", free_port(), "--http-metrics-port", free_port(),
            "--hostname", "127.0.0.1", "--storage-dir", self.work / "log", "--signer-filepath", key,
            "--checkpoint-interval", "1s", "--batch-max-age", "50ms",
        )  # fmt: skip
        self.begin(
            "timestamp-server", "--port", clock, "--host", "127.0.0.1", "--timestamp-signer", "memory",
            "--disable-ntp-monitoring",
        )  # fmt: skip
        self.wait()
        self.describe()

    def wait(self):
        until = time.time() + 60
        for url in [f"{self.fulcio}/healthz", f"{self.rekor}/healthz", f"{self.clock}/ping"]:
            while True:
                try:
                    fetch(url)
                    break
                except (urllib.error.URLError, OSError) as error:
                    if time.time() > until or any(process.poll() is not None for _, process in self.processes.values()):
                        logs = "\n".join(path.read_text()[-2000:] for path in self.work.glob("*.log"))
                        raise Failed(f"{url}: {error}\n{logs}") from error
                    time.sleep(0.05)

    def describe(self):
        chain, clock = self.work / "fulcio.pem", self.work / "clock.pem"
        chain.write_bytes(fetch(f"{self.fulcio}/api/v1/rootCert"))
        clock.write_bytes(fetch(f"{self.clock}/api/v1/timestamp/certchain"))
        stamp = f"url={self.clock}/api/v1/timestamp"
        run(
            self.cosign, "trusted-root", "create", "--out", self.root,
            "--fulcio", f"url={self.fulcio},certificate-chain={chain}",
            "--rekor", f"url={self.rekor},public-key={self.work / 'rekor.pub'},{SINCE},origin=127.0.0.1",
            "--ctfe", f"url={self.certificates.url},public-key={self.work / 'certificates.pub'},{SINCE}",
            "--tsa", f"{stamp},certificate-chain={clock}",
        )  # fmt: skip
        # fulcio's own authority has no common name; sigstore-python reads a file only if there is one, be it empty.
        root = json.loads(self.root.read_text())
        for authority in root["certificateAuthorities"]:
            authority["subject"].setdefault("commonName", "")
        self.root.write_text(json.dumps(root))
        run(
            self.cosign, "signing-config", "create", "--out", self.config,
            "--fulcio", f"url={self.fulcio},api-version=1,{SINCE},operator=interop",
            "--rekor", f"url={self.rekor},api-version=2,{SINCE},operator=interop", "--rekor-config", "ANY",
            "--oidc-provider", f"url={self.issuer.url},api-version=1,{SINCE},operator=interop",
            "--tsa", f"{stamp},api-version=1,{SINCE},operator=interop", "--tsa-config", "ANY",
        )  # fmt: skip
