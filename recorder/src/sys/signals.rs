//! Signals sent to us are the step's business: they are passed on, and we stay.
use super::error::{SysError, check};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

static STEP_GROUP: AtomicI32 = AtomicI32::new(0);
static STEP_PID: AtomicI32 = AtomicI32::new(0);
static RECEIVED: AtomicU32 = AtomicU32::new(0);

/// Signals passed on to the step. `Forwarding` stands for the installed handlers.
#[derive(Debug)]
pub(crate) struct Forwarding {
    /// Signals that were ignored before, bit n - 1 for signal n.
    pub(crate) ignored: u64,
}

/// What ends or concerns a job, as a shell would pass it (signal(7)).
const PASSED_ON: [i32; 7] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGWINCH];

extern "C" fn pass_on(signal: libc::c_int) {
    let group = STEP_GROUP.load(Ordering::Relaxed);
    let ends = matches!(signal, libc::SIGINT | libc::SIGTERM | libc::SIGHUP | libc::SIGQUIT);
    let times = if ends { RECEIVED.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
    // The second demand to end is not a request any more.
    let signal = if times >= 2 { libc::SIGKILL } else { signal };
    if group > 0 {
        // SAFETY: kill(2) is async-signal-safe (signal-safety(7)); plain numbers.
        if unsafe { libc::kill(-group, signal) } != 0 {
            // SAFETY: as above. The group may not exist yet, or no more.
            unsafe { libc::kill(STEP_PID.load(Ordering::Relaxed), signal) };
        }
    }
}

extern "C" fn wake(_: libc::c_int) {}

impl Forwarding {
    /// Installs the handlers. Without `SA_RESTART`, so that a waiting tracer looks up.
    pub(crate) fn install() -> Result<Self, SysError> {
        // SIGPIPE is left out: the Rust runtime has set it, whatever it was before.
        let ignored = (1..=64).filter(|s| *s != libc::SIGPIPE && is_ignored(*s)).fold(0, |mask, s| mask | 1 << (s - 1));
        for signal in PASSED_ON.into_iter().filter(|s| ignored & (1 << (s - 1)) == 0) {
            handler(signal, pass_on as *const () as usize)?;
        }
        handler(libc::SIGALRM, wake as *const () as usize)?;
        // A step that takes the terminal must not freeze us, a closed pipe must not kill us, nor a file size limit.
        for signal in [libc::SIGTTOU, libc::SIGTTIN, libc::SIGTSTP, libc::SIGPIPE, libc::SIGXFSZ] {
            handler(signal, libc::SIG_IGN)?;
        }
        Ok(Self { ignored })
    }

    /// From now on signals go to this process and its group.
    pub(crate) fn aim(&self, pid: i32) {
        STEP_PID.store(pid, Ordering::Relaxed);
        STEP_GROUP.store(pid, Ordering::Relaxed);
    }

    /// The step has ended: nobody is there to pass signals to.
    pub(crate) fn aim_at_nobody(&self) {
        STEP_GROUP.store(0, Ordering::Relaxed);
        STEP_PID.store(0, Ordering::Relaxed);
    }

    /// How often we were asked to end.
    pub(crate) fn demands_to_end(&self) -> u32 {
        RECEIVED.load(Ordering::Relaxed)
    }
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: struct sigaction is plain data; all zero is a value of it.
    let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null new action only asks; the kernel writes the old one to `old`.
    let rc = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut old) };
    rc == 0 && old.sa_sigaction == libc::SIG_IGN
}

fn handler(signal: i32, action: usize) -> Result<(), SysError> {
    // SAFETY: struct sigaction is plain data; all zero is an empty mask and no flags.
    let mut new: libc::sigaction = unsafe { std::mem::zeroed() };
    new.sa_sigaction = action;
    // SAFETY: `new` is live; the handlers above do only async-signal-safe work.
    let rc = unsafe { libc::sigaction(signal, &raw const new, std::ptr::null_mut()) };
    check("sigaction", i64::from(rc)).map(drop)
}

/// The foreground process group of the terminal `fd` (tcgetpgrp(3)). ENOTTY if it is none of ours.
pub(crate) fn foreground(fd: i32) -> Result<i32, SysError> {
    // SAFETY: plain numbers; no memory.
    let rc = unsafe { libc::tcgetpgrp(fd) };
    check("tcgetpgrp", i64::from(rc)).map(|p| p as i32)
}

/// Makes `group` the foreground group of the terminal `fd`.
pub(crate) fn give_terminal(fd: i32, group: i32) -> Result<(), SysError> {
    // SAFETY: plain numbers; no memory. SIGTTOU is ignored by us, so this cannot stop us.
    let rc = unsafe { libc::tcsetpgrp(fd, group) };
    check("tcsetpgrp", i64::from(rc)).map(drop)
}

/// Stops ourselves as the terminal's stop character would, until somebody continues us.
pub(crate) fn stop_self() {
    // SAFETY: plain numbers; SIGSTOP cannot be handled, so there is nothing to race with.
    unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
}

/// Signals kept from this thread and from threads that it starts, until dropped.
pub(crate) struct Blocked(libc::sigset_t);

/// Keeps all signals from this thread and from those that it starts now: the tracing thread is to get them.
pub(crate) fn block_signals() -> Blocked {
    // SAFETY: sigset_t is plain data; all zero is a value of it.
    let (mut all, mut old): (libc::sigset_t, libc::sigset_t) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    // SAFETY: both sets live on our stack; the calls write only to them.
    unsafe {
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut old);
    }
    Blocked(old)
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set was filled by pthread_sigmask.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// Ends a wait of a thread of ours that hears it.
pub(crate) const WAKE: i32 = libc::SIGURG;

/// From now on [`WAKE`] interrupts this thread's system calls.
pub(crate) fn hear_wake() -> Result<(), SysError> {
    handler(WAKE, wake as *const () as usize)?;
    // SAFETY: sigset_t is plain data; all zero is a value of it.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set lives on our stack; the calls write only to it.
    unsafe {
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, WAKE);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
    Ok(())
}

/// A timer that interrupts waiting, until dropped.
pub(crate) struct Ticking(());

/// Interrupts the tracing thread at this interval (setitimer(2), SIGALRM).
pub(crate) fn tick(every: std::time::Duration) -> Ticking {
    set_timer(every);
    Ticking(())
}

impl Drop for Ticking {
    fn drop(&mut self) {
        set_timer(std::time::Duration::ZERO);
    }
}

fn set_timer(every: std::time::Duration) {
    let time = libc::timeval { tv_sec: every.as_secs() as i64, tv_usec: i64::from(every.subsec_micros()) };
    let timer = libc::itimerval { it_interval: time, it_value: time };
    // SAFETY: the kernel reads one struct itimerval.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
}
