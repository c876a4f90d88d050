//! One reading of what would move if somebody wrote.

use std::collections::BTreeMap;

use tidelock_model::{Name, Outcome, Timestamp};

use super::moved::Moved;
use crate::plan::{ClaimKind, Joint, Scenario};
use crate::proof::StateWriter;
use crate::runbook::young::Heard;

/// Counters and digests kept of a reading. What a report may hold is bounded by the sandbox; this is for one that
/// came another way.
const KEPT: usize = 4_096;
/// What was written, or ran, since the agent's last look.
const SINCE_LAST: [&str; 2] = ["writes", "runs"];
/// Counters that only grow when something is put in.
const GROWS: [&str; 3] = ["enqueued", "position", "offset"];
/// What waits: together it grows only when something is put in.
const WAITS: [&str; 3] = ["visible", "in_flight", "delayed"];
/// Above this a count is none: fractions no longer tell one from the next.
const COUNT_CEILING: f64 = 9_007_199_254_740_992.0;
/// What a reading lacks that tells of no writer at all, and one that would not see what is worked off at once.
const NOTHING: &str = "it counts nothing that could move";
const FAST: &str = "it counts what waits and not what is put in (enqueued): a producer whose work is done at once is not seen";
/// Rows that are told one by one, for as long as they are new.
const ROW: &str = "row@";

/// What one finding says of writers and positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) began: Timestamp,
    /// Writers with an open transaction.
    pub(crate) open_writers: u64,
    /// By the measure's name.
    counters: BTreeMap<String, f64>,
    digests: BTreeMap<String, Rows>,
}

/// A digest of rows.
#[derive(Debug, Clone, PartialEq)]
struct Rows {
    hash: Vec<u8>,
    rows: u64,
    position: String,
}

impl Reading {
    /// None where the finding did not look.
    pub(crate) fn of(heard: &Heard<'_>) -> Option<Reading> {
        let report = &heard.finding.report;
        let count = |value: f64| (0.0..=COUNT_CEILING).contains(&value).then_some(value);
        let mut counters = BTreeMap::new();
        for measure in report.measures.iter().filter(|it| counted(&it.name)).take(KEPT) {
            // What is no count is not taken for nothing.
            counters.insert(measure.name.clone(), count(measure.value)?);
        }
        let digest = |digest: &tidelock_model::Digest| {
            let (hash, position) = (digest.hash.clone(), digest.position.clone());
            (digest.key.clone(), Rows { hash, rows: digest.rows, position })
        };
        let digests = report.digests.iter().take(KEPT).map(digest).collect();
        let open = report.measure("open_writers").map_or(Some(0.0), |open| count(open.value))?;
        // A write that was seen is a write, though the run did not end well.
        let wrote = SINCE_LAST.iter().any(|name| counters.get(*name).is_some_and(|count| *count > 0.0));
        let looked = heard.finding.outcome == Outcome::Pass || wrote;
        looked.then_some(Reading { began: heard.began, open_writers: open as u64, counters, digests })
    }

    /// It tells what was written since the look before it: what a lost reading told, no later one tells again.
    pub(crate) fn tells_since_last(&self) -> bool {
        SINCE_LAST.iter().any(|name| self.counters.contains_key(*name))
    }

    /// What was read.
    pub(crate) fn write(&self, out: &mut StateWriter) {
        out.number(self.began.as_millis());
        out.number(self.open_writers);
        for (name, count) in &self.counters {
            out.text(name);
            out.fraction(*count);
        }
        for (key, rows) in &self.digests {
            out.text(key);
            out.number(rows.rows);
            out.list(rows.hash.iter(), |byte, out| out.number(u64::from(*byte)));
        }
    }

    /// What it does not hold though the scenario's claims say that it reads that; none where it holds all.
    pub(crate) fn lacks(&self, scenario: &Scenario) -> Option<&'static str> {
        let any = |names: &[&str]| names.iter().any(|name| self.counters.contains_key(*name));
        let lack = |missing: bool, what: &'static str| missing.then_some(what);
        scenario.claims.iter().find_map(|claim| match &claim.kind {
            ClaimKind::Joint(Joint::Silent(_) | Joint::Owner { .. }) => lack(!any(&SINCE_LAST), NOTHING),
            ClaimKind::Joint(Joint::Drained(_)) if any(&WAITS) => lack(!any(&["enqueued"]), FAST),
            ClaimKind::Joint(Joint::Drained(_)) => lack(!any(&["enqueued"]), NOTHING),
            ClaimKind::Joint(Joint::Parity(_)) => lack(self.digests.is_empty(), NOTHING),
            ClaimKind::Joint(Joint::Gauge(_) | Joint::Success(_) | Joint::Latency(_)) => None,
            ClaimKind::Joint(Joint::Marks { .. } | Joint::SameResponse { .. }) => None,
            ClaimKind::Joint(Joint::NoDependencyOn(_)) => None,
            ClaimKind::Passes { .. } | ClaimKind::Measure { .. } => None,
        })
    }

    /// What moved since an earlier reading of the same agent.
    pub(crate) fn since(&self, before: &Reading, check: &Name, heard: &Heard<'_>) -> Option<Moved> {
        if self.began <= before.began {
            return None;
        }
        let took = self.began.since(before.began);
        let told = |what: String, from: String, to: String, by: f64| Moved {
            at: heard.at,
            check: check.clone(),
            agent: heard.agent.name.clone(),
            what,
            from,
            to,
            by,
            took,
            note: heard.finding.report.note.chars().take(200).collect(),
        };
        let number = |value: f64| format!("{value}");
        if let Some((name, new)) = self.new_writes() {
            let what = self.named(name, heard).unwrap_or_else(|| name.to_owned());
            return Some(told(what, number(0.0), number(new), new));
        }
        if let Some((name, from, to)) = self.grown(before) {
            return Some(told(name.to_owned(), number(from), number(to), (to - from).abs()));
        }
        let (from, to) = (before.waits(), self.waits());
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| to > from) {
            let what = self.fuller(before).unwrap_or("what waits").to_owned();
            return Some(told(what, number(from), number(to), to - from));
        }
        let (key, from, to, by) = self.other_rows(before)?;
        Some(told(key, from, to, by))
    }

    fn new_writes(&self) -> Option<(&'static str, f64)> {
        let new = |name: &&'static str| Some((*name, self.counters.get(*name).copied()?));
        SINCE_LAST.iter().filter_map(new).find(|(_, count)| *count > 0.0)
    }

    /// The table, job or writer, as the finding names it.
    fn named(&self, name: &str, heard: &Heard<'_>) -> Option<String> {
        let left = heard.finding.report.remaining.iter().find(|left| left.count > 0);
        let jobs = || {
            let mut ran = self.counters.iter().filter(|(_, count)| name == "runs" && **count > 0.0);
            ran.find_map(|(job, _)| Some(format!("job {}", job.strip_prefix("runs.")?)))
        };
        left.map(|left| left.what.chars().take(200).collect()).or_else(jobs)
    }

    /// A counter that grew, or that is new and counts something. The one of a queue or topic says more than the
    /// sum.
    fn grown(&self, before: &Reading) -> Option<(&str, f64, f64)> {
        let grows = |name: &str| GROWS.iter().any(|of| is_of(name, of));
        let moved = |(name, now): (&'_ String, &f64)| {
            let was = before.counters.get(name).copied().unwrap_or(0.0);
            (grows(name) && *now != was).then_some((name.clone(), was, *now))
        };
        let mut all: Vec<_> = self.counters.iter().filter_map(moved).collect();
        all.sort_by_key(|(name, ..)| !name.contains('.'));
        let (name, was, now) = all.into_iter().next()?;
        let (name, _) = self.counters.get_key_value(&name)?;
        Some((name, was, now))
    }

    fn waits(&self) -> Option<f64> {
        let of = |name: &&str| self.counters.get(*name);
        self.counters.get("visible")?;
        Some(WAITS.iter().filter_map(of).sum())
    }

    /// The queue in which more waits than before.
    fn fuller(&self, before: &Reading) -> Option<&str> {
        let more = |(name, now): &(&String, &f64)| {
            name.starts_with("visible.") && **now > before.counters.get(*name).copied().unwrap_or(0.0)
        };
        self.counters.iter().find(more).map(|(name, _)| name.as_str())
    }

    /// Rows that are others than they were.
    fn other_rows(&self, before: &Reading) -> Option<(String, String, String, f64)> {
        let at = |rows: &Rows| match rows.position.as_str() {
            "" => format!("{} rows", rows.rows),
            position => format!("{} rows at {position}", rows.rows),
        };
        for (key, now) in &self.digests {
            let Some(was) = before.digests.get(key) else {
                if now.rows > 0 {
                    return Some((key.clone(), "nothing".to_owned(), at(now), now.rows as f64));
                }
                continue;
            };
            if (was.rows, &was.hash) != (now.rows, &now.hash) {
                let by = now.rows.abs_diff(was.rows).max(1) as f64;
                return Some((key.clone(), at(was), at(now), by));
            }
        }
        // A row that is no longer new is gone from the list, not from the table.
        let gone = |(key, was): &(&String, &Rows)| {
            !was.position.starts_with(ROW) && was.rows > 0 && !self.digests.contains_key(*key)
        };
        let (key, was) = before.digests.iter().find(gone)?;
        Some((key.clone(), at(was), "nothing".to_owned(), was.rows as f64))
    }
}

/// The measure tells of writers or positions.
fn counted(name: &str) -> bool {
    SINCE_LAST.iter().chain(&GROWS).chain(&WAITS).any(|of| is_of(name, of))
}

/// `enqueued` itself, or `enqueued.orders`.
fn is_of(name: &str, of: &str) -> bool {
    name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
