//! `tidelock plan`: the file that declares the move, checked before anybody believes in it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tidelock_plan::{Checked, check, pin, schema, timeline};
use tidelock_proto::{json as wire, v1};

use super::plan_apply::ApplyArgs;
use super::plan_source::{Loaded, load};
use super::{Call, plan_apply, plan_diff, plan_explain};
use crate::args::PlanFile;
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble, While as _};
use crate::mistakes;
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
        /// What each check may reach, in words
        #[arg(long)]
        grants: bool,
    },
    /// What it changes about the revision in force: added, removed, LOOSER or stricter
    Diff {
        #[command(flatten)]
        plan: PlanFile,
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
    /// What a code such as E015 means, or what each check of a plan may reach, in words
    Explain {
        /// A code, or a plan file; the collector's present revision without either
        #[arg(value_name = "CODE|FILE")]
        what: Option<String>,
    },
}

pub(crate) async fn run(call: &Call, command: PlanCommand) -> Result<Exit, Trouble> {
    match command {
        PlanCommand::Check { plan, strict, grants } => check_file(call, &plan.file, strict, grants),
        PlanCommand::Diff { plan } => plan_diff::run(call, &plan.file).await,
        PlanCommand::Apply(args) => plan_apply::run(call, args).await,
        PlanCommand::Show { file: Some(file) } => {
            let loaded = load(&file)?;
            let checked = good(call.manner, &loaded)?;
            let text = tidelock_plan::expanded(&checked.plan);
            if call.manner.json() {
                let digest = format!("sha256:{}", checked.hash);
                let value =
                    json!({ "schema": "tidelock.plan/v1", "plan": { "digest": digest }, "yaml": text });
                out::print_json(call.manner.format, &value)?;
            } else {
                out::raw(&text)?;
            }
            Ok(Exit::Done)
        }
        PlanCommand::Show { file: None } => show_present(call).await,
        PlanCommand::Pin { plan } => pin_file(call, &plan.file),
        PlanCommand::Timeline { plan } => timeline_of(call, &plan.file),
        PlanCommand::Schema => {
            out::print_json(Format::Json, &schema())?;
            Ok(Exit::Done)
        }
        PlanCommand::Explain { what } => plan_explain::run(call, what.as_deref()).await,
    }
}

fn check_file(call: &Call, file: &Path, strict: bool, with_grants: bool) -> Result<Exit, Trouble> {
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
            "grants": checked.as_ref().map(plan_explain::in_json),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(if bad { Exit::Usage } else { Exit::Done });
    }
    if !problems.problems().is_empty() {
        mistakes::print(&problems, &loaded.source, call.manner.color)?;
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
            if with_grants {
                plan_explain::lines(plan).iter().try_for_each(|line| out::print(&format!("  {line}")))?;
            }
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
pub(super) fn good(manner: Manner, loaded: &Loaded) -> Result<Checked, Trouble> {
    check(&loaded.source).map_err(|problems| {
        mistakes::say(&problems, &loaded.source, manner.color);
        let unpinned = problems.problems().iter().any(|problem| problem.code == "E033");
        loaded
            .missing
            .values()
            .filter(|_| unpinned)
            .for_each(|why| out::say(&format!("tidelock: {}", clean(why))));
        let path = &loaded.source.path;
        let trouble = Trouble::usage(format!("{path} has {}; nothing was done", problems.counted()));
        trouble.at(path).hint(format!("see each with its line: tidelock plan check {path}"))
    })
}

/// The collector's present revision as it was applied.
pub(crate) async fn present(call: &Call) -> Result<(tidelock_plan::Source, v1::PlanRef), Trouble> {
    let client = call.client()?;
    let request = v1::GetPlanRequest { migration: client.migration().await?, revision: 0 };
    let answer = client.plans().get_plan(request).await.map_err(trouble)?.into_inner();
    Ok((of_wire(answer.source.unwrap_or_default()), answer.plan.unwrap_or_default()))
}

/// A revision's source as it can be checked.
pub(super) fn of_wire(source: v1::PlanSource) -> tidelock_plan::Source {
    let components = (source.components.into_iter())
        .filter_map(|(word, digest)| Some((word, tidelock_model::Sha256::try_from(digest.as_slice()).ok()?)))
        .collect();
    let path = "plan.yaml".to_owned();
    tidelock_plan::Source { path, yaml: source.yaml, files: source.files, components }
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
            let loaded = Loaded { source, components: Default::default(), missing: Default::default() };
            out::raw(&tidelock_plan::expanded(&good(call.manner, &loaded)?.plan))?;
        }
    }
    Ok(Exit::Done)
}

fn pin_file(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    let loaded = load(file)?;
    if let Some(why) = loaded.missing.values().next() {
        let trouble = Trouble::usage(format!("{} was not pinned: {}", file.display(), clean(why)));
        return Err(trouble.hint("a word without its component has no content to pin; nothing was written"));
    }
    let pinned = pin(&loaded.source.yaml, &loaded.source.components);
    let changed = pinned != loaded.source.yaml;
    if changed {
        let draft = file.with_extension("yaml.new");
        fs::write(&draft, pinned).while_doing(format_args!("write {}", draft.display()))?;
        fs::rename(&draft, file).while_doing(format_args!("write {}", file.display()))?;
    }
    if call.manner.json() {
        let digests: serde_json::Map<_, _> = (loaded.source.components.iter())
            .map(|(word, digest)| (word.clone(), json!(format!("sha256:{digest}"))))
            .collect();
        let value = json!({ "schema": "tidelock.plan-pin/v1", "file": file, "changed": changed, "components": digests });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    if !changed {
        out::print("= every component is pinned already")?;
        return Ok(Exit::Done);
    }
    let count = loaded.source.components.len();
    let are = if count == 1 { "is" } else { "are" };
    out::print(&format!("✔ {} {are} pinned in {}", many(count, "component"), file.display()))?;
    Ok(Exit::Done)
}

/// A count with its noun: `1 gate`, `5 gates`.
pub(super) fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
