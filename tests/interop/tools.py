"""The tools that sign and verify, each behind the same two methods.

A verifier says True for accepted and False for refused; what it cannot read at all it does not claim to (`reads`).
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from paper import Paper, envelope, payload, predicate_type
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

STATEMENT = "application/vnd.in-toto+json"
# What the artifact is called in summaries of the gate.
RESOURCE = "pkg:generic/app"


# Whoever asks something of the world is told at once that there is none.
ALONE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


def is_hashed_otherwise(paper):
    """True for a P-384 key, with which goes SHA-384: cosign 3.1.3 and sigstore-js 4.1.3 hash by SHA-256 for any key that they are given."""
    return paper.public is not None and getattr(load_pem_public_key(paper.public.read_bytes()), "key_size", 256) == 384


class Failed(Exception):
    """A tool did something that is neither accepting nor refusing."""


def run(*words, cwd=None, status=(0,), env=None, stdin=None):
    """Runs a command, which finds nobody but this machine; gives its status and what it said."""
    words = [str(word) for word in words]
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, timeout=120, input=stdin, env={**os.environ, **ALONE, **(env or {})}
    )
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode not in status:
        raise Failed(f"{' '.join(words)}\nended with {done.returncode}\n{said}")
    return done.returncode, said


class Tool:
    """Where a tool may write, and what it is called in the table."""

    name = ""

    def __init__(self, work):
        self.work = Path(work)
        self.count = 0
        # The root of trust, once there is one.
        self.root = None

    def file(self, end):
        self.count += 1
        return self.work / f"{self.name.split()[0]}-{self.count}{end}"

    def reads(self, _paper):
        return True


class Sekisho(Tool):
    """The gate, and `attest`."""

    name = "sekisho"

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = binary

    def attest(self, recording, artifact, *options, cwd):
        """Attests a recording in its workspace; gives what was written."""
        out = self.file(".jsonl")
        product = artifact.relative_to(cwd)
        run(self.binary, "attest", recording, "--product", product, "-o", out, *options, cwd=cwd)
        return [json.loads(line) for line in out.read_text().splitlines()]

    def policy(self, paper):
        lines = ["version = 1"]
        if paper.public:
            lines += ["[keys.signer]", f'path = "{paper.public}"']
            by = 'keys = ["signer"]'
        else:
            lines += ["[identities.signer]", f'issuer = "{paper.issuer}"', f'identity = "{paper.identity}"']
            lines += ['trust = "ours"', "[trust.ours]", f'path = "{self.root}"']
            by = 'identities = ["signer"]'
        if paper.ours:
            lines += ["[[steps]]", 'name = "build"', by, f'profiles = ["{self.work / "work/sekisho.toml"}"]']
        else:
            kinds = {predicate_type(document) for document in paper.documents}
            for number, kind in enumerate(sorted(kinds)):
                lines += ["[[statements]]", f'name = "s{number}"', f'predicate_type = "{kind}"', by]
        path = self.file(".toml")
        path.write_text("\n".join(lines) + "\n")
        return path

    def summary(self, paper, key, *options):
        """What the gate decided of a paper that it accepts, signed by a key."""
        evidence, out = self.file(".jsonl"), self.file(".vsa")
        evidence.write_text("".join(json.dumps(document) + "\n" for document in paper.documents))
        words = ["verify", paper.artifact, "--attestations", evidence, "--policy", self.policy(paper), "--resource-uri", RESOURCE]
        run(self.binary, *words, "--vsa", out, "--key", f"{key}.key", *options)
        return [json.loads(out.read_text())]

    def verify(self, paper):
        evidence = self.file(".jsonl")
        evidence.write_text("".join(json.dumps(document) + "\n" for document in paper.documents))
        words = ["verify", paper.artifact, "--attestations", evidence, "--policy", self.policy(paper)]
        # 2 is neither: it could not judge.
        status, _ = run(self.binary, *words, status=(0, 1))
        return status == 0


class SlsaVerifier(Tool):
    """slsa-verifier: verification summaries in envelopes, by key. All else that it reads is a certain builder's of GitHub's."""

    name = "slsa-verifier"

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = binary

    def reads(self, paper):
        return paper.resource is not None

    def verify(self, paper):
        digest = hashlib.sha256(paper.artifact.read_bytes()).hexdigest()
        public = load_pem_public_key(paper.public.read_bytes())
        # It tries a signature only if the envelope's hint is this.
        keyid = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
        for document in paper.documents:
            summary = self.file(".json")
            summary.write_text(json.dumps(document))
            words = ["--subject-digest", f"sha256:{digest}", "--attestation-path", summary, "--public-key-path", paper.public]
            words += ["--public-key-id", keyid, "--verifier-id", "urn:sekisho:verifier:gate:v1", "--resource-uri", paper.resource]
            words += ["--verified-level", "SEKISHO_POLICY_SATISFIED"]
            status, said = run(self.binary, "verify-vsa", *words, status=(0, 1))
            if ("Verifying VSA: PASSED" in said) != (status == 0) or (status == 1 and "Verifying VSA: FAILED" not in said):
                raise Failed(said)
            if status == 1:
                return False
        return True


class Cosign(Tool):
    """cosign, offline: it reads and writes bundles."""

    name = "cosign"
    PASSWORD = {"COSIGN_PASSWORD": "interop"}

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = binary

    def key(self, name):
        run(self.binary, "generate-key-pair", "--output-key-prefix", name, cwd=self.work, env=self.PASSWORD)
        return self.work / name

    def imported(self, pem, name):
        words = ["import-key-pair", "--key", pem, "--output-key-prefix", name]
        run(self.binary, *words, cwd=self.work, env=self.PASSWORD)
        return self.work / name

    def attest(self, artifact, *options):
        """Attests a file with a predicate that means nothing; gives the bundle."""
        out, predicate = self.file(".json"), self.file(".predicate")
        predicate.write_text('{"tested": true}')
        words = ["attest-blob", "--predicate", predicate, "--type", "https://example.com/tested/v1", "--bundle", out]
        run(self.binary, *words, "--yes", *options, artifact, env=self.PASSWORD)
        return [json.loads(out.read_text())]

    def attest_with_key(self, artifact, key):
        return self.attest(artifact, "--key", f"{key}.key", "--use-signing-config=false", "--tlog-upload=false")

    def reads(self, paper):
        return paper.is_bundle and not is_hashed_otherwise(paper)

    def verify(self, paper):
        if paper.public:
            by = ["--key", paper.public, "--insecure-ignore-tlog"]
        else:
            by = ["--certificate-identity", paper.identity, "--certificate-oidc-issuer", paper.issuer]
            by += ["--trusted-root", self.root, "--use-signed-timestamps"]
        accepted = []
        for document in paper.documents:
            bundle = self.file(".json")
            bundle.write_text(json.dumps(document))
            words = ["--bundle", bundle, "--type", predicate_type(document), *by, paper.artifact]
            status, said = run(self.binary, "verify-blob-attestation", *words, status=(0, 1))
            if status == 1 and "Error: " not in said:
                raise Failed(said)
            accepted.append(status == 0)
        return all(accepted)


class Securesystemslib(Tool):
    """securesystemslib and in-toto: they read and write plain envelopes."""

    name = "in-toto"

    def sign(self, signer, artifact, name):
        public = self.work / f"{name}.pub"
        key = signer.public_key._crypto_key()
        public.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": artifact.name, "digest": {"sha256": hashlib.sha256(artifact.read_bytes()).hexdigest()}}],
            "predicateType": "https://example.com/tested/v1",
            "predicate": {"tested": True},
        }
        signed = Envelope(json.dumps(statement).encode(), STATEMENT, {})
        signed.sign(signer)
        return Paper(f"in-toto, {name}", artifact, [signed.to_dict()], public=public)

    def papers(self, artifact):
        yield self.sign(CryptoSigner.generate_ed25519(), artifact, "Ed25519")
        yield self.sign(CryptoSigner.generate_ecdsa(), artifact, "P-256")

    def reads(self, paper):
        return not paper.is_bundle

    def verify(self, paper):
        public = load_pem_public_key(paper.public.read_bytes())
        digest = hashlib.sha256(paper.artifact.read_bytes()).hexdigest()
        for document in paper.documents:
            # The library looks for the key by the envelope's hint; who is trusted is said by the key alone.
            keyid = next((s["keyid"] for s in document["signatures"]), "none")
            read = Envelope.from_dict(json.loads(json.dumps(document)))
            try:
                read.verify([SSlibKey.from_crypto(public, keyid=keyid)], 1)
            except VerificationError:
                return False
            statement = json.loads(read.payload)
            if read.payload_type != STATEMENT or digest not in [s["digest"]["sha256"] for s in statement["subject"]]:
                return False
        return True


class Cryptography(Tool):
    """Thirty lines of one's own: the signature over DSSE's encoding by the library that most of Python uses."""

    name = "by hand"

    def reads(self, paper):
        return paper.public is not None

    def verify(self, paper):
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519
        from cryptography.hazmat.primitives import hashes
        import base64

        public = load_pem_public_key(paper.public.read_bytes())
        digest = hashlib.sha256(paper.artifact.read_bytes()).hexdigest()
        for document in paper.documents:
            inner, body = envelope(document), payload(document)
            kind = inner["payloadType"].encode()
            signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
            if kind.decode() != STATEMENT or not inner["signatures"]:
                return False
            for signature in inner["signatures"]:
                try:
                    raw = base64.b64decode(signature["sig"])
                    if isinstance(public, ed25519.Ed25519PublicKey):
                        public.verify(raw, signed)
                    else:
                        hash_of = {256: hashes.SHA256, 384: hashes.SHA384}[public.key_size]
                        public.verify(raw, signed, ec.ECDSA(hash_of()))
                except InvalidSignature:
                    return False
            if digest not in [s["digest"]["sha256"] for s in json.loads(body)["subject"]]:
                return False
        return True


class SigstoreJs(Tool):
    """sigstore's own verifier in JavaScript, offline. Whose subject a file is, it leaves to its caller."""

    name = "sigstore-js"

    def __init__(self, work, place):
        super().__init__(work)
        self.place = place

    def reads(self, paper):
        return paper.is_bundle and not is_hashed_otherwise(paper)

    def verify(self, paper):
        by = ["--key", paper.public] if paper.public else ["--identity", paper.identity, paper.issuer]
        for document in paper.documents:
            bundle = self.file(".json")
            bundle.write_text(json.dumps(document))
            status, said = run("node", self.place / "verify.mjs", self.root, bundle, *by, status=(0, 1))
            if status == 1 and "Error: " not in said:
                raise Failed(said)
            if status == 1 or not is_subject(paper.artifact, document):
                return False
        return True


class SigstorePython(Tool):
    """sigstore's own client in Python, offline: certificates only, and certificates in a log only."""

    name = "sigstore-python"

    def reads(self, paper):
        return paper.is_bundle and paper.identity is not None

    def verify(self, paper):
        from sigstore.errors import Error
        from sigstore.models import Bundle, InvalidBundle, TrustedRoot
        from sigstore.verify import Verifier
        from sigstore.verify.policy import Identity

        verifier = Verifier(trusted_root=TrustedRoot.from_file(str(self.root)))
        who = Identity(identity=paper.identity, issuer=paper.issuer)
        for document in paper.documents:
            try:
                kind, _ = verifier.verify_dsse(Bundle.from_json(json.dumps(document)), who)
            except (Error, InvalidBundle, ValueError):
                return False
            if kind != STATEMENT or not is_subject(paper.artifact, document):
                return False
        return True


def is_subject(artifact, document):
    """True if a statement that was verified is about this file."""
    digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
    return digest in [subject["digest"]["sha256"] for subject in json.loads(payload(document))["subject"]]
