//! The kinds that are counted and compared: slots, dwells, owners, digests, bounds, clocks and the gate.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tidelock_core::proof::slots::{
    Accepted, Arrival, ClosedSlot, Compared, RECORDED_SLOTS, RunKey, SlotAssembler, SlotGrid, SlotRoster,
};
use tidelock_core::proof::{
    DigestSettings, Digests, Dwell, DwellSettings, DwellStanding, DwellState, Ownership, Standing, combine,
    dwell_required, offset_of, sampled_partitions, sampled_partitions_of, zero_event_window,
};
use tidelock_model::{Outcome, Side};

/// The error level of ownership where the input gives none.
const ALPHA: f64 = 0.05;

/// The result of one line, where the kind is one of these.
pub(crate) fn evaluate(kind: &str, input: &Value) -> Option<Result<Value, String>> {
    let evaluate = match kind {
        "dwell_required" => required,
        "dwell" => dwell,
        "ownership" => ownership,
        "bounds" => bounds,
        "digest" => digest,
        "slot_assembly" => slot_assembly,
        "gate" => gate,
        "clock" => clock,
        _ => return None,
    };
    Some(Fields::of(input).and_then(|mut fields| {
        let result = evaluate(&mut fields)?;
        fields.end().map(|()| result)
    }))
}

/// The fields of an input: each is taken once, and none may be left.
struct Fields<'a> {
    left: BTreeMap<&'a str, &'a Value>,
}

impl<'a> Fields<'a> {
    fn of(input: &'a Value) -> Result<Fields<'a>, String> {
        let fields = input.as_object().ok_or("the input is not an object")?;
        Ok(Fields { left: fields.iter().map(|(name, value)| (&**name, value)).collect() })
    }

    fn optional(&mut self, name: &str) -> Option<&'a Value> {
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn value(&mut self, name: &str) -> Result<&'a Value, String> {
        self.left.remove(name).ok_or_else(|| format!("field {name:?} is missing"))
    }

    fn number(&mut self, name: &str) -> Result<f64, String> {
        number(self.value(name)?, name)
    }

    fn whole(&mut self, name: &str) -> Result<u64, String> {
        whole(self.value(name)?, name)
    }

    fn list(&mut self, name: &str) -> Result<&'a [Value], String> {
        list(self.value(name)?, name)
    }

    fn texts(&mut self, name: &str) -> Result<Vec<&'a str>, String> {
        self.list(name)?.iter().map(|value| text(value, name)).collect()
    }

    /// Rows of so many values each.
    fn rows<const N: usize>(&mut self, name: &str) -> Result<Vec<&'a [Value; N]>, String> {
        let of = |row| {
            <&[Value; N]>::try_from(list(row, name)?)
                .map_err(|_| format!("a row of {name:?} has not {N} values"))
        };
        self.list(name)?.iter().map(of).collect()
    }

    fn end(self) -> Result<(), String> {
        self.left.keys().next().map_or(Ok(()), |name| Err(format!("field {name:?} is not known")))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("{name:?} is not a list"))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{name:?} has a value that is not a text"))
}

fn number(value: &Value, name: &str) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|value| value.is_finite())
        .ok_or_else(|| format!("{name:?} has a value that is not a number"))
}

fn whole(value: &Value, name: &str) -> Result<u64, String> {
    let fraction = || value.as_f64().filter(|value| value.fract() == 0.0 && (0.0..9e15).contains(value));
    let whole = value.as_u64().or_else(|| fraction().map(|value| value as u64));
    whole.ok_or_else(|| format!("{name:?} has a value that is not a whole number of at least 0"))
}

/// Seconds as milliseconds.
fn moment(value: &Value, name: &str) -> Result<u64, String> {
    let seconds = number(value, name)?;
    let sound = (0.0..9e12).contains(&seconds);
    if sound { Ok((seconds * 1_000.0).round() as u64) } else { Err(format!("{name:?} has a time below 0")) }
}

fn required(fields: &mut Fields<'_>) -> Result<Value, String> {
    let (first_s, alpha) = (fields.number("d1")?, fields.number("alpha")?);
    let attempts = fields.list("attempts")?.iter().map(|attempt| whole(attempt, "attempts"));
    let of = |attempt: u64| {
        let attempt = u32::try_from(attempt).ok().filter(|attempt| 0 < *attempt);
        attempt
            .map(|attempt| dwell_required(first_s, alpha, attempt))
            .ok_or("\"attempts\" count from 1".to_owned())
    };
    attempts.map(|attempt| attempt.and_then(of).map(Value::from)).collect()
}

fn dwell(fields: &mut Fields<'_>) -> Result<Value, String> {
    let mut dwell = Dwell::new(DwellSettings {
        enter: fields.number("enter")?,
        leave: fields.number("leave")?,
        first_s: fields.number("d1")?,
        max_gap_ms: moment(fields.value("max_gap")?, "max_gap")?,
        alpha: fields.number("alpha")?,
    })
    .ok_or("the dwell's bounds, time or level mean nothing")?;
    let mut states = Vec::new();
    for [at, value] in fields.rows("samples")? {
        let at_ms = moment(at, "samples")?;
        dwell.sample(at_ms, number(value, "samples")?);
        states.push(standing(dwell.standing(at_ms)));
    }
    let last = fields.optional("then_state_at").map(|at| moment(at, "then_state_at")).transpose()?;
    let last = last.map(|at_ms| dwell.standing(at_ms));
    let attempt = dwell.standing(0).attempt;
    Ok(json!({ "states": states, "final": last.map(standing), "attempt": attempt }))
}

fn standing(standing: DwellStanding) -> Value {
    let inside = matches!(standing.state, DwellState::Dwelling | DwellState::Pass);
    let dwelt = if inside && standing.dwelt_ms.is_multiple_of(1_000) {
        Value::from(standing.dwelt_ms / 1_000)
    } else {
        Value::from(standing.dwelt_ms as f64 / 1_000.0)
    };
    json!([standing.state.word(), dwelt, standing.required_s])
}

fn ownership(fields: &mut Fields<'_>) -> Result<Value, String> {
    let (expected, window) = (fields.texts("expected")?, fields.number("window")?);
    let max_gap_ms = moment(fields.value("max_gap")?, "max_gap")?;
    let alpha = fields.optional("alpha").map_or(Ok(ALPHA), |alpha| number(alpha, "alpha"))?;
    let owner = Ownership::new(expected, window, max_gap_ms, alpha);
    let mut owner = owner.ok_or("the window or the level means nothing")?;
    for [at, writer, boot, counter] in fields.rows("reports")? {
        let (writer, boot) = (text(writer, "reports")?, boot.to_string());
        owner.report(moment(at, "reports")?, writer, &boot, whole(counter, "reports")?);
    }
    let standing = owner.standing(moment(fields.value("now")?, "now")?);
    let violations: Map<_, _> =
        owner.violations().map(|(name, many)| (name.to_owned(), Value::from(many))).collect();
    Ok(json!({ "state": standing.state.word(), "who": standing.who, "violations": violations }))
}

fn bounds(fields: &mut Fields<'_>) -> Result<Value, String> {
    let mut result = Map::new();
    let nothing = |name: &str| format!("a row of {name:?} means nothing");
    if fields.left.contains_key("poisson") {
        let of = |[rate, alpha]: &[Value; 2]| {
            let window = zero_event_window(number(rate, "poisson")?, number(alpha, "poisson")?);
            window.map(Value::from).ok_or_else(|| nothing("poisson"))
        };
        let windows: Result<Value, _> = fields.rows("poisson")?.into_iter().map(of).collect();
        result.insert("poisson_s".to_owned(), windows?);
    }
    if fields.left.contains_key("partitions") {
        let of = |[share, alpha]: &[Value; 2]| {
            let needed = sampled_partitions(number(share, "partitions")?, number(alpha, "partitions")?);
            needed.map(Value::from).ok_or_else(|| nothing("partitions"))
        };
        let needed: Result<Value, _> = fields.rows("partitions")?.into_iter().map(of).collect();
        result.insert("n".to_owned(), needed?);
    }
    if fields.left.contains_key("without_replacement") {
        let name = "without_replacement";
        let of = |[all, bad, alpha]: &[Value; 3]| {
            let needed = sampled_partitions_of(whole(all, name)?, whole(bad, name)?, number(alpha, name)?);
            needed.map(Value::from).ok_or_else(|| nothing(name))
        };
        let needed: Result<Value, _> = fields.rows(name)?.into_iter().map(of).collect();
        result.insert("n_wor".to_owned(), needed?);
    }
    Ok(Value::Object(result))
}

fn side(value: &Value, name: &str) -> Result<Side, String> {
    match text(value, name)? {
        "S" => Ok(Side::Source),
        "T" => Ok(Side::Target),
        other => Err(format!("{name:?} has side {other:?}; the sides are S and T")),
    }
}

fn digest(fields: &mut Fields<'_>) -> Result<Value, String> {
    let partitions = fields.texts("partitions")?;
    let matches = u32::try_from(fields.whole("need")?).map_err(|_| "\"need\" is too large")?;
    let max_lag = fields.whole("max_lag")?;
    let max_age_ms = moment(fields.value("max_age")?, "max_age")?;
    let mut digests = Digests::new(partitions, DigestSettings { matches, max_lag, max_age_ms });
    for [at, partition, of, watermark, digest] in fields.rows("puts")? {
        let (at_ms, partition) = (moment(at, "puts")?, text(partition, "puts")?);
        let (watermark, digest) = (whole(watermark, "puts")?, digest.to_string());
        digests.put(at_ms, partition, side(of, "puts")?, watermark, digest.as_bytes());
    }
    let now_ms = moment(fields.value("now")?, "now")?;
    let each: Map<_, _> = digests
        .partitions(now_ms)
        .map(|(name, state)| (name.to_owned(), Value::from(state.word())))
        .collect();
    Ok(json!({ "state": digests.state(now_ms).word(), "per_partition": each }))
}

fn gate(fields: &mut Fields<'_>) -> Result<Value, String> {
    let components = fields.texts("components")?;
    let hold = fields.value("hold")?.as_bool().ok_or("\"hold\" is neither true nor false")?;
    Ok(Value::from(combine(components.into_iter().map(Standing::of_word), hold).word()))
}

fn clock(fields: &mut Fields<'_>) -> Result<Value, String> {
    let of = |[t0, t1, t2, t3]: &[Value; 4]| {
        let moments = [number(t0, "t")?, number(t1, "t")?, number(t2, "t")?, number(t3, "t")?];
        let offset = offset_of(moments).ok_or("in an exchange of \"t\" a clock ran backwards")?;
        Ok(json!([offset.theta_ms, offset.epsilon_ms]))
    };
    fields.rows("t")?.into_iter().map(of).collect()
}

/// Results as rows: side, agent, boot, seq, planned start in ms, outcome.
struct Results<'a> {
    slot_ms: u64,
    boots: BTreeMap<String, u128>,
    slots: &'a mut SlotAssembler,
}

impl Results<'_> {
    fn take(&mut self, at_ms: u64, rows: &[&[Value; 6]], name: &str) -> Result<Vec<&'static str>, String> {
        rows.iter().map(|row| self.take_one(at_ms, row, name)).collect()
    }

    fn take_one(&mut self, at_ms: u64, row: &[Value; 6], name: &str) -> Result<&'static str, String> {
        let [of, agent, boot, seq, planned, outcome] = row;
        let next = self.boots.len() as u128;
        let stream = *self.boots.entry(boot.to_string()).or_insert(next);
        let outcome = match text(outcome, name)? {
            "ok" => Outcome::Pass,
            "fail" => Outcome::Fail,
            "error" => Outcome::NotRun,
            other => return Err(format!("{name:?} has outcome {other:?}; outcomes are ok, fail and error")),
        };
        let arrival = Arrival {
            side: side(of, name)?,
            agent: text(agent, name)?,
            key: RunKey { stream, number: whole(seq, name)? },
            slot: whole(planned, name)? / self.slot_ms,
            outcome,
            latency_ms: None,
            traffic: None,
            version: 0,
        };
        match self.slots.take(at_ms, &arrival) {
            Accepted::Ok => Ok("OK"),
            Accepted::Duplicate => Ok("DUP"),
            Accepted::Conflict => Ok("CONFLICT"),
            Accepted::Late | Accepted::Away | Accepted::Before => Ok("LATE"),
            Accepted::Unknown | Accepted::Quarantined => Ok("UNKNOWN"),
            Accepted::Ahead | Accepted::Full => {
                Err(format!("{name:?} has more slots or results than are taken"))
            }
        }
    }
}

fn slot_assembly(fields: &mut Fields<'_>) -> Result<Value, String> {
    let (slot_ms, grace_ms) = (fields.whole("slot_ms")?, fields.whole("grace_ms")?);
    let (interval_ms, n_min) = (fields.whole("interval_ms")?, fields.whole("n_min")?);
    let cover = fields.number("cover")?;
    let grid = SlotGrid::new(0, interval_ms, slot_ms, 0, grace_ms).ok_or("the slot or the interval is 0")?;
    if !slot_ms.is_multiple_of(interval_ms) {
        return Err(format!("interval_ms {interval_ms} does not divide slot_ms {slot_ms}"));
    }
    let (target, source) = (fields.texts("roster_t")?, fields.texts("roster_s")?);
    let roster = |agents: &[&str]| {
        let at_least = (cover * agents.len() as f64 - 1e-9).ceil().max(0.0) as u32;
        SlotRoster::new(agents.iter().copied(), at_least)
    };
    let rosters = [roster(&source), roster(&target)];
    let mut slots = SlotAssembler::new(grid, rosters, n_min, 0).reaching(RECORDED_SLOTS);
    let close_at = fields.whole("close_at_ms")?;
    if let Some(live) = fields.left.remove("live_t") {
        hear(&mut slots, live, grid.last_closed(close_at))?;
    }
    let (before, after) = (fields.rows("results")?, fields.rows("after_close")?);
    let mut results = Results { slot_ms, boots: BTreeMap::new(), slots: &mut slots };
    let accept = results.take(0, &before, "results")?;
    let closed = results.slots.close(close_at);
    let accept_after = results.take(close_at, &after, "after_close")?;
    if let Some(long) = closed.iter().find(|closed| 1 < closed.times) {
        return Err(format!("from slot {} on there are {} silent slots in a row", long.slot, long.times));
    }
    let tally = slots.tally();
    Ok(json!({
        "accept": accept,
        "slots": closed.iter().map(row).collect::<Vec<_>>(),
        "accept_after": accept_after,
        "late": tally.late,
        "dup": tally.duplicates + tally.conflicts,
        "unknown": tally.unknown,
    }))
}

/// Signs of life: agents that live in every slot, or in each slot by its number; nothing is none at all.
fn hear(slots: &mut SlotAssembler, live: &Value, last: Option<u64>) -> Result<(), String> {
    let Some(last) = last.filter(|last| *last < RECORDED_SLOTS) else { return Ok(()) };
    match live {
        Value::Null => {}
        Value::Array(agents) => {
            for agent in agents {
                let agent = text(agent, "live_t")?;
                (0..=last).for_each(|slot| slots.alive(Side::Target, agent, slot));
            }
        }
        Value::Object(each) => {
            for (slot, agents) in each {
                let slot = slot.parse().map_err(|_| format!("\"live_t\" has {slot:?} for a slot"))?;
                for agent in list(agents, "live_t")? {
                    slots.alive(Side::Target, text(agent, "live_t")?, slot);
                }
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err("\"live_t\" is neither a list of agents nor nothing".to_owned());
        }
    }
    Ok(())
}

fn row(closed: &ClosedSlot) -> Value {
    let (source, target) = (&closed.source, &closed.target);
    let valid = closed.valid(Compared::Both);
    json!([closed.slot, target.success(), source.success(), target.counted(), source.counted(), valid])
}
