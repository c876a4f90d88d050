//! `tidelock plan`: the file that declares the move, checked before anybody believes in it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tidelock_plan::{Checked, check, explain, pin, schema, timeline};
use tidelock_proto::{json as wire, v1};

use super::plan_source::{Loaded, load};
use super::{Call, plugin};
use crate::args::PlanFile;
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::out::{self, Format, Manner};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum PlanCommand {
    /// Every mistake in one go, each with its line and what to do
    Check {
        #[command(flatten)]
        plan: PlanFile,
        /// Warnings count as mistakes
        #[arg(long)]
        strict: bool,
    },
    /// Make it the migration's next revision
    Apply(ApplyArgs),
    /// The plan with every default and shorthand written out
    Show {
        /// A plan file; the collector's present revision without it
        file: Option<PathBuf>,
    },
    /// Write the components' digests into the file
    Pin {
        #[command(flatten)]
        plan: PlanFile,
    },
    /// How long each gate takes at best, and what it waits for
    Timeline {
        #[command(flatten)]
        plan: PlanFile,
    },
    /// The JSON Schema of the plan file, for editors
    Schema,
    /// What a code such as E015 means
    Explain {
        /// The code
        code: String,
    },
}

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
    /// Show what would change and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; refused all the same when the plan gets looser without a reason
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(call: &Call, command: PlanCommand) -> Result<Exit, Trouble> {
    match command {
        PlanCommand::Check { plan, strict } => check_file(call, &plan.file, strict),
        PlanCommand::Apply(args) => apply(call, args).await,
        PlanCommand::Show { file: Some(file) } => {
            let loaded = load(&file)?;
            out::print(&tidelock_plan::expanded(&good(call.manner, &loaded)?.plan))?;
            Ok(Exit::Done)
        }
        PlanCommand::Show { file: None } => show_present(call).await,
        PlanCommand::Pin { plan } => pin_file(&plan.file),
        PlanCommand::Timeline { plan } => timeline_of(call, &plan.file),
        PlanCommand::Schema => {
            out::print(&format!("{:#}", schema()))?;
            Ok(Exit::Done)
        }
        PlanCommand::Explain { code } => match explain(&code.to_uppercase()) {
            Some(text) => {
                out::print(text)?;
                Ok(Exit::Done)
            }
            None => Err(Trouble::usage(format!("there is no code {code:?}"))),
        },
    }
}

fn check_file(call: &Call, file: &Path, strict: bool) -> Result<Exit, Trouble> {
    let loaded = load(file)?;
    let (problems, checked) = match check(&loaded.source) {
        Ok(checked) => (checked.problems(), Some(checked)),
        Err(problems) => (problems, None),
    };
    let bad = checked.is_none() || strict && !problems.problems().is_empty();
    if call.manner.json() {
        let value = json!({
            "schema": "tidelock.plan-check/v1", "file": loaded.source.path, "ok": !bad,
            "digest": checked.as_ref().map(|checked| format!("sha256:{}", checked.hash)),
            "problems": problems.to_json(&loaded.source),
            "timeline": checked.as_ref().map(|checked| timeline(&checked.plan).to_json()),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(if bad { Exit::Usage } else { Exit::Done });
    }
    if !problems.problems().is_empty() {
        out::print(&problems.render(&loaded.source, call.manner.color, out::width()))?;
    }
    match (&checked, bad) {
        (Some(checked), false) => {
            let plan = &checked.plan;
            let counts =
                format!("{}, {}", many(plan.scenarios.len(), "scenario"), many(plan.gates.len(), "gate"));
            out::print(&format!(
                "✔ {}: {} is good: {counts}, digest {}",
                loaded.source.path,
                plan.name,
                checked.hash.short()
            ))?;
            timeline(plan).brief().iter().try_for_each(|line| out::print(&format!("  {line}")))?;
        }
        (Some(_), true) => out::say("tidelock: warnings count with --strict"),
        (None, _) => {}
    }
    Ok(if bad { Exit::Usage } else { Exit::Done })
}

fn timeline_of(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    let loaded = load(file)?;
    let timeline = timeline(&good(call.manner, &loaded)?.plan);
    if call.manner.json() {
        out::print_json(call.manner.format, &timeline.to_json())?;
    } else {
        out::print(timeline.render().trim_end())?;
    }
    Ok(Exit::Done)
}

/// The checked plan, or every mistake drawn on stderr.
fn good(manner: Manner, loaded: &Loaded) -> Result<Checked, Trouble> {
    check(&loaded.source).map_err(|problems| {
        out::say(&problems.render(&loaded.source, manner.color, out::width()));
        let count = problems.problems().len();
        Trouble::usage(format!("{} has {}; nothing was done", loaded.source.path, many(count, "mistake")))
    })
}

async fn apply(call: &Call, args: ApplyArgs) -> Result<Exit, Trouble> {
    let loaded = load(&args.plan.file)?;
    let checked = good(call.manner, &loaded)?;
    let client = call.client()?;
    if !args.dry_run {
        for (digest, bytes) in &loaded.components {
            plugin::push_bytes(&client, *digest, bytes).await?;
        }
    }
    let source = &loaded.source;
    let components =
        source.components.iter().map(|(word, digest)| (word.clone(), digest.as_bytes().to_vec()));
    let mut request = v1::ApplyPlanRequest {
        source: Some(v1::PlanSource {
            yaml: source.yaml.clone(),
            files: source.files.clone(),
            components: components.collect(),
        }),
        if_revision: args.if_revision,
        reason: args.reason.clone(),
        dry_run: true,
    };
    let preview = client.plans().apply_plan(request.clone()).await.map_err(trouble)?.into_inner();
    let looser = preview.changes.iter().any(|change| change.contains("LOOSER"));
    show_changes(call, &preview)?;
    if args.dry_run || !preview.changed {
        return done(call, &preview, false);
    }
    if looser && args.reason.is_empty() {
        return Err(Trouble::new(
            Exit::Hold,
            "this makes a gate easier to open, so it needs a reason; nothing was applied",
        )
        .hint("give it with --reason TEXT"));
    }
    if !args.yes && call.manner.ask && preview.plan.as_ref().is_some_and(|plan| plan.revision > 1) {
        let answer = out::ask(&format!("Apply it to {}? [y/N] ", checked.plan.name))?;
        if !matches!(answer.as_str(), "y" | "Y" | "yes") {
            return Err(Trouble::new(Exit::Hold, "nothing was applied"));
        }
    }
    request.dry_run = false;
    let answer = client.plans().apply_plan(request).await.map_err(trouble)?.into_inner();
    done(call, &answer, true)
}

fn show_changes(call: &Call, answer: &v1::ApplyPlanResponse) -> Result<(), Trouble> {
    if call.manner.json() {
        return Ok(());
    }
    let revision = answer.plan.as_ref().map_or(0, |plan| plan.revision);
    if answer.changed {
        out::print(&format!("plan {}: revision {revision}", answer.migration))?;
    }
    answer.changes.iter().try_for_each(|change| out::print(&format!("  {}", clean(change))))
}

fn done(call: &Call, answer: &v1::ApplyPlanResponse, applied: bool) -> Result<Exit, Trouble> {
    let revision = answer.plan.as_ref().map_or(0, |plan| plan.revision);
    if call.manner.json() {
        let value = json!({
            "schema": "tidelock.plan-applied/v1", "migration": answer.migration, "changed": answer.changed,
            "applied": applied && answer.changed, "changes": answer.changes,
            "plan": answer.plan.as_ref().map(wire::plan_ref),
        });
        out::print_json(call.manner.format, &value)?;
    } else if applied {
        out::print(&format!("✔ {} is at revision {revision}", answer.migration))?;
    } else if answer.changed {
        out::print("nothing was applied (--dry-run)")?;
    } else {
        out::print(&format!("= {} is at revision {revision} already", answer.migration))?;
    }
    Ok(Exit::Done)
}

/// The collector's present revision as it was applied.
pub(crate) async fn present(call: &Call) -> Result<(tidelock_plan::Source, v1::PlanRef), Trouble> {
    let client = call.client()?;
    let request = v1::GetPlanRequest { migration: client.migration().await?, revision: 0 };
    let answer = client.plans().get_plan(request).await.map_err(trouble)?.into_inner();
    let source = answer.source.unwrap_or_default();
    let components = (source.components.into_iter())
        .filter_map(|(word, digest)| Some((word, tidelock_model::Sha256::try_from(digest.as_slice()).ok()?)))
        .collect();
    let path = "plan.yaml".to_owned();
    let source = tidelock_plan::Source { path, yaml: source.yaml, files: source.files, components };
    Ok((source, answer.plan.unwrap_or_default()))
}

async fn show_present(call: &Call) -> Result<Exit, Trouble> {
    let (source, revision) = present(call).await?;
    match call.manner.format {
        Format::Json | Format::Ndjson => {
            let value =
                json!({ "plan": wire::plan_ref(&revision), "yaml": source.yaml, "files": source.files });
            out::print_json(call.manner.format, &value)?;
        }
        Format::Text | Format::Short | Format::Nagios | Format::Csv | Format::Md | Format::Html => {
            out::print(&format!("# revision {}", revision.revision))?;
            let loaded = Loaded { source, components: std::collections::BTreeMap::new() };
            out::print(&tidelock_plan::expanded(&good(call.manner, &loaded)?.plan))?;
        }
    }
    Ok(Exit::Done)
}

fn pin_file(file: &Path) -> Result<Exit, Trouble> {
    let loaded = load(file)?;
    let pinned = pin(&loaded.source.yaml, &loaded.source.components);
    if pinned == loaded.source.yaml {
        out::print("= every component is pinned already")?;
        return Ok(Exit::Done);
    }
    let draft = file.with_extension("yaml.new");
    fs::write(&draft, pinned).while_doing(format_args!("write {}", draft.display()))?;
    fs::rename(&draft, file).while_doing(format_args!("write {}", file.display()))?;
    out::print(&format!("✔ {} components are pinned in {}", loaded.source.components.len(), file.display()))?;
    Ok(Exit::Done)
}

/// A count with its noun: `1 gate`, `5 gates`.
fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
