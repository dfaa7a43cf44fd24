"""What others made, for scripts/bench --peers: how each is installed, in a folder of its own, and how it is asked to record a command."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "target" / "bench-peers"
BIN = PLACE / "bin"


class Peer:
    """One of them: `install` raises if it cannot be had here, `command` wraps a step whose output may go to a folder."""

    def __init__(self, name, version, says, install, command):
        self.name, self.version, self.says, self.install, self.command = name, version, says, install, command


def _run(command, **environment):
    """Runs an installer; what it says last is the reason if it fails."""
    tool = shutil.which(str(command[0]))
    if tool is None:
        raise OSError(f"{command[0]} is not installed")
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=PLACE,
                          env={**os.environ, **environment}, timeout=900)
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if "error" in line.lower()] or done.stdout.splitlines() or ["no reason given"]
        # Where a registry is depends on the machine.
        raise OSError(re.sub(r"\S*https?://\S+", "", lines[0])[:200])


def _pip(package, version):
    def install():
        if not (BIN / "pip").exists():
            _run([sys.executable, "-m", "venv", PLACE])
        _run([BIN / "pip", "--quiet", "--disable-pip-version-check", "install", f"{package}=={version}"])

    return install


def _cargo(package, version, *options):
    def install():
        if not (BIN / package).exists():
            # Where it is compiled is of no more use.
            built = PLACE / "build"
            try:
                _run(["cargo", "install", "--quiet", "--locked", "--root", PLACE, "--version", version, *options, package], CARGO_TARGET_DIR=str(built))
            finally:
                shutil.rmtree(built, ignore_errors=True)

    return install


def _go(module, version):
    def install():
        if not (BIN / module.rsplit("/", 1)[-1]).exists():
            _run(["go", "install", f"{module}@{version}"], GOBIN=str(BIN), CGO_ENABLED="0")

    return install


PEERS = [
    Peer("reprozip", "1.3.2", "processes and files by ptrace; its work after the step (packages, inputs and outputs) is left out",
         _pip("reprozip", "1.3.2"),
         lambda step, folder: [BIN / "reprozip", "trace", "-d", folder / "trace", "--dont-identify-packages", "--dont-find-inputs-outputs", *step]),
    Peer("in-toto-run", "3.1.0", "digests the workspace before and after, and sees nothing of what happens between",
         _pip("in-toto", "3.1.0"),
         lambda step, folder: [BIN / "in-toto-run", "--step-name", "bench", "--signing-key", PLACE / "key.pem", "--metadata-directory", folder,
                               "--run-timeout", "3600", "--materials", ".", "--products", ".", "--", *step]),
    Peer("tracexec", "1.0.0", "programs by ptrace, no files",
         _cargo("tracexec", "1.0.0", "--no-default-features"),
         lambda step, folder: [BIN / "tracexec", "--no-profile", "log", "--output", folder / "log.txt", "--", *step]),
    Peer("witness", "v0.10.0", "digests the workspace before and after, and by `--trace` the programs and files of each process by ptrace",
         _go("github.com/in-toto/witness", "v0.10.0"),
         lambda step, folder: [BIN / "witness", "run", "--trace", "--step", "bench", "--attestations", "environment",
                               "--signer-file-key-path", PLACE / "key.pem", "--outfile", folder / "attestation.json", "--", *step]),
]


def set_up():
    """Installs them; returns those that are there, and why others are not."""
    PLACE.mkdir(parents=True, exist_ok=True)
    _run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", PLACE / "key.pem"])
    there, missing = [], []
    for peer in PEERS:
        try:
            peer.install()
            there.append(peer)
        except (OSError, subprocess.TimeoutExpired) as error:
            missing.append(f"{peer.name} {peer.version} does not install here: {error}")
            print(f"   {missing[-1]}", file=sys.stderr, flush=True)
    return there, missing
