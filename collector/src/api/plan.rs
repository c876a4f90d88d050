//! Plans: applied as they were written, with every component that they name already here.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidelock_core::record::EventKind;
use tidelock_core::{Ask, Looser};
use tidelock_model::{Name, Sha256, Side};
use tidelock_plan::{Change, Checked};
use tidelock_proto::v1;
use tidelock_proto::v1::plan_service_server::PlanService;
use tonic::{Request, Response, Status};

use super::access::blocking;
use super::auth::caller;
use super::caller::{Action, Caller};
use super::gate::{migration, words};
use super::{Api, errors};
use crate::fold::EventLine;
use crate::records::PlanExtras;
use crate::{clock, plans, secret};

/// The largest plan with all that it inlines; it must fit into one record of the journal.
const MAX_SOURCE_BYTES: usize = 3 << 20;
/// Files and components that a plan names.
const MAX_NAMED: usize = 4096;
/// Lines that say what a proposal loosens.
const LOOSER_LINES: usize = 50;
/// The least of a plan's hash that names it.
const LEAST_NAME: usize = 8;

/// The service.
pub(super) struct Plans(pub(super) Arc<Api>);

fn bounded(source: &v1::PlanSource) -> Result<(), Status> {
    let bytes = prost::Message::encoded_len(source);
    if bytes > MAX_SOURCE_BYTES {
        let why = format!("has {bytes} bytes with its files, at most {MAX_SOURCE_BYTES} are taken");
        return Err(errors::invalid("source", why));
    }
    if source.files.len() > MAX_NAMED || source.components.len() > MAX_NAMED {
        return Err(errors::invalid("source", format!("names more than {MAX_NAMED} files or components")));
    }
    Ok(())
}

/// Putting a plan in force is for operators; the second voice on one is a person's, as other decisions are.
fn action(confirm: &str) -> Action {
    if confirm.is_empty() { Action::ApplyPlan } else { Action::ConfirmPlan }
}

/// Whoever confirms names what they confirm.
fn named(confirm: &str, hash: Sha256) -> Result<(), Status> {
    let word = confirm.strip_prefix("sha256:").unwrap_or(confirm);
    if confirm.is_empty() || word.len() >= LEAST_NAME && hash.to_string().starts_with(word) {
        return Ok(());
    }
    Err(errors::invalid("confirm", format!("{confirm:?} names another plan: this one is {}", hash.short())))
}

fn line(change: &Change) -> String {
    if change.looser { format!("{}   LOOSER", change.text) } else { change.text.clone() }
}

/// What the caller of a dry run would push before. Whoever applies has pushed it.
fn brought(ask: &v1::ApplyPlanRequest) -> Result<BTreeSet<Sha256>, Status> {
    if ask.brings.len() > MAX_NAMED {
        return Err(errors::invalid("brings", format!("names more than {MAX_NAMED} components")));
    }
    let brings = ask.brings.iter().filter(|_| ask.dry_run).map(|bytes| Sha256::try_from(bytes.as_slice()));
    brings.collect::<Result<_, _>>().map_err(|error| errors::invalid("brings", error))
}

impl Plans {
    /// The plan as checked, and which of the components that it names are brought and not here yet.
    async fn check(
        &self,
        source: &v1::PlanSource,
        brought: BTreeSet<Sha256>,
    ) -> Result<(Checked, BTreeSet<Sha256>), Status> {
        bounded(source)?;
        let (api, source) = (self.0.clone(), source.clone());
        let checked = blocking(move || {
            let checked = plans::check(&source).map_err(|problems| errors::invalid("source", problems))?;
            let scenarios = (checked.plan.scenarios.iter())
                .map(|(name, scenario)| (format!("{name} runs {}", scenario.plugin), scenario.component));
            let canary = checked.plan.canary.iter();
            let canary = canary.map(|canary| (format!("the canary is {}", canary.plugin), canary.component));
            let (mut comes, mut missing) = (BTreeSet::new(), Vec::new());
            for (what, digest) in scenarios.chain(canary) {
                match (api.components.contains(&digest), brought.contains(&digest)) {
                    (true, _) => {}
                    (false, true) => drop(comes.insert(digest)),
                    (false, false) => missing.push(format!("{what} ({digest})")),
                }
            }
            missing.sort();
            if missing.is_empty() {
                return Ok((checked, comes));
            }
            let what = format!("components are not here yet: {}; push them first", missing.join(", "));
            Err(errors::precondition("COMPONENT_MISSING", what))
        });
        checked.await?
    }

    /// What differs from the plan in force, a line each, and what of it is looser.
    fn changes(&self, name: &Name, new: &Checked) -> (Vec<String>, Looser) {
        let view = self.0.driver.view(name);
        match view.as_ref().and_then(|view| view.plan.as_ref()) {
            None => (vec!["+ the first revision".to_owned()], Looser::default()),
            Some(old) => {
                let changes = tidelock_plan::diff(&old.plan, &new.plan);
                let looser = changes.iter().filter(|change| change.looser);
                // The journal's record and the notices are bounded; the count never is.
                let mut lines: Vec<String> =
                    looser.clone().take(LOOSER_LINES).map(|change| change.text.clone()).collect();
                let more = looser.count() - lines.len();
                if more > 0 {
                    lines.push(format!("and {more} more"));
                }
                (changes.iter().map(line).collect(), Looser { against: Some(old.hash), lines })
            }
        }
    }

    /// The authorities of both sides exist from the first plan on.
    async fn authorities(&self, name: &Name) -> Result<(), Status> {
        let (api, name) = (self.0.clone(), name.clone());
        let made = blocking(move || {
            Side::BOTH
                .into_iter()
                .try_for_each(|side| api.pki.authority(&name, side, clock::wall()).map(drop))
        });
        made.await?.map_err(|error| errors::internal(&error))
    }

    fn nothing_to_do(&self, name: &Name, hash: Sha256) -> v1::ApplyPlanResponse {
        let revision = self.0.driver.view(name).and_then(|view| view.plan.as_ref().map(|plan| plan.revision));
        v1::ApplyPlanResponse {
            migration: name.to_string(),
            plan: Some(v1::PlanRef { revision: revision.unwrap_or(0), hash: hash.as_bytes().to_vec() }),
            changed: false,
            ..v1::ApplyPlanResponse::default()
        }
    }

    async fn apply(&self, who: &Caller, ask: v1::ApplyPlanRequest) -> Result<v1::ApplyPlanResponse, Status> {
        let brought = brought(&ask)?;
        let source = ask.source.ok_or_else(|| errors::invalid("source", "is missing"))?;
        let (checked, comes) = self.check(&source, brought).await?;
        let missing: Vec<Vec<u8>> = comes.iter().map(|digest| digest.as_bytes().to_vec()).collect();
        let name = checked.plan.name.clone();
        who.may(action(&ask.confirm), Some(&name))?;
        let (changes, looser) = self.changes(&name, &checked);
        // The new plan's people count for the first revision; the core judges later ones by the old.
        let view = self.0.driver.view(&name);
        let by = who.asker(|person| match view.as_ref().and_then(|view| view.plan.as_ref()) {
            Some(plan) => plan.plan.people.contains_key(person),
            None => checked.plan.people.contains_key(person),
        });
        let hash = checked.hash;
        named(&ask.confirm, hash)?;
        // Whoever only looks need not say why yet.
        let reason = if ask.dry_run && ask.reason.is_empty() { "a dry run".to_owned() } else { ask.reason };
        let wanted = Ask::ApplyPlan {
            plan: Box::new(checked.plan),
            hash,
            by,
            reason: words("reason", reason)?,
            if_revision: ask.if_revision,
            grid_origin: self.0.clock.now(),
            looser,
            confirm: !ask.confirm.is_empty(),
        };
        let nonce_seed = secret::random::<32>().map_err(|error| errors::internal(&error))?.to_vec();
        if !ask.dry_run {
            self.authorities(&name).await?;
        }
        let extras = PlanExtras { source, nonce_seed };
        let asked =
            self.0.driver.apply_plan(&name, wanted, extras, ask.dry_run).await.map_err(errors::asked)?;
        let proposed = |line: &EventLine| matches!(line.event.kind, EventKind::PlanProposed { .. });
        if asked.events.iter().any(proposed) {
            let proposal = hash.short();
            let nothing = self.nothing_to_do(&name, hash);
            return Ok(v1::ApplyPlanResponse { changes, proposal, missing, ..nothing });
        }
        let applied = asked.events.iter().find_map(|line| {
            if let EventKind::PlanApplied { revision, .. } = &line.event.kind {
                Some(*revision)
            } else {
                None
            }
        });
        let Some(revision) = applied else {
            return Ok(v1::ApplyPlanResponse { missing, ..self.nothing_to_do(&name, hash) });
        };
        Ok(v1::ApplyPlanResponse {
            migration: name.to_string(),
            plan: Some(v1::PlanRef { revision, hash: hash.as_bytes().to_vec() }),
            changed: true,
            changes,
            missing,
            proposal: String::new(),
        })
    }
}

#[tonic::async_trait]
impl PlanService for Plans {
    async fn apply_plan(
        &self,
        request: Request<v1::ApplyPlanRequest>,
    ) -> Result<Response<v1::ApplyPlanResponse>, Status> {
        let who = caller(&request)?;
        if !self.0.driver.ready() {
            return Err(errors::unavailable("the collector replays its journal"));
        }
        // Before the plan is read at all: reading costs something.
        who.may(action(&request.get_ref().confirm), who.bound_to())?;
        Ok(Response::new(self.apply(&who, request.into_inner()).await?))
    }

    async fn get_plan(
        &self,
        request: Request<v1::GetPlanRequest>,
    ) -> Result<Response<v1::GetPlanResponse>, Status> {
        let who = caller(&request)?;
        let ask = request.into_inner();
        let name = migration(&ask.migration)?;
        self.0.view(&who, Action::Look, &name)?;
        let found = self.0.driver.source(&name, ask.revision).await;
        let found = found
            .ok_or_else(|| errors::not_found(format!("{name} has no plan revision {}", ask.revision)))?;
        Ok(Response::new(v1::GetPlanResponse {
            source: Some(found.extras.source),
            plan: Some(v1::PlanRef { revision: found.revision, hash: found.hash.as_bytes().to_vec() }),
        }))
    }
}
