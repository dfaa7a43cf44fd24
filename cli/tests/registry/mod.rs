//! A registry on loopback that keeps what it is given, and lies where it is told to. For tests alone.
use sekisho_events::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// An answer.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// What was asked: method, path with query, headers in lower case, body.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What it holds and how it behaves.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// By digest and by tag: media type and bytes.
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// True if it has the call for referrers.
    pub(crate) lists: bool,
    /// What it wants in `Authorization`, and with what it refuses everybody else.
    pub(crate) wants: Option<(String, String)>,
    /// Answers in place of its own, by path.
    pub(crate) lies: BTreeMap<String, Answer>,
    pub(crate) asked: Vec<Asked>,
}

/// Serves until the program ends.
#[derive(Clone)]
pub(crate) struct Registry {
    pub(crate) host: String,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub(crate) fn new(lists: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let registry = Self { host, state: Arc::new(Mutex::new(State { lists, ..State::default() })) };
        let serving = registry.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        registry
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Holds an image by its tag; gives its digest.
    pub(crate) fn push(&self, tag: &str, manifest: &[u8]) -> Digest {
        let kind = "application/vnd.oci.image.manifest.v1+json".to_owned();
        let digest = Digest::of(manifest);
        let mut state = self.state();
        for name in [tag.to_owned(), format!("sha256:{digest}")] {
            state.manifests.insert(name, (kind.clone(), manifest.to_vec()));
        }
        digest
    }

    /// One request a connection.
    fn serve(&self, stream: &TcpStream) {
        let Some(asked) = read(stream) else { return };
        let mut answer = self.answer(&asked);
        self.state().asked.push(asked.clone());
        if asked.method == "HEAD" {
            answer.body.clear();
        }
        let mut head =
            format!("HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
        for (name, value) in &answer.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        // Who does not want it to the end hangs up.
        let mut out = stream;
        let _ = out.write_all(&[head.as_bytes(), b"\r\n", &answer.body].concat());
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.state();
        if let Some(lie) = state.lies.get(&asked.path) {
            return lie.clone();
        }
        if let Some((wanted, challenge)) = &state.wants
            && asked.headers.get("authorization") != Some(wanted)
        {
            return Answer::new(401).with("WWW-Authenticate", challenge.clone());
        }
        let Some(path) = asked.path.strip_prefix("/v2/app/") else { return Answer::new(404) };
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (&*asked.method, kind) {
            ("POST", "blobs") => Answer::new(202).with("Location", "/v2/app/blobs/uploads/1?state=x"),
            ("PUT", "blobs") => {
                let digest = format!("sha256:{}", Digest::of(&asked.body));
                if !name.ends_with(&format!("&digest={}", digest.replace(':', "%3A"))) {
                    return Answer::new(400);
                }
                state.blobs.insert(digest, asked.body.clone());
                Answer::new(201)
            }
            (_, "blobs") => state.blobs.get(name).map_or(Answer::new(404), |b| Answer::new(200).body(b.clone())),
            ("PUT", "manifests") => {
                let kind = asked.headers["content-type"].clone();
                for name in [name.to_owned(), format!("sha256:{}", Digest::of(&asked.body))] {
                    state.manifests.insert(name, (kind.clone(), asked.body.clone()));
                }
                let answer = Answer::new(201);
                if state.lists { answer.with("OCI-Subject", "sha256:x") } else { answer }
            }
            (_, "manifests") => match state.manifests.get(name) {
                Some((kind, bytes)) => Answer::new(200).with("Content-Type", kind.clone()).body(bytes.clone()),
                None => Answer::new(404),
            },
            ("GET", "referrers") if state.lists => {
                let list = json!({"schemaVersion": 2, "manifests": referrers(&state, name)});
                Answer::new(200).with("Content-Type", INDEX_TYPE).body(list.to_string())
            }
            _ => Answer::new(404),
        }
    }
}

/// The manifests that name this one as their subject.
fn referrers(state: &State, digest: &str) -> Vec<Value> {
    let by_digest = state.manifests.iter().filter(|(name, _)| name.starts_with("sha256:"));
    let of = |(name, (kind, bytes)): (&String, &(String, Vec<u8>))| {
        let manifest: Value = serde_json::from_slice(bytes).ok()?;
        let entry =
            json!({"mediaType": kind, "digest": name, "size": bytes.len(), "artifactType": manifest["artifactType"]});
        (manifest["subject"]["digest"] == digest).then_some(entry)
    };
    by_digest.filter_map(of).collect()
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut input = BufReader::new(stream);
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |l| l.parse().unwrap());
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}
