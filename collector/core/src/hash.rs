//! The evidence behind an answer as one hash, so that a replay can show that it saw the same.
//!
//! Every part is written with its length before it; numbers are big-endian, fractions their bits.

use sha2::{Digest, Sha256 as Hasher};
use tidelock_model::{Outcome, Phase, Sha256, Timestamp};

use crate::board::Lane;
use crate::canary::CanaryState;
use crate::evidence::lane_state;
use crate::migration::Migration;
use crate::proof::StateWriter;

struct Writer(Hasher);

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn time(&mut self, time: Option<Timestamp>) {
        self.number(u64::from(time.is_some()));
        self.number(time.unwrap_or_default().as_millis());
    }

    fn lane(&mut self, lane: &Lane) {
        self.number(u64::from(lane.passes));
        self.bytes(
            lane.wrong.as_ref().map(|(_, component)| component.as_bytes().as_slice()).unwrap_or_default(),
        );
        let Some(newest) = &lane.newest else {
            return self.number(0);
        };
        self.number(1);
        self.bytes(&newest.place.spool.0.to_be_bytes());
        self.number(newest.place.seq);
        self.number(newest.round);
        self.number(match newest.outcome {
            Outcome::Pass => 1,
            Outcome::Fail => 2,
            Outcome::NotRun => 3,
        });
        self.text(newest.cause.map(|cause| cause.word()).unwrap_or_default());
        self.number(newest.measures.len() as u64);
        for measure in &newest.measures {
            self.text(&measure.name);
            self.number(measure.value.to_bits());
        }
    }
}

impl Migration {
    /// The same with what the step under way rests on: evidence younger than it, and the readings of its fence.
    pub(crate) fn step_hash(&self, gate: Phase, now: Timestamp) -> Sha256 {
        let mut out = Writer(Hasher::new());
        out.text("tidelock step evidence v1");
        out.bytes(self.evidence_hash(gate, now).as_bytes());
        let mut words = StateWriter::default();
        self.young.write(&mut words);
        words.into_words().into_iter().for_each(|word| out.number(word));
        out.finish()
    }

    /// Names exactly the evidence that the gate rests on at `now`.
    pub(crate) fn evidence_hash(&self, gate: Phase, now: Timestamp) -> Sha256 {
        let mut out = Writer(Hasher::new());
        out.text("tidelock evidence v1");
        out.text(self.name.as_str());
        out.text(gate.word());
        out.text(self.phase.word());
        out.number(self.revision());
        out.bytes(self.plan_hash().as_ref().map(|hash| hash.as_bytes().as_slice()).unwrap_or_default());
        let (Some(plan), Some(sheet)) = (self.plan(), self.sheet(gate)) else {
            return out.finish();
        };
        for (name, sides) in &sheet.scenarios {
            let Some(scenario) = plan.scenarios.get(name) else {
                continue;
            };
            out.text(name.as_str());
            if let Some(evidence) = self.joints.get(name) {
                let words = evidence.words();
                out.number(words.len() as u64);
                words.into_iter().for_each(|word| out.number(word));
                for (index, _) in scenario.claims.iter().enumerate() {
                    sides
                        .iter()
                        .for_each(|side| out.text(evidence.state((index, *side), gate, now).0.word()));
                }
            }
            for side in sides {
                out.text(side.word());
                out.time(self.board.counts_from(name, *side));
                for (agent, member) in self.roster.owing(*side, now) {
                    let lane = self.board.lane(name, agent);
                    out.text(agent.name.as_str());
                    out.number(u64::from(member.suspended.is_some()));
                    out.number(u64::from(member.refused.contains_key(name)));
                    if let CanaryState::Awaited(since) | CanaryState::Bad(since, _) = member.canary.state(now)
                    {
                        out.text("canary");
                        out.number(since.as_millis());
                    }
                    out.text(lane_state(lane, scenario, now).word());
                    lane.into_iter().for_each(|lane| out.lane(lane));
                }
            }
        }
        if let Some(after) = &self.after {
            let mut words = StateWriter::default();
            after.write(&mut words);
            words.into_words().into_iter().for_each(|word| out.number(word));
        }
        for name in self.in_force(gate, now).names() {
            out.text("override");
            out.text(name.as_str());
        }
        let mut words = StateWriter::default();
        self.back_words(gate, &mut words);
        self.minutes_words(gate, &mut words);
        words.into_words().into_iter().for_each(|word| out.number(word));
        for name in &sheet.manual {
            let done = self.manual.get(name);
            out.text(name.as_str());
            out.time(done.map(|done| done.at));
            out.number(u64::from(done.is_some_and(|done| done.failed)));
        }
        out.finish()
    }
}

impl Writer {
    fn finish(self) -> Sha256 {
        Sha256::from_bytes(self.0.finalize().into())
    }
}
