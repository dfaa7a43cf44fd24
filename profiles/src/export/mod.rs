//! Profiles in the languages of other enforcers. None of them says all that a profile says: what is lost is listed.

mod apparmor;
mod landlock;
mod network;
mod seccomp;

use crate::act::{Act, PatternKind};
use crate::net::NetPattern;
use crate::profile::Profile;
use crate::rule::Rule;

/// Languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// OCI seccomp profile, JSON.
    Seccomp,
    /// AppArmor profile.
    Apparmor,
    /// Kubernetes NetworkPolicy, YAML.
    NetworkPolicy,
    /// CiliumNetworkPolicy, YAML.
    Cilium,
    /// landlockconfig, TOML.
    Landlock,
}

/// A profile in another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The text, for a file.
    pub text: String,
    /// What it does not express, in plain words.
    pub lost: Vec<String>,
}

/// Writes a profile in another language.
pub fn export(profile: &Profile, to: Export) -> Exported {
    let mut exported = match to {
        Export::Seccomp => seccomp::export(profile),
        Export::Apparmor => apparmor::export(profile),
        Export::NetworkPolicy => network::kubernetes(profile),
        Export::Cilium => network::cilium(profile),
        Export::Landlock => landlock::export(profile),
    };
    if profile.rules.iter().any(|r| r.required) {
        exported.lost.push("`required`: that something must happen".to_owned());
    }
    if profile.rules.iter().any(|r| !r.sha256.is_empty()) {
        exported.lost.push("`sha256`: which content a program must have".to_owned());
    }
    if profile.rules.iter().any(|r| r.expires.is_some()) {
        exported.lost.push("`expires`: rules stay in force for ever".to_owned());
    }
    exported
}

/// A name that every one of the languages takes: small letters, digits, dashes.
fn name(profile: &Profile) -> String {
    crate::suggest::slug(profile.meta.name.as_bytes())
}

/// Rules that allow.
fn allowing(profile: &Profile) -> impl Iterator<Item = &Rule> {
    profile.rules.iter().filter(|r| !r.deny)
}

/// Network patterns of these acts in rules that allow.
fn nets<'p>(profile: &'p Profile, acts: &'p [Act]) -> impl Iterator<Item = NetPattern> + 'p {
    allowing(profile)
        .flat_map(move |r| acts.iter().filter_map(|a| r.acts.get(a)).flatten())
        .filter_map(|item| NetPattern::parse(&item.text).ok())
}

/// What most of them lose.
fn lost_who(profile: &Profile, lost: &mut Vec<String>) {
    let many = profile.rules.iter().filter(|r| !r.process.is_empty() || !r.ancestor.is_empty()).count();
    if many > 0 {
        lost.push(format!("who: {many} rules speak of some programs only; here they speak of all"));
    }
}

fn has_files(profile: &Profile) -> bool {
    profile.rules.iter().any(|r| r.acts.keys().any(|a| a.pattern_kind() == PatternKind::Path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[profile]
version = 1
name = "My Build"
[[rule]]
id = "cc"
process = ["/usr/bin/cc"]
exec = ["/usr/bin/as"]
read = ["/usr/**", "$WORKSPACE/**/*.h", '/odd "name'] 
change = ["$WORKSPACE/build/**", "$TMP/cc??????.s"]
[[rule]]
id = "net"
connect = ["203.0.113.7:443/tcp", "registry.example.org:443/tcp", "127.0.0.1:*/tcp", "[2001:db8::1]:53/udp"]
[[rule]]
id = "no"
read = ["$HOME/.ssh/**"]
deny = true
"#;

    fn text(to: Export) -> (String, String) {
        let exported = export(&Profile::parse_any_form(TEXT).unwrap(), to);
        (exported.text, exported.lost.join("\n"))
    }

    #[test]
    fn seccomp_refuses_what_no_rule_can_need() {
        let (text, lost) = text(Export::Seccomp);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> = value["syscalls"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|s| s["names"].as_array().unwrap())
            .filter_map(|n| n.as_str())
            .collect();
        for call in ["mount", "io_uring_setup", "ptrace", "listen"] {
            assert!(names.contains(&call), "{call}");
        }
        assert!(!names.contains(&"connect"));
        assert!(lost.contains("paths"));
    }

    #[test]
    fn apparmor_says_paths_and_escapes_names() {
        let (text, lost) = text(Export::Apparmor);
        for line in [
            "\"/usr/**\" rm,",
            "\"@{WORKSPACE}/{,**/}*.h\" rm,",
            "\"@{WORKSPACE}/build/**\" wlk,",
            "\"/usr/bin/as\" mrix,",
            "deny \"@{SEKISHO_HOME}/.ssh/**\" r,",
            "network inet stream,",
            r#""/odd \"name" rm,"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
        assert!(lost.contains("hosts"));
    }

    #[test]
    fn network_policies_have_addresses_and_name_the_rest() {
        let (text_k, lost) = text(Export::NetworkPolicy);
        assert!(text_k.contains("cidr: 203.0.113.7/32") && text_k.contains("cidr: 2001:db8::1/128"));
        assert!(lost.contains("registry.example.org"));
        let (cilium, lost) = text(Export::Cilium);
        assert!(cilium.contains("matchName: \"registry.example.org\"") && !lost.contains("registry"));
        assert!(!cilium.contains("127.0.0.1"));
    }

    #[test]
    fn landlock_opens_the_directories_that_patterns_lie_in() {
        let (text, lost) = text(Export::Landlock);
        let document: toml_edit::DocumentMut = text.parse().unwrap();
        assert!(document["path_beneath"].as_array_of_tables().unwrap().len() >= 2);
        assert!(text.contains("\"${WORKSPACE}/build\"") && text.contains("port = [443]"));
        assert!(lost.contains("deny") && lost.contains("cc??????.s"), "{lost}");
    }
}
