//! Where messages go: people and programs that must hear of the switch at once.

use std::collections::BTreeSet;

use tidelock_core::plan::{Receiver, ReceiverKind};

use crate::fields::{Fields, text, word};
use crate::keys;
use crate::problem::{Sink, quote};
use crate::secret;
use crate::tree::{Kind, Node};

/// The most receivers of one plan.
const MAX_RECEIVERS: usize = 20;

/// Reads `notify`.
pub(crate) fn notify(fields: &Fields<'_>, sink: &mut Sink) -> Vec<Receiver> {
    let items = fields.list("notify", sink);
    if let Some(node) = fields.get("notify").filter(|_| items.len() > MAX_RECEIVERS) {
        sink.say(
            "E013",
            node.span,
            format!("the plan has {} receivers, the most is {MAX_RECEIVERS}", items.len()),
        )
        .help("let one of them hand the messages on");
    }
    let mut receivers: Vec<Receiver> = Vec::new();
    for item in items.iter().take(MAX_RECEIVERS) {
        let Some(receiver) = receiver(item, sink) else { continue };
        if receivers.iter().any(|known| known.kind == receiver.kind) {
            sink.say("E004", item.span, "a receiver of `notify` stands there twice")
                .label("again")
                .help("put its words together in one `events`");
            continue;
        }
        receivers.push(receiver);
    }
    receivers
}

fn receiver(item: &Node, sink: &mut Sink) -> Option<Receiver> {
    let fields = Fields::of(item, &keys::NOTIFY, "a receiver of notify", item.span, sink)?;
    let events = events(&fields, sink);
    let (slack, cloudevents) = (fields.get("slack"), fields.get("cloudevents"));
    let kind = match (slack, cloudevents) {
        (Some(slack), None) => {
            if let Some(node) = fields.get("secret") {
                sink.say("E071", node.span, format!("{} goes to Slack and has a \"secret\"", fields.place))
                    .help("the address that Slack gave is the secret: slack: \"secret:slack-webhook\"");
            }
            ReceiverKind::Slack { url: secret::reference(slack, &fields.what("slack"), sink)? }
        }
        (None, Some(url)) => cloudevents_kind(url, &fields, sink)?,
        _ => {
            let found = if slack.is_some() { "both" } else { "neither" };
            sink.say("E071", item.span, format!("{} has {found} of \"slack\" and \"cloudevents\"", fields.place))
                .help("write one: { slack: \"secret:slack-webhook\" } or { cloudevents: \"https://events.example\", secret: \"secret:webhook-key\" }");
            return None;
        }
    };
    Some(Receiver { kind, events })
}

fn cloudevents_kind(node: &Node, fields: &Fields<'_>, sink: &mut Sink) -> Option<ReceiverKind> {
    let what = fields.what("cloudevents");
    let url = text(node, &what, sink)?;
    secret::clear_text(node, &what, sink);
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    if host.is_empty() || host.starts_with(['/', '?', '#', ':']) || host.contains(char::is_whitespace) {
        sink.say("E071", node.span, format!("{what} is {}, not an address", quote(&url)))
            .help("it begins with https:// and names a host: https://events.example/tidelock");
        return None;
    }
    let secret = match fields.get("secret") {
        Some(secret) => Some(secret::reference(secret, &fields.what("secret"), sink)?),
        None => {
            sink.say("W014", node.span, format!("{what} gets messages without a signature"))
                .label("anyone could send them")
                .help("name the key that signs them: secret: \"secret:webhook-key\"");
            None
        }
    };
    Some(ReceiverKind::CloudEvents { url, secret })
}

fn events(fields: &Fields<'_>, sink: &mut Sink) -> BTreeSet<String> {
    let all = BTreeSet::from(["all".to_owned()]);
    let Some(node) = fields.get("events") else { return all };
    let items = fields.list("events", sink);
    if items.is_empty() && matches!(node.kind, Kind::Seq(_)) {
        sink.say("E013", node.span, format!("{} is empty: nothing would be sent", fields.what("events")))
            .help("name what it hears of, or take the line out for all");
    }
    let what = format!("an item of {}", fields.what("events"));
    let words: BTreeSet<String> = (items.iter())
        .filter_map(|item| word(item, &what, &keys::EVENT_WORDS, sink))
        .map(str::to_owned)
        .collect();
    if words.is_empty() { all } else { words }
}
