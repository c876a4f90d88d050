//! gRPC by hand: any bytes as the body of a call, and what is answered.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body, Frame};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message as _;
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_tests::World;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::http2::open;
use crate::raw::Shown;

/// How long an answer may take on a busy machine.
const ANSWER: Duration = Duration::from_secs(30);

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status of HTTP.
    pub(crate) http: u16,
    /// The status of gRPC; none when the stream was broken off, or had none.
    pub(crate) grpc: Option<Code>,
    /// Its words.
    pub(crate) words: String,
    /// Bytes of the answer before it.
    pub(crate) bytes: usize,
}

/// A message of gRPC.
pub(crate) fn message(payload: &[u8]) -> Vec<u8> {
    claiming(0, u32::try_from(payload.len()).expect("a message of a test is short"), payload)
}

/// The same with a flag and a length of its own.
pub(crate) fn claiming(flag: u8, length: u32, payload: &[u8]) -> Vec<u8> {
    [&[flag][..], &length.to_be_bytes(), payload].concat()
}

/// What begins a session.
pub(crate) fn hello(epoch: [u8; 16]) -> Vec<u8> {
    let hello = v1::Hello {
        agent_version: "raw".to_owned(),
        spool_epoch: epoch.to_vec(),
        boot_id: "boot".to_owned(),
        ..v1::Hello::default()
    };
    message(&v1::SessionRequest { message: Some(Said::Hello(hello)) }.encode_to_vec())
}

/// Field 2 of a request, with these bytes for a batch.
pub(crate) fn as_batch(batch: &[u8]) -> Vec<u8> {
    let mut request = vec![0x12];
    prost::encode_length_delimiter(batch.len(), &mut request).expect("a vector has room");
    request.extend_from_slice(batch);
    request
}

/// Makes one call with these bytes, in pieces, and leaves the body open unless `ends`. Gives the answer, or
/// none when the call got no end in time.
pub(crate) async fn call(
    world: &World,
    (door, path): (&str, &str),
    shown: Option<&Shown>,
    headers: &[(&str, &str)],
    body: Vec<u8>,
    ends: bool,
) -> Option<Answer> {
    let tls = open(world, door, shown, b"h2", "127.0.0.1").await.expect("the door is open");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls))
            .await
            .expect("it speaks HTTP/2");
    let connection = tokio::spawn(connection);
    let (up, pieces) = mpsc::channel::<Result<Frame<Bytes>, Infallible>>(4);
    let feeding = tokio::spawn(async move {
        for piece in Bytes::from(body).chunks(16 * 1024) {
            if up.send(Ok(Frame::data(Bytes::copy_from_slice(piece)))).await.is_err() {
                return;
            }
        }
        if !ends {
            // Open until the other side has had enough.
            up.closed().await;
        }
    });
    let mut request = http::Request::post(format!("https://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(StreamBody::new(ReceiverStream::new(pieces))).expect("a request");
    let answer = tokio::time::timeout(ANSWER, async {
        let response = sender.send_request(request).await.ok()?;
        Some(read(response).await)
    });
    let answer = answer.await.ok().flatten();
    feeding.abort();
    connection.abort();
    answer
}

async fn read<B: Body<Data = Bytes> + Unpin>(response: http::Response<B>) -> Answer {
    let told = |headers: &http::HeaderMap| {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let code = text("grpc-status").and_then(|code| code.parse::<i32>().ok()).map(Code::from_i32);
        (code, text("grpc-message").unwrap_or_default().to_owned())
    };
    let http = response.status().as_u16();
    let (mut grpc, mut words) = told(response.headers());
    let mut bytes = 0;
    let mut body = response.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if let Some(trailers) = frame.trailers_ref() {
            (grpc, words) = told(trailers);
        }
    }
    Answer { http, grpc, words, bytes }
}
