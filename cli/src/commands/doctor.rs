//! `sekisho doctor`: what this kernel and container allow, and what to do about it.
use crate::args::{DoctorArgs, DoctorFormat};
use crate::exit::{CliError, Exit};
use crate::files;
use crate::ui::Ui;
use sekisho_recorder::{Engine, Probes};
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

mod checks;
mod surroundings;

pub use checks::{Check, State, checks};
use surroundings::Surroundings;

/// Runs the command. Status 0 if a step can be recorded here, 1 if not.
pub fn run(args: &DoctorArgs, ui: &Ui) -> Result<Exit, CliError> {
    let surroundings = Surroundings::look();
    let probes = sekisho_recorder::probe();
    let found = checks(&probes, &surroundings);
    let text = match args.format {
        DoctorFormat::Text => text(&found, &surroundings, ui.stdout_colour()),
        DoctorFormat::Json => json(&found, engines(&probes), &surroundings),
    };
    files::write(Path::new("-"), text.as_bytes())?;
    Ok(if can_record(&found) { Exit::OK } else { Exit::NOT_CLEAN })
}

fn can_record(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != State::Fails)
}

fn text(checks: &[Check], surroundings: &Surroundings, colour: bool) -> String {
    let mut out = format!(
        "sekisho {} · Linux {} · {} · uid {}\n\n",
        env!("CARGO_PKG_VERSION"),
        sekisho_events::escape(surroundings.kernel.as_bytes()),
        std::env::consts::ARCH,
        surroundings.uid
    );
    for check in checks {
        let (mark, paint) = match check.state {
            State::Works => ("ok   ", "\x1b[32m"),
            State::Note => ("note ", "\x1b[33m"),
            State::Fails => ("FAILS", "\x1b[31m"),
        };
        let (on, off) = if colour { (paint, "\x1b[0m") } else { ("", "") };
        let _ = writeln!(out, "{on}{mark}{off} {:<16} {}", check.id, check.detail);
        if let Some(hint) = check.hint {
            let _ = writeln!(out, "{:22} → {hint}", "");
        }
    }
    out.push_str(if can_record(checks) {
        "\nA step can be recorded here, at every level: sekisho record -- CMD\n"
    } else {
        "\nA step cannot be recorded here. Mend what FAILS, and ask again.\n"
    });
    out
}

/// Names of the engines that work here, best first.
fn engines(probes: &Probes) -> &'static [&'static str] {
    let all = Engine::NAMES;
    if probes.hybrid.is_ok() { all } else { &all[1..] }
}

fn json(checks: &[Check], engines: &[&str], surroundings: &Surroundings) -> String {
    let value = json!({
        "version": 1,
        "can_record": can_record(checks),
        "tool": concat!("sekisho ", env!("CARGO_PKG_VERSION")),
        "kernel": surroundings.kernel,
        "arch": std::env::consts::ARCH,
        "uid": surroundings.uid,
        "engines": engines,
        "max_known_call": sekisho_recorder::abi::MAX_KNOWN,
        "checks": checks
            .iter()
            .map(|c| json!({"id": c.id, "state": c.state.name(), "detail": c.detail, "hint": c.hint}))
            .collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings { kernel: "6.18.0\x1b[2J".into(), ..Surroundings::default() }
    }

    fn check(state: State) -> Check {
        Check { id: "tracing", state, detail: "words".into(), hint: Some("do this") }
    }

    #[test]
    fn one_failure_means_that_nothing_can_be_recorded() {
        let bad = [check(State::Works), check(State::Fails), check(State::Note)];
        assert!(!can_record(&bad) && can_record(&bad[..1]));
        let text = text(&bad, &surroundings(), false);
        assert!(text.contains("FAILS tracing") && text.contains("→ do this") && text.ends_with("ask again.\n"));
        assert!(!text.contains('\x1b'), "what the kernel says of itself is escaped");
    }

    #[test]
    fn scripts_get_one_object() {
        let value: serde_json::Value =
            serde_json::from_str(&json(&[check(State::Note)], Engine::NAMES, &surroundings())).unwrap();
        assert_eq!(value["can_record"], true);
        assert_eq!(value["checks"][0]["state"], "note");
        assert_eq!(value["checks"][0]["id"], "tracing");
    }
}
