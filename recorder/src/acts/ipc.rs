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

/// More than one step has any use for; an object beyond it is told again each time.
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
    kind: IpcKind,
    key: i32,
    /// What the key led to before.
    before: Option<i32>,
    makes: bool,
}

impl Tracer {
    /// msgget(2), semget(2), shmget(2): the key is argument 0, the flags are argument 1 or 2.
    pub(crate) fn enter_ipc_get(&mut self, tid: i32, call: &Call, kind: IpcKind) -> Verdict {
        let key = call.int(0);
        let flags = call.int(if kind == IpcKind::Queue { 1 } else { 2 });
        let private = key == libc::IPC_PRIVATE;
        let before = if private { None } else { sys::ipc_lookup(kind, key) };
        let get = IpcGet { kind, key, before, makes: private || flags & libc::IPC_CREAT != 0 };
        if get.makes && before.is_none() {
            let made = FileAct::new(Access::Create, name(kind, Some(key), 0).as_bytes());
            if let Some(verdict) = self.forbid(tid, call, &[Kind::File(made)]) {
                return verdict;
            }
        }
        Verdict::Watch(Pending::Ipc(Box::new(get)))
    }

    /// What came of it.
    pub(crate) fn exit_ipc_get(&mut self, tid: i32, get: &IpcGet, result: i64) {
        let Ok(id @ 0..) = i32::try_from(result) else { return };
        let object = (self.ipc_namespace(tid), get.kind, id);
        let existed = object.0 == 0 && get.before == Some(id);
        if existed || !get.makes {
            if self.ipc.keys.len() < REMEMBERED {
                self.ipc.keys.insert(object, get.key);
            }
            return;
        }
        // An identifier is used again when its object is gone: it is the step's now, whoever had it before.
        if self.ipc.made.len() < REMEMBERED && self.ipc.made.insert(object) {
            let mut made = FileAct::new(Access::Create, name(get.kind, Some(get.key), id).as_bytes());
            made.outcome = Outcome::Ok;
            self.tell(tid, Kind::File(made));
        }
    }

    /// Nobody saw whether it was made.
    pub(crate) fn tell_unknown_ipc(&mut self, tid: i32, get: &IpcGet) {
        if get.makes && get.before.is_none() {
            let mut made = FileAct::new(Access::Create, name(get.kind, Some(get.key), 0).as_bytes());
            made.outcome = Outcome::Unknown;
            self.tell(tid, Kind::File(made));
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
    fn ipc_namespace(&self, tid: i32) -> u64 {
        if !self.table.group_of(tid).is_some_and(|g| g.namespaced) {
            return 0;
        }
        let of = |path: &std::ffi::CStr| sys::namespace_inode(path).unwrap_or_default();
        let its = of(ProcPath::of(tid, "ns/ipc").as_c());
        if its == of(c"/proc/self/ns/ipc") { 0 } else { its }
    }
}

/// How an object that the step made is named: where proc(5) lists its kind, with its key.
fn name(kind: IpcKind, key: Option<i32>, id: i32) -> PathBytes {
    let list = match kind {
        IpcKind::Queue => "msg",
        IpcKind::Semaphores => "sem",
        IpcKind::Memory => "shm",
    };
    let last = match key {
        Some(libc::IPC_PRIVATE) => "private".to_owned(),
        Some(key) => format!("{key:#010x}"),
        None => format!("id-{id}"),
    };
    format!("/proc/sysvipc/{list}/{last}").as_str().into()
}

/// How one that somebody else made is named.
fn handed_to(kind: IpcKind, key: Option<i32>, id: i32) -> PathBytes {
    let name = name(kind, key, id);
    let rest = name.as_bytes().strip_prefix(b"/proc/sysvipc/").unwrap_or_default();
    let rest = String::from_utf8_lossy(rest).replace('/', ":");
    format!("sysv-{rest}").as_str().into()
}
