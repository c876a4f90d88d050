//! Plays a flow's steps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::Comparison;
use super::shape::{Flow, FlowStep};
use super::template::{fill, fill_json, plain};
use crate::encode::{form, hex};
use crate::{Browser, Call, Context, Reply, Scenario, StepNote, Stop};

/// The values of templates, by name.
pub type Vars = BTreeMap<String, Value>;

/// The names that every run brings.
pub(crate) const RUN_NAMES: [&str; 6] =
    ["run.side", "run.check", "run.round", "run.nonce", "run.random", "run.now_ms"];

/// Why a step ended early.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// Fail or not run, with the reason.
    pub stop: Stop,
    /// The status, where the target had answered and the answer was not as expected.
    pub answered: Option<u16>,
}

/// One visitor on its way through a flow.
pub struct Player<'c> {
    ctx: &'c Context,
    /// The visitor's cookies.
    pub browser: Browser,
    /// Where steps go that name no target.
    pub target: String,
    /// The values known by now.
    pub vars: Vars,
}

impl<'c> Player<'c> {
    /// A visitor without cookies, who knows what the run and the settings give.
    pub fn new(ctx: &'c Context, target: &str, given: Vars) -> Player<'c> {
        let mut vars = given;
        let run: [Value; 6] = [
            ctx.side_name().into(),
            ctx.check().into(),
            ctx.round().into(),
            hex(ctx.nonce()).into(),
            ctx.random_hex(8).into(),
            ctx.now_unix_ms().into(),
        ];
        vars.extend(RUN_NAMES.map(str::to_owned).into_iter().zip(run));
        Player { ctx, browser: ctx.browser(), target: target.to_owned(), vars }
    }

    /// Takes the flow's own `vars` over; what the settings give wins.
    ///
    /// # Errors
    /// A value refers to a name that nothing gives.
    pub fn declare(&mut self, flow: &Flow) -> Result<(), Stop> {
        for (name, value) in &flow.vars {
            if !self.vars.contains_key(name) {
                let value = fill_json(value, &self.vars).map_err(unknown)?;
                self.vars.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    /// Takes one step: sends, holds the answer against what is expected, takes values from it.
    ///
    /// # Errors
    /// Why it ended early, and whether the target had answered.
    pub fn play(&mut self, step: &FlowStep) -> Result<Reply, Halt> {
        let attempts = step.retry.map_or(1, |retry| retry.attempts);
        let mut attempt = 1;
        loop {
            match self.once(step) {
                Err(Halt { stop: Stop::Wrong(_), .. }) if attempt < attempts => {
                    let wait_ms = step.retry.map_or(0, |retry| retry.wait_ms);
                    if self.ctx.left_ms() <= u64::from(wait_ms) {
                        return self.once(step);
                    }
                    self.ctx.sleep_ms(wait_ms);
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    }

    fn once(&mut self, step: &FlowStep) -> Result<Reply, Halt> {
        let call = self.call(step).map_err(|stop| Halt { stop, answered: None })?;
        let reply = call.send().map_err(|stop| Halt { stop, answered: None })?;
        let answered = |stop| Halt { stop, answered: Some(reply.status) };
        // Values first: what is expected may refer to them. A wrong status is the better sentence, though.
        let taken: Result<Vec<_>, Stop> = step
            .extract
            .iter()
            .map(|(name, place)| {
                Ok((name.clone(), place.take(&reply, &self.browser).map_err(|stop| stop.at(name))?))
            })
            .collect();
        if let Ok(values) = &taken {
            self.vars.extend(values.iter().cloned());
        }
        step.expect.hold(&reply, &self.vars).map_err(answered)?;
        taken.map_err(answered)?;
        Ok(reply)
    }

    /// Whether all values that a step's request needs are known.
    pub fn can_play(&self, step: &FlowStep) -> bool {
        self.call(step).is_ok()
    }

    fn call(&self, step: &FlowStep) -> Result<Call, Stop> {
        let text = |template: &str| fill(template, &self.vars).map_err(unknown);
        let request = &step.request;
        let target = step.target.as_deref().map_or(Ok(self.target.clone()), text)?;
        let mut path = text(&request.path)?;
        if !request.query.is_empty() {
            let fields = self.fields(&request.query)?;
            let query = form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&query);
        }
        let mut call = self.browser.target(&target).call(request.method(), &path).follow(request.follow);
        for (name, value) in self.fields(&request.headers)? {
            call = call.header(&name, &value);
        }
        if let Some(basic) = &request.basic {
            call = call.basic(&text(&basic.user)?, &text(&basic.password)?);
        }
        if let Some(fields) = &request.form {
            let fields = self.fields(fields)?;
            call = call.form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        } else if let Some(json) = &request.json {
            call = call.json(&fill_json(json, &self.vars).map_err(unknown)?);
        } else if let Some(body) = &request.body {
            call = call.body(text(body)?);
        }
        Ok(if request.cookies == Some(false) { call.without_cookies() } else { call })
    }

    fn fields(&self, fields: &BTreeMap<String, Value>) -> Result<Vec<(String, String)>, Stop> {
        let filled = |(name, value): (&String, &Value)| {
            let value = fill_json(value, &self.vars).map_err(unknown)?;
            Ok((name.clone(), plain(&value)))
        };
        fields.iter().map(filled).collect()
    }
}

fn unknown(name: String) -> Stop {
    Stop::blind(format!("nothing has given `{{{{{name}}}}}` its value"))
}

/// Plays a whole flow and records every step; after a step that ended early only those that are taken always.
///
/// # Errors
/// Why the first of the steps ended early.
pub fn play_all(flow: &Flow, player: &mut Player<'_>, run: &mut Scenario) -> Result<(), Stop> {
    player.declare(flow)?;
    let mut ended = Ok(());
    let mut comparison = Comparison::new(player.ctx.side(), flow);
    for step in &flow.steps {
        if ended.is_err() && !(step.always && player.can_play(step)) {
            continue;
        }
        let taken = run.step(&step.name, |notes| take(player, step, notes));
        let taken = match (taken, &step.same_response) {
            (Ok(first), Some(_)) => {
                // Loaded again as a visitor would, so that a token that is good for one page is the last one.
                let again = run.step(&format!("{}-again", step.name), |notes| take(player, step, notes));
                again.map(|again| comparison.take(step, &player.browser, &first, &again))
            }
            (taken, _) => taken.map(drop),
        };
        ended = ended.and(taken);
    }
    if ended.is_ok() {
        comparison.report(run);
    }
    ended
}

fn take(player: &mut Player<'_>, step: &FlowStep, notes: &mut StepNote) -> Result<Reply, Stop> {
    let reply = player.play(step).map_err(|halt| halt.stop)?;
    notes.note(format!("{} answered {} in {} ms", reply.path, reply.status, reply.total_us / 1000));
    Ok(reply)
}
