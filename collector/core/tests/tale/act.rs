//! What a line of a story does.

use tidelock_core::record::{Observation, Refusal as AssignmentRefusal};
use tidelock_core::{About, Ask, Refusal, Remark};
use tidelock_model::{AgentKey, Digest, Remaining, Side};

use super::{Tale, after, people};
use crate::world::agents::{Behaviour, finding};
use crate::world::{asker, name, plans};

impl Tale {
    /// Does what the line says: `SUBJECT VERB …`.
    pub(crate) fn act(&mut self, act: &str) {
        let (subject, rest) = act.split_once(' ').unwrap_or((act, ""));
        match subject {
            "all" => self.all_behave(),
            "nothing" => {}
            "somebody" | "nobody" => self.world.standby = subject == "somebody",
            "the" => self.the(rest),
            "canary" => self.canary(rest),
            _ if subject.contains('/') => self.agent(&key(subject), rest),
            _ if self.plan.scenarios.contains_key(subject) => self.check(subject, rest),
            _ => self.person(subject, rest),
        }
    }

    /// `canary passes on target/t1`, `canary is silent on source/s1`, `canary fails on target/t1`.
    fn canary(&mut self, rest: &str) {
        let (verb, agent) = rest.split_once(" on ").expect("canary DOES on SIDE/AGENT");
        let agent = self.world.agents.get_mut(&key(agent)).expect("an agent of the story");
        agent.canary = match verb {
            "passes" => Behaviour::Passes,
            "fails" => Behaviour::Fails("as it must".into()),
            "is silent" => Behaviour::Silent,
            "does not run" => Behaviour::NotRun(tidelock_model::Cause::Trap),
            other => panic!("a canary cannot {other}"),
        };
    }

    fn all_behave(&mut self) {
        for agent in self.world.agents.values_mut() {
            for check in self.plan.scenarios.keys() {
                agent.behaviours.insert(check.clone(), Behaviour::Passes);
            }
        }
    }

    /// `the plan changes: gate ready: all`, `the target is on revision v2`, `the target runs build v2`,
    /// `the collector is away for 20 s`.
    fn the(&mut self, rest: &str) {
        if let Some(line) = rest.strip_prefix("plan changes: ") {
            plans::line(&mut self.plan, line);
            let answer = self.world.apply_plan(self.plan.clone(), "olga");
            return self.answered(answer);
        }
        if let Some(rest) = rest.strip_prefix("collector is away for ") {
            return self.world.away(plans::number(rest));
        }
        if let Some(check) = rest.strip_prefix("proof of ").and_then(|rest| rest.strip_suffix(" is told")) {
            return self.tell_proof(check);
        }
        if after::told(self, rest) {
            return;
        }
        if let Some((side, build)) = rest.split_once(" runs build ") {
            self.world.builds.insert(side.parse().unwrap(), build.to_owned());
            return;
        }
        if self.tell_of_people(rest) {
            return;
        }
        if rest == "run is told" {
            return self.tell_run();
        }
        let (side, revision) = rest.split_once(" is on revision ").expect("the SIDE is on revision NAME");
        let (side, revision, by) = (side.parse().unwrap(), revision.into(), asker("operator"));
        let ask = Ask::SetRevision { side, revision, by, request_id: self.id() };
        self.ask(&ask);
    }

    /// What the scenario's claims say, and what their proofs left out.
    fn tell_proof(&mut self, check: &str) {
        let scenarios = self.world.migration.scenarios(self.world.now);
        for side in scenarios.iter().filter(|it| it.name == *check).flat_map(|it| &it.sides) {
            for claim in &side.claims {
                self.tell(format!("{} on {}: {}", claim.name, side.side, claim.is));
                let Some(proof) = &claim.proof else { continue };
                let excluded = proof.excluded.iter().map(|(what, many)| format!("{many} {what}"));
                for line in excluded.chain(proof.notes.iter().cloned()) {
                    self.told.push(format!("  {line}"));
                }
            }
        }
    }

    /// `login fails on target: sign-in refused`, from every agent of the side; without a side, of both.
    fn check(&mut self, check: &str, rest: &str) {
        if let Some(text) = rest.strip_prefix("cannot see: ") {
            let remarks = vec![Remark::new(About::Check(name(check)), text)];
            return self.ask(&Ask::File { remarks });
        }
        let (verb, note) = rest.split_once(": ").unwrap_or((rest, ""));
        let sides: Vec<Side> = Side::BOTH
            .into_iter()
            .filter(|side| !verb.contains(" on ") || verb.ends_with(side.word()))
            .collect();
        let one = verb.split_whitespace().find(|word| word.contains('/')).map(key);
        let behaviour = match verb.split_whitespace().next().unwrap() {
            "passes" => Behaviour::Passes,
            "fails" => Behaviour::Fails(note.into()),
            "drops" => {
                Behaviour::Drops(plans::number(verb.split(" of ").nth(1).expect("drops 1 of N")), note.into())
            }
            "does" => Behaviour::NotRun(note.parse().unwrap()),
            "reports" => reports(note),
            "counts" => Behaviour::CountsNothing,
            "runs" => Behaviour::AnotherComponent,
            "starves" => Behaviour::Starved,
            "is" | "hangs" => Behaviour::Silent,
            "takes" => Behaviour::Takes(plans::number(verb)),
            "serves" => {
                let numbers: Vec<u64> =
                    note.split_whitespace().filter_map(|word| word.parse().ok()).collect();
                Behaviour::Counts(numbers[0], numbers[1], numbers[2])
            }
            "shows" => Behaviour::Shows(digests(note)),
            "lists" => match note.split_once("whole since ") {
                Some((rows, since)) => Behaviour::Lists(after::rows(rows), after::moment(since)),
                None => Behaviour::Shows(after::rows(note)),
            },
            "writes" => Behaviour::Writes,
            "finds" => Behaviour::Finds(plans::number(note)),
            // `/cart to https://old.example/app.js`, or `/cart` alone.
            "links" => match note.split_once(" to ") {
                Some((page, link)) => Behaviour::Links(page.into(), Some(link.into())),
                None => Behaviour::Links(note.into(), None),
            },
            other => panic!("{check} cannot {other}"),
        };
        let agents = self.world.agents.iter_mut().filter(|(key, _)| match &one {
            Some(one) => *key == one,
            None => sides.contains(&key.side),
        });
        for (_, agent) in agents {
            agent.behaviours.insert(name(check), behaviour.clone());
        }
    }

    /// `target/t1 falls silent`.
    fn agent(&mut self, key: &AgentKey, rest: &str) {
        if let Some(text) = rest.strip_prefix("warns: ") {
            let remarks = vec![Remark::new(About::Agent(key.clone()), text)];
            return self.ask(&Ask::File { remarks });
        }
        let mut words = rest.split_whitespace();
        let verb = words.next().unwrap();
        if verb == "joins" {
            let answer = self.world.enrol(key);
            return self.answered(answer);
        }
        if verb == "runs" {
            let double = self.world.agents[key].double(key);
            return self.world.doubles.push((key.clone(), double));
        }
        if verb == "repeats" {
            let sent = self.world.agents[key].sent.clone();
            let all = rest.ends_with("all") as usize * sent.len();
            let again = sent[sent.len() - all.max(1)..].iter().cloned();
            return again.for_each(|batch| self.world.see(Observation::Findings(batch)));
        }
        if verb == "reports" {
            return self.stranger(key, words.next_back().unwrap());
        }
        let text = "two findings came under one number".to_owned();
        match verb {
            "contradicts" => self.ask(&Ask::ReportConflict { agent: key.clone(), text }),
            "lives" => {
                let text = "two live sessions of one identity, from 192.0.2.7:4000 and from 198.51.100.9:4000: \
                            its key is in two places";
                self.ask(&Ask::ReportConflict { agent: key.clone(), text: text.to_owned() });
            }
            "refuses" => {
                let (cause, reason) =
                    ("above_ceiling".into(), "the grant is above what agent.toml allows".into());
                let refusal =
                    AssignmentRefusal { check: name(words.next().unwrap()), cause, reason, refused: true };
                self.world.see(Observation::Refused(key.clone(), refusal));
            }
            "signs" => {
                self.world.agents.get_mut(key).unwrap().alive = false;
                self.world.see(Observation::SignedOff(key.clone()));
            }
            _ => {
                let agent = self.world.agents.get_mut(key).unwrap();
                match verb {
                    "falls" => agent.alive = false,
                    "is" => (agent.alive, agent.connected) = (true, true),
                    "loses" => agent.connected = false,
                    "reconnects" => agent.connected = true,
                    "throws" => agent.begin_spool(),
                    "reboots" => agent.boots += 1,
                    "drifts" => agent.clock.0 = plans::number::<u32>(rest).into(),
                    "wavers" => agent.clock.1 = plans::number(rest),
                    "lags" => agent.slow_secs = plans::number(rest),
                    "catches" => agent.slow_secs = 0,
                    other => panic!("{key} cannot {other}"),
                }
            }
        }
    }

    /// A passing finding of a check that the plan does not have.
    fn stranger(&mut self, key: &AgentKey, check: &str) {
        let Some(scenario) = self.plan.scenarios.values().next() else { panic!("the plan is empty") };
        let revision = (self.world.migration.revision(), self.world.migration.plan_hash().unwrap());
        let finding = finding(&name(check), scenario, &Behaviour::Passes, revision, self.world.now, 1);
        let batch = self.world.agents.get_mut(key).unwrap().say(key, finding);
        self.world.see(Observation::Findings(batch));
        let counted: Vec<String> = (self.world.migration.not_counted().iter())
            .map(|(reason, number)| format!("{number} {}", reason.word()))
            .collect();
        self.tell(format!("not counted: {}", counted.join(", ")));
    }

    /// `olga says go on cutover`.
    fn person(&mut self, who: &str, rest: &str) {
        if self.runs(who, rest) {
            return;
        }
        let (rest, again) = match rest.strip_suffix(" again") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let request_id = if again { format!("ask-{}", self.asks) } else { self.id() };
        let (act, reason) = rest.split_once(": ").unwrap_or((rest, "as agreed"));
        let (by, reason) = (asker(who), reason.to_owned());
        let mut words = act.split_whitespace();
        let verb = words.next().unwrap();
        let last = act.split_whitespace().next_back().unwrap();
        let ask = match verb {
            "says" => {
                let go = words.next() == Some("go");
                let decision = name(words.nth(1).unwrap());
                let evidence_sequence = last.parse().ok();
                Ask::Decide { decision, go, by, reason, evidence_sequence, request_id }
            }
            "holds" => Ask::Hold { by, reason, request_id },
            "releases" => Ask::Release { by, of: words.next().map(name), reason, request_id },
            "confirms" => {
                let token = if act.contains("first") { self.first_token } else { self.token };
                Ask::Confirm { by, epoch: token.unwrap_or(0), request_id }
            }
            "reports" => Ask::Switched { to: last.parse().unwrap(), by, reason, request_id },
            "makes" | "fails" => {
                let (check, failed) = (name(words.next().unwrap()), verb == "fails");
                let evidence = if reason == "as agreed" { String::new() } else { reason };
                Ask::ManualDone { check, by, evidence, failed, request_id }
            }
            "leaves" => after::leave(act, reason, by, request_id),
            "aborts" => Ask::Abort { by, reason, request_id },
            "revokes" => Ask::RevokeAgent { agent: key(last), by, reason },
            other => {
                let what = act.split_once(' ').map_or("", |(_, what)| what);
                people::ask(by, other, what, reason, request_id)
                    .unwrap_or_else(|| panic!("{who} cannot {other}"))
            }
        };
        self.ask(&ask);
    }

    pub(crate) fn id(&mut self) -> String {
        self.asks += 1;
        format!("ask-{}", self.asks)
    }

    pub(crate) fn ask(&mut self, ask: &Ask) {
        let answer = self.world.ask(ask);
        self.answered(answer);
    }

    fn answered(&mut self, answer: Result<Vec<tidelock_core::record::Event>, Refusal>) {
        match answer {
            Ok(events) if events.is_empty() => self.tell("nothing to record"),
            Ok(events) => events.iter().for_each(|event| self.tell_event(event)),
            Err(refusal) => self.tell(format!("refused, {}: {}", refusal.code.word(), refusal.message)),
        }
    }
}

fn key(text: &str) -> AgentKey {
    let (side, agent) = text.split_once('/').unwrap();
    AgentKey { side: side.parse().unwrap(), name: name(agent) }
}

/// `visible 14, in_flight 3, 17 messages of orders remain`
fn reports(text: &str) -> Behaviour {
    let (mut measures, mut remaining) = (Vec::new(), Vec::new());
    for part in text.split(", ").filter(|part| !part.is_empty() && *part != "nothing") {
        if let Some((head, what)) = part.strip_suffix(" remain").and_then(|part| part.split_once(" of ")) {
            let (count, unit) = head.split_once(' ').unwrap();
            remaining.push(Remaining { count: count.parse().unwrap(), unit: unit.into(), what: what.into() });
        } else {
            let (measure, value) = part.split_once(' ').unwrap();
            measures.push((measure.to_owned(), value.parse().unwrap()));
        }
    }
    Behaviour::Reports(measures, remaining)
}

/// `orders=a1 of 10, again price=2`: a digest a key, of so many rows.
fn digests(text: &str) -> Vec<Digest> {
    let digest = |part: &str| {
        let (position, part) = part.strip_prefix("again ").map_or(("", part), |part| ("again", part));
        let (key, value) = part.split_once('=').unwrap();
        let (hash, rows) = value.split_once(" of ").unwrap_or((value, "1"));
        let (key, position) = (key.to_owned(), position.to_owned());
        Digest { key, hash: hash.as_bytes().to_vec(), rows: rows.parse().unwrap(), position }
    };
    text.split(", ").map(digest).collect()
}
