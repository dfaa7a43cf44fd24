//! Servers outside the step: what they receive shows that something got out.
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Servers of one run. Their threads end with the test program.
#[derive(Debug)]
pub struct Outside {
    received: Arc<Mutex<Vec<u8>>>,
    /// TCP port, on every address of both families where there are two.
    pub tcp: u16,
    /// UDP port.
    pub udp: u16,
    /// Path of a UNIX stream socket.
    pub unix: PathBuf,
    /// Path of a UNIX datagram socket.
    pub dgram: PathBuf,
    /// Name of an abstract UNIX stream socket.
    pub abstract_name: String,
}

impl Outside {
    /// Starts all of them, with their sockets in `dir`.
    pub fn start(dir: &Path) -> std::io::Result<Self> {
        let received = Arc::new(Mutex::new(Vec::new()));
        let tcp = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0"))?;
        let udp = UdpSocket::bind("0.0.0.0:0")?;
        let (unix, dgram) = (dir.join("stream"), dir.join("datagram"));
        let (stream, gram) = (UnixListener::bind(&unix)?, UnixDatagram::bind(&dgram)?);
        for path in [&unix, &dgram] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o666))?;
        }
        let abstract_name = format!("sekisho-e2e-{}-{}", std::process::id(), udp.local_addr()?.port());
        let hidden = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&abstract_name)?)?;
        let outside = Self {
            tcp: tcp.local_addr()?.port(),
            udp: udp.local_addr()?.port(),
            received: received.clone(),
            unix,
            dgram,
            abstract_name,
        };
        let sink = received.clone();
        spawn(move || Some(tcp.accept().ok()?.0), sink);
        for listener in [stream, hidden] {
            spawn(move || Some(listener.accept().ok()?.0), received.clone());
        }
        let sink = received.clone();
        std::thread::spawn(move || datagrams(|buf| udp.recv(buf), &sink));
        std::thread::spawn(move || datagrams(|buf| gram.recv(buf), &received));
        Ok(outside)
    }

    /// Whether the text has been received; waits a little for it.
    pub fn got(&self, text: &str) -> bool {
        let until = Instant::now() + Duration::from_millis(300);
        loop {
            let received = self.received.lock().map(|r| r.clone()).unwrap_or_default();
            if received.windows(text.len()).any(|w| w == text.as_bytes()) {
                return true;
            }
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn spawn<S: std::io::Read + Send + 'static>(
    mut accept: impl FnMut() -> Option<S> + Send + 'static,
    sink: Arc<Mutex<Vec<u8>>>,
) {
    std::thread::spawn(move || {
        while let Some(peer) = accept() {
            let sink = sink.clone();
            std::thread::spawn(move || {
                let mut buf = Vec::new();
                let _ = peer.take(1 << 16).read_to_end(&mut buf);
                if let Ok(mut all) = sink.lock() {
                    all.extend(buf);
                }
            });
        }
    });
}

fn datagrams(recv: impl Fn(&mut [u8]) -> std::io::Result<usize>, sink: &Mutex<Vec<u8>>) {
    let mut buf = [0; 2048];
    while let Ok(n) = recv(&mut buf) {
        if let Ok(mut all) = sink.lock() {
            all.extend(&buf[..n]);
        }
    }
}
