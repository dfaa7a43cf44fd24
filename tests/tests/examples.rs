//! Each example, clean and planted, through the whole loop: run, then the release gate.
//!
//! `run` returns 0 for the clean build and 1, naming the deviation, for the planted one; `verify` accepts the first and refuses the
//! second. An example whose tools are missing is skipped only if `examples/allowed-skips.txt` says that it may be.
use e2e::places;
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// `examples/stage`: a tool that the example needs is missing.
const TOOL_MISSING: i32 = 3;

/// One example: what it releases, and what gives its planted act away.
struct Example {
    name: &'static str,
    product: &'static str,
    /// A deviation's code, and what its `what` contains.
    found: &'static [(&'static str, &'static str)],
    /// The shipped abstractions that a profile made of it stands on.
    stands_on: &'static [&'static str],
}

/// A staged copy, with the key and the policy of its release gate beside it.
struct Staged {
    dir: tempfile::TempDir,
    example: &'static Example,
}

impl Staged {
    /// A fresh copy, or `None` if a tool is missing and may be.
    fn new(example: &'static Example, planted: bool) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("sekisho-example-").tempdir().expect("make a temporary directory");
        let staged = Self { dir, example };
        let mut stage = Command::new(places::root().join("examples/stage"));
        stage.arg(example.name).arg(staged.path("copy"));
        if planted {
            stage.arg("--planted");
        }
        let output = stage.output().expect("run examples/stage");
        if output.status.code() == Some(TOOL_MISSING) {
            skip(example.name, String::from_utf8_lossy(&output.stderr).trim());
            return None;
        }
        assert!(output.status.success(), "{}", told("examples/stage", &output));
        let key = staged.path("builder");
        staged.sekisho(&["keygen".as_ref(), key.as_os_str()]);
        let mut policy = Command::new(places::root().join("scripts/policy"));
        let made = policy.arg(staged.path("builder.pub")).arg(staged.profile()).output().expect("run scripts/policy");
        assert!(made.status.success(), "{}", told("scripts/policy", &made));
        fs::write(staged.path("policy.toml"), &made.stdout).expect("write the policy");
        Some(staged)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn profile(&self) -> PathBuf {
        places::root().join("examples").join(self.example.name).join("sekisho.toml")
    }

    fn sekisho(&self, words: &[&std::ffi::OsStr]) {
        let output = Command::new(places::sekisho()).args(words).output().expect("run sekisho");
        assert!(output.status.success(), "{}", told("sekisho", &output));
    }

    /// Builds it under `sekisho run`; something listens on loopback where a planted act may send to, and tells what it got.
    fn run(&self) -> (Output, Vec<u8>) {
        let sink = TcpListener::bind("127.0.0.1:0").expect("listen on loopback");
        let port = sink.local_addr().expect("it is bound").port();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let Ok((mut caller, _)) = sink.accept() else { return };
            let _ = caller.set_read_timeout(Some(Duration::from_secs(2)));
            let mut got = vec![0; 1 << 16];
            let size = caller.read(&mut got).unwrap_or(0);
            got.truncate(size);
            let _ = caller.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            let _ = tell.send(got);
        });
        let output = Command::new(places::root().join("examples/enter"))
            .arg(self.path("copy"))
            .arg(places::sekisho())
            .args(["run", "--profile"])
            .arg(self.profile())
            .arg("--key")
            .arg(self.path("builder.key"))
            .args(["--product", self.example.product, "--out"])
            .arg(self.path("out"))
            .args(["--", "./build.sh"])
            .env("EXAMPLE_SINK_PORT", port.to_string())
            .output()
            .expect("run examples/enter");
        (output, told.recv_timeout(Duration::from_millis(200)).unwrap_or_default())
    }

    /// The release gate.
    fn verify(&self) -> (Option<i32>, Value) {
        let work = self.path("copy/work");
        let expand =
            format!("exec \"$0\" verify {} --attestations \"$1\" --policy \"$2\" --format json", self.example.product);
        let output = Command::new("sh")
            .args(["-c", &expand])
            .arg(places::sekisho())
            .arg(self.path("out/attestations.jsonl"))
            .arg(self.path("policy.toml"))
            .current_dir(work)
            .output()
            .expect("run sekisho verify");
        let report =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told("sekisho verify", &output)));
        (output.status.code(), report)
    }

    fn verdict(&self) -> Value {
        let text = fs::read(self.path("out/verdict.json")).expect("run writes verdict.json");
        serde_json::from_slice(&text).expect("verdict.json is JSON")
    }
}

/// Counts and names a skip, and fails if it is not on the list.
fn skip(name: &str, why: &str) {
    e2e::skips::skip("examples/allowed-skips.txt", name, why);
}

fn told(what: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{what} ended with {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn has_deviation(verdict: &Value, code: &str, words: &str) -> bool {
    let is = |d: &Value| d["code"] == code && d["what"].as_str().is_some_and(|what| what.contains(words));
    verdict["deviations"].as_array().is_some_and(|all| all.iter().any(is))
}

/// The clean build: clean, complete, accepted.
fn clean_is_accepted(example: &'static Example) {
    let Some(staged) = Staged::new(example, false) else { return };
    let (output, sent) = staged.run();
    assert_eq!(output.status.code(), Some(0), "{}", told("sekisho run", &output));
    assert!(sent.is_empty(), "the clean build sends nothing");
    let verdict = staged.verdict();
    assert_eq!((&verdict["clean"], &verdict["complete"]), (&Value::Bool(true), &Value::Bool(true)), "{verdict:#}");
    let (status, report) = staged.verify();
    assert_eq!((status, &report["accepted"]), (Some(0), &Value::Bool(true)), "{report:#}");
    is_learned(&staged);
}

/// A profile that is made of the run stands on what is shipped, is short, and accepts the run.
fn is_learned(staged: &Staged) {
    let (recording, learned) = (staged.path("out/recording.sekisho"), staged.path("learned.toml"));
    let words = |w: &'static str| std::ffi::OsStr::new(w);
    staged.sekisho(&[words("profile"), words("new"), recording.as_os_str(), words("-o"), learned.as_os_str()]);
    staged.sekisho(&[words("diff"), words("--profile"), learned.as_os_str(), recording.as_os_str()]);
    staged.sekisho(&[words("profile"), words("lint"), learned.as_os_str()]);
    let text = fs::read_to_string(&learned).expect("it was written");
    let included: Vec<&str> = text.split('"').filter_map(|w| w.split_once("@sha256:")).map(|(name, _)| name).collect();
    for name in staged.example.stands_on {
        assert!(included.contains(name), "{name} is not among {included:?}");
    }
    let rules = text.matches("[[rule]]").count();
    assert!(rules < 12, "{rules} rules of its own:\n{text}");
}

/// The planted build: the step itself succeeds, the act happens, is named, and the product is refused.
fn planted_is_refused(example: &'static Example, happened: impl Fn(&Path, &[u8]) -> bool) {
    let Some(staged) = Staged::new(example, true) else { return };
    let (output, sent) = staged.run();
    assert!(
        happened(&staged.path("copy"), &sent),
        "the planted act must happen, or nothing is shown\n{}",
        told("sekisho run", &output)
    );
    assert_eq!(output.status.code(), Some(1), "{}", told("sekisho run", &output));
    let verdict = staged.verdict();
    for (code, words) in example.found {
        assert!(has_deviation(&verdict, code, words), "no deviation {code} with {words:?} in {verdict:#}");
    }
    let (status, report) = staged.verify();
    assert_eq!((status, &report["accepted"]), (Some(1), &Value::Bool(false)), "{report:#}");
    let behaviour = |r: &Value| r["code"].as_str().is_some_and(|code| code.starts_with("behaviour"));
    assert!(report["reasons"].as_array().is_some_and(|all| all.iter().any(behaviour)), "{report:#}");
}

static C: Example = Example {
    name: "c-make",
    product: "build/sums",
    found: &[("exec", "/tr"), ("file-read", "tests/data/damaged.bin")],
    stands_on: &["gcc", "make"],
};
static RUST: Example = Example {
    name: "rust-cargo",
    product: "target/release/ledger",
    found: &[("file-read", ".ssh/id_ed25519")],
    stands_on: &["cargo"],
};
static GO: Example = Example {
    name: "go-module",
    product: "bin/route",
    found: &[("file-write", "internal/graph/fare.go"), ("exec", "taskhostsvc")],
    stands_on: &["go"],
};
static NODE: Example = Example {
    name: "node-npm",
    product: "dist/pages.js",
    found: &[("net-connect", "tcp 127.0.0.1:")],
    stands_on: &["npm"],
};
static PYTHON: Example =
    Example { name: "python-wheel", product: "dist/*.whl", found: &[("file-write", ".bashrc")], stands_on: &["pip"] };
static JAVA: Example = Example {
    name: "java-maven",
    product: "app/target/*.jar",
    found: &[("net-connect", "tcp 127.0.0.1:")],
    stands_on: &["maven"],
};

#[test]
fn a_clean_c_build_is_accepted() {
    clean_is_accepted(&C);
}

#[test]
fn a_clean_cargo_build_is_accepted() {
    clean_is_accepted(&RUST);
}

#[test]
fn a_clean_go_build_is_accepted() {
    clean_is_accepted(&GO);
}

#[test]
fn a_clean_npm_build_is_accepted() {
    clean_is_accepted(&NODE);
}

#[test]
fn a_clean_wheel_build_is_accepted() {
    clean_is_accepted(&PYTHON);
}

#[test]
fn a_clean_maven_build_is_accepted() {
    clean_is_accepted(&JAVA);
}

/// xz-utils, CVE-2024-3094.
#[test]
fn a_test_file_piped_into_sh_is_refused() {
    planted_is_refused(&C, |copy, _| {
        let product = fs::read(copy.join("work/build/sums")).unwrap_or_default();
        product.windows(7).any(|w| w == b"implant")
    });
}

/// Crates that look for keys when they are built.
#[test]
fn a_build_script_that_reads_a_private_key_is_refused() {
    planted_is_refused(&RUST, |copy, _| {
        let find = "grep -rqs 'bytes of a private key' target/release/build";
        Command::new("sh").args(["-c", find]).current_dir(copy.join("work")).status().is_ok_and(|s| s.success())
    });
}

/// SUNSPOT.
#[test]
fn a_source_exchanged_during_the_compile_is_refused() {
    planted_is_refused(&GO, |copy, _| {
        let route = Command::new(copy.join("work/bin/route")).args(["Harbour", "Airport"]).output();
        // The reviewed sources say 3.15.
        route.is_ok_and(|out| out.stdout.ends_with(b"27 minutes, 3.18\n"))
    });
}

/// Codecov, Shai-Hulud.
#[test]
fn a_postinstall_that_posts_the_environment_is_refused() {
    planted_is_refused(&NODE, |_, sent| sent.starts_with(b"POST /v2/collect"));
}

/// Persistence by a shell's start-up file.
#[test]
fn a_makefile_that_writes_outside_the_workspace_is_refused() {
    planted_is_refused(&PYTHON, |copy, _| {
        fs::read_to_string(copy.join("home/.bashrc")).is_ok_and(|text| text.contains("/opt/.hidden"))
    });
}

/// Octopus Scanner.
#[test]
fn an_annotation_processor_that_connects_is_refused() {
    planted_is_refused(&JAVA, |_, sent| sent == b"example.app.Parcel");
}
