//! A shop of twenty lines: a form login with a token and a session, and a fault that can be put in.

#![expect(clippy::unwrap_used, reason = "a shop for a test: what goes wrong in it fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The login answers, but the session is nobody's.
    LosesSession,
}

/// Serves until the test ends. Gives the address.
pub fn serve(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, fault));
        }
    });
    format!("http://{address}")
}

fn answer(stream: TcpStream, fault: Fault) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut cookie, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("cookie:") {
            cookie = value.trim().to_owned();
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let page = |text: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
            text.len()
        )
    };
    let to = |place: &str, more: &str| {
        format!(
            "HTTP/1.1 303 See Other\r\nlocation: {place}\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n"
        )
    };
    let answer = match first.split_whitespace().take(2).collect::<Vec<_>>().as_slice() {
        ["GET", "/login"] => page("<form><input name=\"csrf\" value=\"t0ken\"></form>"),
        ["POST", "/login"] if body.contains("csrf=t0ken") && body.contains("user=ann") => {
            to("/account", "set-cookie: session=s1; path=/\r\n")
        }
        ["GET", "/account"] if cookie.contains("session=s1") && fault == Fault::None => {
            page("Signed in as ann")
        }
        _ => to("/login", ""),
    };
    (&stream).write_all(answer.as_bytes()).unwrap();
}
