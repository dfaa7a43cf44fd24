//! The page of a recording in a real browser, driven by `web/test`; and that it is the one which `web/` makes.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::Ended;
use e2e::places;
use e2e::step::{Step, tracee};
use std::path::Path;
use std::process::{Command, Output};

/// True, and said, if something that these tests need is not on this machine.
fn skipped(name: &str, needs: &[(&str, &str)]) -> bool {
    let root = places::root();
    let there = |path: &str| root.join(path).exists();
    let lacks = needs.iter().find(|(path, _)| !there(path)).map(|(_, why)| *why);
    let Some(why) = lacks.or_else(|| (!node_is_new_enough()).then_some("node is older than 20")) else { return false };
    e2e::skips::skip("tests/allowed-skips.txt", name, why);
    true
}

fn node_is_new_enough() -> bool {
    let said = Command::new("node").arg("--version").output().map(|o| o.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    said.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok()).is_some_and(|n: u32| n >= 20)
}

const PACKAGES: (&str, &str) =
    ("web/node_modules/playwright-core/package.json", "web/node_modules is not there: `npm ci` in web/ makes it");
const BROWSER: (&str, &str) = ("/usr/bin/chromium", "chromium is not installed");

fn node(args: &[&str], env: &[(&str, &Path)]) -> Output {
    let mut command = Command::new("node");
    command.args(args).current_dir(places::root().join("web"));
    command.envs(env.iter().copied());
    command.output().expect("run node")
}

fn passed(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn the_page_opens_searches_zooms_and_hostile_names_do_nothing_in_it() {
    if skipped("page in a browser", &[PACKAGES, BROWSER]) {
        return;
    }
    let step = Step::plain();
    let (ran, _) = step.record([tracee("corpus"), step.ground.work().display().to_string()]);
    assert_eq!(ran.ended, Ended::Exit(0), "{}", ran.said());
    let rec = step.rec().display().to_string();
    // Against a profile that lists nothing, each name deviates and stands in evidence and suggested rules too.
    let empty = "[profile]\nversion = 1\nname = \"nothing\"\n";
    std::fs::write(step.ground.work().join("p.toml"), empty).unwrap();
    step.sekisho_ends(0, ["report", &rec, "--profile", "p.toml", "-o", "page.html"]);
    let page = step.ground.work().join("page.html");
    let env = [("SEKISHO_BIN", places::sekisho()), ("HOSTILE_PAGE", page.as_path())];
    passed(&node(&["--test", "test/page.test.mjs"], &env));
}

#[test]
fn a_review_in_a_browser_writes_a_profile_that_accepts_the_build() {
    if skipped("review in a browser", &[PACKAGES, BROWSER]) {
        return;
    }
    passed(&node(&["--test", "test/review.test.mjs"], &[("SEKISHO_BIN", places::sekisho())]));
}

#[test]
fn the_script_of_the_page_is_the_one_that_its_sources_make() {
    if skipped("page bundle", &[PACKAGES]) {
        return;
    }
    passed(&node(&["bundle.mjs", "--check"], &[]));
    passed(&node(&["node_modules/typescript/bin/tsc", "--noEmit"], &[]));
}
