//! `tidelock plan apply`: a file becomes the migration's next revision.
//!
//! What it loosens is shown before anybody is asked, needs a reason, and once the migration was ready a second
//! person: the first one's `apply` only proposes it then, and another confirms the same file.

use serde_json::json;
use tidelock_model::Sha256;
use tidelock_proto::{json as wire, v1};

use super::plan::good;
use super::plan_diff::is_of;
use super::plan_source::{Loaded, load};
use super::{Call, plugin};
use crate::args::PlanFile;
use crate::client::{Client, clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out;

#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    plan: PlanFile,
    /// Refuse unless this is the present revision (0: none yet)
    #[arg(long, value_name = "NUMBER")]
    if_revision: Option<u64>,
    /// Why, for the record; needed when the plan gets looser
    #[arg(long, default_value = "", value_name = "TEXT")]
    reason: String,
    /// Be the second person for what another proposed: this very file, by the proposal's name
    #[arg(long, value_name = "PROPOSAL", conflicts_with = "dry_run")]
    confirm: Option<String>,
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; refused all the same when the plan gets looser without a reason
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(call: &Call, args: ApplyArgs) -> Result<Exit, Trouble> {
    let loaded = load(&args.plan.file)?;
    let checked = good(call.manner, &loaded)?;
    if args.confirm.as_ref().is_some_and(|confirm| confirm.trim().is_empty()) {
        return Err(Trouble::usage(
            "--confirm names no proposal; plan apply said its name when it was proposed",
        ));
    }
    is_of(call, &args.plan.file, checked.plan.name.as_str())?;
    let client = call.client()?;
    // Whoever confirms brings nothing new: the components are there since it was proposed.
    if !args.dry_run && args.confirm.is_none() {
        for (digest, (bytes, signature)) in &loaded.components {
            plugin::push_bytes(&client, *digest, bytes, signature.clone()).await?;
        }
    }
    let mut request = request(&args, &loaded);
    if args.confirm.is_some() {
        return confirm(call, &client, request).await;
    }
    let preview = client.plans().apply_plan(request.clone()).await.map_err(trouble)?.into_inner();
    let looser = preview.changes.iter().any(|change| change.contains("LOOSER"));
    show_changes(call, &preview)?;
    show_pushes(call, &loaded, &preview)?;
    if args.dry_run || !preview.changed && preview.proposal.is_empty() {
        return done(call, &args, &preview, false);
    }
    if looser && args.reason.trim().is_empty() {
        return Err(Trouble::new(
            Exit::Hold,
            "this makes a gate easier to open, so it needs a reason; nothing was applied",
        )
        .hint("give it with --reason TEXT"));
    }
    // The first plan of all takes nobody's place; what is proposed would take that of the one in force.
    let replaces =
        preview.plan.as_ref().is_some_and(|plan| plan.revision > 1) || !preview.proposal.is_empty();
    if !args.yes && call.manner.ask && replaces {
        let what = if preview.proposal.is_empty() { "Apply it to" } else { "Propose it for" };
        let answer = out::ask(&format!("{what} {}? [y/N] ", checked.plan.name))?;
        if !matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Err(Trouble::new(Exit::Hold, "nothing was applied"));
        }
    }
    request.dry_run = false;
    let answer = client.plans().apply_plan(request).await.map_err(trouble)?.into_inner();
    done(call, &args, &answer, true)
}

fn request(args: &ApplyArgs, loaded: &Loaded) -> v1::ApplyPlanRequest {
    let source = &loaded.source;
    let components =
        source.components.iter().map(|(word, digest)| (word.clone(), digest.as_bytes().to_vec()));
    v1::ApplyPlanRequest {
        source: Some(v1::PlanSource {
            yaml: source.yaml.clone(),
            files: source.files.clone(),
            components: components.collect(),
        }),
        if_revision: args.if_revision,
        reason: args.reason.clone(),
        dry_run: true,
        confirm: args.confirm.clone().unwrap_or_default(),
        brings: loaded.components.keys().filter(|_| args.dry_run).map(|it| it.as_bytes().to_vec()).collect(),
    }
}

/// The second person looks at what gets looser, too, before it counts.
async fn confirm(call: &Call, client: &Client, mut request: v1::ApplyPlanRequest) -> Result<Exit, Trouble> {
    let preview = client.plans().apply_plan(request.clone()).await.map_err(trouble)?.into_inner();
    show_changes(call, &preview)?;
    if call.manner.ask {
        let answer = out::ask(&format!("Confirm it for {}? [y/N] ", clean(&preview.migration)))?;
        if !matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Err(Trouble::new(Exit::Hold, "nothing was confirmed"));
        }
    }
    request.dry_run = false;
    let answer = client.plans().apply_plan(request).await.map_err(trouble)?.into_inner();
    in_force(call, &answer, true)
}

fn show_changes(call: &Call, answer: &v1::ApplyPlanResponse) -> Result<(), Trouble> {
    if call.manner.json() {
        return Ok(());
    }
    let revision = answer.plan.as_ref().map_or(0, |plan| plan.revision);
    if answer.changed {
        out::print(&format!("plan {}: revision {revision}", answer.migration))?;
    } else if !answer.proposal.is_empty() {
        out::print(&format!("plan {}: revision {revision} -> {}", answer.migration, revision + 1))?;
    }
    answer.changes.iter().try_for_each(|change| out::print(&format!("  {}", clean(change))))
}

/// The components that a dry run did not push.
fn show_pushes(call: &Call, loaded: &Loaded, answer: &v1::ApplyPlanResponse) -> Result<(), Trouble> {
    if call.manner.json() {
        return Ok(());
    }
    let named = loaded.source.components.iter();
    let mut missing = named.filter(|(_, digest)| answer.missing.iter().any(|it| it == digest.as_bytes()));
    missing.try_for_each(|(word, digest)| {
        out::print(&format!("  {} would be pushed first (sha256:{digest})", clean(word)))
    })
}

fn done(
    call: &Call,
    args: &ApplyArgs,
    answer: &v1::ApplyPlanResponse,
    applied: bool,
) -> Result<Exit, Trouble> {
    if answer.proposal.is_empty() || call.manner.json() {
        return in_force(call, answer, applied);
    }
    if !applied {
        out::print("nothing was proposed (--dry-run); it would need a second person")?;
        return Ok(Exit::Done);
    }
    let (file, name) = (args.plan.file.display(), clean(&answer.proposal));
    out::print(&format!(
        "◷ proposed as {name}, and not in force: another person of the plan confirms it within 24 h"
    ))?;
    out::print(&format!("  tidelock plan apply {file} --confirm {name} --reason TEXT"))?;
    Ok(ended(answer, applied))
}

fn in_force(call: &Call, answer: &v1::ApplyPlanResponse, applied: bool) -> Result<Exit, Trouble> {
    let revision = answer.plan.as_ref().map_or(0, |plan| plan.revision);
    if call.manner.json() {
        let proposal = Some(&answer.proposal).filter(|name| !name.is_empty());
        let value = json!({
            "schema": "tidelock.plan-applied/v1", "migration": answer.migration, "changed": answer.changed,
            "applied": applied && answer.changed, "changes": answer.changes, "proposal": proposal,
            "plan": answer.plan.as_ref().map(wire::plan_ref), "pushes": pushes(answer),
        });
        out::print_json(call.manner.format, &value)?;
    } else if applied && answer.changed {
        out::print(&format!("✔ {} is at revision {revision}", answer.migration))?;
    } else if answer.changed {
        out::print("nothing was applied (--dry-run)")?;
    } else {
        out::print(&format!("= {} is at revision {revision} already", answer.migration))?;
    }
    Ok(ended(answer, applied))
}

/// What a dry run would push, by its digests.
fn pushes(answer: &v1::ApplyPlanResponse) -> Vec<String> {
    let digests = answer.missing.iter().filter_map(|bytes| Sha256::try_from(bytes.as_slice()).ok());
    digests.map(|digest| format!("sha256:{digest}")).collect()
}

/// What was only proposed is not in force, and a pipeline must not go on as if it were.
fn ended(answer: &v1::ApplyPlanResponse, applied: bool) -> Exit {
    if applied && !answer.changed && !answer.proposal.is_empty() { Exit::Hold } else { Exit::Done }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_only_proposed_is_not_done() {
        let answer = |changed: bool, proposal: &str| v1::ApplyPlanResponse {
            changed,
            proposal: proposal.to_owned(),
            ..v1::ApplyPlanResponse::default()
        };
        assert_eq!(ended(&answer(false, "3fa2b1c40d5e"), true), Exit::Hold);
        assert_eq!(ended(&answer(false, "3fa2b1c40d5e"), false), Exit::Done, "nothing was asked for");
        assert_eq!(ended(&answer(true, ""), true), Exit::Done);
        assert_eq!(ended(&answer(false, ""), true), Exit::Done, "it is in force already");
    }
}
