//! What a replay found: one sentence first, then what it rests on; and the same for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tidelock_core::proof::ScenarioVerdict;
use tidelock_proto::json::{time, wire_time};

use super::evidence_draw::Sheet;
use super::proof_text::{incidents, minutes_left, seconds};
use super::recorded::{Recorded, Success};
use super::replay::Replayed;
use crate::client::clean;
use crate::out::Manner;
use crate::words::{clock, clock_and_zone, grouped, pad, span};

/// One sentence: "strict would have said: not proved, 61 % of the way, 2 incidents".
pub(crate) fn summary(replayed: &Replayed) -> String {
    format!("{} would have said: {}", name(&replayed.settings), word(replayed))
}

fn name(settings: &Success) -> &'static str {
    settings.strength.word()
}

fn word(replayed: &Replayed) -> String {
    let had = match replayed.incidents_ms.len() {
        0 => "no incident".to_owned(),
        1 => "1 incident".to_owned(),
        some => format!("{some} incidents"),
    };
    let percent = replayed.steps.last().map_or(0, |step| step.percent);
    let after = |at: u64| span(at.saturating_sub(replayed.begun_ms));
    match (replayed.proved_ms, replayed.state()) {
        (Some(at), "proved") => format!("proved after {}, {had}", after(at)),
        (Some(at), _) => {
            format!("proved after {}, but not any more at the end: {}", after(at), why_not(replayed))
        }
        (None, "undecided") => match replayed.course.eta_slots {
            _ if replayed.verdict == ScenarioVerdict::Pass => {
                format!("not proved, the numbers suffice but not the time of observation, {had}")
            }
            Some(_) => format!("not proved, {percent} % of the way, {had}"),
            None => format!("not proved, {percent} % of the way and not getting closer, {had}"),
        },
        (None, _) => format!("not proved, {}, {percent} % of the way, {had}", why_not(replayed)),
    }
}

fn why_not(replayed: &Replayed) -> &'static str {
    match replayed.verdict {
        ScenarioVerdict::NoData => "too little was heard in the last slots",
        ScenarioVerdict::Regressed => "it failed more often than it may",
        ScenarioVerdict::HostDown => "an agent's runs fail",
        ScenarioVerdict::Veto => "it was down in one of the last 3 slots",
        ScenarioVerdict::Worse => "it is proved to be worse than the source by the margin",
        ScenarioVerdict::Pass | ScenarioVerdict::Undecided => "its proof began again",
    }
}

/// The whole answer for people.
pub(crate) fn text(manner: Manner, sheet: Sheet, recorded: &Recorded, replayed: &Replayed) -> String {
    let zone = &recorded.timezone;
    let mut text = format!("{}  {}\n", manner.bold(&clean(&recorded.check)), summary(replayed));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {} {value}", pad(name, 12));
    };
    line("Settings", settings(&replayed.settings));
    let starts = recorded.slots.first().map_or(0, |slot| slot.ends_ms.saturating_sub(recorded.slot_ms));
    let ends = recorded.slots.last().map_or(0, |slot| slot.ends_ms);
    let course = &replayed.course;
    line(
        "Replayed",
        format!(
            "{} slots of {}, {} to {}",
            grouped(recorded.slots.len() as u64),
            seconds(recorded.slot_ms),
            clock(Some(&wire_time(starts)), zone),
            clock_and_zone(Some(&wire_time(ends)), zone)
        ),
    );
    let each = replayed.steps.len().div_ceil(sheet.room()).max(1);
    let way =
        replayed.steps.chunks(each).map(|steps| steps.last().map(|step| f64::from(step.percent) / 100.0));
    let percent = replayed.steps.last().map_or(0, |step| step.percent);
    line("Way", format!("{}  {percent} %", sheet.ink.line(way)));
    if let (None, Some(eta)) =
        (replayed.proved_ms, course.eta_slots.filter(|_| replayed.state() == "undecided"))
    {
        let ms = (eta.clamp(0.0, 1e6) * recorded.slot_ms as f64) as u64;
        let observed = ends.saturating_sub(replayed.begun_ms);
        let left = ms.max(recorded.observe_at_least_ms.saturating_sub(observed));
        line("Left", format!("{} at the last pace", minutes_left(left)));
    }
    line("Counted", format!("{} results in {} slots", grouped(course.results), grouped(course.slots.into())));
    let void = replayed.steps.iter().filter(|step| step.void).count();
    if void > 0 || course.source_down_slots > 0 {
        let down = u64::from(course.source_down_slots);
        let parts = [(void as u64, "slots without evidence"), (down, "slots with the source down")];
        let said = parts.iter().filter(|(count, _)| *count > 0);
        line(
            "Left out",
            said.map(|(count, what)| format!("{} {what}", grouped(*count))).collect::<Vec<_>>().join("; "),
        );
    }
    let times: Vec<_> = replayed.incidents_ms.iter().map(|at| wire_time(*at)).collect();
    line("Incidents", incidents(times.len() as u64, &times, zone));
    if course.attempt > 1 {
        line("Attempts", course.attempt.to_string());
    }
    notes(recorded, replayed).into_iter().for_each(|note| line("Note", note));
    text
}

fn settings(settings: &Success) -> String {
    format!(
        "{}: margin {}, success above {}, wrong in at most {} of migrations, rules out {} outages an hour or more",
        name(settings),
        percent(settings.margin),
        percent(settings.slo),
        percent(settings.error_rate),
        number(settings.incidents_per_second * 3600.0)
    )
}

/// `5 %`, `99.9 %`.
fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// At most two digits behind the point, without needless ones.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn notes(recorded: &Recorded, replayed: &Replayed) -> Vec<String> {
    let mut notes = Vec::new();
    if replayed.unseen_ms > 0 {
        notes.push(format!(
            "the file begins {} after the evidence did; what was before it is not weighed",
            span(replayed.unseen_ms)
        ));
    }
    if !recorded.compared {
        notes.push("absolute only: nothing was compared with the source".to_owned());
    }
    notes.push("only success is replayed; a single agent that fails is not told apart".to_owned());
    notes
}

/// The same for programs: schema `tidelock.evidence-replay/v1`.
pub(crate) fn json(recorded: &Recorded, replayed: &Replayed) -> Value {
    let course = &replayed.course;
    let settings = &replayed.settings;
    let at = |ms: u64| time(Some(&wire_time(ms)));
    let steps = replayed.steps.iter().map(|step| {
        json!({ "slot": step.slot, "end": at(step.ends_ms), "state": step.state, "void": step.void,
                "progress_percent": step.percent })
    });
    let after = replayed.proved_ms.map(|ms| ms.saturating_sub(replayed.begun_ms) as f64 / 1000.0);
    json!({
        "schema": "tidelock.evidence-replay/v1", "check": recorded.check, "summary": summary(replayed),
        "settings": {
            "proof": name(settings), "margin": settings.margin, "slo": settings.slo,
            "error_rate": settings.error_rate, "incidents_per_second": settings.incidents_per_second,
            "absolute_only": !recorded.compared,
        },
        "state": replayed.state(), "verdict": replayed.verdict.word(), "proved": replayed.state() == "proved",
        "proved_at": replayed.proved_ms.map(at), "proved_after_seconds": after,
        "progress_percent": replayed.steps.last().map(|step| step.percent),
        "eta_seconds": course.eta_slots.map(|slots| slots * recorded.slot_ms as f64 / 1000.0),
        "ln_e": { "no worse than the source": course.ln_e.ni, "often enough": course.ln_e.slo,
                  "no outages": course.ln_e.clock },
        "threshold": course.threshold, "attempt": course.attempt, "results": course.results,
        "valid_slots": course.slots, "void_slots": course.void_slots,
        "source_down_slots": course.source_down_slots,
        "incidents": replayed.incidents_ms.iter().map(|ms| at(*ms)).collect::<Value>(),
        "notes": notes(recorded, replayed), "slots": steps.collect::<Value>(),
    })
}
