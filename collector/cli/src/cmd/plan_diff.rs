//! `tidelock plan diff`: what a file changes about the revision in force, in words, before anybody applies it.

use std::path::Path;

use serde_json::json;
use tidelock_plan::{Change, check, diff};
use tidelock_proto::{json as wire, v1};

use super::Call;
use super::plan::{good, many, of_wire};
use super::plan_source::load;
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Manner};

pub(super) async fn run(call: &Call, file: &Path) -> Result<Exit, Trouble> {
    let loaded = load(file)?;
    let new = good(call.manner, &loaded)?;
    let client = call.client()?;
    let migration = new.plan.name.to_string();
    is_of(call, file, &migration)?;
    let request = v1::GetPlanRequest { migration: migration.clone(), revision: 0 };
    let old = match client.plans().get_plan(request).await {
        Ok(answer) => Some(answer.into_inner()),
        Err(status) if status.code() == tonic::Code::NotFound => None,
        Err(status) => return Err(trouble(status)),
    };
    let (changes, revision) = match old {
        None => (None, None),
        Some(old) => {
            let source = of_wire(old.source.unwrap_or_default());
            let checked = check(&source).map_err(|_| {
                Trouble::new(Exit::Unknown, "the revision in force cannot be read by this release")
                    .hint("compare with a tidelock of the collector's release: tidelock version")
            })?;
            (Some(diff(&checked.plan, &new.plan)), old.plan)
        }
    };
    if call.manner.json() {
        out::print_json(call.manner.format, &in_json(&migration, changes.as_deref(), revision.as_ref()))?;
        return Ok(Exit::Done);
    }
    let number = revision.map_or(0, |revision| revision.revision);
    out::print(&in_words(call.manner, &migration, number, changes.as_deref()))?;
    Ok(Exit::Done)
}

/// The file says which migration it is of; another one that is named is a mistake.
pub(super) fn is_of(call: &Call, file: &Path, migration: &str) -> Result<(), Trouble> {
    match call.flags.migration.as_deref().filter(|named| *named != migration) {
        None => Ok(()),
        Some(named) => {
            let what = format!("{} is the plan of {migration}, not of {named}", file.display());
            Err(Trouble::usage(what).hint("name its file, or leave out -m and TIDELOCK_MIGRATION").at(named))
        }
    }
}

fn in_json(migration: &str, changes: Option<&[Change]>, revision: Option<&v1::PlanRef>) -> serde_json::Value {
    let one = |change: &Change| json!({ "text": change.text, "looser": change.looser, "stricter": change.stricter });
    json!({
        "schema": "tidelock.plan-diff/v1", "migration": migration, "first": changes.is_none(),
        "plan": revision.map(wire::plan_ref),
        "looser": changes.unwrap_or_default().iter().filter(|change| change.looser).count(),
        "changes": changes.unwrap_or_default().iter().map(one).collect::<Vec<_>>(),
    })
}

fn in_words(manner: Manner, migration: &str, number: u64, changes: Option<&[Change]>) -> String {
    let Some(changes) = changes else {
        return format!("plan {migration}: no revision is in force yet; this would be the first");
    };
    if changes.is_empty() {
        return format!("= plan {migration}: nothing differs from revision {number}");
    }
    let mut lines = vec![format!("plan {migration}: revision {number} -> {}", number + 1)];
    lines.extend(changes.iter().map(|change| {
        let word = match (change.looser, change.stricter) {
            (true, _) => manner.paint("1;31", "LOOSER"),
            (false, true) => "stricter".to_owned(),
            (false, false) => String::new(),
        };
        format!("  {}   {word}", clean(&change.text)).trim_end().to_owned()
    }));
    let looser = changes.iter().filter(|change| change.looser).count();
    lines.push(match looser {
        0 => "Nothing makes a gate easier to open.".to_owned(),
        count => format!(
            "{} a gate easier to open: plan apply needs --reason, and a second person once the migration was ready.",
            if count == 1 { "1 change makes".to_owned() } else { format!("{} make", many(count, "change")) }
        ),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gets_looser_is_named_and_counted() {
        let change = |text: &str, looser, stricter| Change { text: text.to_owned(), looser, stricter };
        let manner = Manner { format: out::Format::Text, color: false, ask: false, quiet: false };
        let changes = [
            change("~ gates.ready.stable_for   10m -> 5m", true, false),
            change("+ scenarios.cache-warm   new", false, true),
            change("~ summary   a -> b", false, false),
        ];
        assert_eq!(
            in_words(manner, "shop", 7, Some(&changes)),
            "plan shop: revision 7 -> 8\n  ~ gates.ready.stable_for   10m -> 5m   LOOSER\n  \
             + scenarios.cache-warm   new   stricter\n  ~ summary   a -> b\n\
             1 change makes a gate easier to open: plan apply needs --reason, and a second person once the \
             migration was ready."
        );
        assert!(in_words(manner, "shop", 7, Some(&[])).contains("nothing differs"));
        assert!(in_words(manner, "shop", 0, None).contains("would be the first"));
        let told = in_json("shop", Some(&changes), None);
        assert_eq!((&told["looser"], &told["first"]), (&1.into(), &false.into()));
    }
}
