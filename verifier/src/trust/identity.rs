//! An identity that a policy trusts, and whether a certificate is of it.
use super::Certificate;
use crate::reason::shown;
use globset::GlobMatcher;

/// Something that an issuer says of a CI job in the certificate (sigstore/fulcio, docs/oid-info.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// 1.3.6.1.4.1.57264.1.12: where the source is.
    Repository,
    /// .15: the provider's number for it, which a rename does not change.
    RepositoryId,
    /// .14: branch or tag.
    Ref,
    /// .13: the commit.
    Commit,
    /// .16: whose repository it is.
    Owner,
    /// .17: the provider's number for the owner.
    OwnerId,
    /// .18: the top-level workflow.
    Workflow,
    /// .9: the workflow that signed, which may be a reusable one.
    Signer,
    /// .20: what began the run, such as `push`.
    Trigger,
    /// .11: `github-hosted`, `self-hosted`.
    Runner,
    /// .22: `public`, `private`.
    Visibility,
    /// .23: the deployment environment.
    Environment,
}

impl Claim {
    /// All, with their keys in a policy.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Repository, "repository"),
        (Self::RepositoryId, "repository_id"),
        (Self::Ref, "ref"),
        (Self::Commit, "commit"),
        (Self::Owner, "owner"),
        (Self::OwnerId, "owner_id"),
        (Self::Workflow, "workflow"),
        (Self::Signer, "signer"),
        (Self::Trigger, "trigger"),
        (Self::Runner, "runner"),
        (Self::Visibility, "visibility"),
        (Self::Environment, "environment"),
    ];

    /// Its key in a policy.
    pub fn key(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Which subject alternative names are meant.
#[derive(Clone, Debug)]
pub enum SanRule {
    /// This one.
    Exact(String),
    /// All of it matches the glob.
    Glob(String, GlobMatcher),
}

impl SanRule {
    fn holds(&self, san: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == san,
            Self::Glob(_, glob) => glob.is_match(san),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Glob(text, _) => text,
        }
    }
}

/// Whoever the issuer gave such a certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What the policy calls it.
    pub name: String,
    /// Which `OpenID` issuer vouches.
    pub issuer: String,
    /// For whom.
    pub san: SanRule,
    /// What it says of the job: one of the values of each.
    pub claims: Vec<(Claim, Vec<String>)>,
    /// Which root of trust: index into [`crate::Policy::trusts`].
    pub trust: usize,
}

impl Identity {
    /// Why a certificate is not of this identity; `None` if it is.
    pub(crate) fn mismatch(&self, certificate: &Certificate) -> Option<String> {
        if self.issuer != certificate.issuer {
            return Some(format!("issuer {} is not {}", shown(&certificate.issuer), shown(&self.issuer)));
        }
        if !self.san.holds(&certificate.san) {
            return Some(format!("identity {} is not {}", shown(&certificate.san), shown(self.san.text())));
        }
        self.claims.iter().find_map(|(claim, allowed)| {
            let said = certificate.claims.iter().find(|(c, _)| c == claim).map(|(_, value)| value);
            match said {
                Some(value) if allowed.contains(value) => None,
                Some(value) => Some(format!("{} is {}", claim.key(), shown(value))),
                None => Some(format!("the certificate says no {}", claim.key())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use globset::GlobBuilder;

    fn certificate() -> Certificate {
        Certificate {
            issuer: "https://issuer.example".into(),
            san: "https://git.example/org/repo/.ci/release.yml@refs/tags/v1".into(),
            claims: vec![(Claim::Ref, "refs/tags/v1".into()), (Claim::Runner, "github-hosted".into())],
        }
    }

    fn identity(san: SanRule, claims: Vec<(Claim, Vec<String>)>) -> Identity {
        Identity { name: "ci".into(), issuer: "https://issuer.example".into(), san, claims, trust: 0 }
    }

    fn glob(text: &str) -> SanRule {
        let built = GlobBuilder::new(text).literal_separator(true).build().unwrap();
        SanRule::Glob(text.into(), built.compile_matcher())
    }

    #[test]
    fn every_claim_has_its_own_key() {
        for (claim, key) in Claim::ALL {
            assert_eq!(claim.key(), key);
        }
    }

    #[test]
    fn all_of_the_identity_matches_or_nothing_does() {
        let whole = certificate().san;
        assert_eq!(identity(SanRule::Exact(whole.clone()), vec![]).mismatch(&certificate()), None);
        let good = glob("https://git.example/org/repo/.ci/release.yml@refs/tags/*");
        assert_eq!(identity(good, vec![]).mismatch(&certificate()), None);
        for other in
            ["org/repo/.ci/release.yml@refs/tags/v1", "https://git.example/*", "https://git.example/org/repo/*"]
        {
            assert!(identity(glob(other), vec![]).mismatch(&certificate()).is_some(), "{other}");
            assert!(identity(SanRule::Exact(other.into()), vec![]).mismatch(&certificate()).is_some(), "{other}");
        }
        let longer = Certificate { san: format!("{whole}0"), ..certificate() };
        assert!(identity(SanRule::Exact(whole), vec![]).mismatch(&longer).is_some());
    }

    #[test]
    fn another_issuer_a_wrong_claim_and_a_missing_one_are_told() {
        let of = |claims| identity(SanRule::Exact(certificate().san), claims);
        let value = |v: &str| vec![v.to_owned()];
        assert_eq!(
            of(vec![(Claim::Ref, vec!["refs/tags/v0".into(), "refs/tags/v1".into()])]).mismatch(&certificate()),
            None
        );
        let wrong = of(vec![(Claim::Runner, value("self-hosted"))]).mismatch(&certificate());
        assert_eq!(wrong.unwrap(), "runner is github-hosted");
        let missing = of(vec![(Claim::Environment, value("production"))]).mismatch(&certificate());
        assert_eq!(missing.unwrap(), "the certificate says no environment");
        let stranger = Certificate { issuer: "https://issuer.example/".into(), ..certificate() };
        assert!(of(vec![]).mismatch(&stranger).unwrap().starts_with("issuer "));
    }
}
