//! The timeline for people, and for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{GateTime, NeedTime, RunTime, StepTime, Timeline, timeline};
use tidelock_core::plan::Plan;

impl Timeline {
    /// For people: each gate with what it waits for.
    pub fn render(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(text.trim_end());
            out.push('\n');
        };
        line(format!(
            "{}: {} to committed at best, and the time that people take{}",
            self.migration,
            minutes(self.to_committed),
            if self.rehearsal_scale { " (rehearsal scale)" } else { "" }
        ));
        for gate in self.gates.iter().chain(&self.way_back) {
            line(String::new());
            lines(gate).into_iter().for_each(&mut line);
        }
        for run in &self.runs {
            line(String::new());
            run_lines(run).into_iter().for_each(&mut line);
        }
        out
    }

    /// One line for all of it, and one for each gate that waits for evidence.
    pub fn brief(&self) -> Vec<String> {
        let mut lines = vec![format!("at best {} to committed", minutes(self.to_committed))];
        for gate in self.gates.iter().filter(|gate| !gate.at_best.is_zero()) {
            let why = gate.longest().map(|need| {
                let claim = need.longest().map(|c| format!(", {}: {}", c.claim, c.says));
                format!(" ({}{})", need.scenario, claim.unwrap_or_default())
            });
            lines.push(format!("gate {}: {}{}", gate.gate, minutes(gate.at_best), why.unwrap_or_default()));
        }
        for run in &self.runs {
            let shut = run.writes_shut.map(|shut| format!(", writes shut for {} as planned", minutes(shut)));
            lines.push(format!("{}: {}{}", run.title(), minutes(run.at_best), shut.unwrap_or_default()));
        }
        lines
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": "tidelock.plan-timeline/v1",
            "migration": self.migration.as_str(),
            "rehearsal_scale": self.rehearsal_scale,
            "to_committed_ms": millis(self.to_committed),
            "gates": self.gates.iter().map(gate_json).collect::<Vec<_>>(),
            "way_back": self.way_back.as_ref().map(gate_json),
            "runs": self.runs.iter().map(run_json).collect::<Vec<_>>(),
        })
    }
}

fn run_lines(run: &RunTime) -> Vec<String> {
    let mut lines = vec![format!("{}, step by step: {} at best", run.title(), minutes(run.at_best))];
    let names: Vec<String> = run.steps.iter().map(StepTime::title).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let longest = run.longest().map(|step| &step.step);
    for (step, name) in run.steps.iter().zip(names) {
        let mark = if longest == Some(&step.step) { '▸' } else { ' ' };
        let time = minutes(step.at_best);
        lines.push(format!("  {mark} {name:<width$}  {time:>8}  {}", step.says));
    }
    if let Some(shut) = run.writes_shut {
        let of = run.may_dip.as_ref().map(|(name, dip)| format!(" of the {} of {name}", minutes(*dip)));
        lines.push(format!("  writes are shut for {} as planned{}", minutes(shut), of.unwrap_or_default()));
    }
    lines
}

fn run_json(run: &RunTime) -> Value {
    let step = |step: &StepTime| {
        json!({
            "step": step.step.as_str(),
            "kind": step.kind,
            "at_best_ms": millis(step.at_best),
            "planned_ms": millis(step.planned),
            "deadline_ms": step.deadline.map(millis),
            "says": step.says,
        })
    };
    json!({
        "direction": run.direction.word(),
        "at_best_ms": millis(run.at_best),
        "longest": run.longest().map(|step| step.step.as_str()),
        "steps": run.steps.iter().map(step).collect::<Vec<_>>(),
        "writes_shut_ms": run.writes_shut.map(millis),
        "may_dip": run.may_dip.as_ref().map(|(name, dip)| json!({ "scenario": name.as_str(), "ms": millis(*dip) })),
    })
}

fn lines(gate: &GateTime) -> Vec<String> {
    let mut lines =
        vec![format!("gate {}, asked in {}: {} at best", gate.gate, gate.phase, minutes(gate.at_best))];
    let names = gate.needs.iter().map(|n| &n.scenario).chain(&gate.manual_checks);
    let width = names.map(|name| name.as_str().len()).max().unwrap_or(0);
    for (place, need) in gate.needs.iter().enumerate() {
        let time = minutes(need.at_best);
        let mark = if place == 0 && gate.longest().is_some() { '▸' } else { ' ' };
        let says = match need.longest() {
            Some(_) if need.begins_earlier && need.at_best.is_zero() => {
                "its evidence is there by then".into()
            }
            Some(claim) => format!("{}: {}", claim.claim, claim.says),
            None => String::new(),
        };
        lines.push(format!("  {mark} {:<width$}  {time:>8}  {says}", need.scenario.as_str()));
    }
    for name in &gate.manual_checks {
        lines.push(format!("    {:<width$}  {:>8}  checked by a person", name.as_str(), ""));
    }
    if !gate.watch.is_zero() {
        lines.push(format!("  and the watch after the switch lasts {}", minutes(gate.watch)));
    }
    if !gate.steps.is_zero() {
        lines.push(format!("  and the steps of the runbook take {}", minutes(gate.steps)));
    }
    if !gate.stable_for.is_zero() {
        lines.push(format!("  and then all of it for {}", minutes(gate.stable_for)));
    }
    if let Some(decision) = &gate.decision {
        let within = gate.answer_within.map(|w| format!(", answered within {}", minutes(w)));
        lines.push(format!("  asks for the decision {decision}{}", within.unwrap_or_default()));
    }
    if let Some(deadline) = gate.deadline {
        let spare = minutes_down(deadline.saturating_sub(gate.at_best));
        lines.push(format!("  must have opened after {}: {spare} to spare", minutes(deadline)));
    }
    lines
}

fn gate_json(gate: &GateTime) -> Value {
    json!({
        "gate": gate.gate.word(),
        "phase": gate.phase.word(),
        "at_best_ms": millis(gate.at_best),
        "longest": gate.longest().map(|need| need.scenario.as_str()),
        "needs": gate.needs.iter().map(need_json).collect::<Vec<_>>(),
        "manual_checks": gate.manual_checks.iter().map(|n| n.as_str()).collect::<Vec<_>>(),
        "watch_ms": millis(gate.watch),
        "steps_ms": millis(gate.steps),
        "stable_for_ms": millis(gate.stable_for),
        "decision": gate.decision.as_ref().map(|name| name.as_str()),
        "answer_within_ms": gate.answer_within.map(millis),
        "deadline_ms": gate.deadline.map(millis),
    })
}

fn need_json(need: &NeedTime) -> Value {
    let claims: Vec<Value> = (need.claims.iter())
        .map(|c| json!({ "claim": c.claim, "at_best_ms": millis(c.at_best), "says": c.says }))
        .collect();
    json!({
        "scenario": need.scenario.as_str(),
        "at_best_ms": millis(need.at_best),
        "begins_earlier": need.begins_earlier,
        "slot_ms": need.slot.map(millis),
        "claims": claims,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time as it is said: never less than it is.
pub(crate) fn minutes(time: Duration) -> String {
    let (seconds, whole_minutes) = (time.as_millis().div_ceil(1_000), time.as_millis().div_ceil(60_000));
    said(seconds, whole_minutes)
}

/// Time that is left: never more than it is.
fn minutes_down(time: Duration) -> String {
    said(u128::from(time.as_secs()), u128::from(time.as_secs() / 60))
}

fn said(seconds: u128, minutes: u128) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match () {
        () if seconds < 120 => format!("{seconds} s"),
        () if minutes < 120 => format!("{minutes} min"),
        () if hours < 48 && rest == 0 => format!("{hours} h"),
        () if hours < 48 => format!("{hours} h {rest} min"),
        () if hours.is_multiple_of(24) => format!("{} d", hours / 24),
        () => format!("{} d {} h", hours / 24, hours % 24),
    }
}

/// The same at the top of `plan show`.
pub(crate) fn summary(plan: &Plan) -> String {
    timeline(plan).brief().into_iter().map(|line| format!("# {line}\n")).collect()
}
