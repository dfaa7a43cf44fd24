//! Asks a signer to sign what a recording says.
use super::protocol::{Answer, MAX_ANSWER_BYTES, MAX_REQUEST_BYTES, Request};
use crate::exit::{CliError, shown};
use crate::files;
use sekisho_attest::dsse::Envelope;
use sekisho_attest::strict_json;
use sekisho_events::escape;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What is wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The recording, a file.
    pub recording: &'a Path,
    /// As `--product`.
    pub products: &'a [String],
    /// Name and text of the profile that it is to be judged by.
    pub profile: Option<(&'a str, &'a str)>,
    /// Bundles in place of envelopes.
    pub bundle: bool,
    /// An attribute report too.
    pub scai: bool,
    /// How many statements are to come back.
    pub statements: usize,
}

/// The attestations, one a line, and the id of the key that signed them.
pub fn ask(socket: &Path, wanted: &Wanted<'_>) -> Result<(String, String), CliError> {
    if wanted.recording.as_os_str() == "-" {
        return Err(CliError::new("a signer reads the recording itself, from its beginning")
            .with_hint("name the file of the recording in place of `-`"));
    }
    let request = Request {
        products: wanted.products.to_vec(),
        profile: wanted.profile.map(|(path, text)| (path.to_owned(), text.to_owned())),
        bundle: wanted.bundle,
        scai: wanted.scai,
    };
    let line = request.to_line();
    if line.len() > MAX_REQUEST_BYTES {
        return Err(CliError::new(format!("the profile is too long for a signer: {MAX_REQUEST_BYTES} bytes in all")));
    }
    let failed = |e| CliError::file("ask", socket, e).with_hint("`sekisho signer` listens there; docs/signer.md");
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    // A signer that refuses answers at once, and reads no further: its answer counts.
    let sent = send(&mut stream, &line, wanted.recording)?;
    let mut answer = Vec::new();
    let read = (&stream).take(MAX_ANSWER_BYTES as u64 + 1).read_to_end(&mut answer);
    match Answer::parse(answer.trim_ascii_end()) {
        Some(Answer::Signed { lines, key }) if is_whole(&lines, wanted) => Ok((lines, key)),
        Some(Answer::Refused(why)) => Err(CliError::new(format!("the signer refuses: {}", escape(why.as_bytes())))),
        _ => {
            read.and(sent).map_err(failed)?;
            Err(CliError::new(format!("{} does not answer as a signer does", shown(socket))))
        }
    }
}

/// Sends the request; gives what went wrong on the socket, apart from what went wrong with the file.
fn send(stream: &mut UnixStream, line: &str, recording: &Path) -> Result<io::Result<()>, CliError> {
    let mut input = files::open(recording)?;
    let begun = stream.write_all(line.as_bytes()).and_then(|()| stream.write_all(b"\n"));
    if begun.is_err() {
        return Ok(begun);
    }
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(stream.shutdown(Shutdown::Write)),
            Ok(n) => {
                if let Err(e) = stream.write_all(&buffer[..n]) {
                    return Ok(Err(e));
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(CliError::file("read", recording, e)),
        }
    }
}

/// True for as many envelopes or bundles as there are statements.
fn is_whole(lines: &str, wanted: &Wanted<'_>) -> bool {
    let envelope = |line: &str| {
        let value = strict_json::parse(line.as_bytes()).ok()?;
        let inner = if wanted.bundle { value.get("dsseEnvelope")? } else { &value };
        Envelope::from_value(inner).ok()
    };
    lines.lines().count() == wanted.statements
        && lines.ends_with('\n')
        && lines.lines().all(|line| envelope(line).is_some())
}
