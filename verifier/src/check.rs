//! The checks, in their order. Each is there for one attack.

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// 1. Something that two readers read differently is passed off as evidence.
    Envelope,
    /// 2. A forged statement: nobody who is trusted signed it.
    Signature,
    /// 3. A trusted key was made to sign what has two meanings.
    Statement,
    /// 4. The attestation of another step is shown.
    Step,
    /// 5. One stolen key, or one key under two names, stands for several.
    Threshold,
    /// 6. The statement that would tell is left out.
    Predicates,
    /// 7. Statements of several runs are mixed.
    Agreement,
    /// 8. Another artifact is released than the one that was built.
    Subject,
    /// 9. The act hides in what the recorder missed.
    Completeness,
    /// 10. The run was watched less closely than demanded.
    Coverage,
    /// 11. A name was changed while it was read.
    Engine,
    /// 12. What a failed step left behind is released.
    Status,
    /// 13. The run was judged by a weaker profile.
    Profile,
    /// 14. The profile was only observed where it was to be enforced.
    Mode,
    /// 15. The build did what nobody reviewed.
    Behaviour,
    /// 16. An old attestation is shown again, or one from the future.
    Freshness,
    /// 17. Something more, or something else, is released along with the product.
    Products,
    /// 18. An input was exchanged.
    Materials,
    /// 19. What one step produced is not what the next one consumed.
    Chain,
    /// 20. Nobody who is trusted states what the policy demands of every artifact.
    Stated,
}

impl Check {
    /// All, in their order.
    pub const ALL: [Self; 20] = [
        Self::Envelope,
        Self::Signature,
        Self::Statement,
        Self::Step,
        Self::Threshold,
        Self::Predicates,
        Self::Agreement,
        Self::Subject,
        Self::Completeness,
        Self::Coverage,
        Self::Engine,
        Self::Status,
        Self::Profile,
        Self::Mode,
        Self::Behaviour,
        Self::Freshness,
        Self::Products,
        Self::Materials,
        Self::Chain,
        Self::Stated,
    ];

    /// Those that are made once, over all evidence. The others are made for each step of the policy, and the last one for each
    /// statement that it demands.
    pub const GLOBAL: [Self; 3] = [Self::Envelope, Self::Signature, Self::Statement];

    /// The stable name.
    pub fn id(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Signature => "signature",
            Self::Statement => "statement",
            Self::Step => "step",
            Self::Threshold => "threshold",
            Self::Predicates => "predicates",
            Self::Agreement => "agreement",
            Self::Subject => "subject",
            Self::Completeness => "completeness",
            Self::Coverage => "coverage",
            Self::Engine => "engine",
            Self::Status => "status",
            Self::Profile => "profile",
            Self::Mode => "mode",
            Self::Behaviour => "behaviour",
            Self::Freshness => "freshness",
            Self::Products => "products",
            Self::Materials => "materials",
            Self::Chain => "chain",
            Self::Stated => "stated",
        }
    }

    /// From 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The checks of one step, in their order.
    pub fn of_step() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|check| !Self::GLOBAL.contains(check) && *check != Self::Stated)
    }
}
