//! What is mounted where: the mount point is the act's path, and `to` is what stands there from then on, as with a symbolic link.
use super::attributes::found_act;
use super::{Call, Verdict};
use crate::calls::MountAct;
use crate::memory;
use crate::names::{self, Found, Looker};
use crate::tracer::Tracer;
use sekisho_events::{Access, FileAct, PathBytes};

/// `MS_MOVE` (sys/mount.h).
pub(super) const MS_MOVE: u64 = 0x2000;
const MS_BIND: u64 = 0x1000;
/// `MS_REMOUNT` and changes of propagation (mount(2)): neither source nor type count.
const NO_SOURCE: u64 = 0x20 | 0x1e_0000;

/// The flags of mount(2), without the mark that old programs put into their upper half (`MS_MGC_VAL`, linux/mount.h).
pub(super) fn mount_flags(flags: u64) -> u64 {
    if flags & 0xffff_0000 == 0xc0ed_0000 { flags & !0xffff_0000 } else { flags }
}

/// The argument that names the type of a file system, if the kernel looks at it.
pub(super) fn type_at(call: &Call, act: MountAct) -> Option<usize> {
    let at = match act {
        MountAct::Mount if mount_flags(call.args[3]) & (NO_SOURCE | MS_BIND | MS_MOVE) == 0 => 2,
        MountAct::FsOpen => 0,
        _ => return None,
    };
    (call.args[at] != 0).then_some(at)
}

impl Tracer {
    /// mount(2), move_mount(2).
    pub(super) fn enter_new_mount(
        &mut self,
        tid: i32,
        call: &Call,
        act: MountAct,
        kind: Option<&PathBytes>,
    ) -> Verdict {
        let ((dirfd, arg), source) = if act == MountAct::Move {
            ((call.int(2), 3), Some((call.int(0), 1)))
        } else {
            let bound = mount_flags(call.args[3]) & (NO_SOURCE | MS_BIND | MS_MOVE);
            let named = bound & NO_SOURCE == 0 && bound != 0 && call.args[0] != 0;
            ((libc::AT_FDCWD, 1), named.then_some((libc::AT_FDCWD, 0)))
        };
        let source = match source.map(|(from, at)| Ok((from, self.name_or_none(tid, call, at)?))).transpose() {
            Ok(source) => source,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let asked = match self.name_or_none(tid, call, arg) {
            Ok(asked) => asked,
            Err(fault) => return Verdict::unreadable(call, fault),
        };
        let layered = call.args[4] != 0 && kind.is_some_and(|kind| kind.as_bytes() == b"overlay");
        let layers = if layered { self.path_argument(tid, call, 4).ok() } else { None };
        self.watch_files(tid, call, &[arg], |who, racy| {
            let at = if asked.is_empty() { by_descriptor(who, dirfd) } else { names::whole(who, dirfd, &asked, true) };
            let mut act = found_act(Access::Mount, &at, Some(&asked));
            act.racy = racy.then_some(true);
            act.to = match (source, kind) {
                (Some((from, name)), _) if name.is_empty() => Some(by_descriptor(who, from).path),
                (Some((from, name)), _) => Some(names::whole(who, from, &name, true).path),
                (None, Some(kind)) => Some(filesystem(kind, layers.as_ref())),
                (None, None) => None,
            };
            vec![act]
        })
    }

    /// fsopen(2): a file system of this type, without a place yet.
    pub(super) fn enter_filesystem(&mut self, tid: i32, call: &Call, kind: Option<&PathBytes>) -> Verdict {
        let Some(kind) = kind.cloned() else { return Verdict::Run };
        self.watch_files(tid, call, &[], |_, _| vec![FileAct::new(Access::Mount, filesystem(&kind, None))])
    }

    /// The name at argument `at`; none means the descriptor beside it, as an empty one may.
    fn name_or_none(&mut self, tid: i32, call: &Call, at: usize) -> Result<PathBytes, memory::Fault> {
        if call.args[at] == 0 { Ok(PathBytes::default()) } else { self.path_argument(tid, call, at) }
    }
}

/// `filesystem:TYPE`, and the directories of an overlay behind it.
fn filesystem(kind: &PathBytes, layers: Option<&PathBytes>) -> PathBytes {
    let layers = layers.map_or_else(Vec::new, |text| [b" ", text.as_bytes()].concat());
    PathBytes::new([b"filesystem:", kind.as_bytes(), layers.as_slice()].concat())
}

fn by_descriptor(who: Looker, fd: i32) -> Found {
    names::of_descriptor(who, fd).unwrap_or_else(|_| Found::nothing(format!("descriptor {fd}").as_str().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(args: [u64; 6]) -> Call {
        Call { nr: crate::abi::nr::MOUNT, name: "mount", args }
    }

    /// mount(2), NOTES: the kernel takes the mark for no flags.
    #[test]
    fn an_old_mark_is_no_flag() {
        assert_eq!(mount_flags(0xc0ed_0001), 1);
        assert_eq!(mount_flags(MS_MOVE | 0x4_0000), MS_MOVE | 0x4_0000);
    }

    /// mount(2): for `MS_REMOUNT`, `MS_BIND`, `MS_MOVE` and propagation the type is ignored.
    #[test]
    fn a_type_counts_only_for_a_new_file_system() {
        assert_eq!(type_at(&call([1, 2, 3, 0xc0ed_0001, 0, 0]), MountAct::Mount), Some(2));
        for flags in [0x20, MS_BIND, MS_MOVE, 0x4_0000] {
            assert_eq!(type_at(&call([1, 2, 3, flags, 0, 0]), MountAct::Mount), None, "{flags:#x}");
        }
        assert_eq!(type_at(&call([1, 2, 0, 0, 0, 0]), MountAct::Mount), None);
        assert_eq!(type_at(&call([1, 0, 0, 0, 0, 0]), MountAct::FsOpen), Some(0));
    }

    #[test]
    fn the_layers_of_an_overlay_stand_behind_its_type() {
        assert_eq!(filesystem(&"tmpfs".into(), None), "filesystem:tmpfs".into());
        assert_eq!(filesystem(&"overlay".into(), Some(&"upperdir=/u".into())), "filesystem:overlay upperdir=/u".into());
    }
}
