//! `sekisho attest`.
use crate::args::AttestArgs;
use crate::attesting::{self, Request, Signer};
use crate::commands::attach;
use crate::exit::{CliError, Exit, shown_output};
use crate::files;
use crate::judging;
use crate::oci::{self, Reference};
use crate::profiled::Loaded;
use crate::ui::Ui;
use sekisho_profiles::DiffReport;
use std::fs::File;
use std::io::{BufReader, Read, Seek as _, copy};
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn run(args: &AttestArgs, ui: &Ui) -> Result<Exit, CliError> {
    let signer = Signer::of(&args.signing)
        .ok_or_else(|| CliError::new("nobody is named who signs: --key K, --keyless or --signer SOCKET"))?;
    // What cannot be found is said before anything is signed.
    let image = args.oci.as_deref().map(Reference::parse).transpose()?;
    let image = image.map(|image| Ok::<_, CliError>((oci::subject(&image, *ui)?, image))).transpose()?;
    let mut input = Input::open(&args.recording)?;
    let verdict = match &args.profile {
        Some(path) => {
            Some(judging::judge_from(input.again()?, &args.recording, &Loaded::to_judge(path, &args.origin)?)?)
        }
        None => None,
    };
    let verdict_json = verdict.as_ref().map(DiffReport::to_json);
    let request = Request {
        recording: &args.recording,
        signer,
        products: &args.product,
        verdict: verdict_json.as_ref(),
        profile: args.profile.as_deref(),
        step: args.step.as_deref(),
        sbom: args.sbom.as_deref(),
        scai: args.signing.scai,
        link: args.link.as_deref(),
        output: &args.output,
        append: args.append,
        image: image.as_ref().map(|(subject, _)| subject.sha256),
    };
    let attested = attesting::attest_from(input.again()?, &request, ui)?;
    ui.note(&format!(
        "signed {} statements about {} of {} products into {} with {}",
        attested.statements,
        attested.subjects,
        attested.products,
        shown_output(&args.output),
        attested.signer,
    ));
    if let Some((subject, image)) = &image {
        attach::written(&attested.lines, &args.output, image, subject, ui)?;
    }
    if !attested.complete {
        ui.warn(
            "the recording is not complete, the attestations say so, and a policy refuses them unless it allows that",
        );
    }
    if verdict.is_some_and(|v| !v.clean) {
        ui.warn("the verdict is not clean, and the attestations say so: a policy refuses them");
    }
    Ok(Exit::OK)
}

/// A recording that is read twice: by the judge, and for the facts. Standard input is kept in a file without a name.
struct Input {
    path: PathBuf,
    kept: Option<File>,
}

impl Input {
    fn open(path: &Path) -> Result<Self, CliError> {
        let mut kept = None;
        if path.as_os_str() == "-" {
            let mut file = tempfile::tempfile().map_err(|e| CliError::file("keep", path, e))?;
            copy(&mut files::open(path)?, &mut file).map_err(|e| CliError::file("read", path, e))?;
            kept = Some(file);
        }
        Ok(Self { path: path.to_path_buf(), kept })
    }

    /// From the beginning.
    fn again(&mut self) -> Result<Box<dyn Read + '_>, CliError> {
        let Some(file) = &mut self.kept else { return files::open(&self.path) };
        file.rewind().map_err(|e| CliError::file("read", &self.path, e))?;
        Ok(Box::new(BufReader::new(file)))
    }
}
