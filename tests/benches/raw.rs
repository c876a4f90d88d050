//! The session as bytes: messages are encoded once, before the measure, so that the sender costs little.

use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message as _;
use tidelock_proto::v1;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Sends encoded requests as they are, and reads responses.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = v1::SessionResponse;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = v1::SessionResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<v1::SessionResponse>, Status> {
        let whole = buffer.copy_to_bytes(buffer.remaining());
        let response = v1::SessionResponse::decode(whole);
        response.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Encodes one request.
pub(crate) fn request(message: v1::session_request::Message) -> Bytes {
    v1::SessionRequest { message: Some(message) }.encode_to_vec().into()
}
