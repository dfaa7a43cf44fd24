//! The lines of events.
use super::keys::{Came, Errno, bytes, digest, identity, known, known_bytes, list};
use crate::{
    Content, Descriptor, DescriptorTarget, Event, Exec, Exit, ExitHow, FileAct, FileType, Interpreter, Kind, NetAct,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

pub(super) fn event<M: SerializeMap>(map: &mut M, event: &Event) -> Result<(), M::Error> {
    map.serialize_entry("seq", &event.seq)?;
    map.serialize_entry("process", &event.process.0)?;
    map.serialize_entry("at_us", &event.at_us)?;
    known(map, "times", event.times.filter(|times| *times != 1))?;
    kind(map, &event.kind)
}

fn kind<M: SerializeMap>(map: &mut M, kind: &Kind) -> Result<(), M::Error> {
    map.serialize_entry("kind", kind.name())?;
    match kind {
        Kind::Spawn { parent, how, thread } => {
            map.serialize_entry("parent", &parent.0)?;
            map.serialize_entry("how", how.name())?;
            map.serialize_entry("thread", thread)
        }
        Kind::Exec(exec) => executed(map, exec),
        Kind::Exit(exit) => exited(map, exit),
        Kind::File(act) => file(map, act),
        Kind::Content(content) => contained(map, content),
        Kind::Net(act) => net(map, act),
        Kind::Descriptor(descriptor) => descriptor_came(map, descriptor),
        Kind::Restrict(restrict) => {
            map.serialize_entry("what", restrict.what.name())?;
            map.serialize_entry("flags", &restrict.flags)?;
            digest(map, "digest", restrict.digest.as_ref())?;
            known_bytes(map, "path", restrict.path.as_ref())?;
            map.serialize_entry("outcome", &Came(restrict.outcome))
        }
        Kind::Refused(refused) => {
            map.serialize_entry("call", &refused.call)?;
            map.serialize_entry("why", &refused.why)?;
            map.serialize_entry("errno", &Errno(refused.errno))
        }
        Kind::Denied(denied) => {
            map.serialize_entry("rule", &denied.rule)?;
            map.serialize_entry("call", &denied.call)?;
            if denied.errno == 0 {
                map.serialize_entry("killed", &true)?;
            } else {
                map.serialize_entry("errno", &Errno(denied.errno))?;
            }
            map.serialize_entry("would", &Would(&denied.would))
        }
        Kind::Delegated(delegated) => {
            bytes(map, "to", &delegated.to)?;
            known_bytes(map, "peer", delegated.peer.as_ref())
        }
        Kind::Tamper(tamper) => {
            map.serialize_entry("what", &tamper.what)?;
            map.serialize_entry("call", &tamper.call)?;
            bytes(map, "target", &tamper.target)?;
            map.serialize_entry("outcome", &Came(tamper.outcome))
        }
        Kind::Gap(gap) => {
            map.serialize_entry("why", gap.why.name())?;
            map.serialize_entry("detail", &gap.detail)
        }
    }
}

fn executed<M: SerializeMap>(map: &mut M, exec: &Exec) -> Result<(), M::Error> {
    bytes(map, "path", &exec.path)?;
    bytes(map, "asked", exec.asked.as_ref().unwrap_or(&exec.path))?;
    map.serialize_entry("interpreters", &Interpreters(&exec.interpreters))?;
    list(map, "argv", &exec.argv)?;
    map.serialize_entry("argv_truncated", &exec.argv_truncated)?;
    digest(map, "argv_sha256", exec.argv_sha256.as_ref())?;
    bytes(map, "cwd", &exec.cwd)?;
    digest(map, "sha256", exec.sha256.as_ref())?;
    identity(map, exec.identity.as_ref())?;
    known(map, "namespace", exec.namespace)?;
    known(map, "anonymous", exec.anonymous)?;
    list(map, "env", &exec.env)?;
    known(map, "env_bytes", exec.env_bytes)?;
    map.serialize_entry("outcome", &Came(exec.outcome))
}

fn exited<M: SerializeMap>(map: &mut M, exit: &Exit) -> Result<(), M::Error> {
    match exit.how {
        ExitHow::Status(status) => map.serialize_entry("status", &status)?,
        ExitHow::Signal(signal) => map.serialize_entry("signal", &signal)?,
    }
    map.serialize_entry("core", &exit.core)?;
    map.serialize_entry("killed_by_us", &exit.killed_by_us)
}

fn file<M: SerializeMap>(map: &mut M, act: &FileAct) -> Result<(), M::Error> {
    map.serialize_entry("access", act.access.name())?;
    bytes(map, "path", &act.path)?;
    known_bytes(map, "asked", act.asked.as_ref())?;
    known_bytes(map, "to", act.to.as_ref())?;
    identity(map, act.identity.as_ref())?;
    known(map, "namespace", act.namespace)?;
    known(map, "type", act.file_type.map(FileType::name))?;
    digest(map, "sha256", act.sha256.as_ref())?;
    known(map, "size", act.size)?;
    known(map, "racy", act.racy)?;
    map.serialize_entry("outcome", &Came(act.outcome))
}

fn contained<M: SerializeMap>(map: &mut M, content: &Content) -> Result<(), M::Error> {
    bytes(map, "path", &content.path)?;
    identity(map, content.identity.as_ref())?;
    digest(map, "sha256", content.sha256.as_ref())?;
    known(map, "size", content.size)?;
    map.serialize_entry("when", content.when.name())?;
    known(map, "why", content.why.as_ref())
}

fn net<M: SerializeMap>(map: &mut M, act: &NetAct) -> Result<(), M::Error> {
    map.serialize_entry("op", act.op.name())?;
    map.serialize_entry("protocol", &act.protocol)?;
    known(map, "address", act.address.map(|address| address.to_canonical()))?;
    known(map, "port", act.port)?;
    known(map, "host", act.host.as_ref())?;
    known_bytes(map, "path", act.path.as_ref())?;
    known(map, "bytes_out", act.bytes_out)?;
    known(map, "bytes_in", act.bytes_in)?;
    known(map, "answers", act.answers.as_ref())?;
    known(map, "peer", act.peer)?;
    known(map, "racy", act.racy)?;
    map.serialize_entry("outcome", &Came(act.outcome))
}

fn descriptor_came<M: SerializeMap>(map: &mut M, descriptor: &Descriptor) -> Result<(), M::Error> {
    map.serialize_entry("how", descriptor.how.name())?;
    map.serialize_entry("fd", &descriptor.fd)?;
    map.serialize_entry("target", &Target(&descriptor.target))
}

/// What a descriptor leads to, with the `kind` of the event whose keys it has.
struct Target<'a>(&'a DescriptorTarget);

impl Serialize for Target<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            DescriptorTarget::File(act) => {
                map.serialize_entry("kind", "file")?;
                file(&mut map, act)?;
            }
            DescriptorTarget::Net(act) => {
                map.serialize_entry("kind", "net")?;
                net(&mut map, act)?;
            }
        }
        map.end()
    }
}

/// What was denied, with its `kind`.
struct Would<'a>(&'a Kind);

impl Serialize for Would<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        kind(&mut map, self.0)?;
        map.end()
    }
}

struct Interpreters<'a>(&'a [Interpreter]);

impl Serialize for Interpreters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct One<'a>(&'a Interpreter);
        impl Serialize for One<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                bytes(&mut map, "path", &self.0.path)?;
                digest(&mut map, "sha256", self.0.sha256.as_ref())?;
                map.end()
            }
        }
        serializer.collect_seq(self.0.iter().map(One))
    }
}
