//! The start of a journal: believe what can be proved, cut what was never finished, refuse the rest.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::FileExt,
    path::Path,
};

use tidelock_model::mutated;

use super::{
    catalog::{self, Catalog, Segment},
    damage::{Damage, Torn},
    decisions::DecisionHeads,
    disk,
    error::{OpenError, Place},
    floor::{self, Floor},
    header, identity,
    layout::Layout,
    segments::{Active, SetWriter},
    settings::Settings,
    types::{Position, Set},
    walk::{End, Walk},
    witness::{self, Witness},
};

/// What a start found and did; to be told to the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Whether the journal is a new one.
    pub created: bool,
    /// Unfinished writes that were cut.
    pub torn: Vec<Torn>,
    /// What else is worth a line in the log.
    pub notes: Vec<String>,
}

/// Everything that the writer needs.
pub(crate) struct Recovered {
    pub(crate) lock: File,
    pub(crate) floor: Floor,
    pub(crate) findings: SetWriter,
    pub(crate) decisions: SetWriter,
    pub(crate) heads: DecisionHeads,
    pub(crate) report: Recovery,
}

/// Takes the folder and brings it into a state that can be written to.
pub(crate) fn recover(settings: &Settings, layout: &Layout) -> Result<Recovered, OpenError> {
    for dir in [layout.dir().to_path_buf(), layout.set(Set::Findings), layout.set(Set::Decisions)] {
        std::fs::create_dir_all(&dir).at("make", &dir)?;
    }
    let lock = take_lock(layout)?;
    let mut report = Recovery::default();
    let journal = identify(layout, &mut report)?;
    let floor = read_floor(layout)?;
    finish_drop(layout, floor, &mut report)?;
    let witness = read_witness(layout, &journal)?;

    let findings = catalog::list(layout, Set::Findings, &journal, floor)?;
    let walk = |set, segments, all| Walk {
        layout,
        set,
        journal: &journal,
        segments,
        all,
        durable: witness.ok().map(|witness| witness.of(set)),
        // The lock is ours: nobody else writes.
        moved: &|| false,
    };
    let findings_end = walk(Set::Findings, findings.as_slice(), false).run(&mut |_| Ok(()))?;
    if findings.is_empty() && floor != Floor::BEGINNING {
        let path = layout.segment(Set::Findings, floor.number);
        return Err(Damage::new(Set::Findings, &path, 0, floor.oldest(), "the segment is missing").into());
    }

    let decisions = catalog::list(layout, Set::Decisions, &journal, Floor::BEGINNING)?;
    let mut heads = DecisionHeads::default();
    let decisions_end = walk(Set::Decisions, decisions.as_slice(), true)
        .run(&mut |stored| heads.follow(stored, findings_end.mark.position))?;
    let ends = [findings_end.mark.position, decisions_end.mark.position];
    if let Err(why) = witness
        && !report.created
        && witness::is_missed(why, ends)
    {
        let path = layout.witness();
        let path = path.display();
        report.notes.push(format!("{path} vouches for nothing ({why}); the end was judged without it"));
    }

    let findings = writer(settings, layout, Set::Findings, journal, findings, findings_end, &mut report)?;
    let decisions = writer(settings, layout, Set::Decisions, journal, decisions, decisions_end, &mut report)?;
    Ok(Recovered { lock, floor, findings, decisions, heads, report })
}

fn take_lock(layout: &Layout) -> Result<File, OpenError> {
    let path = layout.lock();
    let lock = File::options().write(true).create(true).truncate(false).open(&path).at("open", &path)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) if mutated("a-folder-has-one-process") => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: layout.dir().to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { doing: "lock", path, source }),
    }
}

/// Reads the identity; gives one to a folder in which there is nothing yet.
fn identify(layout: &Layout, report: &mut Recovery) -> Result<[u8; 16], OpenError> {
    let path = layout.identity();
    if let Some(known) = identity::read(&path).at("read", &path)? {
        return known.map_err(|()| {
            Damage::new(Set::Decisions, &path, 0, Position::START, "the journal's identity cannot be read")
                .into()
        });
    }
    for set in Set::BOTH {
        if !catalog::numbers(layout, set)?.is_empty() {
            let what = "the journal's identity is missing beside its segments";
            return Err(Damage::new(set, &path, 0, Position::START, what).into());
        }
    }
    if layout.witness().exists() {
        let what = "identity and segments are gone, but a witness says that there were some";
        return Err(Damage::new(Set::Decisions, &path, 0, Position::START, what).into());
    }
    report.created = true;
    let id = identity::create(&path).at("create", &path)?;
    if let Some(parent) = layout.dir().parent().filter(|parent| !parent.as_os_str().is_empty()) {
        disk::sync_dir(parent).at("sync", parent)?;
    }
    Ok(id)
}

pub(crate) fn read_floor(layout: &Layout) -> Result<Floor, OpenError> {
    let path = layout.floor();
    floor::read(&path).at("read", &path)?.ok_or_else(|| {
        let what = "the file that names the oldest kept segment cannot be read";
        Damage::new(Set::Findings, &path, 0, Position::START, what).into()
    })
}

/// Deletes the segments that a crash left below the floor.
fn finish_drop(layout: &Layout, floor: Floor, report: &mut Recovery) -> Result<(), OpenError> {
    for number in catalog::numbers(layout, Set::Findings)? {
        if number < floor.number {
            let path = layout.segment(Set::Findings, number);
            std::fs::remove_file(&path).at("remove", &path)?;
            report.notes.push(format!("removed {}, which had been dropped before", path.display()));
        }
    }
    Ok(())
}

/// What the witness says, or why it says nothing.
fn read_witness(layout: &Layout, journal: &[u8; 16]) -> Result<Result<Witness, &'static str>, OpenError> {
    let path = layout.witness();
    match witness::read(&path).at("read", &path)? {
        Ok(witness) if witness.journal == *journal => Ok(Ok(witness)),
        Ok(_) => {
            let what = "the witness belongs to another journal: the folder holds parts of two";
            Err(Damage::new(Set::Decisions, &path, 0, Position::START, what).into())
        }
        Err(why) => Ok(Err(why)),
    }
}

/// Makes durable what was believed, cuts what was not, and hands out the writing end.
fn writer(
    settings: &Settings,
    layout: &Layout,
    set: Set,
    journal: [u8; 16],
    segments: Vec<Segment>,
    end: End,
    report: &mut Recovery,
) -> Result<SetWriter, OpenError> {
    let active = match segments.last() {
        None => None,
        Some(last) => Some(reopen(&last.path, end.offset, end.torn.as_ref())?),
    };
    report.torn.extend(end.torn);
    let spare = layout.spare(set);
    if spare.exists() {
        std::fs::remove_file(&spare).at("remove", &spare)?;
    }
    let dir = layout.set(set);
    disk::sync_dir(&dir).at("sync", &dir)?;
    Ok(SetWriter {
        set,
        layout: layout.clone(),
        disk: settings.disk.clone(),
        journal,
        segment_bytes: settings.segment_bytes,
        catalog: Catalog::new(segments),
        active,
        durable: end.mark,
        staged: end.mark,
        buffer: Vec::new(),
        in_group: 0,
        spare: None,
    })
}

/// A crash may have left records that were written and never synced, and a failed sync pages that
/// only look clean. Both are written once more before anybody relies on them.
fn reopen(path: &Path, offset: u64, torn: Option<&Torn>) -> Result<Active, OpenError> {
    let file = File::options().read(true).write(true).open(path).at("open", path)?;
    let end = file.metadata().at("look at", path)?.len();
    let mut good = vec![0; usize::try_from(offset.max(header::LEN)).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut good, 0).at("read", path)?;
    file.write_all_at(&good, 0).at("write to", path)?;
    if let Some(torn) = torn {
        let zeros = vec![0; usize::try_from(torn.bytes).unwrap_or(usize::MAX)];
        file.write_all_at(&zeros, offset).at("cut", path)?;
    }
    file.sync_all().at("sync", path)?;
    Ok(Active { file, path: path.to_path_buf(), offset, end })
}
