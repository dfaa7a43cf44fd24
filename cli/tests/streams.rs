//! `-` stands for a standard stream wherever a file is named, and hints can be pasted into a shell.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Runs `sekisho` with a file as standard input.
fn fed(dir: &Path, input: &str, words: &[&str]) -> Output {
    let stdin = if input.is_empty() { Stdio::null() } else { File::open(dir.join(input)).unwrap().into() };
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).stdin(stdin).env_remove("CI").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn fed_returns(status: i32, dir: &Path, input: &str, words: &[&str]) -> Output {
    let output = fed(dir, input, words);
    assert_eq!(output.status.code(), Some(status), "{words:?} < {input}\n{}{}", out(&output), said(&output));
    output
}

/// A recording `build.rec` of a step that made `app`, with its profile, a key, and a policy.
fn built() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    fed_returns(0, at, "", &["record", "-o", "build.rec", "--", "sh", "-c", "echo made > app"]);
    fed_returns(0, at, "", &["profile", "new", "build.rec"]);
    fed_returns(0, at, "", &["keygen", "ci"]);
    let policy = "version = 1\n[keys.ci]\npath = \"ci.pub\"\n[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\n\
                  profiles = [\"sekisho.toml\"]\n";
    std::fs::write(at.join("policy.toml"), policy).unwrap();
    dir
}

#[test]
fn a_recording_from_standard_input_is_judged_and_attested_in_one_go() {
    let dir = built();
    let words = ["attest", "-", "--key", "ci.key", "--profile", "sekisho.toml", "--product", "app", "-o", "a.jsonl"];
    fed_returns(0, dir.path(), "build.rec", &words);
    let verify = ["verify", "-", "--attestations", "a.jsonl", "--policy", "policy.toml"];
    assert!(out(&fed_returns(0, dir.path(), "app", &verify)).starts_with("accepted"));
    assert!(out(&fed_returns(1, dir.path(), "ci.pub", &verify)).starts_with("refused"));
}

#[test]
fn standard_input_stands_for_one_file_only() {
    let dir = built();
    for words in [&["diff", "-", "-"][..], &["diff", "--profile", "-", "-"]] {
        let refused = fed_returns(2, dir.path(), "build.rec", words);
        assert!(said(&refused).contains("standard input"), "{}", said(&refused));
    }
    let twice = said(&fed_returns(2, dir.path(), "sekisho.toml", &["diff", "--profile", "-", "-"]));
    assert!(twice.contains("one file only"), "{twice}");
}

#[test]
fn what_goes_to_standard_output_is_called_so() {
    let dir = built();
    for words in [&["report", "build.rec", "-o", "-"][..], &["profile", "new", "build.rec", "-o", "-"]] {
        let written = fed_returns(0, dir.path(), "", words);
        assert!(!written.stdout.is_empty());
        assert!(!said(&written).contains("standard input"), "{}", said(&written));
    }
    let attested = fed_returns(0, dir.path(), "build.rec", &["attest", "-", "--key", "ci.key", "-o", "-"]);
    assert!(said(&attested).contains("into standard output"), "{}", said(&attested));
}

#[test]
fn a_profile_that_passes_through_fmt_comes_out_canonical_or_not() {
    let dir = built();
    let profile = std::fs::read_to_string(dir.path().join("sekisho.toml")).unwrap();
    assert_eq!(out(&fed_returns(0, dir.path(), "sekisho.toml", &["profile", "fmt", "-"])), profile);
    std::fs::write(dir.path().join("loose.toml"), format!("\n\n{profile}")).unwrap();
    assert_eq!(out(&fed_returns(0, dir.path(), "loose.toml", &["profile", "fmt", "-"])), profile);
}

/// The recording alone: what the step prints goes to standard error.
#[test]
fn a_recording_to_standard_output_is_not_mixed_with_what_the_step_prints() {
    let dir = tempfile::tempdir().unwrap();
    let recorded = fed_returns(3, dir.path(), "", &["record", "-o", "-", "--", "sh", "-c", "echo printed; exit 3"]);
    assert_eq!(said(&recorded), "printed\n");
    std::fs::write(dir.path().join("rec"), &recorded.stdout).unwrap();
    let shown = out(&fed_returns(0, dir.path(), "rec", &["show", "-", "--format", "tree"]));
    assert!(shown.contains("echo printed") && shown.contains("complete"), "{shown}");
}

#[test]
fn hints_are_commands_that_work_whatever_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let begun = said(&fed_returns(0, dir.path(), "", &["run", "--out", "it's mine", "--", "true"]));
    let hint = begun.lines().find_map(|l| l.trim().strip_prefix("begin: sekisho ")).unwrap();
    let script = format!("\"$0\" {hint}");
    let mut shell = Command::new("sh");
    let ran = shell.args(["-c", &script, env!("CARGO_BIN_EXE_sekisho")]).current_dir(dir.path()).output().unwrap();
    assert!(ran.status.success(), "{hint}: {}", said(&ran));
    let deviated = said(&fed_returns(1, dir.path(), "", &["run", "--out", "it's mine", "--", "sh", "-c", ": > x"]));
    let hint = deviated.lines().find_map(|l| l.trim().strip_prefix("patch   sekisho ")).unwrap();
    let script = format!("\"$0\" {hint}");
    let mut shell = Command::new("sh");
    let ran = shell.args(["-c", &script, env!("CARGO_BIN_EXE_sekisho")]).current_dir(dir.path()).output().unwrap();
    assert!(ran.status.success() && out(&ran).contains("[[rule]]"), "{hint}: {}", said(&ran));
}

#[test]
fn errors_say_what_is_wrong_in_words() {
    let dir = built();
    let at = dir.path();
    std::fs::write(at.join("script"), "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(at.join("script"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let cases: [(&[&str], i32, &str); 8] = [
        (
            &["profile", "new", "build.rec", "-o", "/proc/p.toml"],
            2,
            "cannot write /proc/p.toml: no such file or directory\n",
        ),
        (&["record", "--", "./script"], 127, "interpreter"),
        (&["record", "--", "/"], 126, "cannot execute /"),
        (&["record", "-o", "/dev/full", "--", "true"], 125, "make room"),
        (&["record", "--workspace", "none", "--", "true"], 125, "workspace none"),
        (&["run", "--profile", "none.toml", "--", "true"], 2, "sekisho profile new"),
        (&["run", "--key", "none.key", "--", "touch", "ran"], 2, "cannot read none.key"),
        (&["diff", "--profile", "loose.toml", "build.rec"], 2, "profile fmt loose.toml"),
    ];
    let profile = std::fs::read_to_string(at.join("sekisho.toml")).unwrap();
    std::fs::write(at.join("loose.toml"), format!("\n\n{profile}")).unwrap();
    for (words, status, part) in cases {
        let text = said(&fed_returns(status, at, "", words));
        assert!(text.contains(part) && !text.contains("os error"), "{words:?}: {text}");
        assert!(!text.contains("profile lint loose.toml"), "lint reads no such profile either: {text}");
    }
    assert!(!at.join("ran").exists(), "the step ran although its key is not there");
}

#[test]
fn a_killed_step_is_said_to_be_killed_and_by_which_rule() {
    let dir = built();
    let words = ["run", "--mode", "kill", "--", "sh", "-c", ": > other; sleep 1"];
    let killed = said(&fed_returns(137, dir.path(), "", &words));
    assert!(killed.contains("killed by rule default"), "{killed}");
    assert!(!killed.contains("the step itself failed"), "{killed}");
}

/// Its file's name stands in no command line: whoever reads it has read what the step did.
const WATCHED: &str = "name=early; echo x > made-$name; read word";

/// docs/profile.md, "Reviewing": a recording that is still written is read as it grows. What the step did can be read while it
/// waits for us, however little that was.
#[test]
fn a_step_that_does_little_can_be_watched() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(["record", "-o", "-", "--", "sh", "-c", WATCHED]).current_dir(at);
    command.stdin(Stdio::piped()).stdout(File::create(at.join("live.rec")).unwrap()).stderr(Stdio::null());
    let mut step = command.spawn().unwrap();
    let begun = std::time::Instant::now();
    let mut seen = false;
    // The step ends only behind this: it is waited for, not measured.
    while !seen && begun.elapsed() < std::time::Duration::from_secs(120) {
        std::thread::sleep(std::time::Duration::from_millis(50));
        seen = out(&fed(at, "", &["show", "live.rec", "--act", "write"])).contains("made-early");
    }
    drop(step.stdin.take());
    step.wait().unwrap();
    assert!(seen, "nothing of a step that is still running");
}
