//! `tidelock plan explain`: what a code means; and of a plan, what each check is and may reach, so that whoever
//! signs it need not read the keys of its targets.

use std::path::Path;

use serde_json::{Value, json};
use tidelock_plan::{Checked, Plan, explain, grants};

use super::Call;
use super::plan::{good, present};
use super::plan_source::{Loaded, load};
use crate::client::clean;
use crate::exit::{Exit, Trouble};
use crate::out;

/// Explains a code, a plan file, or the plan in force.
pub(super) async fn run(call: &Call, what: Option<&str>) -> Result<Exit, Trouble> {
    let loaded = match what {
        Some(word) => match explain(&word.to_uppercase()) {
            Some(text) => return of_code(call, word, text),
            None if Path::new(word).exists() => load(Path::new(word))?,
            None => {
                let hint =
                    "give a code such as E015, or a plan file; without either the plan in force is explained";
                return Err(Trouble::usage(format!("there is no code and no file {word:?}")).hint(hint));
            }
        },
        None => {
            let source = present(call).await?.0;
            Loaded { source, components: Default::default(), missing: Default::default() }
        }
    };
    let checked = good(call.manner, &loaded)?;
    if call.manner.json() {
        let value = json!({
            "schema": "tidelock.explain/v1", "plan": checked.plan.name.as_str(),
            "digest": format!("sha256:{}", checked.hash), "grants": in_json(&checked),
        });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    lines(&checked.plan).iter().try_for_each(|line| out::print(line))?;
    Ok(Exit::Done)
}

fn of_code(call: &Call, code: &str, text: &str) -> Result<Exit, Trouble> {
    if call.manner.json() {
        let value = json!({ "schema": "tidelock.explain/v1", "code": code.to_uppercase(), "text": text });
        out::print_json(call.manner.format, &value)?;
    } else {
        out::print(text)?;
    }
    Ok(Exit::Done)
}

/// A check's name, then what it may.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for one in grants(plan) {
        let title = plan.scenarios.get(&one.check).map(|scenario| clean(&scenario.title)).unwrap_or_default();
        // A plan that gives no title has the name for one.
        lines.push(match title.is_empty() || title == one.check.as_str() {
            true => one.check.to_string(),
            false => format!("{}: {title}", one.check),
        });
        lines.extend(one.may.iter().map(|may| format!("  {}", clean(may))));
    }
    lines
}

/// The same for programs.
pub(super) fn in_json(checked: &Checked) -> Value {
    let one = |one: tidelock_plan::Grants| json!({ "check": one.check.as_str(), "may": one.may });
    grants(&checked.plan).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use tidelock_plan::{Source, check};

    use super::*;

    #[test]
    fn each_check_is_named_with_what_it_may_reach() {
        let yaml = include_str!("../../../../deploy/examples/minimal.yaml").to_owned();
        let digest = |word: &str| {
            let bytes = [word.len() as u8; 32];
            (word.to_owned(), bytes.as_slice().try_into().unwrap())
        };
        let components = [digest("builtin:login"), digest("builtin:canary")].into();
        let source = Source { path: "plan.yaml".to_owned(), yaml, files: Default::default(), components };
        let checked =
            check(&source).unwrap_or_else(|problems| panic!("{}", problems.render(&source, false, 100)));
        let told = lines(&checked.plan);
        assert_eq!(told[0], "login");
        assert!(
            told[1].starts_with("  on the source, as shop, may ") && told[1].contains("shop.example"),
            "{told:?}"
        );
        assert!(told.iter().any(|line| line.contains("secrets shopper-name, shopper-password")), "{told:?}");
        assert_eq!(in_json(&checked)[0]["check"], "login");
    }
}
