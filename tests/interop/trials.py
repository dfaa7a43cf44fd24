"""What keyless signing does when things are not as they should be: who sees the token, and what a failing service leads to."""

import hashlib
import json
import os
import pty
import select
import shutil
import subprocess
from pathlib import Path

from images import attestations_lie_beside_images
from issuer import BEARER, EMAIL
from services import fetch
from tools import ALONE, Failed, run

GITHUB = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


def github(sigstore):
    """The environment of a job on GitHub that may ask for a token."""
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{sigstore.issuer.url}/github?api-version=2.0",
        GITHUB: BEARER,
    }


def expect(condition, what):
    if not condition:
        raise Failed(what)


def the_step_does_not_see_the_token(sekisho, sigstore, work):
    """The whole loop in a job of GitHub's, whose service is busy at first. The step tries to be its own signer."""
    here = work / "loop"
    here.mkdir()
    sigstore.issuer.failures = 1
    step = 'printenv > printed; echo "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-none}" > app'
    words = ["run", "--keyless", *sigstore.options(), "--product", "app", "--out", work / "loop-out", "--", "sh", "-c", step]
    _, said = run(sekisho.binary, *words, cwd=here, env=github(sigstore))
    expect("again in 1 s" in said, f"a busy service is asked again\n{said}")
    expect((here / "app").read_text() == "none\n", "the step has no token")
    seen = (here / "printed").read_text()
    expect(BEARER not in seen and "GITHUB_ACTIONS=true" in seen, "the step has the rest of its environment")
    lines = (work / "loop-out/attestations.jsonl").read_text().splitlines()
    expect(len(lines) == 3 and "certificate" in json.loads(lines[0])["verificationMaterial"], "three bundles")


def a_step_that_had_the_token_is_not_signed(sekisho, sigstore, work):
    """It was recorded without `--keyless`, in the same job."""
    here, recording = work / "seen", work / "seen.rec"
    here.mkdir()
    env = github(sigstore)
    run(sekisho.binary, "record", "-o", recording, "--", "touch", "app", cwd=here, env=env)
    words = ["attest", recording, "--keyless", *sigstore.options(), "-o", work / "seen.jsonl"]
    _, said = run(sekisho.binary, *words, cwd=here, env=env, status=(2,))
    expect(GITHUB in said and "could have signed for itself" in said, said)
    expect(not (work / "seen.jsonl").exists(), "nothing is written")
    token = here / "token"
    token.write_text(sigstore.issuer.token())
    run(sekisho.binary, "record", "-o", recording, "--", "cp", "token", "copy", cwd=here)
    words += ["--identity-token", token]
    _, said = run(sekisho.binary, *words, cwd=here, status=(2,))
    expect("the step read the identity token" in said, said)


def a_bad_token_is_said_at_once(sekisho, sigstore, work, recording):
    """Expired ones never leave the machine; the authority refuses those for others, and is not asked again."""
    token = work / "bad-token"
    for text, told in [
        (sigstore.issuer.token(lives_s=-60), "has expired"),
        (sigstore.issuer.token(audience="somebody else"), "does not accept this identity token"),
        ("hello", "holds no identity token"),
    ]:
        token.write_text(text)
        words = ["attest", recording, "--keyless", *sigstore.options(), "--identity-token", token, "-o", work / "bad.jsonl"]
        _, said = run(sekisho.binary, *words, cwd=work / "work", status=(2,))
        expect(told in said and "again in" not in said, said)
        expect(not (work / "bad.jsonl").exists(), "nothing is written")


def a_service_that_comes_back_signs_the_kept_recording(sekisho, sigstore, work):
    """The log stops answering while the loop runs, and goes on a little later."""
    here = work / "later"
    here.mkdir()
    words = [sekisho.binary, "run", "--keyless", *sigstore.options(), "--product", "app", "--out", work / "later-out"]
    words += ["--", "sh", "-c", "echo 1 > app"]
    log = sigstore.stop("rekor-server")
    process = subprocess.Popen(
        [str(word) for word in words], cwd=here, env={**os.environ, **ALONE, **github(sigstore)}, stderr=subprocess.PIPE
    )
    said = b""
    try:
        while b"again in 2 s" not in said:
            line = process.stderr.readline()
            expect(line, f"it tries again\n{said.decode()}")
            said += line
        expect((work / "later-out/recording.sekisho").exists(), "the recording is kept")
        sigstore.begin(*log)
        said += process.communicate(timeout=60)[1]
    finally:
        process.kill()
        process.wait()
    expect(process.returncode == 0, said.decode())
    expect(len((work / "later-out/attestations.jsonl").read_text().splitlines()) == 3, "all are signed")


def shown(terminal):
    """What a program writes to its terminal; nothing once it has ended."""
    expect(select.select([terminal], [], [], 60)[0], "the program says something, or ends")
    try:
        return os.read(terminal, 4096)
    except OSError:  # The other side is closed.
        return b""


def a_person_signs_in_with_a_browser(sekisho, sigstore, work, recording):
    """At a terminal, without a token: the address is opened elsewhere, and the code typed. Another code signs nothing."""
    ours = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS", "GITLAB_CI")}
    for name, change, status in [("person", lambda code: code, 0), ("nobody", lambda code: "x" + code, 2)]:
        out = work / f"{name}.jsonl"
        words = [sekisho.binary, "attest", recording, "--keyless", *sigstore.options(), "--product", "app", "-o", out]
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(work / "work")
            os.execve(words[0], [str(word) for word in words], {**ours, **ALONE})
        said = b""
        while b"the code that it shows: " not in said:
            more = shown(terminal)
            expect(more, f"a code is asked for\n{said.decode()}")
            said += more
        address = said.decode().split("sign in with a browser: ")[1].split()[0]
        os.write(terminal, (change(json.loads(fetch(address))["code"]) + "\n").encode())
        while more := shown(terminal):
            said += more
        os.close(terminal)
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        expect(ended == status and out.exists() == (status == 0), said.decode())


def other_services_are_not_believed(sekisho, sigstore, work, recording):
    """What is signed elsewhere than the root of trust says is not written."""
    root = work / "other_root.json"
    changed = json.loads(sigstore.root.read_text())
    other = work / "other.pub"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", work / "other.pem")
    run("openssl", "pkey", "-in", work / "other.pem", "-pubout", "-out", other)
    changed["tlogs"][0]["publicKey"]["rawBytes"] = "".join(other.read_text().splitlines()[1:-1])
    root.write_text(json.dumps(changed))
    words = ["attest", recording, "--keyless", *sigstore.options(root=root), "--identity-token", sigstore.token()]
    _, said = run(sekisho.binary, *words, "-o", work / "other.jsonl", cwd=work / "work", status=(2,))
    expect("cannot be verified, and is not written" in said and not (work / "other.jsonl").exists(), said)


def the_conformance_client_signs_and_verifies(sekisho, sigstore, work):
    """In the protocol of sigstore's suite: a file, and a statement; another file and another name are refused."""
    client, app = Path(sekisho.binary).with_name("sekisho-conformance"), work / "work/app"
    statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://example.com/tested/v1", "predicate": {}}
    statement["subject"] = [{"name": "app", "digest": {"sha256": hashlib.sha256(app.read_bytes()).hexdigest()}}]
    (work / "statement.json").write_text(json.dumps(statement))
    who = ["--certificate-identity", EMAIL, "--certificate-oidc-issuer", sigstore.issuer.url]
    root = ["--trusted-root", sigstore.root]
    for kind, content in [([], app), (["--in-toto"], work / "statement.json")]:
        bundle = work / "conformance.json"
        words = ["sign-bundle", *kind, "--identity-token", sigstore.issuer.token(), "--bundle", bundle, *root]
        run(client, *words, "--signing-config", sigstore.config, content)
        run(client, "verify-bundle", "--bundle", bundle, *who, *root, app)
        run(client, "verify-bundle", "--bundle", bundle, *who, *root, work / "evil", status=(1,))
        other = ["--certificate-identity", f"{EMAIL}.example", *who[2:]]
        run(client, "verify-bundle", "--bundle", bundle, *other, *root, app, status=(1,))
        if not kind:
            run(sigstore.cosign, "verify-blob", "--bundle", bundle, *who, *root, "--use-signed-timestamps", app)


# npm's own, by which it signs that something was published (`/-/npm/v1/keys` of the registry).
NPM_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i
6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==
-----END PUBLIC KEY-----
"""


def npm_s_documents_are_read_and_slsa_verifier_s_forged_ones_refused(sekisho, sigstore, work):
    """What the registry says of five packages: who published them, and how they were built. In ten more one signature is another's."""
    (work / "npm.pub").write_text(NPM_KEY)
    seen = {True: 0, False: 0}
    for document in sorted((sigstore.tools.parent / "npm").glob("*.tgz.json")):
        kinds = [each["predicateType"] for each in json.loads(document.read_text())["attestations"]]
        lines = ["version = 1", "[keys.npm]", 'path = "npm.pub"', "[identities.workflow]"]
        lines += ['issuer = "https://token.actions.githubusercontent.com"', 'identity_glob = "https://github.com/*/*/.github/workflows/**"']
        for kind in kinds:
            by = 'keys = ["npm"]' if "/publish/" in kind else 'identities = ["workflow"]'
            lines += ["[[statements]]", f'name = "{kind}"', f'predicate_type = "{kind}"', by]
        (work / "npm.toml").write_text("\n".join(lines) + "\n")
        good = "invalidsig" not in document.name
        words = ["--attestations", document, "--policy", work / "npm.toml"]
        run(sekisho.binary, "verify", document.with_suffix(""), *words, status=(0 if good else 1,))
        run(sekisho.binary, "verify", work / "evil", *words, status=(1,))
        seen[good] += 1
    expect(seen == {True: 5, False: 10}, f"five packages and ten forgeries: {seen}")


def the_page_s_commands_verify(sekisho, sigstore, work, recording):
    """What docs/attestations.md says that a stranger types, as it stands there."""
    here = work / "work"
    page = Path(__file__).parents[2] / "docs/attestations.md"
    block, summary = [block.split("```")[0] for block in page.read_text().split("<!-- scripts/interop runs this -->\n```sh\n")[1:]]
    shutil.copy(recording, here / "sekisho.rec")
    shutil.copy(sigstore.root, here / "trusted_root.json")
    run(sekisho.binary, "keygen", here / "release", "--algorithm", "p256")
    # Modules are looked for beside the script.
    block = block.replace("node verify.mjs", f"node {sigstore.tools.parent / 'js/verify.mjs'}")
    path = f"{Path(sekisho.binary).parent}:{sigstore.tools}:{os.environ['PATH']}"
    run("sh", "-ec", block, cwd=here, env={"PATH": path})
    step = '[[steps]]\nname = "build"\nkeys = ["k"]\npredicates = ["link", "provenance", "runtime-trace"]\n'
    (here / "policy.toml").write_text(f'version = 1\n[keys.k]\npath = "release.pub"\n{step}')
    run(sekisho.binary, "keygen", here / "gate", "--algorithm", "p256")
    run("sh", "-ec", summary, cwd=here, env={"PATH": path})
    # And what it verifies, it verifies of this file.
    (here / "app").write_text("something else\n")
    run("sh", "-ec", block.splitlines()[2], cwd=here, env={"PATH": path}, status=(1,))
    run("sh", "-ec", summary.split("\n", 1)[1], cwd=here, env={"PATH": path}, status=(1,))


def all_of_them(sekisho, sigstore, work, recording):
    """Runs each; true if all went as they should."""
    trials = [
        (the_step_does_not_see_the_token, ()),
        (a_step_that_had_the_token_is_not_signed, ()),
        (a_bad_token_is_said_at_once, (recording,)),
        (a_person_signs_in_with_a_browser, (recording,)),
        (other_services_are_not_believed, (recording,)),
        (the_conformance_client_signs_and_verifies, ()),
        (npm_s_documents_are_read_and_slsa_verifier_s_forged_ones_refused, ()),
        (the_page_s_commands_verify, (recording,)),
        (attestations_lie_beside_images, ()),
        (a_service_that_comes_back_signs_the_kept_recording, ()),
    ]
    good = True
    print()
    for trial, more in trials:
        try:
            trial(sekisho, sigstore, work, *more)
            result = "yes"
        except Failed as error:
            result, good = f"NO: {error}", False
        print(f"- {trial.__name__.replace('_', ' ')}: {result}", flush=True)
    return good
