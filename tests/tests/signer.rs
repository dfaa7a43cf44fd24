//! A signer under another user: what it signs, for whom, and what it cannot be made to sign. Two users are needed, so only root can try.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::{places, skips};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// Who holds the key, who records, and who is neither.
const HOLDER: u32 = 65534;
const CLIENT: u32 = 65533;
const STRANGER: u32 = 65532;
/// Sends standard input to the socket, and prints what comes back. Who is refused unheard reads the answer, and then that the rest was not read.
const SEND: &str = "import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
except OSError:
    pass
try:
    while said := s.recv(65536):
        sys.stdout.buffer.write(said)
except ConnectionResetError:
    pass";
const REQUEST: &str = "{\"version\":1,\"products\":[\"app\"],\"profile\":null,\"bundle\":false,\"scai\":false}\n";

/// A holder's directory with the key, a client's with a workspace, and the program where both can run it.
struct Place {
    dir: TempDir,
    signer: Option<Child>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(signer) = &mut self.signer {
            signer.kill().unwrap();
            signer.wait().unwrap();
        }
    }
}

impl Place {
    /// Nothing, said and counted, for who is not root.
    fn new() -> Option<Self> {
        if places::uid() != 0 {
            skips::skip("tests/allowed-skips.txt", "signer", "only root can be two users");
            return None;
        }
        // Where every user can go.
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        open(dir.path(), 0o755);
        let place = Self { dir, signer: None };
        let program = place.path("sekisho");
        if std::fs::hard_link(places::sekisho(), &program).is_err() {
            std::fs::copy(places::sekisho(), &program).unwrap();
        }
        open(&program, 0o755);
        for (name, uid, mode) in [("holder", HOLDER, 0o700), ("run", HOLDER, 0o755), ("work", CLIENT, 0o755)] {
            let path = place.path(name);
            std::fs::create_dir(&path).unwrap();
            open(&path, mode);
            chown(&path, Some(uid), Some(uid)).unwrap();
        }
        place.returns(0, HOLDER, &["keygen", "../holder/release"], "run");
        std::fs::copy(place.path("holder/release.pub"), place.path("release.pub")).unwrap();
        place.as_user(CLIENT, "sh", &["-c", "echo source > source"], "work");
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, uid: u32, program: impl AsRef<Path>, words: &[&str], at: &str) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(words).current_dir(self.path(at)).uid(uid).gid(uid).env_clear();
        command.env("PATH", places::PATH).env("HOME", self.path("work")).env("TMPDIR", "/tmp").stdin(Stdio::null());
        command
    }

    fn as_user(&self, uid: u32, program: &str, words: &[&str], at: &str) -> Output {
        self.command(uid, program, words, at).output().unwrap()
    }

    fn returns(&self, status: i32, uid: u32, words: &[&str], at: &str) -> String {
        let output = self.command(uid, self.path("sekisho"), words, at).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}\n{said}");
        said
    }

    fn serve(&mut self) {
        self.serve_with("release.key");
    }

    fn serve_with(&mut self, key: &str) {
        let words = ["signer", "--key", key, "--socket", "../run/socket", "--client", "65533"];
        let mut signer = self.command(HOLDER, self.path("sekisho"), &words, "holder");
        let mut child = signer.env("SOFTHSM2_CONF", "softhsm.conf").stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        self.signer = Some(child);
        assert!(line.contains("signs for uid 65533"), "{line}");
        // It must not wait for a reader of what it says.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    }

    /// What a user gets for these bytes.
    fn send(&self, uid: u32, bytes: &[u8]) -> Value {
        let socket = self.path("run/socket");
        let mut python = self.command(uid, "python3", &["-I", "-c", SEND, socket.to_str().unwrap()], "run");
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
    }

    fn record(&self, step: &str) -> Vec<u8> {
        self.returns(0, CLIENT, &["record", "-o", "build.rec", "--", "sh", "-c", step], "work");
        std::fs::read(self.path("work/build.rec")).unwrap()
    }
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn payloads(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let payload = |line: &str| serde_json::from_str::<Value>(line).unwrap()["payload"].as_str().unwrap().to_owned();
    text.lines().map(payload).collect()
}

const STEP: &str = "cat source > app";

#[test]
fn a_signer_states_what_the_recording_says_and_the_gate_accepts_it() {
    let Some(mut place) = Place::new() else { return };
    place.serve();
    place.record(STEP);
    place.returns(0, CLIENT, &["profile", "new", "build.rec"], "work");
    let words = ["attest", "build.rec", "--product", "app", "--profile", "sekisho.toml", "--scai"];
    let told = place.returns(0, CLIENT, &[&words[..], &["--signer", "../run/socket"]].concat(), "work");
    assert!(told.contains("signed 5 statements about 1 of 1 products"), "{told}");
    // With a key of one's own, the same is stated.
    place.returns(0, CLIENT, &["keygen", "own"], "work");
    place.returns(0, CLIENT, &[&words[..], &["--key", "own.key", "-o", "own.jsonl"]].concat(), "work");
    let by_signer = payloads(&place.path("work/attestations.jsonl"));
    assert!(by_signer.len() == 5 && by_signer == payloads(&place.path("work/own.jsonl")));
    let policy = "version = 1\n[keys.k]\npath = \"release.pub\"\n[[steps]]\nname = \"build\"\nkeys = [\"k\"]\nprofiles = [\"work/sekisho.toml\"]\n";
    std::fs::write(place.path("policy.toml"), policy).unwrap();
    let verify = |status, evidence| {
        let words = ["verify", "work/app", "--attestations", evidence, "--policy", "policy.toml"];
        place.returns(status, 0, &words, ".")
    };
    verify(0, "work/attestations.jsonl");
    verify(1, "work/own.jsonl");
    // The whole loop, in bundles; what the step did beyond its profile is stated too.
    let run = ["run", "--signer", "../run/socket", "--bundle", "--product", "app", "--out", "out", "--", "sh", "-c"];
    place.returns(0, CLIENT, &[&run[..], &[STEP]].concat(), "work");
    verify(0, "work/out/attestations.jsonl");
    place.returns(1, CLIENT, &[&run[..], &["cat source ../release.pub > app"]].concat(), "work");
    assert!(verify(1, "work/out/attestations.jsonl").contains("behaviour-deviates"));
}

#[test]
fn a_signer_signs_nothing_but_what_it_derives_from_a_whole_recording() {
    let Some(mut place) = Place::new() else { return };
    place.serve();
    let recording = place.record(STEP);
    let with = |bytes: &[u8]| [REQUEST.as_bytes(), bytes].concat();
    assert!(place.send(CLIENT, &with(&recording))["attestations"].is_string());
    let mut altered = recording.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let payload =
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[],\"predicateType\":\"x\",\"predicate\":{}}";
    let more = [&recording[..], b"more"].concat();
    let bad: [(&str, Vec<u8>); 9] = [
        ("cut", with(&recording[..recording.len() - 1])),
        ("cut in the middle", with(&recording[..middle])),
        ("altered", with(&altered)),
        ("more behind the end", with(&more)),
        ("a payload in its place", with(payload.as_bytes())),
        ("none", with(b"")),
        ("no request", payload.as_bytes().to_vec()),
        ("a payload beside it", with(&recording).replacing("\"scai\":false", "\"scai\":false,\"payload\":\"e30=\"")),
        ("a request without end", vec![b' '; (8 << 20) + 1]),
    ];
    for (what, bytes) in bad {
        let answer = place.send(CLIENT, &bytes);
        assert!(answer["refused"].is_string() && answer.get("attestations").is_none(), "{what}: {answer}");
    }
    let told =
        place.returns(2, CLIENT, &["attest", "build.rec", "--signer", "../run/socket", "--product", "none"], "work");
    assert!(told.contains("matches nothing"), "{told}");
}

#[test]
fn a_signer_listens_to_its_client_alone_and_not_to_a_step() {
    let Some(mut place) = Place::new() else { return };
    place.serve();
    let recording = place.record(STEP);
    let request = [REQUEST.as_bytes(), &recording].concat();
    for uid in [STRANGER, 0] {
        let answer = place.send(uid, &request);
        assert!(answer["refused"].as_str().unwrap().contains("is none that this signer signs for"), "{answer}");
    }
    // A step that kept an old recording, or made one up, and knows the protocol.
    std::fs::write(place.path("work/request"), &request).unwrap();
    std::fs::write(place.path("work/send.py"), SEND).unwrap();
    let step = "python3 -I send.py ../run/socket < request > answer; ! cat ../holder/release.key";
    place.record(step);
    let answer = std::fs::read_to_string(place.path("work/answer")).unwrap();
    assert!(answer.contains("is being traced"), "{answer}");
    let told = place.returns(2, CLIENT, &["attest", "build.rec", "--key", "../holder/release.key"], "work");
    assert!(told.contains("denied"), "{told}");
}

#[test]
fn a_key_that_the_client_could_read_is_not_served() {
    let Some(place) = Place::new() else { return };
    let serve = |client: &str| {
        place.returns(
            2,
            HOLDER,
            &["signer", "--key", "release.key", "--socket", "../run/socket", "--client", client],
            "holder",
        )
    };
    for own in ["65534", "0", "root"] {
        assert!(serve(own).contains("could read the key itself"), "{own}");
    }
    assert!(serve("nobody-of-this-name").contains("there is no user"));
    open(&place.path("holder/release.key"), 0o640);
    assert!(serve("65533").contains("chmod 600"));
    assert!(!place.path("run/socket").exists());
}

/// Debian's SoftHSM, a token in a library.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

impl Place {
    /// What the holder's signer says that must not serve this key.
    fn not_served(&self, key: &str) -> String {
        let words = ["signer", "--key", key, "--socket", "../run/socket", "--client", "65533"];
        let mut signer = self.command(HOLDER, self.path("sekisho"), &words, "holder");
        let output = signer.env("SOFTHSM2_CONF", "softhsm.conf").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{key}\n{said}");
        said
    }

    fn softhsm(&self, words: &[&str]) {
        let mut util = self.command(HOLDER, "/usr/bin/softhsm2-util", words, "holder");
        let output = util.env("SOFTHSM2_CONF", "softhsm.conf").output().unwrap();
        assert!(output.status.success(), "{words:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A file of the holder's alone.
    fn holders(&self, name: &str, text: &str) {
        let path = self.path("holder").join(name);
        std::fs::write(&path, text).unwrap();
        open(&path, 0o600);
        chown(&path, Some(HOLDER), Some(HOLDER)).unwrap();
    }
}

/// A token in which a key of each kind was put under its own name, and the PIN in a file; the keys' own files are gone.
fn with_token() -> Option<Place> {
    if !Path::new(MODULE).exists() {
        skips::skip("tests/allowed-skips.txt", "token", "softhsm2 is not installed");
        return None;
    }
    let place = Place::new()?;
    let tokens = place.path("holder/tokens");
    std::fs::create_dir(&tokens).unwrap();
    chown(&tokens, Some(HOLDER), Some(HOLDER)).unwrap();
    place.holders("softhsm.conf", &format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()));
    place.holders("pin", "1234\n");
    place.softhsm(&["--init-token", "--free", "--label", "release", "--so-pin", "5678", "--pin", "1234"]);
    for (algorithm, id) in [("ed25519", "01"), ("p256", "02"), ("p384", "03")] {
        let (name, file) = (format!("../holder/{algorithm}"), format!("{algorithm}.key"));
        place.returns(0, HOLDER, &["keygen", &name, "--algorithm", algorithm], "run");
        place.softhsm(&["--import", &file, "--token", "release", "--label", algorithm, "--id", id, "--pin", "1234"]);
        std::fs::remove_file(place.path("holder").join(file)).unwrap();
        std::fs::copy(place.path(&format!("holder/{algorithm}.pub")), place.path(&format!("{algorithm}.pub"))).unwrap();
    }
    Some(place)
}

fn in_token(label: &str) -> String {
    format!("pkcs11:token=release;object={label}?module-path={MODULE}&pin-source=pin")
}

#[test]
fn a_key_in_a_token_signs_and_the_gate_accepts_it() {
    let Some(mut place) = with_token() else { return };
    place.record(STEP);
    for algorithm in ["ed25519", "p256", "p384"] {
        place.serve_with(&in_token(algorithm));
        let words = ["attest", "build.rec", "--product", "app", "--signer", "../run/socket"];
        place.returns(0, CLIENT, &words, "work");
        let predicates = "predicates = [\"link\", \"provenance\", \"runtime-trace\"]";
        for (key, status) in [(algorithm, 0), ("release", 1)] {
            let policy = format!(
                "version = 1\n[keys.k]\npath = \"{key}.pub\"\n[[steps]]\nname = \"build\"\nkeys = [\"k\"]\n{predicates}\n"
            );
            std::fs::write(place.path("policy.toml"), policy).unwrap();
            let words = ["verify", "work/app", "--attestations", "work/attestations.jsonl", "--policy", "policy.toml"];
            place.returns(status, 0, &words, ".");
        }
        let mut signer = place.signer.take().unwrap();
        signer.kill().unwrap();
        signer.wait().unwrap();
    }
}

#[test]
fn a_key_in_a_token_is_not_served_by_another_name_pin_or_module() {
    let Some(place) = with_token() else { return };
    let said = place.not_served(&in_token("p521"));
    assert!(said.contains("0 objects"), "{said}");
    let other = in_token("p256").replace("token=release", "token=other");
    assert!(place.not_served(&other).contains("0 tokens with label other"));
    assert!(place.not_served(&in_token("p256").replace(MODULE, "/usr/bin/env")).contains("no token can be used"));
    place.holders("wrong", "4321\n");
    assert!(place.not_served(&in_token("p256").replace("=pin", "=wrong")).contains("does not take this PIN"));
    // Whoever can read the PIN, or exchange the module, can sign.
    open(&place.path("holder/wrong"), 0o644);
    assert!(place.not_served(&in_token("p256").replace("=pin", "=wrong")).contains("chmod 600 wrong"));
    let module = place.path("work/module.so");
    std::fs::copy(MODULE, &module).unwrap();
    chown(&module, Some(CLIENT), Some(CLIENT)).unwrap();
    let exchanged = in_token("p256").replace(MODULE, module.to_str().unwrap());
    assert!(place.not_served(&exchanged).contains("could be exchanged by others"));
    // Two keys of one name.
    place.returns(0, HOLDER, &["keygen", "../holder/twin", "--algorithm", "p256"], "run");
    place.softhsm(&["--import", "twin.key", "--token", "release", "--label", "p256", "--id", "04", "--pin", "1234"]);
    assert!(place.not_served(&in_token("p256")).contains("2 objects"));
}

trait Replacing {
    fn replacing(self, old: &str, new: &str) -> Self;
}

impl Replacing for Vec<u8> {
    /// The first place where the bytes of a text stand.
    fn replacing(self, old: &str, new: &str) -> Self {
        let at = self.windows(old.len()).position(|w| w == old.as_bytes()).unwrap();
        [&self[..at], new.as_bytes(), &self[at + old.len()..]].concat()
    }
}
