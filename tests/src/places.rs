//! Where things are: the work tree, the tracees (built on first use), the program under test.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The user that root's tests drop to: `nobody` where there is one.
pub const ORDINARY_UID: u32 = 65534;

/// Search path of the steps: system directories, and where language tool chains are usually put.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin";

/// The root of the work tree.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests/ has a parent").to_owned()
}

/// Where cargo builds, and what tests need besides is put.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where results are left for `scripts/evasion`.
pub fn results() -> PathBuf {
    let dir = target().join("evasion");
    std::fs::create_dir_all(&dir).expect("make the directory for results");
    dir
}

/// Directory of the built tracees.
///
/// # Panics
/// If they cannot be built: without them no test here means anything.
pub fn tracees() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let out = target().join("tracees");
        std::fs::create_dir_all(&out).expect("make the directory of the tracees");
        // Several test programs may come here at once: flock(1) lets them in one by one.
        let lock = out.join(".lock");
        let made = Command::new("flock")
            .arg(&lock)
            .args(["make", "-s", "-C"])
            .arg(root().join("tests/tracees"))
            .arg(format!("OUT={}", out.display()))
            .status()
            .expect("run make");
        assert!(made.success(), "the tracees do not build: make -C tests/tracees");
        out
    })
}

/// The program under test: `SEKISHO_BIN`, or the newer of the release and the debug build, built if there is none.
///
/// # Panics
/// If it cannot be built.
pub fn sekisho() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| {
        if let Some(named) = std::env::var_os("SEKISHO_BIN") {
            return PathBuf::from(named);
        }
        let built = |kind: &str| {
            let path = target().join(kind).join("sekisho");
            let time = std::fs::metadata(&path).and_then(|m| m.modified()).ok()?;
            Some((time, path))
        };
        if let Some((_, path)) = [built("release"), built("debug")].into_iter().flatten().max() {
            return path;
        }
        let made = Command::new("cargo").args(["build", "-q", "-p", "sekisho-cli"]).current_dir(root()).status();
        assert!(made.expect("run cargo").success(), "sekisho does not build");
        target().join("debug/sekisho")
    })
}

/// Effective user id of this process.
pub fn uid() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").expect("/proc is mounted").uid()
}

/// Engines to test: `SEKISHO_ENGINES` (commas), or those that `doctor` says work here, or `ptrace`.
pub fn engines() -> Vec<String> {
    if let Ok(named) = std::env::var("SEKISHO_ENGINES") {
        return named.split([',', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect();
    }
    let listed = Command::new(sekisho()).args(["doctor", "--format", "json"]).output().ok().and_then(|out| {
        let doctor: serde_json::Value = serde_json::from_slice(&out.stdout).ok()?;
        let engines = doctor.get("engines")?.as_array()?.clone();
        let usable = |e: &serde_json::Value| {
            let ok = ["available", "ok", "works"].iter().all(|k| e.get(k) != Some(&serde_json::Value::Bool(false)));
            let name = e.as_str().or_else(|| e.get("name")?.as_str())?;
            ok.then(|| name.to_owned())
        };
        Some(engines.iter().filter_map(usable).collect::<Vec<_>>())
    });
    listed.filter(|l| !l.is_empty()).unwrap_or_else(|| vec!["ptrace".to_owned()])
}
