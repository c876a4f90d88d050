//! Claims that are counted or compared exactly: bounds, gauges, silence, ownership, rows and marks.
//!
//! Where such a claim has an error rate it comes from how long nothing was seen: who waits ten minutes has
//! not shown that six writes an hour are gone, and is told how long it takes.

use std::time::Duration;

use tidelock_core::plan::{ClaimKind, Gauge, Joint, Parity, Silence};
use tidelock_model::Side;

use super::proofs::error_rate;
use super::{Place, joint, sides};
use crate::fields::Fields;
use crate::keys;
use crate::problem::Sink;
use crate::tree::Entry;
use crate::units::{self, show};

/// What is ruled out where the plan does not say, an hour.
const USUAL_PER_HOUR: f64 = 6.0;
/// How far the target may lag behind when rows are compared.
const USUAL_LAG: Duration = Duration::from_secs(60);
/// How many times in a row both sides must have the same rows.
const USUAL_MATCHES: u32 = 3;

/// Bounds on a measure, or a gauge.
pub(super) fn measure(measure: &str, entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::MEASURE, sink)?;
    let bounded = fields.has("at_most") || fields.has("at_least");
    if fields.has("gauge") {
        if bounded || fields.has("for") {
            sink.say("E036", entry.key_span, format!("{} has a gauge and bounds", fields.place))
                .help("a gauge says all of it: { gauge: { enter: 5s, leave: 10s, for: 5m } }");
        }
        let gauge = entry.value.entry("gauge").filter(|g| !g.value.is_null())?;
        return self::gauge(measure, gauge, &fields, sink);
    }
    let (at_most, at_least) = (fields.number("at_most", sink), fields.number("at_least", sink));
    if !bounded {
        sink.say("E036", entry.key_span, format!("{} has no bound", fields.place))
            .help("write at_most, at_least or both, { at_most: 0, for: 1m }, or a gauge");
    }
    if let (Some(most), Some(least)) = (at_most, at_least)
        && least > most
    {
        let text = format!("{} must be at least {least} and at most {most}", fields.place);
        sink.say("E036", entry.value.span, text).help("no value is both: swap them");
    }
    let held_for = fields.duration("for", sink).unwrap_or(Duration::ZERO);
    Some(ClaimKind::Measure { measure: measure.into(), at_most, at_least, held_for })
}

fn gauge(measure: &str, entry: &Entry, claim: &Fields<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let place = format!("the gauge of {}", claim.place);
    let fields = Fields::of(&entry.value, &keys::GAUGE, &place, entry.key_span, sink)?;
    const HELP: &str = "write all three: gauge: { enter: 5s, leave: 10s, for: 5m }";
    for key in ["enter", "leave", "for"] {
        fields.need(key, HELP, sink);
    }
    let (enter, leave) = (fields.number("enter", sink)?, fields.number("leave", sink)?);
    if leave <= enter {
        let span = fields.get("leave").map(|n| n.span);
        sink.say("E036", span, format!("{place} is entered at {enter} and left at {leave}"))
            .label("not above")
            .help("a value that swings around one line would be in and out all the time: leave lies above enter");
    }
    let held_for = fields.duration("for", sink)?;
    let error_rate = error_rate(&fields, sink);
    joint(Joint::Gauge(Gauge { measure: measure.into(), enter, leave, held_for, error_rate }))
}

pub(super) fn drained(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::DRAINED, sink)?;
    fields.need("for", "say for how long nothing may be left: drained: { for: 5m }", sink)?;
    let held_for = fields.duration("for", sink)?;
    let error_rate = error_rate(&fields, sink);
    joint(Joint::Drained(Silence { held_for, error_rate, more_than_per_hour: 0.0 }))
}

pub(super) fn silent(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::SILENT, sink)?;
    if !fields.has("for") && !fields.has("more_than") {
        sink.say("E036", entry.key_span, format!("{} rules nothing out", fields.place))
            .help("say what it rules out, or for how long nothing may be seen: silent: { more_than: 6/h, for: 34m }");
        return None;
    }
    joint(Joint::Silent(silence(&fields, sink)?))
}

pub(super) fn owner(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::OWNER, sink)?;
    sides("owner", entry, place, true, sink);
    fields.need("until_switch", "say where the jobs run now: owner: { until_switch: source }", sink)?;
    let side = |word: &str| if word == "source" { Side::Source } else { Side::Target };
    let until_switch = side(fields.word("until_switch", &keys::SIDES, sink)?);
    let other = if until_switch == Side::Source { Side::Target } else { Side::Source };
    let then = fields.word("then", &keys::SIDES, sink).map_or(other, side);
    if then == until_switch {
        let span = fields.get("then").map(|n| n.span);
        sink.say("E036", span, format!("{} never changes: {then} before and after the switch", fields.place))
            .label("the same side")
            .help("name the side that runs the jobs after the switch; for jobs that stay, claim silent on the other side");
    }
    joint(Joint::Owner { until_switch, then, quiet: silence(&fields, sink)? })
}

/// How long nothing may be seen, and what that rules out.
fn silence(fields: &Fields<'_>, sink: &mut Sink) -> Option<Silence> {
    let error_rate = error_rate(fields, sink);
    let written = fields.duration("for", sink);
    // A rate is a whole number of events in a second, a minute or an hour: so many an hour is whole too.
    let rate = fields.rate("more_than", sink).map(|rate| (rate * 3600.0).round());
    if written.is_none() && fields.has("for") || rate.is_none() && fields.has("more_than") {
        return None;
    }
    let Some(per_hour) = rate.or(written.is_none().then_some(USUAL_PER_HOUR)) else {
        return written.map(|held_for| Silence { held_for, error_rate, more_than_per_hour: 0.0 });
    };
    let needed = Duration::from_secs_f64(quiet_for(per_hour, error_rate));
    let step = if needed >= Duration::from_secs(600) { 60 } else { 1 };
    // Nobody writes 33.5 minutes: what is rounded to the minute counts as enough.
    let rounded_down = Duration::from_secs(needed.as_secs() / step * step);
    let rounded_up = (needed.as_secs_f64().ceil() as u64).div_ceil(step) * step;
    let rounded_up = Duration::from_secs(rounded_up.max(step));
    if let Some(short) = written.filter(|held_for| *held_for < rounded_down) {
        let span = fields.get("for").map(|n| n.span);
        let text = format!(
            "{} is quiet for {}, which does not rule out {}",
            fields.place,
            show(short),
            units::show_rate(per_hour / 3600.0)
        );
        sink.say("E049", span, text).label("too short").help(format!(
            "at an error rate of {} it takes {}: write that, or a higher rate",
            units::show_percent(error_rate),
            show(rounded_up)
        ));
    }
    Some(Silence { held_for: written.unwrap_or(rounded_up), error_rate, more_than_per_hour: per_hour })
}

/// Seconds without an event that rule out this rate, at a first attempt.
fn quiet_for(per_hour: f64, error_rate: f64) -> f64 {
    tidelock_core::proof::attempt_threshold(error_rate, 1) / (per_hour / 3600.0)
}

pub(super) fn parity(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::PARITY, sink)?;
    sides("parity", entry, place, true, sink);
    let tolerate_lag = fields.duration_or_zero("tolerate_lag", sink).unwrap_or(USUAL_LAG);
    let matches = fields.count("matches", 1, 1_000, sink).unwrap_or(USUAL_MATCHES);
    let rows = entry.value.entry("rows").filter(|rows| !rows.value.is_null()).and_then(|rows| {
        let place = format!("\"rows\" of {}", fields.place);
        let fields = Fields::of(&rows.value, &keys::ROWS, &place, rows.key_span, sink)?;
        fields.need("at_least", "say how many rows a comparison must have: rows: { at_least: 1 }", sink)?;
        fields.count("at_least", 1, u32::MAX, sink)
    });
    joint(Joint::Parity(Parity { tolerate_lag, matches, rows_at_least: u64::from(rows.unwrap_or(1)) }))
}

pub(super) fn marks(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    let fields = place.claim(entry, &keys::MARKS, sink)?;
    sides("marks", entry, place, true, sink);
    fields.need("within", "say how long a mark may be on its way: marks: { within: 30s, lost: 0 }", sink)?;
    let within = fields.duration("within", sink)?;
    let lost = fields.count("lost", 0, 1_000_000, sink).unwrap_or(0);
    joint(Joint::Marks { within, lost: u64::from(lost) })
}

pub(super) fn no_dependency_on(entry: &Entry, place: &Place<'_>, sink: &mut Sink) -> Option<ClaimKind> {
    sides("no_dependency_on", entry, place, false, sink);
    let what = format!("the claim \"no_dependency_on\" of {}", place.fields.place);
    crate::fields::word(&entry.value, &what, &keys::SIDES[..1], sink)?;
    joint(Joint::NoDependencyOn(Side::Source))
}
