//! The time after the switch, in a story's words: the way back, and the rows that it leaves behind.

use tidelock_core::{About, Ask, Asker, FirstMinutesState};
use tidelock_model::Digest;

use super::Tale;
use crate::world::{BEGIN, name};

/// `orders/1=a, orders/2=b@20`: rows, each with its hash and the second at which it was made.
pub(crate) fn rows(text: &str) -> Vec<Digest> {
    let row = |part: &str| {
        let (key, hash) = part.split_once('=').unwrap();
        let (hash, made) = hash.split_once('@').map_or((hash, None), |(hash, made)| (hash, Some(made)));
        let made = made.map(|made| BEGIN.as_millis() + 1_000 * made.parse::<u64>().unwrap());
        let position = made.map_or("row".to_owned(), |made| format!("row@{made}"));
        Digest { key: key.into(), hash: hash.as_bytes().to_vec(), rows: 1, position }
    };
    text.split(", ").filter(|part| part.contains('=')).map(row).collect()
}

/// A second as the milliseconds of a database's clock.
pub(crate) fn moment(second: &str) -> f64 {
    (BEGIN.as_millis() + 1_000 * second.parse::<u64>().unwrap()) as f64
}

/// `leaves orders/1 to ben`
pub(crate) fn leave(act: &str, disposition: String, by: Asker, request_id: String) -> Ask {
    let words: Vec<&str> = act.split_whitespace().collect();
    Ask::SettleLeftover { key: words[1].into(), owner: name(words[3]), disposition, by, request_id }
}

/// `the way back is told` and the like; false where it is something else.
pub(crate) fn told(tale: &mut Tale, what: &str) -> bool {
    match what {
        "way back is told" => way_back(tale),
        "leftovers are told" => leftovers(tale),
        "report is told" => report(tale),
        "findings are dropped" => tale.world.drop_findings(),
        "first minutes are told" => first_minutes(tale),
        "commands are told" => commands(tale),
        "checks are told" => checks(tale),
        _ => match what.strip_prefix("gate ").and_then(|what| what.strip_suffix(" is told")) {
            Some(gate) => answer(tale, gate),
            None => return false,
        },
    }
    true
}

/// How each check stands, or that nobody asks.
fn checks(tale: &mut Tale) {
    for scenario in tale.world.migration.scenarios(tale.world.now) {
        let sides = scenario.sides.iter().map(|side| format!("{} {}", side.side, side.value));
        let sides = sides.collect::<Vec<_>>().join("; ");
        match scenario.asked {
            true => tale.tell(format!("{} is {}: {sides}", scenario.name, scenario.state.word())),
            false => tale.tell(format!("{}: {sides}", scenario.name)),
        }
    }
}

/// What a gate answers that need not stand next.
fn answer(tale: &mut Tale, gate: &str) {
    let verdict = tale.world.migration.verdict(gate.parse().unwrap(), tale.world.now);
    let never = if verdict.never_opens { " for ever" } else { "" };
    tale.tell(format!("{} is {}{never}: {}", verdict.gate, verdict.word, verdict.summary));
}

/// What people are told to run, a line for each hold.
fn commands(tale: &mut Tale) {
    let (core, now) = (&tale.world.migration, tale.world.now);
    let holds = core.verdict(core.next_gate().unwrap_or(core.phase()), now).holds;
    tale.tell(format!("{} to look at", holds.len()));
    tale.told.extend(holds.iter().map(|hold| format!("  {}: {}", hold.code.word(), hold.next)));
}

fn way_back(tale: &mut Tale) {
    let status = tale.world.migration.rollback_status(tale.world.now);
    let word = status.asset.word();
    let recommended = if status.recommended { ", recommended" } else { "" };
    let may = if status.possible { "possible" } else { "not possible" };
    tale.tell(format!("the way back is {word}, {may}{recommended}: {}", status.reason));
    for limit in &status.limits {
        let value = limit.value.map_or("nothing known".to_owned(), |value| value.to_string());
        tale.told
            .push(format!("  {}: {value} of {} {}", limit.name, limit.limit, limit.unit).trim_end().into());
    }
    for (what, number) in &status.one_way {
        let number = number.map_or("nothing known".to_owned(), |number| number.to_string());
        tale.told.push(format!("  not taken back: {what}: {number}"));
    }
}

fn report(tale: &mut Tale) {
    let report = tale.world.migration.report(tale.world.now);
    let second = |at: tidelock_model::Timestamp| at.since(BEGIN).as_secs();
    tale.tell(format!("the report: {}, plan revision {}", report.phase, report.revisions.len()));
    for visit in &report.phases {
        let to = visit.to.map_or("now".to_owned(), |to| format!("{} s", second(to)));
        tale.told.push(format!("  {} from {} s to {to}", visit.phase, second(visit.from)));
    }
    for scenario in &report.scenarios {
        let spans = scenario.spans.iter();
        let spans = spans.map(|it| format!("{} {} {} s", it.phase, it.state.word(), it.time.as_secs()));
        let spans = spans.collect::<Vec<_>>().join(", ");
        if report.findings_dropped {
            assert!(spans.is_empty() && scenario.longest_hold.is_zero(), "nobody knows: {scenario:?}");
            tale.told.push(format!("  {}: unknown, findings were dropped", scenario.name));
            continue;
        }
        let spans = if spans.is_empty() { "never asked".to_owned() } else { spans };
        let hold = scenario.longest_hold.as_secs();
        tale.told.push(format!("  {}: {spans}; held a gate for {hold} s at most", scenario.name));
    }
    let lost = report.agents_lost.iter().map(|it| {
        let until = it.until.map_or("for good".to_owned(), |until| format!("until {} s", second(until)));
        format!("  {} was {} since {} s, {until} {}", it.agent, it.what.word(), second(it.since), it.text)
    });
    tale.told.extend(lost.map(|line| line.trim_end().to_owned()));
    if let Some((at, why)) = &report.rollback_ended {
        tale.told.push(format!("  the way back ended at {} s: {why}", second(*at)));
    }
    let recovery =
        report.recovery.map_or("not proved again".to_owned(), |it| format!("after {} s", it.as_secs()));
    tale.told.push(format!("  well again since the switch: {recovery}"));
    let said = report.said.iter().map(|(remark, at)| match &remark.about {
        About::Check(check) => format!("  {check} cannot see since {} s: {}", second(*at), remark.text),
        About::Agent(agent) => format!("  {agent} warns since {} s: {}", second(*at), remark.text),
    });
    tale.told.extend(said);
}

fn first_minutes(tale: &mut Tale) {
    let Some(status) = tale.world.migration.first_minutes(tale.world.now) else {
        return tale.tell("there are no first minutes");
    };
    let second = |at: tidelock_model::Timestamp| at.since(BEGIN).as_secs();
    tale.tell(match &status.state {
        FirstMinutesState::Inside { until } => {
            format!("inside expected turbulence until {} s", second(*until))
        }
        FirstMinutesState::Outside { since, which, value, limit } => {
            let value = value.map_or("nothing known".to_owned(), |value| format!("{value:.2}"));
            format!("outside since {} s: {which}: {value}, normal is {limit}", second(*since))
        }
        FirstMinutesState::Broken { since, which } => {
            format!("no turbulence: {which} is broken since {} s", second(*since))
        }
        FirstMinutesState::Over => "the first minutes are over".to_owned(),
    });
    for metric in &status.metrics {
        let value = metric.value.map_or("nothing known".to_owned(), |value| format!("{value:.2}"));
        tale.told.push(format!("  {} of {} runs: {value}", metric.check, metric.runs));
    }
}

fn leftovers(tale: &mut Tale) {
    let (rows, cut) = tale.world.migration.leftovers(tale.world.now);
    tale.tell(format!("{} left behind{}", rows.len(), if cut { ", and more" } else { "" }));
    for row in rows {
        let made =
            row.made.map_or("some time".to_owned(), |made| format!("{} s", made.since(BEGIN).as_secs()));
        let owner = row.owner.map_or("nobody".to_owned(), |owner| owner.to_string());
        let what = row.disposition.unwrap_or_default();
        tale.told
            .push(format!("  {} of {made}, by {}: {owner} {what}", row.key, row.check).trim_end().into());
    }
}
