//! HTTP: what can be asked, and by whom.
use super::desk::{Choice, Desk, Problem};
use super::guard::{Guard, MAX_BODY_BYTES};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often a stream says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What every request sees.
pub struct Served {
    /// What is reviewed.
    pub desk: Mutex<Desk>,
    /// Who may ask.
    pub guard: Guard,
    /// Port that it listens on.
    pub port: u16,
    /// The latest revision, for those who wait for another.
    pub revision: watch::Sender<u64>,
    /// True when it is to end.
    pub ending: watch::Sender<bool>,
    /// When somebody last asked.
    pub asked: Mutex<Instant>,
    /// How many are waiting for what is new.
    pub watching: AtomicUsize,
}

type App = Arc<Served>;

impl Served {
    /// Does something with the desk, and tells those who wait if that changed what they see.
    pub fn at_desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut desk);
        let now = desk.revision();
        self.revision.send_if_modified(|known| std::mem::replace(known, now) != now);
        done
    }

    /// Somebody is there.
    pub fn touch(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long nobody has asked.
    pub fn idle(&self) -> Duration {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// A link that opens once.
    pub fn link(&self) -> Option<String> {
        Some(format!("http://127.0.0.1:{}/#link={}", self.port, self.guard.link()?))
    }
}

/// All that can be asked.
pub fn router(app: App) -> Router {
    let inside = Router::new()
        .route("/api/state", get(state))
        .route("/api/data/{recording}", get(data))
        .route("/api/changes", get(changes))
        .route("/api/decide", post(decide))
        .route("/api/undo", post(undo))
        .route("/api/save", post(save))
        .route("/api/link", post(link))
        .route("/api/end", post(end))
        .layer(from_fn_with_state(app.clone(), known));
    let script = Router::new().route("/api/enter", post(enter)).merge(inside);
    Router::new()
        .merge(script.layer(from_fn_with_state(app.clone(), from_the_page)))
        .route("/", get(page))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), for_us))
        .with_state(app)
}

/// For the right name, from no other page; and what is answered is for nobody else.
async fn for_us(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match app.guard.is_foreign(request.headers()) {
        Some((status, why)) => problem(status, why),
        None => next.run(request).await,
    };
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in
        [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn from_the_page(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.guard.refuses(request.method(), request.headers()) {
        Some((status, why)) => problem(status, why),
        None => next.run(request).await,
    }
}

async fn known(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.guard.knows(request.headers()) {
        return problem(StatusCode::UNAUTHORIZED, "this window was not opened by a link of this review");
    }
    app.touch();
    next.run(request).await
}

/// The page itself, without any data: there is nothing in it that is not in every copy of the program.
async fn page() -> Response {
    let mut text = Vec::new();
    match sekisho_review::served_page(&mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn enter(State(app): State<App>, body: Bytes) -> Response {
    let Some(asked) = object(&body) else { return problem(StatusCode::BAD_REQUEST, "not an object in JSON") };
    match asked["link"].as_str().and_then(|secret| app.guard.enter(secret)) {
        Some(window) => {
            app.touch();
            json_response(StatusCode::OK, &json!({"window": window}))
        }
        None => problem(StatusCode::FORBIDDEN, "this link is not known, or was opened already"),
    }
}

async fn state(State(app): State<App>) -> Response {
    with_desk(app, |desk| json_response(StatusCode::OK, &desk.state())).await
}

async fn data(State(app): State<App>, Path(recording): Path<usize>) -> Response {
    let work = move |desk: &mut Desk| match desk.data(recording) {
        Some(data) => ([(header::CONTENT_TYPE, "text/plain")], Body::from(data)).into_response(),
        None => problem(StatusCode::NOT_FOUND, "there is no such recording"),
    };
    with_desk(app, work).await
}

async fn decide(State(app): State<App>, body: Bytes) -> Response {
    let asked = object(&body);
    let choice = asked.as_ref().and_then(|a| match &a["choice"] {
        Value::String(word) if word == "refuse" => Some(Choice::Refuse),
        number => Some(Choice::Accept(usize::try_from(number.as_u64()?).ok()?)),
    });
    let (Some(asked), Some(choice)) = (asked, choice) else {
        return problem(StatusCode::BAD_REQUEST, "question, choice and reason are needed");
    };
    change(app, move |desk| {
        let text = |key: &str| asked[key].as_str().unwrap_or_default();
        desk.decide(text("question"), choice, text("reason"))
    })
    .await
}

async fn undo(State(app): State<App>, body: Bytes) -> Response {
    match object(&body).and_then(|asked| asked["id"].as_u64()) {
        Some(id) => change(app, move |desk| desk.undo(id)).await,
        None => problem(StatusCode::BAD_REQUEST, "the number of a decision is needed"),
    }
}

async fn save(State(app): State<App>, body: Bytes) -> Response {
    match object(&body).and_then(|asked| asked["revision"].as_u64()) {
        Some(revision) => change(app, move |desk| desk.save(revision)).await,
        None => problem(StatusCode::BAD_REQUEST, "the revision that was looked at is needed"),
    }
}

async fn link(State(app): State<App>) -> Response {
    match app.link() {
        Some(link) => json_response(StatusCode::OK, &json!({"link": link})),
        None => problem(StatusCode::INTERNAL_SERVER_ERROR, "there are no random bytes"),
    }
}

async fn end(State(app): State<App>) -> Response {
    app.ending.send_replace(true);
    json_response(StatusCode::OK, &json!({"ended": true}))
}

/// Server-sent events: the number of each new revision, until the server ends.
async fn changes(State(app): State<App>) -> Response {
    app.watching.fetch_add(1, Ordering::Relaxed);
    let leaving = Leaving(app.clone());
    let begin = (app.revision.subscribe(), app.ending.subscribe(), leaving, true);
    let stream = futures_util::stream::unfold(begin, |(mut revision, mut ending, leaving, first)| async move {
        if !first {
            tokio::select! {
                changed = revision.changed() => changed.ok()?,
                _ = ending.wait_for(|ended| *ended) => return None,
            }
        }
        let event = Event::default().event("revision").data(revision.borrow_and_update().to_string());
        Some((Ok::<_, Infallible>(event), (revision, ending, leaving, false)))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

/// Counts one watcher less when its stream is dropped, however it ends.
struct Leaving(App);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.watching.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Changes the desk; answers with its state, and with the reason if it was not done.
async fn change(app: App, work: impl FnOnce(&mut Desk) -> Result<(), Problem> + Send + 'static) -> Response {
    let work = |desk: &mut Desk| {
        let (status, words) = match work(desk) {
            Ok(()) => return json_response(StatusCode::OK, &desk.state()),
            Err(Problem::Wrong(words)) => (StatusCode::UNPROCESSABLE_ENTITY, words),
            Err(Problem::Changed(words)) => (StatusCode::CONFLICT, words),
            Err(Problem::Failed(words)) => (StatusCode::INTERNAL_SERVER_ERROR, words),
        };
        json_response(status, &json!({"error": words, "state": desk.state()}))
    };
    with_desk(app, work).await
}

/// Away from the thread that answers: recordings may be read.
async fn with_desk(app: App, work: impl FnOnce(&mut Desk) -> Response + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(move || app.at_desk(work)).await;
    done.unwrap_or_else(|_| problem(StatusCode::INTERNAL_SERVER_ERROR, "the review failed; see where it was started"))
}

fn object(body: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}

fn problem(status: StatusCode, words: &str) -> Response {
    json_response(status, &json!({"error": words}))
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
