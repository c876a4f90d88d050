//! Explores every state that a run can come to: the real machine, a journal with compare-and-set, two operators of
//! which each may crash twice at any point, people, and a world in which commands fail and lie.
//!
//! A cutover that arrived may be gone back from, with what is left of crashes and mishaps: both ways are one space.
//! The gate's own lease is not in it, because a run does not look at it any more: from GO to the first command it has
//! a search of its own, in `tests/lease`, and a run begins here with that record.
//!
//! The search goes on until nothing is new. What must never be is looked for in every state, and from every state
//! an end must be reachable. Then the same search must find each of the seeded bugs: a check that finds none of
//! them shows nothing.

#![expect(clippy::unwrap_used, reason = "a test stops at what must not be")]

mod bug;
mod key;
mod moves;
mod operator;
mod properties;
mod search;
mod state;
mod world;

use bug::Bug;
use search::{Found, explore};
use state::State;

/// The search may take so long, in seconds: what takes longer is run no more.
const LONGEST: f64 = 180.0;
/// More states than this would not be a model that anybody runs.
const MOST: usize = 4_000_000;

#[expect(clippy::print_stdout, reason = "how many states there are is what people ask of a model")]
fn check(what: &str, bug: Option<Bug>) -> Found {
    let begun = clock();
    let found = explore(State::begin(bug), MOST);
    println!("{what}: {} states in {:.1} s, {}", found.states, clock() - begun, found.verdict());
    found
}

#[expect(clippy::disallowed_methods, reason = "how long a search takes is a bar of its own")]
fn clock() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

#[test]
fn every_promise_is_kept_in_every_state_there_and_back() {
    let begun = clock();
    let found = check("there and back", None);
    assert!(found.wrong.is_none(), "{}", found.told());
    assert!(found.closed && found.ends > 0, "it must close, and end: {}", found.verdict());
    let took = clock() - begun;
    assert!(took <= LONGEST, "the search took {took:.0} s, {LONGEST} s is the bar");
}

#[test]
fn every_seeded_bug_is_found() {
    let missed: Vec<Bug> = (Bug::ALL.iter().copied())
        .filter(|bug| {
            let found = check(&format!("{bug:?}"), Some(*bug));
            found.wrong.is_none()
        })
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
