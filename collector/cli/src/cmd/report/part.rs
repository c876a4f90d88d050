//! A part of the report: what was decided and walked between two moments.
//!
//! Only what has a moment of its own is cut. How long scenarios were in which state is told of the whole migration, and
//! the page says so.

use tidelock_proto::{json, v1};

use crate::exit::Trouble;

/// From when until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    said: Option<String>,
}

impl Part {
    /// Both as people write them: on the clocks of the plan, or with an offset of their own.
    pub(super) fn read(from: Option<&str>, to: Option<&str>, zone: &str) -> Result<Part, Trouble> {
        let ms = |text: Option<&str>| text.map(|text| moment(text, zone)).transpose();
        let (from_ms, to_ms) = (ms(from)?, ms(to)?);
        if from_ms.zip(to_ms).is_some_and(|(from, to)| from > to) {
            return Err(Trouble::usage("--from is after --to: nothing lies between them"));
        }
        let words: Vec<String> = [("from", from), ("until", to)]
            .into_iter()
            .filter_map(|(word, text)| Some(format!("{word} {}", text?)))
            .collect();
        let said = (!words.is_empty()).then(|| {
            format!(
                "Decisions, phases, runs and revisions {} only; the time of scenarios is of the whole migration.",
                words.join(" ")
            )
        });
        Ok(Part { from_ms, to_ms, said })
    }

    /// What the page says of it; nothing where it is the whole.
    pub(super) fn said(&self) -> Option<String> {
        self.said.clone()
    }

    /// Leaves only what lies in it, or reaches into it.
    pub(super) fn cut(&self, report: &mut v1::Report) {
        let ms = |time: Option<&prost_types::Timestamp>| json::unix_ms(time);
        report.decisions.retain(|it| {
            let at = ms(it.event.as_ref().and_then(|event| event.time.as_ref()));
            self.meets(at, Some(at))
        });
        report.revisions.retain(|it| self.meets(ms(it.time.as_ref()), Some(ms(it.time.as_ref()))));
        report
            .phases
            .retain(|it| self.meets(ms(it.from_time.as_ref()), it.to_time.as_ref().map(|to| ms(Some(to)))));
        report.runs.retain(|it| {
            self.meets(ms(it.begun_time.as_ref()), it.ended_time.as_ref().map(|to| ms(Some(to))))
        });
    }

    /// What began then and ended then, or lasts, reaches into it.
    fn meets(&self, begun: u64, ended: Option<u64>) -> bool {
        self.to_ms.is_none_or(|to| begun <= to)
            && self.from_ms.is_none_or(|from| ended.is_none_or(|ended| ended >= from))
    }
}

fn moment(text: &str, zone: &str) -> Result<u64, Trouble> {
    let exact = text.parse::<jiff::Timestamp>().ok();
    let local = || {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let day = text.parse::<jiff::civil::DateTime>().ok()?;
        Some(day.to_zoned(zone).ok()?.timestamp())
    };
    let Some(at) = exact.or_else(local) else {
        let message = format!(
            "{text:?} is no moment: write it as 2026-11-22T01:00, or with an offset, 2026-11-22T01:00Z"
        );
        return Err(Trouble::usage(message));
    };
    Ok(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> v1::Report {
        let at = |hour: u64| Some(json::wire_time(1_795_305_600_000 + hour * 3_600_000));
        let phase = |from, to| v1::ReportPhase { from_time: from, to_time: to, ..v1::ReportPhase::default() };
        let decision = |hour| v1::ReportDecision {
            event: Some(v1::Event { time: at(hour), ..v1::Event::default() }),
            holds: Vec::new(),
        };
        v1::Report {
            phases: vec![phase(at(0), at(2)), phase(at(2), at(4)), phase(at(4), None)],
            decisions: vec![decision(1), decision(3), decision(5)],
            ..v1::Report::default()
        }
    }

    fn kept(from: Option<&str>, to: Option<&str>, zone: &str) -> (usize, usize) {
        let mut report = report();
        Part::read(from, to, zone).unwrap().cut(&mut report);
        (report.phases.len(), report.decisions.len())
    }

    #[test]
    fn what_reaches_into_the_part_stays() {
        // 2026-11-22T00:00Z is the first hour.
        assert_eq!(kept(None, None, "UTC"), (3, 3));
        assert_eq!(kept(Some("2026-11-22T02:30"), Some("2026-11-22T03:30"), "UTC"), (1, 1));
        assert_eq!(kept(Some("2026-11-22T03:30"), Some("2026-11-22T04:30"), "Europe/Berlin"), (1, 1));
        assert_eq!(kept(Some("2026-11-22T04:30Z"), None, "Europe/Berlin"), (1, 1));
        assert_eq!(kept(None, Some("2026-11-22T01:30"), "UTC"), (1, 1));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        assert!(Part::read(Some("yesterday"), None, "UTC").is_err());
        assert!(Part::read(Some("2026-11-22T03:00"), Some("2026-11-22T02:00"), "UTC").is_err());
        assert_eq!(Part::read(None, None, "UTC").unwrap().said(), None);
    }
}
