//! The page of a recording in a real browser, driven by `web/test`; and that it is the one which `web/` makes.
#![allow(clippy::unwrap_used, reason = "tests")]
use e2e::cage::Ended;
use e2e::places;
use e2e::step::{Step, tracee};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

/// True, and said, if something that these tests need is not on this machine.
fn skipped(name: &str, needs: &[(&str, &str)]) -> bool {
    let root = places::root();
    let there = |path: &str| root.join(path).exists();
    let Some((_, why)) = needs.iter().find(|(path, _)| !there(path)) else { return false };
    println!("skipped {name}: {why}");
    if let Some(list) = std::env::var_os("SEKISHO_SKIPS") {
        let mut list = std::fs::OpenOptions::new().append(true).open(list).expect("open the list of skips");
        writeln!(list, "page {name}: {why}").expect("write to the list of skips");
    }
    true
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
    if skipped("in a browser", &[PACKAGES, BROWSER]) {
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
fn the_script_of_the_page_is_the_one_that_its_sources_make() {
    if skipped("bundle", &[PACKAGES]) {
        return;
    }
    passed(&node(&["bundle.mjs", "--check"], &[]));
    passed(&node(&["node_modules/typescript/bin/tsc", "--noEmit"], &[]));
}
