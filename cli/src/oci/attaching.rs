//! Puts signed statements beside an image, where others look for them.
//!
//! Bundles go there as cosign 3 puts them: a manifest each, which names the image as its subject (image-spec 1.1, "artifact usage"), listed
//! by the registry itself or, where it cannot, under the tag `sha256-HEX`. Envelopes go into cosign's older layout: layers of one manifest under
//! the tag `sha256-HEX.att`. The same statements give the same manifests, so that attaching again changes nothing.
use super::reference::{Reference, Which};
use super::registry::{Failure, Registry};
use super::{Attached, EMPTY_TYPE, ENVELOPE_TYPE, INDEX_TYPE, MANIFEST_TYPE, Piece, Subject};
use crate::exit::CliError;
use crate::network;
use crate::ui::Ui;
use sekisho_attest::names::BUNDLE_TYPE;
use sekisho_events::Digest;
use serde_json::{Value, json};

/// How often a list is written again that somebody else has written meanwhile.
const MAX_TRIES: usize = 5;
/// What a configuration that is none consists of.
const EMPTY: &[u8] = b"{}";

/// The manifest that a reference leads to.
pub fn subject(reference: &Reference, ui: Ui) -> Result<Subject, CliError> {
    let registry = Registry::new(reference, "pull", ui)?;
    network::runtime()?.block_on(look(&registry, reference)).map_err(|e| e.of(reference))
}

pub(super) async fn look(registry: &Registry, reference: &Reference) -> Result<Subject, Failure> {
    let which = match &reference.which {
        Which::Tag(tag) => tag.clone(),
        Which::Digest(digest) => format!("sha256:{digest}"),
    };
    let manifest = registry.manifest(&which).await?.ok_or(Failure::Absent)?;
    Ok(Subject { sha256: manifest.sha256, size: manifest.bytes.len() as u64, media_type: manifest.media_type })
}

/// Attaches all pieces to an image.
pub fn attach(reference: &Reference, subject: &Subject, pieces: &[Piece], ui: Ui) -> Result<Attached, CliError> {
    let registry = Registry::new(reference, "pull,push", ui)?;
    let (bundles, envelopes): (Vec<&Piece>, Vec<&Piece>) = pieces.iter().partition(|p| p.is_bundle);
    let all = async {
        refer(&registry, subject, &bundles).await?;
        layer(&registry, subject, &envelopes).await
    };
    network::runtime()?.block_on(all).map_err(|e| e.of(reference))?;
    Ok(Attached { bundles: bundles.len(), envelopes: envelopes.len() })
}

/// The tag of what belongs to a manifest, where the registry keeps no list (distribution-spec, "Referrers Tag Schema").
pub(super) fn tag(sha256: Digest) -> String {
    format!("sha256-{sha256}")
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{}", Digest::of(bytes)), "size": bytes.len()})
}

async fn refer(registry: &Registry, subject: &Subject, bundles: &[&Piece]) -> Result<(), Failure> {
    if bundles.is_empty() {
        return Ok(());
    }
    registry.put_blob(EMPTY).await?;
    let (mut referrers, mut listed) = (Vec::new(), true);
    for bundle in bundles {
        registry.put_blob(&bundle.bytes).await?;
        let annotations = json!({
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": bundle.predicate_type,
        });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": BUNDLE_TYPE,
            "config": descriptor(EMPTY_TYPE, EMPTY),
            "layers": [descriptor(BUNDLE_TYPE, &bundle.bytes)],
            "subject": {"mediaType": subject.media_type, "digest": format!("sha256:{}", subject.sha256), "size": subject.size},
            "annotations": annotations,
        });
        let bytes = manifest.to_string().into_bytes();
        let which = format!("sha256:{}", Digest::of(&bytes));
        listed &= registry.put_manifest(&which, MANIFEST_TYPE, &bytes).await?;
        let mut referrer = descriptor(MANIFEST_TYPE, &bytes);
        referrer["artifactType"] = BUNDLE_TYPE.into();
        referrer["annotations"] = annotations;
        referrers.push(referrer);
    }
    // A registry that does not say that it lists them may do so none the less.
    if listed || registry.referrers(subject.sha256).await?.is_some() {
        return Ok(());
    }
    let empty = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []});
    add(registry, &tag(subject.sha256), INDEX_TYPE, "manifests", &empty, &referrers).await
}

async fn layer(registry: &Registry, subject: &Subject, envelopes: &[&Piece]) -> Result<(), Failure> {
    if envelopes.is_empty() {
        return Ok(());
    }
    let mut layers = Vec::new();
    for envelope in envelopes {
        registry.put_blob(&envelope.bytes).await?;
        let mut layer = descriptor(ENVELOPE_TYPE, &envelope.bytes);
        // By the first, empty, cosign knows its own layers: the signature is in the envelope.
        layer["annotations"] =
            json!({"dev.cosignproject.cosign/signature": "", "predicateType": envelope.predicate_type});
        layers.push(layer);
    }
    let empty = json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": {}, "layers": []});
    add(registry, &format!("{}.att", tag(subject.sha256)), MANIFEST_TYPE, "layers", &empty, &layers).await
}

/// Adds descriptors to the list of a manifest under a tag. No registry promises to refuse a write because of another one in between; so it is
/// looked at again.
async fn add(
    registry: &Registry,
    tag: &str,
    media_type: &str,
    list: &'static str,
    empty: &Value,
    new: &[Value],
) -> Result<(), Failure> {
    for _ in 0..MAX_TRIES {
        let mut manifest = match registry.manifest(tag).await? {
            Some(found) => found.value()?,
            None => empty.clone(),
        };
        let present = manifest.get_mut(list).and_then(Value::as_array_mut);
        let present = present.ok_or(Failure::Malformed("what is attached already"))?;
        let missing: Vec<Value> =
            new.iter().filter(|n| !present.iter().any(|p| p["digest"] == n["digest"])).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        present.extend(missing);
        if list == "layers" {
            let config = configuration(present);
            registry.put_blob(&config).await?;
            manifest["config"] = descriptor("application/vnd.oci.image.config.v1+json", &config);
        }
        registry.put_manifest(tag, media_type, manifest.to_string().as_bytes()).await?;
    }
    Err(Failure::Overtaken)
}

/// What an image of these layers, none compressed, has for a configuration.
fn configuration(layers: &[Value]) -> Vec<u8> {
    let digests: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
    let rootfs = json!({"type": "layers", "diff_ids": digests});
    json!({"architecture": "", "os": "", "config": {}, "rootfs": rootfs}).to_string().into_bytes()
}
