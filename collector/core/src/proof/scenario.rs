//! What one pass/fail scenario has proved: no worse than the source, good enough, and without incidents.
//!
//! Null hypotheses, each of which must be rejected at the level α before anything opens: the target is worse
//! by the margin (NI), its success is at most the objective (SLO), incidents come at rate ν0 or more (CLOCK).
//! All three being needed, "pass" is wrong with probability α at most if any one of them holds
//! (intersection-union, Berger 1982). Order inside a slot: NI, CLOCK, SLO, GUARD.
//!
//! Which slots are *bad* says `bad_slot`. While the source is down
//! (x_S ≤ 0.5) SLO and GUARD are skipped: the condition looks at the source only, so nothing is selected by
//! the target's outcome. Source: section 3. Unit: slots.

use super::attempts::attempt_threshold;
use super::bad_slot::SlotHealth;
use super::constants::INCIDENT_ENDS_AFTER;
use super::course::{Course, INCIDENTS_KEPT, Pace, Parts, percent};
use super::guard::Guard;
use super::host::Hosts;
use super::incident_clock::IncidentClock;
use super::inferiority::Inferiority;
use super::noninferiority::NonInferiority;
use super::settings::{BadSettings, ScenarioSettings};
use super::side::{HostSlot, SideSlot, Slot};
use super::slo::Objective;
use super::state::{BadState, Persist, StateReader, StateWriter};

/// What is known of a scenario, the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScenarioVerdict {
    /// No valid slot ever, or three void ones in a row.
    NoData,
    /// The guard called, and it has not been calm since.
    Regressed,
    /// One host of the target fails more than half of the time.
    HostDown,
    /// The target was down in one of the last three valid slots, whoever's fault it was.
    Veto,
    /// Proved to be worse by the margin.
    Worse,
    /// Proved to be as good.
    Pass,
    /// Neither.
    Undecided,
}

impl ScenarioVerdict {
    /// The word of the specification.
    pub fn word(self) -> &'static str {
        match self {
            ScenarioVerdict::NoData => "NO_DATA",
            ScenarioVerdict::Regressed => "REGRESSED",
            ScenarioVerdict::HostDown => "HOST_DOWN",
            ScenarioVerdict::Veto => "VETO",
            ScenarioVerdict::Worse => "WORSE",
            ScenarioVerdict::Pass => "PASS",
            ScenarioVerdict::Undecided => "UNDECIDED",
        }
    }
}

/// The evidence that an attempt gathers; a regression takes it back to its start, all but WORSE.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Evidence {
    ni: NonInferiority,
    slo: Objective,
    clock: IncidentClock,
    worse: Inferiority,
    /// ln E of NI, SLO and CLOCK after the last slot.
    ln_e: [f64; 3],
    pace: Pace<3>,
}

impl Evidence {
    /// The next attempt: what speaks for the target begins anew.
    fn begin_again(&mut self) {
        *self = Evidence { worse: self.worse, ..Evidence::new() };
    }

    fn new() -> Evidence {
        let (ni, slo, clock) = (NonInferiority::default(), Objective::default(), IncidentClock::default());
        let ln_e = [ni.ln_e(), slo.ln_e(), clock.ln_e()];
        Evidence { ni, slo, clock, worse: Inferiority::default(), ln_e, pace: Pace::new() }
    }
}

/// What was counted since the evidence epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Tally {
    results: u64,
    valid: u32,
    void: u32,
    void_run: u32,
    source_down: u32,
    /// Bit n: the target was down n valid slots ago.
    downs: u32,
    incidents: u32,
    incident_at: [u32; INCIDENTS_KEPT],
}

/// The evidence of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioGate {
    settings: ScenarioSettings,
    attempt: u32,
    /// θ_j of this attempt.
    threshold: f64,
    evidence: Evidence,
    guard: Guard,
    tally: Tally,
    hosts: Hosts,
    /// Of the last valid slot.
    health: SlotHealth,
}

/// Without what each host needs, the state of a scenario stays this small.
const _: () = assert!(size_of::<ScenarioGate>() <= 512, "a scenario's state is above 512 B");

impl ScenarioGate {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// Where the settings cannot be worked with.
    pub fn new(settings: ScenarioSettings) -> Result<ScenarioGate, BadSettings> {
        Ok(ScenarioGate::begun(settings.checked()?))
    }

    fn begun(settings: ScenarioSettings) -> ScenarioGate {
        ScenarioGate {
            settings,
            attempt: 1,
            threshold: attempt_threshold(settings.alpha, 1),
            evidence: Evidence::new(),
            guard: Guard::default(),
            tally: Tally::default(),
            hosts: Hosts::default(),
            health: SlotHealth::default(),
        }
    }

    /// What it has to prove.
    pub fn settings(&self) -> &ScenarioSettings {
        &self.settings
    }

    /// A new evidence epoch: nothing seen yet, first attempt.
    pub fn reset(&mut self) {
        *self = ScenarioGate::begun(self.settings);
    }

    /// An agent left the target's roster: its detector goes with it.
    pub fn forget_host(&mut self, host: u64) {
        self.hosts.forget(host);
    }

    /// Takes the next slot.
    pub fn slot(&mut self, slot: &Slot<'_>) {
        match *slot {
            Slot::Void => self.void(),
            Slot::Pair { target, hosts, .. } if self.settings.absolute_only => {
                self.valid(target, None, hosts)
            }
            Slot::Pair { target, source, hosts } => match source.and_then(|source| source.passed_of_run()) {
                Some(passed) => {
                    self.tally.results += source.map_or(0, |source| u64::from(source.ran()));
                    self.valid(target, Some(passed), hosts);
                }
                None => self.void(),
            },
        }
    }

    fn void(&mut self) {
        self.tally.void = self.tally.void.saturating_add(1);
        self.tally.void_run = self.tally.void_run.saturating_add(1);
    }

    fn valid(&mut self, target: SideSlot, source: Option<f64>, hosts: &[HostSlot]) {
        let settings = self.settings;
        let x_t = target.passed_of_all();
        let ceiling = self.threshold + settings.tuning.cap;
        let healthy = 1.0 - settings.slo;
        self.count(&target, x_t);
        self.evidence.pace.before(self.evidence.ln_e);

        if let Some(x_s) = source {
            self.evidence.ni.step(x_t - x_s, settings.margin, ceiling);
            let ceiling = Inferiority::threshold() + settings.tuning.worse_cap;
            self.evidence.worse.step(x_t - x_s, settings.margin, ceiling);
        }
        let one_host = self.hosts.step(hosts);
        self.health = self.health.then(&target, source, one_host, &settings.tuning);
        self.step_clock(ceiling);
        let source_up = source.is_none_or(|x_s| x_s > settings.tuning.source_down_at);
        let mut alarm = false;
        if source_up {
            self.evidence.slo.step(x_t, settings.slo, ceiling);
            if let Some(passed) = target.passed_of_run() {
                alarm = self.guard.step(1.0 - passed, healthy, settings.guard_threshold());
            }
        } else {
            self.tally.source_down = self.tally.source_down.saturating_add(1);
        }
        if alarm {
            self.attempt = self.attempt.saturating_add(1);
            self.threshold = attempt_threshold(settings.alpha, self.attempt);
            self.evidence.begin_again();
        } else {
            let Evidence { ni, slo, clock, .. } = &self.evidence;
            self.evidence.ln_e = [ni.ln_e(), slo.ln_e(), clock.ln_e()];
        }
        self.guard.settle(1.0 - x_t <= healthy);
    }

    fn count(&mut self, target: &SideSlot, x_t: f64) {
        let tally = &mut self.tally;
        tally.results += u64::from(target.counted());
        tally.valid = tally.valid.saturating_add(1);
        tally.void_run = 0;
        tally.downs = tally.downs << 1 | u32::from(x_t <= self.settings.tuning.veto_at);
    }

    /// A suspect slot stops the clock.
    fn step_clock(&mut self, ceiling: f64) {
        let bad = match self.health {
            SlotHealth::Good => false,
            SlotHealth::Suspect => return,
            SlotHealth::Bad => true,
        };
        let expected = self.settings.incidents_a_slot();
        if self.evidence.clock.step(bad, expected, INCIDENT_ENDS_AFTER, ceiling) {
            self.remember_incident();
        }
    }

    fn remember_incident(&mut self) {
        let tally = &mut self.tally;
        let at = tally.valid.saturating_add(tally.void).saturating_sub(1);
        tally.incident_at[tally.incidents as usize % INCIDENTS_KEPT] = at;
        tally.incidents = tally.incidents.saturating_add(1);
    }

    fn needed(&self) -> [bool; 3] {
        [!self.settings.absolute_only, true, true]
    }

    /// Whether all that is needed has reached the threshold.
    fn proved(&self) -> bool {
        self.evidence.ln_e.iter().zip(self.needed()).all(|(ln_e, needed)| !needed || *ln_e >= self.threshold)
    }

    /// What is known now.
    pub fn verdict(&self) -> ScenarioVerdict {
        let fresh = self.settings.tuning.fresh_slots;
        let looked_back_on = u32::MAX >> (32 - fresh);
        if self.tally.valid == 0 || self.tally.void_run >= fresh {
            ScenarioVerdict::NoData
        } else if self.guard.regressed() {
            ScenarioVerdict::Regressed
        } else if self.hosts.down().next().is_some() {
            ScenarioVerdict::HostDown
        } else if self.tally.downs & looked_back_on != 0 {
            ScenarioVerdict::Veto
        } else if self.evidence.worse.ln_e() >= Inferiority::threshold() {
            ScenarioVerdict::Worse
        } else if self.proved() {
            ScenarioVerdict::Pass
        } else {
            ScenarioVerdict::Undecided
        }
    }

    /// How it came to that, and how far it has come.
    pub fn course(&self) -> Course {
        let [ni, slo, clock] = self.evidence.ln_e;
        let (tally, needed) = (&self.tally, self.needed());
        let kept = tally.incidents.min(INCIDENTS_KEPT as u32);
        let last_incidents = (tally.incidents - kept..tally.incidents)
            .map(|incident| tally.incident_at[incident as usize % INCIDENTS_KEPT])
            .collect();
        Course {
            ln_e: Parts { ni: needed[0].then_some(ni), slo, clock },
            threshold: self.threshold,
            ln_e_worse: self.evidence.worse.ln_e(),
            threshold_worse: Inferiority::threshold(),
            attempt: self.attempt,
            results: tally.results,
            slots: tally.valid,
            void_slots: tally.void,
            source_down_slots: tally.source_down,
            incidents: tally.incidents,
            last_incidents,
            in_incident: self.evidence.clock.inside(),
            hosts_down: self.hosts.down().collect(),
            percent: if self.verdict() == ScenarioVerdict::Pass {
                100
            } else {
                percent(self.evidence.ln_e, needed, self.threshold)
            },
            eta_slots: self.evidence.pace.eta(self.evidence.ln_e, needed, self.threshold),
        }
    }
}

/// The fewest slots to "pass", with a target that never fails; none above a million.
///
/// # Errors
/// Where the settings cannot be worked with.
pub fn best_case_slots(settings: ScenarioSettings) -> Result<Option<u64>, BadSettings> {
    let clean = SideSlot::fraction(1.0).map_err(|_| BadSettings { what: "one is no share" })?;
    let slot = Slot::Pair { target: clean, source: Some(clean), hosts: &[] };
    let mut gate = ScenarioGate::new(settings)?;
    Ok((1..=1_000_000).find(|_| {
        gate.slot(&slot);
        gate.proved()
    }))
}

impl Persist for ScenarioGate {
    fn write(&self, out: &mut StateWriter) {
        self.settings.write(out);
        out.number(u64::from(self.attempt));
        let Evidence { ni, slo, clock, worse, pace, .. } = &self.evidence;
        ni.write(out);
        slo.write(out);
        clock.write(out);
        worse.write(out);
        pace.write(out);
        self.guard.write(out);
        self.tally.write(out);
        self.hosts.write(out);
        self.health.write(out);
    }

    fn read(from: &mut StateReader<'_>) -> Result<ScenarioGate, BadState> {
        let mut gate = ScenarioGate::begun(ScenarioSettings::read(from)?);
        gate.attempt = from.small()?.max(1);
        gate.threshold = attempt_threshold(gate.settings.alpha, gate.attempt);
        let (ni, slo) = (NonInferiority::read(from)?, Objective::read(from)?);
        let (clock, worse) = (IncidentClock::read(from)?, Inferiority::read(from)?);
        let ln_e = [ni.ln_e(), slo.ln_e(), clock.ln_e()];
        gate.evidence = Evidence { ni, slo, clock, worse, ln_e, pace: Pace::read(from)? };
        gate.guard = Guard::read(from)?;
        gate.tally = Tally::read(from)?;
        gate.hosts = Hosts::read(from)?;
        gate.health = SlotHealth::read(from)?;
        Ok(gate)
    }
}

impl Persist for Tally {
    fn write(&self, out: &mut StateWriter) {
        out.number(self.results);
        for value in [self.valid, self.void, self.void_run, self.source_down, self.downs, self.incidents] {
            out.number(u64::from(value));
        }
        self.incident_at.iter().for_each(|at| out.number(u64::from(*at)));
    }

    fn read(from: &mut StateReader<'_>) -> Result<Tally, BadState> {
        let mut tally = Tally { results: from.number()?, ..Tally::default() };
        for value in [
            &mut tally.valid,
            &mut tally.void,
            &mut tally.void_run,
            &mut tally.source_down,
            &mut tally.downs,
            &mut tally.incidents,
        ] {
            *value = from.small()?;
        }
        for at in &mut tally.incident_at {
            *at = from.small()?;
        }
        Ok(tally)
    }
}
