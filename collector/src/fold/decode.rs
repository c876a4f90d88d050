//! Reads records back on every processor, and gives them on in their order.
//!
//! A start folds the whole journal. Reading a record back costs several times as much as folding it,
//! and unlike the fold it does not depend on the record before.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, available_parallelism};

use super::ReplayError;
use crate::journal::{ReadError, Stored};

/// Records that are handed on together, at most.
const CHUNK_RECORDS: usize = 256;
/// Bytes that are handed on together, but for a single larger record.
const CHUNK_BYTES: usize = 1 << 20;
/// Chunks that wait for a thread, and behind it.
const WAITING: usize = 2;
/// Threads, at most.
const THREADS: usize = 8;

type Read = Result<Stored, ReadError>;
type Chunk<T> = Vec<Result<T, ReplayError>>;

/// What was made of the records, in order. Its threads end with it; one that panics takes the whole
/// scope with it, so a part of a journal never looks like all of it.
pub(super) struct Decoded<T> {
    /// Chunk by chunk from each in turn.
    outs: VecDeque<Receiver<Chunk<T>>>,
    chunk: std::vec::IntoIter<Result<T, ReplayError>>,
}

/// Makes something of each record, side by side.
pub(super) fn decoded<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    records: impl Iterator<Item = Read> + Send + 'scope,
    decode: impl Fn(Stored) -> Result<T, ReplayError> + Copy + Send + 'scope,
) -> Decoded<T> {
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS);
    let (mut ins, mut outs) = (Vec::new(), VecDeque::new());
    for _ in 0..threads {
        let (give, chunks) = sync_channel::<Vec<Read>>(WAITING);
        let (told, out) = sync_channel(WAITING);
        scope.spawn(move || {
            for chunk in chunks {
                let one = |read: Read| decode(read?);
                if told.send(chunk.into_iter().map(one).collect()).is_err() {
                    return;
                }
            }
        });
        ins.push(give);
        outs.push_back(out);
    }
    scope.spawn(move || deal(records, &ins));
    Decoded { outs, chunk: Vec::new().into_iter() }
}

/// Hands the records on, a chunk to each thread in turn, until nobody takes them any more.
fn deal(mut records: impl Iterator<Item = Read>, ins: &[SyncSender<Vec<Read>>]) {
    for give in ins.iter().cycle() {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK_RECORDS && bytes < CHUNK_BYTES {
            let Some(read) = records.next() else { break };
            bytes += read.as_ref().map_or(0, |stored| stored.record.body.len());
            chunk.push(read);
        }
        if chunk.is_empty() || give.send(chunk).is_err() {
            return;
        }
    }
}

impl<T> Iterator for Decoded<T> {
    type Item = Result<T, ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(one) = self.chunk.next() {
                return Some(one);
            }
            let next = self.outs.front()?.recv().ok()?;
            self.chunk = next.into_iter();
            self.outs.rotate_left(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Sha256;

    use super::*;
    use crate::journal::{Position, Record};

    fn stored(number: u64) -> Stored {
        let record = Record { kind: 1, at_unix_ms: number, body: vec![0; 64] };
        let chain = Sha256::from_bytes([0; 32]);
        Stored { position: Position::new(number), in_group: 0, record, decision: None, chain }
    }

    fn decode(stored: Stored) -> Result<u64, ReplayError> {
        let position = stored.position;
        match position.number() {
            5_000 => Err(ReplayError::Record { set: "findings", position, why: "bad".to_owned() }),
            number => Ok(number),
        }
    }

    #[test]
    fn the_order_is_kept_and_what_is_bad_is_told_at_its_place() {
        let made: Vec<_> = std::thread::scope(|scope| {
            decoded(scope, (1..=10_000).map(|number| Ok(stored(number))), decode).collect()
        });
        assert_eq!(made.len(), 10_000);
        for (one, number) in made.iter().zip(1..) {
            assert_eq!(one.as_ref().ok().copied(), (number != 5_000).then_some(number));
        }
    }

    #[test]
    fn nobody_waits_for_one_who_has_heard_enough() {
        let endless = (1..).map(|number| Ok(stored(number)));
        let first = std::thread::scope(|scope| decoded(scope, endless, decode).next());
        assert_eq!(first.and_then(Result::ok), Some(1));
    }
}
