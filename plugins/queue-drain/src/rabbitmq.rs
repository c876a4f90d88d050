//! RabbitMQ, through its management API.
//!
//! The API gives statistics that every queue sends out every five seconds. A queue that is new, or whose
//! statistics are switched off, is described without its counts: a field that is absent is not zero. Only
//! what was ever put in may be zero without being told, and only where the broker says that it counts at all.

use serde::Deserialize;
use serde_json::Value;
use tidelock_plugin::{Context, Reply, Scenario, Stop, Target, ensure, percent};

use crate::enqueued::{self, Enqueued};
use crate::settings::Settings;
use crate::tally::Tally;

/// One queue as the API describes it; everything else in the answer is not looked at.
#[derive(Debug, Deserialize)]
struct Described {
    name: String,
    state: Option<String>,
    messages: Option<u64>,
    messages_ready: Option<u64>,
    messages_unacknowledged: Option<u64>,
    consumers: Option<u64>,
    /// Seconds since 1970; empty text, null or absent when there is none.
    #[serde(default)]
    head_message_timestamp: Value,
    #[serde(default)]
    message_stats: Value,
}

/// What is known of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Depth {
    visible: u64,
    in_flight: u64,
    consumers: u64,
    oldest_age_s: Option<f64>,
    enqueued: Enqueued,
}

/// Looks at every queue and reports what is left in them.
pub(crate) fn look(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    let broker = ctx.http(&settings.target);
    let now_s = ctx.now_unix_ms() as f64 / 1000.0;
    // Every queue is read even when one is missing, so that one run names them all.
    let mut ended = Ok(());
    let mut put_in = Vec::new();
    let mut sums = Sums::new();
    let mut left = Vec::new();
    for queue in &settings.queues {
        match read(&broker, settings, run, queue, now_s) {
            Ok(depth) => {
                put_in.push((queue.as_str(), depth.enqueued));
                sums.add(&depth);
                report(run, queue, &depth);
                if depth.visible + depth.in_flight > 0 {
                    left.push(format!("queue {queue}: {}", told(&depth)));
                }
            }
            Err(stop) => ended = ended.and(Err(stop)),
        }
    }
    let aside = set_aside(&broker, settings, run, now_s, &mut put_in);
    ended.and(aside)?;
    sums.measure(run);
    enqueued::measure(&put_in, run, || {
        let overview = broker.get(&format!("{}/overview", settings.api_path)).send().ok()?.ok().ok()?;
        overview.json().ok()
    });
    run.note(if left.is_empty() { "nothing is left in the queues".to_owned() } else { left.join("; ") });
    Ok(())
}

/// Counts what is not for consumers: delayed messages and dead letters.
fn set_aside<'s>(
    broker: &Target,
    settings: &'s Settings,
    run: &mut Scenario,
    now_s: f64,
    put_in: &mut Vec<(&'s str, Enqueued)>,
) -> Result<(), Stop> {
    let mut ended = Ok(());
    let (mut delayed, mut dead) = (Tally::new(), Tally::new());
    for (queues, tally, name, what) in [
        (&settings.delay_queues, &mut delayed, "delayed", "delayed messages on queue"),
        (&settings.dead_letter_queues, &mut dead, "dead_letters", "dead letters on queue"),
    ] {
        for queue in queues {
            match read(broker, settings, run, queue, now_s) {
                Ok(depth) => {
                    // What was put into a dead letter queue is no work that is still to be done.
                    if name == "delayed" {
                        put_in.push((queue, depth.enqueued));
                    }
                    count(run, tally, name, queue, depth.visible + depth.in_flight, what);
                }
                Err(stop) => ended = ended.and(Err(stop)),
            }
        }
    }
    for exchange in &settings.delayed_exchanges {
        let held = run.step(&format!("exchange-{exchange}"), |_| held_back(broker, settings, exchange));
        match held {
            Ok((held, enqueued)) => {
                put_in.push((exchange, enqueued));
                count(run, &mut delayed, "delayed", exchange, held, "delayed messages on exchange");
            }
            Err(stop) => ended = ended.and(Err(stop)),
        }
    }
    ended?;
    delayed.measure(run, "delayed", "messages");
    dead.measure(run, "dead_letters", "messages");
    Ok(())
}

fn read(
    broker: &Target,
    settings: &Settings,
    run: &mut Scenario,
    queue: &str,
    now_s: f64,
) -> Result<Depth, Stop> {
    run.step(&format!("queue-{queue}"), |step| {
        let depth = depth(broker, settings, queue, now_s)?;
        step.note(told(&depth));
        Ok(depth)
    })
}

/// The sums over all queues.
struct Sums {
    visible: Tally,
    in_flight: Tally,
    consumers: Tally,
    oldest_age: Tally,
}

impl Sums {
    fn new() -> Sums {
        Sums {
            visible: Tally::new(),
            in_flight: Tally::new(),
            consumers: Tally::new(),
            oldest_age: Tally::new(),
        }
    }

    fn add(&mut self, depth: &Depth) {
        self.visible.add(Some(depth.visible as f64));
        self.in_flight.add(Some(depth.in_flight as f64));
        self.consumers.add(Some(depth.consumers as f64));
        self.oldest_age.raise(depth.oldest_age_s);
    }

    fn measure(&self, run: &mut Scenario) {
        self.visible.measure(run, "visible", "messages");
        self.in_flight.measure(run, "in_flight", "messages");
        self.consumers.measure(run, "consumers", "");
        self.oldest_age.measure(run, "oldest_age", "s");
    }
}

fn report(run: &mut Scenario, queue: &str, depth: &Depth) {
    run.measure(&format!("visible.{queue}"), depth.visible as f64, "messages");
    run.measure(&format!("in_flight.{queue}"), depth.in_flight as f64, "messages");
    run.measure(&format!("consumers.{queue}"), depth.consumers as f64, "");
    if let Some(age_s) = depth.oldest_age_s {
        run.measure(&format!("oldest_age.{queue}"), age_s, "s");
    }
    run.remaining(depth.visible + depth.in_flight, "messages", format!("messages on queue {queue}"));
}

fn count(run: &mut Scenario, tally: &mut Tally, measure: &str, of: &str, messages: u64, what: &str) {
    tally.add(Some(messages as f64));
    run.measure(&format!("{measure}.{of}"), messages as f64, "messages");
    run.remaining(messages, "messages", format!("{what} {of}"));
}

fn told(depth: &Depth) -> String {
    let Depth { visible, in_flight, consumers, oldest_age_s, enqueued: _ } = depth;
    let age =
        oldest_age_s.filter(|_| *visible > 0).map(|age| format!(", oldest {age:.0} s")).unwrap_or_default();
    let nobody = if *consumers == 0 { ", no consumer" } else { "" };
    format!("{visible} visible, {in_flight} in flight{age}{nobody}")
}

fn depth(broker: &Target, settings: &Settings, queue: &str, now_s: f64) -> Result<Depth, Stop> {
    let reply = ask(broker, settings, "queues", queue)?;
    let described: Described = serde_json::from_value(reply.json()?)
        .map_err(|error| Stop::Wrong(format!("the answer does not describe a queue: {error}")))?;
    ensure!(described.name == queue, "the answer describes the queue {}, not {queue}", described.name);
    if let Some(state @ ("down" | "crashed" | "stopped" | "minority" | "terminated" | "timeout")) =
        described.state.as_deref()
    {
        return Err(Stop::Wrong(format!("the queue is {state}")));
    }
    let unknown = || {
        Stop::blind(
            "the broker gives no counts for this queue: it is new, or its statistics are switched off",
        )
    };
    let ready = described.messages_ready.ok_or_else(unknown)?;
    let in_flight = described.messages_unacknowledged.ok_or_else(unknown)?;
    let consumers = described.consumers.ok_or_else(unknown)?;
    // The three counts are taken one after the other: where they disagree the larger one counts.
    let visible = described.messages.map_or(ready, |all| ready.max(all.saturating_sub(in_flight)));
    let oldest_age_s = match described.head_message_timestamp.as_f64() {
        _ if visible + in_flight == 0 => Some(0.0),
        Some(at_s) => Some((now_s - at_s).max(0.0)),
        None => None,
    };
    let enqueued = Enqueued::of(&described.message_stats, "publish", visible + in_flight);
    Ok(Depth { visible, in_flight, consumers, oldest_age_s, enqueued })
}

/// What an exchange of the delayed-message plugin holds back, and what was ever put into it.
fn held_back(broker: &Target, settings: &Settings, exchange: &str) -> Result<(u64, Enqueued), Stop> {
    let described = ask(broker, settings, "exchanges", exchange)?.json()?;
    let kind = described.get("type").and_then(Value::as_str).unwrap_or_default();
    ensure!(kind == "x-delayed-message", "the exchange is of the type {kind:?}, which delays nothing");
    let held = described.get("messages_delayed").and_then(Value::as_u64);
    let held =
        held.ok_or_else(|| Stop::blind("the broker does not say how many messages this exchange delays"))?;
    Ok((held, Enqueued::of(&described["message_stats"], "publish_in", held)))
}

fn ask(broker: &Target, settings: &Settings, what: &str, name: &str) -> Result<Reply, Stop> {
    let path = format!("{}/{what}/{}/{}", settings.api_path, percent(&settings.vhost), percent(name));
    let reply = broker.get(&path).send()?;
    match reply.status {
        401 | 403 => Err(Stop::blind(format!(
            "the broker refuses this account ({}): it needs the tag `monitoring` and rights on {}",
            reply.status, settings.vhost
        ))),
        404 => Err(Stop::Wrong(format!(
            "missing on {}, or this account may not see it: what is not there is not drained",
            settings.vhost
        ))),
        _ => reply.ok(),
    }
}
