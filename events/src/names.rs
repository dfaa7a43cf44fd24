//! Stable names of the values of an event: in JSON, in profiles, on pages.
use crate::{Access, ContentWhen, DescriptorHow, FileType, NetOp, RestrictWhat, SpawnHow};

/// Names in JSON, and on pages and command lines.
macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),+ })+) => { $(
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The value of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    )+ };
}

names! {
    Access {
        Read = "read", Write = "write", Create = "create", Delete = "delete", Rename = "rename", Link = "link",
        Symlink = "symlink", Mkdir = "mkdir", Rmdir = "rmdir", Mknod = "mknod", Truncate = "truncate",
        Attributes = "attributes", Mount = "mount", List = "list", Stat = "stat"
    }
    FileType {
        Regular = "regular", Directory = "directory", Symlink = "symlink", Fifo = "fifo", Socket = "socket",
        CharDevice = "char-device", BlockDevice = "block-device", Other = "other"
    }
    ContentWhen { Read = "read", Final = "final" }
    NetOp {
        Connect = "connect", Bind = "bind", Listen = "listen", Accept = "accept", Send = "send",
        Receive = "receive", Resolve = "resolve", Pair = "pair"
    }
    DescriptorHow { Inherited = "inherited", Received = "received", Pidfd = "pidfd" }
    RestrictWhat { Seccomp = "seccomp", Landlock = "landlock", Namespace = "namespace", Chroot = "chroot" }
    SpawnHow { Fork = "fork", Vfork = "vfork", Clone = "clone", Clone3 = "clone3" }
}
