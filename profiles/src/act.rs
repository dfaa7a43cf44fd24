//! The acts that rules speak of, as keys of a rule.

/// One thing that a rule can allow. The order is that of the keys in a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Run a program.
    Exec,
    /// Open a file for reading.
    Read,
    /// Change what is in a file that exists.
    Write,
    /// Make a file, directory, symbolic link or node.
    Create,
    /// Remove a name.
    Delete,
    /// Give a file another name; both names are judged.
    Rename,
    /// Give a file one more name; both names are judged.
    Link,
    /// Change mode, owner, times, extended attributes.
    Attributes,
    /// Mount, unmount, move a mount.
    Mount,
    /// Read the names in a directory.
    List,
    /// Look at a name: stat, access, readlink.
    Stat,
    /// Connect to an address.
    Connect,
    /// Bind to an address, or listen on it.
    Listen,
    /// Send a message to an address given with it.
    Send,
    /// Ask for the addresses of a name.
    Resolve,
    /// Ask somebody outside the step to act.
    Delegate,
    /// Restrict oneself or change one's view of the system.
    Restrict,
    /// Try a call that is refused outright.
    Refused,
    /// Act on the recorder or on another process.
    Tamper,
}

/// What the patterns of an act are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternKind {
    /// Path patterns.
    Path,
    /// `host:port/protocol` and the like.
    Net,
    /// Host names.
    Name,
    /// `unix:/path`, `tcp:127.0.0.1:2375`, `fifo:/path`.
    Delegate,
    /// Fixed words.
    Word,
}

impl Act {
    /// All of them, in order.
    pub const ALL: [Self; 19] = [
        Self::Exec,
        Self::Read,
        Self::Write,
        Self::Create,
        Self::Delete,
        Self::Rename,
        Self::Link,
        Self::Attributes,
        Self::Mount,
        Self::List,
        Self::Stat,
        Self::Connect,
        Self::Listen,
        Self::Send,
        Self::Resolve,
        Self::Delegate,
        Self::Restrict,
        Self::Refused,
        Self::Tamper,
    ];

    /// What the key `change` stands for.
    pub const CHANGE: [Self; 6] = [Self::Write, Self::Create, Self::Delete, Self::Rename, Self::Link, Self::Attributes];

    /// The key in a rule.
    pub fn key(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::Link => "link",
            Self::Attributes => "attributes",
            Self::Mount => "mount",
            Self::List => "list",
            Self::Stat => "stat",
            Self::Connect => "connect",
            Self::Listen => "listen",
            Self::Send => "send",
            Self::Resolve => "resolve",
            Self::Delegate => "delegate",
            Self::Restrict => "restrict",
            Self::Refused => "refused",
            Self::Tamper => "tamper",
        }
    }

    /// The verb in a sentence: `curl may connect to …`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Exec => "run",
            Self::Read => "read",
            Self::Write => "write to",
            Self::Create => "make",
            Self::Delete => "remove",
            Self::Rename => "rename",
            Self::Link => "link",
            Self::Attributes => "change attributes of",
            Self::Mount => "mount",
            Self::List => "list",
            Self::Stat => "look at",
            Self::Connect => "connect to",
            Self::Listen => "listen on",
            Self::Send => "send to",
            Self::Resolve => "look up",
            Self::Delegate => "hand work to",
            Self::Restrict => "change its view by",
            Self::Refused => "try",
            Self::Tamper => "tamper by",
        }
    }

    /// The code of a deviation by this act (docs/interface.md).
    pub fn code(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Read => "file-read",
            Self::Write => "file-write",
            Self::Create => "file-create",
            Self::Delete => "file-delete",
            Self::Rename => "file-rename",
            Self::Link => "file-link",
            Self::Attributes => "file-attributes",
            Self::Mount => "mount",
            Self::List => "file-list",
            Self::Stat => "file-stat",
            Self::Connect => "net-connect",
            Self::Listen => "net-listen",
            Self::Send => "net-send",
            Self::Resolve => "net-resolve",
            Self::Delegate => "delegated",
            Self::Restrict => "restrict",
            Self::Refused => "refused",
            Self::Tamper => "tamper",
        }
    }

    /// What its patterns are.
    pub fn pattern_kind(self) -> PatternKind {
        match self {
            Self::Connect | Self::Listen | Self::Send => PatternKind::Net,
            Self::Resolve => PatternKind::Name,
            Self::Delegate => PatternKind::Delegate,
            Self::Restrict | Self::Refused | Self::Tamper => PatternKind::Word,
            _ => PatternKind::Path,
        }
    }

    /// True for the acts that `change` stands for.
    pub fn is_change(self) -> bool {
        Self::CHANGE.contains(&self)
    }

    /// Its bit in a set of acts.
    pub(crate) fn bit(self) -> u32 {
        1 << self as u32
    }
}
