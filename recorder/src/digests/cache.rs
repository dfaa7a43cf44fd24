//! What was already hashed, by identity and time stamps.
use super::Slot;
use crate::sys::Stat;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// One state of a file, as far as the kernel tells: size and times (EVASION E14: ctime included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    size: u64,
    mtime_ns: i128,
    ctime_ns: i128,
}

impl Stamp {
    /// Size in bytes.
    pub(super) fn size(self) -> u64 {
        self.size
    }

    /// The stamp of a file.
    pub(crate) fn of(stat: &Stat) -> Self {
        Self { size: stat.size, mtime_ns: stat.mtime_ns, ctime_ns: stat.ctime_ns }
    }

    /// True if the file changed so recently that a further change may leave the same stamp: kernels before 6.13
    /// count ctime in ticks (EVASION E15).
    fn is_fresh(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i128);
        now - self.ctime_ns < 20_000_000
    }
}

type Key = (u32, u32, u64);

/// Digests by identity, bounded: two generations, the older of which is dropped when the younger is full.
#[derive(Default)]
pub(crate) struct Cache {
    young: HashMap<Key, (Stamp, Arc<Slot>)>,
    old: HashMap<Key, (Stamp, Arc<Slot>)>,
}

/// Entries in one generation: about 8 MB.
const GENERATION: usize = 40_000;

impl Cache {
    /// The digest of this state of this file, if it was asked for before and cannot have changed since.
    pub(crate) fn get(&mut self, stat: &Stat) -> Option<Arc<Slot>> {
        let key = key(stat);
        if let Some((stamp, slot)) = self.young.get(&key) {
            return (*stamp == Stamp::of(stat)).then(|| slot.clone());
        }
        let (stamp, slot) = self.old.remove(&key)?;
        let found = (stamp == Stamp::of(stat)).then(|| slot.clone());
        self.insert(key, stamp, slot);
        found
    }

    /// Remembers that `slot` is the digest of this state of the file.
    pub(crate) fn put(&mut self, stat: &Stat, slot: Arc<Slot>) {
        let stamp = Stamp::of(stat);
        if !stamp.is_fresh() {
            self.insert(key(stat), stamp, slot);
        }
    }

    fn insert(&mut self, key: Key, stamp: Stamp, slot: Arc<Slot>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, (stamp, slot));
    }
}

fn key(stat: &Stat) -> Key {
    (stat.identity.dev_major, stat.identity.dev_minor, stat.identity.ino)
}
