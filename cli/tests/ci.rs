//! The GitHub actions and the GitLab component: every command that they run, with the environment that they give it.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SEKISHO: &str = env!("CARGO_BIN_EXE_sekisho");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

type Inputs = BTreeMap<String, String>;

/// A composite action, as far as ours go: inputs with their defaults, steps with `if`, `env` and `run`.
struct Action {
    place: PathBuf,
    defaults: BTreeMap<String, Option<String>>,
    steps: Vec<Step>,
}

#[derive(Default)]
struct Step {
    name: String,
    condition: Option<String>,
    env: Vec<(String, String)>,
    run: String,
}

impl Action {
    fn read(file: &str) -> Self {
        let path = root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut action = Self { place: path.parent().unwrap().into(), defaults: BTreeMap::new(), steps: Vec::new() };
        let (mut section, mut input) = ("", String::new());
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            let (key, value) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
            let value = value.trim();
            match (section, depth, key) {
                (_, 0, _) => section = key,
                ("inputs", 2, _) => {
                    key.clone_into(&mut input);
                    action.defaults.insert(input.clone(), None);
                }
                ("inputs", 4, "default") => {
                    action.defaults.insert(input.clone(), Some(value.trim_matches('"').to_owned()));
                }
                ("runs", 4, "- name") => action.steps.push(Step { name: value.to_owned(), ..Step::default() }),
                ("runs", 6, "if") => action.steps.last_mut().unwrap().condition = Some(expression(value)),
                ("runs", 6, "run") => value.trim_matches('\'').clone_into(&mut action.steps.last_mut().unwrap().run),
                ("runs", 6, "shell") => assert_eq!(value, "bash"),
                ("runs", 8, _) => {
                    action.steps.last_mut().unwrap().env.push((key.to_owned(), expression(value)));
                }
                _ => {}
            }
        }
        action
    }

    fn value(&self, inputs: &Inputs, expression: &str) -> String {
        let name = expression.strip_prefix("inputs.").unwrap();
        let default = self.defaults.get(name).unwrap_or_else(|| panic!("no input {name}"));
        inputs.get(name).or(default.as_ref()).unwrap_or_else(|| panic!("{name} is required")).clone()
    }

    /// Runs the steps as a runner does: after a failure, only those that always run. Gives the name and output of each.
    fn run(&self, work: &Path, inputs: &Inputs) -> BTreeMap<String, Output> {
        let mut outputs: BTreeMap<String, Output> = BTreeMap::new();
        for step in &self.steps {
            let failed = outputs.values().any(|o| !o.status.success());
            let runs = match step.condition.as_deref() {
                None => !failed,
                Some("always()") => true,
                Some(condition) => {
                    let input = condition.strip_suffix(" != ''").unwrap();
                    !failed && !self.value(inputs, input).is_empty()
                }
            };
            if runs {
                let env = step.env.iter().map(|(key, of)| (key, self.value(inputs, of)));
                let mut shell = Command::new("bash");
                shell.args(["-e", "-o", "pipefail", "-c", &step.run]).current_dir(work).envs(env);
                shell.env("GITHUB_ACTION_PATH", &self.place).env("GITHUB_STEP_SUMMARY", work.join("../summary"));
                outputs.insert(step.name.clone(), shell.output().unwrap());
            }
        }
        outputs
    }
}

fn expression(value: &str) -> String {
    value.strip_prefix("${{ ").and_then(|v| v.strip_suffix(" }}")).unwrap().to_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn inputs(of: &[(&str, &str)]) -> Inputs {
    of.iter().chain([&("sekisho", SEKISHO)]).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn sekisho(dir: &Path, words: &[&str]) {
    let output = Command::new(SEKISHO).args(words).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{words:?} {}", said(&output));
}

/// A project with a source, beside a key and a policy that trusts it.
fn project() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("source"), "source\n").unwrap();
    sekisho(dir.path(), &["keygen", "ci"]);
    let steps = "[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\nprofiles = [\"work/sekisho.toml\"]\nattributes = [\"SEKISHO_RECORDING_COMPLETE\"]\n";
    std::fs::write(dir.path().join("policy.toml"), format!("version = 1\n[keys.ci]\npath = \"ci.pub\"\n{steps}"))
        .unwrap();
    dir
}

const GOOD: &str = "cat source > app";

#[test]
fn the_action_records_judges_attests_and_sums_up_and_the_gate_lets_its_product_pass() {
    let dir = project();
    let work = dir.path().join("work");
    let key = std::fs::read_to_string(dir.path().join("ci.key")).unwrap();
    let summary = || std::fs::read_to_string(dir.path().join("summary")).unwrap();
    let (action, gate) = (Action::read("action.yml"), Action::read("gate/action.yml"));
    let build = |run: &str| {
        action
            .run(&work, &inputs(&[("run", run), ("product", "app"), ("key", &key), ("sbom", "true"), ("scai", "true")]))
    };
    let judge = || {
        let outputs = gate.run(&work, &inputs(&[("artifacts", "app\n"), ("policy", "../policy.toml")]));
        (outputs["Verify"].status.code(), said(&outputs["Verify"]))
    };
    for (name, output) in build(GOOD) {
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    assert!(summary().contains("No profile"), "{}", summary());
    sekisho(&work, &["profile", "new", "sekisho-out/recording.sekisho"]);
    let outputs = build(GOOD);
    assert_eq!(outputs.len(), 3);
    for (name, output) in outputs {
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    assert!(work.join("sekisho-out/sbom.cdx.json").exists());
    let (status, said_by_gate) = judge();
    assert_eq!(status, Some(0), "{said_by_gate}");
    let outputs = build("cat source ../policy.toml > app");
    assert_eq!((outputs["Record"].status.code(), outputs.contains_key("Attest")), (Some(1), false));
    assert!(outputs["Summarise"].status.success() && summary().contains("policy.toml"), "{}", summary());
    assert_eq!(judge().0, Some(2), "nothing old is left to release it by");
}

#[test]
fn the_step_sees_neither_the_key_nor_what_the_action_was_told() {
    let dir = project();
    let work = dir.path().join("work");
    let key = std::fs::read_to_string(dir.path().join("ci.key")).unwrap();
    let action = Action::read("action.yml");
    let given =
        inputs(&[("run", "env > app; export MODE='a b'\necho \"$MODE\" >> app"), ("product", "app\n"), ("key", &key)]);
    for (name, output) in action.run(&work, &given) {
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
    let env = std::fs::read_to_string(work.join("app")).unwrap();
    let names: BTreeSet<&str> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in action.steps.iter().flat_map(|s| &s.env).map(|(name, _)| name) {
        assert!(!names.contains(name.as_str()), "{name}");
    }
    assert!(!env.contains("PRIVATE KEY") && env.ends_with("a b\n"), "{env}");
    let failed = action.run(&work, &inputs(&[("run", "false | cat; true"), ("key", &key)]));
    assert_eq!((failed["Record"].status.code(), failed.len()), (Some(1), 2), "pipes fail as in GitHub's own bash");
}

#[test]
fn every_input_of_the_actions_is_used() {
    for file in ["action.yml", "gate/action.yml"] {
        let action = Action::read(file);
        let used: BTreeSet<&str> =
            action.steps.iter().flat_map(|s| &s.env).map(|(_, of)| of.strip_prefix("inputs.").unwrap()).collect();
        let declared: BTreeSet<&str> = action.defaults.keys().map(String::as_str).collect();
        assert_eq!(used, declared, "{file}");
    }
}

/// The commands of a list in the component, with these inputs in place.
fn commands(text: &str, list: &str, inputs: &Inputs) -> Vec<String> {
    let jobs = text.split_once("\n---\n").unwrap().1;
    let mut out = Vec::new();
    for block in jobs.split(&format!("\n  {list}:\n")).skip(1) {
        for line in block.lines().map_while(|line| line.strip_prefix("    - ")) {
            let replace =
                |line: String, (name, value): (&String, &String)| line.replace(&format!("$[[ inputs.{name} ]]"), value);
            let line = inputs.iter().fold(line.to_owned(), replace);
            assert!(!line.contains("$[["), "{line}");
            out.push(line);
        }
    }
    out
}

#[test]
fn the_gitlab_component_records_and_lets_what_it_attested_pass() {
    let dir = project();
    let work = dir.path().join("work");
    let text = std::fs::read_to_string(root().join("templates/sekisho.yml")).unwrap();
    let given = [("options", "--key ../ci.key --scai"), ("product", "app"), ("policy", "../policy.toml")];
    let given: Inputs = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let path = format!("{}:{}", Path::new(SEKISHO).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let run = |command: &str, step: &str| {
        let mut shell = Command::new("bash");
        shell.args(["-e", "-c", command]).current_dir(&work).env("PATH", &path).env("SEKISHO_STEP", step);
        shell.output().unwrap()
    };
    let scripts = commands(&text, "script", &given);
    let after = commands(&text, "after_script", &given);
    let ([record, gate], [look]) = (&scripts[..], &after[..]) else { panic!("{scripts:?} {after:?}") };
    assert!(text.contains("    SEKISHO_STEP: '$[[ inputs.run ]]'"));
    sekisho(&work, &["record", "-o", "../first.rec", "--", "bash", "-e", "-o", "pipefail", "-c", GOOD]);
    sekisho(&work, &["profile", "new", "../first.rec"]);
    for command in [record, look, gate] {
        let output = run(command, GOOD);
        assert!(output.status.success(), "{command}: {}", said(&output));
    }
    let deviating = "cat source ../policy.toml > app";
    assert_eq!(run(record, deviating).status.code(), Some(1));
    let looked = run(look, deviating);
    assert!(looked.status.success() && said(&looked).contains("policy.toml"), "{}", said(&looked));
    assert_eq!(run(gate, deviating).status.code(), Some(1));
}
