//! What was read, and what was made, by the order of the acts.
use sekisho_events::{Access, Content, ContentWhen, Digest, Exec, FileAct, FileType, Identity, PathBytes, ProcessId};
use std::collections::{BTreeMap, HashMap};

/// Where the kernel answers with something that is no stored file.
const NO_FILES: [&[u8]; 3] = [b"/proc/", b"/sys/", b"/dev/"];
/// How many further digests of one changing input are kept.
const MORE_DIGESTS: usize = 4;

/// A file that was there before the step touched it, and that the step read or executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Where.
    pub path: PathBytes,
    /// Of its content when it was first read; `None` if the recording has none.
    pub sha256: Option<Digest>,
    /// Its size then.
    pub size: Option<u64>,
    /// What it contained at later reads, if somebody else than the step changed it.
    pub changed_to: Vec<Digest>,
}

/// A file that the step left behind.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBytes,
    /// Of its content when nobody in the step could write it any more.
    pub(super) sha256: Option<Digest>,
    /// True if the step read or executed it after it was written: an intermediate file, perhaps.
    pub(super) consumed: bool,
}

/// Device and inode: a mount id more or less names the same file.
type Inode = (u32, u32, u64);

fn inode(identity: Identity) -> Inode {
    (identity.dev_major, identity.dev_minor, identity.ino)
}

#[derive(Clone, Debug, Default)]
struct Input {
    sha256: Option<Digest>,
    size: Option<u64>,
    changed_to: Vec<Digest>,
    /// The recorder tried to digest the first read, and could not: later content is not that content.
    unreadable: bool,
}

impl Input {
    fn has_room_for(&self, digest: Digest) -> bool {
        self.changed_to.len() < MORE_DIGESTS && !self.changed_to.contains(&digest)
    }
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// Read before the step wrote it.
    input: Option<Input>,
    /// Made, written, or put under this name by the step.
    written: bool,
    /// Read after it was written.
    consumed: bool,
    exists: bool,
    inode: Option<Inode>,
}

/// Digest of a file's last content; `None` if it could not be taken.
type Finished = Option<Digest>;

/// The names that the step used so far.
#[derive(Default)]
pub(super) struct Files {
    entries: BTreeMap<Vec<u8>, Entry>,
    finished: HashMap<Inode, Finished>,
    /// For files whose identity is not known.
    finished_by_name: HashMap<Vec<u8>, Finished>,
    last_rename: Option<LastRename>,
}

/// What a second rename undoes if the two were one exchange (renameat2(2), `RENAME_EXCHANGE`).
struct LastRename {
    process: ProcessId,
    from: Vec<u8>,
    to: Vec<u8>,
    moved: Option<Inode>,
    displaced: Option<Entry>,
}

impl Files {
    pub(super) fn act(&mut self, process: ProcessId, act: &FileAct) {
        let regular = matches!(act.file_type, None | Some(FileType::Regular));
        let moves = matches!(act.access, Access::Rename);
        if !act.outcome.is_effect() || !(regular || moves) {
            return;
        }
        let path = key(act.namespace, &act.path);
        let last = self.last_rename.take();
        match act.access {
            Access::Read => self.read(path, act.identity, act.sha256, act.size),
            Access::Write | Access::Create | Access::Truncate => self.write(path, act.identity),
            Access::Delete => {
                if let Some(entry) = self.entries.get_mut(&path) {
                    entry.exists = false;
                }
            }
            Access::Rename => {
                if let Some(to) = &act.to {
                    let to = key(act.namespace, to);
                    self.rename(process, path, to, act.identity, last);
                }
            }
            Access::Link => {
                if let Some(to) = &act.to {
                    let mut entry = self.entries.get(&path).cloned().unwrap_or_default();
                    entry.input = None;
                    self.put(key(act.namespace, to), entry, act.identity);
                }
            }
            _ => {}
        }
    }

    pub(super) fn executed(&mut self, exec: &Exec) {
        if exec.anonymous != Some(true) {
            self.read(key(exec.namespace, &exec.path), exec.identity, exec.sha256, None);
        }
        for interpreter in &exec.interpreters {
            self.read(key(exec.namespace, &interpreter.path), None, interpreter.sha256, None);
        }
    }

    pub(super) fn content(&mut self, content: &Content) {
        match (content.when, content.identity) {
            (ContentWhen::Final, Some(identity)) => {
                self.finished.insert(inode(identity), content.sha256);
            }
            (ContentWhen::Final, None) => {
                self.finished_by_name.insert(content.path.as_bytes().to_vec(), content.sha256);
            }
            (ContentWhen::Read, _) => {
                if let Some(entry) = self.entries.get_mut(content.path.as_bytes()) {
                    entry.learn(content.sha256, content.size);
                    if let Some(input) = &mut entry.input {
                        input.unreadable |= content.sha256.is_none() && input.sha256.is_none();
                    }
                }
            }
        }
    }

    /// Inputs, and what was left behind; both by path.
    pub(super) fn finish(self) -> (Vec<Material>, Vec<Candidate>) {
        let (mut materials, mut candidates) = (Vec::new(), Vec::new());
        for (path, entry) in self.entries {
            if entry.written && entry.exists {
                let by_inode = entry.inode.and_then(|i| self.finished.get(&i));
                let finished = by_inode.or_else(|| self.finished_by_name.get(&path)).copied();
                candidates.push(Candidate {
                    path: PathBytes::new(path.clone()),
                    sha256: finished.flatten(),
                    consumed: entry.consumed,
                });
            }
            if let Some(input) = entry.input
                && !NO_FILES.iter().any(|prefix| path.starts_with(prefix))
            {
                materials.push(Material {
                    path: PathBytes::new(path),
                    sha256: input.sha256,
                    size: input.size,
                    changed_to: input.changed_to,
                });
            }
        }
        (materials, candidates)
    }

    fn read(&mut self, path: Vec<u8>, identity: Option<Identity>, sha256: Option<Digest>, size: Option<u64>) {
        let entry = self.entries.entry(path).or_default();
        if entry.written {
            entry.consumed = true;
            return;
        }
        entry.exists = true;
        entry.inode = identity.map(inode).or(entry.inode);
        entry.input.get_or_insert_default();
        entry.learn(sha256, size);
    }

    fn write(&mut self, path: Vec<u8>, identity: Option<Identity>) {
        let entry = self.entries.get(&path).cloned().unwrap_or_default();
        // What was digested before this write no longer holds.
        if let Some(identity) = identity {
            self.finished.remove(&inode(identity));
        }
        self.finished_by_name.remove(&path);
        self.put(path, Entry { consumed: false, ..entry }, identity);
    }

    /// The step put this under the name; what was read there before stays an input.
    fn put(&mut self, path: Vec<u8>, entry: Entry, identity: Option<Identity>) {
        let input = self.entries.remove(&path).and_then(|before| before.input).or(entry.input);
        let inode = identity.map(inode).or(entry.inode);
        self.entries.insert(path, Entry { input, written: true, exists: true, inode, ..entry });
    }

    fn rename(
        &mut self,
        process: ProcessId,
        from: Vec<u8>,
        to: Vec<u8>,
        identity: Option<Identity>,
        last: Option<LastRename>,
    ) {
        let moved = identity.map(inode);
        if let Some(last) = last
            && (last.process, &last.from, &last.to) == (process, &to, &from)
            && last.moved.is_some()
            && moved.is_some()
            && last.moved != moved
        {
            // The second half of an exchange: what the first half displaced goes to its other name.
            self.put(to, Entry { input: None, ..last.displaced.unwrap_or_default() }, identity);
            return;
        }
        self.rename_below(&from, &to);
        let entry = self.entries.get_mut(&from);
        let state = entry.map(|entry| {
            let state = Entry { input: None, ..entry.clone() };
            entry.exists = false;
            state
        });
        let displaced = self.entries.get(&to).cloned();
        self.put(to.clone(), state.unwrap_or_default(), identity);
        self.last_rename = Some(LastRename { process, from, to, moved, displaced });
    }

    /// A directory takes with it what lies in it.
    fn rename_below(&mut self, from: &[u8], to: &[u8]) {
        let first = [from, b"/"].concat();
        // `0` is the byte behind `/`.
        let last = [from, b"0"].concat();
        let below: Vec<Vec<u8>> = self.entries.range(first..last).map(|(path, _)| path.clone()).collect();
        for path in below {
            let Some(entry) = self.entries.get_mut(&path) else { continue };
            if !entry.exists {
                continue;
            }
            let state = Entry { input: None, ..entry.clone() };
            entry.exists = false;
            let to = [to, &path[from.len()..]].concat();
            self.put(to, state, None);
        }
    }
}

impl Entry {
    /// Notes the content of an input. Content that the step itself wrote is none.
    fn learn(&mut self, sha256: Option<Digest>, size: Option<u64>) {
        let Some(input) = &mut self.input else { return };
        match (input.sha256, sha256) {
            (None, Some(_)) if !input.unreadable => (input.sha256, input.size) = (sha256, size),
            (Some(first), Some(now)) if first != now && !self.written && input.has_room_for(now) => {
                input.changed_to.push(now);
            }
            _ => {}
        }
    }
}

/// Names within another mount namespace or root are kept apart from ours.
fn key(namespace: Option<u64>, path: &PathBytes) -> Vec<u8> {
    match namespace {
        None => path.as_bytes().to_vec(),
        Some(n) => [format!("namespace-{n}:").as_bytes(), path.as_bytes()].concat(),
    }
}
