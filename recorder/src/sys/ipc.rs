//! System V IPC objects, which a key leads to from anywhere in an IPC namespace (sysvipc(7)).
use crate::calls::IpcKind;

/// The identifier that `key` leads to, or `None` if there is no such object (ENOENT). One that is there and closed to us
/// (EACCES) has the identifier -1.
pub(crate) fn ipc_lookup(kind: IpcKind, key: i32) -> Option<i32> {
    // SAFETY: plain numbers; without IPC_CREAT nothing is made.
    let id = unsafe {
        match kind {
            IpcKind::Queue => libc::msgget(key, 0),
            IpcKind::Semaphores => libc::semget(key, 0, 0),
            IpcKind::Memory => libc::shmget(key, 0, 0),
        }
    };
    (id >= 0 || super::SysError::last("ipc").errno != libc::ENOENT).then_some(id)
}
