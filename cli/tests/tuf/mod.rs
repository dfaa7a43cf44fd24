//! A TUF repository on loopback, signed by keys of its own. For tests alone.
use sekisho_attest::{Algorithm, SecretKey};
use sekisho_events::Digest;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Long after any test.
pub(crate) const FAR: &str = "2999-01-01T00:00:00Z";
/// Before any.
pub(crate) const PAST: &str = "2020-01-01T00:00:00Z";

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(Algorithm::Ed25519, &[seed; 32]).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The last 32 bytes of an Ed25519 key's SubjectPublicKeyInfo are the key.
fn public(key: &SecretKey) -> String {
    let spki = key.public().unwrap().spki().to_vec();
    hex(&spki[spki.len() - 32..])
}

fn id(key: &SecretKey) -> String {
    Digest::of(public(key).as_bytes()).to_hex()
}

/// As TUF signs it: keys sorted, nothing between them. All texts here are printable ASCII without quotes and backslashes.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), canonical(v))).collect();
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

/// An envelope around it, signed by these.
pub(crate) fn signed(content: &Value, by: &[&SecretKey]) -> Vec<u8> {
    let bytes = serde_json::to_vec(&canonical(content)).unwrap();
    let signatures: Vec<Value> =
        by.iter().map(|key| json!({"keyid": id(key), "sig": hex(&key.sign(&bytes).unwrap())})).collect();
    serde_json::to_vec(&json!({"signatures": signatures, "signed": content})).unwrap()
}

/// A root that gives the roles `root` and all others to these keys, each by a threshold of all.
pub(crate) fn root(version: u64, owners: &[&SecretKey], online: &SecretKey, expires: &str) -> Value {
    let all = owners.iter().copied().chain([online]);
    let keys: Map<String, Value> = all
        .map(|key| (id(key), json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public(key)}})))
        .collect();
    let owners: Vec<String> = owners.iter().map(|key| id(key)).collect();
    let online = json!({"keyids": [id(online)], "threshold": 1});
    json!({
        "_type": "root", "spec_version": "1.0.31", "consistent_snapshot": true, "version": version, "expires": expires, "keys": keys,
        "roles": {"root": {"keyids": owners, "threshold": owners.len()}, "timestamp": online, "snapshot": online, "targets": online},
    })
}

fn hashed(bytes: &[u8], version: Option<u64>) -> Value {
    let mut entry = json!({"length": bytes.len(), "hashes": {"sha256": Digest::of(bytes).to_hex()}});
    if let Some(version) = version {
        entry["version"] = version.into();
    }
    entry
}

/// Files by path; whoever asks for another one is told that there is none.
#[derive(Clone, Default)]
pub(crate) struct Repository {
    pub(crate) url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// How many requests are answered by 503 first.
    pub(crate) busy: Arc<Mutex<usize>>,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tuf", listener.local_addr().unwrap());
        let repository = Self { url, ..Self::default() };
        let serving = repository.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        repository
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(format!("/tuf/{name}"), bytes.to_vec());
    }

    /// Publishes targets, a snapshot and a timestamp of this version.
    pub(crate) fn publish(&self, version: u64, online: &SecretKey, expires: &str, targets: &[(&str, &[u8])]) {
        let mut listed = Map::new();
        for (name, bytes) in targets {
            listed.insert((*name).to_owned(), hashed(bytes, None));
            self.put(&format!("targets/{}.{name}", Digest::of(bytes).to_hex()), bytes);
        }
        let role = |kind: &str, rest: (&str, Value)| {
            let mut value = json!({"_type": kind, "spec_version": "1.0.31", "version": version, "expires": FAR});
            value[rest.0] = rest.1;
            value
        };
        let targets = signed(&role("targets", ("targets", listed.into())), &[online]);
        self.put(&format!("{version}.targets.json"), &targets);
        let meta = json!({"targets.json": hashed(&targets, Some(version))});
        let snapshot = signed(&role("snapshot", ("meta", meta)), &[online]);
        self.put(&format!("{version}.snapshot.json"), &snapshot);
        let mut timestamp = role("timestamp", ("meta", json!({"snapshot.json": hashed(&snapshot, Some(version))})));
        timestamp["expires"] = expires.into();
        self.put("timestamp.json", &signed(&timestamp, &[online]));
    }

    /// One request a connection.
    fn serve(&self, stream: &TcpStream) {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let asked = lines.next().unwrap_or_default();
        // To the empty line: who closes before all was read may take back what it has sent.
        for line in lines {
            if line.is_empty() {
                break;
            }
        }
        let path = asked.split(' ').nth(1).unwrap_or_default();
        let mut busy = self.busy.lock().unwrap();
        let (status, body) = match self.files.lock().unwrap().get(path) {
            _ if *busy > 0 => (503, Vec::new()),
            Some(file) => (200, file.clone()),
            None => (404, Vec::new()),
        };
        *busy = busy.saturating_sub(1);
        drop(busy);
        let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut out = stream;
        let _ = out.write_all(&[head.as_bytes(), &body].concat());
    }
}
