//! `--update`: what a component gave becomes what its case expects, in the case's own text.
//!
//! A case is worth what it refuses. So only a run in a sound world is written down, never one that broke off,
//! and whatever is expected less than before is told. What would be written is read and judged once more: it
//! holds, and nothing but `expect` has changed, or the file stays as it is.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use tidelock_model::{Cause, Outcome, Step};
use tidelock_sandbox::protocol::RunResult;
use tidelock_sandbox::protocol::made_up::{MadeUp, Used};

use super::spans::{Below, Change, Place, changed, yaml};
use super::world::Expect;
use super::{file, judge, world};

/// Calls are given up this much before a run, at most.
const CALL_MARGIN_MS: u64 = 200;
/// Characters of a line in a difference.
const LINE_CHARS: usize = 200;

/// A case that was played, with the text that it was read from.
pub(super) struct Run<'a> {
    pub(super) text: &'a str,
    pub(super) expect: &'a Expect,
    pub(super) made_up: &'a MadeUp,
    pub(super) timeout_ms: u64,
    pub(super) result: &'a RunResult,
    pub(super) used: &'a Used,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    /// What was not as the case said.
    pub(super) was: Vec<String>,
    /// The lines that changed, with their numbers and a sign.
    pub(super) diff: Vec<String>,
    /// What is expected less than before, a sentence each.
    pub(super) looser: Vec<String>,
}

/// Writes what the run gave into the case's file.
///
/// # Errors
/// Why a person must look instead; the file is as it was.
pub(super) fn update(path: &Path, run: &Run<'_>) -> Result<Written> {
    sound(run)?;
    let changes = changes(run.expect, run.result);
    let mut text = run.text.to_owned();
    for change in &changes {
        text = changed(&text, change).with_context(|| format!("{change} by hand"))?;
    }
    proved(run, &text)?;
    let was = judge::unexpected(run.expect, run.result);
    let (diff, looser) = (diff(run.text, &text), looser(run, &changes));
    replace(path, run.text, &text)?;
    Ok(Written { was, diff, looser })
}

/// Only what a component itself found, in a world that fits, may become what is expected of it.
fn sound(run: &Run<'_>) -> Result<()> {
    let mut wrong = judge::unanswered(run.used);
    wrong.extend(judge::unused(run.made_up, run.used));
    if let Some(first) = wrong.first() {
        bail!("its world does not fit, mend that first: {first}");
    }
    let Some(cause) = run.result.cause else { return Ok(()) };
    let passed_ms = run.used.passed_us / 1_000;
    let written = match cause {
        Cause::CouldNotLook | Cause::BadSettings => true,
        // By the case's clock and not by this machine's.
        Cause::Timeout => passed_ms.saturating_add(CALL_MARGIN_MS) >= run.timeout_ms,
        // Most often a target or a secret that the case forgets.
        Cause::Denied | Cause::SecretMissing => run.expect.cause == Some(cause),
        Cause::Cpu | Cause::Memory | Cause::Output | Cause::Calls | Cause::Trap | Cause::BadReport => false,
        Cause::RunnerLost | Cause::UnknownPlugin | Cause::BadDigest | Cause::Unsigned => false,
        Cause::Overrun | Cause::Interface | Cause::Starved | Cause::Saturated | Cause::AboveCeiling => false,
    };
    ensure!(written, "{cause} is no finding of the check: {}", run.result.detail);
    Ok(())
}

/// What `expect` must say instead, for all that it says.
fn changes(expect: &Expect, result: &RunResult) -> Vec<Change> {
    let written = &expect.written;
    let mut found = verdict(expect, result);
    if let Some(wanted) = &written.note
        && !judge::noted(wanted, result)
    {
        found.push(match sentence(result) {
            "" => Change::Drop(of("note")),
            said => Change::Set(of("note"), yaml(said)),
        });
    }
    let step = |(name, wanted): (&String, &Outcome)| {
        let fate = match result.report.steps.iter().find(|step| step.name == *name) {
            Some(step) if step.outcome == *wanted => Fate::Keep,
            Some(step) => Fate::Set(step.outcome.word().to_owned()),
            None => Fate::Drop,
        };
        (Below::Key(name.clone()), fate)
    };
    below(&mut found, "steps", expect.steps.iter().map(step).collect());
    let measure = |(name, wanted): (&String, &f64)| {
        let fate = match result.report.measure(name) {
            Some(measure) if judge::same(measure.value, *wanted) => Fate::Keep,
            Some(measure) => Fate::Set(measure.value.to_string()),
            None => Fate::Drop,
        };
        (Below::Key(name.clone()), fate)
    };
    below(&mut found, "measures", written.measures.iter().map(measure).collect());
    let line = |(at, wanted): (usize, &String)| {
        (Below::Item(at), if judge::logged(wanted, result) { Fate::Keep } else { Fate::Drop })
    };
    below(&mut found, "log", written.log.iter().enumerate().map(line).collect());
    let state = |(key, wanted): (&String, &Option<String>)| {
        let kept = result.state_changes.iter().rev().find(|(changed, _)| changed == key);
        let fate = match kept.map(|(_, value)| value.as_deref()) {
            None => Fate::Drop,
            Some(value) if value == wanted.as_deref().map(str::as_bytes) => Fate::Keep,
            Some(None) => Fate::Set("null".to_owned()),
            Some(Some(bytes)) => Fate::Set(yaml(&String::from_utf8_lossy(bytes))),
        };
        (Below::Key(key.clone()), fate)
    };
    below(&mut found, "state", written.state.iter().map(state).collect());
    if written.calls.is_some_and(|calls| calls != result.calls) {
        found.push(Change::Set(of("calls"), result.calls.to_string()));
    }
    found
}

/// What a run says of itself, and of a step that went wrong before one that did not; empty where it is silent.
fn sentence(result: &RunResult) -> &str {
    let (wrong, right): (Vec<&Step>, Vec<&Step>) =
        result.report.steps.iter().partition(|step| step.outcome != Outcome::Pass);
    let notes = wrong.into_iter().chain(right).map(|step| step.note.as_str());
    let own = [result.report.note.as_str(), result.detail.as_str()];
    own.into_iter().chain(notes).find(|text| !text.is_empty()).unwrap_or_default()
}

fn of(key: &'static str) -> Place {
    Place { key, below: None }
}

/// The outcome, and the cause of what did not run.
fn verdict(expect: &Expect, result: &RunResult) -> Vec<Change> {
    let mut found = Vec::new();
    if result.outcome != expect.outcome {
        found.push(Change::Set(of("outcome"), result.outcome.word().to_owned()));
    }
    match (expect.cause, result.cause) {
        (Some(_), None) => found.push(Change::Drop(of("cause"))),
        (Some(was), Some(is)) if was != is => found.push(Change::Set(of("cause"), is.word().to_owned())),
        // A case that begins to expect `not run` says of which kind; one that did without goes on so.
        (None, Some(is)) if result.outcome != expect.outcome => found.push(Change::AddCause(is.word())),
        (Some(_) | None, Some(_)) | (None, None) => {}
    }
    found
}

/// What becomes of one entry.
enum Fate {
    Keep,
    Set(String),
    Drop,
}

fn below(found: &mut Vec<Change>, key: &'static str, fates: Vec<(Below, Fate)>) {
    if !fates.is_empty() && fates.iter().all(|(_, fate)| matches!(fate, Fate::Drop)) {
        return found.push(Change::Drop(of(key)));
    }
    // The last one first: entries of a list go by their numbers.
    for (below, fate) in fates.into_iter().rev() {
        let place = Place { key, below: Some(below) };
        match fate {
            Fate::Keep => {}
            Fate::Set(to) => found.push(Change::Set(place, to)),
            Fate::Drop => found.push(Change::Drop(place)),
        }
    }
}

/// The new text holds for this run, and differs in `expect` alone.
fn proved(run: &Run<'_>, text: &str) -> Result<()> {
    const NO_CASE: &str = "it would be no case any more";
    let old = file::parse(run.text)?;
    let mut new = file::parse(text).context(NO_CASE)?;
    let expect = world::expect(std::mem::take(&mut new.expect)).context(NO_CASE)?;
    let left = judge::unexpected(&expect, run.result);
    ensure!(left.is_empty(), "it would not hold: {}", left.join("; "));
    ensure!(old.without_expect() == new, "more than expect would change");
    Ok(())
}

/// What a careless update would let pass from now on.
fn looser(run: &Run<'_>, changes: &[Change]) -> Vec<String> {
    let mut found = Vec::new();
    let (was, is) = (run.expect.outcome, run.result.outcome);
    if is == Outcome::Pass && was != Outcome::Pass {
        found.push(format!(
            "{was} was expected, and pass is now: does the check still find what the case is about?"
        ));
    }
    for (name, was) in &run.expect.steps {
        let passes = |step: &Step| step.name == *name && step.outcome == Outcome::Pass;
        if *was != Outcome::Pass && run.result.report.steps.iter().any(passes) {
            found.push(format!("step {name}: {was} was expected, and pass is now"));
        }
    }
    for change in changes {
        // With another outcome there is no cause to expect.
        if let Change::Drop(place) = change
            && place.key != "cause"
        {
            found.push(format!("nothing is expected of {place} any more"));
        }
    }
    found
}

/// The lines that differ: of as many as before only those, otherwise all between the first and the last.
fn diff(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let (gone, come) = (&old[same..old.len() - tail], &new[same..new.len() - tail]);
    let line = |sign: char, at: usize, line: &str| {
        let shown: String = line.trim_end().chars().take(LINE_CHARS).collect();
        format!("{:>4} {sign} {shown}", same + at + 1)
    };
    if gone.len() == come.len() {
        let pairs = gone.iter().zip(come).enumerate().filter(|(_, (gone, come))| gone != come);
        return pairs.flat_map(|(at, (gone, come))| [line('-', at, gone), line('+', at, come)]).collect();
    }
    let lines = |sign: char, lines: &[&str]| -> Vec<String> {
        lines.iter().enumerate().map(|(at, text)| line(sign, at, text)).collect()
    };
    [lines('-', gone), lines('+', come)].concat()
}

/// Puts the new text in the place of the old one, whole or not at all.
fn replace(path: &Path, old: &str, new: &str) -> Result<()> {
    // A link stays one, and what it names is written.
    let path = fs::canonicalize(path).with_context(|| format!("find {}", path.display()))?;
    let now = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    ensure!(now == old, "the file was changed while its case was played: test it again");
    let permissions =
        fs::metadata(&path).with_context(|| format!("look at {}", path.display()))?.permissions();
    ensure!(!permissions.readonly(), "{} is read-only", path.display());
    let mut draft = path.clone().into_os_string();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let placed = write(&draft, new, permissions).and_then(|()| fs::rename(&draft, &path));
    if placed.is_err() {
        // What is left of it helps nobody.
        let _ = fs::remove_file(&draft);
    }
    placed.with_context(|| format!("write {}", path.display()))
}

fn write(draft: &Path, text: &str, permissions: fs::Permissions) -> io::Result<()> {
    let mut file = fs::File::create(draft)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_lines_that_changed_and_no_others() {
        assert_eq!(diff("a\nb\nc\nd\n", "a\nB\nc\nD\n"), ["   2 - b", "   2 + B", "   4 - d", "   4 + D"]);
        assert_eq!(diff("a\nb\nc\n", "a\nc\n"), ["   2 - b"]);
        assert_eq!(diff("a\nc", "a\nb\nc"), ["   2 + b"]);
        assert_eq!(diff("a\n", "a\n"), Vec::<String>::new());
        assert_eq!(diff("a\na\n", "a\na\na\n"), ["   3 + a"]);
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_through_links_and_only_as_it_was_read() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.yaml"), dir.path().join("link.yaml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(replace(&file, "old", "newer").unwrap_err().to_string().contains("changed while"));
        // Nothing can be drafted, as on a disk that is full.
        fs::create_dir(dir.path().join("a.yaml.new")).unwrap();
        assert!(replace(&file, "new", "newer").is_err());
        fs::remove_dir(dir.path().join("a.yaml.new")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        assert!(replace(&file, "new", "newer").unwrap_err().to_string().contains("read-only"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no draft is left behind");
    }
}
