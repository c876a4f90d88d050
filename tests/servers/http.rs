//! Just enough HTTP to set a broker up.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

/// Asks once over a connection of its own; gives the status and the body as JSON, null when there is none.
pub(crate) fn ask(
    port: u16,
    user: (&str, &str),
    method: &str,
    path: &str,
    body: &Value,
) -> std::io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let word = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", user.0, user.1));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    // HTTP/1.0: the answer ends with the connection, and comes in one piece.
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic {word}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let bad = || std::io::Error::other(format!("no HTTP: {answer:?}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(bad)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(bad)?;
    Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
