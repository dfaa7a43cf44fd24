//! What the step read, as it was then: a file that somebody else changes meanwhile is noticed (EVASION K1: SUNSPOT).
//!
//! Invariant: a file that the step may have changed itself, by this name or another, is never blamed on a stranger; a
//! difference is one of content, not of times alone.
use super::{Slot, Stamp};
use crate::mounts;
use crate::sys::Stat;
use sekisho_events::{Access, FileAct, FileType, PathBytes};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Files that are watched: about 50 MB. Those read after so many others are not.
const WATCHED_MAX: usize = 200_000;
/// Differences that are told one by one.
const TOLD_MAX: usize = 100;

/// Device and inode number.
type Key = (u32, u32, u64);

/// A file as it was when it was read last.
struct Input {
    key: Key,
    stamp: Stamp,
    slot: Arc<Slot>,
}

/// Two states of what one name means, neither of which the step has written.
struct Differing {
    path: Vec<u8>,
    key: Key,
    before: Arc<Slot>,
    after: Arc<Slot>,
}

/// The inputs of a step.
#[derive(Default)]
pub(crate) struct Inputs {
    names: BTreeMap<Vec<u8>, Input>,
    /// What the step has opened for writing, or made.
    written: HashSet<Key>,
    differing: Vec<Differing>,
    changes: u64,
}

impl Inputs {
    /// The step has opened this for reading; `slot` is the digest of it.
    pub(crate) fn read(&mut self, path: &PathBytes, stat: &Stat, slot: &Arc<Slot>) {
        let (key, stamp) = (key(stat), Stamp::of(stat));
        let elsewhere = !mounts::is_ours(stat.identity.mount);
        if elsewhere || self.written.contains(&key) || !is_watched(path.as_bytes()) {
            return;
        }
        if let Some(input) = self.names.get_mut(path.as_bytes()) {
            if (input.key, input.stamp) == (key, stamp) {
                return;
            }
            let before = std::mem::replace(input, Input { key, stamp, slot: slot.clone() });
            self.differ(path.as_bytes().to_vec(), &before, slot.clone());
        } else if self.names.len() < WATCHED_MAX {
            self.names.insert(path.as_bytes().to_vec(), Input { key, stamp, slot: slot.clone() });
        }
    }

    /// Counts what has changed the meaning of a name: whoever has looked one up before may know an older one.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The step has changed something: what it changed is not watched any more, or anew from the next read on.
    pub(crate) fn follow(&mut self, act: &FileAct) {
        let changes_content = matches!(act.access, Access::Create | Access::Write | Access::Truncate);
        if changes_content && let Some(id) = act.identity {
            self.written.insert((id.dev_major, id.dev_minor, id.ino));
        }
        match act.access {
            Access::Read | Access::Stat | Access::List | Access::Attributes => {}
            // Whatever lies below means something else now.
            Access::Mount => {
                self.changes += 1;
                self.names.clear();
            }
            _ => {
                self.changes += 1;
                for path in [Some(&act.path), act.to.as_ref()].into_iter().flatten() {
                    self.names.remove(path.as_bytes());
                    if act.file_type != Some(FileType::Regular) {
                        self.forget_below(path.as_bytes());
                    }
                }
            }
        }
    }

    fn forget_below(&mut self, directory: &[u8]) {
        let prefix = [directory, b"/"].concat();
        let after = [directory, b"0"].concat();
        let below: Vec<Vec<u8>> = self.names.range(prefix..after).map(|(name, _)| name.clone()).collect();
        for name in below {
            self.names.remove(&name);
        }
    }

    /// The step is over: looks at each input again. `now` gives what a name leads to, `hash` the digest of it.
    pub(crate) fn look_again<F>(
        &mut self,
        mut now: impl FnMut(&[u8]) -> Option<(Stat, F)>,
        mut hash: impl FnMut(&Stat, F) -> Arc<Slot>,
    ) {
        for (path, input) in std::mem::take(&mut self.names) {
            let Some((stat, file)) = now(&path) else { continue };
            if stat.file_type == FileType::Regular && (key(&stat), Stamp::of(&stat)) != (input.key, input.stamp) {
                let slot = hash(&stat, file);
                self.differ(path, &input, slot);
            }
        }
    }

    fn differ(&mut self, path: Vec<u8>, before: &Input, after: Arc<Slot>) {
        if self.differing.len() < WATCHED_MAX {
            self.differing.push(Differing { path, key: before.key, before: before.slot.clone(), after });
        }
    }

    /// What to say of files that a stranger changed. Waits for digests.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let strange = |d: &&Differing| !self.written.contains(&d.key) && differ(&d.before, &d.after);
        let mut paths: Vec<&[u8]> = self.differing.iter().filter(strange).map(|d| &d.path[..]).collect();
        paths.sort_unstable();
        paths.dedup();
        let more = paths.len().saturating_sub(TOLD_MAX);
        let say = |path: &&[u8]| format!("{} was changed by nobody in the step", sekisho_events::escape(path));
        let mut said: Vec<String> = paths.iter().take(TOLD_MAX).map(say).collect();
        if more > 0 {
            said.push(format!("{more} more files were changed by nobody in the step"));
        }
        said
    }
}

/// True if these are surely, or for all that is known, not the same bytes.
fn differ(before: &Slot, after: &Slot) -> bool {
    let (before, after) = (before.wait(), after.wait());
    let moved = |why: Option<&str>| why == Some("changed-while-read");
    match (before.sha256, after.sha256) {
        (Some(a), Some(b)) => a != b,
        _ => moved(before.why) || moved(after.why),
    }
}

/// Files whose content is made on each read are other bytes each time.
fn is_watched(path: &[u8]) -> bool {
    path.starts_with(b"/") && ![&b"/proc/"[..], b"/sys/", b"/dev/"].iter().any(|p| path.starts_with(p))
}

fn key(stat: &Stat) -> Key {
    (stat.identity.dev_major, stat.identity.dev_minor, stat.identity.ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digests::pool::Digested;
    use sekisho_events::{Digest, Identity};

    fn stat(ino: u64, ctime_ns: i128) -> Stat {
        Stat {
            identity: Identity { dev_major: 8, dev_minor: 1, ino, mount: 0 },
            file_type: FileType::Regular,
            size: 5,
            mtime_ns: 1,
            ctime_ns,
            links: 1,
            mode: 0o644,
            rdev: (0, 0),
        }
    }

    fn slot(content: &[u8]) -> Arc<Slot> {
        let mut hasher = sekisho_events::Hasher::new();
        hasher.update(content);
        let sha256: Digest = hasher.finish();
        Slot::with(Digested { sha256: Some(sha256), size: content.len() as u64, why: None })
    }

    fn path(text: &str) -> PathBytes {
        PathBytes::from(text)
    }

    fn act(access: Access, name: &str, ino: Option<u64>) -> FileAct {
        let identity = ino.map(|ino| Identity { dev_major: 8, dev_minor: 1, ino, mount: 0 });
        FileAct { identity, ..FileAct::new(access, name) }
    }

    fn at_the_end(inputs: &mut Inputs, ino: u64, ctime: i128, content: &[u8]) -> Vec<String> {
        inputs.look_again(|_| Some((stat(ino, ctime), ())), |_, ()| slot(content));
        inputs.verdicts()
    }

    #[test]
    fn a_file_that_a_stranger_swaps_in_and_restores_is_told_once() {
        let mut inputs = Inputs::default();
        inputs.read(&path("/w/a.c"), &stat(1, 1), &slot(b"clean"));
        inputs.read(&path("/w/a.c"), &stat(1, 2), &slot(b"patched"));
        inputs.read(&path("/w/a.c"), &stat(1, 3), &slot(b"clean"));
        assert_eq!(at_the_end(&mut inputs, 1, 3, b"clean"), ["/w/a.c was changed by nobody in the step"]);
    }

    #[test]
    fn what_was_patched_before_the_first_read_is_noticed_when_it_is_restored() {
        let mut inputs = Inputs::default();
        inputs.read(&path("/w/a.c"), &stat(1, 1), &slot(b"patched"));
        assert_eq!(at_the_end(&mut inputs, 1, 2, b"clean").len(), 1);
        let mut replaced = Inputs::default();
        replaced.read(&path("/w/a.c"), &stat(1, 1), &slot(b"patched"));
        assert_eq!(at_the_end(&mut replaced, 2, 1, b"clean").len(), 1, "another file by the same name");
    }

    #[test]
    fn other_times_of_the_same_bytes_are_nothing() {
        let mut inputs = Inputs::default();
        inputs.read(&path("/w/a.c"), &stat(1, 1), &slot(b"clean"));
        inputs.read(&path("/w/a.c"), &stat(1, 2), &slot(b"clean"));
        assert!(at_the_end(&mut inputs, 1, 3, b"clean").is_empty());
    }

    #[test]
    fn the_step_may_change_what_it_reads() {
        let mut by_name = Inputs::default();
        by_name.read(&path("/w/a"), &stat(1, 1), &slot(b"1"));
        by_name.follow(&act(Access::Write, "/w/a", Some(1)));
        by_name.read(&path("/w/a"), &stat(1, 2), &slot(b"2"));
        assert!(at_the_end(&mut by_name, 1, 3, b"3").is_empty());
        let mut by_link = Inputs::default();
        by_link.read(&path("/w/a"), &stat(1, 1), &slot(b"1"));
        by_link.follow(&act(Access::Write, "/w/link-of-a", Some(1)));
        assert!(at_the_end(&mut by_link, 1, 2, b"2").is_empty());
        let mut replaced = Inputs::default();
        replaced.read(&path("/w/a"), &stat(1, 1), &slot(b"1"));
        let rename = FileAct { to: Some(path("/w/a")), ..act(Access::Rename, "/w/new", Some(2)) };
        replaced.follow(&rename);
        assert!(at_the_end(&mut replaced, 2, 2, b"2").is_empty());
    }

    #[test]
    fn a_renamed_directory_takes_its_files_with_it() {
        let mut inputs = Inputs::default();
        inputs.read(&path("/w/d/a"), &stat(1, 1), &slot(b"1"));
        let mut rename = FileAct { to: Some(path("/w/old")), ..act(Access::Rename, "/w/d", Some(9)) };
        rename.file_type = Some(FileType::Directory);
        inputs.follow(&rename);
        assert!(at_the_end(&mut inputs, 2, 2, b"2").is_empty());
    }

    #[test]
    fn what_is_made_on_each_read_is_not_watched() {
        let mut inputs = Inputs::default();
        inputs.read(&path("/sys/kernel/x"), &stat(1, 1), &slot(b"1"));
        assert!(at_the_end(&mut inputs, 1, 2, b"2").is_empty());
    }
}
