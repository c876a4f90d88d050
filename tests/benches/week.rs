//! A week of traffic in a few minutes: one migration of three days that is given up, and one that is still open after
//! four more. Memory must not grow with the age of an open migration, and what the first one brought must go, by whole
//! segments, once it was over for longer than findings are kept.

use std::path::Path;
use std::time::Duration;

use tidelock_core::{Ask, Asker, AskerKind};
use tidelock_model::{AgentKey, Name, Side, Timestamp};
use tidelock_tests::{World, eventually_for};

use crate::past::Past;
use crate::restart::{folder_bytes, ready, resident, stop};
use crate::table::{judged, row, say, size, time};
use crate::usual::Sender;
use crate::world;

/// Checks, each once a minute on both sides, by two agents a side.
const CHECKS: usize = 20;
const DAY: u64 = 86_400;
/// How long a certificate lives, and after how long it is renewed.
const LIFE: Duration = Duration::from_secs(DAY);
const RENEWED: u64 = DAY * 2 / 3;
const MIB: u64 = 1024 * 1024;
/// What a collector with such a plan may need, however long it lasts.
const MEMORY_BAR: u64 = 256 * MIB;
/// How much more it may need after four days than after two.
const GROWTH_BAR: u64 = 16 * MIB;
/// What a finding takes on disk at most, with its share of the ticks and heartbeats between.
const FINDING_BAR: u64 = 1_024;
/// What is not dropped because it shares its segments with what is kept.
const SEGMENTS: u64 = 2 * 16 * MIB;

/// Takes the measure.
pub(crate) fn measure() {
    let mut world = World::collector_alone();
    world.apply(&world::plan(CHECKS, "60s"));
    let _ = stop(&mut world);
    keep_one_day(&world.collector_folder().join("collector.toml"));
    let data = world.collector_folder().join("data");
    let runtime = world::runtime();
    let (first, second) = (name("shop"), name("bank"));

    let sent = runtime.block_on(go_by(&data, &first, 3, None));
    let (start, three) = (ready(&mut world), resident(&world));
    row("after three days of the first migration", &size(three), &told(sent, start));
    let _ = stop(&mut world);
    let of_first = folder_bytes(&data.join("findings"));
    let sent_two = runtime.block_on(go_by(&data, &second, 2, Some(&first)));
    let (start, two) = (ready(&mut world), resident(&world));
    row("given up, and two days of the second", &size(two), &told(sent_two, start));
    // It was over for two days and is kept for one: it goes soon after the start.
    let left = eventually_for(Duration::from_secs(120), "the findings of the first go", || {
        let left = folder_bytes(&data.join("findings"));
        if left < of_first { Ok(left) } else { Err(size(left)) }
    });
    let _ = stop(&mut world);
    let sent_four = sent_two + runtime.block_on(go_by(&data, &second, 2, None));
    let (start, four) = (ready(&mut world), resident(&world));
    row("four days of the second", &size(four), &told(sent_four, start));
    let most = three.max(two).max(four);
    judged("memory, at its most", &size(most), &size(MEMORY_BAR), most <= MEMORY_BAR);
    let grown = four.saturating_sub(two);
    judged("  grown in two days of an open migration", &size(grown), &size(GROWTH_BAR), grown <= GROWTH_BAR);
    disk(&data, (of_first, sent), (left, sent_two), sent_four);
    let stopped = stop(&mut world);
    judged("clean stop", &time(stopped), "1 s", stopped <= Duration::from_secs(1));
}

fn disk(data: &Path, (of_first, sent): (u64, u64), (left, sent_two): (u64, u64), sent_four: u64) {
    let each = of_first / sent.max(1);
    judged("disk for a finding", &format!("{each} B"), "1,024 B", each <= FINDING_BAR);
    row("disk, findings of three days", &size(of_first), "before they were over");
    let bar = sent_two * FINDING_BAR + SEGMENTS;
    let met = left <= bar && left < of_first + sent_two * each;
    judged("disk, findings once the first was dropped", &size(left), &size(bar), met);
    let (now, bar) = (folder_bytes(&data.join("findings")), sent_four * FINDING_BAR + SEGMENTS);
    judged("disk, findings after the week", &size(now), &size(bar), now <= bar);
    row("disk, decisions, which are kept for ever", &size(folder_bytes(&data.join("decisions"))), "");
    row("disk, index", &size(folder_bytes(&data.join("index"))), "");
}

fn told(findings: u64, start: Duration) -> String {
    format!("{findings} findings of it, ready in {}", time(start))
}

/// Lets days of a migration go by; one that is not there yet begins, and the one before it is given up.
async fn go_by(data: &Path, migration: &Name, days: u64, instead_of: Option<&Name>) -> u64 {
    let mut past = Past::open(data);
    let others = past.fold.migrations.values().map(|folding| folding.core.clock());
    let begin = others.max().expect("there is one").plus(Duration::from_secs(1));
    if let Some(before) = instead_of {
        let by = Asker { name: name("ana"), kind: AskerKind::Person };
        let (reason, request_id) = ("the week is over".to_owned(), "abort".to_owned());
        past.ask(begin, before, &Ask::Abort { by, reason, request_id }).await;
        past.begin_like(begin, before, migration).await;
    }
    let mut senders = Vec::new();
    for (number, side) in [Side::Source, Side::Source, Side::Target, Side::Target].into_iter().enumerate() {
        let agent = AgentKey { side, name: name(&format!("{side}-{number}")) };
        past.enrol(begin, migration, &agent, LIFE).await;
        // Each beginning has a spool of its own, as a machine that was set up anew.
        let spool = u128::from(begin.as_millis()) << 8 | number as u128;
        let mut sender = Sender::new(&past, migration, agent, spool);
        sender.begin_at(begin);
        senders.push(sender);
    }
    let mut at = begin;
    for second in 1..=days * DAY {
        at = at.plus(Duration::from_secs(1));
        second_of(&mut past, migration, &mut senders, (at, second)).await;
    }
    say(&format!("  {migration}: {}", past.not_counted(migration)));
    past.close().await;
    senders.iter().map(|sender| sender.next - 1).sum()
}

/// One second of it.
async fn second_of(
    past: &mut Past,
    migration: &Name,
    senders: &mut [Sender],
    (at, second): (Timestamp, u64),
) {
    for sender in senders {
        if second.is_multiple_of(RENEWED) {
            past.enrol(at, migration, &sender.agent, LIFE).await;
        }
        for batch in sender.due(at, 1) {
            past.findings(at, migration, batch).await;
        }
        if second.is_multiple_of(3) {
            past.present(at, migration, &sender.agent).await;
        }
    }
    past.tick(at).await;
}

/// Findings of a migration that is over are kept for a day, which is the shortest.
fn keep_one_day(config: &Path) {
    let text = std::fs::read_to_string(config).expect("the collector has a configuration");
    let key = "keep_findings_days = 1";
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("keep_findings_days")).collect();
    match lines.iter().position(|line| line.trim() == "[journal]") {
        Some(at) => lines.insert(at + 1, key),
        None => lines.extend(["[journal]", key]),
    }
    std::fs::write(config, lines.join("\n")).expect("the configuration can be written");
}

fn name(text: &str) -> Name {
    Name::new(text).expect("names in this file are names")
}
