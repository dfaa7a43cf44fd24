//! Attestations beside images: attached, found, judged, and a registry that lies.
#![cfg(feature = "sigstore")]
#![allow(clippy::unwrap_used, reason = "tests")]
mod registry;

use registry::{Answer, Registry};
use sekisho_events::Digest;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Without proxies, which are of no use on loopback, and without anybody's passwords.
fn command(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).env_remove("CI").env("DOCKER_CONFIG", dir.join("docker"));
    for name in
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REGISTRY_AUTH_FILE"]
    {
        command.env_remove(name);
    }
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs a command that must return this status; gives what it said.
fn returns(status: i32, dir: &Path, words: &[&str]) -> String {
    let output = command(dir, words).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{words:?}\n{}", said(&output));
    said(&output)
}

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}"#;

/// A recording of a step that made an image, a key, and a policy that trusts it.
fn project() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    returns(0, dir.path(), &["keygen", "ci"]);
    let predicates = "predicates = [\"link\", \"provenance\", \"runtime-trace\"]";
    let step = format!("[[steps]]\nname = \"build\"\nkeys = [\"ci\"]\n{predicates}\n");
    std::fs::write(dir.path().join("policy.toml"), format!("version = 1\n[keys.ci]\npath = \"ci.pub\"\n{step}"))
        .unwrap();
    let step = format!("mkdir image && printf %s '{MANIFEST}' > image/manifest");
    returns(0, dir.path(), &["record", "--", "sh", "-c", &step]);
    dir
}

const ATTEST: [&str; 6] = ["attest", "sekisho.rec", "--key", "ci.key", "--product", "image/*"];

fn image(registry: &Registry) -> String {
    format!("{}/app:v1", registry.host)
}

fn verify(status: i32, dir: &Path, registry: &Registry) -> String {
    returns(status, dir, &["verify", &format!("oci://{}", image(registry)), "--policy", "policy.toml"])
}

/// distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema"; cosign's layout.
#[test]
fn what_is_attached_in_either_form_is_found_by_every_registry() {
    for (lists, bundles) in [(true, true), (true, false), (false, true), (false, false)] {
        let (dir, registry) = (project(), Registry::new(lists));
        let digest = registry.push("v1", MANIFEST.as_bytes());
        assert!(verify(1, dir.path(), &registry).contains("evidence-missing"));
        let form: &[&str] = if bundles { &["--bundle"] } else { &[] };
        let told = returns(0, dir.path(), &[&ATTEST[..], form, &["--oci", &image(&registry)]].concat());
        let form = if bundles { "attached 3 as referrers to" } else { "attached 3 in cosign's layout to" };
        assert!(told.contains(&format!("{form} {}, sha256:{digest}", image(&registry))), "{told}");
        let accepted = verify(0, dir.path(), &registry);
        assert!(accepted.starts_with(&format!("accepted  oci://{}  sha256:{digest}", image(&registry))), "{accepted}");
        let before = registry.state().manifests.clone();
        assert_eq!(before.contains_key(&format!("sha256-{digest}")), !lists && bundles, "the list under a tag");
        assert_eq!(before.contains_key(&format!("sha256-{digest}.att")), !bundles);
        returns(0, dir.path(), &["attach", &image(&registry)]);
        assert!(registry.state().manifests == before, "attached again, nothing changes");
        let by_digest = format!("oci://{}/app@sha256:{digest}", registry.host);
        let explained = returns(0, dir.path(), &["verify", &by_digest, "--explain", "--policy", "policy.toml"]);
        assert!(explained.contains(&format!("oci://{}/app sha256", registry.host)), "{explained}");
    }
}

#[test]
fn both_forms_stand_side_by_side_and_what_others_attached_stays() {
    let (dir, registry) = (project(), Registry::new(false));
    let digest = registry.push("v1", MANIFEST.as_bytes());
    let other = json!({"mediaType": "x", "digest": format!("sha256:{}", Digest::of(b"x")), "size": 1, "artifactType": "application/x"});
    let index =
        json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [other]});
    let tag = format!("sha256-{digest}");
    registry.push(&tag, index.to_string().as_bytes());
    returns(0, dir.path(), &[&ATTEST[..], &["--bundle", "-o", "b.jsonl"]].concat());
    returns(0, dir.path(), &ATTEST);
    returns(
        0,
        dir.path(),
        &["attach", &image(&registry), "--attestations", "b.jsonl", "--attestations", "attestations.jsonl"],
    );
    let list: Value = serde_json::from_slice(&registry.state().manifests[&tag].1).unwrap();
    assert_eq!((list["manifests"].as_array().unwrap().len(), &list["manifests"][0]), (4, &other));
    verify(0, dir.path(), &registry);
}

#[test]
fn statements_about_something_else_are_not_attached_and_an_image_of_another_step_is_not_signed_for() {
    let (dir, registry) = (project(), Registry::new(true));
    registry.push("v1", b"{}");
    let told = returns(2, dir.path(), &[&ATTEST[..], &["--oci", &image(&registry)]].concat());
    assert!(told.contains("is not among the products of the step") && told.contains("OCI layout"), "{told}");
    assert!(!dir.path().join("attestations.jsonl").exists(), "nothing is signed");
    returns(0, dir.path(), &ATTEST);
    let told = returns(2, dir.path(), &["attach", &image(&registry)]);
    assert!(told.contains("line 1 of attestations.jsonl is not about"), "{told}");
    let told = returns(2, dir.path(), &["attach", &format!("{}/app:v2", registry.host)]);
    assert!(told.contains("there is no such image"), "{told}");
    assert!(registry.state().asked.iter().all(|asked| asked.method == "GET"), "nothing was sent");
    // Attached by somebody else, they do not make this image another one.
    let attestations = std::fs::read_to_string(dir.path().join("attestations.jsonl")).unwrap();
    let words = ["--policy", "policy.toml", "--attestations", "attestations.jsonl"];
    assert!(attestations.lines().count() == 3);
    let told = returns(1, dir.path(), &[&["verify", &format!("oci://{}", image(&registry))], &words[..]].concat());
    assert!(told.contains("subject-not-attested"), "{told}");
}

#[test]
fn a_registry_that_lies_is_not_believed() {
    let (dir, registry) = (project(), Registry::new(true));
    let digest = registry.push("v1", MANIFEST.as_bytes());
    returns(0, dir.path(), &[&ATTEST[..], &["--bundle", "--oci", &image(&registry)]].concat());
    let bundle = {
        let state = registry.state();
        state.blobs.keys().find(|name| state.blobs[*name].len() > 100).unwrap().clone()
    };
    let list = |digest: &str| {
        let list = json!({"manifests": [{"digest": digest, "artifactType": "application/vnd.in-toto+json"}]});
        Answer::new(200).with("Content-Type", "application/vnd.oci.image.index.v1+json").body(list.to_string())
    };
    let referrers = format!("/v2/app/referrers/sha256:{digest}");
    let long = vec![b' '; (4 << 20) + 1];
    let lies = [
        (format!("/v2/app/blobs/{bundle}"), Answer::new(200).body("{}"), "what it gives as sha256:"),
        (format!("/v2/app/blobs/{bundle}"), Answer::new(200).body(long.clone()), "a blob is longer than 4194304 bytes"),
        (format!("/v2/app/blobs/{bundle}"), Answer::new(302).with("Location", "http://127.0.0.2:9/"), "302"),
        (referrers.clone(), list("sha256:../../x"), "a digest is not what the specification says"),
        (referrers.clone(), list(&format!("sha256:{digest}")).body(long.clone()), "a list of referrers is longer"),
        (referrers.clone(), list("").body("{\"manifests\":[],\"manifests\":[]}"), "a list of referrers is not what"),
        (referrers, list("").with("Link", "</more>; rel=\"next\""), "a page of referrers is not what"),
        ("/v2/app/manifests/v1".into(), Answer::new(200).body(long), "a manifest is longer than"),
        ("/v2/app/manifests/v1".into(), Answer::new(403), "docker login"),
        ("/v2/app/manifests/v1".into(), Answer::new(404), "there is no such image"),
    ];
    for (path, lie, why) in lies {
        registry.state().lies = [(path.clone(), lie)].into();
        let told = verify(2, dir.path(), &registry);
        assert!(told.contains(why) && !told.contains("accepted"), "{path} {why}: {told}");
    }
    // Another image under the tag is another image, whatever stands beside the first.
    registry.state().lies.clear();
    registry.push("v1", b"{}");
    assert!(verify(1, dir.path(), &registry).contains("evidence-missing"));
    let by_digest = format!("oci://{}/app@sha256:{digest}", registry.host);
    returns(0, dir.path(), &["verify", &by_digest, "--policy", "policy.toml"]);
    registry.state().lies = [(format!("/v2/app/manifests/sha256:{digest}"), Answer::new(200).body("{}"))].into();
    assert!(returns(2, dir.path(), &["verify", &by_digest, "--policy", "policy.toml"]).contains("what it gives as"));
}

/// distribution, "Token Authentication Specification".
#[test]
fn a_password_goes_to_its_registry_and_to_the_service_that_it_names_and_nowhere_else() {
    let (dir, registry, store) = (project(), Registry::new(true), Registry::new(true));
    registry.push("v1", MANIFEST.as_bytes());
    let realm = format!("http://{}/token", registry.host);
    let challenge = format!("Bearer realm=\"{realm}\",service=\"here\",scope=\"repository:app:pull\"");
    let token = "/token?service=here&scope=repository%3Aapp%3A";
    {
        let mut state = registry.state();
        state.wants = Some(("Bearer secret-token".into(), challenge));
        for actions in ["pull", "pull%2Cpush"] {
            state.lies.insert(format!("{token}{actions}"), Answer::new(200).body("{\"token\":\"secret-token\"}"));
        }
    }
    std::fs::create_dir(dir.path().join("docker")).unwrap();
    // base64 of `me:hidden`.
    let config = json!({"auths": {(registry.host.as_str()): {"auth": "bWU6aGlkZGVu"}}}).to_string();
    std::fs::write(dir.path().join("docker/config.json"), config).unwrap();
    let told = returns(0, dir.path(), &[&ATTEST[..], &["--bundle", "--oci", &image(&registry), "-v"]].concat());
    assert!(!told.contains("hidden") && !told.contains("secret-token"), "{told}");
    // Blobs are kept elsewhere.
    let redirects: Vec<(String, Answer)> = {
        let state = registry.state();
        store.state().blobs = state.blobs.clone();
        let to = |name: &String| format!("http://{}/v2/app/blobs/{name}", store.host);
        let of = |name: &String| (format!("/v2/app/blobs/{name}"), Answer::new(307).with("Location", to(name)));
        state.blobs.keys().map(of).collect()
    };
    registry.state().lies.extend(redirects);
    verify(0, dir.path(), &registry);
    assert!(!store.state().asked.is_empty());
    assert!(store.state().asked.iter().all(|asked| !asked.headers.contains_key("authorization")));
    for asked in &registry.state().asked {
        let given = asked.headers.get("authorization").map(String::as_str);
        let expected = if asked.path.starts_with(token) { "Basic bWU6aGlkZGVu" } else { "Bearer secret-token" };
        assert!(given.is_none_or(|given| given == expected), "{} {}", asked.method, asked.path);
    }
    registry.state().wants = Some((String::new(), "Bearer realm=\"http://auth.example/token\"".into()));
    assert!(verify(2, dir.path(), &registry).contains("neither https nor on this machine"));
    registry.state().wants = Some(("Basic bWU6aGlkZGVu".into(), "Basic realm=\"x\"".into()));
    verify(0, dir.path(), &registry);
    std::fs::remove_file(dir.path().join("docker/config.json")).unwrap();
    let told = verify(2, dir.path(), &registry);
    assert!(told.contains("401") && told.contains("docker login"), "{told}");
}
