//! Other people's tools that are written in Python.
#![allow(unreachable_pub, reason = "shared by several test programs")]
use sekisho_events::Digest;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Runs a command that must succeed; gives what it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The Python of a virtual environment with what requirements.txt names. It is never skipped: without PyPI the test
/// fails, for nothing was shown.
pub fn python() -> PathBuf {
    static MAKING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let requirements = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../attest/tests/interop/requirements.txt"));
    let wanted = std::fs::read(requirements).unwrap();
    let name = format!("interop-venv-{}", &Digest::of(&wanted).to_hex()[..12]);
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let ready = venv.join("ready");
    if !ready.exists() {
        let _ = std::fs::remove_dir_all(&venv);
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let pip = venv.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements));
        std::fs::write(ready, b"").unwrap();
    }
    venv.join("bin/python")
}
