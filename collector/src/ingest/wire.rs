//! The agents' service with sessions whose batches stay bytes.
//!
//! The generated service decodes every message before it hands it on. A batch is journaled and
//! compared as it was received, so a session's messages are taken off the stream here; everything
//! else goes the generated way.

use std::convert::Infallible;
use std::task::{Context, Poll};

use prost::bytes::{Buf as _, Bytes};
use prost::{DecodeError, Message as _};
use tidelock_proto::v1::agent_service_server::AgentServiceServer;
use tidelock_proto::{Limits, v1};
use tonic::body::Body;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::{Request, Response, Status, Streaming};

use super::pieces::Pieces;
use super::service::{AgentDoor, Replies};
use crate::net::message_bound;
use crate::records::Received;

/// The path of the call that is a session.
const SESSION: &str = "/tidelock.v1.AgentService/Session";
/// What a session's buffers begin with: most of what is said over it is shorter.
const BUFFER_BYTES: usize = 1024;
/// Replies that wait are sent together, up to so many bytes.
const TOGETHER_BYTES: usize = 32 * 1024;

/// What an agent said.
#[derive(Debug)]
pub(super) enum Heard {
    /// A batch, not looked at yet.
    Batch(Bytes),
    /// Anything else.
    Other(v1::SessionRequest),
}

/// The agents' service as their listener serves it.
#[derive(Clone)]
pub(crate) struct AgentFace {
    door: AgentDoor,
    others: AgentServiceServer<AgentDoor>,
}

impl AgentFace {
    pub(crate) fn new(door: AgentDoor) -> AgentFace {
        let others = AgentServiceServer::new(door.clone())
            .max_decoding_message_size(message_bound(Limits::MESSAGE_BYTES))
            .max_encoding_message_size(Limits::MESSAGE_BYTES);
        AgentFace { door, others }
    }
}

impl NamedService for AgentFace {
    const NAME: &'static str = <AgentServiceServer<AgentDoor> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for AgentFace {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        if request.uri().path() != SESSION {
            return self.others.call(request);
        }
        let sessions = Sessions(self.door.clone());
        Box::pin(async move {
            let mut grpc = Grpc::new(SessionCodec)
                .max_decoding_message_size(message_bound(Limits::MESSAGE_BYTES))
                .max_encoding_message_size(Limits::MESSAGE_BYTES);
            let request = request.map(Pieces::new);
            Ok(grpc.streaming(sessions, request).await)
        })
    }
}

struct Sessions(AgentDoor);

impl StreamingService<Heard> for Sessions {
    type Response = Box<v1::SessionResponse>;
    type ResponseStream = Replies;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Heard>>) -> Self::Future {
        let door = self.0.clone();
        Box::pin(async move { door.begin(request) })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct SessionCodec;

/// Keeps the last message until the next one has come. What it lies in is then not used again, so that a session that
/// brought four megabytes once does not keep them; `pieces.rs` sees to it that nothing else lies there.
#[derive(Debug, Default)]
struct SessionDecoder {
    last: Bytes,
}

impl Codec for SessionCodec {
    type Encode = Box<v1::SessionResponse>;
    type Decode = Heard;
    type Encoder = SessionCodec;
    type Decoder = SessionDecoder;

    fn encoder(&mut self) -> SessionCodec {
        SessionCodec
    }

    fn decoder(&mut self) -> SessionDecoder {
        SessionDecoder::default()
    }
}

fn buffers() -> BufferSettings {
    BufferSettings::new(BUFFER_BYTES, TOGETHER_BYTES)
}

impl Encoder for SessionCodec {
    type Item = Box<v1::SessionResponse>;
    type Error = Status;

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }

    fn encode(&mut self, item: Box<v1::SessionResponse>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(item.encoded_len());
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for SessionDecoder {
    type Item = Heard;
    type Error = Status;

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Heard>, Status> {
        // In one piece: the server hands a whole message over at once.
        let message = buffer.copy_to_bytes(buffer.remaining());
        self.last = message.clone();
        if !Received::few_in_request(&message) {
            let limit = Limits::BATCH_FINDINGS;
            let why = format!("batch: findings: has more than {limit} entries, at most {limit} are taken");
            return Err(Status::invalid_argument(why));
        }
        if let Some(batch) = Received::of_request(&message) {
            return Ok(Some(Heard::Batch(batch)));
        }
        let wrong =
            |error: DecodeError| Status::invalid_argument(format!("a message of the session: {error}"));
        v1::SessionRequest::decode(message).map(Heard::Other).map(Some).map_err(wrong)
    }
}
