//! How old a root of trust is: keys of sigstore change about once a year, and who has an old root refuses what is newer.
use crate::exit::shown;
use crate::ui::Ui;
use sekisho_attest::timestamp;
use sekisho_verifier::EMBEDDED_ROOT_DATE;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Older than this, it may lack keys that are in use.
const OLD_DAYS: u64 = 400;

/// Says how old the root is that is judged by: that of a file, else the embedded one.
pub fn say_age(file: Option<&Path>, now_s: u64, ui: &Ui) {
    let (what, days) = match file {
        Some(path) => {
            let Some((date, days)) = written(path, now_s) else { return };
            (format!("the trusted root {} was written on {date}", shown(path)), days)
        }
        None => (format!("the embedded trusted root is of {EMBEDDED_ROOT_DATE}"), embedded_days(now_s)),
    };
    if days > OLD_DAYS {
        ui.warn(&format!(
            "{what}, {days} days ago: what was signed with newer keys of sigstore is refused; `sekisho trust update` fetches a newer one for --trusted-root"
        ));
    } else {
        ui.note(&format!("{what}, {days} days ago"));
    }
}

/// How old the embedded roots are.
pub fn embedded_days(now_s: u64) -> u64 {
    now_s.saturating_sub(timestamp::parse(&format!("{EMBEDDED_ROOT_DATE}T00:00:00Z")).unwrap_or(now_s)) / 86400
}

/// When a file was last written, and how many days ago; nothing of a stream.
pub fn written(path: &Path, now_s: u64) -> Option<(String, u64)> {
    let at_s = path.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()?;
    let at_s = at_s.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some((timestamp::format(at_s).chars().take(10).collect(), now_s.saturating_sub(at_s) / 86400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_whole_days_and_never_negative() {
        let on = |text: &str| timestamp::parse(text).unwrap();
        let midnight = format!("{EMBEDDED_ROOT_DATE}T00:00:00Z");
        let embedded = on(&midnight);
        assert_eq!(embedded_days(embedded + 86400 * 3 + 5), 3);
        assert_eq!(embedded_days(embedded - 1), 0);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root");
        let file = std::fs::File::create(&path).unwrap();
        let at = UNIX_EPOCH + std::time::Duration::from_secs(on("2026-01-02T03:04:05Z"));
        file.set_modified(at).unwrap();
        assert_eq!(written(&path, on("2026-01-04T03:04:04Z")), Some(("2026-01-02".to_owned(), 1)));
        assert_eq!(written(dir.path(), 0), None);
    }
}
