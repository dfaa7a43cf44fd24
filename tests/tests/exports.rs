//! What `profile export` writes is taken by the tools that it is for.
use e2e::{places, skips};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PARSER: &str = "/usr/sbin/apparmor_parser";
const PYTHON: &str = "/usr/bin/python3";

/// Patterns with every character that means something to us or to them.
const ODD: &str = r#"
[profile]
version = 1
name = "odd"

[[rule]]
id = "all"
exec = ["$WORKSPACE/[a-c]*/t?ol"]
read = ["/a b/\"q\"", "/a/**/b", "/c,d^e@\\{f", "/g\\*h\\[i\\]j", "/k[!a-z]l", "/m\\xffn", "/o#p", "/é"]
change = ["$HOME/.cache/**", "$TMP/??????"]
connect = ["*.example.org:443/tcp", "127.0.0.1:*/tcp", "netlink", "unix:@name", "unix:/run/x.sock"]

[[rule]]
id = "none"
read = ["$HOME/.ssh/**"]
deny = true
"#;

/// Addresses, names, ports and ranges of them, in both directions.
const NETS: &str = r#"
[profile]
version = 1
name = "nets"

[[rule]]
id = "all"
connect = ["*.example.org:443/tcp", "10.0.0.1:8000-8010/tcp", "203.0.113.7:443/tcp", "[2001:db8::1]:53/udp"]
listen = ["0.0.0.0:8080/tcp"]
"#;

fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn exported(profile: &Path, kind: &str) -> Vec<u8> {
    let mut command = Command::new(places::sekisho());
    let output = command.args(["profile", "export"]).arg(profile).args(["--to", kind]).output().expect("run sekisho");
    assert!(output.status.success() && !output.stdout.is_empty(), "{}", told(&output));
    output.stdout
}

/// The profile of this text, in the canonical form, in a directory of its own.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::Builder::new().prefix("sekisho-exports-").tempdir().expect("make a temporary directory");
    let path = dir.path().join("p.toml");
    fs::write(&path, text).expect("write a profile");
    let mut command = Command::new(places::sekisho());
    let output = command.args(["profile", "fmt"]).arg(&path).output().expect("run sekisho");
    assert!(output.status.success(), "{}", told(&output));
    (dir, path)
}

/// A command that is given text on its standard input.
fn given(command: &mut Command, text: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("start it");
    // It may end before it has read everything: what it says then is looked at.
    let _ = child.stdin.take().expect("it is piped").write_all(text);
    child.wait_with_output().expect("wait for it")
}

fn compiles(text: &[u8]) -> Output {
    given(Command::new(PARSER).args(["--skip-kernel-load", "--skip-cache"]), text)
}

/// Those of the six examples.
fn of_examples() -> Vec<PathBuf> {
    let examples = fs::read_dir(places::root().join("examples")).expect("list the examples");
    let found = examples.map(|e| e.expect("list them").path().join("sekisho.toml")).filter(|p| p.exists());
    let found: Vec<PathBuf> = found.collect();
    assert_eq!(found.len(), 6, "{found:?}");
    found
}

/// What holds a document against a schema, if it is there.
fn python(what: &str) -> Option<PathBuf> {
    let python = places::target().join("exports-venv/bin/python");
    if python.with_file_name("ready").exists() {
        return Some(python);
    }
    skips::skip("tests/allowed-skips.txt", what, "kubernetes-validate is not installed");
    None
}

/// What a published schema says of each of these documents.
fn against(python: &Path, schema: &str, document: &[u8]) -> Output {
    let directory = places::root().join("tests/tests/exports");
    let mut check = Command::new(python);
    given(check.arg(directory.join("check_schema.py")).arg(directory.join("schemas").join(schema)), document)
}

/// Every export of this kind is what the schema says, and one in which a word was exchanged is not.
fn is_published(kind: &str, schema: &str, (word, other): (&str, &str)) {
    let Some(python) = python(&format!("{kind} policies")) else { return };
    let (_odd, odd) = written(ODD);
    let (_nets, nets) = written(NETS);
    for profile in of_examples().into_iter().chain([odd, nets.clone()]) {
        let text = exported(&profile, kind);
        let output = against(&python, schema, &text);
        assert!(
            output.status.success(),
            "{}: {}\n{}",
            profile.display(),
            told(&output),
            String::from_utf8_lossy(&text)
        );
        assert_eq!(output.stdout, b"1\n");
    }
    let text = String::from_utf8(exported(&nets, kind)).expect("it is text");
    assert!(text.contains(word), "{text}");
    assert!(!against(&python, schema, text.replace(word, other).as_bytes()).status.success(), "the schema does look");
}

#[test]
fn a_cilium_policy_is_what_the_published_schema_says() {
    is_published("cilium", "cilium-network-policy.json", ("endPort: 8010", "lastPort: 8010"));
}

#[test]
fn a_landlock_configuration_is_what_the_published_schema_says() {
    is_published("landlock", "landlockconfig.json", ("handled_access_net", "handled_access_web"));
}

/// Deviations with and without a place in the profile, a program, a rule; names that need escaping.
#[test]
fn sarif_is_what_the_published_schema_says() {
    let Some(python) = python("sarif") else { return };
    let (dir, profile) = written("[profile]\nversion = 1\nname = \"nothing\"\n");
    let recording = dir.path().join("hostile.rec");
    let mut record = Command::new(places::sekisho());
    let step = "echo >'a\"b\nc'; cat /etc/passwd >/dev/null; exit 3";
    let output =
        record.args(["record", "-o"]).arg(&recording).args(["--", "sh", "-c", step]).current_dir(dir.path()).output();
    assert_eq!(output.expect("run sekisho").status.code(), Some(3));
    for profile in [profile, of_examples().remove(0)] {
        let mut diff = Command::new(places::sekisho());
        let output = diff
            .args(["diff", "--format", "sarif", "--profile"])
            .arg(profile)
            .arg(&recording)
            .output()
            .expect("run sekisho");
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let found = against(&python, "sarif-2.1.0.json", &output.stdout);
        assert!(found.status.success(), "{}", told(&found));
        let wrong = String::from_utf8_lossy(&output.stdout).replace("\"ruleId\"", "\"ruleNumber\"");
        assert!(!against(&python, "sarif-2.1.0.json", wrong.as_bytes()).status.success(), "the schema does look");
    }
}

#[test]
fn a_network_policy_is_what_the_published_schema_says() {
    let Some(python) = python("network policies") else { return };
    let script = places::root().join("tests/tests/exports/check_kubernetes.py");
    let check = |text: &[u8]| given(Command::new(&python).arg(&script), text);
    let (_odd, odd) = written(ODD);
    let (_nets, nets) = written(NETS);
    // One process for all: it takes a second to read the schemas.
    let mut all = Vec::new();
    let profiles: Vec<PathBuf> = of_examples().into_iter().chain([odd, nets.clone()]).collect();
    for profile in &profiles {
        all.extend(b"---\n");
        all.extend(exported(profile, "networkpolicy"));
    }
    let output = check(&all);
    let text = String::from_utf8_lossy(&all);
    assert!(output.status.success(), "{}\n{text}", told(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), profiles.len().to_string());
    for there in ["cidr: 10.0.0.1/32", "endPort: 8010", "cidr: 2001:db8::1/128", "protocol: UDP", "port: 8080"] {
        assert!(text.contains(there), "{there}");
    }
    let wrong = String::from_utf8_lossy(&exported(&nets, "networkpolicy")).replace("endPort", "lastPort");
    assert!(!check(wrong.as_bytes()).status.success(), "the schema does look");
}

#[test]
fn apparmor_parser_compiles_every_export() {
    if !Path::new(PARSER).exists() {
        skips::skip("tests/allowed-skips.txt", "apparmor", &format!("{PARSER} is not installed"));
        return;
    }
    let (_dir, odd) = written(ODD);
    for profile in of_examples().into_iter().chain([odd]) {
        let text = exported(&profile, "apparmor");
        let output = compiles(&text);
        assert!(output.status.success(), "{profile:?}: {}\n{}", told(&output), String::from_utf8_lossy(&text));
    }
    assert!(!compiles(b"profile x {\n  /a nonsense,\n}\n").status.success(), "the tool does look");
}

/// What the calls return under the export of a profile, by libseccomp.
fn under(profile: &str) -> Value {
    let (_dir, path) = written(profile);
    let script = places::root().join("tests/tests/exports/load_seccomp.py");
    let output = given(Command::new(PYTHON).arg(script), &exported(&path, "seccomp"));
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)))
}

const EPERM: u64 = 1;

#[test]
fn libseccomp_loads_the_export_and_calls_that_no_rule_needs_are_refused() {
    let has = Command::new(PYTHON).args(["-c", "import seccomp"]).output();
    if !has.is_ok_and(|o| o.status.success()) {
        skips::skip("tests/allowed-skips.txt", "libseccomp", "python3-seccomp is not installed");
        return;
    }
    let with = |acts: &str| under(&format!("[profile]\nversion = 1\nname = \"x\"\n\n[[rule]]\nid = \"r\"\n{acts}\n"));
    let narrow = with("read = [\"/usr/**\"]");
    for free in ["child", "open", "unix"] {
        assert_eq!(narrow[free], 0, "{free}: {narrow}");
    }
    for refused in ["inet", "inet6", "packet", "keyctl", "ptrace", "listen", "unshare", "clone-newns"] {
        assert_eq!(narrow[refused], EPERM, "{refused}: {narrow}");
    }
    let wide = with("connect = [\"127.0.0.1:80/tcp\"]\nlisten = [\"unix:@x\"]\nrestrict = [\"namespace\"]");
    for free in ["child", "open", "unix", "inet", "listen", "unshare"] {
        assert_eq!(wide[free], 0, "{free}: {wide}");
    }
    for refused in ["packet", "keyctl", "ptrace"] {
        assert_eq!(wide[refused], EPERM, "{refused}: {wide}");
    }
    // What only later versions of the library know; the one here must know the rest.
    let late = json!(["memfd_secret", "mount_setattr"]);
    for name in narrow["unknown"].as_array().expect("a list") {
        assert!(late.as_array().is_some_and(|late| late.contains(name)), "{name} is no call");
    }
}
