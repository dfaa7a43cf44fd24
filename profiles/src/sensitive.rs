//! Paths that hold secrets. No wildcard covers them: a rule that allows one names it.

/// A way to know a secret by its path: a component that must stand in the pattern itself.
struct Mark {
    component: &'static [u8],
    /// What the component before it must be, if anything.
    below: Option<&'static [u8]>,
    what: &'static str,
}

const fn mark(component: &'static [u8], what: &'static str) -> Mark {
    Mark { component, below: None, what }
}

const fn below(parent: &'static [u8], component: &'static [u8], what: &'static str) -> Mark {
    Mark { component, below: Some(parent), what }
}

/// See docs/profile.md, "Secrets".
const MARKS: &[Mark] = &[
    mark(b".ssh", "SSH keys and hosts"),
    mark(b".gnupg", "GnuPG keys"),
    mark(b".aws", "AWS credentials"),
    mark(b".azure", "Azure credentials"),
    below(b".config", b"gcloud", "Google Cloud credentials"),
    below(b".config", b"gh", "GitHub credentials"),
    below(b".config", b"hub", "GitHub credentials"),
    mark(b".kube", "Kubernetes credentials"),
    below(b".docker", b"config.json", "registry credentials"),
    mark(b".netrc", "passwords for hosts"),
    mark(b".npmrc", "npm tokens"),
    mark(b".yarnrc.yml", "npm tokens"),
    mark(b".pypirc", "PyPI tokens"),
    mark(b".git-credentials", "passwords of git"),
    below(b".git", b"credentials", "passwords of git"),
    below(b".cargo", b"credentials", "crates.io tokens"),
    below(b".cargo", b"credentials.toml", "crates.io tokens"),
    below(b".m2", b"settings.xml", "Maven passwords"),
    below(b".m2", b"settings-security.xml", "Maven passwords"),
    below(b".gradle", b"gradle.properties", "Gradle passwords"),
    below(b".gem", b"credentials", "RubyGems tokens"),
    mark(b".pgpass", "database passwords"),
    mark(b".my.cnf", "database passwords"),
    mark(b".vault-token", "Vault token"),
    mark(b".bash_history", "shell history"),
    mark(b".zsh_history", "shell history"),
    mark(b".mozilla", "browser data"),
    mark(b".env", "environment with secrets"),
    mark(b"id_rsa", "a private key"),
    mark(b"id_ecdsa", "a private key"),
    mark(b"id_ed25519", "a private key"),
    below(b"etc", b"shadow", "password hashes"),
    below(b"etc", b"shadow-", "password hashes"),
    below(b"etc", b"gshadow", "password hashes"),
    below(b"etc", b"sudoers", "rights of users"),
    below(b"secrets", b"kubernetes.io", "Kubernetes service account"),
    below(b"run", b"secrets", "mounted secrets"),
];

/// Files of `/proc/PID/` that show another process' secrets or reach into it.
const PROC: &[&[u8]] = &[b"environ", b"mem", b"auxv", b"syscall", b"stack", b"fd", b"root", b"cwd", b"pagemap"];

/// A secret, known by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The component that a pattern must name.
    pub component: &'static [u8],
    /// What is kept there.
    pub what: &'static str,
}

/// The secret that this path is or lies in.
pub fn secret(path: &[u8]) -> Option<Secret> {
    let mut before: &[u8] = b"";
    let mut number = 0;
    for (i, component) in path.split(|b| *b == b'/').enumerate() {
        if may_be_marked(before, component)
            && let Some(mark) =
                MARKS.iter().find(|m| component == m.component && m.below.is_none_or(|below| below == before))
        {
            return Some(Secret { component: mark.component, what: mark.what });
        }
        if i == 2 && before == b"proc" && component.iter().all(u8::is_ascii_digit) && !component.is_empty() {
            number = i;
        }
        if number > 0
            && i > number
            && let Some(file) = PROC.iter().find(|f| **f == component)
        {
            return Some(Secret { component: file, what: "inside of another process" });
        }
        before = component;
    }
    None
}

/// False for what no mark can be, by its first letters: nearly every component.
fn may_be_marked(before: &[u8], component: &[u8]) -> bool {
    component.starts_with(b".")
        || component.starts_with(b"id_")
        || before.starts_with(b".")
        || matches!(before, b"etc" | b"secrets" | b"run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_is_lost_by_its_first_letters() {
        for mark in MARKS {
            assert!(may_be_marked(mark.below.unwrap_or(b""), mark.component), "{}", mark.component.escape_ascii());
        }
    }

    #[test]
    fn secrets_are_known_wherever_the_home_is() {
        for path in ["/home/a/.ssh/id_rsa", "/w/.npmrc", "/etc/shadow", "/proc/12/environ", "/root/.docker/config.json"]
        {
            assert!(secret(path.as_bytes()).is_some(), "{path}");
        }
        for path in ["/w/docker/config.json", "/usr/share/shadow", "/proc/self/environ", "/proc/12/stat", "/w/.envrc"] {
            assert!(secret(path.as_bytes()).is_none(), "{path}");
        }
    }
}
