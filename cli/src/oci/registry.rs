//! A registry's calls (opencontainers/distribution-spec, version 1.1): manifests, blobs, referrers.
//!
//! Invariant: no answer is read beyond its limit, what is asked for by digest has that digest, and a password goes to nobody but the
//! registry that it is kept for, or the service for tokens that this registry names, always by TLS unless both are on this machine.
use super::INDEX_TYPE;
use super::credentials::{self, Challenge, Credentials};
use super::reference::{Reference, is_local};
use crate::exit::CliError;
use crate::network::{self, Patience, said};
use crate::ui::Ui;
use sekisho_attest::strict_json;
use sekisho_events::Digest;
use serde_json::Value;
use sigstore_sign::reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK, LOCATION, WWW_AUTHENTICATE};
use sigstore_sign::reqwest::redirect::{Attempt, Policy};
use sigstore_sign::reqwest::{Client, Method, Response, StatusCode, Url};
use std::cell::RefCell;

/// Longest manifest (distribution-spec: registries should take 4 MiB).
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;
/// Longest token, and longest answer that is of no further use.
const MAX_SMALL_BYTES: usize = 64 << 10;
/// How often a request is sent elsewhere.
const MAX_REDIRECTS: usize = 5;
/// How many pages a list of referrers may have.
const MAX_PAGES: usize = 50;

/// Why a registry did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody answers, or not to the end.
    #[error("no answer: {0}")]
    Network(String),
    /// It says no.
    #[error("it answers {status} when asked {asked}")]
    Status {
        /// What it was asked.
        asked: &'static str,
        /// What it answered.
        status: StatusCode,
    },
    /// More than is read.
    #[error("{what} is longer than {limit} bytes")]
    TooLong {
        /// What is read.
        what: &'static str,
        /// How much of it.
        limit: usize,
    },
    /// Not what was asked for.
    #[error("what it gives as sha256:{asked} is sha256:{found}")]
    OtherContent {
        /// What was asked for.
        asked: Digest,
        /// What came.
        found: Digest,
    },
    /// Not what the specification says.
    #[error("{0} is not what the specification says")]
    Malformed(&'static str),
    /// More of something than is looked at.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// A password would go where others can read it.
    #[error("it asks for a token of {0}, which is neither https nor on this machine")]
    Exposed(String),
    /// There is no such image.
    #[error("there is no such image")]
    Absent,
    /// Somebody else attaches at the same time, again and again.
    #[error("what was attached is gone: somebody else attaches at the same time")]
    Overtaken,
}

impl Failure {
    fn network(error: impl std::error::Error) -> Self {
        // What is behind it says more: the outermost names only the address.
        let innermost = std::iter::successors(error.source(), |e| e.source()).last();
        Self::Network(innermost.map_or_else(|| said(&error), |e| said(&e)))
    }

    /// With the name of whom was asked, and what to do about it.
    pub fn of(self, reference: &Reference) -> CliError {
        let error = CliError::new(format!("{}: {self}", reference.shown()));
        match self {
            Self::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => error
                .with_hint(format!("`docker login {}` keeps a name and a password that may do this", reference.host)),
            _ => error,
        }
    }
}

/// A manifest, whatever is in it.
pub struct Manifest {
    /// Its bytes, of which it has its digest.
    pub bytes: Vec<u8>,
    /// Of its bytes.
    pub sha256: Digest,
    /// As the registry calls it.
    pub media_type: String,
}

impl Manifest {
    /// Its meaning; a key that stands twice has none.
    pub fn value(&self) -> Result<Value, Failure> {
        strict_json::parse(&self.bytes).map_err(|_| Failure::Malformed("a manifest"))
    }
}

/// What is sent.
struct Request<'a> {
    asked: &'static str,
    method: Method,
    url: Url,
    accept: Option<&'static str>,
    body: Option<(&'a str, &'a [u8])>,
}

/// One repository of a registry.
pub struct Registry {
    http: Client,
    base: Url,
    is_local: bool,
    scope: String,
    credentials: Option<Credentials>,
    authorization: RefCell<Option<String>>,
    patience: Patience,
}

impl Registry {
    /// Asks nobody yet. `actions` are `pull` or `pull,push`.
    pub fn new(reference: &Reference, actions: &str, ui: Ui) -> Result<Self, CliError> {
        let is_local = reference.is_local();
        let base = Url::parse(&reference.base()).map_err(|e| CliError::new(said(&e)))?;
        Ok(Self {
            http: network::client(Policy::custom(move |attempt| redirect(attempt, is_local)))?,
            base,
            is_local,
            scope: format!("repository:{}:{actions}", reference.name),
            credentials: credentials::of(&reference.host)?,
            authorization: RefCell::default(),
            patience: Patience::new(ui, "the registry is busy"),
        })
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.base.join(path).map_err(|_| Failure::Malformed("an address"))
    }

    /// The manifest of a tag or `sha256:HEX`, if there is one.
    pub async fn manifest(&self, which: &str) -> Result<Option<Manifest>, Failure> {
        const KINDS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
             application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
        let url = self.url(&format!("manifests/{which}"))?;
        let asked = "for a manifest";
        let request = Request { asked, method: Method::GET, url, accept: Some(KINDS), body: None };
        let response = self.send(&request).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = expect(response, asked, StatusCode::OK)?;
        let media_type = content_type(&response);
        let bytes = read(response, "a manifest", MAX_MANIFEST_BYTES).await?;
        let sha256 = Digest::of(&bytes);
        if let Some(hex) = which.strip_prefix("sha256:") {
            same(Digest::from_hex(hex).ok_or(Failure::Malformed("a digest"))?, sha256)?;
        }
        Ok(Some(Manifest { bytes, sha256, media_type }))
    }

    /// The content that has this digest, if it is there.
    pub async fn blob(&self, sha256: Digest, limit: usize) -> Result<Option<Vec<u8>>, Failure> {
        let url = self.url(&format!("blobs/sha256:{sha256}"))?;
        let asked = "for a blob";
        let response = self.send(&Request { asked, method: Method::GET, url, accept: None, body: None }).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let bytes = read(expect(response, asked, StatusCode::OK)?, "a blob", limit).await?;
        same(sha256, Digest::of(&bytes))?;
        Ok(Some(bytes))
    }

    /// What refers to a manifest, by the call that registries of version 1.1 have; `None` if this one does not.
    pub async fn referrers(&self, sha256: Digest) -> Result<Option<Vec<Value>>, Failure> {
        let mut next = Some(self.url(&format!("referrers/sha256:{sha256}"))?);
        let mut out = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else { return Ok(Some(out)) };
            let request = Request {
                asked: "for referrers",
                method: Method::GET,
                url: url.clone(),
                accept: Some(INDEX_TYPE),
                body: None,
            };
            let response = self.send(&request).await?;
            if response.status() != StatusCode::OK || content_type(&response) != INDEX_TYPE {
                // Registries without the call answer this and that; those with it, an index.
                return if out.is_empty() { Ok(None) } else { Err(Failure::Malformed("a page of referrers")) };
            }
            next = response.headers().get(LINK).and_then(|link| following(&url, link.to_str().ok()?));
            let bytes = read(response, "a list of referrers", MAX_MANIFEST_BYTES).await?;
            let index = strict_json::parse(&bytes).map_err(|_| Failure::Malformed("a list of referrers"))?;
            let list = index["manifests"].as_array().ok_or(Failure::Malformed("a list of referrers"))?;
            out.extend(list.iter().cloned());
        }
        Err(Failure::TooMany { what: "pages of referrers", limit: MAX_PAGES })
    }

    /// Puts content there, unless it is there already.
    pub async fn put_blob(&self, bytes: &[u8]) -> Result<(), Failure> {
        let sha256 = Digest::of(bytes);
        let asked = "to take a blob";
        let url = self.url(&format!("blobs/sha256:{sha256}"))?;
        let there = self.send(&Request { asked, method: Method::HEAD, url, accept: None, body: None }).await?;
        if there.status() == StatusCode::OK {
            return Ok(());
        }
        let url = self.url("blobs/uploads/")?;
        let body = Some(("application/octet-stream", &b""[..]));
        let begun = self.send(&Request { asked, method: Method::POST, url: url.clone(), accept: None, body }).await?;
        let begun = expect(begun, asked, StatusCode::ACCEPTED)?;
        let location = begun.headers().get(LOCATION).and_then(|l| l.to_str().ok());
        let to = location.and_then(|l| url.join(l).ok()).filter(|to| is_private(to, self.is_local));
        let mut to = to.ok_or(Failure::Malformed("where a blob is to go"))?;
        to.query_pairs_mut().append_pair("digest", &format!("sha256:{sha256}"));
        let body = Some(("application/octet-stream", bytes));
        let put = self.send(&Request { asked, method: Method::PUT, url: to, accept: None, body }).await?;
        expect(put, asked, StatusCode::CREATED).map(drop)
    }

    /// Puts a manifest there, by its digest or under a tag. True if the registry says that it will list it as a referrer.
    pub async fn put_manifest(&self, which: &str, media_type: &str, bytes: &[u8]) -> Result<bool, Failure> {
        let asked = "to take a manifest";
        let url = self.url(&format!("manifests/{which}"))?;
        let body = Some((media_type, bytes));
        let put = self.send(&Request { asked, method: Method::PUT, url, accept: None, body }).await?;
        Ok(expect(put, asked, StatusCode::CREATED)?.headers().contains_key("oci-subject"))
    }

    /// Sends a request, again if the registry is busy, and with a token or a password if it wants one.
    async fn send(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let busy = |failure: &Failure| matches!(failure, Failure::Status { status, .. } if status.is_server_error() || [408, 429].contains(&status.as_u16()));
        self.patience
            .again(busy, async || {
                let mut response = self.once(request).await?;
                if response.status() == StatusCode::UNAUTHORIZED && self.authorize(&response).await? {
                    response = self.once(request).await?;
                }
                let (status, asked) = (response.status(), request.asked);
                let failure = Failure::Status { asked, status };
                if busy(&failure) { Err(failure) } else { Ok(response) }
            })
            .await
    }

    async fn once(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        if let Some(accept) = request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if let Some((kind, bytes)) = request.body {
            builder = builder.header(CONTENT_TYPE, kind).body(bytes.to_vec());
        }
        if let Some(authorization) = &*self.authorization.borrow()
            && request.url.origin() == self.base.origin()
        {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        builder.send().await.map_err(Failure::network)
    }

    /// Gets what a registry asks for; false if there is nothing to be got.
    async fn authorize(&self, refusal: &Response) -> Result<bool, Failure> {
        let headers = refusal.headers().get_all(WWW_AUTHENTICATE);
        let challenge = headers.iter().find_map(|header| Challenge::parse(header.to_str().ok()?));
        let authorization = match (challenge, &self.credentials) {
            (Some(Challenge::Bearer { realm, service }), _) => self.token(&realm, service.as_deref()).await?,
            (Some(Challenge::Basic), Some(credentials)) => basic(credentials),
            _ => return Ok(false),
        };
        self.authorization.replace(Some(authorization));
        Ok(true)
    }

    async fn token(&self, realm: &str, service: Option<&str>) -> Result<String, Failure> {
        let mut url = Url::parse(realm).map_err(|_| Failure::Malformed("where tokens are"))?;
        if !is_private(&url, self.is_local) {
            return Err(Failure::Exposed(said(&realm)));
        }
        url.query_pairs_mut().extend_pairs(service.map(|s| ("service", s))).append_pair("scope", &self.scope);
        let mut builder = self.http.get(url);
        if let Some(credentials) = &self.credentials {
            builder = builder.header(AUTHORIZATION, basic(credentials));
        }
        let response = expect(builder.send().await.map_err(Failure::network)?, "for a token", StatusCode::OK)?;
        let bytes = read(response, "a token", MAX_SMALL_BYTES).await?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let token =
            answer["token"].as_str().or(answer["access_token"].as_str()).ok_or(Failure::Malformed("a token"))?;
        Ok(format!("Bearer {token}"))
    }
}

fn basic(credentials: &Credentials) -> String {
    use base64::Engine as _;
    let text = format!("{}:{}", credentials.user, credentials.secret);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
}

/// True if nobody on the way can read what is sent there.
fn is_private(url: &Url, registry_is_local: bool) -> bool {
    url.scheme() == "https" || registry_is_local && url.scheme() == "http" && url.host_str().is_some_and(is_local)
}

/// Registries send whoever wants a blob to where it is kept; a password does not go along (reqwest takes it away for another host).
fn redirect(attempt: Attempt<'_>, registry_is_local: bool) -> sigstore_sign::reqwest::redirect::Action {
    if attempt.previous().len() <= MAX_REDIRECTS && is_private(attempt.url(), registry_is_local) {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// The next page of a list (RFC 8288), if it is of the same registry.
fn following(page: &Url, link: &str) -> Option<Url> {
    let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    let next = page.join(target).ok()?;
    (rest.contains("rel=\"next\"") && next.origin() == page.origin() && next != *page).then_some(next)
}

fn content_type(response: &Response) -> String {
    let header = response.headers().get(CONTENT_TYPE).and_then(|h| h.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_owned()
}

fn expect(response: Response, asked: &'static str, status: StatusCode) -> Result<Response, Failure> {
    let found = response.status();
    if found == status { Ok(response) } else { Err(Failure::Status { asked, status: found }) }
}

async fn read(mut response: Response, what: &'static str, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::network)? {
        if out.len() + chunk.len() > limit {
            return Err(Failure::TooLong { what, limit });
        }
        out.extend_from_slice(&chunk);
    }
    Ok(out)
}

fn same(asked: Digest, found: Digest) -> Result<(), Failure> {
    if asked == found { Ok(()) } else { Err(Failure::OtherContent { asked, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_can_be_read_by_nobody_on_the_way() {
        let is = |url: &str, local| is_private(&Url::parse(url).unwrap(), local);
        assert!(is("https://store.example/x", false) && is("http://127.0.0.1:5/x", true));
        for (url, local) in
            [("http://127.0.0.1:5/x", false), ("http://store.example/x", true), ("ftp://localhost/x", true)]
        {
            assert!(!is(url, local), "{url}");
        }
        assert!(!is("http://127.0.0.1.example/x", true) && !is("http://localhost@evil.example/x", true));
    }

    /// RFC 8288; distribution-spec, "Listing Referrers".
    #[test]
    fn the_next_page_is_of_the_same_registry() {
        let page = Url::parse("https://h.example/v2/a/referrers/x").unwrap();
        let of = |link: &str| following(&page, link).map(String::from);
        assert_eq!(of("</v2/a/referrers/x?n=2>; rel=\"next\"").unwrap(), "https://h.example/v2/a/referrers/x?n=2");
        for none in
            ["<https://evil.example/x>; rel=\"next\"", "</v2/a/referrers/x>; rel=\"next\"", "</b>; rel=\"prev\"", "x"]
        {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
