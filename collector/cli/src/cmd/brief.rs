//! `tidelock brief`: one page for the night, for people who were not in the planning.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tidelock_model::{Level, Name};
use tidelock_plan::check;

use super::cutover::newest;
use super::plan::present;
use super::plan_source::load;
use super::{Call, brief_now, brief_switch, get_status};
use crate::exit::{Exit, Trouble, While as _};
use crate::mistakes;
use crate::out;
use crate::shown::REHEARSAL_SCALE;
use crate::words::span;

#[derive(Debug, clap::Args)]
pub(crate) struct BriefArgs {
    /// A plan file; the collector's present revision without it
    file: Option<PathBuf>,
    /// The form of the page
    #[arg(long, value_enum, default_value = "md")]
    form: Form,
    /// Where to write it; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Markdown
    Md,
    /// One HTML page
    Html,
}

pub(crate) async fn run(call: &Call, args: BriefArgs) -> Result<Exit, Trouble> {
    let source = match &args.file {
        Some(file) => load(file)?.source,
        None => present(call).await?.0,
    };
    let checked = check(&source).map_err(|problems| {
        mistakes::say(&problems, &source, call.manner.color);
        Trouble::usage("the plan has mistakes, so there is no brief of it")
    })?;
    let mut page = markdown(&checked.plan);
    if args.file.is_none() {
        let client = call.client()?;
        let status = get_status(&client).await?;
        let run = newest(&client, &status.migration).await;
        page.push_str(&brief_now::section(&status, &run));
    }
    if call.manner.json() {
        let value = json!({ "schema": "tidelock.brief/v1", "migration": checked.plan.name.as_str(), "markdown": page });
        out::print_json(call.manner.format, &value)?;
        return Ok(Exit::Done);
    }
    let page = if args.form == Form::Html { html(&checked.plan.name, &page) } else { page };
    match args.out {
        Some(file) => fs::write(&file, page).while_doing(format_args!("write {}", file.display()))?,
        None => out::print(&page)?,
    }
    Ok(Exit::Done)
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn markdown(plan: &tidelock_plan::Plan) -> String {
    let mut text = title(plan.name.as_str(), plan.summary.trim());
    let _ = writeln!(
        text,
        "From **{}** to **{}**. Times are {}.\n",
        plan.source.title, plan.target.title, plan.timezone
    );
    if plan.rehearsal_scale {
        let _ = writeln!(text, "**{REHEARSAL_SCALE}**\n");
    }
    text.push_str(
        "## What must not go down\n\n| scenario | level | if it breaks | may be away |\n|---|---|---|---|\n",
    );
    for level in Level::ALL {
        for (name, scenario) in plan.scenarios.iter().filter(|(_, scenario)| scenario.level == *level) {
            let dip = scenario.may_dip.map_or("–".to_owned(), |dip| span(millis(dip)));
            let _ = writeln!(
                text,
                "| {} (`{name}`) | {level} | {} | {dip} |",
                scenario.title, scenario.if_broken
            );
        }
    }
    decisions(plan, &mut text);
    gates(plan, &mut text);
    manual_checks(plan, &mut text);
    brief_switch::runbooks(plan, &mut text);
    way_back(plan, &mut text);
    if !plan.links.is_empty() {
        text.push_str("\n## Where to look\n\n");
        for (word, link) in &plan.links {
            let _ = writeln!(text, "- {word}: {link}");
        }
    }
    text
}

/// A plan needs no summary, and a page no gap in its place.
fn title(name: &str, summary: &str) -> String {
    let gap = if summary.is_empty() { "" } else { "\n\n" };
    format!("# {name}\n\n{summary}{gap}")
}

fn person(plan: &tidelock_plan::Plan, name: &Name) -> String {
    match plan.people.get(name) {
        Some(person) => {
            let about =
                [person.role.as_str(), person.reach.as_str()].into_iter().filter(|text| !text.is_empty());
            match about.collect::<Vec<_>>().join(", ") {
                about if about.is_empty() => person.name.clone(),
                about => format!("{} ({about})", person.name),
            }
        }
        None => name.to_string(),
    }
}

fn decisions(plan: &tidelock_plan::Plan, text: &mut String) {
    text.push_str("\n## Who decides\n\n");
    for (name, rule) in &plan.decisions {
        let who: Vec<_> = rule.who.iter().map(|who| person(plan, who)).collect();
        let deputies: Vec<_> = rule.deputies.iter().map(|who| person(plan, who)).collect();
        let _ = writeln!(text, "- **{name}**: {} of {}", rule.approvals, who.join(", "));
        if !deputies.is_empty() {
            let _ = writeln!(text, "  - deputies: {}", deputies.join(", "));
        }
        if let Some(within) = rule.answer_within {
            let _ = writeln!(text, "  - an answer is due within {}", span(millis(within)));
        }
    }
    text.push_str("- Anyone in the plan may press `tidelock hold`.\n");
}

fn gates(plan: &tidelock_plan::Plan, text: &mut String) {
    text.push_str("\n## What each gate needs\n\n");
    for (phase, gate) in &plan.gates {
        let mut needs: Vec<String> = gate.needs.iter().map(|need| format!("`{need}`")).collect();
        if gate.needs_all {
            needs.insert(0, "every scenario that runs".to_owned());
        }
        if let Some(decision) = &gate.decision {
            needs.push(format!("the decision {decision}"));
        }
        if !gate.stable_for.is_zero() {
            needs.push(format!("{} without a break", span(millis(gate.stable_for))));
        }
        let deadline =
            gate.deadline.map(|d| format!("; must open within {}", span(millis(d)))).unwrap_or_default();
        let _ = writeln!(text, "- **{phase}**: {}{deadline}", needs.join(", "));
    }
}

fn manual_checks(plan: &tidelock_plan::Plan, text: &mut String) {
    if plan.manual_checks.is_empty() {
        return;
    }
    text.push_str("\n## What people check\n\n");
    for (name, check) in &plan.manual_checks {
        let within = check.within.map(|w| format!(", within {}", span(millis(w)))).unwrap_or_default();
        let phase = check.phase.map(|phase| format!(" in phase {phase}")).unwrap_or_default();
        let _ = writeln!(text, "- {} (`{name}`): {}{phase}{within}", check.title, person(plan, &check.owner));
    }
}

fn way_back(plan: &tidelock_plan::Plan, text: &mut String) {
    text.push_str("\n## Until when going back is possible\n\n");
    match plan.rollback.window {
        Some(window) => {
            let _ = writeln!(text, "{} from the traffic switch on.", span(millis(window)));
        }
        None => text.push_str("The plan names no window: **going back is not planned for**.\n"),
    }
    for fact in &plan.rollback.no_return {
        let _ = writeln!(text, "- Never after: {fact}");
    }
}

/// The page as HTML: the same text, escaped, with the little Markdown that it has.
fn html(name: &Name, markdown: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut body = String::new();
    let (mut list, mut table) = (false, false);
    for line in markdown.lines() {
        let item = line.trim_start().starts_with("- ");
        if list && !item {
            body.push_str("</ul>\n");
        }
        if table && !line.starts_with('|') {
            body.push_str("</table>\n");
        }
        let text = escape(line.trim_start().trim_start_matches("- ").trim_start_matches('#').trim());
        let _ = match line {
            line if line.starts_with("## ") => writeln!(body, "<h2>{text}</h2>"),
            line if line.starts_with("# ") => writeln!(body, "<h1>{text}</h1>"),
            line if line.starts_with("|---") => Ok(()),
            line if line.starts_with('|') => {
                let cells = text.trim_matches('|').split('|').map(|cell| format!("<td>{}</td>", cell.trim()));
                writeln!(
                    body,
                    "{}<tr>{}</tr>",
                    if table { "" } else { "<table>\n" },
                    cells.collect::<String>()
                )
            }
            _ if item => writeln!(body, "{}<li>{text}</li>", if list { "" } else { "<ul>\n" }),
            _ => writeln!(body, "<p>{text}</p>"),
        };
        (list, table) = (item, line.starts_with('|'));
    }
    if list {
        body.push_str("</ul>\n");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n{body}</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_without_a_summary_leaves_no_gap() {
        assert_eq!(title("shop", "It moves."), "# shop\n\nIt moves.\n\n");
        assert_eq!(title("shop", ""), "# shop\n\n");
    }
}
