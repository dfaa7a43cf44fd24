//! Ways in and out of the step that are no sockets of the network.
use sekisho_events::{Access, FileAct, FileType, NetAct, NetOp, PathBytes, Tamper};

/// Devices that lead nowhere: the kernel's own answers, and terminals.
const LEADS_NOWHERE: [&[u8]; 7] =
    [b"/dev/null", b"/dev/zero", b"/dev/full", b"/dev/random", b"/dev/urandom", b"/dev/tty", b"/dev/ptmx"];

/// What could have carried something in or out beside sockets of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The first device that was opened and may be more than the kernel's own.
    pub(crate) device: Option<PathBytes>,
    /// Something was mounted: names may lead elsewhere.
    pub(crate) mounted: bool,
    /// Something was done to another process.
    pub(crate) tampered: bool,
    /// Somebody who is not known to be of the step came to a UNIX socket of the step.
    pub(crate) visited: bool,
}

impl Reach {
    pub(super) fn act(&mut self, act: &FileAct) {
        if !act.outcome.is_effect() {
            return;
        }
        self.mounted |= act.access == Access::Mount;
        if matches!(act.access, Access::Read | Access::Write) && self.device.is_none() && may_be_device(act) {
            self.device = Some(act.path.clone());
        }
    }

    pub(super) fn net(&mut self, act: &NetAct) {
        let comes_in = matches!(act.op, NetOp::Accept | NetOp::Receive) && act.outcome.is_effect();
        self.visited |= comes_in && act.protocol == "unix" && act.peer.is_none_or(|peer| peer == 0);
    }

    pub(super) fn tampered(&mut self, tamper: &Tamper) {
        self.tampered |= tamper.outcome.is_effect();
    }
}

/// True unless it is known to be no device, or one that leads nowhere.
fn may_be_device(act: &FileAct) -> bool {
    let path = act.path.as_bytes();
    let device = match act.file_type {
        Some(FileType::CharDevice | FileType::BlockDevice) => true,
        Some(_) => false,
        None => path.starts_with(b"/dev/"),
    };
    let terminal = path.strip_prefix(b"/dev/pts/").is_some_and(|n| n.iter().all(u8::is_ascii_digit));
    device && (act.namespace.is_some() || !(terminal || LEADS_NOWHERE.contains(&path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_events::Outcome;

    fn opened(path: &str, file_type: Option<FileType>, change: impl Fn(&mut FileAct)) -> bool {
        let mut act = FileAct { file_type, ..FileAct::new(Access::Write, path) };
        change(&mut act);
        let mut reach = Reach::default();
        reach.act(&act);
        reach.device.is_some()
    }

    #[test]
    fn a_device_is_a_way_out_unless_it_leads_nowhere() {
        let device = Some(FileType::CharDevice);
        for path in ["/dev/net/tun", "/dev/ttyS0", "/w/null", "/dev/pts/ptmx"] {
            assert!(opened(path, device, |_| ()), "{path}");
        }
        for path in ["/dev/null", "/dev/urandom", "/dev/tty", "/dev/pts/7"] {
            assert!(!opened(path, device, |_| ()), "{path}");
            assert!(opened(path, device, |act| act.namespace = Some(1)), "{path} of another view");
        }
        assert!(opened("/dev/kvm", None, |_| ()) && !opened("/dev/shm/a", Some(FileType::Regular), |_| ()));
        assert!(!opened("/dev/kvm", device, |act| act.outcome = Outcome::Errno(13)));
    }
}
