"""Asks a client all cases of sigstore's conformance suite, and prints what it says. Called by scripts/conformance.

usage: main.py CLIENT SUITE

The suite's own tests want the network even for what needs none: here are its rules for verifying (test/assets/bundle-verify/README.md)
without them. Each case is asked twice, by the file's path and by its digest.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

BEACON = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon"
IDENTITY = f"{BEACON}/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"


def said(case, name, default):
    path = case / name
    return path.read_text().strip() if path.exists() else default


def words(case):
    """The command line for a case, without what is verified."""
    out = ["verify-bundle", "--bundle", case / "bundle.sigstore.json"]
    if (case / "key.pub").exists():
        out += ["--key", case / "key.pub"]
    else:
        out += ["--certificate-identity", said(case, "identity", IDENTITY)]
        out += ["--certificate-oidc-issuer", said(case, "issuer", ISSUER)]
    if (case / "trusted_root.json").exists():
        out += ["--trusted-root", case / "trusted_root.json"]
    return out


def ask(client, case, artifact, where):
    """True if the client accepts; what it says, if not."""
    done = subprocess.run([client, *words(case), artifact], capture_output=True, text=True, timeout=60, cwd=where)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{case.name}: the client ended with {done.returncode}\n{done.stderr}")
    return done.returncode == 0, done.stderr.strip().removeprefix("sekisho-conformance: ")


def main(client, suite):
    cases = sorted(path for path in Path(suite, "test/assets/bundle-verify").iterdir() if path.is_dir())
    asked = right = 0
    print("| case | by path | by digest | why refused |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as where:
        for case in cases:
            own = case / "artifact"
            artifact = own if own.exists() else case.parent / "a.txt"
            digest = "sha256:" + hashlib.sha256(artifact.read_bytes()).hexdigest()
            cells, why = [], ""
            for content in (artifact.resolve(), digest):
                accepted, words_of_it = ask(client, case, content, where)
                wanted = not case.name.endswith("fail")
                asked, right = asked + 1, right + (accepted == wanted)
                cells.append(("accepted" if accepted else "refused") + ("" if accepted == wanted else " **WRONG**"))
                why = why or words_of_it.replace("|", "/").replace("\n", " ")
            print(f"| {case.name} | {cells[0]} | {cells[1]} | {why} |")
    print(f"\n{right} of {asked} as the suite wants it")
    # Of nothing, all is right.
    sys.exit(0 if right == asked and asked >= 100 else 1)


if __name__ == "__main__":
    main(*(Path(word).resolve() for word in sys.argv[1:]))
