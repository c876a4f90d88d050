//! A record's bytes on disk.
//!
//! ```text
//! len u32 | crc32c u32 | seq u64 | in_group u16 | kind u8 | at u64 | [decision part] | body | chain [32]
//! decision part: name_len u8 | name | previous u64 | rests_on u64 | link [32]
//! ```
//! Little-endian. `len` counts the whole frame; the checksum covers everything but itself, `len` too.
//! `in_group` lets a recovery tell a group that was never finished from damage in an older one.

use tidelock_model::{Name, Sha256, mutated};

use super::{
    chain,
    types::{DecisionFrame, Position, Record, Set, Stored},
};

/// The bytes before the optional part.
const FIXED: usize = 27;
const CHAIN: usize = 32;
/// The smallest frame: an empty finding.
pub(crate) const MIN_FRAME: usize = FIXED + CHAIN;
/// What a frame adds to its body at most.
pub(crate) const MAX_OVERHEAD: u64 = (MIN_FRAME + 1 + 255 + 8 + 8 + 32) as u64;
/// The largest frame that is believed.
pub(crate) const MAX_FRAME: u64 = 1024 * 1024 * 1024;

/// The decision part before its link is known.
pub(crate) struct DecisionPart<'a> {
    pub(crate) migration: &'a Name,
    pub(crate) previous: Option<(Position, &'a Sha256)>,
    pub(crate) rests_on: Position,
}

/// How many bytes `encode` will add.
pub(crate) fn len(record: &Record, part: Option<&DecisionPart<'_>>) -> u64 {
    let part = part.map_or(0, |part| 1 + part.migration.as_str().len() + 8 + 8 + 32);
    (MIN_FRAME + part + record.body.len()) as u64
}

/// Appends a frame to `out`, and returns the set's chain and the migration's link with it.
pub(crate) fn encode(
    out: &mut Vec<u8>,
    chain: &Sha256,
    position: Position,
    in_group: u16,
    record: &Record,
    part: Option<&DecisionPart<'_>>,
) -> (Sha256, Option<Sha256>) {
    let start = out.len();
    let len =
        u32::try_from(len(record, part)).expect("a body fits into a segment, which is checked to be small");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&position.number().to_le_bytes());
    out.extend_from_slice(&in_group.to_le_bytes());
    out.push(record.kind);
    out.extend_from_slice(&record.at_unix_ms.to_le_bytes());
    let link = part.map(|part| {
        let link = chain::link(part.migration, part.previous, position, part.rests_on, record);
        let name = part.migration.as_str().as_bytes();
        out.push(u8::try_from(name.len()).expect("a name has at most 63 bytes"));
        out.extend_from_slice(name);
        let previous = part.previous.map_or(Position::START, |(at, _)| at);
        out.extend_from_slice(&previous.number().to_le_bytes());
        out.extend_from_slice(&part.rests_on.number().to_le_bytes());
        out.extend_from_slice(link.as_bytes());
        link
    });
    out.extend_from_slice(&record.body);
    let chain = chain::extend(chain, &out[start + 8..]);
    out.extend_from_slice(chain.as_bytes());
    let crc = checksum(&out[start..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    (chain, link)
}

/// The length that a frame claims; zero is no frame.
pub(crate) fn claimed_len(head: [u8; 4]) -> usize {
    u32::from_le_bytes(head) as usize
}

/// The seq that a frame claims, before its checksum is believed.
pub(crate) fn claimed_position(frame: &[u8]) -> Option<Position> {
    let bytes = frame.get(8..16)?.try_into().ok()?;
    Some(Position::new(u64::from_le_bytes(bytes)))
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..4]), &frame[8..])
}

/// Whether the checksum of a whole frame is right.
pub(crate) fn intact(frame: &[u8]) -> bool {
    frame.len() >= MIN_FRAME
        && (frame[4..8] == checksum(frame).to_le_bytes() || mutated("a-checksum-fits-its-bytes"))
}

/// Takes a whole frame apart; says what is wrong with it.
pub(crate) fn decode(set: Set, frame: &[u8]) -> Result<Stored, &'static str> {
    if !intact(frame) {
        return Err("its checksum does not fit its bytes");
    }
    let (content, chain) = frame.split_at(frame.len() - CHAIN);
    let mut rest = Fields(&content[8..]);
    let position = Position::new(rest.u64()?);
    let in_group = u16::from_le_bytes(rest.take()?);
    let [kind] = rest.take()?;
    let at_unix_ms = rest.u64()?;
    let decision = match set {
        Set::Findings => None,
        Set::Decisions => Some(rest.decision()?),
    };
    Ok(Stored {
        position,
        in_group,
        record: Record { kind, at_unix_ms, body: rest.0.to_vec() },
        decision,
        chain: Sha256::try_from(chain).map_err(|_| SHORT)?,
    })
}

/// The bodies of a frame that is whole once its checksum is set right, read as each set reads it.
pub(crate) fn bodies(frame: &[u8]) -> Vec<Vec<u8>> {
    let mut frame = frame.to_vec();
    if frame.len() >= MIN_FRAME {
        let right = checksum(&frame).to_le_bytes();
        frame[4..8].copy_from_slice(&right);
    }
    let read = |set| decode(set, &frame).ok().map(|stored| stored.record.body);
    [Set::Findings, Set::Decisions].into_iter().filter_map(read).collect()
}

/// The part of a frame that its chain covers.
pub(crate) fn chained(frame: &[u8]) -> &[u8] {
    &frame[8..frame.len() - CHAIN]
}

const SHORT: &str = "it ends before its fields do";

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*head)
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn decision(&mut self) -> Result<DecisionFrame, &'static str> {
        let [name_len] = self.take()?;
        let (name, rest) = self.0.split_at_checked(usize::from(name_len)).ok_or(SHORT)?;
        let name = std::str::from_utf8(name).map_err(|_| "its migration is no text")?;
        let migration = Name::new(name).map_err(|_| "its migration is no name")?;
        self.0 = rest;
        let previous = Some(Position::new(self.u64()?)).filter(|at| *at != Position::START);
        let rests_on = Position::new(self.u64()?);
        let link = Sha256::from_bytes(self.take()?);
        Ok(DecisionFrame { migration, previous, rests_on, link })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record { kind: 7, at_unix_ms: 1_000, body: b"body".to_vec() }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let zero = Sha256::from_bytes([0; 32]);
        let name = Name::new("shop").unwrap();
        let part = DecisionPart { migration: &name, previous: None, rests_on: Position::new(5) };
        for (set, part) in [(Set::Findings, None), (Set::Decisions, Some(&part))] {
            let mut out = Vec::new();
            let (chain, link) = encode(&mut out, &zero, Position::new(3), 2, &record(), part);
            assert_eq!(out.len() as u64, len(&record(), part));
            let stored = decode(set, &out).unwrap();
            assert_eq!((stored.position, stored.in_group, &stored.record), (Position::new(3), 2, &record()));
            assert_eq!(stored.chain, chain);
            assert_eq!(stored.chain, chain::extend(&zero, chained(&out)));
            assert_eq!(stored.decision.map(|decision| decision.link), link);
        }
    }

    #[test]
    fn any_flipped_bit_is_seen() {
        let mut out = Vec::new();
        let _ = encode(&mut out, &Sha256::from_bytes([0; 32]), Position::new(1), 0, &record(), None);
        for bit in 0..out.len() * 8 {
            out[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(Set::Findings, &out).is_err(), "bit {bit}");
            out[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
