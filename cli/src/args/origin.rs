//! Options that say which profile is trusted while a change is under review: common to all commands that judge by one.

/// With what the profile is compared.
#[derive(Debug, Default, clap::Args)]
pub struct OriginArgs {
    /// What the change under review is to go into: the profile has to be that of this commit [default: what the CI job of
    /// a pull or merge request names].
    #[arg(long, value_name = "COMMIT")]
    pub base: Option<String>,
    /// Judge by the profile although the change under review has changed it; the verdict says so.
    #[arg(long)]
    pub trust_changed_profile: bool,
}
