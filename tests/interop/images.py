"""Attestations beside images, in real registries on loopback: what we attach, cosign verifies, and the other way round."""

import re
import shutil
import subprocess
from pathlib import Path

from tools import Cosign, Failed, run

KIND = "https://example.com/tested/v1"
# An image of one file, as an OCI layout: what a recorded step leaves behind.
LAYOUT = """
import hashlib, io, json, pathlib, sys, tarfile
place = pathlib.Path(sys.argv[1])
(place / "blobs/sha256").mkdir(parents=True)
def blob(kind, content):
    digest = hashlib.sha256(content).hexdigest()
    (place / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(content)}
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    file = tarfile.TarInfo("app")
    file.size = len(sys.argv[2])
    tar.addfile(file, io.BytesIO(sys.argv[2].encode()))
layer = blob("layer.v1.tar", layer.getvalue())
config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}
config = blob("config.v1+json", json.dumps(config).encode())
kind = "application/vnd.oci.image.manifest.v1+json"
manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
index = {"schemaVersion": 2, "manifests": [blob("manifest.v1+json", json.dumps(manifest).encode())]}
(place / "index.json").write_text(json.dumps(index))
(place / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
"""


class Registry:
    """Serves until the `with` block ends, at the address that it says it listens at."""

    def __init__(self, *words):
        self.words = [str(word) for word in words]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        said = b""
        while not (found := re.search(rb"serving on port (\d+)|listening on 127.0.0.1:(\d+)", said)):
            line = self.process.stdout.readline()
            if not line:
                self.__exit__()
                raise Failed(f"{self.words[0]} does not serve\n{said.decode(errors='replace')}")
            said += line
        self.host = f"127.0.0.1:{int(found[1] or found[2])}"
        # What it goes on to say, nobody reads: it must not wait for that.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_why):
        self.process.kill()
        self.process.wait()
        if hasattr(self, "drain"):
            self.drain.wait()


def registries(crane, work):
    """One that lists referrers (OCI 1.1), and, where it is installed, one that does not."""
    yield "crane's registry", Registry(crane, "registry", "serve", "--address", "127.0.0.1:0")
    other = shutil.which("docker-registry")
    if other:
        config = work / "docker-registry.yml"
        config.write_text('version: 0.1\nstorage: {inmemory: {}}\nhttp: {addr: "127.0.0.1:0"}\n')
        yield "Debian's docker-registry", Registry(other, "serve", config)
    else:
        print("skipped docker-registry: is not installed: the tag fallback meets no real registry")


class Images:
    """Builds, pushes, attests and verifies in one registry."""

    def __init__(self, sekisho, sigstore, work, host):
        self.sekisho, self.sigstore, self.work, self.host = sekisho, sigstore, work, host
        self.crane, self.cosign = sigstore.tools / "crane", Cosign(work, sigstore.cosign)

    def build(self, name):
        """Records the making of an image, and pushes it; gives recording and reference."""
        recording, image = self.work / f"{name}.rec", f"{self.host}/team/{name}:v1"
        step = ["python3", "-I", "-c", LAYOUT, name, f"content of {name}"]
        run(self.sekisho.binary, "record", "-o", recording, "--", *step, cwd=self.work)
        run(self.crane, "push", self.work / name, image)
        return recording, image

    def policy(self, name, text):
        path = self.work / f"{name}.toml"
        path.write_text("version = 1\n" + text)
        return path

    def judge(self, image, policy, accepted=True):
        words = ["verify", f"oci://{image}", "--policy", policy]
        return run(self.sekisho.binary, *words, status=(0 if accepted else 1,))[1]

    def cosign_verifies(self, image, kind, key, *more, accepted=True):
        words = ["verify-attestation", "--key", key, "--insecure-ignore-tlog", "--type", kind, *more, image]
        run(self.cosign.binary, *words, status=(0,) if accepted else (1, 10, 12))

    def ours(self, name, *form):
        """We attach, in one form; both judge."""
        recording, image = self.build(name)
        key = self.work / "images"
        words = ["attest", recording, "--key", f"{key}.key", "--product", f"{name}/blobs/sha256/*", "-o", self.work / f"{name}.jsonl"]
        run(self.sekisho.binary, *words, *form, "--oci", image, cwd=self.work)
        steps = '[[steps]]\nname = "build"\nkeys = ["k"]\npredicates = ["link", "provenance", "runtime-trace"]\n'
        for who, accepted in [("images", True), ("stranger", False)]:
            by = f'[keys.k]\npath = "{self.work / who}.pub"\n'
            self.judge(image, self.policy(f"{name}-{who}", by + steps), accepted)
            more = [] if form else ["--new-bundle-format=false"]
            for kind in ["https://in-toto.io/attestation/link/v0.3", "https://slsa.dev/provenance/v1"]:
                self.cosign_verifies(image, kind, f"{self.work / who}.pub", *more, accepted=accepted)
        return image

    def theirs(self, name, *form):
        """cosign attaches, in one form; both judge."""
        _, image = self.build(name)
        key = self.cosign.key(f"cosign-{name}")
        predicate = self.work / "predicate.json"
        predicate.write_text('{"tested": true}')
        words = ["attest", "--predicate", predicate, "--type", KIND, "--key", f"{key}.key", "--yes"]
        words += ["--use-signing-config=false", "--tlog-upload=false", *form, image]
        run(self.cosign.binary, *words, cwd=self.work, env=Cosign.PASSWORD)
        for who, accepted in [(f"cosign-{name}", True), ("stranger", False)]:
            self.cosign_verifies(image, KIND, f"{self.work / who}.pub", *form, accepted=accepted)
            self.judge(image, self.policy(f"{name}-{who}", stated(f'[keys.k]\npath = "{self.work / who}.pub"\n', 'keys = ["k"]')), accepted)
        return image

    def keyless(self, name):
        """cosign attaches as whom a token names."""
        from issuer import EMAIL

        _, image = self.build(name)
        predicate = self.work / "predicate.json"
        words = ["attest", "--predicate", predicate, "--type", KIND, "--yes", "--identity-token", self.sigstore.token()]
        run(self.cosign.binary, *words, *self.sigstore.options(), image, cwd=self.work)
        for who, accepted in [(EMAIL, True), (f"{EMAIL}.example", False)]:
            by = f'[identities.i]\nissuer = "{self.sigstore.issuer.url}"\nidentity = "{who}"\ntrust = "ours"\n'
            by += f'[trust.ours]\npath = "{self.sigstore.root}"\n'
            self.judge(image, self.policy(f"{name}-{accepted}", stated(by, 'identities = ["i"]')), accepted)


def stated(who, by):
    return f'{who}[[statements]]\nname = "tested"\npredicate_type = "{KIND}"\n{by}\n'


def attestations_lie_beside_images(sekisho, sigstore, work):
    """In each registry, in each layout, in both directions; and none of one image is one of another."""
    for number, (name, registry) in enumerate(registries(sigstore.tools / "crane", work)):
        here = work / f"images-{number}"
        here.mkdir()
        run(sekisho.binary, "keygen", here / "images", "--algorithm", "p256")
        shutil.copy(work / "stranger.pub", here)
        with registry:
            images = Images(sekisho, sigstore, here, registry.host)
            one = images.ours("referrers", "--bundle")
            two = images.ours("layers")
            images.theirs("cosign-referrers")
            images.theirs("cosign-layers", "--new-bundle-format=false")
            images.keyless("cosign-keyless")
            # Another image under the same tag: what is attached to the first does not count.
            run(images.crane, "copy", two, one)
            said = images.judge(one, here / "referrers-images.toml", accepted=False)
            if "evidence-missing" not in said:
                raise Failed(f"{name}: another image has the attestations of the first\n{said}")
