//! A server that behaves well or badly, by path. Plain threads: nothing here shares the runtime.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU32>,
    requests: Arc<AtomicU32>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let server = Server { address, connections: connections.clone(), requests: requests.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let requests = requests.clone();
                std::thread::spawn(move || serve(stream, &requests));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, requests: &AtomicU32) {
    while let Some((head, body)) = read_request(&mut stream) {
        requests.fetch_add(1, Ordering::SeqCst);
        let path = head.split(' ').nth(1).unwrap_or("").to_owned();
        if answer(&mut stream, &path, &head, &body).is_none()
            || head.to_lowercase().contains("connection: close")
        {
            return;
        }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .to_lowercase()
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.trim().parse::<usize>().ok());
    while bytes.len() < end + length.unwrap_or(0) {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
    Some((head, String::from_utf8_lossy(&bytes[end..]).into_owned()))
}

/// Answers one request; `None` ends the connection.
fn answer(stream: &mut TcpStream, path: &str, head: &str, body: &str) -> Option<()> {
    let (route, query) = path.split_once('?').unwrap_or((path, ""));
    match route {
        "/echo" => say(stream, "200 OK", &[], &format!("{head}{body}")),
        "/header" => say(stream, "200 OK", &[("x-echo", query)], ""),
        "/each" => say(stream, "200 OK", &[("x-echo", &traceparent(head))], ""),
        "/to" => say(stream, "302 Found", &[("location", query)], ""),
        "/loop" => say(stream, "302 Found", &[("location", "/loop")], ""),
        "/gzip" => say(stream, "200 OK", &[("content-encoding", "gzip")], "x"),
        "/slow" => {
            std::thread::sleep(Duration::from_secs(30));
            None
        }
        "/drip" => drip(stream),
        "/huge" => huge(stream),
        "/announced" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx").ok()?;
            std::thread::sleep(Duration::from_secs(30));
            None
        }
        "/head" => say(stream, "200 OK", &[("x-long", &"h".repeat(200_000))], ""),
        "/garbage" => {
            stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").ok()?;
            None
        }
        "/close" => None,
        "/missing" => say(stream, "404 Not Found", &[], "no such thing"),
        _ => say(stream, "200 OK", &[], r#"{"status":"ok"}"#),
    }
}

fn say(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)], body: &str) -> Option<()> {
    let mut text = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).ok()
}

/// What is another one in each request.
fn traceparent(head: &str) -> String {
    let line = head.lines().find_map(|line| line.strip_prefix("traceparent: "));
    line.unwrap_or_default().to_owned()
}

/// A body that never ends, a byte at a time.
fn drip(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
    loop {
        stream.write_all(b"1\r\nx\r\n").ok()?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A body that never ends, as fast as it goes.
fn huge(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    loop {
        stream.write_all(chunk.as_bytes()).ok()?;
    }
}
