//! The signer: one request a connection, one connection at a time.
use super::held::Held;
use super::peer::{admit, users};
use super::protocol::{Answer, MAX_RECORDING_BYTES, MAX_REQUEST_BYTES, Request};
use crate::args::SignerArgs;
use crate::attesting::{self, read_by_step};
use crate::exit::{CliError, Exit, shown};
use crate::judging;
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_attest::{Options, ProductError, RunFacts, Select, Verdict};
use sekisho_events::escape;
use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long nothing may come from a client, and how long one may take to send a recording.
const MAX_SILENCE: Duration = Duration::from_secs(30);
const MAX_SENDING: Duration = Duration::from_secs(600);
/// What the recording is called where a person reads of it.
const RECORDING: &str = "the recording";

/// Who signs, and for whom.
struct Signer {
    /// A step that read its file, or that of its PIN, wherever, is not signed for.
    held: Held,
    clients: BTreeSet<u32>,
}

/// Serves until it is ended.
pub fn serve(args: &SignerArgs, ui: &Ui) -> Result<Exit, CliError> {
    let clients = users(&args.client)?;
    let held = Held::open(&args.key, args.passphrase_file.as_deref(), &clients, ui)?;
    let id = held.key.public().map_err(|e| CliError::new(e.to_string()))?.id();
    let signer = Signer { held, clients };
    let listener = listen(&args.socket)?;
    let uids: Vec<String> = signer.clients.iter().map(u32::to_string).collect();
    ui.note(&format!("signs for uid {} at {}, with key {}…", uids.join(", "), shown(&args.socket), &id[..16]));
    for stream in listener.incoming() {
        let stream = stream.map_err(|e| CliError::file("listen at", &args.socket, e))?;
        // What a recording makes this program do must not end it.
        let done = std::thread::scope(|scope| scope.spawn(|| signer.serve(&stream)).join());
        match done {
            Ok(Ok(told)) => ui.note(&told),
            Ok(Err(why)) => ui.warn(&format!("refused: {why}")),
            Err(_) => ui.warn("a request met a defect of this program, and was not answered"),
        }
    }
    Ok(Exit::OK)
}

/// Listens where nobody listens yet. Who may connect is decided by who it is, not by the socket's mode.
fn listen(path: &Path) -> Result<UnixListener, CliError> {
    let failed = |e| CliError::file("listen at", path, e);
    if path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_socket()) {
        match UnixStream::connect(path) {
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path).map_err(failed)?,
            _ => return Err(CliError::new(format!("somebody listens at {} already", shown(path)))),
        }
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o666)).map_err(failed)?;
    Ok(listener)
}

impl Signer {
    /// One request; gives what was done, or why nothing was.
    fn serve(&self, stream: &UnixStream) -> Result<String, String> {
        let said = |e: CliError| e.to_string();
        let result = admit(stream, &self.clients).map_err(|e| e.to_string()).and_then(|uid| {
            let (request, recording) = read(stream)?;
            let (lines, facts) = self.sign(&request, recording).map_err(said)?;
            let (step, recording) = (escape(facts.step().as_bytes()), facts.recording_sha256);
            Ok((lines, format!("signed for uid {uid}: step {step}, recording sha256:{recording}")))
        });
        let (answer, told) = match result {
            Ok((lines, told)) => {
                let key = self.held.key.public().map_err(|e| e.to_string())?.id();
                (Answer::Signed { lines, key }, Ok(told))
            }
            Err(why) => (Answer::Refused(why.clone()), Err(why)),
        };
        // Who does not wait for the answer does not get one.
        let mut out = stream;
        let _ = out.write_all((answer.to_line() + "\n").as_bytes());
        told
    }

    /// All that is signed comes out of the recording and of the profile, by the same code as without a signer.
    fn sign(&self, request: &Request, mut recording: File) -> Result<(String, RunFacts), CliError> {
        let failed = |e| CliError::file("keep", RECORDING, e);
        let path = Path::new(RECORDING);
        let verdict = match &request.profile {
            Some((name, text)) => {
                let profile = Loaded::given(Path::new(name), text)?;
                let report = judging::judge_from(BufReader::new(&recording), path, &profile)?;
                recording.rewind().map_err(failed)?;
                Some(Verdict::from_json(&report.to_json()).map_err(|e| CliError::new(e.to_string()))?)
            }
            None => None,
        };
        let facts = attesting::facts(BufReader::new(&recording), path)?;
        if let Some((path, sha256)) = &self.held.hidden
            && read_by_step(&facts, path, Some(*sha256))
        {
            return Err(CliError::new("the step read the signing key"));
        }
        let select = match &*request.products {
            [] => Select::Default,
            globs => Select::Globs(globs.to_vec()),
        };
        let products = match facts.products_as_recorded(&select) {
            Err(ProductError::NoMatch(_)) if facts.trailer.status != 0 => facts.products_as_recorded(&Select::Default),
            chosen => chosen,
        };
        let products = products.map_err(|e| CliError::new(e.to_string()))?;
        let options = Options { verdict: verdict.as_ref(), attributes: request.scai, ..Options::default() };
        let statements =
            sekisho_attest::attest(&facts, &products, options).map_err(|e| CliError::new(e.to_string()))?;
        let key = &self.held.key;
        let lines = if request.bundle { statements.sign_bundles(key) } else { statements.sign_lines(key) };
        Ok((lines.map_err(|e| CliError::new(e.to_string()))?, facts))
    }
}

/// The request, and the recording in a file without a name.
fn read(stream: &UnixStream) -> Result<(Request, File), String> {
    let plain = |e: io::Error| format!("the request cannot be read: {}", e.kind());
    stream
        .set_read_timeout(Some(MAX_SILENCE))
        .and_then(|()| stream.set_write_timeout(Some(MAX_SILENCE)))
        .map_err(plain)?;
    let mut input = BufReader::new(Hurried { stream, until: Instant::now() + MAX_SENDING });
    let mut line = Vec::new();
    (&mut input).take(MAX_REQUEST_BYTES as u64 + 1).read_until(b'\n', &mut line).map_err(plain)?;
    let request = line.strip_suffix(b"\n").and_then(Request::parse);
    let request = request.ok_or("what was sent is no request of this version")?;
    let mut file = tempfile::tempfile().map_err(plain)?;
    let length = io::copy(&mut input.take(MAX_RECORDING_BYTES + 1), &mut file).map_err(plain)?;
    if length > MAX_RECORDING_BYTES {
        return Err(format!("the recording is longer than {MAX_RECORDING_BYTES} bytes"));
    }
    file.rewind().map_err(plain)?;
    Ok((request, file))
}

/// Reads until it has taken too long.
struct Hurried<'s> {
    stream: &'s UnixStream,
    until: Instant,
}

impl Read for Hurried<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() > self.until { Err(io::ErrorKind::TimedOut.into()) } else { self.stream.read(buffer) }
    }
}
