//! Lists of other tools become rules that allow what stands in them, and no more.
#![allow(clippy::unwrap_used, reason = "tests")]
use sekisho_profiles::{Act, Grade, Import, Meta, Profile, Rule, add_imported, import, lint};

fn rules(kind: Import, text: &str) -> Vec<Rule> {
    import(kind, text, "LIST", &[]).unwrap().rules
}

fn acts(rule: &Rule, act: Act) -> Vec<&str> {
    rule.acts.get(&act).into_iter().flatten().map(|i| i.text.as_str()).collect()
}

/// A profile that holds them, as it is written and read again.
fn profile(rules: Vec<Rule>) -> Profile {
    let mut profile = Profile { meta: Meta { name: "t".to_owned(), ..Meta::default() }, ..Profile::default() };
    for rule in rules {
        assert!(add_imported(&mut profile, rule));
    }
    Profile::parse(&profile.to_toml()).unwrap()
}

/// Only what every new profile is told: that nobody has reviewed it.
fn lints_clean(profile: &Profile) {
    let found = lint(profile, None);
    assert!(found.iter().all(|f| f.code == "unreviewed" && f.grade == Grade::Warning), "{found:?}");
}

const WORKFLOW: &str = "
jobs:
  build:
    steps:
      - uses: step-security/harden-runner@v2
        with:
          egress-policy: block
          allowed-endpoints: >
            registry.npmjs.org:443
            github.com:443 api.github.com:443
      - run: npm ci
        # allowed-endpoints: commented.example:443
  publish:
    steps:
      - with:
          allowed-endpoints: 'uploads.example.org:8443'
          disable-sudo: true
";

#[test]
fn the_endpoints_of_a_workflow_are_those_of_its_lists() {
    let [rule] = &rules(Import::Endpoints, WORKFLOW)[..] else { panic!() };
    let hosts =
        ["api.github.com:443/tcp", "github.com:443/tcp", "registry.npmjs.org:443/tcp", "uploads.example.org:8443/tcp"];
    assert_eq!(acts(rule, Act::Connect), hosts);
    assert_eq!(acts(rule, Act::Resolve), ["api.github.com", "github.com", "registry.npmjs.org", "uploads.example.org"]);
    assert!(rule.process.is_empty());
    lints_clean(&profile(vec![rule.clone()]));
    assert!(import(Import::Endpoints, WORKFLOW, "LIST", &[]).unwrap().notes.iter().any(|n| n.starts_with("2 lists")));
}

#[test]
fn a_list_alone_has_a_port_or_443_and_addresses_have_no_names() {
    let text = "github.com  # code\n# nothing.example\n203.0.113.7:8080, [2001:db8::1]:443\n";
    let [rule] = &rules(Import::Endpoints, text)[..] else { panic!() };
    assert_eq!(acts(rule, Act::Connect), ["203.0.113.7:8080/tcp", "[2001:db8::1]:443/tcp", "github.com:443/tcp"]);
    assert_eq!(acts(rule, Act::Resolve), ["github.com"]);
}

#[test]
fn what_is_no_host_with_its_port_is_an_error_that_names_its_line() {
    for (text, want) in [
        ("a.example:443\nb.example:http", "line 2: `b.example:http` is no HOST:PORT"),
        ("allowed-endpoints: >\n  ${{ vars.HOSTS }}", "line 2: `${{` is an expression: its value is not in the file"),
        ("*:443", "line 1: `*:443` stands for any host"),
        ("https://a.example", "line 1: `https://a.example` is no HOST:PORT"),
        ("a.example:99999", "line 1: `a.example:99999` is no HOST:PORT"),
        ("\u{1b}[2J", "line 1: `\\x1b[2J` is no HOST:PORT"),
        ("# only words\n", "no host stands in it"),
    ] {
        assert_eq!(import(Import::Endpoints, text, "LIST", &[]).unwrap_err().to_string(), want);
    }
}

const NPM: &str = r#"{"name": "t", "lockfileVersion": 3, "packages": {
    "": {"name": "t"},
    "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-x"},
    "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "resolved": "https://npm.example.org:8443/@s/b/-/b-2.tgz"},
    "node_modules/g": {"version": "3.0.0", "resolved": "git+ssh://git@github.com/o/g.git#0123"},
    "node_modules/own": {"resolved": "packages/own", "link": true},
    "node_modules/file": {"version": "file:lib", "resolved": "file:lib"},
    "packages/own": {"version": "1.0.0"}}}"#;

#[test]
fn the_hosts_of_an_npm_lock_file_are_those_of_its_packages() {
    let [registry, git] = &rules(Import::Npm, NPM)[..] else { panic!() };
    assert_eq!(acts(registry, Act::Connect), ["npm.example.org:8443/tcp", "registry.npmjs.org:443/tcp"]);
    assert_eq!(acts(git, Act::Connect), ["github.com:22/tcp"]);
    let profile = profile(vec![registry.clone(), git.clone()]);
    lints_clean(&profile);
    assert!(profile.to_toml().contains("# @s/b\n"), "{}", profile.to_toml());

    let nested = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "resolved": "https://a.example/a.tgz",
        "dependencies": {"b": {"version": "git+https://b.example/b.git#01"}}}}}"#;
    let [registry, git] = &rules(Import::Npm, nested)[..] else { panic!() };
    assert_eq!(
        (acts(registry, Act::Connect), acts(git, Act::Connect)),
        (vec!["a.example:443/tcp"], vec!["b.example:443/tcp"])
    );
}

const CARGO: &str = r#"version = 4

[[package]]
name = "own"
version = "0.1.0"

[[package]]
name = "serde"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "g"
version = "0.1.0"
source = "git+https://git.example.org/o/g?rev=01#0123"

[[package]]
name = "p"
version = "0.1.0"
source = "sparse+https://crates.example.org/index/"
"#;

#[test]
fn the_hosts_of_a_cargo_lock_file_are_those_of_its_sources() {
    let [rule] = &rules(Import::Cargo, CARGO)[..] else { panic!() };
    let hosts = [
        "crates.example.org:443/tcp",
        "git.example.org:443/tcp",
        "index.crates.io:443/tcp",
        "static.crates.io:443/tcp",
    ];
    assert_eq!(acts(rule, Act::Connect), hosts);
    lints_clean(&profile(vec![rule.clone()]));
}

/// This repository's own lock file, as cargo wrote it.
#[test]
fn a_real_lock_file_needs_crates_io_alone() {
    let [rule] = &rules(Import::Cargo, include_str!("../../Cargo.lock"))[..] else { panic!() };
    assert_eq!(acts(rule, Act::Connect), ["index.crates.io:443/tcp", "static.crates.io:443/tcp"]);
    let [rule] = &rules(Import::Npm, include_str!("../../web/package-lock.json"))[..] else { panic!() };
    assert_eq!(acts(rule, Act::Connect), ["registry.npmjs.org:443/tcp"]);
}

#[test]
fn lock_files_that_are_not_understood_are_refused() {
    for (kind, text, want) in [
        (Import::Npm, "{", "line 1: not JSON"),
        (Import::Npm, "{}", "`lockfileVersion` is missing or not what it should be"),
        (Import::Npm, r#"{"lockfileVersion": 4, "packages": {}}"#, "version 4 of package-lock.json is not known"),
        (Import::Npm, r#"{"lockfileVersion": 3, "packages": {}}"#, "no host stands in it"),
        (
            Import::Npm,
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"resolved": "gopher://a/b"}}}"#,
            "`gopher://a/b` is no address that a package can come from",
        ),
        (Import::Cargo, "version = 4\n<<<<<<< ours\n", "line 2: not TOML"),
        (Import::Cargo, "version = 5\n", "version 5 of Cargo.lock is not known"),
        (Import::Cargo, "version = 4\n", "`package` is missing or not what it should be"),
    ] {
        assert_eq!(import(kind, text, "LIST", &[]).unwrap_err().to_string(), want, "{text}");
    }
}

#[test]
fn what_is_read_again_adds_what_is_new_and_only_that_takes_the_review_away() {
    let first = rules(Import::Endpoints, "a.example:443");
    let mut profile = profile(first.clone());
    profile.rules[0].reviewed_by = Some("dana".to_owned());
    let before = profile.clone();
    assert!(!add_imported(&mut profile, first[0].clone()));
    assert_eq!(profile, before);
    let second = rules(Import::Endpoints, "b.example:443").remove(0);
    assert!(add_imported(&mut profile, second.clone()));
    assert_eq!(acts(&profile.rules[0], Act::Connect), ["a.example:443/tcp", "b.example:443/tcp"]);
    assert_eq!((profile.rules.len(), &profile.rules[0].reviewed_by), (1, &None));
    // For other programs it is another rule.
    let by = import(Import::Endpoints, "b.example:443", "LIST", &["/usr/bin/curl".to_owned()]).unwrap();
    assert!(add_imported(&mut profile, by.rules[0].clone()));
    assert_eq!(profile.rules.len(), 2);
}

/// What the shipped abstractions call node and cargo is what may fetch packages.
#[test]
fn packages_are_fetched_by_the_programs_of_the_abstractions() {
    use sekisho_profiles::Reviewed;
    for (kind, text, name) in [(Import::Npm, NPM, "npm"), (Import::Cargo, CARGO, "cargo")] {
        let reviewed = Reviewed::named(name).unwrap();
        for program in &rules(kind, text)[0].process {
            assert!(reviewed.text().contains(&format!("\"{}\"", program.text)), "{name}: {}", program.text);
        }
    }
}
