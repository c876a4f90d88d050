//! The three small files beside the segments, each with its magic and checksum.

use std::{io, path::Path};

use super::disk;

/// What a small file turned out to be.
pub(crate) enum Small {
    /// It was never written.
    Missing,
    /// It was made, and nothing was written into it yet.
    Empty,
    /// It is there, but not as it was written.
    Damaged,
    /// Its content.
    Content(Vec<u8>),
}

/// Magic and checksum around a content.
pub(crate) fn seal(magic: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend_from_slice(content);
    out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
    out
}

/// The content of a sealed file of exactly this many bytes.
pub(crate) fn read(path: &Path, magic: &[u8; 4], content_len: usize) -> io::Result<Small> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Small::Missing),
        Err(error) => return Err(error),
    };
    if bytes.is_empty() {
        return Ok(Small::Empty);
    }
    let Some((body, crc)) = bytes.split_last_chunk::<4>() else {
        return Ok(Small::Damaged);
    };
    let good =
        body.len() == content_len + 4 && &body[..4] == magic && *crc == crc32c::crc32c(body).to_le_bytes();
    Ok(if good { Small::Content(body[4..].to_vec()) } else { Small::Damaged })
}

/// Writes a sealed file whole and durable.
pub(crate) fn write(path: &Path, magic: &[u8; 4], content: &[u8]) -> io::Result<()> {
    disk::write_whole(path, &seal(magic, content))
}
