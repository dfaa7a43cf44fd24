//! One step, from its command line to the trailer of its recording.
use crate::calls;
use crate::choice::{Choice, NoListener};
use crate::digests::{Digests, Source};
use crate::emit::{self, Tally};
use crate::error::RecordError;
use crate::filter;
use crate::judge::Judge;
use crate::notifier::{self, Notifiers};
use crate::options::Options;
use crate::sys::{self, Failed, Forwarding, Launch, SysError, Terminal};
use crate::tracer::{Home, Parts, Tracer};
use sekisho_events::log::{End, LogWriter};
use sekisho_events::{ContentWhen, Coverage, ExitHow, Gap, GapWhy, Header, Kind, PathBytes, Toctou, Trailer};
use std::ffi::{CString, OsStr, OsString};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// A finished recording.
#[derive(Debug)]
pub struct Recorded<W> {
    /// What the log was written to.
    pub writer: W,
    /// Its last item.
    pub trailer: Trailer,
    /// The step's status as `record` returns it: its own, or 128 + n for signal n.
    pub status: i32,
    /// What was recorded, in numbers.
    pub tally: Tally,
    /// Wall time of the step.
    pub duration: Duration,
    /// Which engine recorded it.
    pub engine: &'static str,
    /// The first programs that were ended before their first instruction because their acts could not have been told,
    /// and why; the recording has each as `refused`.
    pub blinded: Vec<(PathBytes, String)>,
    /// Why it was not a faster one, where that was wanted.
    pub fallback: Option<NoListener>,
}

/// `PROC_SUPER_MAGIC` (linux/magic.h).
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// Runs a step and records it into `writer`.
///
/// The calling thread becomes the tracer and returns when the step and all that it left behind have ended. Signals
/// sent to this process meanwhile are passed on to the step.
///
/// # Errors
/// [`RecordError`]; the step is dead then, and `writer` holds no finished recording.
pub fn record<W: Write + Send>(
    options: &Options,
    writer: W,
    judge: Option<Box<dyn Judge>>,
) -> Result<Recorded<W>, RecordError> {
    check_surroundings()?;
    let program = find_program(options)?;
    let home = Home {
        mount_namespace: sys::namespace_inode(c"/proc/self/ns/mnt")?,
        pid_namespace: sys::namespace_inode(c"/proc/self/ns/pid")?,
        root: sys::statx(None, c"/proc/self/root", 0)?.identity,
        proc_device: sys::statx(None, c"/proc", 0).map(|s| s.device())?,
    };
    let choice = Choice::of(options, judge.is_some())?;
    let listens = choice.listens;
    let header = header(options, &choice)?;
    let log = LogWriter::new(writer, &header)?;
    sys::become_subreaper()?;
    let descriptors = sys::raise_descriptor_limit()?;
    let forwarding = Forwarding::install()?;
    let filter = raw_filter(options, listens)?;
    let terminal = terminal();
    let launch = Launch {
        program: c_string(program.as_os_str())?,
        argv: options.command.iter().map(|a| c_string(a)).collect::<Result<_, _>>()?,
        env: options.env.iter().map(|(k, v)| variable(k, v)).collect::<Result<_, _>>()?,
        filter: &filter,
        filter_flags: if listens { libc::SECCOMP_FILTER_FLAG_NEW_LISTENER } else { 0 },
        descriptors,
        terminal,
        ignored: forwarding.ignored,
        scope_signals: true,
    };
    let strangers = sys::has_children();
    let launched = sys::launch(&launch)?;
    let first = launched.pid;
    if let Err(error) = sys::seize(first, sys::Options::ALL) {
        let _ = sys::kill(first, libc::SIGKILL);
        return Err(RecordError::CannotTrace(error));
    }
    // Another process of our user cannot read our memory, key or environment from here on; the step has not begun. Not
    // before the seize: a child is born as dumpable as its parent, and an ordinary user may not trace one that is not.
    sys::set_undumpable()?;
    forwarding.aim(first);
    let (out, writing) = emit::queue(judge);
    let blocked = sys::block_signals();
    std::thread::scope(|scope| {
        let no_room = |whose| move |error| RecordError::NoThread(whose, error);
        let writer = std::thread::Builder::new().name("write".into());
        let written = writer.spawn_scoped(scope, move || writing.run(log)).map_err(no_room("writing"))?;
        let digests = Digests::start(out.finished()).map_err(no_room("hashing"))?;
        let (listener_to, listener_from) = notifier::hand_over();
        let ticking = sys::tick(Duration::from_millis(100));
        let parts = Parts {
            out,
            digests,
            mode: options.mode,
            level: options.level,
            home,
            first,
            strangers,
            grace: options.grace,
            time_limit: options.time_limit,
            terminal,
            listener_to: listens.then_some(listener_to),
        };
        let tracer = Arc::new(Mutex::new(Tracer::new(parts)?));
        let notifiers = listens.then(|| Notifiers::start(&tracer, &listener_from)).transpose();
        let notifiers = notifiers.map_err(no_room("answering"))?;
        drop(blocked);
        let ended = launched.go().and_then(|()| Tracer::run(&tracer, &forwarding));
        let ended = ended.inspect_err(|_| notifier::lock(&tracer).kill_all());
        drop(ticking);
        notifier::lock(&tracer).listener_to = None;
        let answered = notifiers.is_none_or(Notifiers::stop);
        let tracer = Arc::into_inner(tracer).and_then(|tracer| tracer.into_inner().ok());
        let tracer = tracer.filter(|_| answered).ok_or(RecordError::Thread("answering"));
        forwarding.aim_at_nobody();
        if let Some(Terminal(fd)) = terminal {
            let _ = sys::give_terminal(fd, sys::getpgid(0)?);
        }
        let (ended, tracer) = (ended?, tracer?);
        let failure = launched.failure();
        let finished = finish(tracer, ended);
        let log = written.join().map_err(|_| RecordError::Thread("writing"))??;
        explain(failure, &options.command[0])?;
        let summary = finished?;
        let (writer, trailer) = log.finish(End {
            lost: 0,
            status: summary.status,
            duration_us: summary.duration.as_micros() as u64,
            toctou: summary.toctou,
            complete: true,
        })?;
        let Summary { status, tally, duration, blinded, .. } = summary;
        let (engine, fallback) = (choice.name(), choice.fallback);
        Ok(Recorded { writer, trailer, status, tally, duration, engine, blinded, fallback })
    })
}

struct Summary {
    status: i32,
    tally: Tally,
    duration: Duration,
    toctou: Toctou,
    blinded: Vec<(PathBytes, String)>,
}

/// Hashes what the step left behind and hands in the last events.
fn finish(tracer: Tracer, ended: Option<ExitHow>) -> Result<Summary, RecordError> {
    let Tracer { mut out, mut digests, mut inputs, outputs, blinded, .. } = tracer;
    let duration = out.elapsed();
    let now = |path: &[u8]| {
        let name = CString::new(path).ok()?;
        let handle = sys::open(&name, libc::O_PATH | libc::O_NOFOLLOW).ok()?;
        Some((sys::fstat(handle.as_fd()).ok()?, handle))
    };
    for path in outputs.names() {
        let Some((stat, handle)) = now(path.as_bytes()) else { continue };
        if stat.file_type == sekisho_events::FileType::Regular && outputs.left(&path, stat.identity) {
            let source = || Some(Source::Handle(handle));
            drop(digests.tell(Tracer::NOBODY, &path, ContentWhen::Final, &stat, source));
        }
    }
    inputs.look_again(now, |stat, handle| digests.of_image(stat, || crate::images::reopen(&handle)));
    if !digests.finish() {
        return Err(RecordError::Thread("hashing"));
    }
    for detail in inputs.verdicts() {
        out.emit(Tracer::NOBODY, Kind::Gap(Gap { why: GapWhy::ForeignWrite, detail }));
    }
    out.flush();
    let status = match ended {
        Some(ExitHow::Status(status)) => status,
        Some(ExitHow::Signal(signal)) => 128 + signal,
        None => 125,
    };
    let (tally, toctou) = (out.tally(), out.toctou());
    drop(out);
    Ok(Summary { status, tally, duration, toctou, blinded })
}

/// What the child said before it could become the command.
fn explain(failure: Option<Failed>, command: &OsStr) -> Result<(), RecordError> {
    let name = PathBytes::from(command.as_bytes());
    match failure {
        None => Ok(()),
        Some(Failed::Exec { errno: libc::ENOENT }) => Err(RecordError::NotFound(name)),
        Some(Failed::Exec { errno }) => Err(RecordError::NotExecutable(name, errno)),
        Some(Failed::Prepare { errno, .. }) => Err(RecordError::CannotFilter(errno)),
    }
}

fn check_surroundings() -> Result<(), RecordError> {
    let proc = sys::open(c"/proc", libc::O_PATH | libc::O_DIRECTORY).map_err(|_| RecordError::FakeProc)?;
    if sys::statfs_type(proc.as_fd())? != PROC_SUPER_MAGIC {
        return Err(RecordError::FakeProc);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|l| l.strip_prefix("TracerPid:")).and_then(|v| v.trim().parse().ok());
    match tracer {
        Some(0) | None => Ok(()),
        Some(pid) => Err(RecordError::Nested(pid)),
    }
}

/// The program that the command names, as execvp(3) would find it.
fn find_program(options: &Options) -> Result<PathBuf, RecordError> {
    let name = options.command.first().map(OsString::as_os_str).unwrap_or_default();
    let shown = || PathBytes::from(name.as_bytes());
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => Err(RecordError::NotExecutable(shown(), libc::EACCES)),
            Ok(_) => Ok(path),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(RecordError::NotFound(shown())),
            Err(e) => Err(RecordError::NotExecutable(shown(), e.raw_os_error().unwrap_or(libc::EACCES))),
        };
    }
    let path = options.env.iter().find(|(k, _)| k == "PATH").map(|(_, v)| v.clone());
    let path = path.unwrap_or_else(|| "/bin:/usr/bin".into());
    let mut refused = None;
    for dir in path.as_bytes().split(|b| *b == b':') {
        let dir = if dir.is_empty() { Path::new(".") } else { Path::new(OsStr::from_bytes(dir)) };
        let candidate = dir.join(name);
        match std::fs::metadata(&candidate) {
            Ok(found) if found.is_file() && found.permissions().mode() & 0o111 != 0 => return Ok(candidate),
            // execve(2) says EACCES of a directory, too, and execvp(3) goes on looking.
            Ok(_) => refused = Some(libc::EACCES),
            Err(_) => {}
        }
    }
    Err(refused.map_or_else(|| RecordError::NotFound(shown()), |errno| RecordError::NotExecutable(shown(), errno)))
}

fn header(options: &Options, choice: &Choice) -> Result<Header, RecordError> {
    let variable = |name: &str| options.env.iter().find(|(k, _)| k == name).map(|(_, v)| path_bytes(v));
    let cwd = std::env::current_dir().map_err(|e| SysError { call: "getcwd", errno: e.raw_os_error().unwrap_or(0) })?;
    Ok(Header {
        version: 1,
        tool: options.tool.clone(),
        kernel: sys::release_kernel(),
        arch: std::env::consts::ARCH.into(),
        command: options.command.iter().map(|a| path_bytes(a)).collect(),
        cwd: path_bytes(cwd.as_os_str()),
        workspace: path_bytes(options.workspace.as_os_str()),
        uid: sys::effective_uid(),
        level: options.level,
        engine: choice.name().into(),
        coverage: Coverage {
            recorded: calls::recorded_classes(options.level),
            refused: calls::refused_calls(),
            not_asserted: calls::not_asserted(options.level),
            toctou: Toctou::Verified,
            max_known_call: crate::abi::MAX_KNOWN,
            fallback: choice.fallback.map(|why| why.to_string()),
        },
        home: variable("HOME"),
        tmp: variable("TMPDIR").filter(|t| !t.is_empty()).unwrap_or_else(|| "/tmp".into()),
        started_s: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs()),
        mode: options.mode.name().into(),
        step: options.step.clone(),
        profile_sha256: options.profile_sha256,
        nonce: sys::random_bytes()?,
    })
}

fn raw_filter(options: &Options, listener: bool) -> Result<Vec<libc::sock_filter>, RecordError> {
    let program = filter::build(&filter::Plan { level: options.level, listener, ids: sys::ids() })
        .map_err(|_| RecordError::CannotFilter(libc::EINVAL))?;
    Ok(program.iter().map(|i| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect())
}

/// Our terminal, if the step is to have it: we are its foreground job.
fn terminal() -> Option<Terminal> {
    let own = sys::getpgid(0).ok()?;
    (0..=2).find(|fd| sys::foreground(*fd) == Ok(own)).map(Terminal)
}

fn path_bytes(text: &OsStr) -> PathBytes {
    PathBytes::from(text.as_bytes())
}

fn c_string(text: &OsStr) -> Result<CString, RecordError> {
    CString::new(text.as_bytes()).map_err(|_| SysError { call: "execve", errno: libc::EINVAL }.into())
}

fn variable(name: &OsStr, value: &OsStr) -> Result<CString, RecordError> {
    let mut text = name.to_os_string().into_vec();
    text.push(b'=');
    text.extend_from_slice(value.as_bytes());
    c_string(OsStr::from_bytes(&text))
}
