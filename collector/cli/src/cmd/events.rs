//! `tidelock events`: what was decided and what happened, in order.

use std::time::Duration;

use serde_json::{Value, json};
use tidelock_proto::{json, v1};
use tokio_stream::StreamExt as _;

use super::{Call, duration, get_status};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format};
use crate::words::clock;

/// Events a page.
const PAGE: u32 = 500;
/// The most events of one document: it is made whole before it is written.
const MOST: usize = 100_000;

#[derive(Debug, clap::Args)]
pub(crate) struct EventsArgs {
    /// Go on with what comes; -o json is a document a line then
    #[arg(long)]
    follow: bool,
    /// Only the last while, such as 2h
    #[arg(long, value_parser = duration, value_name = "SPAN")]
    since: Option<Duration>,
    /// Only one kind, such as phase or decision
    #[arg(long = "type", default_value = "", value_name = "KIND")]
    kind: String,
}

pub(crate) async fn run(call: &Call, args: EventsArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let status = get_status(&client).await?;
    let since_time = args.since.map(|span| {
        let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
        json::wire_time(now.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    });
    let mut request = v1::ListEventsRequest {
        migration: status.migration.clone(),
        since_time,
        kind: args.kind.clone(),
        page_size: PAGE,
        page_token: String::new(),
    };
    call.loud(&status)?;
    // What goes on has no end to wait for: it is a document a line, as with -o ndjson.
    let mut whole = (call.manner.format == Format::Json && !args.follow).then(Vec::new);
    let mut last = 0;
    loop {
        let page = client.migrations().list_events(request.clone()).await.map_err(trouble)?.into_inner();
        for event in &page.events {
            last = last.max(event.sequence);
            match &mut whole {
                Some(list) => keep(list, json::event(event))?,
                None => show(call, event, &status.timezone)?,
            }
        }
        if out::reader_left() {
            return Ok(Exit::Done);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    if let Some(list) = whole {
        out::print_json(Format::Json, &document(list))?;
    }
    if !args.follow {
        return Ok(Exit::Done);
    }
    let request = v1::WatchEventsRequest { migration: status.migration, after_sequence: last };
    let mut events = client.migrations().watch_events(request).await.map_err(trouble)?.into_inner();
    while let Some(change) = events.next().await {
        match change.map_err(trouble)?.event {
            Some(event) if args.kind.is_empty() || args.kind == event.kind => {
                show(call, &event, &status.timezone)?
            }
            Some(_) | None => {}
        }
        if out::reader_left() {
            return Ok(Exit::Done);
        }
    }
    Err(Trouble::new(Exit::Unreachable, "the collector ended the answer"))
}

/// Takes one more into the document.
fn keep(list: &mut Vec<Value>, event: Value) -> Result<(), Trouble> {
    if list.len() >= MOST {
        return Err(Trouble::failed(format!("more than {MOST} events for one document"))
            .hint("ask for fewer with --since or --type, or for one a line: -o ndjson"));
    }
    list.push(event);
    Ok(())
}

/// `-o json`: schema `tidelock.events/v1`.
fn document(events: Vec<Value>) -> Value {
    json!({ "schema": "tidelock.events/v1", "events": events })
}

fn show(call: &Call, event: &v1::Event, zone: &str) -> Result<(), Trouble> {
    if call.manner.json() {
        return out::print_json(Format::Ndjson, &json::event(event));
    }
    let reason =
        if event.reason.is_empty() { String::new() } else { format!(" — {}", clean(&event.reason)) };
    let by = if event.by.is_empty() { String::new() } else { format!(", by {}", clean(&event.by)) };
    out::print(&format!(
        "{}  {:<14} {}{by}{reason}",
        clock(event.time.as_ref(), zone),
        event.kind,
        clean(&event.text)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_one_document_also_where_there_are_none_and_of_no_more_than_its_bound() {
        assert_eq!(document(Vec::new()), json!({ "schema": "tidelock.events/v1", "events": [] }));
        let mut list = vec![Value::Null; MOST - 1];
        keep(&mut list, Value::Null).unwrap();
        let refused = keep(&mut list, Value::Null).unwrap_err();
        assert_eq!((list.len(), refused.exit), (MOST, Exit::Failed));
        assert!(refused.hints.join(" ").contains("-o ndjson"), "{:?}", refused.hints);
    }
}
