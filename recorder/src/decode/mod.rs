//! Bytes that the step or the kernel wrote, made into facts. Nothing here asks the kernel.
//!
//! Invariant: any bytes are taken, none make it panic, and nothing is read beyond the slice that was given.

pub mod dns;
pub mod elf;
pub mod msghdr;
pub mod procfs;
pub mod shebang;
pub mod sockaddr;
pub mod socket_lists;
