"""layouts.py DIRECTORY: writes cases, a folder each (root.layout, owner.pub, *.link), and what in-toto itself says of each (`expected`)."""

import base64
import hashlib
import json
import os
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from in_toto.models.layout import Inspection, Layout, Step
from in_toto.models.link import Link
from in_toto.models.metadata import Envelope, Metablock
from in_toto.verifylib import in_toto_verify
from securesystemslib.signer import CryptoSigner

ALICE, BOB = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()
CAROL, OWNER = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()


def key(signer):
    return {**signer.public_key.to_dict(), "keyid": signer.public_key.keyid}


def files(**contents):
    return {name.replace("_", "."): {"sha256": hashlib.sha256(c.encode()).hexdigest()} for name, c in contents.items()}


SOURCE, BUILT = files(a_c="int a;", b_c="int b;"), files(app="app")
MATCH = ["MATCH", "*", "WITH", "PRODUCTS", "FROM", "build"]


def case(steps=None, links=None, expires="2100-01-01T00:00:00Z", signers=(OWNER,), dsse=False, spoil=None, inspect=()):
    """Two steps by default: Alice builds, Bob packs."""
    return {
        "steps": steps
        or [
            ("build", [ALICE], 1, [["ALLOW", "*.c"], ["DISALLOW", "*"]], [["CREATE", "app"], ["ALLOW", "*.c"], ["DISALLOW", "*"]]),
            ("pack", [BOB], 1, [MATCH, ["DISALLOW", "*"]], [["CREATE", "app.tar"], ["DISALLOW", "*"]]),
        ],
        "links": links or [("build", ALICE, SOURCE, {**SOURCE, **BUILT}), ("pack", BOB, BUILT, files(app_tar="tar"))],
        "expires": expires,
        "signers": signers,
        "dsse": dsse,
        "spoil": spoil,
        "inspect": inspect,
    }


def one(materials, products, rules, products_rules=(), **options):
    """One step with these rules."""
    steps = [("build", [ALICE], 1, list(rules), list(products_rules))]
    return case(steps, [("build", ALICE, materials, products)], **options)


def pair(rules, materials, products, **options):
    """A second step whose materials have these rules, behind a first one with these products."""
    steps = [("build", [ALICE], 1, [], []), ("pack", [BOB], 1, list(rules), [])]
    return case(steps, [("build", ALICE, {}, products), ("pack", BOB, materials, {})], **options)


def twice(threshold, second, by=BOB):
    steps = [("build", [ALICE, BOB], threshold, [], [])]
    return case(steps, [("build", ALICE, SOURCE, BUILT), ("build", by, SOURCE, second)])


def altered(name, change):
    """Changes what was signed of a file, in either form."""

    def spoil(directory):
        path = os.path.join(directory, [f for f in os.listdir(directory) if f.startswith(name)][0])
        document = json.load(open(path))
        if "payload" in document:
            payload = json.loads(base64.b64decode(document["payload"]))
            change(payload)
            document["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        else:
            change(document["signed"])
        json.dump(document, open(path, "w"))

    return spoil


def set_key(name, value):
    return lambda document: document.__setitem__(name, value)


def without_signatures(directory):
    path = os.path.join(directory, "root.layout")
    document = json.load(open(path))
    document["signatures"] = []
    json.dump(document, open(path, "w"))


IN_OUT = {"out/app": BUILT["app"]}
CASES = {
    "two steps": case(),
    "two steps in envelopes": case(dsse=True),
    "odd characters are signed": one(files(**{"é\"\\ \u2028": "x"}), {}, [["ALLOW", "é*"], ["DISALLOW", "*"]]),
    "expired": case(expires="2001-01-01T00:00:00Z"),
    "signed by another": case(signers=(CAROL,)),
    "signed by two": case(signers=(CAROL, OWNER)),
    "no signature": case(spoil=without_signatures),
    "altered layout": case(spoil=altered("root", set_key("readme", "x"))),
    "altered layout in an envelope": case(dsse=True, spoil=altered("root", set_key("readme", "x"))),
    "altered link": case(spoil=altered("build", set_key("command", ["x"]))),
    "altered link in an envelope": case(dsse=True, spoil=altered("pack", set_key("command", ["x"]))),
    "no link": case(links=[("build", ALICE, SOURCE, BUILT)]),
    "a link by nobody": case(links=[("build", CAROL, SOURCE, BUILT), ("pack", BOB, BUILT, files(app_tar="tar"))]),
    "a link by another step's": case(links=[("build", BOB, SOURCE, BUILT), ("pack", BOB, BUILT, files(app_tar="tar"))]),
    "two of two agree": twice(2, BUILT),
    "two of two differ": twice(2, files(app="other")),
    "one of two": case([("build", [ALICE, BOB], 2, [], [])], [("build", ALICE, SOURCE, BUILT)]),
    "a stranger is no second": twice(2, BUILT, CAROL),
    "exchanged between the steps": case(
        links=[("build", ALICE, SOURCE, {**SOURCE, **BUILT}), ("pack", BOB, files(app="evil"), files(app_tar="tar"))]
    ),
    "something more was read": case(
        links=[("build", ALICE, {**SOURCE, **files(evil="x")}, BUILT), ("pack", BOB, BUILT, files(app_tar="tar"))]
    ),
    "something more was made": case(
        links=[("build", ALICE, SOURCE, BUILT), ("pack", BOB, BUILT, files(app_tar="tar", evil="x"))]
    ),
    "no rules allow all": one(SOURCE, BUILT, []),
    "create is not what was there": one(SOURCE, SOURCE, [], [["CREATE", "*"], ["DISALLOW", "*"]]),
    "delete": one(SOURCE, {}, [["DELETE", "*"], ["DISALLOW", "*"]]),
    "delete is not what is there": one(SOURCE, SOURCE, [["DELETE", "*"], ["DISALLOW", "*"]]),
    "modify": one(files(a="1"), files(a="2"), [["MODIFY", "a"], ["DISALLOW", "*"]], [["MODIFY", "a"], ["DISALLOW", "*"]]),
    "modify is not what is the same": one(files(a="1"), files(a="1"), [["MODIFY", "a"], ["DISALLOW", "*"]]),
    "require": one(SOURCE, {}, [["REQUIRE", "a.c"]]),
    "require is not a pattern": one(SOURCE, {}, [["REQUIRE", "*.c"]]),
    "require of what a rule took": one(SOURCE, {}, [["ALLOW", "*"], ["REQUIRE", "a.c"]]),
    "disallow comes too late": one(SOURCE, {}, [["ALLOW", "*"], ["DISALLOW", "*"]]),
    "disallow of nothing": one(SOURCE, {}, [["DISALLOW", "*.o"]]),
    "keywords in any case": one(SOURCE, BUILT, [["Allow", "[ab].c"], ["disallow", "*"]]),
    "sets": one(SOURCE, {}, [["ALLOW", "[!b].c"], ["DISALLOW", "*"]]),
    "a star crosses directories": one(files(**{"x/y/z": "1"}), {}, [["ALLOW", "x*z"], ["DISALLOW", "*"]]),
    "match by materials": pair([["MATCH", "*", "WITH", "MATERIALS", "FROM", "build"], ["DISALLOW", "*"]], BUILT, BUILT),
    "match below both": pair(
        [["MATCH", "*", "IN", "in", "WITH", "PRODUCTS", "IN", "out", "FROM", "build"], ["DISALLOW", "*"]],
        {"in/app": BUILT["app"]},
        IN_OUT,
    ),
    "match below, with a slash": pair(
        [["MATCH", "app", "WITH", "PRODUCTS", "IN", "out/", "FROM", "build"], ["DISALLOW", "*"]], BUILT, IN_OUT
    ),
    "match below something else": pair(
        [["MATCH", "app", "IN", "i", "WITH", "PRODUCTS", "IN", "out", "FROM", "build"], ["DISALLOW", "*"]],
        {"in/app": BUILT["app"]},
        IN_OUT,
    ),
    "match with no such step": pair([["MATCH", "*", "WITH", "PRODUCTS", "FROM", "nobody"], ["DISALLOW", "*"]], BUILT, BUILT),
    "match with itself": one(BUILT, BUILT, [["MATCH", "*", "WITH", "PRODUCTS", "FROM", "build"], ["DISALLOW", "*"]]),
    "match with other digests": pair([MATCH, ["DISALLOW", "*"]], {"app": {**BUILT["app"], "sha512": "00"}}, BUILT),
    "a rule that is none": case(spoil=altered("root", lambda d: d["steps"][0]["expected_materials"].append(["PERMIT", "*"]))),
    "a failing inspection": one(SOURCE, BUILT, [], inspect=[Inspection(name="look", run=["false"])]),
}


def write(directory, c):
    layout = Layout(expires=c["expires"], inspect=list(c["inspect"]))
    layout.keys = {key(s)["keyid"]: key(s) for s in (ALICE, BOB, CAROL)}
    for name, by, threshold, materials, products in c["steps"]:
        pubkeys = [key(s)["keyid"] for s in by]
        layout.steps.append(
            Step(name=name, pubkeys=pubkeys, threshold=threshold, expected_materials=materials, expected_products=products)
        )
    sign(layout, c["signers"], c["dsse"]).dump(os.path.join(directory, "root.layout"))
    for step, by, materials, products in c["links"]:
        link = Link(name=step, materials=materials, products=products, byproducts={}, command=["make"], environment={})
        sign(link, [by], c["dsse"]).dump(os.path.join(directory, f"{step}.{key(by)['keyid'][:8]}.link"))
    if c["spoil"]:
        c["spoil"](directory)


def sign(what, signers, dsse):
    signed = Envelope.from_signable(what) if dsse else Metablock(signed=what, compact_json=False)
    for signer in signers:
        signed.create_signature(signer)
    return signed


def verdict(directory):
    """What in-toto says, run where nothing else lies."""
    os.makedirs(os.path.join(directory, "empty"))
    os.chdir(os.path.join(directory, "empty"))
    try:
        from in_toto.models.metadata import Metadata

        in_toto_verify(Metadata.load("../root.layout"), {key(OWNER)["keyid"]: key(OWNER)}, link_dir_path="..")
        return "accepted"
    except Exception as error:
        return f"refused: {type(error).__name__}"


def pem(signer):
    from securesystemslib.signer import SSlibKey  # noqa: F401

    return signer._private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def judge_link(directory, public):
    """Whether in-toto takes the link in the directory for one by this key, whose step took `source` and left `app`."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    signer = SSlibKey.from_crypto(load_pem_public_key(open(public, "rb").read()))
    functionary = {**signer.to_dict(), "keyid": signer.keyid}
    layout = Layout(expires="2100-01-01T00:00:00Z")
    layout.keys = {signer.keyid: functionary}
    rules = [["REQUIRE", "source"], ["ALLOW", "source"], ["DISALLOW", "*"]]
    made = [["REQUIRE", "app"], ["CREATE", "app"], ["DISALLOW", "*"]]
    layout.steps.append(Step(name="build", pubkeys=[signer.keyid], expected_materials=rules, expected_products=made))
    in_toto_verify(sign(layout, [OWNER], False), {key(OWNER)["keyid"]: key(OWNER)}, link_dir_path=directory)
    print("accepted")


if __name__ == "__main__":
    root = os.path.abspath(sys.argv[1])
    if len(sys.argv) == 3:
        judge_link(root, sys.argv[2])
        sys.exit()
    for name, c in CASES.items():
        place = os.path.join(root, name)
        os.makedirs(place)
        write(place, c)
        open(os.path.join(place, "owner.pub"), "wb").write(pem(OWNER))
        said = verdict(place)
        open(os.path.join(place, "expected"), "w").write(said)
        print(name, said, sep=": ")
