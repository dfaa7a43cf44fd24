//! The first and the last line.
use super::keys::{bytes, digest, known, known_bytes, list};
use crate::{Counts, Coverage, Header, Kind, Trailer, Truncation};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt::Write as _;

pub(super) fn header<M: SerializeMap>(map: &mut M, header: &Header) -> Result<(), M::Error> {
    map.serialize_entry("kind", "header")?;
    map.serialize_entry("version", &header.version)?;
    map.serialize_entry("tool", &header.tool)?;
    map.serialize_entry("kernel", &header.kernel)?;
    map.serialize_entry("arch", &header.arch)?;
    list(map, "command", &header.command)?;
    bytes(map, "cwd", &header.cwd)?;
    bytes(map, "workspace", &header.workspace)?;
    known_bytes(map, "home", header.home.as_ref())?;
    bytes(map, "tmp", &header.tmp)?;
    map.serialize_entry("uid", &header.uid)?;
    map.serialize_entry("level", header.level.name())?;
    map.serialize_entry("engine", &header.engine)?;
    map.serialize_entry("coverage", &Covered(&header.coverage))?;
    map.serialize_entry("started_s", &header.started_s)?;
    map.serialize_entry("mode", &header.mode)?;
    known(map, "step", header.step.as_ref())?;
    digest(map, "profile_sha256", header.profile_sha256.as_ref())?;
    let mut nonce = String::with_capacity(32);
    for byte in header.nonce {
        let _ = write!(nonce, "{byte:02x}");
    }
    map.serialize_entry("nonce", &nonce)
}

pub(super) fn trailer<M: SerializeMap>(map: &mut M, trailer: &Trailer) -> Result<(), M::Error> {
    map.serialize_entry("kind", "trailer")?;
    map.serialize_entry("complete", &trailer.complete)?;
    map.serialize_entry("counts", &Counted(&trailer.counts))?;
    map.serialize_entry("lost", &trailer.lost)?;
    map.serialize_entry("gaps", &trailer.gaps)?;
    digest(map, "root", Some(&trailer.root))?;
    map.serialize_entry("status", &trailer.status)?;
    map.serialize_entry("duration_us", &trailer.duration_us)?;
    map.serialize_entry("toctou", trailer.toctou.name())
}

pub(super) fn truncated<M: SerializeMap>(map: &mut M, cut: &Truncation) -> Result<(), M::Error> {
    map.serialize_entry("kind", "truncated")?;
    map.serialize_entry("complete", &false)?;
    map.serialize_entry("events", &cut.events)?;
    map.serialize_entry("block", &cut.block)?;
    map.serialize_entry("offset", &cut.offset)
}

struct Covered<'a>(&'a Coverage);

impl Serialize for Covered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("recorded", &self.0.recorded)?;
        map.serialize_entry("refused", &self.0.refused)?;
        map.serialize_entry("not_asserted", &self.0.not_asserted)?;
        map.serialize_entry("toctou", self.0.toctou.name())?;
        map.serialize_entry("max_known_call", &self.0.max_known_call)?;
        if let Some(why) = &self.0.fallback {
            map.serialize_entry("fallback", why)?;
        }
        map.end()
    }
}

/// Every kind, also those with no event.
struct Counted<'a>(&'a Counts);

impl Serialize for Counted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Kind::NAMES.iter().zip(self.0.0))
    }
}
