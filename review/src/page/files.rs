//! Files by directory: what was changed, then what was read.
use super::escape::Text;
use super::tables::who;
use crate::numbers::{bytes, count, grouped};
use crate::phrase::short;
use crate::summary::{FileRow, Summary};
use sekisho_events::{PathBytes, escape};
use std::collections::BTreeMap;
use std::io::{Result, Write};

/// Directories with no more entries than this are unfolded at first, as long as there are few of them.
const OPEN_ENTRIES: usize = 12;
const OPEN_DIRECTORIES: usize = 8;

/// Files of each list that stand in the plain page; the script shows all.
const MAX_LISTED: usize = 5000;

type Directory<'a> = Vec<(&'a PathBytes, &'a FileRow)>;

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    let changed = |row: &FileRow| row.changed + row.deleted > 0;
    section("written", "Written", summary, &changed, out)?;
    section("read", "Read", summary, &|row| !changed(row) && row.read > 0, out)?;
    let only_failed = summary.files.values().filter(|row| row.failed > 0 && row.read + row.changed + row.deleted == 0);
    let failed = only_failed.count() as u64;
    if failed > 0 {
        let names = count(failed, "name was", "names were");
        writeln!(out, "<p class=\"dim\">{names} tried without success, and are not listed here.</p>")?;
    }
    if summary.omitted.files > 0 {
        let acts = count(summary.omitted.files, "act", "acts");
        writeln!(out, "<p class=\"warn\">{acts} on further paths are too many for this page.</p>")?;
    }
    Ok(())
}

fn section(
    id: &str,
    title: &str,
    summary: &Summary,
    keep: &dyn Fn(&FileRow) -> bool,
    out: &mut dyn Write,
) -> Result<()> {
    let mut directories: BTreeMap<&[u8], Directory<'_>> = BTreeMap::new();
    let mut number = 0;
    for (path, row) in summary.files.iter().filter(|(_, row)| keep(row)) {
        if number < MAX_LISTED as u64 {
            directories.entry(directory(path)).or_default().push((path, row));
        }
        number += 1;
    }
    writeln!(out, "<section id=\"{id}\"><h2>{title}<small>{} files</small></h2>", grouped(number))?;
    if directories.is_empty() {
        writeln!(out, "<p>None.</p>")?;
    }
    let few = directories.len() <= OPEN_DIRECTORIES;
    for (name, rows) in &directories {
        let open = if few && rows.len() <= OPEN_ENTRIES { " open" } else { "" };
        writeln!(
            out,
            "<details{open}><summary><code>{}/</code> <span class=\"dim\">{}</span></summary><table class=\"files\">",
            Text(&escape(name)),
            grouped(rows.len() as u64)
        )?;
        for (path, row) in rows {
            one(summary, path, row, out)?;
        }
        writeln!(out, "</table></details>")?;
    }
    if number > MAX_LISTED as u64 {
        let more = grouped(number - MAX_LISTED as u64);
        writeln!(
            out,
            "<p class=\"warn\">{more} more are too many for this list: <code>sekisho show</code> names all.</p>"
        )?;
    }
    writeln!(out, "</section>")
}

fn one(summary: &Summary, path: &PathBytes, row: &FileRow, out: &mut dyn Write) -> Result<()> {
    let mut acts = Vec::new();
    for (number, name) in [(row.changed, "changed"), (row.deleted, "removed"), (row.read, "read")] {
        match number {
            0 => {}
            1 => acts.push(name.to_owned()),
            n => acts.push(format!("{name} ×{}", grouped(n))),
        }
    }
    let (digest, full) = row.sha256.map_or_else(Default::default, |d| (short(&d), d.to_hex()));
    writeln!(
        out,
        "<tr><td class=\"path\">{}</td><td>{}</td><td class=\"dim\">{}</td><td class=\"n\">{}</td>\
         <td class=\"sha path\" title=\"{full}\">{digest}</td></tr>",
        Text(&escape(path.file_name())),
        acts.join(", "),
        Text(&who(summary, row.by)),
        row.size.map_or_else(String::new, bytes),
    )
}

/// The part before the last `/`.
fn directory(path: &PathBytes) -> &[u8] {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|b| *b == b'/').unwrap_or(0);
    &bytes[..end]
}
