//! Length-prefixed JSON messages over a socket pair.
//!
//! A message has a bound, so that neither end can make the other one allocate at will. Buffers are
//! overwritten after use: they may have carried secrets.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::secret::wipe;

/// The largest message: a full state (64 keys of 16 KiB), a report and a log in base64 and JSON.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 << 20;

fn encode<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 4];
    serde_json::to_writer(&mut buffer, message).map_err(io::Error::other)?;
    let length = buffer.len() - 4;
    if length > MAX_MESSAGE_BYTES {
        wipe(&mut buffer);
        return Err(too_long(length));
    }
    let prefix = u32::try_from(length).map_err(io::Error::other)?;
    buffer[..4].copy_from_slice(&prefix.to_be_bytes());
    Ok(buffer)
}

fn too_long(length: usize) -> io::Error {
    let text = format!("a message has at most {MAX_MESSAGE_BYTES} bytes, this one has {length}");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn announced(prefix: [u8; 4]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes(prefix)).map_err(io::Error::other)?;
    if length > MAX_MESSAGE_BYTES { Err(too_long(length)) } else { Ok(length) }
}

fn decode<T: DeserializeOwned>(buffer: &mut [u8]) -> io::Result<T> {
    let parsed = serde_json::from_slice(buffer).map_err(io::Error::from);
    wipe(buffer);
    parsed
}

/// Writes one message and waits until it is out.
pub(crate) fn write<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    let mut buffer = encode(message)?;
    let written = to.write_all(&buffer).and_then(|()| to.flush());
    wipe(&mut buffer);
    written
}

/// Reads one message; `None` when the other end is gone.
pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut prefix = [0; 4];
    match from.read_exact(&mut prefix) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut buffer = vec![0; announced(prefix)?];
    from.read_exact(&mut buffer)?;
    decode(&mut buffer).map(Some)
}

/// As `write`, for the agent's side.
pub(crate) async fn write_async<T: Serialize>(
    to: &mut (impl AsyncWrite + Unpin),
    message: &T,
) -> io::Result<()> {
    let mut buffer = encode(message)?;
    let written = to.write_all(&buffer).await;
    wipe(&mut buffer);
    written?;
    to.flush().await
}

/// As `read`, for the agent's side.
pub(crate) async fn read_async<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<T>> {
    let mut prefix = [0; 4];
    match from.read_exact(&mut prefix).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut buffer = vec![0; announced(prefix)?];
    from.read_exact(&mut buffer).await?;
    decode(&mut buffer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_out_as_it_went_in() {
        let mut pipe = Vec::new();
        write(&mut pipe, &vec!["a", "b"]).unwrap();
        let back: Vec<String> = read(&mut pipe.as_slice()).unwrap().unwrap();
        assert_eq!(back, ["a", "b"]);
    }

    #[test]
    fn an_end_between_messages_is_an_end_and_inside_one_an_error() {
        assert!(read::<String>(&mut [].as_slice()).unwrap().is_none());
        assert!(read::<String>(&mut [0, 0, 0, 9, b'"'].as_slice()).is_err());
    }

    #[test]
    fn a_length_above_the_bound_is_refused_before_anything_is_allocated() {
        let error = read::<String>(&mut [0xff, 0xff, 0xff, 0xff].as_slice()).unwrap_err();
        assert!(error.to_string().contains("at most"), "{error}");
    }
}
