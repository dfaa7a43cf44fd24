//! Whether an act on a name came true at the name that was read for it.
//!
//! What returns no descriptor (mkdir, unlink, rename, chmod…) is told by its name as it led at the entry. Where somebody
//! could change the way from there to the file meanwhile (a thread, whoever shares the directory or the descriptors, a
//! symbolic link on the way), the file is looked at again, and the act is marked if it was not done there (EVASION B07-B09).
//! Two looks can miss a place that was changed and changed back; what begins where another process can swap the directory or
//! the descriptor is therefore marked always.
use super::attributes::descriptor_act;
use crate::abi;
use crate::calls::{Decoder, Route, decide};
use crate::names::{self, Looker};
use crate::sys;
use crate::tracer::Tracer;
use sekisho_events::{Access, FileAct, FileType, Identity, PathBytes};

impl Tracer {
    /// Marks an act that was done, if it was not done to what it names.
    pub(crate) fn confirm(&self, tid: i32, act: &mut FileAct) {
        let (Some((who, _)), Some(group)) = (self.looker(tid), self.table.group_of(tid)) else { return };
        // A file system of the step's own answers what it likes, and only while the step runs; that is a gap already.
        if who.serves || !act.path.as_bytes().starts_with(b"/") {
            return;
        }
        let contested = !group.is_quiet();
        let relative = act.asked.as_ref().is_some_and(|asked| !asked.as_bytes().starts_with(b"/"));
        let descriptor = if contested { self.descriptor_acted_on(who, act.access) } else { None };
        let swappable = contested && (relative || descriptor.is_some());
        let sure = match () {
            () if swappable && group.shared_place => false,
            // A name of another view is found only where that view's own root is the tracee's; what is not found is not sure.
            () if swappable || came_by_a_link(act) => came_true(who, act, descriptor),
            () => true,
        };
        if !sure {
            act.racy = Some(true);
        }
    }

    /// The descriptor that a call at its exit acted on, if it was told no name.
    fn descriptor_acted_on(&self, who: Looker, access: Access) -> Option<i32> {
        if !matches!(access, Access::Attributes | Access::Truncate) {
            return None;
        }
        let (number, args) = abi::call_of(&sys::get_regs(who.tid).ok()?);
        match decide(self.level, abi::AUDIT_ARCH, u64::from(number), &args) {
            Route::Decode(Decoder::Attributes(place) | Decoder::Truncate(place)) if place.path.is_none() => {
                Some(args[0] as i32)
            }
            _ => None,
        }
    }
}

/// True if what the act was to leave behind is found at its name.
fn came_true(who: Looker, act: &FileAct, descriptor: Option<i32>) -> bool {
    // A name that leads over a link by now is another's.
    let now = |path: &PathBytes| Some(names::told(who, path)).filter(|f| f.path == *path)?.stat;
    let object = |identity: Identity| (identity.dev_major, identity.dev_minor, identity.ino);
    let was = act.identity.map(object);
    let is_there = |path| was.is_some() && now(path).map(|s| object(s.identity)) == was;
    match act.access {
        Access::Mkdir => now(&act.path).is_some_and(|s| s.file_type == FileType::Directory),
        Access::Symlink | Access::Mknod | Access::Create => now(&act.path).is_some(),
        Access::Delete | Access::Rmdir => was.is_some() && !is_there(&act.path),
        Access::Rename | Access::Link => act.to.as_ref().is_none_or(is_there),
        Access::Attributes | Access::Truncate => match descriptor {
            Some(fd) => descriptor_act(who, act.access, fd).identity == act.identity,
            None => is_there(&act.path),
        },
        _ => true,
    }
}

/// True if the name that was asked for is not the end of the one that it resolved to.
fn came_by_a_link(act: &FileAct) -> bool {
    act.asked.as_ref().is_some_and(|asked| !act.path.as_bytes().ends_with(asked.as_bytes()))
}
