//! Steps of runbooks in a line: `fence, fence, ben: run, undo, planned 5 s, deadline 15 s, after login checkout`.

use std::collections::BTreeSet;
use std::time::Duration;

use tidelock_core::plan::{Command, Runbook, Step, StepKind};

use super::name;
use super::plans::{number, secs};

/// Takes a step of a plan: its name, its kind and its owner; then what it does.
pub(crate) fn step(runbook: &mut Runbook, text: &str) {
    let (head, parts) = text.split_once(':').unwrap_or((text, ""));
    let head: Vec<&str> = head.split(',').map(str::trim).collect();
    let parts: Vec<&str> = parts.split(',').map(str::trim).collect();
    let find = |word: &str| parts.iter().find(|part| part.split(' ').next() == Some(word));
    let time = |word: &str| find(word).map(|part| secs(number(part)));
    let command = |word: &str| {
        let argv = vec![format!("./{}", head[0]), word.to_owned()];
        find(word).map(|_| Command { argv, env: Vec::new(), timeout: secs(60) })
    };
    let after: BTreeSet<_> =
        find("after").into_iter().flat_map(|part| part.split(' ').skip(1).map(name)).collect();
    runbook.steps.push(Step {
        name: name(head[0]),
        kind: kind(
            head[1],
            find("weights").copied().unwrap_or_default(),
            time("readings").unwrap_or_default(),
        ),
        owner: name(head[2]),
        planned: time("planned").unwrap_or_default(),
        deadline: time("deadline"),
        run: command("run"),
        undo: command("undo"),
        rehearsal: command("rehearsal"),
        after,
        bake: time("bake").unwrap_or_default(),
    });
}

fn kind(word: &str, weights: &str, two_readings: Duration) -> StepKind {
    match word {
        "fence" => StepKind::Fence { two_readings },
        "drain" => StepKind::Drain,
        "catch-up" => StepKind::CatchUp,
        "point-of-no-return" => StepKind::PointOfNoReturn,
        "open" => StepKind::Open,
        "route" => {
            let weights = weights.split(' ').skip(1).map(|weight| weight.parse().unwrap()).collect();
            StepKind::Route { weights }
        }
        "confirm" => StepKind::Confirm,
        "reverse" => StepKind::Reverse,
        "manual" => StepKind::Manual,
        "command" => StepKind::Command,
        other => panic!("{other:?} is no kind of a step"),
    }
}
