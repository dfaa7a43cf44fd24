//! Who may ask: by a link that opens once, for the name and port that the server has, from its own page.
//!
//! The secret of a window is kept by that window and sent as a header that no browser adds by itself, so that another page, another
//! port of this machine, or a name that was rebound to it has nothing to send.
use axum::http::{HeaderMap, Method, StatusCode, header};
use sekisho_events::Digest;
use std::sync::Mutex;

/// Longest body of a request.
pub const MAX_BODY_BYTES: usize = 64 << 10;
/// Links, and windows, that may be open at a time.
const MAX_OPEN: usize = 64;

/// Decides about requests.
pub struct Guard {
    /// `127.0.0.1:PORT`, `localhost:PORT`.
    hosts: [String; 2],
    /// Digests of links that have not been opened.
    links: Mutex<Vec<Digest>>,
    /// Digests of the secrets of windows.
    windows: Mutex<Vec<Digest>>,
}

impl Guard {
    /// For a server on this port.
    pub fn new(port: u16) -> Self {
        Self {
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            links: Mutex::default(),
            windows: Mutex::default(),
        }
    }

    /// A new secret for a link; the oldest is forgotten if there are too many.
    pub fn link(&self) -> Option<String> {
        issue(&self.links)
    }

    /// The secret of a new window for that of a link, which is used up.
    pub fn enter(&self, secret: &str) -> Option<String> {
        let digest = Digest::of(secret.as_bytes());
        let mut links = self.links.lock().ok()?;
        let at = links.iter().position(|d| *d == digest)?;
        links.remove(at);
        drop(links);
        issue(&self.windows)
    }

    /// Why a request is not for this server, whoever asks: another name, or from another page.
    pub fn is_foreign(&self, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let text = |name| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
        if !text(header::HOST).is_some_and(|host| self.hosts.iter().any(|h| h == host)) {
            return Some((StatusCode::MISDIRECTED_REQUEST, "this server goes by 127.0.0.1 and localhost only"));
        }
        let own = |origin: &str| origin.strip_prefix("http://").is_some_and(|o| self.hosts.iter().any(|h| h == o));
        if text(header::ORIGIN).is_some_and(|origin| !own(origin)) {
            return Some((StatusCode::FORBIDDEN, "another page may not ask"));
        }
        None
    }

    /// Why a request of the page's script is refused.
    pub fn refuses(&self, method: &Method, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
            return Some((StatusCode::FORBIDDEN, "another page may not ask"));
        }
        if method != Method::GET && text(header::CONTENT_TYPE) != Some("application/json") {
            return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "only application/json is taken"));
        }
        // Said before anything of it is read.
        let length = text(header::CONTENT_LENGTH).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
        (length > MAX_BODY_BYTES).then_some((StatusCode::PAYLOAD_TOO_LARGE, "that is too long for a decision"))
    }

    /// True if the request has the secret of a window.
    pub fn knows(&self, headers: &HeaderMap) -> bool {
        let secret = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
        let digest = secret.map(|s| Digest::of(s.as_bytes()));
        digest.is_some_and(|digest| self.windows.lock().is_ok_and(|all| all.contains(&digest)))
    }
}

/// 256 random bits in hex; what is kept is their digest, so that comparing takes as long whatever is asked.
fn issue(list: &Mutex<Vec<Digest>>) -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    let secret = Digest::of(&bytes).to_hex();
    let mut list = list.lock().ok()?;
    if list.len() >= MAX_OPEN {
        list.remove(0);
    }
    list.push(Digest::of(secret.as_bytes()));
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_link_opens_once_and_each_window_has_a_secret_of_its_own() {
        let guard = Guard::new(4000);
        let link = guard.link().unwrap();
        let window = guard.enter(&link).unwrap();
        assert_eq!(guard.enter(&link), None);
        assert_eq!(guard.enter(&window), None);
        assert!(guard.knows(&headers(&[("authorization", &format!("Bearer {window}"))])));
        assert!(!guard.knows(&headers(&[("authorization", &format!("Bearer {link}"))])));
        assert!(!guard.knows(&headers(&[("cookie", &window)])));
    }

    #[test]
    fn another_name_another_port_and_another_page_are_foreign() {
        let guard = Guard::new(4000);
        assert_eq!(guard.is_foreign(&headers(&[("host", "127.0.0.1:4000")])), None);
        let own = [("host", "localhost:4000"), ("origin", "http://localhost:4000")];
        assert_eq!(guard.is_foreign(&headers(&own)), None);
        for foreign in [
            &[][..],
            &[("host", "evil.example:4000")],
            &[("host", "127.0.0.1")],
            &[("host", "127.0.0.1:4001")],
            &[("host", "127.0.0.1:4000"), ("origin", "http://evil.example")],
            &[("host", "127.0.0.1:4000"), ("origin", "null")],
            &[("host", "127.0.0.1:4000"), ("origin", "https://127.0.0.1:4000")],
        ] {
            assert!(guard.is_foreign(&headers(foreign)).is_some(), "{foreign:?}");
        }
    }

    #[test]
    fn what_a_form_or_another_page_can_send_is_refused() {
        let guard = Guard::new(4000);
        let refused =
            |method: Method, pairs: &[(&'static str, &str)]| guard.refuses(&method, &headers(pairs)).is_some();
        assert!(!refused(Method::POST, &[("content-type", "application/json")]));
        assert!(refused(Method::POST, &[("content-type", "text/plain")]));
        assert!(refused(Method::POST, &[]));
        assert!(refused(Method::GET, &[("sec-fetch-site", "cross-site")]));
        assert!(refused(Method::GET, &[("sec-fetch-site", "same-site")]));
        assert!(!refused(Method::GET, &[("sec-fetch-site", "same-origin")]));
    }
}
