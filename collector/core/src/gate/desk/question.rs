//! A question waits with a clock: who is asked, since when, and who is next.
//!
//! A decision is asked for from the moment that nothing but people holds its gate; going back from the moment
//! that the watch calls. The question is over when it is answered, or when what it is about changes: then it is
//! asked anew, at most once a minute, so that evidence that comes and goes rings no bell each time.

use std::time::Duration;

use tidelock_model::{Name, Phase, Timestamp};

use crate::gate::rule::next;
use crate::migration::Migration;
use crate::plan::{DecisionRule, IfSilent};
use crate::proof::Blame;
use crate::record::Notice;
use crate::verdict::{DecisionState, DecisionStatus, Hold, HoldCode};
use crate::words::clock;

/// The same question is not asked again sooner.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It waits for an answer.
    Open,
    /// Somebody said no; it is not asked again before something changes.
    Refused,
    /// It is answered, or it is about something that is no longer so.
    Over,
}

/// One question, as it was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    gate: Option<Phase>,
    asked: Timestamp,
    deputies: Option<Timestamp>,
    unanswered: Option<Timestamp>,
    state: State,
}

/// A question that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionStatus {
    /// The decision.
    pub decision: Name,
    /// The gate before this phase; none for going back.
    pub gate: Option<Phase>,
    /// Since when it is asked.
    pub asked: Timestamp,
    /// Who is asked now: those who have not said yes.
    pub who: Vec<Name>,
    /// Who is asked next.
    pub then: Vec<Name>,
    /// When that is, or when it is told that nobody answered.
    pub then_at: Option<Timestamp>,
    /// Who said yes.
    pub given_by: Vec<Name>,
    /// How many must.
    pub needed: u32,
    /// Since when it is told that nobody answered.
    pub unanswered: Option<Timestamp>,
}

impl Question {
    pub(super) fn asked(at: Timestamp, gate: Option<Phase>) -> Question {
        Question { gate, asked: at, deputies: None, unanswered: None, state: State::Open }
    }

    pub(super) fn deputies_asked(&mut self, at: Timestamp) {
        self.deputies.get_or_insert(at);
    }

    pub(super) fn unanswered(&mut self, at: Timestamp) {
        self.unanswered.get_or_insert(at);
    }

    pub(super) fn voted(&mut self, go: bool, complete: bool) {
        match (go, complete) {
            (false, _) => self.state = State::Refused,
            (true, true) => self.state = State::Over,
            (true, false) => {}
        }
    }

    /// When the question moves on, and whether to the deputies.
    fn moves_on(&self, rule: &DecisionRule) -> Option<(Timestamp, bool)> {
        if self.unanswered.is_some() || self.state != State::Open {
            return None;
        }
        if rule.who.is_empty() && rule.deputies.is_empty() {
            return Some((self.asked, false));
        }
        let within = rule.answer_within?;
        let to_deputies = rule.if_silent == IfSilent::AskDeputies && !rule.deputies.is_empty();
        match self.deputies {
            Some(at) => Some((at.plus(within), false)),
            None => Some((self.asked.plus(within), to_deputies)),
        }
    }

    fn may_ask_again(&self) -> Option<Timestamp> {
        (self.state == State::Over).then(|| self.asked.plus(ASK_AGAIN_AFTER))
    }
}

/// Only people hold it.
pub(crate) fn of_people(hold: &Hold) -> bool {
    matches!(hold.code, HoldCode::Decision | HoldCode::Deadline)
}

impl Migration {
    /// The questions that wait for an answer now.
    pub fn question(&self, now: Timestamp) -> Vec<QuestionStatus> {
        let open = self.desk.questions.iter().filter(|(_, question)| question.state == State::Open);
        open.filter_map(|(decision, question)| self.told(decision, question, now)).collect()
    }

    fn told(&self, decision: &Name, question: &Question, now: Timestamp) -> Option<QuestionStatus> {
        let rule = self.rule_of(decision);
        let given_by: Vec<Name> = match question.gate {
            Some(gate) => self.decision_status(gate, now)?.given_by,
            None => (self.gates.ballots.get(decision).into_iter())
                .flat_map(|ballot| ballot.voices.keys().cloned())
                .collect(),
        };
        let moves = question.moves_on(&rule);
        let turn = question.deputies.is_some();
        let asked = rule.who.iter().chain(rule.deputies.iter().filter(|_| turn));
        Some(QuestionStatus {
            decision: decision.clone(),
            gate: question.gate,
            asked: question.asked,
            who: asked.filter(|person| !given_by.contains(person)).cloned().collect(),
            then: moves.filter(|(_, deputies)| *deputies).map(|_| rule.deputies.clone()).unwrap_or_default(),
            then_at: moves.map(|(at, _)| at),
            given_by,
            needed: rule.approvals.max(1),
            unanswered: question.unanswered,
        })
    }

    /// Who decides; nobody where the plan does not say.
    fn rule_of(&self, decision: &Name) -> DecisionRule {
        let nobody = || DecisionRule {
            who: Vec::new(),
            deputies: Vec::new(),
            approvals: 1,
            answer_within: None,
            if_silent: IfSilent::Shut,
        };
        self.plan().and_then(|plan| plan.decisions.get(decision).cloned()).unwrap_or_else(nobody)
    }

    /// The question that a gate's decision waits with.
    fn open_question(&self, decision: &Name, gate: Phase) -> Option<&Question> {
        let question = self.desk.questions.get(decision)?;
        (question.state == State::Open && question.gate == Some(gate)).then_some(question)
    }

    /// Since when the gate's decision is asked for, and when the deputies' turn comes or came.
    pub(crate) fn asked_since(&self, decision: &Name, gate: Phase) -> Option<(Timestamp, Option<Timestamp>)> {
        let question = self.open_question(decision, gate)?;
        let next = question.moves_on(&self.rule_of(decision));
        let deputies = next.filter(|(_, deputies)| *deputies).map(|(at, _)| at);
        Some((question.asked, question.deputies.or(deputies)))
    }

    /// Since when people know of it: a question that is not rung again within its minute is theirs all the same.
    pub(crate) fn known_since(&self, decision: &Name, gate: Phase, now: Timestamp) -> Option<Timestamp> {
        let question = self.desk.questions.get(decision).filter(|question| question.gate == Some(gate))?;
        let known = match question.state {
            State::Open => true,
            State::Over => now < question.asked.plus(ASK_AGAIN_AFTER),
            State::Refused => false,
        };
        known.then_some(question.asked)
    }

    /// Whom a decision waits for, and until when before somebody else is asked.
    pub(crate) fn waits_for(&self, status: &DecisionStatus, gate: Phase) -> String {
        let names = |names: &[Name]| {
            let silent = names.iter().filter(|person| !status.given_by.contains(person));
            silent.map(Name::as_str).collect::<Vec<_>>().join(" or ")
        };
        let (who, deputies) = (names(&status.who), names(&status.deputies));
        let either = match (who.is_empty(), deputies.is_empty()) {
            (true, true) => return "more people than the plan names".to_owned(),
            (true, false) => return deputies,
            (false, true) => who.clone(),
            (false, false) => format!("{who} (or {deputies})"),
        };
        let Some(question) = self.open_question(&status.name, gate) else { return either };
        let turn = question.moves_on(&self.rule_of(&status.name)).filter(|(_, deputies)| *deputies);
        match (question.unanswered, question.deputies, turn) {
            (Some(at), ..) => format!("{either}, who had not answered by {},", clock(at)),
            (None, Some(at), _) if !deputies.is_empty() => {
                format!("{deputies}, since {who} had not answered by {},", clock(at))
            }
            (None, None, Some((at, _))) if !deputies.is_empty() => {
                format!("{who} (or {deputies} from {})", clock(at))
            }
            (None, Some(_) | None, _) => either,
        }
    }

    /// The decision that nothing but people holds: nothing moves by itself, and nobody has said no.
    fn waits_for_people(&self, now: Timestamp) -> Option<(Name, Phase)> {
        let gate = next(self.phase)?;
        // It was weighed when something was heard last, and lasts until then if nothing more is.
        let proved = now <= self.gates.steady.get(&gate)?.until;
        debug_assert_eq!(
            proved,
            self.evidence_until(gate, now).is_some(),
            "what was found of {gate} is not so"
        );
        let status = self.decision_status(gate, now).filter(|it| it.state != DecisionState::Given)?;
        let only = self.waits_for_people_alone(gate, now, || proved);
        (only && self.moves(now).is_none()).then_some((status.name, gate))
    }

    /// Somebody must say whether to go back: the watch called, it may help, and there is a way.
    fn waits_for_going_back(&self, now: Timestamp, asked: bool) -> bool {
        let alarm = self.alarm().filter(|alarm| asked || alarm.blame != Blame::Incident);
        let described = self.plan().is_some_and(|plan| plan.decisions.contains_key("rollback"));
        alarm.is_some() && described && !self.going_back() && self.no_way_back(now).is_none()
    }

    /// What is to be told of questions now: going back first.
    pub(super) fn question_notice(&self, now: Timestamp) -> Option<Notice> {
        let may_ask = |decision: &Name| match self.desk.questions.get(decision) {
            Some(question) => question.may_ask_again().is_some_and(|at| now >= at),
            None => true,
        };
        let rollback = Name::new("rollback").ok()?;
        if may_ask(&rollback) && self.waits_for_going_back(now, false) {
            return Some(Notice::Asked { decision: rollback, gate: None });
        }
        let asks = next(self.phase).and_then(|gate| self.sheet(gate)?.rule.decision.clone());
        if asks.as_ref().is_some_and(may_ask)
            && let Some((decision, gate)) = self.waits_for_people(now)
        {
            return Some(Notice::Asked { decision, gate: Some(gate) });
        }
        self.desk.questions.iter().find_map(|(decision, question)| {
            let (at, deputies) = question.moves_on(&self.rule_of(decision))?;
            let stands = match question.gate {
                _ if now < at => false,
                Some(gate) => self.waits_for_people(now) == Some((decision.clone(), gate)),
                None => self.waits_for_going_back(now, true),
            };
            let decision = decision.clone();
            stands.then_some(match deputies {
                true => Notice::DeputiesAsked { decision },
                false => Notice::Unanswered { decision },
            })
        })
    }

    /// When a question moves on, or may be asked again.
    pub(crate) fn questions_move_at(&self) -> Vec<Timestamp> {
        let next = |(decision, question): (&Name, &Question)| {
            let moves = question.moves_on(&self.rule_of(decision));
            moves.map(|(at, _)| at).or_else(|| question.may_ask_again())
        };
        self.desk.questions.iter().filter_map(next).collect()
    }

    /// What a question is about may be no longer so: then it is over, and an answer is to another one.
    pub(crate) fn settle_questions(&mut self, at: Timestamp) {
        let stands = |question: &Question| match question.gate {
            Some(gate) => {
                let clear = || self.waits_for_people_alone(gate, at, || true);
                next(self.phase) == Some(gate) && self.gates.steady.contains_key(&gate) && clear()
            }
            None => self.waits_for_going_back(at, true),
        };
        let waiting = self.desk.questions.iter().filter(|(_, question)| question.state != State::Over);
        let over: Vec<Name> =
            waiting.filter(|(_, question)| !stands(question)).map(|(decision, _)| decision.clone()).collect();
        for decision in over {
            if let Some(question) = self.desk.questions.get_mut(&decision) {
                question.state = State::Over;
            }
        }
        // Whoever said yes to going on did not know of the alarm.
        if self.alarm().is_none() {
            return;
        }
        if let Some(decision) = next(self.phase).and_then(|gate| self.sheet(gate)?.rule.decision.clone()) {
            self.void(at, &decision, "the watch after the switch called");
        }
    }
}
