//! From a finished recording to signed attestations in a file: for `attest` and `run`.
//!
//! Invariant: the key is read after the step has ended, and a step that read the key's file is not attested.
use crate::args::SigningArgs;
use crate::bill::{self, RealDisk};
use crate::exit::{CliError, Exit, shown};
use crate::files;
use crate::keyless::Keyless;
use crate::oci;
use crate::passphrase;
use crate::signer::{self, Wanted};
use crate::ui::Ui;
use sekisho_attest::classic::{self, Link, LinkError};
use sekisho_attest::sbom::Bom;
use sekisho_attest::{
    FactsError, FileDigest, KeyError, Material, Options, ProductError, Products, RunFacts, SecretKey, Select,
    Statements, Verdict, WholeBom, claims, gather,
};
use sekisho_events::{Digest, escape};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Longest profile that is sent to a signer.
const MAX_PROFILE_BYTES: u64 = 4 << 20;
/// Longest key file that is read.
const MAX_KEY_BYTES: u64 = 64 << 10;

/// Who signs.
#[derive(Clone, Copy)]
pub enum Signer<'a> {
    /// Whoever holds the key in this file.
    Key {
        /// The file.
        path: &'a Path,
        /// The file with its passphrase, if it needs one that is in a file.
        passphrase: Option<&'a Path>,
        /// Sigstore bundles are written in place of envelopes.
        bundle: bool,
    },
    /// Whom a token names.
    Keyless(Keyless<'a>),
    /// A process that holds the key.
    Process {
        /// Where it listens.
        socket: &'a Path,
        /// Sigstore bundles are written in place of envelopes.
        bundle: bool,
    },
}

impl<'a> Signer<'a> {
    /// Whom the command line names, if anybody.
    pub fn of(args: &'a SigningArgs) -> Option<Self> {
        match (&args.key, &args.signer) {
            (Some(path), _) => {
                let passphrase = args.passphrase_file.as_deref();
                Some(Self::Key { path, passphrase, bundle: args.bundle })
            }
            (None, Some(socket)) => Some(Self::Process { socket, bundle: args.bundle }),
            (None, None) => args.keyless.then(|| Self::Keyless(Keyless::of(args))),
        }
    }
}

/// What is to be attested.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The recording, finished.
    pub recording: &'a Path,
    /// Who signs.
    pub signer: Signer<'a>,
    /// Globs of products; none means what the step left in the workspace.
    pub products: &'a [String],
    /// The judgement (`verdict.json`), if there is one.
    pub verdict: Option<&'a Value>,
    /// The profile that it is by.
    pub profile: Option<&'a Path>,
    /// Name of the step; must agree with the recording if that has one.
    pub step: Option<&'a str>,
    /// Where the bill of materials goes, if one is to be written and attested.
    pub sbom: Option<&'a Path>,
    /// State also the attributes that the recording proves.
    pub scai: bool,
    /// The directory where a classic link goes, if one is to be written.
    pub link: Option<&'a Path>,
    /// Where the envelopes go, one a line.
    pub output: &'a Path,
    /// Add to what stands there, in place of replacing it.
    pub append: bool,
    /// What must be among the products: the manifest of an image that is to be attested.
    pub image: Option<Digest>,
}

/// What was attested.
#[derive(Clone, Debug)]
pub struct Attested {
    /// How many statements were signed.
    pub statements: usize,
    /// How many products are subjects, and how many there are.
    pub subjects: usize,
    /// How many products the step left in all.
    pub products: u64,
    /// False if the recording missed something: a verifier will refuse.
    pub complete: bool,
    /// By whom: the beginning of the key's id, or whom the certificate names.
    pub signer: String,
    /// The attestations, as they were written.
    pub lines: String,
}

/// Attests a recording.
pub fn attest(request: &Request<'_>, ui: &Ui) -> Result<Attested, CliError> {
    attest_from(files::open(request.recording)?, request, ui)
}

/// The same for a recording that is open already.
pub fn attest_from(input: impl io::Read, request: &Request<'_>, ui: &Ui) -> Result<Attested, CliError> {
    let mut facts = facts(input, request.recording)?;
    if let (Signer::Process { .. }, None, Some(_)) = (request.signer, &facts.header.step, request.step) {
        return Err(CliError::new("the recording names no step, and a signer states what it says")
            .with_hint("`sekisho run --step NAME` puts the name into the recording"));
    }
    name_step(&mut facts, request.step)?;
    let pen = match request.signer {
        Signer::Key { path, passphrase, bundle } => Pen::Key { key: unread_key(path, passphrase, &facts, ui)?, bundle },
        Signer::Keyless(keyless) => {
            keyless.refuse_if_seen(&facts)?;
            Pen::Keyless(keyless)
        }
        Signer::Process { socket, bundle } => Pen::Process(Errand::new(socket, bundle, request)?),
    };
    let verdict = request.verdict.map(Verdict::from_json).transpose().map_err(|e| CliError::new(e.to_string()))?;
    let select = match request.products {
        [] => Select::Default,
        globs => Select::Globs(globs.to_vec()),
    };
    let products = match facts.products(&select, digest_file) {
        // What a failed step did not come to make is no reason to say nothing of it; it is refused for its status.
        Err(ProductError::NoMatch(_)) if facts.trailer.status != 0 => facts.products(&Select::Default, digest_file),
        chosen => chosen,
    };
    let products = products.map_err(|e| product_error(&e))?;
    if let Some(image) = request.image
        && !products.subjects.iter().any(|subject| subject.sha256 == image)
    {
        let message = format!("the manifest sha256:{image} is not among the products of the step");
        return Err(CliError::new(message).with_hint(oci::HINT));
    }
    let bill = request.sbom.map(|path| {
        let bom = Bom::new(&facts, &RealDisk);
        (path, bom.to_json(), bom)
    });
    let sbom = bill.as_ref().map(|(path, text, bom)| WholeBom { bom, text, name: bill::name(path) });
    let options = Options { verdict: verdict.as_ref(), sbom, builder: None, attributes: request.scai };
    if request.scai {
        say_unclaimed(&facts, verdict.as_ref(), ui);
    }
    let statements = sekisho_attest::attest(&facts, &products, options).map_err(|e| CliError::new(e.to_string()))?;
    let link = match (request.link, &pen) {
        (Some(directory), Pen::Key { key, .. }) => Some((directory, link(&facts, &products, key)?)),
        _ => None,
    };
    let (lines, signer) = pen.sign(&statements, *ui)?;
    if let Some((directory, link)) = link {
        std::fs::create_dir_all(directory).map_err(|e| CliError::file("create", directory, e))?;
        files::write(&directory.join(&link.file), (link.envelope.to_json() + "\n").as_bytes())?;
    }
    if let Some((path, text, _)) = &bill {
        files::write(path, text.as_bytes())?;
    }
    write(&lines, request)?;
    Ok(Attested {
        statements: statements.payloads().len(),
        subjects: products.subjects.len(),
        products: products.listing.total,
        complete: facts.trailer.complete,
        signer,
        lines,
    })
}

/// Says what is not claimed, and why.
fn say_unclaimed(facts: &RunFacts, verdict: Option<&Verdict>, ui: &Ui) {
    for (attribute, claim) in claims(facts, verdict) {
        if let Err(why) = claim {
            ui.note(&format!("not claimed: {attribute}: {why}"));
        }
    }
}

/// What signs, when all that can fail without it has passed.
enum Pen<'a> {
    Key { key: SecretKey, bundle: bool },
    Keyless(Keyless<'a>),
    Process(Errand<'a>),
}

impl Pen<'_> {
    /// One envelope or bundle a line, and who signed.
    fn sign(&self, statements: &Statements, ui: Ui) -> Result<(String, String), CliError> {
        let failed = |e: KeyError| CliError::new(e.to_string());
        match self {
            Self::Key { key, bundle } => {
                let lines = if *bundle { statements.sign_bundles(key) } else { statements.sign_lines(key) };
                let id = key.public().map_err(failed)?.id();
                Ok((lines.map_err(failed)?, format!("key {}…", &id[..16])))
            }
            Self::Keyless(keyless) => {
                let signed = keyless.sign(statements.payloads(), ui)?;
                Ok((signed.lines, signed.signer))
            }
            Self::Process(errand) => errand.run(statements.payloads().len()),
        }
    }
}

/// What is asked of a signer: it reads the recording itself, and judges it itself.
struct Errand<'a> {
    socket: &'a Path,
    bundle: bool,
    request: &'a Request<'a>,
    /// Name and text.
    profile: Option<(String, String)>,
}

impl<'a> Errand<'a> {
    fn new(socket: &'a Path, bundle: bool, request: &'a Request<'a>) -> Result<Self, CliError> {
        // Where a profile stands in version control, the signer cannot see: what was found out here would be lost.
        let codes = request.verdict.and_then(|verdict| verdict["deviations"].as_array()).into_iter().flatten();
        if let Some(code) = codes.filter_map(|d| d["code"].as_str()).find(|code| code.starts_with("profile-")) {
            return Err(CliError::new(format!("the profile is not trusted ({code}), and a signer would judge by it"))
                .with_hint("nothing is signed: profile.md, \"Where it came from\""));
        }
        let text = |path: &Path| Ok::<_, CliError>((shown(path), files::read_text(path, MAX_PROFILE_BYTES)?));
        Ok(Self { socket, bundle, request, profile: request.profile.map(text).transpose()? })
    }

    fn run(&self, statements: usize) -> Result<(String, String), CliError> {
        let request = self.request;
        let (lines, key) = signer::ask(
            self.socket,
            &Wanted {
                recording: request.recording,
                products: request.products,
                profile: self.profile.as_ref().map(|(path, text)| (&**path, &**text)),
                bundle: self.bundle,
                scai: request.scai,
                statements,
            },
        )?;
        Ok((lines, format!("key {}… of the signer", key.get(..16).unwrap_or_default())))
    }
}

/// The link that in-toto-verify reads.
fn link(facts: &RunFacts, products: &Products, key: &SecretKey) -> Result<Link, CliError> {
    classic::link(facts, products, key).map_err(|error| {
        let message = CliError::new(error.to_string());
        match error {
            LinkError::Cut { .. } => message.with_hint("name the products with --product"),
            _ => message,
        }
    })
}

/// The private key of a file that the step did not read.
fn unread_key(path: &Path, passphrase: Option<&Path>, facts: &RunFacts, ui: &Ui) -> Result<SecretKey, CliError> {
    let (key, key_sha256) = load_key(path, passphrase, ui)?;
    if read_by_step(facts, path, Some(key_sha256)) {
        let message = format!("the step read the signing key {}", shown(path));
        return Err(CliError::new(message).with_hint(
            "nothing is signed with it: make another key, where the step cannot read it (another user, or after the step)",
        ));
    }
    Ok(key)
}

/// Reads a private key, and digests its file; one that others can read is warned of.
pub fn load_key(path: &Path, passphrase: Option<&Path>, ui: &Ui) -> Result<(SecretKey, Digest), CliError> {
    let pem = files::read_text(path, MAX_KEY_BYTES)?;
    if let Ok(meta) = path.metadata()
        && meta.is_file()
        && meta.permissions().mode() & 0o077 != 0
    {
        ui.warn(&format!("{} can be read by other users: chmod 600 it", shown(path)));
    }
    let key = if SecretKey::is_sealed(&pem) {
        SecretKey::from_sealed_pem(&pem, passphrase::get(passphrase, path)?.as_bytes())
    } else {
        SecretKey::from_pem(&pem)
    };
    let key = key.map_err(|e| {
        CliError::new(format!("{}: {e}", shown(path))).with_hint("`sekisho keygen NAME` makes NAME.key and NAME.pub")
    })?;
    Ok((key, Digest::of(pem.as_bytes())))
}

/// What a finished recording says.
pub fn facts(input: impl io::Read, recording: &Path) -> Result<RunFacts, CliError> {
    gather(input).map_err(|error| {
        let message = format!("cannot attest {}: {error}", shown(recording));
        match error {
            FactsError::Truncated { .. } => {
                CliError::new(message).with_hint("the recorder was ended before it could finish: record the step again")
            }
            _ => CliError::new(message),
        }
    })
}

fn name_step(facts: &mut RunFacts, step: Option<&str>) -> Result<(), CliError> {
    match (&facts.header.step, step) {
        (Some(recorded), Some(asked)) if recorded != asked => {
            let (recorded, asked) = (escape(recorded.as_bytes()), escape(asked.as_bytes()));
            Err(CliError::new(format!("the recording is of step {recorded}, not {asked}")))
        }
        (None, Some(asked)) => {
            facts.header.step = Some(asked.to_owned());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// True if the step opened the secret's file, or another file with its content: a copy, or the same by another name.
pub fn read_by_step(facts: &RunFacts, secret: &Path, sha256: Option<Digest>) -> bool {
    let real = secret.canonicalize().unwrap_or_else(|_| secret.to_path_buf());
    let same =
        |m: &Material| m.path.as_bytes() == real.as_os_str().as_bytes() || sha256.is_some_and(|d| m.sha256 == Some(d));
    facts.materials.iter().any(same) || sha256.is_some_and(|digest| facts.was_read(digest))
}

fn product_error(error: &ProductError) -> CliError {
    let hint = match error {
        ProductError::NoMatch(_) => {
            "globs are relative to the workspace, `*` stops at `/`; `sekisho show REC` lists what was written"
        }
        ProductError::Changed(_) | ProductError::Gone(_) => "attest before anything else touches what the step made",
        ProductError::NoDigest(_) => "the recorder could not digest it; the recording's `content` event says why",
        ProductError::TooMany(_) => "name the files that are released, or pack them into one archive in the step",
        _ => return CliError::new(error.to_string()),
    };
    CliError::new(error.to_string()).with_hint(hint)
}

/// The digest of a regular file; symbolic links are not followed.
pub fn digest_file(path: &Path) -> io::Result<Option<FileDigest>> {
    regular(path)?.map(digest).transpose()
}

/// Opens a regular file; of anything else, and of nothing, gives `None`. Symbolic links are not followed.
pub fn regular(path: &Path) -> io::Result<Option<File>> {
    match path.symlink_metadata() {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
        Ok(meta) if !meta.is_file() => Ok(None),
        Ok(_) => File::open(path).map(Some),
    }
}

/// The digest of what can be read.
pub fn digest(mut input: impl io::Read) -> io::Result<FileDigest> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                size += n as u64;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(FileDigest { sha256: Digest::new(hash.finalize().into()), size: Some(size) })
}

fn write(lines: &str, request: &Request<'_>) -> Result<(), CliError> {
    let path = request.output;
    if request.append && path.as_os_str() != "-" {
        append(path, lines.as_bytes()).map_err(|e| match e.kind() {
            ErrorKind::InvalidData => CliError::new(format!("{} does not end with a line: it was cut", shown(path)))
                .with_exit(Exit::CANNOT_JUDGE),
            _ => CliError::file("write", path, e),
        })
    } else {
        files::write(path, lines.as_bytes())
    }
}

/// Adds lines under a lock, or leaves the file as it was.
fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    file.lock()?;
    let before = file.seek(SeekFrom::End(0))?;
    if before > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    let written = file.write_all(lines).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_lines_follow_each_other_and_a_cut_file_is_not_added_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.jsonl");
        append(&path, b"1\n").unwrap();
        append(&path, b"2\n").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"1\n2\n");
        std::fs::write(&path, b"1\n2").unwrap();
        assert!(append(&path, b"3\n").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"1\n2");
    }

    #[test]
    fn a_link_or_a_directory_is_no_product() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("f"), dir.path().join("l"));
        std::fs::write(&file, b"abc").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(digest_file(&file).unwrap().unwrap().sha256, Digest::of(b"abc"));
        for none in [&link, dir.path(), &dir.path().join("missing")] {
            assert!(digest_file(none).unwrap().is_none());
        }
    }
}
