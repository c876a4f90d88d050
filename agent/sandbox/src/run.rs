//! One run: a fresh instance, one call, and a verdict on what it was worth.
//!
//! Nothing here is reused. A guest that computes ends by an epoch, a host call by its own deadline;
//! the future of a running guest is never dropped to end it. What neither of the two can end, the
//! agent ends by killing the runner.

use std::sync::Arc;
use std::time::Duration;

use tidelock_model::{Cause, Outcome};
use tokio::time::Instant;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline, WasmBacktrace};

use crate::bindings::Check;
use crate::bindings::tidelock::check::types::{Report as GuestReport, Trouble};
use crate::engine::EngineSettings;
use crate::host::{Revision, RunState, Shared, World};
use crate::library::Ready;
use crate::limits::HOSTCALL_BYTES;
use crate::prepare::{self, Prepared};
use crate::protocol::made_up::MadeUp;
use crate::protocol::message::{RunDone, StateChange};
use crate::protocol::wire::{WirePages, WireReport};
use crate::protocol::{Manifest, Refusal, RunRequest};
use crate::report;
use crate::ticker::Ticker;

mod guest;

/// How long a component may take to say what it is.
const DESCRIBE_FOR: Duration = Duration::from_secs(5);
/// The longest detail.
const MAX_DETAIL_BYTES: usize = 1024;
/// What a run may use up where fuel is counted and nobody says how much.
const FULL: u64 = 1 << 62;

/// What runs need of their runner.
pub(crate) struct Stage {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) settings: EngineSettings,
    pub(crate) ticker: Ticker,
    pub(crate) shared: Arc<Shared>,
}

/// How a run ended, before it is judged.
enum Ended {
    Reported(GuestReport),
    Trouble(Trouble),
    Broken(Refusal),
}

impl Stage {
    /// Runs a component once.
    pub(crate) async fn run(
        &self,
        component: &Ready,
        request: RunRequest,
        made_up: Option<MadeUp>,
    ) -> RunDone {
        let Prepared { state, context } =
            match prepare::prepare(request, made_up, &self.shared, self.settings.memory_cap_bytes) {
                Ok(prepared) => prepared,
                Err(refusal) => return not_begun(refusal),
            };
        let begun = Instant::now();
        let meter = state.meter.clone();
        let mut store = self.store(state);
        let awake = self.ticker.awake();
        let work = async {
            let check: Check = component.instantiate_async(&mut store).await?;
            check.call_run(&mut store, &context).await
        };
        let ended = meter.drive(work).await;
        drop(awake);
        let ended = match ended {
            // Between two looks at the clock a guest may end by itself, too late.
            Ok(_) if store.data().is_over() => {
                Ended::Broken(Refusal::new(Cause::Timeout, "the run ended when its time was up"))
            }
            Ok(Ok(report)) => Ended::Reported(report),
            Ok(Err(trouble)) => Ended::Trouble(trouble),
            Err(error) => Ended::Broken(cause_of(store.data(), &error)),
        };
        let took = begun.elapsed();
        let fuel_left = store.get_fuel().ok();
        let mut state = store.into_data();
        if let Some((world, left)) = state.world.as_mut().zip(fuel_left) {
            world.keep_fuel(left);
        }
        let pages = match state.notes.take() {
            Some(notes) => notes.finish(&self.shared, &state.scrubber).await,
            None => WirePages::default(),
        };
        judge(state, ended, took, pages)
    }

    /// Asks a component what it is.
    pub(crate) async fn describe(&self, component: &Ready) -> Result<Manifest, Refusal> {
        let state = prepare::bare(&self.shared, DESCRIBE_FOR, self.settings.memory_cap_bytes);
        let meter = state.meter.clone();
        let mut store = self.store(state);
        let awake = self.ticker.awake();
        let work = async {
            let check: Check = component.instantiate_async(&mut store).await?;
            check.call_describe(&mut store).await
        };
        let described = meter.drive(work).await;
        drop(awake);
        match described {
            Ok(manifest) => guest::manifest(manifest),
            Err(error) => Err(cause_of(store.data(), &error)),
        }
    }

    fn store(&self, state: RunState) -> Store<RunState> {
        let budget_ns = state.limits.cpu_ms.saturating_mul(1_000_000);
        let fuel = state.world.as_ref().and_then(World::fuel).unwrap_or(FULL).min(FULL);
        let mut store = Store::new(&self.engine, state);
        if self.settings.fuel {
            // Without any a run ends at once, as it must where this fails.
            let _ = store.set_fuel(fuel);
        }
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut context| {
            let state = context.data_mut();
            if Instant::now() >= state.deadline {
                return Err(state.stop(Cause::Timeout, "the run's time is up"));
            }
            if state.meter.now_ns() > budget_ns {
                let detail = format!("the run has used up its {} ms of processor time", state.limits.cpu_ms);
                return Err(state.stop(Cause::Cpu, &detail));
            }
            Ok(UpdateDeadline::Yield(1))
        });
        store
    }
}

/// Why a guest broke down. What the host itself decided comes first, and then the engine's word.
fn cause_of(state: &RunState, error: &wasmtime::Error) -> Refusal {
    if let Some(stop) = &state.facts.stop {
        return stop.clone();
    }
    if let Some(refused) = &state.limiter.refused {
        return refused.clone();
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Refusal::new(Cause::Saturated, format!("no slot is free: {error}"));
    }
    if let Some(Trap::OutOfFuel) = error.downcast_ref::<Trap>() {
        let given = state.world.as_ref().and_then(World::fuel).unwrap_or(FULL);
        return Refusal::new(Cause::Cpu, format!("the run has used up its {given} units of fuel"));
    }
    let whole = format!("{error:#}");
    // The engine has no public type for this one.
    if whole.contains("fuel allocated for hostcalls") {
        let detail = format!("more than {HOSTCALL_BYTES} bytes were handed over in one call");
        return Refusal::new(Cause::Output, detail);
    }
    let why = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => whole,
    };
    let why = format!("{why}{}", where_it_broke(error));
    Refusal::new(Cause::Trap, report::clean(&state.scrubber.text(why), MAX_DETAIL_BYTES))
}

/// The functions on the way to a trap, the innermost first, as far as the component names them.
fn where_it_broke(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => rustc_name(name),
        None => format!("function {}", frame.func_index()),
    };
    let names: Vec<String> = backtrace.frames().iter().map(name).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(", in {}", names.join(" < "))
}

/// `stock::run::h0123456789abcdef` and `_RNvCs1_5stock3run` are `stock::run` to a person.
fn rustc_name(name: &str) -> String {
    let is_hash = |tail: &str| {
        tail.len() == 17
            && tail.strip_prefix('h').is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    // Linkers write plain names where they can; some components come with what the compiler made.
    let plain = format!("{:#}", rustc_demangle::demangle(name));
    let plain = match plain.rsplit_once("::") {
        Some((path, tail)) if is_hash(tail) => path,
        Some(_) | None => plain.as_str(),
    };
    report::clean(plain, 128)
}

/// The result of a run that never began.
pub(crate) fn not_begun(refusal: Refusal) -> RunDone {
    RunDone {
        outcome: Outcome::NotRun,
        refusal: Some(refusal),
        detail: String::new(),
        report: None,
        log: Vec::new(),
        log_dropped: 0,
        calls: 0,
        refused_calls: Vec::new(),
        state_changes: Vec::new(),
        trace_ids: Vec::new(),
        pages: Default::default(),
        revision: Default::default(),
        duration_us: 0,
        cpu_us: 0,
        memory_bytes: 0,
        used: None,
    }
}

/// What is left of a run once its worth is known.
struct Worth {
    outcome: Outcome,
    refusal: Option<Refusal>,
    detail: String,
    report: Option<WireReport>,
    /// The plugin ended by itself with a report that can be read.
    reported: bool,
}

impl Worth {
    fn not_run(refusal: Refusal, report: Option<WireReport>) -> Worth {
        Worth {
            outcome: Outcome::NotRun,
            refusal: Some(refusal),
            detail: String::new(),
            report,
            reported: false,
        }
    }

    fn fail(detail: String, report: Option<WireReport>) -> Worth {
        Worth { outcome: Outcome::Fail, refusal: None, detail, report, reported: false }
    }
}

fn judge(state: RunState, ended: Ended, duration: Duration, pages: WirePages) -> RunDone {
    let worth = weigh(&state, ended);
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let change = |(key, value): (String, Option<Vec<u8>>)| StateChange {
        key,
        forget: value.is_none(),
        value: value.unwrap_or_default(),
    };
    let changes = if worth.reported { state.store.into_changes() } else { Default::default() };
    let trace_ids = if state.facts.calls > 0 { vec![state.trace_id] } else { Vec::new() };
    RunDone {
        outcome: worth.outcome,
        refusal: worth.refusal,
        detail: worth.detail,
        report: worth.report,
        log: state.facts.log,
        log_dropped: state.facts.log_dropped,
        calls: state.facts.calls,
        refused_calls: state.facts.refused.into_iter().map(|call| (call.target, call.reason)).collect(),
        state_changes: changes.into_iter().map(change).collect(),
        trace_ids,
        pages,
        revision: state.revision.map(Revision::told).unwrap_or_default(),
        duration_us: micros(duration),
        cpu_us: state.meter.used_ns() / 1_000,
        memory_bytes: u64::try_from(state.limiter.peak_bytes).unwrap_or(u64::MAX),
        used: state.world.map(World::into_used),
    }
}

/// The rules, in order of precedence: a limit of ours makes a run worth nothing; silence of the
/// scenario's own target is a failure of the target; only then counts what the plugin says.
fn weigh(state: &RunState, ended: Ended) -> Worth {
    let facts = &state.facts;
    let clean = |text: String| report::clean(&state.scrubber.text(text), MAX_DETAIL_BYTES);
    let limit = facts
        .over
        .as_ref()
        .or(facts.denied.as_ref())
        .map(|refusal| Refusal::new(refusal.cause, clean(refusal.detail.clone())));
    let silent = facts.no_answer.clone().map(clean);
    match ended {
        Ended::Broken(refusal) => match (refusal.cause, silent) {
            (Cause::Timeout, Some(why)) => Worth::fail(why, None),
            _ => Worth::not_run(refusal, None),
        },
        Ended::Trouble(Trouble::BadSettings(why)) => {
            Worth::not_run(limit.unwrap_or_else(|| Refusal::new(Cause::BadSettings, clean(why))), None)
        }
        Ended::Trouble(Trouble::CouldNotLook(why)) => match (limit, silent) {
            (Some(limit), _) => Worth::not_run(limit, None),
            (None, Some(why)) => Worth::fail(why, None),
            (None, None) => Worth::not_run(Refusal::new(Cause::CouldNotLook, clean(why)), None),
        },
        Ended::Reported(reported) => {
            let wire = guest::report(reported, &state.scrubber);
            let outcome = match report::check(wire.clone(), state.limits.report_bytes) {
                Ok((outcome, _)) => outcome,
                Err(refusal) => return Worth::not_run(refusal, None),
            };
            match (limit, outcome, silent) {
                (Some(limit), _, _) => Worth::not_run(limit, Some(wire)),
                (None, Outcome::NotRun, Some(why)) => Worth::fail(why, Some(wire)),
                (None, Outcome::NotRun, None) => {
                    let said = Refusal::new(Cause::CouldNotLook, clean(wire.note.clone()));
                    Worth { reported: true, ..Worth::not_run(said, Some(wire)) }
                }
                (None, Outcome::Pass | Outcome::Fail, _) => Worth {
                    outcome,
                    refusal: None,
                    detail: String::new(),
                    report: Some(wire),
                    reported: true,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_as_its_author_wrote_it() {
        for name in
            ["stock::run::h0123456789abcdef", "_ZN5stock3run17h0123456789abcdefE", "_RNvCs1_5stock3run"]
        {
            assert_eq!(rustc_name(name), "stock::run", "{name}");
        }
        assert_eq!(rustc_name("run_cart"), "run_cart");
        assert_eq!(rustc_name(&"x".repeat(500)).len(), 128);
    }
}
