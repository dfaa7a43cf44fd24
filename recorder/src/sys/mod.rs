//! Everything that is `unsafe`: thin, safe wrappers over system calls, each naming its manual page.
//!
//! Invariant: nothing here decides anything. A wrapper returns what the kernel said, as a value or a [`SysError`].
mod error;
mod files;
mod ipc;
mod launch;
mod memory;
mod notify;
mod probe;
mod process;
mod ptrace;
mod signals;
mod sockets;
mod wait;

pub use error::SysError;
pub(crate) use files::{
    Stat, fstat, has_attribute, name_of, namespace_inode, open, open_again, open_at, open_plain, pread, readlink,
    readlink_of, set_status_flags, statfs_type, statx, unmount_by_force,
};
pub(crate) use ipc::ipc_lookup;
pub(crate) use launch::{Failed, Launch, Terminal, launch};
pub(crate) use memory::{read_memory, write_memory, write_own};
pub(crate) use notify::{Listener, Notification, try_listener};
pub(crate) use probe::{Sleeper, landlock_abi, try_filter, try_io_uring, try_mseal, try_user_namespace};
pub use process::effective_uid;
pub(crate) use process::{
    become_subreaper, getpgid, ids, kill, kill_group, raise_descriptor_limit, random_bytes, release_kernel,
    set_undumpable, tgkill, thread_id,
};
pub(crate) use ptrace::{
    CallInfo, Options, Regs, block_in_tracee, call_info, cont, event_message, get_regs, listen, seize, set_register,
    set_regs, signal_code, to_exit,
};
pub(crate) use signals::{Forwarding, WAKE, block_signals, foreground, give_terminal, hear_wake, stop_self, tick};
pub use sockets::peer_credentials;
pub(crate) use sockets::{
    SocketFacts, is_of_this_machine, local_address, network_of, peek_datagram, peer_address, peer_process, pidfd_getfd,
    pidfd_open, pidfd_open_thread, socket_facts, takes_both_families,
};
pub(crate) use wait::{Stop, Waited, has_children, wait_any};
