//! `journal compare`: whether two folders hold the same journal, and where they part.
//!
//! The chain up to a record names everything before it, so the first pair of records that stand on
//! different chains is where two journals took different courses.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::{data_dir, say};
use crate::journal::{
    Position, ReadError, Set, SetReport, Stored, read_decisions_offline, read_findings_offline,
    verify as prove,
};

/// How two sets stand to each other.
#[derive(Debug, PartialEq, Eq)]
enum Course {
    /// They end at the same record.
    Same(Position),
    /// The first ends here, and the other goes on from it.
    FirstEnds(Position),
    /// The other ends here, and the first goes on from it.
    OtherEnds(Position),
    /// Up to the one before this record they are the same.
    Forked(Position),
}

type Records<'a> = &'a mut dyn Iterator<Item = Result<Stored, ReadError>>;

/// Both begin at `from`; the first may be none that either has.
fn course(from: Position, one: Records<'_>, other: Records<'_>) -> Result<Course, ReadError> {
    let mut last = from.before();
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (Some(one), Some(other)) if one.chain == other.chain => last = one.position,
            (Some(_), Some(_)) => return Ok(Course::Forked(last.next())),
            (None, None) => return Ok(Course::Same(last)),
            (None, Some(_)) => return Ok(Course::FirstEnds(last)),
            (Some(_), None) => return Ok(Course::OtherEnds(last)),
        }
    }
}

pub(in crate::commands) fn compare(one: &Path, other: &Path) -> anyhow::Result<ExitCode> {
    let (one, other) = (data_dir(one), data_dir(other));
    let proved = |dir: &Path| prove(dir).with_context(|| format!("verify {}", dir.display()));
    let (first, second) = (proved(&one)?, proved(&other)?);
    let mut out = std::io::stdout();
    if first.identity != second.identity {
        say(&mut out, "these are two journals: they have nothing in common");
        return Ok(ExitCode::FAILURE);
    }
    let mut forked = false;
    for set in [Set::Decisions, Set::Findings] {
        let of = |report: &crate::journal::VerifyReport| -> SetReport {
            match set {
                Set::Findings => report.findings.clone(),
                Set::Decisions => report.decisions.clone(),
            }
        };
        let (a, b) = (of(&first), of(&second));
        let from = a.oldest.max(b.oldest);
        if from > a.head.next() || from > b.head.next() {
            say(&mut out, &format!("{set:<10} no record is kept in both"));
            forked = true;
            continue;
        }
        let read = |dir: &Path| match set {
            Set::Findings => read_findings_offline(dir, from),
            Set::Decisions => read_decisions_offline(dir, from),
        };
        let found = course(from, &mut read(&one)?, &mut read(&other)?)?;
        say(&mut out, &format!("{set:<10} {}", words(&found, &one, &other)));
        forked |= matches!(found, Course::Forked(_));
    }
    Ok(if forked { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn words(course: &Course, one: &Path, other: &Path) -> String {
    let (one, other) = (one.display(), other.display());
    match course {
        Course::Same(head) => format!("the same, {head} records"),
        Course::FirstEnds(at) => format!("{one} ends at {at}, and {other} goes on from there"),
        Course::OtherEnds(at) => format!("{other} ends at {at}, and {one} goes on from there"),
        Course::Forked(at) => format!("FORKED at record {at}: from there on both are another one"),
    }
}

#[cfg(test)]
mod tests {
    use tidelock_model::Sha256;

    use super::*;
    use crate::journal::Record;

    fn records(chains: &[u8]) -> impl Iterator<Item = Result<Stored, ReadError>> {
        let stored = |(at, chain): (u64, &u8)| Stored {
            position: Position::new(at),
            in_group: 0,
            record: Record { kind: 1, at_unix_ms: 0, body: Vec::new() },
            decision: None,
            chain: Sha256::from_bytes([*chain; 32]),
        };
        (5..).zip(chains).map(stored).map(Ok).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn two_journals_are_the_same_a_prefix_or_forked() {
        let at = Position::new;
        for (one, other, wanted) in [
            (&[1, 2][..], &[1, 2][..], Course::Same(at(6))),
            (&[1], &[1, 2], Course::FirstEnds(at(5))),
            (&[1, 2, 3], &[1, 2], Course::OtherEnds(at(6))),
            (&[1, 2, 3], &[1, 9, 3], Course::Forked(at(6))),
            (&[], &[1], Course::FirstEnds(at(4))),
            (&[], &[], Course::Same(at(4))),
        ] {
            let found = course(at(5), &mut records(one), &mut records(other)).unwrap();
            assert_eq!(found, wanted, "{one:?} and {other:?}");
        }
    }
}
