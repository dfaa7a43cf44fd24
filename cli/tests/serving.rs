//! The review server as anybody on the machine, or any page in the browser, may meet it.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Whatever takes longer has failed.
const LIMIT: Duration = Duration::from_secs(120);

fn sekisho(dir: &Path, words: &[&str]) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(words).current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap().code().unwrap()
}

/// A profile, and a recording `bad.rec` that does two things more.
fn prepared() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    assert_eq!(sekisho(at, &["record", "-o", "good.rec", "--", "sh", "-c", "echo a > out"]), 0);
    assert_eq!(sekisho(at, &["profile", "new", "good.rec", "--name", "t"]), 0);
    let step = "echo a > out; echo x > one; echo x > two";
    assert_eq!(sekisho(at, &["record", "-o", "bad.rec", "--", "sh", "-c", step]), 0);
    dir
}

struct Server {
    child: Child,
    host: String,
    link: String,
    window: String,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Server {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.args(["review", "sekisho.toml"]).args(more).args(["--serve", "--reviewer", "dana"]).current_dir(dir);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // What it says later goes nowhere, and does not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let (_, url) = line.trim().split_once("http://").unwrap_or_else(|| panic!("{line}"));
        let (host, link) = url.split_once("/#link=").unwrap();
        Self { child, host: host.to_owned(), link: link.to_owned(), window: String::new() }
    }

    /// With a window that the link opened.
    fn entered(dir: &Path, more: &[&str]) -> Self {
        let mut server = Self::start(dir, more);
        let answer = server.post("enter", &json!({"link": server.link}));
        answer.json()["window"].as_str().unwrap().clone_into(&mut server.window);
        server
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    fn send(&self, head: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        write!(stream, "{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn get(&self, path: &str, more: &str) -> Answer {
        let bearer =
            if self.window.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", self.window) };
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{bearer}{more}", self.host), "")
    }

    fn post(&self, what: &str, body: &Value) -> Answer {
        let bearer = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.window);
        self.send(&format!("POST /api/{what} HTTP/1.1\r\nHost: {}\r\n{bearer}", self.host), &body.to_string())
    }

    fn state(&self) -> Value {
        self.get("/api/state", "").json()
    }

    /// Accepts the question about a file as narrowly as it can be.
    fn accept(&self, file: &str) -> Value {
        let state = self.state();
        let questions = state["questions"].as_array().unwrap();
        let question = questions.iter().find(|q| q["what"].as_str().unwrap().ends_with(file)).unwrap();
        let answer = self.post("decide", &json!({"question": question["key"], "choice": 0, "reason": "a test"}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Ends it; returns its status and what it wrote to standard output.
    fn end(mut self) -> (i32, String) {
        assert_eq!(self.post("end", &json!({})).status, 200);
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (self.child.wait().unwrap().code().unwrap(), out)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn who_has_no_window_sees_nothing_and_a_link_opens_once() {
    let dir = prepared();
    let mut server = Server::start(dir.path(), &["bad.rec"]);
    let page = server.get("/", "");
    assert!(page.status == 200 && page.head.contains("frame-ancestors 'none'"), "{}", page.head);
    assert!(
        !page.body.contains("bad.rec") && !page.body.contains("planted") && page.body.contains("connect-src 'self'")
    );
    for path in ["/api/state", "/api/data/0", "/api/changes"] {
        assert_eq!(server.get(path, "").status, 401, "{path}");
        assert_eq!(server.get(path, &format!("Cookie: window={}\r\n", server.link)).status, 401, "{path}");
        assert_eq!(server.get(path, &format!("Authorization: Bearer {}\r\n", server.link)).status, 401, "{path}");
    }
    for what in ["decide", "undo", "save", "link", "end"] {
        assert_eq!(server.post(what, &json!({"revision": 1, "id": 1})).status, 401, "{what}");
    }
    assert_eq!(server.post("enter", &json!({"link": "0".repeat(64)})).status, 403);
    assert_eq!(server.post("enter", &json!([])).status, 400);
    let entered = server.post("enter", &json!({"link": server.link}));
    assert_eq!(entered.status, 200);
    assert_eq!(server.post("enter", &json!({"link": server.link})).status, 403);
    entered.json()["window"].as_str().unwrap().clone_into(&mut server.window);
    assert_eq!(server.state()["recordings"][0]["name"], "bad.rec");
    assert_eq!(server.get("/api/data/1", "").status, 404);
    assert_eq!(server.get("/../../etc/passwd", "").status, 404);
}

#[test]
fn another_page_another_name_and_a_form_are_refused() {
    let dir = prepared();
    let server = Server::entered(dir.path(), &["bad.rec"]);
    let ask = |head: &str| {
        let bearer = format!("Authorization: Bearer {}\r\n", server.window);
        server.send(&format!("GET /api/state HTTP/1.1\r\n{head}{bearer}"), "").status
    };
    let host = format!("Host: {}\r\n", server.host);
    assert_eq!(ask(&host), 200);
    assert_eq!(ask(&host.replace("127.0.0.1", "localhost")), 200);
    assert_eq!(ask("Host: review.example\r\n"), 421);
    assert_eq!(ask(&host.replace("127.0.0.1", "127.0.0.1.example")), 421);
    assert_eq!(ask(&format!("{host}Origin: http://evil.example\r\n")), 403);
    assert_eq!(ask(&format!("{host}Origin: null\r\n")), 403);
    assert_eq!(ask(&format!("{host}Sec-Fetch-Site: cross-site\r\n")), 403);
    let form = format!(
        "POST /api/save HTTP/1.1\r\n{host}Authorization: Bearer {}\r\nContent-Type: text/plain\r\n",
        server.window
    );
    assert_eq!(server.send(&form, "{\"revision\":1}").status, 415);
    let long = format!(
        "POST /api/save HTTP/1.1\r\n{host}Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
        server.window
    );
    let mut stream = server.connect();
    write!(stream, "{long}Connection: close\r\nContent-Length: 100000000\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let dir = prepared();
    let server = Server::entered(dir.path(), &["bad.rec"]);
    let before = std::fs::read(dir.path().join("sekisho.toml")).unwrap();
    let state = server.state();
    let key = &state["questions"][0]["key"];
    for (body, status) in [
        (json!({"question": key, "choice": 0, "reason": " "}), 422),
        (json!({"question": key, "choice": 99, "reason": "x"}), 422),
        (json!({"question": key, "choice": -1, "reason": "x"}), 400),
        (json!({"question": "gone", "choice": 0, "reason": "x"}), 409),
        (json!({"choice": "perhaps"}), 400),
        (json!("text"), 400),
    ] {
        assert_eq!(server.post("decide", &body).status, status, "{body}");
    }
    assert_eq!(server.post("undo", &json!({"id": 7})).status, 409);
    assert_eq!(server.post("save", &json!({"revision": state["revision"]})).status, 422, "nothing is decided");
    assert_eq!(server.state()["decisions"], json!([]));
    assert_eq!(std::fs::read(dir.path().join("sekisho.toml")).unwrap(), before);
}

#[test]
fn two_who_save_at_once_lose_nothing() {
    let dir = prepared();
    let at = dir.path();
    let (mine, theirs) = (Server::entered(at, &["bad.rec"]), Server::entered(at, &["bad.rec"]));
    let (my_state, their_state) = (mine.accept("/one"), theirs.accept("/two"));
    // A window that has not seen the latest decision does not save it.
    assert_eq!(mine.post("save", &json!({"revision": 1})).status, 409);
    assert_eq!(mine.post("save", &json!({"revision": my_state["revision"]})).status, 200);
    let late = theirs.post("save", &json!({"revision": their_state["revision"]}));
    assert_eq!(late.status, 409);
    assert!(late.json()["error"].as_str().unwrap().contains("changed by somebody else"), "{}", late.body);
    let state = &late.json()["state"];
    assert_eq!((state["decisions"].as_array().unwrap().len(), state["questions"].as_array().unwrap().len()), (1, 1));
    assert_eq!(theirs.post("save", &json!({"revision": state["revision"]})).status, 200);
    assert_eq!(theirs.end(), (0, String::new()));
    assert_eq!(sekisho(at, &["diff", "bad.rec"]), 0);
    // Somebody left a conflict in it: what was decided is not written over that, and is printed at the end.
    let broken =
        std::fs::read_to_string(at.join("sekisho.toml")).unwrap().replace("[profile]", "<<<<<<< ours\n[profile]");
    assert_eq!(sekisho(at, &["record", "-o", "more.rec", "--", "sh", "-c", "echo a > out; echo x > three"]), 0);
    let server = Server::entered(at, &["more.rec"]);
    let state = server.accept("/three");
    std::fs::write(at.join("sekisho.toml"), &broken).unwrap();
    let refused = server.post("save", &json!({"revision": state["revision"]}));
    assert!(refused.status == 500 && refused.body.contains("sekisho.toml:1:1"), "{}", refused.body);
    assert_eq!(std::fs::read_to_string(at.join("sekisho.toml")).unwrap(), broken);
    let (status, rules) = server.end();
    assert!(status == 1 && rules.contains("[[rule]]") && rules.contains("$WORKSPACE/three"), "{status} {rules}");
}

#[test]
fn a_recording_that_grows_is_read_again_and_told() {
    let dir = prepared();
    let at = dir.path();
    let whole = std::fs::read(at.join("bad.rec")).unwrap();
    // What is written first: all but the end, so that nothing is known of how it went.
    std::fs::write(at.join("live.rec"), &whole[..whole.len() - 1]).unwrap();
    let server = Server::entered(at, &["live.rec"]);
    let begun = server.state();
    assert_eq!(begun["recordings"][0]["open"], true, "{begun}");
    let mut stream = server.connect();
    let head = format!(
        "GET /api/changes HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        server.host, server.window
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut next = || loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(revision) = line.strip_prefix("data: ") {
            return revision.parse::<u64>().unwrap();
        }
    };
    assert_eq!(next(), begun["revision"].as_u64().unwrap());
    let mut live = std::fs::File::options().append(true).open(at.join("live.rec")).unwrap();
    live.write_all(&whole[whole.len() - 1..]).unwrap();
    // Who looks while it is being written sees a part, and is told again.
    let state = loop {
        assert!(next() > begun["revision"].as_u64().unwrap());
        let state = server.state();
        if state["recordings"][0]["open"] == false {
            break state;
        }
    };
    assert!(state["recordings"][0]["version"].as_u64().unwrap() > 1, "{state}");
    // The stream ends with the server.
    let _ = server.end();
    assert!(lines.by_ref().all(|line| line.is_ok_and(|l| !l.contains("error"))));
    let _ = stream.shutdown(Shutdown::Both);
}

#[test]
fn a_review_that_nobody_looks_at_ends() {
    let dir = prepared();
    let mut server = Server::start(dir.path(), &["bad.rec", "--idle", "1ms"]);
    // The questions are open: status 1.
    assert_eq!(server.child.wait().unwrap().code(), Some(1));
}

#[test]
fn what_cannot_be_served_is_said() {
    let dir = prepared();
    assert_eq!(sekisho(dir.path(), &["review", "sekisho.toml", "-", "--serve"]), 2);
    assert_eq!(sekisho(dir.path(), &["review", "sekisho.toml", "missing.rec", "--serve"]), 2);
    assert_eq!(sekisho(dir.path(), &["review", "sekisho.toml", "bad.rec", "--port", "1"]), 2, "only with --serve");
}
