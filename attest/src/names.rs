//! Names that stand in statements. They are compared as text; a changed meaning is a new name.

/// `payloadType` of an in-toto statement in DSSE.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// `_type` of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// `_type` of the version before, which other tools still write.
pub const STATEMENT_TYPE_V0_1: &str = "https://in-toto.io/Statement/v0.1";
/// `mediaType` of a sigstore bundle, version 0.3.
pub const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// Every `mediaType` of a bundle that is read.
pub const BUNDLE_TYPES: [&str; 4] = [
    BUNDLE_TYPE,
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
];
/// in-toto link, version 0.3.
pub const LINK: &str = "https://in-toto.io/attestation/link/v0.3";
/// SLSA provenance, version 1.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// in-toto runtime trace, version 0.1.
pub const RUNTIME_TRACE: &str = "https://in-toto.io/attestation/runtime-trace/v0.1";
/// SLSA verification summary, version 1: carries the verdict.
pub const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

/// in-toto simple verification result, version 0.1.
pub const VERIFICATION_RESULT: &str = "https://in-toto.io/attestation/svr/v0.1";
/// in-toto SCAI attribute report, version 0.3: what a run is claimed to have kept to.
pub const ATTRIBUTE_REPORT: &str = "https://in-toto.io/attestation/scai/v0.3";
/// CycloneDX bill of materials: what the step read.
pub const SBOM: &str = "https://cyclonedx.org/bom";

/// The review of a profile: whoever signs it has reviewed the file with the subject's digest. The predicate is empty.
pub const PROFILE_REVIEW: &str = "urn:sekisho:predicate:profile-review:v1";

/// `verifier.id` of a verdict: behaviour held against a profile. The release gate is another verifier.
pub const DIFF_VERIFIER: &str = "urn:sekisho:verifier:behaviour:v1";
/// `verifier.id` of what the release gate decided.
pub const GATE_VERIFIER: &str = "urn:sekisho:verifier:gate:v1";
/// `buildType`: a command run under the recorder; `externalParameters` has `command` and `step`.
pub const BUILD_TYPE: &str = "urn:sekisho:build-type:recorded-command:v1";
/// Default `builder.id`: a recorder on the same machine, under the same user, as the step. Evidence for SLSA Build
/// L1 or L2, never L3.
pub const BUILDER: &str = "urn:sekisho:builder:same-host";
/// `monitor.type` of a runtime trace.
pub const MONITOR: &str = "urn:sekisho:monitor:recorder:v1";
/// Media type of a recording.
pub const RECORDING_MEDIA_TYPE: &str = "application/vnd.sekisho.recording";
/// Where our block stands in an object that the predicate's specification leaves open.
pub const BLOCK: &str = "sekisho";

/// What a verified level says: the recorded behaviour is what the profile allows.
pub const LEVEL_CLEAN: &str = "SEKISHO_BEHAVIOUR_IN_PROFILE";
/// What a verified level says: the profile was in force while the step ran.
pub const LEVEL_ENFORCED: &str = "SEKISHO_PROFILE_ENFORCED";

/// What a verified level says: the release policy is satisfied.
pub const LEVEL_ACCEPTED: &str = "SEKISHO_POLICY_SATISFIED";

/// What a verified property or an attribute says: nothing was missed while any of the steps ran.
pub const PROPERTY_COMPLETE: &str = "SEKISHO_RECORDING_COMPLETE";
/// What an attribute says: no process of the step used the network, or asked anybody outside who could.
pub const ATTRIBUTE_NO_NETWORK: &str = "SEKISHO_NO_NETWORK";
/// What an attribute says: every input file is known by the digest of its content, and none changed meanwhile.
pub const ATTRIBUTE_INPUTS_DIGESTED: &str = "SEKISHO_INPUTS_DIGESTED";
/// What an attribute says: nothing was read, executed or asked that the profile does not allow.
pub const ATTRIBUTE_INPUTS_IN_PROFILE: &str = "SEKISHO_INPUTS_IN_PROFILE";

/// The attributes that are claimed of a run where its recording proves them.
pub const ATTRIBUTES: [&str; 4] =
    [PROPERTY_COMPLETE, ATTRIBUTE_NO_NETWORK, ATTRIBUTE_INPUTS_DIGESTED, ATTRIBUTE_INPUTS_IN_PROFILE];

/// The kinds of statement that one run gives, by their short names.
pub const KINDS: [(&str, &str); 4] =
    [("link", LINK), ("provenance", PROVENANCE), ("runtime-trace", RUNTIME_TRACE), ("verdict", VERIFICATION_SUMMARY)];
