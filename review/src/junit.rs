//! A verdict as JUnit XML, which CI servers show as tests: each deviation is one that failed.
use sekisho_events::PathBytes;
use sekisho_profiles::{Deviation, DiffReport};
use std::fmt::Write as _;

/// Test cases that are written; more are counted in the last one.
const MAX_CASES: usize = 2000;

/// The verdict as one test suite. A clean one has one test, which passed.
pub fn junit(report: &DiffReport) -> String {
    let mut cases = String::new();
    for deviation in report.deviations.iter().take(MAX_CASES) {
        case(deviation, &mut cases);
    }
    let mut failures = report.deviations.len().min(MAX_CASES);
    let left = report.deviations.len().saturating_sub(MAX_CASES) as u64 + report.omitted;
    if left > 0 {
        failures += 1;
        let _ = writeln!(cases, "    <testcase classname=\"sekisho\" name=\"more deviations\">");
        let _ = writeln!(cases, "      <failure message=\"{left} more are not listed\"></failure>\n    </testcase>");
    }
    let tests = failures.max(1);
    if failures == 0 {
        let state = if report.clean { "" } else { "<failure message=\"not clean\"></failure>" };
        failures = usize::from(!report.clean);
        let name = attribute(&format!("nothing deviates from {}", report.profile_path));
        let _ = writeln!(cases, "    <testcase classname=\"sekisho\" name=\"{name}\">{state}</testcase>");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"sekisho\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

fn case(deviation: &Deviation, out: &mut String) {
    let chain: Vec<String> =
        deviation.process.iter().flat_map(|p| p.ancestry.iter().rev().map(PathBytes::escaped)).collect();
    let _ = writeln!(
        out,
        "    <testcase classname=\"sekisho.{}\" name=\"{}\">",
        attribute(deviation.code),
        attribute(&deviation.what)
    );
    let _ = writeln!(
        out,
        "      <failure type=\"{}\" message=\"{}\">",
        attribute(deviation.severity.name()),
        attribute(&deviation.why)
    );
    if !chain.is_empty() {
        let _ = writeln!(out, "by {}, {} times", attribute(&chain.join(" < ")), deviation.times);
    }
    if let Some(suggest) = &deviation.suggest {
        let lines = suggest.lines().map(attribute).collect::<Vec<_>>().join("\n");
        let _ = writeln!(out, "{lines}");
    }
    let _ = writeln!(out, "      </failure>\n    </testcase>");
}

/// One line for an attribute or for text: characters that XML 1.0 has no way to hold are escaped as in every other form.
fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}
