"""Verifies attestations with securesystemslib, in-toto and in-toto-attestation, and signs some for sekisho to verify.

usage: verify.py ATTESTATIONS.jsonl KEY.pub OTHER.pub SUBJECT_SHA256 OUT_DIR
"""

import copy
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format
from in_toto.models.link import Link
from in_toto.models.metadata import Envelope as InTotoEnvelope
from in_toto_attestation.predicates.link.v0 import link_pb2
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.scai.v0 import scai, scai_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

LINK = "https://in-toto.io/attestation/link/v0.3"
PROVENANCE = "https://slsa.dev/provenance/v1"
TRACE = "https://in-toto.io/attestation/runtime-trace/v0.1"
SCAI = "https://in-toto.io/attestation/scai/v0.3"
VSA = "https://slsa.dev/verification_summary/v1"


def load_key(path):
    """The key, named as sekisho names it: SHA-256 of the SubjectPublicKeyInfo."""
    public = load_pem_public_key(Path(path).read_bytes())
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(spki).hexdigest())


def refuses(envelope, key):
    try:
        envelope.verify([key], 1)
    except VerificationError:
        return True
    return False


def check_signature(line, key, other):
    load = lambda: Envelope.from_dict(json.loads(line))
    assert list(load().verify([key], 1)) == [key.keyid]
    InTotoEnvelope.from_dict(json.loads(line)).verify_signature({"keyid": key.keyid, **key.to_dict()})
    assert refuses(load(), other), "a key that did not sign"
    impostor = copy.deepcopy(other)
    impostor.keyid = key.keyid
    assert refuses(load(), impostor), "a key that did not sign, by the signer's name"
    tampered = load()
    tampered.payload = tampered.payload.replace(b"dist/app", b"dist/apq")
    assert tampered.payload != load().payload and refuses(tampered, key), "a changed payload"
    swapped = load()
    swapped.payload_type = "application/json"
    assert refuses(swapped, key), "another payload type"


def check_link(statement):
    json_format.ParseDict(statement["predicate"], link_pb2.Link())
    predicate = statement["predicate"]
    # The conversion of link.md, "Converting to old-style links".
    link = Link(
        name=predicate["name"],
        command=predicate["command"],
        byproducts=predicate["byproducts"],
        environment=predicate["environment"],
        materials={m["name"]: m["digest"] for m in predicate["materials"]},
        products={s["name"]: s["digest"] for s in statement["subject"]},
    )
    link.validate()
    assert len(link.materials) == len(predicate["materials"]), "names are unique"


def check_vsa(statement):
    predicate = copy.deepcopy(statement["predicate"])
    # The message of in-toto-attestation 0.9.3 has one string where the specification has a list.
    levels = predicate.pop("verifiedLevels")
    assert levels and all(isinstance(level, str) for level in levels)
    summary = json_format.ParseDict(predicate, vsa_pb2.VerificationSummary(), ignore_unknown_fields=True)
    assert summary.verification_result == "PASSED" and summary.policy.digest["sha256"] and summary.verifier.id


def check_scai(statement):
    # Fails on any field that the message does not have.
    report = json_format.ParseDict(statement["predicate"], scai_pb2.AttributeReport())
    scai.AttributeReport(list(report.attributes), report.producer).validate()
    names = [assertion.attribute for assertion in report.attributes]
    assert "SEKISHO_NO_NETWORK" in names and len(set(names)) == len(names), names
    assert all(assertion.evidence.digest["sha256"] for assertion in report.attributes)


def main(attestations, key, other, subject, out):
    key, other = load_key(key), load_key(other)
    kinds = []
    for line in Path(attestations).read_text().splitlines():
        check_signature(line, key, other)
        payload = Envelope.from_dict(json.loads(line)).payload
        # Fails on any field that the messages do not have.
        message = json_format.Parse(payload, statement_pb2.Statement())
        Statement.copy_from_pb(message).validate()
        statement = json.loads(payload)
        assert subject in [s["digest"]["sha256"] for s in statement["subject"]]
        kind = statement["predicateType"]
        kinds.append(kind)
        if kind == LINK:
            check_link(statement)
        elif kind == PROVENANCE:
            json_format.ParseDict(statement["predicate"], provenance_pb2.Provenance())
        elif kind == VSA:
            check_vsa(statement)
        elif kind == SCAI:
            check_scai(statement)
    assert kinds == [LINK, PROVENANCE, TRACE, VSA, SCAI], kinds

    for name, signer in [("ed25519", CryptoSigner.generate_ed25519()), ("p256", CryptoSigner.generate_ecdsa())]:
        envelope = Envelope(payload, "application/vnd.in-toto+json", {})
        envelope.sign(signer)
        Path(out, f"{name}.json").write_text(json.dumps(envelope.to_dict()))
        public = signer.public_key._crypto_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        Path(out, f"{name}.pub").write_bytes(public)
    print("verified", len(kinds), "statements")


if __name__ == "__main__":
    main(*sys.argv[1:])
