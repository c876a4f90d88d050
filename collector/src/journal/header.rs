//! The first bytes of a segment: what it is, where it belongs, and on which chain it stands.

use tidelock_model::Sha256;

use super::types::{Position, Set};

/// How long a header is.
pub(crate) const LEN: u64 = 76;
const MAGIC: &[u8; 4] = b"TLJ1";
const VERSION: u16 = 1;

/// A checked header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) set: Set,
    pub(crate) journal: [u8; 16],
    pub(crate) number: u64,
    pub(crate) first: Position,
    pub(crate) chain: Sha256,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LEN as usize);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[self.set.code(), 0]);
        out.extend_from_slice(&self.journal);
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.first.number().to_le_bytes());
        out.extend_from_slice(self.chain.as_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads a header of this set; says what is wrong with it.
    pub(crate) fn decode(set: Set, bytes: &[u8]) -> Result<Header, String> {
        let bytes: &[u8; LEN as usize] = bytes.try_into().map_err(|_| "the file ends inside its header")?;
        if &bytes[..4] != MAGIC {
            return Err("the file does not begin as a segment does".to_string());
        }
        if bytes[72..] != crc32c::crc32c(&bytes[..72]).to_le_bytes() {
            return Err("the header's checksum does not fit its bytes".to_string());
        }
        let version = u16::from_le_bytes([bytes[4], bytes[5]]);
        if version != VERSION {
            return Err(format!("the segment has format {version}, this release reads format {VERSION}"));
        }
        if bytes[6] != set.code() {
            return Err(format!("the segment belongs to another set than {set}"));
        }
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Ok(Header {
            set,
            journal: std::array::from_fn(|i| bytes[8 + i]),
            number: u64_at(24),
            first: Position::new(u64_at(32)),
            chain: Sha256::from_bytes(std::array::from_fn(|i| bytes[40 + i])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_seen() {
        let header = Header {
            set: Set::Decisions,
            journal: [9; 16],
            number: 4,
            first: Position::new(77),
            chain: Sha256::from_bytes([3; 32]),
        };
        let mut bytes = header.encode();
        assert_eq!(bytes.len() as u64, LEN);
        assert_eq!(Header::decode(Set::Decisions, &bytes), Ok(header));
        assert!(Header::decode(Set::Findings, &bytes).is_err());
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(Set::Decisions, &bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
