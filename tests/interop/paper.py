"""What was signed, and its tampered twins."""

import base64
import copy
import dataclasses
import hashlib
import json
from pathlib import Path


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@dataclasses.dataclass
class Paper:
    """Attestations of one artifact by one signer: a list of JSON objects, each an envelope or a bundle."""

    signer: str
    artifact: Path
    documents: list
    public: Path | None = None  # the key's file, or
    identity: str | None = None  # whom the certificate names
    issuer: str | None = None
    ours: bool = False
    resource: str | None = None  # of a summary of the gate: what it calls the artifact

    @property
    def is_bundle(self):
        return "verificationMaterial" in self.documents[0]

    def changed(self, change, **fields):
        """The same with each document changed."""
        documents = copy.deepcopy(self.documents)
        for document in documents:
            change(document)
        return dataclasses.replace(self, documents=documents, **fields)


def envelope(document):
    return document.get("dsseEnvelope", document)


def payload(document):
    return base64.b64decode(envelope(document)["payload"])


def predicate_type(document):
    return json.loads(payload(document))["predicateType"]


def set_payload(document, bytes_):
    envelope(document)["payload"] = base64.b64encode(bytes_).decode()


def flip(text):
    """Base64 text of the same length, with one bit of its middle byte changed."""
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(raw).decode()


def twins(paper, evil, stranger):
    """What every verifier must refuse, by name. `evil` is another file; `stranger` fields of a Paper: another signer."""
    good, bad = sha256(paper.artifact).encode(), sha256(evil).encode()

    def subject(document):
        changed = payload(document).replace(good, bad)
        assert changed != payload(document), "the artifact's digest is in the payload"
        set_payload(document, changed)

    def spaces(document):
        set_payload(document, payload(document) + b" ")

    def payload_type(document):
        envelope(document)["payloadType"] = "application/json"

    def signature(document):
        one = envelope(document)["signatures"][0]
        one["sig"] = flip(one["sig"])

    def nobody(document):
        envelope(document)["signatures"] = []

    def nothing(_document):
        pass

    yield "another subject, its file shown", paper.changed(subject, artifact=evil)
    yield "a space more in the payload", paper.changed(spaces)
    yield "another payload type", paper.changed(payload_type)
    yield "one bit of the signature", paper.changed(signature)
    yield "no signature", paper.changed(nobody)
    yield "another file", paper.changed(nothing, artifact=evil)
    yield "another signer is trusted", paper.changed(nothing, **stranger)
    if paper.identity:
        yield from certified_twins(paper)


def certified_twins(paper):
    """The same of the certificate, the log and the clock."""

    def material(change):
        def of(document):
            change(document["verificationMaterial"])

        return of

    def no_log(material):
        material["tlogEntries"] = []

    def no_time(material):
        material["timestampVerificationData"] = {}
        for entry in material["tlogEntries"]:
            entry.pop("integratedTime", None)
            entry.pop("inclusionPromise", None)

    def certificate(material):
        material["certificate"]["rawBytes"] = flip(material["certificate"]["rawBytes"])

    def checkpoint(material):
        # The entry's own text is no secret and no proof: readers may make it anew from the bundle. What the log signed is.
        signed = material["tlogEntries"][0]["inclusionProof"]["checkpoint"]
        text = signed["envelope"]
        signed["envelope"] = text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]

    def stamp(material):
        # A stamp ends with its signature.
        one = material["timestampVerificationData"]["rfc3161Timestamps"][0]
        raw = bytearray(base64.b64decode(one["signedTimestamp"]))
        raw[-5] ^= 1
        one["signedTimestamp"] = base64.b64encode(raw).decode()

    yield "not in the log", paper.changed(material(no_log))
    yield "no time", paper.changed(material(no_time))
    yield "one bit of the certificate", paper.changed(material(certificate))
    yield "a letter of the log's signature", paper.changed(material(checkpoint))
    yield "one bit of the time stamp's signature", paper.changed(material(stamp))
