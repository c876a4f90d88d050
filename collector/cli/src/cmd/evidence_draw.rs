//! The course of a proof as a few lines: where each side succeeded, how far the proof came, and what broke it.
//!
//! A character stands for one slot, or for several where they do not fit; then it shows the worst of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tidelock_proto::{json, v1};

use super::proof_text::{incidents, seconds};
use super::sparkline::Ink;
use crate::client::clean;
use crate::out::Manner;
use crate::words::{clock, clock_and_zone, grouped, pad, state};

/// Characters before a drawing, and after it.
const ROOM: usize = 26;
/// On fewer characters a drawing has a line of its own, below its name.
const NARROW: usize = 46;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet {
    pub(crate) ink: Ink,
    /// Characters of a line.
    pub(crate) width: usize,
}

impl Sheet {
    fn narrow(self) -> bool {
        self.width < NARROW
    }

    /// Characters that a drawing may have.
    pub(crate) fn room(self) -> usize {
        let beside = if self.narrow() { 2 } else { ROOM };
        self.width.saturating_sub(beside).max(10)
    }

    /// What stands before the words of a line.
    fn lead(self, name: &str) -> String {
        match (self.narrow(), name.is_empty()) {
            (true, true) => "  ".to_owned(),
            (true, false) => format!("  {name} "),
            (false, _) => format!("  {} ", pad(name, 12)),
        }
    }

    /// A drawing with its name and what it comes to, which may be nothing.
    pub(crate) fn row(self, name: &str, drawn: &str, said: &str) -> String {
        match (self.narrow(), said.is_empty()) {
            (true, _) => format!("  {}\n  {drawn}\n", format!("{name} {said}").trim_end()),
            (false, true) => format!("  {} {drawn}\n", pad(name, 12)),
            (false, false) => format!("  {} {drawn}  {said}\n", pad(name, 12)),
        }
    }
}

/// What one character stands for.
#[derive(Debug, Clone, Copy, Default)]
struct Column {
    source: Option<f64>,
    target: Option<f64>,
    way: Option<f64>,
    void: bool,
    incident: bool,
}

/// The drawing, with these of its claims.
pub(crate) fn draw(
    manner: Manner,
    sheet: Sheet,
    evidence: &v1::Evidence,
    claims: &[&v1::EvidenceClaim],
) -> String {
    let mut text = format!("{}  slot by slot\n", manner.bold(&evidence.check));
    for claim in claims.iter().filter_map(|weighed| weighed.claim.as_ref()) {
        let (name, is) = (sheet.lead(&claim.name), clean(&claim.is));
        let _ = writeln!(text, "{name}{is}   {}", state(manner, claim.state));
    }
    let (Some(first), Some(last)) = (evidence.slots.first(), evidence.slots.last()) else {
        text.push_str("  no slot has closed in that time\n");
        return text;
    };
    let each = slots_a_column(first.slot, last.slot, sheet.room());
    let columns = columns(evidence, claims, (first.slot, last.slot), each);
    let drawn = |share: fn(&Column) -> Option<f64>| sheet.ink.line(columns.iter().map(share));
    for side in [v1::Side::Target, v1::Side::Source] {
        let line = match side {
            v1::Side::Target => drawn(|column| column.target),
            v1::Side::Source | v1::Side::Unspecified => drawn(|column| column.source),
        };
        let word = json::side_word(side.into());
        text.push_str(&sheet.row(word, &line, &success(evidence, side)));
    }
    let way = drawn(|column| column.way);
    let slowest = if evidence.claims.len() > 1 { " of the slowest claim" } else { "" };
    text.push_str(&sheet.row("way", &way, &format!("{} %{slowest}", last.progress_percent)));
    let marks: String = columns.iter().map(|column| mark(sheet.ink, column)).collect();
    if !marks.trim().is_empty() {
        text.push_str(&sheet.row("marks", marks.trim_end(), ""));
    }
    ends(sheet, evidence, (first, last), columns.len(), &mut text);
    legend(sheet, evidence, claims, each, &mut text);
    text
}

/// The smallest number of slots a character with which all of them fit.
fn slots_a_column(first: u64, last: u64, width: usize) -> u64 {
    last.saturating_sub(first).saturating_add(1).div_ceil(width as u64).max(1)
}

fn columns(
    evidence: &v1::Evidence,
    claims: &[&v1::EvidenceClaim],
    (first, last): (u64, u64),
    each: u64,
) -> Vec<Column> {
    let incidents = incident_starts(claims);
    let mut columns: Vec<Column> = Vec::new();
    for slot in &evidence.slots {
        // The first and the last slot fit the width; one that is not between them is drawn at the edge.
        let place = usize::try_from(slot.slot.clamp(first, last.max(first)).saturating_sub(first) / each);
        let place = place.unwrap_or(0);
        while columns.len() <= place {
            // Slots of a long silence are told by the first of them.
            columns.push(Column { void: true, ..Column::default() });
        }
        let fresh = evidence_of(slot);
        let column = &mut columns[place];
        if column.way.is_none() {
            column.void = false;
        }
        column.void |= !fresh;
        let began = json::unix_ms(slot.end_time.as_ref()).saturating_sub(evidence.slot_ms);
        column.incident |= incidents.contains(&began);
        column.way = Some(f64::from(slot.progress_percent) / 100.0);
        let worse = |old: Option<f64>, new: Option<f64>| match (old, new) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
        column.target = worse(column.target, share(evidence, slot, v1::Side::Target));
        column.source = worse(column.source, share(evidence, slot, v1::Side::Source));
    }
    columns
}

fn evidence_of(slot: &v1::EvidenceSlot) -> bool {
    slot.void_reason.is_empty()
}

fn incident_starts(claims: &[&v1::EvidenceClaim]) -> BTreeSet<u64> {
    let proofs = claims.iter().filter_map(|weighed| weighed.claim.as_ref()?.proof.as_ref());
    proofs.flat_map(|proof| &proof.last_incident_times).map(|at| json::unix_ms(Some(at))).collect()
}

/// Passed and counted: of the side that must be good, what it owed or could not do counts too.
fn counts(evidence: &v1::Evidence, slot: &v1::EvidenceSlot, side: v1::Side) -> (u64, u64) {
    let of = match side {
        v1::Side::Target => slot.target.as_ref(),
        v1::Side::Source | v1::Side::Unspecified => slot.source.as_ref(),
    };
    let Some(of) = of else { return (0, 0) };
    let looked = of.ok.saturating_add(of.failed);
    let subject = evidence.subject == i32::from(side);
    let all = if subject { looked.saturating_add(of.not_run).saturating_add(of.missing) } else { looked };
    (of.ok, all)
}

fn share(evidence: &v1::Evidence, slot: &v1::EvidenceSlot, side: v1::Side) -> Option<f64> {
    let (ok, all) = counts(evidence, slot, side);
    (all > 0).then(|| ok as f64 / all as f64)
}

/// The share of passes over all slots, never rounded up.
fn success(evidence: &v1::Evidence, side: v1::Side) -> String {
    let (ok, all) = (evidence.slots.iter().map(|slot| counts(evidence, slot, side)))
        .fold((0u64, 0u64), |sum, one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)));
    if all == 0 {
        return "nothing".to_owned();
    }
    let permille = u128::from(ok) * 1000 / u128::from(all);
    match permille % 10 {
        0 => format!("{} %", permille / 10),
        tenth => format!("{}.{tenth} %", permille / 10),
    }
}

fn mark(ink: Ink, column: &Column) -> char {
    match (column.incident, column.void) {
        (true, _) => ink.incident,
        (false, true) => ink.void,
        (false, false) => ink.nothing,
    }
}

/// The times at both ends, below them.
fn ends(
    sheet: Sheet,
    evidence: &v1::Evidence,
    (first, last): (&v1::EvidenceSlot, &v1::EvidenceSlot),
    width: usize,
    text: &mut String,
) {
    let began = json::unix_ms(first.end_time.as_ref()).saturating_sub(evidence.slot_ms);
    let left = clock(Some(&json::wire_time(began)), &evidence.timezone);
    let right = clock_and_zone(last.end_time.as_ref(), &evidence.timezone);
    let between = " ".repeat(width.saturating_sub(left.len() + right.len()).max(1));
    let _ = writeln!(text, "{}{left}{between}{right}", sheet.lead(""));
}

fn legend(
    sheet: Sheet,
    evidence: &v1::Evidence,
    claims: &[&v1::EvidenceClaim],
    each: u64,
    text: &mut String,
) {
    let slot = seconds(evidence.slot_ms);
    let stands = match each {
        1 => format!("a character is a slot of {slot}"),
        each => format!("a character is the worst of {} slots of {slot}", grouped(each)),
    };
    let (lead, closed) = (sheet.lead(""), grouped(evidence.slots.len() as u64));
    let _ = writeln!(text, "{lead}{stands}, {closed} slots closed");
    let mut voids: BTreeMap<&str, u64> = BTreeMap::new();
    for slot in evidence.slots.iter().filter(|slot| !evidence_of(slot)) {
        *voids.entry(&slot.void_reason).or_default() += 1;
    }
    if !voids.is_empty() {
        let said: Vec<_> = voids.iter().map(|(why, count)| format!("{} ({count})", clean(why))).collect();
        let lead = sheet.lead(&sheet.ink.void.to_string());
        let _ = writeln!(text, "{lead}no evidence: {}", said.join("; "));
    }
    let proofs: Vec<_> = claims.iter().filter_map(|weighed| weighed.claim.as_ref()?.proof.as_ref()).collect();
    if let Some(proof) = proofs.iter().max_by_key(|proof| proof.incidents).filter(|p| p.incidents > 0) {
        let said = incidents(proof.incidents, &proof.last_incident_times, &evidence.timezone);
        let _ = writeln!(text, "{}incidents {said}", sheet.lead(&sheet.ink.incident.to_string()));
    }
}
