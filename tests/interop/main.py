"""Signs with every tool, verifies with every tool, and prints who accepts whom. Called by scripts/interop.

usage: main.py SEKISHO TOOLS_DIR WORK_DIR
"""

import itertools
import sys
from pathlib import Path

from issuer import EMAIL
from matrix import table
from paper import Paper
from services import Sigstore
from tools import RESOURCE, Cosign, Cryptography, Securesystemslib, Sekisho, SigstoreJs, SigstorePython, SlsaVerifier, run
from trials import all_of_them


def build(sekisho, work):
    """A recorded build of one file, and a profile that allows it."""
    here = work / "work"
    here.mkdir()
    (here / "source").write_text("source\n")
    (work / "evil").write_text("something else\n")
    recording = work / "build.rec"
    run(sekisho.binary, "record", "-o", recording, "--", "sh", "-c", "cat source > app && echo more >> app", cwd=here)
    run(sekisho.binary, "profile", "new", recording, "-o", here / "sekisho.toml", cwd=here)
    return recording, here / "app"


def key_signed(sekisho, cosign, intoto, recording, app, work):
    """Attestations by keys: ours as envelopes and as bundles, cosign's, in-toto's."""
    secret = work / "passphrase"
    secret.write_text("interop\n")
    for name in ["Ed25519", "P-256", "P-384"]:
        key = work / name
        sealed = ["--encrypt", "--passphrase-file", secret] if name == "P-384" else []
        run(sekisho.binary, "keygen", key, "--algorithm", name.lower().replace("-", ""), *sealed)
        for form in [[], ["--bundle"]]:
            options = ["--key", f"{key}.key", "--profile", "sekisho.toml", *sealed[1:], *form]
            documents = sekisho.attest(recording, app, *options, cwd=app.parent)
            what = "bundle" if form else "envelope"
            paper = Paper(f"sekisho, {name}, {what}", app, documents, public=Path(f"{key}.pub"), ours=True)
            yield paper
            if not form:
                summary = sekisho.summary(paper, key, *sealed[1:])
                yield Paper(f"sekisho's gate, {name}", app, summary, public=paper.public, resource=RESOURCE)
    own = cosign.key("cosign-own")
    options = ["--key", f"{own}.key", "--passphrase-file", secret, "--bundle", "--profile", "sekisho.toml"]
    documents = sekisho.attest(recording, app, *options, cwd=app.parent)
    yield Paper("sekisho, cosign's key", app, documents, public=Path(f"{own}.pub"), ours=True)
    yield Paper("cosign, P-256", app, cosign.attest_with_key(app, own), public=Path(f"{own}.pub"))
    # What cosign 3.1.3 signs with an Ed25519 key, it does not itself accept: so P-256 here too.
    other = cosign.imported(work / "P-256.key", "cosign-imported")
    yield Paper("cosign, our P-256 key", app, cosign.attest_with_key(app, other), public=Path(f"{other}.pub"))
    yield from intoto.papers(app)


def keyless(sekisho, cosign, sigstore, recording, app):
    """Attestations by certificates for an identity: ours and cosign's."""
    signed = [
        ("sekisho, keyless", True, lambda *by: sekisho.attest(recording, app, "--keyless", "--profile", "sekisho.toml", *by, cwd=app.parent)),
        ("cosign, keyless", False, lambda *by: cosign.attest(app, *by)),
    ]
    for name, ours, sign in signed:
        documents = sign(*sigstore.options(), "--identity-token", sigstore.token())
        yield Paper(name, app, documents, identity=EMAIL, issuer=sigstore.issuer.url, ours=ours)


def main(binary, tools, work):
    work, tools = Path(work), Path(tools)
    sekisho, cosign = Sekisho(work, binary), Cosign(work, tools / "cosign")
    intoto, by_hand = Securesystemslib(work), Cryptography(work)
    slsa = SlsaVerifier(work, tools / "slsa-verifier")
    javascript, python = SigstoreJs(work, tools.parent / "js"), SigstorePython(work)
    recording, app = build(sekisho, work)
    run(sekisho.binary, "keygen", work / "stranger", "--algorithm", "p256")

    def stranger(paper):
        return {"public": work / "stranger.pub"} if paper.public else {"identity": "stranger@example.com"}

    with Sigstore(tools, work, cosign.binary) as sigstore:
        for tool in (sekisho, cosign, javascript, python):
            tool.root = sigstore.root
        papers = itertools.chain(
            key_signed(sekisho, cosign, intoto, recording, app, work),
            keyless(sekisho, cosign, sigstore, recording, app),
        )
        good = table(papers, [sekisho, cosign, slsa, javascript, python, intoto, by_hand], work / "evil", stranger)
        good = all_of_them(sekisho, sigstore, work, recording) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
