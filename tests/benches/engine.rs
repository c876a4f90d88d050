//! What the evidence costs: a scenario's slot, a finding on its way into a slot, the state and its snapshot.
//!
//! Everything on one core, in memory, without a journal: what the journal costs is told by `ingest`.

use std::time::Duration;

use tidelock_core::proof::slots::{Arrival, RunKey, SlotAssembler, SlotGrid, SlotRoster};
use tidelock_core::proof::{
    HostSlot, Level, Persist, ScenarioGate, ScenarioSettings, ScenarioVerdict, SideSlot, Slot, StateReader,
    StateWriter,
};
use tidelock_model::{Outcome, Side};

use crate::clock::Watch;
use crate::table::{judged, per_second, rate, row, time};

const SCENARIOS: usize = 1_000;
const AGENTS: [&str; 3] = ["agent-a", "agent-b", "agent-c"];
const INTERVAL_MS: u64 = 5_000;
const SLOT_MS: u64 = 10_000;
const GRACE_MS: u64 = 7_000;
const SLOTS: u64 = 400;
const BAR_STEP: Duration = Duration::from_micros(2);
const BAR_FOLD: f64 = 2e6;
const BAR_STATE: usize = 512;
const BAR_SNAPSHOT: Duration = Duration::from_millis(50);

/// Takes the measures.
pub(crate) fn measure() {
    let gates = step();
    let assemblers = fold();
    let bytes = std::mem::size_of::<ScenarioGate>();
    let met = bytes <= BAR_STATE;
    judged("state of a scenario, without its hosts", &format!("{bytes} B"), "512 B", met);
    let took = restored("evidence written and read back", &gates)
        + restored("open slots written and read back", &assemblers);
    let met = took <= BAR_SNAPSHOT;
    judged("snapshot and restore of 1,000 scenarios", &time(took), "50 ms", met);
}

/// A scenario's slot: NI, SLO, CLOCK, GUARD, WORSE, the hosts and the verdict.
fn step() -> Vec<ScenarioGate> {
    let settings = ScenarioSettings::of(Level::Standard, 10.0);
    let gate = ScenarioGate::new(settings).expect("the engine's own settings");
    let mut gates = vec![gate; SCENARIOS];
    let mut proved = 0;
    let watch = Watch::start();
    for number in 0..SLOTS as usize {
        for (place, gate) in gates.iter_mut().enumerate() {
            // A failure now and then: one of six.
            let failed = u32::from((number * 31 + place * 17).is_multiple_of(50));
            let host = |host| HostSlot { host, passed: 2, failed: 0 };
            let first = HostSlot { host: 0, passed: 2 - failed, failed };
            let target = SideSlot::counts(6 - failed, 6, 0).expect("counts");
            let source = SideSlot::counts(6, 6, 0).ok();
            gate.slot(&Slot::Pair { target, source, hosts: &[first, host(1), host(2)] });
            proved += usize::from(gate.verdict() == ScenarioVerdict::Pass);
        }
    }
    let each = watch.elapsed() / u32::try_from(SLOTS as usize * SCENARIOS).unwrap_or(u32::MAX);
    let met = each <= BAR_STEP;
    judged("a scenario's slot, 3 agents a side", &format!("{} ns", each.as_nanos()), "2 µs", met);
    // 1,000 scenarios at a slot of 10 s: what that is of one core.
    let share = each.as_secs_f64() * SCENARIOS as f64 / 10.0 * 100.0;
    row(
        "1,000 scenarios at a 10 s slot",
        &format!("{share:.3} %"),
        &format!("of a core; {proved} passes seen"),
    );
    gates
}

/// Findings into slots, the slots closed as their time comes.
fn fold() -> Vec<SlotAssembler> {
    let grid = SlotGrid::new(0, INTERVAL_MS, SLOT_MS, 0, GRACE_MS).expect("a grid");
    let roster = || SlotRoster::new(AGENTS, 2);
    let mut assemblers: Vec<SlotAssembler> =
        (0..SCENARIOS).map(|_| SlotAssembler::new(grid, [roster(), roster()], 4, 0)).collect();
    let (mut findings, mut closed) = (0, 0);
    let watch = Watch::start();
    for number in 0..SLOTS / 2 {
        let at_ms = number * INTERVAL_MS;
        for slots in &mut assemblers {
            for side in [Side::Source, Side::Target] {
                for agent in AGENTS {
                    slots.take(at_ms, &arrival(side, agent, number, grid.slot_of(number)));
                    findings += 1;
                }
            }
            closed += slots.close(at_ms).len();
        }
    }
    let took = watch.elapsed();
    let met = per_second(findings, took) >= BAR_FOLD;
    judged("findings folded into slots", &rate(findings, took), "2,000,000 /s", met);
    row("slots closed on the way", &closed.to_string(), "");
    assemblers
}

fn arrival(side: Side, agent: &str, number: u64, slot: u64) -> Arrival<'_> {
    Arrival {
        side,
        agent,
        key: RunKey { stream: 1, number },
        slot,
        outcome: Outcome::Pass,
        latency_ms: Some(12.5),
        traffic: None,
        version: 1,
    }
}

/// Writes all of them and reads them back; how long both took.
fn restored<T: Persist + PartialEq>(what: &str, parts: &[T]) -> Duration {
    let watch = Watch::start();
    let mut out = StateWriter::default();
    parts.iter().for_each(|part| part.write(&mut out));
    let words = out.into_words();
    let mut from = StateReader::new(&words);
    let back: Vec<T> = parts.iter().map(|_| T::read(&mut from).expect("what was written")).collect();
    from.end().expect("nothing is left over");
    let took = watch.elapsed();
    let same = if back == parts { "equal" } else { "NOT EQUAL" };
    row(what, &time(took), &format!("{} B each, {same}", words.len() * 8 / parts.len().max(1)));
    took
}
