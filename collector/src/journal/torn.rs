//! Tells an unfinished write from damage, at the end of a set's last segment.
//!
//! Segments are zeros ahead and every byte is written once. So behind the last good record there are
//! zeros, or parts of the one group whose sync had not returned. A valid record of a *later* group
//! there means that the bad one had been durable, and was changed since.

use std::{fs::File, os::unix::fs::FileExt};

use tidelock_model::mutated;

use super::{
    damage::{Damage, Torn},
    error::{Place, ReadError},
    frame,
    scan::{Flaw, Scan},
    types::{Position, Set},
};

/// How far ahead of the missing record a number is still looked at: one group is at most 65,536 records.
const SPAN: u64 = 1 << 32;

/// Judges what lies behind a scan that came to its end in the last segment.
///
/// Returns `None` for nothing but zeros; damage when a durable record must have been there.
pub(crate) fn judge(
    set: Set,
    scan: &Scan,
    flaw: Option<Flaw>,
    durable: Position,
) -> Result<Option<Torn>, ReadError> {
    let path = &scan.segment().path;
    let rest = usize::try_from(scan.file_bytes().saturating_sub(scan.offset())).unwrap_or(usize::MAX);
    let mut bytes = vec![0; rest];
    let file = File::open(path).at("open", path)?;
    file.read_exact_at(&mut bytes, scan.offset()).at("read", path)?;
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bad = scan.next_position();
    if let Some(Flaw::Misplaced(what)) = flaw {
        return Err(scan.damage(what).into());
    }
    let what = flaw.map(Flaw::text);
    if durable >= bad && !mutated("what-was-durable-is-not-cut") {
        let what = what.unwrap_or("it is not there");
        return Err(scan.damage(format!("{what}, though records up to {durable} were durable")).into());
    }
    if used == 0 {
        return Ok(None);
    }
    let what = what.unwrap_or("zeros stand where a record begins, with more behind them");
    if let Some((at, position)) = valid_of_a_later_group(set, &bytes[..used], bad)
        && !mutated("damage-is-not-cut")
    {
        let offset = scan.offset() + at as u64;
        return Err(scan
            .damage(format!("{what}, though the later record {position} is whole at offset {offset}"))
            .into());
    }
    Ok(Some(Torn {
        set,
        file: path.clone(),
        offset: scan.offset(),
        bytes: used as u64,
        after: bad.before(),
        what: what.to_string(),
    }))
}

/// The first whole record in these bytes whose group began after the bad record.
fn valid_of_a_later_group(set: Set, bytes: &[u8], bad: Position) -> Option<(usize, Position)> {
    (0..bytes.len().saturating_sub(frame::MIN_FRAME - 1)).find_map(|at| {
        let rest = &bytes[at..];
        let position = frame::claimed_position(rest)?;
        if position < bad || position.number() - bad.number() > SPAN {
            return None;
        }
        let len = frame::claimed_len([rest[0], rest[1], rest[2], rest[3]]);
        let stored = frame::decode(set, rest.get(..len)?).ok()?;
        let group = position.number().saturating_sub(u64::from(stored.in_group));
        (group > bad.number()).then_some((at, position))
    })
}

/// Damage when a sealed segment holds anything behind its last record.
pub(crate) fn zeros_behind(scan: &Scan) -> Result<(), Box<Damage>> {
    let path = &scan.segment().path;
    let rest = scan.file_bytes().saturating_sub(scan.offset());
    let mut bytes = vec![0; usize::try_from(rest).unwrap_or(usize::MAX)];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut bytes, scan.offset()));
    if let Err(error) = read {
        return Err(scan.damage(format!("its end cannot be read: {error}")));
    }
    match bytes.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => Err(scan.damage(format!("there is something {at} bytes behind the last record"))),
    }
}
