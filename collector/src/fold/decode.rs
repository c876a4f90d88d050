//! Reads records back on every processor, and shows them in their order.
//!
//! A start folds the whole journal. Reading a record back costs several times as much as folding it,
//! and unlike the fold it does not depend on the record before.
//!
//! What a thread has made is only lent, and mostly dropped by that thread: memory that one thread allocates and another
//! one frees costs both of them more than all that is done with it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, available_parallelism};

use super::ReplayError;
use crate::journal::{ReadError, Stored};

/// Records that are handed on together, at most.
const CHUNK_RECORDS: usize = 128;
/// Bytes that are handed on together, but for a single larger record.
const CHUNK_BYTES: usize = 1 << 18;
/// Chunks that wait for a thread, and behind it.
const WAITING: usize = 8;
/// Threads, at most.
const THREADS: usize = 8;

type Read = Result<Stored, ReadError>;
/// Records, and why there are no more.
type Dealt = (Arc<Vec<Stored>>, Option<ReadError>);

/// What was lent, until it is given back.
struct Lent<T>(VecDeque<Arc<T>>);

impl<T> Lent<T> {
    fn lend(&mut self, one: T) -> Arc<T> {
        while self.0.front().is_some_and(|front| Arc::strong_count(front) == 1) {
            self.0.pop_front();
        }
        let lent = Arc::new(one);
        self.0.push_back(lent.clone());
        lent
    }
}

/// What was made of some records, and why no more was made of them.
struct Chunk<T> {
    made: Arc<Vec<T>>,
    bad: Option<ReplayError>,
}

/// What was made of the records, in order. Its threads end with it; one that panics takes the whole
/// scope with it, so a part of a journal never looks like all of it.
pub(super) struct Decoded<T> {
    /// Chunk by chunk from each in turn.
    outs: VecDeque<Receiver<Chunk<T>>>,
    chunk: Chunk<T>,
    /// How much of the chunk was taken.
    taken: usize,
}

/// Makes something of each record, side by side.
pub(super) fn decoded<'scope, T: Send + Sync + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    records: impl Iterator<Item = Read> + Send + 'scope,
    decode: impl Fn(&Stored) -> Result<T, ReplayError> + Copy + Send + 'scope,
) -> Decoded<T> {
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS);
    let (mut ins, mut outs) = (Vec::new(), VecDeque::new());
    for _ in 0..threads {
        let (give, chunks) = sync_channel::<Dealt>(WAITING);
        let (told, out) = sync_channel(WAITING);
        scope.spawn(move || {
            let mut lent = Lent(VecDeque::new());
            for (records, end) in chunks {
                let (made, bad) = made_of(&records, decode);
                drop(records);
                let bad = bad.or_else(|| end.map(ReplayError::from));
                if told.send(Chunk { made: lent.lend(made), bad }).is_err() {
                    return;
                }
            }
        });
        ins.push(give);
        outs.push_back(out);
    }
    scope.spawn(move || deal(records, &ins));
    Decoded { outs, chunk: Chunk { made: Arc::default(), bad: None }, taken: 0 }
}

/// Makes something of each record up to the first bad one.
fn made_of<T>(
    records: &[Stored],
    decode: impl Fn(&Stored) -> Result<T, ReplayError>,
) -> (Vec<T>, Option<ReplayError>) {
    let mut made = Vec::with_capacity(records.len());
    for record in records {
        match decode(record) {
            Ok(one) => made.push(one),
            Err(error) => return (made, Some(error)),
        }
    }
    (made, None)
}

/// Hands the records on, a chunk to each thread in turn, until one cannot be read or nobody takes them any more.
fn deal(mut records: impl Iterator<Item = Read>, ins: &[SyncSender<Dealt>]) {
    let mut lent = Lent(VecDeque::new());
    for give in ins.iter().cycle() {
        let (mut chunk, mut bytes, mut end) = (Vec::new(), 0, None);
        while chunk.len() < CHUNK_RECORDS && bytes < CHUNK_BYTES {
            match records.next() {
                Some(Ok(stored)) => {
                    bytes += stored.record.body.len();
                    chunk.push(stored);
                }
                Some(Err(error)) => {
                    end = Some(error);
                    break;
                }
                None => break,
            }
        }
        let over = end.is_some();
        if (chunk.is_empty() && end.is_none()) || give.send((lent.lend(chunk), end)).is_err() || over {
            return;
        }
    }
}

impl<T> Decoded<T> {
    /// The next one, where it is due; `None` where it is not, and behind the last one. After an error it is over.
    pub(super) fn next_if(&mut self, due: impl FnOnce(&T) -> bool) -> Result<Option<&T>, ReplayError> {
        while self.taken == self.chunk.made.len() {
            if let Some(bad) = self.chunk.bad.take() {
                self.outs.clear();
                return Err(bad);
            }
            let Some(Ok(next)) = self.outs.front().map(Receiver::recv) else { return Ok(None) };
            (self.chunk, self.taken) = (next, 0);
            self.outs.rotate_left(1);
        }
        let next = self.chunk.made.get(self.taken).filter(|next| due(next));
        self.taken += usize::from(next.is_some());
        Ok(next)
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

    fn decode(stored: &Stored) -> Result<u64, ReplayError> {
        let position = stored.position;
        match position.number() {
            5_000 => Err(ReplayError::Record { set: "findings", position, why: "bad".to_owned() }),
            number => Ok(number),
        }
    }

    #[test]
    fn the_order_is_kept_and_what_is_bad_is_told_at_its_place() {
        std::thread::scope(|scope| {
            let mut made = decoded(scope, (1..=10_000).map(|number| Ok(stored(number))), decode);
            for number in 1..5_000 {
                assert_eq!(made.next_if(|_| false).unwrap(), None);
                assert_eq!(made.next_if(|one| *one == number).unwrap(), Some(&number));
            }
            assert!(
                made.next_if(|_| false).unwrap_err().to_string().contains("record 5000 of findings: bad")
            );
            assert_eq!(made.next_if(|_| true).unwrap(), None);
        });
    }

    fn told(reads: Vec<Read>) -> (Vec<u64>, Option<String>) {
        std::thread::scope(|scope| {
            let mut made = decoded(scope, reads.into_iter(), decode);
            let mut all = Vec::new();
            loop {
                match made.next_if(|_| true) {
                    Ok(Some(one)) => all.push(*one),
                    Ok(None) => return (all, None),
                    Err(error) => {
                        assert_eq!(made.next_if(|_| true).unwrap(), None, "behind an error nothing comes");
                        return (all, Some(error.to_string()));
                    }
                }
            }
        })
    }

    #[test]
    fn what_cannot_be_read_is_an_error_at_its_place_and_never_the_end() {
        let gone = || {
            let (asked, floor) = (Position::new(7), Position::new(9));
            Err::<Stored, _>(ReadError::Dropped { asked, floor })
        };
        let why = gone().map(drop).unwrap_err().to_string();
        let reads = |from: u64, to: u64| (from..=to).map(|number| Ok(stored(number))).collect::<Vec<Read>>();
        assert_eq!(told(Vec::new()), (Vec::new(), None));
        assert_eq!(told(vec![gone()]), (Vec::new(), Some(why.clone())));
        for records in [1, 255, 256, 257, 700] {
            let all: Vec<Read> =
                reads(1, records).into_iter().chain([gone()]).chain(reads(records + 1, 900)).collect();
            assert_eq!(told(all), ((1..=records).collect(), Some(why.clone())), "behind {records}");
        }
        let all = reads(4_990, 5_010).into_iter().chain([gone()]).collect();
        let (before, first) = told(all);
        assert_eq!(before, (4_990..5_000).collect::<Vec<_>>());
        assert!(first.is_some_and(|first| first.contains("record 5000")), "the first error is told");
    }

    #[test]
    fn the_end_is_told_again_and_again() {
        std::thread::scope(|scope| {
            let mut made = decoded(scope, (1..=300).map(|number| Ok(stored(number))), decode);
            let all = std::iter::from_fn(|| made.next_if(|_| true).unwrap().copied());
            assert!(all.eq(1..=300));
            assert_eq!(made.next_if(|_| true).unwrap(), None);
        });
    }

    #[test]
    fn nobody_waits_for_one_who_has_heard_enough() {
        let endless = (1..).map(|number| Ok(stored(number)));
        let first = std::thread::scope(|scope| {
            let mut made = decoded(scope, endless, decode);
            made.next_if(|_| true).unwrap().copied()
        });
        assert_eq!(first, Some(1));
    }
}
