//! What a walk shows: each part with its planned and its actual time, what is waited for, and the
//! clock that counts while nobody can write. What cannot be shown never stops a walk.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::Value;
use tidelock_proto::{json, v1};
use tokio::time::Instant;

use super::parts::{counter, label, mark, next, place, present, took_ms, writes_shut};
use crate::client::clean;
use crate::lines::{columns, rows};
use crate::out::{self, Format, Manner};
use crate::shown_switch::deadline;
use crate::words::{cut, pad, span};

/// How often the count is drawn on a terminal.
const DRAWN: Duration = Duration::from_millis(500);
/// How often it is written where no terminal is.
const WRITTEN: Duration = Duration::from_secs(5);

/// The screen of one walk.
pub(super) struct Screen {
    manner: Manner,
    terminal: bool,
    /// Rows of the terminal on which what counts stands now.
    counting: usize,
    shown: BTreeMap<u32, String>,
    waits: String,
    state: String,
    /// When the present picture was taken in.
    taken: Instant,
    /// When the count is drawn again.
    due: Instant,
}

impl Screen {
    pub(super) fn new(manner: Manner) -> Screen {
        Screen {
            manner,
            terminal: std::io::stdout().is_terminal(),
            counting: 0,
            shown: BTreeMap::new(),
            waits: String::new(),
            state: String::new(),
            taken: Instant::now(),
            due: Instant::now(),
        }
    }

    /// When the count is drawn again.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// This run stands on the screen already.
    pub(super) fn stands(mut self, run: &v1::Run) -> Screen {
        self.state.clone_from(&run.state);
        self
    }

    /// A line for people; in JSON it is talk, and goes beside the data.
    pub(super) fn line(&mut self, text: &str) {
        if self.manner.json() {
            out::say(text);
            return;
        }
        let wipe = wipe(std::mem::take(&mut self.counting));
        out::tell(&format!("{wipe}{}\n", out::fitted(text)));
    }

    /// Leaves nothing that counts on the terminal: what is said next begins on a line of its own.
    pub(super) fn end(&mut self) {
        let wipe = wipe(std::mem::take(&mut self.counting));
        if !wipe.is_empty() {
            out::tell(&wipe);
        }
    }

    /// A line that a command said.
    pub(super) fn said(&mut self, line: &str) {
        if self.manner.format == Format::Ndjson {
            out::tell(&format!("{}\n", event("output", serde_json::json!({ "line": line }))));
        } else if !self.manner.quiet {
            self.line(&format!("            │ {line}"));
        }
    }

    /// Shows what is new of a run.
    pub(super) fn show(&mut self, run: &v1::Run) {
        self.taken = Instant::now();
        let mut news = false;
        for part in &run.parts {
            let word = format!("{} {}", part.state, part.outcome);
            if self.shown.insert(part.part, word.clone()).is_some_and(|before| before != word) {
                news = true;
                let text = part_line(self.manner, run, part);
                self.people(&text);
            }
        }
        if self.state != run.state {
            let first = self.state.is_empty();
            self.state.clone_from(&run.state);
            news = true;
            if run.state == "undoing" {
                let why = self.manner.paint("1;31", &format!("◀ going back: {}", clean(&run.why)));
                self.people(&why);
            } else if first {
                self.people(&headline(self.manner, run));
            }
        }
        let waits = waits_for(run);
        if waits != self.waits {
            news = true;
            for line in waits.lines() {
                self.people(line);
            }
            self.waits = waits;
        }
        if news && self.manner.format == Format::Ndjson {
            out::tell(&format!("{}\n", event("run", json::run(run))));
        }
        self.count(run, false);
    }

    /// What a program learns from the whole run, and a person line by line.
    fn people(&mut self, text: &str) {
        if !self.manner.json() {
            self.line(text);
        }
    }

    /// Draws what counts; without a terminal only while writes are shut.
    pub(super) fn count(&mut self, run: &v1::Run, tick: bool) {
        if tick {
            self.due = Instant::now() + if self.terminal { DRAWN } else { WRITTEN };
        }
        let later = u64::try_from(self.taken.elapsed().as_millis()).unwrap_or(u64::MAX);
        let shut = writes_shut(run, later);
        if self.manner.json() {
            return;
        }
        if !self.terminal {
            if let Some(shut) = shut.filter(|_| tick) {
                self.line(&format!("            {shut}"));
            }
            return;
        }
        let going = present(run).filter(|_| run.ended_time.is_none()).and_then(|part| {
            let took = took_ms(part, run.as_of_time.as_ref())?.saturating_add(later);
            let left = deadline(part, run.as_of_time.as_ref(), later).map(|left| format!(", {left}"));
            let (at, planned) = (place(run, part), counter(part.planned_ms));
            Some(format!("◷ {at} {} of {planned}{}", counter(took), left.unwrap_or_default()))
        });
        let shut = shut.map(|shut| self.manner.paint("1;33", &shut));
        let text = [going, shut].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        if !text.is_empty() {
            let text = format!("  {text}");
            let (wipe, text) = (wipe(self.counting.max(1)), out::fitted(&text));
            self.counting = columns(&std::io::stdout()).map_or(1, |columns| rows(&text, columns));
            out::tell(&format!("{wipe}{text}"));
        }
    }
}

/// What takes these rows off the terminal again, from the last of them up.
fn wipe(rows: usize) -> String {
    let mut wipe = if rows > 0 { "\r\u{1b}[K".to_owned() } else { String::new() };
    (1..rows).for_each(|_| wipe.push_str("\u{1b}[A\u{1b}[K"));
    wipe
}

/// One object of `-o ndjson`.
pub(super) fn event(what: &str, value: Value) -> Value {
    serde_json::json!({ "schema": "tidelock.run-event/v1", "event": what, what: value })
}

/// `cutover run 3 of shop, by olga, plan rev 7, 8 steps`.
pub(super) fn headline(manner: Manner, run: &v1::Run) -> String {
    let kind = if run.rehearsal { " (rehearsal: nothing is really done)" } else { "" };
    let by = match run.operator.as_str() {
        "" if run.ended_time.is_some() => clean(&run.state),
        "" => "nobody walks it".to_owned(),
        operator => format!("by {}", clean(operator)),
    };
    manner.bold(&format!(
        "{} run {} of {}{kind}, {by}, plan rev {}, {} steps",
        clean(&run.direction),
        run.run,
        clean(&run.migration),
        run.plan_revision,
        run.parts.len()
    ))
}

/// `✔ 2 of 8 fence           done     4 s of 5 s`.
pub(super) fn part_line(manner: Manner, run: &v1::Run, part: &v1::RunPart) -> String {
    let took = took_ms(part, run.as_of_time.as_ref());
    let time = match (took, part.planned_ms) {
        (Some(took), 0) => span(took),
        (None, 0) => String::new(),
        (Some(took), planned) => format!("{} of {} planned", span(took), span(planned)),
        (None, planned) => format!("{} planned", span(planned)),
    };
    let going = matches!(part.state.as_str(), "begun" | "acted" | "ambiguous") && run.ended_time.is_none();
    let left = deadline(part, run.as_of_time.as_ref(), 0).filter(|_| going);
    let time = [Some(time), left].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let state = clean(&part.state).replace('_', " ");
    let at = run.parts.iter().position(|found| found.part == part.part).map_or(0, |at| at + 1);
    let line = format!(
        "{} {} {} {} {time}",
        mark(manner, part),
        pad(&format!("{at}/{}", run.parts.len()), 5),
        pad(&label(part), 20),
        pad(&state, 14)
    );
    let mut line = line.trim_end().to_owned();
    if part.durable_mutation && part.outcome != "done" {
        line.push_str("   ! something durable happened");
    }
    if matches!(part.state.as_str(), "failed" | "undo_failed" | "ambiguous" | "undo_ambiguous") {
        let last = part.output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if !last.is_empty() {
            line.push_str(&format!("   {}", cut(&clean(last), 80)));
        }
    }
    if part.state == "undo_failed" {
        line.push_str("\n  !! it could not be taken back: both sides may be half switched. Look at it now");
        line = manner.paint("1;31", &line);
    }
    line
}

/// What the present part waits for, a line each; empty where nothing is waited for.
fn waits_for(run: &v1::Run) -> String {
    if next(run) != super::parts::Next::Wait {
        return String::new();
    }
    // A command that runs is waited for as well, and says of itself what it does.
    let Some(part) = present(run).filter(|part| part.state == "acted") else { return String::new() };
    let holds = part.holds.iter().map(|hold| {
        let name = if hold.check.is_empty() { &hold.code } else { &hold.check };
        let side = if hold.side.is_empty() { String::new() } else { format!(" on {}", hold.side) };
        format!("            {} waits for {}{side}: {}", label(part), clean(name), clean(&hold.reason))
    });
    let lines: Vec<String> = holds.collect();
    if lines.is_empty() {
        return format!("            {} waits for fresh evidence", label(part));
    }
    lines.join("\n")
}

/// The whole run, a line a part.
pub(super) fn table(manner: Manner, run: &v1::Run) -> String {
    let mut lines = vec![headline(manner, run)];
    lines.extend(run.parts.iter().map(|part| format!("  {}", part_line(manner, run, part))));
    if let Some(shut) = writes_shut(run, 0) {
        lines.push(format!("  {}", manner.paint("1;33", &shut)));
    }
    if let Some(ms) = run.writes_shut_ms {
        let limit = match run.dip_ms {
            Some(limit) => format!(" of {} ({})", counter(limit), clean(&run.dip_check)),
            None => String::new(),
        };
        // A rehearsal shuts nothing: it says what the steps would take.
        let were = if run.rehearsal { "would be" } else { "were" };
        lines.push(format!("  writes {were} shut {}{limit}", counter(ms)));
    }
    if run.no_return_time.is_some() {
        let passed = if run.rehearsal { "was rehearsed" } else { "is passed" };
        lines.push(format!("  the point of no return {passed}"));
    }
    if !run.why.is_empty() {
        lines.push(format!("  it goes back: {}", clean(&run.why)));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tidelock_proto::json::wire_time;

    use super::super::parts::tests::run;
    use super::*;

    const PLAIN: Manner = Manner { format: Format::Text, color: false, ask: false, quiet: false };

    /// A run whose fence stands, whose first weight waits for evidence and whose second is not begun.
    fn under_way() -> v1::Run {
        let mut run = run();
        let at = |second: u64| Some(wire_time(second * 1000));
        let fence = &mut run.parts[0];
        fence.state = "done".to_owned();
        (fence.begun_time, fence.acted_time, fence.done_time) = (at(60), at(62), at(64));
        let traffic = &mut run.parts[1];
        traffic.state = "acted".to_owned();
        (traffic.begun_time, traffic.acted_time) = (at(90), at(91));
        traffic.deadline_time = at(120);
        traffic.holds = vec![v1::Hold {
            check: "login".to_owned(),
            side: "target".to_owned(),
            reason: "1 of 3 rounds since the step began".to_owned(),
            ..v1::Hold::default()
        }];
        (run.next, run.next_part) = ("wait".to_owned(), 1);
        run.writes_shut_since_time = at(69);
        (run.dip_ms, run.dip_check) = (Some(45_000), "orders".to_owned());
        run
    }

    #[test]
    fn a_run_is_a_table_of_planned_and_actual_times() {
        expect![[r#"
            cutover run 3 of shop, by olga, plan rev 7, 4 steps
              ✔ 1/4   fence                done           4 s of 15 s planned
              ◷ 2/4   traffic@10%          acted          10 s of 15 s planned, deadline in 00:20
              · 3/4   traffic@100%         pending        15 s planned
              · 4/4   confirm              pending        15 s planned
              writes shut 00:31 of 00:45 (orders)"#]]
        .assert_eq(&table(PLAIN, &under_way()));
    }

    #[test]
    fn what_counts_is_taken_off_with_all_its_rows() {
        assert_eq!([wipe(0), wipe(1)], ["", "\r\u{1b}[K"]);
        assert_eq!(wipe(3), "\r\u{1b}[K\u{1b}[A\u{1b}[K\u{1b}[A\u{1b}[K");
    }

    #[test]
    fn what_is_waited_for_is_named_and_a_running_command_is_not_evidence() {
        let mut run = under_way();
        assert_eq!(
            waits_for(&run).trim(),
            "traffic@10% waits for login on target: 1 of 3 rounds since the step began"
        );
        run.parts[1].holds.clear();
        assert_eq!(waits_for(&run).trim(), "traffic@10% waits for fresh evidence");
        run.parts[1].state = "begun".to_owned();
        assert_eq!(waits_for(&run), "");
    }

    #[test]
    fn an_undo_that_failed_is_loud_and_says_what_it_said() {
        let mut run = under_way();
        run.state = "undoing".to_owned();
        run.why = "somebody pressed hold".to_owned();
        let fence = &mut run.parts[0];
        fence.state = "undo_failed".to_owned();
        fence.outcome = "failed".to_owned();
        fence.durable_mutation = true;
        fence.output = "trying\ncannot reach the database\n".to_owned();
        let said = table(PLAIN, &run);
        for words in [
            "✖ 1/4",
            "something durable happened",
            "cannot reach the database",
            "!! it could not be taken back",
            "it goes back: somebody pressed hold",
        ] {
            assert!(said.contains(words), "no {words:?} in {said}");
        }
    }
}
