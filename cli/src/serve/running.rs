//! The server's life: it opens its door, says the link, reads what grows, and ends when it is told to or nobody is there.
use super::desk::Desk;
use super::guard::Guard;
use super::reading::Reading;
use super::routes::{Served, router};
use crate::args::ReviewArgs;
use crate::commands::diff::print;
use crate::exit::{CliError, Exit};
use crate::ui::Ui;
use std::future::IntoFuture as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often files are looked at, and whether anybody is there.
const LOOK: Duration = Duration::from_millis(250);
/// How long open connections may take to end.
const LEAVE: Duration = Duration::from_secs(2);

/// Serves the review until it ends; the status is that of a review in a terminal.
pub fn run(args: &ReviewArgs, reviewer: String, ui: &Ui) -> Result<Exit, CliError> {
    if args.profile.as_os_str() == "-" || args.recordings.iter().any(|r| r.as_os_str() == "-") {
        return Err(CliError::new("a review in a browser needs files: they are read more than once")
            .with_hint("write what comes from standard input to a file, and name that"));
    }
    let desk = Desk::open(&args.profile, &args.recordings, reviewer)?;
    let failed = |e: std::io::Error| CliError::new(format!("cannot serve on 127.0.0.1: {e}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let served = Arc::new(Served {
        revision: watch::Sender::new(desk.revision()),
        desk: Mutex::new(desk),
        guard: Guard::new(port),
        port,
        ending: watch::Sender::new(false),
        asked: Mutex::new(Instant::now()),
        watching: AtomicUsize::new(0),
    });
    let link = served.link().ok_or_else(|| CliError::new("there are no random bytes for a link"))?;
    ui.warn(&format!("open this once: {link}"));
    ui.plain("  it ends by its button, by Ctrl-C, or when nobody asks for anything");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(serve(served.clone(), listener, args.idle, ui)).map_err(failed)?;
    runtime.shutdown_timeout(LEAVE);
    let (unsaved, left) = served.at_desk(|desk| (desk.unsaved(), desk.left()));
    if !unsaved.is_empty() {
        ui.warn(&format!("{} decisions were not saved; their rules go to standard output", unsaved.len()));
        print(&unsaved.join("\n"))?;
    }
    if left > 0 {
        ui.note(&format!("{left} not allowed by the profile, or undecided"));
    }
    Ok(if left == 0 && unsaved.is_empty() { Exit::OK } else { Exit::NOT_CLEAN })
}

async fn serve(served: Arc<Served>, listener: TcpListener, idle: Duration, ui: &Ui) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut ended = served.ending.subscribe();
    let server = axum::serve(listener, router(served.clone()))
        .with_graceful_shutdown(async move {
            let _ = ended.wait_for(|ended| *ended).await;
        })
        .into_future();
    let server = tokio::spawn(server);
    let watching = look_after(&served, idle, ui);
    let mut ended = served.ending.subscribe();
    tokio::select! {
        () = watching => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
    served.ending.send_replace(true);
    // Who does not let go is left.
    let _ = tokio::time::timeout(LEAVE, server).await;
    Ok(())
}

/// Reads what has grown; returns when nobody has been there for too long.
async fn look_after(served: &Arc<Served>, idle: Duration, ui: &Ui) {
    loop {
        tokio::time::sleep(LOOK).await;
        let app = served.clone();
        let read = tokio::task::spawn_blocking(move || read_grown(&app)).await.unwrap_or_default();
        for problem in read.problems {
            ui.warn(&problem);
        }
        // Who watches a build that goes on is there.
        if read.grown && served.watching.load(Ordering::Relaxed) > 0 {
            served.touch();
        }
        if served.idle() >= idle {
            ui.note("nobody has asked for anything for a while: the review ends");
            return;
        }
    }
}

#[derive(Default)]
struct Grown {
    grown: bool,
    problems: Vec<String>,
}

fn read_grown(served: &Served) -> Grown {
    let (grown, profile) = served.at_desk(|desk| (desk.grown(), desk.profile()));
    let mut done = Grown::default();
    for (at, path, version) in grown {
        done.grown = true;
        match Reading::of(&path, &profile, version) {
            Ok(reading) => served.at_desk(|desk| desk.take(at, reading)),
            Err(error) => done.problems.push(error.to_string()),
        }
    }
    done
}
