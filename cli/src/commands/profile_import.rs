//! `sekisho profile import`: hosts that lists of other tools allow.
use crate::args::ImportKind;
use crate::exit::{CliError, Exit, shown, shown_output, word};
use crate::files;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_events::escape;
use sekisho_profiles::{Import, Meta, Profile, add_imported, import};
use std::path::{Path, PathBuf};

/// Longest list that is read.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// Runs the command.
pub fn run(
    lists: &[PathBuf],
    from: Option<ImportKind>,
    by: &[String],
    output: &Path,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let mut profile = if output.as_os_str() != "-" && output.exists() {
        Loaded::read(output)?.profile
    } else {
        Profile { meta: Meta { name: "imported".to_owned(), ..Meta::default() }, ..Profile::default() }
    };
    let mut changed = Vec::new();
    for list in lists {
        let text = files::read_text(list, MAX_LIST_BYTES)?;
        let name = list.file_name().map_or_else(String::new, |n| escape(n.as_encoded_bytes()));
        let imported = import(kind(list, from), &text, &name, by)
            .map_err(|e| CliError::new(format!("{}: {e}", shown(list))).with_hint("--from KIND says what it is"))?;
        for note in &imported.notes {
            ui.note(&format!("{}: {note}", shown(list)));
        }
        for rule in imported.rules {
            let id = rule.id.clone();
            if add_imported(&mut profile, rule) {
                changed.push(id);
            }
        }
    }
    // What cannot be read again, such as a program that is no path, is not written.
    let text = profile.to_toml();
    Profile::parse(&text).map_err(|e| CliError::new(format!("--by: {}", e.kind)))?;
    files::write(output, text.as_bytes())?;
    let what = if changed.is_empty() { "nothing new".to_owned() } else { changed.join(", ") };
    ui.note(&format!("wrote {}: {what}; read it, then put your name under each rule", shown_output(output)));
    ui.plain(&format!("  check: sekisho profile lint {}", word(output)));
    Ok(Exit::OK)
}

/// What a list is: as it is said, or by its name.
fn kind(list: &Path, from: Option<ImportKind>) -> Import {
    match from {
        Some(ImportKind::Endpoints) => Import::Endpoints,
        Some(ImportKind::Npm) => Import::Npm,
        Some(ImportKind::Cargo) => Import::Cargo,
        None => match list.file_name().and_then(|name| name.to_str()) {
            Some("package-lock.json" | "npm-shrinkwrap.json") => Import::Npm,
            Some("Cargo.lock") => Import::Cargo,
            _ => Import::Endpoints,
        },
    }
}
