//! Who is at the other end of a socket: which user, and whether it is a step that is being recorded.
use crate::exit::CliError;
use sekisho_events::escape;
use sekisho_recorder::peer_credentials;
use std::collections::BTreeSet;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

/// Why somebody is not listened to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// The system does not say who it is.
    #[error("the system does not say who asks")]
    Unknown,
    /// Another user.
    #[error("uid {0} is none that this signer signs for")]
    User(u32),
    /// Of another process id namespace: whether it is traced cannot be seen.
    #[error("the process that asks cannot be seen from here: it ended, or is in a container that the signer is not in")]
    Unseen,
    /// Under a recorder or a debugger: what runs there is the step, not who records it.
    #[error("the process that asks is being traced: a step cannot have anything signed")]
    Traced,
}

/// Lets in who is one of these users, and not a step under a recorder: that could send a recording of its own making. The credentials are those of
/// whoever connected (unix(7), `SO_PEERCRED`); the tracer is told by proc(5), `TracerPid`.
pub fn admit(stream: &UnixStream, clients: &BTreeSet<u32>) -> Result<u32, Stranger> {
    let (process, uid) = peer_credentials(stream.as_fd()).map_err(|_| Stranger::Unknown)?;
    if !clients.contains(&uid) {
        return Err(Stranger::User(uid));
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    match tracer(&status.map_err(|_| Stranger::Unseen)?) {
        Some(0) => Ok(uid),
        Some(_) => Err(Stranger::Traced),
        None => Err(Stranger::Unseen),
    }
}

fn tracer(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("TracerPid:")?.trim().parse().ok())
}

/// Users by number, or by name as /etc/passwd has it.
pub fn users(named: &[String]) -> Result<BTreeSet<u32>, CliError> {
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named.iter().map(|name| user(name, &list)).collect()
}

fn user(name: &str, list: &str) -> Result<u32, CliError> {
    let row = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    };
    name.parse().ok().or_else(|| list.lines().find_map(row)).ok_or_else(|| {
        CliError::new(format!("there is no user {} in /etc/passwd", escape(name.as_bytes())))
            .with_hint("`id -u NAME` tells a user's number, which is taken as well")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_traced_and_who_is_who_is_read_as_the_system_writes_it() {
        assert_eq!(tracer("Name:\tx\nTracerPid:\t0\nUid:\t1\n"), Some(0));
        assert_eq!(tracer("TracerPid:\t4711\n"), Some(4711));
        assert_eq!(tracer("Name:\tTracerPid\n"), None);
        let list = "root:x:0:0::/:/bin/sh\nci:x:1001:1001::/home/ci:/bin/sh\nbroken\n";
        assert_eq!((user("ci", list).unwrap(), user("1234", list).unwrap()), (1001, 1234));
        for none in ["nobody-here", "broken", "", "-1"] {
            assert!(user(none, list).is_err(), "{none}");
        }
    }

    #[test]
    fn another_user_and_a_step_are_strangers() {
        let (here, _there) = UnixStream::pair().unwrap();
        let me = sekisho_recorder::effective_uid();
        assert_eq!(admit(&here, &BTreeSet::from([me + 1])), Err(Stranger::User(me)));
    }
}
