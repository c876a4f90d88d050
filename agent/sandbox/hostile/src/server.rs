//! A server that behaves as a hostile component would like it to.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// For how many milliseconds somebody who asks waits for others who ask at the same time.
const PATIENCE_MS: u32 = 2_000;

/// Serves until its process ends.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: AtomicU32,
    /// How many wait for a plain answer now, the most that ever did, and how many are to.
    asking: AtomicU32,
    most: AtomicU32,
    together: AtomicU32,
}

impl Server {
    /// Listens on a free port of loopback, and redirects from `/away` to `forbidden`.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(forbidden: Option<SocketAddr>) -> io::Result<Server> {
        Server::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), forbidden)
    }

    /// The same at an address of its own.
    ///
    /// # Errors
    /// Somebody else is there.
    pub fn at(address: SocketAddr, forbidden: Option<SocketAddr>) -> io::Result<Server> {
        let listener = TcpListener::bind(address)?;
        let server = Server { address: listener.local_addr()?, seen: Arc::default() };
        let seen = Arc::clone(&server.seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(stream, &seen, forbidden));
            }
        });
        Ok(server)
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> u32 {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Gives plain answers only once so many ask for one at the same time. Those who wait in vain get theirs later.
    pub fn gather(&self, together: u32) {
        self.seen.most.store(0, Ordering::SeqCst);
        self.seen.together.store(together, Ordering::SeqCst);
    }

    /// The most that asked for a plain answer at the same time.
    pub fn most_at_once(&self) -> u32 {
        self.seen.most.load(Ordering::SeqCst)
    }
}

impl Seen {
    /// Waits for the others. Whoever is answered asks no more, before it can ask again.
    fn meet(&self) {
        let asking = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(asking, Ordering::SeqCst);
        for _ in 0..PATIENCE_MS {
            if self.most.load(Ordering::SeqCst) >= self.together.load(Ordering::SeqCst) {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.asking.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A client that goes away ends the connection: nothing here is worth a panic.
fn serve(stream: TcpStream, seen: &Seen, forbidden: Option<SocketAddr>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 || line.trim().is_empty() {
            break;
        }
    }
    let mut to = stream;
    match first.split(' ').nth(1).unwrap_or("/") {
        "/away" => {
            let place = forbidden.map(|address| format!("http://{address}/secret")).unwrap_or_default();
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
            to.write_all(head.as_bytes()).ok()
        }
        "/huge" => {
            to.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            loop {
                to.write_all(chunk.as_bytes()).ok()?;
            }
        }
        "/announced" => {
            to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx").ok()?;
            thread::sleep(Duration::from_secs(60));
            None
        }
        "/drip" => {
            to.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
            loop {
                to.write_all(b"1\r\nx\r\n").ok()?;
                thread::sleep(Duration::from_millis(20));
            }
        }
        "/bomb" => {
            let body = bomb(20_000);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            to.write_all(head.as_bytes()).ok()?;
            to.write_all(&body).ok()
        }
        _ => {
            seen.meet();
            to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").ok()
        }
    }
}

/// A gzip body of 258 bytes for every 13 bits: one letter, and then again and again what came before.
fn bomb(repeats: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut code = |value: u32, length: u32| bits.extend((0..length).rev().map(|bit| value >> bit & 1 == 1));
    code(0x30 + u32::from(b'x'), 8);
    for _ in 0..repeats {
        code(0b1100_0101, 8);
        code(0, 5);
    }
    code(0, 7);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
    let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    body.extend(bits.chunks(8).map(byte));
    let length = 1 + repeats * 258;
    let sum = !(0..length).fold(!0_u32, |sum, _| {
        (0..8).fold(
            sum ^ u32::from(b'x'),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    });
    body.extend(sum.to_le_bytes());
    body.extend(length.to_le_bytes());
    body
}
