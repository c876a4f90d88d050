//! The same GET without Tidelock: hyper, a new connection for each call, one field of the answer read.

use std::net::TcpListener;
use std::thread;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What is answered: a small JSON document.
const BODY: &str = r#"{"status":"up","orders":12345,"build":"2f4c"}"#;

/// A server on a thread of its own; gives its port. It ends with the program.
pub(crate) fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("a listener can wait");
    let port = listener.local_addr().expect("a listener has an address").port();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
    });
    port
}

/// Answers until the caller goes.
async fn answer(mut stream: TcpStream) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    let whole = head + BODY;
    let (mut seen, mut buffer) = (Vec::new(), [0; 2048]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..read]);
        if seen.ends_with(b"\r\n\r\n") {
            seen.clear();
            if stream.write_all(whole.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// One call, and its verdict.
pub(crate) async fn get(port: u16) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server takes connections");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    let connection = tokio::spawn(connection);
    let request = Request::get("/health")
        .header("host", "127.0.0.1")
        .header("user-agent", "native")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["status"], "up");
    drop(sender);
    // The server keeps the connection open; the caller is done with it.
    connection.abort();
}
