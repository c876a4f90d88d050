//! The cases of statistics: thresholds, e-processes, detectors, the scenario gate, latency.
//!
//! A `null` in place of a slot is a void slot: it changes nothing.

use serde_json::{Value, json};
use tidelock_core::proof::{
    Detector, Episode, Histogram, IncidentClock, Inferiority, NonInferiority, Objective, ScenarioGate,
    ScenarioSettings, SideSlot, Slot, Tuning, alarm_threshold, attempt_threshold, combined,
};

use crate::fields::{Fields, entries, maybe, number, pair, share, whole};

type Answer = Result<Value, String>;

/// Answers a case of statistics; none where the kind is another's.
pub(crate) fn evaluate(kind: &str, input: &Value) -> Option<Answer> {
    Some(match kind {
        "threshold" => threshold(input),
        "noninferiority" => noninferiority(input),
        "slo" => slo(input),
        "inferiority" => inferiority(input),
        "incident_clock" => incident_clock(input),
        "sr_detector" => sr_detector(input),
        "sr_combine" => sr_combine(input),
        "blame" => blame(input),
        "scenario_gate" => scenario_gate(input),
        "log_histogram" => log_histogram(input),
        "latency_ni" => latency_ni(input),
        _ => return None,
    })
}

/// The first slot at which a course has reached a threshold.
fn first_at(course: &[f64], threshold: f64) -> Option<usize> {
    course.iter().position(|value| *value >= threshold)
}

/// Thresholds of attempts (`alpha`, `attempts`), or `cases`: [slots, level] of alarms, [level, attempt] of attempts.
fn threshold(input: &Value) -> Answer {
    let fields = Fields::of(input, &["cases", "alpha", "attempts"])?;
    if fields.get("cases").is_none() {
        let alpha = fields.between("alpha")?;
        let attempts = fields.list("attempts", attempt)?;
        return Ok(json!(attempts.iter().map(|j| attempt_threshold(alpha, *j)).collect::<Vec<_>>()));
    }
    if fields.get("alpha").or(fields.get("attempts")).is_some() {
        return Err("either `cases`, or `alpha` and `attempts`".to_owned());
    }
    let cases = fields.list("cases", |case| {
        let (first, second) = pair(case, Ok)?;
        match (number(first)?, number(second)?) {
            (slots, alpha) if slots >= 1.0 && alpha > 0.0 && alpha < 1.0 => Ok(alarm_threshold(slots, alpha)),
            (alpha, _) if alpha > 0.0 && alpha < 1.0 => Ok(attempt_threshold(alpha, attempt(second)?)),
            _ => Err(format!("{case} is neither slots and a level nor a level and an attempt")),
        }
    })?;
    Ok(json!(cases))
}

fn attempt(value: &Value) -> Result<u32, String> {
    match whole(value)? {
        0 => Err("attempts count from 1".to_owned()),
        attempt => Ok(attempt),
    }
}

/// Both shares of a slot; none where it is void.
fn both_shares(slot: &Value) -> Result<Option<(f64, f64)>, String> {
    if slot.is_null() {
        return Ok(None);
    }
    let (target, source) = pair(slot, maybe(share))?;
    Ok(target.zip(source))
}

fn noninferiority(input: &Value) -> Answer {
    let fields = Fields::of(input, &["m", "xt_xs"])?;
    let margin = fields.between("m")?;
    let mut evidence = NonInferiority::default();
    let mut course = Vec::new();
    for slot in fields.list("xt_xs", both_shares)? {
        if let Some((target, source)) = slot {
            evidence.step(target - source, margin, f64::INFINITY);
        }
        course.push(evidence.ln_e());
    }
    Ok(ready(&course))
}

fn ready(course: &[f64]) -> Value {
    let first = first_at(course, attempt_threshold(0.05, 1));
    json!({ "ln_e": course, "first_slot_at_or_above_threshold_alpha05": first })
}

fn slo(input: &Value) -> Answer {
    let fields = Fields::of(input, &["s", "xt"])?;
    let slo = fields.between("s")?;
    let mut evidence = Objective::default();
    let mut course = Vec::new();
    for slot in fields.list("xt", maybe(share))? {
        if let Some(target) = slot {
            evidence.step(target, slo, f64::INFINITY);
        }
        course.push(evidence.ln_e());
    }
    Ok(ready(&course))
}

fn inferiority(input: &Value) -> Answer {
    let fields = Fields::of(input, &["m", "xt_xs"])?;
    let margin = fields.between("m")?;
    let mut evidence = Inferiority::default();
    let mut course = Vec::new();
    for slot in fields.list("xt_xs", both_shares)? {
        if let Some((target, source)) = slot {
            evidence.step(target - source, margin, f64::INFINITY);
        }
        course.push(evidence.ln_e());
    }
    let first = first_at(&course, Inferiority::threshold());
    Ok(json!({ "ln_e": course, "first_slot_worse_alpha01": first }))
}

fn incident_clock(input: &Value) -> Answer {
    let fields = Fields::of(input, &["incidents_per_hour", "slot_s", "end_after", "bad"])?;
    let slot_seconds = fields.positive("slot_s")?;
    let expected = fields.positive("incidents_per_hour")? / 3600.0 * slot_seconds;
    let ends_after = fields.whole_or("end_after", 3)?;
    let mut clock = IncidentClock::default();
    let mut course = Vec::new();
    for slot in fields.list("bad", maybe(yes))? {
        if let Some(bad) = slot {
            clock.step(bad, expected, ends_after, f64::INFINITY);
        }
        course.push(clock.ln_e());
    }
    Ok(json!({
        "incidents": clock.incidents(),
        "exposure_s": f64::from(clock.exposed_slots()) * slot_seconds,
        "ln_e_final": clock.ln_e(),
        "ln_e_first10": course[..course.len().min(10)],
        "first_slot_at_or_above_threshold_alpha05": first_at(&course, attempt_threshold(0.05, 1)),
    }))
}

fn yes(value: &Value) -> Result<bool, String> {
    match value.as_bool().map_or_else(|| whole(value), |flag| Ok(u32::from(flag)))? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(format!("{other} is neither 0 nor 1")),
    }
}

fn sr_detector(input: &Value) -> Answer {
    let fields = Fields::of(input, &["p0", "fail_fraction"])?;
    let healthy = fields.between("p0")?;
    let mut detector = Detector::new();
    let mut course = Vec::new();
    for slot in fields.list("fail_fraction", maybe(share))? {
        if let Some(failed) = slot {
            detector.step(failed, healthy);
        }
        course.push(detector.ln_m());
    }
    Ok(json!({
        "alarm_slot_360_slots_alpha01": first_at(&course, alarm_threshold(360.0, 0.01)),
        "alarm_slot_A_1e4": first_at(&course, alarm_threshold(1e4, 1.0)),
        "ln_m": course,
    }))
}

fn sr_combine(input: &Value) -> Answer {
    let fields = Fields::of(input, &["ln_m"])?;
    let rows = fields.list("ln_m", |row| entries(row, maybe(number)))?;
    // JSON has no −∞; `null` stands for it, before the first slot.
    let mean = |row: Vec<Option<f64>>| {
        combined(&row.into_iter().map(|ln_m| ln_m.unwrap_or(f64::NEG_INFINITY)).collect::<Vec<_>>())
    };
    Ok(json!(rows.into_iter().map(mean).collect::<Vec<_>>()))
}

fn blame(input: &Value) -> Answer {
    let fields = Fields::of(input, &["fail_t", "fail_s", "p0"])?;
    let healthy = fields.between("p0")?;
    let target = fields.list("fail_t", maybe(share))?;
    let source = fields.list("fail_s", maybe(share))?;
    if target.len() != source.len() {
        return Err("`fail_t` and `fail_s` are not of one length".to_owned());
    }
    let mut episode = Episode::default();
    for (target, source) in target.into_iter().zip(source) {
        if let Some(target) = target {
            episode.step(target, source, healthy);
        }
    }
    Ok(json!(episode.blame(healthy).word()))
}

const GATE: [&str; 13] = [
    "m",
    "s",
    "incidents_per_hour",
    "slot_s",
    "alpha",
    "guard_a",
    "h",
    "veto",
    "fresh_slots",
    "cap",
    "source_down_at",
    "absolute_only",
    "slots_rle",
];

fn scenario_gate(input: &Value) -> Answer {
    let fields = Fields::of(input, &GATE)?;
    let usual = Tuning::default();
    let tuning = Tuning {
        guard_run: fields.number_or("guard_a", usual.guard_run)?,
        bad_drop: fields.number_or("h", usual.bad_drop)?,
        // As section 3 writes it; shares stand for 20 results, where the engine's own 3 is the same from h = 0.15 on.
        bad_failures: 2.0,
        veto_at: fields.number_or("veto", usual.veto_at)?,
        source_down_at: fields.number_or("source_down_at", usual.source_down_at)?,
        cap: fields.number_or("cap", usual.cap)?,
        // Section 3 gives it none.
        worse_cap: f64::INFINITY,
        fresh_slots: fields.whole_or("fresh_slots", usual.fresh_slots)?,
    };
    let settings = ScenarioSettings {
        margin: fields.number("m")?,
        slo: fields.number("s")?,
        alpha: fields.number_or("alpha", 0.05)?,
        incidents_per_second: fields.number("incidents_per_hour")? / 3600.0,
        slot_seconds: fields.number("slot_s")?,
        absolute_only: fields.flag("absolute_only")?,
        tuning,
    };
    let mut gate = ScenarioGate::new(settings).map_err(|error| error.to_string())?;
    let mut verdicts: Vec<(&str, u32)> = Vec::new();
    for (slot, times) in fields.list("slots_rle", run_of_slots)? {
        for _ in 0..times {
            gate.slot(&slot);
            let word = gate.verdict().word();
            match verdicts.last_mut() {
                Some((last, count)) if *last == word => *count += 1,
                Some(_) | None => verdicts.push((word, 1)),
            }
        }
    }
    let course = gate.course();
    let ln_e = course.ln_e;
    Ok(json!({
        "verdict_rle": verdicts,
        "attempts": course.attempt,
        "ln_e_final": [ln_e.ni, Some(ln_e.slo), Some(ln_e.clock)],
    }))
}

/// [[x_T, x_S, valid], times]
fn run_of_slots(run: &Value) -> Result<(Slot<'static>, u32), String> {
    let (slot, times) = pair(run, Ok)?;
    let times = whole(times)?;
    if times > 10_000_000 {
        return Err(format!("{times} slots are too many"));
    }
    if slot.is_null() {
        return Ok((Slot::Void, times));
    }
    let [target, source, valid] = slot.as_array().map_or(&[][..], Vec::as_slice) else {
        return Err(format!("{slot} is not a list of three"));
    };
    let side = |value| -> Result<Option<SideSlot>, String> {
        let share = maybe(share)(value)?;
        share.map(SideSlot::fraction).transpose().map_err(|error| error.to_string())
    };
    let (target, source) = (side(target)?, side(source)?);
    let slot = match (yes(valid)?, target) {
        (false, _) => Slot::Void,
        (true, Some(target)) => Slot::Pair { target, source, hosts: &[] },
        (true, None) => return Err(format!("{slot} is valid without a target")),
    };
    Ok((slot, times))
}

fn log_histogram(input: &Value) -> Answer {
    let fields = Fields::of(input, &["gamma", "values_ms", "z", "q"])?;
    let growth = fields.number("gamma")?;
    let mut histogram = Histogram::with_growth(growth).ok_or("field `gamma` is not from 1.001 to 2")?;
    for latency in fields.list("values_ms", latency)? {
        histogram.add(latency, 1);
    }
    let caution = fields.number("z")?;
    let quantiles = fields.list("q", share)?;
    Ok(json!(quantiles.iter().map(|q| histogram.quantile(*q, caution)).collect::<Vec<_>>()))
}

/// A latency in ms; `null` is a failed check.
fn latency(value: &Value) -> Result<f64, String> {
    match maybe(number)(value)? {
        None => Ok(f64::INFINITY),
        Some(latency) if latency >= 0.0 => Ok(latency),
        Some(latency) => Err(format!("{latency} ms is no latency")),
    }
}

fn latency_ni(input: &Value) -> Answer {
    let fields = Fields::of(input, &["x_ms", "r", "a_ms", "m", "slots"])?;
    let (source_ms, margin) = (fields.positive("x_ms")?, fields.between("m")?);
    let limit_ms = (1.0 + fields.number("r")?) * source_ms + fields.number_or("a_ms", 0.0)?;
    let mut evidence = NonInferiority::default();
    let mut course: Vec<(Option<f64>, Option<f64>, f64)> = Vec::new();
    let latencies = |side| entries(side, latency);
    for slot in fields.list("slots", maybe(|slot| pair(slot, latencies)))? {
        let shares =
            slot.and_then(|(target, source)| within(&target, limit_ms).zip(within(&source, source_ms)));
        if let Some((f_t, f_s)) = shares {
            evidence.step(f_t - f_s, margin, f64::INFINITY);
        }
        course.push((shares.map(|shares| shares.0), shares.map(|shares| shares.1), evidence.ln_e()));
    }
    Ok(json!({ "ft_fs_lnE": course }))
}

/// Share of latencies inside a limit; none of nothing.
fn within(latencies: &[f64], limit_ms: f64) -> Option<f64> {
    let inside = latencies.iter().filter(|latency| **latency <= limit_ms).count();
    (!latencies.is_empty()).then(|| inside as f64 / latencies.len() as f64)
}
