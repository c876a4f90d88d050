//! Events as a message in Slack: what happened, the verdict in a sentence, what holds, how long the way back
//! is open, and who decides.
//!
//! Slack takes about one message a second, so events that wait together go together: an alarm is never
//! behind a queue of steps. Nothing is decided in chat; names there are not the plan's people.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tidelock_core::plan::Plan;
use tidelock_core::{DecisionState, Verdict};
use tidelock_model::{Name, Timestamp};

use crate::driver::View;
use crate::fold::EventLine;
use crate::text;

/// Events in one message.
pub(super) const TOGETHER: usize = 20;
/// Holds in one message.
const HOLDS: usize = 5;
/// Characters of one section; Slack takes 3000.
const SECTION_CHARS: usize = 2900;
/// Buttons in one message.
const BUTTONS: usize = 5;

/// A message about these events.
pub(super) fn payload(view: &View, lines: &[&EventLine]) -> Value {
    let plan = view.plan.as_ref().map(|plan| &*plan.plan);
    let mut said = String::new();
    for line in lines {
        let by = line.event.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let reason = match line.event.reason.as_str() {
            "" => String::new(),
            reason => format!(" (\u{201c}{reason}\u{201d})"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{} {}{by}{reason}", clock(line.at, plan), sentence(view, line));
    }
    let said = shorten(&escape(said.trim_end()));
    let text = shorten(&format!("{}: {said}", view.migration));
    let mut blocks = vec![section(&format!("*{}*\n{said}", view.migration))];
    let present = view.next.and_then(|next| view.gates.iter().find(|verdict| verdict.gate == next));
    if let Some(verdict) = present {
        blocks.push(section(&now(verdict, plan)));
    }
    if let Some(buttons) = plan.and_then(buttons) {
        blocks.push(buttons);
    }
    json!({ "text": text, "blocks": blocks })
}

/// An event with the name of the step that it is about.
fn sentence(view: &View, line: &EventLine) -> String {
    let said = text::event(&line.event.kind);
    let run = view.run.as_ref().map(|run| &run.status);
    let part = text::part_of(&line.event.kind).and_then(|(number, part)| {
        run.filter(|run| run.run == number)?.parts.iter().find(|found| found.part == part)
    });
    part.map_or_else(|| said.clone(), |part| format!("{said} ({})", part.name))
}

/// How the next gate stands at this moment.
fn now(verdict: &Verdict, plan: Option<&Plan>) -> String {
    let mut told = format!("Gate *{}*: {}", verdict.gate, escape(&verdict.summary));
    for hold in verdict.holds.iter().take(HOLDS) {
        let _ = write!(told, "\n\u{2022} {}", escape(&hold.line()));
    }
    if verdict.holds.len() > HOLDS {
        let _ = write!(told, "\n\u{2022} and {} more", verdict.holds.len() - HOLDS);
    }
    if verdict.rollback.applicable {
        let until = verdict.rollback.until.map(|until| format!(" until {}", clock(until, plan)));
        let _ = write!(told, "\nWay back: {}{}", verdict.rollback.asset.word(), until.unwrap_or_default());
    }
    if let Some(asked) = verdict.decision.as_ref().filter(|asked| asked.state != DecisionState::Given) {
        let who: Vec<&str> = asked.who.iter().map(Name::as_str).collect();
        let _ = write!(
            told,
            "\nDecides {}: {} ({} of {})",
            asked.name,
            who.join(", "),
            asked.given,
            asked.needed
        );
    }
    shorten(&told)
}

/// A moment on people's clocks.
fn clock(at: Timestamp, plan: Option<&Plan>) -> String {
    text::local(at, plan.map(|plan| plan.timezone.as_str()), "%H:%M:%S")
}

/// Links of the plan, as buttons. A link with a placeholder leads nowhere.
fn buttons(plan: &Plan) -> Option<Value> {
    let links = plan.links.iter().filter(|(_, url)| url.starts_with("https://") && !url.contains('{'));
    let buttons: Vec<Value> = (links.take(BUTTONS))
        .map(|(word, url)| json!({ "type": "button", "text": { "type": "plain_text", "text": word }, "url": url }))
        .collect();
    (!buttons.is_empty()).then(|| json!({ "type": "actions", "elements": buttons }))
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": shorten(text) } })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SECTION_CHARS) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_cannot_call_a_channel_and_is_no_longer_than_slack_takes() {
        assert_eq!(escape("<!channel> & co"), "&lt;!channel&gt; &amp; co");
        let long = "ä".repeat(5000);
        assert_eq!(shorten(&long).chars().count(), SECTION_CHARS + 1);
        assert_eq!(shorten("short"), "short");
    }

    #[test]
    fn a_moment_without_a_plan_is_told_in_utc() {
        assert_eq!(clock(Timestamp::from_millis(1_795_352_770_250), None), "13:06:10 UTC");
    }
}
