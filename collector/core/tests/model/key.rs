//! A state as a short row of bytes: two states are the same when these are. Leases are told by their distance to
//! the newest one, and two operators that differ by nothing but their place are the same two.

use tidelock_core::PartState;
use tidelock_core::machine::Move;
use tidelock_core::record::{RunOutcome, StepOutcome};

use crate::operator::{At, Operator, Told};
use crate::state::State;

const OPERATOR: usize = 16;
const LENGTH: usize = 64;

pub(crate) type Key = [u8; LENGTH];

/// Names the state.
pub(crate) fn key(state: &State) -> Key {
    let mut out = Row { bytes: [0; LENGTH], at: 0 };
    let (machine, world) = (&state.machine, &state.world);
    out.byte(state.setting as u8);
    machine.states().iter().for_each(|state| out.byte(part(*state)));
    out.byte(match machine.outcome() {
        None => 0,
        Some(RunOutcome::Completed) => 1,
        Some(RunOutcome::Undone) => 2,
        Some(RunOutcome::Abandoned) => 3,
    });
    out.flags(&[
        machine.is_held(),
        machine.is_passed(),
        machine.is_turned(),
        state.lease_valid,
        state.overdue,
        state.against,
        state.broken.is_some(),
    ]);
    out.flags(&[world.from_open, world.to_open, world.in_flight, world.lost]);
    out.byte(world.moved);
    out.byte(world.feed.map_or(0, |early| 1 + u8::from(early)));
    world.done.iter().for_each(|times| out.byte(*times));
    out.byte(world.shut);
    out.byte(state.mishaps);
    out.byte(state.passes);
    let lease = machine.lease();
    let rows = [0, 1].map(|who| {
        let mut row = operator(&state.operators[who], lease);
        row[OPERATOR - 1] = u8::from(state.owner == who);
        row
    });
    let (low, high) = if rows[0] <= rows[1] { (rows[0], rows[1]) } else { (rows[1], rows[0]) };
    low.iter().chain(&high).for_each(|byte| out.byte(*byte));
    out.bytes
}

struct Row<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Row<N> {
    fn byte(&mut self, byte: u8) {
        self.bytes[self.at] = byte;
        self.at += 1;
    }

    fn flags(&mut self, flags: &[bool]) {
        self.byte(flags.iter().fold(0, |sum, flag| sum * 2 + u8::from(*flag)));
    }
}

fn operator(operator: &Operator, newest: u64) -> [u8; OPERATOR] {
    let mut out = Row { bytes: [0; OPERATOR], at: 0 };
    let distance = |lease: u64| u8::try_from((newest + 1).saturating_sub(lease).min(200)).unwrap();
    out.byte(operator.crashes);
    out.byte(operator.lease.map_or(255, distance));
    match operator.at {
        At::Dead => out.byte(0),
        At::Idle => out.byte(1),
        At::Asked { moved, stale, then } => {
            out.byte(2 + u8::from(stale));
            step(&mut out, moved, distance);
            then.iter().for_each(|then| told(&mut out, *then));
        }
        At::Running { part, undo } => {
            out.byte(4);
            out.byte(part as u8);
            out.flags(&[undo]);
        }
        At::Told(said) => {
            out.byte(5);
            told(&mut out, said);
        }
    }
    out.bytes
}

fn told(out: &mut Row<OPERATOR>, told: Told) {
    out.byte(told.part as u8);
    out.flags(&[true, told.undo]);
    out.byte(outcome(told.outcome));
}

/// A move that an operator asked for, always in as many bytes.
fn step(out: &mut Row<OPERATOR>, moved: Move, distance: impl Fn(u64) -> u8) {
    let bytes = match moved {
        Move::Taken { lease } => [1, distance(lease), 0, 0, 0],
        Move::Left { lease } => [2, distance(lease), 0, 0, 0],
        Move::Begun { lease, part, undo } => [3, distance(lease), part as u8, u8::from(undo), 0],
        Move::Ended { lease, part, undo, outcome: how } => {
            [4, distance(lease), part as u8, u8::from(undo), outcome(how)]
        }
        Move::NoReturn { lease, part } => [5, distance(lease), part as u8, 0, 0],
        Move::Settled { part, undo, done } => [6, 0, part as u8, u8::from(undo), u8::from(done)],
        Move::Proved { part } => [7, 0, part as u8, 0, 0],
        Move::Turned(_) => [8, 0, 0, 0, 0],
        Move::Over(_) => [9, 0, 0, 0, 0],
    };
    bytes.iter().for_each(|byte| out.byte(*byte));
}

fn outcome(outcome: StepOutcome) -> u8 {
    match outcome {
        StepOutcome::Done => 1,
        StepOutcome::Failed => 2,
        StepOutcome::Unknown => 3,
    }
}

fn part(state: PartState) -> u8 {
    match state {
        PartState::Pending => 0,
        PartState::Begun => 1,
        PartState::Acted => 2,
        PartState::Done => 3,
        PartState::Failed => 4,
        PartState::Ambiguous => 5,
        PartState::Undoing => 6,
        PartState::Undone => 7,
        PartState::UndoFailed => 8,
        PartState::UndoAmbiguous => 9,
    }
}
