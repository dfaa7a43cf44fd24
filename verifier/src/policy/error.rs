//! What is wrong with a policy, and where.
use crate::trust::TrustError;
use sekisho_attest::KeyError;
use sekisho_events::escape;

/// A policy that cannot be used. Lines and columns count from 1, columns in characters.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct PolicyError {
    /// In which line.
    pub line: usize,
    /// At which character of it.
    pub column: usize,
    /// What is wrong there.
    pub kind: PolicyErrorKind,
}

/// What is wrong with a policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// Not TOML.
    #[error("not TOML: {}", one_line(.0))]
    Syntax(String),
    /// A key that there is not.
    #[error("unknown key `{}`{}", escape(key.as_bytes()), nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        key: String,
        /// The known key that it looks most like.
        nearest: Option<&'static str>,
    },
    /// A key that must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another type, or none of those allowed.
    #[error("`{key}` must be {wanted}")]
    Wrong {
        /// The key.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A name that is defined nowhere above.
    #[error("`{key}` names `{}`, which is not defined{}", escape(name.as_bytes()), above(key))]
    Undefined {
        /// The key.
        key: &'static str,
        /// The name.
        name: String,
    },
    /// Two steps of one name.
    #[error("a second step named `{}`", escape(.0.as_bytes()))]
    SameStep(String),
    /// A key that is none.
    #[error("key `{}`: {error}", escape(name.as_bytes()))]
    Key {
        /// Its name.
        name: String,
        /// What is wrong with it.
        error: KeyError,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {}", escape(path.as_bytes()), escape(why.as_bytes()))]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// A root of trust that cannot be used.
    #[error("trust `{}`: {error}", escape(name.as_bytes()))]
    Trust {
        /// Its name.
        name: String,
        /// What is wrong with it.
        error: TrustError,
    },
    /// A root of trust by the name of one that comes with sekisho.
    #[error("trust `{}` is built in, and `--trusted-root` replaces `sigstore`: choose another name", escape(.0.as_bytes()))]
    BuiltInTrust(String),
    /// More signatures are demanded than there are signers.
    #[error("`threshold` is {threshold}, but there {} distinct signer{}", are(*.signers), if *.signers == 1 { "" } else { "s" })]
    Threshold {
        /// What is demanded.
        threshold: i64,
        /// How many distinct keys and identities there are, whatever their names.
        signers: usize,
    },
    /// A glob that is none.
    #[error("`{}` is not a glob", escape(.0.as_bytes()))]
    Glob(String),
    /// A demand on the verdict where none is demanded.
    #[error("`{0}` is about the verdict, which `predicates` does not demand")]
    NeedsVerdict(&'static str),
    /// A demand on materials, which only the link lists.
    #[error("`materials` needs `link` among `predicates`")]
    NeedsLink,
    /// A step whose evidence has nothing to do with what is released.
    #[error("step `{}` is tied to the released artifacts by no `materials` rule with `from`", escape(.0.as_bytes()))]
    Loose(String),
}

fn are(signers: usize) -> String {
    if signers == 1 { "is 1".to_owned() } else { format!("are {signers}") }
}

fn above(key: &str) -> &'static str {
    if key == "from" { " above" } else { "" }
}

fn one_line(text: &str) -> String {
    escape(text.trim().replace('\n', ", ").as_bytes())
}
