//! The evidence engine: what a stream of results proves, at a stated error rate, however often one looks.
//!
//! Everything here is arithmetic on plain values: no plan, no agents, no clock. Each part states the null
//! hypothesis that it rejects. Statistics move once a *slot*, in the order of slots; what is counted or
//! compared exactly moves with each report. The formulas are those of `docs/DECISION.md`, by section.
//!
//! Logarithms and exponentials come from `libm`, so that two builds agree bit by bit.

mod numbers;
pub mod slots;
mod state;

pub use state::{BadState, Persist, StateReader, StateWriter};
