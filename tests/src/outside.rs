//! Servers outside the step: what they receive shows that something got out.
use std::io::Read as _;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Servers of one run. They end when it is dropped: a suite of many runs would have too many files open.
#[derive(Debug)]
pub struct Outside {
    received: Arc<Mutex<Vec<u8>>>,
    over: Arc<AtomicBool>,
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
            over: Arc::default(),
            unix,
            dgram,
            abstract_name,
        };
        let over = || outside.over.clone();
        let (sink, end) = (received.clone(), over());
        spawn(move || tcp.accept().ok().filter(|_| !end.load(Ordering::SeqCst)).map(|(peer, _)| peer), sink);
        for listener in [stream, hidden] {
            let (sink, end) = (received.clone(), over());
            spawn(move || listener.accept().ok().filter(|_| !end.load(Ordering::SeqCst)).map(|(peer, _)| peer), sink);
        }
        let (sink, end) = (received.clone(), over());
        std::thread::spawn(move || datagrams(|buf| udp.recv(buf), &end, &sink));
        let end = over();
        std::thread::spawn(move || datagrams(|buf| gram.recv(buf), &end, &received));
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

/// Each server is woken by one message more.
impl Drop for Outside {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.tcp));
        let _ = UnixStream::connect(&self.unix);
        let _ = SocketAddr::from_abstract_name(&self.abstract_name).and_then(|name| UnixStream::connect_addr(&name));
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"over", ("127.0.0.1", self.udp)));
        let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"over", &self.dgram));
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

fn datagrams(recv: impl Fn(&mut [u8]) -> std::io::Result<usize>, over: &AtomicBool, sink: &Mutex<Vec<u8>>) {
    let mut buf = [0; 2048];
    while let Ok(n) = recv(&mut buf)
        && !over.load(Ordering::SeqCst)
    {
        if let Ok(mut all) = sink.lock() {
            all.extend(&buf[..n]);
        }
    }
}
