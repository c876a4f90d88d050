//! The evidence engine: what a stream of results proves, at a stated error rate, however often one looks.
//!
//! Everything here is arithmetic on plain values: no plan, no agents, no clock. Each part states the null
//! hypothesis that it rejects. Statistics move once a *slot*, in the order of slots; what is counted or
//! compared exactly moves with each report. The formulas are those of `docs/DECISION.md`, by section.
//!
//! Logarithms and exponentials come from `libm`, so that two builds agree bit by bit.

mod attempts;
mod bad_slot;
mod blame;
mod bounds;
mod combine;
mod constants;
mod course;
mod dependencies;
mod detector;
mod digests;
mod dwell;
mod eprocess;
mod guard;
mod histogram;
mod host;
mod incident_clock;
mod inferiority;
mod latency;
mod marks;
mod noninferiority;
mod numbers;
mod offset;
mod ownership;
mod responses;
mod scenario;
mod settings;
mod side;
mod slo;
pub mod slots;
mod state;
mod watch;

pub use attempts::{alarm_threshold, attempt_threshold, attempt_weight};
pub use blame::{Blame, Episode};
pub use bounds::{sampled_partitions, sampled_partitions_of, zero_event_window};
pub use combine::{GateWord, Standing, combine};
pub use course::{Course, Parts};
pub use dependencies::{Dependencies, DependencyState, Find, OtherSide, Shown, Via};
pub use detector::{Detector, combined};
pub use digests::{
    DIGESTS_PER_SIDE, DigestSettings, DigestState, Digests, LagDigests, LagSettings, PARTITIONS_KEPT,
};
pub use dwell::{Drained, Dwell, DwellSettings, DwellStanding, DwellState, QueueLook, dwell_required};
pub use histogram::{CAUTION, GROWTH, Histogram};
pub use host::MAX_HOSTS;
pub use incident_clock::IncidentClock;
pub use inferiority::Inferiority;
pub use latency::{
    LatencyBucket, LatencyCourse, LatencyGate, LatencySettings, LatencySide, LatencySlot,
    best_case_latency_slots,
};
pub use marks::{MARKS_KEPT, MarkSettings, MarkState, Marks};
pub use noninferiority::NonInferiority;
pub use offset::{AgentClock, ClockStanding, Offset, offset_of};
pub use ownership::{Ownership, OwnershipStanding, OwnershipState, WRITERS, ownership_window};
pub use responses::{Differences, FieldDigests, SameResponse, SourceAnswers};
pub use scenario::{ScenarioGate, ScenarioVerdict, best_case_slots};
pub use settings::{BadSettings, Level, ScenarioSettings, Tuning, incidents_per_second};
pub use side::{BadSide, HostSlot, SideSlot, Slot};
pub use slo::Objective;
pub use slots::AGENTS_PER_SIDE;
pub use state::{BadState, Persist, StateReader, StateWriter};
pub use watch::{Alarm, Watch, WatchSettings};
