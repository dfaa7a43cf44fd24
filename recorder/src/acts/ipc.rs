//! System V queues, semaphores and shared memory: what the step makes is named, what somebody else made is a way to
//! hand work or secrets to him (EVASION E23, R12).
//!
//! Limit: an object that somebody outside makes between our look and the call's own passes for the step's; that the key
//! was taken is recorded all the same.
use super::{Call, Pending, Verdict};
use crate::calls::IpcKind;
use crate::names::ProcPath;
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Access, Delegated, FileAct, Kind, Outcome, PathBytes};
use std::collections::{HashMap, HashSet};

/// More than one step has any use for. Objects beyond it are not remembered: those that the step makes are told all the
/// same, and its use of them as if somebody else had made them.
const REMEMBERED: usize = 65_536;

/// An object: the inode of its namespace (0 for ours), its kind, its identifier.
type Object = (u64, IpcKind, i32);

/// The objects of which the step knows.
#[derive(Debug, Default)]
pub(crate) struct Ipc {
    made: HashSet<Object>,
    keys: HashMap<Object, i32>,
    told: HashSet<(Object, i32)>,
}

/// A call that makes or finds an object.
#[derive(Debug)]
pub(crate) struct IpcGet {
    namespace: u64,
    kind: IpcKind,
    key: i32,
    /// What the key led to before, in our namespace.
    before: Option<i32>,
    makes: bool,
}

impl Tracer {
    /// msgget(2), semget(2), shmget(2): the key is argument 0, the flags are argument 1 or 2.
    pub(crate) fn enter_ipc_get(&mut self, tid: i32, call: &Call, kind: IpcKind) -> Verdict {
        let key = call.int(0);
        let flags = call.int(if kind == IpcKind::Queue { 1 } else { 2 });
        let private = key == libc::IPC_PRIVATE;
        let namespace = self.ipc_namespace(tid);
        let before = if private || namespace != 0 { None } else { sys::ipc_lookup(kind, key) };
        let get = IpcGet { namespace, kind, key, before, makes: private || flags & libc::IPC_CREAT != 0 };
        if get.makes
            && before.is_none()
            && let Some(verdict) = self.forbid(tid, call, &[get.made(Outcome::Ok)])
        {
            return verdict;
        }
        Verdict::Watch(Pending::Ipc(Box::new(get)))
    }

    /// What came of it.
    pub(crate) fn exit_ipc_get(&mut self, tid: i32, get: &IpcGet, result: i64) {
        let Ok(id @ 0..) = i32::try_from(result) else { return };
        let object = (get.namespace, get.kind, id);
        if get.before == Some(id) || !get.makes {
            if self.ipc.keys.len() < REMEMBERED {
                self.ipc.keys.insert(object, get.key);
            }
            return;
        }
        let known = self.ipc.made.contains(&object);
        if !known && self.ipc.made.len() < REMEMBERED {
            self.ipc.made.insert(object);
        }
        // In ours it was not there before: its identifier is used again. Of another namespace nobody knows that.
        if !known || get.namespace == 0 {
            self.tell(tid, get.made(Outcome::Ok));
        }
    }

    /// Nobody saw whether it was made.
    pub(crate) fn tell_unknown_ipc(&mut self, tid: i32, get: &IpcGet) {
        if get.makes && get.before.is_none() {
            self.tell(tid, get.made(Outcome::Unknown));
        }
    }

    /// A message, a semaphore, memory of an object (argument 0), whoever made it.
    pub(crate) fn enter_ipc_use(&mut self, tid: i32, call: &Call, kind: IpcKind) -> Verdict {
        let id = call.int(0);
        let object = (self.ipc_namespace(tid), kind, id);
        if id < 0 || object.0 != 0 || self.ipc.made.contains(&object) {
            return Verdict::Run;
        }
        let to = handed_to(kind, self.ipc.keys.get(&object).copied(), id);
        let delegated = Kind::Delegated(Delegated { to, peer: None });
        if let Some(verdict) = self.forbid(tid, call, std::slice::from_ref(&delegated)) {
            return verdict;
        }
        let group = self.table.get(tid).map_or(tid, |t| t.group);
        if self.ipc.told.len() >= REMEMBERED || self.ipc.told.insert((object, group)) {
            self.tell(tid, delegated);
        }
        Verdict::Run
    }

    /// The IPC namespace that a tracee is in: 0 for ours.
    pub(super) fn ipc_namespace(&self, tid: i32) -> u64 {
        if !self.table.group_of(tid).is_some_and(|g| g.namespaced) {
            return 0;
        }
        let of = |path: &std::ffi::CStr| sys::namespace_inode(path).unwrap_or_default();
        let its = of(ProcPath::of(tid, "ns/ipc").as_c());
        if its == of(c"/proc/self/ns/ipc") { 0 } else { its }
    }
}

impl IpcGet {
    /// The making of an object, named where proc(5) lists its kind, by its key.
    fn made(&self, outcome: Outcome) -> Kind {
        let path = format!("/proc/sysvipc/{}/{}", list(self.kind), key_name(self.key));
        let mut act = FileAct::new(Access::Create, path.as_bytes());
        act.outcome = outcome;
        Kind::File(act)
    }
}

/// How an object that somebody else made is named.
fn handed_to(kind: IpcKind, key: Option<i32>, id: i32) -> PathBytes {
    let which = key.map_or_else(|| format!("id-{id}"), key_name);
    format!("sysv-{}:{which}", list(kind)).as_str().into()
}

/// What proc(5) calls the list of a kind, below `/proc/sysvipc`.
fn list(kind: IpcKind) -> &'static str {
    match kind {
        IpcKind::Queue => "msg",
        IpcKind::Semaphores => "sem",
        IpcKind::Memory => "shm",
    }
}

fn key_name(key: i32) -> String {
    if key == libc::IPC_PRIVATE { "private".to_owned() } else { format!("{key:#010x}") }
}
