//! One recording as the server holds it: what its page needs, and its verdict; read again when it has grown.
use crate::commands::report;
use crate::exit::{CliError, shown};
use crate::profiled::Loaded;
use sekisho_profiles::DiffReport;
use sekisho_review::Ending;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// How long a file that grows is left alone at least between two readings.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells whether a file is as it was.
type Mark = Option<(u64, SystemTime)>;

/// A recording, judged.
pub struct Reading {
    /// Where it is.
    pub path: PathBuf,
    /// What the script of its page shows.
    pub data: Vec<u8>,
    /// What the profile says to it.
    pub report: DiffReport,
    /// True if it ends without a trailer: it is still being written, or was cut.
    pub is_open: bool,
    /// Rises with every reading.
    pub version: u64,
    mark: Mark,
    not_before: Instant,
}

impl Reading {
    /// Reads it.
    pub fn of(path: &Path, profile: &Loaded, version: u64) -> Result<Self, CliError> {
        // Before the reading: what is written during it is seen the next time.
        let mark = mark(path);
        let begun = Instant::now();
        let (summary, report) = report::read(path, Some(profile))?;
        let report = report.ok_or_else(|| CliError::new(format!("{} was not judged", shown(path))))?;
        let mut data = Vec::new();
        sekisho_review::page_data(&summary, Some(&report), &mut data).map_err(|e| CliError::file("show", path, e))?;
        Ok(Self {
            path: path.to_path_buf(),
            data,
            report,
            is_open: matches!(summary.ending(), Ending::Cut(_)),
            version,
            mark,
            // A long recording is not read all the time.
            not_before: Instant::now() + PAUSE.max(begun.elapsed() * 4),
        })
    }

    /// True if there is more of it by now, and it was not read a moment ago.
    pub fn has_grown(&self) -> bool {
        self.is_open && Instant::now() >= self.not_before && mark(&self.path) != self.mark
    }

    /// What it is called beside the others.
    pub fn name(&self) -> String {
        shown(&self.path)
    }
}

fn mark(path: &Path) -> Mark {
    let found = path.metadata().ok()?;
    Some((found.len(), found.modified().ok()?))
}
