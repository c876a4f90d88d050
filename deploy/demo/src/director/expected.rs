//! The verdicts that must be seen, in the order in which they must be seen.

use std::fmt;
use std::time::Duration;

/// One verdict of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The gate holds because the target is behind.
    LagHolds,
    /// The gate holds because a queue is full, and says how many messages are left.
    QueueHolds,
    /// `/healthz` says 200 on both sides all the while.
    ProbeIsGreen,
    /// The proof of the login comes nearer slot by slot, and then stands.
    LoginProved,
    /// With both faults fixed the migration is ready.
    ReadyOpens,
    /// A person's GO is recorded under their name.
    GoRecorded,
    /// The gate `cutover` is open.
    CutoverOpens,
    /// Each step of the runbook is done and proved, and writes were not shut for too long.
    Walked,
    /// The switch is done and recorded.
    Switched,
    /// The forgotten job on the old side is named.
    JobNamed,
    /// Once it is stopped, its hold goes.
    JobHoldGoes,
    /// The team's own plugin counts on both sides, and no agent was started anew.
    PluginJoins,
    /// The hostile plugin is stopped, its cause named, the others undisturbed.
    HostileContained,
    /// It is taken out of the plan, and its hold goes with it.
    HostileGoes,
    /// A checkout that keeps no order holds the gate.
    CheckoutHolds,
    /// The detector recommends going back, before anybody has decided anything.
    BackRecommended,
    /// A person's decision to go back is recorded.
    RollbackDecided,
    /// The old side works again, proved.
    RolledBack,
    /// A new process computes every decision's evidence again from the journal.
    Replayed,
}

impl Expected {
    /// All, in order.
    pub const ALL: [Expected; 19] = [
        Expected::LagHolds,
        Expected::QueueHolds,
        Expected::ProbeIsGreen,
        Expected::LoginProved,
        Expected::ReadyOpens,
        Expected::GoRecorded,
        Expected::CutoverOpens,
        Expected::Walked,
        Expected::Switched,
        Expected::JobNamed,
        Expected::JobHoldGoes,
        Expected::PluginJoins,
        Expected::HostileContained,
        Expected::HostileGoes,
        Expected::CheckoutHolds,
        Expected::BackRecommended,
        Expected::RollbackDecided,
        Expected::RolledBack,
        Expected::Replayed,
    ];

    /// Those of the first two scenes, after which an interactive demo is left to its visitor.
    pub const FIRST: [Expected; 5] = [
        Expected::LagHolds,
        Expected::QueueHolds,
        Expected::ProbeIsGreen,
        Expected::LoginProved,
        Expected::ReadyOpens,
    ];

    /// How long it may take to be seen, on a machine that is busy with other things. A verdict that comes is seen at
    /// once.
    pub fn limit(self) -> Duration {
        Duration::from_secs(match self {
            // The agents compile every component before their first run.
            Expected::LagHolds | Expected::QueueHolds => 180,
            // A slot in which an agent had no processor is no evidence, and another one is waited for.
            Expected::LoginProved | Expected::ReadyOpens | Expected::RolledBack => 180,
            Expected::ProbeIsGreen | Expected::GoRecorded | Expected::RollbackDecided => 60,
            Expected::Replayed | Expected::Walked => 120,
            Expected::CutoverOpens | Expected::Switched | Expected::JobNamed | Expected::JobHoldGoes => 120,
            Expected::PluginJoins | Expected::HostileContained => 120,
            Expected::HostileGoes | Expected::CheckoutHolds | Expected::BackRecommended => 120,
        })
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::LagHolds => "HOLD: the target is behind, named with its count",
            Expected::QueueHolds => "HOLD: the order queue is full, named with its count",
            Expected::ProbeIsGreen => "the naive probe is green on both sides all the while",
            Expected::LoginProved => "PROVED: the login, slot by slot, with its percent on the way",
            Expected::ReadyOpens => "OPEN: ready, once both are fixed",
            Expected::GoRecorded => "a person's GO is recorded, under her name",
            Expected::CutoverOpens => "OPEN: cutover",
            Expected::Walked => "WALKED: each step of the runbook is proved, writes shut within what may be",
            Expected::Switched => "the switch is recorded: phase watch, traffic on the target",
            Expected::JobNamed => "HOLD: the forgotten job on the old side is named, with its writer",
            Expected::JobHoldGoes => "its hold goes once the job is stopped",
            Expected::PluginJoins => "the team's own plugin counts on both sides, no agent restarted",
            Expected::HostileContained => "the hostile plugin is stopped and named, the others undisturbed",
            Expected::HostileGoes => "its hold goes once it is out of the plan",
            Expected::CheckoutHolds => "HOLD: the checkout on the target keeps no order",
            Expected::BackRecommended => "ALARM: the detector recommends going back, the old side is well",
            Expected::RollbackDecided => "a person's decision to go back is recorded, under her name",
            Expected::RolledBack => "ROLLED BACK: the old side works again, proved",
            Expected::Replayed => "REPLAYED: every decision's evidence again, from the journal alone",
        })
    }
}
